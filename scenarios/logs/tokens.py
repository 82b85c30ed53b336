"""Counts of tokens as logs have them: which can be believed, and whether a prompt's count has its cached part in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.table import Calls

Number = int | float | None
"""A number that may be missing; numbers written as text are decoded to one."""

MOST_TOKENS = 10**10
"""No request has more."""

_FEWEST_CALLS = 8
_EXACT = 0.02
"""Largest error of a model's costs, as a share of them, with which linear prices are believed."""


def bad_tokens(*tokens: int) -> str:
    """Why counts can't be used; empty where they can."""
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


def with_fresh(calls: Calls, fresh: NDArray[np.int64]) -> Calls:
    """Return the calls with other counts of fresh tokens."""
    return replace(calls, columns={**calls.columns, "fresh": fresh})
