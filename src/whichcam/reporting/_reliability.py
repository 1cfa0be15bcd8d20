"""Whether stated confidence comes true, as a picture."""

from __future__ import annotations

from whichcam._typing import PathLike
from whichcam.reporting import _canvas
from whichcam.reporting._protocols import HasReliability


def reliability_figure(
    result: HasReliability, path: PathLike, *, overwrite: bool = False
) -> None:
    """Draw the share right against the confidence stated, as a PNG.

    Points on the dashed line are calibrated; below it the model is overconfident. The
    area of a point is the photographs of its bin; the bars below count them.

    Parameters
    ----------
    result : EvaluationResult
        Or anything with ``reliability()``.
    path : path-like
        A new file ending in ``.png``.
    overwrite : bool, default False
        Replace a file that is there.

    Raises
    ------
    MissingDependencyError
        If matplotlib (extra ``report``) is not installed.
    InsufficientEvidenceError
        If no photograph of a known camera was answered.
    InputError
        If the file exists or does not end in ``.png``.
    ArtifactError
        If the file cannot be written.
    """
    target = _canvas.target_of(path, overwrite=overwrite)
    curve = result.reliability()
    figure = _canvas.new_figure(5.0, 6.0)
    upper, lower = figure.subplots(
        2, 1, sharex=True, height_ratios=(4, 1), gridspec_kw={"hspace": 0.08}
    )
    upper.plot([0, 1], [0, 1], linestyle="--", color=_canvas.FAINT, linewidth=1)
    upper.plot(curve.confidence, curve.accuracy, color=_canvas.BLUE, linewidth=1)
    upper.scatter(
        curve.confidence,
        curve.accuracy,
        s=12 + 240 * curve.n_photos / curve.n_photos.sum(),
        color=_canvas.BLUE,
        zorder=3,
        clip_on=False,
    )
    upper.set_ylim(0, 1)
    upper.set_xlim(0, 1)
    upper.set_ylabel("share right", color=_canvas.INK)
    upper.set_title(
        f"{int(curve.n_photos.sum())} photographs, expected calibration error "
        f"{curve.error:.3f}",
        fontsize=10,
        color=_canvas.INK,
        loc="left",
        pad=12,
    )
    lower.bar(curve.confidence, curve.n_photos, width=0.04, color=_canvas.BLUE)
    lower.set_ylabel("photographs", color=_canvas.INK)
    lower.set_xlabel("confidence stated", color=_canvas.INK)
    for axes in (upper, lower):
        axes.tick_params(colors=_canvas.INK, labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    _canvas.save_png(figure, target)
