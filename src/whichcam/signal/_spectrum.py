"""What regular structures leave in noise, and how it is taken out."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.errors import InputError
from whichcam.signal._wavelet import window_means

# numba keeps this file compiled with copies from others: 61f149b8

_FOLD = 64  # at least so many samples side by side, so that sums are vectorised


def zero_mean_by_phase(
    x: npt.NDArray[np.floating], period: int = 2, *, out: FloatArray | None = None
) -> FloatArray:
    """Take off the means of rows and of columns within each phase of a period.

    Parameters
    ----------
    x : ndarray of shape (H, W), floating
        Noise of a picture, or a pattern.
    period : int, default 2
        Side of the repeated cell: 2 for the colour filter array, 8 for JPEG blocks.
    out : ndarray of shape (H, W), float32, optional
        Written into and returned, to spare the allocation; may be ``x``.

    Returns
    -------
    ndarray of shape (H, W), float32
        Every row and every column of each of the ``period**2`` phases has mean 0, to
        rounding. The same function of the result changes nothing more.

    Raises
    ------
    InputError
        If ``x`` is not two-dimensional, or the period exceeds a side or is below 1.

    Notes
    -----
    Demosaicing and readout add to every picture of a camera model what depends on row,
    column and phase alone; it would make two cameras of a model look related [1]_.

    References
    ----------
    .. [1] M. Chen, J. Fridrich, M. Goljan, J. Lukas, "Determining image origin and
       integrity using sensor noise", IEEE TIFS 3(1), 2008, section V.
       doi:10.1109/TIFS.2007.916285
    """
    _check_plane(x)
    if not 1 <= period <= min(x.shape):
        raise InputError(
            f"period is {period}; expected 1 to the shorter side, {min(x.shape)}"
        )
    values = np.ascontiguousarray(x, dtype=np.float32)
    result = np.empty_like(values) if out is None else out
    _centre(values, period, result)
    return result


@numba.njit(cache=True, nogil=True, fastmath=True)
def _add(row: FloatArray, total: FloatArray) -> None:
    for j in range(len(total)):
        total[j] += row[j]


@numba.njit(cache=True, nogil=True, fastmath=True)
def _difference(
    row: FloatArray, first: FloatArray, second: FloatArray, out: FloatArray
) -> None:
    for j in range(len(out)):
        out[j] = row[j] - (first[j] + second[j])


@numba.njit(cache=True, nogil=True, fastmath=True)
def _centre(x: FloatArray, period: int, out: FloatArray) -> None:
    height, width = x.shape
    fold = -(-_FOLD // period) * period
    whole = width // fold * fold
    by_column = np.zeros((period, width), np.float32)
    by_row = np.empty((height, period), np.float32)
    folded = np.empty(fold, np.float32)
    for i in range(height):
        _add(x[i], by_column[i % period])
        folded[:] = 0
        for start in range(0, whole, fold):
            _add(x[i, start : start + fold], folded)
        for j in range(whole, width):
            folded[j - whole] += x[i, j]
        for phase in range(period):
            total = np.float32(0)
            for j in range(phase, fold, period):
                total += folded[j]
            by_row[i, phase] = total / np.float32(-(-(width - phase) // period))
    for i in range(period):
        by_column[i] /= np.float32(-(-(height - i) // period))
    # A phase's mean is in the means of its rows and again in those of its columns.
    means = np.zeros((period, period), np.float32)
    for i in range(height):
        for phase in range(period):
            n_rows = np.float32(-(-(height - i % period) // period))
            means[i % period, phase] += by_row[i, phase] / n_rows
    pattern = np.empty(fold, np.float32)
    line = np.empty(width, np.float32)
    for i in range(height):
        for j in range(fold):
            pattern[j] = by_row[i, j % period] - means[i % period, j % period]
        columns = by_column[i % period]
        for start in range(0, width, fold):
            end = min(start + fold, width)
            _difference(x[i, start:end], columns[start:end], pattern, line[start:end])
        out[i] = line


def flatten_spectrum(x: npt.NDArray[np.floating]) -> FloatArray:
    """Bring the peaks of a spectrum down to the level of white noise.

    Parameters
    ----------
    x : ndarray of shape (H, W), floating
        Noise of a picture, or a pattern, of mean 0.

    Returns
    -------
    ndarray of shape (H, W), float32
        Of the same unit. Frequencies whose neighbourhood is no stronger than white
        noise of the same variance are left as they are.

    Raises
    ------
    InputError
        If ``x`` is not two-dimensional.

    Notes
    -----
    The filter of `wavelet_noise`, applied to the magnitudes of the discrete Fourier
    transform: what repeats regularly (JPEG blocks, demosaicing, watermarks) shows as
    peaks, and is shared by cameras that have nothing else in common [1]_. Windows go
    round the spectrum's border, as the spectrum does; published programs fill with
    zeros there. Sides that are products of small primes are transformed fastest.

    References
    ----------
    .. [1] M. Chen, J. Fridrich, M. Goljan, J. Lukas, "Determining image origin and
       integrity using sensor noise", IEEE TIFS 3(1), 2008, section V.
       doi:10.1109/TIFS.2007.916285
    """
    from scipy import fft

    _check_plane(x)
    values = np.ascontiguousarray(x, dtype=np.float32)
    mean = float(values.mean())
    variance = float(np.vdot(values, values)) / values.size - mean**2
    if not variance > 0:
        return values.copy()
    # One axis at a time: rfft2 and irfft2 keep a second spectrum for that.
    spectrum = fft.rfft(values, axis=1, workers=1)
    spectrum = fft.fft(spectrum, axis=0, overwrite_x=True, workers=1)
    _flatten(spectrum.view(np.float32), values.shape[1], np.float32(variance))
    spectrum = fft.ifft(spectrum, axis=0, overwrite_x=True, workers=1)
    flat = fft.irfft(spectrum, n=values.shape[1], axis=1, workers=1)
    return np.asarray(flat, dtype=np.float32)


@numba.njit(cache=True, nogil=True, fastmath=True)
def _magnitudes(row: FloatArray, scale: np.float32, out: FloatArray) -> None:
    for j in range(len(out)):
        real, imaginary = row[2 * j], row[2 * j + 1]
        out[j] = scale * np.sqrt(real * real + imaginary * imaginary)


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _apply_gain(row: FloatArray, means: FloatArray, variance: np.float32) -> None:
    for j in range(len(means)):
        gain = variance / max(means[j], variance)
        row[2 * j] *= gain
        row[2 * j + 1] *= gain


@numba.njit(cache=True, nogil=True, fastmath=True)
def _flatten(spectrum: FloatArray, width: int, variance: np.float32) -> None:
    """Flatten half a spectrum of a real array in place; (H, 2 n), parts in turn."""
    height, n = spectrum.shape[0], spectrum.shape[1] // 2
    scale = np.float32(1 / np.sqrt(np.float64(height) * width))
    # Four columns beyond either end: those of the half that is not stored, where the
    # transform of a real array repeats itself upside down.
    margins = np.empty((height, 8), np.float32)
    for k in range(height):
        for i in range(8):
            column = (i - 4 if i < 4 else n + i - 4) % width
            row = k
            if column >= n:
                row, column = (height - k) % height, width - column
            real = spectrum[row, 2 * column]
            imaginary = spectrum[row, 2 * column + 1]
            margins[k, i] = scale * np.sqrt(real * real + imaginary * imaginary)
    recent = np.empty((9, n + 8), np.float32)
    first = np.empty((min(4, height), n), np.float32)  # read again at the end
    for k in range(len(first)):
        _magnitudes(spectrum[k], scale, first[k])
    sums = np.empty((5, n + 8), np.float32)
    means = np.empty(n, np.float32)
    for newest in range(-4, height + 4):
        k = newest % height
        slot = (newest + 9) % 9
        inner = recent[slot, 4 : n + 4]
        if k < len(first):
            inner[:] = first[k]
        else:
            _magnitudes(spectrum[k], scale, inner)
        recent[slot, :4] = margins[k, :4]
        recent[slot, n + 4 :] = margins[k, 4:]
        if newest >= 4:
            window_means(recent, newest, sums, means)
            _apply_gain(spectrum[newest - 4], means, variance)


def _check_plane(x: npt.NDArray[np.floating]) -> None:
    if x.ndim != 2 or x.size == 0:
        raise InputError(f"array has shape {x.shape}; expected (H, W), not empty")
