"""Counts of tokens as logs have them: which can be believed, and whether a prompt's count has its cached part in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.codes import NONE
from scenarios.logs.reading import Reading
from scenarios.logs.table import Calls

Number = float | None
"""A number that may be missing; numbers written as text are decoded to one. Whole numbers past all floats are none."""

MOST_TOKENS = 10**10
"""No request has more."""

UNCOUNTED = "no tokens are told"
"""Why a call that did not fail is left out, of which nobody knows what it took."""

NO_COUNT = "a count of tokens that is no number"

INSIDE, APART, UNTOLD = 1, 0, -1
"""Where the cached tokens of a prompt are: in its count, beside it, or the record doesn't say."""

_FEWEST_CALLS = 8
_EXACT = 0.02
"""Largest error of a model's costs, as a share of them, with which linear prices are believed."""

_FITS, _FITTED = 3, 0.9
_LOOKED_AT = 20_000
_NO_PRICE = 0.01
"""Share of the input price within which a price is none: costs that leave cached tokens out tell nothing of them."""

_SLIPS = 0.05
"""Share of the prompts with cached tokens that a logger may make smaller than these."""


class Verdict(NamedTuple):
    """Where the cached tokens of a model's prompts are.

    Attributes
    ----------
    inside : whether in its prompts; None where nothing tells
    why : what tells it
    against : calls that say the contrary, in number
    """

    inside: bool | None
    why: str
    against: int


def bad_tokens(*tokens: float) -> str:
    """Why counts can't be used; empty where they can."""
    if min(tokens) >= 0 and sum(tokens) <= MOST_TOKENS:  # no sum with a NaN is
        return ""
    if not all(-inf < count < inf for count in tokens):  # whole numbers past all floats are counts
        return NO_COUNT
    if min(tokens) < 0:
        return "negative tokens"
    return "" if max(tokens) <= MOST_TOKENS else f"more than {MOST_TOKENS:,} tokens"


