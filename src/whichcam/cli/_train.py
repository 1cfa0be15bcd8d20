"""``whichcam train``: teach a classifier your cameras."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from whichcam.cli._text import say
from whichcam.errors import ConfigError, MissingDependencyError


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
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Processes that take traces.", show_default=False),
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
    given = {
        "epochs": epochs,
        "seed": seed,
        "device": device and device.value,
        "workers": workers,
    }
    settings |= {name: value for name, value in given.items() if value is not None}

    from whichcam.cli._console import stages
    from whichcam.cli._inputs import read_manifest

    training = _training()
    chosen = training.TrainingConfig.from_mapping(settings)
    pictures = read_manifest(manifest, split=split)
    with stages() as report:
        result = training.train(
            pictures, output, config=chosen, resume=resume, progress=report
        )
    print_report(result.to_dict(), method.value)
    say(f"wrote the model {output}; try: whichcam identify PHOTO --model {output}")


def _training() -> ModuleType:
    """Return the room that needs the extra ``train``, or say what it lacks."""
    try:
        from whichcam import training

        _ = training.train  # here, where a missing library is told from a fault
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "onnx"):
            raise
        raise MissingDependencyError(
            error.name, extra="train", purpose="training"
        ) from error
    if find_spec("onnx") is None:  # the network is written with it, hours later
        raise MissingDependencyError("onnx", extra="train", purpose="training")
    return training


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


def print_report(report: Mapping[str, Any], method: str) -> None:
    """Print the single values of a training report, nested ones by their path."""
    from whichcam.cli._console import print_table

    print_table(f"trained: {method}", ["what", "value"], list(_flat(report)))


def _flat(values: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        label = f"{path} {name}".strip().replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, label)
        elif isinstance(value, float):
            yield label, f"{value:.4g}"
        elif isinstance(value, (str, int)):
            yield label, str(value)
