"""A bounded reader of TIFF directories: the container of EXIF, of TIFF and of most RAW.

Every offset and count comes from the file and is checked against its length before
it is used; a directory is read once, so loops end; nothing is allocated by a count.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from whichcam.media._text import clean_bytes

MAX_ENTRIES = 512
"""Most entries read of one directory. Cameras write well under a hundred."""

_MAX_SHOWN = 16
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_SIZES |= {13: 4, 16: 8, 17: 8, 18: 8}
_INTEGERS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 13: "I"}
_INTEGERS |= {16: "Q", 17: "q", 18: "Q"}
_RATIONALS = {5: "I", 10: "i"}
_FLOATS = {11: "f", 12: "d"}
ASCII, UNDEFINED = 2, 7


@dataclass(frozen=True, slots=True)
class Entry:
    """One directory entry whose value lies wholly inside the data."""

    tag: int
    kind: int
    count: int
    offset: int  # of the value, from the start of the data
    size: int  # of the value, bytes


Directory = dict[int, Entry]


class TiffReader:
    """Directories and values of a TIFF structure inside `data`.

    Parameters
    ----------
    data : bytes
        The bytes that hold the structure.
    start, end : int
        Where it begins (its byte order mark) and ends in `data`. Offsets in the
        file count from `start`.
    order : {"<", ">"} or None
        Byte order; by default what the mark at `start` says.
    """

    def __init__(
        self, data: bytes, start: int, end: int, *, order: str | None = None
    ) -> None:
        self.data = data
        self.start = start
        self.end = min(end, len(data))
        self.complaints: list[str] = []
        self._seen: set[int] = set()
        mark = data[start : start + 4]
        self.order = order or {b"II": "<", b"MM": ">"}.get(mark[:2], "")
        self.big = mark in (b"II+\0", b"MM\0+")

    def first_offset(self) -> int:
        """Return where the first directory is said to be, 0 if nowhere."""
        at, code = (self.start + 8, "Q") if self.big else (self.start + 4, "I")
        if not self.order or at + struct.calcsize(code) > self.end:
            self.complaints.append("the TIFF header is damaged")
            return 0
        return int(struct.unpack_from(self.order + code, self.data, at)[0])

    def directory(self, offset: int) -> tuple[Directory, int]:
        """Read the directory at `offset`; return it and the offset of the next.

        Entries that point outside are left out with a complaint; of a tag that
        comes twice the first counts. The next offset is 0 where there is none.
        """
        head, entry_code = ("Q", "HHQ8s") if self.big else ("H", "HHI4s")
        entry_size, head_size = struct.calcsize("=" + entry_code), struct.calcsize(head)
        position = self.start + offset
        if offset <= 0 or position + head_size > self.end:
            if offset:
                self.complaints.append("a directory lies outside the file")
            return {}, 0
        if position in self._seen:
            self.complaints.append("the directories form a loop")
            return {}, 0
        self._seen.add(position)
        (declared,) = struct.unpack_from(self.order + head, self.data, position)
        first = position + head_size
        n_entries = min(declared, (self.end - first) // entry_size, MAX_ENTRIES)
        if n_entries < declared:
            self.complaints.append(f"a directory declares {declared} entries")
        found: Directory = {}
        block = memoryview(self.data)[first : first + n_entries * entry_size]
        at_inline = first + entry_size - (8 if self.big else 4)
        for tag, kind, count, _ in struct.iter_unpack(self.order + entry_code, block):
            entry = self._entry(tag, kind, count, at_inline)
            if entry is not None:
                found.setdefault(tag, entry)
            at_inline += entry_size
        at_next = first + n_entries * entry_size
        return found, self._offset_at(at_next) if n_entries == declared else 0

    def _offset_at(self, at: int) -> int:
        code = "Q" if self.big else "I"
        if at + struct.calcsize(code) > self.end:
            return 0
        return int(struct.unpack_from(self.order + code, self.data, at)[0])

    def _entry(self, tag: int, kind: int, count: int, inline: int) -> Entry | None:
        size = _SIZES.get(kind, 0) * count
        if kind not in _SIZES:
            self.complaints.append(f"tag {tag:#06x} has the unknown type {kind}")
            return None
        if size <= (8 if self.big else 4):
            return Entry(tag, kind, count, inline, size)
        offset = self.start + self._offset_at(inline)
        if offset + size > self.end:
            self.complaints.append(f"the value of tag {tag:#06x} lies outside the file")
            return None
        return Entry(tag, kind, count, offset, size)

    def raw(self, entry: Entry | None, limit: int) -> bytes:
        """Return the value's bytes, at most `limit` of them."""
        if entry is None:
            return b""
        return self.data[entry.offset : entry.offset + min(entry.size, limit)]

    def integers(self, entry: Entry | None, limit: int = _MAX_SHOWN) -> tuple[int, ...]:
        """Return up to `limit` integers; empty if it is missing or of another type."""
        if entry is None or entry.kind not in _INTEGERS:
            return ()
        code = f"{self.order}{min(entry.count, limit)}{_INTEGERS[entry.kind]}"
        return struct.unpack_from(code, self.data, entry.offset)

    def integer(self, entry: Entry | None) -> int | None:
        """Return the first integer, None if there is none."""
        values = self.integers(entry, 1)
        return values[0] if values else None

    def string(self, entry: Entry | None) -> str:
        """Return the safe text of an ASCII or UNDEFINED value, empty of another."""
        # Types 1 and 7 where 2 is due are common in the wild.
        if entry is None or entry.kind not in (1, ASCII, UNDEFINED):
            return ""
        return clean_bytes(self.raw(entry, 2048))

    def show(self, entry: Entry) -> str:
        """Return a short safe text for a value of any type."""
        shown = min(entry.count, _MAX_SHOWN)
        if entry.kind == ASCII:
            return self.string(entry)
        if entry.kind == UNDEFINED:
            head = self.raw(entry, _MAX_SHOWN + 1)
            text = head.rstrip(b"\0")
            if (
                entry.size <= _MAX_SHOWN
                and text.isascii()
                and text.decode().isprintable()
            ):
                return text.decode()
            return f"<{entry.size} bytes>"
        if entry.kind in _RATIONALS:
            code = f"{self.order}{2 * shown}{_RATIONALS[entry.kind]}"
            flat = struct.unpack_from(code, self.data, entry.offset)
            parts = [
                str(top) if bottom == 1 else f"{top}/{bottom}"
                for top, bottom in zip(flat[::2], flat[1::2], strict=True)
            ]
        elif entry.kind in _FLOATS:
            code = f"{self.order}{shown}{_FLOATS[entry.kind]}"
            values = struct.unpack_from(code, self.data, entry.offset)
            parts = [f"{value:g}" for value in values]
        else:
            parts = [str(value) for value in self.integers(entry)]
        return " ".join(parts) + (" …" if entry.count > shown else "")
