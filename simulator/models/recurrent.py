"""Token mixers with a constant state per sequence: Mamba, Mamba-2, RWKV.

State sizes are those of TECHNIQUES 4.5. None of them caches anything per token, so that memory limits the number of
sequences and not their length.
"""

from __future__ import annotations

from dataclasses import dataclass


class _NoCache:
    """What all recurrent mixers share: no window, nothing cached per token."""

    @property
    def sliding_window(self) -> None:
        """None: the state stands for the whole context."""
        return

    def kv_elements_per_token(self) -> int:
        """None."""
        return 0


@dataclass(frozen=True)
class MambaMixer(_NoCache):
    """Selective state space (Mamba, arXiv 2312.00752).

    ``inner_size``: channels d_in. ``state_size``: N per channel. ``dt_rank``: width of the step-size bottleneck.
    ``inner_norms``: norms on dt, B and C (Jamba).
    """

    inner_size: int
    state_size: int
    conv_kernel: int
    dt_rank: int
    conv_bias: bool = True
    inner_norms: bool = False

    def in_columns(self) -> int:
        """Columns of the input projection: channels and their gate."""
        return 2 * self.inner_size

    def matmul_parameters(self, hidden_size: int) -> int:
        """Input, x, dt and output projections."""
        return hidden_size * 3 * self.inner_size + self.inner_size * (2 * self.dt_rank + 2 * self.state_size)

    def other_parameters(self, hidden_size: int) -> int:
        """Convolution, dt bias, A, D and the norms."""
        conv = self.inner_size * (self.conv_kernel + (1 if self.conv_bias else 0))
        norms = self.dt_rank + 2 * self.state_size if self.inner_norms else 0
        return conv + self.inner_size * (self.state_size + 2) + norms

    def state_elements_per_sequence(self) -> int:
        """State of every channel and the convolution's last inputs."""
        return self.inner_size * (self.state_size + self.conv_kernel - 1)


@dataclass(frozen=True)
class Mamba2Mixer(_NoCache):
    """State space duality (Mamba-2, arXiv 2405.21060): ``num_heads`` scalar decays, B and C shared by ``n_groups``."""

    inner_size: int
    state_size: int
    conv_kernel: int
    num_heads: int
    n_groups: int
    conv_bias: bool = True

    @property
    def conv_size(self) -> int:
        """Channels that pass the convolution: x, B and C."""
        return self.inner_size + 2 * self.n_groups * self.state_size

    def in_columns(self) -> int:
        """Columns of the input projection: gate, x, B, C and dt."""
        return self.inner_size + self.conv_size + self.num_heads

    def matmul_parameters(self, hidden_size: int) -> int:
        """Input and output projections."""
        return hidden_size * (self.in_columns() + self.inner_size)

    def other_parameters(self, hidden_size: int) -> int:
        """Convolution, A, D, dt bias and the gated norm."""
        return self.conv_size * (self.conv_kernel + (1 if self.conv_bias else 0)) + 3 * self.num_heads + self.inner_size

    def state_elements_per_sequence(self) -> int:
        """State of every channel and the convolution's last inputs."""
        return self.inner_size * self.state_size + self.conv_size * (self.conv_kernel - 1)


@dataclass(frozen=True)
class RWKVMixer(_NoCache):
    """Time mixing of RWKV.

    ``inner_size``: width of receptance, key and value. ``head_size``: 0 for RWKV-4, whose state is a vector per
    channel; rows of the matrix state from RWKV-5 on. ``gate``: a fifth matrix (RWKV-5.2 and 6). ``low_rank``:
    parameters of data-dependent mixing and decay (RWKV-6).
    """

    inner_size: int
    head_size: int = 0
    gate: bool = False
    low_rank: int = 0

    @property
    def num_heads(self) -> int:
        """Heads of the matrix state; RWKV-4 is split by channel."""
        return self.inner_size // self.head_size if self.head_size else self.inner_size

    def in_columns(self) -> int:
        """Columns of receptance, key, value and gate together."""
        return (4 if self.gate else 3) * self.inner_size

    def matmul_parameters(self, hidden_size: int) -> int:
        """Receptance, key, value, gate and output, and the low-rank parts."""
        return hidden_size * (self.in_columns() + self.inner_size) + self.low_rank

    def other_parameters(self, hidden_size: int) -> int:
        """Mixing vectors, decay, bonus, group norm."""
        if not self.head_size:
            return 3 * hidden_size + 2 * self.inner_size
        return (6 if self.low_rank else 4 if self.gate else 3) * hidden_size + 4 * self.inner_size

    def state_elements_per_sequence(self) -> int:
        """RWKV-4: 5 d; from 5 on a head-size square per head and the two last inputs."""
        return self.inner_size * self.head_size + 2 * self.inner_size if self.head_size else 5 * self.inner_size
