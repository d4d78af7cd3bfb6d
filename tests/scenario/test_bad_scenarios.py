"""Mistakes in a scenario: what the user reads, status 2, no traceback, nothing written."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.cli.invoke import inferplan

GOOD = """\
model: llama-3.1-8b
hardware: h100
engine:
  max_num_seqs: 64
workload:
  synthetic:
    num_requests: 4
    arrival: {kind: poisson, rate_per_s: 2}
    prompt_tokens: 100
    output_tokens: {kind: uniform, low: 2, high: 8}
slo: {ttft_ms: 200}
run: {seed: 1}
"""


@dataclass(frozen=True)
class Bad:
    """``old`` replaced by ``new`` in the good scenario (or ``text`` instead of it); ``says`` must be in the message."""

    name: str
    says: tuple[str, ...]
    old: str = ""
    new: str = ""
    text: str | bytes | None = None
    sets: tuple[str, ...] = field(default=())

    def content(self) -> bytes:
        if isinstance(self.text, bytes):
            return self.text
        assert self.old in GOOD
        return (self.text if self.text is not None else GOOD.replace(self.old, self.new, 1)).encode()


def edit(name: str, old: str, new: str, *says: str) -> Bad:
    return Bad(name, says, old, new)


def whole(name: str, text: str | bytes, *says: str) -> Bad:
    return Bad(name, says, text=text)


def workload(name: str, new: str, *says: str) -> Bad:
    start, end = GOOD.index("workload"), GOOD.index("slo")
    return Bad(name, says, text=f"{GOOD[:start]}workload: {new}\n{GOOD[end:]}")


def option(name: str, assignment: str, *says: str) -> Bad:
    return Bad(name, says, sets=(assignment,))


BAD = [
    # the file as a whole
    whole("empty file", "", "must hold a mapping", "not nothing"),
    whole("a list", "- a\n- b\n", "must hold a mapping", "not list"),
    whole("a word", "hello", "must hold a mapping", "not str"),
    whole("binary", b"\xff\xfe\x00", "is not UTF-8 text"),
    whole("control character", "model: \x07", "is not valid YAML"),
    whole("unclosed bracket", "model: [a\nhardware: b\n", "bad.yaml:", "is not valid YAML"),
    whole("tab", "engine:\n\tmax_num_seqs: 1\n", "bad.yaml:2", "is not valid YAML"),
    whole("two documents", "a: 1\n---\nb: 2\n", "is not valid YAML"),
    whole("too large", "# " + "x" * (1 << 20), "is too large", "1,048,576 bytes"),
    whole("too deep", "a: " + "[" * 30 + "]" * 30, "nested too deeply", "20 levels"),
    whole("far too deep", "a: " + "[" * 100_000, "nested too deeply"),
    whole("alias bomb", "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "bad.yaml:1", "anchors and aliases"),
    whole("python object", "model: !!python/object/apply:os.system [ls]\n", "bad.yaml:1", "tags (!...)"),
    whole("python tuple", "model: !!python/name:os.system x\n", "tags (!...)"),
    whole("unknown tag", "model: !secret x\n", "tags (!...)", "'!secret'"),
    whole("merge key", "engine: {<<: {max_num_seqs: 3}}\n", "keys must be plain words"),
    whole("mapping as key", "{a: 1}: 2\n", "keys must be plain words"),
    whole("nothing but a comment", "# nothing\n", "must hold a mapping"),
    # names
    edit("duplicate key", "hardware: h100", "model: x", "bad.yaml:2: model: stands twice (first on line 1)"),
    edit("duplicate inside", "  max_num_seqs: 64", "  max_num_seqs: 64\n  max_num_seqs: 32", "bad.yaml:5", "twice"),
    edit("no model", "model: llama-3.1-8b\n", "", "model: is missing"),
    edit("no hardware", "hardware: h100\n", "", "hardware: is missing"),
    edit("misspelt section", "engine:", "engin:", "bad.yaml:3: engin:", "did you mean 'engine'?"),
    edit("misspelt key", "max_num_seqs", "max_num_seq", "bad.yaml:4: engine.max_num_seq:", "'max_num_seqs'"),
    edit("foreign key", "run: {seed: 1}", "run: {seed: 1, colour: red}", "run.colour", "known: seed, warmup_s"),
    edit("unknown model", "llama-3.1-8b", "llama-3.1-8bb", "bad.yaml:1: model:", "did you mean", "llama-3.1-8b"),
    edit("unknown hardware", "h100", "h1000", "bad.yaml:2: hardware:", "did you mean 'h100"),
    edit("missing config.json", "llama-3.1-8b", "nowhere/config.json", "nowhere/config.json", "no such model file"),
    edit("missing profile", "hardware: h100", "hardware: mine.yaml", "mine.yaml: no such file"),
    # types
    edit("text for a number", "seqs: 64", "seqs: many", "must be a whole number", "'many'"),
    edit("quoted number", "seqs: 64", "seqs: '64'", "must be a whole number", "'64'"),
    edit("fraction", "seqs: 64", "seqs: 6.5", "must be a whole number", "6.5"),
    edit("bool for a number", "seqs: 64", "seqs: yes", "must be a whole number", "True"),
    edit("list for a number", "seqs: 64", "seqs: [64]", "must be a whole number", "[64]"),
    edit("number for a bool", "max_num_seqs: 64", "enable_prefix_caching: 1", "must be true or false"),
    edit("number for text", "llama-3.1-8b", "7", "bad.yaml:1: model: must be text"),
    edit("null model", "llama-3.1-8b", "null", "model: must be text", "null"),
    edit("empty model", "llama-3.1-8b", '""', "model: must not be empty"),
    edit("scalar section", "slo: {ttft_ms: 200}", "slo: fast", "slo: must be a mapping", "'fast'"),
    edit("list section", "slo: {ttft_ms: 200}", "slo: [1]", "slo: must be a mapping"),
    edit("clock time", "seqs: 64", "seqs: 1:30", "must be a whole number", "'1:30'"),
    # ranges
    edit("zero", "seqs: 64", "seqs: 0", "bad.yaml:4: engine.max_num_seqs: must be at least 1 (found 0)"),
    edit("negative seed", "seed: 1", "seed: -1", "run.seed: must be at least 0"),
    edit("huge seed", "seed: 1", "seed: 99999999999999999999", "run.seed: must be less than"),
    edit("zero slo", "ttft_ms: 200", "ttft_ms: 0", "slo.ttft_ms: must be greater than 0"),
    edit("infinite", "ttft_ms: 200", "ttft_ms: .inf", "must be a finite number"),
    edit("not a number", "ttft_ms: 200", "ttft_ms: .nan", "must be a finite number"),
    edit("all memory and more", "max_num_seqs: 64", "gpu_memory_utilization: 1.1", "must be at most 1"),
    edit("warm-up of everything", "seed: 1", "warmup_fraction: 1", "must be less than 1"),
    edit("warm-up too long", "seed: 1", "warmup_s: 1e6", "leaves nothing to measure", "warmup_s"),
    edit("too small memory", "max_num_seqs: 64", "gpu_memory_utilization: 0.1", "does not fit on 1 x"),
    edit("model too large", "llama-3.1-8b", "llama-3.1-70b", "does not fit on 1 x", "tensor_parallel_size"),
    # choices
    edit("unknown policy", "max_num_seqs: 64", "policy: vlm_v1", "must be one of vllm_v1", "did you mean 'vllm_v1'?"),
    edit("unknown order", "max_num_seqs: 64", "scheduling_policy: lifo", "must be one of fcfs, priority"),
    edit("unknown engine", "max_num_seqs: 64", "profile: vllm-9", "engine.profile", "vllm-0.15"),
    edit("unknown dtype", "slo:", "dtypes: {weights: int3}\nslo:", "dtypes.weights: must be one of auto, bf16"),
    edit("dtype without math", "h100", "a100\ndtypes: {weights: fp8}", "no fp8 math", "weight-only"),
    edit("heads do not divide", "run:", "parallel: {tensor_parallel_size: 3}\nrun:", "must divide the 32 attention"),
    edit("node too small", "run:", "parallel: {tensor_parallel_size: 64}\nrun:", "parallel.tensor_parallel_size"),
    edit(
        "async and speculation",
        "max_num_seqs: 64",
        "async_scheduling: true\n  speculative_config: {num_speculative_tokens: 2, acceptance: 0.5}",
        "engine.async_scheduling: speculation needs synchronous",
    ),
    edit(
        "async and dynamic batches",
        "max_num_seqs: 64",
        "policy: dynamic\n  async_scheduling: true",
        "engine.async_scheduling: dynamic batching waits for a batch",
    ),
    edit(
        "acceptance list too short",
        "max_num_seqs: 64",
        "speculative_config: {num_speculative_tokens: 3, acceptance: [0.5]}",
        "must be one number or one per draft (3)",
    ),
    edit(
        "acceptance above one",
        "max_num_seqs: 64",
        "speculative_config: {num_speculative_tokens: 1, acceptance: [1.5]}",
        "acceptance[0]: must be at most 1",
    ),
    edit(
        "budget below unchunked prompts",
        "max_num_seqs: 64",
        "enable_chunked_prefill: false\n  max_num_batched_tokens: 512\n  max_model_len: 1024",
        "bad.yaml:5: engine.max_num_batched_tokens: must be at least max_model_len (1024)",
    ),
    # workload
    edit("no workload kind", "  synthetic:", "  sythetic:", "workload.sythetic", "did you mean 'synthetic'?"),
    edit("unknown arrival", "kind: poisson", "kind: poison", "arrival.kind: must be one of", "did you mean 'poisson'?"),
    edit("arrival without kind", "kind: poisson, ", "", "arrival.kind: is missing"),
    edit("no rate", ", rate_per_s: 2", "", "arrival.rate_per_s: is missing"),
    edit("misspelt rate", "rate_per_s", "rate_per_second", "arrival.rate_per_second", "'rate_per_s'"),
    edit("negative rate", "rate_per_s: 2", "rate_per_s: -2", "arrival.rate_per_s: must be a number > 0", "-2"),
    edit("no requests", "num_requests: 4", "num_requests: 0", "num_requests: must be at least 1"),
    edit("zero tokens", "prompt_tokens: 100", "prompt_tokens: 0", "prompt_tokens.tokens: must lie in 1.."),
    edit("low above high", "low: 2, high: 8", "low: 9, high: 8", "output_tokens.high: must lie in 9.."),
    edit("two workloads", "  synthetic:", "  profile: {name: chat-short}\n  synthetic:", "exactly one of trace"),
    workload("unknown profile", "azure-conv-2024", "no such workload profile", "did you mean"),
    workload("trace is not there", "{trace: {path: nowhere.csv}}", "nowhere.csv"),
    workload("unknown trace format", "{trace: {path: bad.yaml, format: azur}}", "format"),
    # --set
    option("no equals sign", "engine.max_num_seqs", "--set engine.max_num_seqs", "must read KEY=VALUE"),
    option("empty key part", "engine..x=1", "must read KEY=VALUE"),
    option("unknown set key", "engine.max-num-seq=3", "--set engine.max-num-seq=3: engine.max_num_seq:", "_seqs'?"),
    option("bad set value", "engine.max_num_seqs=0", "--set engine.max_num_seqs=0: engine.max_num_seqs: must be at"),
    option("set through a value", "model.name=x", "model: is not a mapping, so nothing can be set inside it"),
    option("set value is no YAML", "engine.max_num_seqs=[1", "is not valid YAML"),
    option("set with an alias", "model=&a x", "anchors and aliases"),
    option("set unknown model", "model=lama-3.1-8b", "--set model=lama-3.1-8b: model:", "did you mean"),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_one_readable_error_and_nothing_written(bad: Bad, tmp_path: Path) -> None:
    scenario, out = tmp_path / "bad.yaml", tmp_path / "out"
    scenario.write_bytes(bad.content())
    sets = [word for assignment in bad.sets for word in ("--set", assignment)]
    outcome = inferplan("run", scenario, *sets, "--out", out)
    assert outcome.status == 2
    assert outcome.err.startswith("error: ")
    assert "Traceback" not in outcome.err
    assert "pydantic" not in outcome.err
    for text in bad.says:
        assert text in outcome.err
    assert outcome.out == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.yaml"]


def test_there_are_enough_of_them() -> None:
    assert len(BAD) >= 60
    assert len({bad.name for bad in BAD}) == len(BAD)


def test_several_mistakes_are_listed_together(tmp_path: Path) -> None:
    scenario = tmp_path / "bad.yaml"
    scenario.write_text(GOOD.replace("seqs: 64", "seqs: 0").replace("seed: 1", "seed: x").replace("slo", "sloo"))
    outcome = inferplan("run", scenario)
    assert outcome.status == 2
    assert "3 mistakes:" in outcome.err
    for line in ("bad.yaml:4: engine.max_num_seqs", "bad.yaml:12: run.seed", "bad.yaml:11: sloo"):
        assert line in outcome.err


def test_the_good_one_is_good(tmp_path: Path) -> None:
    scenario = tmp_path / "good.yaml"
    scenario.write_text(GOOD)
    assert inferplan("run", scenario, "--quiet").status == 0
