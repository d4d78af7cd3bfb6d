"""Cost models whose answers are known in closed form."""

from __future__ import annotations

from simulator.operators.features import StepFeatures


class PerToken:
    """A step takes ``seconds_per_token`` for each scheduled token."""

    def __init__(self, seconds_per_token: float) -> None:
        self.seconds_per_token = seconds_per_token

    def seconds(self, features: StepFeatures) -> float:
        return features.tokens * self.seconds_per_token


class Affine:
    """A step takes a constant, plus something per token, per KV token and per query-key pair."""

    def __init__(self, base_s: float = 5e-3, token_s: float = 2e-5, kv_s: float = 4e-8, pair_s: float = 1e-9) -> None:
        self.base_s, self.token_s, self.kv_s, self.pair_s = base_s, token_s, kv_s, pair_s

    def seconds(self, features: StepFeatures) -> float:
        return (
            self.base_s
            + self.token_s * features.tokens
            + self.kv_s * features.decode_kv
            + self.pair_s * features.prefill_pairs
        )
