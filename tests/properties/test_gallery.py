"""What must hold for every pattern, every file and every sequence of changes."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from whichcam._typing import FloatArray
from whichcam.errors import InputError, UnknownNameError, WhichcamError
from whichcam.gallery import Gallery
from whichcam.gallery._metadata import decode_json, encode_metadata
from whichcam.gallery._pattern import check_pattern, read_pattern, write_pattern
from whichcam.gallery._signs import pack_signs
from whichcam.gallery._text import MAX_NAME, clean_name

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8).filter(lambda t: t.isprintable()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=10,
)


@contextmanager
def new_gallery() -> Iterator[Gallery]:
    """Give an empty gallery that does not wait for the disk."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(os, "fsync"))
        stack.enter_context(patch("whichcam.gallery._store.SYNCHRONOUS", "OFF"))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        yield stack.enter_context(Gallery.open(Path(folder) / "g", create=True))


def pattern_of(seed: int, shape: tuple[int, int]) -> FloatArray:
    return np.random.default_rng(seed).normal(0, 0.01, shape).astype(np.float32)


@given(
    hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 12), st.integers(1, 12)),
        elements=st.floats(-1, 1, width=32),
    ),
    st.integers(-80, 80),
)
def test_float16_costs_no_pattern_its_correlation(
    pattern: FloatArray, scale: int
) -> None:
    pattern = np.ldexp(pattern, np.int32(scale))
    try:
        check_pattern(pattern)
    except InputError:
        return  # zero, or beyond the range that is stated
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.npy"
        sha256, exponent = write_pattern(path, pattern)
        shape = (pattern.shape[0], pattern.shape[1])
        back = read_pattern(path, shape, exponent, sha256, owner="it")
        np.testing.assert_array_equal(
            np.ldexp(np.load(path).astype(np.float32), -exponent), back
        )
    a, b = pattern.astype(float).ravel(), back.astype(float).ravel()
    assert a @ b >= 0.9999 * np.sqrt((a @ a) * (b @ b))


@given(hnp.arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(1, 20))))
def test_sign_bits_unpack_to_the_signs(pattern: FloatArray) -> None:
    words = pack_signs(pattern)
    bits = np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little")
    np.testing.assert_array_equal(bits[: pattern.size], pattern.ravel() > 0)
    assert not bits[pattern.size :].any()
    assert words.size == -(-pattern.size // 64)


@given(st.text(max_size=MAX_NAME))
def test_a_cleaned_name_is_clean(name: str) -> None:
    try:
        cleaned = clean_name(name)
    except InputError:
        return
    assert clean_name(cleaned) == cleaned
    assert cleaned.isprintable()
    assert 0 < len(cleaned) <= MAX_NAME
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned


@given(st.dictionaries(st.text("ab"), JSON, max_size=4))
def test_metadata_come_back_as_they_went_in(metadata: dict[str, Any]) -> None:
    text = encode_metadata(metadata)
    assert decode_json(text) == metadata
    assert encode_metadata(json.loads(text)) == text


NAMES = st.sampled_from("abc")
SHAPES = st.sampled_from([(4, 8), (8, 8), (3, 5)])
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("enroll"), NAMES, SHAPES, st.booleans()),
        st.tuples(st.just("remove"), NAMES, st.none() | SHAPES),
        st.tuples(st.just("rename"), NAMES, NAMES),
        st.tuples(st.just("carry"), NAMES, NAMES),
        st.tuples(st.just("stage"), NAMES, SHAPES),
        st.tuples(st.just("reopen")),
    ),
    max_size=12,
)

Model = dict[str, dict[tuple[int, int], int]]


def change_model(model: Model, change: tuple[Any, ...], seed: int) -> bool:
    """Do to dicts what a change does to a gallery; say if it may be done."""
    kind, *how = change
    if kind in ("enroll", "stage"):
        name, shape = how[:2]
        replace = kind == "enroll" and how[2]
        if shape in model.get(name, {}) and not replace:
            return False
        model.setdefault(name, {})[shape] = seed
    elif kind == "remove":
        name, shape = how
        if name not in model or (shape is not None and shape not in model[name]):
            return False
        for gone in [shape] if shape else list(model[name]):
            del model[name][gone]
        if not model[name]:
            del model[name]
    elif kind in ("rename", "carry"):
        old, new = how
        is_taken = new in model and (old != new or kind == "carry")
        if old not in model or is_taken:
            return False
        model[new] = dict(model[old]) if kind == "carry" else model.pop(old)
    return True


