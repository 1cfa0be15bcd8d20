"""Drawing with matplotlib, without its global state."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Final

from whichcam._typing import PathLike
from whichcam.errors import (
    ArtifactError,
    ArtifactNotFoundError,
    InputError,
    MissingDependencyError,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK: Final = "#1f2933"
FAINT: Final = "#9aa5b1"
BLUE: Final = "#1f5fa8"
RED: Final = "#c0392b"
# Told apart from the blue by all common kinds of colour vision.
ORANGE: Final = "#d55e00"
GREEN: Final = "#009e73"

_MAX_NAME: Final = 40


def new_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure that no window and no global list knows of.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError(
            "matplotlib", extra="report", purpose="drawing figures"
        ) from error
    figure = Figure(figsize=(width_in, height_in), dpi=150, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def target_of(path: PathLike, *, overwrite: bool) -> Path:
    """Return where a picture is to be written, refusing what must not be.

    Raises
    ------
    InputError
        If the name does not end in ``.png``, or the file exists and may not be
        replaced.
    ArtifactNotFoundError
        If the folder does not exist.
    """
    target = Path(path)
    if target.suffix.lower() != ".png":
        raise InputError(f"{target.name} does not end in .png; figures are PNG files")
    if not target.parent.is_dir():
        raise ArtifactNotFoundError(
            f"no folder {target.parent} to write {target.name} in; create it first"
        )
    if target.exists() and not overwrite:
        raise InputError(f"{target} exists; choose another name or pass overwrite=True")
    return target


def save_png(figure: Figure, target: Path) -> None:
    """Write a figure as PNG; the same figure gives the same bytes.

    Raises
    ------
    ArtifactError
        If the file cannot be written.
    """
    with warnings.catch_warnings():
        # A camera named in a script that the font lacks is drawn as boxes.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        try:
            figure.savefig(
                target,
                format="png",
                metadata={"Software": None},  # the version would change the bytes
                bbox_inches="tight",
                pad_inches=0.15,
            )
        except OSError as error:
            raise ArtifactError(
                f"{target} cannot be written: {error.strerror}"
            ) from error


def label_of(name: str) -> str:
    """Return a name that takes one line of bounded length."""
    line = "".join(c if c.isprintable() else " " for c in name)
    return line if len(line) <= _MAX_NAME else line[: _MAX_NAME - 1] + "…"
