"""What the operating system says of this machine's processor and memory. No host names."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

_FEATURES = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8", "sve", "bf16", "i8mm")
_USUAL_CACHE_BYTES = 32 * 2**20
_SUFFIX = {"K": 2**10, "M": 2**20, "G": 2**30}


@dataclass(frozen=True)
class Cpu:
    """``model``: the name it gives itself; ``features``: instruction sets that matter to matrix multiplies; ``mhz``:
    clock when read, None if not told; ``cache_bytes``: largest last-level cache of one core."""

    model: str
    vendor: str
    features: tuple[str, ...]
    mhz: float | None
    cores: int
    cache_bytes: int
    memory_bytes: int

    @classmethod
    def read(cls) -> Cpu:
        """This machine."""
        text = _read("/proc/cpuinfo")
        model = _field(text, "model name") or platform.processor() or platform.machine() or "CPU"
        flags = (_field(text, "flags") or _field(text, "Features") or "").split()
        mhz = _field(text, "cpu MHz")
        return cls(
            model=model,
            vendor=model.split()[0].removesuffix("(R)"),
            features=tuple(name for name in _FEATURES if name in flags),
            mhz=None if mhz is None else round(float(mhz)),
            cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            cache_bytes=_cache_bytes(),
            memory_bytes=_memory_bytes(),
        )

    @property
    def slug(self) -> str:
        """The model's name as part of a file name: ``AMD-EPYC``, ``Intel-Xeon-Platinum-8480``."""
        plain = re.sub(r"\((R|TM|tm)\)|@.*| CPU| Processor|\d+-Core", "", self.model)
        return re.sub(r"[^A-Za-z0-9.]+", "-", plain).strip("-") or "CPU"


def _read(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _field(text: str, name: str) -> str | None:
    found = re.search(rf"^{re.escape(name)}\s*:\s*(.+)$", text, flags=re.MULTILINE)
    return found.group(1).strip() if found else None


def _cache_bytes() -> int:
    sizes = [_read(path).strip() for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")]
    found = [int(size[:-1]) * _SUFFIX[size[-1]] for size in sizes if re.fullmatch(r"\d+[KMG]", size)]
    return max(found, default=_USUAL_CACHE_BYTES)


def _memory_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 * 2**30
