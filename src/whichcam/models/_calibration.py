"""From raw outputs to probabilities that mean what they say, and to an answer.

Three regimes are calibrated apart: ``frame``, where the file's own tables and the size
of the whole picture are believed; ``file``, where the tables are and the size is not
known; and ``pixels``, where only pixels speak.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from whichcam.errors import IncompatibleArtifactError
from whichcam.models.storage import field
from whichcam.scoring import Family, SelectiveThreshold

Regime: TypeAlias = Literal["frame", "file", "pixels"]
Level: TypeAlias = Literal["model", "family", "make", "unknown"]
LEVELS: Final = ("model", "family", "make")

Float64Array: TypeAlias = npt.NDArray[np.float64]


def log_softmax(values: Float64Array) -> Float64Array:
    """Return ``values`` minus the logarithm of the sum of their exponentials."""
    shifted = values - values.max(axis=-1, keepdims=True)
    total = np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return np.asarray(shifted - total, dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSetScore:
    """A logistic rule on a few signs that the camera is none of the known.

    Parameters
    ----------
    mean, scale, weight : tuple of float
        Of each sign; a sign enters as ``weight * (sign - mean) / scale``.
    bias : float
        Added to the sum; the sigmoid of the result is the probability that the
        camera is known, as likely as not beforehand.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weight: tuple[float, ...]
    bias: float

    def score(self, signs: npt.ArrayLike) -> Float64Array:
        """Return the log odds that the camera is known.

        Parameters
        ----------
        signs : array_like of shape (..., n_signs)
            In the order they were fitted in.
        """
        values = np.asarray(signs, dtype=np.float64)
        scaled = (values - np.array(self.mean)) / np.array(self.scale)
        return np.asarray(scaled @ np.array(self.weight) + self.bias)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read the fields as JSON stores them."""
        try:
            vectors = {
                name: tuple(float(v) for v in field(data, name, list))
                for name in ("mean", "scale", "weight")
            }
        except (TypeError, ValueError) as error:
            raise IncompatibleArtifactError(
                f"the stored open-set rule holds no numbers: {error}"
            ) from error
        if len({len(v) for v in vectors.values()}) != 1:
            raise IncompatibleArtifactError("the stored open-set rule is ragged")
        return cls(bias=float(field(data, "bias", (int, float))), **vectors)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeCalibration:
    """Calibration of one regime.

    Parameters
    ----------
    pixel_weight, table_weight, frame_weight : float
        Factors of the network's mean log probability and of the log likelihoods of
        the tables and of the frame's size before they are added; the first is an
        inverse temperature.
    open_set : OpenSetScore
        Known or unknown.
    known_threshold : float
        Log odds of `OpenSetScore` below which the answer is "unknown camera".
    thresholds : Mapping of str to SelectiveThreshold
        By level, for model, family and make.
    """

    pixel_weight: float
    table_weight: float
    open_set: OpenSetScore
    known_threshold: float
    thresholds: Mapping[str, SelectiveThreshold]
    frame_weight: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "pixel_weight": self.pixel_weight,
            "table_weight": self.table_weight,
            "frame_weight": self.frame_weight,
            "open_set": asdict(self.open_set),
            "known_threshold": self.known_threshold,
            "thresholds": {k: v.to_dict() for k, v in self.thresholds.items()},
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        data = {"frame_weight": 0.0, **data}  # absent before sizes were looked at
        stored = field(data, "thresholds", dict)
        missing = set(LEVELS) - set(stored)
        if missing:
            raise IncompatibleArtifactError(
                f"the stored calibration lacks thresholds of {sorted(missing)}"
            )
        number = (int, float)
        return cls(
            pixel_weight=float(field(data, "pixel_weight", number)),
            table_weight=float(field(data, "table_weight", number)),
            frame_weight=float(field(data, "frame_weight", number)),
            open_set=OpenSetScore.from_dict(field(data, "open_set", dict)),
            known_threshold=float(field(data, "known_threshold", number)),
            thresholds={
                k: SelectiveThreshold.from_dict(field(stored, k, dict)) for k in LEVELS
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The contents of ``calibration.json``.

    Parameters
    ----------
    regimes : Mapping of {"frame", "file", "pixels"} to RegimeCalibration
        See the module's first lines. Without "frame" the size of a picture is not
        looked at: the training pictures did not tell theirs.
    families : tuple of Family
        A partition of the classes into models that validation confuses.
    protocol : Mapping
        How the calibration data were held out, how many there were, what was found.
    """

    regimes: Mapping[str, RegimeCalibration]
    families: tuple[Family, ...]
    protocol: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "regimes": {k: v.to_dict() for k, v in self.regimes.items()},
            "families": [family.to_dict() for family in self.families],
            "protocol": dict(self.protocol),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Raises
        ------
        IncompatibleArtifactError
            If a field is missing or of the wrong kind.
        """
        regimes = field(data, "regimes", dict)
        return cls(
            regimes={
                name: RegimeCalibration.from_dict(field(regimes, name, dict))
                for name in _regimes_in(regimes)
            },
            families=tuple(
                Family.from_dict(entry) for entry in field(data, "families", list)
            ),
            protocol=field(data, "protocol", dict),
        )


def _regimes_in(stored: Mapping[str, Any]) -> tuple[Regime, ...]:
    return ("frame", "file", "pixels") if "frame" in stored else ("file", "pixels")
