"""How sessions and agent instances begin: keys, model, turns and system prompt, and the terms of the day."""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import device, inlined
from distributions.streams import child_key, name_hash, session_key, turn_key, uniform, word
from distributions.table import draw, draw_all
from simulator.engine import columns as at
from simulator.engine.draws import draw_tokens, nearest
from simulator.engine.lanes import (
    BORN,
    INSTANCE,
    JOURNEY,
    RUNNING,
    SUBTLETIES,
    Lane,
    Lanes,
    Space,
    hand_on,
    in_vectors,
    nursery,
    pool,
)  # fmt: skip
from simulator.engine.layout import (
    L_CONTEXT,
    L_FAILURE,
    L_PRICE,
    L_TURNS,
    NO_LAW,
    Out,
    Plan,
    Words,
)  # fmt: skip
from simulator.engine.tracing import note_start

MODEL, SYSTEM, LIMIT, TURNS, SUCCESS, ROUND, DIFFICULTY = (
    name_hash(p)
    for p in ("model", "system_tokens", "context.limit", "turns", "success", "stochastic_rounding", "difficulty")
)
FIRST, ONE = np.uint64(0), np.uint64(1)
MOST_TURNS = 2.0**62


@inlined
def open_sessions(
    plan: Plan, seed: np.uint64, item: Any, numbers: Words, levels: Any, begun: np.uint64, ready: Lanes, n: Lane
) -> None:
    """Make the next `n` sessions of an item ready, where so many have begun."""
    words, feature = ready.words, plan.features[item.feature]
    trial, day, name = np.uint64(item.trial), np.uint64(item.day), feature.name_hash
    first = np.uint64(item.first) + begun
    for j in range(n):
        words[at.SESSION + j] = first + j
    if item.chosen >= 0:
        for j in range(n):
            words[at.SESSION + j] = numbers[np.uint64(item.chosen) + begun + j]
    for j in range(in_vectors(n)):
        session = words[at.SESSION + j]
        k0, k1 = session_key(seed, trial, day, name, session)
        words[at.K0 + j] = k0
        words[at.K1 + j] = k1
    draw_difficulty(plan, feature.difficulty_law, ready, n)
    open_instances(plan, item, feature.agent, levels, ready, n)
    if not feature.succeeds:
        for j in range(n):
            ready.floats[at.LUCK + j] = uniform(word(words[at.KEY + j], words[at.K1 + j], FIRST, SUCCESS))


@inlined
def draw_difficulty(plan: Plan, law: int, ready: Lanes, n: Lane) -> None:
    """How difficult the sessions are; without a law the column is never read."""
    if law == NO_LAW:
        return
    words = ready.words
    for j in range(n):
        key = turn_key(words[at.K0 + j], words[at.K1 + j], FIRST)
        words[at.WORD + j] = word(key, words[at.K1 + j], FIRST, DIFFICULTY)
    to = ready.floats[at.DIFFICULTY : at.DIFFICULTY + n]
    draw_all(plan.laws, plan.nodes, plan.steps, plan.guide, law, words[at.WORD : at.WORD + n], to)


@device
def open_instances(plan: Plan, item: Any, index: int, levels: Any, frames: Lanes, n: Lane) -> None:
    """Make frames of instances of an agent, from their keys."""
    agent, words = plan.agents[index], frames.words
    for j in range(in_vectors(n)):
        words[at.KEY + j] = turn_key(words[at.K0 + j], words[at.K1 + j], FIRST)
    clear_frames(frames, n)
    choose_models(plan, agent, frames, n)
    draw_turns(plan, agent, levels[L_TURNS], frames, n)
    draw_tokens(plan, agent.system_law, SYSTEM, levels[L_CONTEXT], frames, at.SYSTEM, n)
    if agent.draws_limit:
        draw_limits(plan, plan.limit_laws[item.route, index], frames, n)
    powers = abs(agent.output_power) + abs(agent.failure_power) + abs(agent.message_power) + abs(agent.first_power)
    if powers > 0.0:
        for j in range(n):
            z = frames.floats[at.DIFFICULTY + j]
            frames.floats[at.HARDER_OUTPUT + j] = z**agent.output_power
            frames.floats[at.HARDER_CALLS + j] = z**agent.failure_power
            frames.floats[at.HARDER_MESSAGE + j] = z**agent.message_power
            frames.floats[at.HARDER_FIRST + j] = z**agent.first_power


