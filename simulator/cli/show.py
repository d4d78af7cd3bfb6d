"""``inferplan show``: one page about a device, node, model or workload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from simulator.cli.page import Page, print_json, print_page
from simulator.errors import InputError, did_you_mean


def show_command(
    what: Annotated[str, typer.Argument(help="hardware, node, model or workload.", metavar="WHAT")],
    name: Annotated[str, typer.Argument(help="Name, alias or file.", metavar="NAME")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
) -> None:
    """Show a device, node, model or workload on one page."""
    kind = _PLURALS.get(what, what)
    if kind not in _PAGES:
        raise InputError(
            f"must be one of {', '.join(_PAGES)}", path="show", value=what, hint=did_you_mean(what, _PAGES)
        )
    page = _PAGES[kind](name)
    if as_json:
        print_json(page)
    else:
        print_page(page)


def _hardware(name: str) -> Page:
    from simulator.cli.show_hardware import hardware_page

    return hardware_page(name)


def _node(name: str) -> Page:
    from simulator.cli.show_hardware import node_page

    return node_page(name)


def _model(name: str) -> Page:
    from simulator.cli.show_model import model_page

    return model_page(name)


def _workload(name: str) -> Page:
    from simulator.cli.show_workload import workload_page

    return workload_page(name)


_PAGES: dict[str, Callable[[str], Page]] = {
    "hardware": _hardware,
    "node": _node,
    "model": _model,
    "workload": _workload,
}
_PLURALS = {"nodes": "node", "models": "model", "workloads": "workload"}
"""The words of ``inferplan list`` serve too."""
