"""Perfetto / Chrome trace of a run: steps of the replicas, spans of the requests, counters."""
