"""The grid of an earlier compression: cropped since, or never a JPEG's own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from whichcam.claims._finding import Finding
from whichcam.claims._grid_votes import (
    ZeroCounts,
    count_zeros,
    grid_votes,
    second_grid,
)
from whichcam.claims._luma import middle_luma
from whichcam.claims._questioned import Questioned

_SMALLEST_PX: Final = 64
_LARGEST_PX: Final = 512
# Logarithm of the number of grids expected by chance in a picture that has none.
_LOG10_FALSE_ALARMS: Final = -3.0
MARGIN: Final = 0.25  # zeros a block; see docs/concepts/claims.md
_ZERO_PAPER: Final = (
    "Nikoukhah, Anger, Colom, Morel, Grompone von Gioi 2021, doi:10.5201/ipol.2021.390"
)

_found = partial(Finding, topic="editing", analyser="grid", direction="contradicts")


def check_grid(questioned: Questioned) -> Iterator[Finding]:
    """Yield one finding if an earlier compression left a grid of its own."""
    photo = questioned.photo
    if min(photo.width, photo.height) < _SMALLEST_PX:
        return
    luma = middle_luma(photo.pixels, _LARGEST_PX)
    counts = count_zeros(luma)
    if photo.jpeg is not None:
        yield from _beside_own(counts)
    else:
        yield from _of_pixels(counts, luma.shape, photo.format)


def _beside_own(counts: ZeroCounts) -> Iterator[Finding]:
    """Look for a second grid in a JPEG, whose own begins at the corner."""
    second = second_grid(counts)
    if second.margin < MARGIN:
        return
    dy, dx = second.offset
    yield _found(
        code="grid_offset",
        text="Beside the file's own 8x8 grid there is another, as of a picture that "
        "was compressed, cropped or moved, and compressed again.",
        seen=f"a grid at row {dy}, column {dx}; {second.margin:g} zeros a block stand "
        "out",
        expected=f"less than {MARGIN:g} zeros a block",
        strength="moderate",
        source=f"zeros of DCT blocks as in {_ZERO_PAPER}; threshold from untouched "
        "training photos",
    )


def _of_pixels(
    counts: ZeroCounts, shape: tuple[int, int], file_format: str
) -> Iterator[Finding]:
    votes = grid_votes(counts, shape)
    if votes is None or votes.log10_false_alarms > _LOG10_FALSE_ALARMS:
        return
    dy, dx = votes.offset
    seen = (
        f"grid at row {dy}, column {dx}; {votes.share:.0%} of the votes, log10 of "
        f"false alarms expected {votes.log10_false_alarms:g}"
    )
    if votes.offset == (0, 0):
        yield _found(
            code="grid_of_jpeg",
            text=f"The pixels of this {file_format} were compressed as JPEG before.",
            seen=seen,
            expected="no grid, if the file is the first",
            strength="moderate",
            source=_ZERO_PAPER,
        )
        return
    yield _found(
        code="grid_offset",
        text="The 8x8 grid of an earlier JPEG compression does not begin at the "
        "picture's corner: it was cropped or moved after it was compressed.",
        seen=seen,
        expected="a grid that begins at row 0, column 0, or none",
        strength="strong",
        source=_ZERO_PAPER,
    )
