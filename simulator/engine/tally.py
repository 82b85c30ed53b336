"""Mergeable aggregates of simulated periods, in integers.

Everything that risk reads stands here and nowhere else. Money is counted in whole units of ``Frame.unit`` (a nano of
the scenario's currency unless a trial could pass 2^62 of them), so that merging is associative and exact, whoever
computed what.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

# Session costs are counted in bins that split each octave evenly: a bin is at most 1/256 = 0.4 % wide, and finding it
# costs one shift of the float's bit pattern, where a logarithm costs more than the rest of the session's bookkeeping.
BIN_BITS = 8
LOWEST_EXPONENT = -31
HIGHEST_EXPONENT = 33
N_COST_BINS = 2 + ((HIGHEST_EXPONENT - LOWEST_EXPONENT) << BIN_BITS)
"""Bin 0 holds cost 0, bin 1 anything below 2^-31, the last anything from 2^33 on."""

MAX_CALLS = 100_000
"""Calls of one session are counted one by one up to this hard limit."""

MAX_DEPTH = 64
"""Deepest level of children that a session may reach at all, the root at 0."""

N_WORST = 100
"""How many of the dearest sessions a tally keeps."""

UNCUT, CUT_BY_COST, CUT_BY_CALLS, CUT_BY_LIMIT = range(4)
CUTS = ("cost", "calls", "limit")
"""What can cut a session: two guardrails, and the hard limit of MAX_CALLS."""

SESSION_DTYPE = np.dtype(
    [
        ("trial", np.int64),
        ("day", np.int64),
        ("feature", np.int64),
        ("session", np.int64),
        ("cost", np.float64),
        ("calls", np.int64),
        ("agents", np.int64),
        ("input", np.int64),
        ("cached", np.int64),
        ("written", np.int64),
        ("output", np.int64),
        ("success", np.bool_),
        ("cut", np.int64),  # UNCUT, or one more than its place in CUTS
        ("held", np.bool_),  # a cap on depth or agents kept a child from starting
        ("runs", np.int64),  # the first one and its repeats
        ("handed_over", np.bool_),
        ("reviewed", np.bool_),
    ]
)
"""One session: its address (day counted from 0), cost in currency, calls, agents, tokens, outcome."""

TOKEN_KINDS = ("input", "cached", "written", "output")

COUNTS = ("sessions", "successes", "held", "repeats", "handovers", "reviews", "agents", "waste_units")
"""Whole numbers that add up over sessions."""

REPLICATES = 16
"""Independent scrambles of Sobol points, which trials are dealt to in turn."""

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Records = npt.NDArray[np.void]


class Cell(NamedTuple):
    """Whom a piece of spend is charged to; a fixed cost has neither feature nor agent, its name is the detail."""

    feature: str | None
    agent: str | None
    cause: str
    detail: str | None = None


class Threshold(NamedTuple):
    """When a control acts: from `delay_days` after the day that follows the one on which spend passes `units`."""

    units: int
    delay_days: int


class Spent(NamedTuple):
    """The period to date as a fact: what its first `days` days have cost."""

    days: int
    units: int


@dataclass(frozen=True)
class Frame:
    """What the columns of a tally mean.

    Attributes
    ----------
    cells : the cells of ``Tally.cells``, in column order
    features : the features of ``Tally.daily`` and ``Tally.sessions``
    dates : the days of the period
    unit : currency in one integer unit of money
    fixed_daily : int64[D], all fixed costs by day, in units
    covered_cells : bool[C], whether the budget covers the cell
    events : those of ``Tally.event_days``
    thresholds : those of ``Tally.crossed``, one a control
    one_time_daily : int64[D], what `fixed_daily` has of covered one-time costs, which no control looks at; in units
    spent : None where all of the period is simulated
    points : "sobol" where what a trial draws once are Sobol points of REPLICATES; "plain" where it is independent
    """

    cells: tuple[Cell, ...]
    features: tuple[str, ...]
    dates: tuple[date, ...]
    unit: float
    fixed_daily: IntArray
    covered_cells: npt.NDArray[np.bool_]
    events: tuple[str, ...] = ()
    thresholds: tuple[Threshold, ...] = ()
    one_time_daily: IntArray = field(default_factory=lambda: np.zeros(0, np.int64))
    spent: Spent | None = None
    points: str = "plain"

    def no_money(self, trials: int) -> tuple[IntArray, IntArray, IntArray]:
        """Zeros for ``cells``, ``daily`` and ``covered`` of a tally."""
        days = len(self.dates)
        shapes = (trials, len(self.cells)), (trials, days, len(self.features)), (trials, days)
        cells, daily, covered = (np.zeros(shape, np.int64) for shape in shapes)
        return cells, daily, covered


def cost_bin_value(index: npt.ArrayLike) -> FloatArray:
    """Middle of a session-cost bin, in currency; at most 0.2 % from any cost in it.

    Parameters
    ----------
    index : int or int[n], in [0, N_COST_BINS)
    """
    bins = np.asarray(index, dtype=np.int64)
    octave, part = np.divmod(np.maximum(bins - 2, 0), 1 << BIN_BITS)
    middle = np.ldexp(1.0 + (part + 0.5) / (1 << BIN_BITS), octave + LOWEST_EXPONENT)
    lowest = np.ldexp(1.0, LOWEST_EXPONENT)
    return np.where(bins == 0, 0.0, np.where(bins == 1, lowest, middle))


@dataclass
class SessionTally:
    """Aggregates over single sessions, fixed costs left out.

    Attributes
    ----------
    cost_counts : int64[F, N_COST_BINS], sessions by feature and cost bin
    cost_units : object[F, N_COST_BINS], their cost in units, Python integers
    calls_counts : int64[MAX_CALLS + 1], sessions by number of calls
    agents_counts : int64[MAX_CALLS + 1], sessions by number of agent instances; the last one has those of more
    depth_units : object[MAX_DEPTH + 1], what the sessions cost by depth of the agent, in units, Python integers; costs
        of a session as a whole (people, overheads) stand at depth 0
    depth_agents : int64[MAX_DEPTH + 1], agent instances by depth
    tokens : billed tokens, Python integers by kind; ``input`` is the whole prompt, cached and written included
    min_cost, max_cost : exact extremes in currency (inf and 0 while empty)
    cut_by : sessions that were cut, by what cut them
    held : sessions in which a cap on depth or agents kept a child from starting
    repeats : runs of sessions after their first one
    handovers, reviews : sessions that a person took over, and looked at
    """

    cost_counts: IntArray
    cost_units: npt.NDArray[np.object_]
    calls_counts: IntArray
    agents_counts: IntArray
    depth_units: npt.NDArray[np.object_]
    depth_agents: IntArray
    tokens: dict[str, int]
    min_cost: float = float("inf")
    max_cost: float = 0.0
    sessions: int = 0
    successes: int = 0
    cut_by: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CUTS, 0))
    held: int = 0
    repeats: int = 0
    handovers: int = 0
    reviews: int = 0
    agents: int = 0
    waste_units: int = 0

    @property
    def cut(self) -> int:
        """Sessions that were cut, by whatever."""
        return sum(self.cut_by.values())

    @classmethod
    def empty(cls, n_features: int) -> SessionTally:
        """The tally of no sessions."""
        return cls(
            cost_counts=np.zeros((n_features, N_COST_BINS), np.int64),
            cost_units=np.zeros((n_features, N_COST_BINS), object),
            calls_counts=np.zeros(MAX_CALLS + 1, np.int64),
            agents_counts=np.zeros(MAX_CALLS + 1, np.int64),
            depth_units=np.zeros(MAX_DEPTH + 1, object),
            depth_agents=np.zeros(MAX_DEPTH + 1, np.int64),
            tokens=dict.fromkeys(TOKEN_KINDS, 0),
        )

    def merge(self, other: SessionTally) -> SessionTally:
        """The tally of both sets of sessions; associative and commutative."""
        cost_units, filled = self.cost_units.copy(), np.nonzero(other.cost_counts)
        cost_units[filled] += other.cost_units[filled]  # most bins are empty, and Python adds them one by one
        return SessionTally(
            cost_counts=self.cost_counts + other.cost_counts,
            cost_units=cost_units,
            calls_counts=self.calls_counts + other.calls_counts,
            agents_counts=self.agents_counts + other.agents_counts,
            depth_units=self.depth_units + other.depth_units,
            depth_agents=self.depth_agents + other.depth_agents,
            tokens={kind: self.tokens[kind] + other.tokens[kind] for kind in TOKEN_KINDS},
            min_cost=min(self.min_cost, other.min_cost),
            max_cost=max(self.max_cost, other.max_cost),
            cut_by={reason: self.cut_by[reason] + other.cut_by[reason] for reason in CUTS},
            **{name: getattr(self, name) + getattr(other, name) for name in COUNTS},
        )


@dataclass
class Tally:
    """All that is known of a set of simulated periods (trials).

    Attributes
    ----------
    trial : int64[T], trial numbers, ascending
    levels : float64[T, 12], the trial's driver draws, before trends and events, in the order of ``DRIVERS``
    cells : int64[T, C], spend by cell in units, fixed costs included
    daily : int64[T, D, F], spend of the sessions by day and feature, in units
    covered : int64[T, D], spend of the day that the budget covers, fixed costs included
    sessions : int64[T, D, F], number of sessions
    turned_away : int64[T], sessions that came less because of controls
    event_days : int64[T, E], days on which an event was in force
    crossed : int64[T, K], day from 1 at the end of which covered spend, one-time costs left out, had passed a control's
        threshold; 0 where it never did
    free_spend, free_covered : int64[T, D], spend by day and what the budget covers of it, fixed costs included, of the
        same trials without controls; int64[T, 0] where there are none
    peak : int64[T], sessions beyond the capacity of the busiest hour
    heaviest : float64[T], share of the sessions that the most active user is expected to have; nan without users
    session : aggregates over single sessions
    worst : the dearest sessions, dearest first, at most N_WORST
    """

    frame: Frame
    trial: IntArray
    levels: FloatArray
    cells: IntArray
    daily: IntArray
    covered: IntArray
    sessions: IntArray
    turned_away: IntArray
    event_days: IntArray
    crossed: IntArray
    free_spend: IntArray
    free_covered: IntArray
    peak: IntArray
    heaviest: FloatArray
    session: SessionTally
    worst: Records = field(default_factory=lambda: np.zeros(0, SESSION_DTYPE))

    @classmethod
    def empty(cls, frame: Frame, trial: IntArray, n_drivers: int) -> Tally:
        """A tally of the given trials in which nothing has happened yet."""
        n = len(trial)
        cells, daily, covered = frame.no_money(n)
        free_days = len(frame.dates) if frame.thresholds else 0
        return cls(
            frame=frame,
            trial=trial,
            levels=np.ones((n, n_drivers)),
            cells=cells,
            daily=daily,
            covered=covered,
            sessions=np.zeros_like(daily),
            turned_away=np.zeros(n, np.int64),
            event_days=np.zeros((n, len(frame.events)), np.int64),
            crossed=np.zeros((n, len(frame.thresholds)), np.int64),
            free_spend=np.zeros((n, free_days), np.int64),
            free_covered=np.zeros((n, free_days), np.int64),
            peak=np.zeros(n, np.int64),
            heaviest=np.full(n, np.nan),
            session=SessionTally.empty(len(frame.features)),
        )

    def merge(self, other: Tally) -> Tally:
        """The tally of both sets of trials; associative, and the order of merging does not show."""
        trial = np.concatenate([self.trial, other.trial])
        order = np.argsort(trial, kind="stable")
        if len(np.unique(trial)) != len(trial):
            raise ValueError("the two tallies have a trial in common")

        rows = {
            name: np.concatenate([getattr(self, name), getattr(other, name)])[order] for name in ROWS if name != "trial"
        }
        return Tally(
            frame=self.frame,
            trial=trial[order],
            **rows,
            session=self.session.merge(other.session),
            worst=dearest(np.concatenate([self.worst, other.worst])),
        )


ROWS = tuple(column.name for column in fields(Tally) if column.name not in ("frame", "session", "worst"))
"""The arrays of a tally that have a row a trial."""


def dearest(records: Records, count: int = N_WORST) -> Records:
    """The `count` dearest sessions, dearest first; equal costs in the order of their addresses."""
    order = np.lexsort([records["session"], records["feature"], records["day"], records["trial"], -records["cost"]])
    return records[order[:count]]
