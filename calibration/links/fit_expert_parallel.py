"""Fit the constants of ``expert_parallel.yaml`` to the published latencies, and print them with held-out errors.

    python -m calibration.links.fit_expert_parallel

Twelve published numbers, three constants: a start-up time and the shares of NVLink and of the network. Held out: one
group size (its dispatch and its combine) at a time; without the one group inside a node, the NVLink share is what the
fit starts from.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import least_squares

from simulator.hardware.origin import Origin
from simulator.links.expert_parallel import ExpertExchange, ExpertExchangeFit, combine_bytes, dispatch_bytes

GROUPS = (8, 16, 32, 64, 128, 256)
DISPATCH_US = (77, 118, 155, 173, 192, 194)
COMBINE_US = (114, 195, 273, 314, 369, 360)
LINK_BYTES_PER_S, NETWORK_BYTES_PER_S, RANKS_PER_NODE = 200e9, 50e9, 8
_UNKNOWN = Origin("fitted", "", 0, 0.0, 0.0)
_Point = tuple[int, float, float]


def points() -> list[_Point]:
    """Group size, bytes sent by a rank, published seconds."""
    sizes = {"dispatch": dispatch_bytes(128, 7168, 8), "combine": combine_bytes(128, 7168, 8)}
    published = {"dispatch": DISPATCH_US, "combine": COMBINE_US}
    return [(n, sizes[op], us * 1e-6) for op in sizes for n, us in zip(GROUPS, published[op], strict=True)]


def predict(values: np.ndarray, rows: list[_Point]) -> np.ndarray:
    """Seconds of each point for (latency us, link share, network share)."""
    latency_us, link_share, network_share = map(float, values)
    fit = ExpertExchangeFit(latency_us, link_share, network_share, _UNKNOWN)
    exchange = ExpertExchange(fit, LINK_BYTES_PER_S, NETWORK_BYTES_PER_S, RANKS_PER_NODE)
    return np.array([exchange.seconds(nbytes, ranks) for ranks, nbytes, _ in rows])


def solve(rows: list[_Point]) -> np.ndarray:
    """Least squares on log residuals."""
    measured = np.array([seconds for *_, seconds in rows])
    start, low, high = (30.0, 0.75, 0.9), (0.0, 0.2, 0.2), (200.0, 1.0, 1.0)

    def residual(values: np.ndarray) -> np.ndarray:
        return np.log(predict(values, rows) / measured)

    return np.asarray(least_squares(residual, start, bounds=(low, high)).x)


def main() -> None:
    rows = points()
    errors: list[float] = []
    for left_out in GROUPS:
        held = [row for row in rows if row[0] == left_out]
        constants = solve([row for row in rows if row[0] != left_out])
        errors += [abs(p / s - 1) for p, (*_, s) in zip(predict(constants, held), held, strict=True)]
    latency_us, link_share, network_share = solve(rows)
    print(f"latency_us: {latency_us:.1f}, link_share: {link_share:.3f}, network_share: {network_share:.3f}")
    print(f"held out: median {np.median(errors):.3f}, largest {max(errors):.3f}")


if __name__ == "__main__":
    main()
