"""Fields that contradict each other, against files written to do so."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from whichcam._typing import PixelArray
from whichcam.claims import (
    ANALYSERS,
    Finding,
    SignatureTable,
    check_claims,
    read_claims,
)
from whichcam.claims._questioned import Questioned
from whichcam.claims._time_order import check_times
from whichcam.errors import InputError
from whichcam.media import Photo, open_photo

Jpeg = Callable[..., bytes]
Found = Callable[[bytes], dict[str, Finding]]
NIKON_NOTE = b"Nikon\0\x02\x10\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"


def test_no_metadata_is_a_finding(plain: PixelArray, jpeg: Jpeg, found: Found) -> None:
    finding = found(jpeg(plain))["no_metadata"]
    assert (finding.direction, finding.strength) == ("neutral", "note")


def test_a_maker_note_of_another_maker_contradicts(
    plain: PixelArray, jpeg: Jpeg, found: Found
) -> None:
    exif = {0x927C: NIKON_NOTE}
    true = found(jpeg(plain, image={0x010F: "NIKON", 0x0110: "NIKON D90"}, exif=exif))
    assert true["field_agrees"].direction == "agrees"
    assert "field_names_another_maker" not in true
    false = found(jpeg(plain, image={0x010F: "SONY", 0x0110: "DSC-HX5V"}, exif=exif))
    finding = false["field_names_another_maker"]
    assert (finding.direction, finding.strength) == ("contradicts", "strong")
    assert "Nikon" in finding.seen


@pytest.mark.parametrize(
    ("fields", "make", "model", "code"),
    [
        ({0x0131: "Digital Camera FinePix40i Ver1.39"}, "FUJIFILM", "FinePix40i", None),
        ({0x0131: "Digital Camera FinePix40i Ver1.39"}, "FUJIFILM", "X100", "model"),
        ({0x0131: "COOLPIX P330V1.0"}, "NIKON", "COOLPIX P330", None),
        ({0x0131: "COOLPIX P330V1.0"}, "NIKON", "COOLPIX L6", "model"),
        ({0x0131: "COOLPIX P330V1.0"}, "Canon", "Canon EOS 5D", "maker"),
        ({0x010E: "OLYMPUS DIGITAL CAMERA"}, "Canon", "Canon EOS 5D", "maker"),
        ({0x010E: "my OLYMPUS DIGITAL CAMERA"}, "Canon", "Canon EOS 5D", None),
        ({0x013C: "iPhone X"}, "Apple", "iPhone 6", "model"),
        ({0x0131: "A528BXXU1AVA4"}, "samsung", "SM-A528B", None),
        ({0x0131: "A528BXXU1AVA4"}, "samsung", "SM-G925I", "model"),
        ({0x0131: "KODAK PROFESSIONAL DCS Photo Desk"}, "Canon", "EOS 5D", None),
    ],
)
def test_fields_that_name_a_camera(
    plain: PixelArray,
    jpeg: Jpeg,
    found: Found,
    fields: dict[int, Any],
    make: str,
    model: str,
    code: str | None,
) -> None:
    findings = found(jpeg(plain, image={0x010F: make, 0x0110: model, **fields}))
    named = {name for name in findings if name.startswith("field_names_another")}
    assert named == ({f"field_names_another_{code}"} if code else set())


def test_the_lens_of_a_telephone_names_it(
    plain: PixelArray, jpeg: Jpeg, found: Found
) -> None:
    lens = {0xA434: "iPhone 6 back camera 4.15mm f/2.2"}
    apple = found(jpeg(plain, image={0x010F: "Apple", 0x0110: "iPhone 8"}, exif=lens))
    assert apple["field_names_another_model"].strength == "strong"
    other = found(jpeg(plain, image={0x010F: "Google", 0x0110: "Pixel"}, exif=lens))
    assert "field_names_another_maker" in other


def test_an_editor_is_named_and_a_messenger_too(
    plain: PixelArray, jpeg: Jpeg, found: Found
) -> None:
    for software in ("Adobe Photoshop 21.0", "WhatsApp"):
        finding = found(jpeg(plain, image={0x0131: software}))["editor_named"]
        assert (finding.topic, finding.strength) == ("editing", "strong")


def times_of(
    jpeg: Jpeg, pixels: PixelArray, *, now: datetime | None = None, **ifds: Any
) -> dict[str, Finding]:
    data = jpeg(pixels, **ifds)
    questioned = Questioned(
        photo=open_photo(data),
        claims=read_claims(data),
        signatures=SignatureTable(cameras=(), provenance=()),
    )
    return {f.code: f for f in check_times(questioned, now=now)}


GPS_TIME = {7: (IFDRational(12), IFDRational(0), IFDRational(0)), 29: "2020:01:02"}


@pytest.mark.parametrize(
    ("taken", "changed", "code"),
    [
        ("2020:01:02 12:00:00", "2020:01:02 12:00:05", None),
        ("2020:01:02 12:00:00", "2019:12:31 12:00:00", "modified_before_taken"),
        ("2020:01:02 12:00:00", "2020:03:01 12:00:00", "modified_after_taken"),
    ],
)
def test_order_of_times(
    plain: PixelArray, jpeg: Jpeg, taken: str, changed: str, code: str | None
) -> None:
    codes = set(times_of(jpeg, plain, image={0x0132: changed}, exif={0x9003: taken}))
    assert codes == ({code} if code else set())


@pytest.mark.parametrize(
    ("taken", "offset", "strength"),
    [
        ("2020:01:03 01:30:00", None, None),  # 13.5 hours ahead: a zone in the Pacific
        ("2020:01:03 08:00:00", None, "weak"),
        ("2020:01:05 12:00:00", None, "moderate"),
        ("2020:01:02 14:00:00", "+02:00", None),
        ("2020:01:02 17:00:00", "+02:00", "weak"),
    ],
)
def test_gps_time_against_the_cameras(
    plain: PixelArray, jpeg: Jpeg, taken: str, offset: str | None, strength: str | None
) -> None:
    exif = {0x9003: taken} | ({0x9011: offset} if offset else {})
    finding = times_of(jpeg, plain, exif=exif, gps=GPS_TIME).get("gps_time_apart")
    assert (finding.strength if finding else None) == strength


def test_times_that_cannot_be(plain: PixelArray, jpeg: Jpeg) -> None:
    now = datetime(2021, 1, 1, tzinfo=UTC)
    later = times_of(jpeg, plain, now=now, exif={0x9003: "2022:01:01 00:00:00"})
    assert later["time_in_the_future"].direction == "contradicts"
    early = times_of(jpeg, plain, now=now, exif={0x9003: "1970:01:01 00:00:00"})
    assert early["time_before_cameras"].strength == "weak"


def test_a_screen_capture_is_named(
    plain: PixelArray, scene: PixelArray, jpeg: Jpeg, found: Found
) -> None:
    named = found(jpeg(plain, exif={0x9286: b"ASCII\0\0\0Screenshot"}))
    assert named["screen_capture_named"].strength == "strong"
    file = io.BytesIO()
    Image.fromarray(scene).resize((1170, 2532)).save(file, "PNG")
    assert found(file.getvalue())["screen_size"].strength == "moderate"
    camera = jpeg(plain[:64, :64], exif={0x829A: IFDRational(1, 60)})
    assert "screen_size" not in found(camera)


def test_findings_are_json_ready_and_say_where_they_come_from(
    plain: PixelArray, jpeg: Jpeg
) -> None:
    data = jpeg(plain, image={0x010F: "Canon", 0x0110: "Canon EOS 700D"})
    for finding in check_claims(data):
        assert finding.source
        assert finding.text.endswith(".")
        assert finding.analyser in ANALYSERS
        assert set(finding.to_dict()) >= {"code", "seen", "strength", "log10_lr"}


def test_evidence_without_its_model_is_refused(plain: PixelArray, jpeg: Jpeg) -> None:
    with pytest.raises(InputError, match="both"):
        check_claims(jpeg(plain), model=object())  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "mode", "size"),
    [
        ("PNG", "RGB", (70, 70)),
        ("PNG", "P", (9, 9)),
        ("TIFF", "RGB", (70, 70)),
        ("WEBP", "RGB", (70, 70)),
        ("AVIF", "RGB", (70, 70)),
        ("JPEG", "L", (70, 70)),
        ("JPEG", "CMYK", (70, 70)),
        ("JPEG", "RGB", (1, 1)),
    ],
)
def test_every_kind_of_picture_goes_through(
    plain: PixelArray, kind: str, mode: str, size: tuple[int, int]
) -> None:
    file = io.BytesIO()
    Image.fromarray(plain).resize(size).convert(mode).save(file, kind)
    codes = {finding.code for finding in check_claims(file.getvalue())}
    # A TIFF always has tags: those of its own making.
    assert ("no_camera_named" if kind == "TIFF" else "no_metadata") in codes


def test_pixels_without_a_file_go_through(plain: PixelArray) -> None:
    photo = Photo.from_pixels(plain, name="array")
    assert "no_metadata" in {finding.code for finding in check_claims(photo)}
