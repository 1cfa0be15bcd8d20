"""How training went, as a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from whichcam._typing import PathLike
from whichcam.errors import InsufficientEvidenceError
from whichcam.reporting import _canvas

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES: Final = (
    ("train", "learnt from", _canvas.ORANGE, "-"),
    ("validation", "held out", _canvas.BLUE, "--"),
)


def learning_curve_figure(
    history: Sequence[Mapping[str, Any]], path: PathLike, *, overwrite: bool = False
) -> None:
    """Draw loss and accuracy of every epoch, of what is learnt and of what is not.

    Where the two part, the network memorises. Stages of training are parted by lines.

    Parameters
    ----------
    history : sequence of mapping
        One an epoch, with ``train_loss``, ``train_accuracy``, ``validation_loss``,
        ``validation_accuracy`` (any may be missing or None), ``stage`` and ``epoch``:
        the ``history_`` of a network.
    path : path-like
        A new file ending in ``.png``.
    overwrite : bool, default False
        Replace a file that is there.

    Raises
    ------
    InsufficientEvidenceError
        If there is no epoch.
    MissingDependencyError
        If matplotlib (extra ``report``) is not installed.
    InputError
        If the file exists or does not end in ``.png``.
    ArtifactError
        If the file cannot be written.
    """
    target = _canvas.target_of(path, overwrite=overwrite)
    if not history:
        raise InsufficientEvidenceError(
            "no epoch was trained; there is nothing to draw"
        )
    figure = _canvas.new_figure(7.0, 3.2)
    left, right = figure.subplots(1, 2, gridspec_kw={"wspace": 0.28})
    epochs = [float(row.get("epoch", k + 1)) for k, row in enumerate(history)]
    for axes, what in ((left, "loss"), (right, "accuracy")):
        for kind, label, colour, line in _LINES:
            values = [_number(row.get(f"{kind}_{what}")) for row in history]
            axes.plot(
                *(epochs, values),
                color=colour,
                linestyle=line,
                linewidth=1.5,
                marker="o" if len(epochs) < 15 else None,
                markersize=3,
                label=label,
            )
        _part_stages(axes, epochs, [str(row.get("stage", "")) for row in history])
        axes.set_xlabel("epoch", color=_canvas.INK)
        axes.set_ylabel(what, color=_canvas.INK)
        axes.tick_params(colors=_canvas.INK, labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    left.set_ylim(bottom=0)
    right.set_ylim(0, 1.02)
    right.legend(fontsize=8, frameon=False, labelcolor=_canvas.INK, loc="best")
    _canvas.save_png(figure, target)


def _number(value: Any) -> float:
    known = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if known else math.nan


def _part_stages(axes: Axes, epochs: Sequence[float], stages: Sequence[str]) -> None:
    for k in range(1, len(stages)):
        if stages[k] != stages[k - 1]:
            middle = (epochs[k] + epochs[k - 1]) / 2
            axes.axvline(middle, color=_canvas.FAINT, linewidth=0.8, linestyle=":")
