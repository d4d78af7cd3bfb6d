"""Goodput: requests per second that meet every objective, as ``vllm bench serve --goodput ttft:200 tpot:50``."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.metrics.logs import RequestLog


@dataclass(frozen=True)
class Objectives:
    """Service level objectives of one request in milliseconds; None = no bound. A bound that is just met is met."""

    ttft_ms: float | None = None
    tpot_ms: float | None = None
    e2el_ms: float | None = None

    @property
    def empty(self) -> bool:
        """True when nothing is asked."""
        return self.ttft_ms is None and self.tpot_ms is None and self.e2el_ms is None

    def met(self, log: RequestLog, rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """(m,) whether each finished request selected by ``rows`` (n,) meets all bounds."""
        good = np.ones(int(np.count_nonzero(rows)), dtype=bool)
        for one in self.met_each(log, rows).values():
            good &= one
        return good

    def met_each(self, log: RequestLog, rows: npt.NDArray[np.bool_]) -> dict[str, npt.NDArray[np.bool_]]:
        """The same for each bound that is set, by its name.

        A request of one token has a TPOT of zero here, as in vLLM: it cannot miss the TPOT bound.
        """
        arrival = log.column("arrival_s")[rows]
        ttft = log.column("first_token_s")[rows] - arrival
        e2el = log.column("finish_s")[rows] - arrival
        gaps = np.maximum(log.column("emitted_tokens")[rows] - 1, 1)
        values_s = {"ttft_ms": ttft, "tpot_ms": (e2el - ttft) / gaps, "e2el_ms": e2el}
        bounds_ms = {name: getattr(self, name) for name in values_s}
        return {name: values_s[name] * 1e3 <= bound for name, bound in bounds_ms.items() if bound is not None}
