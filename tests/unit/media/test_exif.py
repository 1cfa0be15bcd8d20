"""EXIF against what was written, against another reader, and against lies."""

from __future__ import annotations

import io
import json
import struct
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from whichcam.media import Exif, PhotoHeader, read_header
from whichcam.media._exif import Tags, read_exif

Field = tuple[int, int, int, bytes]  # tag, type, count, value or the bytes it points to


def plain_jpeg(exif: Image.Exif | bytes | None = None) -> bytes:
    file = io.BytesIO()
    options: dict[str, Any] = {} if exif is None else {"exif": exif}
    Image.new("RGB", (32, 16), (90, 120, 60)).save(file, "JPEG", **options)
    return file.getvalue()


def header_with(body: bytes) -> PhotoHeader:
    return read_header(plain_jpeg(b"Exif\0\0" + body))


def tiff(*directories: Sequence[Field], order: str = "<") -> bytes:
    """Write chained directories, each with its long values behind it."""
    out = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))
    link = 4
    for fields in directories:
        struct.pack_into(order + "I", out, link, len(out))
        values_at = len(out) + 2 + 12 * len(fields) + 4
        values = bytearray()
        out += struct.pack(order + "H", len(fields))
        for tag, kind, count, value in fields:
            out += struct.pack(order + "HHI", tag, kind, count)
            if len(value) > 4:
                out += struct.pack(order + "I", values_at + len(values))
                values += value
            else:
                out += value.ljust(4, b"\0")
        link = len(out)
        out += bytes(4) + values
    return bytes(out)


def text(tag: int, value: bytes) -> Field:
    return (tag, 2, len(value) + 1, value + b"\0")


@pytest.fixture
def written() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F] = "Canon"
    exif[0x0110] = "Canon EOS 700D"
    exif[0x0131] = "Firmware 1.1"
    exif[0x0132] = "2020:01:01 00:00:00"
    exif[0x0112] = 8
    inner = exif.get_ifd(0x8769)
    inner[0x9003] = "2016:08:30 17:21:05"
    inner[0x9004] = "2017:01:01 00:00:00"
    inner[0xA002] = 5184
    inner[0xA003] = 3456
    inner[0xA430] = "A. Owner"
    inner[0xA431] = "093051001234"
    inner[0x829A] = IFDRational(1, 125)
    inner[0x927C] = b"a maker's own bytes"
    return exif


def test_written_fields_come_back(written: Image.Exif) -> None:
    exif = read_header(plain_jpeg(written)).exif
    assert (exif.make, exif.model) == ("Canon", "Canon EOS 700D")
    assert exif.software == "Firmware 1.1"
    assert exif.orientation == 8
    assert exif.taken == datetime(2016, 8, 30, 17, 21, 5)
    assert (exif.pixel_width, exif.pixel_height) == (5184, 3456)
    assert exif.owner == "A. Owner"
    assert exif.body_serial_number == "093051001234"
    assert exif.has_maker_note
    assert not exif.has_thumbnail
    assert exif.tags["EXIF ExposureTime"] == "1/125"
    assert exif.tags["Image Make"] == "Canon"


def test_file_without_exif_is_empty() -> None:
    exif = read_header(plain_jpeg()).exif
    assert exif.is_empty
    assert exif == Exif()
    assert exif.taken is None


def test_exif_is_json_ready(written: Image.Exif) -> None:
    text = json.dumps(read_header(plain_jpeg(written)).exif.to_dict())
    assert json.loads(text)["taken"] == "2016-08-30T17:21:05"


def test_tags_cannot_be_changed() -> None:
    tags = Tags({"Image Make": "Canon"})
    with pytest.raises(TypeError):
        tags["Image Make"] = "Nikon"  # type: ignore[index]


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_are_read(order: str) -> None:
    short = struct.pack(order + "H", 6)
    fields = [text(0x010F, b"NIKON CORPORATION"), (0x0112, 3, 1, short)]
    exif = header_with(tiff(fields, order=order)).exif
    assert (exif.make, exif.orientation) == ("NIKON CORPORATION", 6)


