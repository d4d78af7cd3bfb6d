"""Where the shared reference data stands when it is present: the folder ``shared`` beside the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"

needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="reference data not present beside the repository (third-party, not committed)"
)
