"""Camera originals, and the signs by which other files give themselves away."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from whichcam.datasets import Manifest, Screening, screen, screen_manifest
from whichcam.datasets._screen_tables import editor_in
from whichcam.errors import PhotoNotFoundError, UnsupportedFormatError
from whichcam.media import open_photo, read_header

MakeJpeg = Callable[..., bytes]

ORIGINAL: dict[str, Any] = {
    "make": "Acme",
    "model": "Boxy",
    "maker_note": True,
    "said": (96, 64),
    "size": (96, 64),
    "jfif": False,
    "taken": "2020:01:02 03:04:05",
    "changed": "2020:01:02 03:04:05",
    "software": "Boxy Ver1.02",
}
# The same for makers whose habits are known; tables of no standard quality.
OWN_TABLES = [[3 + i % 7 for i in range(64)], [4 + i % 5 for i in range(64)]]
CANON = ORIGINAL | {
    "make": "Canon",
    "model": "Canon EOS 700D",
    "qtables": OWN_TABLES,
    "subsampling": "4:2:2",
}


def codes(result: Screening) -> set[str]:
    return {reason.code for reason in result.reasons}


def test_a_file_with_nothing_against_it_is_an_original(make_jpeg: MakeJpeg) -> None:
    result = screen(make_jpeg(**ORIGINAL))
    assert result.reasons == ()
    assert result.is_original is True
    assert result.verdict == "original"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"software": "Adobe Photoshop 7.0"}, "editor_named"),
        ({"software": "GIMP 2.10.8"}, "editor_named"),
        ({"software": "Nikon Transfer 1.1 W"}, "editor_named"),
        ({"software": "Snapseed 2.0"}, "editor_named"),
        ({"comment": b"Created with GIMP"}, "editor_named"),
        ({"said": (192, 128)}, "size_differs"),
        ({"progressive": True}, "coding"),
        ({"make": "", "model": ""}, "no_camera_named"),
    ],
)
def test_one_strong_sign_alone_decides(
    make_jpeg: MakeJpeg, change: dict[str, Any], code: str
) -> None:
    result = screen(make_jpeg(**ORIGINAL | change))
    assert result.is_original is False
    assert code in codes(result)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"said": (64, 96)}, "size_swapped"),
        ({"changed": "2020:01:03 03:04:05"}, "changed_later"),
        ({"qtables": "web_high"}, "photoshop_tables"),
        ({"software": "ExifTool 12.0"}, "editor_named"),
    ],
)
def test_a_weaker_sign_alone_leaves_it_open(
    make_jpeg: MakeJpeg, change: dict[str, Any], code: str
) -> None:
    result = screen(make_jpeg(**ORIGINAL | change))
    assert result.is_original is None
    assert codes(result) == {code}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"jfif": True}, "jfif"),
        ({"maker_note": False}, "no_maker_note"),
        ({"qtables": None, "quality": 90}, "standard_tables"),
        ({"subsampling": "4:2:0"}, "subsampling"),
        ({"icc_profile": b"profile"}, "colour_profile"),
    ],
)
def test_what_this_maker_never_does_speaks_against_the_file(
    make_jpeg: MakeJpeg, change: dict[str, Any], code: str
) -> None:
    before = codes(screen(make_jpeg(**CANON)))
    assert codes(screen(make_jpeg(**CANON | change))) - before == {code}


@pytest.mark.parametrize("change", [{"jfif": True}, {"qtables": None, "quality": 90}])
def test_what_unknown_makers_may_do_does_not(
    make_jpeg: MakeJpeg, change: dict[str, Any]
) -> None:
    assert screen(make_jpeg(**ORIGINAL | change)).reasons == ()


def test_the_layout_of_the_free_library_is_a_hint_where_tables_are_standard(
    make_jpeg: MakeJpeg,
) -> None:
    nikon = CANON | {"make": "NIKON", "model": "COOLPIX P330", "qtables": None}
    assert "library_layout" in codes(screen(make_jpeg(**nikon)))
    own = nikon | {"qtables": OWN_TABLES}
    assert "library_layout" not in codes(screen(make_jpeg(**own)))


def test_huffman_tables_made_for_one_picture_are_a_hint(make_jpeg: MakeJpeg) -> None:
    result = screen(make_jpeg(**ORIGINAL, optimize=True))
    assert codes(result) == {"optimized_huffman"}
    assert result.is_original is True


def test_weak_signs_add_up(make_jpeg: MakeJpeg) -> None:
    both = {"said": (64, 96), "changed": "2020:01:03 03:04:05"}
    result = screen(make_jpeg(**ORIGINAL | both))
    assert result.weight == pytest.approx(1.2)
    assert result.is_original is False


def test_a_named_camera_without_any_mark_of_one_leaves_it_open(
    make_jpeg: MakeJpeg,
) -> None:
    result = screen(make_jpeg(**ORIGINAL | {"maker_note": False}))
    assert result.reasons == ()
    assert result.is_original is None


def test_trailing_and_missing_bytes_are_said(make_jpeg: MakeJpeg) -> None:
    data = make_jpeg(**ORIGINAL)
    assert codes(screen(data + b"\0" * 500)) == {"trailing_bytes"}
    assert codes(screen(data[:-2])) == {"truncated"}


def test_segments_of_editors_speak_against_the_file(make_jpeg: MakeJpeg) -> None:
    data = make_jpeg(**ORIGINAL)
    photoshop = b"Photoshop 3.0\0" + b"8BIM" + bytes(8)
    segment = b"\xff\xed" + (len(photoshop) + 2).to_bytes(2, "big") + photoshop
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0\x01"
    found = codes(screen(data[:2] + segment + adobe + data[2:]))
    assert found == {"photoshop_segment", "adobe_segment"}


def test_xmp_that_was_put_in_later_is_a_hint_and_names_its_editor(
    make_jpeg: MakeJpeg,
) -> None:
    data = make_jpeg(**ORIGINAL)
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x xmp:CreatorTool="Adobe Bridge CS5"/>'
    segment = b"\xff\xe1" + (len(xmp) + 2).to_bytes(2, "big") + xmp
    at = data.index(b"\xff\xda")
    found = codes(screen(data[:at] + segment + data[at:]))
    assert found == {"late_segment", "editor_named"}


def test_formats_that_no_camera_writes_decide() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (32, 32)).save(stream, "PNG")
    assert screen(stream.getvalue()).is_original is False


@pytest.mark.parametrize(
    "firmware",
    [
        "Digital Camera FinePix4900ZOOM Ver1.00",
        "Ver.1.02",
        "v88-74",
        "HDR+ 1.0.220943774",
        "12.4.1",
        "A528BXXS1BVC3",
        "MediaTek Camera Application",
        "Windows Phone",
        "28-1012",
        "Gimpel 4",
        "Painter-X 2",
        "PMB2000 firmware",
    ],
)
def test_firmware_is_no_editor(firmware: str) -> None:
    assert editor_in(firmware) is None


def test_a_decoded_photo_and_a_header_are_screened_alike(make_jpeg: MakeJpeg) -> None:
    data = make_jpeg(**ORIGINAL)
    expected = screen(data).to_dict() | {"name": "x"}
    assert screen(open_photo(data)).to_dict() | {"name": "x"} == expected
    assert screen(read_header(data)).to_dict() | {"name": "x"} == expected


def test_no_picture_and_no_file_are_errors() -> None:
    with pytest.raises(UnsupportedFormatError):
        screen(b"no picture at all")
    with pytest.raises(PhotoNotFoundError):
        screen("/no/such/picture.jpg")


def test_a_manifest_is_screened_row_by_row_past_bad_files(
    tmp_path: Path, make_jpeg: MakeJpeg
) -> None:
    (tmp_path / "a.jpg").write_bytes(make_jpeg(**ORIGINAL))
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    manifest = Manifest({"path": ["a.jpg", "b.jpg", "c.jpg"]}, tmp_path)
    steps: list[tuple[int, int]] = []
    results = screen_manifest(manifest, lambda *step: steps.append(step))
    assert [result.is_original for result in results] == [True, None, None]
    assert [codes(result) for result in results[1:]] == [{"unreadable"}] * 2
    assert steps == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.data
def test_the_real_claims_are_told_apart(photos_dir: Path) -> None:
    with (photos_dir / "claims.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    originals = [r["file"] for r in rows if r["label"] == "camera_original"]
    edited = [r["file"] for r in rows if r["label"] != "camera_original"]
    verdicts = {r["file"]: screen(photos_dir / r["file"]).verdict for r in rows}
    assert all(verdicts[name] == "not original" for name in edited)
    # One "original" lies 90 degrees from what its EXIF says, with a JFIF segment and
    # libjpeg's layout: it was turned by a program, whatever its label.
    missed = [name for name in originals if verdicts[name] != "original"]
    assert missed == ["claims/88cf614d3c.jpg"]


@pytest.mark.data
def test_the_habits_of_makers_hold_for_every_training_picture(
    photos_dir: Path,
) -> None:
    from whichcam.datasets import canonical_camera
    from whichcam.datasets._screen_tables import (
        habits_of,
        photoshop_preset,
        standard_quality,
        table_set,
    )

    manifest = Manifest.read(photos_dir / "manifest.csv").where(split="train")
    offenders = []
    makes = manifest.column("make")
    for path, make, name in zip(
        manifest.paths, makes, manifest.camera_model, strict=True
    ):
        jpeg = read_header(path).jpeg
        assert jpeg is not None
        tables = table_set(jpeg.quantization_tables)
        camera = canonical_camera(make, name)
        habits = habits_of(camera.make, camera.model)
        if photoshop_preset(tables) is not None:
            offenders.append((path.name, "Photoshop's tables"))
        if habits is None:
            continue
        if habits.standard_tables == "never" and standard_quality(tables) is not None:
            offenders.append((path.name, "standard tables"))
        if habits.subsampling and jpeg.subsampling != habits.subsampling:
            offenders.append((path.name, jpeg.subsampling))
    assert offenders == []
