"""Refusals: parameters, sizes and radiance that cannot be used."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from whichcam._typing import FloatArray
from whichcam.datasets.synthetic._demosaic import DEMOSAICINGS
from whichcam.datasets.synthetic._develop import DENOISINGS
from whichcam.datasets.synthetic._encode import SUBSAMPLINGS
from whichcam.datasets.synthetic._sensor import CFA_PATTERNS
from whichcam.errors import (
    ConfigError,
    ImageTooLargeError,
    ImageTooSmallError,
    InputError,
)

if TYPE_CHECKING:
    from whichcam.datasets.synthetic._camera import SyntheticCamera

_MIN_SIDE = 16  # the widest filter, chroma blur, must find its mirrored border
_MAX_PIXELS = 200_000_000  # the limit of whichcam.media

_WHOLE: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "seed": (0, 2**63 - 1),
        "device_index": (0, 2**31 - 1),
        "bit_depth": (8, 16),
        "black_level": (0, 2**15),
    }
)
_REAL: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "full_well": (100, 1e7),
        "read_noise": (0, 1000),
        "prnu_strength": (0, 0.1),
        "vignetting": (0, 0.9),
        "shading_correction": (0, 1),
        "blur_px": (0, 3),
        "lateral_red": (0.98, 1.02),
        "lateral_blue": (0.98, 1.02),
        "luma_denoise": (0, 10),
        "chroma_denoise_px": (0, 4),
        "sharpen_px": (0.2, 4),
        "sharpen_amount": (0, 5),
        "saturation": (0, 2),
        "gamma": (0.5, 4),
        "contrast": (0, 1),
    }
)
_CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cfa_pattern": CFA_PATTERNS,
        "demosaicing": tuple(DEMOSAICINGS),
        "denoising": tuple(DENOISINGS),
        "subsampling": SUBSAMPLINGS,
    }
)


def _refuse(name: str, value: object, expected: str) -> ConfigError:
    return ConfigError(f"camera.{name}", f"got {value!r}, expected {expected}")


def _is_real(value: object) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and math.isfinite(value)
    )


def _is_whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def check_camera(camera: SyntheticCamera) -> None:
    """Raise ConfigError if a parameter of the camera is out of range."""
    # The name becomes a folder's: no separators, no leading dot.
    if not isinstance(camera.model, str) or not re.fullmatch(
        r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,39}", camera.model
    ):
        raise _refuse("model", camera.model, "1 to 40 letters, digits, ' ', _, ., -")
    for name, (lowest, highest) in _WHOLE.items():
        whole = getattr(camera, name)
        if not _is_whole(whole) or not lowest <= whole <= highest:
            raise _refuse(name, whole, f"a whole number, {lowest} to {highest}")
    for name, (least, greatest) in _REAL.items():
        real = getattr(camera, name)
        if not _is_real(real) or not least <= real <= greatest:
            raise _refuse(name, real, f"a number, {least:g} to {greatest:g}")
    for name, choices in _CHOICES.items():
        if getattr(camera, name) not in choices:
            raise _refuse(name, getattr(camera, name), f"one of {', '.join(choices)}")
    if camera.black_level >= 2**camera.bit_depth // 2:
        raise _refuse("black_level", camera.black_level, "under half of full scale")
    if not isinstance(camera.jfif, bool):
        raise _refuse("jfif", camera.jfif, "True or False")
    gains = camera.white_balance
    if not _has_shape(gains, (2,)) or not all(1 <= gain <= 8 for gain in gains):
        raise _refuse("white_balance", gains, "two gains, 1 to 8")
    _check_matrix(camera.color_matrix)
    _check_tables(camera.quantization_tables)


def _has_shape(value: Any, shape: tuple[int, ...]) -> bool:
    """Say whether nested tuples of finite numbers have this shape."""
    if not shape:
        return _is_real(value)
    return (
        isinstance(value, tuple)
        and len(value) == shape[0]
        and all(_has_shape(item, shape[1:]) for item in value)
    )


def _check_matrix(matrix: Any) -> None:
    # Rows of sum 1 keep grey grey; the condition bounds how much noise may grow.
    if (
        not _has_shape(matrix, (3, 3))
        or not np.allclose(np.sum(matrix, axis=1), 1, atol=1e-6)
        or np.linalg.cond(np.array(matrix)) > 50
    ):
        expected = "3 x 3 numbers, rows of sum 1, condition number at most 50"
        raise _refuse("color_matrix", matrix, expected)


def _check_tables(tables: Any) -> None:
    if not isinstance(tables, tuple) or not 1 <= len(tables) <= 2:
        raise _refuse("quantization_tables", tables, "one or two 8 x 8 tables")
    for table in tables:
        if not _has_shape(table, (8, 8)) or not all(
            _is_whole(value) and 1 <= value <= 255 for row in table for value in row
        ):
            expected = "tuples of 8 x 8 whole numbers, 1 to 255, row-major"
            raise _refuse("quantization_tables", table, expected)


def check_size(size: tuple[int, int]) -> None:
    """Raise if a picture of this height and width cannot be shot."""
    if len(size) != 2 or not all(_is_whole(side) for side in size):
        raise ConfigError("size", f"got {size!r}, expected (height, width) in px")
    height, width = size
    if min(size) < _MIN_SIDE:
        raise ImageTooSmallError(
            f"got {width} x {height} px, expected at least {_MIN_SIDE} px a side"
        )
    if height * width > _MAX_PIXELS:
        raise ImageTooLargeError(
            f"got {width} x {height} px, expected at most {_MAX_PIXELS} pixels"
        )


def check_seed(seed: int) -> None:
    """Raise ConfigError if this is no seed."""
    if not _is_whole(seed) or not 0 <= seed < 2**64:
        raise ConfigError("seed", f"got {seed!r}, expected a whole number, 0 to 2^64-1")


def check_shot(seed: int, gain: float | None) -> None:
    """Raise ConfigError if seed or gain is out of range."""
    check_seed(seed)
    if gain is not None and (not _is_real(gain) or not 1 <= gain <= 64):
        raise ConfigError("gain", f"got {gain!r}, expected a number, 1 to 64")


def checked_planes(radiance: FloatArray) -> FloatArray:
    """Return (H, W, 3) radiance as new (3, H, W) float32 planes, or raise."""
    shape = np.shape(radiance)
    if len(shape) != 3 or shape[2] != 3:
        raise InputError(f"radiance has shape {shape}, expected (H, W, 3)")
    check_size((shape[0], shape[1]))
    planes = np.ascontiguousarray(np.moveaxis(radiance, 2, 0), dtype=np.float32)
    if not np.isfinite(planes).all() or planes.min() < 0:
        raise InputError("radiance must be finite and not negative, and is not")
    return planes
