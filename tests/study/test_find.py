"""``find``: early stops against whole runs, closed loops, peaks, ends of the range, notes, mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.runner import run
from simulator.scenario.schema import Scenario
from simulator.study.find import find
from simulator.study.probe import TOO_SHORT, Prober
from simulator.study.question import Question, ask
from simulator.study.sentences import headline
from simulator.study.stability import STABLE
from tests.run.scenarios import small, with_arrival

LENGTHS: dict[str, Any] = {
    "prompt_tokens": {"kind": "lognormal", "mean": 300, "cv": 0.8},
    "output_tokens": {"kind": "lognormal", "mean": 16, "cv": 0.5},
}


def mix(requests: int = 400, arrival: dict[str, Any] | None = None, **sections: Any) -> Scenario:
    """Short answers, so that a run takes milliseconds."""
    rule = arrival or {"kind": "poisson", "rate_per_s": 20}
    return small(**sections, workload={"synthetic": {"num_requests": requests, "arrival": rule, **LENGTHS}})


def prober(question: Question) -> Prober:
    return Prober(question.scenario, question.load(), question.goals, question.objectives)


@pytest.mark.parametrize("goal", ["ttft:p90<150ms", "tpot:mean<15ms", "itl:p95<30ms", "goodput>=0.9", "e2el:p90<1s"])
def test_a_run_stopped_early_ends_as_the_whole_run_would(goal: str) -> None:
    question = ask(mix(2000), [goal], goodput="ttft:150 tpot:15")
    probes, stopped = prober(question), 0
    for load in (5.0, 40.0, 120.0, 400.0, 2000.0):
        early, whole = probes.probe(load, 0), probes.probe(load, 0, whole=True)
        assert early.met == whole.met, (load, early.ended)
        assert whole.complete
        assert whole.requests == 2000
        if not early.complete:
            stopped += 1
            assert early.engine_steps < whole.engine_steps
        else:
            assert (early.values, early.missed) == (whole.values, whole.missed)
    assert stopped >= 2


def test_the_answer_is_a_turn_of_whole_runs() -> None:
    question = ask(mix(), ["ttft:p90<150ms"], tolerance=0.1, seeds=3)
    answer, probes = find(question), prober(question)
    assert answer.status == "found"
    for one in answer.seeds:
        assert one.turn.last_yes is not None
        assert one.turn.first_no == one.turn.last_yes + 1
        assert probes.probe(answer.ladder[one.turn.last_yes], one.seed, whole=True).met
        assert not probes.probe(answer.ladder[one.turn.first_no], one.seed, whole=True).met
    assert answer.estimate.low <= answer.estimate.load <= answer.estimate.high
    assert answer.met_by_all is not None
    assert answer.met_by_none is not None
    assert answer.met_by_all <= answer.estimate.load <= answer.met_by_none
    assert answer.binding is not None
    assert answer.binding.goals
    assert answer.share_met(answer.met_by_all) == 1


def test_workers_change_nothing() -> None:
    question = ask(mix(200), ["ttft:p90<150ms"], tolerance=0.2, seeds=3)
    alone, together = find(question), find(question, workers=2)
    assert alone.estimate == together.estimate
    assert alone.probes == together.probes


def test_without_goals_the_load_is_what_the_server_keeps_up_with() -> None:
    """One request at a time, all alike: capacity is 1 / service time, the text book's answer."""
    scenario = small(
        2000,
        prompt=200,
        output=4,
        engine={"max_num_seqs": 1, "async_scheduling": False, "enable_prefix_caching": False},
    )
    answer = find(ask(scenario, [], seeds=3))
    probes = prober(ask(scenario, []))
    whole = probes.probe(answer.ladder[-1], 0, whole=True)
    capacity = whole.summary["request_throughput"]  # of a queue that never empties
    # Growth of 5 % of the arrivals counts as none, and chance on top: at most a tenth.
    assert answer.estimate.load == pytest.approx(capacity, rel=0.1)
    assert answer.binding is not None
    assert answer.binding.goals == (STABLE,)
    assert answer.binding.resource == "max_num_seqs"


