"""Whether likelihood ratios are as strong as the data say, as a picture."""

from __future__ import annotations

import numpy as np

from whichcam._typing import PathLike
from whichcam.reporting import _canvas
from whichcam.reporting._tippett import Float64Array, HasLikelihoodRatios
from whichcam.scoring import pav_curve


def pav_figure(
    result: HasLikelihoodRatios, path: PathLike, *, overwrite: bool = False
) -> None:
    """Draw the best calibration after the fact against the ratios stated, as a PNG.

    On the dashed line the ratios stated are those that the comparisons bear out; below
    it they overstate the case for the same camera. Ratios that the data would make
    infinite are drawn at the edge, as triangles. Marks below count the comparisons:
    blue of the same camera, red of different ones.

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
    whichcam.scoring.pav_curve : The numbers.
    """
    target = _canvas.target_of(path, overwrite=overwrite)
    same, different = result.log10_lrs()
    curve = pav_curve(same, different)
    reach = _reach(curve.score, curve.log10_lr)
    x = np.clip(curve.score, -reach, reach)
    y = np.clip(curve.log10_lr, -reach, reach)
    inside = np.abs(curve.log10_lr) < reach
    figure = _canvas.new_figure(5.0, 5.6)
    upper, lower = figure.subplots(
        2, 1, sharex=True, height_ratios=(5, 1), gridspec_kw={"hspace": 0.08}
    )
    upper.plot(
        [-reach, reach],
        [-reach, reach],
        linestyle="--",
        color=_canvas.FAINT,
        linewidth=1,
    )
    upper.plot(x, y, color=_canvas.BLUE, linewidth=1.2)
    upper.plot(x[inside], y[inside], ".", color=_canvas.BLUE, markersize=4)
    for beyond, marker in ((y >= reach, "^"), (y <= -reach, "v")):
        upper.plot(
            x[beyond],
            y[beyond],
            marker,
            color=_canvas.BLUE,
            markersize=6,
            clip_on=False,
            linestyle="none",
        )
    upper.set_xlim(-reach, reach)
    upper.set_ylim(-reach, reach)
    upper.set_ylabel("log10 LR that the comparisons bear out", color=_canvas.INK)
    upper.set_title(
        f"{len(same)} comparisons of the same camera, {len(different)} of different",
        fontsize=10,
        color=_canvas.INK,
        loc="left",
    )
    for row, (values, colour) in enumerate(
        ((different, _canvas.RED), (same, _canvas.BLUE))
    ):
        lower.plot(
            np.clip(values, -reach, reach),
            np.full(len(values), float(row)),
            "|",
            color=colour,
            markersize=9,
            alpha=0.5,
        )
    lower.set_ylim(-0.7, 1.7)
    lower.set_yticks([0, 1], ["different", "same"])
    lower.set_xlabel("log10 LR stated", color=_canvas.INK)
    for axes in (upper, lower):
        axes.tick_params(colors=_canvas.INK, labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    _canvas.save_png(figure, target)


def _reach(*arrays: Float64Array) -> float:
    """Return half the width of a square that holds all finite values."""
    values = np.concatenate(arrays)
    finite = np.abs(values[np.isfinite(values)])
    return float(np.ceil(2.0 * finite.max()) / 2.0 + 0.5) if finite.size else 1.0
