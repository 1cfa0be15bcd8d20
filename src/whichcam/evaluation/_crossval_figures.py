"""The figures of a cross-validation, and the test of differences between methods."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from whichcam.errors import InputError
from whichcam.evaluation._crossval_plan import CHAINS, GROUPED, UNGROUPED
from whichcam.evaluation._crossval_records import CrossvalPhoto, FoldScores
from whichcam.scoring import Interval, cluster_bootstrap

if TYPE_CHECKING:
    from whichcam.evaluation._crossval_result import CrossvalResult

_LEVEL: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodFigures:
    """How a method did on the photos held out by one unit.

    Attributes
    ----------
    method : str
        Registry name.
    unit : str
        ``device``, ``session`` or ``source``.
    n_photos, n_devices, n_models, n_unable : int
        Tested; the last those that the method could not look at.
    top1 : float
        Share right, the mean over folds.
    top1_interval : Interval or None
        Of it, devices (sources, where they are the unit) resampled whole; None with
        fewer than two.
    macro_devices, top5, make : float
        Mean over devices of the share right; true model among five; make right.
    folds : tuple of float
        Share right in each fold that tests such photos.
    ungrouped_top1 : float or None
        What a split by pictures would have claimed, a warning; None if not computed.
    fit_s : float
        Seconds to fit, the mean over folds.
    """

    method: str
    unit: str
    n_photos: int
    n_devices: int
    n_models: int
    n_unable: int
    top1: float
    top1_interval: Interval | None
    macro_devices: float
    top5: float
    make: float
    folds: tuple[float, ...]
    ungrouped_top1: float | None
    fit_s: float

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """Two methods compared on the same folds.

    Attributes
    ----------
    unit : str
        As in `MethodFigures`.
    first, second : str
        Methods; a positive difference favours the first.
    difference, low, high : float
        Of the mean share right, and its 95 % interval.
    p_value, p_holm : float or None
        That there is no difference; and the same adjusted by Holm's method for the
        number of pairs. None where all folds differ by one and the same number, which
        says nothing of how folds vary.
    n_first_better, n_second_better : int
        Devices on which either is right more often.
    """

    unit: str
    first: str
    second: str
    difference: float
    low: float
    high: float
    p_value: float | None
    p_holm: float | None
    n_first_better: int
    n_second_better: int

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossvalSummary:
    """All figures of a cross-validation.

    Attributes
    ----------
    methods : tuple of MethodFigures
        Best first within a unit; methods that failed in a fold are absent.
    pairs : tuple of PairedDifference
        Every two of them.
    """

    methods: tuple[MethodFigures, ...]
    pairs: tuple[PairedDifference, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return {
            "methods": [method.to_dict() for method in self.methods],
            "pairs": [pair.to_dict() for pair in self.pairs],
        }


def corrected_t_test(
    differences: Sequence[float], *, test_train_ratio: float
) -> tuple[float, float, float | None]:
    """Return the 95 % interval and p-value of a mean difference between two methods.

    Parameters
    ----------
    differences : sequence of float
        Of the two methods' scores, one a fold; at least two.
    test_train_ratio : float
        Photos tested in a fold by photos learnt from.

    Returns
    -------
    low, high : float
        Interval of the mean.
    p_value : float or None
        Two-sided; 1 where no fold differs, None where all differ by the same number.

    Raises
    ------
    InputError
        With fewer than two folds, or a ratio that is not positive.

    Notes
    -----
    Folds share what they train on, so their scores are not independent, and the usual
    t-test finds differences that are not there. The variance of the mean is taken as
    ``(1 / k + test / train) * s**2`` [1]_. The correction was derived for random
    resampling and is customary for the folds of one cross-validation too [2]_.

    References
    ----------
    .. [1] C. Nadeau, Y. Bengio, "Inference for the generalization error", Machine
       Learning 52, 2003, doi:10.1023/A:1024068626366.
    .. [2] R. Bouckaert, E. Frank, "Evaluating the replicability of significance tests
       for comparing learning algorithms", PAKDD 2004,
       doi:10.1007/978-3-540-24775-3_3.

    Examples
    --------
    >>> low, high, p = corrected_t_test([0.1, 0.2, 0.3], test_train_ratio=0.5)
    >>> round(low, 3), round(high, 3), round(p, 3)
    (-0.193, 0.593, 0.16)
    """
    values = np.asarray(differences, dtype=np.float64)
    if len(values) < 2 or not test_train_ratio > 0:
        raise InputError(
            f"{len(values)} fold(s) and a ratio of {test_train_ratio}; expected at "
            "least two folds and a positive ratio"
        )
    mean, spread = float(values.mean()), float(values.std(ddof=1))
    if spread < 1e-12:
        return mean, mean, 1.0 if abs(mean) < 1e-12 else None
    from scipy.stats import t as student

    error = spread * math.sqrt(1 / len(values) + test_train_ratio)
    reach = float(student.ppf(0.5 + _LEVEL / 2, len(values) - 1)) * error
    p_value = 2 * float(student.sf(abs(mean) / error, len(values) - 1))
    return mean - reach, mean + reach, p_value


class _Part:
    """The answers of one method on the photos of one unit."""

    def __init__(
        self, scores: Sequence[FoldScores], photos: Sequence[CrossvalPhoto], unit: str
    ) -> None:
        self.folds: list[int] = []
        self.right: list[float] = []
        self.top5: list[float] = []
        self.make: list[float] = []
        self.photos: list[CrossvalPhoto] = []
        self.n_unable = 0
        for part in scores:
            unable = set(part.unable)
            for number, rank, make in zip(
                part.photos, part.rank, part.make, strict=True
            ):
                photo = photos[number]
                if photo.unit != unit:
                    continue
                able = number not in unable
                self.n_unable += not able
                self.folds.append(part.fold)
                self.right.append(float(able and rank == 1))
                self.top5.append(float(able and rank <= 5))
                self.make.append(float(able and make == photo.make))
                self.photos.append(photo)
        self.clusters = _clusters(self.photos, unit)

    def by_fold(self) -> dict[int, float]:
        """Return the share right in each fold."""
        return _means(self.right, self.folds)

    def by_cluster(self) -> dict[str, float]:
        """Return the share right on each device."""
        return _means(self.right, self.clusters)

    def top1(self) -> float:
        """Return the mean over folds."""
        return float(np.mean(list(self.by_fold().values())))


def _clusters(photos: Sequence[CrossvalPhoto], unit: str) -> list[str]:
    """Return what counts as independent: devices, or the wider unit asked for."""
    if unit == "source":
        return [p.source or p.camera_model for p in photos]
    if any(p.device for p in photos):
        return [p.device or f"{p.camera_model} / unknown device" for p in photos]
    return [p.session or p.camera_model for p in photos]


def _means(values: Sequence[float], keys: Sequence[Any]) -> dict[Any, float]:
    sums: dict[Any, list[float]] = {}
    for key, value in zip(keys, values, strict=True):
        sums.setdefault(key, []).append(value)
    return {key: float(np.mean(sums[key])) for key in sorted(sums)}


def _fold_mean(rows: npt.NDArray[np.float64]) -> float:
    """Return the mean over folds of (right, fold) rows."""
    folds = rows[:, 1].astype(np.int64)
    counts = np.bincount(folds)
    shares = np.bincount(folds, rows[:, 0])[counts > 0] / counts[counts > 0]
    return float(shares.mean())


def summarize_crossval(result: CrossvalResult, *, n_resamples: int) -> CrossvalSummary:
    """Compute the figures of a result."""
    methods: list[MethodFigures] = []
    pairs: list[PairedDifference] = []
    for unit in CHAINS[result.group]:
        if not any(photo.unit == unit for photo in result.photos):
            continue
        parts = {
            name: _Part(result.of(name, GROUPED), result.photos, unit)
            for name in result.complete(GROUPED)
        }
        found = [_figures(result, n, p, unit, n_resamples) for n, p in parts.items()]
        found.sort(key=lambda figures: -figures.top1)
        methods += found
        pairs += _pairs(result, [f.method for f in found], parts, unit)
    return CrossvalSummary(methods=tuple(methods), pairs=tuple(pairs))


def _figures(
    result: CrossvalResult, name: str, part: _Part, unit: str, n_resamples: int
) -> MethodFigures:
    rows = np.column_stack([part.right, part.folds]).astype(np.float64)
    interval = None
    if len(set(part.clusters)) > 1:
        interval = cluster_bootstrap(
            rows, part.clusters, _fold_mean, n_resamples=n_resamples, seed=result.seed
        )
    ungrouped = None
    if name in result.complete(UNGROUPED):
        ungrouped = _Part(result.of(name, UNGROUPED), result.photos, unit).top1()
    scores = result.of(name, GROUPED)
    return MethodFigures(
        method=name,
        unit=unit,
        n_photos=len(part.right),
        n_devices=len(set(part.clusters)),
        n_models=len({photo.camera_model for photo in part.photos}),
        n_unable=part.n_unable,
        top1=part.top1(),
        top1_interval=interval,
        macro_devices=float(np.mean(list(part.by_cluster().values()))),
        top5=float(np.mean(part.top5)),
        make=float(np.mean(part.make)),
        folds=tuple(part.by_fold().values()),
        ungrouped_top1=ungrouped,
        fit_s=float(np.mean([fold.fit_s for fold in scores])),
    )


def _pairs(
    result: CrossvalResult, names: Sequence[str], parts: dict[str, _Part], unit: str
) -> list[PairedDifference]:
    found = []
    for first, second in combinations(names, 2):
        a, b = parts[first].by_fold(), parts[second].by_fold()
        if len(a) < 2:
            continue
        n_train = np.mean([s.n_train for s in result.of(first, GROUPED)])
        ratio = len(parts[first].right) / len(a) / float(n_train)
        differences = [a[fold] - b[fold] for fold in a]
        low, high, p = corrected_t_test(differences, test_train_ratio=ratio)
        mine, theirs = parts[first].by_cluster(), parts[second].by_cluster()
        found.append(
            PairedDifference(
                unit=unit,
                first=first,
                second=second,
                difference=float(np.mean(differences)),
                low=low,
                high=high,
                p_value=p,
                p_holm=None,
                n_first_better=sum(mine[key] > theirs[key] for key in mine),
                n_second_better=sum(mine[key] < theirs[key] for key in mine),
            )
        )
    return _adjusted(found)


def _adjusted(pairs: Sequence[PairedDifference]) -> list[PairedDifference]:
    """Adjust the p-values of all pairs for their number (Holm 1979)."""
    from dataclasses import replace

    tested = sorted(
        (p.p_value, i) for i, p in enumerate(pairs) if p.p_value is not None
    )
    adjusted: dict[int, float] = {}
    highest = 0.0
    for place, (p_value, number) in enumerate(tested):
        highest = max(highest, min(1.0, (len(tested) - place) * p_value))
        adjusted[number] = highest
    return [replace(pair, p_holm=adjusted.get(i)) for i, pair in enumerate(pairs)]
