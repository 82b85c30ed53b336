"""What a call costs and whom it is charged to; and the attempts at a turn, one after the other, of a single lane."""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import inlined
from distributions.streams import name_hash, uniform, word
from simulator.engine import columns as at
from simulator.engine.draws import nearest
from simulator.engine.lanes import Lane, Lanes
from simulator.engine.layout import L_CACHE_HIT, L_FAILURE, L_PRICE, Floats, Out, Plan
from simulator.engine.tally import CUT_BY_COST
from simulator.engine.trace import FALLBACK, LOST, NEXT, OWN, SERVED, SPOILED
from simulator.engine.tracing import note_call

FAILS, KIND, HIT = (name_hash(p) for p in ("failure", "failure_kind", "cache_hit"))


@inlined
def share_read(agent: Any, levels: Any) -> float:
    """The share of a whole prompt that is read from the cache."""
    return min(1.0, agent.cached_share * levels[L_CACHE_HIT])


@inlined
def bill(
    floats: Floats, i: Lane, asked: float, cached: float, written: float, spoken: float,
    price: float, cached_price: float, output_price: float, fee: float,
) -> float:  # fmt: skip
    """Add a call to its session, and give its cost; `spoken` is all of its output."""
    cost = asked * price - cached * (price - cached_price) + spoken * output_price + fee
    floats[at.COST + i] += cost
    floats[at.INPUT + i] += asked
    floats[at.CACHED + i] += cached
    floats[at.WRITTEN + i] += written
    floats[at.OUTPUT + i] += spoken
    return cost


@inlined
def charge(
    floats: Floats, sums: Floats, i: Lane, cached: float, answer: float,
    price: float, cached_price: float, output_price: float, fee: float,
) -> None:  # fmt: skip
    """Charge a first attempt to the parts that most have; the cached prefix covers system first, then history."""
    system, history = floats[at.SYSTEM + i], floats[at.HISTORY + i]
    saving = price - cached_price
    of_system = min(cached, system)
    of_history = min(cached - of_system, history)
    sums[at.FOR_SYSTEM + i] += system * price - of_system * saving
    sums[at.FOR_HISTORY + i] += history * price - of_history * saving
    sums[at.FOR_MESSAGE + i] += floats[at.PENDING + i] * price - (cached - of_system - of_history) * saving
    sums[at.FOR_OUTPUT + i] += answer * output_price + fee


@inlined
def charge_extras(floats: Floats, sums: Floats, i: Lane, thought: float, price: float, output_price: float) -> None:
    """Charge a first attempt to the parts that only some agents have."""
    sums[at.FOR_RETRIEVAL + i] += floats[at.FOUND + i] * price
    sums[at.FOR_REASONING + i] += thought * output_price


@inlined
def cut_by(feature: Any, floats: Floats, i: Lane) -> float:
    """What cuts a session after a call, if anything does: its cost, or the number of its calls."""
    too_many: float = feature.calls_cut if floats[at.CALLS + i] >= feature.most_calls else 0.0
    return CUT_BY_COST if floats[at.COST + i] >= feature.most_cost else too_many


@inlined
def tier_of(plan: Plan, item: Any, model: Any, prompt: float) -> Any:
    """The tier that prices a call of this prompt: the last of the model's card whose threshold the prompt passes."""
    row = plan.cards[item.route, model, item.day]
    while plan.tiers[row].more and prompt > plan.tiers[row + 1].above:
        row += 1
    return plan.tiers[row]


@inlined
def read(agent: Any, levels: Any, running: Lanes, i: Lane, attempt: np.uint64, asked: float, readable: float) -> float:
    """Tokens of a prompt to the agent's own model that are read from the cache."""
    if agent.whole_prompt:
        return nearest(asked * share_read(agent, levels))
    if not agent.caching:
        return 0.0
    p_hit = agent.p_hit if running.floats[at.WARM + i] > 0.0 else agent.p_first_hit
    u = uniform(word(running.words[at.KEY + i], running.words[at.K1 + i], attempt, HIT))
    return readable if u < min(1.0, p_hit * levels[L_CACHE_HIT]) else 0.0


