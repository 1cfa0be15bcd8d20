"""Whatever a file holds: examined and reported, or refused by an error of ours."""

from __future__ import annotations

import io
import json
import re
import time
from functools import cache

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from whichcam.errors import WhichcamError
from whichcam.media import Limits, open_photo
from whichcam.pipelines import examine, report

LIMITS = Limits(max_pixels=1_000_000)
METHODS = ("noise_level", "jpeg_grid", "double_compression")
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF")
SCRIPT = "<script>alert(1)</script>"
MAX_SECONDS = 30.0
MAX_PAGE = 4 << 20


@cache
def seed_file(form: str) -> bytes:
    """Return a picture with enough pixels for every method, and hostile metadata."""
    rng = np.random.default_rng(4)
    coarse = rng.integers(0, 256, (10, 12, 3), dtype=np.uint8)
    picture = Image.fromarray(coarse).resize((192, 160), Image.Resampling.BICUBIC)
    levels = np.asarray(picture, dtype=float) + rng.normal(0, 3, (160, 192, 3))
    picture = Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "Canon", SCRIPT, "GIMP 2.10"
    exif[0x010E] = SCRIPT * 50
    exif.get_ifd(0x8769)[0x9003] = "2020:01:02 03:04:05"
    file = io.BytesIO()
    picture.save(file, form, exif=exif, quality=88)
    return file.getvalue()


def check_survives(data: bytes) -> None:
    began = time.perf_counter()
    try:
        photo = open_photo(data, limits=LIMITS, allow_truncated=True)
        found = examine(data, methods=METHODS, allow_truncated=True)
        page = report(found, photo).decode()
    except WhichcamError:
        return
    finally:
        assert time.perf_counter() - began < MAX_SECONDS
    json.dumps(found.to_dict(with_heatmaps=True), allow_nan=False)
    assert len(page) < MAX_PAGE
    assert not re.search(r"<script|\son[a-z]+=|javascript:", page, re.IGNORECASE)


CHANGES = st.lists(
    st.tuples(
        st.floats(0, 1).map(lambda x: x**2),
        st.one_of(
            st.binary(min_size=1, max_size=8),
            st.sampled_from([b"\xff\xff\xff\xff", bytes(4), b"\xff\xd9", b"<svg"]),
        ),
    ),
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@example(form="JPEG", changes=[], kept=1.0)
@example(form="TIFF", changes=[], kept=0.5)
@given(
    form=st.sampled_from(FORMATS),
    changes=CHANGES,
    kept=st.sampled_from([1.0, 1.0, 1.0, 0.9, 0.5, 0.1]),
)
def test_mutated_files_are_examined_or_refused(
    form: str, changes: list[tuple[float, bytes]], kept: float
) -> None:
    data = bytearray(seed_file(form))
    for place, filling in changes:
        at = int(place * (len(data) - 1))
        data[at : at + len(filling)] = filling
    check_survives(bytes(data[: int(kept * len(data))]))
