"""What looking at more of a photo brings, as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from whichcam._typing import PathLike
from whichcam.errors import InsufficientEvidenceError
from whichcam.reporting import _canvas

_LOOKS: Final = (
    (_canvas.BLUE, "o", "-"),
    (_canvas.ORANGE, "s", "--"),
    (_canvas.GREEN, "^", "-."),
    (_canvas.INK, "D", ":"),
)


def crops_figure(
    accuracy: Mapping[str, Mapping[int, float]],
    path: PathLike,
    *,
    overwrite: bool = False,
) -> None:
    """Draw the share right against the number of crops looked at, as a PNG.

    Parameters
    ----------
    accuracy : mapping of str to mapping of int to float
        Of each split: number of crops to share right.
    path : path-like
        A new file ending in ``.png``.
    overwrite : bool, default False
        Replace a file that is there.

    Raises
    ------
    InsufficientEvidenceError
        If nothing was measured.
    MissingDependencyError
        If matplotlib (extra ``report``) is not installed.
    InputError
        If the file exists or does not end in ``.png``.
    ArtifactError
        If the file cannot be written.

    See Also
    --------
    whichcam.evaluation.accuracy_by_crops : The numbers.
    """
    target = _canvas.target_of(path, overwrite=overwrite)
    if not any(accuracy.values()):
        raise InsufficientEvidenceError(
            "nothing was measured; there is nothing to draw"
        )
    figure = _canvas.new_figure(5.0, 3.4)
    axes = figure.add_subplot()
    for number, (name, points) in enumerate(accuracy.items()):
        colour, marker, line = _LOOKS[number % len(_LOOKS)]
        counts = sorted(points)
        axes.plot(
            *(counts, [points[count] for count in counts]),
            color=colour,
            marker=marker,
            linestyle=line,
            linewidth=1.5,
            label=_canvas.label_of(name),
        )
    every = sorted({count for points in accuracy.values() for count in points})
    axes.set_xscale("log", base=2)
    axes.set_xticks(every, [str(count) for count in every])
    axes.minorticks_off()
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("crops looked at", color=_canvas.INK)
    axes.set_ylabel("share right", color=_canvas.INK)
    axes.tick_params(colors=_canvas.INK, labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    legend = axes.legend(fontsize=8, frameon=False, labelcolor=_canvas.INK)
    for text in legend.get_texts():
        text.set_parse_math(False)  # names of splits are anybody's
    _canvas.save_png(figure, target)
