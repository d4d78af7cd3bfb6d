"""What a study's axes become, and how mistakes in them read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.sweeping.points import expand
from simulator.sweeping.study import read_study, study_of
from tests.sweeping.studies import SCENARIO, tiny, write_study

COUNTS = st.lists(st.integers(1, 4000), min_size=1, max_size=4, unique=True)


def values_of(axis: Any) -> list[Any]:
    """Values of ``engine.max_num_seqs`` on an axis written so."""
    return study_of(tiny(), {"engine.max_num_seqs": axis}).axes[0].values


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ([64, 128], [64, 128]),
        ({"range": [10, 30, 10]}, [10, 20, 30]),
        ({"range": [10, 35, 10]}, [10, 20, 30]),
        ({"range": [3, 1, -1]}, [3, 2, 1]),
        ({"linspace": [1, 2, 5]}, [1, 2]),  # whole numbers, each once
        ({"linspace": [10, 20, 3]}, [10, 15, 20]),
        ({"logspace": [16, 1024, 7]}, [16, 32, 64, 128, 256, 512, 1024]),
    ],
)
def test_whole_numbers(written: Any, values: list[int]) -> None:
    found = values_of(written)
    assert found == values
    assert all(type(value) is int for value in found)


def test_rates_are_not_rounded() -> None:
    study = study_of(tiny(), {"rate": {"linspace": [1, 2, 5]}, "run.warmup_fraction": {"range": [0, 0.4, 0.2]}})
    assert study.axes[0].values == [1.0, 1.25, 1.5, 1.75, 2.0]
    assert study.axes[1].values == pytest.approx([0, 0.2, 0.4])


@given(seqs=COUNTS, budgets=COUNTS, devices=st.permutations(["h100", "a100", "h200"]))
@settings(max_examples=15, deadline=None)
def test_every_combination_once_the_last_axis_fastest(seqs: list[int], budgets: list[int], devices: list[str]) -> None:
    together = [{"hardware": name, "replicas": place + 1} for place, name in enumerate(devices)]
    axes = {"engine.max_num_seqs": seqs, "device": together, "engine.max-num-batched-tokens": budgets}
    points = expand(study_of(tiny(), axes))
    expected = [(s, d, p + 1, b) for s in seqs for p, d in enumerate(devices) for b in budgets]
    assert [tuple(point.set.values()) for point in points] == expected
    assert [point.index for point in points] == list(range(len(expected)))
    assert len({point.id for point in points}) == len(points)
    for point in points:
        engine = point.scenario["engine"]
        assert (engine["max_num_seqs"], point.scenario["hardware"]) == (
            point.set["engine.max_num_seqs"],
            point.set["hardware"],
        )
        assert engine["max_num_batched_tokens"] == point.set["engine.max_num_batched_tokens"]


@given(n=st.integers(2, 60), seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_a_latin_hypercube_has_one_draw_in_every_part(n: int, seed: int) -> None:
    over = {"rate": {"low": 2.0, "high": 10.0}, "engine.max_num_seqs": {"low": 1, "high": n}}
    axis = study_of(tiny(), {"sample": {"n": n, "seed": seed, "over": over}}).axes[0]
    rates = sorted(setting["rate"] for setting in axis.settings)
    assert [int((rate - 2.0) / 8.0 * n) for rate in rates] == list(range(n))
    assert sorted(setting["engine.max_num_seqs"] for setting in axis.settings) == list(range(1, n + 1))


def test_draws_of_a_key_do_not_depend_on_those_after_it() -> None:
    def rates(**more: Any) -> list[float]:
        over = {"rate": {"low": 1, "high": 100, "scale": "log"}, **more}
        content = {"sample": {"method": "random", "n": 9, "seed": 3, "over": over}}
        return [setting["rate"] for setting in study_of(tiny(), content).axes[0].settings]

    assert rates() == rates(hardware=["h100", "a100"])
    assert all(1 <= rate <= 100 for rate in rates())


def test_draws_that_repeat_are_left_out_and_said() -> None:
    sample = {"n": 50, "method": "random", "over": {"engine.max_num_seqs": {"low": 1, "high": 3}}}
    study = study_of(tiny(), {"sample": sample})
    assert study.size == 3
    assert study.notes == ("47 of 50 drawn settings repeat earlier ones and are left out",)


def test_the_resolved_study_gives_the_same_points(tmp_path: Path) -> None:
    axes = """\
sample: {n: 5, over: {rate: {low: 1, high: 9, scale: log}, hardware: [h100, a100]}}
sweep:
  tuned: [{engine.max_num_seqs: 4, slo: {ttft_ms: 200}}, {engine.max_num_seqs: 8, slo: {ttft_ms: 300}}]
