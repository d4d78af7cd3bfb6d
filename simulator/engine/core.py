"""ReferenceCore: the scheduler as a walk over every request, every step. Readable first; the oracle of the fast core.

The contract of a core (drivers: the SimPy replica, the golden-schedule replay, the tests):

* ``add(request)`` puts an arrival into ``waiting``; a request that could never fit raises ``NeverFits``.
* ``plan()`` decides one step and counts its tokens as computed. One more plan may be made before the last one is
  committed (asynchronous scheduling); tokens of plans in flight count as known, whatever their value will be.
* ``commit(plan)``, in the order of planning, says that the step has run: requests that are done give back their blocks
  and leave. Without a clock, "when" is the number of a plan.
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.engine.acceptance import Acceptance
from simulator.engine.config import EngineConfig
from simulator.engine.fit import refuse_if_never_fits
from simulator.engine.plan import Row, StepPlan
from simulator.engine.policies import POLICIES
from simulator.engine.pool import BlockPool
from simulator.engine.queues import FcfsQueue, PriorityQueue, WaitingQueue
from simulator.engine.request import Request

UNLIMITED = 2**62


def by_admission(request: Request) -> int:
    """Sort key: the order in which requests entered ``running``."""
    return request.order


class ReferenceCore:
    """One replica's scheduler under any policy of ``simulator.engine.policies``."""

    def __init__(self, config: EngineConfig, pool: BlockPool, acceptance: Acceptance | None = None) -> None:
        self.config = config
        self.rules = POLICIES[config.policy]
        self.pool = pool
        self.acceptance = acceptance
        self.running: dict[Request, None] = {}  # in order of admission
        self.waiting: WaitingQueue = FcfsQueue() if config.scheduling_policy == "fcfs" else PriorityQueue()
        self.gate_open = True  # a driver with a clock closes it for windowed policies
        self.preemptions = 0
        self.self_preemptions = 0  # a request gave way to itself: nothing else was left to throw out
        self.blocked_admissions = 0  # plans in which the head of the queue was refused for lack of blocks
        self.prefix_queries = 0  # tokens looked up in the prefix cache at admission
        self.prefix_hits = 0  # tokens found there
        self._plans = 0
        self._committed = 0
        self._admitted = 0
        self._held: list[Request] = []  # done, but keeping their seat until their batch ends (static batching)
        self._budget = config.max_num_batched_tokens if self.rules.token_budget else UNLIMITED
        self._threshold = config.long_prefill_token_threshold or UNLIMITED
        self._chunks = self.rules.chunks(config)

    @property
    def has_work(self) -> bool:
        """Whether any request is waiting or running."""
        return bool(self.running or self.waiting)

    def add(self, request: Request) -> None:
        """Queue an arrival. Raises ``NeverFits`` when no state of the replica could ever run it."""
        refuse_if_never_fits(request, self.config, self.pool.total)
        self.waiting.add(request)

    # -- planning ----------------------------------------------------------------------------------------------------

    def plan(self) -> StepPlan:
        """Decide the next step."""
        plan = self._new_plan()
        budget = self._schedule_running(plan)
        if not plan.preempted:
            self._admit(plan, budget)
        self._advance(plan)
        return plan

    def _new_plan(self) -> StepPlan:
        plan = StepPlan(self._plans)
        self._plans += 1
        return plan

    def _schedule_running(self, plan: StepPlan) -> int:
        """The pass over ``running``; returns the token budget that is left."""
        budget = self._budget
        queue = self._service_order()
        index = 0
        while index < len(queue) and budget > 0:
            request = queue[index]
            new = min(
                request.known + request.drafts - request.computed,
                self._threshold,
                budget,
                request.limit - 1 - request.computed,
            )
            if new <= 0:
                index += 1
                continue
            while not self.pool.grow(request, self._blocks_for(request, new)):
                victim = self._choose_victim(queue)
                queue.remove(victim)
                refund = self._take_back(plan, victim)
                if refund:  # as in vLLM, the place of a victim that was passed over is not made up for
                    index -= 1
                    budget += refund
                self._preempt(plan, victim, request)
                if victim is request:
                    break
            if not request.num_blocks:
                break  # it was its own victim
            drafts = min(request.drafts, max(0, new + request.computed - request.known))
            request.drafts = 0
            self._schedule(plan, request, new, drafts)
            budget -= new
            index += 1
        return budget

    def _service_order(self) -> list[Request]:
        if self.rules.decode_first:
            return sorted(self.running, key=lambda request: request.known - request.computed > 1)
        return list(self.running)

    def _blocks_for(self, request: Request, new: int) -> int:
        """Tokens whose blocks the request must hold to compute ``new`` more."""
        return request.computed + new

    def _choose_victim(self, queue: list[Request]) -> Request:
        if self.config.scheduling_policy == "priority":
            return max(queue, key=lambda request: (request.priority, request.arrival))
        return queue[-1]

    def _take_back(self, plan: StepPlan, victim: Request) -> int:
        """Undo what this step had planned for the victim; returns its tokens."""
        for position, row in enumerate(plan.rows):
            if row.request is victim:
                del plan.rows[position]
                return row.new
        return 0

    def _preempt(self, plan: StepPlan, victim: Request, beneficiary: Request) -> None:
        del self.running[victim]
        self.pool.release(victim, victim.findable_tokens, done=False)
        victim.computed = 0
        victim.preempted = True
        victim.preemptions += 1
        self.preemptions += 1
        self.self_preemptions += victim is beneficiary
        plan.preempted.append(victim)
        self.waiting.put_back(victim)

    def _schedule(self, plan: StepPlan, request: Request, new: int, drafts: int) -> None:
        """Give the request ``new`` tokens of this step."""
        if request.scheduled_step < 0:
            request.scheduled_step = plan.index
        plan.rows.append(Row(request, new, request.computed, drafts))
        # vLLM names blocks when it allocates them, before they are computed, but never by a token without a value.
        request.findable_tokens = min(request.computed + new, self._settled_tokens(request))
        if request.computed < request.prompt_tokens or request.known - request.computed > 1:
            self.pool.publish(request, request.findable_tokens)

    def _settled_tokens(self, request: Request) -> int:
        """Known tokens whose values exist: not those of a plan in flight."""
        return request.known - (request.last_token_step >= self._committed)

    # -- admission ---------------------------------------------------------------------------------------------------

    def _admit(self, plan: StepPlan, budget: int) -> None:
        """The pass over ``waiting``."""
        config, waiting, rules = self.config, self.waiting, self.rules
        if rules.batch_only and (self.running or not self.gate_open):
            return
        passed_over: list[Request] = []
        adapters = {row.request.adapter for row in plan.rows if row.request.adapter} if config.max_loras else set()
        while waiting and budget > 0 and len(self.running) < config.max_num_seqs:
            request = waiting.peek()
            if request.adapter and len(adapters) == config.max_loras > 0 and request.adapter not in adapters:
                passed_over.append(waiting.pop())
                continue
            prefix = self.pool.find_prefix(request)
            cached = len(prefix) * self.pool.block_size
            new = min(request.known - cached, self._threshold)
            if not self._chunks and new > budget:
                passed_over.append(waiting.pop())
                continue
            new = min(new, budget)
            gated = config.scheduler_reserve_full_isl and not self.pool.fits(request, request.known, prefix)
            if gated or not self.pool.admit(request, self._tokens_to_enter(request, cached + new), prefix):
                self.blocked_admissions += 1
                break
            waiting.pop()
            self._enter(request, cached)
            plan.features.admitted += 1
            if request.adapter:
                adapters.add(request.adapter)
            self._schedule(plan, request, new, 0)
            budget -= new
        for request in passed_over:
            waiting.put_back(request)

    def _tokens_to_enter(self, request: Request, first_chunk: int) -> int:
        """Tokens whose blocks the request must get to enter ``running``."""
        if self.rules.reserve == "full":
            return request.limit - 1
        return request.known if self.rules.reserve == "prompt" else first_chunk

    def _enter(self, request: Request, cached: int) -> None:
        self.running[request] = None
        request.order = self._admitted
        self._admitted += 1
        request.computed = cached
        request.preempted = False
        if self.pool.caching:
            self.prefix_queries += request.known
            self.prefix_hits += cached
            if not request.preemptions:
                request.cached_tokens = cached

    # -- progress ----------------------------------------------------------------------------------------------------

    def _advance(self, plan: StepPlan) -> None:
        """Count the planned tokens as computed, and the tokens they will yield as known."""
        for row in plan.rows:
            self._advance_row(plan, row)
        plan.finishing.sort(key=by_admission)
        self._add_ballast(plan)

    def _advance_row(self, plan: StepPlan, row: Row) -> None:
        request, new, before, drafts = row
        features = plan.features
        features.tokens += new
        missing = request.known - before
        request.computed = before + new
        produces = new >= missing
        features.add_chunk(new, before)
        if not produces:
            return
        features.sampled += 1 + drafts
        self._note_token(plan, request)
        if not self.config.num_speculative_tokens:
            request.known += 1
            if request.known >= request.limit:
                plan.finishing.append(request)

    def _note_token(self, plan: StepPlan, request: Request) -> None:
        """Write down that the request produces a token in this step."""
        step = plan.index
        if request.last_token_step == step - 1 >= 0:
            plan.gap_seqs += 1
        elif request.last_token_step >= 0:
            plan.odd_gaps.append(request.last_token_step)
        if request.first_token_step < 0:
            request.first_token_step = step
        request.last_token_step = step

    def _add_ballast(self, plan: StepPlan) -> None:
        """Static batches: rows of finished requests and prompts padded to the longest are computed all the same."""
        if not self.rules.batch_only:
            return
        features = plan.features
        if plan.rows and not self._held:
            longest = max(row.new for row in plan.rows)
            features.tokens += sum(longest - row.new for row in plan.rows)
        held = len(self._held)
        features.tokens += held
        features.decode_seqs += held
        features.decode_queries += held
        features.decode_kv += sum(request.limit - 1 for request in self._held)

    # -- commit ------------------------------------------------------------------------------------------------------

    def commit(self, plan: StepPlan) -> list[Request]:
        """The step has run. Returns the requests that are done, in the order of ``running``."""
        self._committed = plan.index + 1
        if self.config.num_speculative_tokens:
            self._verify(plan)
        for request in plan.finishing:
            self._finish(request)
        if self._held and len(self._held) == len(self.running):
            for request in self._held:
                self._leave(request)
            self._held.clear()
        return plan.finishing

    def _finish(self, request: Request) -> None:
        if request.preempted:  # thrown out while the plan with its last token was in flight
            self.waiting.remove(request)
        elif self.rules.batch_only:
            self._held.append(request)
        else:
            self._leave(request)

    def _leave(self, request: Request) -> None:
        del self.running[request]
        speculating = self.config.num_speculative_tokens > 0
        self.pool.release(request, request.findable_tokens if speculating else request.computed, done=True)

    def _verify(self, plan: StepPlan) -> None:
        """Draw how many drafts were right; roll back the rest; propose drafts for the next step."""
        for request, new, before, drafts in plan.rows:
            if before + new < request.known:
                continue
            accepted = min(drafts, self.acceptance.draw(request)) if drafts and self.acceptance else 0
            if not request.preempted:
                request.computed -= drafts - accepted
            gained = 1 + accepted  # never past the limit: the drafts were planned within it
            plan.burst_tokens += gained - 1
            request.known += gained
            if request.known >= request.limit:
                plan.finishing.append(request)
            else:
                request.drafts = self.config.num_speculative_tokens

    # -- looking in --------------------------------------------------------------------------------------------------

    def expand(self, plan: StepPlan) -> Iterator[Row]:
        """One row per scheduled request, in the order of ``running``; valid until the next call of the core."""
        return iter(sorted(plan.rows, key=lambda row: row.request.order))
