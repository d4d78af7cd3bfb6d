"""Work of a whole step, in the parts that follow from different statistics of it.

``token_work`` follows the (padded) token count, ``sampled_work`` the rows of the LM head, ``prefill_attention_work``
and ``decode_attention_work`` the context sums, ``decode_fixed_work`` the number of decoding sequences alone,
``admission_work`` the requests admitted. A step's work is their concatenation.
"""

from __future__ import annotations

from simulator.models.spec import ModelSpec
from simulator.operators import latent, recurrent  # noqa: F401  (their mixers register with the dispatch below)
from simulator.operators.attention import (
    DecodeStatistics,
    PrefillStatistics,
    decode_sequence_work,
    decode_work,
    prefill_work,
)
from simulator.operators.encoder import admission_work
from simulator.operators.features import StepFeatures
from simulator.operators.layers import layer_linear_work
from simulator.operators.layout import Layout
from simulator.operators.work import Gemm, Sizes, Work, all_gather_work, gemm_work, stream_work


def step_work(
    model: ModelSpec, layout: Layout, features: StepFeatures, *, padded_tokens: int | None = None
) -> list[Work]:
    """Every operator of a step with the given statistics; linear layers run ``padded_tokens`` rows when given."""
    work = token_work(model, layout, padded_tokens or features.tokens) if features.tokens else []
    if features.prefill_seqs:
        work += prefill_attention_work(model, layout, prefill_statistics(features))
    if features.decode_seqs:
        work += decode_attention_work(model, layout, decode_statistics(features))
        work += decode_fixed_work(model, layout, features.decode_seqs, features.decode_queries)
    if features.sampled:
        work += sampled_work(model, layout, features.sampled)
    if features.admitted:
        work += admission_work(model, layout, features.admitted)
    return work


def prefill_statistics(features: StepFeatures) -> PrefillStatistics:
    """The prefill sums of a step."""
    return PrefillStatistics(
        features.prefill_seqs,
        features.prefill_tokens,
        features.prefill_pairs,
        features.prefill_kv,
        features.prefill_tiles,
    )


def decode_statistics(features: StepFeatures) -> DecodeStatistics:
    """The decode sums of a step."""
    return DecodeStatistics(features.decode_seqs, features.decode_queries, features.decode_kv)


def token_work(model: ModelSpec, layout: Layout, tokens: Sizes) -> list[Work]:
    """Embedding, every layer without its attention kernels, final norm."""
    wide = layout.dtypes.width("other")
    row = model.hidden_size * wide
    work = [stream_work("embedding", 1, flops=0.0 * tokens, bytes_read=tokens * row, bytes_written=tokens * row)]
    for block, count in model.layer_groups:
        work += layer_linear_work(block, model.hidden_size, layout, tokens, count)
    final_norm = stream_work(
        "final_norm",
        1,
        flops=5.0 * tokens * model.hidden_size,
        bytes_read=2.0 * tokens * row + row,
        bytes_written=tokens * row,
    )
    return [*work, final_norm]


def sampled_work(model: ModelSpec, layout: Layout, rows: Sizes) -> list[Work]:
    """LM head, its vocabulary split over the ranks; every rank gathers the logits, copies them in 32 bits and samples
    greedily in one pass over them (vLLM v1: ``LogitsProcessor`` and ``Sampler.forward``)."""
    wide, ranks = layout.dtypes.width("other"), layout.tensor_parallel_size
    vocabulary = layout.shard(model.vocab_size)
    head = Gemm(rows, vocabulary, model.hidden_size, layout.dtypes.other, wide, wide)
    words = rows * float(model.vocab_size)
    gather = [all_gather_work("logits_gather", words * wide, ranks, 1)] if ranks > 1 else []
    return [
        gemm_work("lm_head", head, 1),
        *gather,
        stream_work("logits_copy", 1, flops=0.0 * words, bytes_read=words * wide, bytes_written=words * 4.0),
        stream_work("sampling", 1, flops=words, bytes_read=words * 4.0, bytes_written=8.0 * rows),
    ]


def prefill_attention_work(model: ModelSpec, layout: Layout, chunks: PrefillStatistics) -> list[Work]:
    """Prefill kernels of every layer's token mixers."""
    return [
        work
        for block, count in model.layer_groups
        for mixer in block.mixers
        for work in prefill_work(mixer, layout, chunks, count)
    ]


def decode_attention_work(model: ModelSpec, layout: Layout, decodes: DecodeStatistics) -> list[Work]:
    """Decode kernels of every layer's token mixers that follow the summed context."""
    return [
        work
        for block, count in model.layer_groups
        for mixer in block.mixers
        for work in decode_work(mixer, layout, decodes, count)
    ]


def decode_fixed_work(model: ModelSpec, layout: Layout, sequences: Sizes, queries: Sizes) -> list[Work]:
    """Decode kernels that follow the number of sequences and query rows only."""
    return [
        work
        for block, count in model.layer_groups
        for mixer in block.mixers
        for work in decode_sequence_work(mixer, layout, sequences, queries, count)
    ]
