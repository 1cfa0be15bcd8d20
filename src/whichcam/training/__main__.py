"""``python -m whichcam.training``: train in one process, or in several by torchrun."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

from whichcam.datasets import Manifest
from whichcam.errors import ConfigError, InputError, WhichcamError
from whichcam.training._config import DEVICES, TrainingConfig
from whichcam.training._train import train
from whichcam.training._train_method import train_method

_OURS = "whichcam"


def main(arguments: list[str] | None = None) -> int:
    """Train as the arguments say and return the exit code.

    Parameters
    ----------
    arguments : list of str, optional
        By default those of the command.
    """
    given = _parser().parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO if given.verbose else logging.WARNING, stream=sys.stderr
    )
    try:
        manifest = Manifest.read(given.manifest)
        if given.split:
            manifest = manifest.where(split=given.split)
        said = _trained(given, manifest)
    except WhichcamError as error:
        sys.stderr.write(f"whichcam.training: {error}\n")
        return 3
    if int(os.environ.get("RANK", "0")) == 0:
        sys.stdout.write(f"{said}\n")
    return 0


def _trained(given: argparse.Namespace, manifest: Manifest) -> str:
    """Train what was asked for, and return what to say of it."""
    if given.method == _OURS:
        report = train(
            manifest,
            given.output,
            config=TrainingConfig.from_mapping(_settings(given)),
            resume=given.resume,
            command="python -m whichcam.training",
        )
        return f"{report.folder}: model {report.model_id}"
    fitted = train_method(
        manifest,
        given.output,
        given.method,
        settings=_settings(given),
        resume=given.resume,
    )
    speed = fitted.speed_
    return (
        f"{given.output}: method {given.method}, {speed['crops_per_s']:.0f} crops a "
        f"second, {100 * speed['waiting_share']:.1f} % of the time spent waiting for "
        "data"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m whichcam.training",
        description="Train a camera-model network, or a method that is a network over "
        "patches. On several GPUs: torchrun --nproc-per-node N -m whichcam.training "
        "...",
    )
    parser.add_argument("manifest", type=Path, help=".csv or .parquet with labels")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--method", default=_OURS, help="a name of the registry")
    parser.add_argument("--config", type=Path, help="settings, as TOML")
    parser.add_argument("--split", default="", help="use the rows of this split only")
    parser.add_argument("--device", choices=DEVICES, help="where to train")
    parser.add_argument("--resume", action="store_true", help="go on where it stopped")
    parser.add_argument("-v", "--verbose", action="store_true", help="log more")
    return parser


def _settings(given: argparse.Namespace) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if given.config is not None:
        try:
            values = tomllib.loads(given.config.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"{given.config}: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(str(given.config), f"is no TOML: {error}") from error
    if given.device is not None:
        values["device"] = given.device
    return values


if __name__ == "__main__":
    sys.exit(main())
