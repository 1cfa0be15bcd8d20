"""Write the tables of docs/devices.md from results; ``--check`` only compares.

As `readme.py` does for README.md: each from the newest result of its kind.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import Any

import _record
from readme import MISSING, filled, provenance, share, table

PAGE = _record.HERE.parent / "docs" / "devices.md"
WHOLE_PX = 768  # the squares of prnu.csv

Column = tuple[int | None, int | None]  # pictures enrolled, JPEG quality
COLUMNS: dict[str, Column] = {
    "2 enrolled": (2, None),
    "4": (4, None),
    "8": (8, None),
    "all": (None, None),
    "all, JPEG 90": (None, 90),
    "all, JPEG 75": (None, 75),
}
SPEED_ROWS = {
    "photo_noise_rate": "taking the noise from a picture, one thread",
    "baseline_over_photo_noise": "times as fast as the plain implementation",
    "baseline_over_published_part": "of it the steps that the plain one does too",
    "correlation": "correlation of the two",
    "photo_noise_in_threads": "taking the noise, {threads} threads",
    "photo_noise_memory": "memory for it above an idle program",
    "enrol_100_photos": "enrolling 100 pictures, from files to the gallery",
    "enrol_100_photos_memory": "memory of that program in all",
}
SEARCH_ROWS = {
    "match_zero_shift": "comparing two patterns of 10 MP as they lie",
    "match_all_shifts": "comparing two patterns of 10 MP at all shifts",
}


def accuracy() -> str:
    """Return true matches by size of the square, pictures enrolled and compression."""
    from whichcam.evaluation import DeviceEvaluation

    values = _record.newest("whichcam.prnu_accuracy/1")
    if values is None:
        return MISSING
    found = {}
    for entry in values["evaluations"]:
        result = DeviceEvaluation.from_dict(entry)
        one = result.conditions
        key = (one.crop_size, one.n_enrolled, one.jpeg_quality)
        found[key] = result.summary()
    rows = []
    for crop in dict.fromkeys(key[0] for key in found):
        cells = [found.get((crop, *column)) for column in COLUMNS.values()]
        shares = [share(cell.true_match_rate) if cell else "" for cell in cells]
        rows.append([f"{crop or WHOLE_PX} px", *shares])
    whole = found[None, None, None]
    interval = whole.true_match_interval
    between = f"{share(interval.low)} to {share(interval.high)}" if interval else ""
    said = (
        f"Share of {whole.n_same} pictures whose own camera's score is above all but "
        f"{whole.false_alarm_rate:g} of the scores of the other "
        f"{whole.n_devices - 1} cameras. Whole squares, all enrolled: 95 % interval "
        f"{between}; rank 1 {share(whole.rank_1)}; equal error rate "
        f"{share(whole.equal_error_rate)}; pictures that another body of the model "
        f"beats: {whole.n_same_model_confused}. {provenance(values)}"
    )
    return "\n\n".join([table(["true matches", *COLUMNS], rows), said])


def false_alarms() -> str:
    """Return stated rates beside those found, for patterns and for footage."""
    rows = []
    seen = []
    if values := _record.newest("whichcam.prnu_search/1"):
        seen.append(values)
        for entry in values["false_alarms"]:
            if entry["name"] != "false_alarms_none":
                continue
            rows += [
                _rate_row("patterns of noise", rate, entry["n_comparisons"])
                for rate in entry["rates"]
            ]
    if values := _record.newest("whichcam.prnu_footage/1"):
        seen.append(values)
        for entry in values["conditions"]:
            what = f"footage, {entry['encoding']} compression"
            rows += [
                _rate_row(what, rate, entry["n_impostors"]) for rate in entry["rates"]
            ]
    if not seen:
        return MISSING
    return of_results(
        table(["comparisons of", "how many", "stated", "found"], rows), seen
    )


def _rate_row(what: str, rate: dict[str, Any], n: int) -> list[str]:
    found = f"{rate['found']:.3g}"
    if "interval_95" in rate:
        low, high = rate["interval_95"]
        found += f" ({low:.3g} to {high:.3g})"
    return [what, f"{n:,}", f"{rate['stated']:g}", found]


def speed() -> str:
    """Return times and memory of extraction, enrolment, comparison and search."""
    rows: list[list[str]] = []
    seen = []
    if values := _record.newest("whichcam.prnu_speed/1"):
        seen.append(values)
        rows += _rows(values["measurements"], SPEED_ROWS)
    if values := _record.newest("whichcam.prnu_search/1"):
        seen.append(values)
        rows += _rows(values["measurements"], SEARCH_ROWS)
        for entry in values["measurements"]:
            if not entry["name"].startswith("search_"):
                continue
            what = (
                f"searching {entry['n_fingerprints']:,} fingerprints of "
                f"{entry['n_bits'] / 1e6:.2g} MP (one planted, NCC "
                f"{entry['planted_ncc']:g}: first in {entry['n_planted_at_rank_1']} "
                f"of {entry['n_trials']})"
            )
            rows.append([what, shown(entry["median"], "s")])
    if not seen:
        return MISSING
    return of_results(table(["", ""], rows), seen)


def of_results(made: str, seen: Iterable[dict[str, Any]]) -> str:
    """Return a table and what it is of."""
    return "\n\n".join([made, *dict.fromkeys(map(provenance, seen))])


def _rows(
    measurements: Iterable[dict[str, Any]], names: dict[str, str]
) -> list[list[str]]:
    listed = list(measurements)
    return [
        [
            what.format(threads=entry.get("n_threads")),
            shown(entry["median"], entry["unit"]),
        ]
        for name, what in names.items()
        for entry in listed
        if entry["name"] == name and (name != "photo_noise_in_threads" or _many(entry))
    ]


def _many(entry: dict[str, Any]) -> bool:
    return bool(entry["n_threads"] > 1)


def shown(value: float, unit: str) -> str:
    """Return a value as people read it."""
    if unit == "bytes":
        return f"{value / 2**20:.0f} MiB"
    if unit == "ratio":
        return f"{value:.4f}" if value < 1 else f"{value:.1f}"
    if unit == "s" and value < 1:
        return f"{value * 1000:.3g} ms"
    return f"{value:.3g} {unit}"


PARTS: dict[str, Callable[[], str | None]] = {
    "devices-accuracy": accuracy,
    "devices-false-alarms": false_alarms,
    "devices-speed": speed,
}


def main() -> None:
    """Renew the page, or say whether its tables are those of the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    given = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    made = filled(text, PARTS)
    if given.check:
        sys.exit(
            0
            if made == text
            else "docs/devices.md differs: python benchmarks/devices_page.py"
        )
    PAGE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
