"""How often the picture was compressed, and with which quality."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial
from typing import Final

import numpy as np
import numpy.typing as npt

from whichcam.claims._finding import Finding, Strength
from whichcam.claims._first_quality import FREQUENCIES, first_quantization
from whichcam.claims._luma import middle_luma
from whichcam.claims._questioned import Questioned
from whichcam.datasets._screen_tables import (
    standard_quality,
    standard_tables,
    table_set,
)

_SMALLEST_PX: Final = 64
_LARGEST_PX: Final = 1024
# Nats a coefficient; see docs/concepts/claims.md for what untouched photos reach.
MODERATE: Final = 0.08
_STRONG: Final = 0.2
_FEWEST_STEPS: Final = 4  # frequencies that must name a step before a table is named
_NEARLY_ALL: Final = 0.7
_SOURCE: Final = (
    "Lukas and Fridrich 2003 (primary quantisation by histograms); thresholds from "
    "untouched training photos"
)

_found = partial(Finding, analyser="compression")


def check_compression(questioned: Questioned) -> Iterator[Finding]:
    """Yield what the tables and the DCT histograms say of the file's compressions."""
    photo, jpeg = questioned.photo, questioned.photo.jpeg
    if jpeg is None:
        return
    quality = standard_quality(table_set(jpeg.quantization_tables))
    if quality is not None:
        yield _found(
            code="standard_quality",
            topic="file",
            text=f"The quantisation tables are the standard's at quality {quality}, "
            "as most programs and some cameras write.",
            seen=f"tables K.1 and K.2 scaled to quality {quality}",
            expected=None,
            strength="note",
            direction="neutral",
            source="ITU-T T.81, annex K; scaling of the Independent JPEG Group",
        )
    table = jpeg.quantization_table(0) if jpeg.components else None
    if table is None or min(photo.width, photo.height) < _SMALLEST_PX:
        return
    first = first_quantization(middle_luma(photo.pixels, _LARGEST_PX) - 128, table)
    if first.gain < MODERATE:
        return
    strength: Strength = "strong" if first.gain >= _STRONG else "moderate"
    steps = ", ".join(str(step) if step else "?" for step in first.steps)
    yield _found(
        code="compressed_twice",
        topic="editing",
        text="The DCT histograms have the gaps and peaks of two compressions"
        f"{_first_named(questioned, first.steps, table)}.",
        seen=f"steps of the first, low frequencies: {steps}; gain {first.gain:g} nats "
        f"a coefficient over {first.n_blocks} blocks",
        expected=f"a gain of less than {MODERATE:g}",
        strength=strength,
        direction="contradicts",
        source=_SOURCE,
    )


def _first_named(
    questioned: Questioned, steps: tuple[int, ...], last: npt.NDArray[np.uint16]
) -> str:
    """Name the table that the estimated steps fit, where one fits nearly all."""
    found = [(place, step) for place, step in zip(FREQUENCIES, steps, strict=True)]
    named = [(place, step) for place, step in found if step]
    if len(named) < _FEWEST_STEPS:
        return ""
    best, fit = "", 0.0
    camera = questioned.camera
    own = camera and questioned.signatures.camera(camera.camera_model)
    candidates = [
        (f"about standard quality {q}", table) for q, table in _standard_luma()
    ]
    if own:
        candidates += [
            (f"a table of the {own.camera_model}", np.reshape(key.luma, (8, 8)))
            for key in own.tables
        ]
    for name, table in candidates:
        if (table == last).all():
            continue
        agreeing = sum(abs(int(table[p]) - step) <= step // 16 for p, step in named)
        if agreeing / len(named) > max(fit, _NEARLY_ALL):
            best, fit = name, agreeing / len(named)
    return f"; the first fits {best}" if best else ""


@cache
def _standard_luma() -> tuple[tuple[int, npt.NDArray[np.uint16]], ...]:
    return tuple((quality, standard_tables(quality)[0]) for quality in range(30, 100))
