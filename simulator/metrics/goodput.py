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
        """(m,) whether each finished request selected by ``rows`` (n,) meets all bounds.

        A request of one token has a TPOT of zero here, as in vLLM: it cannot miss the TPOT bound.
        """
        arrival = log.column("arrival_s")[rows]
        ttft = log.column("first_token_s")[rows] - arrival
        e2el = log.column("finish_s")[rows] - arrival
        gaps = np.maximum(log.column("emitted_tokens")[rows] - 1, 1)
        good = np.ones(len(arrival), dtype=bool)
        for bound_ms, value_s in ((self.ttft_ms, ttft), (self.tpot_ms, (e2el - ttft) / gaps), (self.e2el_ms, e2el)):
            if bound_ms is not None:
                good &= value_s * 1e3 <= bound_ms
        return good
