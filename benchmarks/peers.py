"""The same configurations in other tools: ``python -m benchmarks.peers [--data FILE] [--out docs/peers.md]``.

Reads predictions of aiconfigurator, GenZ, llm-analysis and LLM-Viewer (one row per configuration and tool: model, gpu,
tp, dtype, batch_concurrency, isl, osl, ttft_ms, tpot_ms, tok_s_gpu, tool), predicts the same figures, and writes a page
that sets them side by side. Says so and ends with status 0 where the file is not there.

What a tool means by its figures decides what of ours stands beside them:

* ``static``: a batch prefilled together, then decoded in lock-step -> ``estimate``;
* ``agg``: continuous batching at a steady concurrency -> a run of a closed loop, its beginning cut off, with lengths
  that vary a little;
* ``prefill b=1``: one prompt alone, decode at the batch, throughput of decode alone -> two estimates.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.peers_text import EXPLANATION, HEAD, NOT_COMPARED
from simulator.atomic import write_text
from simulator.cost.estimate import estimate
from simulator.errors import InputError
from simulator.runner import run
from simulator.scenario.schema import Scenario
from simulator.validation.markdown_table import table

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "peers" / "peer_predictions.csv"

STATIC, STEADY, SPLIT = "batch", "steady", "split"

ROUNDS, FEWEST, WARM_UP = 20, 200, 0.4
"""Requests of a closed loop per client, and in all at least; share of the run that is cut off."""

SPREAD = 0.3
"""Coefficient of variation of the output lengths, so that clients do not stay in step."""


@dataclass(frozen=True)
class Configuration:
    """What was predicted: ``batch``: sequences at once; ``isl``, ``osl``: tokens in and out of each."""

    model: str
    gpu: str
    tp: int
    dtype: str
    batch: int
    isl: int
    osl: int

    @property
    def name(self) -> str:
        """For a heading."""
        devices = f"{self.tp} x " if self.tp > 1 else ""
        device = self.gpu.split("_")[0].upper()
        return (
            f"{self.model.split('/')[-1]}, {self.dtype}, {devices}{device}, {self.batch} at once, {self.isl:,} in, "
            f"{self.osl:,} out"
        )


@dataclass(frozen=True)
class Figures:
    """TTFT and TPOT in ms, output tokens per second and GPU; None = not told."""

    ttft_ms: float | None
    tpot_ms: float | None
    tok_s_gpu: float | None

    def over(self, ours: Figures) -> list[float | None]:
        """Each figure relative to ours, minus 1."""
        pairs = zip(vars(self).values(), vars(ours).values(), strict=True)
        return [None if a is None or not b else a / b - 1 for a, b in pairs]


@dataclass(frozen=True)
class Prediction:
    """One row of the file."""

    configuration: Configuration
    tool: str
    figures: Figures

    @property
    def kind(self) -> str:
        """What the tool means by its figures."""
        return SPLIT if "b=1" in self.tool else STEADY if " agg " in self.tool else STATIC


def read(path: Path) -> list[Prediction]:
    """Every row."""
    with path.open(newline="") as file:
        return [_row(row) for row in csv.DictReader(file)]


def _row(row: dict[str, str]) -> Prediction:
    whole = {name: int(row[name]) for name in ("tp", "isl", "osl")}
    configuration = Configuration(
        row["model"], row["gpu"], dtype=row["dtype"], batch=int(row["batch_concurrency"]), **whole
    )
    values = (float(row[name]) if row[name] else None for name in ("ttft_ms", "tpot_ms", "tok_s_gpu"))
    return Prediction(configuration, row["tool"], Figures(*values))


def ours(one: Configuration) -> dict[str, Figures]:
    """Our figures of each kind. Raises ``InputError`` for a model that is not in the catalog."""
    hardware, weights = one.gpu.split("_")[0], "fp8" if one.dtype.startswith("fp8") else None
    model = one.model.removesuffix("-FP8")
    batch, alone = (
        estimate(model, hardware, tp=one.tp, batch=count, isl=one.isl, osl=one.osl, weight_dtype=weights)
        for count in (one.batch, 1)
    )
    assert batch.tpot_s is not None
    return {
        STATIC: Figures(1e3 * batch.ttft_s, 1e3 * batch.tpot_s, batch.output_tokens_per_s / one.tp),
        STEADY: _steady(one, model, hardware, weights),
        SPLIT: Figures(1e3 * alone.ttft_s, 1e3 * batch.tpot_s, one.batch / batch.tpot_s / one.tp),
    }


def _steady(one: Configuration, model: str, hardware: str, weights: str | None) -> Figures:
    closed = {"kind": "closed_loop", "max_concurrency": one.batch}
    lengths = {"prompt_tokens": one.isl, "output_tokens": {"kind": "lognormal", "mean": one.osl, "cv": SPREAD}}
    scenario = Scenario(
        model=model,
        hardware=hardware,
        parallel={"tensor_parallel_size": one.tp},
        dtypes={} if weights is None else {"weights": weights},
        workload={"synthetic": {"num_requests": max(ROUNDS * one.batch, FEWEST), "arrival": closed, **lengths}},
        run={"warmup_fraction": WARM_UP, "exclude_drain": True},
    )
    summary = run(scenario).summary
    return Figures(summary["mean_ttft_ms"], summary["mean_tpot_ms"], summary["output_throughput"] / one.tp)


def page(predictions: Sequence[Prediction]) -> str:
    """The page as Markdown."""
    configurations = list(dict.fromkeys(one.configuration for one in predictions))
    known: dict[Configuration, dict[str, Figures]] = {}
    left_out = []
    for one in configurations:
        try:
            known[one] = ours(one)
        except InputError:
            left_out.append(one.name)
    compared = [one for one in predictions if one.configuration in known]
    parts = [HEAD, "## How far apart\n", _summary(compared, known), EXPLANATION, "## The choice they lead to\n"]
    parts += [_choice(compared, known), "## Every configuration\n"]
    parts += [_one(configuration, compared, known) for configuration in known]
    if left_out:
        parts.append(NOT_COMPARED.format(names="; ".join(left_out)))
    return "\n".join(parts)


def _summary(predictions: Sequence[Prediction], known: dict[Configuration, dict[str, Figures]]) -> str:
    """Median difference of each tool and setting to ours."""
    rows = []
    for tool in dict.fromkeys(one.tool for one in predictions):
        found = [one.figures.over(known[one.configuration][one.kind]) for one in predictions if one.tool == tool]
        middles = (_median(row[place] for row in found) for place in range(3))
        rows.append([tool, str(len(found)), *(_percent(value) for value in middles)])
    return table(["tool and setting", "rows", "TTFT", "TPOT", "tok/s/GPU"], rows) + "\n"


def _choice(predictions: Sequence[Prediction], known: dict[Configuration, dict[str, Figures]]) -> str:
    """Of one model on one device, the parallelism with most tokens per GPU, in the tool that simulates batching and in
    ours."""
    steady = [one for one in predictions if one.kind == STEADY and one.configuration.model == "Qwen/Qwen3-32B"]
    rows = [
        [
            f"TP {one.configuration.tp}, {one.configuration.batch} at once",
            _number(one.figures.tok_s_gpu),
            _number(known[one.configuration][STEADY].tok_s_gpu),
            _number(one.figures.tpot_ms),
            _number(known[one.configuration][STEADY].tpot_ms),
        ]
        for one in steady
    ]
    theirs = max(steady, key=lambda one: one.figures.tok_s_gpu or 0.0).configuration.tp
    mine = max(steady, key=lambda one: known[one.configuration][STEADY].tok_s_gpu or 0.0).configuration.tp
    heads = ["Qwen3-32B on H200", "their tok/s/GPU", "ours", "their TPOT (ms)", "ours"]
    verdict = f"Most tokens per GPU: TP {theirs} for aiconfigurator, TP {mine} for us.\n"
    return f"{table(heads, rows)}\n\n{verdict}"


def _one(
    configuration: Configuration, predictions: Iterable[Prediction], known: dict[Configuration, dict[str, Figures]]
) -> str:
    rows = []
    for kind, name in ((STATIC, "a batch"), (STEADY, "steady state"), (SPLIT, "one prompt; decode alone")):
        rows.append(
            [f"**inferplan, {name}**", *(_number(value) for value in vars(known[configuration][kind]).values())]
        )
        for one in predictions:
            if one.configuration == configuration and one.kind == kind:
                rows.append([one.tool, *(_number(value) for value in vars(one.figures).values())])
    return f"### {configuration.name}\n\n" + table(["", "TTFT (ms)", "TPOT (ms)", "tok/s/GPU"], rows) + "\n"


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:+.0%}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, default=None, help="write the page there instead of printing it")
    options = parser.parse_args()
    if not options.data.is_file():
        print(f"{options.data.name} is not present: nothing to compare")
        return
    text = page(read(options.data))
    if options.out is None:
        print(text)
    else:
        write_text(options.out, text)


if __name__ == "__main__":
    main()
