"""The catalogue of mistakes: one clear message, status 2, no traceback, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.datafiles import data_dir
from tests.cli.invoke import Outcome, inferplan
from tests.errors.configs import ARGUMENTS, CONFIGS, HARDWARE
from tests.errors.scenarios import GOOD, HEAD, SCENARIOS
from tests.errors.traces import TRACES

LONGEST_MESSAGE = 30
"""Lines: several mistakes in one file are listed, a page of them helps nobody."""


NAMES_ANOTHER_FILE = {"model file missing", "hardware file missing", "trace missing", "trace is a folder"}
"""Mistakes told by the name of the file the scenario points to."""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _write(name: str, content: str | bytes) -> None:
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)


def _refused(done: Outcome, says: tuple[str, ...]) -> None:
    assert done.status == 2, done.out + done.err
    assert "Traceback" not in done.err
    assert done.err.strip()
    assert len(done.err.splitlines()) <= LONGEST_MESSAGE
    for text in says:
        assert text in done.err, done.err
    assert not Path("result").exists()
    assert not list(Path().glob(".result*"))


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str) -> None:
    content, says = SCENARIOS[name]
    _write("mine.yaml", content)
    named = () if name in NAMES_ANOTHER_FILE else ("mine.yaml",)
    _refused(inferplan("run", "mine.yaml", "--out", "result"), (*named, *says))


@pytest.mark.parametrize("name", TRACES)
def test_trace(name: str) -> None:
    file, content, says = TRACES[name]
    _write(file, content)
    _write("mine.yaml", HEAD + f"workload:\n  trace: {{path: {file}}}\n")
    _refused(inferplan("run", "mine.yaml", "--out", "result"), (file, *says))


@pytest.mark.parametrize("name", CONFIGS)
def test_model_config(name: str) -> None:
    content, says = CONFIGS[name]
    _write("config.json", content)
    _write("mine.yaml", GOOD.replace("llama-3.1-8b", "./config.json"))
    _refused(inferplan("run", "mine.yaml", "--out", "result"), says)


@pytest.mark.parametrize("name", HARDWARE)
def test_hardware_profile(name: str) -> None:
    old, new, says = HARDWARE[name]
    profile = (data_dir("hardware_profiles") / "H100-SXM5-80GB.yaml").read_text()
    assert old in profile
    _write("mine-h100.yaml", profile.replace(old, new, 1))
    _write("mine.yaml", GOOD.replace("h100", "./mine-h100.yaml"))
    _refused(inferplan("run", "mine.yaml", "--out", "result"), ("mine-h100.yaml", *says))


@pytest.mark.parametrize("name", ARGUMENTS)
def test_command_line(name: str) -> None:
    _write("good.yaml", GOOD)
    arguments, says = ARGUMENTS[name]
    _refused(inferplan(*arguments), says)


def test_the_good_ones_are_good() -> None:
    _write("good.yaml", GOOD)
    assert inferplan("run", "good.yaml", "--quiet").status == 0


def test_the_catalogue_is_long() -> None:
    assert sum(map(len, (SCENARIOS, TRACES, CONFIGS, HARDWARE, ARGUMENTS))) >= 200
