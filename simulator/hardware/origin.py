"""Origin: where a set of kernel constants comes from, and how wrong it was on shapes held out of the fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from simulator.yaml_section import Section

PROVENANCES = ("measured", "fitted", "transferred", "nominal")
"""From most to least trusted: timed on the device, fitted to timings of it, fitted to another one, data sheet only."""

NORMAL_80_PER_MEDIAN = 1.2816 / 0.6745
"""Half-width of an 80 % interval over the median absolute error, of a normal distribution."""

NORMAL_90_PER_MEDIAN = 1.6449 / 0.6745
"""90th percentile of the absolute error over its median, of a normal distribution."""


@dataclass(frozen=True)
class ErrorStatement:
    """How wrong single kernels are: absolute relative errors, and the 80 % band of measured / predicted.

    ``band``: factors ``(low, high)``, None where only the errors are known. ``centres``: size of the correction.
    """

    median_error: float
    p90_error: float
    band: tuple[float, float] | None = None
    centres: int = 0


@dataclass(frozen=True)
class Origin:
    """Where a set of constants comes from.

    ``median_error`` and ``p90_error`` are absolute relative errors of single kernels: on held-out shapes for fitted
    sets, the stated uncertainty otherwise. ``rows``: timings used, 0 = none. ``band``: 80 % band of measured /
    predicted, where it was found on held-out shapes. ``residual``: the same statement of closed form and correction
    together, where there is a correction. ``layer`` of the cost model that speaks: ``L0`` data sheet, ``L1`` form with
    fitted constants, ``L2`` with its correction, ``L3`` a measured row. ``in_engine``: the times are those of kernels
    inside a running engine, not of kernels timed alone.
    """

    provenance: str
    source: str
    rows: int
    median_error: float
    p90_error: float
    band: tuple[float, float] | None = None
    residual: ErrorStatement | None = None
    layer: str = "L1"
    in_engine: bool = False

    @property
    def factors(self) -> tuple[float, float]:
        """80 % band of measured / predicted of one kernel: the stated one, else that of a log-normal error of the same
        median."""
        if self.band is not None:
            return self.band
        high = (1.0 + self.median_error) ** NORMAL_80_PER_MEDIAN
        return 1.0 / high, high

    def weakened(self, provenance: str, taken_from: str, factor: float) -> Origin:
        """The origin of constants used for something else than they were fitted to: errors grow by ``factor``."""
        rank = max(PROVENANCES.index(self.provenance), PROVENANCES.index(provenance))
        low, high = self.factors
        return replace(
            self,
            provenance=PROVENANCES[rank],
            source=f"{self.source}; taken from {taken_from}",
            median_error=self.median_error * factor,
            p90_error=self.p90_error * factor,
            band=None if self.band is None else (low**factor, high**factor),
            residual=None,
        )

    def corrected(self) -> Origin:
        """The origin where the correction acts."""
        if self.residual is None:
            return replace(self, layer="L2")
        stated = self.residual
        return replace(self, layer="L2", median_error=stated.median_error, p90_error=stated.p90_error, band=stated.band)


def read_origin(section: Section) -> Origin:
    """The origin keys of a kernel class in a fits file; the caller reads the constants and finishes the section."""
    provenance = section.text("provenance", allowed=PROVENANCES)
    return Origin(
        provenance=provenance,
        source=section.text("source"),
        rows=section.whole("rows", at_least=0),
        median_error=section.number("median_error"),
        p90_error=section.number("p90_error"),
        band=_band(section),
        residual=_residual(section),
        layer="L0" if provenance == "nominal" else "L1",
        in_engine=section.flag("in_engine", False),
    )


def _residual(section: Section) -> ErrorStatement | None:
    if not section.has("residual"):
        return None
    part = section.section("residual")
    fields: dict[str, Any] = {key: part.number(key) for key in ("median_error", "p90_error")}
    statement = ErrorStatement(**fields, band=_band(part), centres=part.whole("centres", 0, at_least=0))
    part.finish()
    return statement


def _band(section: Section) -> tuple[float, float] | None:
    if not section.has("band"):
        return None
    part = section.section("band")
    low, high = part.number("low"), part.number("high")
    part.finish()
    if low > high:
        raise section.error("band", "low must not exceed high", value=[low, high])
    return low, high
