"""Accuracy, confusions and the table of classes."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt
import pytest
from sklearn import metrics as sk

from whichcam.errors import InputError, InsufficientEvidenceError, ShapeMismatchError
from whichcam.scoring import (
    UNKNOWN,
    confusion_matrix,
    macro_accuracy,
    per_class_report,
    sp_cup_score,
    top_k_accuracy,
)

EXACT = 1e-12


@pytest.fixture
def answers(
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return 300 random rows of 7 probabilities, and labels."""
    scores = rng.dirichlet(np.ones(7), size=300)
    return scores, rng.integers(0, 7, size=300)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_top_k_agrees_with_scikit_learn(
    answers: tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]], k: int
) -> None:
    scores, labels = answers
    theirs = sk.top_k_accuracy_score(labels, scores, k=k, labels=np.arange(7))
    assert top_k_accuracy(scores, labels, k) == pytest.approx(theirs, abs=EXACT)


def test_top_1_is_the_argmax_even_among_ties() -> None:
    scores = np.full((3, 3), 1 / 3)
    assert top_k_accuracy(scores, [0, 1, 2], 1) == pytest.approx(1 / 3, abs=EXACT)
    assert top_k_accuracy(scores, [0, 1, 2], 2) == pytest.approx(2 / 3, abs=EXACT)


def test_every_known_camera_is_right_when_all_classes_are_guessed() -> None:
    assert top_k_accuracy([[0.9, 0.1]], [1], k=5) == 1.0


def test_an_unknown_camera_is_wrong_however_many_guesses_count() -> None:
    assert top_k_accuracy([[0.9, 0.1], [0.9, 0.1]], [0, UNKNOWN], k=2) == 0.5


def test_macro_accuracy_weighs_every_device_alike() -> None:
    correct = [True] * 99 + [False]
    devices = ["big"] * 99 + ["small"]
    assert macro_accuracy(correct, devices) == 0.5


def test_macro_accuracy_over_models_is_balanced_accuracy(
    answers: tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]],
) -> None:
    scores, labels = answers
    predictions = scores.argmax(axis=1)
    theirs = sk.balanced_accuracy_score(labels, predictions)
    ours = macro_accuracy(predictions == labels, labels)
    assert ours == pytest.approx(theirs, abs=EXACT)


def test_sp_cup_score_weighs_unaltered_seven_to_three() -> None:
    score = sp_cup_score([True, False], [True, True, True, False])
    assert score == pytest.approx(0.7 * 0.5 + 0.3 * 0.75, abs=EXACT)


def test_confusion_matrix_agrees_with_scikit_learn_and_has_a_place_for_unknown(
    rng: np.random.Generator,
) -> None:
    labels = rng.integers(-1, 5, size=400)
    predictions = rng.integers(-1, 5, size=400)
    theirs = sk.confusion_matrix(labels, predictions, labels=[0, 1, 2, 3, 4, -1])
    assert confusion_matrix(labels, predictions, 5).tolist() == theirs.tolist()


def test_class_report_agrees_with_scikit_learn(
    answers: tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]],
) -> None:
    scores, labels = answers
    predictions = scores.argmax(axis=1)
    names = [f"camera {i}" for i in range(7)]
    precision, recall, f1, support = sk.precision_recall_fscore_support(
        labels, predictions
    )
    report = per_class_report(labels, predictions, names)
    assert [row.name for row in report] == names
    assert [row.n_photos for row in report] == support.tolist()
    assert np.allclose([row.recall or 0.0 for row in report], recall, atol=EXACT)
    assert np.allclose([row.precision or 0.0 for row in report], precision, atol=EXACT)
    assert np.allclose([row.f1 or 0.0 for row in report], f1, atol=EXACT)


def test_what_there_is_no_photograph_to_measure_by_is_none() -> None:
    first, second = per_class_report([0, 0], [1, 1], ["A", "B"])
    assert (first.recall, first.precision, first.f1) == (0.0, None, None)
    assert (second.recall, second.precision, second.f1) == (None, 0.0, None)


