"""An unfinished fingerprint on disk: it goes on, or says why not."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam.errors import (
    ArtifactError,
    ArtifactNotFoundError,
    ChecksumMismatchError,
    IncompatibleArtifactError,
)
from whichcam.prnu import FingerprintEstimator, _state
from whichcam.prnu import _fingerprint as fingerprint_module

SIZE = (64, 72)


def _picture(rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return rng.integers(40, 200, (*SIZE, 3)).astype(np.uint8)


@pytest.fixture
def saved(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Return the state of an estimator that saw two pictures."""
    estimator = FingerprintEstimator(SIZE)
    for _ in range(2):
        estimator.add(_picture(rng))
    path = tmp_path / "state.npz"
    estimator.save(path)
    return path


def _rewrite(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change arrays and facts of a state, as someone else's program would."""
    with np.load(path) as stored:
        arrays = dict(stored)
    arrays["facts"] = json.loads(arrays["facts"].tobytes())
    change(arrays)
    text = json.dumps(arrays.pop("facts")).encode()
    np.savez(path, facts=np.frombuffer(text, np.uint8), **arrays)


def test_a_saved_estimator_goes_on_as_if_never_stopped(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    pictures = [_picture(rng) for _ in range(5)]
    pictures[0][:20] = 255
    whole, first = FingerprintEstimator(SIZE), FingerprintEstimator(SIZE)
    for pixels in pictures:
        whole.add(pixels)
    for pixels in pictures[:3]:
        first.add(pixels)
    first.save(tmp_path / "state.npz")
    second = FingerprintEstimator.load(tmp_path / "state.npz")
    assert (second.shape, second.n_photos) == (SIZE, 3)
    for pixels in pictures[3:]:
        second.add(pixels)
    found, expected = second.estimate(), whole.estimate()
    np.testing.assert_array_equal(found.pattern, expected.pattern)
    assert found.to_dict() == expected.to_dict()


def test_an_estimator_that_saw_nothing_can_be_saved(tmp_path: Path) -> None:
    FingerprintEstimator(SIZE).save(tmp_path / "state.npz")
    assert FingerprintEstimator.load(tmp_path / "state.npz").n_photos == 0


def test_saving_leaves_one_file_and_replaces_the_last(
    saved: Path, rng: np.random.Generator
) -> None:
    estimator = FingerprintEstimator.load(saved)
    estimator.add(_picture(rng))
    estimator.save(saved)
    assert FingerprintEstimator.load(saved).n_photos == 3
    assert list(saved.parent.iterdir()) == [saved]


def test_a_full_disk_is_said_and_leaves_the_last_state(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = saved.read_bytes()

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", refuse)
    with pytest.raises(ArtifactError, match=r"No space left.*free space"):
        FingerprintEstimator(SIZE).save(saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="cannot be written"):
        FingerprintEstimator(SIZE).save(tmp_path / "none" / "state.npz")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotFoundError, match=r"none\.npz does not exist"):
        FingerprintEstimator.load(tmp_path / "none.npz")


def test_every_flipped_byte_of_the_sums_is_noticed(
    saved: Path, rng: np.random.Generator
) -> None:
    whole = saved.read_bytes()
    for place in rng.integers(2000, len(whole) - 2000, 5):
        damaged = bytearray(whole)
        damaged[place] ^= 0x10
        saved.write_bytes(damaged)
        with pytest.raises(ArtifactError):
            FingerprintEstimator.load(saved)


def test_sums_changed_by_another_program_are_noticed(saved: Path) -> None:
    def change(arrays: dict[str, Any]) -> None:
        arrays["numerator"][0, 3, 3] += 1

    _rewrite(saved, change)  # the archive's own check sums are right again
    with pytest.raises(ChecksumMismatchError, match="not those it was written with"):
        FingerprintEstimator.load(saved)


def test_a_count_changed_by_another_program_is_noticed(saved: Path) -> None:
    _rewrite(saved, lambda arrays: arrays["facts"].update(n_photos=900))
    with pytest.raises(ChecksumMismatchError):
        FingerprintEstimator.load(saved)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_file_cut_short_is_refused(saved: Path, share: float) -> None:
    whole = saved.read_bytes()
    saved.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(IncompatibleArtifactError, match="enrol the pictures again"):
        FingerprintEstimator.load(saved)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"kind": "another"}, "does not call itself"),
        ({"n_photos": "2"}, "n_photos is '2'"),
        ({"n_photos": True}, "n_photos is True"),
        ({"saturated": None}, "saturated is None"),
        ({"shape": [64, 72, 3]}, "shape is"),
        ({"shape": [64, 10**9]}, "shape is"),
        ({"shape": [0, 72]}, "shape is"),
        ({"shape": [65, 72]}, r"numerator is float32 \(2, 64, 72\), not"),
        ({"shape": [63, 72]}, r"numerator is float32 \(2, 64, 72\), not"),
        ({"padding": "x" * 5000}, "its facts take"),
    ],
)
def test_facts_out_of_their_kind_are_refused(
    saved: Path, facts: dict[str, Any], why: str
) -> None:
    _rewrite(saved, lambda arrays: arrays["facts"].update(facts))
    with pytest.raises(IncompatibleArtifactError, match=why):
        FingerprintEstimator.load(saved)


