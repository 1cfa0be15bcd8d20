"""How an answer is compared with what else is said of the picture."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from whichcam.cli._show import agrees, verdict

FAMILY = ("Apple iPhone 6", "Apple iPhone 7")


def answer_of(level: str, answer: str, members: tuple[str, ...] = ()) -> Any:
    return SimpleNamespace(level=level, answer=answer, members=members)


@pytest.mark.parametrize(
    ("level", "members", "camera_model", "expected"),
    [
        ("model", ("Canon EOS 700D",), "Canon EOS 700D", True),
        ("model", ("Canon EOS 700D",), "canon eos 700d", True),
        ("model", ("Canon EOS 700D",), "Canon EOS 70", False),
        ("make", ("Canon EOS 700D",), "Canon EOS 5D", True),
        ("make", ("Canon EOS 700D",), "Canonic One", False),
        ("family", FAMILY, "Apple iPhone 7", True),
        ("family", FAMILY, "Apple iPhone", False),
        ("unknown", (), "Canon EOS 700D", False),
    ],
)
def test_an_answer_agrees_at_its_own_level(
    level: str, members: tuple[str, ...], camera_model: str, *, expected: bool
) -> None:
    answer = answer_of(level, "Canon" if level == "make" else "any name", members)
    assert agrees(answer, camera_model) is expected


@pytest.mark.parametrize(
    ("level", "camera_model", "expected"),
    [
        ("model", "Acme One", "right"),
        ("model", "Acme Two", "wrong"),
        ("unknown", "Acme One", "withheld"),
        ("unknown", "Other", "right"),
        ("model", "Other", "wrong"),
    ],
)
def test_unknown_is_right_only_of_cameras_that_are_not_known(
    level: str, camera_model: str, expected: str
) -> None:
    found = answer_of(level, "Acme One", ("Acme One",))
    assert verdict(found, camera_model, {"Acme One", "Acme Two"}) == expected
