"""What happens to a trial whatever is done about it: its drivers, users, incidents, and the luck of its days."""

from __future__ import annotations

import calendar
import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from tests.twin.naive_calendar import dates_of


@dataclass
class Fate:
    """What a trial meets, with controls or without.

    Attributes
    ----------
    base : expected sessions of a day of mean weekday factor, before drivers
    heaviest : share of the most active user; None without users
    happened : occurrences of every event
    luck : for each day the day's g, and a uniform for the count of each feature
    """

    drawn: dict
    base: float
    heaviest: float | None
    happened: dict
    luck: list


def fate_of(scenario, dice):
    dates = dates_of(scenario)
    base, heaviest = first_day_sessions(scenario, dice)
    happened = {name: occurrences(event, dates, dice) for name, event in scenario.events.items()}
    return Fate(drawn_levels(scenario, dice), base, heaviest, happened, [day_luck(scenario, dice) for _ in dates])


def drawn_levels(scenario, dice):
    """One draw of each uncertain driver; those that are correlated share a Gaussian copula."""
    laws, ranks = scenario.drivers.levels, scenario.drivers.correlation
    if not ranks:
        return {name: float(dice.draw(law)) for name, law in laws.items()}
    names = list(laws)
    matrix = np.eye(len(names))
    for (one, other), rank in ranks.items():
        i, j = names.index(one), names.index(other)
        matrix[i, j] = matrix[j, i] = 2 * math.sin(math.pi * rank / 6)
    scores = np.linalg.cholesky(matrix) @ dice.rng.standard_normal(len(names))
    return {name: float(laws[name].ppf(ndtr(score))) for name, score in zip(names, scores, strict=True)}


def first_day_sessions(scenario, dice):
    volume = scenario.volume
    if volume.users is None:
        return volume.daily_level(scenario.period.start), None
    users = [dice.draw(volume.sessions_per_user_day) for _ in range(round(volume.users))]
    return sum(users), max(users) / sum(users)


def day_luck(scenario, dice):
    size = scenario.volume.dispersion
    g = 1.0 if size is None else dice.rng.gamma(size, 1 / size)
    return g, {name: dice.uniform() for name in scenario.features}


def count_at(u, mean):
    """Least k with P(N <= k) >= u for a Poisson count: a higher mean gives no fewer sessions at the same u."""
    k, chance = 0, math.exp(-mean)
    below = chance
    while below < u and chance > 0:
        k += 1
        chance *= mean / k
        below += chance
    return k


# -- incidents ---------------------------------------------------------------------------------------------


@dataclass
class Occurrence:
    """One time that an event happens: its first and last day, counted from 0, and what it drew to multiply by."""

    first: int
    last: int
    factors: dict


def occurrences(event, dates, dice):
    """Every time that an event happens in one trial, in the order of their starts."""
    starts = dated_start(event, dates, dice) if event.date is not None else random_starts(event, dates, dice)
    return [occurrence(event, first, len(dates), dice) for first in sorted(starts)]


def dated_start(event, dates, dice):
    return [dates.index(event.date)] if dice.happens(event.probability) else []


def random_starts(event, dates, dice):
    """Starts of a Poisson process that expects `per_month` of them in every calendar month, day by day."""
    starts = []
    for number, day in enumerate(dates):
        of_month = 1 / calendar.monthrange(day.year, day.month)[1]
        starts += [number] * int(dice.rng.poisson(event.per_month * of_month))
    return starts


def occurrence(event, first, n_days, dice):
    last = n_days - 1
    if event.days is not None:
        lasts = max(1, int(dice.draw(event.days) + 0.5))
        last = min(last, first + lasts - 1)
    return Occurrence(first, last, {driver: dice.draw(law) for driver, law in event.multiplies.items()})


def in_force(happened, number):
    """The occurrence that counts on a day: the one that began first, as they do not stack; None where there is none."""
    return next((one for one in happened if one.first <= number <= one.last), None)


def multiplied(levels, factors):
    """Driver levels under the multipliers of an event or a control."""
    return levels | {driver: levels[driver] * factor for driver, factor in factors.items()}
