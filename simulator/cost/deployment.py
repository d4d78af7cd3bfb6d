"""Deployment: one model on one kind of device, with layout, engine and kernel constants, checked to fit together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from simulator.cost.engine_profile import DEFAULT_ENGINE, EngineProfile, load_engine
from simulator.errors import InputError
from simulator.hardware.catalog import load_hardware
from simulator.hardware.fits import KernelFits, load_fits
from simulator.hardware.profile import HardwareProfile
from simulator.models.catalog import load_model
from simulator.models.spec import GQAAttention, ModelSpec
from simulator.operators.layout import Dtypes, Layout

_KV_FORMATS = ("bf16", "fp16", "fp8", "int8")


@dataclass(frozen=True)
class Deployment:
    """One replica: a model over ``tensor_parallel_size`` devices.

    Attributes
    ----------
    model, hardware: what runs where.
    tensor_parallel_size: devices of the replica.
    dtypes: number formats.
    engine: host terms and padding of the serving engine.
    fits: kernel constants of the device.
    top_p_sampling: the sampler sorts the vocabulary (top-p); costs time per step and sequence.

    Raises ``InputError`` when the parts do not fit together.
    """

    model: ModelSpec
    hardware: HardwareProfile
    tensor_parallel_size: int
    dtypes: Dtypes
    engine: EngineProfile
    fits: KernelFits
    top_p_sampling: bool = False
    layout: Layout = field(init=False)

    __hash__ = object.__hash__

    def __post_init__(self) -> None:
        layout = Layout(self.dtypes, self.tensor_parallel_size, self.engine.expert_coverage)
        object.__setattr__(self, "layout", layout)
        _check_tensor_parallel(self)
        _check_dtypes(self)

    @classmethod
    def of(
        cls,
        model: ModelSpec | str | Path,
        hardware: HardwareProfile | str | Path,
        *,
        tensor_parallel_size: int = 1,
        dtypes: Dtypes | None = None,
        engine: EngineProfile | str | Path = DEFAULT_ENGINE,
        fits: KernelFits | None = None,
        top_p_sampling: bool = False,
    ) -> Deployment:
        """Build from names or objects; formats default to the model's own 16-bit one, constants to the device's."""
        spec = model if isinstance(model, ModelSpec) else load_model(model)
        device = hardware if isinstance(hardware, HardwareProfile) else load_hardware(hardware)
        return cls(
            model=spec,
            hardware=device,
            tensor_parallel_size=tensor_parallel_size,
            dtypes=dtypes or Dtypes.of(spec.torch_dtype),
            engine=engine if isinstance(engine, EngineProfile) else load_engine(engine),
            fits=fits or load_fits(device),
            top_p_sampling=top_p_sampling,
        )


def _check_tensor_parallel(deployment: Deployment) -> None:
    tp = deployment.tensor_parallel_size
    path = "parallel.tensor_parallel_size"
    if tp < 1:
        raise InputError("must be at least 1", path=path, value=tp)
    domain = deployment.hardware.link.domain
    if tp > max(1, domain):
        name = deployment.hardware.name
        raise InputError(f"must not exceed the {domain} {name} that one link domain joins", path=path, value=tp)
    for block, _ in deployment.model.layer_groups:
        attention = block.attention
        if not isinstance(attention, GQAAttention):
            continue
        fits = [n for n in range(1, domain + 1) if attention.num_heads % n == 0]
        if attention.num_heads % tp:
            raise InputError(
                f"must divide the {attention.num_heads} attention heads of {deployment.model.name}",
                path=path,
                value=tp,
                hint=f"possible on {deployment.hardware.name}: {', '.join(map(str, fits))}",
            )
        if max(tp, attention.num_kv_heads) % min(tp, attention.num_kv_heads):
            raise InputError(
                f"must divide, or be a multiple of, the {attention.num_kv_heads} KV heads", path=path, value=tp
            )


def _check_dtypes(deployment: Deployment) -> None:
    dtypes, device = deployment.dtypes, deployment.hardware
    for part in ("activations", "other"):
        dtype = getattr(dtypes, part)
        if not device.supports(dtype):
            weight_only = part == "activations" and dtypes.weights == dtype
            raise InputError(
                f"{device.name} has no {dtype} math; it multiplies {', '.join(device.peak_flops)}",
                path=f"dtypes.{part}",
                value=dtype,
                hint="weight-only quantisation runs: set dtypes.activations: bf16" if weight_only else None,
            )
    if dtypes.kv not in _KV_FORMATS:
        raise InputError(f"must be one of {', '.join(_KV_FORMATS)}", path="dtypes.kv", value=dtypes.kv)
