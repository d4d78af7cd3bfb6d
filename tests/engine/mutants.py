"""Wrong schedulers: each breaks one rule by one small edit of the source."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """``old`` is replaced by ``new`` in ``simulator/engine/<file>``; ``old`` must occur exactly once."""

    rule: str
    file: str
    old: str
    new: str


MUTANTS = [
    # -- the pass over running
    Mutant("running requests are capped at limit - 1", "core.py", "request.limit - 1 - request.computed,", "2**60,"),
    Mutant(
        "long-prefill threshold, running",
        "core.py",
        "self._threshold,\n                budget,",
        "budget,",
    ),
    Mutant("fcfs preempts the last", "core.py", "return queue[-1]", "return queue[0]"),
    Mutant(
        "priority preempts the latest of the lowest class",
        "core.py",
        "return max(queue, key=lambda request: (request.priority, request.arrival))",
        "return max(queue, key=lambda request: (request.priority, -request.arrival))",
    ),
    Mutant("ties of victims", "core.py", "return max(queue, key=", "return max(reversed(queue), key="),
    Mutant("refund of a victim's budget", "core.py", "                    budget += refund\n", ""),
    Mutant("a planned victim's row is dropped", "core.py", "                del plan.rows[position]\n", ""),
    Mutant("the walk steps back over a planned victim", "core.py", "                    index -= 1\n", ""),
    Mutant("a victim gives back its blocks", "core.py", "        self.pool.release(victim, victim.findable_tokens, done=False)\n", ""),
    Mutant("a victim's blocks stay findable", "core.py", "self.pool.release(victim, victim.findable_tokens, done=False)", "self.pool.release(victim, 0, done=False)"),
    Mutant("victims return to the front", "queues.py", "        self.appendleft(request)", "        self.append(request)"),
    Mutant("a preempting step admits nobody", "core.py", "        if not plan.preempted:\n            self._admit", "        if True:\n            self._admit"),
    Mutant("preempted is a level", "core.py", "        request.preempted = False\n", ""),
    # -- the pass over waiting
    Mutant("seats", "core.py", "len(self.running) < config.max_num_seqs:", "len(self.running) <= config.max_num_seqs:"),
    Mutant("long-prefill threshold, waiting", "core.py", "new = min(request.known - cached, self._threshold)", "new = request.known - cached"),
    Mutant("an unchunked prompt over the budget is passed over", "core.py", "if not self._chunks and new > budget:\n                passed_over.append(waiting.pop())\n                continue", "if not self._chunks and new > budget:\n                break"),
    Mutant("an unchunked prompt that just fits enters", "core.py", "not self._chunks and new > budget", "not self._chunks and new >= budget"),
    Mutant("passed-over requests return in reverse", "core.py", "for request in passed_over:", "for request in reversed(passed_over):"),
    Mutant("the adapter limit", "core.py", "len(adapters) == config.max_loras > 0", "len(adapters) > config.max_loras > 0"),
    Mutant("adapters of running requests count", "core.py", "{row.request.adapter for row in plan.rows if row.request.adapter}", "set()"),
    Mutant("admission takes the first chunk's blocks only", "core.py", "request.known if self.rules.reserve == \"prompt\" else first_chunk", "request.known"),
    Mutant("a prompt that does not fit whole waits", "core.py", "gated = config.scheduler_reserve_full_isl and not", "gated = False and not"),
    Mutant("the whole prompt is checked, not taken", "core.py", "self._tokens_to_enter(request, cached + new), prefix)", "self._tokens_to_enter(request, request.known if config.scheduler_reserve_full_isl else cached + new), prefix)"),
    Mutant("unheld hits of a whole prompt count", "caching_pool.py", "- len(prefix) + unheld <= self.free", "- len(prefix) <= self.free"),
    Mutant("waiting by priority", "queues.py", "(request.priority, request.arrival, request.row, request)", "(request.arrival, request.priority, request.row, request)"),
    Mutant("ties in waiting", "queues.py", "request.arrival, request.row, request)", "request.arrival, -request.row, request)"),
    # -- blocks and prefixes
    Mutant("cap of the prefix lookup", "caching_pool.py", "tokens = request.known - 1", "tokens = request.known"),
    Mutant("tail blocks are freed first", "caching_pool.py", "for block in reversed(request.block_ids):", "for block in request.block_ids:"),
    Mutant("least recently freed first", "caching_pool.py", "entry = next(iter(queue))", "entry = next(reversed(queue))"),
    Mutant("unheld hits count against free blocks", "caching_pool.py", "if lacking + len(unheld) > self.free:", "if lacking > self.free:"),
    Mutant("eviction forgets the content", "caching_pool.py", "                self._forget(entry)\n", "                pass\n"),
    Mutant("nameless blocks are the tail", "caching_pool.py", "        request.block_ids = []\n", "        if nameless:\n            queue.move_to_end(-self._runs)\n        request.block_ids = []\n"),
    Mutant("the first of equal blocks is found", "caching_pool.py", "self._by_key[key] = twins.pop(0)", "self._by_key[key] = twins.pop()"),
    Mutant("a held block is shared, not freed", "caching_pool.py", "            holders[block] += 1\n", ""),
    Mutant("blocks are named when allocated", "core.py", "            self.pool.publish(request, request.findable_tokens)\n", "            pass\n"),
    Mutant("the last prompt token's block is named", "core.py", "request.computed < request.prompt_tokens or request.known", "request.known"),
    Mutant("half-filled blocks count", "pool.py", "lacking = -(-tokens // self.block_size)", "lacking = tokens // self.block_size"),
    Mutant("content is private to its request", "content.py", "private = -request.row - 1", "private = -1"),
    # -- asynchronous scheduling and speculation
    Mutant("tokens in flight have no value", "core.py", "request.known - (request.last_token_step >= self._committed)", "request.known"),
    Mutant("a victim may finish while it waits", "core.py", "if request.preempted:  #", "if False:  #"),
    Mutant("rejected drafts are rolled back", "core.py", "request.computed -= drafts - accepted", "pass"),
    Mutant("drafts are trimmed by the budget", "core.py", "min(request.drafts, max(0, new + request.computed - request.known))", "request.drafts"),
    Mutant("drafts are used once", "core.py", "            request.drafts = 0\n", ""),
    Mutant("a verification yields accepted + 1", "core.py", "gained = 1 + accepted", "gained = max(1, accepted)"),
    Mutant("drafts after each sample", "core.py", "request.drafts = self.config.num_speculative_tokens", "pass"),
    # -- the cohort's short way
    Mutant("cohort: blocks by residue", "cohort.py", "self.new_blocks[-offset % self.block_size] += 1", "self.new_blocks[offset % self.block_size] += 1"),
    Mutant("cohort: last iteration", "cohort.py", "request.limit - 2 - offset", "request.limit - 1 - offset"),
    Mutant("cohort: KV grows with every step", "cohort.py", "self.kv_tokens += self.size", "pass"),
    Mutant("cohort: leavers take their KV along", "cohort.py", "        self.kv_tokens -= computed\n", ""),
    Mutant("short way: shortage is walked", "fast.py", "if budget < 0 or blocks < 0:", "if budget < 0:"),
    Mutant("short way: listed requests need blocks", "fast.py", "if blocks < 0 or (wanted", "if (wanted"),
    Mutant("short way: budget", "fast.py", "budget = available = self._budget - cohort.size", "budget = available = self._budget"),
    Mutant("short way: finishers in order of running", "fast.py", "            plan.finishing.sort(key=by_admission)\n", "            pass\n"),
    Mutant("walk: names lag one step behind", "fast.py", "request.computed - (last >= self._committed)", "request.computed"),
    Mutant("walk: members decoded in the last step", "fast.py", "                request.last_token_step = last\n", ""),
]  # fmt: skip
