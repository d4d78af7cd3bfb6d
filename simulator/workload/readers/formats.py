"""The trace formats there are. A new one is a file of this folder with ``recognises`` and ``read``, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from simulator.workload.readers import azure, bailian, burstgpt, mooncake, plain_csv, plain_json, sharegpt, vllm_bench
from simulator.workload.readers.columns import TraceColumns


@dataclass(frozen=True)
class TraceFormat:
    """A format by name.

    Attributes
    ----------
    recognises: whether a file with this head is of the format: its first line, or the first few where JSON is laid out
        over several.
    read: ``(path, lines, limit) -> TraceColumns``; raises ``InputError`` with line and column.
    example: what such a file looks like, for messages.
    """

    name: str
    recognises: Callable[[str], bool]
    read: Callable[[Path, Iterator[str], int | None], TraceColumns]
    example: str


TRACE_FORMATS: dict[str, TraceFormat] = {
    trace_format.name: trace_format
    for trace_format in (
        TraceFormat("azure", azure.recognises, azure.read, "CSV with TIMESTAMP,ContextTokens,GeneratedTokens"),
        TraceFormat(
            "mooncake",
            mooncake.recognises,
            mooncake.read,
            "JSON lines with timestamp, input_length, output_length, hash_ids",
        ),
        TraceFormat(
            "burstgpt", burstgpt.recognises, burstgpt.read, "CSV with Timestamp,Model,Request tokens,Response tokens"
        ),
        TraceFormat(
            "bailian",
            bailian.recognises,
            bailian.read,
            "JSON lines with chat_id, parent_chat_id, timestamp, input_length, output_length, hash_ids",
        ),
        TraceFormat("jsonl", plain_json.recognises, plain_json.read, "JSON lines with arrival_s, prompt_tokens, ..."),
        TraceFormat("vllm-bench", vllm_bench.recognises, vllm_bench.read, "JSON with input_lens, output_lens"),
        TraceFormat("sharegpt", sharegpt.recognises, sharegpt.read, "JSON with conversations: [{from, value}, ...]"),
        TraceFormat("csv", plain_csv.recognises, plain_csv.read, "CSV with arrival_s,prompt_tokens,output_tokens"),
    )
}
"""In the order in which ``auto`` tries them."""