def test_facts_that_are_no_object_are_refused(saved: Path) -> None:
    _rewrite(saved, lambda arrays: arrays.update(facts=[1, 2]))
    with pytest.raises(IncompatibleArtifactError, match="does not call itself"):
        FingerprintEstimator.load(saved)


def test_facts_that_are_no_text_are_refused(saved: Path) -> None:
    with np.load(saved) as stored:
        arrays = {**stored, "facts": np.zeros(3)}
    np.savez(saved, **arrays)
    with pytest.raises(IncompatibleArtifactError, match="no text"):
        FingerprintEstimator.load(saved)
    np.savez(saved, **{**arrays, "facts": np.frombuffer(b"{nothing", np.uint8)})
    with pytest.raises(IncompatibleArtifactError, match="no JSON"):
        FingerprintEstimator.load(saved)


def test_sums_of_another_kind_are_refused(saved: Path) -> None:
    def change(arrays: dict[str, Any]) -> None:
        arrays["numerator"] = arrays["numerator"].astype(np.float64)

    _rewrite(saved, change)
    with pytest.raises(IncompatibleArtifactError, match="numerator is float64"):
        FingerprintEstimator.load(saved)


def test_sums_stored_by_columns_are_refused(saved: Path) -> None:
    def change(arrays: dict[str, Any]) -> None:
        arrays["numerator"] = np.asfortranarray(arrays["numerator"])

    _rewrite(saved, change)
    with pytest.raises(IncompatibleArtifactError, match="stored by columns"):
        FingerprintEstimator.load(saved)


def test_an_array_that_is_not_there_is_said(saved: Path) -> None:
    _rewrite(saved, lambda arrays: arrays.pop("denominator"))
    with pytest.raises(IncompatibleArtifactError, match="holds no denominator"):
        FingerprintEstimator.load(saved)


def test_a_compressed_archive_is_refused_before_it_is_unpacked(saved: Path) -> None:
    with np.load(saved) as stored:
        np.savez_compressed(saved, **stored)
    with pytest.raises(IncompatibleArtifactError, match="compressed"):
        FingerprintEstimator.load(saved)


def test_a_member_that_is_no_array_is_refused(saved: Path) -> None:
    with zipfile.ZipFile(saved, "w") as archive:
        archive.writestr("facts.npy", b"no array at all")
    with pytest.raises(IncompatibleArtifactError, match="enrol the pictures again"):
        FingerprintEstimator.load(saved)


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    np.savez(path, facts=np.array([{"a": 1}], dtype=object))
    with pytest.raises(IncompatibleArtifactError, match="no text"):
        FingerprintEstimator.load(path)


def test_a_state_of_another_noise_is_refused(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint_module, "NOISE_VERSION", 99)
    with pytest.raises(IncompatibleArtifactError, match="makes version 99"):
        FingerprintEstimator.load(saved)


def test_sums_are_read_in_parts_of_any_size(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = FingerprintEstimator.load(saved).estimate().pattern
    monkeypatch.setattr(_state, "_CHUNK", 1000)
    found = FingerprintEstimator.load(saved).estimate().pattern
    np.testing.assert_array_equal(found, expected)
