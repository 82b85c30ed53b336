"""A naive twin of DESIGN section 3, as far as it does not need events and controls: the days of one trial."""

from __future__ import annotations

import calendar
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from scenarios.schema import DRIVERS
from tests.twin.naive_twin import Session, World, levels

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass
class Trial:
    """What one simulated period cost."""

    drawn: dict
    spend: float = 0.0
    fixed: float = 0.0
    sessions: Counter = field(default_factory=Counter)  # by feature
    daily: list = field(default_factory=list)  # money of sessions by day


def position(day):
    """Place of a day on a calendar that counts in months."""
    return 12 * day.year + day.month + (day.day - 1) / calendar.monthrange(day.year, day.month)[1]


def weekday_factor(volume, day):
    week = [volume.weekdays.get(name, 1.0) for name in WEEK]
    return week[day.weekday()] * 7 / sum(week)


def fixed_costs_of(scenario, day):
    fixed = scenario.fixed_costs
    monthly = sum(fixed.monthly.values()) / calendar.monthrange(day.year, day.month)[1]
    return monthly + sum(item.amount for item in fixed.one_time.values() if item.date == day)


def first_day_sessions(scenario, dice):
    volume = scenario.volume
    if volume.users is None:
        return volume.daily_level(scenario.period.start)
    return sum(dice.draw(volume.sessions_per_user_day) for _ in range(round(volume.users)))


def trial(scenario, prices, dice):
    """Simulate one period, session by session."""
    drawn = {name: float(dice.draw(law)) for name, law in scenario.drivers.levels.items()}
    result = Trial(drawn)
    start = scenario.period.start
    base = first_day_sessions(scenario, dice)
    for number in range(scenario.period.days):
        day = start + timedelta(days=number)
        months = position(day) - position(start)
        today = {n: drawn.get(n, 1.0) * (1 + scenario.trends.get(n, 0.0)) ** months for n in DRIVERS}
        cards = {name: by_day[number] for name, by_day in prices.cards.items()}
        world = World(cards, levels(**today), usd_rate=scenario.usd_rate)
        busy = base * weekday_factor(scenario.volume, day) * today["volume"]
        if scenario.volume.dispersion is not None:
            busy *= dice.rng.gamma(scenario.volume.dispersion, 1 / scenario.volume.dispersion)
        money = 0.0
        for name, feature in scenario.features.items():
            count = int(dice.rng.poisson(busy * feature.share))
            result.sessions[name] += count
            money += sum(Session(scenario, name, world, dice).run().cost for _ in range(count))
        result.daily.append(money)
        result.fixed += fixed_costs_of(scenario, day)
    result.spend = sum(result.daily) + result.fixed
    return result
