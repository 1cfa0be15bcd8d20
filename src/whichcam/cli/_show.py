"""Answers for people: a panel for one picture, a table for many."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from whichcam.cli._console import out, plain, print_table
from whichcam.cli._inputs import Failure, Success
from whichcam.cli._text import ANSWER_LEVELS, percent, plural

if TYPE_CHECKING:
    from whichcam.pipelines import Identification

    Answer: TypeAlias = Success[Identification] | Failure

_BAR: Final = 24  # characters
_WIDEST: Final = 84
_EVEN: Final = 0.5
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_COLOURS: Final = {
    "model": "bold green",
    "family": "bold cyan",
    "make": "bold yellow",
    "unknown": "bold magenta",
}


def print_answer(found: Identification, path: str) -> None:
    """Print the panel of one picture."""
    console = out()
    parts: list[RenderableType] = [
        _headline(found),
        _how_sure(found),
        Text(),
        _ranking(found, console),
    ]
    said = [_exif(found), *(_warning(text) for text in found.warnings)]
    parts += [Text(), *said, Text(), _provenance(found)]
    console.print(
        Panel(
            Group(*parts),
            title=plain(path),
            title_align="left",
            border_style="dim",
            padding=(1, 2),
            width=min(_WIDEST, console.width),
        )
    )


def print_answers(
    answers: Sequence[Answer],
    *,
    truth: Mapping[str, str] | None = None,
    short_names: bool = False,
) -> None:
    """Print one line a picture.

    ``truth``, cameras by path, stands in the place of what EXIF says; with
    ``short_names``, pictures go by their file name alone.
    """
    columns = ["picture", "answer", "level", "sure", "wrong at most", "EXIF says"]
    if truth is not None:
        columns[-1] = "taken with"
    rows = []
    for answer in answers:
        name = plain(Path(answer.path).name if short_names else answer.path)
        if isinstance(answer, Failure):
            reason = plain(f"unusable ({answer.code})", "red")
            rows.append([name, reason, *([Text()] * 4)])
            continue
        found = answer.found
        beside = found.exif_camera_model or ""
        if truth is not None:
            beside = truth.get(answer.path, "")
        rows.append(
            [
                name,
                plain(_answer(found), _COLOURS.get(found.level, "")),
                plain(found.level, "dim"),
                Text(percent(found.confidence)),
                Text(_error_rate(found.error_rate)),
                _agreement(found, beside),
            ]
        )
    print_table("", columns, rows, right=(3, 4))


def agrees(found: Identification, camera_model: str) -> bool:
    """Say whether an answer, at its level, is true of a camera model."""
    named = camera_model.casefold()
    if found.level == "make":  # true of models of the make that are not known, too
        return named.startswith(f"{found.answer.casefold()} ")
    return named in {member.casefold() for member in found.members}


def verdict(
    found: Identification, camera_model: str, known: Collection[str]
) -> Literal["right", "withheld", "wrong"]:
    """Judge an answer by the truth; unknown is right of a camera that is not known."""
    if found.level == "unknown":
        return "withheld" if camera_model in known else "right"
    return "right" if agrees(found, camera_model) else "wrong"


def _answer(found: Identification) -> str:
    return "unknown camera" if found.level == "unknown" else found.answer


def _error_rate(share: float | None) -> str:
    return "" if share is None else percent(share, up=True)


def _headline(found: Identification) -> Text:
    return Text.assemble(
        plain(_answer(found), _COLOURS.get(found.level, "bold")),
        ("  " + ANSWER_LEVELS.get(found.level, found.level), "dim"),
    )


def _how_sure(found: Identification) -> Text:
    sure = Text.assemble((percent(found.confidence), "bold"), " sure")
    if found.error_rate is None:
        doubt = "; no answer is sure enough" if found.confidence < _EVEN else ""
        return sure.append(f"{doubt}.")
    return Text.assemble(
        sure,
        "; at most ",
        (percent(found.error_rate, up=True), "bold"),
        " of such answers were wrong on validation.",
    )


def _ranking(found: Identification, console: Console) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(width=_BAR)
    table.add_column(justify="right")
    ascii_only = console.options.ascii_only
    for number, candidate in enumerate(found.ranking):
        style = "" if number == 0 else "dim"
        table.add_row(
            plain(candidate.camera_model, style),
            Text(_bar(candidate.probability, ascii_only=ascii_only), style="cyan"),
            Text(percent(candidate.probability), style=style),
        )
    # Apart: the ranking sums to one over the known cameras, whatever this is.
    unknown = found.unknown_probability
    table.add_row()
    table.add_row(
        Text("is none of the known cameras", style="italic"),
        Text(_bar(unknown, ascii_only=ascii_only), style="magenta"),
        Text(percent(unknown)),
    )
    return table


def _bar(share: float, *, ascii_only: bool) -> str:
    share = min(max(share, 0.0), 1.0)
    if ascii_only:
        return "#" * round(share * _BAR)
    eighths = round(share * _BAR * 8)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _exif(found: Identification) -> Text:
    if not found.exif_camera_model:
        return Text("EXIF names no camera.", style="dim")
    said = Text.assemble("EXIF says ", _agreement(found, found.exif_camera_model))
    if found.level != "unknown":
        same = agrees(found, found.exif_camera_model)
        said.append(", as the pixels do." if same else ": not what the pixels say.")
    return said


def _agreement(found: Identification, camera_model: str) -> Text:
    """Return a camera model, green where the answer agrees with it, else yellow."""
    if found.level == "unknown":
        return plain(camera_model)
    return plain(camera_model, "green" if agrees(found, camera_model) else "yellow")


def _warning(text: str) -> Text:
    return Text.assemble(("! ", "bold yellow"), plain(text))


def _provenance(found: Identification) -> Text:
    basis = "pixels"
    if found.file_statistics_used:
        size = ", frame size" if found.frame_size_used else ""
        basis = f"pixels{size} and file statistics"
    return plain(
        f"{plural(found.n_crops, 'crop')}, {basis}; model {found.model_id}, "
        f"whichcam {found.whichcam_version}",
        "dim",
    )
