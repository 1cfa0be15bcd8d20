"""Fourier transforms of many sequences side by side, in place, in float32.

Sequences lie in the columns of an array: row ``i`` holds sample ``i`` of each, first
all real parts, then all imaginary ones, so that one instruction works on several
sequences. A transform is a chain of passes, one for each factor of the length; none
moves anything to where another sample was. Frequencies therefore come out with their
digits reversed, `Plan.place` says where, and the inverse takes them in that order [1]_.

References
----------
.. [1] W. M. Gentleman and G. Sande, "Fast Fourier transforms: for fun and profit",
   Proc. AFIPS 29, 1966. https://doi.org/10.1145/1464291.1464352
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from whichcam._typing import FloatArray
from whichcam.signal._vectors import WIDTH, filled, load, store

# numba keeps this file compiled with copies from others: 921a61c7

# Sums may be reordered; NaN must stay NaN, or bad input would pass for good.
_FAST: Final = {"reassoc", "contract", "nsz", "arcp"}
_HALF: Final = np.float32(0.5)
_SINE: Final = np.float32(3**0.5 / 2)  # of a third of a turn
_COSINES_OF_FIVE: Final = np.cos(2 * np.pi / 5 * np.arange(1, 3)).astype(np.float32)
_SINES_OF_FIVE: Final = np.sin(2 * np.pi / 5 * np.arange(1, 3)).astype(np.float32)
LANES: Final = 32  # sequences side by side: several instructions' worth
BOTH: Final = 2 * LANES
_NEAR: Final = 128  # rows that a core's nearest cache holds: 32 kB

_Turns = npt.NDArray[np.complex64]


class Plan(NamedTuple):
    """What transforms of one length need, by pass."""

    factors: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]  # of the sequences that a pass takes apart
    turns: npt.NDArray[np.complex64]  # by direction, pass and row, see `_turns_of`
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
    roots = np.ones((len(factors), max(factors, default=1)), np.complex128)
    lengths = np.empty(len(factors), np.int64)
    frequency, left = np.zeros(1, np.int64), length
    for i, factor in enumerate(factors):
        k = np.arange(factor)
        roots[i, :factor] = np.exp(2j * np.pi / factor * k)
        lengths[i] = left
        frequency = np.add.outer(frequency, length // left * k).ravel()
        left //= factor
    return Plan(
        np.array(factors, np.int64),
        lengths,
        _turns_of(length, factors).astype(np.complex64),
        roots.astype(np.complex64),
        np.argsort(frequency),
    )


def _turns_of(length: int, factors: list[int]) -> npt.NDArray[np.complex128]:
    """Return what each row is multiplied by after a pass.

    A pass leaves frequency ``k`` of every ``factor`` samples, of which the first was
    ``p``, to be turned by ``exp(-2 pi i p k / length)``. The inverse turns back before
    the pass: after the one that it does before that.
    """
    turns = np.ones((2, len(factors), length), np.complex128)
    left = length
    for i, factor in enumerate(factors):
        k, p = np.arange(factor), np.arange(left // factor)
        turn = np.exp(-2j * np.pi / left * np.outer(k, p)).ravel()
        turns[0, i] = np.tile(turn, length // left)
        if i + 1 < len(factors):
            turns[1, i + 1] = turns[0, i].conj()
        left //= factor
    return turns


@numba.njit(nogil=True, fastmath=_FAST, inline="always")
def _put(x: FloatArray, i: int, q: int, re: Any, im: Any, turns: _Turns) -> None:
    """Write real and imaginary parts once they are turned."""
    cosine, sine = filled(turns[i].real), filled(turns[i].imag)
    store(x, i, q, re * cosine - im * sine)
    store(x, i, LANES + q, re * sine + im * cosine)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _two(x: FloatArray, m: int, first: int, last: int, turns: _Turns) -> None:
    n = LANES
    for i in range(first, last):
        j = i + m
        for q in range(0, n, WIDTH):
            a_re, a_im = load(x, i, q), load(x, i, n + q)
            b_re, b_im = load(x, j, q), load(x, j, n + q)
            _put(x, i, q, a_re + b_re, a_im + b_im, turns)
            _put(x, j, q, a_re - b_re, a_im - b_im, turns)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _three(
    x: FloatArray, m: int, first: int, last: int, turns: _Turns, sign: np.float32
) -> None:
    n, half, sine = LANES, filled(_HALF), filled(sign * _SINE)
    for i in range(first, last):
        j, k = i + m, i + 2 * m
        for q in range(0, n, WIDTH):
            re, im = load(x, i, q), load(x, i, n + q)
            b_re, b_im = load(x, j, q), load(x, j, n + q)
            c_re, c_im = load(x, k, q), load(x, k, n + q)
            sum_re, sum_im = b_re + c_re, b_im + c_im
            dif_re, dif_im = sine * (b_re - c_re), sine * (b_im - c_im)
            _put(x, i, q, re + sum_re, im + sum_im, turns)
            re, im = re - half * sum_re, im - half * sum_im
            _put(x, j, q, re + dif_im, im - dif_re, turns)
            _put(x, k, q, re - dif_im, im + dif_re, turns)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _four(
    x: FloatArray, m: int, first: int, last: int, turns: _Turns, sign: np.float32
) -> None:
    n, signs = LANES, filled(sign)
    for i in range(first, last):
        j, k, l = i + m, i + 2 * m, i + 3 * m  # noqa: E741
        for q in range(0, n, WIDTH):
            s_re, s_im = load(x, i, q), load(x, i, n + q)
            t_re, t_im = load(x, j, q), load(x, j, n + q)
            u_re, u_im = load(x, k, q), load(x, k, n + q)
            v_re, v_im = load(x, l, q), load(x, l, n + q)
            a_re, a_im, b_re, b_im = s_re + u_re, s_im + u_im, s_re - u_re, s_im - u_im
            c_re, c_im = t_re + v_re, t_im + v_im
            d_re, d_im = signs * (t_re - v_re), signs * (t_im - v_im)
            _put(x, i, q, a_re + c_re, a_im + c_im, turns)
            _put(x, j, q, b_re + d_im, b_im - d_re, turns)
            _put(x, k, q, a_re - c_re, a_im - c_im, turns)
            _put(x, l, q, b_re - d_im, b_im + d_re, turns)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _five(
    x: FloatArray, m: int, first: int, last: int, turns: _Turns, sign: np.float32
) -> None:
    n = LANES
    c, d = filled(_COSINES_OF_FIVE[0]), filled(_COSINES_OF_FIVE[1])
    s, t = filled(sign * _SINES_OF_FIVE[0]), filled(sign * _SINES_OF_FIVE[1])
    for i in range(first, last):
        j, k, l, o = i + m, i + 2 * m, i + 3 * m, i + 4 * m  # noqa: E741
        for q in range(0, n, WIDTH):
            re, im = load(x, i, q), load(x, i, n + q)
            j_re, j_im = load(x, j, q), load(x, j, n + q)
            k_re, k_im = load(x, k, q), load(x, k, n + q)
            l_re, l_im = load(x, l, q), load(x, l, n + q)
            o_re, o_im = load(x, o, q), load(x, o, n + q)
            a_re, a_im, b_re, b_im = j_re + o_re, j_im + o_im, j_re - o_re, j_im - o_im
            c_re, c_im, d_re, d_im = k_re + l_re, k_im + l_im, k_re - l_re, k_im - l_im
            _put(x, i, q, re + a_re + c_re, im + a_im + c_im, turns)
            even_re, even_im = re + c * a_re + d * c_re, im + c * a_im + d * c_im
            odd_re, odd_im = s * b_re + t * d_re, s * b_im + t * d_im
            _put(x, j, q, even_re + odd_im, even_im - odd_re, turns)
            _put(x, o, q, even_re - odd_im, even_im + odd_re, turns)
            even_re, even_im = re + d * a_re + c * c_re, im + d * a_im + c * c_im
            odd_re, odd_im = t * b_re - s * d_re, t * b_im - s * d_im
            _put(x, k, q, even_re + odd_im, even_im - odd_re, turns)
            _put(x, l, q, even_re - odd_im, even_im + odd_re, turns)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _odd(
    x: FloatArray,
    m: int,
    first: int,
    last: int,
    turns: _Turns,
    sign: np.float32,
    factor: int,
    roots: npt.NDArray[np.complex64],
    room: FloatArray,
) -> None:
    """Any odd factor by definition, samples ``j`` and ``-j`` taken together."""
    n, half, zero = LANES, factor // 2, filled(np.float32(0))
    for i in range(first, last):
        for q in range(0, n, WIDTH):
            re, im = load(x, i, q), load(x, i, n + q)
            sum_re, sum_im = re, im
            for j in range(1, half + 1):
                u, v = i + j * m, i + (factor - j) * m
                a_re, a_im = load(x, u, q), load(x, u, n + q)
                b_re, b_im = load(x, v, q), load(x, v, n + q)
                sum_re, sum_im = sum_re + a_re + b_re, sum_im + a_im + b_im
                store(room, j, 0, a_re + b_re)
                store(room, j, WIDTH, a_im + b_im)
                store(room, factor - j, 0, a_re - b_re)
                store(room, factor - j, WIDTH, a_im - b_im)
            _put(x, i, q, sum_re, sum_im, turns)
            for k in range(1, half + 1):
                even_re, even_im, odd_re, odd_im, at = re, im, zero, zero, 0
                for j in range(1, half + 1):
                    at = at + k if at + k < factor else at + k - factor  # j k
                    cosine, sine = filled(roots[at].real), filled(sign * roots[at].imag)
                    even_re += cosine * load(room, j, 0)
                    even_im += cosine * load(room, j, WIDTH)
                    odd_re += sine * load(room, factor - j, 0)
                    odd_im += sine * load(room, factor - j, WIDTH)
                u, v = i + k * m, i + (factor - k) * m
                _put(x, u, q, even_re + odd_im, even_im - odd_re, turns)
                _put(x, v, q, even_re - odd_im, even_im + odd_re, turns)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def _passes(
    x: FloatArray,
    plan: Plan,
    passes: tuple[int, int],
    part: tuple[int, int],
    rest: int,
    is_inverse: bool,
    room: FloatArray,
) -> None:
    """Do some of the passes on a part of the rows.

    They bring together only rows that are ``rest`` apart, as each leaves sequences
    whose length is a multiple of it. So all are done on a few of these rows, which
    stay in the nearest cache, before the next few.
    """
    first, last = passes
    top, bottom = part
    sign = np.float32(-1 if is_inverse else 1)
    step = max(_NEAR * rest // (bottom - top), 1)
    for start in range(0, rest, step):
        stop = min(start + step, rest)
        for number in range(last - first):
            i = last - 1 - number if is_inverse else first + number
            factor, turns = plan.factors[i], plan.turns[int(is_inverse), i]
            m = plan.lengths[i] // factor
            for base in range(top, bottom, factor * m):
                for at in range(base, base + m, rest):
                    lo, hi = at + start, at + stop
                    if factor == 4:
                        _four(x, m, lo, hi, turns, sign)
                    elif factor == 2:
                        _two(x, m, lo, hi, turns)
                    elif factor == 3:
                        _three(x, m, lo, hi, turns, sign)
                    elif factor == 5:
                        _five(x, m, lo, hi, turns, sign)
                    else:
                        _odd(x, m, lo, hi, turns, sign, factor, plan.roots[i], room)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def room_for(plan: Plan) -> FloatArray:
    """Return what `transform` needs to work in."""
    return np.empty((plan.roots.shape[1], 2 * WIDTH), np.float32)


@numba.njit(cache=True, nogil=True, fastmath=_FAST)
def transform(x: FloatArray, plan: Plan, is_inverse: bool, room: FloatArray) -> None:
    """Turn samples into frequencies, which `Plan.place` finds.

    The inverse, the same passes backwards, turns frequencies left there into samples
    times their number. All is moved twice between the caches: for the passes that
    leave sequences too long for the nearest one, and for the others.
    """
    n_passes, n_wide, rest = len(plan.factors), 0, x.shape[0]
    while rest > _NEAR:
        rest //= plan.factors[n_wide]
        n_wide += 1
    if not is_inverse:
        _passes(x, plan, (0, n_wide), (0, len(x)), rest, is_inverse, room)
    for base in range(0, len(x), rest):
        _passes(x, plan, (n_wide, n_passes), (base, base + rest), 1, is_inverse, room)
    if is_inverse:
        _passes(x, plan, (0, n_wide), (0, len(x)), rest, is_inverse, room)
