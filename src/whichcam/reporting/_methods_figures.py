"""Methods side by side, as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from whichcam._typing import PathLike
from whichcam.errors import InsufficientEvidenceError, ShapeMismatchError
from whichcam.reporting import _canvas


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodAccuracy:
    """Accuracy of one method, to be drawn.

    Attributes
    ----------
    name : str
        Of the method.
    accuracy : float
        The honest figure, in [0, 1].
    low, high : float or None
        Ends of its interval, where there is one.
    warning : float or None
        What a split that leaks would have claimed, where it was computed.
    """

    name: str
    accuracy: float
    low: float | None = None
    high: float | None = None
    warning: float | None = None


def manipulations_figure(
    accuracy: Mapping[str, Sequence[float | None]],
    manipulations: Sequence[str],
    path: PathLike,
    *,
    title: str = "",
    overwrite: bool = False,
) -> None:
    """Draw the accuracy of every method under every manipulation, as a PNG.

    Parameters
    ----------
    accuracy : mapping of str to sequence of (float or None)
        Of each method: shares right, one a manipulation; None where not measured.
    manipulations : sequence of str
        Names of the columns.
    path : path-like
        A new file ending in ``.png``.
    title : str, optional
        What the figures are of.
    overwrite : bool, default False
        Replace a file that is there.

    Raises
    ------
    InsufficientEvidenceError
        If there is no method or no manipulation.
    ShapeMismatchError
        If a method has not one value a manipulation.
    MissingDependencyError
        If matplotlib (extra ``report``) is not installed.
    InputError
        If the file exists or does not end in ``.png``.
    ArtifactError
        If the file cannot be written.
    """
    target = _canvas.target_of(path, overwrite=overwrite)
    if not accuracy or not manipulations:
        raise InsufficientEvidenceError(
            "no method was measured; there is nothing to draw"
        )
    if any(len(row) != len(manipulations) for row in accuracy.values()):
        raise ShapeMismatchError(
            f"rows have {sorted({len(row) for row in accuracy.values()})} values; "
            f"expected {len(manipulations)}, one a manipulation"
        )
    values = np.array(
        [[np.nan if x is None else x for x in row] for row in accuracy.values()],
        dtype=np.float64,
    )
    order = np.argsort(-np.nan_to_num(values[:, 0], nan=-1.0), kind="stable")
    names = [list(accuracy)[int(k)] for k in order]
    values = values[order]
    height, width = values.shape
    figure = _canvas.new_figure(2.2 + 0.72 * width, 1.3 + 0.36 * height)
    axes = figure.add_subplot()
    axes.imshow(
        np.ma.masked_invalid(values), cmap="Blues", vmin=0.0, vmax=1.0, aspect="auto"
    )
    for row in range(height):
        for column in range(width):
            value = values[row, column]
            axes.text(
                *(column, row, "" if np.isnan(value) else f"{value:.2f}"),
                ha="center",
                va="center_baseline",
                fontsize=8,
                color="white" if value > 0.55 else _canvas.INK,
            )
    axes.set_yticks(
        range(height),
        [_canvas.label_of(n) for n in names],
        parse_math=False,
        fontsize=8,
    )
    labels = [_canvas.label_of(name) for name in manipulations]
    axes.set_xticks(
        range(width), labels, rotation=35, ha="right", parse_math=False, fontsize=8
    )
    axes.axvline(0.5, color="white", linewidth=3)
    axes.tick_params(length=0, colors=_canvas.INK)
    axes.spines[:].set_visible(False)
    axes.set_title(title, parse_math=False, fontsize=10, color=_canvas.INK, loc="left")
    _canvas.save_png(figure, target)


def methods_figure(
    methods: Sequence[MethodAccuracy],
    path: PathLike,
    *,
    title: str = "",
    overwrite: bool = False,
) -> None:
    """Draw the accuracy of methods with intervals, and what a leak would claim.

    A filled point is the honest figure; an open diamond to the right of it is what a
    split by pictures would have claimed for the same photos.

    Parameters
    ----------
    methods : sequence of MethodAccuracy
        Drawn from the best down.
    path : path-like
        A new file ending in ``.png``.
    title : str, optional
        What the figures are of.
    overwrite : bool, default False
        Replace a file that is there.

    Raises
    ------
    InsufficientEvidenceError
        If there is no method.
    MissingDependencyError
        If matplotlib (extra ``report``) is not installed.
    InputError
        If the file exists or does not end in ``.png``.
    ArtifactError
        If the file cannot be written.
    """
    target = _canvas.target_of(path, overwrite=overwrite)
    if not methods:
        raise InsufficientEvidenceError(
            "no method was measured; there is nothing to draw"
        )
    ordered = sorted(methods, key=lambda m: m.accuracy)
    figure = _canvas.new_figure(6.4, 1.5 + 0.34 * len(ordered))
    axes = figure.add_subplot()
    warned = False
    bounded = any(method.low is not None for method in ordered)
    label = "held out (95 % interval)" if bounded else "held out"
    for row, method in enumerate(ordered):
        if method.low is not None and method.high is not None:
            axes.plot([method.low, method.high], [row, row], color=_canvas.BLUE, lw=2)
        if method.warning is not None:
            axes.plot(
                *([method.accuracy, method.warning], [row, row]),
                color=_canvas.FAINT,
                linestyle=":",
                linewidth=1,
                zorder=1,
            )
            axes.plot(
                *(method.warning, row),
                marker="D",
                color="white",
                markeredgecolor=_canvas.ORANGE,
                markersize=6,
                linestyle="none",
                label=None if warned else "warning: split by picture, leaks",
            )
            warned = True
        axes.plot(
            *(method.accuracy, row),
            marker="o",
            color=_canvas.BLUE,
            markersize=7,
            linestyle="none",
            label=label if row == 0 else None,
        )
    names = [_canvas.label_of(method.name) for method in ordered]
    axes.set_yticks(
        range(len(ordered)), names, parse_math=False, fontsize=9, color=_canvas.INK
    )
    axes.set_ylim(-0.6, len(ordered) - 0.4)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share right", color=_canvas.INK)
    axes.grid(axis="x", color=_canvas.FAINT, alpha=0.4, linewidth=0.6)
    axes.tick_params(colors=_canvas.INK, labelsize=8, length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.legend(
        fontsize=8,
        frameon=False,
        labelcolor=_canvas.INK,
        loc="lower center",
        bbox_to_anchor=(0.5, 1.0),
        ncols=2,
    )
    axes.set_title(
        title, parse_math=False, fontsize=10, color=_canvas.INK, loc="left", pad=24
    )
    _canvas.save_png(figure, target)
