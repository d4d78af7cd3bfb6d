"""Names a shell completes behind ``--model``, ``--hardware`` and ``--workload``.

Only file names are looked at: a press of the tab key must not load numpy. What is typed in lower case is completed so;
the program takes names in any case.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from simulator.datafiles import data_dir

MODELS = Path(__file__).resolve().parent.parent / "models" / "catalog"


def model_names(incomplete: str) -> list[str]:
    """Models of the catalog that begin so."""
    return _beginning(MODELS.glob("*.yaml"), incomplete)


def hardware_names(incomplete: str) -> list[str]:
    """Accelerators that begin so."""
    return _beginning(data_dir("hardware_profiles").glob("*.yaml"), incomplete)


def workload_names(incomplete: str) -> list[str]:
    """Bundled workloads that begin so."""
    return _beginning(data_dir("workloads").glob("*.yaml"), incomplete)


def list_kinds(incomplete: str) -> list[str]:
    """Lists of ``inferplan list``."""
    return [name for name in ("models", "hardware", "nodes", "workloads", "policies") if name.startswith(incomplete)]


def _beginning(files: Iterable[Path], incomplete: str) -> list[str]:
    names = sorted(file.stem for file in files)
    lower = bool(incomplete) and incomplete == incomplete.lower()
    return [name.lower() if lower else name for name in names if name.lower().startswith(incomplete.lower())]