@inlined
def outcome_of(agent: Any, running: Lanes, i: Lane, attempt: np.uint64, p_fails: float) -> int:
    """Whether an attempt is served, and how it fails if it isn't."""
    key, k1 = running.words[at.KEY + i], running.words[at.K1 + i]
    if uniform(word(key, k1, attempt, FAILS)) >= p_fails:
        return SERVED
    return SPOILED if uniform(word(key, k1, attempt, KIND)) < agent.p_quality else LOST


@inlined
def call(
    plan: Plan, item: Any, levels: Any, index: int, running: Lanes, homes: Lanes, sums: Floats, out: Out, i: Lane,
    attempt: int, model: Any, role: int, outcome: int, readable: float, is_full: bool,
) -> None:  # fmt: skip
    """One call of an attempt at the turn of lane `i`: what it reads, what is billed, whether the session is cut."""
    agent, floats, feature = plan.agents[index], running.floats, plan.features[item.feature]
    floats[at.CALLS + i] += 1.0
    asked, cached, written, answer, thought = 0.0, 0.0, 0.0, 0.0, 0.0
    if outcome != LOST or agent.bills_failed_input:
        asked = floats[at.PROMPT + i] + attempt * agent.added_tokens
        tier, level = tier_of(plan, item, model, asked), levels[L_PRICE]
        cached = read(agent, levels, running, i, np.uint64(attempt), asked, readable) if role == OWN else 0.0
        written = asked - cached if agent.caching and tier.writes else 0.0
        answer = 0.0 if outcome == LOST else floats[at.OUT + i]
        thought = 0.0 if outcome == LOST else floats[at.THINK + i]
        price, cached_price = (tier.write if agent.caching else tier.input) * level, tier.cached * level
        output_price, fee = tier.output * level, tier.fee * level
        cost = bill(floats, i, asked, cached, written, answer + thought, price, cached_price, output_price, fee)
        if attempt == 0:
            charge(floats, sums, i, cached, answer, price, cached_price, output_price, fee)
            charge_extras(floats, sums, i, thought, price, output_price)
        else:
            sums[at.FOR_RETRIES + i] += cost
            homes.floats[at.RETRIES + running.words[at.HOME + i]] += cost
    if is_full and out.trace is not None:
        note_call(
            out.trace, out.totals, index, running, i, attempt, model, role, outcome,
            asked, cached, written, answer, thought,
        )  # fmt: skip
    cut = cut_by(feature, floats, i)
    if cut > 0.0:
        floats[at.CUT + i] = cut
        floats[at.STOPPED + i] = 1.0


@inlined
def attempt_turn(
    plan: Plan, item: Any, levels: Any, index: int, running: Lanes, homes: Lanes, sums: Floats, out: Out, i: Lane,
    is_full: bool,
) -> None:  # fmt: skip
    """All attempts at the turn of lane `i`, until one is served or there are no more."""
    agent, floats, failures = plan.agents[index], running.floats, levels[L_FAILURE]
    readable = floats[at.READABLE + i]
    if is_full and agent.failure_power != 0.0:
        failures *= floats[at.HARDER_CALLS + i]
    for attempt in range(agent.max_attempts):
        own = attempt < agent.fallback_after
        n_models = 2 if is_full and own and floats[at.ESCALATES + i] > 0.0 else 1
        first: Any = np.int64(running.words[at.MODEL + i]) if own else agent.fallback_model
        last = agent.next_model if n_models == 2 else first
        p_fails = min(1.0, plan.failure_rates[item.route, index, last] * failures)
        outcome = outcome_of(agent, running, i, np.uint64(attempt), p_fails)
        for place in range(n_models):
            model = first if place == 0 else last
            role = NEXT if place == 1 else (OWN if own else FALLBACK)
            call(
                plan, item, levels, index, running, homes, sums, out, i,
                attempt, model, role, outcome, readable, is_full,
            )  # fmt: skip
            if floats[at.CUT + i] > 0.0:
                return
        if outcome != LOST:
            floats[at.WARM + i] = 1.0
        if outcome == SERVED:
            return
        if outcome == SPOILED and own:
            readable = floats[at.PROMPT + i] + attempt * agent.added_tokens
    if not agent.goes_on:
        floats[at.STOPPED + i] = 1.0
