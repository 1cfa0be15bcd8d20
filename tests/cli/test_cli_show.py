"""How an answer is compared with what else is said of the picture."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from whichcam.cli._show import agrees, verdict


def answer_of(level: str, answer: str) -> Any:
    return SimpleNamespace(level=level, answer=answer)


FAMILY = "Apple iPhone 6 / iPhone 7 / iPhone 7 Plus"


@pytest.mark.parametrize(
    ("level", "answer", "camera_model", "expected"),
    [
        ("model", "Canon EOS 700D", "Canon EOS 700D", True),
        ("model", "Canon EOS 700D", "canon eos 700d", True),
        ("model", "Canon EOS 700D", "Canon EOS 70", False),
        ("make", "Canon", "Canon EOS 700D", True),
        ("make", "Canon", "Canonic One", False),
        ("family", FAMILY, "Apple iPhone 6", True),
        ("family", FAMILY, "Apple iPhone 7 Plus", True),
        ("family", FAMILY, "Apple iPhone 7", True),
        ("family", FAMILY, "Apple iPhone", False),
        ("family", FAMILY, "Apple iPhone 6 Plus", False),
        ("family", FAMILY, "Other iPhone 7", False),
        ("unknown", "unknown camera", "Canon EOS 700D", False),
    ],
)
def test_an_answer_agrees_at_its_own_level(
    level: str, answer: str, camera_model: str, *, expected: bool
) -> None:
    assert agrees(answer_of(level, answer), camera_model) is expected


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
    found = answer_of(level, "Acme One")
    assert verdict(found, camera_model, {"Acme One", "Acme Two"}) == expected
