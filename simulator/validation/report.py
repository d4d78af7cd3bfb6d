"""The accuracy statement: one Markdown page from the cases scored side by side."""

from __future__ import annotations

from simulator.validation.columns import HELD_OUT, SideBySide
from simulator.validation.report_bands import band_section
from simulator.validation.report_peers import peer_section
from simulator.validation.report_tables import (
    case_table,
    group_table,
    noise_table,
    request_table,
    target_table,
    unsupported_list,
)

_INTRODUCTION = """\
# How accurate are the predictions?

Made by `inferplan validate CASES.jsonl --markdown FILE`: measured runs of real engines, simulated and compared. Errors
are absolute percentage errors (APE) of one metric of one case; *bias* is the median signed error (> 0: predicted too
much). Groups are never averaged together; quality A is an exact configuration with measurements of single requests, B
has minor assumptions, C is rough.

Kernel constants come from kernel timings, never from these cases. What an engine adds to its kernels (host time, API,
multipliers) is fitted to whole runs, so every error is given four times:

* *zero fit*: kernels alone. All host terms 0, every multiplier 1, no API constant; scheduling lag as the engine has it.
* *in-sample*: the shipped constants. For `vllm_h100_requests` and `vllm_summary` they were fitted to these very runs.
* *held out*: constants fitted without any run of the case's model, one fit a model. **This is the figure to quote.** Of
  a group that no such fit has seen, it is the shipped constants' error; what its profile owes to the group's own runs
  stands in the profile's `source` (`calibration/engines/`).
* *without inferred*: held out, and without what was learnt by looking at the measurements: KV capacity (llmd, A100), KV
  format (inferencex), which models sample with top-p, and that a group's nominal prefix is not served from the cache on
  first use.

Where a case gives only a mean length, every request has it; Poisson stages are drawn once with a fixed seed, the
expected number of requests each. The structure of the model (lag, cache, sampler) was chosen while looking at runs of
vLLM 0.15, so *held out* is held out in its constants only.
"""

_SINGLE = """\
## The four cases of llmservingsim

Bursts of 300 requests at 10 a second: time to first token is mostly queueing, so errors compound.
"""

_NOISE = """\
## How well could they be predicted at all

Coefficient of variation of the measurements themselves. *Replicates*: runs of one set-up made again with other,
irrelevant flags. *Quarters* of one run's scored window scatter more than whole windows do; a stall in one of them
shows.
"""


def markdown(beside: SideBySide) -> str:
    """The whole page."""
    held_out = beside.columns[HELD_OUT]
    parts = [
        _INTRODUCTION,
        "## Against the targets",
        "Median APE in percent over the cases of quality A and B, constants held out.\n",
        target_table(beside),
        "## By group",
        "Median / 90th percentile of the APE in percent; bias and band of the held-out column.\n",
        group_table(beside),
        _SINGLE,
        case_table(beside, "llmservingsim", held_out.peers),
        _NOISE,
        noise_table(held_out.results),
        band_section(held_out.results),
        "## Single requests",
        "Held-out constants, quality A and B; a request's TTFT depends on the phase of the step it arrives in.\n",
        request_table(held_out.results),
        peer_section(held_out.peers),
        "## Not modelled",
        unsupported_list(held_out.results),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)
