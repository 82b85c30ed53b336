"""Aggregates over the sessions of a pool, and those of a period that pools stand for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.layout import T_SESSIONS, TOTALS
from simulator.engine.tally import BIN_BITS, COUNTS, CUTS, N_COST_BINS, TOKEN_KINDS, SessionTally, cost_bin_value

if TYPE_CHECKING:
    from simulator.engine.layout import Floats, Ints, Out


@dataclass(frozen=True)
class Counted:
    """Whole numbers over the sessions of one feature; arrays end with their last entry that is not 0."""

    sessions: int
    costs: Ints  # by cost bin
    units: Ints  # money by cost bin
    calls: Ints
    agents: Ints
    depth_units: Ints
    depth_agents: Ints
    totals: Ints
    least: float
    most: float

    @classmethod
    def nothing(cls) -> Counted:
        """Of no sessions."""
        none = np.zeros(0, np.int64)
        return cls(0, none, none, none, none, none, none, np.zeros(len(TOTALS), np.int64), np.inf, 0.0)

    @classmethod
    def of(cls, out: Out, feature: int) -> Counted:
        """What a kernel has counted."""
        least, most, most_calls, most_agents = out.extremes
        return cls(
            int(out.totals[T_SESSIONS]),
            out.cost_counts[feature].copy(),
            out.cost_units[feature].copy(),
            out.calls_counts[: int(most_calls) + 1].copy(),
            out.agents_counts[: int(most_agents) + 1].copy(),
            out.depth_units.copy(),
            out.depth_agents.copy(),
            out.totals.copy(),
            float(least),
            float(most),
        )

    def __add__(self, other: Counted) -> Counted:
        """Of both sets of sessions."""
        names = ("costs", "units", "calls", "agents", "depth_units", "depth_agents", "totals")
        sums = {name: _added(getattr(self, name), getattr(other, name)) for name in names}
        least, most = min(self.least, other.least), max(self.most, other.most)
        return Counted(self.sessions + other.sessions, least=least, most=most, **sums)


def _added(a: Ints, b: Ints) -> Ints:
    longer, shorter = (a, b) if len(a) >= len(b) else (b, a)
    total = longer.copy()
    total[: len(shorter)] += shorter
    return total


class Mixture:
    """The sessions of one feature of many trials, made of pools: each counts for the sessions that it stands for."""

    def __init__(self) -> None:
        self._sums: dict[str, Floats] = {}
        self.least, self.most = np.inf, 0.0

    def add(self, pool: Counted, sessions: float, factor: float) -> None:
        """Add a pool that stands for so many sessions, whose costs the price level multiplies by `factor`."""
        weight = sessions / pool.sessions
        costs, units = _moved(pool.costs, factor), _moved(pool.units, factor)
        self._add("costs", weight * costs)
        self._add("units", weight * factor * units)
        for name in ("calls", "agents", "depth_units", "depth_agents", "totals"):
            money = factor if name == "depth_units" else 1.0
            self._add(name, weight * money * getattr(pool, name))
        self.least, self.most = min(self.least, pool.least * factor), max(self.most, pool.most * factor)

    def _add(self, name: str, counts: Floats) -> None:
        before = self._sums.get(name, np.zeros(0))
        longer, shorter = (before, counts) if len(before) >= len(counts) else (counts, before)
        total = longer.copy()
        total[: len(shorter)] += shorter
        self._sums[name] = total

    def into(self, session: SessionTally, feature: int, sessions: int, money: int) -> None:
        """Add the sessions to a tally, as whole numbers of which there are `sessions`, and of money `money` units."""
        if not self._sums or not sessions:
            return
        costs = rounded(self._sums["costs"], sessions)
        session.cost_counts[feature, : len(costs)] += costs
        units = rounded_money(np.where(costs > 0, self._sums["units"], 0.0), money)
        session.cost_units[feature, : len(units)] += units
        for name, total in (("calls", session.calls_counts), ("agents", session.agents_counts)):
            counts = rounded(self._sums[name], sessions)
            total[: len(counts)] += counts
        session.depth_units += rounded_money(self._sums["depth_units"], money)
        agents = np.rint(self._sums["depth_agents"]).astype(np.int64)
        session.depth_agents += agents
        session.min_cost = min(session.min_cost, float(self.least))
        session.max_cost = max(session.max_cost, float(self.most))
        totals = dict(zip(TOTALS, (round(x) for x in self._sums["totals"].tolist()), strict=True))
        totals["sessions"] = sessions
        scale = money / self._sums["units"].sum() if self._sums["units"].sum() > 0.0 else 1.0
        totals["waste_units"] = round(self._sums["totals"][TOTALS.index("waste_units")] * scale)
        for name in COUNTS:
            setattr(session, name, getattr(session, name) + totals[name])
        for reason in CUTS:
            session.cut_by[reason] += totals[f"cut_by_{reason}"]
        for kind in TOKEN_KINDS:
            session.tokens[kind] += totals[kind]


def _moved(counts: Ints, factor: float) -> Floats:
    """Counts by cost bin after all costs were multiplied."""
    if factor == 1.0:
        return counts.astype(np.float64)
    filled = np.flatnonzero(counts)
    values = cost_bin_value(filled) * factor
    to = np.where(filled < 1, filled, np.clip(_bins(values), 1, N_COST_BINS - 1))
    there = np.bincount(to, weights=counts[filled].astype(np.float64), minlength=len(counts))
    return there.astype(np.float64)


def _bins(costs: Floats) -> Ints:
    """Cost bins of costs above 0, as the kernels find them."""
    from simulator.engine.counting import FIRST_OCTAVE

    bins: Ints = (costs.view(np.int64) >> (52 - BIN_BITS)) - int(FIRST_OCTAVE) + 2
    return bins


def rounded(weights: Floats, total: int) -> Ints:
    """Whole numbers in proportion to weights that add up to a total."""
    edges = np.cumsum(weights)
    edges = np.rint(edges * (total / edges[-1])) if len(edges) and edges[-1] > 0.0 else np.zeros(len(weights))
    return np.diff(edges.astype(np.int64), prepend=0)


def rounded_money(weights: Floats, total: int) -> np.ndarray:
    """As `rounded`, in Python integers, and to the nearest of 2^50 parts of the total."""
    parts = 1 << 50
    shares = np.cumsum(rounded(weights, parts).astype(object))
    edges = shares * total // parts
    return np.diff(edges, prepend=0)
