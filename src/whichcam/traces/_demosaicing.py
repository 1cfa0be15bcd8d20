"""How a camera fills in the colours its sensor did not measure."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from whichcam._typing import BoolArray, FloatArray, PixelArray
from whichcam.errors import ImageTooSmallError, MissingDependencyError
from whichcam.traces._cooccurrence import colour_frequencies

DEMOSAICING_VERSION = 1
"""Raised whenever a demosaicing trace changes meaning."""

_SMALLEST_PX = 64
_MARGIN_PX = 4  # even: the phase of the pattern is kept
_REACH = 3  # px: weights are sought in windows of 7x7
_PHASES: Final = ((0, 0), (0, 1), (1, 0), (1, 1))
_RED, _GREEN, _BLUE = range(3)
# The pattern RGGB is supposed of every sensor: one that starts elsewhere gives other
# numbers, but the same numbers in each of its photos, and that is all that counts.
_MEASURED: Final = {(0, 0): _RED, (0, 1): _GREEN, (1, 0): _GREEN, (1, 1): _BLUE}
_GRADIENT = 6  # grey levels by which one direction must be rougher than the other
_RIDGE, _FLOOR = 1e-3, 1e-2  # relative to the taps' energy, and in squared grey levels
_STEP = 2  # grey levels: of the errors' quantisation

_ALGORITHMS: Final = (
    ("bilinear", "COLOR_BayerBG2RGB"),  # OpenCV names a pattern by its second row
    ("gradients", "COLOR_BayerBG2RGB_VNG"),
    ("edge_aware", "COLOR_BayerBG2RGB_EA"),
)
# Errors counted together: (colour, phase) three times.
_TRIPLES: Final = {
    "red": ((_RED, (0, 1)), (_RED, (1, 0)), (_RED, (1, 1))),
    "blue": ((_BLUE, (0, 1)), (_BLUE, (1, 0)), (_BLUE, (0, 0))),
    "green": ((_GREEN, (0, 0)), (_GREEN, (1, 1)), (_GREEN, (0, 2))),
    "at_red": ((_GREEN, (0, 0)), (_BLUE, (0, 0)), (_RED, (0, 1))),
    "at_blue": ((_GREEN, (1, 1)), (_RED, (1, 1)), (_BLUE, (1, 0))),
    "at_green": ((_RED, (0, 1)), (_BLUE, (0, 1)), (_GREEN, (0, 0))),
}
_TEXTURES: Final = ("along_columns", "along_rows", "smooth")


def _taps(colour: int, phase: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Return where around a pixel of this phase the sensor measured this colour."""
    reach = range(-_REACH, _REACH + 1)
    return tuple(
        (dy, dx)
        for dy in reach
        for dx in reach
        if _MEASURED[(phase[0] + dy) % 2, (phase[1] + dx) % 2] == colour
    )


# Green is filled in alike at red and at blue pixels; red and blue differently at each
# of the three phases where they are missing.
_SYSTEMS: Final = tuple(
    (colour, phases)
    for colour in (_RED, _GREEN, _BLUE)
    for phases in (
        [((0, 0), (1, 1))]
        if colour == _GREEN
        else [(phase,) for phase in _PHASES if _MEASURED[phase] != colour]
    )
)

DEMOSAICING_LAYOUT: Final = (
    *(
        (f"weights.{'RGB'[colour]}.{len(phases)}.{phases[0]}.{texture}", n_taps)
        for colour, phases in _SYSTEMS
        for n_taps in [len(_taps(colour, phases[0]))]
        for texture in _TEXTURES
    ),
    *(
        (f"errors.{name}.{triple}", 172)
        for name, _ in _ALGORITHMS
        for triple in _TRIPLES
    ),
)
"""Names and lengths of the groups, in order."""
DEMOSAICING_SIZE = sum(length for _, length in DEMOSAICING_LAYOUT)
"""Length of the vector that `demosaicing_traces` returns."""


