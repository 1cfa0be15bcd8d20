"""What is known to mislead the comparison of sensor patterns, and who found it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

from whichcam.datasets import canonical_camera
from whichcam.errors import InputError, UnknownNameError
from whichcam.media import Exif, PhotoHeader

if TYPE_CHECKING:
    from whichcam.prnu._noise import PhotoNoise

# Apple's values of CustomRendered beyond the standard's 0 and 1: 2 and 3 are HDR,
# 7 an HDR portrait; 6 is a panorama.
_HDR_RENDERED: Final = frozenset(("2", "3", "7"))
_PANORAMA_RENDERED: Final = "6"
_COMPOSITES: Final = frozenset(("2", "3"))  # CompositeImage, EXIF 2.32
_NIGHT_SCENE: Final = "3"  # SceneCaptureType, EXIF 2.2
_LEAST_ZOOM: Final = Fraction(101, 100)

# Judgements, not measurements: the publication sorts pictures by eye-like classes of
# brightness and the other by steps of ISO; neither gives one number.
_HIGH_ISO: Final = 1600
_DARK_LEVEL: Final = 40.0  # mean grey level of 255
_MUCH: Final = 0.25  # share of pixels
_SAME_LENS: Final = 0.05  # relative: cameras round what they write


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Something that makes an answer less sure than it looks.

    Attributes
    ----------
    code : str
        Stable name, such as ``"hdr"``.
    text : str
        What was found and what it does to the answer.
    source : str
        The publication that found it.
    """

    code: str
    text: str
    source: str

    def __str__(self) -> str:
        return f"{self.text} ({self.source})"

    def to_dict(self) -> dict[str, str]:
        """Return the fields, ready for JSON."""
        return asdict(self)


def general_caution(code: str) -> Caution:
    """Return what is to be said wherever something of this kind is met.

    Parameters
    ----------
    code : str
        ``"hdr"``, ``"composite"``, ``"stabilized"``, ``"lens_correction"``,
        ``"digital_zoom"``, ``"resized"``, ``"dark"``, ``"bright"`` or
        ``"low_light"``.

    Raises
    ------
    UnknownNameError
        If there is none of that code.
    """
    known = {caution.code: caution for pattern, caution in _table() if not pattern}
    if code not in known:
        raise UnknownNameError(
            f"no caution {code!r}; known: {', '.join(sorted(known))}"
        )
    return known[code]


def camera_cautions(make: str, model: str) -> tuple[Caution, ...]:
    """Return what publications found wrong with the patterns of a camera model.

    Parameters
    ----------
    make, model : str
        As EXIF spells them; empty where not known.

    Returns
    -------
    tuple of Caution
        Empty where nothing is listed, which does not mean that nothing is wrong: few
        models have been looked at.
    """
    try:
        name = canonical_camera(make, model).camera_model.casefold()
    except InputError:
        return ()
    return tuple(
        caution
        for pattern, caution in _table()
        if pattern and fnmatchcase(name, pattern.casefold())
    )


def file_cautions(header: PhotoHeader) -> tuple[Caution, ...]:
    """Return the cautions that a picture's metadata call for.

    Parameters
    ----------
    header : PhotoHeader
        What the file says; it may lie, or say nothing.
    """
    tags = header.exif.tags
    rendered = tags.get("EXIF CustomRendered", "")
    found = [*_size_codes(header)]
    if rendered in _HDR_RENDERED:
        found.append("hdr")
    if (
        rendered == _PANORAMA_RENDERED
        or tags.get("EXIF CompositeImage", "") in _COMPOSITES
    ):
        found.append("composite")
    if _number(tags.get("EXIF DigitalZoomRatio", "")) >= _LEAST_ZOOM:
        found.append("digital_zoom")
    if (
        _number(tags.get("EXIF ISOSpeedRatings", "")) >= _HIGH_ISO
        or tags.get("EXIF SceneCaptureType", "") == _NIGHT_SCENE
    ):
        found.append("low_light")
    return tuple(map(general_caution, found))


def noise_cautions(noise: PhotoNoise) -> tuple[Caution, ...]:
    """Return the cautions that a picture's brightness calls for."""
    found = []
    if noise.mean_level < _DARK_LEVEL or noise.dark_share > _MUCH:
        found.append("dark")
    if noise.saturated_share > _MUCH:
        found.append("bright")
    return tuple(map(general_caution, found))


def lens_cautions(
    focal_length_mm: float | None, enrolled_mm: Iterable[float]
) -> tuple[Caution, ...]:
    """Return a caution if a focal length is not among the enrolled ones.

    Parameters
    ----------
    focal_length_mm : float or None
        Of the questioned picture, mm; None where its file does not say.
    enrolled_mm : iterable of float
        Of the enrolled pictures; empty where their files do not say.
    """
    known = tuple(enrolled_mm)
    if not focal_length_mm or not known:
        return ()
    if any(abs(focal_length_mm / mm - 1) <= _SAME_LENS for mm in known if mm > 0):
        return ()
    return (general_caution("lens_correction"),)


def focal_length_mm(exif: Exif) -> float | None:
    """Return the focal length that EXIF names, in mm; None where it names none."""
    value = float(_number(exif.tags.get("EXIF FocalLength", "")))
    return round(value, 3) if value > 0 else None


def _size_codes(header: PhotoHeader) -> list[str]:
    said = (header.exif.pixel_width, header.exif.pixel_height)
    stored = (header.width, header.height)
    if None in said or 0 in said or header.format == "RAW":
        return []
    return [] if stored in (said, said[::-1]) else ["resized"]


def _number(text: str) -> Fraction:
    """Return the number that a tag's text holds; 0 where it holds none."""
    try:
        return Fraction(text.replace(" ", ""))
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


@cache
def _table() -> tuple[tuple[str, Caution], ...]:
    """Return patterns of camera names and cautions; no pattern where it is general."""
    file = resources.files(__package__) / "cautions.csv"
    rows = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
    return tuple(
        (
            row["camera"],
            Caution(code=row["code"], text=row["text"], source=row["source"]),
        )
        for row in rows
    )