def test_concurrency_is_a_whole_number_and_the_next_one_misses() -> None:
    question = ask(mix(300), ["tpot:mean<12ms"], maximize="concurrency", tolerance=0.02, seeds=2)
    answer = find(question)
    assert all(load == int(load) for load in answer.ladder)
    assert answer.ladder[:4] == (1, 2, 3, 4)
    assert answer.status == "found"
    probe = answer.probes[0]
    assert probe.summary["max_concurrency"] == 8 or probe.load != 8


def test_goodput_peaks_where_the_grid_does() -> None:
    question = ask(mix(), [], goodput="ttft:120", maximize="goodput", tolerance=0.25, seeds=1)
    answer, probes = find(question), prober(question)
    loads = [load for load in answer.ladder if 20 < load < 2000]
    heights = [probes.probe(load, 0, whole=True) for load in loads]
    best = max((one for one in heights if one.met), key=lambda one: one.summary["request_goodput"])
    assert answer.estimate.low <= best.load <= answer.estimate.high


def test_the_largest_goodput_is_said() -> None:
    answer = find(ask(mix(), [], goodput="ttft:120", maximize="goodput", tolerance=0.25, seeds=2))
    assert answer.largest_goodput is not None
    assert 0 < answer.largest_goodput <= max(probe.summary["request_goodput"] for probe in answer.probes)
    assert find(ask(mix(200), ["ttft<1s"], seeds=1, tolerance=0.5)).largest_goodput is None


def test_replicas_sustain_as_many_times_the_load() -> None:
    """Round robin over four servers of one request each: four times the capacity of one, as far as noise lets see."""
    engine = {"max_num_seqs": 1, "async_scheduling": False}
    loads = []
    for replicas in (1, 4):
        scenario = small(1600, prompt=200, output=4, replicas=replicas, engine=engine)
        loads.append(find(ask(scenario, ["ttft:p90<500ms"], seeds=2)).estimate.load)
    assert loads[1] / loads[0] == pytest.approx(4, rel=0.2)


@pytest.mark.parametrize(
    "run_section", [{"warmup_fraction": 0.2}, {"warmup_fraction": 0.2, "exclude_drain": True}, {"warmup_s": 5.0}]
)
def test_the_measured_window_counts(run_section: dict[str, Any]) -> None:
    """A run stopped as certainly lost would have been lost; what counts is the window, as in the summary of a run."""
    scenario = mix(1000, run=run_section)
    question = ask(scenario, ["ttft:p90<150ms", "goodput>=0.9"], goodput="ttft:150")
    probes = prober(question)
    for load in (20.0, 100.0, 300.0):
        early, whole = probes.probe(load, 0), probes.probe(load, 0, whole=True)
        assert early.met == whole.met
        rate = scenario.replacing(workload=mix(1000, {"kind": "poisson", "rate_per_s": load}).workload)
        if TOO_SHORT not in whole.missed:
            summary = run(rate.replacing(slo=mix(slo={"ttft_ms": 150}).slo)).summary
            assert whole.values["ttft:p90<150ms"] == pytest.approx(summary["p90_ttft_ms"] / 1e3)
            assert whole.values["goodput>=0.9"] == pytest.approx(summary["goodput_share"])


def test_ends_of_the_range() -> None:
    impossible = find(ask(mix(200), ["ttft:p90<1ms"], seeds=1, low=1, high=8, tolerance=0.5))
    assert impossible.status == "none_met"
    easy = find(ask(mix(200), ["ttft:p90<100s"], seeds=1, low=1, high=8, tolerance=0.5))
    assert (easy.status, easy.binding) == ("all_met", None)
    assert easy.ladder[-1] <= 8
    assert easy.at_least
    assert "Capacity is at least" in headline(easy)
    assert not impossible.at_least


