"""Fields of the metadata that name a camera, against the one that Make and Model name.

Who changes Make and Model seldom changes all other fields in which a camera leaves its
name: the maker note, the firmware's text, the lens of a telephone, XMP's copies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from whichcam.claims._finding import Finding
from whichcam.claims._questioned import Questioned
from whichcam.datasets import CameraName, canonical_camera
from whichcam.datasets._screen_tables import editor_in
from whichcam.errors import InputError

# Makers that sell cameras, or wrote maker notes, of others: the first under the name
# of the second.
_RELATED: Final = frozenset(
    frozenset(pair)
    for pair in (
        ("Panasonic", "Leica"),
        ("Pentax", "Samsung"),
        ("Pentax", "Ricoh"),
        ("Pentax", "Asahi"),
        ("Olympus", "OM System"),
        ("Minolta", "Konica Minolta"),
        ("Konica", "Konica Minolta"),
        ("Minolta", "Sony"),
        ("Konica Minolta", "Sony"),
        ("Sony", "Hasselblad"),
        ("DJI", "Hasselblad"),
        ("Kodak", "JK"),
        ("Fujifilm", "Leica"),
        ("HUAWEI", "HONOR"),
        ("HUAWEI", "Google"),
        ("HTC", "Google"),
        ("LG", "Google"),
        ("Motorola", "Lenovo"),
        ("Epson", "Olympus"),
        ("Agfa", "AgfaPhoto"),
    )
)
_SOURCE: Final = (
    "what cameras write of themselves: layouts of maker notes on which the common "
    "readers agree, and CIPA DC-008 for the fields"
)
_FUJI: Final = re.compile(r"Digital Camera (.{2,40}?)\s{0,4}Ver", re.ASCII)
_NIKON: Final = re.compile(r"(COOLPIX [\w ]{1,12}?)\s?[Vv]\d", re.ASCII)
_SAMSUNG: Final = re.compile(r"([A-Z]\d{3,4}[A-Z]?\d?)[A-Z]{2}[US]?\w{4,5}$", re.ASCII)
_PHONE_LENS: Final = re.compile(
    r"((?:iPhone|iPad|iPod|Pixel)[\w ().,-]{0,30}?) (?:back|front|rear)\b", re.ASCII
)
_DESCRIBED: Final = re.compile(
    r"(KONICA MINOLTA|MINOLTA|OLYMPUS|KODAK|SANYO|SAMSUNG|PENTAX|SONY)"
    r" (?:DIGITAL (?:STILL )?CAMERA|DSC)\s{0,8}$",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Named:
    """A camera or a maker that a field names; the model "" where it names none."""

    field: str
    text: str
    make: str
    model: str = ""


_found = partial(
    Finding,
    topic="camera",
    analyser="metadata_fields",
    source=_SOURCE,
)


def check_fields(questioned: Questioned) -> Iterator[Finding]:
    """Yield a finding for each field that names a camera or a maker."""
    camera = questioned.camera
    if camera is None:
        return
    tags = questioned.photo.exif.tags
    for named in (*_named_makers(tags), *_named_cameras(tags, camera.make)):
        yield _compare(named, camera)
    yield from _samsung(tags, camera)


def _compare(named: _Named, camera: CameraName) -> Finding:
    related = frozenset((named.make, camera.make)) in _RELATED
    if named.make != camera.make and not related:
        return _found(
            code="field_names_another_maker",
            text=f"{_begin(named.field)} was written by a camera of {named.make}; the "
            f"file claims one of {camera.make or 'no maker'}.",
            seen=f"{named.field}: {named.text}",
            expected=camera.make,
            strength="strong",
            direction="contradicts",
        )
    if named.model and not related and _key(named.model) != _key(camera.model):
        return _found(
            code="field_names_another_model",
            text=f"{_begin(named.field)} names the {named.make} {named.model}; the "
            f"file claims the {camera.camera_model}.",
            seen=f"{named.field}: {named.text}",
            expected=camera.camera_model,
            strength="strong",
            direction="contradicts",
        )
    what = f"the {camera.camera_model}" if named.model else f"a camera of {camera.make}"
    return _found(
        code="field_agrees",
        text=f"{_begin(named.field)} fits {what}.",
        seen=f"{named.field}: {named.text}",
        expected=camera.camera_model if named.model else camera.make,
        strength="weak",
        direction="agrees",
    )


def _named_makers(tags: Mapping[str, str]) -> Iterator[_Named]:
    maker = tags.get("MakerNote Maker", "")
    if maker:
        yield _Named("the maker note", f"layout of {maker}", maker)
    description = tags.get("Image ImageDescription", "")
    match = _DESCRIBED.match(description)
    if match:
        yield _named("ImageDescription", description, match[1], None)
    lens_make = tags.get("EXIF LensMake", "")
    if lens_make.strip() == "Apple":  # others sell lenses for cameras not their own
        yield _Named("LensMake", lens_make, "Apple")


def _named_cameras(tags: Mapping[str, str], make: str) -> Iterator[_Named]:
    image = tags.get("MakerNote ImageType", "")
    name = image.removeprefix("IMG:").removeprefix("MVI:").removesuffix(" JPEG")
    if tags.get("MakerNote Maker") == "Canon" and (
        image.startswith("IMG:") or name.startswith("Canon ")
    ):
        yield _named("the maker note's ImageType", image, "Canon", name)
    software = tags.get("Image Software", "")
    if editor_in(software) is None:
        for maker, pattern in (("FUJIFILM", _FUJI), ("NIKON", _NIKON)):
            match = pattern.match(software)
            if match:
                yield _named("Software", software, maker, match[1])
    lens = tags.get("EXIF LensModel", "")
    match = _PHONE_LENS.match(lens)
    if match:
        yield _named("LensModel", lens, None, match[1])
    host = tags.get("Image HostComputer", "")
    if host.startswith(("iPhone", "iPad", "iPod")):
        yield _named("HostComputer", host, "Apple", host)
    for prefix in ("XMP", "Thumbnail"):
        model = tags.get(f"{prefix} Model", "")
        if model.strip():
            maker = tags.get(f"{prefix} Make", "") or make
            yield _named(f"{prefix}'s Model", model, maker, model)
        elif tags.get(f"{prefix} Make", "").strip():
            text = tags[f"{prefix} Make"]
            yield _named(f"{prefix}'s Make", text, text, None)


def _named(field: str, text: str, make: str | None, model: str | None) -> _Named:
    if model is None:
        return _Named(field, text, canonical_camera(make, "any").make)
    try:
        name = canonical_camera(make, model)
    except InputError:  # nothing but white space
        return _Named(field, text, canonical_camera(make, "any").make)
    return _Named(field, text, name.make, name.model)


def _samsung(tags: Mapping[str, str], camera: CameraName) -> Iterator[Finding]:
    """Compare Samsung's firmware, which begins with the end of the model's name."""
    software = tags.get("Image Software", "")
    match = _SAMSUNG.match(software)
    if match is None or camera.make not in {"Samsung", "Apple"}:
        # The text is short; only where Samsung is claimed, or no firmware looks like
        # it, does it say something.
        return
    agrees = camera.make == "Samsung" and match[1] in _key(camera.model).upper()
    yield _found(
        code="field_agrees" if agrees else "field_names_another_model",
        text=f"Software is a firmware for Samsung's {match[1]}; the file claims the "
        f"{camera.camera_model}.",
        seen=f"Software: {software}",
        expected=camera.camera_model,
        strength="weak" if agrees else "moderate",
        direction="agrees" if agrees else "contradicts",
    )


def _begin(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _key(text: str) -> str:
    return "".join(re.findall(r"\w+", text.casefold())).replace("_", "")
