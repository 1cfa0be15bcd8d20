"""Pictures with the EXIF and the encoding that a test asks for."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image

MakeJpeg = Callable[..., bytes]


@pytest.fixture
def make_jpeg(rng: np.random.Generator) -> MakeJpeg:
    """Return a function that encodes a picture as a camera would, or would not."""

    def build(
        *,
        make: str = "",
        model: str = "",
        software: str = "",
        serial: str = "",
        owner: str = "",
        taken: str = "",
        changed: str = "",
        maker_note: bool = False,
        said: tuple[int, int] | None = None,
        size: tuple[int, int] = (96, 64),
        pixels: np.ndarray[Any, np.dtype[np.uint8]] | None = None,
        jfif: bool = True,
        **options: Any,
    ) -> bytes:
        if pixels is None:
            coarse = rng.integers(0, 256, (4, 6, 3)).astype(np.uint8)
            pixels = np.asarray(Image.fromarray(coarse).resize(size))
        exif = Image.Exif()
        base = {
            ExifTags.Base.Make: make,
            ExifTags.Base.Model: model,
            ExifTags.Base.Software: software,
            ExifTags.Base.DateTime: changed,
        }
        exif.update({tag: text for tag, text in base.items() if text})
        inner = exif.get_ifd(ExifTags.IFD.Exif)
        details = {
            ExifTags.Base.BodySerialNumber: serial,
            ExifTags.Base.CameraOwnerName: owner,
            ExifTags.Base.DateTimeOriginal: taken,
        }
        inner.update({tag: text for tag, text in details.items() if text})
        if maker_note:
            inner[ExifTags.Base.MakerNote] = b"maker's own bytes"
        if said is not None:
            inner[ExifTags.Base.ExifImageWidth] = said[0]
            inner[ExifTags.Base.ExifImageHeight] = said[1]
        stream = io.BytesIO()
        image = Image.fromarray(pixels)
        if exif or inner:
            options["exif"] = exif
        if not options.get("qtables"):
            options.setdefault("quality", 90)  # would scale given tables
        image.save(stream, "JPEG", **options)
        data = stream.getvalue()
        # Pillow always writes a JFIF segment of 18 bytes after SOI; cameras do not.
        return data if jfif else data[:2] + data[20:]

    return build
