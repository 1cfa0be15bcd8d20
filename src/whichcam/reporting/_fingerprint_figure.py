"""A sensor's pattern and the peak of its correlation, as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from whichcam._typing import FloatArray, PathLike
from whichcam.errors import InputError, ShapeMismatchError
from whichcam.reporting import _canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PIECE: Final = 96  # px of the pattern that can be told apart in print
_REACH: Final = 32  # px around the peak
_CLIP: Final = 3.0  # standard deviations shown as black and white


def fingerprint_figure(
    pattern: FloatArray,
    surface: FloatArray,
    path: PathLike,
    *,
    name: str,
    against: str,
    z: float,
    pce: float,
    overwrite: bool = False,
) -> None:
    """Draw a piece of a fingerprint and its correlation around the peak, as a PNG.

    Left: the middle of the pattern, magnified; black and white are three standard
    deviations. Middle and right: the correlation around its highest place, in
    standard deviations of all other places, as a map and along the row of the peak.

    Parameters
    ----------
    pattern : ndarray of shape (H, W), floating
        The fingerprint.
    surface : ndarray of shape (H, W), floating
        Correlation over all shifts, no shift in the middle, ``(H // 2, W // 2)``.
    path : path-like
        A new file ending in ``.png``.
    name, against : str
        What was correlated with what, for the titles.
    z, pce : float
        Scores of the peak, for the title.
    overwrite : bool, default False
        Replace a file that is there.

    Raises
    ------
    MissingDependencyError
        If matplotlib (extra ``report``) is not installed.
    ShapeMismatchError
        If pattern and surface differ in shape, or are no planes.
    InputError
        If they are too small to draw, or the file exists or does not end in
        ``.png``.
    ArtifactError
        If the file cannot be written.
    """
    target = _canvas.target_of(path, overwrite=overwrite)
    if pattern.ndim != 2 or pattern.shape != surface.shape:
        raise ShapeMismatchError(
            f"pattern has shape {pattern.shape} and surface {surface.shape}; expected "
            "two planes of one shape"
        )
    if min(pattern.shape) < 2:
        raise InputError(f"pattern has shape {pattern.shape}; there is nothing to draw")
    figure = _canvas.new_figure(10.0, 3.7)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 1.3))
    _draw_pattern(left, pattern)
    window, rows, columns, peak = _around_peak(surface)
    _draw_map(middle, window, rows, columns, peak)
    _draw_row(right, window[peak[0] - rows.start], columns, surface.shape[1] // 2)
    figure.suptitle(
        f"{_canvas.label_of(name)} against {_canvas.label_of(against)}: z {z:.1f}, "
        f"PCE {pce:.0f}",
        fontsize=11,
        fontweight="bold",
        color=_canvas.INK,
        x=0.012,
        ha="left",
    )
    figure.tight_layout(w_pad=2)
    _canvas.save_png(figure, target)


def _entitle(axes: Axes, text: str) -> None:
    axes.set_title(text, fontsize=8, color=_canvas.INK, loc="left")


def _draw_pattern(axes: Axes, pattern: FloatArray) -> None:
    height, width = pattern.shape
    top, left = max((height - _PIECE) // 2, 0), max((width - _PIECE) // 2, 0)
    piece = pattern[top : top + _PIECE, left : left + _PIECE]
    limit = _CLIP * float(piece.std()) or 1.0
    axes.imshow(piece, cmap="gray", vmin=-limit, vmax=limit, interpolation="nearest")
    _entitle(
        axes,
        f"fingerprint: {piece.shape[1]}x{piece.shape[0]} of {width}x{height} px",
    )
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def _around_peak(
    surface: FloatArray,
) -> tuple[FloatArray, range, range, tuple[int, int]]:
    """Return the surroundings of the peak, in deviations of what lies outside."""
    peak = divmod(int(surface.argmax()), surface.shape[1])
    rows, columns = (
        range(max(at - _REACH, 0), min(at + _REACH + 1, side))
        for at, side in zip(peak, surface.shape, strict=True)
    )
    window = surface[rows.start : rows.stop, columns.start : columns.stop]
    n_outside = surface.size - window.size
    energy = float(np.sum(np.square(surface, dtype=np.float64)))
    energy -= float(np.sum(np.square(window, dtype=np.float64)))
    spread = (energy / n_outside) ** 0.5 if n_outside and energy > 0 else 0.0
    spread = spread or float(surface.std()) or 1.0
    return (window / np.float32(spread)), rows, columns, (peak[0], peak[1])


def _draw_map(
    axes: Axes, window: Any, rows: range, columns: range, peak: tuple[int, int]
) -> None:
    axes.imshow(window, cmap="magma", interpolation="nearest", vmin=0)
    axes.set_xticks([peak[1] - columns.start])
    axes.set_yticks([peak[0] - rows.start])
    axes.tick_params(labelbottom=False, labelleft=False, colors=_canvas.FAINT)
    axes.spines[:].set_visible(False)
    _entitle(axes, f"correlation: {len(columns)}x{len(rows)} shifts around the peak")


def _draw_row(axes: Axes, line: Any, columns: range, middle: int) -> None:
    shifts = np.arange(columns.start, columns.stop) - middle
    axes.axhspan(-_CLIP, _CLIP, color=_canvas.FAINT, alpha=0.18, linewidth=0)
    axes.fill_between(shifts, line, color=_canvas.BLUE, alpha=0.15, linewidth=0)
    axes.plot(shifts, line, color=_canvas.BLUE, linewidth=1.2)
    axes.margins(x=0)
    _entitle(axes, "along the row of the peak; grey: three deviations")
    axes.set_xlabel("shift, columns (px)", fontsize=8, color=_canvas.INK)
    axes.set_ylabel("deviations of all other shifts", fontsize=8, color=_canvas.INK)
    axes.tick_params(colors=_canvas.INK, labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
