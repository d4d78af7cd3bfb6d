"""ServeGen clients: what is read, what is drawn, and the public statistics where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from simulator.errors import InputError
from simulator.workload import ServegenSpec, WorkloadSpec, generate
from simulator.workload.servegen.clients import read_clients
from tests.shared_data import SHARED

PUBLIC = SHARED / "data" / "traces" / "servegen"

PERIOD = {"input_tokens": "{10: 0.25, 20: 0.75}", "output_tokens": "{5: 1.0}"}
TRACE = "0,2.0,1.0,Gamma,1.0,0.5\r\n600,0,0,,0,0\r\n1200,1.0,3.0,Weibull,0.5,0.5\r\n"


def client(name: int = 0, trace: str = TRACE, dataset: Any = None) -> dict[str, Any]:
    return {"client": name, "trace_csv": trace, "dataset": {"0": PERIOD} if dataset is None else dataset}


def written(folder: Path, *clients: dict[str, Any]) -> Path:
    path = folder / "clients.jsonl"
    path.write_text("".join(json.dumps(entry) + "\n" for entry in clients))
    return path


def draw(path: Path, seed: int = 0, **spec: float) -> Any:
    return generate(WorkloadSpec(servegen=ServegenSpec(path, **spec)), seed).table


def test_counts_follow_the_windows_and_lengths_the_histograms(tmp_path: Path) -> None:
    path = written(tmp_path, client(0), client(1))
    tables = [draw(path, seed, duration_s=1800.0) for seed in range(20)]
    counts = np.mean([np.histogram(table.arrival_s, [0, 600, 1200, 1800])[0] for table in tables], axis=0)
    # Of two clients and 20 draws; Weibull 0.5 has CV 2.24, so the mean of its counts deviates by sqrt(1200 * 5 / 20).
    assert counts[0] == pytest.approx(2400, abs=5 * (2400 / 20) ** 0.5)
    assert counts[1] == 0
    assert counts[2] == pytest.approx(1200, abs=5 * (1200 * 5 / 20) ** 0.5)
    prompts = np.concatenate([table.prompt_tokens for table in tables])
    assert set(prompts.tolist()) == {10, 20}
    assert np.mean(prompts == 20) == pytest.approx(0.75, abs=0.01)
    assert set(tables[0].tenant.tolist()) == {0, 1}


def test_a_client_sends_the_same_whoever_else_is_there(tmp_path: Path) -> None:
    (tmp_path / "both").mkdir()
    alone = draw(written(tmp_path, client(7)))
    both = draw(written(tmp_path / "both", client(3), client(7)))
    assert np.array_equal(both.arrival_s[both.tenant == 1], alone.arrival_s)


def test_the_upstream_folder_reads_like_the_packed_file(tmp_path: Path) -> None:
    (tmp_path / "chunk-0-trace.csv").write_text(TRACE)
    (tmp_path / "chunk-0-dataset.json").write_text(json.dumps({"0": PERIOD}))
    packed = draw(written(tmp_path, client(0)))
    assert np.array_equal(draw(tmp_path).arrival_s, packed.arrival_s)


def test_media_tokens_count_as_prompt(tmp_path: Path) -> None:
    period = {"text_tokens": "{100: 1}", "image_count": "{2: 1}", "image_tokens": "{600: 1}", "output_tokens": "{5: 1}"}
    assert set(draw(written(tmp_path, client(dataset={"0": period}))).prompt_tokens.tolist()) == {1300}


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (client(trace="0,x,1,Gamma,1,1"), "must be: start s, rate per s"),
        (client(trace="0,1,1,Pareto,1,1"), "one of Gamma, Weibull"),
        (client(trace="0,1,1,Gamma,0,1"), "one of Gamma, Weibull"),
        (client(trace="600,1,1,Gamma,1,1\n0,1,1,Gamma,1,1"), "in order of their start"),
        (client(dataset={"0": {"input_tokens": "{1: 1}", "output_tokens": "nonsense"}}), "must be a histogram"),
        (client(dataset={"0": {"output_tokens": "{1: 1}"}}), "must be a histogram"),
        (client(trace="0,1e20,1,Gamma,1,1"), "a rate <= 100000/s"),
        (client(dataset={"0": {"input_tokens": "{1: 2e975}", "output_tokens": "{1: 1}"}}), "must be a histogram"),
        (client(dataset={}), "must have windows and a dataset"),
        (client(dataset={"0": {"output_tokens": "{}"}}), "has no period with token counts"),
    ],
)
def test_bad_clients_are_named(tmp_path: Path, entry: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_clients(written(tmp_path, entry))
    assert "client 0" in str(caught.value)


def test_a_span_without_requests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no client sends anything"):
        draw(written(tmp_path, client()), start_s=650.0, duration_s=100.0)


@pytest.mark.parametrize("name", ["deepseek-r1", "mm-image"])
def test_public_clients_add_up_to_their_total_rate(name: str) -> None:
    path = PUBLIC / f"{name}_clients.jsonl.gz"
    if not path.exists():
        pytest.skip("the ServeGen statistics are not beside the repository")
    start_s, rate_per_s = np.loadtxt(PUBLIC / f"{name}_total_rate.csv", delimiter=",", skiprows=1).T
    table = draw(path, duration_s=86_400.0)
    assert len(table) == pytest.approx(600 * rate_per_s.sum(), rel=0.005)
    counts, _ = np.histogram(table.arrival_s, [*start_s, 86_400.0])
    assert np.corrcoef(counts, rate_per_s)[0, 1] > 0.98
