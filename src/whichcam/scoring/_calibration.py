"""What every calibrator shares, and temperature scaling."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, Self

import numpy as np
import numpy.typing as npt

from whichcam._typing import BoolArray, IntArray
from whichcam.errors import (
    IncompatibleArtifactError,
    InputError,
    InsufficientEvidenceError,
    NotFittedError,
)
from whichcam.scoring._validation import (
    Float64Array,
    as_class_scores,
    as_labels,
    as_weights,
    same_length,
)

# Halvings of a bracket of ln(1e5): to 1e-17 of it, below float64 resolution.
_HALVINGS: Final = 60


class Calibrator:
    """Base of the calibrators: fitted once, then frozen.

    A fitted calibrator cannot be changed or fitted again, so that an answer given with
    it can be given again. Learnt attributes end in ``_``; reading one before `fit`
    raises `NotFittedError`.
    """

    method: ClassVar[str]

    def __setattr__(self, name: str, value: object) -> None:
        if self.__dict__.get("_is_frozen", False):
            raise InputError(
                f"this {type(self).__name__} is fitted and frozen; cannot set "
                f"{name!r}; make a new one"
            )
        object.__setattr__(self, name, value)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            """Explain the absence of learnt attributes."""
            kind = type(self).__name__
            if name.endswith("_") and not name.startswith("_"):
                raise NotFittedError(
                    f"this {kind} is not fitted: it has no {name!r} yet; call fit() or "
                    "from_dict() first"
                )
            raise AttributeError(f"{kind!r} object has no attribute {name!r}")

    @property
    def is_fitted(self) -> bool:
        """Whether `fit` or `from_dict` has been done."""
        return bool(self.__dict__.get("_is_frozen", False))

    def _freeze(self) -> Self:
        """Make the learnt state final."""
        self._is_frozen = True
        return self

    def _refuse_refit(self) -> None:
        """Raise where `fit` is called twice."""
        if self.is_fitted:
            raise InputError(
                f"this {type(self).__name__} is already fitted; make a new one to fit "
                "other data"
            )


class TemperatureScaling(Calibrator):
    """Divide logits by one number so that the probabilities mean what they say.

    Parameters
    ----------
    prior_weight : float, default 1.0
        Weight, in photographs, of one imaginary photograph that is equally likely to be
        of every class. It keeps the temperature finite where every validation
        photograph is answered rightly (Laplace's rule; Platt 1999 smooths his targets
        in the same spirit) and fades as 1 / n. 0 is plain maximum likelihood.

    Attributes
    ----------
    temperature_ : float
        Above 1 where the logits were overconfident; in [0.01, 1000].
    at_bound_ : bool
        Whether the best temperature lies at or beyond those bounds: the logits carry no
        usable information (1000) or nothing contradicts them (0.01).
    n_photos_ : int
        Photographs fitted on.
    log_loss_before_, log_loss_after_ : float
        Weighted mean negative log likelihood, nats per photograph.

    See Also
    --------
    IsotonicCalibration : For one score, with no assumed shape; needs more data.

    Notes
    -----
    Dividing by a positive number keeps the order of the classes: accuracy does not
    change. The likelihood is convex in ``1 / temperature`` [1]_; its derivative is
    bisected. Fit on devices that trained neither network nor classifier, else the
    temperature describes memory.

    References
    ----------
    .. [1] C. Guo, G. Pleiss, Y. Sun, K. Weinberger, "On calibration of modern neural
       networks", ICML 2017, arXiv:1706.04599, sec. 4.2.

    Examples
    --------
    >>> import numpy as np
    >>> logits = np.array([[3.0, 0.0]] * 4)
    >>> scaling = TemperatureScaling(prior_weight=0).fit(logits, [0, 0, 0, 1])
    >>> scaling.transform(logits)[0].round(6).tolist()
    [0.75, 0.25]
    """

    method: ClassVar[str] = "temperature_scaling"
    bounds: ClassVar[tuple[float, float]] = (0.01, 1000.0)

    temperature_: float
    at_bound_: bool
    n_photos_: int
    log_loss_before_: float
    log_loss_after_: float

    def __init__(self, *, prior_weight: float = 1.0) -> None:
        self.prior_weight = prior_weight

    def fit(
        self,
        logits: npt.ArrayLike,
        labels: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
    ) -> Self:
        """Find the temperature with the highest likelihood.

        Parameters
        ----------
        logits : array_like of shape (n, c), float
            Finite unnormalized log probabilities. Logarithms of probabilities serve.
        labels : array_like of shape (n,), int
            True class index. Unknown cameras (-1) are refused.
        sample_weight : array_like of shape (n,), float, optional
            Relative weight of each photograph, for example one over the count of its
            device. Default: equal.

        Returns
        -------
        TemperatureScaling
            Itself, frozen.

        Raises
        ------
        ShapeMismatchError, InputError
            If the arrays do not match, a value is not finite, a label is no class
            index, ``prior_weight`` is negative, or it is already fitted.
        InsufficientEvidenceError
            If there is no photograph, or no row tells one class from another.
        """
        self._refuse_refit()
        scores = as_class_scores("logits", logits)
        n, n_classes = scores.shape
        truth = as_labels("labels", labels, n_classes=n_classes, unknown=False)
        same_length("labels", truth, "logits", n)
        weights = as_weights(sample_weight, n) / n
        if not (math.isfinite(self.prior_weight) and self.prior_weight >= 0.0):
            raise InputError(f"prior_weight is {self.prior_weight}; expected >= 0")
        scores = scores - scores.max(axis=1, keepdims=True)
        if not bool((scores < 0.0).any()):
            raise InsufficientEvidenceError(
                "logits are the same for all classes in every row; no temperature is "
                "better than another"
            )
        share = self.prior_weight / (n + self.prior_weight)
        own = np.take_along_axis(scores, truth[:, None], axis=1)[:, 0]
        target = (1.0 - share) * own + share * scores.mean(axis=1)
        inverse, at_bound = _best_inverse_temperature(
            scores, target, weights, (1.0 / self.bounds[1], 1.0 / self.bounds[0])
        )
        self.temperature_ = 1.0 / inverse
        self.at_bound_ = at_bound
        self.n_photos_ = n
        self.log_loss_before_ = float(weights @ (_log_normalizer(scores) - own))
        self.log_loss_after_ = float(
            weights @ (_log_normalizer(inverse * scores) - inverse * own)
        )
        return self._freeze()

    def transform(self, logits: npt.ArrayLike) -> Float64Array:
        """Return calibrated probabilities.

        Parameters
        ----------
        logits : array_like of shape (n, c), float
            As in `fit`.

        Returns
        -------
        ndarray of shape (n, c), float64
            ``softmax(logits / temperature_)``; rows sum to 1.

        Raises
        ------
        NotFittedError
            If it is not fitted.
        ShapeMismatchError, InputError, InsufficientEvidenceError
            If ``logits`` is not of two axes, not finite, or empty.
        """
        scores = as_class_scores("logits", logits) / self.temperature_
        return softmax(scores)

    def to_dict(self) -> dict[str, Any]:
        """Return parameters and learnt state, ready for JSON.

        Raises
        ------
        NotFittedError
            If it is not fitted.
        """
        return {
            "method": self.method,
            "prior_weight": self.prior_weight,
            "temperature": self.temperature_,
            "at_bound": self.at_bound_,
            "n_photos": self.n_photos_,
            "log_loss_before": self.log_loss_before_,
            "log_loss_after": self.log_loss_after_,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the calibrator that `to_dict` described.

        Raises
        ------
        IncompatibleArtifactError
            If ``data`` is of another method, incomplete, or out of range.
        """
        check_method(data, cls.method)
        new = cls(prior_weight=stored_number(data, "prior_weight", low=0.0))
        low, high = cls.bounds
        # A hair beyond the bounds: 1 / (1 / 0.01) need not be 0.01.
        new.temperature_ = stored_number(
            data, "temperature", low=low * (1 - 1e-9), high=high * (1 + 1e-9)
        )
        new.at_bound_ = bool(data.get("at_bound", False))
        new.n_photos_ = int(stored_number(data, "n_photos", low=1))
        new.log_loss_before_ = stored_number(data, "log_loss_before")
        new.log_loss_after_ = stored_number(data, "log_loss_after")
        return new._freeze()


