"""``inferplan list``: the names the program knows."""

from __future__ import annotations

from collections.abc import Callable

from simulator.errors import InputError, did_you_mean


def list_names(what: str) -> None:
    """Print names, one per line. Raises ``InputError`` for an unknown list."""
    if what not in _LISTS:
        raise InputError(
            f"must be one of {', '.join(_LISTS)}", path="list", value=what, hint=did_you_mean(what, _LISTS)
        )
    print("\n".join(_LISTS[what]()))


def _models() -> list[str]:
    from simulator.models.catalog import list_models

    return list_models()


def _hardware() -> list[str]:
    from simulator.hardware.catalog import list_hardware

    return list_hardware()


def _workloads() -> list[str]:
    from simulator.workload.profiles import list_profiles

    return list_profiles()


def _policies() -> list[str]:
    from simulator.engine.config import POLICY_NAMES

    return list(POLICY_NAMES)


_LISTS: dict[str, Callable[[], list[str]]] = {
    "models": _models,
    "hardware": _hardware,
    "workloads": _workloads,
    "policies": _policies,
}
