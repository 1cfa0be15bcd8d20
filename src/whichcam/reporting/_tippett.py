"""What shares of comparisons reach each likelihood ratio, as a picture."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from whichcam._typing import PathLike
from whichcam.reporting import _canvas
from whichcam.scoring import cllr, cllr_min, tippett

Float64Array = npt.NDArray[np.float64]


class HasLikelihoodRatios(Protocol):
    """Something with likelihood ratios of comparisons of known truth."""

    def log10_lrs(self) -> tuple[Float64Array, Float64Array]:
        """Return log10 ratios of the same source, and of different sources."""


def tippett_figure(
    result: HasLikelihoodRatios, path: PathLike, *, overwrite: bool = False
) -> None:
    """Draw the shares of comparisons that reach each likelihood ratio, as a PNG.

    Blue: comparisons of the same camera, red: of different ones. Where the red curve
    is above 0 to the right of the line at 0, and the blue one below 1 to the left of
    it, ratios mislead; both shares are written in the legend.

    Parameters
    ----------
    result : DeviceEvaluation
        Or anything with ``log10_lrs()``.
    path : path-like
        A new file ending in ``.png``.
    overwrite : bool, default False
        Replace a file that is there.

    Raises
    ------
    MissingDependencyError
        If matplotlib (extra ``report``) is not installed.
    InsufficientEvidenceError
        If there are no ratios of one of the kinds.
    InputError
        If the file exists or does not end in ``.png``.
    ArtifactError
        If the file cannot be written.

    See Also
    --------
    whichcam.scoring.tippett : The numbers.
    """
    target = _canvas.target_of(path, overwrite=overwrite)
    same, different = result.log10_lrs()
    curve = tippett(same, different)
    x = _finite_axis(curve.log10_lr)
    figure = _canvas.new_figure(6.0, 4.2)
    axes = figure.add_subplot()
    for shares, colour, label in (
        (
            curve.same_share,
            _canvas.BLUE,
            f"same camera: {curve.n_same}, {curve.misleading_same:.1%} below 0",
        ),
        (
            curve.different_share,
            _canvas.RED,
            f"different: {curve.n_different}, {curve.misleading_different:.1%} above 0",
        ),
    ):
        # Shares are of "at or above": a step ends at its value.
        axes.step(
            np.append(x, x[-1] + 0.25),
            np.append(shares, 0.0),
            where="pre",
            color=colour,
            linewidth=1.5,
            label=label,
        )
    axes.axvline(0.0, linestyle="--", color=_canvas.FAINT, linewidth=1)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("log10 likelihood ratio", color=_canvas.INK)
    axes.set_ylabel("share at or above", color=_canvas.INK)
    axes.set_title(
        f"Cllr {cllr(same, different):.3f} bit, least possible "
        f"{cllr_min(same, different):.3f}",
        fontsize=10,
        color=_canvas.INK,
        loc="left",
    )
    axes.legend(fontsize=8, frameon=False, labelcolor=_canvas.INK)
    axes.tick_params(colors=_canvas.INK, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    _canvas.save_png(figure, target)


def _finite_axis(values: Float64Array) -> Float64Array:
    """Return values with infinite ones put just outside the others."""
    finite = values[np.isfinite(values)]
    low, high = (
        (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    )
    return np.clip(values, low - 1.0, high + 1.0)
