"""WorkloadSpec: what requests are wanted, before any are drawn or read.

A workload is exactly one of a trace file, a synthetic mix or a bundled profile. ``simulator.workload.generate`` turns a
spec and a seed into a ``Workload``. The parts are plain frozen dataclasses that check themselves; ``ARRIVAL_KINDS``,
``LENGTH_KINDS`` and ``PREFIX_KINDS`` name them for files.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from simulator.errors import InputError
from simulator.workload.arrivals import Arrivals
from simulator.workload.checks import require_count, require_not_negative, require_positive, require_within
from simulator.workload.lengths import Lengths
from simulator.workload.prefixes import Prefixes, UniquePrompts


@dataclass(frozen=True)
class TraceSpec:
    """Requests recorded in a file.

    Attributes
    ----------
    path: trace file; ``.gz`` is unpacked on the way.
    format: a name of ``simulator.workload.readers.TRACE_FORMATS``, or ``auto``: by content.
    rate_scale: arrivals are compressed by this factor (2 = twice the rate).
    limit: most requests, from the start; None = all.
    spread_batch_s: Mooncake traces carry arrivals in batches; requests of one time stamp are spread evenly over this
        many seconds. 0 = as recorded.
    """

    path: Path
    format: str = "auto"
    rate_scale: float = 1.0
    limit: int | None = None
    spread_batch_s: float = 0.0

    def __post_init__(self) -> None:
        require_positive("rate_scale", self.rate_scale)
        if self.limit is not None:
            require_count("limit", self.limit)
        require_not_negative("spread_batch_s", self.spread_batch_s, "seconds")


@dataclass(frozen=True)
class SyntheticSpec:
    """Requests drawn from distributions.

    Attributes
    ----------
    num_requests: how many.
    arrival: when they are sent.
    prompt_tokens, output_tokens: their lengths (prompt: without a shared prefix, which comes on top).
    prefix: what prompts have in common.
    spearman: rank correlation of prompt and output length, -1..1.
    """

    num_requests: int
    arrival: Arrivals
    prompt_tokens: Lengths
    output_tokens: Lengths
    prefix: Prefixes = field(default_factory=UniquePrompts)
    spearman: float = 0.0

    def __post_init__(self) -> None:
        require_count("num_requests", self.num_requests)
        require_within("spearman", self.spearman, -1, 1)


@dataclass(frozen=True)
class ProfileSpec:
    """Requests drawn from a named profile: a bundled one, or a YAML file of the same form.

    Attributes
    ----------
    name: see ``simulator.workload.profiles.list_profiles``, or the path of a ``.yaml`` file.
    num_requests: how many; None = as many as the profile says.
    rate_multiplier: the profile's arrival rate times this.
    arrival: replaces the profile's arrivals altogether (its lengths stay); None = the profile's.
    """

    name: str
    num_requests: int | None = None
    rate_multiplier: float = 1.0
    arrival: Arrivals | None = None

    def __post_init__(self) -> None:
        if self.num_requests is not None:
            require_count("num_requests", self.num_requests)
        require_positive("rate_multiplier", self.rate_multiplier)


@dataclass(frozen=True)
class WorkloadSpec:
    """Exactly one source of requests."""

    trace: TraceSpec | None = None
    synthetic: SyntheticSpec | None = None
    profile: ProfileSpec | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("trace", "synthetic", "profile") if getattr(self, name) is not None]
        if len(given) != 1:
            raise InputError("must have exactly one of trace, synthetic, profile", path="workload", value=given)
