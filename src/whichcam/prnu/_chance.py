"""How likely a score is by accident, and which score is rare enough."""

from __future__ import annotations

import math
from dataclasses import dataclass

from whichcam.errors import InputError

_LN10 = math.log(10)
# Below this (natural logarithm) the chances at n places simply add up.
_RARE = -30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """The score that impostors reach at a stated rate, as z and as PCE.

    Parameters
    ----------
    z : float
        In standard deviations.
    pce : float
        The same on the scale of the signed peak-to-correlation energy; right as
        far as the correlation is the same at all shifts modulo 8, see
        `threshold_for`.
    false_alarm_rate : float
        The rate asked for.
    n_positions : int
        Positions searched by each comparison.
    """

    z: float
    pce: float
    false_alarm_rate: float
    n_positions: int

    def to_dict(self) -> dict[str, float | int]:
        """Return the threshold as JSON holds it."""
        return {
            "z": self.z,
            "pce": self.pce,
            "false_alarm_rate": self.false_alarm_rate,
            "n_positions": self.n_positions,
        }


def log10_chance(z: float, n_positions: int) -> float:
    """Return log10 of the chance that the greatest of n normal scores reaches z.

    1 - (1 - p)^n, without loss where p is too small for a float.
    """
    from scipy.special import log_ndtr

    log_one = float(log_ndtr(-z)) + math.log(n_positions)
    if log_one < _RARE:
        return log_one / _LN10
    log_none = n_positions * float(log_ndtr(z))
    return math.log10(-math.expm1(log_none)) if log_none < 0 else -math.inf


def threshold_for(false_alarm_rate: float, n_positions: int = 1) -> Threshold:
    """Return the score that an impostor exceeds at a stated rate.

    Parameters
    ----------
    false_alarm_rate : float
        Share of impostor comparisons allowed above the threshold, between 0 and 1.
    n_positions : int, default 1
        Positions a comparison searches: `NoiseMatch.n_positions`.

    Returns
    -------
    Threshold
        For `NoiseMatch.z` and `NoiseMatch.pce`.

    Raises
    ------
    InputError
        If the rate is not between 0 and 1, or there is no position.

    Notes
    -----
    z is standard normal at each position, positions are independent. The z of
    `compare` is standardised by the correlation at shifts that agree modulo 8 px
    (JPEG's blocks), so this holds for JPEG files too. PCE divides by the correlation
    at all shifts: for JPEG files impostors exceed its threshold more often than
    stated, and z is the score to use.

    What two cameras have in common at the very same place (a correction of the lens,
    a fixed pattern of the processing) is in no such model: between bodies of one
    model, the rate may be higher.

    Examples
    --------
    >>> round(threshold_for(1e-3, 2).z, 3)
    3.29
    """
    from scipy.special import ndtri_exp

    if not 0 < false_alarm_rate < 1:
        raise InputError(
            f"false_alarm_rate is {false_alarm_rate}, expected a share between 0 and 1"
        )
    if n_positions < 1:
        raise InputError(f"n_positions is {n_positions}, expected 1 or more")
    # p of one position: 1 - (1 - rate)^(1/n)
    log_p = math.log(-math.expm1(math.log1p(-false_alarm_rate) / n_positions))
    z = -float(ndtri_exp(log_p))
    return Threshold(
        z=z,
        pce=math.copysign(z * z, z),
        false_alarm_rate=false_alarm_rate,
        n_positions=n_positions,
    )
