"""Working memory of a thread that runs sessions, and the sum of what all threads have counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.lanes import Space
from simulator.engine.layout import TOTALS, Out
from simulator.engine.tally import (
    COUNTS,
    CUTS,
    MAX_CALLS,
    MAX_DEPTH,
    N_COST_BINS,
    N_WORST,
    SESSION_DTYPE,
    TOKEN_KINDS,
    Records,
    SessionTally,
)

if TYPE_CHECKING:
    from simulator.engine.layout import Ints, Table

LARGEST_SUM = 2**62


@dataclass
class Scratch:
    """A thread's working memory: the arrays that its kernel calls fill, and the dearest sessions that it has seen.

    Most cost bins stay empty, and features may be many: so only bins that a block has filled are read and emptied.
    """

    n_features: int
    shape: tuple[int, int, int, int]
    stop: Ints = field(default_factory=lambda: np.zeros(1, np.int64))
    lent: Space | None = None
    worst: Records = field(init=False)
    filled: tuple[Ints | slice, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.worst = np.zeros(N_WORST + 1, SESSION_DTYPE)  # the last one is spare
        self.worst["cost"] = -1.0
        self.space = self.lent or Space.of(*self.shape)
        self.cost_counts = np.zeros((self.n_features, N_COST_BINS), np.int64)
        self.cost_units = np.zeros((self.n_features, N_COST_BINS), np.int64)
        self.calls_counts = np.zeros(MAX_CALLS + 1, np.int64)
        self.agents_counts = np.zeros(MAX_CALLS + 1, np.int64)
        self.depth_units = np.zeros(MAX_DEPTH + 1, np.int64)
        self.depth_agents = np.zeros(MAX_DEPTH + 1, np.int64)
        self.totals = np.zeros(len(TOTALS), np.int64)
        self.most_calls = self.most_agents = 0
        self.filled = (slice(0),)

    def out(
        self,
        cells: Ints,
        daily: Ints,
        covered: Ints,
        records: Records | None = None,
        trace: Table | None = None,
    ) -> Out:
        """Outputs of the next kernel calls: the trials' rows given, and this thread's own aggregates, emptied."""
        for array in (self.cost_counts, self.cost_units):
            array[self.filled] = 0
        self.filled = (slice(None),)  # until the block is finished
        self.calls_counts[: self.most_calls + 1] = 0
        self.agents_counts[: self.most_agents + 1] = 0
        for counts in (self.depth_units, self.depth_agents, self.totals):
            counts[...] = 0
        return Out(
            cells=cells,
            daily=daily,
            covered=covered,
            cost_counts=self.cost_counts,
            cost_units=self.cost_units,
            calls_counts=self.calls_counts,
            agents_counts=self.agents_counts,
            depth_units=self.depth_units,
            depth_agents=self.depth_agents,
            totals=self.totals,
            extremes=np.array([np.inf, 0.0, 0.0, 0.0]),
            worst=self.worst.copy(),
            records=np.zeros(0, SESSION_DTYPE) if records is None else records,
            trace=trace,
            stop=self.stop,
        )

    def finish(self, out: Out) -> None:
        """Note what a finished block has put into `out`."""
        self.worst = out.worst
        self.most_calls, self.most_agents = int(out.extremes[2]), int(out.extremes[3])
        self.filled = np.nonzero(out.cost_counts)


@dataclass
class Sum:
    """The session aggregates of all finished blocks, whichever thread they come from."""

    session: SessionTally
    held: int = 0

    def __post_init__(self) -> None:
        self.held_units = np.zeros(self.session.cost_counts.shape, np.int64)

    def add(self, out: Out, filled: tuple[Ints | slice, ...]) -> None:
        """Add a finished block, whose cost bins are empty but those `filled`."""
        session = self.session
        least, most, most_calls, most_agents = out.extremes
        calls, agents = slice(int(most_calls) + 1), slice(int(most_agents) + 1)
        session.cost_counts[filled] += out.cost_counts[filled]
        session.calls_counts[calls] += out.calls_counts[calls]
        session.agents_counts[agents] += out.agents_counts[agents]
        session.depth_units += out.depth_units.astype(object)
        session.depth_agents += out.depth_agents
        session.min_cost = min(session.min_cost, float(least))
        session.max_cost = max(session.max_cost, float(most))
        totals = dict(zip(TOTALS, (int(x) for x in out.totals), strict=True))
        for name in COUNTS:
            setattr(session, name, getattr(session, name) + totals[name])
        for reason in CUTS:
            session.cut_by[reason] += totals[f"cut_by_{reason}"]
        for kind in TOKEN_KINDS:
            session.tokens[kind] += totals[kind]
        self._hold(filled, out.cost_units[filled])

    def _hold(self, filled: tuple[Ints | slice, ...], units: Ints) -> None:
        """Add a block's money by bin, in machine integers for as long as they are sure to hold it."""
        money = int(units.sum())
        if self.held + money > LARGEST_SUM:
            self.settle()
        self.held_units[filled] += units
        self.held += money

    def settle(self) -> SessionTally:
        """Bring the session aggregates up to date: money by bin in Python integers."""
        filled = np.nonzero(self.held_units)
        self.session.cost_units[filled] += self.held_units[filled].astype(object)
        self.held_units[filled] = 0
        self.held = 0
        return self.session
