"""``inferplan plan``: what it prints, what it writes, how it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.cli.invoke import inferplan

PLAN = """\
model: llama-3.1-8b
workload:
  synthetic:
    num_requests: 300
    arrival: {kind: poisson, rate_per_s: 20}
    prompt_tokens: 300
    output_tokens: 10
goals: ["ttft:p95<300ms"]
hardware: [l40s]
traffic: {rate_per_s: 60}
space:
  {tensor_parallel_size: [1], weights: [auto], kv_cache: [auto], max_num_seqs: [null], max_num_batched_tokens: [null]}
search: {requests: 200, tolerance: 0.1, finalists: 1, seeds: 1}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN)
    return path


def test_a_file_with_options_on_top(file: Path, tmp_path: Path) -> None:
    done = inferplan("plan", file, "--rate", 90, "--spare", 1, "--out", tmp_path / "out", "--no-charts")
    assert (done.status, done.err) == (0, "")
    assert "peak of 90 requests/s" in done.out
    assert "vllm serve meta-llama/Llama-3.1-8B" in done.out
    content = json.loads((tmp_path / "out/plan.json").read_text())
    assert content["traffic"]["design_per_s"] == 90
    assert content["winner"]["replicas"] == content["winner"]["active_replicas"] + 1


def test_options_alone_and_goals_side_by_side() -> None:
    done = inferplan(
        *("plan", "--model", "llama-3.1-8b", "--rate", 30, "--isl", 200, "--osl", 5, "--hardware", "l40s,h100"),
        *("--goal", "ttft:p95<400ms", "tpot:p95<60ms", "--set", "space.tensor_parallel_size=[1]"),
        *("--set", "space.weights=[auto]", "--set", "space.kv_cache=[auto]", "--set", "search.requests=200"),
        *("--set", "search.seeds=1", "--set", "search.finalists=1", "--json"),
    )
    assert (done.status, done.err) == (0, "")
    content = json.loads(done.out)
    assert content["goals"] == ["ttft:p95<400ms", "tpot:p95<60ms"]
    assert {row["hardware"] for row in content["candidates"]} == {"L40S", "H100-SXM5-80GB"}
    assert content["traffic"]["mean_prompt_tokens"] == 200


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--hardware", "h10"], "--hardware: hardware[0]: no such hardware"),
        (["--hardware", "h10"], "did you mean 'h100'"),
        (["--hardware", "h100,H100-SXM5-80GB"], "hardware[1]: is H100-SXM5-80GB, which stands there already as h100"),
        (["--set", "space.max_num_seqs=[null, 64, 64]"], "space.max_num_seqs: must name each value once (found 64)"),
        (["--goal", "ttft:p95<9"], "goals: has no unit"),
        (["--goal", "throughput>5req/s"], "cannot be a goal of a plan"),
        (["--minimize", "coost"], "did you mean 'cost'"),
        (["--hardware", "tpu-v7"], "give one: prices: {tpu-v7:"),
        (["--isl", "10"], "--osl: is missing"),
        (["--set", "prices.h100={usd_per_device_hour: 2, terms: spot, basis: b, as_of: d}"], "not among the plan's"),
        (["--set", "model=llama-3.1-405b"], "GiB too much"),
        (["--set", "model=llama-3.1-9b"], "did you mean"),
        (["--set", "goals=[]"], "must name at least one goal"),
        (["--set", "search.finalist=2"], "did you mean 'finalists'"),
        (["--goal", "ttft:p95<1ms"], "ttft:p95<1ms: "),
    ],
)
def test_mistakes(file: Path, options: list[str], message: str) -> None:
    done = inferplan("plan", file, *options)
    assert done.status == 2
    assert message in done.err
    assert done.out == ""


def test_a_missing_key_and_a_missing_file(tmp_path: Path) -> None:
    done = inferplan("plan", "--rate", 5, "--goal", "ttft:p95<1s", "--hardware", "h100")
    assert done.status == 2
    assert "model: is missing: a plan needs model, workload and hardware" in done.err
    done = inferplan("plan", tmp_path / "none.yaml")
    assert (done.status, "no such file" in done.err) == (2, True)


def test_a_hardware_without_a_price_is_left_out(file: Path) -> None:
    done = inferplan("plan", file, "--hardware", "l40s,h100-pcie")
    assert done.status == 0
    assert "H100-PCIe-80GB: left out, no price is known" in done.out


def test_without_a_file_the_traffic_is_a_bundled_one() -> None:
    words = ["--rate", 2, "--goal", "tpot:p95<40ms", "--hardware", "h100"]
    space = ["tensor_parallel_size=[1]", "weights=[auto]", "kv_cache=[auto]", "max_num_seqs=[null]"]
    small = [f"space.{key}" for key in [*space, "max_num_batched_tokens=[null]"]]
    small += [f"search.{key}" for key in ("requests=100", "tolerance=0.1", "finalists=1", "seeds=1")]
    changes = [word for key in small for word in ("--set", key)]
    done = inferplan("plan", "--model", "llama-3.2-1b", *words, *changes)
    assert done.status == 0, done.err
    assert "Traffic (profile azure-conv-2023): mean 2" in done.out


def test_a_model_of_ones_own_is_served_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own-model"
    own.mkdir()
    config = {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "torch_dtype": "bfloat16", "vocab_size": 32000,
        "hidden_size": 2048, "intermediate_size": 5632, "num_hidden_layers": 22, "num_attention_heads": 32,
        "num_key_value_heads": 4, "max_position_embeddings": 2048, "tie_word_embeddings": False,
    }  # fmt: skip
    (own / "config.json").write_text(json.dumps(config))
    monkeypatch.chdir(own)
    words = ["--rate", 2, "--goal", "tpot:p95<40ms", "--hardware", "l40s", "--isl", 100, "--osl", 10]
    small = ["--set", "search.requests=100", "--set", "space.tensor_parallel_size=[1]", "--set", "space.weights=[auto]"]
    done = inferplan("plan", "--model", "config.json", *words, *small, "--no-charts", "--out", tmp_path / "fleet")
    assert done.status == 0, done.err
    assert "of L40S for own-model at a peak" in done.out.replace("\n  ", " ")
    assert f"vllm serve {own} " in (tmp_path / "fleet" / "launch" / "vllm-serve.sh").read_text()
    values = yaml.safe_load((tmp_path / "fleet" / "launch" / "values.yaml").read_text())
    assert values["modelArtifacts"] == {"uri": "pvc://models/own-model", "name": "own-model"}
