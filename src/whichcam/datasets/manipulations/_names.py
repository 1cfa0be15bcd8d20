"""The names of manipulations, and how a name is read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from whichcam.errors import ConfigError, UnknownNameError

MAX_STEPS = 16
"""Longest chain accepted; chains are text, and text may come from anybody."""

# Kinds that take a number: least, greatest, and whether it must be whole.
_RANGES: Mapping[str, tuple[float, float, bool]] = MappingProxyType(
    {
        "jpeg": (1, 100, True),
        "resize": (0.05, 8.0, False),
        "resize_plain": (0.05, 8.0, False),
        "fit": (8, 65535, True),
        "gamma": (0.1, 10.0, False),
        "rotate": (90, 270, True),
    }
)
_CROPS = ("crop", "crop_grid")
_CROP_PX = (1, 65535)
_CROP_SHARE = (0.01, 1.0)
_FLIPS = ("horizontal", "vertical")

# Sizes and qualities of the kind seen in files saved from messengers and social
# networks. They are approximations: no service's encoder is reproduced, and the
# services change their settings without notice.
_PRESETS: Mapping[str, str] = MappingProxyType(
    {
        "messenger_1280": "fit_1280+jpeg_87",
        "messenger_1600": "fit_1600+jpeg_75",
        "messenger_2048": "fit_2048+jpeg_82",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manipulation:
    """One named change of a picture.

    Attributes
    ----------
    name : str
        The canonical name: ``parse_manipulation(name)`` gives this object back.
    kind : str
        ``"none"``, ``"jpeg"``, ``"resize"``, ``"resize_plain"``, ``"fit"``,
        ``"gamma"``, ``"crop"``, ``"crop_grid"``, ``"rotate"``, ``"flip"`` or
        ``"preset"``.
    parameter : int, float, str or None
        JPEG quality; resize factor; longest side in px; exponent; side of the
        crop in px (int) or as a share of each side (float); degrees
        counter-clockwise; axis of the flip; the chain a preset stands for.
    """

    name: str
    kind: str
    parameter: float | str | None = None

    def to_dict(self) -> dict[str, float | str | None]:
        """Return the three fields as JSON-ready values."""
        return {"name": self.name, "kind": self.kind, "parameter": self.parameter}


def _unknown(name: str) -> UnknownNameError:
    known = ", ".join(MANIPULATIONS)
    return UnknownNameError(
        f"unknown manipulation {name[:80]!r}; known: {known}; other parameters are "
        "written the same way, and steps are joined by '+'"
    )


def _number(kind: str, text: str) -> int | float:
    """Read the parameter of ``kind``, refusing what is out of range."""
    # A plain decimal and nothing else: no sign, exponent, nan, inf or underscore.
    if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text, re.ASCII) is None:
        raise _unknown(f"{kind}_{text}")
    if kind in _CROPS:
        whole = "." not in text
        least, greatest = _CROP_PX if whole else _CROP_SHARE
    else:
        least, greatest, whole = _RANGES[kind]
    value = float(text)
    allowed = f"got {text}, expected {least:g} to {greatest:g}"
    if not least <= value <= greatest:
        raise ConfigError(f"manipulation.{kind}", f"{allowed}; choose a value inside")
    if whole and not value.is_integer():
        raise ConfigError(f"manipulation.{kind}", f"{allowed}, a whole number")
    if kind == "rotate" and value % 90:
        raise ConfigError(
            "manipulation.rotate", f"got {text}, expected 90, 180 or 270 degrees"
        )
    return int(value) if whole else value


def parse_manipulation(name: str) -> Manipulation:
    """Read the name of one manipulation.

    Parameters
    ----------
    name : str
        A key of ``MANIPULATIONS``, or ``kind_parameter`` with another number.

    Returns
    -------
    Manipulation
        With the canonical name (``"resize_2"`` becomes ``"resize_2.0"``).

    Raises
    ------
    UnknownNameError
        If there is no such kind; the message lists the known names.
    ConfigError
        If the kind exists and its parameter is out of range.

    Examples
    --------
    >>> parse_manipulation("jpeg_83").parameter
    83
    >>> parse_manipulation("messenger_1600").parameter
    'fit_1600+jpeg_75'
    """
    if name == "none":
        return Manipulation(name=name, kind="none")
    if name in _PRESETS:
        return Manipulation(name=name, kind="preset", parameter=_PRESETS[name])
    kind, _, text = name.rpartition("_")
    if kind == "flip" and text in _FLIPS:
        return Manipulation(name=name, kind=kind, parameter=text)
    if kind not in _RANGES and kind not in _CROPS:
        raise _unknown(name)
    value = _number(kind, text)
    return Manipulation(name=f"{kind}_{value!r}", kind=kind, parameter=value)


def parse_chain(text: str) -> tuple[Manipulation, ...]:
    """Read a chain of manipulations joined by ``+``, applied left to right.

    Parameters
    ----------
    text : str
        For example ``"resize_0.8+jpeg_90"``; one name alone is a chain of one.
        Blanks around names are ignored.

    Returns
    -------
    tuple of Manipulation
        One for each step; presets are not expanded, so that the record keeps
        the name that was asked for.

    Raises
    ------
    UnknownNameError
        If a step is no manipulation, or the text is empty.
    ConfigError
        If a parameter is out of range or the chain has more than 16 steps.

    Examples
    --------
    >>> [step.kind for step in parse_chain("resize_0.8+jpeg_90")]
    ['resize', 'jpeg']
    """
    n_steps = text.count("+") + 1
    if n_steps > MAX_STEPS:
        raise ConfigError(
            "manipulation", f"got a chain of {n_steps} steps, expected <= {MAX_STEPS}"
        )
    return tuple(parse_manipulation(name.strip()) for name in text.split("+"))


SP_CUP: tuple[str, ...] = (
    "jpeg_70",
    "jpeg_90",
    "resize_0.5",
    "resize_0.8",
    "resize_1.5",
    "resize_2.0",
    "gamma_0.8",
    "gamma_1.2",
)
"""The eight manipulations of the IEEE Signal Processing Cup 2018."""

MANIPULATIONS: Mapping[str, Manipulation] = MappingProxyType(
    {
        name: parse_manipulation(name)
        for name in (
            "none",
            *SP_CUP,
            "resize_plain_0.5",
            "resize_plain_0.8",
            "resize_plain_1.5",
            "resize_plain_2.0",
            "crop_512",
            "crop_grid_512",
            "crop_0.5",
            "crop_0.9",
            "rotate_90",
            "rotate_180",
            "rotate_270",
            "flip_horizontal",
            "flip_vertical",
            *_PRESETS,
        )
    }
)
"""Name to manipulation, in the order of tables; ``"none"`` first."""
