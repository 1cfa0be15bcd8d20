"""Settings of methods, from ``--set method.key=value`` and TOML files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from whichcam.errors import ConfigError

_DEEPEST: Final = 4

SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="A setting of a method, METHOD.NAME=VALUE (cooccurrence.max_learners=20, "
        "whichcam.settings.epochs=5); give the option once for each.",
        metavar="METHOD.NAME=VALUE",
        show_default=False,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        help="TOML file with a table of settings for each method; --set wins.",
        show_default=False,
    ),
]


QuickOption = Annotated[
    bool,
    typer.Option(
        "--quick",
        help="Begin from the slow methods' settings for a small training, far from "
        "the best they can do; the result holds the settings.",
    ),
]


def method_settings(
    given: Sequence[str] | None,
    config: Path | None,
    *,
    quick: Sequence[str] = (),
) -> dict[str, dict[str, Any]]:
    """Return the settings of each method; those in ``quick`` begin from small ones.

    Raises
    ------
    ConfigError
        If one is not written METHOD.NAME=VALUE, or the file is no TOML of tables.
    """
    from whichcam.cli._train import read_settings
    from whichcam.methods import QUICK_SETTINGS

    found: dict[str, dict[str, Any]] = {
        name: _as_json(QUICK_SETTINGS[name]) for name in quick if name in QUICK_SETTINGS
    }
    for method, values in (read_settings(config) if config else {}).items():
        if not isinstance(values, dict):
            raise ConfigError(
                method, "stands outside a table; write [method] before it"
            )
        found.setdefault(method, {}).update(values)
    for item in given or ():
        path, equals, text = item.partition("=")
        names = path.split(".")
        if not (equals and 2 <= len(names) <= _DEEPEST and all(names)):
            raise ConfigError("--set", f"is {item[:80]!r}; expected METHOD.NAME=VALUE")
        place: dict[str, Any] = found
        for name in names[:-1]:
            place = place.setdefault(name, {})
            if not isinstance(place, dict):
                raise ConfigError("--set", f"{path} goes through {name!r}, a value")
        place[names[-1]] = _value(text)
    return found


def _as_json(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in settings.items()}


def _value(text: str) -> Any:
    """Return JSON as what it says, all else as text."""
    try:
        return json.loads(text)
    except ValueError:
        return text
