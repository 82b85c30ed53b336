"""How sessions begin: their keys, the model, turns and system prompt of their root, and the terms of the day."""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import device, inlined
from distributions.streams import name_hash, session_key, turn_key, uniform, word
from distributions.table import draw_all
from simulator.engine import lanes as at
from simulator.engine.lanes import Lane, Lanes, resume
from simulator.engine.layout import L_CONTEXT, L_FAILURE, L_MISSES, L_TURNS, Plan
from simulator.engine.turns import draw_tokens

MODEL, SYSTEM, TURNS, SUCCESS, ROUND = (
    name_hash(p) for p in ("model", "system_tokens", "turns", "success", "stochastic_rounding")
)
FIRST = np.uint64(0)
MOST_TURNS = 2.0**62


@inlined
def open_sessions(plan: Plan, seed: np.uint64, item: Any, levels: Any, first: np.uint64, ready: Lanes, n: Lane) -> None:
    """Make sessions `first` .. first + n - 1 of an item ready."""
    words, name = ready.words, plan.features[item.feature].name_hash
    trial, day = np.uint64(item.trial), np.uint64(item.day)
    for j in range(n):
        session = first + j
        k0, k1 = session_key(seed, trial, day, name, session)
        words[at.SESSION + j] = session
        words[at.K0 + j] = k0
        words[at.K1 + j] = k1
    open_instances(plan, plan.features[item.feature].agent, levels, ready, n)
    draw_luck(plan, item.feature, levels[L_MISSES], ready, n)


@device
def open_instances(plan: Plan, index: int, levels: Any, frames: Lanes, n: Lane) -> None:
    """Make frames of instances of an agent, from their keys."""
    agent, words = plan.agents[index], frames.words
    for j in range(n):
        words[at.KEY + j] = turn_key(words[at.K0 + j], words[at.K1 + j], FIRST)
    clear_frames(frames, n)
    choose_models(plan, agent, frames, n)
    draw_turns(plan, agent.turns_law, levels[L_TURNS], frames, n)
    draw_tokens(plan, agent.system_law, SYSTEM, levels[L_CONTEXT], np.inf, frames, at.SYSTEM, n)


@inlined
def clear_frames(ready: Lanes, n: Lane) -> None:
    """The state that every instance begins in."""
    words, floats = ready.words, ready.floats
    for j in range(n):
        words[at.TURN + j] = FIRST
        floats[at.HISTORY + j] = 0.0
        floats[at.SENT + j] = 0.0
        floats[at.WARM + j] = 0.0
        floats[at.ADDED + j] = 0.0


@inlined
def choose_models(plan: Plan, agent: Any, ready: Lanes, n: Lane) -> None:
    """The models of the instances, drawn by share; the last one takes what rounding leaves."""
    words, first = ready.words, agent.first_choice
    last = first + agent.n_choices - 1
    only = np.uint64(plan.choices[first].model)
    for j in range(n):
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
def draw_turns(plan: Plan, law: int, factor: float, ready: Lanes, n: Lane) -> None:
    """Numbers of turns: drawn, scaled, rounded stochastically, at least 1."""
    words, floats = ready.words, ready.floats
    for j in range(n):
        words[at.WORD + j] = word(words[at.KEY + j], words[at.K1 + j], FIRST, TURNS)
    draw_all(
        plan.laws, plan.nodes, plan.steps, plan.guide, law, words[at.WORD : at.WORD + n], floats[at.OUT : at.OUT + n]
    )
    for j in range(n):
        turns = floats[at.OUT + j] * factor
        whole = np.floor(turns)
        u = uniform(word(words[at.KEY + j], words[at.K1 + j], FIRST, ROUND))
        words[at.TURNS + j] = np.uint64(
            np.int64(min(MOST_TURNS, max(1.0, whole + (1.0 if u < turns - whole else 0.0))))
        )


@inlined
def draw_luck(plan: Plan, feature: int, factor: float, ready: Lanes, n: Lane) -> None:
    """Whether the sessions succeed where no agent fails."""
    words, floats = ready.words, ready.floats
    for j in range(n):
        floats[at.LUCKY + j] = 1.0
    if plan.features[feature].succeeds:
        return
    for j in range(n):
        p_miss = (1.0 - plan.success_rates[feature, words[at.MODEL + j]]) * factor
        u = uniform(word(words[at.KEY + j], words[at.K1 + j], FIRST, SUCCESS))
        floats[at.LUCKY + j] = 0.0 if u < p_miss else 1.0


@inlined
def take_up(plan: Plan, item: Any, levels: Any, index: int, running: Lanes, i: Lane, frames: Lanes, j: Lane) -> None:
    """Let lane `i` of an agent's pool run the instance of a frame; it keeps its terms where the model is the same."""
    resume(running, i, frames, j)
    model = frames.words[at.MODEL + j]
    if model != running.words[at.MODEL + i]:
        set_terms(plan, item, levels, index, running, i, model)


@device
def set_terms(plan: Plan, item: Any, levels: Any, index: int, running: Lanes, i: Lane, model: np.uint64) -> None:
    """Put lane `i` under the terms of a model: those of its first tier of prices, and where they end."""
    floats, agent = running.floats, plan.agents[index]
    row = plan.cards[model, item.day]
    tier = plan.tiers[row]
    running.words[at.MODEL + i] = model
    floats[at.LIMIT + i] = agent.limit_tokens if agent.limit_tokens > 0.0 else plan.windows[model]
    floats[at.P_FAILS + i] = min(1.0, plan.failure_rates[index, model] * levels[L_FAILURE])
    floats[at.ABOVE + i] = plan.tiers[row + 1].above if tier.more else np.inf
    floats[at.PRICE + i] = tier.write if agent.caching else tier.input
    floats[at.CACHED_PRICE + i] = tier.cached
    floats[at.OUTPUT_PRICE + i] = tier.output
    floats[at.FEE + i] = tier.fee
    floats[at.WRITES + i] = 1.0 if agent.caching and tier.writes else 0.0
