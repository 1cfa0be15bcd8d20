"""``whichcam train``: teach a classifier your cameras."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Final

import typer

from whichcam.cli._figures import figures_folder
from whichcam.cli._text import say
from whichcam.errors import ConfigError, MissingDependencyError

_OURS: Final = "whichcam"


class Device(StrEnum):
    """Where the network is trained."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


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
        str,
        typer.Option(help="What kind of classifier: a name of the page on methods."),
    ] = _OURS,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A setting of the method, as name=value, several values with commas "
            "between; give the option once for each.",
            metavar="NAME=VALUE",
            show_default=False,
        ),
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            help="Where ImageNet weights come from: a file, hub, package or none "
            "(random).",
            show_default=False,
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="Begin from the method's settings for a small training."
        ),
    ] = False,
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
    figures: Annotated[
        Path | None,
        typer.Option(
            help="New or empty folder for a picture of how the training of a network "
            "went (needs the extra `report`).",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train a camera-model classifier on the pictures of a MANIFEST.

    A validation set is cut from them by device and session, to calibrate the answers.
    Networks need the extra: pip install "whichcam[train]".
    """
    settings = read_settings(config) if config else {}
    options = {
        "epochs": epochs,
        "seed": seed,
        "device": device and device.value,
        "workers": workers,
        "weights": weights,
    }
    options = {name: value for name, value in options.items() if value is not None}
    if method == _OURS:
        if figures is not None:
            raise typer.BadParameter(
                f"{_OURS} keeps no learning curve; leave it out", param_hint="--figures"
            )
        if quick:
            raise typer.BadParameter(
                f"{_OURS} has no small training; try --epochs", param_hint="--quick"
            )
        _train_ours(
            manifest, output, split, settings | options, setting or [], resume=resume
        )
        return
    if resume:
        raise typer.BadParameter(
            f"of {_OURS} only; networks over patches keep what they have done in a "
            "folder, and go on from there by themselves: --set cache=FOLDER",
            param_hint="--resume",
        )
    folder = figures_folder(figures)
    fitted = _train_other(
        manifest, output, split, method, settings, options, setting or [], quick=quick
    )
    if folder is not None:
        from whichcam.reporting import learning_curve_figure

        history = getattr(fitted, "history_", ())
        if not history:
            say(f"{method} is not trained epoch by epoch: there is no curve to draw")
            return
        learning_curve_figure(history, folder / "learning_curve.png")
        say(f"wrote {folder / 'learning_curve.png'}")


def _train_ours(
    manifest: Path,
    output: Path,
    split: str,
    settings: dict[str, Any],
    assigned: Sequence[str],
    *,
    resume: bool,
) -> None:
    from whichcam.cli._console import stages
    from whichcam.cli._inputs import read_manifest
    from whichcam.cli._settings import parse_settings

    training = _training()
    if assigned:
        defaults = training.TrainingConfig().to_dict()
        settings |= parse_settings(assigned, defaults)
    chosen = training.TrainingConfig.from_mapping(settings)
    pictures = read_manifest(manifest, split=split)
    with stages() as report:
        result = training.train(
            pictures, output, config=chosen, resume=resume, progress=report
        )
    print_report(result.to_dict(), _OURS)
    say(f"wrote the model {output}; try: whichcam identify PHOTO --model {output}")


def _train_other(
    manifest: Path,
    output: Path,
    split: str,
    method: str,
    settings: Mapping[str, Any],
    options: Mapping[str, Any],
    assigned: Sequence[str],
    *,
    quick: bool,
) -> Any:
    """Fit a method of the registry, save it and return it."""
    from whichcam.cli._console import stages
    from whichcam.cli._inputs import read_manifest
    from whichcam.cli._settings import known_setting, parse_settings
    from whichcam.methods import QUICK_SETTINGS, build_method

    defaults = build_method(method).get_params()
    chosen = dict(QUICK_SETTINGS.get(method, {})) if quick else {}
    for name, value in {**settings, **options}.items():
        known_setting(name, defaults)
        several = isinstance(defaults[name], tuple)
        as_tuple = tuple(value) if isinstance(value, list) else (value,)
        chosen[name] = as_tuple if several else value
    chosen |= parse_settings(assigned, defaults)
    if output.exists() and (output.is_file() or any(output.iterdir())):
        # said now rather than after an hour's work
        raise typer.BadParameter(
            f"{output} is not an empty folder; name a new one", param_hint="--output"
        )
    classifier = build_method(method, **chosen)
    pictures = read_manifest(manifest, split=split)
    with stages() as report:
        classifier.fit(pictures, progress=report)
    classifier.save(output)
    print_report(_told(classifier, len(pictures)), method)
    say(f"wrote the model {output}; try: whichcam predict DIR --model {output}")
    return classifier


def _told(classifier: Any, n_photos: int) -> dict[str, Any]:
    """Return what a fitted classifier has to tell, whatever its kind."""
    skipped = getattr(classifier, "skipped_", ())
    history = getattr(classifier, "history_", ())
    speed = getattr(classifier, "speed_", {})
    told = {
        "photos": n_photos - len(skipped),
        "photos that could not be used": len(skipped),
        "camera models": len(classifier.classes_),
        "began with": getattr(classifier, "origin_", None),
        "temperature": getattr(classifier, "temperature_", None),
        "last epoch": history[-1] if history else None,
        "crops a second": speed.get("crops_per_s"),
        "share of time waiting for data": speed.get("waiting_share"),
    }
    return {name: value for name, value in told.items() if value is not None}


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
