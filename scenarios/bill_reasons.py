"""Why a log's own costs differ from list prices, in words: each explanation is tried call by call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.table import Calls
from scenarios.tariffs import Tariff, Tokens, at_noon

SAME = 0.005
"""A call whose two costs differ by less is explained; logs round."""

_ROUNDED = 1e-6
"""USD to which logs round at the coarsest."""

_ENOUGH = 0.95
"""Share of the calls that an explanation must hold for."""

_LEFT = 0.1
"""Share of the difference of sums that it may leave: what a few dear calls make, others do not explain."""

_LOOKED_AT = 20_000

DEEPEST = 0.2
"""Share of the list price below which nobody has a discount: the log counts in other units, or of something else."""


@dataclass(frozen=True)
class Reason:
    """Why recorded and repriced costs differ.

    Attributes
    ----------
    words : str
        Empty where they do not.
    pays : float or None
        The share of its list price at which every call is recorded, where that can be a discount.
    """

    words: str = ""
    pays: float | None = None


@dataclass(frozen=True)
class Compared:
    """Calls of one model that have a recorded cost, in USD.

    Attributes
    ----------
    calls : Calls
    rows : rows of those calls
    cost : what all calls cost at list prices
    seconds : when, since 1970
    tariff : their prices
    tiers : by tier of service, its rows
    """

    calls: Calls
    rows: NDArray[np.intp]
    cost: NDArray[np.float64]
    seconds: NDArray[np.float64]
    tariff: Tariff
    tiers: Mapping[str, NDArray[np.intp]]


def difference(compared: Compared) -> Reason:
    """Say why recorded and repriced costs differ.

    Notes
    -----
    An explanation is accepted where it gives the recorded cost of 95 % of the calls within half a per cent, and leaves
    no more than a tenth of the difference of their sums. Of many calls 20,000 are looked at, evenly spread.
    """
    rows = compared.rows[:: max(1, compared.rows.size // _LOOKED_AT)]
    recorded, repriced = compared.calls["cost"][rows], compared.cost[rows]
    total, expected = compared.calls["cost"][compared.rows].sum(), compared.cost[compared.rows].sum()
    if abs(total - expected) <= SAME * max(total, expected):
        return Reason()
    for words, value in _explanations(compared, rows):
        if _explains(value, recorded, repriced):
            return Reason(words)
    return _ratio(recorded, repriced)


def _explains(value: NDArray[np.float64], recorded: NDArray[np.float64], repriced: NDArray[np.float64]) -> bool:
    near = np.abs(value - recorded) <= SAME * np.abs(recorded) + _ROUNDED
    left, apart = abs(value.sum() - recorded.sum()), abs(repriced.sum() - recorded.sum())
    return bool(near.mean() >= _ENOUGH and left <= _LEFT * apart)


def _explanations(compared: Compared, rows: NDArray[np.intp]) -> Iterator[tuple[str, NDArray[np.float64]]]:
    calls, seconds = compared.calls, compared.seconds[rows]
    tokens = _tokens(calls, rows)
    nothing = np.zeros(rows.size, np.int64)
    prompt = calls.prompt[rows]

    def price(changed: Tokens, at: NDArray[np.float64] = seconds) -> NDArray[np.float64]:
        cost = _by_tier(compared, rows, at, {**tokens, **changed})
        return np.where(calls["billed"][rows], cost, 0.0)

    yield "the log charges calls that providers do not bill", _by_tier(compared, rows, seconds, tokens)
    yield (
        "the log charges the whole prompt at the input price, as if nothing were cached",
        price({"fresh": prompt, "cached": nothing, "written": nothing, "written_1h": nothing}),
    )
    yield (
        _either("the log charges cached tokens twice", "its input does not count them, and is read as if it did", "no"),
        price({"fresh": tokens["fresh"] + tokens["cached"]}),
    )
    yield (
        _either(
            "the log charges less input than it counts",
            "its input counts the cached tokens, and is read as if it did not",
            "yes",
        ),
        price({"fresh": np.maximum(0, tokens["fresh"] - tokens["cached"])}),
    )
    yield "the log leaves out what cached tokens cost", price({"cached": nothing})
    yield "the log leaves out what writing to the cache costs", price({"written": nothing, "written_1h": nothing})
    yield "the log leaves out reasoning, which is billed as output", price({"reasoning": nothing})
    yield (
        "the log charges one-hour cache writes as those of five minutes",
        price({"written": tokens["written"] + tokens["written_1h"], "written_1h": nothing}),
    )
    for day in compared.tariff.starts():
        at = np.full(rows.size, at_noon(day))
        yield f"the log charges the prices of {day.isoformat()}", price({}, at)


def _either(fault: str, misread: str, answer: str) -> str:
    """A fault of the log that a reader's choice makes as well: nobody is blamed, and it is said how to choose."""
    return f"either {fault}, or {misread} (of mapped columns, --map cached_in_prompt={answer} reads it so)"


def _by_tier(
    compared: Compared, rows: NDArray[np.intp], seconds: NDArray[np.float64], tokens: Tokens
) -> NDArray[np.float64]:
    tariff = Tariff(compared.tariff.entry)
    cost = np.zeros(rows.size)
    for tier, its in compared.tiers.items():
        here = np.isin(rows, its) if len(compared.tiers) > 1 else np.ones(rows.size, bool)
        if here.any():
            cost[here] = tariff.cost(seconds[here], tier, {kind: counts[here] for kind, counts in tokens.items()})
    return cost


def _tokens(calls: Calls, rows: NDArray[np.intp]) -> dict[str, NDArray[np.int64]]:
    kinds = {kind: calls[kind][rows] for kind in ("fresh", "cached", "written_1h", "output", "reasoning")}
    return {**kinds, "written": calls["written"][rows] - calls["written_1h"][rows]}


def _ratio(recorded: NDArray[np.float64], repriced: NDArray[np.float64]) -> Reason:
    paid = (repriced > 0) & (recorded > 0)
    if not paid.any():
        return Reason("the log records a cost of nothing" if repriced.sum() else "list prices make it nothing")
    ratio = recorded[paid] / repriced[paid]
    low, middle, high = (float(q) for q in np.quantile(ratio, [0.05, 0.5, 0.95]))
    weight = float(recorded.sum() / repriced.sum()) if repriced.sum() else middle
    if high - low <= 2 * SAME * middle:
        return _constant(middle, weight)
    return Reason(
        f"recorded at {weight:.3g} times the list price on the whole, from {low:.3g} to {high:.3g} times by call: "
        "no single reason explains it"
    )


def _constant(middle: float, weight: float) -> Reason:
    """All calls at one share of their list price: a discount, where one can be so deep and the sums agree."""
    share = float(f"{middle:.4g}")
    said = f"every call is recorded at {share:g} times its list price"
    if abs(weight - middle) > SAME * middle:
        return Reason(f"nearly {said}, the dearest ones not, {weight:.3g} on the whole: no single reason explains it")
    if share >= 1:
        on_top = f", {100 * (share - 1):.3g} % on top" if share < 2 else ""
        return Reason(f"{said}{on_top}; if you pay that, write `pays: {share:g}`")
    if share < DEEPEST:
        return Reason(f"{said}, too little to be taken for a discount; if it is one, write `pays: {share:g}`")
    return Reason(f"{said}, {100 * (1 - share):.3g} % off", share)