def includes_cached(
    prompt: NDArray[Any], cached: NDArray[Any], written: NDArray[Any], output: NDArray[Any], cost: NDArray[Any]
) -> bool | None:
    """Tell from the costs of one model's calls whether `prompt` has the cached tokens in it; None where they don't say.

    Notes
    -----
    No price is needed. Cost is linear in the four counts. A cached token costs less than a fresh one, so that beside a
    prompt that has it in it, it lowers the cost; beside one that has not, it adds to it. A written token costs about as
    much as a fresh one, or more: it adds next to nothing to a prompt that has it in it, and its price otherwise.
    """
    usable = np.flatnonzero(np.isfinite(cost) & (cost > 0))
    usable = usable[:: max(1, usable.size // _LOOKED_AT)]
    counts = np.column_stack([prompt, output, cached, written])[usable].astype(float)
    counts = counts[:, counts.any(axis=0)] if counts.size else counts
    has_cached, has_written = bool(np.any(cached[usable])), bool(np.any(written[usable]))
    if counts.shape[0] < _FEWEST_CALLS or not (has_cached or has_written) or not np.any(prompt[usable]):
        return None
    rates = _rates(counts, cost[usable])
    if rates is None:
        return None
    if has_cached:
        cached_rate = rates[2 if np.any(output[usable]) else 1]
        return bool(cached_rate < 0) if abs(cached_rate) > _NO_PRICE * abs(rates[0]) else None
    return bool(rates[-1] < rates[0] / 2)


def _rates(counts: NDArray[np.float64], cost: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Prices of linear costs; None where they are not. Calls that fit worst are left out: they may be slips."""
    scale = counts.max(axis=0)
    weighted = counts / scale / cost[:, None]
    kept = np.ones(cost.size, bool)
    for _ in range(_FITS):
        rates, _, rank, _ = np.linalg.lstsq(weighted[kept], np.ones(int(kept.sum())))
        if rank < counts.shape[1]:
            return None
        off = np.abs(weighted @ rates - 1)
        kept = off <= np.quantile(off, _FITTED)
    fitted: NDArray[np.float64] = rates / scale
    return fitted if np.median(off) <= _EXACT else None


def where_cached(
    prompt: NDArray[Any],
    cached: NDArray[Any],
    written: NDArray[Any],
    output: NDArray[Any],
    cost: NDArray[Any],
    inside: int,
    apart: int,
) -> Verdict:
    """Whether one model's prompts have the cached tokens in them: by costs, by impossible prompts, by totals.

    Parameters
    ----------
    inside, apart : calls whose totals say that they have, and have not

    Notes
    -----
    A prompt can't be smaller than what was cached of it. Where cached tokens stand beside prompts, many are; where they
    are inside, only slips of a logger are, so that a few of many tell nothing. Where many prompts are just larger and
    none is smaller, they hold it by all appearance.
    """
    parts = cached + written
    few = _SLIPS * int((parts > 0).sum())
    smaller, inside, apart = (n if n > few else 0 for n in (int((parts > prompt).sum()), inside, apart))
    by_costs = includes_cached(prompt, cached, written, output, cost)
    if by_costs is not None:
        just_larger = int(((parts <= prompt) & (prompt < 2 * parts)).sum()) if not (parts > prompt).any() else 0
        held = max(inside, just_larger if just_larger > few else 0)
        return Verdict(by_costs, "their costs", max(apart, smaller) if by_costs else held)
    if smaller:
        return Verdict(False, "prompts that are smaller than what was cached of them", inside)
    if inside or apart:
        return Verdict(inside >= apart, "their totals", min(inside, apart))
    return Verdict(None, "", 0)


def disjoint(calls: Calls, reading: Reading, usual: Callable[[str], bool]) -> Calls:
    """Take the cached tokens out of prompts that have them inside.

    Parameters
    ----------
    calls : with prompts as logged in `fresh`, and in `readable` INSIDE, APART or UNTOLD
    usual : whether the prompts of a model, by its name, have them inside where nothing else tells

    Returns
    -------
    Calls
        With disjoint counts, and `readable` empty.
    """
    prompt, parts, said = calls["fresh"], calls["cached"] + calls["written"], calls["readable"]
    said = np.where(parts > prompt, APART, said)
    inside = said == INSIDE
    guessed = Counter[str]()
    totals, groups = calls["readable"], by_model(calls)
    for group in np.unique(groups[(parts > 0) & (said == UNTOLD)]):
        rows = np.flatnonzero((groups == group) & (parts > 0))
        open_ones = rows[said[rows] == UNTOLD]
        votes = [int(np.sum((totals[rows] == place) & (parts[rows] <= prompt[rows]))) for place in (INSIDE, APART)]
        one = np.flatnonzero(groups == group)
        counts = prompt[one], calls["cached"][one], calls["written"][one], _answer(calls)[one]
        verdict, why, _ = where_cached(*counts, calls["cost"][one], *votes)
        if verdict is None:
            model = calls["model"][rows[0]]
            name = calls.names["model"][model] if model >= 0 else ""
            verdict, why = usual(name), "what is usual for the source, as neither totals nor costs tell"
        inside[open_ones] = verdict
        guessed[f"{'with' if verdict else 'without'} cached tokens, by {why}"] += open_ones.size
    reading.notes += [f"Prompts of {n:,} calls are taken as counted {how}." for how, n in guessed.items()]
    fresh = np.where(inside, prompt - np.where(prompt >= parts, parts, 0), prompt)
    return replace(calls, columns={**calls.columns, "fresh": fresh, "readable": np.full(len(calls), NONE)})


def by_model(calls: Calls) -> NDArray[np.int64]:
    """For each call a number that its provider and model have together."""
    width = int(calls["model"].max(initial=NONE)) + 2
    numbers: NDArray[np.int64] = calls["provider"].astype(np.int64) * width + calls["model"]
    return numbers


def _answer(calls: Calls) -> NDArray[np.int64]:
    answer: NDArray[np.int64] = calls["output"] + calls["reasoning"]
    return answer
