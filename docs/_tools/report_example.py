"""An example of a report, made when the pages are built: its camera never existed."""

from __future__ import annotations

from pathlib import Path

from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.media import open_photo
from whichcam.pipelines import examine, report

SIZE = (512, 640)
METHODS = ("noise_level", "jpeg_grid", "double_compression")  # need nothing fitted


def write(page: Path) -> None:
    """Write the report of a synthetic picture, if it is older than this file."""
    if page.exists() and page.stat().st_mtime >= Path(__file__).stat().st_mtime:
        return
    file = SyntheticCamera().shoot_jpeg(seed=12, size=SIZE)
    found = examine(file, methods=METHODS, cameras=())
    page.write_bytes(report(found, open_photo(file), form="html"))
