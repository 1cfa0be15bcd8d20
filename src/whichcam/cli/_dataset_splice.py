"""``whichcam dataset splice``: pictures of two cameras, with the truth beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whichcam.cli._text import plural, say
from whichcam.errors import InputError


def splice(
    manifest: Annotated[
        Path,
        typer.Argument(
            help="A manifest of camera originals, .csv or .parquet.", metavar="MANIFEST"
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder for pictures and masks.")
    ],
    *,
    split: Annotated[
        str | None,
        typer.Option(
            help="Use rows of this split only; several with commas.",
            show_default=False,
        ),
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="Compositions.")] = 100,
    sizes: Annotated[
        str, typer.Option(help="Longer sides of the objects, px.")
    ] = "64,128,192,256",
    savings: Annotated[
        str | None,
        typer.Option(
            help="Ways to save, with commas: lossless, host_tables, jpeg_95, jpeg_85, "
            "jpeg_75, resized; all where not given.",
            show_default=False,
        ),
    ] = None,
    parts: Annotated[
        int,
        typer.Option(min=1, help="Divide the devices into parts that no splice mixes."),
    ] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Decides all that is drawn.")] = 0,
) -> None:
    """Paste objects of one camera into pictures of another, and keep the truth.

    Each composition is saved in several ways, with its control: the host alone, saved
    in the same way. The folder gets pictures, masks and `splices.csv`.
    """
    from whichcam.cli._console import bar
    from whichcam.datasets import SPLICE_SAVINGS, Manifest, make_splices

    table = Manifest.read(manifest)
    if split is not None:
        table = table.where(split=[name.strip() for name in split.split(",")])
        if not len(table):
            raise InputError(f"{manifest}: no rows of the split {split!r}")
    with bar("composing") as report:
        made = make_splices(
            table,
            output,
            n=n,
            seed=seed,
            sizes=_whole_numbers(sizes),
            savings=SPLICE_SAVINGS
            if savings is None
            else [name.strip() for name in savings.split(",")],
            parts=parts,
            progress=report,
        )
    say(f"{plural(len(made), 'picture')} of {plural(n, 'composition')} in {output}")


def _whole_numbers(text: str) -> list[int]:
    try:
        return [int(item) for item in text.split(",")]
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no list of whole numbers such as 64,128",
            param_hint="--sizes",
        ) from error
