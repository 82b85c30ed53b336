"""What the naive twin does, written down as the events that a kernel writes.

The twin itself knows nothing of it: a subclass watches it from outside. Randomness is the twin's own, so that a course
is like one of the kernel and never the same.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from scenarios.load import load
from scenarios.prices import resolve_prices
from simulator.engine.tally import CUT_BY_CALLS, CUT_BY_COST, SESSION_DTYPE
from simulator.engine.trace import (
    E_AGENT,
    E_CALL,
    E_CUT,
    E_END,
    E_HANDOFF,
    E_HELD,
    E_HUMAN_REVIEW,
    E_OVERFLOW,
    E_OVERHEADS,
    E_RESULT,
    E_RUN,
    E_SUMMARY,
    E_TOOL,
    E_VERDICT,
    FALLBACK,
    FROM_CHECK,
    FROM_REJECTION,
    FROM_ROOT,
    FROM_TURN_CHECK,
    LOST,
    NEXT,
    OWN,
    SERVED,
    SPOILED,
    TRACE_DTYPE,
)
from tests.twin.naive_twin import Dice, Session, World, levels

WHOLE = {"handoff": E_HANDOFF, "human_review": E_HUMAN_REVIEW, "overheads": E_OVERHEADS}


class WatchedDice(Dice):
    """Dice that remember what they last showed."""

    rounded = 0
    coins_shown = ()

    def sround(self, x):
        self.rounded = super().sround(x)
        return self.rounded

    def happens(self, p):
        came = super().happens(p)
        self.coins_shown = (*self.coins_shown, came)
        return came


class TracedSession(Session):
    """A session of the twin that writes down its events."""

    def __init__(self, scenario, feature, world, dice):
        super().__init__(scenario, feature, world, dice)
        self.rows = []
        self.runs = 0
        self.agents = {name: i for i, name in enumerate(scenario.agents)}
        self.models = {name: i for i, name in enumerate(scenario.models)}
        self.at, self.loops = {}, {}
        self.arrival, self.spawning, self.frames, self.try_ = FROM_ROOT, [], [], None

    def write(self, event, a=None, **fields):
        row = np.zeros((), TRACE_DTYPE)
        row["event"] = event
        if a is not None:
            place = self.at[id(a)]
            fields = {
                "agent": self.agents[a.name],
                "depth": place.depth,
                "turn": place.turn,
                "loop": place.loop,
            } | fields
        for name, value in fields.items():
            row[name] = value
        row["total"] = self.bill.cost
        self.rows.append(row)

    def run(self):
        bill = super().run()
        cost = np.rint(bill.cost * 1e9) / 1e9
        self.write(E_END, cost=cost, outcome=bill.success)
        self.rows[-1]["total"] = cost
        return bill

    def once(self):
        self.runs += 1
        self.arrival = FROM_ROOT
        self.write(E_RUN, count=self.runs)
        super().once()
        if self.bill.cut:
            rails = self.feature.guardrails
            by_cost = rails.cost is not None and self.bill.cost >= rails.cost
            self.write(E_CUT, detail=CUT_BY_COST if by_cost else CUT_BY_CALLS)

    def pay(self, cause, money, agent=None):
        super().pay(cause, money, agent)
        if cause in WHOLE and money:
            self.write(WHOLE[cause], cost=money)

    # -- agents

    def checked_agent(self, name, depth, message=None):
        if self.spawning and self.spawning[-1] is None:
            self.spawning[-1] = self.dice.rounded
        arrival = self.arrival if message is None else FROM_TURN_CHECK if self.turn_check(depth) else FROM_CHECK
        self.frames.append(SimpleNamespace(arrival=arrival, depth=depth, runs=0, last=None))
        super().checked_agent(name, depth, message)
        frame = self.frames.pop()
        check = self.scenario.agents[name].checked_by
        if check is not None and check.every == "session":
            self.write(E_VERDICT, frame.last, detail=0, count=frame.runs - 1)

    def turn_check(self, depth):
        checked = next(frame for frame in reversed(self.frames) if frame.depth == depth - 1)
        return self.scenario.agents[checked.last.name].checked_by.every == "turn"

    def agent(self, name, depth, message):
        frame = self.frames[-1]
        frame.runs += 1
        if frame.runs > 1:
            self.write(E_VERDICT, frame.last, detail=1, count=frame.runs - 2)
        frame.begun = False
        return super().agent(name, depth, message)

    def message(self, a):
        if id(a) not in self.at:
            frame = self.frames[-1]
            frame.last = a
            self.at[id(a)] = SimpleNamespace(depth=frame.depth, turn=0, loop=0, keep=a)
            came = frame.arrival if frame.runs == 1 else FROM_REJECTION
            self.write(E_AGENT, a, detail=came, count=max(1, self.dice.rounded), system=a.system)
        return super().message(a)

    def checked_turn(self, a, depth, turn):
        place = self.at[id(a)]
        place.turn, place.loop = turn, -1
        super().checked_turn(a, depth, turn)
        if a.spec.checked_by is not None and a.spec.checked_by.every == "turn":
            self.write(E_VERDICT, a, detail=0, count=place.loop)

    def turn(self, a, depth, turn):
        place = self.at[id(a)]
        place.loop += 1
        if place.loop:
            self.write(E_VERDICT, a, detail=1, count=place.loop - 1)
        super().turn(a, depth, turn)

    # -- calls

    def fit(self, a, found):
        overflowed = super().fit(a, found)
        if a.failed:
            self.write(E_OVERFLOW, a, history=a.history, message=a.pending, retrieval=found, system=a.system)
        return overflowed

    def attempts(self, a, prompt, found, out, think, overflowed):
        self.try_ = SimpleNamespace(a=a, attempt=-1, place=0, billing=False)
        return super().attempts(a, prompt, found, out, think, overflowed)

    def failure_rate(self, spec, model):
        self.try_.attempt += 1
        self.try_.place, self.try_.model, self.dice.coins_shown = 0, model, ()
        return super().failure_rate(spec, model)

    def outcome(self):
        failed, *kind = self.dice.coins_shown[:2]
        return SERVED if not failed else SPOILED if kind[0] else LOST

    def served_by(self):
        fallback = self.try_.a.spec.retry.fallback
        if fallback is not None and self.try_.attempt >= fallback.after:
            return FALLBACK
        self.try_.place += 1
        return OWN if self.try_.place == 1 else NEXT

    def count(self):
        if self.try_ is None or not self.try_.billing:
            t = self.try_
            self.write(
                E_CALL, t.a, attempt=t.attempt, model=self.models[t.model], outcome=LOST, detail=self.served_by()
            )
        super().count()

    def call(self, a, model, parts, prefix, caching, words, fee_cause, everything=None):
        before, summary = self.bill.cost, fee_cause == "compaction"
        outcome = SERVED if summary else self.outcome()
        t = self.try_ if self.try_ is not None else SimpleNamespace()
        self.try_, t.billing = t, True
        try:
            super().call(a, model, parts, prefix, caching, words, fee_cause, everything)
        finally:
            t.billing = False
            size, writes = sum(parts.values()), caching and self.world.cards[model].has_cache_write
            tokens = {"cached": prefix, "written": size - prefix if writes else 0, "model": self.models[model]}
            tokens["cost"] = self.bill.cost - before
            if summary:
                tokens |= {"system": a.system, "history": a.history, "output": words["compaction"]}
                self.write(E_SUMMARY, a, **tokens)
            else:
                tokens |= {name: parts.get(name, 0) for name in ("system", "history", "message", "retrieval")}
                tokens |= {"added": parts["retries"], "output": words.get("output", 0)}
                tokens |= {"reasoning": words.get("reasoning", 0), "attempt": t.attempt, "outcome": outcome}
                self.write(E_CALL, a, **tokens, detail=self.served_by())

    # -- what follows a turn

    def tools(self, a):
        for place, (name, tool) in enumerate(a.spec.tools.items()):
            alone = SimpleNamespace(name=a.name, pending=a.pending, spec=SimpleNamespace(tools={name: tool}))
            before, self.dice.coins_shown = self.bill.cost, ()
            super().tools(alone)
            calls, failed = self.dice.rounded, sum(self.dice.coins_shown[1:])
            if calls:
                added, cost = alone.pending - a.pending, self.bill.cost - before
                self.write(E_TOOL, a, detail=place, count=calls, attempt=failed, added=added, cost=cost)
            a.pending = alone.pending

    def spawns(self, a, depth, turn):
        for place, rule in enumerate(a.spec.spawns):
            self.arrival, self.dice.rounded = place, 0
            self.spawning.append(None)
            parent = Parent(self, a, SimpleNamespace(spawns=[rule]))
            super().spawns(parent, depth, turn)
            first = self.spawning.pop()
            wanted = self.dice.rounded if first is None else first
            if wanted > parent.came:
                self.write(E_HELD, a, detail=place, count=wanted - parent.came)


class Parent:
    """A parent as its spawn rule sees it: what comes back is written down."""

    def __init__(self, session, a, spec):
        self.session, self.a, self.spec, self.came = session, a, spec, 0

    @property
    def pending(self):
        return self.a.pending

    @pending.setter
    def pending(self, tokens):
        self.came += 1
        self.session.write(E_RESULT, self.a, added=tokens - self.a.pending)
        self.a.pending = tokens


def session_of(scenario, feature, dice, prices, day=0):
    """A session of the twin that has been run."""
    world = World({name: by_day[day] for name, by_day in prices.cards.items()}, levels(), usd_rate=scenario.usd_rate)
    session = TracedSession(scenario, list(scenario.features)[feature], world, dice)
    session.place = {"day": day, "feature": feature}
    session.run()
    return session


def traced(run, **address):
    """What a session did: its SESSION_DTYPE record, its TRACE_DTYPE rows."""
    bill, rows = run.bill, np.array(run.rows, TRACE_DTYPE)
    record, events = np.zeros((), SESSION_DTYPE), rows["event"]
    facts = {"cost": rows[-1]["cost"], "calls": bill.calls, "agents": bill.agents, "runs": run.runs}
    facts |= {kind: getattr(bill, kind) for kind in ("input", "cached", "written", "output", "success")}
    facts |= {"cut": rows["detail"][events == E_CUT][-1] if bill.cut else 0, "held": (events == E_HELD).any()}
    facts |= {"handed_over": (events == E_HANDOFF).any(), "reviewed": (events == E_HUMAN_REVIEW).any()}
    for name, value in (facts | run.place | address).items():
        record[name] = value
    return record[()], rows


def dearest(spec, sessions, feature=0, seed=1):
    """A scenario, its prices, and the record and rows of the dearest of so many sessions of the twin."""
    scenario = load(spec)
    prices, dice = resolve_prices(scenario), WatchedDice(seed)
    made = [traced(session_of(scenario, feature, dice, prices), session=i) for i in range(sessions)]
    return scenario, prices, *max(made, key=lambda pair: pair[0]["cost"])
