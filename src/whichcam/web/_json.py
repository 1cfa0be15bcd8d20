"""Results made fit to be sent: numbers that JSON has, and the senders' names."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any


def finite(result: dict[str, Any]) -> dict[str, Any]:
    """Give what JSON has no number for, infinities and NaN, as null."""
    return {key: _finite(value) for key, value in result.items()}


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


def renamed(value: Any, names: dict[str, str]) -> Any:
    """Put the senders' names in the place of those that files have here."""
    if isinstance(value, str):
        for path, name in names.items():
            value = value.replace(path, name).replace(Path(path).name, name)
        return value
    if isinstance(value, dict):
        return {key: renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [renamed(inner, names) for inner in value]
    return value
