"""Files that say what a test wants them to say."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from PIL import Image

from whichcam._typing import PixelArray
from whichcam.claims import Finding, check_claims
from whichcam.datasets.synthetic import SyntheticCamera

Jpeg = Callable[..., bytes]


@pytest.fixture(scope="session")
def scene() -> PixelArray:
    """Return pixels of a camera that does not exist, never compressed."""
    return SyntheticCamera().shoot(seed=5, size=(320, 416))


@pytest.fixture(scope="session")
def jpeg() -> Jpeg:
    """Return a function that writes a JPEG with EXIF, IFD by IFD."""

    def write(
        pixels: PixelArray,
        *,
        image: Mapping[int, Any] | None = None,
        exif: Mapping[int, Any] | None = None,
        gps: Mapping[int, Any] | None = None,
        **options: Any,
    ) -> bytes:
        tags = Image.Exif()
        for tag, value in (image or {}).items():
            tags[tag] = value
        for place, fields in ((0x8769, exif), (0x8825, gps)):
            if fields:
                tags.get_ifd(place).update(fields)
        file = io.BytesIO()
        settings = {"quality": 92, "subsampling": 0, **options}
        if image or exif or gps:
            settings["exif"] = tags
        Image.fromarray(pixels).save(file, "JPEG", **settings)
        return file.getvalue()

    return write


@pytest.fixture(scope="session")
def plain(scene: PixelArray) -> PixelArray:
    """Return a small flat-ish picture, where only the metadata matter."""
    return np.ascontiguousarray(scene[:96, :128])


@pytest.fixture(scope="session")
def found() -> Callable[[bytes], dict[str, Finding]]:
    """Return a function that gives a file's findings by code."""

    def check(data: bytes) -> dict[str, Finding]:
        return {finding.code: finding for finding in check_claims(data)}

    return check
