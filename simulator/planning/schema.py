"""The plan file: traffic, goals, hardware and prices, and the space of fleets to search.

plan = Plan.from_yaml("plan.yaml", overrides=["traffic.headroom=0.2"])
plan = Plan(model="llama-3.1-8b", workload="azure-conv-2023", goals=["ttft:p95<500ms"], hardware=["h100", "l40s"],
            traffic={"rate_per_s": 50})
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from simulator.planning.traffic import Traffic
from simulator.scenario.economics_section import Economics, Price
from simulator.scenario.engine_section import Count, EngineSection
from simulator.scenario.explain import explain
from simulator.scenario.overrides import apply_overrides
from simulator.scenario.paths import anchor_paths
from simulator.scenario.schema import Sampling, Slo, WorkloadSection
from simulator.scenario.section import Filled, Section, mistake
from simulator.yaml_document import Document, read_document

Name = Annotated[str, Field(min_length=1)]
Format = Literal["auto", "bf16", "fp16", "fp8", "int8"]
Minimize = Literal["cost", "energy", "devices", "carbon"]


class Space(Section):
    """What a fleet may be made of; every combination is a candidate, those that cannot run drop out.

    Attributes
    ----------
    tensor_parallel_size: devices of a replica.
    weights: number formats of the weights; ``auto`` is the checkpoint's own, others are tried where the device
        multiplies them.
    kv_cache: number formats of keys and values.
    max_num_seqs: sequences that run at once; null is what vLLM chooses on that device.
    max_num_batched_tokens: most in one step; null is what vLLM chooses on that device.
    """

    tensor_parallel_size: Annotated[list[Count], Field(min_length=1)] = Field(default=[1, 2, 4, 8])
    weights: Annotated[list[Format], Field(min_length=1)] = Field(default=["auto", "fp8"])
    kv_cache: Annotated[list[Format], Field(min_length=1)] = Field(default=["auto", "fp8"])
    max_num_seqs: Annotated[list[Count | None], Field(min_length=1)] = Field(default=[None, 64, 256])
    max_num_batched_tokens: Annotated[list[Count | None], Field(min_length=1)] = Field(default=[None, 2048, 8192])

    @model_validator(mode="after")
    def _each_once(self) -> Space:
        for key, values in self:
            for place, value in enumerate(values):
                if value in values[:place]:
                    raise mistake("must name each value once", key, value)
        return self


class Search(Section):
    """How hard to look.

    Attributes
    ----------
    requests: simulated per run and replica; more where a run needs them to fill.
    tolerance: relative step between loads.
    finalists: fleets simulated whole.
    seeds: repetitions for the finalists' capacity.
    seed: of all random draws, the first of ``seeds``.
    exhaustive: whether to search every candidate's capacity and prune nothing but what cannot run.
    """

    requests: Annotated[int, Field(ge=100, le=1_000_000)] = 1000
    tolerance: Annotated[float, Field(ge=1e-3, le=0.5)] = 0.03
    finalists: Annotated[int, Field(ge=1, le=20)] = 3
    seeds: Annotated[int, Field(ge=1, le=100)] = 3
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    exhaustive: bool = False


class Plan(Section):
    """A question: which fleet?

    Attributes
    ----------
    model: as in a scenario.
    workload: as in a scenario; its rate is scaled to the traffic.
    hardware: accelerators to choose from: names (``inferplan list hardware``) or paths of profiles.
    goals: bounds such as ``ttft:p95<500ms``, as ``inferplan goal`` takes them.
    goodput: what makes a request good, ``ttft:200 tpot:50`` in ms; null = the ``slo``.
    traffic: how much comes, when.
    minimize: what the best fleet has least of.
    spare_replicas: so many may fail and the goals still hold at the peak (N+k).
    prices: of a device hour, by name of ``hardware``, instead of the profile's.
    space: what a fleet may be made of.
    engine: as in a scenario, for what ``space`` leaves open.
    sampling: as in a scenario.
    slo: objectives of one request, for goodput.
    economics: power, price and carbon, as in a scenario.
    search: how hard to look.
    """

    model: Name
    workload: WorkloadSection
    hardware: Annotated[list[Name], Field(min_length=1)]
    goals: list[Name] = Field(default=[])
    goodput: Name | None = None
    traffic: Filled[Traffic] = Traffic()
    minimize: Minimize = "cost"
    spare_replicas: Annotated[int, Field(ge=0, le=10_000)] = 0
    prices: Filled[dict[str, Price]] = Field(default={})
    space: Filled[Space] = Space()
    engine: Filled[EngineSection] = EngineSection()
    sampling: Filled[Sampling] = Sampling()
    slo: Filled[Slo] = Slo()
    economics: Filled[Economics] = Economics()
    search: Filled[Search] = Search()

    _document: Document = PrivateAttr(default_factory=lambda: Document({}))

    def __init__(self, document: Document | None = None, /, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise explain(error, document or Document(fields), Plan) from None
        self._document = document or Document(fields)

    @property
    def document(self) -> Document:
        """Where each value was written, for messages."""
        return self._document

    @classmethod
    def from_yaml(cls, path: str | Path, overrides: Iterable[str] = ()) -> Plan:
        """Read a plan file and apply ``KEY=VALUE`` overrides (the command line's ``--set``)."""
        return cls.from_document(read_plan(Path(path)), overrides)

    @classmethod
    def from_document(cls, document: Document, overrides: Iterable[str] = ()) -> Plan:
        """The plan of a document, ``KEY=VALUE`` overrides applied."""
        apply_overrides(document, overrides)
        return cls(document, **document.content)

    def to_yaml(self) -> str:
        """The plan as a file that gives it back."""
        import yaml

        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=120)


def read_plan(path: Path) -> Document:
    """The document of a plan file, its relative paths made absolute. Raises ``InputError``."""
    document = read_document(path)
    anchor_paths(document.content, path.parent)
    return document
