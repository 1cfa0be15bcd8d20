"""What the fusion was fitted to, read from a JSON file and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, PathLike
from whichcam.errors import IncompatibleArtifactError, InputError
from whichcam.localize._area_traces import AREA_TRACES_VERSION, N_FEATURES
from whichcam.localize._consistency import Projection
from whichcam.localize._maps import FEATURES
from whichcam.models.storage import field, read_json
from whichcam.scoring import LikelihoodRatioMap

SCHEMA: Final = "whichcam.localization/1"

Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """A small network of fully connected layers, from cell features to log odds.

    Parameters
    ----------
    mean, scale : ndarray of shape (n,), float64
        Features are centred and divided by these first.
    layers : tuple of (weights, bias)
        Of shapes (n_in, n_out) and (n_out,); max(x, 0) follows all but the last.
    """

    mean: Float64Array
    scale: Float64Array
    layers: tuple[tuple[Float64Array, Float64Array], ...]

    def log_odds(self, features: FloatArray) -> FloatArray:
        """Return the log odds of each cell; features are (n, H, W), odds (H, W)."""
        shape = features.shape[1:]
        flat = features.reshape(len(features), -1)
        odds = np.empty(flat.shape[1], dtype=np.float32)
        for first in range(0, flat.shape[1], 65536):  # bounds memory
            x = (flat[:, first : first + 65536].T - self.mean) / self.scale
            for weights, bias in self.layers[:-1]:
                x = np.maximum(x @ weights + bias, 0)
            weights, bias = self.layers[-1]
            odds[first : first + 65536] = (x @ weights + bias)[:, 0]
        return odds.reshape(shape)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {
            "mean": _plain(self.mean),
            "scale": _plain(self.scale),
            "layers": [
                {"weights": _plain(weights), "bias": _plain(bias)}
                for weights, bias in self.layers
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalizationParameters:
    """Everything fitted that the localizers use, with where it comes from.

    Parameters
    ----------
    projection : Projection
        Of area traces, for camera consistency.
    network : Network
        Of the fusion.
    threshold : float
        Of the fusion's heat map.
    score_threshold : float
        Of its score of a picture.
    false_alarm_rate : float
        Share of untouched pictures whose score reached it when it was set.
    likelihood_ratio : LikelihoodRatioMap or None
        From the score to a log10 likelihood ratio.
    provenance : mapping
        Command, manifest, seed, versions and figures of the fit.
    """

    projection: Projection
    network: Network
    threshold: float
    score_threshold: float
    false_alarm_rate: float
    likelihood_ratio: LikelihoodRatioMap | None
    provenance: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; `from_dict` reads them back."""
        ratio = self.likelihood_ratio
        return {
            "schema": SCHEMA,
            "features": list(FEATURES),
            "area_traces_version": AREA_TRACES_VERSION,
            "projection": {
                "matrix": _plain(self.projection.matrix),
                "between": _plain(self.projection.between),
            },
            "network": self.network.to_dict(),
            "threshold": self.threshold,
            "score_threshold": self.score_threshold,
            "false_alarm_rate": self.false_alarm_rate,
            "likelihood_ratio": None if ratio is None else ratio.to_dict(),
            "provenance": dict(self.provenance),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Check and build what `to_dict` returned.

        Raises
        ------
        IncompatibleArtifactError
            If a field is missing, of another kind, shape or version.
        """
        expected = (SCHEMA, list(FEATURES), AREA_TRACES_VERSION)
        names = ("schema", "features", "area_traces_version")
        for name, value in zip(names, expected, strict=True):
            if data.get(name) != value:
                raise IncompatibleArtifactError(
                    f"the parameters' field {name!r} is {str(data.get(name))[:80]!r}; "
                    f"this version of whichcam needs {str(value)[:80]!r}: fit them "
                    "again with `whichcam fit-localizer`"
                )
        ratio = data.get("likelihood_ratio")
        try:
            read = None if ratio is None else LikelihoodRatioMap.from_dict(ratio)
        except InputError as error:
            raise IncompatibleArtifactError(f"likelihood_ratio: {error}") from error
        return cls(
            projection=_projection(field(data, "projection", dict)),
            network=_network(field(data, "network", dict)),
            threshold=float(field(data, "threshold", (int, float))),
            score_threshold=float(field(data, "score_threshold", (int, float))),
            false_alarm_rate=float(field(data, "false_alarm_rate", (int, float))),
            likelihood_ratio=read,
            provenance=field(data, "provenance", dict),
        )

    @classmethod
    def load(cls, path: PathLike) -> Self:
        """Read a file that ``whichcam fit-localizer`` wrote.

        Raises
        ------
        ArtifactNotFoundError
            If there is no such file.
        IncompatibleArtifactError
            If it cannot be read or was written for another version.
        """
        return cls.from_dict(read_json(Path(path)))


@cache
def bundled_parameters() -> LocalizationParameters:
    """Return the parameters that come with the package, read once a process."""
    place = Path(str(files("whichcam.localize") / "bundled" / "localization.json"))
    return LocalizationParameters.load(place)


def as_parameters(
    given: LocalizationParameters | PathLike | None,
) -> LocalizationParameters:
    """Return parameters as they are, or those of a file, or the bundled ones."""
    if given is None:
        return bundled_parameters()
    if isinstance(given, LocalizationParameters):
        return given
    return LocalizationParameters.load(given)


def _projection(data: Mapping[str, Any]) -> Projection:
    matrix = _array(data, "matrix", 2)
    between = _array(data, "between", 1)
    if matrix.shape != (N_FEATURES, len(between)) or (between < 0).any():
        raise IncompatibleArtifactError(
            f"the projection has shape {matrix.shape}; expected {N_FEATURES} rows and "
            f"one column for each of {len(between)} variances, none negative"
        )
    return Projection(matrix=matrix, between=between)


def _network(data: Mapping[str, Any]) -> Network:
    mean, scale = _array(data, "mean", 1), _array(data, "scale", 1)
    layers = tuple(
        (_array(layer, "weights", 2), _array(layer, "bias", 1))
        for layer in field(data, "layers", list)
    )
    widths = [len(FEATURES), *(len(bias) for _, bias in layers)]
    shapes = [weights.shape for weights, _ in layers]
    wanted = list(pairwise(widths))
    fits = len(mean) == len(scale) == widths[0] and shapes == wanted
    if not layers or not fits or widths[-1] != 1 or not (scale > 0).all():
        raise IncompatibleArtifactError(
            f"the network's layers have shapes {shapes}; expected {wanted}, from "
            f"{len(FEATURES)} features to one number"
        )
    return Network(mean=mean, scale=scale, layers=layers)


def _array(data: Mapping[str, Any], name: str, n_axes: int) -> Float64Array:
    """Return a stored array of so many axes, all of it finite numbers."""
    try:
        values = np.array(field(data, name, list), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise IncompatibleArtifactError(f"{name!r} is no array of numbers") from error
    if values.ndim != n_axes or not np.isfinite(values).all():
        raise IncompatibleArtifactError(
            f"{name!r} has {values.ndim} axes or numbers that are not finite; expected "
            f"{n_axes} and finite ones"
        )
    return values


def _plain(values: Float64Array) -> Any:
    """Return nested lists of six significant digits."""
    if values.ndim > 1:
        return [_plain(row) for row in values]
    return [float(f"{value:.6g}") for value in values]
