"""A naive twin of DESIGN section 2: one session at a time, in plain Python, read off the page and not off the kernel.

It shares no line with `simulator`: other randomness (numpy's generator, one law at a time through its own ppf), floats
in place of integers, recursion in place of a stack. Where both agree, they agree about the text.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np

from scenarios.schema import DRIVERS

BLOCK = 4096


class Dice:
    """Randomness of the twin: a law is drawn by `law.ppf(rng.random())`, in blocks because scipy is slow one by one."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.bags = {}
        self.coins = []

    def draw(self, law):
        # The bag holds the law too: an id is only unique while its object lives.
        bag = self.bags.setdefault(id(law), (law, []))[1]
        if not bag:
            bag.extend(np.asarray(law.ppf(self.rng.random(BLOCK)), dtype=float).tolist())
        return bag.pop()

    def chance_below(self, law, x):
        """P(D(law) <= x), kept because scipy is slow one by one."""
        key = (id(law), x)
        if key not in self.bags:
            self.bags[key] = (law, float(law.cdf(x)))
        return self.bags[key][1]

    def uniform(self):
        if not self.coins:
            self.coins = self.rng.random(BLOCK).tolist()
        return self.coins.pop()

    def happens(self, p):
        return self.uniform() < p

    def sround(self, x):
        """Round stochastically: floor plus Bernoulli(fraction)."""
        return math.floor(x) + self.happens(x - math.floor(x))

    def choose(self, shares):
        mark = self.uniform() * sum(shares.values())
        for name, share in shares.items():
            mark -= share
            if mark < 0:
                return name
        return [name for name, share in shares.items() if share > 0][-1]


def whole(x):
    """Tokens: the nearest integer, at least 0."""
    return max(0, math.floor(x + 0.5))


@dataclass
class World:
    """What a session finds on its day: price cards, driver levels, routes of events and controls."""

    cards: dict
    levels: SimpleNamespace
    usd_rate: float = 1.0
    routes: dict = field(default_factory=dict)
    failure_factor: float = 1.0


def levels(**changed):
    """Driver levels, 1 where nothing is said."""
    return SimpleNamespace(**(dict.fromkeys(DRIVERS, 1.0) | changed))


@dataclass
class Bill:
    """What one session cost and did."""

    cells: Counter = field(default_factory=Counter)  # (agent, cause, detail) -> money
    at_depth: Counter = field(default_factory=Counter)  # depth -> money; costs of the session as a whole stand at 0
    instances: Counter = field(default_factory=Counter)  # depth -> agents
    calls: int = 0
    agents: int = 0
    input: int = 0
    cached: int = 0
    written: int = 0
    output: int = 0
    success: bool = True
    cut: bool = False
    held: bool = False
    runs: int = 0
    handed_over: bool = False
    reviewed: bool = False

    @property
    def cost(self):
        return sum(self.cells.values())

    @property
    def retries(self):
        return sum(money for (_, cause, _), money in self.cells.items() if cause == "retries")


@dataclass
class Instance:
    """An agent at work: the state that the pseudo-code keeps."""

    name: str
    spec: object
    model: str
    depth: int
    message: float | None  # what it gets as message where the language says `from_agent`
    system: int = 0
    history: int = 0
    sent: int = 0
    pending: int = 0
    cold: bool = True
    put_out: int = 0
    failed: bool = False
    limit: float | None = None


class SessionCutError(Exception):
    """A guardrail ends the whole session."""


