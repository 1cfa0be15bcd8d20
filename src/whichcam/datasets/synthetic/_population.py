"""Populations of cameras drawn from stated ranges."""

from __future__ import annotations

import numpy as np

from whichcam.datasets.synthetic._camera import SyntheticCamera
from whichcam.datasets.synthetic._check import check_seed
from whichcam.datasets.synthetic._demosaic import DEMOSAICINGS
from whichcam.datasets.synthetic._develop import DENOISINGS
from whichcam.datasets.synthetic._encode import scaled_tables
from whichcam.datasets.synthetic._sensor import CFA_PATTERNS
from whichcam.errors import ConfigError

_MAX_CAMERAS = 100_000


def draw_cameras(n: int, *, seed: int) -> list[SyntheticCamera]:
    """Draw camera models that differ.

    Parameters
    ----------
    n : int
        How many, 0 to 100000.
    seed : int
        Not negative. The first cameras of a longer list are those of a shorter.

    Returns
    -------
    list of SyntheticCamera
        Device 0 of each model. Neighbours in the list never share a demosaicing.

    Raises
    ------
    ConfigError
        If `n` or the seed is out of range.

    Notes
    -----
    Ranges, uniform unless said: full well 4000 to 60000 e- (log-uniform, a phone to
    a large sensor); read noise 1 to 6 e-; PRNU 0.4 to 1.2 %; corners darkened by 5
    to 50 %, of which 50 to 100 % is corrected; blur 0.35 to 0.9 px; lateral
    chromatic aberration within 0.05 %; luma denoising 0 to 1.5 noise deviations (a
    fifth without); chroma blur 0.5 to 2.5 px; unsharp mask of 0.5 to 2 px and 0.2
    to 1.5; saturation 0.95 to 1.3; gamma 2.0 to 2.5; contrast 0 to 0.6; JPEG tables
    0.06 to 0.4 times those of the standard, their shape changed for half of the
    models. Filters, demosaicing, CFA pattern and subsampling are drawn evenly, save
    that 4:4:4 is rare.

    Examples
    --------
    >>> [camera.camera_model for camera in draw_cameras(2, seed=7)]
    ['Synthetic SYN-7-0', 'Synthetic SYN-7-1']
    """
    check_seed(seed)
    if not isinstance(n, (int, np.integer)) or not 0 <= n <= _MAX_CAMERAS:
        raise ConfigError("n", f"got {n!r}, expected 0 to {_MAX_CAMERAS} cameras")
    order = np.random.default_rng((seed, 0)).permutation(len(DEMOSAICINGS))
    names = list(DEMOSAICINGS)
    return [_draw(seed, index, names[order[index % len(names)]]) for index in range(n)]


def _draw(seed: int, index: int, demosaicing: str) -> SyntheticCamera:
    rng = np.random.default_rng((seed, 1, index))

    def between(least: float, greatest: float) -> float:
        return float(rng.uniform(least, greatest))

    bit_depth = int(rng.choice([10, 12, 14]))
    steepness = 1.0 if rng.random() < 0.5 else between(0.75, 1.15)
    return SyntheticCamera(
        model=f"SYN-{seed}-{index}",
        seed=int(rng.integers(2**63)),
        cfa_pattern=str(rng.choice(CFA_PATTERNS)),
        bit_depth=bit_depth,
        black_level=2 ** (bit_depth - 6),
        full_well=float(np.exp(between(np.log(4000), np.log(60000)))),
        read_noise=between(1, 6),
        prnu_strength=between(0.004, 0.012),
        vignetting=between(0.05, 0.5),
        shading_correction=between(0.5, 1),
        blur_px=between(0.35, 0.9),
        lateral_red=1 + between(-5e-4, 5e-4),
        lateral_blue=1 + between(-5e-4, 5e-4),
        white_balance=(between(1.6, 2.4), between(1.3, 2.0)),
        color_matrix=_color_matrix(rng),
        demosaicing=demosaicing,
        denoising=str(rng.choice(list(DENOISINGS))),
        luma_denoise=0.0 if rng.random() < 0.2 else between(0.3, 1.5),
        chroma_denoise_px=between(0.5, 2.5),
        sharpen_px=between(0.5, 2),
        sharpen_amount=between(0.2, 1.5),
        saturation=between(0.95, 1.3),
        gamma=between(2.0, 2.5),
        contrast=between(0, 0.6),
        quantization_tables=scaled_tables(between(0.06, 0.4), steepness),
        subsampling=str(rng.choice(["4:2:0", "4:2:2", "4:4:4"], p=[0.5, 0.4, 0.1])),
        jfif=bool(rng.random() < 0.2),
    )


def _color_matrix(
    rng: np.random.Generator,
) -> tuple[tuple[float, float, float], ...]:
    """Draw a matrix with a strong diagonal; each row sums to 1."""
    rows = []
    for channel in range(3):
        row = [-float(rng.uniform(0.05, 0.4)) for _ in range(3)]
        row[channel] = 1 - sum(row) + row[channel]
        rows.append((row[0], row[1], row[2]))
    return tuple(rows)
