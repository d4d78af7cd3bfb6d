"""Shell completion: scripts for the usual shells, and the names behind options."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from simulator.cli.complete import hardware_names, model_names, workload_names

COMMAND = "from simulator.cli.main import main; main()"


def _ask(**variables: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", COMMAND], env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    assert not done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("shell", "line"),
    [("bash", "complete -o default -F"), ("zsh", "#compdef inferplan"), ("fish", "complete --command inferplan")],
)
def test_scripts(shell: str, line: str) -> None:
    script = _ask(_INFERPLAN_COMPLETE=f"source_{shell}")
    assert line in script
    assert "_INFERPLAN_COMPLETE" in script


def test_bash_completes_commands_and_names() -> None:
    words = {"_INFERPLAN_COMPLETE": "complete_bash"}
    assert _ask(**words, COMP_WORDS="inferplan est", COMP_CWORD="1").split() == ["estimate"]
    found = _ask(**words, COMP_WORDS="inferplan estimate --hardware h100-s", COMP_CWORD="3").split()
    assert found == ["h100-sxm5-80gb"]


def test_names() -> None:
    assert "Llama-3.1-8B" in model_names("Llama-3.1")
    assert "llama-3.1-8b" in model_names("llama-3.1")
    assert hardware_names("H100-S") == ["H100-SXM5-80GB"]
    assert "azure-conv-2023" in workload_names("")
    assert workload_names("nothing") == []
