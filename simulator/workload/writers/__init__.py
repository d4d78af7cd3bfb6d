"""Writers of trace files; ``write_trace`` is what others call."""

from simulator.workload.writers.write import WRITERS, write_trace

__all__ = ["WRITERS", "write_trace"]
