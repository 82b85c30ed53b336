"""One trial of a run day by day: what it spent, what was in force, which controls were crossed, whom they turned away.

Nothing is simulated anew but what a trial draws before its sessions; money and sessions are those of the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from simulator.course import ReplayError
from simulator.engine.conditions import Conditions
from simulator.engine.controls import acting_on
from simulator.engine.events import course_of
from simulator.engine.period import Period
from simulator.engine.points import Points
from simulator.risk.breach import days_of_breach
from simulator.risk.money import array_in_currency, in_currency

if TYPE_CHECKING:
    from scenarios.schema import Scenario
    from scenarios.words import DriverName
    from simulator.engine.points import PointsKind
    from simulator.engine.tally import FloatArray, IntArray, Tally
    from simulator.result import Result


@dataclass(frozen=True)
class Stretch:
    """Days in a row on which an event is in force and multiplies alike.

    Attributes
    ----------
    first, last : days from 0
    starts : whether the event was not in force on the day before
    ends : whether it is over on the day after; False at the end of the period
    factors : what it multiplies, by driver
    """

    event: str
    first: int
    last: int
    starts: bool
    ends: bool
    factors: Mapping[DriverName, float]


@dataclass(frozen=True)
class Brake:
    """A control whose threshold was passed.

    Attributes
    ----------
    place : among the controls of the scenario, from 0
    threshold : in currency
    crossed : the day, from 0, at the end of which covered spend had passed it
    acts : its first day of acting; None where the period ends before
    leak : covered spend beyond the threshold by then, in currency; None where it never acts
    """

    place: int
    threshold: float
    crossed: int
    acts: int | None
    leak: float | None


@dataclass(frozen=True)
class Crowd:
    """Sessions of each day.

    Attributes
    ----------
    came : int64[D, F]
    beyond : int64[D], those beyond the capacity of the busiest hour
    turned_away : int64[D], by controls
    """

    came: IntArray
    beyond: IntArray
    turned_away: IntArray


class Chronicle:
    """A trial of a run by days, all counted from 0.

    Parameters
    ----------
    result : Result
        With its scenario, so not a loaded one.
    row : int
        Of the trial in its tally.

    Attributes
    ----------
    begun : days to date, of which only the sum is known, as spend of the last of them
    units : int64[D], spend by day in units of money, fixed costs included; they add up to the trial's spend
    crowd : sessions by day
    stretches : what events did, in the order of their days
    brakes : controls that were crossed, in the order written
    broken : the day on which the budget breaks; None where it holds or there is none

    Raises
    ------
    ReplayError
        If the trial drawn anew is not that of the run: a fault of ours.
    """

    def __init__(self, result: Result, row: int) -> None:
        tally, scenario = result.tally, result.scenario
        assert scenario is not None
        self.tally = tally
        self.row = row
        self.scenario: Scenario = scenario
        kind: PointsKind = "sobol" if tally.frame.points == "sobol" else "plain"
        period = Period.of(scenario, Points(kind))
        trial = tally.trial[row : row + 1]
        conditions = Conditions.of(period, result.seed, trial)
        self.begun = period.first_day
        self.units: IntArray = tally.daily[row].sum(axis=1) + tally.frame.fixed_daily
        self.crowd = _crowd(conditions, tally, row)
        self._check(conditions)
        self.stretches = _stretches(period, result.seed, trial)
        self.brakes = tuple(_brakes(tally, row))
        budget, covered = result.facts.budget, tally.covered[row : row + 1]
        broken = 0 if budget is None else int(days_of_breach(covered, tally.frame.unit, budget)[0])
        self.broken = broken - 1 if broken else None

    @property
    def days(self) -> int:
        """How many days the period has."""
        return len(self.units)

    @cached_property
    def so_far(self) -> FloatArray:
        """float64[D], spend up to and including each day, in currency."""
        return array_in_currency(np.cumsum(self.units), self.tally.frame.unit)

    @cached_property
    def covered_so_far(self) -> FloatArray:
        """float64[D], the same of what the budget covers."""
        return array_in_currency(np.cumsum(self.tally.covered[self.row]), self.tally.frame.unit)

    def spend(self, days: Sequence[int]) -> tuple[float, float]:
        """Spend of some days, and the median over all trials of the same days, in currency."""
        unit, chosen = self.tally.frame.unit, list(days)
        fixed = self.tally.frame.fixed_daily[chosen].sum()
        usual = np.median(self.tally.daily[:, chosen].sum(axis=(1, 2)) + fixed)
        return in_currency(int(self.units[chosen].sum()), unit), float(array_in_currency(usual, unit))

    def sessions(self, first: int, last: int) -> tuple[int, float]:
        """Sessions of some days, and the median over all trials of the same days."""
        counts = self.tally.sessions[:, first : last + 1].sum(axis=(1, 2))
        return int(counts[self.row]), float(np.median(counts))

    def a_session(self, first: int, last: int) -> tuple[float, float]:
        """What a session of some days costs, fixed costs left out, and the median over all trials; nan where none."""
        days = slice(first, last + 1)
        spent = array_in_currency(self.tally.daily[:, days].sum(axis=(1, 2)), self.tally.frame.unit)
        came = self.tally.sessions[:, days].sum(axis=(1, 2))
        each = np.divide(spent, came, out=np.full(len(came), np.nan), where=came > 0)
        known = each[came > 0]
        return float(each[self.row]), float(np.median(known)) if len(known) else np.nan

    def _check(self, conditions: Conditions) -> None:
        """Hold what was drawn anew against what the run has of the trial."""
        tally, row, crowd = self.tally, self.row, self.crowd
        pairs = {
            "driver levels": (conditions.drivers[0], tally.levels[row]),
            "days of events": (conditions.event_days[0], tally.event_days[row]),
            "sessions": (crowd.came, tally.sessions[row]),
            "sessions beyond the busiest hour": (crowd.beyond.sum(), tally.peak[row]),
            "sessions turned away": (crowd.turned_away.sum(), tally.turned_away[row]),
            "spend": (self.units.sum(), tally.cells[row].sum()),
        }
        for what, (drawn, ran) in pairs.items():
            if not np.array_equal(drawn, ran):
                raise ReplayError(f"a replayed period is not the one of its run: {what} of trial {tally.trial[row]}")


def _crowd(conditions: Conditions, tally: Tally, row: int) -> Crowd:
    first, days, features = conditions.period.first_day, conditions.period.days, len(tally.frame.features)
    crowd = Crowd(np.zeros((days, features), np.int64), np.zeros(days, np.int64), np.zeros(days, np.int64))
    delays = np.array([threshold.delay_days for threshold in tally.frame.thresholds], np.int64)
    for day in range(first, days):
        here, acting = slice(day, day + 1), acting_on(tally.crossed[row : row + 1], delays, day)
        cases = conditions.cases(here, acting)
        crowd.came[day], crowd.beyond[day] = cases.counts[0, 0], cases.beyond[0, 0]
        if acting.any():
            free = conditions.counts(conditions.levels(here), here)[0, 0]
            crowd.turned_away[day] = np.maximum(free - crowd.came[day], 0).sum()
    return crowd


def _stretches(period: Period, seed: int, trial: IntArray) -> tuple[Stretch, ...]:
    found: list[Stretch] = []
    for name, event in period.scenario.events.items():
        course = course_of(name, event, period.scenario.period, period.points, seed, trial)
        factors = {driver: by[0].tolist() for driver, by in course.factors.items()}
        found += _stretches_of(name, course.in_force[0].tolist(), factors, period.first_day)
    return tuple(sorted(found, key=lambda stretch: stretch.first))


def _stretches_of(
    name: str, on: list[bool], factors: Mapping[DriverName, list[float]], begun: int
) -> Iterator[Stretch]:
    """Stretches of one event by day, from day `begun` on."""

    def levels(day: int) -> dict[DriverName, float]:
        return {driver: by[day] for driver, by in factors.items()}

    for _, group in groupby(range(begun, len(on)), key=lambda day: on[day] and levels(day)):
        days = list(group)
        first, last = days[0], days[-1]
        if on[first]:
            starts, ends = first == 0 or not on[first - 1], last + 1 < len(on) and not on[last + 1]
            yield Stretch(name, first, last, starts, ends, levels(first))


def _brakes(tally: Tally, row: int) -> list[Brake]:
    frame, brakes = tally.frame, []
    watched = np.cumsum(tally.covered[row] - (frame.one_time_daily if len(frame.one_time_daily) else 0))
    for place, (threshold, crossed) in enumerate(zip(frame.thresholds, tally.crossed[row].tolist(), strict=True)):
        if not crossed:
            continue
        acts = crossed + threshold.delay_days
        beyond = int(watched[acts - 1]) - threshold.units if acts < len(frame.dates) else None
        brakes.append(
            Brake(
                place=place,
                threshold=in_currency(threshold.units, frame.unit),
                crossed=crossed - 1,
                acts=None if beyond is None else acts,
                leak=None if beyond is None else in_currency(beyond, frame.unit),
            )
        )
    return brakes
