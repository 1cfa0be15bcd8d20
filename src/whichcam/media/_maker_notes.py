"""The few maker-note fields that tell two bodies of one model apart."""

from __future__ import annotations

from whichcam.media._tiff import Entry, TiffReader


def read_maker_note(
    reader: TiffReader, note: Entry | None, make: str
) -> dict[str, str]:
    """Return ``"MakerNote SerialNumber"`` and the like, where the layout is known.

    Layouts are the makers' own and undocumented; these are the ones on which the
    common readers agree, and a note in another layout gives nothing.
    """
    if note is None:
        return {}
    maker = make.casefold()
    if maker.startswith("canon"):
        return _canon(reader, note)
    if maker.startswith("nikon"):
        return _nikon(reader, note)
    return {}


def _canon(reader: TiffReader, note: Entry) -> dict[str, str]:
    inner = TiffReader(reader.data, reader.start, reader.end, order=reader.order)
    directory, _ = inner.directory(note.offset - reader.start)
    found = {}
    serial = inner.integer(directory.get(0x000C))
    if serial:
        found["MakerNote SerialNumber"] = str(serial)
    for tag, name in ((0x0009, "OwnerName"), (0x0006, "ImageType")):
        text = inner.string(directory.get(tag))
        if text:
            found[f"MakerNote {name}"] = text
    firmware = inner.string(directory.get(0x0007))
    if firmware:
        found["MakerNote FirmwareVersion"] = firmware
    return found


def _nikon(reader: TiffReader, note: Entry) -> dict[str, str]:
    # Type 3: "Nikon", NUL, two bytes of version, two of padding, a TIFF header.
    if reader.raw(note, 6) != b"Nikon\0":
        return {}
    end = note.offset + note.size
    inner = TiffReader(reader.data, note.offset + 10, end)
    directory, _ = inner.directory(inner.first_offset())
    found = {}
    serial = inner.string(directory.get(0x001D))
    if serial:
        # Models without a serial number of their own write their name here.
        found["MakerNote SerialNumber"] = serial.removeprefix("NO= ").strip()
    count = inner.integer(directory.get(0x00A7))
    if count is not None:
        found["MakerNote ShutterCount"] = str(count)
    return found
