"""The synthetic camera: its parameters, and how it takes a picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray, PixelArray
from whichcam.datasets.synthetic import _check, _encode, _sensor, _shot
from whichcam.errors import ConfigError

_PRNU = 4  # stream of random numbers; the others are _shot's


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticCamera:
    """One device of a camera model that does not exist.

    Two devices of a model differ in ``device_index`` alone: they have their own
    PRNU and noise and share everything else.

    Attributes
    ----------
    model : str
        Name of the model; letters, digits, blank, ``_``, ``.``, ``-``.
    seed : int
        Identity of the model in the random streams of PRNU and noise.
    device_index : int
        Which device of the model this is.
    cfa_pattern : str
        A member of ``CFA_PATTERNS``.
    bit_depth, black_level : int
        Of the raw digits; the white level is ``2**bit_depth - 1``.
    full_well : float
        Electrons at full scale and ISO 100.
    read_noise : float
        Standard deviation, electrons.
    prnu_strength : float
        Standard deviation of PRNU, a share of the signal.
    vignetting : float
        Loss of light in the corners, 0 to 0.9.
    shading_correction : float
        0 leaves vignetting as it is, 1 divides it out.
    blur_px : float
        Standard deviation of the lens's Gaussian blur; 0 for none.
    lateral_red, lateral_blue : float
        Magnification of red and blue relative to green, near 1.
    white_balance : (float, float)
        Gains of red and blue in daylight; green has 1.
    color_matrix : 3 x 3 tuple of float
        White-balanced sensor colours to linear sRGB; each row sums to 1.
    demosaicing : str
        A key of ``DEMOSAICINGS``.
    denoising : str
        ``"gaussian"``, ``"bilateral"`` or ``"guided"``.
    luma_denoise : float
        Its strength, in units of photon noise where the filter has a threshold.
    chroma_denoise_px : float
        Standard deviation of the chroma's Gaussian blur.
    sharpen_px, sharpen_amount : float
        Unsharp mask on luma.
    saturation, gamma, contrast : float
        Rendering; contrast 0 to 1 mixes in an S curve.
    quantization_tables : tuple of one or two 8 x 8 tables
        Luma and chroma, row-major, values 1 to 255.
    subsampling : str
        ``"4:4:4"``, ``"4:2:2"`` or ``"4:2:0"``.
    jfif : bool
        Whether files begin with a JFIF segment.

    Raises
    ------
    ConfigError
        If a parameter is out of range; the error carries its name.
    """

    model: str = "SYN-0"
    seed: int = 0
    device_index: int = 0
    cfa_pattern: str = "RGGB"
    bit_depth: int = 12
    black_level: int = 64
    full_well: float = 20_000.0
    read_noise: float = 3.0
    prnu_strength: float = 0.008
    vignetting: float = 0.25
    shading_correction: float = 0.8
    blur_px: float = 0.5
    lateral_red: float = 1.0
    lateral_blue: float = 1.0
    white_balance: tuple[float, float] = (2.0, 1.5)
    color_matrix: tuple[tuple[float, float, float], ...] = (
        (1.6, -0.5, -0.1),
        (-0.2, 1.5, -0.3),
        (0.0, -0.5, 1.5),
    )
    demosaicing: str = "malvar"
    denoising: str = "bilateral"
    luma_denoise: float = 0.7
    chroma_denoise_px: float = 1.0
    sharpen_px: float = 1.0
    sharpen_amount: float = 0.5
    saturation: float = 1.1
    gamma: float = 2.2
    contrast: float = 0.3
    quantization_tables: tuple[_encode.Table, ...] = _encode.scaled_tables(0.2)
    subsampling: str = "4:2:0"
    jfif: bool = False

    def __post_init__(self) -> None:
        _check.check_camera(self)

    @property
    def make(self) -> str:
        """Make in EXIF: ``"Synthetic"``, so that no file passes for a real one."""
        return _encode.MAKE

    @property
    def camera_model(self) -> str:
        """Make and model."""
        return f"{self.make} {self.model}"

    @property
    def device_id(self) -> str:
        """Camera model and device index; ``#k`` is also the EXIF serial number."""
        return f"{self.camera_model} #{self.device_index}"

    def device(self, index: int) -> SyntheticCamera:
        """Return another device of this model."""
        return replace(self, device_index=index)

    def to_dict(self) -> dict[str, Any]:
        """Return every parameter, JSON-ready; `from_dict` reads it back."""
        return {name: _as_lists(value) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SyntheticCamera:
        """Build a camera from what `to_dict` returned, or a part of it.

        Raises
        ------
        ConfigError
            If a key is unknown or a value is out of range.
        """
        known = {field.name for field in fields(cls)}
        for name in values:
            if name not in known:
                raise ConfigError(
                    f"camera.{name}", f"unknown parameter; known: {sorted(known)}"
                )
        return cls(**{name: _as_tuples(value) for name, value in values.items()})

    def prnu(self, size: tuple[int, int]) -> FloatArray:
        """Return the true PRNU factor K of this device.

        Parameters
        ----------
        size : (int, int)
            Height and width in px; a smaller size is the top left window of a
            larger one.

        Returns
        -------
        ndarray of shape (H, W), float32
            Zero mean, standard deviation ``prnu_strength``: a pixel lit by x
            collects x (1 + K).
        """
        _check.check_size(size)
        pattern = _sensor.draw_prnu((self.seed, self.device_index, _PRNU), size)
        return np.float32(self.prnu_strength) * pattern

    def shoot_raw(
        self,
        *,
        seed: int,
        size: tuple[int, int] = (512, 512),
        radiance: FloatArray | None = None,
        gain: float | None = None,
    ) -> npt.NDArray[np.uint16]:
        """Take a picture and return the sensor's digits.

        Parameters
        ----------
        seed : int
            Decides scene, exposure, illuminant, gain and noise. All cameras see
            the same scene for the same seed.
        size : (int, int), default (512, 512)
            Height and width in px, each at least 16; ignored with `radiance`.
        radiance : ndarray of shape (H, W, 3), float32, optional
            A scene of your own in linear sRGB, at an exposure at which 1 is white
            (full scale in green), in daylight.
        gain : float, optional
            Multiple of ISO 100, 1 to 64: full scale is ``full_well / gain``
            electrons. Drawn from the seed by default; 1 with `radiance`.

        Returns
        -------
        ndarray of shape (H, W), uint16
            ``black_level`` for no light, clipped at ``2**bit_depth - 1``. The
            variance of a digit is ``(n + read_noise**2) * d**2 + 1 / 12`` for n
            electrons and d digits an electron.

        Raises
        ------
        ConfigError
            If the seed or the gain is out of range.
        ImageTooSmallError, ImageTooLargeError
            If the size is.
        InputError
            If `radiance` is no such array, or holds negative or non-finite values.
        """
        conditions = _shot.draw_conditions(seed, radiance, gain)
        return _shot.expose(self, seed, size, radiance, conditions)

    def shoot(
        self,
        *,
        seed: int,
        size: tuple[int, int] = (512, 512),
        radiance: FloatArray | None = None,
        gain: float | None = None,
    ) -> PixelArray:
        """Take a picture and return it developed, before JPEG compression.

        Parameters and errors are those of `shoot_raw`.

        Returns
        -------
        ndarray of shape (H, W, 3), uint8
            RGB. The same arguments give the same pixels.
        """
        conditions = _shot.draw_conditions(seed, radiance, gain)
        raw = _shot.expose(self, seed, size, radiance, conditions)
        return _shot.develop(self, raw, conditions)

    def shoot_jpeg(
        self,
        *,
        seed: int,
        size: tuple[int, int] = (512, 512),
        radiance: FloatArray | None = None,
        gain: float | None = None,
    ) -> bytes:
        """Take a picture and return the file the camera writes.

        Parameters and errors are those of `shoot_raw`.

        Returns
        -------
        bytes
            Baseline JPEG with this camera's quantization tables and subsampling;
            EXIF names make ``"Synthetic"``, model and serial number.
        """
        conditions = _shot.draw_conditions(seed, radiance, gain)
        raw = _shot.expose(self, seed, size, radiance, conditions)
        pixels = _shot.develop(self, raw, conditions)
        exif = _encode.exif_bytes(
            model=self.model,
            serial=f"#{self.device_index}",
            size=(raw.shape[0], raw.shape[1]),
            seed=seed,
            iso=conditions.iso,
        )
        return _encode.encode_jpeg(
            pixels,
            tables=self.quantization_tables,
            subsampling=self.subsampling,
            exif=exif,
            jfif=self.jfif,
        )


def _as_lists(value: Any) -> Any:
    return [_as_lists(item) for item in value] if isinstance(value, tuple) else value


def _as_tuples(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_as_tuples(item) for item in value)
    return value