class Session:
    """One session of one feature in one world."""

    def __init__(self, scenario, feature, world, dice):
        self.scenario, self.feature, self.world, self.dice = scenario, scenario.features[feature], world, dice
        self.m = world.levels
        self.bill = Bill()

    def run(self):
        bill, dice, feature = self.bill, self.dice, self.feature
        self.z = dice.draw(self.scenario.difficulty) if self.scenario.difficulty is not None else 1.0
        for _ in range(3):
            self.once()
            if bill.success or feature.on_failure is None or not dice.happens(feature.on_failure.repeat):
                break
        handoff = feature.on_failure.handoff if feature.on_failure is not None else None
        if not bill.success and handoff is not None and dice.happens(handoff.rate):
            bill.handed_over = True
            self.pay("handoff", self.person(handoff))
        review = feature.human_review
        if review is not None and dice.happens(min(1, review.rate * self.m.human_review)):
            bill.reviewed = True
            self.pay("human_review", self.person(review))
        self.pay("overheads", feature.overheads.per_session + feature.overheads.per_call * bill.calls)
        return bill

    def once(self):
        self.all_well, self.root_model = True, None
        self.bill.cut = False
        self.bill.runs += 1
        try:
            self.checked_agent(self.feature.agent, 0)
        except SessionCutError:
            self.bill.cut = True
        p = self.feature.success_rate
        if isinstance(p, dict):
            p = p[self.root_model]
        meets = self.dice.happens(1 - min(1, (1 - p) * self.m.misses))
        self.bill.success = self.all_well and not self.bill.cut and meets

    def person(self, help_):
        if help_.minutes is not None:
            return self.dice.draw(help_.minutes) / 60 * help_.hourly_rate
        return self.dice.draw(help_.cost)

    def pay(self, cause, money, agent=None, detail=None):
        """Charge money to an instance, by default to the session as a whole, which stands under its root agent."""
        if money:
            self.bill.cells[self.feature.agent if agent is None else agent.name, cause, detail] += money
            self.bill.at_depth[0 if agent is None else agent.depth] += money

    # -- agents ----------------------------------------------------------------------------------

    def checked_agent(self, name, depth, message=None):
        """Run an agent and its validator; a rejected agent runs anew."""
        check = self.scenario.agents[name].checked_by
        every_turn = check is not None and check.every == "turn"
        runs = 1 if check is None or every_turn else 1 + check.max_loops
        for _ in range(runs):
            agent = self.agent(name, depth, message)
            if check is None or every_turn:
                return
            self.checked_agent(check.agent, depth + 1, agent.put_out)
            if not self.dice.happens(check.reject_rate):
                return

    def agent(self, name, depth, message):
        dice, m = self.dice, self.m
        spec = self.scenario.agents[name]
        a = Instance(name, spec, self.model_of(spec), depth, message)
        self.bill.agents += 1
        self.bill.instances[depth] += 1
        if depth == 0:
            self.root_model = a.model
        a.system = whole(dice.draw(spec.system_tokens) * m.context)
        a.limit = self.limit(spec.context.limit, self.route(a.model))
        n = max(1, dice.sround(dice.draw(spec.turns) * self.z**spec.sensitivity.turns * m.turns))
        a.pending = self.message(a, spec.first_message_tokens)
        for turn in range(1, n + 1):
            self.checked_turn(a, turn)
            if a.failed:
                self.all_well = False
                break
        return a

    def model_of(self, spec):
        return spec.model.cascade[0] if spec.model.cascade else self.dice.choose(spec.model.shares)

    def limit(self, stated, serving):
        """Longest prompt of an instance; a drawn one is at most the window of the model that serves."""
        window = self.world.cards[serving].context_window
        law = stated.get(serving) if isinstance(stated, dict) else stated
        if law is None:
            return window
        drawn = max(1, whole(self.dice.draw(law)))
        low, high = law.support()
        return drawn if low == high or window is None else min(drawn, window)

    def route(self, model):
        return self.world.routes.get(model, model)

    def message(self, a, first=None):
        law = a.spec.message_tokens if first is None else first
        drawn = a.message if law == "from_agent" else self.dice.draw(law)
        moved = a.spec.sensitivity
        own = None if first is None else moved.first_message_tokens
        own = moved.message_tokens if own is None else own
        return whole(drawn * self.m.message_tokens * self.z**own)

    def checked_turn(self, a, turn):
        check = a.spec.checked_by
        if check is None or check.every != "turn":
            self.turn(a, turn)
            return
        before = replace(a)
        for loop in range(1 + check.max_loops):
            put_out_before = a.put_out
            self.turn(a, turn)
            self.checked_agent(check.agent, a.depth + 1, a.put_out - put_out_before)
            if a.failed or not self.dice.happens(check.reject_rate) or loop == check.max_loops:
                return  # with the last run, rejected or not, the agent goes on
            # What was sent stays sent, and an instance that has been served stays warm: a cache forgets no rejection.
            a.history, a.pending = before.history, before.pending

    # -- one turn --------------------------------------------------------------------------------

    def turn(self, a, turn):
        dice, m, spec = self.dice, self.m, a.spec
        whole_prompt = spec.prompt_tokens is not None
        overflowed = False
        if whole_prompt:
            found, prompt = 0, whole(dice.draw(spec.prompt_tokens) * m.context * self.z**spec.sensitivity.prompt_tokens)
        else:
            found = whole(dice.draw(spec.retrieved_tokens))
            overflowed = self.fit(a, found)
            prompt = a.system + a.history + a.pending + found
        if a.failed:
            return
        longest = math.inf if spec.max_output_tokens is None else spec.max_output_tokens
        written = dice.draw(spec.output_tokens) * m.output_tokens * self.z**spec.sensitivity.output_tokens
        out = whole(min(written, longest))
        think = whole(dice.draw(spec.reasoning_tokens))
        if not self.attempts(a, prompt, found, out, think, overflowed) and spec.retry.on_exhausted == "fail":
            a.failed = True
            return
        a.put_out += out
        if not whole_prompt:
            kept = found if spec.context.carry_retrieved else 0
            a.sent = a.system + a.history + a.pending + kept
            of_output = spec.context.carry if spec.context.carry_output is None else spec.context.carry_output
            a.history += whole(spec.context.carry * a.pending + of_output * out) + kept
        a.pending = self.message(a)
        self.tools(a)
        self.spawns(a, turn)

    def fit(self, a, found):
        """Overflow: make the prompt fit the window; True where it did not."""
        context, limit = a.spec.context, a.limit
        if limit is None or a.system + a.history + a.pending + found <= limit:
            return False
        if context.overflow == "truncate":
            most = math.inf if context.keep_tokens is None else context.keep_tokens
            a.history = min(a.history, most, max(0, limit - a.system - a.pending - found))
        elif context.overflow == "compact":
            self.call(
                a,
                self.route(a.model),
                {"compaction": a.system + a.history},
                0,
                False,
                {"compaction": context.summary_tokens},
                "compaction",
            )
            a.history = context.summary_tokens
        else:
            a.failed = True
        return True

    def attempts(self, a, prompt, found, out, think, overflowed):
        """Call until it works; False where every attempt failed."""
        dice, spec, retry = self.dice, a.spec, a.spec.retry
        models = [a.model]
        for further in spec.model.cascade[1:]:
            if not dice.happens(spec.model.escalate_rate):
                break
            models.append(further)
        readable = a.system if overflowed else min(a.system + a.history, a.sent)
        for r in range(1, retry.max_attempts + 1):
            prompt_r = prompt + (r - 1) * retry.added_tokens
            own = retry.fallback is None or r <= retry.fallback.after
            served_by = [self.route(name) for name in (models if own else [retry.fallback.model])]
            failed = dice.happens(min(1, self.failure_rate(spec, served_by[-1])))
            quality = failed and dice.happens(retry.quality_share)
            full = quality or not failed
            for place, model in enumerate(served_by):
                if not full and retry.provider_billed == "none":
                    self.count()
                    continue
                prefix = self.read(a, prompt_r, readable) if own and place == 0 else 0
                words = {"output": out, "reasoning": think} if full else {}
                self.call(
                    a,
                    model,
                    self.parts(a, found, prompt_r, prompt),
                    prefix,
                    spec.cache is not None,
                    words,
                    "output" if r == 1 else "retries",
                    everything="retries" if r > 1 else None,
                )
            if full:
                a.cold = False
            if not failed:
                return True
            if quality and own:
                readable = prompt_r
        return False

    def failure_rate(self, spec, model):
        rate = spec.retry.failure_rate
        if isinstance(rate, dict):
            rate = rate[model]
        return rate * self.m.failure_rate * self.world.failure_factor * self.z**spec.sensitivity.failure_rate

    def parts(self, a, found, prompt_r, prompt):
        """Say what the prompt is made of, in the order that a cached prefix covers."""
        added = {"retries": prompt_r - prompt}
        if a.spec.prompt_tokens is not None:
            return {"message": prompt} | added
        return {"system": a.system, "history": a.history, "message": a.pending, "retrieval": found} | added

    def read(self, a, prompt_r, readable):
        """Tokens of this attempt that come from the cache."""
        spec, m = a.spec, self.m
        if spec.prompt_tokens is not None:
            return whole(prompt_r * min(1, spec.cached_share * m.cache_hit))
        if spec.cache is None:
            return 0
        later = spec.cache.hit_rate
        if later is None:
            later = self.dice.chance_below(spec.cache.gap_minutes, spec.cache.ttl_minutes)
        first = spec.cache.first_hit_rate
        if first is None:
            first = 0.0 if spec.cache.hit_rate is None else spec.cache.hit_rate
        hit = self.dice.happens(min(1, (first if a.cold else later) * m.cache_hit))
        if not hit:
            return 0
        return min(prompt_r, a.system if a.cold else readable)

    # -- money -----------------------------------------------------------------------------------

    def count(self):
        self.bill.calls += 1
        rails = self.feature.guardrails
        if rails is None:
            return
        too_dear = rails.cost is not None and self.bill.cost >= rails.cost
        if too_dear or (rails.calls is not None and self.bill.calls >= rails.calls):
            raise SessionCutError

    def call(self, a, model, parts, prefix, caching, words, fee_cause, everything=None):
        """Bill one call: its prompt by parts, `prefix` of it from cache, what it put out, and the fee."""
        card, bill = self.world.cards[model], self.bill
        size = sum(parts.values())
        tiers = card.batch_tiers if a.spec.batch else card.tiers
        tier = [t for t in tiers if size > t.above or t is tiers[0]][-1]
        dollars = self.m.price * self.world.usd_rate
        each = dollars * card.pays * (card.batch_pays if a.spec.batch else 1) / 1e6
        unread_price = tier.cache_write if caching and card.has_cache_write else tier.input
        left = prefix
        for cause, tokens in parts.items():
            read = min(left, tokens)
            left -= read
            money = each * (read * tier.cached_input + (tokens - read) * unread_price)
            self.pay(everything or cause, money, a)
        for cause, tokens in words.items():
            self.pay(everything or cause, each * tokens * tier.output, a)
        self.pay(fee_cause, card.fee_per_call * dollars, a)
        bill.input += size
        bill.cached += prefix
        bill.written += size - prefix if caching and card.has_cache_write else 0
        bill.output += sum(words.values())
        self.count()

    # -- what follows a turn ---------------------------------------------------------------------

    def tools(self, a):
        dice, m = self.dice, self.m
        for name, tool in a.spec.tools.items():
            for _ in range(dice.sround(dice.draw(tool.calls_per_turn) * m.tool_calls)):
                a.pending += whole(dice.draw(tool.result_tokens))
                for _again in range(tool.max_attempts):
                    self.pay("tools", tool.fee, a, name)
                    if not dice.happens(tool.failure_rate):
                        break

    def spawns(self, a, turn):
        dice, m = self.dice, self.m
        rails = self.feature.guardrails
        for rule in a.spec.spawns:
            if rule.per == "agent" and turn > 1:
                continue
            for _ in range(dice.sround(dice.draw(rule.count) * m.fanout)):
                too_deep = rails is not None and rails.depth is not None and a.depth + 1 > rails.depth
                too_many = rails is not None and rails.agents is not None and self.bill.agents + 1 > rails.agents
                if too_deep or too_many:
                    self.bill.held = True
                    continue
                self.checked_agent(rule.agent, a.depth + 1)
                a.pending += whole(dice.draw(rule.result_tokens))