def test_taken_falls_back_and_skips_what_is_no_date() -> None:
    fields = [text(0x0132, b"2011:02:03 04:05:06")]
    assert header_with(tiff(fields)).exif.taken == datetime(2011, 2, 3, 4, 5, 6)
    for bad in (b"0000:00:00 00:00:00", b"2011:13:01 00:00:00", b"yesterday"):
        assert header_with(tiff([text(0x0132, bad)])).exif.taken is None


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_orientation_out_of_range_is_none(value: int) -> None:
    fields = [(0x0112, 3, 1, struct.pack("<H", value))]
    assert header_with(tiff(fields)).exif.orientation is None


def test_control_characters_are_escaped_and_length_is_bounded() -> None:
    fields = [text(0x010F, b"Evil\x1b[2J"), text(0x0110, b"M" * 5000)]
    exif = header_with(tiff(fields)).exif
    assert exif.make == r"Evil\x1b[2J"
    assert len(exif.model) == 256


def test_text_ends_at_the_first_nul() -> None:
    fields: list[Field] = [(0x0110, 2, 12, b"Model\0junk\0\0")]
    assert header_with(tiff(fields)).exif.model == "Model"


def test_user_comment_and_xp_tags_are_decoded() -> None:
    comment = b"UNICODE\0" + "Grüße".encode("utf-16-le")
    author = "Ada\0".encode("utf-16-le")
    body = tiff([(0x9286, 7, len(comment), comment), (0x9C9D, 1, len(author), author)])
    tags = header_with(body).exif.tags
    assert tags["Image 0x9286"] == "Grüße"
    assert tags["Image XPAuthor"] == "Ada"


def test_thumbnail_is_found_byte_for_byte() -> None:
    small = plain_jpeg()

    def pointing_at(offset: int) -> bytes:
        place = struct.pack("<I", offset)
        size = struct.pack("<I", len(small))
        return tiff([text(0x010F, b"X")], [(0x0201, 4, 1, place), (0x0202, 4, 1, size)])

    header = header_with(pointing_at(len(pointing_at(0))) + small)
    assert header.exif.has_thumbnail
    assert header.jpeg is not None
    assert header.jpeg.thumbnail == small


@pytest.mark.parametrize(("at", "size"), [(1 << 30, 100), (8, 1 << 31), (60000, 60000)])
def test_thumbnail_outside_the_file_is_none_and_noted(at: int, size: int) -> None:
    body = tiff(
        [text(0x010F, b"X")],
        [
            (0x0201, 4, 1, struct.pack("<I", at)),
            (0x0202, 4, 1, struct.pack("<I", size)),
        ],
    )
    header = header_with(body)
    assert not header.exif.has_thumbnail
    assert any("thumbnail lies outside" in note for note in header.notes)


def test_directory_that_points_at_itself_ends() -> None:
    body = tiff([text(0x010F, b"X")])
    looped = bytearray(body)
    struct.pack_into("<I", looped, 8 + 2 + 12, 8)
    header = header_with(bytes(looped))
    assert header.exif.make == "X"
    assert any("loop" in note for note in header.notes)


def test_exif_pointer_into_its_own_parent_ends() -> None:
    header = header_with(tiff([(0x8769, 4, 1, struct.pack("<I", 8))]))
    assert any("loop" in note for note in header.notes)


@pytest.mark.parametrize("kind", [2, 3, 5, 12])
def test_giant_count_is_left_out_without_allocating(kind: int) -> None:
    body = tiff([(0x010F, kind, 0xFFFFFFFF, struct.pack("<I", 8))])
    header = header_with(body)
    assert header.exif.make == ""
    assert any("outside the file" in note for note in header.notes)


def test_giant_directory_is_read_as_far_as_it_is_there() -> None:
    body = bytearray(tiff([text(0x010F, b"Make")]))
    struct.pack_into("<H", body, 8, 65535)
    header = header_with(bytes(body))
    assert any("declares 65535 entries" in note for note in header.notes)


def test_unknown_type_is_noted_and_the_rest_is_read() -> None:
    header = header_with(tiff([(0x9999, 77, 1, b"abcd"), text(0x0110, b"M")]))
    assert header.exif.model == "M"
    assert any("unknown type 77" in note for note in header.notes)


