"""Principal components of wide tables, against an independent decomposition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.errors import IncompatibleArtifactError
from whichcam.methods import _principal
from whichcam.methods._principal import PrincipalComponents


def test_they_are_those_of_the_singular_value_decomposition(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_principal, "_COLUMNS", 7)  # several blocks, and a short one
    X = (rng.normal(size=(12, 40)) * np.linspace(1, 5, 40) + 3).astype(np.float32)
    found = PrincipalComponents(5).fit(X)
    _, _, directions = np.linalg.svd(X - X.mean(0), full_matrices=False)
    overlap = np.abs(found.components_ @ directions[:5].T)
    np.testing.assert_allclose(overlap, np.eye(5), atol=1e-4)
    expected = (X - X.mean(0)) @ found.components_.T
    np.testing.assert_allclose(found.transform(X), expected, atol=1e-3)


def test_there_are_never_more_than_photos_can_tell(rng: np.random.Generator) -> None:
    X = rng.normal(size=(6, 30)).astype(np.float32)
    assert PrincipalComponents(100).fit(X).transform(X).shape == (6, 5)


def test_columns_that_do_not_vary_give_one_component_of_nothing() -> None:
    X = np.ones((4, 9), np.float32)
    found = PrincipalComponents(3).fit(X).transform(X)
    np.testing.assert_array_equal(found, np.zeros((4, 1)))


def test_a_table_on_disk_gives_what_one_in_memory_does(
    rng: np.random.Generator, tmp_path: Path
) -> None:
    X = rng.normal(size=(8, 50)).astype(np.float32)
    np.save(tmp_path / "x.npy", X)
    on_disk = np.load(tmp_path / "x.npy", mmap_mode="r")
    ours, theirs = PrincipalComponents(4).fit(X), PrincipalComponents(4).fit(on_disk)
    np.testing.assert_array_equal(ours.components_, theirs.components_)


def test_what_was_learnt_can_be_taken_up_again(rng: np.random.Generator) -> None:
    X = rng.normal(size=(8, 50)).astype(np.float32)
    fitted = PrincipalComponents(4).fit(X)
    again = PrincipalComponents(4).restore(fitted.state())
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))


def test_components_of_another_width_are_refused() -> None:
    arrays: dict[str, Any] = {"mean": np.zeros(5), "components": np.zeros((2, 6))}
    with pytest.raises(IncompatibleArtifactError, match=r"\(2, 6\)"):
        PrincipalComponents(2).restore(arrays)
