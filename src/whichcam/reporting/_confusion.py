"""The confusion matrix as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from whichcam._typing import IntArray, PathLike
from whichcam.errors import InputError, InsufficientEvidenceError, ShapeMismatchError
from whichcam.reporting import _canvas
from whichcam.reporting._protocols import HasConfusion

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Inches a class takes, and room for names and title; below 0.16 in the counts touch.
_CELL_IN: Final = 0.2
_MARGIN_IN: Final = 3.6
_MAX_CLASSES: Final = 300  # 300 classes are a picture of 9540 x 9540 px


def confusion_figure(
    result: HasConfusion, path: PathLike, *, overwrite: bool = False
) -> None:
    """Draw the confusion matrix of a result as a PNG.

    Rows are the true camera models, columns the answers. Colour is the share of the
    row, the numbers are counts of photographs; blue is right, red is wrong. Makes are
    parted by lines: what is red near the diagonal mistook a model for its sibling.
    Classes neither shown nor answered are left out.

    Parameters
    ----------
    result : EvaluationResult
        Or anything with ``classes``, ``makes`` and ``confusion()``.
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
        If the file exists, does not end in ``.png``, or there are more than 300
        classes.
    ShapeMismatchError
        If the matrix does not fit the classes.
    ArtifactError
        If the file cannot be written.
    """
    target = _canvas.target_of(path, overwrite=overwrite)
    counts, names, makes = _drawn(result)
    n = len(names)
    side = max(n * _CELL_IN, 2.4) + _MARGIN_IN
    figure = _canvas.new_figure(side, side)
    axes = figure.add_axes(_square(side))
    total = counts.sum(axis=1, keepdims=True)
    share = counts / np.maximum(total, 1)
    axes.imshow(_colours(share), interpolation="nearest", aspect="equal")
    _write_counts(axes, counts, share)
    _part_makes(axes, makes)
    size = 7.0 if n > 15 else 8.0
    labels = [_canvas.label_of(name) for name in names]
    rows = [
        f"{label}  ({int(k)})" for label, k in zip(labels, total[:, 0], strict=True)
    ]
    options: dict[str, Any] = {"fontsize": size, "color": _canvas.INK}
    axes.set_yticks(range(n), rows, parse_math=False, **options)
    axes.set_xticks(range(n), labels, rotation=90, parse_math=False, **options)
    axes.tick_params(length=0, pad=3)
    for spine in axes.spines.values():
        spine.set_color(_canvas.FAINT)
    axes.set_xlabel("answered", fontsize=9, color=_canvas.INK)
    axes.set_ylabel("taken by (photographs)", fontsize=9, color=_canvas.INK)
    right, every = int(np.trace(counts)), int(counts.sum())
    axes.set_title(
        f"{right} of {every} photographs right ({right / every:.1%})",
        fontsize=11,
        color=_canvas.INK,
        loc="left",
    )
    _canvas.save_png(figure, target)


def _drawn(result: HasConfusion) -> tuple[IntArray, list[str], list[str]]:
    """Return the matrix of the classes that occur, make by make."""
    counts = result.confusion()
    n_classes = len(result.classes)
    if counts.shape != (n_classes, n_classes) or len(result.makes) != n_classes:
        raise ShapeMismatchError(
            f"a matrix of shape {counts.shape} and {len(result.makes)} makes for "
            f"{n_classes} classes; expected one row, column and make each"
        )
    seen = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    if not len(seen):
        raise InsufficientEvidenceError(
            "no photograph of a known camera was answered; there is nothing to draw"
        )
    if len(seen) > _MAX_CLASSES:
        raise InputError(
            f"{len(seen)} classes; at most {_MAX_CLASSES} can be drawn legibly: use "
            "the per-model table instead"
        )
    order = sorted(
        seen.tolist(),
        key=lambda i: (result.makes[i].casefold(), result.classes[i].casefold()),
    )
    names = [result.classes[i] for i in order]
    makes = [result.makes[i].casefold() for i in order]
    return counts[np.ix_(order, order)], names, makes


def _square(side_in: float) -> tuple[float, float, float, float]:
    """Return the place of the matrix, left and bottom kept free for names."""
    length = side_in - _MARGIN_IN
    name_room = _MARGIN_IN - 0.6
    return (
        name_room / side_in,
        name_room / side_in,
        length / side_in,
        length / side_in,
    )


def _colours(share: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Return RGB, 0 to 255: white to blue on the diagonal, white to red elsewhere."""
    from matplotlib.colors import to_rgb

    blue, red = np.array(to_rgb(_canvas.BLUE)), np.array(to_rgb(_canvas.RED))
    end = np.where(np.eye(len(share), dtype=bool)[:, :, None], blue, red)
    # A square root, so that one photograph among twenty can still be seen.
    strength = np.sqrt(share)[:, :, None]
    return np.rint(255.0 * (1.0 - strength * (1.0 - end))).astype(np.uint8)


def _write_counts(axes: Axes, counts: IntArray, share: npt.NDArray[np.float64]) -> None:
    size = 6.0 if len(counts) > 15 else 8.0
    for true, answered in zip(*np.nonzero(counts), strict=True):
        axes.text(
            int(answered),
            int(true),
            str(counts[true, answered]),
            ha="center",
            va="center_baseline",
            fontsize=size,
            color="white" if share[true, answered] > 0.25 else _canvas.INK,
        )


def _part_makes(axes: Axes, makes: list[str]) -> None:
    for i in range(1, len(makes)):
        if makes[i] != makes[i - 1]:
            axes.axhline(i - 0.5, color=_canvas.FAINT, linewidth=0.4)
            axes.axvline(i - 0.5, color=_canvas.FAINT, linewidth=0.4)
