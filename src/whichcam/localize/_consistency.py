"""How far the camera traces of each window lie from those of the whole picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.localize._area_traces import window_features
from whichcam.localize._cells import box_mean

Float64Array = npt.NDArray[np.float64]

WINDOW_AREAS: Final = 4
"""Side of a window in areas of 16 px."""
_N_FITTED: Final = 6000  # windows that the mixture is fitted on; more add nothing
_N_SEEDS: Final = 8
_N_ROUNDS: Final = 20
_SPREAD: Final = 3.0  # of neighbouring windows, which share pixels and content
_SHARED: Final = 16  # windows that show each pixel: they count as one
_LEAST_SHARE: Final = 0.02  # of windows that may be an object


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Projection:
    """Directions in which cameras differ and parts of one picture do not.

    Parameters
    ----------
    matrix : ndarray of shape (N_FEATURES, n), float64
        Within a picture, projected features have unit variance.
    between : ndarray of shape (n,), float64
        Variance between cameras along each direction.
    """

    matrix: Float64Array
    between: Float64Array


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Consistency:
    """What `consistency` found, by area of 16 px.

    Parameters
    ----------
    distance : ndarray of shape (H // 16, W // 16), float32
        Log likelihood ratio of "another camera" against "the picture's camera", the
        picture's median taken for its camera.
    division : ndarray of shape (H // 16, W // 16), float32
        Log odds of the smaller of the two groups that the windows fall into best.
    gain : float
        How much better two groups explain the picture than one, in nats.
    """

    distance: FloatArray
    division: FloatArray
    gain: float


def consistency(traces: FloatArray, projection: Projection) -> Consistency:
    """Compare the windows of a picture with each other.

    Parameters
    ----------
    traces : ndarray of shape (n, H // 16, W // 16), float32
        Of `area_traces`.
    projection : Projection
        Fitted on pictures of other cameras.

    Notes
    -----
    The first map is the ratio of probabilistic linear discriminant analysis with a
    known mean. The second is a mixture of two normal distributions fitted to the
    picture itself by expectation maximisation, as in [1]_, started from several
    windows far from each other; how far cameras lie apart is prior knowledge.

    References
    ----------
    .. [1] D. Cozzolino, G. Poggi, L. Verdoliva, "Splicebuster: a new blind image
       splicing detector", IEEE International Workshop on Information Forensics and
       Security, 2015, doi:10.1109/WIFS.2015.7368565.
    """
    shape = traces.shape[1:]
    windows = box_mean(traces, WINDOW_AREAS).reshape(len(traces), -1)
    points = window_features(windows).astype(np.float64) @ projection.matrix
    points -= np.median(points, axis=0)
    between = projection.between
    weight = 1 - 1 / (1 + 2 * between)
    distance = 0.5 * (np.square(points) @ weight - np.log1p(2 * between).sum())
    division, gain = _divide(points, between)
    return Consistency(
        distance=distance.reshape(shape).astype(np.float32),
        division=division.reshape(shape).astype(np.float32),
        gain=gain,
    )


def _divide(points: Float64Array, between: Float64Array) -> tuple[Float64Array, float]:
    """Return the log odds of the smaller of two groups, and what it gains."""
    step = -(-len(points) // _N_FITTED)
    sample = points[::step]
    best: tuple[float, Float64Array, Float64Array, float] | None = None
    for seed in _far_apart(sample):
        first, second, share, gain = _fit(sample, sample[seed], between)
        if best is None or gain > best[0]:
            best = (gain, first, second, share)
    assert best is not None
    gain, first, second, share = best
    odds = _log_odds(points, first, second, share)
    return (odds if share <= 0.5 else -odds), gain


def _far_apart(points: Float64Array) -> list[int]:
    """Return points far from the middle and from each other."""
    nearest = np.square(points).sum(axis=1)
    seeds = []
    for _ in range(_N_SEEDS):
        seed = int(np.argmax(nearest))
        seeds.append(seed)
        apart = np.square(points - points[seed]).sum(axis=1)
        nearest = np.minimum(nearest, apart)
    return seeds


def _fit(
    points: Float64Array, start: Float64Array, between: Float64Array
) -> tuple[Float64Array, Float64Array, float, float]:
    """Return both means, the first's share, and the gain over one group."""
    first, second, share = start, np.zeros_like(start), 0.2
    for _ in range(_N_ROUNDS):
        odds = _log_odds(points, first, second, share)
        member = 1 / (1 + np.exp(-np.clip(odds, -30, 30)))
        n_first = float(member.sum())
        share = float(np.clip(member.mean(), _LEAST_SHARE, 1 - _LEAST_SHARE))
        first = member @ points / max(n_first, 1e-3)
        second = (1 - member) @ points / max(len(points) - n_first, 1e-3)
    one = -0.5 * np.square(points - points.mean(axis=0)).sum(axis=1) / _SPREAD
    two = np.logaddexp(
        np.log(share) - 0.5 * np.square(points - first).sum(axis=1) / _SPREAD,
        np.log1p(-share) - 0.5 * np.square(points - second).sum(axis=1) / _SPREAD,
    )
    apart = 0.25 * float((np.square(first - second) / np.maximum(between, 1e-3)).sum())
    gain = float((two - one).sum()) / _SHARED - apart
    return first, second, share, gain


def _log_odds(
    points: Float64Array, first: Float64Array, second: Float64Array, share: float
) -> Float64Array:
    slope = (first - second) / _SPREAD
    middle = 0.5 * (first + second)
    odds: Float64Array = (points - middle) @ slope + np.log(share / (1 - share))
    return odds
