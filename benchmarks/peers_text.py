"""The words of docs/peers.md around its tables. The figures in them are of the file the page is made from."""

from __future__ import annotations

HEAD = """\
# Other tools on the same configurations

Written by `python -m benchmarks.peers --out docs/peers.md`; do not edit. The other tools were run in 2026 (versions in
the tables). Everything here is a prediction, nothing a measurement: how far inferplan is from *measured* serving runs
is on the [accuracy page](accuracy.md). A difference below is therefore not an error of either side by itself.
"""

EXPLANATION = """\
Medians of theirs / ours - 1. What lies behind them:

* **aiconfigurator, a batch** (`static SILICON`) interpolates the kernel measurements that our constants are fitted to.
  The tools agree within a few per cent on TPOT and throughput, which checks the fits and the composition of a step,
  not the measurements both rest on. One prompt of 1,024 tokens alone takes us 7 ms longer: our TTFT includes the
  engine's host time and the delivery of the first token to the client.
* **The roofline** (`SOL`, GenZ and llm-analysis at efficiency 1) is a quarter to a half faster than kernels are. One
  factor for everything (0.7) brings GenZ's medians near ours on Hopper; which factor is right it cannot know before.
* **FP8 in blocks**: aiconfigurator's Qwen3-32B-FP8 decodes at 31 ms per token, twice as slow as its own bf16 and six
  times its roofline. The block-FP8 GEMM rows of that build carry a floor of 57 to 290 us (other builds: 4 to 6 us),
  which for 4 GEMMs in 64 layers is the 18 ms between its answer and ours. We fit FP8 without those rows. A planner
  that trusts them would not buy FP8 for this model.
* **Steady state** (`agg`): its closed form and our event simulation differ by 4 % in TPOT and 3 % in throughput at the
  median, 10 % at most (FP8 aside), once clients are out of step: we draw output lengths with a coefficient of variation
  of 0.3 and look at the second part of a run. With exactly equal lengths the requests of a closed loop start and end
  together, and stay so; prompts then wait for each other, and the TTFT of the same run is three to eight times as
  long. A closed form knows no waves and no queue; its TTFT is an allowance on top of a prefill, ours is what those
  arrivals see.
* **LLM-Viewer** at 64 sequences has two to three times our TPOT: the time beyond reading the weights is that of KV for
  all 32 query heads (an inference from its figures; the model has 8 KV heads). **llm-analysis** takes 2.7 times as long
  for the KV at 64 x 1,536 tokens as reading it once would.
* None of them answers with percentiles under arrivals, which is what the goals of a plan are about.
"""

NOT_COMPARED = "\nNot compared: {names}; the model is not in the catalog.\n"