seeds: 2
"""
    study = read_study(write_study(tmp_path, axes))
    other = tmp_path / "elsewhere" / "study.resolved.yaml"
    other.parent.mkdir()
    other.write_text(study.to_yaml())
    assert expand(read_study(other)) == expand(study)
    assert [point.seeds for point in expand(study)] == [2] * 10


def test_options_change_the_scenario_and_add_or_replace_axes(tmp_path: Path) -> None:
    path = write_study(tmp_path, "sweep:\n  engine.max_num_seqs: [2, 4]\n")
    options = ["hardware=a100", "engine.max-num-seqs=8,16,32", "rate={linspace: [1, 3, 3]}", "run.seed=7"]
    points = expand(read_study(path, options))
    assert [(point.set["engine.max_num_seqs"], point.set["rate"]) for point in points] == [
        (seqs, rate) for seqs in (8, 16, 32) for rate in (1.0, 2.0, 3.0)
    ]
    assert {(point.scenario["hardware"], point.scenario["run"]["seed"]) for point in points} == {("a100", 7)}


def test_a_scenario_with_options_is_a_study(tmp_path: Path) -> None:
    write_study(tmp_path)
    study = read_study(tmp_path / "scenario.yaml", ["engine.max_num_seqs=1,2"])
    assert [point.set for point in expand(study)] == [{"engine.max_num_seqs": 1}, {"engine.max_num_seqs": 2}]


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        (
            "sweep:\n  engine.max_num_seq: [1, 2]\n",
            "study.yaml:3: sweep.engine.max_num_seq: is not a key of a scenario",
        ),
        ("sweep:\n  max_num_seqs: [1, 2]\n", "did you mean 'engine.max_num_seqs'?"),
        ("sweep:\n  engine.max_num_seqs: 4\n", "study.yaml:3: sweep.engine.max_num_seqs: must be a list of values"),
        ("sweep:\n  engine.max_num_seqs: [4, 0]\n", "study.yaml:3: engine.max_num_seqs: must be at least 1 (found 0)"),
        ("sweep:\n  engine.max_num_seqs: [4, 4]\n", "sweep.engine.max_num_seqs[1]: stands twice (found 4)"),
        ("sweep:\n  hardware:\n  - h100\n  - h10\n", "study.yaml:5: hardware: no such hardware"),
        ("sweep:\n  model: [llama-3.1-9b]\n", "did you mean"),
        ("sweep:\n  rate: {linspace: [1, 2]}\n", "rate.linspace: must be three numbers [first, last, how many]"),
        ("sweep:\n  rate: {linspace: [1, 2, 1]}\n", "linspace[2]: must be a whole number >= 2 (found 1)"),
        ("sweep:\n  rate: {linspce: [1, 2, 3]}\n", "did you mean 'linspace' or 'logspace'?"),
        ("sweep:\n  rate: {logspace: [0, 2, 3]}\n", "must lie above 0"),
        ("sweep:\n  rate: {range: [1, 9, -1]}\n", "must lead from the first number to the last"),
        ("sweep:\n  rate: [0, 1]\n", "rate: must be a number > 0 (requests per second) (found 0)"),
        ("sweep:\n  rate: [1]\n  pair: [{rate: 2}]\n", "rate: is set by two axes, rate and pair"),
        ("sweep:\n  slo: [{ttft_ms: 3}]\n  slo.ttft_ms: [4]\n", "slo.ttft_ms: is set by two axes"),
        ("sweep:\n  pair: [{rate: 2}, {replicas: 2}]\n", "sweep.pair[1]: must set the same keys as the first: rate"),
        (
            "sweep:\n  workload: [{trace: {path: no.csv}}]\n",
            "study.yaml:3: workload.trace.path: cannot be read: No such",
        ),
        ("sweep:\n  workload: [azure-conv-2024]\n", "study.yaml:3: workload.profile: no such workload profile"),
        ("swep: {rate: [1]}\n", "study.yaml:2: swep: is not a known key of a study"),
        ("sweep: [1]\n", "sweep: must be a mapping"),
        ("seeds: 0\nsweep: {rate: [1]}\n", "study.yaml:2: seeds: must be a whole number >= 1"),
        ("best: speed\nsweep: {rate: [1]}\n", "best: is not a metric of a run (found 'speed')"),
        ("best: mean_batch_seqs\nsweep: {rate: [1]}\n", "needs a direction"),
        ("", "nothing is varied"),
        ("sample: {n: 3}\n", "sample.over: must be a mapping"),
        ("sample: {n: 3, over: {rate: {low: 2}}}\n", "sample.over.rate.high: must be a number (found 'nothing')"),
        ("sample: {n: 3, over: {rate: {low: 2, high: 1}}}\n", "high: must be above low (2) (found 1)"),
        ("sample: {n: 0, over: {rate: [1]}}\n", "sample.n: must be a whole number 1 to 10,000 (found 0)"),
        ("sample: {n: 3, metod: random, over: {rate: [1]}}\n", "did you mean 'method'?"),
    ],
)
def test_mistakes_say_where_and_what(tmp_path: Path, axes: str, message: str) -> None:
    from simulator.sweeping.runner import plan_sweep

    with pytest.raises(InputError) as refused:
        plan_sweep(read_study(write_study(tmp_path, axes)))
    assert message in str(refused.value)


def test_axes_in_a_scenario_file_are_told_where_they_belong(tmp_path: Path) -> None:
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO + "sweep:\n  rate: [1, 2]\n")
    with pytest.raises(
        InputError, match=r"scenario.yaml:9: sweep: belongs into a study: put model, .* under scenario:"
    ):
        read_study(path)


def test_a_rate_needs_arrivals_that_have_one() -> None:
    offline = tiny(workload={"profile": {"name": "chat-short", "arrival": {"kind": "offline"}}})
    with pytest.raises(InputError, match="offline arrivals, which have no rate"):
        expand(study_of(offline, {"rate": [1, 2]}))
