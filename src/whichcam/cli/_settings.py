"""``--set name=value``: settings of a method, read by the type of their default."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from whichcam.errors import ConfigError

_BOOLEANS: Final = {"true": True, "false": False}


def parse_settings(given: Iterable[str], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of texts like ``epochs=5`` or ``turns=0,180``.

    Parameters
    ----------
    given : iterable of str
        Texts; the last of a name counts.
    defaults : mapping of str to object
        The settings there are. A value is read as what its default is: a number,
        ``true`` or ``false``, text, or several of these with commas between.

    Raises
    ------
    ConfigError
        With the name of the setting that is unknown or cannot be read.
    """
    found = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator:
            raise ConfigError("--set", f"got {text!r}; expected name=value")
        known_setting(name, defaults)
        found[name] = _read(name, value, defaults[name])
    return found


def known_setting(name: str, defaults: Mapping[str, Any]) -> None:
    """Refuse a setting that a method does not have.

    Raises
    ------
    ConfigError
        With the names of those it has.
    """
    if name not in defaults:
        raise ConfigError(
            name, f"this method has no such setting; it has {', '.join(defaults)}"
        )


def _read(name: str, text: str, default: Any) -> Any:
    if isinstance(default, (tuple, list)):
        kind = default[0] if default else ""
        return tuple(_read(name, part, kind) for part in text.split(",") if part)
    if isinstance(default, bool):
        if text.lower() not in _BOOLEANS:
            raise ConfigError(name, f"got {text!r}; expected true or false")
        return _BOOLEANS[text.lower()]
    if isinstance(default, (int, float)):
        try:
            return type(default)(text)
        except ValueError as error:
            kind = type(default).__name__
            raise ConfigError(name, f"got {text!r}; expected {kind}") from error
    return text
