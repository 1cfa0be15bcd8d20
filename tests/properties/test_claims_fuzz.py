"""Whatever a file claims is read and checked, as inert and bounded text."""

from __future__ import annotations

import io
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from whichcam.claims import check_claims, read_claims
from whichcam.errors import WhichcamError
from whichcam.evaluation._exif_bytes import write_exif
from whichcam.media import Limits, open_photo

LIMITS = Limits(max_pixels=1_000_000)
MAX_SECONDS = 20.0
MAX_TRACED_BYTES = 128 << 20
MAX_FINDINGS = 80
MAX_TEXT = 1200


def seed_file() -> bytes:
    """Return a small JPEG with every kind of metadata that is looked at."""
    rng = np.random.default_rng(1)
    image = Image.fromarray(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0131] = "Canon", "Canon EOS 700D", "GIMP 2.10"
    exif[0x0132], exif[0x010E] = "2020:01:02 03:04:05", "<script>alert(1)</script>"
    exif.get_ifd(0x8769).update(
        {
            0x9003: "2020:01:02 03:04:05",
            0x9011: "+02:00",
            0xA434: "iPhone 6 back camera 4.15mm f/2.2",
            0x927C: b"\x01\0\x0c\0\x04\0\x01\0\0\0\x39\x30\0\0\0\0\0\0",
            0x9286: b"ASCII\0\0\0Screenshot",
        }
    )
    exif.get_ifd(0x8825).update({1: "N", 2: (1.0, 2.0, 3.0), 29: "2020:01:02"})
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif, comment=b"a comment")
    packet = b'http://ns.adobe.com/xap/1.0/\0<r xmp:CreateDate="2020-01-02T03:04:05Z"'
    packet += b' tiff:Model="EOS 5D" dcterms:provenance="http://x.org"/>'
    data = file.getvalue()
    segment = b"\xff\xe1" + (len(packet) + 2).to_bytes(2, "big") + packet
    return data[:2] + segment + data[2:] + b"PK\x03\x04 c2pa tail"


SEED = seed_file()


def check_survives(data: bytes) -> None:
    began = time.perf_counter()
    tracemalloc.start()
    try:
        photo = open_photo(data, limits=LIMITS, allow_truncated=True)
        claims = read_claims(data)
        findings = check_claims(photo, claims=claims)
    except WhichcamError:
        return
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < MAX_TRACED_BYTES
        assert time.perf_counter() - began < MAX_SECONDS
    assert len(findings) <= MAX_FINDINGS
    for finding in findings:
        for text in (
            finding.text,
            finding.seen,
            finding.expected or "",
            finding.source,
        ):
            assert text.isprintable()
            assert len(text) <= MAX_TEXT
    assert len(str(claims.to_dict())) < 20_000


CHANGES = st.lists(
    st.tuples(
        st.floats(0, 1).map(lambda x: x**2),
        st.one_of(
            st.binary(min_size=1, max_size=8),
            st.sampled_from([b"\xff\xff\xff\xff", bytes(4), b"\x08\0\0\0"]),
        ),
    ),
    min_size=1,
    max_size=6,
)


def changed(data: bytes, changes: list[tuple[float, bytes]]) -> bytes:
    for place, filling in changes:
        at = int(place * (len(data) - 1))
        data = data[:at] + filling + data[at + len(filling) :]
    return data


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(changes=CHANGES)
def test_mutated_metadata_are_checked_or_refused(
    changes: list[tuple[float, bytes]],
) -> None:
    check_survives(changed(SEED, changes))


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(
    make=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300),
    model=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300),
)
def test_any_names_are_inert(make: str, model: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (24, 24), (9, 120, 60)).save(file, "JPEG")
    size = (24, 24)
    taken = "2020:01:01 00:00:00"
    check_survives(
        write_exif(file.getvalue(), make=make, model=model, taken=taken, size=size)
    )


def test_directories_that_point_at_themselves_end() -> None:
    tiff = bytearray(b"II*\0\x08\0\0\0\x02\0")
    tiff += b"\x69\x87\x04\0\x01\0\0\0\x08\0\0\0"  # EXIF is the first directory
    tiff += b"\x25\x88\x04\0\x01\0\0\0\x08\0\0\0"  # GPS too
    tiff += b"\x08\0\0\0"  # and so is the next
    body = b"Exif\0\0" + bytes(tiff)
    file = io.BytesIO()
    Image.new("RGB", (24, 24)).save(file, "JPEG")
    data = file.getvalue()
    segment = b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body
    check_survives(data[:2] + segment + data[2:])


@pytest.mark.data
@settings(
    max_examples=25,
    suppress_health_check=[*HealthCheck],
)
@given(which=st.integers(0, 31), changes=CHANGES)
def test_mutated_real_files_are_checked_or_refused(
    photos_dir: Path, which: int, changes: list[tuple[float, bytes]]
) -> None:
    files = sorted(
        (
            p
            for p in (photos_dir / "claims").glob("*.jpg")
            if p.stat().st_size < 200_000
        ),
    )
    data = files[which % len(files)].read_bytes()
    # Metadata stand first: change them, and leave the pixels.
    head = 8192
    check_survives(changed(data[:head], changes) + data[head:])
