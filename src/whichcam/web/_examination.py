"""The two operations that look into a picture: examine and localize."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

import whichcam
from whichcam import pipelines
from whichcam.claims import check_claims, read_claims
from whichcam.errors import (
    ArtifactNotFoundError,
    InsufficientEvidenceError,
    ShapeMismatchError,
    WhichcamError,
)
from whichcam.localize import Localization
from whichcam.media import Limits, Photo
from whichcam.media._source import read_source
from whichcam.reporting import heat_colours

if TYPE_CHECKING:
    from whichcam.web._operations import Params, Tell, Workbench

_STEPS: Final = 4
_REACH: Final = 24  # shifts each way that are shown around a correlation's peak
_PREVIEW: Final = 1600  # px of the longer side
_SHOWN_BY_BROWSERS: Final = frozenset(("JPEG", "PNG", "WEBP", "AVIF"))
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
    tell("reading the file", 0, _STEPS)
    photo = bench.photo(params)
    _, data = read_source(
        Path(params["path"]), Limits(max_bytes=bench.limits.max_bytes)
    )
    claims = read_claims(data)
    tell("naming the camera model", 1, _STEPS)
    left_out: list[dict[str, str]] = []
    identification = None
    evidence = None
    try:
        identification = pipelines.identify(photo, model=bench.model).to_dict()
        evidence = bench.model.analyse(photo)
    except WhichcamError as error:
        left_out.append({"what": "camera model", "why": str(error)})
    tell("checking what the file claims", 2, _STEPS)
    findings = check_claims(
        photo,
        evidence=evidence,
        model=None if evidence is None else bench.model,
        claims=claims,
    )
    tell("comparing with your cameras", 3, _STEPS)
    files = [*_preview(photo, folder)]
    devices, reason, drawn = _devices(bench, photo, folder, params)
    if reason:
        left_out.append({"what": "devices", "why": reason})
    return {
        "photo_name": photo.name,
        "sha256": photo.sha256,
        "size_bytes": photo.header.n_bytes,
        "format": photo.format,
        "width": photo.width,
        "height": photo.height,
        "claims": claims.to_dict(),
        "identification": identification,
        "findings": [one.to_dict() for one in findings],
        "devices": devices,
        "jpeg": _structure(photo),
        "not_examined": left_out,
        "model_id": bench.model.model_id,
        "whichcam_version": whichcam.__version__,
        "warnings": list(photo.warnings),
        "files": [*files, *drawn],
    }


def localize(
    bench: Workbench, folder: Path, params: Params, tell: Tell
) -> dict[str, Any]:
    """Draw where a picture disagrees with itself."""
    tell("reading the file", 0, 2)
    photo = bench.photo(params)
    tell("looking at every part", 1, 2)
    options: dict[str, Any] = {}
    if params["camera"] is not None:
        options = {"camera": params["camera"]}
        with bench.opened_gallery() as gallery:
            found = pipelines.localize(
                photo, method=params["method"], gallery=gallery, **options
            )
    else:
        named = {"fusion", "camera_consistency"}
        options = {"model": bench.model} if params["method"] in named else {}
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


def _preview(photo: Photo, folder: Path) -> Iterator[str]:
    """Make a picture to show of a format that browsers do not."""
    if photo.format in _SHOWN_BY_BROWSERS:
        return
    picture = Image.fromarray(upright(photo.pixels, photo.exif.orientation))
    picture.thumbnail((_PREVIEW, _PREVIEW))
    picture.save(folder / "preview.jpg", "JPEG", quality=85)
    yield "preview.jpg"


def _devices(
    bench: Workbench, photo: Photo, folder: Path, params: Params
) -> tuple[list[dict[str, Any]], str, list[str]]:
    """Return the enrolled cameras most like it, why there are none, and the peak."""
    try:
        with bench.opened_gallery() as gallery:
            found = pipelines.search(photo, gallery=gallery, k=params["n_devices"])
            hits = [hit.to_dict() for hit in found.hits]
            best = gallery.get(found.hits[0].camera)
        peak = pipelines.peak_of(best, photo)
    except ArtifactNotFoundError:
        return [], "no camera is enrolled here", []
    except (InsufficientEvidenceError, ShapeMismatchError) as error:
        return [], str(error), []
    _draw_peak(peak.surface, folder / "peak.png")
    hits[0]["peak"] = {"file": "peak.png", "reach_px": _REACH, "shown_to": _DEPTH}
    return hits, "", ["peak.png"]


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


def _structure(photo: Photo) -> dict[str, Any] | None:
    """Return how a JPEG is built, without its Huffman codes' symbols."""
    if photo.jpeg is None:
        return None
    whole = photo.jpeg.to_dict()
    whole["huffman_tables"] = len(whole["huffman_tables"])
    return whole
