"""Devices whose constants ship with the package, and the tables they come from."""

from __future__ import annotations

TABLES = {
    "H100-SXM5-80GB": "h100_sxm",
    "H200-SXM-141GB": "h200_sxm",
    "A100-SXM4-80GB": "a100_sxm",
    "L40S": "l40s",
    "B200-SXM-180GB": "b200_sxm",
}
"""Hardware profile -> name in ``kernels_<name>.csv.gz``."""

COLLECTION = "aiconfigurator-core 0.12.0 (Apache-2.0) tables"
