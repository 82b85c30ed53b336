"""A period as engines see it: what calendar, trends and rules say of every day, before anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from distributions.streams import name_hash
from scenarios.calendar import day_dates, months_since_start, weekday_factors
from scenarios.rollout import rollout_share
from scenarios.schema import DRIVERS, Scenario
from simulator.engine.drivers import Drivers
from simulator.engine.layout import L_VOLUME
from simulator.engine.plan_routes import Routes
from simulator.engine.points import Points

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from scenarios.schema import Event
    from simulator.engine.layout import Floats, Ints, Words

VOLUME = L_VOLUME
PEAK = "peak_hour"


@dataclass(frozen=True)
class Period:
    """The days of a scenario's period, compiled once: D days, F features, K controls, P causes that hit some sessions.

    Attributes
    ----------
    growth : float64[D, 12], what trends make of each driver by day
    busyness : float64[D], weekday factors and the rollout of the volume; 0 on days that are a fact already
    shares : float64[D, F], features' shares of the sessions, rolled out as they are by then
    first_day : the first day that is simulated; those before it are a fact
    routes : what events and controls can make of the models that serve
    partial : the events that hit a share of the sessions
    causes : uint64[P], purposes of the uniforms that say which sessions they hit; the peak hour is the last one
    control_factors : float64[K, 12], what a control makes of each driver
    stops : bool[K], whether it ends the service
    points : where shared draws come from
    drivers : what a trial draws once
    """

    scenario: Scenario
    growth: Floats
    busyness: Floats
    shares: Floats
    first_day: int
    routes: Routes
    partial: Mapping[str, Event]
    causes: Words
    control_factors: Floats
    stops: np.ndarray
    points: Points
    drivers: Drivers

    @classmethod
    def of(cls, scenario: Scenario, points: Points | None = None) -> Period:
        """Read the period of a scenario; points are Sobol ones by default."""
        points = points or Points()
        dates = day_dates(scenario.period)
        start = scenario.period.start
        months = np.array([months_since_start(day, start) for day in dates])
        rates = np.array([scenario.trends.get(driver, 0.0) for driver in DRIVERS])
        weekdays: Floats = np.array(weekday_factors(scenario.volume.weekdays))
        features = scenario.features.values()
        partial = {name: event for name, event in scenario.events.items() if event.share < 1.0}
        purposes = [f"event:{name}" for name in partial] + ([PEAK] if scenario.volume.peak_hour else [])
        busyness = weekdays[[day.weekday() for day in dates]] * rolled_out(scenario.volume.rollout, dates)
        first_day = (scenario.spent.through - start).days + 1 if scenario.spent else 0
        busyness[:first_day] = 0.0
        return cls(
            scenario=scenario,
            growth=(1.0 + rates[None, :]) ** months[:, None],
            busyness=busyness,
            shares=np.stack([feature.share * rolled_out(feature.rollout, dates) for feature in features], axis=1),
            first_day=first_day,
            routes=Routes.of(scenario),
            partial=partial,
            causes=np.array([name_hash(purpose) for purpose in purposes], np.uint64),
            control_factors=_control_factors(scenario),
            stops=np.array([control.stop for control in scenario.controls], np.bool_),
            points=points,
            drivers=Drivers.of(scenario.drivers, points),
        )

    @property
    def days(self) -> int:
        """How many days the period has."""
        return len(self.busyness)

    @property
    def expected_sessions(self) -> Floats:
        """float64[D, F], before drivers, trends, events and controls; none on days that are not simulated."""
        volume = self.scenario.volume
        return volume.daily_level(self.scenario.period.start) * self.busyness[:, None] * self.shares

    def driver_levels(self, seed: int, trial: Ints) -> Floats:
        """float64[T, 12]: the trials' draws of the uncertain drivers, 1 for the others."""
        return self.drivers.levels(seed, trial)


def rolled_out(rollout: Mapping[date, float], dates: list[date]) -> Floats:
    """float64[D]: the share of sessions that come on each day."""
    return np.array([rollout_share(rollout, day) for day in dates])


def _control_factors(scenario: Scenario) -> Floats:
    factors = np.ones((len(scenario.controls), len(DRIVERS)))
    for place, control in enumerate(scenario.controls):
        for driver, factor in control.multiplies.items():
            factors[place, DRIVERS.index(driver)] = factor
    return factors