def test_a_throughput_that_no_good_load_reaches_is_said() -> None:
    answer = find(ask(mix(200), ["ttft:p90<150ms", "throughput>=1e6tok/s"], seeds=1, tolerance=0.3))
    assert answer.too_low == ("throughput>=1e6tok/s",)
    reached = find(ask(mix(200), ["ttft:p90<150ms", "throughput>=10tok/s"], seeds=1, tolerance=0.3))
    assert reached.too_low == ()
    assert reached.estimate.load == answer.estimate.load


def test_a_run_too_short_to_tell_is_no_proof_of_capacity() -> None:
    """Answers of many seconds: the requests are all sent before the first one is through."""
    scenario = small(120, rate=0.2, prompt=100, output=1000)
    answer = find(ask(scenario, ["ttft:p90<10s"], seeds=1, tolerance=0.3))
    assert answer.binding is not None
    assert answer.binding.goals == (TOO_SHORT,)
    assert any("lower bound" in note for note in answer.notes)
    assert headline(answer).startswith(("Capacity is at least ", "No load is shown to meet the goals"))


def test_one_seed_where_nothing_is_drawn() -> None:
    scenario = with_arrival({"kind": "constant", "rate_per_s": 5}, requests=150)
    answer = find(ask(scenario, ["tpot:mean<20ms"], seeds=4, tolerance=0.3))
    assert len(answer.seeds) == 1
    assert any("nothing in this scenario is drawn at random" in note for note in answer.notes)


def test_loads_share_their_random_numbers() -> None:
    load = ask(mix(), ["ttft<1s"]).load()
    slow, fast = load.workload(10.0, 3), load.workload(40.0, 3)
    assert np.array_equal(slow.table.prompt_tokens, fast.table.prompt_tokens)
    assert slow.table.arrival_s == pytest.approx(4 * fast.table.arrival_s)
    assert slow.offered_rate_per_s == pytest.approx(10)


@pytest.mark.parametrize(
    ("arrival", "options", "message"),
    [
        ({"kind": "offline"}, {}, "no arrival rate"),
        ({"kind": "closed_loop", "max_concurrency": 4}, {}, "use --maximize concurrency"),
        ({"kind": "poisson", "rate_per_s": 5}, {"maximize": "rates"}, "did you mean 'rate'"),
        ({"kind": "poisson", "rate_per_s": 5}, {"maximize": "goodput"}, "needs objectives"),
        ({"kind": "poisson", "rate_per_s": 5}, {"low": 5.0, "high": 2.0}, "at least --low"),
        ({"kind": "poisson", "rate_per_s": 5}, {"low": -1.0}, "positive number"),
        ({"kind": "poisson", "rate_per_s": 5}, {"tolerance": 0.0}, "--tolerance"),
        ({"kind": "poisson", "rate_per_s": 5}, {"seeds": 0}, "--seeds"),
        ({"kind": "poisson", "rate_per_s": 5}, {}, "too few requests"),
    ],
)
def test_mistakes(arrival: dict[str, Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        find(ask(with_arrival(arrival), ["ttft<1s"], **options))


def test_a_closed_loop_needs_a_goal() -> None:
    with pytest.raises(InputError, match="always stable"):
        ask(mix(), ["throughput>=5tok/s"], maximize="concurrency")


def test_what_binds_is_what_runs_out() -> None:
    """Few KV blocks bind by memory; a bound below an empty server's latency by nothing."""
    synthetic = {
        "num_requests": 300,
        "arrival": {"kind": "poisson", "rate_per_s": 20},
        "prompt_tokens": {"kind": "uniform", "low": 100, "high": 400},
        "output_tokens": {"kind": "uniform", "low": 8, "high": 64},
    }
    scarce = small(workload={"synthetic": synthetic}, engine={"num_gpu_blocks_override": 60, "max_model_len": 900})
    answer = find(ask(scarce, ["ttft:p90<400ms"], seeds=1, tolerance=0.3))
    assert answer.binding is not None
    assert answer.binding.resource == "KV cache"
    empty = find(ask(mix(300), ["ttft:p90<1ms"], seeds=1, tolerance=0.5, low=0.05, high=1))
    assert empty.binding is not None
    assert (empty.binding.resource, empty.binding.goals) == ("nothing", ("ttft:p90<1ms",))
