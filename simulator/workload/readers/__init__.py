"""Readers of trace files, one per format; ``read_trace`` picks the right one by content."""

from simulator.workload.readers.detect import Trace, load_trace, read_trace
from simulator.workload.readers.formats import TRACE_FORMATS, TraceFormat

__all__ = ["TRACE_FORMATS", "Trace", "TraceFormat", "load_trace", "read_trace"]
