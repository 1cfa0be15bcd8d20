"""How much of a photo a manipulated patch needs: a patch is not worth a whole photo."""

from __future__ import annotations

from functools import lru_cache

from whichcam._typing import PixelArray
from whichcam.datasets.manipulations import Manipulation, manipulate, parse_chain
from whichcam.errors import ImageTooSmallError
from whichcam.signal import GRID

_MARGIN_PX = 2 * GRID  # on every side: what kernels and blocks do at borders stays out
_TRIED = 5  # sides, for one at which a factor is met exactly


@lru_cache(256)
def window_px(chain: str, patch_px: int) -> int | None:
    """Return the side of a square that leaves a patch, and a margin, after a chain.

    Parameters
    ----------
    chain : str
        As `whichcam.datasets.manipulations.manipulate` reads it.
    patch_px : int
        Side of the patch.

    Returns
    -------
    int or None
        A multiple of 8, at which resizing rounds sides little. None where the size of
        the whole picture decides what the chain does.
    """
    steps = parse_chain(chain)
    side: float = patch_px
    for step in reversed(steps):
        match step.kind, step.parameter:
            case (("fit" | "preset"), _):
                return None
            case (("crop" | "crop_grid"), int(needed)):
                side = max(side, needed)
            case (("crop" | "crop_grid" | "resize" | "resize_plain"), float(factor)):
                side /= factor
    first = -(-int(side + 2 * _MARGIN_PX) // GRID) * GRID
    sides = range(first, first + _TRIED * GRID, GRID)
    return min(sides, key=lambda length: _rounding(steps, length))


def changed_patch(
    region: PixelArray, place: tuple[int, int], patch_px: int, chain: str, seed: int
) -> PixelArray | None:
    """Return a patch of a region that went through a chain, from about a place.

    Parameters
    ----------
    region : ndarray of shape (H, W, 3), uint8
        Starts a block of the JPEG grid.
    place : (top, left)
        Of the patch in the region, px.
    patch_px : int
        Its side.
    chain : str
        One for which `window_px` gives a side.
    seed : int
        As `manipulate` takes it.

    Returns
    -------
    ndarray of shape (patch_px, patch_px, 3), uint8, or None
        On the grid of the changed window; None if that is too small.
    """
    side = window_px(chain, patch_px)
    if side is None:
        raise ValueError(f"{chain} depends on the size of the picture")
    rows, columns = (
        slice(start, start + side)
        for start in (
            max(0, min(begin + (patch_px - side) // 2, length - side)) // GRID * GRID
            for begin, length in zip(place, region.shape[:2], strict=True)
        )
    )
    try:
        changed = manipulate(region[rows, columns], chain, seed=seed)
    except ImageTooSmallError:
        return None
    if min(changed.shape[:2]) < patch_px:
        return None
    top, left = ((n - patch_px) // 2 // GRID * GRID for n in changed.shape[:2])
    return changed[top : top + patch_px, left : left + patch_px]


def _rounding(steps: tuple[Manipulation, ...], side: int) -> float:
    """Return by what share resizing a square misses its factors, all together."""
    missed = 0.0
    for step in steps:
        if isinstance(step.parameter, float) and step.kind != "gamma":
            wanted = side * step.parameter
            side = max(1, int(wanted + 0.5))
            if step.kind.startswith("resize"):
                missed += abs(side / wanted - 1)
    return missed
