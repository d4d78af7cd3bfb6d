"""Hypothesis profiles: ``INFERPLAN_HYPOTHESIS=mutants`` looks for a failure only, without shrinking it."""

from __future__ import annotations

import os

from hypothesis import Phase, settings

settings.register_profile("default", deadline=None)
settings.register_profile(
    "mutants", deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile(os.environ.get("INFERPLAN_HYPOTHESIS", "default"))
