"""A discriminant must look away from what sessions and variants change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra train is not installed")

from whichcam.errors import InsufficientEvidenceError
from whichcam.training._config import TrainingConfig
from whichcam.training._discriminant import Discriminant, Pictures, fit_discriminant

N_INPUTS, N_CLASSES, PER_SESSION = 12, 4, 10
BLOCKS = [np.arange(8), np.arange(8, N_INPUTS)]
PLAIN = TrainingConfig(discriminant_shrinkage=0.01, discriminant_components=N_INPUTS)


def _photos(
    rng: np.random.Generator, centres: Any, *, moved: Any = 0.0, n: int = PER_SESSION
) -> tuple[Any, Any]:
    labels = np.repeat(np.arange(len(centres)), n)
    noise = 0.3 * rng.normal(size=(len(labels), N_INPUTS))
    return centres[labels] + noise + moved, labels


def _without_variants(photos: Any, labels: Any, sessions: Any = None) -> Pictures:
    return Pictures(
        photos=photos,
        variants=[np.zeros((len(photos), 0, N_INPUTS))],
        labels=labels,
        sessions=["s"] * len(labels) if sessions is None else sessions,
    )


def _share_right(found: Discriminant, photos: Any, labels: Any) -> float:
    logits = photos @ found.weight.T + found.bias
    return float((logits.argmax(1) == labels).mean())


def test_it_tells_apart_what_differs(rng: np.random.Generator) -> None:
    centres = rng.normal(size=(N_CLASSES, N_INPUTS))
    found = fit_discriminant(
        _without_variants(*_photos(rng, centres)), BLOCKS, N_CLASSES, PLAIN
    )
    assert _share_right(found, *_photos(rng, centres)) > 0.97


def test_a_direction_that_variants_move_along_is_not_evidence(
    rng: np.random.Generator,
) -> None:
    """Two classes differ much along a direction of size, a little along another."""
    size, make = np.eye(N_INPUTS)[0], np.eye(N_INPUTS)[1]
    centres = np.stack([make + 0 * size, -make + 3 * size])
    photos, labels = _photos(rng, centres)
    variants = (photos + 3 * np.where(labels == 0, 1, -1)[:, None] * size)[:, None]
    pictures = Pictures(
        photos=photos, variants=[variants], labels=labels, sessions=["s"] * len(labels)
    )
    told = fit_discriminant(pictures, BLOCKS, 2, PLAIN)
    naive = fit_discriminant(_without_variants(photos, labels), BLOCKS, 2, PLAIN)
    moved = _photos(rng, centres[::-1] * [0, 1, *([0] * (N_INPUTS - 2))] * -1)
    swapped = _photos(rng, np.stack([make + 3 * size, -make]))
    assert _share_right(told, *swapped) > 0.9 > 0.5 > _share_right(naive, *swapped)
    assert _share_right(told, *moved) > 0.9


def test_a_direction_that_sessions_differ_along_is_not_evidence(
    rng: np.random.Generator,
) -> None:
    light, make = np.eye(N_INPUTS)[0], np.eye(N_INPUTS)[1]
    # class 0 was seen in three lights; class 1 in one, which only it was seen in
    centres = np.stack([make - 3 * light, make, make + 3 * light, -make + 6 * light])
    photos, session = _photos(rng, centres)
    labels = np.array([0, 0, 0, 1])[session]
    names = [f"s{k}" for k in session]
    told = fit_discriminant(_without_variants(photos, labels, names), BLOCKS, 2, PLAIN)
    swapped, label = _photos(rng, np.stack([make + 6 * light, -make - 3 * light]))
    assert _share_right(told, swapped, label) > 0.9
    blind = TrainingConfig(
        discriminant_shrinkage=0.01,
        discriminant_components=N_INPUTS,
        discriminant_sessions=0.0,
    )
    naive = fit_discriminant(_without_variants(photos, labels, names), BLOCKS, 2, blind)
    assert _share_right(naive, swapped, label) < 0.6


def test_logits_are_centred_and_scaled_by_the_temperature(
    rng: np.random.Generator,
) -> None:
    photos, labels = _photos(rng, rng.normal(size=(N_CLASSES, N_INPUTS)))
    pictures = _without_variants(photos, labels)
    warm, cool = (
        fit_discriminant(
            pictures,
            BLOCKS,
            N_CLASSES,
            TrainingConfig(
                discriminant_components=N_INPUTS, discriminant_temperature=temperature
            ),
        )
        for temperature in (300.0, 600.0)
    )
    np.testing.assert_allclose(warm.weight, 2 * cool.weight, rtol=1e-5)
    np.testing.assert_allclose(warm.weight.sum(0), 0, atol=1e-4)
    assert abs(warm.bias.sum()) < 1e-4


def test_a_class_without_photos_is_improbable(rng: np.random.Generator) -> None:
    photos, labels = _photos(rng, rng.normal(size=(N_CLASSES, N_INPUTS)))
    pictures = _without_variants(photos, np.where(labels == 1, 2, labels))
    found = fit_discriminant(pictures, BLOCKS, N_CLASSES, PLAIN)
    logits = photos @ found.weight.T + found.bias
    assert np.isfinite(logits).all()
    assert not (logits.argmax(1) == 1).any()


def test_blocks_weigh_alike_whatever_their_length(rng: np.random.Generator) -> None:
    """With one component, the block of fewer, stronger numbers must lead."""
    photos, labels = _photos(rng, rng.normal(size=(N_CLASSES, N_INPUTS)))
    config = TrainingConfig(discriminant_components=1)
    found = fit_discriminant(
        _without_variants(photos, labels), BLOCKS, N_CLASSES, config
    )
    together = fit_discriminant(
        _without_variants(photos, labels), [np.arange(N_INPUTS)], N_CLASSES, config
    )
    share = np.square(found.weight[:, 8:]).sum() / np.square(found.weight).sum()
    plain = np.square(together.weight[:, 8:]).sum() / np.square(together.weight).sum()
    assert share > plain


def test_one_photo_is_too_few(rng: np.random.Generator) -> None:
    pictures = _without_variants(rng.normal(size=(1, N_INPUTS)), np.zeros(1, int))
    with pytest.raises(InsufficientEvidenceError, match="need 2"):
        fit_discriminant(pictures, BLOCKS, N_CLASSES, PLAIN)


def test_pictures_that_hardly_vary_do_not_shout_down_the_experts() -> None:
    """Without a limit such logits grow past what half precision can hold."""
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(N_CLASSES, N_INPUTS))
    labels = np.repeat(np.arange(N_CLASSES), PER_SESSION)
    photos = centres[labels] + 1e-6 * rng.normal(size=(len(labels), N_INPUTS))
    config = TrainingConfig(discriminant_shrinkage=0.0)
    found = fit_discriminant(
        _without_variants(photos, labels), BLOCKS, N_CLASSES, config
    )
    logits = photos @ found.weight.T + found.bias
    own = logits[np.arange(len(labels)), labels] - logits.mean(1)
    assert own.mean() == pytest.approx(30, rel=1e-3)
    assert np.isfinite(found.weight.astype(np.float16)).all()
