"""Put an engine core together: configuration -> block pool -> core."""

from __future__ import annotations

from typing import Literal

from simulator.engine.acceptance import Acceptance
from simulator.engine.caching_pool import CachingBlockPool
from simulator.engine.config import EngineConfig
from simulator.engine.content import BlockContents
from simulator.engine.core import ReferenceCore
from simulator.engine.fast import EngineCore
from simulator.engine.fit import check_config
from simulator.engine.pool import BlockPool

Loop = Literal["fast", "reference"]


def build_core(config: EngineConfig, acceptance: Acceptance | None = None, loop: Loop = "fast") -> ReferenceCore:
    """A core with its own block pool. Raises ``InputError`` for configurations that could starve a valid request."""
    check_config(config)
    pool: BlockPool
    if config.enable_prefix_caching:
        pool = CachingBlockPool(config.num_blocks, config.block_size, BlockContents(config.block_size))
    else:
        pool = BlockPool(config.num_blocks, config.block_size)
    core_type = EngineCore if loop == "fast" else ReferenceCore
    return core_type(config, pool, acceptance)
