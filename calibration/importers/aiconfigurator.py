"""Kernel tables of ``aiconfigurator-core`` (NVIDIA, Apache-2.0): parquet files by system, operator, backend, version.

Read from the installed package or from a folder of the same layout,
``data/<system>/<operator family>/<backend>/<version>/<table>_perf.parquet``. Times there are milliseconds; message
sizes are elements; attention at ``step`` s has s tokens cached; mixtures of experts give the whole inner width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from calibration.device_names import profile_name
from calibration.dropped import Dropped, split_off
from calibration.importers.imported import Imported, Selection
from calibration.importers.tables import canonical
from calibration.number_formats import canonical_format
from simulator.errors import InputError, did_you_mean

DEFAULT_BACKEND = "vllm"
_LIBRARY = "nccl"
"""Backend folder of library collectives, read beside every engine's."""


def sniff(source: Path) -> bool:
    """A folder with a ``data`` folder of systems, or the package that holds one."""
    return source.is_dir() and _data_folder(source) is not None


def read(source: Path, wanted: Selection) -> Imported:
    """Tables of one backend (default vLLM), the newest version of each unless one is named."""
    data = _data_folder(source)
    if data is None:
        raise InputError("holds no aiconfigurator tables (data/<system>/<operator>/<backend>/<version>)", file=source)
    backend = wanted.backend or DEFAULT_BACKEND
    systems = _systems(data, wanted)
    _check_backend(data, systems, backend)
    parts: list[pd.DataFrame] = []
    dropped: list[Dropped] = []
    for system in systems:
        for table in _tables(data / system, backend, wanted.version):
            rows, gone = _read_table(table, system)
            dropped += gone
            if rows is not None:
                parts.append(rows)
    if not parts:
        detail = f" in version {wanted.version}" if wanted.version else ""
        raise InputError(f"no table of {backend} for {', '.join(systems)}{detail}", file=source)
    rows, gone = canonical(pd.concat(parts), wanted.device)
    return Imported(rows, dropped + gone, ("attention was timed on a warm cache: no flush between repeats",))


@dataclass(frozen=True)
class _Table:
    path: Path
    backend: str
    version: str

    @property
    def source(self) -> str:
        return f"aiconfigurator-core {self.backend}-{self.version}"


def _data_folder(source: Path) -> Path | None:
    for folder in (source / "systems" / "data", source / "data", source):
        if folder.is_dir() and any(folder.glob("*/*/*/*/*_perf.parquet")):
            return folder
    return None


def _systems(data: Path, wanted: Selection) -> list[str]:
    """Folders to read: the one named, those of the device, or all."""
    known = sorted(folder.name for folder in data.iterdir() if any(folder.glob("*/*/*/*_perf.parquet")))
    if wanted.system is not None:
        if wanted.system not in known:
            hint = did_you_mean(wanted.system, known) or f"systems: {', '.join(known)}"
            raise InputError("no tables of this system", path="--system", value=wanted.system, hint=hint)
        return [wanted.system]
    if wanted.device is None:
        return known
    found = [name for name in known if profile_name(name) == wanted.device]
    if not found:
        hint = f"systems: {', '.join(known)}"
        raise InputError("no tables of this device", path="--device", value=wanted.device, hint=hint)
    return found


def _check_backend(data: Path, systems: list[str], backend: str) -> None:
    known = sorted({folder.name for system in systems for folder in (data / system).glob("*/*") if folder.is_dir()})
    if backend not in known:
        hint = did_you_mean(backend, known) or f"backends: {', '.join(known)}"
        raise InputError("no tables of this backend", path="--backend", value=backend, hint=hint)


def _tables(system: Path, backend: str, version: str | None) -> Iterator[_Table]:
    """Each table of a backend in the wanted version, else in the newest one that has it."""
    for name, versions_of in ((backend, version), (_LIBRARY, None)):
        newest: dict[tuple[str, str], Path] = {}
        for path in sorted(system.glob(f"*/{name}/*/*_perf.parquet"), key=lambda path: _order(path.parent.name)):
            if versions_of in (None, path.parent.name):
                newest[path.parts[-4], path.name] = path
        for path in newest.values():
            yield _Table(path, name, path.parent.name)


def _order(version: str) -> tuple[tuple[int, int | str], ...]:
    """Sort key of a version: numbers as numbers, a release before its candidates' letters."""
    parts = version.replace("rc", ".rc.").replace("post", ".post.").split(".")
    return tuple((1, int(part)) if part.isdigit() else (0, part) for part in parts if part)


def _read_table(table: _Table, system: str) -> tuple[pd.DataFrame | None, list[Dropped]]:
    try:
        import pyarrow.parquet as parquet  # type: ignore[import-untyped, unused-ignore]
    except ImportError:
        raise InputError(
            "reading parquet tables needs the package pyarrow", file=table.path,
            hint='install it with: pip install "inferplan[aiconfigurator]"',
        ) from None  # fmt: skip
    shaped = _SHAPES.get(table.path.name.removesuffix("_perf.parquet"))
    if shaped is None:
        count = parquet.ParquetFile(table.path).metadata.num_rows
        return None, [Dropped("tables of kernels the schema has no place for", count, table.path.stem)]
    rows = parquet.read_table(table.path).to_pandas()
    rows, dropped = _own_device(rows, system)
    rows = shaped(rows.reset_index(drop=True)).assign(
        source=table.source, device=system, kernel=rows["kernel_source"].to_numpy(), time_us=rows["latency"] * 1e3
    )
    return rows, dropped