@pytest.mark.parametrize("length", range(0, 40, 3))
def test_exif_cut_anywhere_never_fails(length: int) -> None:
    body = tiff([text(0x010F, b"Canon"), text(0x0110, b"Canon EOS 1000D")])
    assert header_with(body[:length]).format == "JPEG"


def test_notes_stay_few_however_many_faults() -> None:
    fields: list[Field] = [(tag, 99, 1, b"") for tag in range(400)]
    assert len(header_with(tiff(fields)).notes) <= 4


def test_fullest_hostile_directory_is_read_quickly() -> None:
    fields: list[Field] = [(tag, 7, 60_000, b"") for tag in range(5000)]
    body = tiff(fields) + bytes(60_000)
    began = time.perf_counter()
    read_exif(body, 0, len(body))
    assert time.perf_counter() - began < 0.2


def test_canon_maker_note_gives_serial_and_owner() -> None:
    note = struct.pack("<H", 2)
    note += struct.pack("<HHII", 0x0009, 2, 9, 0)  # offset set below
    note += struct.pack("<HHII", 0x000C, 4, 1, 1234567)
    note += bytes(4) + b"A. Owner\0"
    fields = [text(0x010F, b"Canon"), (0x8769, 4, 1, b"")]
    outer = bytearray(tiff(fields, [(0x927C, 7, len(note), note)]))
    inner_at = 8 + 2 + 24 + 4 + 6
    entry = outer.index(struct.pack("<HHI", 0x8769, 4, 1))
    struct.pack_into("<I", outer, entry + 8, inner_at)
    struct.pack_into("<I", outer, 8 + 2 + 24, 0)  # it is no second page
    note_at = outer.index(note)
    struct.pack_into("<I", outer, note_at + 2 + 8, note_at + 2 + 24 + 4)
    exif = header_with(bytes(outer)).exif
    assert exif.body_serial_number == "1234567"
    assert exif.owner == "A. Owner"


def test_nikon_maker_note_gives_serial_and_shutter_count() -> None:
    inner = tiff([text(0x001D, b"NO= 300a1b2c"), (0x00A7, 4, 1, struct.pack("<I", 42))])
    note = b"Nikon\0\x02\x10\0\0" + inner
    fields = [text(0x010F, b"NIKON CORPORATION"), (0x8769, 4, 1, b"")]
    outer = bytearray(tiff(fields, [(0x927C, 7, len(note), note)]))
    link = 8 + 2 + 24
    (inner_at,) = struct.unpack_from("<I", outer, link)
    entry = outer.index(struct.pack("<HHI", 0x8769, 4, 1))
    struct.pack_into("<I", outer, entry + 8, inner_at)
    struct.pack_into("<I", outer, link, 0)
    exif = header_with(bytes(outer)).exif
    assert exif.body_serial_number == "300a1b2c"
    assert exif.tags["MakerNote ShutterCount"] == "42"


def test_xmp_names_the_editor() -> None:
    packet = (
        b"http://ns.adobe.com/xap/1.0/\0<rdf:Description "
        b'xmp:CreatorTool="Adobe Photoshop 21.0" ><stEvt:softwareAgent>Other\x07'
        b"</stEvt:softwareAgent>"
    )
    segment = b"\xff\xe1" + struct.pack(">H", len(packet) + 2) + packet
    data = plain_jpeg()
    tags = read_header(data[:2] + segment + data[2:]).exif.tags
    assert tags["XMP CreatorTool"] == "Adobe Photoshop 21.0"
    assert tags["XMP softwareAgent"] == r"Other\x07"


@pytest.mark.data
def test_make_model_and_dates_agree_with_another_reader(photos_dir: Path) -> None:
    exifread = pytest.importorskip("exifread")
    compared = 0
    for path in sorted((photos_dir / "claims").glob("*.jpg")):
        with path.open("rb") as file:
            other = exifread.process_file(file, details=False)
        ours = read_header(path).exif.tags
        for name in (
            "Image Make",
            "Image Model",
            "Image Software",
            "EXIF DateTimeOriginal",
        ):
            if name in other:
                theirs = str(other[name]).strip()
                assert ours[name] == theirs, (path.name, name)
                compared += 1
    assert compared > 60
