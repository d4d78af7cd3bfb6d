"""``inferplan report``: files, names, mistakes."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from simulator.planning.planner import plan
from simulator.runner import run
from tests.cli.invoke import inferplan
from tests.planning.plans import small_plan
from tests.report.parsed import Parsed
from tests.run.scenarios import small, with_arrival


def test_page_and_twin_stand_in_the_folder(run_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(run_folder, tmp_path / "run"))
    done = inferplan("report", folder)
    assert (done.status, done.err) == (0, "")
    assert [line.split()[0] for line in done.out.splitlines()] == [
        str(folder / f"report.{end}") for end in ("html", "md")
    ]
    first = (folder / "report.html").read_bytes()
    assert inferplan("report", folder).status == 0
    assert (folder / "report.html").read_bytes() == first


def test_out_names_both(goal_folder: Path, tmp_path: Path) -> None:
    assert inferplan("report", goal_folder, "--out", tmp_path / "new" / "capacity.html").status == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["capacity.html", "capacity.md"]


def test_the_summary_answers(run_folder: Path, goal_folder: Path, tmp_path: Path) -> None:
    for folder in (run_folder, goal_folder):
        assert inferplan("report", folder, "--out", tmp_path / f"{folder.name}.html").status == 0
    summary = json.loads((run_folder / "summary.json").read_text())
    run, goal = ((tmp_path / f"{name}.md").read_text() for name in ("run", "goal"))
    assert f"TTFT is {summary['mean_ttft_ms']:.1f} ms on average" in run
    assert summary["title"] in run
    answer = json.loads((goal_folder / "goal.json").read_text())
    assert answer["answer"] in goal
    assert f"the server's limit is {answer['binding']['resource']}" in goal


def test_a_sweep_of_drawn_settings(scenario: Path, tmp_path: Path) -> None:
    study = tmp_path / "study.yaml"
    drawn = "{n: 26, over: {engine.max_num_batched_tokens: {low: 512, high: 16384, scale: log}}}"
    pairs = "[{hardware: h100, dtypes.kv_cache: fp8}, {hardware: a100, dtypes.kv_cache: bf16}]"
    study.write_text(f"scenario: {scenario}\nsweep: {{platform: {pairs}}}\nsample: {drawn}\n")
    few = ("--set", "workload.profile.num_requests=20", "--workers", "1", "--quiet", "--out", tmp_path / "sweep")
    assert inferplan("sweep", study, *few).status == 0
    assert inferplan("report", tmp_path / "sweep").status == 0
    text = (tmp_path / "sweep" / "report.md").read_text().replace("\\", "")
    assert "26 values; engine.max_num_batched_tokens: " in text
    assert "| platform | zip |" in text
    assert "52 of 52 points ran" in text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"status": "none_met", "answer": "No load meets the goals."}, "No load meets the goals. There ttft"),
        ({"status": "all_met", "binding": None}, "chance is not accounted for"),
        ({"maximize": "goodput", "largest_goodput_per_s": 12.5}, "Largest goodput: **12.5** requests/s"),
        ({"notes": ["Seeds are few."]}, "Seeds are few."),
    ],
    ids=["none met", "all met", "goodput", "notes"],
)
def test_every_kind_of_answer(goal_folder: Path, tmp_path: Path, change: dict[str, object], text: str) -> None:
    folder = Path(shutil.copytree(goal_folder, tmp_path / "goal"))
    goal = json.loads((folder / "goal.json").read_text())
    goal["binding"] |= {"goals": ["ttft:p95<100ms"], "resource": "nothing"}
    (folder / "goal.json").write_text(json.dumps(goal | change))
    assert inferplan("report", folder).status == 0
    assert text in (folder / "report.md").read_text().replace("\\", "")


def test_a_sweep_names_its_best_point_and_what_failed(sweep_folder: Path, tmp_path: Path) -> None:
    assert inferplan("report", sweep_folder, "--out", tmp_path / "sweep.html").status == 0
    text = (tmp_path / "sweep.md").read_text().replace("\\", "")
    by = json.loads((sweep_folder / "sweep.json").read_text())["best"]["name"]
    rows = list(csv.DictReader((sweep_folder / "summary.csv").open()))
    best = max((row for row in rows if row["status"] == "ok"), key=lambda row: float(row[by]))
    assert f"{by} is best, {float(best[by]):.3g} " in text
    assert f"{best['hardware']}, max_num_seqs {best['engine.max_num_seqs']}" in text
    assert "6 of 12 points ran, one seed each; 6 could not be run." in text
    assert text.count("tensor_parallel_size") > 6
    assert "Points that could not be run" in text
    assert re.search(r"\| H100-SXM5-80GB \| matrix multiply bf16 \| fitted \| [\d.]+ \| [\d.]+ \|", text)
    assert "| A100-SXM4-80GB | decode attention" in text


def test_a_plan_names_the_fleet_and_how_to_start_it(plan_folder: Path, tmp_path: Path) -> None:
    assert inferplan("report", plan_folder, "--out", tmp_path / "plan.html").status == 0
    text = (tmp_path / "plan.md").read_text().replace("\\", "")
    assert "2 x (2 x H100-SXM5-80GB), fp8 weights" in text
    assert "Runner-up: 8 x (2 x L40S). It needs 8 replicas." in text
    assert (
        "None of the 2 finalists does better in 91 % of the draws; the goals hold at the peak in 99 % of them." in text
    )
    assert "vllm serve meta-llama/Llama-3.1-8B-Instruct" in text
    assert "| traffic +20% | 6 x (2 x L40S) | 3 | 9.83 | 7.50 |" in text
    assert "| steps at the slow end | none can | 3 | – | – |" in text


def test_a_plan_that_was_made_is_read_back(tmp_path: Path) -> None:
    made = plan(small_plan(hardware=["h100"], search={"finalists": 1}))
    made.save(tmp_path / "plan", charts=False)
    assert inferplan("report", tmp_path / "plan").status == 0
    text = (tmp_path / "plan" / "report.md").read_text().replace("\\", "")
    content = json.loads((tmp_path / "plan" / "plan.json").read_text())
    assert content["title"] in text
    assert all(sentence in text for sentence in content["explanation"])
    assert len(re.findall(r"(?m)^\| \d+ \| H100", text)) == len(content["candidates"])
    assert content["launch"].split()[-1] in text


def test_equal_runs_have_equal_reports(run_folder: Path, scenario: Path, tmp_path: Path) -> None:
    assert inferplan("run", scenario, "--out", tmp_path / "run", "--no-charts", "--quiet").status == 0
    texts = []
    for number, folder in enumerate((run_folder, tmp_path / "run")):
        assert inferplan("report", folder, "--out", tmp_path / f"{number}.html").status == 0
        texts.append((tmp_path / f"{number}.html").read_bytes())
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda folder: (folder / "summary.json").unlink(), "holds no result"),
        (lambda folder: (folder / "requests.csv.gz").unlink(), "requests.csv.gz: does not exist"),
        (lambda folder: (folder / "requests.csv.gz").write_bytes(b"no gzip"), "requests.csv.gz: is not a table"),
        (lambda folder: (folder / "summary.json").write_text("{"), "summary.json:1: is not JSON"),
        (
            lambda folder: (folder / "summary.json").write_text("{}"),
            "summary.json: is not whole: cannot use 'provenance'",
        ),
        (shutil.rmtree, "does not exist"),
    ],
    ids=["no summary", "no table", "no gzip", "no json", "empty", "no folder"],
)
def test_mistakes_are_one_message(run_folder: Path, tmp_path: Path, spoil: object, message: str) -> None:
    folder = Path(shutil.copytree(run_folder, tmp_path / "run"))
    assert callable(spoil)
    spoil(folder)
    done = inferplan("report", folder)
    assert done.status == 2
    assert done.err.startswith("error: ")
    assert message in done.err
    assert not (folder / "report.html").exists()


def test_the_page_must_be_named_html(run_folder: Path, tmp_path: Path) -> None:
    done = inferplan("report", run_folder, "--out", tmp_path / "a.pdf")
    assert done.status == 2
    assert "must end in .html" in done.err


HOSTILE = "</style><script>window.hacked = 1</script> =cmd()|x \u202e" + 300 * "y"
EDGES = {
    "all refused": (small(requests=5, prompt=600, engine={"max_model_len": 300}), "Nothing was served"),
    "one token in all": (small(requests=1, output=1), "TTFT is"),
    "offline": (with_arrival({"kind": "offline"}, requests=8), "Offline batch"),
    "replicas": (small(requests=200, rate=60, replicas=6), "lowest and highest"),
    "hostile source": (small(economics={"carbon": {"kg_per_kwh": 0.4, "source": HOSTILE}}), "=cmd()|x"),
}


@pytest.mark.parametrize("edge", EDGES)
def test_runs_at_the_edge(edge: str, tmp_path: Path) -> None:
    scenario, text = EDGES[edge]
    run(scenario).save(tmp_path / "run", charts=False)
    assert inferplan("report", tmp_path / "run").status == 0
    page = Parsed.of((tmp_path / "run" / "report.html").read_text(encoding="utf-8"))
    assert text in page.all("body")[0].text
    assert len(page.all("script")) == 1
