"""``whichcam dataset signatures``: which camera writes which JPEG tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whichcam.cli._text import plural, say


def signatures(
    manifests: Annotated[
        list[Path],
        typer.Argument(
            help="Manifests of camera originals, .csv or .parquet.", metavar="MANIFEST"
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="The table, a new .json file.")
    ],
    split: Annotated[
        str,
        typer.Option(help="Rows taken where a manifest has a column `split`."),
    ] = "train",
) -> None:
    """Build the table of JPEG signatures that claims are checked against.

    For each camera model: quantisation tables and chroma subsampling, stored sizes,
    and, of whole files, the order of segments and the Huffman tables.
    """
    if output.exists():
        raise typer.BadParameter(
            f"{output} exists and is not overwritten; name another file",
            param_hint="--output",
        )
    from whichcam.claims import build_signatures
    from whichcam.cli._console import bar, print_table
    from whichcam.datasets import Manifest

    with bar("reading signatures") as report:
        table = build_signatures(
            [Manifest.read(path) for path in manifests],
            names=[path.name for path in manifests],
            split=split,
            progress=report,
        )
    table.save(output)
    print_table(
        table.source,
        ["camera model", "photos", "devices", "tables", "sizes", "layouts", "shares"],
        [
            (
                camera.camera_model,
                camera.n_photos,
                camera.n_devices,
                len(camera.tables),
                len(camera.sizes),
                len(camera.layouts),
                plural(
                    len(
                        {
                            h.camera_model
                            for k in camera.tables
                            for h in table.holders(k)
                        }
                    )
                    - 1,
                    "other model",
                ),
            )
            for camera in table.cameras
        ],
        right=(1, 2, 3, 4, 5),
    )
    say(f"wrote {output}")
