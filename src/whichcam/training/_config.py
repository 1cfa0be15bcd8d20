"""Settings of a training run."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from whichcam.datasets.manipulations import SP_CUP, parse_chain
from whichcam.errors import ConfigError, InputError

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingConfig:
    """Settings of a training run; the defaults made the bundled model.

    Parameters
    ----------
    epochs : int
        Passes over half of the untouched views.
    batch_size : int
        Crops a step, of all processes together.
    accumulation : int
        Parts that each process looks at its share of a batch in, one after the other,
        where memory is short. Gradients are added up; batch normalisation sees each
        part alone.
    learning_rate, weight_decay : float
        Peak of the one-cycle schedule of AdamW, and its weight decay.
    hidden : int
        Width of each expert's hidden layer.
    input_dropout, hidden_dropout : float
        Shares dropped, in [0, 1).
    label_smoothing : float
        In [0, 1).
    mixup : float
        Largest share of a second picture mixed into a first, in [0, 1].
    noise : float
        Standard deviation of noise added to standardised traces.
    untouched_share : float
        Share of untouched crops in the robust expert's batches; the other expert sees
        no others.
    manipulations : tuple of str
        Views for the robust expert, one each a photo.
    components : int
        Principal components of the co-occurrences that the network looks at.
    n_reduced : int
        Views of each photo as the camera might have stored it smaller, for the
        experts on co-occurrences and the discriminants; 0 for none.
    reduced_share : float
        Share of such views in the batches of the experts on co-occurrences.
    discriminant_components : int
        Principal components that discriminants work in.
    discriminant_sessions, discriminant_variants : float
        Weights of the covariances of session means and of changes by smaller sizes and
        manipulations, beside the covariance within sessions.
    discriminant_shrinkage : float
        Of the covariance towards a multiple of the identity, in [0, 1].
    discriminant_temperature : float
        Divides a discriminant's logits before they join those of the experts.
    crop_size_px, n_crops, smallest_px : int
        Crop policy, stored in the model: side of a crop, crops a photo, smallest side
        of a photo.
    folds : int
        Of the cross-validation that calibrates; at least 2.
    error_rate : float
        Promised for every level of answer, in (0, 1).
    family_threshold : float
        Share of confusions at which models of one make become a family, in (0, 1).
    seed : int
        Of everything random.
    device : {"auto", "cpu", "cuda"}
        Where to train; "auto" takes a GPU where there is one.
    workers : int
        Processes that take traces.
    """

    epochs: int = 30
    batch_size: int = 256
    accumulation: int = 1
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    hidden: int = 256
    input_dropout: float = 0.3
    hidden_dropout: float = 0.3
    label_smoothing: float = 0.05
    mixup: float = 0.5
    noise: float = 0.1
    untouched_share: float = 0.5
    manipulations: tuple[str, ...] = (
        *SP_CUP,
        "messenger_1600",
        "resize_0.8+jpeg_85",
        "resize_plain_0.5",
        "crop_0.9",
    )
    components: int = 300
    n_reduced: int = 4
    reduced_share: float = 0.25
    discriminant_components: int = 300
    discriminant_sessions: float = 4.0
    discriminant_variants: float = 0.5
    discriminant_shrinkage: float = 0.1
    discriminant_temperature: float = 3.0
    crop_size_px: int = 256
    n_crops: int = 4
    smallest_px: int = 128
    folds: int = 5
    error_rate: float = 0.1
    family_threshold: float = 0.15
    seed: int = 0
    device: str = "auto"
    workers: int = 1

    def __post_init__(self) -> None:
        for name in (
            *("epochs", "batch_size", "accumulation", "hidden", "n_crops", "workers"),
            *("components", "discriminant_components"),
        ):
            if getattr(self, name) < 1:
                raise ConfigError(
                    name, f"is {getattr(self, name)}; expected at least 1"
                )
        for name in ("input_dropout", "hidden_dropout", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(name, f"is {getattr(self, name)}; expected [0, 1)")
        for name in (
            *("mixup", "untouched_share", "reduced_share"),
            "discriminant_shrinkage",
        ):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(name, f"is {getattr(self, name)}; expected [0, 1]")
        for name in ("error_rate", "family_threshold"):
            if not 0 < getattr(self, name) < 1:
                raise ConfigError(name, f"is {getattr(self, name)}; expected (0, 1)")
        for name in ("learning_rate", "discriminant_temperature"):
            if not 0 < getattr(self, name) < math.inf:
                raise ConfigError(
                    name, f"is {getattr(self, name)}; expected a positive number"
                )
        for name in (
            *("noise", "weight_decay", "n_reduced"),
            *("discriminant_sessions", "discriminant_variants"),
        ):
            if not 0 <= getattr(self, name) < math.inf:
                raise ConfigError(name, f"is {getattr(self, name)}; expected >= 0")
        if self.folds < 2:
            raise ConfigError("folds", f"is {self.folds}; expected at least 2")
        if self.device not in DEVICES:
            raise ConfigError(
                "device", f"is {self.device!r}; expected one of {DEVICES}"
            )
        if not 64 <= self.smallest_px <= self.crop_size_px <= 1024:
            raise ConfigError(
                "crop_size_px",
                f"is {self.crop_size_px} and smallest_px {self.smallest_px}; expected "
                "64 <= smallest_px <= crop_size_px <= 1024",
            )
        if self.crop_size_px % 8:
            raise ConfigError("crop_size_px", "must be a multiple of 8")
        for position, chain in enumerate(self.manipulations):
            if not isinstance(chain, str):
                raise ConfigError(
                    f"manipulations[{position}]", f"is {chain!r}; expected a name"
                )
            try:
                parse_chain(chain)
            except InputError as error:
                raise ConfigError(f"manipulations[{position}]", str(error)) from error

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {**asdict(self), "manipulations": list(self.manipulations)}

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """Read settings, refusing names and types that are not ours.

        Parameters
        ----------
        values : mapping
            Names of this class's parameters to values.

        Raises
        ------
        ConfigError
            With the name of the setting that is unknown or of the wrong kind.
        """
        defaults = cls()
        known = {f.name for f in fields(cls)}
        given: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                raise ConfigError(name, f"unknown setting; known: {sorted(known)}")
            expected = type(getattr(defaults, name))
            fitted = value
            if expected is float and type(value) is int:
                fitted = float(value)
            elif expected is tuple and isinstance(value, list):
                fitted = tuple(value)
            if type(fitted) is not expected:
                raise ConfigError(
                    name, f"is {value!r}; expected a value like {expected.__name__}"
                )
            given[name] = fitted
        return cls(**given)
