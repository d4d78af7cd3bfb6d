"""What a stranger sees first: help, version, lists, wrong words. And that it comes quickly."""

from __future__ import annotations

import subprocess
import sys

import pytest

from simulator import __version__
from simulator.engine.config import POLICY_NAMES
from tests.cli.invoke import inferplan

HELP = """\
Usage: inferplan [OPTIONS] COMMAND [ARGS]...

  What latency, throughput and memory will a model have on this hardware under
  this traffic?

Options:
  --version             Print the version and exit.
  --install-completion  Install completion for the current shell.
  --show-completion     Show completion for the current shell, to copy it or
                        customize the installation.
  --help                Show this message and exit.

Commands:
  run        Simulate a scenario: latency, throughput and what limits them.
  init       Write a commented scenario that runs as it is.
  estimate   Latency, throughput and memory of one batch, without traffic.
  goal       The largest load that meets goals, and what binds.
  sweep      Run a scenario over many settings, in parallel; resumes.
  pareto     The points of a sweep that no other point beats, and the knee.
  export     Write a run as a trace, tables, bench result or metrics.
  report     Turn a result folder into one self-contained page.
  plan       The cheapest fleet that meets goals under given traffic.
  validate   Simulate measured runs and say how far off the predictions are.
  schema     Print the JSON schema of a file, or its reference page.
  conform    Replay recorded vLLM schedules and compare every step.
  list       Print the names the program knows, one per line.
  show       Show a device, node, model or workload on one page.
  compare    Set a run against your own vllm bench serve result.
  diff       Explain what makes two runs differ.
  trace      Describe, convert or imitate a recorded trace.
  calibrate  Measure kernels, import tables, fit the cost model's constants.
  import     Make a scenario from what another tool was told.
"""

HEAVY = ("numpy", "pandas", "scipy", "matplotlib", "pydantic", "simpy", "yaml", "rich.console")


def test_help_is_this_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")
    outcome = inferplan("--help")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == HELP


def test_help_loads_nothing_heavy() -> None:
    code = f"import sys, simulator.cli.main; print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_every_option_of_run_is_explained() -> None:
    out = inferplan("run", "--help").out
    for option in ("SCENARIO.yaml", "--set", "--out", "--seeds", "--json", "--no-charts", "--quiet"):
        assert option in out


def test_version() -> None:
    assert inferplan("--version").out == f"inferplan {__version__}\n"


def test_list() -> None:
    assert inferplan("list", "policies").out.split() == list(POLICY_NAMES)
    assert "Llama-3.1-8B" in inferplan("list", "models").out.split()
    assert "H100-SXM5-80GB" in inferplan("list", "hardware").out.split()
    assert "azure-conv-2023" in inferplan("list", "workloads").out.split()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["list", "modles"], "did you mean 'models'"),
        (["rnu", "x.yaml"], "rnu"),
        (["run"], "SCENARIO.yaml"),
        (["run", "x.yaml", "--sets", "a=1"], "--sets"),
        (["run", "x.yaml", "--seeds", "0"], "Invalid value for '--seeds'"),
        (["run", "nowhere.yaml"], "error: nowhere.yaml: no such file"),
        (["run", "."], "error: .: is no regular file"),
    ],
)
def test_wrong_words_end_with_status_2(arguments: list[str], says: str) -> None:
    outcome = inferplan(*arguments)
    assert outcome.status == 2
    assert says in outcome.err
    assert "Traceback" not in outcome.err
