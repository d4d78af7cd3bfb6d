"""The files a comparison reads, and the runs they describe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from calibration.importers.tables import read_csv
from calibration.vidur.iteration import PARTS
from simulator.errors import InputError

PROFILES = "kernels/vidur_profiles.csv.gz"
SCHEDULERS = ("sarathi", "vllm")
TENSOR_PARALLEL_SIZE = 2
_REQUEST_COLUMNS = ("arrived_at_s", "num_prefill_tokens", "num_decode_tokens")
_RESULT_COLUMNS = (*_REQUEST_COLUMNS, "scheduled_at_s", "prefill_completed_at_s", "completed_at_s")

_ITERATION_COLUMNS = (
    *("kind", "batch_size", "tokens_per_request", "kv_len", "iteration_ms"),
    *(f"{part}_us_per_layer" for part in PARTS),
)


@dataclass(frozen=True)
class PeerModel:
    """A model Vidur was run on: its short name in file names, its Hugging Face id."""

    short: str
    model: str


MODELS = (
    PeerModel("c34b", "codellama/CodeLlama-34b-Instruct-hf"),
    PeerModel("l70b", "meta-llama/Llama-2-70b-hf"),
)


@dataclass(frozen=True)
class Folder:
    """A folder with ``kernels/vidur_profiles.csv.gz`` and ``peers/vidur_*``."""

    root: Path

    @property
    def profiles(self) -> Path:
        """The tidy kernel profiles."""
        return self._present(PROFILES)

    def iteration_table(self, peer: PeerModel) -> pd.DataFrame:
        """Vidur's predicted iterations by part: milliseconds in all, microseconds per layer."""
        return self._table(f"peers/vidur_iteration_table_{peer.short}.csv", _ITERATION_COLUMNS)

    def requests(self, peer: PeerModel, scheduler: str) -> pd.DataFrame:
        """The request list, one row per request in order of arrival."""
        return self._table(f"peers/vidur_requests_{peer.short}_{scheduler}_2048.csv", _REQUEST_COLUMNS)

    def results(self, peer: PeerModel, scheduler: str) -> pd.DataFrame:
        """Vidur's own times of every request, same rows as ``requests``."""
        results = self._table(f"peers/vidur_results_{peer.short}_{scheduler}_2048.csv.gz", _RESULT_COLUMNS)
        requests = self.requests(peer, scheduler)
        if not requests[list(_REQUEST_COLUMNS)].equals(results[list(_REQUEST_COLUMNS)]):
            raise InputError(f"the results of {peer.short} under {scheduler} are not of its request list",
                             file=self.root)  # fmt: skip
        return results

    def _table(self, name: str, columns: tuple[str, ...]) -> pd.DataFrame:
        path = self._present(name)
        table = read_csv(path)
        missing = [column for column in columns if column not in table.columns]
        if missing:
            raise InputError(f"lacks the columns {', '.join(missing)}", file=path)
        return table

    def _present(self, name: str) -> Path:
        path = self.root / name
        if not path.is_file():
            raise InputError("no such file; Vidur's files are expected in kernels/ and peers/", file=path)
        return path
