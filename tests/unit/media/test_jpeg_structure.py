"""The marker parser against files whose making is known."""

from __future__ import annotations

import contextlib
import io
import json
import struct
import time
from typing import Any

import numpy as np
import pytest
import simplejpeg
from PIL import Image

from whichcam.errors import ImageDecodeError
from whichcam.media import JpegStructure, read_header

# Row-major by construction: every value tells its own place.
LUMA = list(range(1, 65))
CHROMA = list(range(101, 165))


def noise(width: int = 96, height: int = 64) -> Image.Image:
    rng = np.random.default_rng(7)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def encode(image: Image.Image | None = None, **options: Any) -> bytes:
    file = io.BytesIO()
    (image or noise()).save(file, "JPEG", **options)
    return file.getvalue()


def structure(data: bytes) -> JpegStructure:
    found = read_header(data).jpeg
    assert found is not None
    return found


def segment(marker: int, payload: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(payload) + 2) + payload


def insert(data: bytes, *segments: bytes) -> bytes:
    """Put segments right after SOI."""
    return data[:2] + b"".join(segments) + data[2:]


def test_tables_given_to_the_encoder_come_back_row_major() -> None:
    found = structure(encode(qtables=[LUMA, CHROMA]))
    assert found.quantization_table_ids == (0, 1)
    assert found.quantization_tables[0].tolist() == np.reshape(LUMA, (8, 8)).tolist()
    assert found.quantization_tables[1].tolist() == np.reshape(CHROMA, (8, 8)).tolist()
    assert found.quantization_tables[0].dtype == np.uint16


def test_tables_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        structure(encode()).quantization_tables[0][0, 0] = 1


def test_sixteen_bit_table_comes_back() -> None:
    data = encode(qtables=[LUMA])
    start = data.index(b"\xff\xdb")
    length = int.from_bytes(data[start + 2 : start + 4], "big")
    zigzag = data[start + 5 : start + 69]
    wide = bytes([0x10]) + b"".join(struct.pack(">H", 256 + v) for v in zigzag)
    patched = data[:start] + segment(0xDB, wide) + data[start + 2 + length :]
    expected = (256 + np.reshape(LUMA, (8, 8))).tolist()
    assert structure(patched).quantization_tables[0].tolist() == expected


def test_components_name_their_tables() -> None:
    found = structure(encode(qtables=[LUMA, CHROMA]))
    assert [c.tq for c in found.components] == [0, 1, 1]
    table = found.quantization_table(2)
    assert table is not None
    assert table[0, 0] == CHROMA[0]


def test_component_without_a_table_gives_none() -> None:
    data = bytearray(encode())
    data[data.index(b"\xff\xc0") + 12] = 3
    assert structure(bytes(data)).quantization_table(0) is None


def test_two_tables_in_one_segment_are_both_read() -> None:
    data = encode(qtables=[LUMA, CHROMA])
    first = data.index(b"\xff\xdb")
    one = data[first + 4 : first + 69]
    two = data[first + 73 : first + 138]
    joined = data[:first] + segment(0xDB, one + two) + data[first + 138 :]
    assert len(structure(joined).quantization_tables) == 2


@pytest.mark.parametrize(
    ("option", "name"), [("4:4:4", "4:4:4"), ("4:2:2", "4:2:2"), ("4:2:0", "4:2:0")]
)
def test_subsampling_is_named(option: str, name: str) -> None:
    assert structure(encode(subsampling=option)).subsampling == name


@pytest.mark.parametrize(
    ("option", "name"),
    [("440", "4:4:0"), ("411", "4:1:1"), ("Gray", "4:0:0")],
)
def test_rarer_subsampling_is_named(option: str, name: str) -> None:
    pixels = np.asarray(noise())
    grey = option == "Gray"
    data = simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels[..., :1] if grey else pixels),
        colorspace="GRAY" if grey else "RGB",
        colorsubsampling=option,
    )
    assert structure(data).subsampling == name


def test_subsampling_without_a_name_shows_its_factors() -> None:
    data = bytearray(encode())
    data[data.index(b"\xff\xc0") + 11] = 0x31
    assert structure(bytes(data)).subsampling == "3x1,1x1,1x1"


def test_baseline_and_progressive_are_told_apart() -> None:
    baseline, progressive = structure(encode()), structure(encode(progressive=True))
    assert (baseline.process, baseline.progressive, baseline.n_scans) == (
        "SOF0",
        False,
        1,
    )
    assert progressive.process == "SOF2"
    assert progressive.progressive
    assert progressive.n_scans > 5


def test_arithmetic_coding_is_recognized() -> None:
    data = bytearray(encode())
    data[data.index(b"\xff\xc0") + 1] = 0xC9
    assert structure(bytes(data)).arithmetic


def test_restart_interval_is_read() -> None:
    assert structure(encode()).restart_interval == 0
    assert structure(encode(restart_marker_blocks=5)).restart_interval == 5


def test_restart_markers_do_not_end_the_scan() -> None:
    data = encode(restart_marker_blocks=1)
    assert b"\xff\xd0" in data
    found = structure(data)
    assert (found.n_scans, found.truncated, found.trailing_bytes) == (1, False, 0)


def test_comments_are_read_and_escaped() -> None:
    found = structure(
        insert(encode(), segment(0xFE, b"made\x07by"), segment(0xFE, b"2"))
    )
    assert found.comments == (r"made\x07by", "2")


