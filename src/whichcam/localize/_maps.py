"""All maps of a picture at once, on the lattice of 8 px cells, for their fusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from whichcam._typing import FloatArray
from whichcam.localize._area_traces import area_traces
from whichcam.localize._cells import box_mean, cell_means, luma_plane
from whichcam.localize._consistency import Consistency, Projection, consistency
from whichcam.localize._double_compression import MissingSteps, missing_steps, own_steps
from whichcam.localize._jpeg_grid import GridByArea, grid_by_area
from whichcam.localize._noise_level import noise_deviation
from whichcam.media import Photo

FEATURES: Final = (
    *("noise", "noise_size", "noise_wide"),
    *("grid_own", "grid_other", "grid_strength"),
    *("steps", "steps_wide", "steps_found", "steps_highest"),
    *("distance", "distance_wide", "division", "division_gain", "distance_highest"),
    *("grey", "lost", "contrast"),
)
"""What the fusion sees of each cell, in order."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawMaps:
    """What each method found, before any scaling.

    Parameters
    ----------
    noise : ndarray of shape (H // 8, W // 8), float32
    grid : GridByArea
    steps : MissingSteps
    traces : ndarray of shape (n, H // 16, W // 16), float32
        From which `consistency` follows once there is a projection.
    content : ndarray of shape (3, H // 8, W // 8), float32
        Grey level, share of lost pixels, logarithm of contrast.
    """

    noise: FloatArray
    grid: GridByArea
    steps: MissingSteps
    traces: FloatArray
    content: FloatArray


def raw_maps(photo: Photo) -> RawMaps:
    """Look at a photo with every method that needs nothing fitted."""
    luma = luma_plane(photo)
    grid = grid_by_area(luma)
    offset = grid.offset if photo.jpeg is None and grid.is_clear else (0, 0)
    return RawMaps(
        noise=noise_deviation(luma),
        grid=grid,
        steps=missing_steps(luma, own_steps(photo), offset=offset),
        traces=area_traces(photo.pixels),
        content=_content(luma),
    )


def cell_features(maps: RawMaps, found: Consistency) -> FloatArray:
    """Return what the fusion sees, (len(FEATURES), H // 8, W // 8) float32.

    Every feature is bounded, so that nothing outside what was fitted on decides alone.
    """
    shape = maps.noise.shape
    steps = np.clip(maps.steps.evidence, -20, 20)
    distance = to_cells(np.arcsinh(found.distance), shape)
    division = to_cells(np.clip(found.division, -12, 12), shape)
    whole = {
        "grid_strength": np.arcsinh(maps.grid.strength / 6),
        "steps_found": len(maps.steps.steps) / 63,
        "steps_highest": np.arcsinh(np.quantile(steps, 0.98)),
        "division_gain": np.arcsinh(found.gain / 10),
        "distance_highest": np.quantile(distance, 0.98),
    }
    named = {
        "noise": np.clip(maps.noise, -8, 8) / 4,
        "noise_size": np.minimum(np.abs(maps.noise), 8) / 4,
        "noise_wide": box_mean(np.clip(maps.noise, -8, 8), 9) / 4,
        "grid_own": np.clip(maps.grid.own, -12, 12) / 4,
        "grid_other": np.clip(maps.grid.other, -12, 12) / 4,
        "steps": np.arcsinh(steps),
        "steps_wide": np.arcsinh(box_mean(steps, 9)),
        "distance": distance,
        "distance_wide": box_mean(distance, 9),
        "division": division / 4,
        "grey": maps.content[0],
        "lost": maps.content[1],
        "contrast": maps.content[2],
        **{name: np.full(shape, value) for name, value in whole.items()},
    }
    return np.stack([named[name] for name in FEATURES]).astype(np.float32)


def consistency_of(maps: RawMaps, projection: Projection) -> Consistency:
    """Return how the picture's windows agree under a projection."""
    return consistency(maps.traces, projection)


def to_cells(areas: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """Spread a map of 16 px areas over 8 px cells."""
    rows = np.minimum(np.arange(shape[0]) // 2, areas.shape[0] - 1)
    cols = np.minimum(np.arange(shape[1]) // 2, areas.shape[1] - 1)
    return box_mean(areas[rows[:, None], cols[None, :]], 3)


def _content(luma: FloatArray) -> FloatArray:
    grey = cell_means(luma)
    lost = cell_means(((luma > 250) | (luma < 6)).astype(np.float32))
    variance = np.maximum(
        box_mean(np.square(grey), 5) - np.square(box_mean(grey, 5)), 0
    )
    return np.stack([grey / 255, box_mean(lost, 5), np.log1p(variance) / 4])
