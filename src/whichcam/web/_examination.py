"""The operations that look into a picture: examine, report and localize."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

import whichcam
from whichcam import pipelines
from whichcam.errors import (
    InsufficientEvidenceError,
    ShapeMismatchError,
    UnknownNameError,
)
from whichcam.localize import Localization
from whichcam.media import Photo, read_header
from whichcam.pipelines import Examination
from whichcam.reporting import heat_colours, html_report, pdf_report
from whichcam.web._json import finite, renamed
from whichcam.web._workbench import Params, Tell, Workbench

_REACH: Final = 24  # shifts each way that are shown around a correlation's peak
_PREVIEW: Final = 1600  # px of the longer side
_SHOWN_BY_BROWSERS: Final = frozenset(("JPEG", "PNG", "WEBP", "AVIF"))
_MAP: Final = {"upright": True, "style": "values", "max_side": _PREVIEW}
_DEPTH: Final = 12.0  # standard deviations of the surface shown as white

# What turns stored pixels the way EXIF wants them shown: flip first, then turns.
_TURNS: Final = {
    2: (True, 0),
    3: (False, 2),
    4: (True, 2),
    5: (True, 1),
    6: (False, 3),
    7: (True, 3),
    8: (False, 1),
}

Plane: TypeAlias = npt.NDArray[Any]


def examine(
    bench: Workbench, folder: Path, params: Params, tell: Tell
) -> dict[str, Any]:
    """Set everything side by side: pixels, claims, structure, enrolled cameras."""
    found, photo = _examined(bench, params, tell)
    maps: dict[str, str] = {}
    peaks: dict[str, str] = {}
    preview = _preview(photo, folder)
    for one in found.localizations:
        name = f"map-{one.method}.png"
        _draw(one, photo, folder / name, _MAP)
        maps[one.method] = name
    for camera, surface in _peaks(bench, found, photo).items():
        name = f"peak-{len(peaks)}.png"
        _draw_peak(surface, folder / name)
        peaks[camera] = name
    made = [*maps.values(), *peaks.values(), preview]
    return {
        **_plain(found, bench),
        "pictures": {"maps": maps, "peaks": peaks, "preview": preview},
        "files": [name for name in made if name is not None],
    }


def report(
    bench: Workbench, folder: Path, params: Params, tell: Tell
) -> dict[str, Any]:
    """Write all of it on one page, or as PDF."""
    found, photo = _examined(bench, params, tell)
    page = html_report(
        renamed(_plain(found, bench), params["names"]),
        photo=photo,
        heatmaps={one.method: one.heatmap for one in found.localizations},
        peaks=_peaks(bench, found, photo),
    )
    name = f"report.{params['format']}"
    if params["format"] == "pdf":
        (folder / name).write_bytes(pdf_report(page))
    else:
        (folder / name).write_text(page, encoding="utf-8")
    return {"photo_name": photo.name, "sha256": photo.sha256, "files": [name]}


def _examined(
    bench: Workbench, params: Params, tell: Tell
) -> tuple[Examination, Photo]:
    """Examine the file itself, which photos do not keep, within our bounds."""
    path = Path(params["path"])
    read_header(path, limits=bench.limits)  # the examination has bounds of its own
    found = pipelines.examine(
        path,
        gallery=bench.gallery if bench.has_gallery() else None,
        cameras=None if bench.has_gallery() else (),
        methods=None if params["maps"] else (),
        model=bench.model,
        allow_truncated=params["allow_truncated"],
        progress=tell,
    )
    return found, bench.photo(params)


def _plain(found: Examination, bench: Workbench) -> dict[str, Any]:
    whole = found.to_dict()
    if not bench.has_gallery():
        for one in whole["not_examined"]:
            if one["what"] == "enrolled cameras":
                one["why"] = "no camera is enrolled yet"
    return finite(whole)


def localize(
    bench: Workbench, folder: Path, params: Params, tell: Tell
) -> dict[str, Any]:
    """Draw where a picture disagrees with itself."""
    tell("reading the file", 0, 2)
    photo = bench.photo(params)
    tell("looking at every part", 1, 2)
    named = {"fusion", "camera_consistency"}
    options: dict[str, Any] = {}
    if params["method"] in named:
        options["model"] = bench.model
    if params["camera"] is not None:
        options |= {"camera": params["camera"], "gallery": bench.gallery}
    found = pipelines.localize(photo, method=params["method"], **options)
    _draw(found, photo, folder / "heatmap.png", params)
    return {
        "photo_name": photo.name,
        "sha256": photo.sha256,
        **found.to_dict(),
        "whichcam_version": whichcam.__version__,
        "files": ["heatmap.png"],
    }


def _draw(found: Localization, photo: Photo, path: Path, params: Params) -> None:
    heat: Plane = found.heatmap
    if params["upright"]:
        heat = upright(heat, photo.exif.orientation)
    if params["style"] == "colours":
        picture = Image.fromarray(heat_colours(heat))
    else:
        picture = Image.fromarray(np.round(heat * 255).astype(np.uint8))
    if params["max_side"] is not None:
        picture.thumbnail((params["max_side"],) * 2, Image.Resampling.BOX)
    picture.save(path, "PNG", compress_level=1)


def upright(pixels: Plane, orientation: int | None) -> Plane:
    """Return rows and columns as EXIF wants them shown, from as they are stored."""
    mirrored, quarters = _TURNS.get(orientation or 1, (False, 0))
    turned = np.fliplr(pixels) if mirrored else pixels
    return np.ascontiguousarray(np.rot90(turned, quarters))


def _preview(photo: Photo, folder: Path) -> str | None:
    """Make a picture to show of a format that browsers do not."""
    if photo.format in _SHOWN_BY_BROWSERS:
        return None
    picture = Image.fromarray(upright(photo.pixels, photo.exif.orientation))
    picture.thumbnail((_PREVIEW, _PREVIEW))
    picture.save(folder / "preview.jpg", "JPEG", quality=85)
    return "preview.jpg"


def _peaks(bench: Workbench, found: Examination, photo: Photo) -> dict[str, Plane]:
    """Return the correlation with the enrolled camera that matches best."""
    if not found.devices:
        return {}
    best = max(found.devices, key=lambda one: one.score)
    try:
        with bench.opened_gallery() as gallery:
            peak = pipelines.peak_of(gallery.get(best.camera), photo)
    except (InsufficientEvidenceError, ShapeMismatchError, UnknownNameError):
        return {}  # it was compared in a way that has no such picture, or is gone
    return {best.camera: peak.surface}


def _draw_peak(surface: Plane, path: Path) -> None:
    """Draw the correlation around its highest place, in standard deviations."""
    row, column = np.unravel_index(int(surface.argmax()), surface.shape)
    side = 2 * _REACH + 1
    rows = np.arange(side) + int(row) - _REACH
    columns = np.arange(side) + int(column) - _REACH
    height, width = surface.shape
    window = surface[np.ix_(rows % height, columns % width)]  # shifts wrap
    spread = float(surface.std()) or 1.0
    grey = np.clip(window / spread / _DEPTH, 0, 1) * 255
    Image.fromarray(np.round(grey).astype(np.uint8)).save(path, "PNG")