@inlined
def draw_limits(plan: Plan, laws: Any, frames: Lanes, n: Lane) -> None:
    """Longest prompts, each by the law of the model that serves; no bound where that has none."""
    words = frames.words
    for j in range(n):
        law, drawn = laws[words[at.MODEL + j]], np.inf
        if law != NO_LAW:
            w = word(words[at.KEY + j], words[at.K1 + j], FIRST, LIMIT)
            drawn = max(1.0, nearest(draw(plan.laws, plan.nodes, plan.steps, plan.guide, law, w)))
        frames.floats[at.OWN_LIMIT + j] = drawn


@inlined
def clear_frames(frames: Lanes, n: Lane) -> None:
    """The state that every instance begins in."""
    words, floats = frames.words, frames.floats
    for j in range(in_vectors(n)):
        words[at.TURN + j] = FIRST
        floats[at.HISTORY + j] = 0.0
        floats[at.SENT + j] = 0.0
        floats[at.WARM + j] = 0.0
        floats[at.ADDED + j] = 0.0
        floats[at.STOPPED + j] = 0.0
        floats[at.PUT_OUT + j] = 0.0


@inlined
def choose_models(plan: Plan, agent: Any, frames: Lanes, n: Lane) -> None:
    """The models of the instances, drawn by share; the last one takes what rounding leaves."""
    words, first = frames.words, agent.first_choice
    last = first + agent.n_choices - 1
    only = np.uint64(plan.choices[first].model)
    for j in range(in_vectors(n)):
        words[at.MODEL + j] = only
    if first == last:
        return
    for j in range(n):
        u = uniform(word(words[at.KEY + j], words[at.K1 + j], FIRST, MODEL))
        row = first
        while row < last and u >= plan.choices[row].p_below:
            row += 1
        words[at.MODEL + j] = np.uint64(plan.choices[row].model)


@inlined
def draw_turns(plan: Plan, agent: Any, factor: float, frames: Lanes, n: Lane) -> None:
    """Numbers of turns: drawn, scaled, rounded by chance, at least 1."""
    words, floats, wide = frames.words, frames.floats, in_vectors(n)
    for j in range(wide):
        words[at.WORD + j] = word(words[at.KEY + j], words[at.K1 + j], FIRST, TURNS)
    to = floats[at.OUT : at.OUT + wide]
    draw_all(plan.laws, plan.nodes, plan.steps, plan.guide, agent.turns_law, words[at.WORD : at.WORD + wide], to)
    if agent.turns_power != 0.0:
        for j in range(n):
            to[j] *= floats[at.DIFFICULTY + j] ** agent.turns_power
    for j in range(wide):
        turns = to[j] * factor
        whole = np.floor(turns)
        u = uniform(word(words[at.KEY + j], words[at.K1 + j], FIRST, ROUND))
        words[at.TURNS + j] = np.uint64(
            np.int64(min(MOST_TURNS, max(1.0, whole + (1.0 if u < turns - whole else 0.0))))
        )


