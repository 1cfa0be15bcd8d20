"""What is known to mislead comparisons, and whether it is said where it applies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from whichcam.errors import UnknownNameError
from whichcam.media import Exif, PhotoHeader
from whichcam.media._exif import Tags
from whichcam.prnu import photo_noise
from whichcam.prnu._cautions import (
    camera_cautions,
    file_cautions,
    focal_length_mm,
    general_caution,
    noise_cautions,
)


def _header(
    tags: dict[str, str] | None = None, *, said: tuple[int, int] | None = None
) -> PhotoHeader:
    width, height = said or (None, None)
    exif = Exif(
        pixel_width=width,
        pixel_height=height,
        tags=Tags({f"EXIF {name}": text for name, text in (tags or {}).items()}),
    )
    return PhotoHeader(
        name="x", sha256="", n_bytes=1, format="JPEG", width=400, height=300, exif=exif
    )


def _codes(header: PhotoHeader) -> list[str]:
    return [caution.code for caution in file_cautions(header)]


@pytest.mark.parametrize(
    ("tags", "codes"),
    [
        ({}, []),
        ({"CustomRendered": "1"}, []),
        ({"CustomRendered": "3"}, ["hdr"]),
        ({"CustomRendered": "6"}, ["composite"]),
        ({"CompositeImage": "3"}, ["composite"]),
        ({"DigitalZoomRatio": "4000/4000"}, []),
        ({"DigitalZoomRatio": "4000/2000"}, ["digital_zoom"]),
        ({"DigitalZoomRatio": "1/0"}, []),
        ({"ISOSpeedRatings": "3200"}, ["low_light"]),
        ({"ISOSpeedRatings": "100", "SceneCaptureType": "3"}, ["low_light"]),
        ({"ISOSpeedRatings": "nonsense"}, []),
    ],
)
def test_metadata_call_for_cautions(tags: dict[str, str], codes: list[str]) -> None:
    assert _codes(_header(tags)) == codes


@pytest.mark.parametrize(
    ("said", "codes"),
    [(None, []), ((400, 300), []), ((300, 400), []), ((800, 600), ["resized"])],
)
def test_a_size_other_than_that_of_exif_is_resized(
    said: tuple[int, int] | None, codes: list[str]
) -> None:
    assert _codes(_header(said=said)) == codes


@pytest.mark.parametrize(
    ("make", "model", "codes"),
    [
        ("samsung", "SM-G991B", ["non_unique", "diagonal_artefact"]),
        ("NIKON", "COOLPIX S710", ["non_unique", "diagonal_artefact"]),
        ("FUJIFILM", "FinePix J50", ["non_unique", "shifted"]),
        ("CASIO COMPUTER CO.,LTD", "EX-Z150", ["lens_correction"]),
        ("HUAWEI", "VOG-L29", ["non_unique"]),
        ("Synthetic", "SYN-0", []),
        ("", "", []),
    ],
)
def test_cameras_in_the_literature_are_warned_of(
    make: str, model: str, codes: list[str]
) -> None:
    assert [one.code for one in camera_cautions(make, model)] == codes


def test_every_caution_names_its_source() -> None:
    for make, model in (("samsung", "SM-A520F"), ("Xiaomi", "Mi 9"), ("SIGMA", "fp")):
        for caution in camera_cautions(make, model):
            assert "arXiv" in caution.source or "doi" in caution.source
            assert caution.source in str(caution)
            assert set(caution.to_dict()) == {"code", "text", "source"}


def test_footage_can_ask_for_the_caution_on_stabilization() -> None:
    assert "stabilization" in general_caution("stabilized").text
    with pytest.raises(UnknownNameError, match="stabilized"):
        general_caution("no such thing")


def test_brightness_calls_for_cautions() -> None:
    rng = np.random.default_rng(0)
    even = rng.integers(90, 150, (96, 96, 3), dtype=np.uint8)
    burnt = even.copy()
    burnt[:, :40] = 255
    found = [
        [one.code for one in noise_cautions(photo_noise(pixels))]
        for pixels in (even, even // 5, burnt)
    ]
    assert found == [[], ["dark"], ["bright"]]


def test_a_focal_length_is_read_from_its_fraction() -> None:
    assert focal_length_mm(_header({"FocalLength": "35/2"}).exif) == 17.5
    assert focal_length_mm(_header({"FocalLength": "0"}).exif) is None
    assert focal_length_mm(replace(_header().exif, tags=Tags({}))) is None
