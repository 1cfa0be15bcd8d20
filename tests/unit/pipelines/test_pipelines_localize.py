"""The verb localize: options that do not go with a method are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from whichcam.datasets.synthetic import SyntheticCamera
from whichcam.errors import InputError, PhotoNotFoundError, UnknownNameError
from whichcam.pipelines import localize


@pytest.fixture(scope="module")
def photo() -> bytes:
    return SyntheticCamera().shoot_jpeg(seed=1, size=(160, 176))


def test_bytes_are_a_picture(photo: bytes) -> None:
    found = localize(photo, method="jpeg_grid")
    assert found.method == "jpeg_grid"
    assert found.heatmap.shape == (160, 176)
    assert np.isfinite(found.heatmap).all()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"camera": "mine"}, "camera means nothing"),
        ({"gallery": "folder"}, "gallery means nothing"),
        ({"method": "noise_level", "model": "folder"}, "model means nothing"),
        ({"method": "jpeg_grid", "parameters": "p.json"}, "parameters means nothing"),
        ({"method": "prnu_absence"}, "needs the name of an enrolled camera"),
    ],
)
def test_what_would_be_ignored_is_refused(
    settings: dict[str, Any], said: str, photo: bytes
) -> None:
    with pytest.raises(InputError, match=said):
        localize(photo, **settings)


def test_an_unknown_method_and_a_missing_file_are_said(photo: bytes) -> None:
    with pytest.raises(UnknownNameError, match="fusion"):
        localize(photo, method="magic")
    with pytest.raises(PhotoNotFoundError):
        localize("no-such-file.jpg", method="noise_level")
