"""From findings to words: nothing is multiplied, no sign without a ratio is loud."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichcam.claims import Finding
from whichcam.localize import Localization
from whichcam.pipelines import VERBAL_SCALE, words_for
from whichcam.pipelines._verdicts import verdicts_of


def _finding(**changes: Any) -> Finding:
    values: dict[str, Any] = {
        "code": "sign",
        "topic": "file",
        "analyser": "test",
        "text": "A sign.",
        "seen": "something",
        "expected": None,
        "strength": "strong",
        "direction": "contradicts",
        "source": "this test",
    }
    return Finding(**values | changes)


@pytest.mark.parametrize(
    ("log10_lr", "words"),
    [
        (0.0, "cannot tell"),
        (0.3, "cannot tell"),
        (0.31, "supports weakly"),
        (-0.31, "speaks weakly against"),
        (1.0, "supports moderately"),
        (2.0, "supports moderately strongly"),
        (3.0, "supports strongly"),
        (4.0, "supports very strongly"),
        (6.0, "supports extremely strongly"),
        (-6.0, "speaks extremely strongly against"),
    ],
)
def test_words_are_steps_of_the_scale(log10_lr: float, words: str) -> None:
    assert words_for(log10_lr) == words


@given(st.floats(-9, 9), st.floats(-9, 9))
def test_words_never_step_back_as_evidence_grows(first: float, second: float) -> None:
    steps = [word for _, word in VERBAL_SCALE][::-1]
    order = ["cannot tell", *(f"supports {word}" for word in steps)]
    low, high = sorted((abs(first), abs(second)))
    assert order.index(words_for(low)) <= order.index(words_for(high))


def test_ten_signs_weigh_no_more_than_their_weightiest() -> None:
    (one,) = verdicts_of([_finding()], [], [])
    (many,) = verdicts_of([_finding(code=f"sign_{k}") for k in range(10)], [], [])
    assert one.words == many.words == "speaks moderately against"
    assert many.log10_lr is None
    assert many.findings == ("sign_0",)


def test_signs_without_a_ratio_are_moderate_at_most() -> None:
    for strength in ("strong", "moderate", "weak"):
        (against,) = verdicts_of([_finding(strength=strength)], [], [])
        (agreeing,) = verdicts_of(
            [_finding(strength=strength, direction="agrees")], [], []
        )
        assert "strongly" not in against.words
        assert agreeing.words == "supports weakly"


def test_a_ratio_alone_is_the_verdict() -> None:
    ratio = _finding(
        topic="camera",
        code="model_against_pixels",
        log10_lr=3.2,
        direction="agrees",
        hypotheses=("a Nikon D90 took it", "another camera took it"),
    )
    (verdict,) = verdicts_of([ratio], [], [])
    assert (verdict.words, verdict.log10_lr) == ("supports strongly", 3.2)
    assert verdict.hypotheses[0] == "a Nikon D90 took it"


def test_opposed_pieces_are_set_off_against_each_other() -> None:
    ratio = _finding(topic="camera", code="pixels", log10_lr=1.2, direction="agrees")
    sign = _finding(topic="camera", code="maker_note")
    (verdict,) = verdicts_of([ratio, sign], [], [])
    assert verdict.words == "cannot tell"
    assert verdict.log10_lr is None
    assert set(verdict.findings) == {"pixels", "maker_note"}
    assert "set off" in verdict.basis


def test_notes_and_neutral_findings_decide_nothing() -> None:
    notes = [_finding(strength="note"), _finding(direction="neutral")]
    (verdict,) = verdicts_of(notes, [], [])
    assert (verdict.words, verdict.findings) == ("cannot tell", ())


def test_a_map_speaks_against_one_camera_by_its_ratio() -> None:
    heat = np.zeros((8, 8), dtype=np.float32)
    quiet = Localization(method="noise_level", heatmap=heat)
    fusion = Localization(method="fusion", heatmap=heat, log10_lr=1.5)
    (verdict,) = verdicts_of([], [quiet, fusion], [])
    assert verdict.question == "one_camera"
    assert (verdict.words, verdict.log10_lr) == ("speaks moderately against", -1.5)


def test_questions_nobody_asked_have_no_verdict() -> None:
    assert verdicts_of([], [], []) == ()


def test_a_ratio_its_analyser_calls_weak_is_held_to_weak() -> None:
    finding = _finding(topic="camera", strength="weak", log10_lr=-2.6)
    (verdict,) = verdicts_of([finding], [], [])
    assert verdict.words == "speaks weakly against"
    assert verdict.log10_lr is None, "what was held back is no ratio any more"


def test_a_map_of_a_size_nothing_was_fitted_on_is_a_sign_without_a_ratio() -> None:
    heat = np.zeros((8, 8), np.float32)

    def said(score: float) -> tuple[str, float | None]:
        found = Localization(
            method="fusion",
            heatmap=heat,
            score=score,
            score_threshold=0.0,
            log10_lr=2.5,
            params={"size_as_fitted": False},
        )
        (verdict,) = verdicts_of([], [found], [])
        return verdict.words, verdict.log10_lr

    assert said(1.0) == ("speaks weakly against", None)
    assert said(-1.0) == ("cannot tell", None)