def test_unknown_cameras_lower_precision_and_refusals_lower_recall() -> None:
    (row,) = per_class_report([0, 0, UNKNOWN], [0, UNKNOWN, 0], ["A"])
    assert (row.recall, row.precision, row.most_confused_with) == (0.5, 0.5, "unknown")


def test_the_worst_confusion_is_named_only_where_there_is_one() -> None:
    report = per_class_report([0, 0, 0, 1], [2, 2, 1, 1], ["A", "B", "C"])
    assert [row.most_confused_with for row in report] == ["C", None, None]


def test_class_report_is_json() -> None:
    (row,) = per_class_report([0], [0], ["A"])
    assert json.loads(json.dumps(row.to_dict())) == {
        "name": "A",
        "n_photos": 1,
        "n_answered": 1,
        "n_correct": 1,
        "recall": 1.0,
        "precision": 1.0,
        "f1": 1.0,
        "most_confused_with": None,
    }


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(ShapeMismatchError, match="labels has 1 row"):
        top_k_accuracy([[1.0, 0.0], [1.0, 0.0]], [0])
    with pytest.raises(ShapeMismatchError, match="groups has 1 row"):
        macro_accuracy([True, False], ["a"])
    with pytest.raises(ShapeMismatchError, match="predictions has 1 row"):
        confusion_matrix([0, 1], [0], 2)


def test_no_photograph_is_too_little_evidence() -> None:
    with pytest.raises(InsufficientEvidenceError, match="labels is empty"):
        confusion_matrix(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), 2)
    with pytest.raises(InsufficientEvidenceError, match="correct is empty"):
        macro_accuracy([], [])
    with pytest.raises(InsufficientEvidenceError, match="correct_manipulated"):
        sp_cup_score([True], np.zeros(0, dtype=np.bool_))
    with pytest.raises(InsufficientEvidenceError, match="probabilities is empty"):
        top_k_accuracy(np.zeros((0, 3)), [0])


def test_impossible_labels_are_named_with_their_row() -> None:
    with pytest.raises(InputError, match=r"labels\[1\] is 2; expected a class index"):
        top_k_accuracy([[1.0, 0.0], [1.0, 0.0]], [0, 2])
    with pytest.raises(InputError, match="expected integer labels"):
        top_k_accuracy([[1.0, 0.0]], [0.5])
    with pytest.raises(InputError, match=r"labels\[0\] is -2"):
        confusion_matrix([-2], [0], 2)


def test_values_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="holds NaN"):
        top_k_accuracy([[np.nan, 1.0]], [0])
    with pytest.raises(InputError, match="infinite"):
        top_k_accuracy([[np.inf, 1.0]], [0])
    with pytest.raises(InputError, match="cannot be read as numbers"):
        top_k_accuracy([["a", "b"]], [0])
    with pytest.raises(InputError, match="cannot be read as an array"):
        confusion_matrix([[0], [1, 2]], [0], 2)
    with pytest.raises(InputError, match="True/False or 0/1"):
        macro_accuracy([0.5], ["a"])
    with pytest.raises(InputError, match="k is 0"):
        top_k_accuracy([[1.0, 0.0]], [0], 0)


def test_wrong_axes_are_refused() -> None:
    with pytest.raises(ShapeMismatchError, match="expected 2 axis"):
        top_k_accuracy([1.0, 0.0], [0])
    with pytest.raises(ShapeMismatchError, match="no classes"):
        top_k_accuracy(np.zeros((2, 0)), [0, 0])
    with pytest.raises(ShapeMismatchError, match=r"labels has shape \(1, 1\)"):
        top_k_accuracy([[1.0, 0.0]], [[0]])
    with pytest.raises(ShapeMismatchError, match="correct has shape"):
        macro_accuracy([[True]], ["a"])
    with pytest.raises(ShapeMismatchError, match="groups has shape"):
        macro_accuracy([True], [["a"]])


def test_groups_must_be_named_and_comparable() -> None:
    with pytest.raises(InputError, match="groups holds None"):
        macro_accuracy([True, False], np.array(["a", None], dtype=object))
    with pytest.raises(InputError, match="mixes types"):
        macro_accuracy([True, False], np.array(["a", 1], dtype=object))
