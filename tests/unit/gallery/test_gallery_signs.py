"""Sign bits of all cameras of a shape, as one matrix on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whichcam._typing import FloatArray
from whichcam.errors import ChecksumMismatchError, InputError, ShapeMismatchError
from whichcam.gallery import Gallery, _tidy

Enroll = Callable[..., Any]


def expected_bits(pattern: FloatArray) -> list[int]:
    """Pack bit by bit, as slowly as can be."""
    words = [0] * -(-pattern.size // 64)
    for k, value in enumerate(pattern.ravel().tolist()):
        words[k // 64] |= int(value > 0) << (k % 64)
    return words


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have matrices treated as if rewriting them took long."""
    monkeypatch.setattr(_tidy, "SMALL_MATRIX_BYTES", 0)


@pytest.mark.parametrize("shape", [(1, 1), (7, 9), (8, 8), (13, 31)])
def test_a_bit_says_whether_its_pixel_is_above_zero(
    gallery: Gallery, enroll: Enroll, shape: tuple[int, int]
) -> None:
    pattern = np.random.default_rng(2).normal(0, 1, shape).astype(np.float32)
    enroll("a", pattern)
    names, bits = gallery.sign_matrix(shape)
    assert names == ("a",)
    assert bits.dtype == np.uint64
    assert bits.tolist() == [expected_bits(pattern)]


def test_there_is_a_row_for_each_camera_of_the_shape(
    gallery: Gallery, enroll: Enroll
) -> None:
    rng = np.random.default_rng(3)
    truth = {name: rng.normal(size=(8, 24)).astype(np.float32) for name in "cab"}
    for name, pattern in truth.items():
        enroll(name, pattern)
    enroll("other", shape=(24, 8))
    names, bits = gallery.sign_matrix((8, 24))
    assert set(names) == {"a", "b", "c"}
    for k, row in enumerate(bits.tolist()):
        assert row == expected_bits(truth[str(names[k])])


