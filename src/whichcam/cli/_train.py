"""``whichcam train``: teach a classifier your cameras."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from whichcam.cli._text import say
from whichcam.errors import ConfigError


class Device(StrEnum):
    """Where the network is trained."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Method(StrEnum):
    """Methods that can be trained."""

    whichcam = "whichcam"


def train(
    manifest: Annotated[
        Path,
        typer.Argument(
            help="A manifest, .csv or .parquet, that names the camera of each picture.",
            metavar="MANIFEST",
        ),
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Folder of the new model.")
    ],
    *,
    method: Annotated[
        Method,
        typer.Option(help="What kind of classifier."),
    ] = Method.whichcam,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="Passes over the pictures.", show_default=False),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Same seed, same weights.", show_default=False),
    ] = None,
    device: Annotated[
        Device | None,
        typer.Option(help="Where the network is trained.", show_default=False),
    ] = None,
    split: Annotated[
        str,
        typer.Option(help="Train on the rows of this split only.", show_default=False),
    ] = "",
    config: Annotated[
        Path | None,
        typer.Option(
            help="TOML file of training settings; options given here win.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where an earlier run was stopped.")
    ] = False,
) -> None:
    """Train a camera-model classifier on the pictures of a MANIFEST.

    A validation set is cut from them by device and session, to calibrate the answers.
    Needs the extra: pip install "whichcam[train]".
    """
    settings = read_settings(config) if config else {}
    given = {"epochs": epochs, "seed": seed, "device": device and device.value}
    settings |= {name: value for name, value in given.items() if value is not None}

    from whichcam import training
    from whichcam.cli._console import stages
    from whichcam.cli._inputs import read_manifest

    chosen = training.TrainingConfig.from_mapping(settings)
    pictures = read_manifest(manifest, split=split)
    with stages() as report:
        result = training.train(
            pictures, output, config=chosen, resume=resume, progress=report
        )
    print_report(result.to_dict(), method.value)
    say(f"wrote the model {output}; try: whichcam identify PHOTO --model {output}")


def read_settings(path: Path) -> dict[str, Any]:
    """Return the settings of a TOML file.

    Raises
    ------
    ConfigError
        If it cannot be read or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            "--config", f"cannot read {path}: {error.strerror}"
        ) from error
    except ValueError as error:  # TOML's own error and that of UTF-8 are its children
        raise ConfigError("--config", f"{path} is no TOML file: {error}") from error


def print_report(report: dict[str, Any], method: str) -> None:
    """Print the single values of a training report."""
    from whichcam.cli._console import print_table

    print_table(
        f"trained: {method}",
        ["what", "value"],
        [
            (name.replace("_", " "), _value(value))
            for name, value in report.items()
            if isinstance(value, (str, int, float))
        ],
    )


def _value(value: str | float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
