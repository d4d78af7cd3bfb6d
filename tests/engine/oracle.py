"""vLLM 0.11's v1 scheduler once more, as naively as possible: an independent oracle for ``ReferenceCore``.

Nothing is shared with ``simulator.engine``. Prompts are lists of single tokens, a block's hash is the tuple of all
tokens up to its end, the free queue is a list, placeholders and known tokens are kept apart, and blocks are hashed at
exactly the moments vLLM hashes them. It is slow, and easy to hold against the recorded schedules.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Token = tuple[int, int]


@dataclass
class Item:
    id: int
    prompt: list[Token]
    output_len: int
    arrival: int
    priority: int = 0
    lora: int = 0
    accepted: list[int] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    computed: int = 0
    placeholders: int = 0
    spec: int = 0
    blocks: list[int] = field(default_factory=list)
    hashed: int = 0  # blocks
    status: str = "waiting"
    was_preempted: bool = False


@dataclass
class Output:
    rows: dict[int, tuple[int, int]] = field(default_factory=dict)  # id -> (new, computed before)
    drafts: dict[int, int] = field(default_factory=dict)
    items: list[Item] = field(default_factory=list)


class Oracle:
    def __init__(self, **config: object) -> None:
        self.c = config
        self.size: int = config["block_size"]  # type: ignore[assignment]
        self.free: list[int] = list(range(config["num_blocks"]))  # type: ignore[call-overload]
        self.refs = dict.fromkeys(self.free, 0)
        self.hash_of: dict[int, tuple[Token, ...]] = {}
        self.cached: dict[tuple[Token, ...], list[int]] = {}
        self.running: list[Item] = []
        self.waiting: list[Item] = []

    # -- blocks --

    def take(self, count: int) -> list[int]:
        taken = []
        for _ in range(count):
            block = self.free.pop(0)
            old = self.hash_of.pop(block, None)
            if old is not None:
                self.cached[old].remove(block)
                if not self.cached[old]:
                    del self.cached[old]
            self.refs[block] = 1
            taken.append(block)
        return taken

    def give_back(self, item: Item) -> None:
        for block in reversed(item.blocks):
            self.refs[block] -= 1
            if self.refs[block] == 0:
                self.free.append(block)
        item.blocks, item.hashed = [], 0

    def hash_blocks(self, item: Item, tokens: int) -> None:
        if not self.c["enable_prefix_caching"]:
            return
        for index in range(item.hashed, tokens // self.size):
            name = tuple(item.tokens[: (index + 1) * self.size])
            self.hash_of[item.blocks[index]] = name
            self.cached.setdefault(name, []).append(item.blocks[index])
            item.hashed = index + 1

    def hits(self, item: Item) -> list[int]:
        found = []
        if self.c["enable_prefix_caching"]:
            for index in range((len(item.tokens) - 1) // self.size):
                blocks = self.cached.get(tuple(item.tokens[: (index + 1) * self.size]))
                if not blocks:
                    break
                found.append(blocks[0])
        return found

    def room(self, tokens: int, hits: list[int]) -> bool:
        return -(-tokens // self.size) - len(hits) + sum(self.refs[block] == 0 for block in hits) <= len(self.free)

    def allocate(self, item: Item, new: int, hits: list[int], computed: int) -> bool:
        need = -(-(computed + new) // self.size) - len(item.blocks) - len(hits)
        idle_hits = [block for block in hits if self.refs[block] == 0]
        if max(need, 0) + len(idle_hits) > len(self.free):
            return False
        for block in hits:
            if self.refs[block] == 0:
                self.free.remove(block)
            self.refs[block] += 1
        item.blocks += hits
        item.hashed = max(item.hashed, len(hits))
        item.blocks += self.take(max(need, 0))
        self.hash_blocks(item, min(computed + new, len(item.tokens)))
        return True

    # -- scheduling --

    def cap(self, item: Item) -> int:
        return min(len(item.prompt) + item.output_len, self.c["max_model_len"])  # type: ignore[call-overload]

    def schedule(self) -> Output:
        c, out = self.c, Output()
        budget: int = c["max_num_batched_tokens"]  # type: ignore[assignment]
        threshold: int = c["long_prefill_token_threshold"]  # type: ignore[assignment]
        preempted: list[Item] = []
        planned: list[Item] = []
        index = 0
        while index < len(self.running) and budget > 0:
            item = self.running[index]
            new = len(item.tokens) + item.spec + item.placeholders - item.computed
            if 0 < threshold < new:
                new = threshold
            new = min(new, budget, self.cap(item) - 1 - item.computed)
            if new <= 0:
                index += 1
                continue
            fits = True
            while not self.allocate(item, new, [], item.computed):
                if c["scheduling_policy"] == "priority":
                    victim = max(self.running, key=lambda other: (other.priority, other.arrival))
                    self.running.remove(victim)
                    if victim in planned:
                        planned.remove(victim)
                        budget += out.rows.pop(victim.id)[0]
                        out.drafts.pop(victim.id, None)
                        index -= 1
                else:
                    victim = self.running.pop()
                self.give_back(victim)
                victim.computed, victim.status, victim.was_preempted = 0, "waiting", True
                self.waiting.insert(0, victim)
                preempted.append(victim)
                if victim is item:
                    fits = False
                    break
            if not fits:
                break
            planned.append(item)
            out.rows[item.id] = (new, item.computed)
            budget -= new
            if item.spec:
                drafted = new + item.computed - len(item.tokens)
                if drafted > 0:
                    out.drafts[item.id] = min(item.spec, drafted)
                item.spec = 0
            index += 1
        if not preempted:
            self.admit(out, planned, budget)
        out.items = planned
        for item in planned:
            item.computed += out.rows[item.id][0]
            if c["async_scheduling"] and item.computed == len(item.tokens) + item.placeholders:
                item.placeholders += 1
        return out

    def admit(self, out: Output, planned: list[Item], budget: int) -> None:
        c = self.c
        threshold: int = c["long_prefill_token_threshold"]  # type: ignore[assignment]
        loras = {item.lora for item in planned if item.lora}
        skipped: list[Item] = []
        while self.waiting and budget > 0 and len(self.running) < c["max_num_seqs"]:  # type: ignore[operator]
            if c["scheduling_policy"] == "priority":
                self.waiting.sort(key=lambda other: (other.priority, other.arrival, other.id))
            item = self.waiting[0]
            if c["max_loras"] and item.lora and len(loras) == c["max_loras"] and item.lora not in loras:
                skipped.insert(0, self.waiting.pop(0))
                continue
            hits = self.hits(item)
            computed = len(hits) * self.size
            new = len(item.tokens) - computed
            if 0 < threshold < new:
                new = threshold
            if not c["enable_chunked_prefill"] and new > budget:
                skipped.insert(0, self.waiting.pop(0))
                continue
            new = min(new, budget)
            if c["scheduler_reserve_full_isl"] and not self.room(len(item.tokens), hits):
                break
            if not self.allocate(item, new, hits, computed):
                break
            self.waiting.pop(0)
            self.running.append(item)
            planned.append(item)
            item.status, item.was_preempted, item.computed = "running", False, computed
            out.rows[item.id] = (new, computed)
            budget -= new
            if item.lora:
                loras.add(item.lora)
        self.waiting[:0] = skipped

    def waiting_order(self) -> list[Item]:
        if self.c["scheduling_policy"] == "priority":
            return sorted(self.waiting, key=lambda other: (other.priority, other.arrival, other.id))
        return self.waiting

    # -- results --

    def update(self, out: Output) -> list[int]:
        done = []
        for item in out.items:
            new, before = out.rows[item.id]
            drafts = out.drafts.get(item.id, 0)
            if before + new - drafts < len(item.tokens) and not self.c["async_scheduling"]:
                continue
            if self.c["async_scheduling"] and before + new < len(item.tokens):
                continue
            accepted = 0
            if drafts:
                accepted = min(drafts, item.accepted.pop(0) if item.accepted else 0)
                if item.status == "running":
                    item.computed -= drafts - accepted
            for _ in range(1 + accepted):
                item.tokens.append((-1 - item.id, len(item.tokens)))
                if len(item.tokens) >= self.cap(item):
                    break
            if self.c["async_scheduling"]:
                item.placeholders -= 1
                if item.status == "running":
                    self.hash_blocks(item, item.computed - item.placeholders)
            if len(item.tokens) >= self.cap(item):
                done.append(item.id)
                if item.status == "running":
                    self.running.remove(item)
                    self.give_back(item)
                else:
                    self.waiting.remove(item)
                item.status = "finished"
            elif self.c["num_speculative_tokens"]:
                item.spec = self.c["num_speculative_tokens"]  # type: ignore[assignment]
        return done