def demosaicing_traces(pixels: PixelArray) -> FloatArray:
    """Return interpolation weights and what demosaicing again leaves unexplained.

    Parameters
    ----------
    pixels : ndarray of shape (H, W, 3), uint8
        RGB at native resolution, at least 64x64 px, starting at an even row and an
        even column of the sensor's picture.

    Returns
    -------
    ndarray of shape (DEMOSAICING_SIZE,), float32
        Groups in the order of `DEMOSAICING_LAYOUT`: the weights with which missing
        colours follow from measured ones in three textures; then, for three published
        demosaicings, square roots of frequencies of errors that stand together.

    Raises
    ------
    ImageTooSmallError
        If there are fewer than 64 rows or columns.
    MissingDependencyError
        If OpenCV, which demosaics again, is not installed.

    Notes
    -----
    *Weights* [1]_. A pixel lies in a texture that runs along rows, along columns, or
    in neither, by second differences of the mosaic. In each, missing values are
    regressed on the values measured in a window of 7x7. Departures: ridge regression
    instead of total least squares; the mean of the taps is taken off, so that weights
    sum to one; RGGB is supposed instead of searched for.

    *Errors* [2]_. The measured values alone are demosaiced again; what the camera's
    picture differs by is quantised with a step of 2, truncated at 3, and counted in
    triples within a colour and across colours by place in the pattern, a triple and
    its negative together. Departures: three algorithms, those of OpenCV (bilinear,
    variable number of gradients, edge-aware), and six triples of our own choice, since
    the paper's lists were not at hand.

    References
    ----------
    .. [1] A. Swaminathan, M. Wu, K. J. R. Liu, "Nonintrusive component forensics of
       visual sensors using output images", IEEE TIFS 2(1), 2007.
       doi:10.1109/TIFS.2006.890307
    .. [2] C. Chen, M. C. Stamm, "Camera model identification framework using an
       ensemble of demosaicing features", IEEE WIFS 2015.
       doi:10.1109/WIFS.2015.7368573
    """
    if min(pixels.shape[:2]) < _SMALLEST_PX:
        raise ImageTooSmallError(
            f"a crop of {pixels.shape[1]}x{pixels.shape[0]} px is too small for traces "
            f"of demosaicing; at least {_SMALLEST_PX}x{_SMALLEST_PX} px are needed"
        )
    opencv = _opencv()
    height, width = pixels.shape[0] // 2 * 2, pixels.shape[1] // 2 * 2
    whole = pixels[:height, :width]
    mosaic = np.empty((height, width), np.uint8)
    for (y, x), colour in _MEASURED.items():
        mosaic[y::2, x::2] = whole[y::2, x::2, colour]
    found = _weights(whole, mosaic)
    for _, code in _ALGORITHMS:
        again = opencv.demosaicing(mosaic, getattr(opencv, code))
        found += _errors(whole.astype(np.int16) - again)
    return np.concatenate(found, dtype=np.float32)


def _opencv() -> Any:
    try:
        return import_module("cv2")
    except ImportError as error:
        raise MissingDependencyError(
            "opencv-python-headless",
            extra="demosaicing",
            purpose="demosaicing a picture again",
        ) from error


def _weights(pixels: PixelArray, mosaic: PixelArray) -> list[FloatArray]:
    """Return the interpolation weights, system by system and texture by texture."""
    textures = _textures(mosaic)
    planes = np.moveaxis(pixels, 2, 0).astype(np.float32, order="C")
    found = []
    for colour, phases in _SYSTEMS:
        n_taps = len(_taps(colour, phases[0]))
        moments = np.zeros((len(textures), n_taps, n_taps + 1))
        for phase in phases:
            moments += _moments(planes[colour], colour, phase, textures)
        for moment in moments:
            system, target = moment[:, :-1].copy(), moment[:, -1]
            ridge = _RIDGE * np.trace(system) / n_taps + _FLOOR
            system.flat[:: n_taps + 1] += ridge
            weights = np.linalg.solve(system, target)
            # without their mean the taps leave the weights' sum open: it is one
            weights += (1 - weights.sum()) / n_taps
            found.append(weights.astype(np.float32))
    return found


def _moments(
    plane: FloatArray,
    colour: int,
    phase: tuple[int, int],
    textures: list[BoolArray],
) -> npt.NDArray[np.float64]:
    """Return the taps' mean products with each other and with what they predict."""
    taps = _taps(colour, phase)
    rows = np.stack([_at(plane, phase, tap) for tap in (*taps, (0, 0))])
    rows = rows.reshape(len(taps) + 1, -1)
    rows -= rows[:-1].mean(0)
    found = []
    for texture in textures:
        chosen = rows[:, _at(texture, phase, (0, 0)).ravel()]
        products = chosen[:-1] @ chosen.T
        found.append(products / max(1, chosen.shape[1]))
    return np.stack(found).astype(np.float64)


def _at(
    plane: npt.NDArray[Any], phase: tuple[int, int], step: tuple[int, int]
) -> npt.NDArray[Any]:
    """Return the values one step away from all pixels of a phase, rim left out."""
    top, left = (_MARGIN_PX + phase[k] + step[k] for k in (0, 1))
    bottom, right = (plane.shape[k] - _MARGIN_PX + step[k] for k in (0, 1))
    return plane[top:bottom:2, left:right:2]


def _textures(mosaic: PixelArray) -> list[BoolArray]:
    """Return where content runs along columns, along rows, and neither."""
    own = mosaic.astype(np.int16)
    across = np.zeros_like(own)
    across[:, 2:-2] = np.abs(own[:, :-4] + own[:, 4:] - 2 * own[:, 2:-2])
    down = np.zeros_like(own)
    down[2:-2] = np.abs(own[:-4] + own[4:] - 2 * own[2:-2])
    excess = across - down
    along_columns, along_rows = excess > _GRADIENT, excess < -_GRADIENT
    return [along_columns, along_rows, ~(along_columns | along_rows)]


def _errors(difference: npt.NDArray[np.int16]) -> list[FloatArray]:
    inner = difference[_MARGIN_PX:-_MARGIN_PX, _MARGIN_PX:-_MARGIN_PX]
    height, width = inner.shape[0] - 2, inner.shape[1] - 2  # the next cell is asked too
    planes = {
        (colour, (y, x)): np.ascontiguousarray(
            inner[y : height + y : 2, x : width + x : 2, colour]
        )
        for triple in _TRIPLES.values()
        for colour, (y, x) in triple
    }
    return [
        colour_frequencies([planes[place] for place in triple], _STEP)
        for triple in _TRIPLES.values()
    ]
