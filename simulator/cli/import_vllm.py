"""``inferplan import vllm``: a scenario from a command line and, if there is one, a start-up log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from simulator.atomic import write_text
from simulator.cli.workload_option import workload_section
from simulator.errors import InputError
from simulator.importers.vllm_command import ImportedScenario, import_command
from simulator.importers.vllm_log import StartupFacts, read_startup_log


def import_vllm(command: str, *, hardware: str, workload: str, log: Path | None, out: Path | None) -> None:
    """Print the scenario, or write it to ``out``; notes go to stderr."""
    import yaml

    imported = import_command(command)
    if log is not None:
        _apply_log(imported, _read(log))
    imported.put("hardware", hardware)
    imported.put("workload", workload_section(workload))
    order = ("model", "hardware", "parallel", "replicas", "dtypes", "engine", "workload")
    ordered = {key: imported.sections[key] for key in order if key in imported.sections}
    _check(ordered)
    text = "".join(f"# {note}\n" for note in imported.notes) + yaml.safe_dump(ordered, sort_keys=False)
    for note in imported.notes:
        typer.echo(f"note: {note}", err=True)
    if out is None:
        typer.echo(text, nl=False)
    else:
        write_text(out, text)
        typer.echo(f"Written to {out}; run it with: inferplan run {out}")


def _apply_log(imported: ImportedScenario, facts: StartupFacts) -> None:
    engine = imported.sections.setdefault("engine", {})
    block_size = engine.get("block_size", facts.block_size or 16)
    blocks = facts.num_gpu_blocks(block_size)
    if blocks is not None:
        engine["num_gpu_blocks_override"] = blocks
        imported.notes.append(f"KV cache of {blocks:,} blocks of {block_size} tokens taken from the start-up log")
    if facts.max_model_len is not None:
        engine.setdefault("max_model_len", facts.max_model_len)
    if facts.version is not None:
        imported.notes.append(f"the server ran vLLM {facts.version}; host costs are those of the engine profile")


def _read(log: Path) -> StartupFacts:
    try:
        return read_startup_log(log.read_text(encoding="utf-8", errors="replace"))
    except InputError as error:
        raise InputError(error.problem, file=log, hint=error.hint) from None


def _check(sections: dict[str, Any]) -> None:
    """The scenario must be one the program accepts (a model it does not know is the user's to replace)."""
    from simulator.scenario.schema import Scenario

    Scenario(**sections)
