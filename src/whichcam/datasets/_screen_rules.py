"""The signs by which a re-saved or edited file gives itself away.

Sources: the Exif standard (JEITA CP-3451) and DCF (JEITA CP-3461), which say what a
camera writes and in which order; Kee, Johnson and Farid 2011, which shows that size,
quantization tables, Huffman tables and thumbnail are a signature of the camera and
that editors leave their own. The weights are judgements on a common scale (1 decides
alone), stated beside each sign; none was fitted to a collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from whichcam.datasets._labels import canonical_camera
from whichcam.datasets._screen_tables import (
    Habits,
    editor_in,
    habits_of,
    photoshop_preset,
    standard_quality,
    table_set,
)
from whichcam.errors import InputError
from whichcam.media import Exif, JpegStructure, PhotoHeader


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningReason:
    """One sign that a file is not as the camera wrote it.

    Parameters
    ----------
    code : str
        Stable name of the sign, such as ``"editor_named"``.
    text : str
        What was found and why it counts, for people.
    weight : float
        How much it says, 0 to 1; 1 decides alone.
    """

    code: str
    text: str
    weight: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, ready for JSON."""
        return {"code": self.code, "text": self.text, "weight": self.weight}


Reasons: TypeAlias = Iterator[ScreeningReason]

# A program that writes pixels or rewrites the file decides alone; one that leaves the
# picture as it was does not; an encoder library may sit inside a camera.
_EDITOR_WEIGHT: Final = {"metadata": 0.5, "library": 0.7}
_FORMAT_WEIGHT: Final = {"PNG": 1.0, "WEBP": 1.0, "AVIF": 0.8, "TIFF": 0.5}
_CODING: Final = ("DQT", "DHT", "DRI", "SOF", "SOS")
# Long exposures and slow cards put seconds between the two dates, not minutes.
_WRITING_TIME: Final = timedelta(minutes=2)
_FULL_AC_TABLE: Final = 162  # symbols of T.81's AC tables (K.5, K.6)


def reasons_against(header: PhotoHeader) -> list[ScreeningReason]:
    """Return all signs that a file is not as the camera wrote it."""
    habits = _habits(header.exif)
    found: list[ScreeningReason] = []
    for rule in _EXIF_RULES:
        found.extend(rule(header, header.exif, habits))
    if header.jpeg is not None:
        for jpeg_rule in _JPEG_RULES:
            found.extend(jpeg_rule(header.jpeg, header.exif, habits))
    return found


def claims_dcf(exif: Exif) -> bool:
    """Say whether a file claims to follow DCF (interoperability R98 or R03)."""
    return exif.tags.get("Interop InteroperabilityIndex", "") in {"R98", "R03"}


def _habits(exif: Exif) -> Habits | None:
    try:
        name = canonical_camera(exif.make, exif.model)
    except InputError:
        return None
    return habits_of(name.make, name.model)


def _format(header: PhotoHeader, _exif: Exif, _habits: Habits | None) -> Reasons:
    weight = _FORMAT_WEIGHT.get(header.format)
    if weight is not None:
        yield ScreeningReason(
            code="format",
            text=f"the file is {header.format}; cameras write JPEG, HEIC or RAW",
            weight=weight,
        )


def _no_camera(_header: PhotoHeader, exif: Exif, _habits: Habits | None) -> Reasons:
    if not exif.make.strip() and not exif.model.strip():
        what = "has no EXIF" if exif.is_empty else "names no camera in its EXIF"
        yield ScreeningReason(
            code="no_camera_named",
            text=f"the file {what}; the Exif standard has cameras write make and model",
            weight=1.0,
        )


