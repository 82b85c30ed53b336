"""Counts of tokens as logs have them: which can be believed, and whether a prompt's count has its cached part in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Any

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
    usable = np.isfinite(cost) & (cost > 0)
    counts = np.column_stack([prompt, output, cached, written])[usable].astype(float)
    counts = counts[:, counts.any(axis=0)] if counts.size else counts
    has_cached, has_written = bool(np.any(cached[usable])), bool(np.any(written[usable]))
    if counts.shape[0] < _FEWEST_CALLS or not (has_cached or has_written) or not np.any(prompt[usable]):
        return None
    scale = counts.max(axis=0)
    weighted = counts / scale / cost[usable, None]
    rates, _, rank, _ = np.linalg.lstsq(weighted, np.ones(counts.shape[0]))
    off = np.abs(weighted @ rates - 1)
    if rank < counts.shape[1] or np.median(off) > _EXACT:
        return None
    rates = rates / scale
    if has_cached:
        return bool(rates[2 if np.any(output[usable]) else 1] < 0)
    return bool(rates[-1] < rates[0] / 2)


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
    for model in np.unique(calls["model"][(parts > 0) & (said == UNTOLD)]):
        mine = (calls["model"] == model) & (parts > 0)
        open_ones = mine & (said == UNTOLD)
        verdict, why = _verdict(mine, said), "the calls that tell it"
        if verdict is None:
            one = calls["model"] == model
            counts = prompt[one], calls["cached"][one], calls["written"][one], _answer(calls)[one]
            verdict, why = includes_cached(*counts, calls["cost"][one]), "their costs"
        if verdict is None:
            name = calls.names["model"][model] if model >= 0 else ""
            verdict, why = usual(name), "what is usual for the source, as neither totals nor costs tell"
        inside[open_ones] = verdict
        guessed[f"{'with' if verdict else 'without'} cached tokens, by {why}"] += int(open_ones.sum())
    reading.notes += [f"Prompts of {n:,} calls are taken as counted {how}." for how, n in guessed.items()]
    fresh = np.where(inside, prompt - np.where(prompt >= parts, parts, 0), prompt)
    return replace(calls, columns={**calls.columns, "fresh": fresh, "readable": np.full(len(calls), NONE)})


def _verdict(mine: NDArray[np.bool_], said: NDArray[np.int64]) -> bool | None:
    inside, apart = int(np.sum(mine & (said == INSIDE))), int(np.sum(mine & (said == APART)))
    return inside > apart if inside + apart else None


def _answer(calls: Calls) -> NDArray[np.int64]:
    answer: NDArray[np.int64] = calls["output"] + calls["reasoning"]
    return answer
