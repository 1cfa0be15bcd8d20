"""What the arguments of the methods with networks may be."""

from __future__ import annotations

import math
from typing import Any

from whichcam.datasets.manipulations import parse_chain
from whichcam.errors import ConfigError, InputError

_COUNTS = (
    *("patch_px", "n_patches", "patches_per_photo", "region_px", "smallest_px"),
    *("epochs", "batch_size", "accumulation", "patience"),
)
_LARGEST_PX = 4096  # of a patch or region: a stored folder names them too
_TURNS = (0, 90, 180, 270)


def check_settings(classifier: Any) -> None:
    """Refuse arguments of a constructor that are out of range.

    Raises
    ------
    ConfigError
        With the name of the first that is.
    """
    for name in _COUNTS:
        value = getattr(classifier, name)
        if type(value) is not int or value < 1:
            raise ConfigError(name, f"is {value!r}; expected a whole number from 1 on")
    workers = classifier.workers
    if type(workers) is not int or workers < 0:
        raise ConfigError("workers", f"is {workers!r}; expected 0 or more")
    if not isinstance(classifier.cache, str):
        raise ConfigError("cache", f"is {classifier.cache!r}; expected a folder's name")
    for name in ("patch_px", "region_px"):
        if getattr(classifier, name) > _LARGEST_PX:
            raise ConfigError(
                name, f"is {getattr(classifier, name)}; expected at most {_LARGEST_PX}"
            )
    if classifier.patch_px < 32:
        raise ConfigError("patch_px", f"is {classifier.patch_px}; expected at least 32")
    if type(classifier.seed) is not int or classifier.seed < 0:
        raise ConfigError("seed", f"is {classifier.seed!r}; expected 0 or more")
    several = hasattr(classifier, "learning_rates")
    rates = classifier.learning_rates if several else (classifier.learning_rate,)
    if not rates or not all(0 < rate < math.inf for rate in rates):
        name = "learning_rates" if several else "learning_rate"
        raise ConfigError(name, f"is {rates!r}; expected positive numbers")
    share = classifier.validation_share
    if not 0 < share <= 0.5:
        raise ConfigError("validation_share", f"is {share!r}; expected (0, 0.5]")
    changed = classifier.manipulated_share
    if not 0 <= changed <= 1:
        raise ConfigError("manipulated_share", f"is {changed!r}; expected [0, 1]")
    if classifier.device not in ("auto", "cpu", "cuda"):
        raise ConfigError(
            "device", f"is {classifier.device!r}; expected auto, cpu or cuda"
        )
    if not classifier.turns or not {*classifier.turns} <= {*_TURNS}:
        raise ConfigError(
            "turns", f"are {classifier.turns!r}; expected some of {_TURNS}"
        )
    for position, chain in enumerate(classifier.manipulations):
        try:
            parse_chain(chain)
        except InputError as error:
            raise ConfigError(f"manipulations[{position}]", str(error)) from error
