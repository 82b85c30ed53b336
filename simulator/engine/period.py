"""What sessions share: driver levels and the number of sessions, day by day. Pure functions of (seed, trial, day)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from distributions.counting import gamma_levels, poisson_counts
from distributions.streams import name_hash, period_uniforms
from scenarios.calendar import day_dates, months_since_start, weekday_factors
from scenarios.schema import DRIVERS, Scenario
from simulator.engine.drivers import Drivers
from simulator.engine.points import Points

if TYPE_CHECKING:
    from simulator.engine.layout import Floats, Ints

VOLUME = DRIVERS.index("volume")


@dataclass(frozen=True)
class Period:
    """The days of a scenario's period, compiled once.

    Attributes
    ----------
    growth : float64[D, 12], what trends make of each driver by day
    sessions_per_day : float64[D], expected sessions before ``m.volume``
    shares : float64[F], features' shares of them
    drivers : what a trial draws once
    points : where these draws come from
    """

    scenario: Scenario
    growth: Floats
    sessions_per_day: Floats
    shares: Floats
    drivers: Drivers
    points: Points

    @classmethod
    def of(cls, scenario: Scenario, points: Points | None = None) -> Period:
        """Read the period of a scenario; points are Sobol ones by default."""
        points = points or Points()
        dates = day_dates(scenario.period)
        start = scenario.period.start
        months = np.array([months_since_start(day, start) for day in dates])
        rates = np.array([scenario.trends.get(driver, 0.0) for driver in DRIVERS])
        weekdays: Floats = np.array(weekday_factors(scenario.volume.weekdays))
        return cls(
            scenario=scenario,
            growth=(1.0 + rates[None, :]) ** months[:, None],
            sessions_per_day=scenario.volume.daily_level(start) * weekdays[[day.weekday() for day in dates]],
            shares=np.array([feature.share for feature in scenario.features.values()]),
            drivers=Drivers.of(scenario.drivers, points),
            points=points,
        )

    def driver_levels(self, seed: int, trial: Ints) -> Floats:
        """float64[T, 12]: the trials' draws of the uncertain drivers, 1 for the others."""
        return self.drivers.levels(seed, trial)

    def day_levels(self, levels: Floats) -> Floats:
        """float64[T, D, 12]: driver levels by day, trends in force."""
        return levels[:, None, :] * self.growth[None, :, :]

    def counts(self, seed: int, trial: Ints, day_levels: Floats) -> Ints:
        """int64[T, D, F]: number of sessions by trial, day and feature."""
        n_trials, n_days = day_levels.shape[:2]
        trials = np.repeat(trial, n_days)
        days = np.tile(np.arange(n_days), n_trials)
        mean = (self.sessions_per_day[None, :] * day_levels[:, :, VOLUME]).ravel()
        if self.scenario.volume.dispersion is not None:
            mean = mean * gamma_levels(_uniforms(seed, "dispersion", trials, days), self.scenario.volume.dispersion)
        counts = [
            poisson_counts(_uniforms(seed, f"sessions:{name}", trials, days), mean * share)
            for name, share in zip(self.scenario.features, self.shares, strict=True)
        ]
        return np.stack(counts, axis=-1).reshape(n_trials, n_days, len(self.shares))


def _uniforms(seed: int, purpose: str, trial: Ints, day: Ints) -> Floats:
    zeros = np.zeros(len(trial), np.uint64)
    return period_uniforms(np.uint64(seed), name_hash(purpose), trial.astype(np.uint64), day.astype(np.uint64), zeros)
