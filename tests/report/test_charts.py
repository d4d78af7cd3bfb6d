"""Charts: what is drawn follows from the data; empty and crowded cases draw; equal input gives equal bytes."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.report.charts.latency_cdf import Cdf, cdf_of, latency_cdf_chart
from simulator.report.charts.latency_load import LoadPoint, latency_load_chart, load_points
from simulator.report.charts.operator_breakdown import OperatorTime, operator_breakdown_chart
from simulator.report.charts.timeline import timeline_chart
from simulator.report.figures import percent
from simulator.report.render import render
from simulator.report.run_charts import CHART_NAMES
from simulator.runner import run
from tests.run.scenarios import small, with_arrival


def series(replicas: int, cells: int = 50) -> dict[str, np.ndarray]:
    time = np.tile(np.linspace(1, 100, cells), replicas)
    rng = np.random.default_rng(0)
    return {
        "time_s": time,
        "replica": np.repeat(np.arange(replicas), cells),
        "num_requests_running": rng.random(len(time)) * 60,
        "num_requests_waiting": rng.random(len(time)) * 5,
        "batch_tokens": rng.random(len(time)) * 2000,
        "engine_steps": rng.integers(0, 9, len(time)),
        "kv_cache_usage_perc": rng.random(len(time)),
    }


def test_equal_figures_have_equal_bytes() -> None:
    def draw():
        return timeline_chart(series(2), max_num_seqs=64, subtitle="two replicas")

    first, second = render(draw), render(draw)
    assert first == second
    assert first["png"].startswith(b"\x89PNG")
    assert b"<svg" in first["svg"]
    assert b"date" not in first["svg"]


@pytest.mark.parametrize("replicas", [1, 3, 64])
def test_timeline_draws_one_line_per_replica_or_a_band(replicas: int) -> None:
    figure = timeline_chart(series(replicas), max_num_seqs=1000, subtitle="")
    requests = figure.axes[0]
    assert len(requests.lines) == (4 * replicas if replicas <= 4 else 2)
    assert len(requests.collections) == (0 if replicas <= 4 else 3)
    for axes in figure.axes if replicas > 4 else []:
        assert f"range of {replicas} replicas" in [text.get_text() for text in axes.get_legend().get_texts()]
    assert figure.axes[-1].get_xlabel() == "simulated time (s)"
    assert all(axes.get_ylabel() for axes in figure.axes)


def test_tokens_per_step_are_tokens_over_steps() -> None:
    """One step of 9,000 tokens beside 99 of 10 in each stretch of two cells: the curve says 99.9, not 4,505."""
    many = series(1, cells=400)
    many["batch_tokens"], many["engine_steps"] = np.tile([9000.0, 10.0], 200), np.tile([1, 99], 200)
    tokens = timeline_chart(many, max_num_seqs=None, subtitle="").axes[1]
    assert np.asarray(tokens.lines[1].get_ydata()) == pytest.approx(np.full(100, (9000 + 990) / 100))


def test_every_run_chart_draws_and_names_its_units() -> None:
    charts = run(small(requests=400, rate=30, slo={"ttft_ms": 200, "tpot_ms": 50})).charts
    files = charts.files()
    assert len(files) == 8
    assert all(len(data) > 5000 for data in files.values())
    labels = [axes.get_xlabel() for axes in charts.latency_cdf().axes]
    assert labels == ["TTFT (ms)", "TPOT (ms)", "ITL (ms)", "E2EL (ms)"]
    assert charts.operator_breakdown().axes[0].get_xlabel() == "time per engine step (ms)"
    load = charts.latency_load()
    assert load.axes[0].get_xlabel() == "arrival rate of the moment (requests/s)"
    assert load.texts[0].get_text() == "Latency within this run, by the arrival rate of the moment"


def test_no_load_chart_where_answers_make_the_load() -> None:
    charts = run(with_arrival({"kind": "closed_loop", "max_concurrency": 8}, requests=400)).charts
    assert set(charts.files()) == {f"{name}.{kind}" for name in CHART_NAMES[1:] for kind in ("png", "svg")}
    assert not charts.latency_load().axes[0].lines


@pytest.mark.parametrize(
    "scenario",
    [
        small(requests=1, output=1),
        with_arrival({"kind": "offline"}, requests=8),
        small(requests=5, prompt=600, engine={"max_model_len": 300}),
    ],
    ids=["one token in all", "offline", "all refused"],
)
def test_charts_of_runs_with_nothing_to_show(scenario: object) -> None:
    assert len(run(scenario).charts.files()) == 8  # type: ignore[arg-type]


def test_load_points_group_requests_by_the_load_of_their_moment() -> None:
    calm, busy = np.linspace(0, 500, 1000), np.linspace(500, 1000, 4000)
    arrival = np.concatenate([calm, busy])
    ttft = np.where(arrival < 500, 10.0, 100.0)
    tpot = np.where(np.arange(5000) % 5 == 0, np.nan, ttft / 5)
    points = load_points(arrival, ttft, tpot)
    assert len(points) == 8
    assert points[0].rate_per_s == pytest.approx(2, rel=0.1)
    assert points[-1].rate_per_s == pytest.approx(8, rel=0.1)
    assert (points[0].p50_ttft_ms, points[-1].p50_ttft_ms) == (10, 100)
    assert points[-1].p99_tpot_ms == 20
    assert load_points(np.zeros(1000), ttft[:1000], tpot[:1000]) == []
    assert load_points(arrival[:150], ttft[:150], tpot[:150]) == []


def test_latency_load_takes_the_points_of_several_runs() -> None:
    summaries = [run(small(requests=50, rate=rate)).summary for rate in (20, 5)]
    points = [LoadPoint.of_summary(summary) for summary in summaries]
    figure = latency_load_chart(points, ttft_slo_ms=100, subtitle="two runs")
    assert figure.axes[0].lines[0].get_xdata().tolist() == [5, 20]
    assert figure.axes[0].get_xlabel() == "offered load (requests/s)"
    assert points[0].p99_ttft_ms == summaries[0]["p99_ttft_ms"]


def test_cdf_marks_median_and_p99() -> None:
    values = np.arange(1.0, 1001.0)
    curve = Cdf("TTFT", "first token - arrival", *cdf_of(values), slo_ms=500)
    figure = latency_cdf_chart([curve], subtitle="")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["objective 500 ms", "median 500 ms", "p99 990 ms"]


def test_cdf_keeps_the_p99_label_off_the_objective() -> None:
    curve = Cdf("TTFT", "first token - arrival", *cdf_of(np.arange(1.0, 1001.0)), slo_ms=1200)
    axes = latency_cdf_chart([curve], subtitle="").axes[0]
    (label,) = [text for text in axes.texts if text.get_text().startswith("p99")]
    assert label.xy[0] == 1200
    assert axes.get_xlim()[1] > 2000


@pytest.mark.parametrize(("slo_ms", "text"), [(100_000, "objective 100,000 ms →"), (0.1, "← objective 0.1 ms")])
def test_cdf_points_at_an_objective_far_outside(slo_ms: float, text: str) -> None:
    curve = Cdf("TTFT", "first token - arrival", *cdf_of(np.arange(1.0, 1001.0)), slo_ms=slo_ms)
    assert latency_cdf_chart([curve], subtitle="").axes[0].texts[0].get_text() == text


def test_cdf_makes_room_for_an_objective_near_by() -> None:
    curve = Cdf("TTFT", "first token - arrival", *cdf_of(np.arange(1.0, 1001.0)), slo_ms=4000)
    assert latency_cdf_chart([curve], subtitle="").axes[0].get_xlim()[1] > 4000


def test_small_operators_are_one_bar() -> None:
    rows = [OperatorTime("big", 1e-2, "memory"), *(OperatorTime(f"s{i}", 1e-6, "launch") for i in range(3))]
    figure = operator_breakdown_chart([*rows, OperatorTime("none", 0.0, "host")], subtitle="")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["3 others", "big"]
    assert operator_breakdown_chart([], subtitle="").axes[0].texts


@pytest.mark.parametrize(
    ("share", "digits", "text"),
    [(0.0, 0, "0 %"), (0.002, 0, "<1 %"), (0.996, 0, ">99 %"), (1.0, 0, "100 %"), (0.0004, 1, "<0.1 %"),
     (0.9996, 1, ">99.9 %"), (0.25, 0, "25 %"), (None, 0, "-")],
)  # fmt: skip
def test_a_little_is_not_nothing_and_almost_all_not_all(share: float | None, digits: int, text: str) -> None:
    assert percent(share, digits) == text
