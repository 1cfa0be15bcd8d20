"""Tables of an evaluation on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from whichcam.evaluation import Table


def print_tables(tables: Sequence[Table]) -> None:
    """Print tables, numbers right-aligned, with their notes."""
    from whichcam.cli._console import out, plain, print_table

    for table in tables:
        numeric = [i for i in range(len(table.columns)) if table.is_numeric(i)]
        print_table(table.title, table.columns, table.text(), right=numeric)
        if table.note:
            out().print(plain(table.note, "dim"))
            out().print()
