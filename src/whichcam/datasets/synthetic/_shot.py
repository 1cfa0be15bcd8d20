"""One exposure and its development, from the parameters of a camera."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, PixelArray
from whichcam.datasets.synthetic import _check, _develop, _lens, _sensor
from whichcam.datasets.synthetic._demosaic import demosaic
from whichcam.datasets.synthetic._scene import scene_planes

if TYPE_CHECKING:
    from whichcam.datasets.synthetic._camera import SyntheticCamera

_ISO_GAINS = (1.0, 1.0, 1.0, 2.0, 4.0, 8.0)  # half of all shots are in good light
_BASE_ISO = 100
# Streams of random numbers that must not meet: 0 is the scene's, 3 the date's.
_CONDITIONS, _NOISE = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What differs from shot to shot besides the scene."""

    gain: float = 1.0
    exposure_stops: float = 0.0
    warmth: float = 0.0  # natural logarithm of the illuminant's red

    @property
    def iso(self) -> int:
        """Sensitivity as EXIF gives it."""
        return round(_BASE_ISO * self.gain)


def draw_conditions(
    seed: int, radiance: FloatArray | None, gain: float | None
) -> Conditions:
    """Return the conditions of a shot: fixed for given radiance, else drawn."""
    _check.check_shot(seed, gain)
    if radiance is not None:
        return Conditions(gain=gain or 1.0)
    rng = np.random.default_rng((seed, _CONDITIONS))
    drawn = float(rng.choice(_ISO_GAINS))
    return Conditions(
        gain=gain or drawn,
        exposure_stops=float(rng.normal(-0.3, 0.4)),
        warmth=float(rng.normal(0, 0.12)),
    )


def expose(
    camera: SyntheticCamera,
    seed: int,
    size: tuple[int, int],
    radiance: FloatArray | None,
    conditions: Conditions,
) -> npt.NDArray[np.uint16]:
    """Return the digits of one exposure, (H, W)."""
    from whichcam.datasets.synthetic._kernels import mix

    if radiance is None:
        _check.check_size(size)
        planes = scene_planes(seed, size)
    else:
        planes = _check.checked_planes(radiance)
    # What the sensor must see for white balance and matrix to give it back.
    to_sensor = np.linalg.inv(np.array(camera.color_matrix))
    gains = _white_balance(camera, conditions)
    to_sensor *= 2**conditions.exposure_stops / gains[:, None]
    planes = _lens.project(
        mix(planes, to_sensor.astype(np.float32)),
        blur_px=camera.blur_px,
        magnifications=(camera.lateral_red, camera.lateral_blue),
    )
    shape = planes.shape[1], planes.shape[2]
    exposure = _sensor.mosaic_of(planes, camera.cfa_pattern)
    exposure *= _lens.falloff(shape, camera.vignetting)
    entropy = (seed, _NOISE, camera.seed, camera.device_index)
    return _sensor.digitize(
        exposure,
        camera.prnu(shape),
        np.random.default_rng(entropy),
        full_scale_electrons=camera.full_well / conditions.gain,
        read_noise=camera.read_noise,
        black_level=camera.black_level,
        bit_depth=camera.bit_depth,
    )


def develop(
    camera: SyntheticCamera, raw: npt.NDArray[np.uint16], conditions: Conditions
) -> PixelArray:
    """Return the 8-bit picture that the camera makes of its digits."""
    balanced = _balance(camera, raw, conditions)
    planes = demosaic(balanced, camera.cfa_pattern, camera.demosaicing)
    planes = _develop.denoise_and_sharpen(
        np.sqrt(np.clip(planes, 0, 1)),
        denoising=camera.denoising,
        luma_denoise=camera.luma_denoise,
        chroma_denoise_px=camera.chroma_denoise_px,
        sharpen_px=camera.sharpen_px,
        sharpen_amount=camera.sharpen_amount,
        noise=_develop.noise_of_root(camera.full_well / conditions.gain),
    )
    matrix = _develop.saturation_matrix(camera.saturation) @ camera.color_matrix
    return _develop.render(planes, matrix, gamma=camera.gamma, contrast=camera.contrast)


def _white_balance(
    camera: SyntheticCamera, conditions: Conditions
) -> npt.NDArray[np.float64]:
    """Return the gains of (red, green, blue) in this light."""
    warmer = np.exp(conditions.warmth)
    red, blue = camera.white_balance
    return np.array([red / warmer, 1.0, blue * warmer])


def _balance(
    camera: SyntheticCamera, raw: npt.NDArray[np.uint16], conditions: Conditions
) -> FloatArray:
    """Return the mosaic in linear light, shading corrected, white at 1."""
    shape = raw.shape[0], raw.shape[1]
    digits = 2**camera.bit_depth - 1 - camera.black_level
    linear = raw.astype(np.float32)
    linear -= np.float32(camera.black_level)
    linear /= np.float32(digits)
    shading = _lens.falloff(shape, camera.vignetting)
    linear *= shading ** np.float32(-camera.shading_correction)
    gains = _white_balance(camera, conditions).astype(np.float32)
    linear *= _sensor.mosaic_of(
        np.broadcast_to(gains[:, None, None], (3, *shape)), camera.cfa_pattern
    )
    # Clipped here, or burnt areas would take the colour of the gains.
    return np.clip(linear, 0, 1, out=linear)
