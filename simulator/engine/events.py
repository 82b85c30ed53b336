"""Incidents of a block of trials: when they start, how long they last, what they multiply and reroute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from distributions.counting import poisson_counts
from distributions.streams import name_hash, period_uniforms
from scenarios.calendar import days_in_month
from scenarios.schema import DRIVERS

if TYPE_CHECKING:
    from distributions.law import Law
    from scenarios.schema import DriverName, Event, Period
    from simulator.engine.layout import Floats, Ints
    from simulator.engine.points import Points

LONGEST_DAYS = 1 << 30


@dataclass(frozen=True)
class Course:
    """What one event does in a block of trials.

    Attributes
    ----------
    in_force : bool[T, D]
    factors : float64[T, D] by driver, 1 where it is not in force
    """

    in_force: npt.NDArray[np.bool_]
    factors: dict[DriverName, Floats]


def course_of(name: str, event: Event, period: Period, points: Points, seed: int, trial: Ints) -> Course:
    """When an event is in force, and by what it multiplies; a pure function of seed, name and trial.

    An event is in force once at a time: of occurrences that overlap, the one that started first counts, and on one day
    the one drawn first.
    """
    starts = _starts(name, event, period, points, seed, trial)
    ends = starts + _durations(name, event, seed, trial, starts.shape[1])
    levels = {
        driver: _levels(name, event, driver, law, points, seed, trial, starts.shape[1])
        for driver, law in event.multiplies.items()
    }
    row, number, day = _days_of_occurrences(starts, ends, period.days)
    in_force = np.zeros((len(trial), period.days), np.bool_)
    in_force[row, day] = True
    factors = {driver: np.ones(in_force.shape) for driver in levels}
    for driver, of in levels.items():
        factors[driver][row, day] = of[row, number]
    return Course(in_force, factors)


def _days_of_occurrences(starts: Ints, ends: Ints, n_days: int) -> tuple[Ints, Ints, Ints]:
    """Trial, occurrence and day of every day on which the event is in force.

    In the order of their starts, an occurrence has the days that those before it leave: from the last end among them.
    """
    order = np.argsort(starts, axis=1, kind="stable")
    starts, ends = (np.take_along_axis(of, order, axis=1) for of in (starts, ends))
    taken = np.pad(np.maximum.accumulate(ends, axis=1)[:, :-1], ((0, 0), (1, 0)))
    begins, stops = np.maximum(starts, taken), np.minimum(ends, n_days)
    row, place = np.nonzero(begins < stops)
    lengths = stops[row, place] - begins[row, place]
    within = np.arange(int(lengths.sum())) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    day = np.repeat(begins[row, place], lengths) + within
    return np.repeat(row, lengths), np.repeat(order[row, place], lengths), day


def _starts(name: str, event: Event, period: Period, points: Points, seed: int, trial: Ints) -> Ints:
    """int64[T, N], the day of each occurrence from 0; beyond the period where there is none."""
    if event.date is not None:
        happens = points.uniforms(seed, f"event:{name}:happens", trial) < event.probability
        return np.where(happens, (event.date - period.start).days, LONGEST_DAYS)[:, None]
    assert event.per_month is not None
    density = np.array([event.per_month / days_in_month(day) for day in period.dates])
    total = float(density.sum())
    counts = poisson_counts(points.uniforms(seed, f"event:{name}:starts", trial), total)
    places = np.arange(int(counts.max(initial=1)))
    u = _uniforms(seed, f"event:{name}:day", trial, len(places))
    days = np.minimum(np.searchsorted(np.cumsum(density) / total, u, side="right"), period.days - 1)
    return np.where(places < counts[:, None], days, LONGEST_DAYS)


def _durations(name: str, event: Event, seed: int, trial: Ints, n: int) -> Ints:
    if event.days is None:
        return np.full((len(trial), n), LONGEST_DAYS)
    days = event.days.ppf(_uniforms(seed, f"event:{name}:days", trial, n))
    return np.clip(np.floor(days + 0.5), 1, LONGEST_DAYS).astype(np.int64)


def _levels(name: str, event: Event, driver: str, law: Law, points: Points, seed: int, trial: Ints, n: int) -> Floats:
    purpose = f"event:{name}:{driver}"
    if event.date is not None:
        return np.asarray(law.ppf(points.uniforms(seed, purpose, trial)))[:, None]
    return np.asarray(law.ppf(_uniforms(seed, purpose, trial, n)))


def _uniforms(seed: int, purpose: str, trial: Ints, n: int) -> Floats:
    """float64[T, n]: one for each occurrence."""
    trials, numbers = np.repeat(trial, n), np.tile(np.arange(n), len(trial))
    drawn = period_uniforms(seed, name_hash(purpose), trials, np.zeros_like(trials), numbers)
    return drawn.reshape(len(trial), n)


@dataclass(frozen=True)
class Incidents:
    """All events of a block of trials.

    Attributes
    ----------
    in_force : bool[T, D, E]
    factors : float64[T, D, 12], what the events that hit all sessions make of each driver
    routing : int64[T, D], the routing rules of theirs that are in force, a bit each
    partial : courses of the events that hit a share of the sessions, by name
    """

    in_force: npt.NDArray[np.bool_]
    factors: Floats
    routing: Ints
    partial: dict[str, Course]

    @classmethod
    def of(
        cls, events: dict[str, Event], bits: dict[str, int], period: Period, points: Points, seed: int, trial: Ints
    ) -> Incidents:
        """Draw them.

        Parameters
        ----------
        bits : of the events that route, by name
        """
        shape = len(trial), period.days
        in_force = np.zeros((*shape, len(events)), np.bool_)
        factors, routing, partial = np.ones((*shape, len(DRIVERS))), np.zeros(shape, np.int64), {}
        for place, (name, event) in enumerate(events.items()):
            course = course_of(name, event, period, points, seed, trial)
            in_force[:, :, place] = course.in_force
            if event.share < 1.0:
                partial[name] = course
                continue
            for driver, by in course.factors.items():
                factors[:, :, DRIVERS.index(driver)] *= by
            if name in bits:
                routing |= course.in_force.astype(np.int64) << bits[name]
        return cls(in_force, factors, routing, partial)
