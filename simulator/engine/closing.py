"""How a session closes: whether it succeeded, whether it is run again, whom it is handed to, what it came to."""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import device, inlined
from distributions.streams import name_hash, session_key, turn_key, uniform, word
from distributions.table import draw
from simulator.engine import columns as at
from simulator.engine.births import Birth
from simulator.engine.counting import cost_bin
from simulator.engine.lanes import Lane, Lanes, Space, pool
from simulator.engine.layout import L_HUMAN_REVIEW, L_MISSES, Floats, Out, Plan
from simulator.engine.opening import SUCCESS
from simulator.engine.trace import E_CUT, E_END, E_HANDOFF, E_HUMAN_REVIEW, E_OVERHEADS, FROM_ROOT
from simulator.engine.tracing import note
from simulator.engine.trees import BEARS, ENDS, nobody

FIRST, ONE = np.uint64(0), np.uint64(1)
MOST_REPEATS = np.uint64(2)
REPEATS, AGAIN = name_hash("\0repeat"), name_hash("\0again")
HANDOFF, HANDOFF_LAW, REVIEW, REVIEW_LAW = (
    name_hash(p) for p in ("handoff", "handoff_cost", "human_review", "human_review_cost")
)
BY_ROOT = np.uint64(2**64 + FROM_ROOT)
NANOS = 1e9


@inlined
def succeeds(plan: Plan, feature: int, misses: float, lanes: Lanes, j: Lane, cut: float) -> float:
    """Whether a run did what it should: no agent failed, nothing cut it, and it was not a miss."""
    floats = lanes.floats
    well = 1.0 if (floats[at.FAILED + j] == 0.0) & (cut == 0.0) else 0.0
    if plan.features[feature].succeeds:
        return well
    p_miss = (1.0 - plan.success_rates[feature, lanes.words[at.ROOT + j]]) * misses
    return 0.0 if floats[at.LUCK + j] < p_miss else well


@inlined
def run_again(
    plan: Plan, seed: np.uint64, item: Any, levels: Any, space: Space, out: Out, index: int, i: Lane
) -> tuple[int, Birth]:
    """Whether a session that has ended runs once more, because it did not succeed and its user tries again."""
    running, feature = pool(space, index), plan.features[item.feature]
    homes, home = space.homes, running.words[at.HOME + i]
    homes.floats[at.FAILED + home] = max(homes.floats[at.FAILED + home], running.floats[at.STOPPED + i])
    cut, run = running.floats[at.CUT + i], homes.words[at.RUN + home]
    if (run >= MOST_REPEATS) | (succeeds(plan, item.feature, levels[L_MISSES], homes, home, cut) > 0.0):
        return ENDS, nobody()
    session = homes.words[at.SESSION + home]
    k0, k1 = session_key(seed, np.uint64(item.trial), np.uint64(item.day), feature.name_hash, session)
    key = turn_key(k0, k1, FIRST)
    if uniform(word(key, k1, run, REPEATS)) >= feature.p_repeats:
        return ENDS, nobody()
    run += ONE
    homes.words[at.RUN + home] = run
    homes.floats[at.FAILED + home] = 0.0
    homes.floats[at.LUCK + home] = uniform(word(key, k1, run, SUCCESS))
    return BEARS, Birth(feature.agent, FIRST, k0, k1, FIRST, AGAIN, run, FIRST, 0.0, BY_ROOT)


@inlined
def note_cut(out: Out, index: int, lanes: Lanes, i: Lane) -> None:
    """Write down what cut a run, if anything did."""
    if out.trace is not None and lanes.floats[at.CUT + i] > 0.0:
        row = note(out.trace, out.totals, E_CUT, index, lanes, i)
        row.detail = np.int64(lanes.floats[at.CUT + i])


