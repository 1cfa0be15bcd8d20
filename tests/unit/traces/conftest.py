"""Scenes that synthetic cameras photograph for the tests of traces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from whichcam.traces import PROCESSING_LAYOUT

Group = Callable[[npt.NDArray[np.float32], str], npt.NDArray[np.float32]]


@pytest.fixture(scope="session")
def group() -> Group:
    """Return a function that cuts one group out of a vector of traces."""

    def cut(traces: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
        start = 0
        for known, length in PROCESSING_LAYOUT:
            if known == name:
                return traces[start : start + length]
            start += length
        raise KeyError(name)

    return cut