def _editor(header: PhotoHeader, exif: Exif, _habits: Habits | None) -> Reasons:
    fields = {
        "Software": exif.software,
        "ProcessingSoftware": exif.tags.get("Image ProcessingSoftware", ""),
        "XMP CreatorTool": exif.tags.get("XMP CreatorTool", ""),
        "XMP softwareAgent": exif.tags.get("XMP softwareAgent", ""),
    }
    comments = header.jpeg.comments if header.jpeg else ()
    fields |= {f"comment {i}": text for i, text in enumerate(comments, start=1)}
    named: dict[str, str] = {}
    for field, text in fields.items():
        editor = editor_in(text)
        if editor is not None and editor.name not in named:
            named[editor.name] = field
            yield ScreeningReason(
                code="editor_named",
                text=f"{field} is {text[:80]!r}: written by {editor.name} "
                f"({editor.kind}), not by a camera",
                weight=_EDITOR_WEIGHT.get(editor.kind, 1.0),
            )


def _generated(_header: PhotoHeader, exif: Exif, _habits: Habits | None) -> Reasons:
    source = exif.tags.get("XMP DigitalSourceType", "")
    if "algorithmicmedia" in source.casefold():
        yield ScreeningReason(
            code="generated",
            text=f"XMP DigitalSourceType is {source[:120]!r}: made by an algorithm",
            weight=1.0,
        )


def _size(header: PhotoHeader, exif: Exif, _habits: Habits | None) -> Reasons:
    if not exif.pixel_width or not exif.pixel_height or header.format == "RAW":
        return
    said = (exif.pixel_width, exif.pixel_height)
    is_ = (header.width, header.height)
    sizes = f"EXIF says {said[0]}x{said[1]}, the file is {is_[0]}x{is_[1]}"
    if said == is_:
        return
    if said == is_[::-1]:
        # Some phones turn the pixels themselves and write the sensor's size.
        text = f"{sizes}: rotated after capture, or by the phone itself"
        yield ScreeningReason(code="size_swapped", text=text, weight=0.6)
        return
    text = f"{sizes}: resized or cropped after capture"
    yield ScreeningReason(code="size_differs", text=text, weight=1.0)


def _dates(_header: PhotoHeader, exif: Exif, _habits: Habits | None) -> Reasons:
    changed = _date(exif.tags.get("Image DateTime", ""))
    taken = _date(exif.tags.get("EXIF DateTimeOriginal", ""))
    if changed and taken and changed - taken > _WRITING_TIME:
        yield ScreeningReason(
            code="changed_later",
            text=f"EXIF says the file was changed at {changed} and the picture taken "
            f"at {taken}",
            weight=0.6,
        )


def _missing(header: PhotoHeader, exif: Exif, habits: Habits | None) -> Reasons:
    if habits is None or header.format == "RAW":
        return
    if habits.maker_note == "always" and not exif.has_maker_note:
        yield ScreeningReason(
            code="no_maker_note",
            text=f"there is no maker note; {habits.make} cameras write one",
            weight=0.6,
        )
    if habits.thumbnail == "always" and not exif.has_thumbnail:
        yield ScreeningReason(
            code="no_thumbnail",
            text=f"there is no thumbnail; {habits.make} cameras write one",
            weight=0.4,
        )


def _jfif(jpeg: JpegStructure, exif: Exif, habits: Habits | None) -> Reasons:
    if not jpeg.has_jfif or exif.is_empty:
        return
    if habits is not None and habits.jfif == "never":
        text = f"there is a JFIF segment; {habits.make} cameras write none"
        yield ScreeningReason(code="jfif", text=text, weight=0.7)
    elif claims_dcf(exif):
        text = "there is a JFIF segment; DCF, which the file claims, has EXIF alone"
        yield ScreeningReason(code="jfif", text=text, weight=0.5)


def _segments(jpeg: JpegStructure, _exif: Exif, habits: Habits | None) -> Reasons:
    if "Photoshop" in jpeg.identifiers:
        text = "there is a Photoshop segment (APP13), as editors and archives write"
        yield ScreeningReason(code="photoshop_segment", text=text, weight=0.8)
    if jpeg.has_adobe:
        text = "there is an Adobe segment (APP14), as editors write"
        yield ScreeningReason(code="adobe_segment", text=text, weight=0.5)
    if "ICC" in jpeg.identifiers and habits is not None and habits.icc == "never":
        text = f"there is a colour profile; {habits.make} cameras embed none"
        yield ScreeningReason(code="colour_profile", text=text, weight=0.4)
    started = False
    for segment in jpeg.segments:
        if segment.name.startswith("SOS"):
            break
        started = started or segment.name.startswith(_CODING)
        if started and segment.identifier in {"XMP", "EXIF", "ICC", "Photoshop"}:
            text = (
                f"{segment.identifier} stands after the coding tables; Exif has it "
                "before them"
            )
            yield ScreeningReason(code="late_segment", text=text, weight=0.3)
            break


