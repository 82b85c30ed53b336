"""How many sessions a scenario expects, as it is written: before drivers, trends, events and controls."""

from __future__ import annotations

from scenarios.calendar import weekday_factors
from scenarios.rollout import rollout_share
from scenarios.schema import Scenario


def expected_sessions(scenario: Scenario) -> dict[str, list[float]]:
    """Expected sessions of every feature on every day of the period, rollouts counted; users at their mean.

    Parameters
    ----------
    scenario : Scenario
        Complete, so that the shares of its features sum to 1.

    Returns
    -------
    dict of str to list of float
        By feature, one number a day of the period.
    """
    volume, dates = scenario.volume, scenario.period.dates
    level, factors = volume.daily_level(scenario.period.start), weekday_factors(volume.weekdays)
    days = [level * factors[day.weekday()] * rollout_share(volume.rollout, day) for day in dates]
    return {
        name: [n * feature.share * rollout_share(feature.rollout, day) for n, day in zip(days, dates, strict=True)]
        for name, feature in scenario.features.items()
    }


def expected_by_day(scenario: Scenario) -> list[float]:
    """Expected sessions of all features on every day of the period."""
    return [sum(day) for day in zip(*expected_sessions(scenario).values(), strict=True)]
