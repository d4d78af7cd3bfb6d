"""A run as files other tools read: Perfetto traces, tables, vllm bench results, Prometheus metrics."""
