"""Answers about single cameras, for people."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from whichcam.cli._console import out, plain
from whichcam.cli._device_options import searched

if TYPE_CHECKING:
    from whichcam.pipelines import Comparison, GallerySearch, Verification

_WIDEST: Final = 96
_LEAST_LOG10: Final = -12
_YES: Final = "bold green"
_NO: Final = "bold yellow"


def chance(log10_p: float) -> str:
    """Return a chance as people read it: 0.23, 1 in 12,000, 1 in 10^9.

    No smaller than 1 in 10^12: nobody has compared so often, and so far out the
    model of the noise is believed, not known. JSON and CSV have what it says.
    """
    if log10_p > -1.5:
        return f"{10.0**log10_p:.2g}"
    if log10_p > -6:
        return f"1 in {10.0**-log10_p:,.0f}"
    if log10_p > _LEAST_LOG10:
        return f"1 in 10^{math.floor(-log10_p)}"
    return f"under 1 in 10^{-_LEAST_LOG10}"


def how_often(rate: float) -> str:
    """Return a rate of error in words: "once in 10,000", "in 0.3 of all"."""
    one_in = 1 / rate
    if one_in >= 2 and abs(one_in - round(one_in)) < 1e-6 * one_in:
        return f"once in {round(one_in):,}"
    return f"in {rate:.3g} of all"


def panel(title: str, parts: Iterable[RenderableType]) -> None:
    """Print a panel with a title that is untrusted."""
    console = out()
    console.print(
        Panel(
            Group(*parts),
            title=plain(title),
            title_align="left",
            border_style="dim",
            padding=(1, 2),
            width=min(_WIDEST, console.width),
        )
    )


def facts(rows: Iterable[tuple[str, str]]) -> Table:
    """Return names and values in two columns."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for name, value in rows:
        grid.add_row(plain(name), plain(value))
    return grid


def notes(warnings: Sequence[str]) -> list[RenderableType]:
    """Return warnings, one a line, after a blank one."""
    if not warnings:
        return []
    lines = [Text.assemble(("! ", "bold yellow"), plain(text)) for text in warnings]
    return [Text(), *lines]


def print_verification(found: Verification, path: str) -> None:
    """Print the panel of one picture and one camera."""
    if found.reaches_threshold:
        headline = Text.assemble(
            plain(f"matches {found.camera}", _YES),
            "  the score is above the threshold",
        )
    else:
        headline = Text.assemble(
            plain(f"no match with {found.camera}", _NO),
            "  below the threshold; a weak fingerprint or picture looks the same",
        )
    panel(
        path,
        [
            headline,
            Text(),
            _scores(found),
            *notes(found.warnings),
            Text(),
            _provenance(found),
        ],
    )


def _scores(found: Verification) -> Table:
    if found.log10_lr is None:
        ratio = "none: no calibration kept with this camera"
        if any(text.startswith("no likelihood ratio") for text in found.warnings):
            ratio = "none: see below"
    else:
        ratio = f"{found.log10_lr:+.2f} (calibration {found.calibration_id})"
    often = how_often(found.false_alarm_rate)
    return facts(
        [
            (
                "score z",
                f"{found.score:.1f}; threshold {found.threshold:.1f}, which other "
                f"cameras reach {often} comparisons",
            ),
            ("p-value", f"{chance(found.log10_p)} that another camera reaches this"),
            ("log10 LR", ratio),
            ("other scores", f"NCC {found.ncc:.4f}, PCE {found.pce:.0f}"),
            ("searched", searched(found.search, found.n_positions)),
            *best_place(found),
            (
                "fingerprint",
                f"of {found.n_enrolled} pictures, quality {found.quality:.2f}"
                + (f", {found.camera_model}" if found.camera_model else ""),
            ),
        ]
    )


def best_place(found: Verification | Comparison) -> list[tuple[str, str]]:
    """Return where a match lies; where there is none, the best place means nothing."""
    if not found.reaches_threshold:
        return []
    return [("best place", place(found.shift, found.rotation, found.scale))]


def place(shift: tuple[int, int], rotation: int, scale: float) -> str:
    """Return where a picture lies on a fingerprint, in words."""
    parts = ["as enrolled" if shift == (0, 0) else f"row {shift[0]}, column {shift[1]}"]
    if rotation:
        parts.append(f"turned by {rotation} degrees")
    if scale != 1:
        parts.append(f"scale {scale:g}")
    return ", ".join(parts)


