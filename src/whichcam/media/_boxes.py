"""The few boxes of HEIF and AVIF (ISO/IEC 14496-12) that concern the pixels."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_MAX_BOXES = 4096


class _Box(NamedTuple):
    kind_at: int
    start: int  # of its content
    end: int


def without_turns(data: bytes) -> bytes:
    """Return `data` with every rotation and mirroring of HEIF made the identity.

    Decoders apply these properties on loading. To have the pixels as the sensor lay,
    each is overwritten by a rotation of 0 degrees, which has the same length: undoing
    a turn afterwards would depend on each library's version.
    """
    turns = [
        box
        for kind in (b"irot", b"imir")
        for box in _properties(data, kind)
        if box.end - box.start == 1
    ]
    if not turns:
        return data
    patched = bytearray(data)
    for box in turns:
        patched[box.kind_at : box.kind_at + 4] = b"irot"
        patched[box.start] = 0
    return bytes(patched)


def has_high_bit_depth(data: bytes) -> bool:
    """Return whether any AV1 picture in the file has more than 8 bits a sample."""
    return any(
        box.end - box.start >= 3 and data[box.start + 2] & 0x40  # av1C: high_bitdepth
        for box in _properties(data, b"av1C")
    )


def has_readable_items(data: bytes) -> bool:
    """Return whether the types and names of all items are text.

    pi-heif (1.4) turns them into Python strings without looking at the result: one
    byte that is not UTF-8 ends the process.
    """
    for meta in _children(data, 0, len(data), b"meta"):
        for iinf in _children(data, meta.start + 4, meta.end, b"iinf"):
            wide = data[iinf.start : iinf.start + 1] != b"\0"
            first = iinf.start + (8 if wide else 6)
            for infe in _children(data, first, iinf.end, b"infe"):
                text_at = infe.start + (8 if data[infe.start] < 3 else 10)
                try:
                    data[text_at : infe.end].decode("utf-8")
                except UnicodeDecodeError:
                    return False
    return True


def is_cut_off(data: bytes) -> bool:
    """Return whether the last box declares more bytes than the file has."""
    position = 0
    for _ in range(_MAX_BOXES):
        size = int.from_bytes(data[position : position + 4], "big")
        if size == 1:
            size = int.from_bytes(data[position + 8 : position + 16], "big")
        if size < 8:  # 0: to the end of the file, whatever it is
            return False
        position += size
        if position >= len(data):
            return position > len(data)
    return False


def _properties(data: bytes, kind: bytes) -> list[_Box]:
    return [
        box
        for meta in _children(data, 0, len(data), b"meta")
        for iprp in _children(data, meta.start + 4, meta.end, b"iprp")  # a full box
        for ipco in _children(data, iprp.start, iprp.end, b"ipco")
        for box in _children(data, ipco.start, ipco.end, kind)
    ]


def _children(data: bytes, start: int, end: int, wanted: bytes) -> Iterator[_Box]:
    """Yield each box of the wanted kind between `start` and `end`."""
    for _ in range(_MAX_BOXES):
        if start + 8 > end:
            return
        size = int.from_bytes(data[start : start + 4], "big")
        head = 8
        if size == 1:  # a 64-bit size follows the kind
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        elif size == 0:
            size = end - start
        if size < head or start + size > end:
            return
        if data[start + 4 : start + 8] == wanted and size > head:
            yield _Box(start + 4, start + head, start + size)
        start += size
