"""An examination for people: verdicts first, then what they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from whichcam.cli._console import out, plain, print_table
from whichcam.cli._text import percent

if TYPE_CHECKING:
    from whichcam.claims import Finding
    from whichcam.pipelines import Examination, Verdict

_STYLES: Final = {
    "supports": "bold green",
    "against": "bold red",
    "neither": "bold",
    "contradicts": "red",
    "agrees": "green",
    "neutral": "dim",
}
_STRENGTHS: Final = ("strong", "moderate", "weak", "note")
_DIRECTIONS: Final = ("contradicts", "neutral", "agrees")


def print_examination(found: Examination, path: str) -> None:
    """Print the verdicts, the findings, and what was left out, of one picture."""
    console = out()
    console.print(plain(path, "bold"))
    console.print(
        plain(
            f"{found.format}, {found.width}x{found.height} px, SHA-256 {found.sha256}",
            "dim",
        )
    )
    console.print()
    for verdict in found.verdicts:
        console.print(plain(verdict.about, "bold"))
        console.print(Text("  ").append(_words(verdict)))
        console.print(plain(f"  {_why(verdict)}", "dim"))
    _print_model(found)
    if found.findings:
        print_table(
            "What was found",
            ["", "weight", "finding"],
            [
                (
                    plain(one.direction, _STYLES[one.direction]),
                    one.strength,
                    one.text,
                )
                for one in sorted(found.findings, key=_order)
            ],
        )
    rows = [
        (found_map.method, _area(found_map.suspicious_area), _alarm(found_map.alarm))
        for found_map in found.localizations
    ]
    if rows:
        print_table("Parts that differ", ["method", "suspicious area", "alarm"], rows)
    if found.not_examined:
        print_table(
            "Not examined",
            ["what", "why"],
            [(left.what, left.why) for left in found.not_examined],
        )
    for text in found.warnings:
        console.print(Text.assemble(("! ", "bold yellow"), plain(text)))


def _words(verdict: Verdict) -> Text:
    style = _STYLES[verdict.direction]
    if verdict.direction == "neither":
        return plain(verdict.words, style)
    return plain(f"{verdict.words}: ", style).append(plain(verdict.hypotheses[0]))


def _why(verdict: Verdict) -> str:
    ratio = verdict.log10_lr
    said = "" if ratio is None else f", log10 LR {ratio:+.2f}"
    rests = f" ({', '.join(verdict.findings)})" if verdict.findings else ""
    return f"{verdict.basis}{said}{rests}"


def _print_model(found: Examination) -> None:
    named = found.identification
    if named is None:
        return
    rows = [(one.camera_model, percent(one.probability)) for one in named.ranking]
    title = (
        f"Camera by the pixels: {named.answer} ({named.level}), confidence "
        f"{percent(named.confidence)}; unknown camera "
        f"{percent(named.unknown_probability)}"
    )
    out().print()
    print_table(title, ["known model", "share"], rows, right=(1,))


def _order(one: Finding) -> tuple[bool, int, int]:
    return (
        one.strength == "note",
        _DIRECTIONS.index(one.direction),
        _STRENGTHS.index(one.strength),
    )


def _area(share: float | None) -> str:
    return "no threshold" if share is None else percent(share)


def _alarm(alarm: bool | None) -> str:
    return {None: "no threshold", True: "yes", False: "no"}[alarm]
