"""How often the right camera is named: accuracy, confusions, one row per class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam._typing import IntArray
from whichcam.errors import InputError, ShapeMismatchError
from whichcam.scoring._validation import (
    UNKNOWN,
    as_array,
    as_class_scores,
    as_flags,
    as_group_codes,
    as_labels,
    check_count,
    same_length,
)


def top_k_accuracy(
    probabilities: npt.ArrayLike, labels: npt.ArrayLike, k: int = 1
) -> float:
    """Return the share of photographs whose class is among the k most probable.

    Parameters
    ----------
    probabilities : array_like of shape (n, c), float
        Scores of c classes; only their order within a row matters.
    labels : array_like of shape (n,), int
        True class index, or -1 (`UNKNOWN`) for a camera that is none of the classes.
        An unknown camera counts as wrong whatever k: no class named is right.
    k : int, default 1
        How many guesses count. With ``k >= c`` every known camera is right.

    Returns
    -------
    float
        Share in [0, 1].

    Raises
    ------
    ShapeMismatchError
        If the arrays do not describe the same photographs.
    InputError
        If a label is no class index, a score is not finite, or ``k < 1``.
    InsufficientEvidenceError
        If there is no photograph.

    Notes
    -----
    Among equal scores the lower class index goes first, as in `numpy.argmax`, so that
    ``k=1`` is the accuracy of the argmax.

    Examples
    --------
    >>> top_k_accuracy([[0.5, 0.3, 0.2], [0.1, 0.3, 0.6]], [1, 2], k=1)
    0.5
    >>> top_k_accuracy([[0.5, 0.3, 0.2], [0.1, 0.3, 0.6]], [1, -1], k=2)
    0.5
    """
    scores = as_class_scores("probabilities", probabilities)
    truth = as_labels("labels", labels, n_classes=scores.shape[1], unknown=True)
    same_length("labels", truth, "probabilities", scores.shape[0])
    check_count("k", k)
    known = truth != UNKNOWN
    own = np.take_along_axis(scores, np.maximum(truth, 0)[:, None], axis=1)
    before = (scores > own).sum(axis=1)
    index = np.arange(scores.shape[1])
    before += ((scores == own) & (index[None, :] < truth[:, None])).sum(axis=1)
    return float(np.mean(known & (before < k)))


def macro_accuracy(correct: npt.ArrayLike, groups: npt.ArrayLike) -> float:
    """Return the mean over groups of the share right within each group.

    Parameters
    ----------
    correct : array_like of shape (n,), bool
        Whether each photograph was answered rightly.
    groups : array_like of shape (n,)
        Device or camera model of each photograph. A device with a thousand pictures
        then weighs as much as one with ten.

    Returns
    -------
    float
        Share in [0, 1].

    Raises
    ------
    ShapeMismatchError
        If the lengths differ.
    InsufficientEvidenceError
        If there is no photograph.

    Examples
    --------
    >>> macro_accuracy([True, True, True, False], ["a", "a", "a", "b"])
    0.5
    """
    flags = as_flags("correct", correct)
    codes, n_groups = as_group_codes("groups", groups)
    same_length("groups", codes, "correct", flags.shape[0])
    right = np.bincount(codes, weights=flags, minlength=n_groups)
    count = np.bincount(codes, minlength=n_groups)
    return float(np.mean(right / count))


def sp_cup_score(
    correct_unaltered: npt.ArrayLike, correct_manipulated: npt.ArrayLike
) -> float:
    """Return the score of the IEEE Signal Processing Cup 2018.

    Parameters
    ----------
    correct_unaltered : array_like of shape (n,), bool
        Whether each untouched photograph was answered rightly.
    correct_manipulated : array_like of shape (m,), bool
        The same for manipulated photographs.

    Returns
    -------
    float
        ``0.7 * accuracy(unaltered) + 0.3 * accuracy(manipulated)``, in [0, 1].

    Raises
    ------
    InsufficientEvidenceError
        If either set is empty.

    References
    ----------
    .. [1] M. Stamm, P. Bestagini, L. Marcenaro, P. Campisi, "Forensic camera model
       identification: highlights from the IEEE Signal Processing Cup 2018 student
       competition", IEEE Signal Processing Magazine 35(5), 2018,
       doi:10.1109/MSP.2018.2847326.

    Examples
    --------
    >>> sp_cup_score([True, True], [True, False])
    0.85
    """
    unaltered = as_flags("correct_unaltered", correct_unaltered)
    manipulated = as_flags("correct_manipulated", correct_manipulated)
    # 0.7 and 0.3: the weights of the competition [1].
    return 0.7 * float(unaltered.mean()) + 0.3 * float(manipulated.mean())


def confusion_matrix(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, n_classes: int
) -> IntArray:
    """Count how often each class was answered with each class or with "unknown".

    Parameters
    ----------
    labels, predictions : array_like of shape (n,), int
        True and answered class index; -1 (`UNKNOWN`) for a camera that is none of the
        classes, and for the answer "unknown camera".
    n_classes : int
        Number c of classes.

    Returns
    -------
    ndarray of shape (c + 1, c + 1), int64
        ``counts[true, answered]``. The last row holds the unknown cameras and the last
        column the answers "unknown"; ``counts[:c, :c]`` is the closed-set matrix.

    Raises
    ------
    ShapeMismatchError, InputError, InsufficientEvidenceError
        If the lengths differ, a label is no class index, or there is no photograph.

    Examples
    --------
    >>> confusion_matrix([0, 0, 1, -1], [0, 1, 1, -1], 2).tolist()
    [[1, 1, 0], [0, 1, 0], [0, 0, 1]]
    """
    check_count("n_classes", n_classes)
    truth = as_labels("labels", labels, n_classes=n_classes, unknown=True)
    answer = as_labels("predictions", predictions, n_classes=n_classes, unknown=True)
    same_length("predictions", answer, "labels", truth.shape[0])
    size = n_classes + 1
    # -1 modulo size is the last row or column.
    cells = (truth % size) * size + answer % size
    return np.bincount(cells, minlength=size * size).reshape(size, size)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassReport:
    """What became of the photographs of one class.

    Attributes
    ----------
    name : str
        The class.
    n_photos : int
        Photographs of this class.
    n_answered : int
        Photographs of any camera answered with this class.
    n_correct : int
        Photographs of this class answered with it.
    recall, precision, f1 : float or None
        Shares in [0, 1]. Recall is None without photographs of the class, precision
        None where the class was never answered, F1 None where either is.
    most_confused_with : str or None
        The wrong class most often answered for it; "unknown" where that was the refusal
        to answer; None where nothing went wrong.
    """

    name: str
    n_photos: int
    n_answered: int
    n_correct: int
    recall: float | None
    precision: float | None
    f1: float | None
    most_confused_with: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return asdict(self)


def per_class_report(
    labels: npt.ArrayLike, predictions: npt.ArrayLike, class_names: Sequence[str]
) -> tuple[ClassReport, ...]:
    """Return recall, precision and the worst confusion of every class.

    Parameters
    ----------
    labels, predictions : array_like of shape (n,), int
        As in `confusion_matrix`. A photograph of an unknown camera (-1) answered with a
        class lowers that class's precision; an answer "unknown" (-1) lowers recall.
    class_names : sequence of str
        Name of each class, in index order.

    Returns
    -------
    tuple of ClassReport
        One per class, in the order of ``class_names``; there is none for "unknown".

    Raises
    ------
    ShapeMismatchError, InputError, InsufficientEvidenceError
        As in `confusion_matrix`.

    Examples
    --------
    >>> report = per_class_report([0, 0, 1], [0, 1, 1], ["Canon A", "Canon B"])
    >>> report[0].recall, report[1].precision, report[0].most_confused_with
    (0.5, 0.5, 'Canon B')
    """
    names = [*class_names, "unknown"]
    counts = confusion_matrix(labels, predictions, len(class_names))
    return tuple(
        _report(index, name, names, counts) for index, name in enumerate(class_names)
    )


def _report(
    index: int, name: str, names: Sequence[str], counts: IntArray
) -> ClassReport:
    """Return the report of one row and column of the confusion matrix."""
    n_photos = int(counts[index].sum())
    n_answered = int(counts[:, index].sum())
    n_correct = int(counts[index, index])
    wrong = counts[index].copy()
    wrong[index] = 0
    either = n_photos + n_answered
    return ClassReport(
        name=name,
        n_photos=n_photos,
        n_answered=n_answered,
        n_correct=n_correct,
        recall=n_correct / n_photos if n_photos else None,
        precision=n_correct / n_answered if n_answered else None,
        f1=2 * n_correct / either if n_photos and n_answered else None,
        most_confused_with=names[int(wrong.argmax())] if wrong.any() else None,
    )


def check_square_counts(name: str, counts: npt.ArrayLike, n_classes: int) -> IntArray:
    """Return (c, c) int64 counts, none negative."""
    array = as_array(name, counts)
    if array.shape != (n_classes, n_classes):
        raise ShapeMismatchError(
            f"{name} has shape {array.shape}; expected ({n_classes}, {n_classes}), "
            "one row and one column per class (leave out the row and column 'unknown')"
        )
    if array.dtype.kind not in "iu" or bool((array < 0).any()):
        raise InputError(f"{name} must hold counts: integers, none negative")
    return array.astype(np.int64)
