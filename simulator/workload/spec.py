"""WorkloadSpec: what requests are wanted, before any are drawn or read.

A workload is exactly one of a trace file, a synthetic mix, a profile, sessions or a ServeGen mix.
``simulator.workload.generate`` turns a spec and a seed into a ``Workload``. The parts are plain frozen dataclasses that
check themselves; ``ARRIVAL_KINDS``, ``LENGTH_KINDS`` and ``PREFIX_KINDS`` name them for files.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path

from simulator.errors import InputError
from simulator.workload.arrivals import Arrivals, OfflineArrivals, RatedArrivals
from simulator.workload.checks import require_count, require_not_negative, require_positive, require_within
from simulator.workload.lengths import Lengths
from simulator.workload.prefixes import Prefixes, UniquePrompts
from simulator.workload.sessions import SessionSpec


@dataclass(frozen=True)
class TraceSpec:
    """Requests recorded in a file.

    Attributes
    ----------
    path: trace file; ``.gz`` is unpacked on the way.
    format: one of docs/traces.md, or ``auto``: by content.
    rate_scale: arrivals are compressed by this factor (2 = twice the rate); pauses between turns are not.
    limit: most requests, from the start; None = all.
    spread_batch_s: Mooncake traces carry arrivals in batches; requests of one time stamp are spread evenly over this
        many seconds. 0 = as recorded.
    arrival: replaces the recorded times, for files that hold lengths only; of conversations, when they begin. None = as
        recorded.
    """

    path: Path
    format: str = "auto"
    rate_scale: float = 1.0
    limit: int | None = None
    spread_batch_s: float = 0.0
    arrival: RatedArrivals | OfflineArrivals | None = None

    def __post_init__(self) -> None:
        require_positive("rate_scale", self.rate_scale)
        if self.limit is not None:
            require_count("limit", self.limit)
        require_not_negative("spread_batch_s", self.spread_batch_s, "seconds")


@dataclass(frozen=True)
class EarlyStop:
    """Answers that end before their drawn length.

    A stop string, or a client that hangs up after so many tokens: the engine does the same work for both. A client
    that gives up while it waits for its first token cannot be written this way.

    Attributes
    ----------
    probability: that an answer ends early.
    output_tokens: where it then ends (tokens).
    """

    probability: float
    output_tokens: Lengths

    def __post_init__(self) -> None:
        require_within("probability", self.probability, 0, 1)


@dataclass(frozen=True)
class SyntheticSpec:
    """Requests drawn from distributions.

    Attributes
    ----------
    num_requests: how many.
    arrival: when they are sent.
    prompt_tokens: their prompts without a shared prefix, which comes on top (tokens).
    output_tokens: their answers (tokens).
    prefix: what prompts have in common.
    spearman: rank correlation of prompt and output length, -1..1.
    samples_per_request: the ``n`` of the API: so many answers to each prompt, which vLLM runs as requests of their own
        that share the prompt's full blocks (with prefix caching). Every answer is a row of the table.
    early_stop: answers that end before their drawn length; None = none.
    """

    num_requests: int
    arrival: Arrivals
    prompt_tokens: Lengths
    output_tokens: Lengths
    prefix: Prefixes = field(default_factory=UniquePrompts)
    spearman: float = 0.0
    samples_per_request: int = 1
    early_stop: EarlyStop | None = None

    def __post_init__(self) -> None:
        require_count("num_requests", self.num_requests)
        require_count("samples_per_request", self.samples_per_request)
        require_within("spearman", self.spearman, -1, 1)


@dataclass(frozen=True)
class ProfileSpec:
    """Requests drawn from a named profile: a bundled one, or a YAML file of the same form.

    Attributes
    ----------
    name: a bundled profile (``inferplan list workloads``), or the path of a ``.yaml`` file.
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
class ServegenSpec:
    """Requests drawn from the client statistics of ServeGen (arXiv 2505.09999).

    Attributes
    ----------
    path: folder of ``chunk-*-trace.csv`` and ``chunk-*-dataset.json``, or JSON lines with the texts of both.
    start_s: where in the clients' day(s) the drawn span begins (s); arrivals are counted from there.
    duration_s: how long that span is (s).
    rate_multiplier: every client's rate times this.
    """

    path: Path
    start_s: float = 0.0
    duration_s: float = 3600.0
    rate_multiplier: float = 1.0

    def __post_init__(self) -> None:
        require_not_negative("start_s", self.start_s, "seconds")
        require_positive("duration_s", self.duration_s)
        require_positive("rate_multiplier", self.rate_multiplier)


@dataclass(frozen=True)
class WorkloadSpec:
    """Exactly one source of requests.

    Attributes
    ----------
    trace: requests recorded in a file.
    synthetic: requests drawn from distributions.
    profile: requests drawn from a named profile (``inferplan list workloads``).
    sessions: conversations of several turns, agents among them.
    servegen: requests drawn from the client statistics of ServeGen.
    """

    trace: TraceSpec | None = None
    synthetic: SyntheticSpec | None = None
    profile: ProfileSpec | None = None
    sessions: SessionSpec | None = None
    servegen: ServegenSpec | None = None

    def __post_init__(self) -> None:
        names = [source.name for source in fields(self)]
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) != 1:
            raise InputError(f"must have exactly one of {', '.join(names)}", path="workload", value=given)
