"""Names and metadata: what is kept, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from whichcam.errors import InputError
from whichcam.gallery import Gallery
from whichcam.gallery._metadata import decode_json, encode_metadata
from whichcam.gallery._text import clean_name

Enroll = Callable[..., Any]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Anna's D70", "Anna's D70"),
        ("  two \t\n words ", "two words"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("left\u202eright", "left\\u202eright"),
        ("half\ud800", "half\\ud800"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("e\u0301", "é"),
        ("../../x", "../../x"),
    ],
)
def test_a_name_is_kept_in_a_form_safe_to_print(given: str, kept: str) -> None:
    assert clean_name(given) == kept


def test_a_camera_is_found_by_the_name_as_it_was_typed(
    gallery: Gallery, enroll: Enroll
) -> None:
    enroll(" e\u0301 \x07")
    assert gallery.get(" e\u0301 \x07").name == "é \\x07"
    assert "é \x07" in gallery


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ("x" * 129, "has 129 characters, at most 128"),
        ("\x00" * 40, "has 160 characters"),
        ("x" * 10**6, "has 1000000 characters"),
        (7, "a camera's name is text, got int"),
    ],
)
def test_a_name_that_cannot_be_kept_is_refused(name: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        clean_name(name)


def test_the_longest_name_is_kept(enroll: Enroll) -> None:
    assert enroll("x" * 128).name == "x" * 128


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": {"b": [1, float("inf")]}}, r"metadata\.a\.b\[1\] is float inf"),
        ({"a": b"bytes"}, r"metadata\.a is bytes"),
        ({1: 2}, "metadata has the key 1"),
        ({"a": 2**64}, r"metadata\.a is int"),
        ({"a": 10**9000}, r"metadata\.a is int"),
        ({"a": "\udc00"}, r"metadata\.a holds half of a surrogate pair"),
        ({"\udc00": 1}, "metadata holds half"),
        ({"a": "x" * 2**20}, "metadata takes 1048585 bytes"),
    ],
)
def test_metadata_that_are_no_json_are_refused(value: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        encode_metadata(value)


def test_metadata_that_hold_themselves_are_refused() -> None:
    endless: dict[str, Any] = {}
    endless["self"] = endless
    with pytest.raises(InputError, match="nested more than 16 deep"):
        encode_metadata(endless)


@pytest.mark.parametrize(
    "text", ["[]", "", "{", '{"a": NaN}', '{"a": -Infinity}', "[" * 100_000, b"\xff"]
)
def test_text_that_is_no_json_object_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json says it in many ways
        decode_json(text)
