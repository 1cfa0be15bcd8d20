"""Measure the signs of two compressions and of a second grid.

On photos that have none, and on the same photos compressed and cropped by seeded draws.
"""

from __future__ import annotations

import argparse
import csv
import random
from pathlib import Path
from typing import Any

import _record
import numpy as np
import simplejpeg
from PIL import Image

from whichcam._typing import PixelArray
from whichcam.claims._compression import MODERATE as GAIN
from whichcam.claims._first_quality import first_quantization
from whichcam.claims._grid import MARGIN
from whichcam.claims._grid_votes import count_zeros, second_grid
from whichcam.claims._luma import middle_luma
from whichcam.errors import WhichcamError
from whichcam.media import Photo, open_photo

SCHEMA = "whichcam.compression/1"
_PX = 512


def signs(photo: Photo) -> dict[str, Any]:
    """Return both statistics of a JPEG, and the offset of the second grid."""
    assert photo.jpeg is not None
    table = photo.jpeg.quantization_table(0)
    assert table is not None
    luma = middle_luma(photo.pixels, _PX)
    grid = second_grid(count_zeros(luma))
    return {
        "gain": first_quantization(luma - 128, table).gain,
        "margin": grid.margin,
        "offset": list(grid.offset),
    }


def compressed(pixels: PixelArray, quality: int) -> Photo:
    """Compress pixels once."""
    return open_photo(
        simplejpeg.encode_jpeg(np.ascontiguousarray(pixels), quality, "RGB", "420")
    )


def variants(photo: Photo, rng: random.Random) -> list[dict[str, Any]]:
    """Resize the photo, which hides its own compression, and make known ones."""
    height, width = (side * 5 // 6 for side in photo.pixels.shape[:2])
    image = Image.fromarray(photo.pixels).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    first, last = rng.randint(50, 95), rng.randint(60, 98)
    once = compressed(np.asarray(image), first)
    dy, dx = rng.randint(0, 7), rng.randint(0, 7)
    return [
        {"what": "once", "first": first, **signs(once)},
        {
            "what": "twice",
            "first": first,
            "last": last,
            **signs(compressed(once.pixels, last)),
        },
        {
            "what": "cropped",
            "first": first,
            "last": last,
            "true_offset": [-dy % 8, -dx % 8],
            **signs(compressed(once.pixels[dy:, dx:], last)),
        },
    ]


def measure(folder: Path, splits: set[str], limit: int) -> list[dict[str, Any]]:
    """Return one row a picture and variant."""
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] in splits]
    random.Random(0).shuffle(rows)
    found = []
    for number, row in enumerate(rows[:limit]):
        try:
            photo = open_photo(folder / row["file"])
        except WhichcamError as error:
            print(f"{row['file']}: {error}")
            continue
        about = {"file": row["file"], "device": row["device"], "split": row["split"]}
        found.append({**about, "what": "untouched", **signs(photo)})
        if number % 4 == 0:
            rng = random.Random(row["file"])
            found += [{**about, **variant} for variant in variants(photo, rng)]
    return found


def _share(name: str, rows: list[dict[str, Any]], statistic: str, least: float) -> None:
    values = [row[statistic] for row in rows]
    above = sum(value >= least for value in values)
    if values:
        print(f"{name}: {above} of {len(values)} at {least:g}; most {max(values):.4f}")


def main() -> None:
    """Measure, print the shares above the thresholds, and write a new result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder")
    parser.add_argument("--splits", nargs="+", default=["train"])
    parser.add_argument("--limit", type=int, default=500)
    given = parser.parse_args()
    rows = measure(given.photos, set(given.splits), given.limit)

    def of(what: str) -> list[dict[str, Any]]:
        return [row for row in rows if row["what"] == what]

    for what in ("untouched", "once"):
        _share(f"{what}, compressed twice", of(what), "gain", GAIN)
        _share(f"{what}, second grid", of(what), "margin", MARGIN)
    for name, finer in (("first coarser", True), ("first finer or equal", False)):
        twice = [r for r in of("twice") if (r["first"] < r["last"]) == finer]
        _share(f"twice, {name}", twice, "gain", GAIN)
        moved = [r for r in of("cropped") if r["true_offset"] != [0, 0]]
        moved = [r for r in moved if (r["first"] < r["last"]) == finer]
        _share(f"cropped, {name}", moved, "margin", MARGIN)
    result = {
        "schema": SCHEMA,
        **_record.provenance(),
        "splits": given.splits,
        "limit": given.limit,
        "rows": rows,
    }
    print(_record.write_new("compression", result).relative_to(_record.HERE.parent))


if __name__ == "__main__":
    main()
