"""``inferplan list`` and ``show``: every name leads to a page, and a miss to a near name."""

from __future__ import annotations

import json

import pytest

from simulator.hardware.catalog import list_hardware
from simulator.hardware.node import list_nodes
from simulator.models.catalog import list_models
from simulator.workload.profiles import list_profiles
from tests.cli.invoke import inferplan

NAMES = {
    "hardware": list_hardware(),
    "nodes": list_nodes(),
    "models": list_models(),
    "workloads": list_profiles(),
}


@pytest.mark.parametrize("what", NAMES)
def test_a_list_has_one_line_per_name_and_every_name_has_a_page(what: str) -> None:
    outcome = inferplan("list", what)
    assert [line.split()[0] for line in outcome.out.splitlines()] == NAMES[what]
    for name in NAMES[what]:
        page = json.loads(inferplan("show", what, name, "--json").out)
        assert page["name"] == name


def test_search_wants_every_word_in_names_aliases_or_facts() -> None:
    assert [line.split()[0] for line in inferplan("list", "hardware", "trillium").out.splitlines()] == ["TPU-v6e"]
    amd = inferplan("list", "hardware", "amd", "hbm3e").out.splitlines()
    assert [line.split()[0] for line in amd] == ["MI325X", "MI355X"]
    assert inferplan("list", "nodes", "p5.48xlarge").out.split()[0] == "HGX-H100"


def test_hardware_and_nodes_show_the_aliases_that_need_no_quotes() -> None:
    (line,) = (row for row in inferplan("list", "hardware").out.splitlines() if row.startswith("H100-SXM5-80GB "))
    assert line.endswith("also: h100, h100-sxm, h100-sxm5, h100-80gb")
    assert "also: " in inferplan("list", "nodes", "HGX-H100").out


def test_json_keys_carry_units_and_values_are_those_of_the_profile() -> None:
    page = json.loads(inferplan("show", "hardware", "h100", "--json").out)
    assert page["dense_peak"]["bf16_tflops"] == 989.4
    assert page["memory"]["bandwidth_gb_s"] == 3352
    assert page["power_and_price"]["price_usd_per_hour"] == 4.916
    assert page["kernel_constants"]["matrix_multiply_bf16"] == "fitted"
    assert page["sources"]


def test_a_page_says_what_is_not_known_and_how_constants_were_obtained() -> None:
    out = inferplan("show", "hardware", "v6e").out
    assert "not published" in out
    assert "nominal" in out
    assert "4 x 256 x 256 at 1.75 GHz" in out
    assert all(line == line.rstrip() for line in out.splitlines())


def test_the_page_of_a_node_shows_what_a_group_gets() -> None:
    links = json.loads(inferplan("show", "node", "8xmi300x", "--json").out)["a_collective_of"]
    assert links == {"2_accelerators_gb_s": 64, "4_accelerators_gb_s": 192, "8_accelerators_gb_s": 448}


def test_the_page_of_a_model_has_its_sizes() -> None:
    page = json.loads(inferplan("show", "model", "Llama-3.1-8B", "--json").out)
    assert page["size"]["parameters_billion"] == pytest.approx(8.030261248)
    assert page["kv_cache"]["per_token_kib"] == 128
    assert page["layers"]["1_32_x_DenseFFN"].startswith("intermediate size 14336")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["show", "hardwear", "h100"], "did you mean 'hardware'?"),
        (["show", "hardware", "h1000"], "did you mean 'h100'"),
        (["show", "node", "8xh1000"], "did you mean '8xh100'"),
        (["show", "model", "llama-3.1-9b"], "did you mean 'llama-3.1-8b'"),
        (["show", "workload", "azure-con-2023"], "did you mean 'azure-conv-2023'"),
        (["list", "hardware", "mi300xx"], "did you mean 'MI300X'"),
        (["list", "nodes", "zzz"], "`inferplan list nodes` prints all"),
        (["list", "noddes"], "did you mean 'nodes'"),
    ],
)
def test_a_miss_offers_near_names(arguments: list[str], says: str) -> None:
    outcome = inferplan(*arguments)
    assert outcome.status == 2
    assert says in outcome.err
    assert "Traceback" not in outcome.err
