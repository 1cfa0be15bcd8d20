"""Colour planes against an independent converter."""

from __future__ import annotations

import numpy as np
from PIL import Image

from whichcam._typing import PixelArray
from whichcam.signal import ycbcr_planes


def _pixels(rng: np.random.Generator) -> PixelArray:
    pixels = rng.integers(0, 256, (40, 56, 3)).astype(np.uint8)
    pixels[0, :8] = [[r, g, b] for r in (0, 255) for g in (0, 255) for b in (0, 255)]
    return pixels


def test_luma_and_chroma_are_pillows_within_rounding(rng: np.random.Generator) -> None:
    pixels = _pixels(rng)
    stored = np.asarray(Image.fromarray(pixels).convert("YCbCr")).astype(np.float64)
    off = ycbcr_planes(pixels)[3:] - (
        stored.transpose(2, 0, 1) - [[[0]], [[128]], [[128]]]
    )
    # Pillow's fixed-point arithmetic cuts off or rounds; it never errs by a level
    assert np.abs(off).max() < 1.1
    assert np.abs(off.mean((1, 2))).max() < 0.6


def test_chroma_is_that_of_the_jfif_matrix(rng: np.random.Generator) -> None:
    pixels = _pixels(rng)
    matrix = [[-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]]
    expected = np.einsum("cr,ijr->cij", matrix, pixels.astype(np.float64))
    np.testing.assert_allclose(ycbcr_planes(pixels)[4:], expected, atol=0.12)


def test_the_first_three_planes_are_the_channels_themselves(
    rng: np.random.Generator,
) -> None:
    pixels = rng.integers(0, 256, (16, 24, 3)).astype(np.uint8)
    found = ycbcr_planes(pixels)
    assert found.dtype == np.float32
    assert found.shape == (6, 16, 24)
    np.testing.assert_array_equal(found[:3], pixels.transpose(2, 0, 1))


def test_grey_has_no_chroma() -> None:
    grey = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, axis=2)
    planes = ycbcr_planes(grey)
    np.testing.assert_allclose(planes[3], grey[..., 0], atol=1e-4)
    assert np.abs(planes[4:]).max() < 1e-4


def test_a_view_with_strides_gives_what_its_copy_gives(
    rng: np.random.Generator,
) -> None:
    whole = rng.integers(0, 256, (32, 32, 3)).astype(np.uint8)
    view = whole[3:27, 5:29]
    np.testing.assert_array_equal(ycbcr_planes(view), ycbcr_planes(view.copy()))
