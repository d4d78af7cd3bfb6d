"""How the constants of a device's kernel classes are known, and how wrong they were on shapes held out of the fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.hardware.fits import Fitted, load_fits
from simulator.hardware.origin import Origin
from simulator.hardware.profile import HardwareProfile
from simulator.links.collectives import Collectives


def kernel_origins(device: HardwareProfile) -> dict[str, Origin]:
    """Kernel class in words, with its number format where it has several, -> origin of the bundled constants."""
    fits = load_fits(device)
    several: dict[str, Mapping[str, Fitted[Any]]] = {
        "matrix multiply": fits.gemm,
        "prefill attention": fits.prefill_attention,
        "decode attention": fits.decode_attention,
        "mixed attention": fits.mixed_attention,
        "latent prefill attention": fits.latent_prefill,
        "latent decode attention": fits.latent_decode,
        "multiplies around latent decode": fits.absorbed_matmul,
        "experts": fits.moe,
        "weight-only matrix multiply": fits.weight_only_gemm,
        "weight-only experts": fits.weight_only_moe,
    }
    found = {
        f"{name} {dtype}": fitted.origin for name, by_format in several.items() for dtype, fitted in by_format.items()
    }
    reduce = Collectives(device, kernels=fits).library_fit("all_reduce", ranks=2)
    return found | {"all-reduce": reduce.origin, "element-wise": fits.stream.origin}
