"""Write the generated parts of README.md from results; ``--check`` only compares.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end: NAME -->``. The
tables come from the newest result of each kind. The output under the Python example
is that of the example itself, run on a whole photograph that lies beside the project;
without it, or without a bundled model, the output is left as it is.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _record

ROOT = _record.HERE.parent
README = ROOT / "README.md"
BUNDLED = ROOT / "src" / "whichcam" / "models" / "bundled" / "model.onnx"
EXAMPLE_PHOTO = "full/canon-powershot-sx260-hs.jpg"
MISSING = "*No result yet: run `make bench`, then `make readme`.*"

SPEED_ROWS = {
    "identify_over_decode": (
        "identify, warm, against decoding the same file",
        "x {:.2f}",
    ),
    "identify_warm": ("identify, warm, one thread", "{:.3f} s"),
    "peak_memory": ("peak memory of a whole `whichcam identify`", "{mib:.0f} MiB"),
    "folder": ("a folder of such files, all processors", "{:.1f} photos/s"),
    "start_import_whichcam": (
        "`import whichcam`, Python's own start included",
        "{:.2f} s",
    ),
    "start_command": ("`whichcam --version`", "{:.2f} s"),
}


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def provenance(values: dict[str, Any]) -> str:
    """Return the line that says what a table is of."""
    machine, commit = values["machine"], values["git_commit"] or "no commit"
    return (
        f"whichcam {values['versions']['whichcam']} at `{commit[:10]}`, "
        f"{values['created'][:10]}, {machine['n_processors']} x {machine['processor']}."
    )


def share(value: float | None) -> str:
    """Return a share to three decimals."""
    return "" if value is None else f"{value:.3f}"


def accuracy() -> str:
    """Return the accuracy tables of the newest evaluation."""
    from whichcam.evaluation import EvaluationResult

    values = _record.newest("whichcam.evaluation/1")
    if values is None:
        return MISSING
    result = EvaluationResult.from_dict(values)
    summary = result.summary()
    views = (("", summary.splits), (", crop alone", summary.crops_alone))
    known = [
        [
            f"`{part.split}`{view}",
            str(part.n_photos),
            str(part.n_devices),
            share(part.top1),
            f"{share(part.top1_interval.low)} to {share(part.top1_interval.high)}"
            if part.top1_interval
            else "",
            share(part.macro_devices),
            share(part.top5),
            share(part.make),
            share(part.calibration_error),
            share(part.sp_cup),
        ]
        for view, parts in views
        for part in parts
        if part.n_photos
    ]
    head = ["known cameras", "photos", "devices", "top-1", "95 % interval"]
    head += ["macro over devices", "top-5", "make", "calibration error", "SP Cup"]
    unknown = [
        [
            f"`{part.split}`{view}",
            f"{part.n_known} / {part.n_unknown}",
            share(part.auroc),
            share(part.rejection),
        ]
        for view, parts in (
            ("", summary.unknown),
            (", crop alone", summary.unknown_crops_alone),
        )
        for part in parts
    ]
    head_unknown = ["unknown cameras", "known / unknown photos", "AUROC"]
    head_unknown += ["rejected at 95 % of known accepted"]
    return "\n\n".join(
        [
            table(head, known),
            table(head_unknown, unknown),
            f"{len(result.classes)} camera models known; intervals resample devices. "
            + provenance(values),
        ]
    )


def speed() -> str:
    """Return the speed table of the newest measurement."""
    values = _record.newest("whichcam.speed/1")
    if values is None:
        return MISSING
    rows = []
    for name, (what, shape) in SPEED_ROWS.items():
        for entry in values["measurements"]:
            if entry["name"] != name:
                continue
            photo = entry["photo"]
            of = f", {photo['megapixels']:.0f} MP (`{photo['name']}`)" if photo else ""
            low, middle, high = (
                shape.format(value, mib=value / 2**20)
                for value in (entry["q1"], entry["median"], entry["q3"])
            )
            n_runs = len(entry["raw"])
            spread = f"{low} to {high}" if n_runs > 1 else ""
            rows.append([what + of, middle, spread, str(n_runs)])
    head = ["", "median", "interquartile range", "runs"]
    return table(head, rows) + "\n\n" + provenance(values)


def python_example(text: str) -> str:
    """Return the first Python block of a page."""
    found = re.search(r"```python\n(.*?)```", text, flags=re.DOTALL)
    if found is None:
        raise SystemExit("README.md has no Python block")
    return found[1]


def example_photo() -> Path | None:
    """Return the photograph the example is run on, where it is there."""
    named = os.environ.get("WHICHCAM_PHOTOS")
    folder = Path(named) if named else ROOT.parent / "shared" / "photos"
    photo = folder / EXAMPLE_PHOTO
    return photo if photo.is_file() else None


def run_example(code: str, photo: Path) -> str:
    """Return what the example prints where ``photo.jpg`` is this photograph."""
    printed = io.StringIO()
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "photo.jpg").symlink_to(photo.resolve())
        os.chdir(folder)
        try:
            with contextlib.redirect_stdout(printed):
                exec(compile(code, "README.md", "exec"), {"__name__": "__readme__"})
        finally:
            os.chdir(before)
    return printed.getvalue().rstrip("\n")


def output() -> str | None:
    """Return the example's output as a block, or None where it cannot be run."""
    photo = example_photo()
    if photo is None or not BUNDLED.is_file():
        return None
    code = python_example(README.read_text(encoding="utf-8"))
    return f"```text\n{run_example(code, photo)}\n```"


PARTS: dict[str, Callable[[], str | None]] = {
    "output": output,
    "accuracy": accuracy,
    "speed": speed,
}


def filled(text: str, parts: dict[str, Callable[[], str | None]]) -> str:
    """Return a page with its generated parts renewed."""
    for name, make in parts.items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        head, found_begin, rest = text.partition(begin)
        _, found_end, tail = rest.partition(end)
        if not (found_begin and found_end):
            raise SystemExit(f"README.md lacks {begin} or {end}")
        made = make()
        if made is not None:
            text = f"{head}{begin}\n{made}\n{end}{tail}"
    return text


def main() -> None:
    """Renew README.md, or say whether its tables are those of the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare the tables only")
    given = parser.parse_args()
    text = README.read_text(encoding="utf-8")
    if given.check:
        tables = {name: PARTS[name] for name in ("accuracy", "speed")}
        sys.exit(
            0 if filled(text, tables) == text else "README.md differs: make readme"
        )
    README.write_text(filled(text, PARTS), encoding="utf-8")


if __name__ == "__main__":
    main()
