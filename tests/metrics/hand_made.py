"""Logs written by hand from the token times of a few requests, and the same figures computed the long way."""

from __future__ import annotations

import itertools
from array import array
from dataclasses import dataclass

import numpy as np

from simulator.metrics.logs import FINISHED, RequestLog, StepLog
from simulator.metrics.summary import RunRecords
from simulator.workload.table import RequestTable
from simulator.workload.workload import Workload


@dataclass(frozen=True)
class HandMade:
    """``token_times`` of each request (s), beside the records made of them."""

    records: RunRecords
    arrival_s: np.ndarray
    token_times: list[np.ndarray]

    def latencies_ms(self) -> dict[str, np.ndarray]:
        """TTFT, TPOT, E2EL per request and every single ITL gap, computed token by token."""
        ttft, tpot, e2el, itl = [], [], [], []
        for arrival, times in zip(self.arrival_s, self.token_times, strict=True):
            ttft.append(1e3 * (times[0] - arrival))
            e2el.append(1e3 * (times[-1] - arrival))
            if len(times) > 1:
                tpot.append(1e3 * (times[-1] - times[0]) / (len(times) - 1))
                itl.extend(1e3 * np.diff(times))
        return {"ttft": np.array(ttft), "tpot": np.array(tpot), "e2el": np.array(e2el), "itl": np.array(itl)}


def hand_made(seed: int, requests: int = 40, steps: int = 200, replicas: int = 2) -> HandMade:
    """Requests that decode over consecutive steps of their replica; some sit out steps, some have one token."""
    rng = np.random.default_rng(seed)
    log = RequestLog(requests)
    table = RequestTable.from_columns(
        np.sort(rng.random(requests)), rng.integers(1, 900, requests), rng.integers(1, 60, requests)
    )
    step_logs, token_times = [StepLog(index) for index in range(replicas)], []
    for step_log in step_logs:
        seconds = rng.gamma(2, 0.01, steps)
        ends = 1.0 + np.cumsum(seconds)
        step_log.end_s, step_log.start_s = array("d", ends.tolist()), array("d", (ends - seconds).tolist())
        for name in ("tokens", "decode_seqs", "running", "waiting", "used_blocks", "gap_seqs"):
            setattr(step_log, name, array("i", [0] * steps))
        step_log.num_blocks = 100
    for row in range(requests):
        replica = row % replicas
        step_log = step_logs[replica]
        count = 1 if row % 7 == 0 else int(rng.integers(2, 40))
        first = int(rng.integers(0, steps - 2 * count))
        emitted = first + np.cumsum(np.where(rng.random(count) < 0.1, 2, 1)) - 1
        for step in emitted:
            step_log.tokens[step] += 1
            step_log.running[step] += 1
        for before, after in itertools.pairwise(emitted):
            if after == before + 1:
                step_log.gap_seqs[after] += 1
            else:
                step_log.odd_gaps_s.append(step_log.end_s[after] - step_log.end_s[before])
        times = np.array([step_log.end_s[step] for step in emitted])
        token_times.append(times)
        log.arrival_s[row] = table.arrival_s[row]
        log.scheduled_s[row] = step_log.start_s[emitted[0]]
        log.first_token_s[row], log.finish_s[row] = times[0], times[-1]
        log.emitted_tokens[row], log.replica[row], log.status[row] = count, replica, FINISHED
    records = RunRecords(Workload(table, offered_rate_per_s=40.0), log, step_logs)
    return HandMade(records, table.arrival_s, token_times)
