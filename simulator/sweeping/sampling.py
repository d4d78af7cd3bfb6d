"""Drawn settings: ``sample: {method: latin_hypercube, n: 200, seed: 0, over: {rate: {low: 1, high: 30}, ...}}``.

Each key draws from a random stream of its own under the seed, so that one more key leaves the others' draws alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.errors import did_you_mean
from simulator.sweeping.axes import Axis, known_key, source
from simulator.sweeping.keys import takes_whole_numbers
from simulator.sweeping.spacing import MOST, is_number
from simulator.yaml_document import Document, Place

METHODS = ("latin_hypercube", "random")
_KEYS = ("method", "n", "seed", "over")
_BOUNDS = ("low", "high", "scale", "integer")
_SCALES = ("linear", "log")

Floats = npt.NDArray[np.float64]
Quantile = Callable[[float], Any]
"""From a number in 0..1 to a value."""


def sampled_axis(content: Any, document: Document, place: Place) -> Axis:
    """One axis whose settings are drawn; all keys of ``over`` move together. Raises ``InputError``."""
    if not isinstance(content, dict):
        raise document.error(place, f"must be a mapping of {', '.join(_KEYS)}", value=content)
    _refuse_unknown(content, _KEYS, document, place)
    method = content.get("method", METHODS[0])
    if method not in METHODS:
        rule = f"must be one of {', '.join(METHODS)}"
        raise document.error((*place, "method"), rule, value=method, hint=did_you_mean(str(method), METHODS))
    n, seed = _whole(content, "n", None, 1, document, place), _whole(content, "seed", 0, 0, document, place)
    over = content.get("over")
    if not isinstance(over, dict) or not over:
        raise document.error((*place, "over"), "must be a mapping of dotted keys to bounds or choices", value=over)
    drawn: dict[str, list[Any]] = {}
    for index, (text, wanted) in enumerate(over.items()):
        here = (*place, "over", text)
        key = known_key(text, document, here)
        quantile = _quantile(key, wanted, document, here)
        stream = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(index,))))
        drawn[key] = [quantile(u) for u in _uniforms(method, n, stream).tolist()]
    rows = [dict(zip(drawn, row, strict=True)) for row in zip(*drawn.values(), strict=True)]
    settings = tuple({repr(row): row for row in rows}.values())
    repeated = n - len(settings)
    note = f"{repeated} of {n} drawn settings repeat earlier ones and are left out" if repeated else ""
    return Axis("sample", method, settings, (source(document, place),) * len(settings), note)


def _uniforms(method: str, n: int, stream: np.random.Generator) -> Floats:
    """(n,) numbers in 0..1; of a Latin hypercube one in each n-th part, in random order (McKay et al. 1979)."""
    inside = stream.random(n)
    return (stream.permutation(n) + inside) / n if method == "latin_hypercube" else inside


def _quantile(key: str, wanted: Any, document: Document, place: Place) -> Quantile:
    if isinstance(wanted, list) and wanted:
        return lambda u: wanted[min(int(u * len(wanted)), len(wanted) - 1)]
    if not isinstance(wanted, dict):
        raise document.error(place, "must be a list of choices, or a mapping of low, high", value=wanted)
    _refuse_unknown(wanted, _BOUNDS, document, place)
    low, high = (_bound(wanted, name, document, place) for name in ("low", "high"))
    scale, integer = wanted.get("scale", "linear"), wanted.get("integer", takes_whole_numbers(key))
    if scale not in _SCALES:
        raise document.error((*place, "scale"), f"must be one of {', '.join(_SCALES)}", value=scale)
    if not isinstance(integer, bool):
        raise document.error((*place, "integer"), "must be true or false", value=integer)
    if high <= low:
        raise document.error((*place, "high"), f"must be above low ({low:g})", value=high)
    if scale == "log" and low <= 0:
        raise document.error((*place, "low"), "must be above 0 on a log scale", value=low)
    if integer:
        return _whole_numbers(math.ceil(low), math.floor(high), scale == "log")
    if scale == "log":
        return lambda u: min(high, low * (high / low) ** u)
    return lambda u: low + u * (high - low)


def _whole_numbers(low: int, high: int, log: bool) -> Quantile:
    """Both ends included; on a log scale a number is as likely as the stretch up to the next one is long."""

    def quantile(u: float) -> int:
        drawn = low * ((high + 1) / low) ** u if log else low + u * (high + 1 - low)
        return min(int(drawn), high)

    return quantile


def _bound(wanted: dict[str, Any], name: str, document: Document, place: Place) -> float:
    value: Any = wanted.get(name)
    if not is_number(value):
        raise document.error((*place, name), "must be a number", value="nothing" if value is None else value)
    bound: float = value
    return bound


def _whole(content: dict[str, Any], key: str, default: int | None, least: int, document: Document, place: Place) -> int:
    value = content.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= (MOST if key == "n" else 2**32):
        most = f"{least} to {MOST:,}" if key == "n" else f">= {least}"
        raise document.error(
            (*place, key), f"must be a whole number {most}", value="nothing" if value is None else value
        )
    return value


def _refuse_unknown(content: dict[str, Any], known: tuple[str, ...], document: Document, place: Place) -> None:
    for key in content:
        if key not in known:
            rule = f"is not a known key here; known: {', '.join(known)}"
            raise document.error((*place, key), rule, hint=did_you_mean(key, known))
