"""The folder that pictures of a result go to."""

from __future__ import annotations

from pathlib import Path

import typer


def figures_folder(folder: Path | None) -> Path | None:
    """Make the folder of ``--figures``; refuse one that holds anything.

    Said before the work begins, rather than after an hour of it.
    """
    if folder is None:
        return None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise typer.BadParameter(
            f"{folder} is no folder that can be written to: {error.strerror}",
            param_hint="--figures",
        ) from error
    if taken:
        raise typer.BadParameter(
            f"{folder} is not empty; name a new folder", param_hint="--figures"
        )
    return folder
