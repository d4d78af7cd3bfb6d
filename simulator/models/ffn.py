"""Feed-forward blocks: dense, mixture of experts, RWKV channel mixing, none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class FFNBlock(Protocol):
    """What every feed-forward block can say about itself."""

    def matmul_parameters(self, hidden_size: int) -> int:
        """Weights of its linear layers, all experts."""

    def active_matmul_parameters(self, hidden_size: int) -> int:
        """Weights one token multiplies with."""

    def other_parameters(self, hidden_size: int) -> int:
        """Biases and mixing vectors."""


@dataclass(frozen=True)
class DenseFFN:
    """Feed-forward block; ``num_matrices`` is 3 for a gated one (SwiGLU, GeGLU) and 2 otherwise."""

    intermediate_size: int
    num_matrices: int = 3
    bias: bool = False

    def matmul_parameters(self, hidden_size: int) -> int:
        """Gate, up and down projections."""
        return self.num_matrices * hidden_size * self.intermediate_size

    def active_matmul_parameters(self, hidden_size: int) -> int:
        """Every token uses all of them."""
        return self.matmul_parameters(hidden_size)

    def other_parameters(self, hidden_size: int) -> int:
        """Biases."""
        return (self.num_matrices - 1) * self.intermediate_size + hidden_size if self.bias else 0


@dataclass(frozen=True)
class MoEFFN:
    """Routed experts: each token goes to ``experts_per_token`` of ``num_experts``, and to all shared ones.

    ``intermediate_size`` is that of one routed expert; ``shared_intermediate_size`` of all shared experts together,
    0 = none. ``router_bias``: one number per expert. ``expert_bias``: biases in every routed expert. ``shared_gate``:
    a sigmoid gate on the shared experts' output.
    """

    num_experts: int
    experts_per_token: int
    intermediate_size: int
    num_matrices: int = 3
    shared_intermediate_size: int = 0
    router_bias: bool = False
    expert_bias: bool = False
    shared_gate: bool = False

    def expert_parameters(self, hidden_size: int) -> int:
        """Weights of one routed expert."""
        return self.num_matrices * hidden_size * self.intermediate_size

    def router_and_shared_parameters(self, hidden_size: int) -> int:
        """Weights every token multiplies with: router and shared experts."""
        gate = hidden_size if self.shared_gate else 0
        return hidden_size * self.num_experts + self.num_matrices * hidden_size * self.shared_intermediate_size + gate

    def matmul_parameters(self, hidden_size: int) -> int:
        """All experts, shared ones and the router."""
        return self.router_and_shared_parameters(hidden_size) + self.num_experts * self.expert_parameters(hidden_size)

    def active_matmul_parameters(self, hidden_size: int) -> int:
        """Router, shared experts and the routed experts of one token."""
        routed = self.experts_per_token * self.expert_parameters(hidden_size)
        return self.router_and_shared_parameters(hidden_size) + routed

    def other_parameters(self, hidden_size: int) -> int:
        """Biases."""
        expert = (self.num_matrices - 1) * self.intermediate_size + hidden_size if self.expert_bias else 0
        return self.num_experts * (expert + (1 if self.router_bias else 0))


@dataclass(frozen=True)
class ChannelMix:
    """RWKV's feed-forward block: key and value matrices, from RWKV-4 to 6 also a square receptance matrix."""

    intermediate_size: int
    mixing_vectors: int = 2

    def matmul_parameters(self, hidden_size: int) -> int:
        """Key, value and receptance."""
        return 2 * hidden_size * self.intermediate_size + hidden_size * hidden_size

    def active_matmul_parameters(self, hidden_size: int) -> int:
        """Every token uses all of them."""
        return self.matmul_parameters(hidden_size)

    def other_parameters(self, hidden_size: int) -> int:
        """Mixing vectors."""
        return self.mixing_vectors * hidden_size


@dataclass(frozen=True)
class NoFFN:
    """No feed-forward block: a Mamba layer is its mixer alone."""

    def matmul_parameters(self, hidden_size: int) -> int:
        """None."""
        return 0

    def active_matmul_parameters(self, hidden_size: int) -> int:
        """None."""
        return 0

    def other_parameters(self, hidden_size: int) -> int:
        """None."""
        return 0
