"""Fit what the localizers need, on splices whose truth is known, device by device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

import whichcam
from whichcam._typing import BoolArray, FloatArray
from whichcam.datasets import Manifest, read_splice_truth
from whichcam.errors import DatasetError, InsufficientEvidenceError
from whichcam.localize import LocalizationParameters, Network, Projection
from whichcam.localize.fitting import (
    N_FEATURES,
    RawMaps,
    cell_features,
    consistency_of,
    f1_score_of,
    fused_odds,
    picture_score,
    raw_maps,
    sampled_windows,
)
from whichcam.media import open_photo
from whichcam.scoring import LikelihoodRatioMap
from whichcam.training._fit_likelihood_ratios import fit_likelihood_ratios

Float64Array = npt.NDArray[np.float64]
StageReport = Callable[[str, int, int], None]

_N_DIRECTIONS: Final = 20
_RIDGE: Final = 0.02  # of each feature's own variance
_CELLS: Final = 60  # a picture: neighbours are alike
_HIDDEN: Final = (16,)
_EPOCHS: Final = 10
_FALSE_ALARMS: Final = 0.05
_SURENESS: Final = 0.95  # that the true rate is no higher, were pictures independent
_THRESHOLDS: Final = np.linspace(-5, 3, 65)  # log odds


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Case:
    """One picture, what the methods saw in it, and its truth by cell."""

    device: str
    part: str
    saving: str
    is_spliced: bool
    maps: RawMaps
    truth: FloatArray  # share of each cell that is the donor's


def fit_localizer(
    manifest: Manifest,
    *,
    seed: int = 0,
    command: str = "",
    progress: StageReport | None = None,
) -> LocalizationParameters:
    """Fit projection, fusion, thresholds and likelihood ratio on splices.

    Parameters
    ----------
    manifest : Manifest
        As `whichcam.datasets.make_splices` returns it, with two parts or more.
    seed : int, default 0
        Of the cells drawn and of the network's start.
    command : str
        Kept in the provenance: how to repeat the fit.
    progress : callable, optional
        Called with stage, pictures done and all of them.

    Returns
    -------
    LocalizationParameters

    Raises
    ------
    DatasetError
        If the manifest has no two parts, no truth, or no pristine controls.
    MissingDependencyError
        If `lir` (extra ``train``) is not installed.

    Notes
    -----
    Parts are crossed: the projection that a part's features are made with, and the
    network whose scores set its thresholds, were fitted on the other parts, that is, on
    other devices. What is returned is fitted on all parts; thresholds are those found
    by crossing. The network is shifted so that the heat map has its threshold at one
    half.
    """
    cases = _read_cases(manifest, progress)
    parts = sorted({case.part for case in cases})
    if len(parts) < 2:
        raise DatasetError(
            "thresholds need devices that nothing was fitted on: make the splices with "
            "two or more parts (whichcam dataset splice --parts 2)"
        )
    features: dict[int, FloatArray] = {}
    projections = {}
    for part in parts:
        others = [case for case in cases if case.part != part]
        projections[part] = _fit_projection(others)
        for index, case in enumerate(cases):
            if case.part == part:
                found = consistency_of(case.maps, projections[part])
                features[index] = cell_features(case.maps, found)
    odds: dict[int, FloatArray] = {}
    for part in parts:
        inside = [i for i, case in enumerate(cases) if case.part != part]
        network = _fit_network(cases, features, inside, seed)
        for index, case in enumerate(cases):
            if case.part == part:
                odds[index] = fused_odds(case.maps, projections[part], network)
    threshold, figures = _choose_threshold(cases, odds)
    odds = {index: values - threshold for index, values in odds.items()}
    network = _fit_network(cases, features, list(range(len(cases))), seed)
    scores = np.array([picture_score(odds[i]) for i in range(len(cases))])
    score_threshold, false_alarm_rate = _score_threshold(cases, scores)
    return LocalizationParameters(
        projection=_fit_projection(cases),
        network=_shifted(network, threshold),
        threshold=0.5,
        score_threshold=score_threshold,
        false_alarm_rate=false_alarm_rate,
        likelihood_ratio=_likelihood_ratio(cases, scores, manifest.sha256),
        provenance={
            "command": command,
            "manifest_sha256": manifest.sha256,
            "n_pictures": len(cases),
            "n_devices": len({case.device for case in cases}),
            "parts": len(parts),
            "seed": seed,
            "whichcam_version": whichcam.__version__,
            "crossed_figures": figures,
        },
    )


def _read_cases(manifest: Manifest, progress: StageReport | None) -> list[_Case]:
    cases = []
    rows = list(manifest.rows())
    for done, (row, path) in enumerate(zip(rows, manifest.paths, strict=True), start=1):
        maps = raw_maps(open_photo(path))
        truth = np.zeros(maps.noise.shape, dtype=np.float32)
        if row["kind"] == "spliced":
            truth = _by_cell(
                read_splice_truth(manifest.root / row["mask"]), truth.shape
            )
        cases.append(
            _Case(
                device=row["device_id"],
                part=row["part"],
                saving=row["saving"],
                is_spliced=row["kind"] == "spliced",
                maps=maps,
                truth=truth,
            )
        )
        if progress is not None:
            progress("looking at splices", done, len(rows))
    if len({case.is_spliced for case in cases}) < 2:
        raise DatasetError("the manifest needs spliced and pristine pictures")
    return cases


def _by_cell(mask: BoolArray, shape: tuple[int, ...]) -> FloatArray:
    whole = mask[: shape[0] * 8, : shape[1] * 8].astype(np.float32)
    return np.asarray(whole.reshape(shape[0], 8, shape[1], 8).mean(axis=(1, 3)))


def _fit_projection(cases: Sequence[_Case]) -> Projection:
    """Find where devices differ, saved in one way, and windows of a picture do not.

    Linear discriminant analysis: within is a picture, a class is a device.
    """
    from scipy import linalg

    within = np.zeros((N_FEATURES, N_FEATURES))
    n_windows = 0
    means: dict[str, dict[str, list[Float64Array]]] = {}
    for case in cases:
        if case.is_spliced:
            continue
        windows = sampled_windows(case.maps.traces)
        mean = windows.mean(axis=0)
        within += (windows - mean).T @ (windows - mean)
        n_windows += len(windows) - 1
        means.setdefault(case.saving, {}).setdefault(case.device, []).append(mean)
    within /= n_windows
    within += np.diag(np.diag(within)) * _RIDGE + np.eye(N_FEATURES) * 1e-7
    between = np.zeros_like(within)
    for of_saving in means.values():
        device_means = np.array([np.mean(each, axis=0) for each in of_saving.values()])
        device_means -= device_means.mean(axis=0)
        between += device_means.T @ device_means / len(device_means) / len(means)
    values, vectors = linalg.eigh(between, within)
    best = slice(-1, -1 - _N_DIRECTIONS, -1)
    return Projection(matrix=vectors[:, best], between=np.maximum(values[best], 1e-3))


def _shifted(network: Network, odds: float) -> Network:
    """Return a network whose answers are lower by some log odds."""
    weights, bias = network.layers[-1]
    return replace(network, layers=(*network.layers[:-1], (weights, bias - odds)))


def _fit_network(
    cases: Sequence[_Case],
    features: dict[int, FloatArray],
    chosen: list[int],
    seed: int,
) -> Network:
    from sklearn.neural_network import MLPClassifier

    rng = np.random.default_rng((seed, len(chosen)))
    inputs, labels = [], []
    for index in chosen:
        truth = cases[index].truth.ravel()
        clear = np.flatnonzero((truth < 0.1) | (truth > 0.9))
        cells = rng.choice(clear, size=min(_CELLS, len(clear)), replace=False)
        inputs.append(features[index].reshape(len(features[index]), -1)[:, cells].T)
        labels.append(truth[cells] > 0.5)
    x = np.concatenate(inputs).astype(np.float64)
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-6
    network = MLPClassifier(
        _HIDDEN,
        alpha=1.0,
        batch_size=min(1024, len(x)),
        learning_rate_init=2e-3,
        max_iter=_EPOCHS,
        n_iter_no_change=_EPOCHS + 1,
        random_state=seed,
    )
    _fit_quietly(network, (x - mean) / scale, np.concatenate(labels))
    layers = zip(network.coefs_, network.intercepts_, strict=True)
    return Network(mean=mean, scale=scale, layers=tuple(layers))


def _fit_quietly(network: Any, x: Float64Array, y: BoolArray) -> None:
    """Fit for the epochs asked; that they are all used is no cause for a warning."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(x, y)


