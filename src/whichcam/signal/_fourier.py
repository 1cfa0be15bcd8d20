"""Fourier transforms of many sequences side by side, in place, in float32.

Sequences lie in the columns of an array: row ``i`` holds sample ``i`` of each, first
all real parts, then all imaginary ones, so that one instruction works on several
sequences. A transform is a chain of passes, one for each factor of the length; none
moves anything to where another sample was. Frequencies therefore come out with their
digits reversed, `Plan.place` says where, and the inverse takes them in that order [1]_.

Who changes this file should touch `_circular` too: what numba keeps compiled of it
holds a copy of these functions, and numba looks at the one file only.

References
----------
.. [1] W. M. Gentleman and G. Sande, "Fast Fourier transforms: for fun and profit",
   Proc. AFIPS 29, 1966. https://doi.org/10.1145/1464291.1464352
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray

# Sums may be reordered; NaN must stay NaN, or bad input would pass for good.
_FAST: Final = {"reassoc", "contract", "nsz", "arcp"}
_HALF: Final = np.float32(0.5)
_SINE: Final = np.float32(3**0.5 / 2)  # of a third of a turn
_COSINES_OF_FIVE: Final = np.cos(2 * np.pi / 5 * np.arange(1, 3)).astype(np.float32)
_SINES_OF_FIVE: Final = np.sin(2 * np.pi / 5 * np.arange(1, 3)).astype(np.float32)
LANES: Final = 32  # sequences side by side: several instructions' worth
BOTH: Final = 2 * LANES
_NEAR: Final = 128  # rows that a core's nearest cache holds: 32 kB


class Plan(NamedTuple):
    """What transforms of one length need, by pass."""

    factors: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]  # of the sequences that a pass takes apart
    turns: npt.NDArray[np.complex64]  # exp(-2 pi i p k / length), at p * factor + k
    roots: npt.NDArray[np.complex64]  # exp(2 pi i k / factor), at k
    place: npt.NDArray[np.int64]  # row of each frequency


def factors_of(length: int) -> list[int]:
    """Return the factors of a length as passes take them: fours, then primes."""
    factors, divisor = [], 4
    while length > 1:
        while length % divisor == 0:
            factors.append(divisor)
            length //= divisor
        divisor = {4: 2, 2: 3}.get(divisor, divisor + 2)
    return factors


@lru_cache(maxsize=16)
def plan_of(length: int) -> Plan:
    """Return the plan of a length."""
    factors = factors_of(length)
    turns = np.ones((len(factors), length), np.complex128)
    roots = np.ones((len(factors), max(factors, default=1)), np.complex128)
    lengths = np.empty(len(factors), np.int64)
    frequency, left = np.zeros(1, np.int64), length
    for i, factor in enumerate(factors):
        k, p = np.arange(factor), np.arange(left // factor)
        turns[i, :left] = np.exp(-2j * np.pi / left * np.outer(p, k)).ravel()
        roots[i, :factor] = np.exp(2j * np.pi / factor * k)
        lengths[i] = left
        frequency = np.add.outer(frequency, length // left * k).ravel()
        left //= factor
    return Plan(
        np.array(factors, np.int64),
        lengths,
        turns.astype(np.complex64),
        roots.astype(np.complex64),
        np.argsort(frequency),
    )


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _two(x: FloatArray, m: int, first: int, last: int) -> None:
    for base in range(0, x.shape[0], 2 * m):
        for i in range(base + first, base + last):
            j = i + m
            for q in range(BOTH):
                a, b = x[i, q], x[j, q]
                x[i, q], x[j, q] = a + b, a - b


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _three(x: FloatArray, m: int, first: int, last: int, sign: np.float32) -> None:
    n, sine = LANES, sign * _SINE
    for base in range(0, x.shape[0], 3 * m):
        for i in range(base + first, base + last):
            j, k = i + m, i + 2 * m
            for q in range(n):
                re, im = x[i, q], x[i, n + q]
                sum_re, sum_im = x[j, q] + x[k, q], x[j, n + q] + x[k, n + q]
                dif_re = sine * (x[j, q] - x[k, q])
                dif_im = sine * (x[j, n + q] - x[k, n + q])
                x[i, q], x[i, n + q] = re + sum_re, im + sum_im
                re, im = re - _HALF * sum_re, im - _HALF * sum_im
                x[j, q], x[j, n + q] = re + dif_im, im - dif_re
                x[k, q], x[k, n + q] = re - dif_im, im + dif_re


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _four(x: FloatArray, m: int, first: int, last: int, sign: np.float32) -> None:
    n = LANES
    for base in range(0, x.shape[0], 4 * m):
        for i in range(base + first, base + last):
            j, k, l = i + m, i + 2 * m, i + 3 * m  # noqa: E741
            for q in range(n):
                a_re, a_im = x[i, q] + x[k, q], x[i, n + q] + x[k, n + q]
                b_re, b_im = x[i, q] - x[k, q], x[i, n + q] - x[k, n + q]
                c_re, c_im = x[j, q] + x[l, q], x[j, n + q] + x[l, n + q]
                d_re = sign * (x[j, q] - x[l, q])
                d_im = sign * (x[j, n + q] - x[l, n + q])
                x[i, q], x[i, n + q] = a_re + c_re, a_im + c_im
                x[j, q], x[j, n + q] = b_re + d_im, b_im - d_re
                x[k, q], x[k, n + q] = a_re - c_re, a_im - c_im
                x[l, q], x[l, n + q] = b_re - d_im, b_im + d_re


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _five(x: FloatArray, m: int, first: int, last: int, sign: np.float32) -> None:
    n = LANES
    c, d = _COSINES_OF_FIVE
    s, t = sign * _SINES_OF_FIVE[0], sign * _SINES_OF_FIVE[1]
    for base in range(0, x.shape[0], 5 * m):
        for i in range(base + first, base + last):
            j, k, l, o = i + m, i + 2 * m, i + 3 * m, i + 4 * m  # noqa: E741
            for q in range(n):
                re, im = x[i, q], x[i, n + q]
                a_re, a_im = x[j, q] + x[o, q], x[j, n + q] + x[o, n + q]
                b_re, b_im = x[j, q] - x[o, q], x[j, n + q] - x[o, n + q]
                c_re, c_im = x[k, q] + x[l, q], x[k, n + q] + x[l, n + q]
                d_re, d_im = x[k, q] - x[l, q], x[k, n + q] - x[l, n + q]
                x[i, q], x[i, n + q] = re + a_re + c_re, im + a_im + c_im
                even_re, even_im = re + c * a_re + d * c_re, im + c * a_im + d * c_im
                odd_re, odd_im = s * b_re + t * d_re, s * b_im + t * d_im
                x[j, q], x[j, n + q] = even_re + odd_im, even_im - odd_re
                x[o, q], x[o, n + q] = even_re - odd_im, even_im + odd_re
                even_re, even_im = re + d * a_re + c * c_re, im + d * a_im + c * c_im
                odd_re, odd_im = t * b_re - s * d_re, t * b_im - s * d_im
                x[k, q], x[k, n + q] = even_re + odd_im, even_im - odd_re
                x[l, q], x[l, n + q] = even_re - odd_im, even_im + odd_re


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _odd(
    x: FloatArray,
    m: int,
    first: int,
    last: int,
    sign: np.float32,
    factor: int,
    roots: npt.NDArray[np.complex64],
    found: FloatArray,
) -> None:
    """Any odd factor by definition, samples ``j`` and ``-j`` taken together."""
    n, half = LANES, factor // 2
    for base in range(0, x.shape[0], factor * m):
        for i in range(base + first, base + last):
            for q in range(BOTH):
                found[0, q] = x[i, q]
            for j in range(1, half + 1):
                u, v = i + j * m, i + (factor - j) * m
                for q in range(BOTH):
                    a, b = x[u, q], x[v, q]
                    x[u, q], x[v, q] = a + b, a - b
                    found[0, q] += a + b
            for k in range(1, half + 1):
                for q in range(BOTH):
                    found[k, q], found[factor - k, q] = x[i, q], np.float32(0)
                at = 0
                for j in range(1, half + 1):
                    u, v = i + j * m, i + (factor - j) * m
                    at = at + k if at + k < factor else at + k - factor  # j k
                    cosine, sine = roots[at].real, sign * roots[at].imag
                    for q in range(BOTH):
                        found[k, q] += cosine * x[u, q]
                        found[factor - k, q] += sine * x[v, q]
            for q in range(BOTH):
                x[i, q] = found[0, q]
            for k in range(1, half + 1):
                u, v = i + k * m, i + (factor - k) * m
                for q in range(n):
                    re, im = found[k, q], found[k, n + q]
                    dif_re, dif_im = found[factor - k, q], found[factor - k, n + q]
                    x[u, q], x[u, n + q] = re + dif_im, im - dif_re
                    x[v, q], x[v, n + q] = re - dif_im, im + dif_re


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _turn(
    x: FloatArray,
    m: int,
    first: int,
    last: int,
    sign: np.float32,
    factor: int,
    turns: npt.NDArray[np.complex64],
) -> None:
    """Multiply sample ``p`` of frequency ``k`` by ``turns[p * factor + k]``."""
    n = LANES
    for base in range(0, x.shape[0], factor * m):
        for k in range(1, factor):
            for p in range(max(first, 1), last):
                i, turn = base + k * m + p, turns[p * factor + k]
                cosine, sine = turn.real, sign * turn.imag
                for q in range(n):
                    re, im = x[i, q], x[i, n + q]
                    x[i, q] = re * cosine - im * sine
                    x[i, n + q] = re * sine + im * cosine


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _pass(
    x: FloatArray,
    factor: int,
    m: int,
    turns: npt.NDArray[np.complex64],
    roots: npt.NDArray[np.complex64],
    is_inverse: bool,
    room: FloatArray,
) -> None:
    """Transform every ``factor`` samples that are ``m`` apart, and turn them."""
    sign = np.float32(-1 if is_inverse else 1)
    step = max(_NEAR // factor, 1)
    for first in range(0, m, step):
        last = min(first + step, m)
        if is_inverse:
            _turn(x, m, first, last, sign, factor, turns)
        if factor == 4:
            _four(x, m, first, last, sign)
        elif factor == 2:
            _two(x, m, first, last)
        elif factor == 3:
            _three(x, m, first, last, sign)
        elif factor == 5:
            _five(x, m, first, last, sign)
        else:
            _odd(x, m, first, last, sign, factor, roots, room)
        if not is_inverse:
            _turn(x, m, first, last, sign, factor, turns)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def room_for(plan: Plan) -> FloatArray:
    """Return what `transform` needs to work in."""
    return np.empty((plan.roots.shape[1], BOTH), np.float32)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def transform(x: FloatArray, plan: Plan, is_inverse: bool, room: FloatArray) -> None:
    """Turn samples into frequencies, which `Plan.place` finds.

    The inverse, the same passes backwards, turns frequencies left there into samples
    times their number. Once sequences are short, all passes are done on a part that
    stays in the nearest cache.
    """
    n_passes, n_wide = len(plan.factors), 0
    while n_wide < n_passes and plan.lengths[n_wide] > _NEAR:
        n_wide += 1
    if not is_inverse:
        for i in range(n_wide):
            _parts(x, plan, i, i + 1, is_inverse, room)
    if n_wide < n_passes:
        _parts(x, plan, n_wide, n_passes, is_inverse, room)
    if is_inverse:
        for i in range(n_wide - 1, -1, -1):
            _parts(x, plan, i, i + 1, is_inverse, room)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _parts(
    x: FloatArray, plan: Plan, first: int, last: int, is_inverse: bool, room: FloatArray
) -> None:
    """Do passes on one part of ``x`` after the other."""
    length = plan.lengths[first]
    for base in range(0, x.shape[0], length):
        part = x[base : base + length]
        for step in range(last - first):
            i = last - 1 - step if is_inverse else first + step
            factor = plan.factors[i]
            m = plan.lengths[i] // factor
            _pass(part, factor, m, plan.turns[i], plan.roots[i], is_inverse, room)
