"""Every rule of the scheduler is held by a test: break the rule, and a test that needs no recorded file dies."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engine.mutants import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]
KILLERS = [
    "tests/engine/test_caching_pool.py",
    "tests/engine/test_rules_by_hand.py",
    "tests/engine/test_core_equals_oracle.py",
    "tests/engine/test_fast_equals_reference.py",
]


def _copy(to: Path) -> None:
    for folder in ("simulator", "tests"):
        shutil.copytree(ROOT / folder, to / folder, ignore=shutil.ignore_patterns("__pycache__"))


def _survives(root: Path) -> bool:
    environment = {
        **os.environ,
        "PYTHONPATH": str(root),
        "INFERPLAN_HYPOTHESIS": "mutants",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-m", "not slow", *KILLERS]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.returncode == 0


@pytest.mark.slow
def test_the_unbroken_scheduler_survives(tmp_path: Path) -> None:
    _copy(tmp_path)
    assert _survives(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.rule)
def test_mutant_dies(mutant: Mutant, tmp_path: Path) -> None:
    _copy(tmp_path)
    source = tmp_path / "simulator" / "engine" / mutant.file
    text = source.read_text()
    assert text.count(mutant.old) == 1, f"{mutant.file} holds the text {text.count(mutant.old)} times"
    source.write_text(text.replace(mutant.old, mutant.new))
    assert not _survives(tmp_path)
