"""Words for the terminal: nothing a file says may steer it."""

from __future__ import annotations

import math
import sys
from typing import Final

ANSWER_LEVELS: Final = {
    "model": "camera model",
    "family": "family of camera models",
    "make": "make only",
    "unknown": "none of the known cameras",
}


def printable(text: str) -> str:
    r"""Return a text with whatever is not printable escaped as ``\xNN``, ``\uNNNN``.

    Names and metadata of pictures are their senders' words: an escape sequence, a
    newline or a bidirectional override in them would rewrite the screen.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )


def percent(share: float, *, up: bool = False) -> str:
    """Return a share of 1 in per cent, rounded down, or up for rates of error.

    So that "100 %" is never said of less, nor "0 %" of an error that happens.
    """
    if not math.isfinite(share):
        return "?"
    digits = 0 if 0.1 <= share <= 0.9 else 1
    scaled = round(share * 100 * 10**digits, 6)  # 0.07 * 100 is 7.000000000000001
    rounded = (math.ceil(scaled) if up else math.floor(scaled)) / 10**digits
    return f"{rounded:.{digits}f}".removesuffix(".0") + " %"


def plural(count: int, noun: str) -> str:
    """Return "1 photo", "2 photos"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def say_error(message: str) -> None:
    """Write one line to standard error, and to nothing else."""
    print(f"whichcam: {printable(message)}", file=sys.stderr)


def say(message: str) -> None:
    """Write one line of information to standard error."""
    print(printable(message), file=sys.stderr)
