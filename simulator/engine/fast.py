"""EngineCore: the same decisions as ``ReferenceCore`` without walking over requests that only decode.

A step takes the short way when its outcome does not depend on the order of ``running``: every member of the decoding
cohort gets its token, the few listed requests (unfinished prompts) share the rest of the budget, the blocks suffice.
Otherwise the cohort dissolves and the step is walked; afterwards whoever decodes joins the cohort again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from simulator.engine.acceptance import Acceptance
from simulator.engine.cohort import Cohort
from simulator.engine.config import EngineConfig
from simulator.engine.core import ReferenceCore, by_admission
from simulator.engine.plan import Row, StepPlan
from simulator.engine.pool import BlockPool
from simulator.engine.request import Request


class EngineCore(ReferenceCore):
    """One replica's scheduler, O(1) per step plus O(log n) per request in all but order-dependent steps."""

    def __init__(self, config: EngineConfig, pool: BlockPool, acceptance: Acceptance | None = None) -> None:
        super().__init__(config, pool, acceptance)
        self._cohort = Cohort(config.block_size, counts_blocks=self.rules.reserve != "full")
        self._listed: list[Request] = []  # running, not decoding, not done; in order of admission
        # Drawn progress and the adapter limit look at every request anyway; static batches carry their dead along.
        self._always_walks = bool(config.num_speculative_tokens or config.max_loras or self.rules.batch_only)

    def plan(self) -> StepPlan:
        if self._always_walks:
            return super().plan()
        rows = self._short_way()
        return self._walk() if rows is None else self._step(rows)

    def _short_way(self) -> list[Row] | None:
        """The rows of the listed requests if the order of ``running`` makes no difference to this step, else None."""
        cohort = self._cohort
        budget = available = self._budget - cohort.size
        blocks = self.pool.free - cohort.new_blocks[cohort.iteration % cohort.block_size]
        if budget < 0 or blocks < 0:
            return None
        rows: list[Row] = []
        if not self._listed:
            return rows
        if self.rules.decode_first and len(self._listed) > 1 and not self._listed_come_last():
            return None
        wanted = 0
        for request in self._listed:
            computed = request.computed
            missing = min(request.known - computed, self._threshold)
            wanted += missing
            new = min(missing, budget)
            if new <= 0:
                continue
            rows.append(Row(request, new, computed, 0))
            budget -= new
            blocks -= max(0, -(-(computed + new) // cohort.block_size) - request.num_blocks)
        if blocks < 0 or (wanted > available and not self._listed_come_last()):
            return None
        return rows

    def _listed_come_last(self) -> bool:
        """Whether the walk would serve every listed request after every member of the cohort."""
        if self.rules.decode_first:
            return all(request.known - request.computed > 1 for request in self._listed)
        return self._listed[0].order > self._cohort.top

    def _step(self, rows: list[Row]) -> StepPlan:
        """Plan a step whose listed rows are decided."""
        plan = self._new_plan()
        budget = self._budget
        size = self._cohort.size
        if size:
            self._step_cohort(plan, size)
            budget -= size
        for request, new, computed, _ in rows:
            self.pool.grow(request, computed + new)
            self._schedule(plan, request, new, 0)
            budget -= new
        if self.waiting and budget > 0 and len(self.running) < self.config.max_num_seqs:
            self._admit(plan, budget)
        if plan.rows:
            self._settle_rows(plan)
        if len(plan.finishing) > 1:
            plan.finishing.sort(key=by_admission)
        return plan

    def _step_cohort(self, plan: StepPlan, size: int) -> None:
        cohort = self._cohort
        blocks = cohort.new_blocks[cohort.iteration % cohort.block_size]
        if blocks:
            self.pool.take(blocks)
        features = plan.features
        features.tokens = features.sampled = features.decode_seqs = features.decode_queries = size
        features.decode_kv = cohort.kv_tokens + size
        plan.cohort = plan.gap_seqs = size
        done = cohort.advance()
        if done is not None:
            plan.finishing = done

    def _settle_rows(self, plan: StepPlan) -> None:
        """Count the rows as computed; those that decode from here on join the cohort, the others stay listed."""
        entered = plan.rows[-plan.features.admitted :] if plan.features.admitted else []
        candidates = self._listed + [row.request for row in entered]
        for row in plan.rows:
            self._advance_row(plan, row)
        self._sort_out(plan, candidates)

    def _sort_out(self, plan: StepPlan, candidates: Iterable[Request]) -> None:
        step = plan.index
        self._listed = listed = []
        for request in candidates:
            if request.known >= request.limit:
                continue
            if request.last_token_step == step:
                self._cohort.join(request)
            else:
                listed.append(request)

    def _walk(self) -> StepPlan:
        """Dissolve the cohort, walk the step as the reference does, gather the cohort again."""
        last = self._plans - 1
        for request in self._cohort.dissolve():
            if request.last_token_step < last:  # it has decoded as a member, up to the last plan
                request.last_token_step = last
                # A token of a plan in flight has no value yet: the block it completes cannot be named.
                request.findable_tokens = request.computed - (last >= self._committed)
        plan = super().plan()
        self._sort_out(plan, self.running)
        return plan

    def expand(self, plan: StepPlan) -> Iterator[Row]:
        if self._always_walks or not plan.cohort:
            yield from super().expand(plan)
            return
        rows = {row.request: row for row in plan.rows}
        leavers = set(plan.finishing)
        for request in self.running:
            if request in rows:
                yield rows[request]
            elif request.decoding:
                yield Row(request, 1, self._cohort.iteration + request.offset - 1, 0)
            elif request in leavers:
                yield Row(request, 1, request.computed - 1, 0)
