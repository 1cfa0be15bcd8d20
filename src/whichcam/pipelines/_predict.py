"""Name the likeliest camera of every photo, by one classifier or several."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam._typing import PathLike
from whichcam.errors import InputError, WhichcamError, WhichcamWarning
from whichcam.evaluation import CrossvalResult
from whichcam.media import Photo, open_photo
from whichcam.methods import CameraModelClassifier
from whichcam.pipelines._predict_views import views_of
from whichcam.scoring import adapt_to_set, fit_pool_weights, log_linear_pool

Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPrediction:
    """The answer about one photo.

    Attributes
    ----------
    path : str
        The photo.
    camera_model : str
        The most probable camera model; empty where the photo could not be used.
    probability : float
        Its probability.
    error : str
        Why the photo could not be used.
    """

    path: str
    camera_model: str = ""
    probability: float = 0.0
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return {
            "path": self.path,
            "camera_model": self.camera_model,
            "probability": self.probability,
            "error": self.error,
        }


def predict_cameras(
    photos: Sequence[PathLike],
    classifiers: Sequence[CameraModelClassifier],
    *,
    weights: Sequence[float] | None = None,
    tta: bool = False,
    transductive: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[CameraPrediction, ...]:
    """Name the likeliest of the known camera models of every photo.

    Parameters
    ----------
    photos : sequence of path-like
        Files.
    classifiers : sequence of CameraModelClassifier
        Fitted, all of the same classes. Their probabilities are joined by the weighted
        geometric mean; one that cannot look at a photo has no say about it.
    weights : sequence of float, optional
        One a classifier. Default: all the same.
    tta : bool, default False
        Ask about the corners and turns of each photo too, and take the geometric mean.
    transductive : bool, default False
        Adapt the answers to the set of photos (`whichcam.scoring.adapt_to_set`).
        Figures of such answers say nothing of how a single photo would be answered.
    progress : callable, optional
        Called as ``progress(done, total)``.

    Returns
    -------
    tuple of CameraPrediction
        One a photo, in their order.

    Raises
    ------
    InputError
        If there is no classifier, they know different cameras, or the weights do not
        fit.
    NotFittedError
        If one is not fitted.
    """
    classes = _common_classes(classifiers)
    shares = [1 / len(classifiers)] * len(classifiers) if weights is None else weights
    if len(shares) != len(classifiers):
        raise InputError(
            f"{len(shares)} weight(s) for {len(classifiers)} model(s); give one each"
        )
    rows: list[Float64Array] = []
    errors: list[str] = []
    for done, path in enumerate(photos, 1):
        row, error = _asked(Path(path), classifiers, shares, tta=tta)
        rows.append(row)
        errors.append(error)
        if progress is not None:
            progress(done, len(photos))
    known = [k for k, error in enumerate(errors) if not error]
    if transductive and known:
        adapted = adapt_to_set(np.stack([rows[k] for k in known]))
        for k, row in zip(known, adapted, strict=True):
            rows[k] = row
    found = []
    for path, row, error in zip(photos, rows, errors, strict=True):
        if error:
            found.append(CameraPrediction(path=str(path), error=error))
            continue
        best = int(row.argmax())
        found.append(
            CameraPrediction(
                path=str(path),
                camera_model=classes[best],
                probability=float(row[best]),
            )
        )
    return tuple(found)


def _common_classes(classifiers: Sequence[CameraModelClassifier]) -> tuple[str, ...]:
    if not classifiers:
        raise InputError("no model is given; expected at least one")
    first = classifiers[0].classes_
    for number, other in enumerate(classifiers[1:], 2):
        apart = sorted(set(first) ^ set(other.classes_))
        if apart:
            raise InputError(
                f"model {number} and the first know different cameras ({len(apart)}, "
                f"such as {apart[0]!r}); blend models trained on the same ones"
            )
    return first


def _asked(
    path: Path,
    classifiers: Sequence[CameraModelClassifier],
    weights: Sequence[float],
    *,
    tta: bool,
) -> tuple[Float64Array, str]:
    """Return the joint probabilities of a photo, or why there are none."""
    none = np.empty(0)
    try:
        photo = open_photo(path)
    except WhichcamError as error:
        return none, str(error)
    except OSError as error:
        return none, f"cannot be read ({error.strerror})"
    views = views_of(photo) if tta else (photo,)
    opinions, shares, reasons = [], [], []
    for classifier, weight in zip(classifiers, weights, strict=True):
        # columns in one order, however each classifier keeps its own
        order = np.argsort(np.array(classifier.classes_, dtype=object))
        back = np.argsort(np.argsort(np.array(classifiers[0].classes_, dtype=object)))
        try:
            rows = [_probabilities(classifier, view) for view in views]
        except WhichcamError as error:
            reasons.append(str(error))
            continue
        pooled = log_linear_pool(np.stack(rows)[:, None])[0]
        opinions.append(pooled[order][back])
        shares.append(weight)
    if not opinions:
        return none, reasons[0]
    if not any(shares):
        return opinions[0], ""
    return log_linear_pool(np.stack(opinions)[:, None], shares)[0], ""


def _probabilities(classifier: CameraModelClassifier, photo: Photo) -> Float64Array:
    with warnings.catch_warnings():
        # A photo that says nothing to one classifier has no weight with it, anyway.
        warnings.simplefilter("ignore", WhichcamWarning)
        return np.asarray(classifier.predict_proba([photo])[0], dtype=np.float64)


def stacking_weights(
    result: CrossvalResult, methods: Sequence[str]
) -> dict[str, float]:
    """Return weights of methods, fitted on scores of photos no fold had learnt from.

    Parameters
    ----------
    result : CrossvalResult
        Holds grouped scores of all the methods.
    methods : sequence of str
        Registry names, each once.

    Returns
    -------
    dict of str to float
        Weights for `predict_cameras`.

    Raises
    ------
    InputError
        If a method has no complete scores in the result, or is named twice.

    Notes
    -----
    A result keeps the five most probable classes of each photo, and the probability of
    the true one; what is left is spread evenly over all others here.
    """
    if len(set(methods)) < len(methods):
        raise InputError(
            f"methods are {list(methods)}; stacking needs models of different methods"
        )
    missing = sorted(set(methods) - set(result.complete("grouped")))
    if missing:
        raise InputError(
            f"the cross-validation has no complete scores of {', '.join(missing)}; run "
            "`whichcam crossval` with these methods"
        )
    index = {name: number for number, name in enumerate(result.classes)}
    labels = np.array([index[photo.camera_model] for photo in result.photos])
    opinions = np.stack([_spread(result, method, labels) for method in methods])
    found = fit_pool_weights(opinions, labels)
    return {method: float(w) for method, w in zip(methods, found, strict=True)}


def _spread(
    result: CrossvalResult, method: str, labels: npt.NDArray[np.int64]
) -> Float64Array:
    P = np.full((len(result.photos), len(result.classes)), np.nan)
    for scores in result.of(method, "grouped"):
        for number, top, true in zip(
            scores.photos, scores.top, scores.true_probability, strict=True
        ):
            for label, probability in top:
                P[number, label] = probability
            P[number, labels[number]] = true
    unknown = np.isnan(P)
    left = np.maximum(1.0 - np.nansum(P, axis=1), 0.0) / np.maximum(unknown.sum(1), 1)
    return np.where(unknown, left[:, None], P)
