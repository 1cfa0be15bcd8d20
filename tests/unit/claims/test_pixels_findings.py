"""The claimed camera against a network's evidence."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whichcam._typing import PixelArray
from whichcam.claims import Finding, SignatureTable, read_claims
from whichcam.claims._pixels import _ratio, check_pixels, verbal
from whichcam.claims._questioned import Questioned
from whichcam.media import open_photo
from whichcam.models import Decision, Evidence

Jpeg = Callable[..., bytes]
CLASSES = ("Canon EOS 5D", "Canon EOS 6D", "Nikon D90", "Nikon D60")
MAKES = ("Canon", "Canon", "Nikon", "Nikon")


def evidence(probabilities: Sequence[float], known_score: float = 3.0) -> Evidence:
    return Evidence(
        probabilities=np.array(probabilities),
        known_score=known_score,
        unknown_probability=1 / (1 + math.exp(known_score)),
        embedding=np.zeros(3, np.float32),
        n_crops=1,
        file_statistics_used=True,
    )


def network(n_devices: int = 144) -> Any:
    decision = Decision(level="make", answer="Canon", confidence=0.9, error_rate=0.1)
    protocol = {"regimes": {"file": {"by_kind": {"device": {"n": n_devices}}}}}
    return SimpleNamespace(
        classes=CLASSES,
        makes=MAKES,
        model_id="fake",
        calibration=SimpleNamespace(protocol=protocol),
        decide=lambda _: decision,
    )


def finding_of(
    jpeg: Jpeg,
    plain: PixelArray,
    make: str,
    model: str,
    seen: Evidence,
    **kwargs: Any,
) -> Finding | None:
    data = jpeg(plain, image={0x010F: make, 0x0110: model})
    questioned = Questioned(
        photo=open_photo(data),
        claims=read_claims(data),
        signatures=SignatureTable(cameras=(), provenance=()),
        evidence=seen,
        model=network(**kwargs),
    )
    return next(check_pixels(questioned), None)


def test_pixels_speak_for_a_true_and_against_a_false_claim(
    jpeg: Jpeg, plain: PixelArray
) -> None:
    seen = evidence([0.97, 0.02, 0.005, 0.005])
    true = finding_of(jpeg, plain, "Canon", "Canon EOS 5D", seen)
    false = finding_of(jpeg, plain, "NIKON CORPORATION", "NIKON D90", seen)
    assert true is not None
    assert false is not None
    assert true.log10_lr is not None
    assert false.log10_lr is not None
    assert true.direction == "agrees"
    assert true.log10_lr > 0 > false.log10_lr
    assert (false.direction, false.strength) == ("contradicts", "moderate")
    assert false.hypotheses is not None
    assert "Nikon D90" in false.hypotheses[0]


def test_ratios_are_bounded_by_the_photos_they_were_calibrated_on(
    jpeg: Jpeg, plain: PixelArray
) -> None:
    seen = evidence([1.0, 0.0, 0.0, 0.0], known_score=20.0)
    for n_devices in (30, 1000):
        finding = finding_of(jpeg, plain, "Nikon", "D90", seen, n_devices=n_devices)
        assert finding is not None
        assert finding.log10_lr == pytest.approx(-math.log10(n_devices), abs=1e-3)


def test_a_model_never_seen_is_judged_by_its_maker_and_weakly(
    jpeg: Jpeg, plain: PixelArray
) -> None:
    seen = evidence([0.6, 0.39999, 5e-6, 5e-6], known_score=9.0)
    finding = finding_of(jpeg, plain, "Nikon", "D7000", seen)
    assert finding is not None
    assert (finding.direction, finding.strength) == ("contradicts", "weak")


def test_a_maker_never_seen_cannot_be_compared(jpeg: Jpeg, plain: PixelArray) -> None:
    finding = finding_of(
        jpeg, plain, "Leica", "M9", evidence([0.25] * 4, known_score=-2.0)
    )
    assert finding is not None
    assert finding.code == "model_not_comparable"
    like_known = finding_of(
        jpeg, plain, "Leica", "M9", evidence([1, 0, 0, 0], known_score=6.0)
    )
    assert like_known is not None
    assert (like_known.direction, like_known.strength) == ("contradicts", "weak")


def test_no_claim_no_finding(jpeg: Jpeg, plain: PixelArray) -> None:
    assert finding_of(jpeg, plain, "Canon", "", evidence([0.25] * 4)) is None


@given(
    st.lists(st.floats(0.01, 1), min_size=4, max_size=4),
    st.floats(-8, 8),
    st.integers(0, 3),
)
def test_more_probability_never_makes_a_claim_less_likely(
    weights: list[float], score: float, member: int
) -> None:
    low = np.array(weights) / sum(weights)
    high = low.copy()
    high[member] += 0.5
    high /= high.sum()
    assert _ratio(evidence(high.tolist(), score), [member]) >= _ratio(
        evidence(low.tolist(), score), [member]
    )


def test_equal_probabilities_of_a_known_camera_say_next_to_nothing() -> None:
    assert abs(_ratio(evidence([0.25] * 4, 0.0), [0])) < 1e-9


def test_words_follow_the_ratio() -> None:
    assert verbal(0.2) == ("note", "neutral")
    assert verbal(0.7) == ("weak", "agrees")
    assert verbal(-1.4) == ("moderate", "contradicts")
    assert verbal(-2.0) == ("strong", "contradicts")