@inlined
def open_born(plan: Plan, item: Any, levels: Any, space: Space, out: Out, index: int) -> None:
    """Open the instances of an agent that children, validators and repeats are born as, and let sessions run them."""
    born, n = nursery(space, index), space.used[BORN, index]
    words = born.words
    for j in range(in_vectors(n)):
        k0, k1 = child_key(
            words[at.K0 + j], words[at.K1 + j], words[at.TURN + j], words[at.RULE + j], words[at.NUMBER + j]
        )
        words[at.K0 + j] = k0
        words[at.K1 + j] = k1
    open_instances(plan, item, index, levels, born, n)
    running, first = pool(space, index), space.used[RUNNING, index]
    for j in range(n):
        i = first + j
        if words[at.DEPTH + j] == FIRST:
            space.homes.words[at.ROOT + words[at.HOME + j]] = words[at.MODEL + j]
        hand_on(born, j, running, i, JOURNEY)
        running.floats[at.CUT + i] = 0.0
        take_up(plan, item, levels, index, running, i, born, j)
        if out.trace is not None:
            origin = np.int64(words[at.LEFT + j])
            note_start(out.trace, out.totals, index, running, i, origin, space.homes.words[at.RUN + words[at.HOME + j]])
    space.used[RUNNING, index] = first + n
    space.used[BORN, index] = FIRST


@inlined
def take_up(plan: Plan, item: Any, levels: Any, index: int, running: Lanes, i: Lane, frames: Lanes, j: Lane) -> None:
    """Let lane `i` of an agent's pool run the instance of a frame; it keeps its terms where the model is the same."""
    agent, floats = plan.agents[index], running.floats
    hand_on(frames, j, running, i, INSTANCE)
    if agent.is_subtle:
        hand_on(frames, j, running, i, SUBTLETIES)
    model = frames.words[at.MODEL + j]
    if model != running.words[at.MODEL + i]:
        set_terms(plan, item, levels[L_FAILURE], levels[L_PRICE], index, running, i, model)
    if agent.draws_limit:
        floats[at.LIMIT + i] = min(floats[at.OWN_LIMIT + i], plan.limits[item.route, index, model])
    if agent.failure_power != 0.0:
        rates, failures = plan.failure_rates[item.route, index], levels[L_FAILURE] * floats[at.HARDER_CALLS + i]
        floats[at.P_FAILS + i] = floats[at.OWN_P_FAILS + i] = min(1.0, rates[model] * failures)
        if agent.next_model >= 0:
            floats[at.NEXT_P_FAILS + i] = min(1.0, rates[agent.next_model] * failures)


@device
def set_terms(
    plan: Plan, item: Any, failures: float, price: float, index: int, running: Lanes, i: Lane, model: np.uint64
) -> None:
    """Put lane `i` under the terms of a model: those of its first tier of prices, and where they end."""
    floats, agent, rates = running.floats, plan.agents[index], plan.failure_rates[item.route, index]
    row = plan.cards[item.route, model, item.day]
    tier = plan.tiers[row]
    running.words[at.MODEL + i] = model
    floats[at.LIMIT + i] = plan.limits[item.route, index, model]
    floats[at.P_FAILS + i] = floats[at.OWN_P_FAILS + i] = min(1.0, rates[model] * failures)
    floats[at.ABOVE + i] = floats[at.OWN_ABOVE + i] = plan.tiers[row + 1].above if tier.more else np.inf
    floats[at.PRICE + i] = (tier.write if agent.caching else tier.input) * price
    floats[at.CACHED_PRICE + i] = tier.cached * price
    floats[at.OUTPUT_PRICE + i] = tier.output * price
    floats[at.FEE + i] = tier.fee * price
    floats[at.WRITES + i] = 1.0 if agent.caching and tier.writes else 0.0
    if agent.next_model < 0:
        return
    row = plan.cards[item.route, agent.next_model, item.day]
    tier = plan.tiers[row]
    floats[at.NEXT_P_FAILS + i] = min(1.0, rates[agent.next_model] * failures)
    floats[at.NEXT_ABOVE + i] = plan.tiers[row + 1].above if tier.more else np.inf
    floats[at.NEXT_PRICE + i] = (tier.write if agent.caching else tier.input) * price
    floats[at.NEXT_OUTPUT_PRICE + i] = tier.output * price
    floats[at.NEXT_FEE + i] = tier.fee * price
    floats[at.NEXT_WRITES + i] = 1.0 if agent.caching and tier.writes else 0.0
