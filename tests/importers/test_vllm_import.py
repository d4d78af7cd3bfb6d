"""Command lines and start-up logs become scenarios; what is not understood is refused or said."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from simulator.errors import InputError
from simulator.importers.vllm_command import human_count, import_command
from simulator.importers.vllm_log import read_startup_log
from tests.cli.invoke import inferplan

COMMAND = (
    "vllm serve meta-llama/Llama-3.1-8B --tensor-parallel-size 2 --max-num-seqs=128 --max-model-len 16k "
    "--no-enable-prefix-caching --kv-cache-dtype fp8 --port 8000 --gpu-memory-utilization 0.85 --async-scheduling"
)


def test_every_option_lands_where_it_belongs() -> None:
    imported = import_command(COMMAND)
    assert imported.sections == {
        "model": "meta-llama/Llama-3.1-8B",
        "parallel": {"tensor_parallel_size": 2},
        "dtypes": {"kv_cache": "fp8"},
        "engine": {
            "max_num_seqs": 128,
            "max_model_len": 16_000,
            "enable_prefix_caching": False,
            "gpu_memory_utilization": 0.85,
            "async_scheduling": True,
        },
    }
    assert imported.notes == []


@pytest.mark.parametrize(
    ("text", "number"), [("8192", 8192), ("16k", 16_000), ("16K", 16_384), ("1m", 10**6), ("1.5K", 1536)]
)
def test_human_counts(text: str, number: int) -> None:
    assert human_count(text) == number


def test_other_spellings() -> None:
    old = "python -m vllm.entrypoints.openai.api_server --model llama-3.1-8b -tp 4 --max_num_seqs 64"
    assert import_command(old).sections["parallel"] == {"tensor_parallel_size": 4}
    wrapped = "CUDA_VISIBLE_DEVICES=0 /usr/bin/vllm serve llama-3.1-8b \\\n  --enable-chunked-prefill"
    assert import_command(wrapped).sections["engine"] == {"enable_chunked_prefill": True}


def test_what_is_not_modelled_is_said() -> None:
    imported = import_command("vllm serve llama-3.1-8b -pp 2 --enforce-eager --speculative-config "
                              "'{\"method\": \"ngram\", \"num_speculative_tokens\": 3}'")  # fmt: skip
    assert imported.notes[0] == "--pipeline-parallel-size 2 is not modelled yet and left out"
    assert imported.notes[1] == "--enforce-eager is not modelled yet and left out"
    assert "0.7 per draft is assumed" in imported.notes[2]
    assert imported.sections["engine"]["speculative_config"]["num_speculative_tokens"] == 3


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("vllm serve m --max-num-sequences 4", "did you mean 'max-num-seqs'"),
        ("vllm serve m --max-num-seqs", "--max-num-seqs: needs a value"),
        ("vllm serve m --max-num-seqs many", "must be a whole number"),
        ("vllm serve m --tensor-parallel-size two", "must be a number"),
        ("vllm serve m --kv-cache-dtype fp4", "must be one of auto"),
        ("vllm serve --port 80", "names no model"),
        ("sglang serve m", "must be a `vllm serve"),
        ("vllm serve 'm", "is not a shell command"),
        ("vllm serve m --speculative-config nonsense", "must be a JSON object with num_speculative_tokens"),
    ],
)
def test_refusals(command: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        import_command(command)


def test_startup_log() -> None:
    log = (
        "INFO 01-02 [api_server.py:1] vLLM API server version 0.15.1\n"
        "INFO non-default args: {'max_model_len': 8192}\n"
        "INFO [kv_cache_utils.py:849] GPU KV cache size: 452,464 tokens\n"
        "INFO [kv_cache_utils.py:853] Maximum concurrency for 131,072 tokens per request: 3.45x\n"
        "INFO max_seq_len=131072, block_size=16\n"
    )
    facts = read_startup_log(log)
    assert (facts.kv_tokens, facts.max_model_len, facts.version) == (452_464, 131_072, "0.15.1")
    assert facts.num_gpu_blocks(16) == 28_279
    with pytest.raises(InputError, match="says something about memory"):
        read_startup_log("hello")


def test_from_command_line_to_result(tmp_path: Path) -> None:
    log = tmp_path / "vllm.log"
    log.write_text("GPU KV cache size: 64,000 tokens\n")
    out = tmp_path / "imported.yaml"
    done = inferplan(
        "import", "vllm", "vllm serve llama-3.1-8b --max-num-seqs 8", "--hardware", "h100",
        "--workload", "chat-short", "--log", log, "--out", out,
    )  # fmt: skip
    assert done.status == 0, done.err
    scenario = yaml.safe_load(out.read_text())
    assert scenario["engine"] == {"max_num_seqs": 8, "num_gpu_blocks_override": 4000}
    assert inferplan("run", out, "--set", "workload.profile.num_requests=20", "--quiet").status == 0


def test_nothing_is_written_for_a_scenario_that_cannot_be(tmp_path: Path) -> None:
    out = tmp_path / "x.yaml"
    done = inferplan("import", "vllm", "vllm serve llama-3.1-8b --block-size 0", "--hardware", "h100", "--out", out)
    assert done.status == 2
    assert "block_size" in done.err
    assert not out.exists()