def _own_device(rows: pd.DataFrame, system: str) -> tuple[pd.DataFrame, list[Dropped]]:
    """Some tables were filed under a system they were not measured on; their rows say so."""
    if "device" not in rows:
        return rows, []
    stated = {name: profile_name(str(name)) for name in rows["device"].unique()}
    mine = profile_name(system)
    other = [name for name, known in stated.items() if known not in (None, mine)]
    return split_off(rows, rows["device"].isin(other), f"filed under {system}, measured on another device")


def _gemm(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"op": "gemm", "dtype": rows["gemm_dtype"], "m": rows["m"], "n": rows["n"], "k": rows["k"]})


def _attention(rows: pd.DataFrame) -> pd.DataFrame:
    heads = rows["num_heads"]
    kv_heads = rows["num_key_value_heads"]
    return pd.DataFrame(
        {
            "dtype": rows["attn_dtype"],
            "kv_dtype": rows["kv_cache_dtype"],
            "batch": rows["batch_size"],
            "kv_len": rows["isl"] + rows["step"],
            "heads": heads,
            "kv_heads": kv_heads.where(kv_heads > 0, heads),  # 0 = as many as query heads
            "head_dim": rows["head_dim"],
            "window": rows.get("window_size", 0),  # older tables know no windows
        }
    )


def _prefill(rows: pd.DataFrame) -> pd.DataFrame:
    return _attention(rows).assign(op="attn_prefill", q_len=rows["isl"])


def _decode(rows: pd.DataFrame) -> pd.DataFrame:
    return _attention(rows).assign(op="attn_decode", q_len=1)


def _latent(rows: pd.DataFrame) -> pd.DataFrame:
    """Latent attention of DeepSeek's sizes; ``num_heads`` are those of one rank."""
    return pd.DataFrame(
        {
            "dtype": rows["mla_dtype"],
            "kv_dtype": rows["kv_cache_dtype"],
            "batch": rows["batch_size"],
            "kv_len": rows["isl"] + rows["step"],
            "heads": rows["num_heads"],
        }
    )


def _latent_prefill(rows: pd.DataFrame) -> pd.DataFrame:
    return _latent(rows).assign(op="mla_prefill", q_len=rows["isl"])


def _latent_decode(rows: pd.DataFrame) -> pd.DataFrame:
    return _latent(rows).assign(op="mla_decode", q_len=1)


_NOPE, _LATENT, _VALUE = 128, 512, 128
"""DeepSeek's sizes of a head's keys without rotary part, of the latent, of a head's values."""


def _absorbed(rows: pd.DataFrame) -> pd.DataFrame:
    """Queries into the latent (``mla_gen_pre``) or outputs out of it, head by head."""
    into = rows["op_name"] == "mla_gen_pre"
    found = {"op": "mla_bmm", "dtype": rows["bmm_dtype"], "m": rows["num_tokens"], "heads": rows["num_heads"]}
    return pd.DataFrame(found).assign(
        n=into.map({True: _LATENT, False: _VALUE}), k=into.map({True: _NOPE, False: _LATENT})
    )


def _experts(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "op": "moe",
            "dtype": rows["moe_dtype"],
            "m": rows["num_tokens"],
            "n": rows["inter_size"],
            "k": rows["hidden_size"],
            "experts": rows["num_experts"],
            "topk": rows["topk"],
            "moe_tp": rows["moe_tp_size"],
            "moe_ep": rows["moe_ep_size"],
            "distribution": rows["distribution"],
        }
    )


def _collective(rows: pd.DataFrame, op: pd.Series | str, dtype: pd.Series) -> pd.DataFrame:
    width = dtype.map(lambda name: 1 if canonical_format(str(name)) in ("int8", "fp8") else 2)
    found = {"op": op, "dtype": dtype, "bytes": rows["message_size"] * width, "world_size": rows["num_gpus"]}
    return pd.DataFrame(found)


def _custom_all_reduce(rows: pd.DataFrame) -> pd.DataFrame:
    mode = rows["kernel_source"].str.extract(r"_(graph|eager)$", expand=False)
    return _collective(rows, "allreduce_custom", rows["allreduce_dtype"]).assign(mode=mode)


def _nccl(rows: pd.DataFrame) -> pd.DataFrame:
    return _collective(rows, "nccl_" + rows["op_name"], rows["nccl_dtype"])


_SHAPES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "gemm": _gemm,
    "context_attention": _prefill,
    "generation_attention": _decode,
    "context_mla": _latent_prefill,
    "generation_mla": _latent_decode,
    "mla_bmm": _absorbed,
    "moe": _experts,
    "custom_allreduce": _custom_all_reduce,
    "nccl": _nccl,
}
"""Table -> its shapes in our columns."""