def _choose_threshold(
    cases: Sequence[_Case], odds: dict[int, FloatArray]
) -> tuple[float, dict[str, Any]]:
    """Return the log odds of the best mean F1 over ways of saving, and that F1."""
    of_saving: dict[str, list[Float64Array]] = {}
    for index, case in enumerate(cases):
        if case.is_spliced:
            truth = case.truth > 0.5
            row = [f1_score_of(odds[index] >= t, truth) for t in _THRESHOLDS]
            of_saving.setdefault(case.saving, []).append(np.array(row))
    curves = {name: np.mean(rows, axis=0) for name, rows in of_saving.items()}
    best = int(np.argmax(np.mean(list(curves.values()), axis=0)))
    figures = {name: round(float(curve[best]), 4) for name, curve in curves.items()}
    return float(_THRESHOLDS[best]), {"f1_by_saving": figures}


def _likelihood_ratio(
    cases: Sequence[_Case], scores: Float64Array, manifest_sha256: str
) -> LikelihoodRatioMap | None:
    """Return the map of the score, None where splices score no higher."""
    spliced = np.array([case.is_spliced for case in cases])
    try:
        return fit_likelihood_ratios(
            scores[spliced],
            scores[~spliced],
            statistic="fusion",
            source=f"splices of {manifest_sha256[:12]}, devices crossed",
            conditions="one pasted object or none, as the manifest's splices are saved",
            n_devices=len({case.device for case in cases}),
        )
    except InsufficientEvidenceError:
        return None


def _score_threshold(
    cases: Sequence[_Case], scores: Float64Array
) -> tuple[float, float]:
    """Return a threshold that keeps the false-alarm rate in each way of saving.

    So few pristine pictures reach it that the upper bound of Clopper and Pearson is
    still within the rate; of sets too small for that none does.
    """
    of_saving: dict[str, list[float]] = {}
    for case, score in zip(cases, scores.tolist(), strict=True):
        if not case.is_spliced:
            of_saving.setdefault(case.saving, []).append(score)
    highest = [
        sorted(values, reverse=True)[_n_allowed(len(values))]
        for values in of_saving.values()
    ]
    threshold = float(np.nextafter(max(highest), np.inf))
    rates = [np.mean(np.array(v) >= threshold) for v in of_saving.values()]
    return threshold, float(max(rates))


def _n_allowed(n: int) -> int:
    """Return how many of n pictures may give a false alarm."""
    from scipy.stats import beta

    counts = np.arange(n)
    bounds = beta.ppf(_SURENESS, counts + 1, n - counts)
    return max(int(np.count_nonzero(bounds <= _FALSE_ALARMS)) - 1, 0)
