"""What a call costs and whom it is charged to; and the attempts at a turn, one after the other, of a single lane."""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import inlined
from distributions.streams import name_hash, uniform, word
from simulator.engine import lanes as at
from simulator.engine.lanes import Lane, Lanes
from simulator.engine.layout import L_CACHE_HIT, L_FAILURE, Floats, Plan

FAILS, KIND, HIT = (name_hash(p) for p in ("failure", "failure_kind", "cache_hit"))
SERVED, LOST, SPOILED = 0, 1, 2  # an answer, a provider failure, a quality failure
ONE = np.uint64(1)


@inlined
def nearest(tokens: float) -> float:
    """A scaled draw as a whole number of tokens, at least 0."""
    return max(0.0, np.floor(tokens + 0.5))


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
def tier_of(plan: Plan, model: Any, day: int, prompt: float) -> Any:
    """The tier that prices a call of this prompt: the last of the model's card whose threshold the prompt passes."""
    row = plan.cards[model, day]
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
    plan: Plan,
    item: Any,
    levels: Any,
    index: int,
    running: Lanes,
    sums: Floats,
    i: Lane,
    attempt: int,
    readable: float,
) -> int:
    """One attempt at the turn of lane `i`: whether it fails, what it reads, what is billed. Gives its outcome."""
    agent, floats = plan.agents[index], running.floats
    own = attempt < agent.fallback_after
    model = np.int64(running.words[at.MODEL + i]) if own else agent.fallback_model
    r = np.uint64(attempt)
    outcome = outcome_of(agent, running, i, r, min(1.0, plan.failure_rates[index, model] * levels[L_FAILURE]))
    floats[at.CALLS + i] += 1.0
    if outcome == LOST and not agent.bills_failed_input:
        return outcome
    asked = floats[at.PROMPT + i] + attempt * agent.added_tokens
    tier = tier_of(plan, model, item.day, asked)
    cached = read(agent, levels, running, i, r, asked, readable) if own else 0.0
    written = asked - cached if agent.caching and tier.writes else 0.0
    answer = 0.0 if outcome == LOST else floats[at.OUT + i]
    thought = 0.0 if outcome == LOST else floats[at.THINK + i]
    price = tier.write if agent.caching else tier.input
    cost = bill(floats, i, asked, cached, written, answer + thought, price, tier.cached, tier.output, tier.fee)
    if attempt == 0:
        charge(floats, sums, i, cached, answer, price, tier.cached, tier.output, tier.fee)
        charge_extras(floats, sums, i, thought, price, tier.output)
    else:
        sums[at.FOR_RETRIES + i] += cost
        floats[at.RETRIES + i] += cost
    if outcome != LOST:
        floats[at.WARM + i] = 1.0
    return outcome


@inlined
def attempt_turn(plan: Plan, item: Any, levels: Any, index: int, running: Lanes, sums: Floats, i: Lane) -> None:
    """All attempts at the turn of lane `i`, until one is served or there are no more."""
    agent, floats = plan.agents[index], running.floats
    readable = floats[at.READABLE + i]
    for attempt in range(agent.max_attempts):
        outcome = call(plan, item, levels, index, running, sums, i, attempt, readable)
        if outcome == SERVED:
            return
        if outcome == SPOILED and attempt < agent.fallback_after:
            readable = floats[at.PROMPT + i] + attempt * agent.added_tokens
    if not agent.goes_on:
        floats[at.STOPPED + i] = 1.0