@inlined
def settle(plan: Plan, item: Any, misses: float, per_unit: float, done: Lanes, sums: Floats, n: Lane) -> None:
    """Say what finished sessions came to: success, overheads, cost, waste."""
    feature, floats = plan.features[item.feature], done.floats
    per_session, per_call = feature.overhead_per_session, feature.overhead_per_call
    for j in range(n):
        floats[at.SUCCESS + j] = succeeds(plan, item.feature, misses, done, j, floats[at.CUT + j])
    for j in range(n):
        overheads = per_session + per_call * floats[at.CALLS + j]
        sums[at.FOR_OVERHEADS + j] += overheads
        # Whole nanos, so that two sessions of the same calls cost the same whatever their sums left in the last digits.
        cost = np.rint((floats[at.COST + j] + overheads) * NANOS) / NANOS
        units = np.rint(cost * per_unit)
        floats[at.COST + j] = cost
        floats[at.UNITS + j] = units
        floats[at.WASTE + j] = np.rint(floats[at.RETRIES + j] * per_unit) if floats[at.SUCCESS + j] > 0.0 else units
        floats[at.BIN + j] = cost_bin(cost)


@inlined
def note_end(plan: Plan, item: Any, done: Lanes, out: Out) -> None:
    """Write down the end of a session; one whose events are written runs alone, and stands in the first lane."""
    feature = plan.features[item.feature]
    if feature.overhead_per_session + feature.overhead_per_call > 0.0:
        note(out.trace, out.totals, E_OVERHEADS, feature.agent, done, FIRST)
    row = note(out.trace, out.totals, E_END, feature.agent, done, FIRST)
    row.cost = done.floats[at.COST]
    row.outcome = np.int64(done.floats[at.SUCCESS])


@inlined
def call_people(
    plan: Plan, seed: np.uint64, item: Any, levels: Any, done: Lanes, sums: Floats, out: Out, n: Lane
) -> None:
    """Hand sessions without success over, and let people look at sessions."""
    feature, floats = plan.features[item.feature], done.floats
    trial, day = np.uint64(item.trial), np.uint64(item.day)
    p_review = min(1.0, feature.p_review * levels[L_HUMAN_REVIEW])
    words = done.words
    for j in range(n):
        k0, k1 = session_key(seed, trial, day, feature.name_hash, words[at.SESSION + j])
        words[at.KEY + j] = turn_key(k0, k1, FIRST)
        words[at.K1 + j] = k1
    for j in range(n):
        key, k1 = words[at.KEY + j], words[at.K1 + j]
        success = succeeds(plan, item.feature, levels[L_MISSES], done, j, floats[at.CUT + j])
        hands_over = (uniform(word(key, k1, FIRST, HANDOFF)) < feature.p_handoff) & (success == 0.0)
        floats[at.HANDED_OVER + j] = 1.0 if hands_over else 0.0
        floats[at.REVIEWED + j] = 1.0 if uniform(word(key, k1, FIRST, REVIEW)) < p_review else 0.0
    for j in range(n):
        key, k1 = words[at.KEY + j], words[at.K1 + j]
        if floats[at.HANDED_OVER + j] > 0.0:
            w = word(key, k1, FIRST, HANDOFF_LAW)
            sums[at.FOR_HANDOFF + j] += pay_person(plan, feature.handoff_law, feature.handoff_price, w, floats, j)
            if out.trace is not None:
                note(out.trace, out.totals, E_HANDOFF, feature.agent, done, j)
        if floats[at.REVIEWED + j] > 0.0:
            w = word(key, k1, FIRST, REVIEW_LAW)
            sums[at.FOR_HUMAN_REVIEW + j] += pay_person(plan, feature.review_law, feature.review_price, w, floats, j)
            if out.trace is not None:
                note(out.trace, out.totals, E_HUMAN_REVIEW, feature.agent, done, j)


@inlined
def call_nobody(done: Lanes, n: Lane) -> None:
    """Close sessions without people, where those before them in these lanes may have had some."""
    for j in range(n):
        done.floats[at.HANDED_OVER + j] = 0.0
        done.floats[at.REVIEWED + j] = 0.0


@device
def pay_person(plan: Plan, law: int, price: float, w: np.uint64, floats: Floats, j: Lane) -> float:
    """Draw what a person costs, add it to the session, and give it."""
    cost = max(0.0, draw(plan.laws, plan.nodes, plan.steps, plan.guide, law, w)) * price
    floats[at.COST + j] += cost
    return cost