def _tables(jpeg: JpegStructure, exif: Exif, habits: Habits | None) -> Reasons:
    tables = table_set(jpeg.quantization_tables)
    preset = photoshop_preset(tables)
    if preset is not None:
        text = f"the quantization tables are those of Photoshop's quality {preset!r}"
        yield ScreeningReason(code="photoshop_tables", text=text, weight=0.8)
    quality = standard_quality(tables)
    if quality is None or exif.is_empty or habits is None:
        return
    if habits.standard_tables == "never":
        text = (
            f"the quantization tables are the standard's at quality {quality}; "
            f"{habits.make} cameras of this line use their own"
        )
        yield ScreeningReason(code="standard_tables", text=text, weight=0.8)
    elif _library_layout(jpeg):
        text = (
            f"standard tables at quality {quality}, each table in a segment of its "
            "own, as the free JPEG library writes and camera hardware seldom does"
        )
        yield ScreeningReason(code="library_layout", text=text, weight=0.3)


def _library_layout(jpeg: JpegStructure) -> bool:
    names = [segment.name for segment in jpeg.segments]
    return names.count("DQT") == 2 and names.count("DHT") == 4


def _coding(jpeg: JpegStructure, _exif: Exif, habits: Habits | None) -> Reasons:
    if jpeg.progressive or jpeg.arithmetic:
        kind = "progressive" if jpeg.progressive else "arithmetic"
        text = f"the coding is {kind}; Exif has cameras write baseline JPEG"
        yield ScreeningReason(code="coding", text=text, weight=1.0)
        return
    ac_tables = [table for table in jpeg.huffman_tables if table.kind == "ac"]
    if any(len(table.symbols) < _FULL_AC_TABLE for table in ac_tables):
        text = (
            "the Huffman tables were made for this one picture, which takes a second "
            "pass over it; cameras use fixed tables"
        )
        yield ScreeningReason(code="optimized_huffman", text=text, weight=0.3)
    wanted = habits.subsampling if habits else ""
    if wanted and jpeg.subsampling != wanted:
        make = habits.make if habits else ""
        text = f"chroma is {jpeg.subsampling}; {make} cameras write {wanted}"
        yield ScreeningReason(code="subsampling", text=text, weight=0.4)


def _end(jpeg: JpegStructure, _exif: Exif, _habits: Habits | None) -> Reasons:
    if jpeg.truncated:
        text = "the file ends before the picture does"
        yield ScreeningReason(code="truncated", text=text, weight=0.5)
    if jpeg.trailing_bytes and "MPF" not in jpeg.identifiers:
        # Cameras pad files and append previews too: worth saying, hardly counting.
        text = f"{jpeg.trailing_bytes} bytes follow the picture's end"
        yield ScreeningReason(code="trailing_bytes", text=text, weight=0.1)


def _date(text: str) -> datetime | None:
    try:
        return datetime.strptime(text[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:  # blank, zeros, or not a date at all
        return None


_ExifRule: TypeAlias = Callable[[PhotoHeader, Exif, Habits | None], Reasons]
_JpegRule: TypeAlias = Callable[[JpegStructure, Exif, Habits | None], Reasons]
_EXIF_RULES: Final[tuple[_ExifRule, ...]] = (
    _format,
    _no_camera,
    _editor,
    _generated,
    _size,
    _dates,
    _missing,
)
_JPEG_RULES: Final[tuple[_JpegRule, ...]] = (_jfif, _segments, _tables, _coding, _end)
