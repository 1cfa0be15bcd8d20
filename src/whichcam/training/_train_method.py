"""Train a network over patches in one process or several, to a folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from whichcam._registry import load
from whichcam._typing import PathLike
from whichcam.datasets import Manifest
from whichcam.errors import ConfigError, InputError
from whichcam.methods import METHODS, build_method
from whichcam.methods._network import NetworkClassifier
from whichcam.training import _distributed

Progress = Callable[[str, int, int], None]

_HEADER = "method.json"  # written last: where it stands, all else does


def train_method(
    manifest: Manifest,
    output: PathLike,
    method: str,
    *,
    settings: Mapping[str, Any] | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> NetworkClassifier:
    """Train a method that is a network over patches, as torchrun starts it or alone.

    Parameters
    ----------
    manifest : Manifest
        Labelled photos.
    output : path
        Folder to save the method to. While it is trained, ``work`` in it holds decoded
        regions and the state of every epoch, unless the setting ``cache`` names a
        folder for them. All processes must reach it.
    method : str
        Name of a method whose arguments have a ``cache``: ``constrained``,
        ``finetune``, ``remnant`` or ``scratch``.
    settings : mapping, optional
        Arguments of the method; lists stand for tuples.
    resume : bool, default False
        Go on with what a killed run left in ``output/work``, with any number of
        processes; at most one epoch and the shard of regions in hand are done again.
    progress : callable, optional
        Called in the first process as ``progress(stage, done, total)``.

    Returns
    -------
    object
        The fitted classifier, in every process; the first one has saved it.

    Raises
    ------
    UnknownNameError
        If no method has this name.
    ConfigError
        If a setting is unknown or out of range.
    InputError
        If the method is no network over patches, ``output`` holds a model already, or a
        run to resume and ``resume`` is off.
    DatasetError, ArtifactError
        As the method's ``fit``.
    """
    folder = Path(output)
    work = folder / "work"
    given = _arguments(method, settings or {})
    classifier = build_method(method, **{"cache": str(work)} | given)
    assert isinstance(classifier, NetworkClassifier)
    with _distributed.process_group(_distributed.choose_device(classifier.device)):
        is_first = _distributed.rank() == 0
        if is_first:
            _prepare(folder, work, resume=resume)
            classifier.pack(manifest, progress)
        _distributed.wait()  # the others find in the cache what the first has decoded
        classifier.fit(manifest, progress if is_first else None)
        _distributed.wait()  # one may be reading regions still
        if is_first:
            _hand_over(classifier, folder, work)
    return classifier


def _arguments(method: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a method, refusing methods and names that do not fit."""
    built = build_method(method)
    if not isinstance(built, NetworkClassifier):
        kinds = {name: load(METHODS, name, what="method") for name in METHODS}
        patches = [
            k for k, kind in kinds.items() if issubclass(kind, NetworkClassifier)
        ]
        raise InputError(
            f"{method} is no network over patches; those are {', '.join(patches)}. "
            "Train the others by: whichcam train --method"
        )
    defaults = built.get_params()
    given = {}
    for name, value in settings.items():
        if name not in defaults:
            raise ConfigError(name, f"unknown setting; known: {sorted(defaults)}")
        kind = type(defaults[name])
        fitted = tuple(value) if isinstance(value, list) else value
        if kind is float and type(value) is int:
            fitted = float(value)
        if type(fitted) is not kind:
            raise ConfigError(
                name, f"is {value!r}; expected a value like {kind.__name__}"
            )
        given[name] = fitted
    return given


def _prepare(folder: Path, work: Path, *, resume: bool) -> None:
    if (folder / _HEADER).exists():
        raise InputError(
            f"{folder} holds a model already; give another folder, or remove it"
        )
    if work.exists() and not resume:
        raise InputError(
            f"{work} holds an unfinished run; go on with it by --resume, or remove it"
        )
    work.mkdir(parents=True, exist_ok=True)


def _hand_over(classifier: NetworkClassifier, folder: Path, work: Path) -> None:
    """Save beside the place, move what is whole, and clear up."""
    made = work / "model"
    shutil.rmtree(made, ignore_errors=True)
    classifier.save(made)
    for path in sorted(made.iterdir(), key=lambda path: path.name == _HEADER):
        path.replace(folder / path.name)
    shutil.rmtree(work)
