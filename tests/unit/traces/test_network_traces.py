"""What the network looks at: all traces of a crop, of its whole blocks alone."""

from __future__ import annotations

import numpy as np
import pytest

from whichcam.errors import ImageTooSmallError
from whichcam.traces import (
    PROCESSING_SIZE,
    TRACE_LAYOUT,
    TRACE_SIZE,
    cooccurrence_traces,
    network_traces,
    processing_traces,
)


def test_it_joins_both_kinds_of_trace(rng: np.random.Generator) -> None:
    crop = rng.integers(0, 256, (96, 72, 3), dtype=np.uint8)
    found = network_traces(crop)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[:PROCESSING_SIZE], processing_traces(crop))
    np.testing.assert_array_equal(found[PROCESSING_SIZE:], cooccurrence_traces(crop))


def test_the_layout_tells_where_each_group_ends() -> None:
    assert sum(length for _, length in TRACE_LAYOUT) == TRACE_SIZE
    names = [name for name, _ in TRACE_LAYOUT]
    assert len(set(names)) == len(names)
    assert names[-1] == "cooccurrence"


def test_pixels_beyond_the_last_whole_block_do_not_count(
    rng: np.random.Generator,
) -> None:
    crop = rng.integers(0, 256, (101, 79, 3), dtype=np.uint8)
    np.testing.assert_array_equal(network_traces(crop), network_traces(crop[:96, :72]))


@pytest.mark.parametrize("shape", [(63, 200, 3), (200, 71, 3), (71, 63, 3)])
def test_less_than_eight_blocks_a_side_are_refused_or_enough(
    shape: tuple[int, int, int],
) -> None:
    crop = np.zeros(shape, np.uint8)
    if min(shape[:2]) < 64:
        with pytest.raises(ImageTooSmallError, match="too small"):
            network_traces(crop)
    else:
        assert network_traces(crop).shape == (TRACE_SIZE,)
