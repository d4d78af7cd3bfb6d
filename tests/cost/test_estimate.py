"""The static estimate."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator import estimate
from simulator.cost.band_text import rounded, with_range
from simulator.cost.deployment import Deployment
from simulator.cost.memory import weight_bytes_per_gpu
from simulator.cost.roofline_plot import write_roofline_plot
from simulator.errors import InputError
from simulator.hardware.catalog import list_hardware, load_hardware
from simulator.hardware.profile import GIB


def test_batch_one_on_h100() -> None:
    """Weights over bandwidth give 4.5 ms a token; kernels reach 70 to 85 % of that."""
    result = estimate("Llama-3.1-8B", "h100")
    assert 5.3e-3 < result.tpot_s < 6.8e-3
    assert result.ttft_s == result.prefill.seconds + result.deployment.engine.api_delivery_s
    assert result.e2e_s == result.ttft_s + 127 * result.tpot_s
    assert result.output_tokens_per_s == 128 / result.e2e_s
    assert 0.01 < result.decode.band < 0.3


def test_one_output_token_is_not_decoded() -> None:
    result = estimate("Llama-3.1-8B", "h100", osl=1)
    assert (result.decode, result.tpot_s, result.tokens_per_s_per_user) == (None, None, None)
    assert result.e2e_s == result.ttft_s
    assert result.summary()["tpot_ms"] is result.summary()["tpot_ms_low"] is None
    assert set(result.to_frame().phase) == {"prefill"}
    assert "TPOT" not in repr(result)


def test_memory_of_the_batch_and_of_the_engine() -> None:
    summary = estimate("Llama-3.1-8B", "h100", batch=8, isl=1000, osl=24).summary()
    assert summary["batch_kv_gib_per_gpu"] == pytest.approx(8 * 1024 * 131_072 / GIB)
    assert summary["kv_gib_per_gpu"] > 50
    assert summary["kv_cache_tokens"] == 16 * summary["kv_blocks"]


def test_bands_enclose_their_figures_and_widen_with_what_is_not_known() -> None:
    known, unknown = (estimate("Llama-3.1-8B", hardware, batch=8).summary() for hardware in ("h100", "mi300x"))
    for key in ("ttft_ms", "tpot_ms", "e2el_ms", "output_throughput"):
        assert known[f"{key}_low"] < known[key] < known[f"{key}_high"]
        widths = [one[f"{key}_high"] / one[f"{key}_low"] for one in (known, unknown)]
        assert 1.02 < widths[0] < 1.4
        assert widths[1] > widths[0]


def test_frame_has_one_row_per_operator_and_adds_up() -> None:
    result = estimate("Mixtral-8x7B", "h200", tp=2, batch=16)
    frame = result.to_frame()
    for phase in (result.prefill, result.decode):
        rows = frame[frame.phase == phase.name]
        assert rows.time_ms.sum() / 1e3 == pytest.approx(phase.seconds)
        assert rows.share.sum() == pytest.approx(1)
        assert rows.operator.is_unique
    assert set(frame.bound) <= {"compute", "memory", "launch", "network", "host"}
    assert set(frame.provenance) <= {"measured", "fitted", "transferred", "nominal"}
    bounds = frame.set_index(["phase", "operator"]).bound
    assert bounds["prefill", "experts"] == "compute"
    assert bounds["decode", "experts"] == "memory"
    assert bounds["decode", "ffn_all_reduce"] == "network"
    assert bounds["decode", "attention_norm"] == "launch"


def test_long_prompts_are_prefilled_in_steps_of_the_token_budget() -> None:
    short, long = estimate("Llama-3.1-8B", "h100", isl=8192), estimate("Llama-3.1-8B", "h100", isl=8193)
    qkv = {result.isl: next(row for row in result.prefill.operators if row.name == "qkv") for result in (short, long)}
    assert (qkv[8192].launches, qkv[8193].launches) == (32, 64)


# Every model of the catalog on three devices: test_coverage.
PAIRS = [(model, hardware) for model in ("Llama-3.1-70B", "Qwen3-30B-A3B") for hardware in list_hardware()]


@pytest.mark.parametrize(("model", "hardware"), PAIRS)
def test_every_model_and_every_device(model: str, hardware: str) -> None:
    tp = min(4, load_hardware(hardware).link.domain)
    deployment = Deployment.of(model, hardware, tensor_parallel_size=tp)
    if 0.9 * deployment.hardware.usable_memory_bytes < weight_bytes_per_gpu(deployment) + 2 * GIB:
        with pytest.raises(InputError, match="does not fit"):
            estimate(model, hardware, tp=tp)
        return
    result = estimate(model, hardware, tp=tp)
    assert 0 < result.tpot_s < result.ttft_s < 10


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"batch": 0}, "batch: must be at least 1"),
        ({"batch": 2000, "isl": 1000}, "at most batch"),
        ({"isl": 200_000}, "longest context of 131072 tokens"),
        ({"weight_dtype": "fp7"}, "dtypes.weights: must be one of"),
        ({"kv_dtype": "fp32x"}, "dtypes.kv: must be one of"),
    ],
)
def test_mistakes(arguments: dict[str, object], expected: str) -> None:
    with pytest.raises(InputError) as caught:
        estimate("Llama-3.1-8B", "h100", **arguments)  # type: ignore[arg-type]
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (24.1234, 22.61, 25.72, "24.1 ms (22.6-25.7)"),
        (6.2151, 5.72, 6.71, "6.2 ms (5.7-6.7)"),
        (123_456, 112_345, 134_567, "123,000 ms (112,000-135,000)"),
        (29.7, 26.1, 33.3, "30 ms (26-33)"),
        (0.0, 0.0, 0.0, "0 ms (0-0)"),
    ],
)
def test_no_false_digits(value: float, low: float, high: float, text: str) -> None:
    assert with_range(value, low, high, "ms") == text
    assert rounded(value, (high - low) / 2) == text.split(" ")[0]


def test_repr_says_what_it_is() -> None:
    text = repr(estimate("Llama-3.1-8B", "h100"))
    assert "Llama-3.1-8B on 1 x H100-SXM5-80GB" in text
    assert "TPOT 6" in text


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_roofline_plot(tmp_path: Path, suffix: str, start: bytes) -> None:
    path = tmp_path / f"roofline{suffix}"
    write_roofline_plot(estimate("Llama-3.1-8B", "h100", batch=8, weight_dtype="fp8"), path)
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


def test_roofline_plot_refuses_other_suffixes(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must end in"):
        write_roofline_plot(estimate("Llama-3.1-8B", "h100"), tmp_path / "roofline.bmp")
