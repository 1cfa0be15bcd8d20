"""Numbers taken from pixels that tell cameras apart."""

from whichcam.traces._cooccurrence import (
    COOCCURRENCE_LAYOUT,
    COOCCURRENCE_SIZE,
    COOCCURRENCE_VERSION,
    cooccurrence_traces,
)
from whichcam.traces._demosaicing import (
    DEMOSAICING_LAYOUT,
    DEMOSAICING_SIZE,
    DEMOSAICING_VERSION,
    demosaicing_traces,
)
from whichcam.traces._jpeg_statistics import (
    JPEG_STATISTICS_LAYOUT,
    JPEG_STATISTICS_SIZE,
    JPEG_STATISTICS_VERSION,
    jpeg_statistics,
)
from whichcam.traces._network import (
    TRACE_LAYOUT,
    TRACE_SIZE,
    TRACE_VERSION,
    network_traces,
)
from whichcam.traces._noise_moments import (
    NOISE_MOMENTS_LAYOUT,
    NOISE_MOMENTS_SIZE,
    NOISE_MOMENTS_VERSION,
    noise_moments,
)
from whichcam.traces._processing import (
    PROCESSING_LAYOUT,
    PROCESSING_SIZE,
    PROCESSING_VERSION,
    processing_traces,
)

__all__ = [
    "COOCCURRENCE_LAYOUT",
    "COOCCURRENCE_SIZE",
    "COOCCURRENCE_VERSION",
    "DEMOSAICING_LAYOUT",
    "DEMOSAICING_SIZE",
    "DEMOSAICING_VERSION",
    "JPEG_STATISTICS_LAYOUT",
    "JPEG_STATISTICS_SIZE",
    "JPEG_STATISTICS_VERSION",
    "NOISE_MOMENTS_LAYOUT",
    "NOISE_MOMENTS_SIZE",
    "NOISE_MOMENTS_VERSION",
    "PROCESSING_LAYOUT",
    "PROCESSING_SIZE",
    "PROCESSING_VERSION",
    "TRACE_LAYOUT",
    "TRACE_SIZE",
    "TRACE_VERSION",
    "cooccurrence_traces",
    "demosaicing_traces",
    "jpeg_statistics",
    "network_traces",
    "noise_moments",
    "processing_traces",
]