def _provenance(found: Verification) -> Text:
    return plain(
        f"sha256 {found.sha256[:16]}…, fingerprint {found.fingerprint_sha256[:16]}…, "
        f"noise version {found.noise_version}, whichcam {found.whichcam_version}",
        "dim",
    )


def print_search(found: GallerySearch, path: str) -> None:
    """Print the panel of a search."""
    matches = found.matches
    often = how_often(found.false_alarm_rate)
    if matches:
        names = ", ".join(hit.camera for hit in matches)
        headline = Text.assemble(
            plain(f"matches {names}", _YES),
            f"  above a threshold that others reach {often} searches",
        )
    else:
        headline = Text.assemble(
            ("no enrolled camera matches", _NO),
            f"  none reaches a threshold that others reach {often} searches",
        )
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("camera", "model"):
        table.add_column(name, overflow="fold", header_style="dim")
    for name in ("z", "threshold", "p-value", "log10 LR"):
        table.add_column(name, justify="right", header_style="dim")
    for hit in found.hits:
        style = "green" if hit.reaches_threshold else ""
        table.add_row(
            plain(hit.camera, style),
            plain(hit.camera_model or ""),
            f"{hit.score:.1f}",
            f"{hit.threshold:.1f}",
            chance(hit.log10_p),
            "" if hit.log10_lr is None else f"{hit.log10_lr:+.2f}",
        )
    said = [*found.warnings]
    for hit in matches:
        said += [f"{hit.camera}: {text}" for text in hit.warnings]
    parts = [
        headline,
        Text(),
        table,
        Text(),
        plain(_how_searched(found), "dim"),
        *notes(said),
    ]
    panel(path, parts)


def _how_searched(found: GallerySearch) -> str:
    text = (
        f"{found.n_searched:,} of {found.n_cameras:,} cameras searched, "
        f"{found.n_compared} compared exactly"
    )
    if found.n_incomparable:
        text += f"; {found.n_incomparable:,} fingerprints of other sizes passed over"
    return (
        f"{text}; {searched(found.search, found.hits[0].n_positions)} each; "
        f"sha256 {found.sha256[:16]}…, whichcam {found.whichcam_version}"
    )


def print_comparison(found: Comparison, a: str, b: str) -> None:
    """Print the panel of a comparison."""
    often = how_often(found.false_alarm_rate)
    if found.reaches_threshold:
        headline = Text.assemble(
            ("one camera", _YES), "  their patterns agree above the threshold"
        )
    else:
        single = len(found.a.names) == 1 == len(found.b.names)
        headline = Text.assemble(
            ("no common pattern seen", _NO),
            "  below the threshold"
            + ("; between two single pictures it is often missed" if single else ""),
        )
    rows = [
        (
            "score z",
            f"{found.score:.1f}; threshold {found.threshold:.1f}, which different "
            f"cameras reach {often} comparisons",
        ),
        ("p-value", f"{chance(found.log10_p)} that another camera reaches this"),
        ("other scores", f"NCC {found.ncc:.4f}, PCE {found.pce:.0f}"),
        ("searched", searched(found.search, found.n_positions)),
        *best_place(found),
        ("camera model", _models(found)),
    ]
    for name, side in (("a", found.a), ("b", found.b)):
        text = f"{len(side.names)} of {len(side.names) + len(side.left_out)} pictures"
        if side.quality is not None:
            text += f", quality {side.quality:.2f}"
        if side.exif_camera_models:
            text += f"; EXIF names {', '.join(side.exif_camera_models)}"
        rows.append((name, text))
    version = plain(f"whichcam {found.whichcam_version}", "dim")
    parts = [headline, Text(), facts(rows), *notes(found.warnings), Text(), version]
    panel(f"{a} / {b}", parts)


def _models(found: Comparison) -> str:
    if found.same_model is None:
        return "not compared"
    says = {
        "same": "the same model by both answers",
        "different": "different models by the answers",
        "undecided": "undecided",
    }[found.same_model]
    return f"{says}: {found.a.model_answer} / {found.b.model_answer}"
