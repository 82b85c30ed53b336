"""The cost of single sessions: quantiles, tail and waste, from mergeable histograms."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from simulator.engine.tally import TOKEN_KINDS, IntArray, SessionTally, Tally, cost_bin_value
from simulator.risk.money import in_currency
from simulator.risk.quantiles import histogram_rank
from simulator.risk.trees import Depth, SessionAgents, depths, session_agents


@dataclass(frozen=True)
class SessionCost:
    """Cost of one session in currency, fixed costs left out; quantiles to 0.2 %, the mean and the maximum exact."""

    mean: float
    p50: float
    p90: float
    p95: float
    p99: float
    p999: float
    max: float


@dataclass(frozen=True)
class SessionCalls:
    """Requests in one session, failed ones and summaries included."""

    mean: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class SessionTokens:
    """Mean billed tokens of one session: `input` is the whole prompt, cached and written ones included."""

    input: float
    cached: float
    written: float
    output: float


@dataclass(frozen=True)
class SessionCuts:
    """Shares of the sessions that were cut, by what cut them: two guardrails, and the hard limit on calls."""

    cost: float
    calls: float
    limit: float


@dataclass(frozen=True)
class Sessions:
    """What single sessions cost, over all that were simulated.

    Figures that no session gives (of no sessions at all) are nan.

    Attributes
    ----------
    cost, calls, tokens, agents : of one session
    depth : agents and cost by depth, the root first; empty where none were counted
    success_rate, cut_rate : shares of the sessions
    cut_by : the cut ones, by what cut them
    held_rate : share of the sessions in which a cap on depth or agents kept a child from starting
    repeat_rate : repeated runs a session, so it may pass 1
    handoff_rate, review_rate : shares of the sessions that a person took over, and looked at
    cost_per_success : cost of all sessions over the number that succeeded, in currency; inf where none did
    waste_share : share of session cost in sessions without success and in the retries of the others
    top1pct_share : share of session cost that the dearest 1 % of sessions carry
    """

    cost: SessionCost
    calls: SessionCalls
    tokens: SessionTokens
    agents: SessionAgents
    depth: tuple[Depth, ...]
    success_rate: float
    cut_rate: float
    cut_by: SessionCuts
    held_rate: float
    repeat_rate: float
    handoff_rate: float
    review_rate: float
    cost_per_success: float
    waste_share: float
    top1pct_share: float


def session_risk(tally: Tally) -> Sessions:
    """The risk of single sessions, over all features."""
    sessions, unit = tally.session, tally.frame.unit
    n = sessions.sessions
    cost_units = sum(sessions.cost_units.ravel().tolist())
    return Sessions(
        cost=_cost(sessions, cost_units, unit),
        calls=_calls(sessions.calls_counts, n),
        tokens=SessionTokens(*(_ratio(sessions.tokens[kind], n) for kind in TOKEN_KINDS)),
        agents=session_agents(sessions),
        depth=depths(sessions),
        success_rate=_ratio(sessions.successes, n),
        cut_rate=_ratio(sessions.cut, n),
        cut_by=SessionCuts(**{reason: _ratio(cut, n) for reason, cut in sessions.cut_by.items()}),
        held_rate=_ratio(sessions.held, n),
        repeat_rate=_ratio(sessions.repeats, n),
        handoff_rate=_ratio(sessions.handovers, n),
        review_rate=_ratio(sessions.reviews, n),
        cost_per_success=_cost_per_success(sessions, cost_units, unit),
        waste_share=_share(sessions.waste_units, cost_units, n),
        top1pct_share=_share(top_units(sessions, Fraction(1, 100)), cost_units, n),
    )


def cost_quantile(sessions: SessionTally, p: float) -> float:
    """Quantile at p of session cost, in currency; to 0.2 %, and never outside the exact minimum and maximum."""
    value = float(cost_bin_value(histogram_rank(sessions.cost_counts.sum(axis=0), p)))
    return min(max(value, sessions.min_cost), sessions.max_cost)


def top_units(sessions: SessionTally, share: Fraction) -> Fraction:
    """What the dearest `share` of the sessions cost together, in units.

    Exact but for the sessions of the one bin in which the boundary falls: they count at that bin's mean.
    """
    left = share * sessions.sessions
    total = Fraction(0)
    for count, units in _dearest_bins(sessions):
        if count >= left:
            return total + units * left / count
        total += units
        left -= count
    return total


def _dearest_bins(sessions: SessionTally) -> Iterator[tuple[int, int]]:
    """Number of sessions and their cost in units, of each bin that is not empty, the dearest bin first."""
    counts = sessions.cost_counts.sum(axis=0)
    units = sessions.cost_units.sum(axis=0)
    for index in np.flatnonzero(counts)[::-1]:
        yield int(counts[index]), int(units[index])


def _cost(sessions: SessionTally, cost_units: int, unit: float) -> SessionCost:
    n = sessions.sessions
    if n == 0:
        return SessionCost(*(7 * [math.nan]))
    p50, p90, p95, p99, p999 = (cost_quantile(sessions, p) for p in (0.50, 0.90, 0.95, 0.99, 0.999))
    return SessionCost(in_currency(Fraction(cost_units, n), unit), p50, p90, p95, p99, p999, sessions.max_cost)


def _calls(counts: IntArray, n: int) -> SessionCalls:
    if n == 0:
        return SessionCalls(*(4 * [math.nan]))
    calls = int(np.dot(counts, np.arange(len(counts))))
    return SessionCalls(calls / n, *(float(histogram_rank(counts, p)) for p in (0.50, 0.95, 0.99)))


def _cost_per_success(sessions: SessionTally, cost_units: int, unit: float) -> float:
    if sessions.sessions == 0:
        return math.nan
    if sessions.successes == 0:
        return math.inf
    return in_currency(Fraction(cost_units, sessions.successes), unit)


def _share(part: int | Fraction, whole: int, n: int) -> float:
    """A share of all session cost; sessions that cost nothing waste nothing."""
    if n == 0:
        return math.nan
    return float(Fraction(part) / whole) if whole else 0.0


def _ratio(count: int, n: int) -> float:
    return count / n if n else math.nan
