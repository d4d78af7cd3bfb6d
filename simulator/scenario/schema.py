"""The scenario: one question to the simulator, as a file or from Python.

scenario = Scenario.from_yaml("scenario.yaml", overrides=["engine.max_num_seqs=128"])
scenario = Scenario(model="llama-3.1-8b", hardware="h100", workload={"profile": {"name": "azure-conv-2023"}})
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PrivateAttr, ValidationError

from simulator.errors import InputError
from simulator.metrics.goodput import Objectives
from simulator.metrics.window import WindowRule
from simulator.scenario.economics_section import Economics
from simulator.scenario.engine_section import Count, Dtypes, EngineSection
from simulator.scenario.explain import explain
from simulator.scenario.mirror import Mirror, mirror, plain
from simulator.scenario.overrides import apply_overrides
from simulator.scenario.paths import anchor_paths
from simulator.scenario.section import AlsoWritten, Filled, Section
from simulator.workload.spec import WorkloadSpec
from simulator.yaml_document import Document, Place, read_document

Positive = Annotated[float, Field(gt=0)]
Name = Annotated[str, Field(min_length=1)]


class Parallel(Section):
    """How one replica is spread over devices.

    Attributes
    ----------
    tensor_parallel_size: devices that share every layer (vLLM's ``--tensor-parallel-size``).
    peer_access: whether devices joined by the host bus alone reach each other's memory; null = as in the hardware
        profile. False for virtual machines and boxes with IOMMU or ACS redirection on, where collectives stage in host
        memory (``nvidia-smi topo -p2p r`` tells).
    """

    tensor_parallel_size: Count = 1
    peer_access: bool | None = None


class Calibration(Section):
    """The user's own kernels.

    Attributes
    ----------
    fits: constants of the scenario's hardware, as ``inferplan calibrate fit`` writes them (the ``.residuals.json``
        beside them is read too), instead of the bundled ones.
    exact: measured rows (CSV), taken as they are where a step runs exactly their shapes.
    """

    fits: Name | None = None
    exact: Name | None = None


class Sampling(Section):
    """What sampling costs.

    Attributes
    ----------
    top_p: nucleus sampling, which sorts the vocabulary of every sequence.
    """

    top_p: bool = False


class Slo(Section):
    """Objectives of one request in milliseconds; goodput counts the requests that meet all of them.

    Attributes
    ----------
    ttft_ms: time to first token, at most (ms).
    tpot_ms: mean time per output token behind the first, at most (ms).
    e2el_ms: arrival to last token, at most (ms).
    """

    ttft_ms: Positive | None = None
    tpot_ms: Positive | None = None
    e2el_ms: Positive | None = None

    def objectives(self) -> Objectives:
        """As the metrics take them."""
        return Objectives(self.ttft_ms, self.tpot_ms, self.e2el_ms)


class RunSection(Section):
    """Random draws, and the part of the run that is measured (the whole run unless cut).

    Attributes
    ----------
    seed: of all random draws; one seed always gives the same result.
    warmup_s: seconds cut at the start; of this and ``warmup_fraction`` the longer one holds (s).
    warmup_fraction: share of the traffic's length cut at the start.
    exclude_drain: whether to cut what follows the last arrival.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    warmup_s: Annotated[float, Field(ge=0)] = 0.0
    warmup_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.0
    exclude_drain: bool = False

    def window_rule(self) -> WindowRule:
        """As the metrics take it."""
        return WindowRule(self.warmup_s, self.warmup_fraction, self.exclude_drain)


def _workload_written_otherwise(value: Any) -> Any:
    """A ``WorkloadSpec`` from Python, or the bare name of a profile."""
    if isinstance(value, WorkloadSpec):
        return plain(value)
    return {"profile": {"name": value}} if isinstance(value, str) else value


WorkloadSection: Any = Annotated[
    mirror(WorkloadSpec), BeforeValidator(_workload_written_otherwise), AlsoWritten({"type": "string"})
]


class Scenario(Section):
    """Model, hardware, engine and traffic.

    Raises ``InputError`` for anything that does not fit.

    Attributes
    ----------
    model: catalog name (``inferplan list models``), Hugging Face id, or path of a ``config.json`` or its folder; paths
        are relative to the scenario file.
    hardware: accelerator (``inferplan list hardware``), or path of a profile.
    parallel: how one replica is spread over devices.
    dtypes: number formats of weights, activations and KV cache.
    calibration: measured kernels of your own.
    engine: scheduler, batch limits and KV cache of each replica.
    replicas: independent copies of the engine; requests go to them in turn.
    workload: the requests and when they are sent; a bare name is that of a bundled profile.
    sampling: what sampling costs.
    slo: objectives of one request, for goodput.
    economics: power, price and carbon.
    run: random seed and the measured part of the run.

    >>> scenario = Scenario(model="llama-3.1-8b", hardware="h100", workload="azure-conv-2023")
    >>> scenario.engine.block_size, scenario.resolved().engine.max_num_batched_tokens  # tokens
    (16, 8192)
    >>> Scenario(model="llama-3.1-8b", hardware="h100", workload="azure-conv-2023", replica=2)
    Traceback (most recent call last):
    ...
    simulator.errors.InputError: replica: is not a known key here; known: model, hardware, parallel, ...
    """

    model: Name
    hardware: Name
    parallel: Filled[Parallel] = Parallel()
    dtypes: Filled[Dtypes] = Dtypes()
    calibration: Filled[Calibration] = Calibration()
    engine: Filled[EngineSection] = EngineSection()
    replicas: Count = 1
    workload: WorkloadSection
    sampling: Filled[Sampling] = Sampling()
    slo: Filled[Slo] = Slo()
    economics: Filled[Economics] = Economics()
    run: Filled[RunSection] = RunSection()

    _document: Document = PrivateAttr(default_factory=lambda: Document({}))

    def __init__(self, document: Document | None = None, /, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise explain(error, document or Document(fields), Scenario) from None
        self._document = document or Document(fields)

    def resolved(self) -> Scenario:
        """The scenario with every default filled in that follows from its model, device and engine profile."""
        # A convenience that reaches down: the defaults are decided where the parts are put together.
        from simulator.wiring import wire

        return wire(self).scenario

    def __eq__(self, other: object) -> bool:
        """Equal questions are equal, whatever files they were read from."""
        return isinstance(other, Scenario) and self.model_dump() == other.model_dump()

    @classmethod
    def from_yaml(cls, path: str | Path, overrides: Iterable[str] = ()) -> Scenario:
        """Read a scenario file and apply ``KEY=VALUE`` overrides (the command line's ``--set``)."""
        document = read_document(Path(path))
        anchor_paths(document.content, Path(path).parent)
        apply_overrides(document, overrides)
        return cls(document, **document.content)

    def workload_spec(self) -> WorkloadSpec:
        """The workload as its own room takes it."""
        section: Mirror = self.workload
        spec: WorkloadSpec = section.build()
        return spec

    def located(self, error: InputError) -> InputError:
        """The same error with the file and line of this scenario it comes from, where it names only a dotted path."""
        if error.file is not None or error.path is None:
            return error
        place: Place = tuple(error.path.replace("[", ".").replace("]", "").split("."))
        file, line = self._document.source_of(place)
        return InputError(error.problem, file=file, line=line, path=error.path, value=error.value, hint=error.hint)

    def replacing(self, **sections: Any) -> Scenario:
        """A copy with other sections or values; it remembers the file it came from."""
        copy = self.model_copy(update=sections)
        copy._document = self._document
        return copy

    def to_yaml(self) -> str:
        """The scenario as a file that gives it back."""
        import yaml

        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)
