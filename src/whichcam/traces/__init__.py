"""Numbers taken from pixels that tell cameras apart."""

from whichcam.traces._processing import (
    TRACE_LAYOUT,
    TRACE_SIZE,
    TRACE_VERSION,
    processing_traces,
)

__all__ = ["TRACE_LAYOUT", "TRACE_SIZE", "TRACE_VERSION", "processing_traces"]
