"""The examples in the docstrings of the public API do what they say."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

import simulator

MODULES = (
    "simulator",
    "simulator.scenario.schema",
    "simulator.runner",
    "simulator.study.largest_load",
    "simulator.sweeping.runner",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    results = doctest.testmod(import_module(name), optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)
    assert results.attempted > 2
    assert results.failed == 0


@pytest.mark.parametrize("name", simulator.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(simulator, name) is not None
    assert name in simulator.__dir__() or name.startswith("__")


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="no attribute 'sweeps'"):
        _ = simulator.sweeps
