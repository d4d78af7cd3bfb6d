"""Names, help texts and buckets of vLLM's Prometheus metrics (``vllm/v1/metrics/loggers.py``, 0.11 and later).

Names stand without the prefix ``vllm:``; the client library appends ``_total`` to counters.
"""

from __future__ import annotations

from dataclasses import dataclass

GAUGES = {
    "num_requests_running": "Number of requests in model execution batches.",
    "num_requests_waiting": "Number of requests waiting to be processed.",
    "kv_cache_usage_perc": "KV-cache usage. 1 means 100 percent usage.",
}

COUNTERS = {
    "prefix_cache_queries": "Prefix cache queries, in terms of number of queried tokens.",
    "prefix_cache_hits": "Prefix cache hits, in terms of number of cached tokens.",
    "num_preemptions": "Cumulative number of preemption from the engine.",
    "prompt_tokens": "Number of prefill tokens processed.",
    "generation_tokens": "Number of generation tokens processed.",
    "request_success": "Count of successfully processed requests.",
}

TTFT_S = (
    *(0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
    *(20.0, 40.0, 80.0, 160.0, 640.0, 2560.0),
)
PER_TOKEN_S = (
    *(0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0),
    *(20.0, 40.0, 80.0),
)
REQUEST_S = (
    *(0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0),
    *(120.0, 240.0, 480.0, 960.0, 1920.0, 7680.0),
)
STEP_TOKENS = (1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)


@dataclass(frozen=True)
class Histogram:
    """``buckets``: upper bounds; None = 1, 2, 5, 10, ... up to ``max_model_len``."""

    help_text: str
    buckets: tuple[float, ...] | None

    def bounds(self, max_model_len: int) -> tuple[float, ...]:
        """Upper bounds, without infinity."""
        if self.buckets is not None:
            return self.buckets
        powers = (mantissa * 10**power for power in range(len(str(max_model_len))) for mantissa in (1, 2, 5))
        return tuple(value for value in powers if value <= max_model_len)


HISTOGRAMS = {
    "iteration_tokens_total": Histogram("Histogram of number of tokens per engine_step.", STEP_TOKENS),
    "time_to_first_token_seconds": Histogram("Histogram of time to first token in seconds.", TTFT_S),
    "inter_token_latency_seconds": Histogram("Histogram of inter-token latency in seconds.", PER_TOKEN_S),
    "request_time_per_output_token_seconds": Histogram(
        "Histogram of time_per_output_token_seconds per request.", PER_TOKEN_S
    ),
    "e2e_request_latency_seconds": Histogram("Histogram of e2e request latency in seconds.", REQUEST_S),
    "request_queue_time_seconds": Histogram("Histogram of time spent in WAITING phase for request.", REQUEST_S),
    "request_inference_time_seconds": Histogram("Histogram of time spent in RUNNING phase for request.", REQUEST_S),
    "request_prefill_time_seconds": Histogram("Histogram of time spent in PREFILL phase for request.", REQUEST_S),
    "request_decode_time_seconds": Histogram("Histogram of time spent in DECODE phase for request.", REQUEST_S),
    "request_prompt_tokens": Histogram("Number of prefill tokens processed.", None),
    "request_generation_tokens": Histogram("Number of generation tokens processed.", None),
}
