"""What a file says is read, bounded and inert; what it does not say is no error."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from whichcam._typing import PixelArray
from whichcam.claims import read_claims
from whichcam.claims._times import offset_of, rationals
from whichcam.media import open_photo, read_header

Jpeg = Callable[..., bytes]


def test_all_that_a_file_claims_is_read(plain: PixelArray, jpeg: Jpeg) -> None:
    data = jpeg(
        plain,
        image={
            0x010F: "Canon",
            0x0110: "Canon EOS REBEL T5i",
            0x0131: "Firmware 1.1",
            0x0132: "2020:01:02 03:04:07",
            0x0112: 6,
        },
        exif={
            0x9003: "2020:01:02 03:04:05",
            0x9004: "2020:01:02 03:04:06",
            0x9291: "25",
            0x9011: "+02:00",
            0xA434: "EF-S18-55mm",
            0xA002: 128,
            0xA003: 96,
            0x9286: b"ASCII\0\0\0a comment",
        },
        gps={
            1: "S",
            2: (IFDRational(10), IFDRational(30), IFDRational(0)),
            3: "E",
            4: (IFDRational(20), IFDRational(0), IFDRational(36)),
            6: IFDRational(12),
            7: (IFDRational(1), IFDRational(4), IFDRational(5)),
            29: "2020:01:02",
        },
    )
    claims = read_claims(data)
    assert claims.camera_model == "Canon EOS 700D"
    assert (claims.make, claims.lens, claims.orientation) == ("Canon", "EF-S18-55mm", 6)
    assert claims.times.original == datetime(2020, 1, 2, 3, 4, 5, 250_000)
    assert claims.times.modified == datetime(2020, 1, 2, 3, 4, 7)
    assert claims.times.offset == "+02:00"
    assert claims.times.gps == datetime(2020, 1, 2, 1, 4, 5, tzinfo=UTC)
    assert claims.place is not None
    assert claims.place.latitude == pytest.approx(-10.5, abs=1e-6)
    assert claims.place.longitude == pytest.approx(20.01, abs=1e-6)
    assert claims.place.altitude_m == pytest.approx(12)
    assert (claims.exif_width, claims.exif_height) == (128, 96)
    assert claims.comments == ("a comment",)
    assert claims.has_metadata
    json.dumps(claims.to_dict())


def test_a_file_without_metadata_is_a_normal_one(plain: PixelArray, jpeg: Jpeg) -> None:
    claims = read_claims(jpeg(plain))
    assert not claims.has_metadata
    assert claims.camera_model is None
    assert claims.times.to_dict()["original"] is None
    assert claims.credentials.state == "absent"


def test_a_photo_and_its_header_give_what_the_file_gives(
    plain: PixelArray, jpeg: Jpeg
) -> None:
    data = jpeg(plain, image={0x010F: "Canon", 0x0110: "X"})
    expected = read_claims(data)
    assert read_claims(open_photo(data)) == expected
    assert read_claims(read_header(data)) == expected
    assert read_claims(io.BytesIO(data)) == expected


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_other_formats_are_read_too(plain: PixelArray, kind: str) -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon", "EOS 5D"
    Image.fromarray(plain).save(file, kind, exif=exif)
    assert read_claims(file.getvalue()).camera_model == "Canon EOS 5D"


def test_a_script_in_a_comment_is_inert_and_bounded(
    plain: PixelArray, jpeg: Jpeg
) -> None:
    hostile = "<script>alert(1)</script>\x1b[31m\u202e" + "x" * 5000
    data = jpeg(
        plain,
        image={0x010F: "Canon\n\x07", 0x0110: "A" * 4000, 0x010E: hostile},
        comment=hostile.encode(),
    )
    claims = read_claims(data)
    texts = [claims.make, claims.model, claims.software, *claims.comments]
    assert any("<script>" in text for text in texts)
    assert all(text.isprintable() and len(text) <= 256 for text in texts)


@pytest.mark.parametrize(
    "tags",
    [
        {0x9003: "0000:00:00 00:00:00"},
        {0x9003: "2020:13:45 99:99:99"},
        {0x9003: "yesterday"},
        {0x9291: "x" * 40, 0x9003: "    :  :     :  :  "},
    ],
)
def test_what_is_no_date_is_none(
    plain: PixelArray, jpeg: Jpeg, tags: dict[int, Any]
) -> None:
    assert read_claims(jpeg(plain, exif=tags)).times.original is None


def test_numbers_of_tags() -> None:
    assert rationals("43 28 281400000/100000000") == [43, 28, 2.814]
    assert rationals("48 5332358/100000 0/0")[2] == 0
    assert rationals("1/0") == []
    assert rationals("nan") == []
    assert rationals("1e400") == []
    assert rationals("") == []


def test_offsets_of_zones() -> None:
    hours = {"+02:00": 2, "-0530": -5.5, "Z": 0}
    for text, expected in hours.items():
        offset = offset_of(text)
        assert offset is not None
        assert offset.total_seconds() == 3600 * expected
    assert offset_of("noon") is None