def change_gallery(gallery: Gallery, change: tuple[Any, ...], seed: int) -> None:
    """Do a change, by the public names."""
    kind, *how = change
    facts: dict[str, Any] = {"n_photos": 1, "quality": 0.5, "noise_version": 1}
    if kind == "enroll":
        name, shape, replace = how
        pattern = pattern_of(seed, shape)
        gallery.enroll(name, pattern, replace=replace, **facts)
    elif kind == "stage":
        with gallery.staging(how[0]) as folder:
            (folder / "state").touch()
            gallery.enroll(how[0], pattern_of(seed, how[1]), **facts)
    elif kind == "remove":
        gallery.remove(how[0], shape=how[1])
    elif kind == "rename":
        gallery.rename(*how)
    elif kind == "carry":
        path = gallery.folder.parent / "camera"
        gallery.export(how[0], path, overwrite=True)
        gallery.import_(path, name=how[1])


@given(CHANGES, st.booleans())
def test_a_gallery_holds_what_was_put_in_and_nothing_else(
    changes: list[tuple[Any, ...]], is_large: bool
) -> None:
    model: Model = {}
    with (
        patch("whichcam.gallery._tidy.SMALL_MATRIX_BYTES", 0 if is_large else 1 << 24),
        new_gallery() as gallery,
    ):
        folder = gallery.folder
        for seed, change in enumerate(changes):
            if change == ("reopen",):
                gallery.close()
                gallery = Gallery.open(folder)
                continue
            may_be_done = change_model(model, change, seed)
            try:
                change_gallery(gallery, change, seed)
            except (InputError, UnknownNameError):
                assert not may_be_done
            else:
                assert may_be_done
        agree(gallery, model)
        gallery.close()


def agree(gallery: Gallery, model: Model) -> None:
    """Compare every pattern and every sign bit with those that went in."""
    assert gallery.names() == tuple(sorted(model))
    assert gallery.check().problems == ()
    n_patterns = len(list((gallery.folder).glob("patterns/*")))
    assert n_patterns == sum(map(len, model.values()))
    assert not list(gallery.folder.glob("pending/*"))
    for name, shapes in model.items():
        assert set(gallery.get(name).shapes) == set(shapes)
        for shape, seed in shapes.items():
            truth = pattern_of(seed, shape)
            back = gallery.get(name).pattern(shape)
            np.testing.assert_allclose(back, truth, rtol=2**-11)
            names, bits = gallery.sign_matrix(shape)
            assert names.count(name) == 1
            np.testing.assert_array_equal(bits[names.index(name)], pack_signs(truth))


EXPORTED: list[bytes] = []


def exported() -> bytes:
    """Return the file of a camera with two fingerprints."""
    if not EXPORTED:
        with new_gallery() as gallery:
            for shape in ((3, 5), (8, 9)):
                gallery.enroll(
                    "a",
                    pattern_of(1, shape),
                    n_photos=3,
                    quality=0.5,
                    noise_version=1,
                    photo_sha256s=["ab" * 32],
                )
            path = gallery.export("a", gallery.folder.parent / "camera")
            EXPORTED.append(path.read_bytes())
    return EXPORTED[0]


@settings(max_examples=300)
@given(st.data())
def test_no_damage_to_an_exported_file_goes_unnoticed(data: st.DataObject) -> None:
    intact = exported()
    damaged = bytearray(intact)
    for _ in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(damaged) - 1))
        kind = data.draw(st.sampled_from(["set", "cut", "double"]))
        if kind == "set":
            damaged[where] = data.draw(st.integers(0, 255))
        elif kind == "cut":
            del damaged[where : where + data.draw(st.integers(1, 64))]
        else:
            damaged[where:where] = damaged[where : where + 64]
        if not damaged:
            break
    with new_gallery() as gallery:
        path = gallery.folder.parent / "camera"
        path.write_bytes(damaged)
        try:
            camera = gallery.import_(path)
        except WhichcamError:
            assert len(gallery) == 0
            assert not list(gallery.folder.glob("patterns/*"))
        else:
            # What no checksum guards: dates and rights of the members, for example.
            for shape in ((3, 5), (8, 9)):
                np.testing.assert_allclose(
                    camera.pattern(shape), pattern_of(1, shape), rtol=2**-11
                )
        assert gallery.check().is_sound
