"""Decodes in one attention call with a prompt chunk: rows timed inside vLLM, and constants for cards without any.

    python -m calibration.fit.mixed_attention kernels_llmservingsim.csv.gz

prints what the cards with rows say of each other, and the constants for the others.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import cache
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd

from calibration.device_names import profile_name
from calibration.fit.files import DeviceFit, origin_of, render_constants
from calibration.fit.form_fit import numeric_fields
from calibration.fit.held_out import MOST_ROWS, fit_class
from calibration.fit.kernel_class import Floats, KernelClass, columns
from calibration.importers.tables import read_csv
from simulator.cost.mixed_attention import MixedAttentionForm
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import Fitted, load_fits
from simulator.hardware.kernel_constants import MixedAttentionFit
from simulator.hardware.origin import Origin
from simulator.hardware.profile import HardwareProfile

CARDS = {"RTX-PRO-6000": ("heads", "kv_heads"), "RTX-4090": ("kv_len",)}
"""Device with rows -> what is held out to score its constants: whole head shapes, or contexts where there is one."""

OTHER_CARDS = {"L40S": 1.3, "A100-SXM4-80GB": 1.6}
"""Cards whose tables name FlashAttention-2 but hold no mixed call -> factor on the errors of the constants they take.
A100 holds two tiles of the kernel on an SM, the cards with rows one. All other cards take their stand-in's."""

SOURCE = "LLMServingSim (MIT) timings"

FORMAT = "bf16"
"""The only KV format that FlashAttention-2 reads."""

_CHUNK = ["model", "tp", "q_len", "kv_prefill"]


def mixed_class() -> KernelClass:
    """One prompt chunk and a number of equal decodes. ``chunk_us``: time of the same chunk without decodes."""

    def predict(fit: MixedAttentionFit, device: HardwareProfile, rows: pd.DataFrame) -> Floats:
        batch, kv, heads, kv_heads, dim, query, chunk_us = columns(
            rows, "batch", "kv_len", "heads", "kv_heads", "head_dim", "q_len", "chunk_us"
        )
        form = MixedAttentionForm(
            fit, device, heads=heads, kv_heads=kv_heads, head_dim=dim, math_dtype=device.sixteen_bit(),
            bytes_per_kv=2.0, memory_share=decode_share(device.name),
        )  # fmt: skip
        busy, longest = form.seconds(batch, batch * kv, query)
        seconds: Floats = np.maximum(chunk_us * 1e-6 + busy, longest)
        return seconds

    return KernelClass(
        "mixed_attention", FORMAT, MixedAttentionFit, lambda table, _: table, predict, ("heads", "kv_heads"),
        start=(4.0, 10.0, 1.0, 0.3), low=(0.1, 0.1, 0.8, 0.01), high=(20.0, 100.0, 1.25, 3.0),
    )  # fmt: skip


@cache
def decode_share(name: str) -> float:
    """Share of bandwidth of a bundled device's decode attention."""
    return load_fits(load_hardware(name)).decode_attention[FORMAT].constants.memory_share


def mixed_rows(source: Path, device: HardwareProfile) -> pd.DataFrame:
    """Mixed calls of LLMServingSim's table, each with the time of its chunk alone."""
    table = read_csv(source)
    table = table[table["profiler"].str.startswith("vllm") & table["kind"].isin(["attn_mixed", "attn_prefill"])]
    table = table.assign(source="LLMServingSim", kernel=table["profiler"], kv_dtype=FORMAT)
    table = table[table["device"].map({name: profile_name(name) for name in table["device"].unique()}) == device.name]
    chunks = table[table["kind"] == "attn_prefill"].groupby(_CHUNK)["time_us"].median().rename("chunk_us")
    mixed = table[table["kind"] == "attn_mixed"].join(chunks, on=_CHUNK, how="inner")
    return mixed.assign(op="attn_decode").reset_index(drop=True)


def fit_card(name: str, source: Path) -> Fitted[MixedAttentionFit]:
    """Constants of a card with rows."""
    device = load_hardware(name)
    spec = replace(mixed_class(), held_out=CARDS[name])
    result = fit_class(spec, device, mixed_rows(source, device))
    if result is None:
        raise ValueError(f"{source} has no mixed calls on {name}")
    origin = origin_of(result, SOURCE)
    about = f"{origin.source}; held out by {' and '.join(CARDS[name])}"
    return Fitted(result.constants, replace(origin, source=about.replace("LLMServingSim vllm", "vllm")))


def for_other_cards(fits: dict[str, Fitted[MixedAttentionFit]], source: Path) -> Fitted[MixedAttentionFit]:
    """Geometric mean of the cards' constants; errors are those of one card's constants on the other."""
    names = numeric_fields(MixedAttentionFit)
    values = np.array([[getattr(fit.constants, name) for name in names] for fit in fits.values()])
    mean = [float(f"{value:.4g}") for value in np.exp(np.log(values).mean(axis=0))]
    misses = []
    for tested, learned in permutations(fits, 2):
        device = load_hardware(tested)
        rows = mixed_rows(source, device)
        rows = rows.sample(min(MOST_ROWS, len(rows)), random_state=0)
        predicted = mixed_class().predict(fits[learned].constants, device, rows)
        misses.append(np.abs(predicted / (rows["time_us"].to_numpy(dtype=np.float64) * 1e-6) - 1))
    median, p90 = np.quantile(np.concatenate(misses), (0.5, 0.9))
    count = sum(fit.origin.rows for fit in fits.values())
    about = (
        f"{SOURCE}: vllm0.19-layerwise; taken from {' and '.join(fits)}, errors of one card's constants on the other"
    )
    origin = Origin("transferred", about, count, float(median), float(p90))
    return Fitted(MixedAttentionFit(*mean), origin)


def widened(fit: Fitted[MixedAttentionFit], name: str) -> Fitted[MixedAttentionFit]:
    """Constants ``for_other_cards`` as one of them states them."""
    factor, origin = OTHER_CARDS[name], fit.origin
    wider = replace(origin, median_error=origin.median_error * factor, p90_error=origin.p90_error * factor)
    return replace(fit, origin=wider)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    source = parser.parse_args().table
    fits = {name: fit_card(name, source) for name in CARDS}
    shared = for_other_cards(fits, source)
    for name, fit in (*fits.items(), *((name, widened(shared, name)) for name in OTHER_CARDS)):
        print(render_constants(DeviceFit(name, {("mixed_attention", FORMAT): fit}, {})))


if __name__ == "__main__":
    main()