def test_the_matrix_is_mapped_and_read_only(gallery: Gallery, enroll: Enroll) -> None:
    enroll("a")
    bits = gallery.sign_matrix((24, 40)).bits
    assert isinstance(bits, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        bits[0, 0] = 0


def test_no_camera_of_the_shape_is_an_empty_matrix(gallery: Gallery) -> None:
    names, bits = gallery.sign_matrix((8, 24))
    assert names == ()
    assert bits.shape == (0, 0)
    assert bits.dtype == np.uint64


def test_bits_packed_by_the_caller_are_kept(gallery: Gallery, enroll: Enroll) -> None:
    bits = np.array([2**64 - 1, 5, 2**63], np.uint64)
    enroll("a", sign_bits=bits)
    assert gallery.sign_matrix((24, 40)).bits.tolist() == [bits.tolist()]


@pytest.mark.parametrize(
    "bits", [np.ones(4), np.ones((2, 2), np.uint64), np.ones(4, np.int64)]
)
def test_bits_of_another_type_are_refused(enroll: Enroll, bits: Any) -> None:
    with pytest.raises(InputError, match="expected uint64 of"):
        enroll("a", sign_bits=bits)


@pytest.mark.parametrize("n_words", [0, 16])
def test_more_or_fewer_bits_than_pixels_are_refused(
    enroll: Enroll, n_words: int
) -> None:
    with pytest.raises(ShapeMismatchError, match=f"{n_words} words; .* has 1 to 15"):
        enroll("a", sign_bits=np.ones(n_words, np.uint64))


def test_noise_versions_are_kept_apart(gallery: Gallery, enroll: Enroll) -> None:
    enroll("old", noise_version=1)
    enroll("new", noise_version=2, sign_bits=np.ones(3, np.uint64))
    assert gallery.sign_matrix((24, 40)).names == ("new",)
    assert gallery.sign_matrix((24, 40), noise_version=1).names == ("old",)
    assert gallery.sign_matrix((24, 40), noise_version=9).names == ()


def test_the_shapes_are_listed_with_their_numbers(
    gallery: Gallery, enroll: Enroll
) -> None:
    enroll("a", shape=(8, 8))
    enroll("b", shape=(8, 24))
    enroll("c", shape=(8, 24))
    assert [one.to_dict() for one in gallery.sign_shapes()] == [
        {"shape": [8, 24], "noise_version": 1, "n_fingerprints": 2, "words": 3},
        {"shape": [8, 8], "noise_version": 1, "n_fingerprints": 1, "words": 1},
    ]


def test_a_matrix_in_use_stays_as_it_was(gallery: Gallery, enroll: Enroll) -> None:
    for name in "abc":
        enroll(name)
    names, bits = gallery.sign_matrix((24, 40))
    before = np.array(bits)
    gallery.remove("b")
    enroll("d")
    assert names == ("a", "b", "c")
    np.testing.assert_array_equal(bits[[0, 2]], before[[0, 2]])
    assert gallery.sign_matrix((24, 40)).names == ("a", "c", "d")


def test_a_small_matrix_has_no_gaps(gallery: Gallery, enroll: Enroll) -> None:
    rows = {}
    for name in "abcde":
        rows[name] = expected_bits(enroll(name).pattern())
    for name in "bd":
        gallery.remove(name)
    names, bits = gallery.sign_matrix((24, 40))
    assert names == ("a", "c", "e")
    assert bits.tolist() == [rows[name] for name in "ace"]
    assert gallery.check().is_sound


@pytest.mark.usefixtures("large")
def test_a_removed_row_of_a_large_matrix_is_zero_and_has_no_name(
    gallery: Gallery, enroll: Enroll, folder: Path
) -> None:
    for name in "abcde":
        enroll(name)
    (file,) = (folder / "signs").iterdir()
    gallery.remove("b")
    names, bits = gallery.sign_matrix((24, 40))
    assert names == ("a", None, "c", "d", "e")
    assert not bits[1].any()
    assert bits[[0, 2, 3, 4]].any(axis=1).all()
    assert list((folder / "signs").iterdir()) == [file], "rewritten for one row"
    assert gallery.check().is_sound


@pytest.mark.usefixtures("large")
def test_a_place_given_up_is_not_taken_again(gallery: Gallery, enroll: Enroll) -> None:
    for name in "abc":
        enroll(name)
    gallery.remove("a")
    enroll("d")
    assert gallery.sign_matrix((24, 40)).names == (None, "b", "c", "d")


@pytest.mark.usefixtures("large")
def test_a_large_matrix_is_written_anew_when_half_of_it_is_gaps(
    gallery: Gallery, enroll: Enroll, folder: Path
) -> None:
    rows = {name: expected_bits(enroll(name).pattern()) for name in "abcd"}
    gallery.remove("a")
    assert None in gallery.sign_matrix((24, 40)).names
    gallery.remove("c")
    names, bits = gallery.sign_matrix((24, 40))
    assert names == ("b", "d")
    assert bits.tolist() == [rows[name] for name in "bd"]
    assert len(list((folder / "signs").iterdir())) == 1


def test_a_matrix_cut_short_is_noticed(
    gallery: Gallery, enroll: Enroll, folder: Path
) -> None:
    enroll("a")
    (file,) = (folder / "signs").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ChecksumMismatchError, match="119 bytes, the gallery needs 120"):
        gallery.sign_matrix((24, 40))


def test_a_matrix_cut_short_takes_no_more_until_it_is_written_anew(
    gallery: Gallery, enroll: Enroll, folder: Path
) -> None:
    for name in "abc":
        enroll(name)
    (file,) = (folder / "signs").iterdir()
    file.write_bytes(file.read_bytes()[:-60])
    with pytest.raises(ChecksumMismatchError, match="check the gallery"):
        enroll("d")
    gallery.remove("a")
    enroll("d")
    assert [problem.camera for problem in gallery.check().problems] == ["c"]


def test_the_end_left_by_a_killed_writer_is_overwritten(
    gallery: Gallery, enroll: Enroll, folder: Path
) -> None:
    enroll("a")
    (file,) = (folder / "signs").iterdir()
    with file.open("ab") as stream:
        stream.write(b"half a row")
    pattern = enroll("b").pattern()
    names, bits = gallery.sign_matrix((24, 40))
    assert names == ("a", "b")
    assert bits[1].tolist() == expected_bits(pattern)
