"""Draws of many lanes at once: tokens, and numbers of things that are rounded by chance."""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import inlined
from distributions.streams import uniform, word
from distributions.table import draw, draw_all
from simulator.engine import columns as at
from simulator.engine.lanes import Lane, Lanes, in_vectors
from simulator.engine.layout import NO_LAW, NO_LEVEL, NOT_HARDER, Plan

FIRST, ONE = np.uint64(0), np.uint64(1)


@inlined
def nearest(tokens: float) -> float:
    """A scaled draw as a whole number of tokens, at least 0."""
    whole: float = max(0.0, np.floor(tokens + 0.5))
    return whole


@inlined
def level_of(levels: Any, driver: int) -> float:
    """What a driver multiplies by; 1 for none."""
    level: float = levels[driver] if driver != NO_LEVEL else 1.0
    return level


@inlined
def draw_turn(plan: Plan, agent: Any, levels: Any, lanes: Lanes, n: Lane, wide: Lane, is_full: bool) -> None:
    """Draw all that an agent draws in every turn: scaled, rounded, at most what it may be."""
    for row in range(agent.first_draw, agent.first_draw + agent.n_draws):
        what = plan.draws[row]
        words, tokens = lanes.words, lanes.floats[what.to : what.to + wide]
        key, purpose = what.key, what.purpose
        for i in range(wide):
            words[at.WORD + i] = word(words[key + i], words[at.K1 + i], FIRST, purpose)
        draw_all(plan.laws, plan.nodes, plan.steps, plan.guide, what.law, words[at.WORD : at.WORD + wide], tokens)
        if is_full and what.first_law != NO_LAW:
            draw_anew_in_first_turns(plan, what, lanes, tokens, n)
        if is_full and what.harder != NOT_HARDER:
            for i in range(wide):
                tokens[i] *= lanes.floats[what.harder + i]
        factor, most = level_of(levels, what.level), what.most
        for i in range(wide):
            tokens[i] = min(most, nearest(tokens[i] * factor))


@inlined
def draw_anew_in_first_turns(plan: Plan, what: Any, lanes: Lanes, tokens: Any, n: Lane) -> None:
    """Draw from another law where an instance takes its first turn, at the same word: an equal law changes nothing."""
    words = lanes.words
    for i in range(n):
        if words[at.TURN + i] == ONE:
            w = word(words[what.key + i], words[at.K1 + i], FIRST, what.purpose)
            tokens[i] = draw(plan.laws, plan.nodes, plan.steps, plan.guide, what.first_law, w)
            if what.harder_first != NOT_HARDER:
                tokens[i] *= lanes.floats[what.harder_first + i]


@inlined
def draw_tokens(plan: Plan, law: int, purpose: np.uint64, factor: float, lanes: Lanes, to: Lane, n: Lane) -> None:
    """Tokens of one law at the keys of the lanes: drawn, scaled, rounded."""
    wide = in_vectors(n)
    words, tokens = lanes.words, lanes.floats[to : to + wide]
    if law == NO_LAW:
        for i in range(wide):
            tokens[i] = 0.0
        return
    for i in range(wide):
        words[at.WORD + i] = word(words[at.KEY + i], words[at.K1 + i], FIRST, purpose)
    draw_all(plan.laws, plan.nodes, plan.steps, plan.guide, law, words[at.WORD : at.WORD + wide], tokens)
    for i in range(wide):
        tokens[i] = nearest(tokens[i] * factor)


@inlined
def round_by_chance(words: Any, i: Lane, purpose: np.uint64, x: float) -> float:
    """The whole number below or above, so that the mean is kept; no random number is spent on one that is whole."""
    whole: float = np.floor(x)
    if x > whole and uniform(word(words[at.KEY + i], words[at.K1 + i], FIRST, purpose)) < x - whole:
        return whole + 1.0
    return whole


@inlined
def draw_counts(
    plan: Plan, law: int, purpose: np.uint64, rounding: np.uint64, factor: float, lanes: Lanes, n: Lane
) -> None:
    """How many of something each lane has, as `draw_count` gives it, into column COUNT."""
    wide = in_vectors(n)
    words, counts = lanes.words, lanes.floats[at.COUNT : at.COUNT + wide]
    for i in range(wide):
        words[at.WORD + i] = word(words[at.KEY + i], words[at.K1 + i], FIRST, purpose)
    draw_all(plan.laws, plan.nodes, plan.steps, plan.guide, law, words[at.WORD : at.WORD + wide], counts)
    broken = FIRST
    for i in range(wide):
        count = max(0.0, counts[i] * factor)
        counts[i] = count
        broken += np.uint64(count > np.floor(count))
    if broken > FIRST:
        for i in range(n):
            counts[i] = round_by_chance(words, i, rounding, counts[i])


@inlined
def draw_count(
    plan: Plan, law: int, purpose: np.uint64, rounding: np.uint64, factor: float, words: Any, i: Lane
) -> float:
    """How many of something lane `i` has: drawn, scaled, rounded by chance, at least 0."""
    drawn = draw(
        plan.laws, plan.nodes, plan.steps, plan.guide, law, word(words[at.KEY + i], words[at.K1 + i], FIRST, purpose)
    )
    return round_by_chance(words, i, rounding, max(0.0, drawn * factor))
