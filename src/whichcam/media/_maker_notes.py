"""Whose a maker note is, and the few fields that tell two bodies of a model apart."""

from __future__ import annotations

from whichcam.media._tiff import Entry, TiffReader

# How notes begin, by maker. Makers under another's name (a Leica by Panasonic) write
# the maker's.
_HEADERS = (
    (b"Nikon\0", "Nikon"),
    (b"OLYMP\0", "Olympus"),
    (b"OLYMPUS\0", "Olympus"),
    (b"OM SYSTEM\0", "OM System"),
    (b"EPSON\0", "Epson"),
    (b"FUJIFILM", "Fujifilm"),
    (b"Panasonic\0", "Panasonic"),
    (b"SONY DSC ", "Sony"),
    (b"SONY CAM ", "Sony"),
    (b"SONY MOBILE", "Sony"),
    (b"AOC\0", "Pentax"),
    (b"PENTAX \0", "Pentax"),
    (b"QVC\0", "CASIO"),
    (b"Apple iOS\0", "Apple"),
    (b"SIGMA\0", "SIGMA"),
    (b"FOVEON\0", "SIGMA"),
    (b"KDK", "Kodak"),
    (b"MLT0", "Minolta"),
    (b"LEICA\0", "Leica"),
    (b"RICOH", "Ricoh"),
    (b"Ricoh", "Ricoh"),
    (b"SANYO\0", "SANYO"),
    (b"HDRP", "Google"),
)
_CANON_FIRMWARE = ("Firmware Version", "Firmware version")


def read_maker_note(
    reader: TiffReader, note: Entry | None, make: str
) -> dict[str, str]:
    """Return ``"MakerNote SerialNumber"`` and the like, where the layout is known.

    Layouts are the makers' own and undocumented; these are the ones on which the
    common readers agree, and a note in another layout gives nothing.
    """
    if note is None:
        return {}
    head = reader.raw(note, 12)
    maker = next((name for mark, name in _HEADERS if head.startswith(mark)), "")
    if maker == "Nikon" or make.casefold().startswith("nikon"):
        found = _nikon(reader, note)
    elif not maker:
        found = _canon(reader, note)  # which begins with no name, but with its fields
        firmware = found.get("MakerNote FirmwareVersion", "")
        image = found.get("MakerNote ImageType", "")
        if firmware.startswith(_CANON_FIRMWARE) or image.startswith(("IMG:", "Canon")):
            maker = "Canon"
        elif not make.casefold().startswith("canon"):
            found = {}
    else:
        found = {}
    return {"MakerNote Maker": maker, **found} if maker else found


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
