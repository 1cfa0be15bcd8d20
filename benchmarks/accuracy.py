"""Measure a model by a protocol and keep the raw scores."""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import _record

from whichcam.datasets import Manifest
from whichcam.evaluation import evaluate, to_markdown
from whichcam.models import CameraModel

KEYS = {
    *("name", "manifest", "known_splits", "unknown_splits", "extra_splits"),
    *("manipulations", "seed"),
}


def read_protocol(path: Path) -> dict[str, Any]:
    """Return a protocol's values; a missing or unknown key ends the run."""
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    if values.keys() != KEYS:
        raise SystemExit(f"{path}: keys that differ: {sorted(values.keys() ^ KEYS)}")
    return values


def main() -> None:
    """Evaluate, print the tables and write a new result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("protocol", type=Path)
    parser.add_argument("--photos", type=Path, required=True, help="folder")
    parser.add_argument("--model", type=Path, help="default: the bundled model")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    protocol = read_protocol(given.protocol)
    name = protocol.pop("name")
    manifest = Manifest.read(given.photos / protocol.pop("manifest"))
    model = CameraModel.load(given.model) if given.model else CameraModel.bundled()

    def progress(done: int, total: int) -> None:
        if done == total or not done % 50:
            print(f"{done} of {total}", file=sys.stderr)

    result = evaluate(
        model, manifest, workers=given.workers, progress=progress, **protocol
    )
    path = _record.new_path(f"accuracy--{name}")
    result.save(path)
    print(to_markdown(result))
    print(path.relative_to(_record.HERE.parent))


if __name__ == "__main__":
    main()