def softmax(scores: Float64Array) -> Float64Array:
    """Return rows ``exp(score) / sum(exp(score))``, without overflow."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: Float64Array = powers / powers.sum(axis=1, keepdims=True)
    return result


def _log_normalizer(scores: Float64Array) -> Float64Array:
    """Return ``log(sum(exp(row)))`` of rows whose maximum is 0."""
    result: Float64Array = np.log(np.exp(scores).sum(axis=1))
    return result


def _best_inverse_temperature(
    scores: Float64Array,
    target: Float64Array,
    weights: Float64Array,
    bracket: tuple[float, float],
) -> tuple[float, bool]:
    """Return the zero of the loss's derivative and whether it is at a bound."""

    def slope(inverse: float) -> float:
        expected = (softmax(inverse * scores) * scores).sum(axis=1)
        return float(weights @ (expected - target))

    low, high = bracket
    if slope(low) >= 0.0:
        return low, True
    if slope(high) <= 0.0:
        return high, True
    a, b = math.log(low), math.log(high)
    for _ in range(_HALVINGS):
        middle = 0.5 * (a + b)
        if slope(math.exp(middle)) < 0.0:
            a = middle
        else:
            b = middle
    return math.exp(0.5 * (a + b)), False


def check_two_classes(outcome: BoolArray | IntArray, name: str, min_each: int) -> None:
    """Refuse outcomes of which one kind is absent or too rare."""
    n_true = int(np.count_nonzero(outcome))
    n_false = int(outcome.shape[0]) - n_true
    if min(n_true, n_false) < min_each:
        raise InsufficientEvidenceError(
            f"{name} holds {n_true} true and {n_false} false; at least {min_each} of "
            "each are needed"
        )


def check_method(data: Mapping[str, Any], method: str) -> None:
    """Refuse the stored state of another calibrator."""
    found = data.get("method")
    if found != method:
        raise IncompatibleArtifactError(
            f"the stored calibrator is {found!r}; expected {method!r}"
        )


def stored_number(
    data: Mapping[str, Any],
    key: str,
    *,
    low: float = -math.inf,
    high: float = math.inf,
) -> float:
    """Return a finite number of a stored state, checked for range."""
    value = data.get(key)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or not low <= value <= high
    ):
        raise IncompatibleArtifactError(
            f"stored {key!r} is {value!r}; expected a number in [{low:g}, {high:g}]"
        )
    return float(value)
