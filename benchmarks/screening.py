"""Measure the screening: what share of camera originals and of others it gets right."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import _record

from whichcam.datasets import screen

SCHEMA = "whichcam.screening/1"
RIGHT = {"camera_original": "original", "edited_or_resaved": "not original"}


def measure(claims: Path) -> list[dict[str, Any]]:
    """Return one row a file: its label, the verdict, and every reason for it."""
    with claims.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = []
    for row in rows:
        screening = screen(claims.parent / row["file"])
        found.append(
            {
                "sha256": screening.sha256,
                "label": row["label"],
                "label_reason": row["reason"],
                "verdict": screening.verdict,
                "weight": screening.weight,
                "reasons": [reason.to_dict() for reason in screening.reasons],
            }
        )
    return found


def main() -> None:
    """Screen every file, print the shares and each miss, and write a new result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder")
    rows = measure(parser.parse_args().photos / "claims.csv")
    for label, right in RIGHT.items():
        mine = [row for row in rows if row["label"] == label]
        hits = sum(row["verdict"] == right for row in mine)
        print(f"{label}: {hits} of {len(mine)} right")
        for row in mine:
            if row["verdict"] != right:
                why = "; ".join(reason["text"] for reason in row["reasons"])
                print(f"  missed {row['sha256'][:12]}: {row['verdict']} ({why})")
    result = {"schema": SCHEMA, **_record.provenance(), "files": rows}
    print(_record.write_new("screening", result).relative_to(_record.HERE.parent))


if __name__ == "__main__":
    main()
