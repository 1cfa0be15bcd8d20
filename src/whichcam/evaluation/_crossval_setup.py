"""What a cross-validation is set up with: methods, makes, versions, processors."""

from __future__ import annotations

import inspect
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from whichcam._registry import load
from whichcam.datasets import Manifest
from whichcam.errors import ConfigError, InputError
from whichcam.evaluation import _environment
from whichcam.evaluation._crossval_traces import MethodSpec
from whichcam.evaluation._plan import make_of
from whichcam.methods import METHODS


def deciding_versions() -> dict[str, str]:
    """Return the versions of what decides scores, the classifiers' library too."""
    found = _environment.versions()
    for name in ("scikit-learn", "numba", "torch"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def n_processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def method_specs(
    names: Sequence[str], settings: Mapping[str, Mapping[str, Any]], seed: int
) -> tuple[MethodSpec, ...]:
    """Return the methods, each with the seed if it takes one.

    Raises
    ------
    InputError
        If no method is named, or one twice.
    UnknownNameError
        If one is not registered.
    ConfigError
        If settings do not fit.
    """
    if not names:
        raise InputError(f"no method is named; known: {', '.join(sorted(METHODS))}")
    if len(set(names)) < len(names):
        raise InputError(f"methods are {list(names)}; expected each once")
    for name in settings:
        if name not in names:
            raise ConfigError(name, "has settings but is not among the methods")
    found = []
    for name in names:
        kind = load(METHODS, name, what="method")
        chosen = {
            # JSON and TOML have lists only, where constructors take tuples
            key: tuple(value) if isinstance(value, list) else value
            for key, value in settings.get(name, {}).items()
        }
        if "seed" in inspect.signature(kind).parameters:
            chosen.setdefault("seed", seed)
        try:
            built = kind(**chosen)
        except TypeError as error:
            raise ConfigError(name, f"cannot be built: {error}") from error
        key = getattr(built, "trace_key", "")
        found.append(
            MethodSpec(name=name, where=METHODS[name], settings=chosen, trace_key=key)
        )
    return tuple(found)


def keeping_in(specs: Sequence[MethodSpec], folder: Path) -> tuple[MethodSpec, ...]:
    """Give methods that keep what they take from photos a folder to keep it in."""
    found = []
    for spec in specs:
        kind = load({spec.name: spec.where}, spec.name, what="method")
        keeps = "cache" in inspect.signature(kind).parameters
        own = keeps and "cache" not in spec.settings
        found.append(replace(spec, cache=str(folder / spec.name)) if own else spec)
    return tuple(found)


def described(spec: MethodSpec) -> dict[str, Any]:
    """Return what decides a method's answers besides its code."""
    return {"settings": dict(spec.settings), "trace_key": spec.trace_key}


def makes_of(manifest: Manifest, classes: Sequence[str]) -> tuple[str, ...]:
    """Return the make of each class: the one most of its rows name."""
    given: dict[str, Counter[str]] = {name: Counter() for name in classes}
    blank = [""] * len(manifest)
    column = manifest.column("make").tolist() if "make" in manifest else blank
    for name, make in zip(manifest.camera_model.tolist(), column, strict=True):
        if name.strip():
            given[name][make] += 1
    makes = []
    for name in classes:
        make = make_of(given[name].most_common(1)[0][0], name)
        # A name that says no make stands for itself, and not for all such names.
        makes.append(make or name)
    return tuple(makes)