def test_huffman_tables_hold_the_standard_ones() -> None:
    found = structure(encode())
    kinds = [(t.kind, t.table_id) for t in found.huffman_tables]
    assert sorted(kinds) == [("ac", 0), ("ac", 1), ("dc", 0), ("dc", 1)]
    dc = next(t for t in found.huffman_tables if (t.kind, t.table_id) == ("dc", 0))
    # ITU-T T.81, table K.3: the twelve luminance DC categories in order.
    assert dc.symbols == bytes(range(12))
    assert dc.counts == (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)


def test_segments_lie_where_they_are_said_to_lie() -> None:
    data = encode(comment=b"hello", exif=Image.Exif())
    found = structure(data)
    for one in found.segments:
        assert data[one.offset : one.offset + 2] == bytes([0xFF, one.marker])
    for one, after in zip(found.segments, found.segments[1:], strict=False):
        if one.name != "SOS":
            assert one.offset + one.length == after.offset
    assert [s.name for s in found.segments][:2] == ["SOI", "APP0"]
    assert found.segments[-1].name == "EOI"


def test_application_segments_are_identified() -> None:
    adobe = b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 1)
    data = insert(
        encode(),
        segment(0xE1, b"Exif\0\0" + b"II*\0\x08\0\0\0\0\0\0\0\0\0"),
        segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
        segment(0xE2, b"ICC_PROFILE\0\x01\x01"),
        segment(0xE2, b"MPF\0MM\0*"),
        segment(0xED, b"Photoshop 3.0\0"),
        segment(0xEE, adobe),
        segment(0xE5, b"My\x01Own"),
    )
    found = structure(data)
    assert found.identifiers == (
        "EXIF",
        "XMP",
        "ICC",
        "MPF",
        "Photoshop",
        "Adobe",
        r"My\x01Own",
        "JFIF",
    )
    assert (found.has_jfif, found.has_adobe, found.adobe_transform) == (True, True, 1)


def test_bytes_after_the_end_are_counted() -> None:
    assert structure(encode()).trailing_bytes == 0
    assert structure(encode() + b"x" * 777).trailing_bytes == 777


def test_end_marker_inside_a_segment_is_not_the_end() -> None:
    data = insert(encode(), segment(0xFE, b"\xff\xd9 thumbnail \xff\xd9"))
    found = structure(data)
    assert found.trailing_bytes == 0
    assert not found.truncated


def test_file_without_an_end_is_truncated() -> None:
    data = encode()
    assert structure(data[:-2]).truncated
    assert structure(data[: len(data) // 2]).truncated
    assert not structure(data).truncated


def test_fill_bytes_before_a_marker_are_skipped() -> None:
    data = encode()
    assert structure(data[:2] + b"\xff\xff\xff" + data[2:]).has_jfif


def test_stray_bytes_between_segments_are_noted() -> None:
    data = encode()
    header = read_header(data[:2] + b"\xff\x01" + data[2:])
    assert "stray bytes between segments" in header.notes


def test_entropy_bytes_are_those_between_scan_header_and_end() -> None:
    data = encode()
    start = data.index(b"\xff\xda") + 14
    assert structure(data).entropy_bytes == len(data) - 2 - start


def test_first_definition_counts_when_a_table_comes_again_after_the_scan() -> None:
    data = encode(qtables=[LUMA])
    late = segment(0xDB, bytes([0]) + bytes([9] * 64))
    found = structure(data[:-2] + late + data[-2:])
    assert found.quantization_tables[0][0, 0] == LUMA[0]


def test_damaged_tables_are_noted_and_left_out() -> None:
    header = read_header(insert(encode(), segment(0xDB, b"\x03abc")))
    assert "a quantization table is damaged" in header.notes
    header = read_header(insert(encode(), segment(0xC4, b"\x00" + b"\xff" * 16)))
    assert "a Huffman table is damaged" in header.notes


def test_jpeg_without_a_frame_header_is_an_error() -> None:
    with pytest.raises(ImageDecodeError, match="no frame header"):
        read_header(b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9")


def test_file_of_nothing_but_segments_is_refused_quickly() -> None:
    began = time.perf_counter()
    with pytest.raises(ImageDecodeError, match="8192 JPEG segments"):
        read_header(b"\xff\xd8" + b"\xff\xfe\0\x02" * 3_000_000)
    assert time.perf_counter() - began < 2


@pytest.mark.parametrize("filler", [b"\xff", b"\xff\0", b"\xff\xd0", b"\xff\xda\0\x02"])
def test_hostile_filler_costs_linear_time(filler: bytes) -> None:
    data = encode()[:-2] + filler * (8_000_000 // len(filler))
    began = time.perf_counter()
    with contextlib.suppress(ImageDecodeError):
        read_header(data)
    assert time.perf_counter() - began < 5


def test_structure_is_json_ready() -> None:
    text = json.dumps(read_header(encode(comment=b"x")).to_dict())
    assert json.loads(text)["jpeg"]["subsampling"] == "4:2:0"


@pytest.mark.data
def test_full_size_originals_have_the_structure_their_maker_writes(
    photos_dir: Any,
) -> None:
    paths = sorted((photos_dir / "full").glob("*.jpg"))
    assert paths
    for path in paths:
        found = structure(path.read_bytes())
        assert (found.width, found.height) == (4000, 3000)
        assert not found.truncated
        assert found.thumbnail is not None
        assert found.thumbnail[:2] == b"\xff\xd8"
