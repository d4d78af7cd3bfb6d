"""How many experts a call of the tables touches when its tokens follow aiconfigurator's power law.

As its collectors do (``power_law_logits_v3``, collector/helper.py): an expert's load is drawn from a density
``x^-alpha`` between 1 and 0.8 times the tokens (0.01 and 2 where rows are no more than experts), all are scaled to the
rows of the call and rounded, and rows lost in rounding go to the experts with the most. With alpha 1.01 loads are even
in their logarithm: with as many rows as experts, more than half of these are idle.
"""

from __future__ import annotations

import numpy as np

from calibration.fit.kernel_class import Floats

_QUANTILES = (np.arange(64) + 0.5) / 64


def touched_by_power_law(tokens: Floats, experts: Floats, experts_per_token: Floats) -> Floats:
    """Experts with at least one row, per call; alpha close to 1."""
    rows = tokens * experts_per_token
    many = rows > experts
    least, most = np.where(many, 1.0, 0.01), np.where(many, np.maximum(1.0, 0.8 * tokens), 2.0)
    drawn = least[:, None] * (most / least)[:, None] ** _QUANTILES
    loads = np.round(drawn / drawn.mean(axis=1, keepdims=True) * (rows / experts)[:, None])
    lost = rows - experts * loads.mean(axis=1)
    touched = np.maximum(experts * (loads > 0).mean(axis=1), lost)
    return np.clip(touched, experts_per_token, np.minimum(experts, rows))
