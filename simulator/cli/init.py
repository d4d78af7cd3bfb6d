"""``inferplan init``: a scenario file to start from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from simulator.cli.complete import hardware_names, model_names, workload_names
from simulator.cli.workload_option import workload_section
from simulator.errors import InputError

SCHEMA_FILES = ("scenario.schema.json", "schema/scenario.schema.json", "docs/schema/scenario.schema.json")
"""Where a JSON schema is looked for, from the folder of the new file."""


def init_command(
    file: Annotated[Path, typer.Argument(help="File to write.", metavar="FILE")] = Path("scenario.yaml"),
    model: Annotated[
        str, typer.Option(help="Catalog name, Hugging Face id or config.json.", autocompletion=model_names)
    ] = "llama-3.1-8b",
    hardware: Annotated[
        str, typer.Option(help="Accelerator: inferplan list hardware.", autocompletion=hardware_names)
    ] = "h100",
    tp: Annotated[int, typer.Option(min=1, help="Tensor parallelism.")] = 1,
    replicas: Annotated[int, typer.Option(min=1, help="Copies of the engine.")] = 1,
    workload: Annotated[
        str, typer.Option(help="Bundled workload, or a trace file.", autocompletion=workload_names)
    ] = "azure-conv-2023",
    force: Annotated[bool, typer.Option("--force", help="Replace FILE if it exists.")] = False,
) -> None:
    """Write a commented scenario that runs as it is."""
    from simulator.atomic import write_text
    from simulator.reference.commented import commented_scenario
    from simulator.reference.documents import document_schema
    from simulator.scenario.schema import Scenario
    from simulator.wiring import wire
    from simulator.workload.generate import generate

    if file.is_dir():
        raise InputError("is a folder", file=file, hint=f"give a file in it: {file / 'scenario.yaml'}")
    if file.exists() and not force:
        raise InputError("exists already", file=file, hint="--force replaces it")
    requests = workload_section(workload)
    sections: dict[str, Any] = {"model": model, "hardware": hardware, "replicas": replicas}
    sections |= {"parallel": {"tensor_parallel_size": tp}}
    scenario = Scenario(**sections, workload=requests)
    wire(scenario)  # what cannot run is refused before anything is written
    generate(scenario.workload_spec(), scenario.run.seed)
    for place in (sections, requests.get("trace", {})):
        place |= {key: _from(file, value) for key, value in place.items() if isinstance(value, str)}
    beside = next((name for name in SCHEMA_FILES if (file.parent / name).is_file()), None)
    write_text(file, commented_scenario(document_schema("scenario"), sections, requests, beside))
    print(f"Written: {file}; run it with: inferplan run {file}")


def _from(file: Path, value: str) -> str:
    """A path as the new file must name it: relative to its own folder. Names stay as they are."""
    if Path(value).is_absolute() or not Path(value).exists():
        return value
    return os.path.relpath(value, file.parent)
