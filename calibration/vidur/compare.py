"""The whole comparison: fit, parts, requests; plain tables out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from calibration.fit.held_out import Result
from calibration.importers.imported import Selection
from calibration.importers.vidur import read as read_vidur
from calibration.vidur.fitted import fit_kernels, vidur_deployment
from calibration.vidur.folder import MODELS, SCHEDULERS, TENSOR_PARALLEL_SIZE, Folder, PeerModel
from calibration.vidur.latencies import Difference, differences
from calibration.vidur.parts import compare_parts
from calibration.vidur.profiles import read_table, select
from calibration.vidur.replay import Replayed
from calibration.vidur.variants import VARIANTS, Setting, Variant, run_variant
from simulator.cost.deployment import Deployment
from simulator.cost.step_cost import ReadableStepCost
from simulator.hardware.catalog import load_hardware
from simulator.models.catalog import load_model

DEVICE = "A100-SXM4-80GB"


@dataclass(frozen=True)
class RunComparison:
    """One variant of one request list. ``ours``: our times of every request; ``vidur``: theirs, same rows."""

    peer: PeerModel
    scheduler: str
    variant: Variant
    ours: Replayed
    vidur: pd.DataFrame

    @property
    def differences(self) -> list[Difference]:
        """Ours against theirs, one entry per metric."""
        return differences(self.ours.requests, self.vidur)


@dataclass(frozen=True)
class Comparison:
    """``kernels``: class -> fitted constants and held-out errors; ``runs``: every variant of every list. By short model
    name: ``tables``, Vidur's iterations; ``parts``, the long table of ``compare_parts``; ``num_blocks``, KV blocks."""

    kernels: Mapping[str, Result]
    tables: Mapping[str, pd.DataFrame]
    parts: Mapping[str, pd.DataFrame]
    runs: Sequence[RunComparison]
    num_blocks: Mapping[str, int]

    def runs_of(self, variant: str) -> list[RunComparison]:
        """Every list under one variant."""
        return [run for run in self.runs if run.variant.name == variant]


def compare(folder: Folder, variants: Sequence[Variant] = VARIANTS, models: Sequence[PeerModel] = MODELS) -> Comparison:
    """Fit our forms to Vidur's kernels, take its iterations apart, run its request lists.

    Raises ``InputError`` when a file is missing or lacks a column.
    """
    device = load_hardware(DEVICE)
    fitted = fit_kernels(read_vidur(folder.profiles, Selection(device=DEVICE)).rows, device)
    table = read_table(folder.profiles)
    tables = {peer.short: folder.iteration_table(peer) for peer in models}
    parts: dict[str, pd.DataFrame] = {}
    blocks: dict[str, int] = {}
    runs: list[RunComparison] = []
    for peer in models:
        model = load_model(peer.model)
        setting = Setting(
            model=model,
            tensor_parallel_size=TENSOR_PARALLEL_SIZE,
            profiles=select(table, peer.model, TENSOR_PARALLEL_SIZE),
            fitted=vidur_deployment(model, device, fitted.fits, tensor_parallel_size=TENSOR_PARALLEL_SIZE),
            today=Deployment.of(model, device, tensor_parallel_size=TENSOR_PARALLEL_SIZE),
        )
        ours = ReadableStepCost(setting.fitted)
        parts[peer.short] = compare_parts(tables[peer.short], setting.vidur_iteration(), ours, model.num_layers)
        blocks[peer.short] = setting.num_blocks
        for scheduler in SCHEDULERS:
            requests, theirs = folder.requests(peer, scheduler), folder.results(peer, scheduler)
            runs += [
                RunComparison(peer, scheduler, variant, run_variant(variant, setting, scheduler, requests), theirs)
                for variant in variants
            ]
    return Comparison(fitted.results, tables, parts, runs, blocks)
