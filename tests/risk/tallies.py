"""Tallies made by hand: of given amounts, or of a list of sessions that a test can also count by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import zip_longest

import numpy as np
import numpy.typing as npt

from simulator.engine.tally import (
    CUTS,
    SESSION_DTYPE,
    TOKEN_KINDS,
    Cell,
    Frame,
    SessionTally,
    Spent,
    Tally,
    Threshold,
    cost_bin_value,
    dearest,
)

NANO = 1e-9
START = date(2026, 12, 1)
N_DRIVERS = 12


def frame(
    cells: Sequence[Cell] = (Cell("chat", "bot", "output"),),
    features: Sequence[str] = ("chat",),
    days: int = 1,
    fixed_daily: Sequence[int] | None = None,
    uncovered: Sequence[str] = (),
    unit: float = NANO,
) -> Frame:
    """A frame that starts on 1 December 2026."""
    return Frame(
        cells=tuple(cells),
        features=tuple(features),
        dates=tuple(START + timedelta(days=i) for i in range(days)),
        unit=unit,
        fixed_daily=np.asarray(fixed_daily if fixed_daily is not None else [0] * days, dtype=np.int64),
        covered_cells=np.array([cell.cause not in uncovered for cell in cells]),
    )


def tally_of_days(units: npt.ArrayLike, unit: float = NANO) -> Tally:
    """A tally of one feature and one cell, from int[T, D] of spend by trial and day; no sessions in it."""
    spend = np.asarray(units, dtype=np.int64)
    made = Tally.empty(frame(days=spend.shape[1], unit=unit), np.arange(len(spend)), N_DRIVERS)
    made.daily = spend[:, :, None]
    made.covered = spend.copy()
    made.cells = spend.sum(axis=1)[:, None]
    return made


def tally_of_spend(units: npt.ArrayLike, unit: float = NANO) -> Tally:
    """A tally of one day, from int[T] of spend by trial."""
    return tally_of_days(np.asarray(units, dtype=np.int64)[:, None], unit)


@dataclass(frozen=True)
class Session:
    """One session as a test states it; `units` by column of the frame's cells, `day` from 0.

    `agents` are its instances by depth, `below` what those under the root cost, by depth from 1.
    """

    trial: int
    day: int
    feature: int
    units: tuple[int, ...]
    calls: int = 1
    tokens: tuple[int, int, int, int] = (0, 0, 0, 0)
    success: bool = True
    cut: bool = False
    retries: int = 0
    cut_by: str = "limit"
    agents: tuple[int, ...] = (1,)
    below: tuple[int, ...] = ()
    held: bool = False
    runs: int = 1
    handed_over: bool = False
    reviewed: bool = False

    @property
    def cost(self) -> int:
        return sum(self.units)

    @property
    def waste(self) -> int:
        return self.retries if self.success else self.cost


@dataclass
class Book:
    """Sessions, and the tally that they add up to."""

    frame: Frame
    trials: Sequence[int]
    sessions: list[Session] = field(default_factory=list)
    fixed_cell: int | None = None

    def tally(self) -> Tally:
        made = Tally.empty(self.frame, np.asarray(self.trials, dtype=np.int64), N_DRIVERS)
        made.covered += self.frame.fixed_daily
        if self.fixed_cell is not None:
            made.cells[:, self.fixed_cell] = self.frame.fixed_daily.sum()
        row = {trial: i for i, trial in enumerate(self.trials)}
        numbers: dict[tuple[int, int, int], int] = {}
        records = np.zeros(len(self.sessions), SESSION_DTYPE)
        for i, session in enumerate(self.sessions):
            t, place = row[session.trial], (session.trial, session.day, session.feature)
            numbers[place] = numbers.get(place, -1) + 1
            made.cells[t] += np.asarray(session.units, dtype=np.int64)
            made.daily[t, session.day, session.feature] += session.cost
            made.covered[t, session.day] += int(np.asarray(session.units)[self.frame.covered_cells].sum())
            made.sessions[t, session.day, session.feature] += 1
            _count(made.session, session, self.frame.unit)
            cost, agents = session.cost * self.frame.unit, sum(session.agents)
            fields = (*place, numbers[place], cost, session.calls, agents, *session.tokens, session.success)
            cut = 1 + CUTS.index(session.cut_by) if session.cut else 0
            records[i] = (*fields, cut, session.held, session.runs, session.handed_over, session.reviewed)
        made.worst = dearest(records)
        return made


def _count(into: SessionTally, session: Session, unit: float) -> None:
    cost = session.cost * unit
    place = nearest_bin(cost)
    into.cost_counts[session.feature, place] += 1
    into.cost_units[session.feature, place] += session.cost
    into.calls_counts[session.calls] += 1
    for kind, tokens in zip(TOKEN_KINDS, session.tokens, strict=True):
        into.tokens[kind] += tokens
    into.min_cost, into.max_cost = min(into.min_cost, cost), max(into.max_cost, cost)
    into.sessions += 1
    into.successes += session.success
    into.cut_by[session.cut_by] += session.cut
    into.held += session.held
    into.repeats += session.runs - 1
    into.handovers += session.handed_over
    into.reviews += session.reviewed
    into.agents += sum(session.agents)
    into.agents_counts[sum(session.agents)] += 1
    for depth, (agents, units) in enumerate(
        zip_longest(session.agents, (session.cost - sum(session.below), *session.below), fillvalue=0)
    ):
        into.depth_agents[depth] += agents
        into.depth_units[depth] += units
    into.waste_units += session.waste


_MIDDLES = cost_bin_value(np.arange(16_386))


def nearest_bin(cost: float) -> int:
    """The cost bin whose middle is nearest."""
    return int(np.abs(_MIDDLES - cost).argmin())


def with_controls(
    held: npt.ArrayLike,
    free: npt.ArrayLike,
    thresholds: Sequence[Threshold],
    crossed: npt.ArrayLike,
    unit: float = NANO,
) -> Tally:
    """A tally of days with controls and without, int[T, D] each, and the day each threshold is crossed, int[T, K]."""
    made = tally_of_days(held, unit)
    made.frame = replace(made.frame, thresholds=tuple(thresholds))
    made.free_spend = made.free_covered = np.asarray(free, dtype=np.int64)
    made.crossed = np.asarray(crossed, dtype=np.int64)
    return made


def with_events(made: Tally, **days: npt.ArrayLike) -> Tally:
    """The same tally with events in force on so many days, int[T] each."""
    made.frame = replace(made.frame, events=tuple(days))
    made.event_days = np.stack([np.asarray(row, dtype=np.int64) for row in days.values()], axis=1)
    return made


def with_days_to_date(made: Tally, days: int, units: int) -> Tally:
    """The same tally, the first days of which are a fact of so many units; what they cost before is taken out."""
    fixed = made.frame.fixed_daily.copy()
    fixed[:days] = 0
    fixed[days - 1] = units
    cells = (*made.frame.cells, Cell(None, None, "spent"))
    covered = np.append(made.frame.covered_cells, [True])
    made.cells[:, 0] -= made.daily[:, :days].sum(axis=(1, 2))
    made.cells = np.hstack([made.cells, np.full((len(made.trial), 1), units)])
    made.daily[:, :days] = 0
    made.frame = replace(made.frame, cells=cells, covered_cells=covered, fixed_daily=fixed, spent=Spent(days, units))
    made.covered = made.daily.sum(axis=2) + fixed
    return made
