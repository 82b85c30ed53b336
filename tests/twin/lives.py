"""What either side says of whole periods, the naive twin or an engine, in one form that tests can ask both for."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scenarios.load import load
from scenarios.prices import resolve_prices
from simulator.run import run
from tests.twin.naive_period import trial
from tests.twin.naive_twin import Dice


class Lives(NamedTuple):
    """What one side says of the trials of a scenario; money in currency, T trials, D days, F features.

    Attributes
    ----------
    levels : the draws of the uncertain drivers by name, each [T]
    spend : [T], of the whole period
    sessions, money : [T, D, F], of the sessions
    covered : [T, D], what the budget covers, fixed costs in
    event_days : days of every event by name, each [T]
    crossed : [T, K], day from 1 on which spend had passed a control's threshold, 0 where it never did
    turned_away : [T]
    free_spend, free_covered : [T, D], of the same trials without controls; no columns where there are none
    peak : [T], sessions beyond the capacity of the busiest hour
    heaviest : [T], share of the most active user; nan without users
    """

    levels: dict
    spend: np.ndarray
    sessions: np.ndarray
    money: np.ndarray
    covered: np.ndarray
    event_days: dict
    crossed: np.ndarray
    turned_away: np.ndarray
    free_spend: np.ndarray
    free_covered: np.ndarray
    peak: np.ndarray
    heaviest: np.ndarray


def twin_lives(source, trials, seed=11):
    spec = load(source)
    prices, dice = resolve_prices(spec), Dice(seed)
    lived = [trial(spec, prices, dice) for _ in range(trials)]
    features = list(spec.features)

    def table(of_day, arm="held"):
        return np.array([[of_day(day) for day in getattr(one, arm).days] for one in lived], dtype=float)

    free = table(lambda day: (day.spend, day.covered), "free")[:, : None if spec.controls else 0]
    return Lives(
        levels={name: np.array([one.fate.drawn[name] for one in lived]) for name in spec.drivers.levels},
        spend=np.array([one.spend for one in lived]),
        sessions=table(lambda day: [day.sessions[name] for name in features]),
        money=table(lambda day: [day.money[name] for name in features]),
        covered=table(lambda day: day.covered),
        event_days={name: np.array([one.event_days[name] for one in lived], dtype=float) for name in spec.events},
        crossed=np.array([one.held.crossed for one in lived]),
        turned_away=np.array([one.turned_away for one in lived], dtype=float),
        free_spend=free[..., 0],
        free_covered=free[..., 1],
        peak=table(lambda day: day.peak).sum(axis=1),
        heaviest=np.array([one.fate.heaviest for one in lived], dtype=float),
    )


def engine_lives(source, trials, seed=3, engine="exact"):
    spec = load(source)
    return lives_of(run(spec, trials=trials, seed=seed, engine=engine, points="plain", threads=1), spec)


def lives_of(result, spec):
    tally, unit = result.tally, result.tally.frame.unit
    frame = result.trials
    return Lives(
        levels={name: frame[name].to_numpy() for name in spec.drivers.levels},
        spend=tally.cells.sum(axis=1) * unit,
        sessions=tally.sessions.astype(float),
        money=tally.daily * unit,
        covered=tally.covered * unit,
        event_days=dict(zip(tally.frame.events, tally.event_days.T.astype(float), strict=True)),
        crossed=tally.crossed,
        turned_away=tally.turned_away.astype(float),
        free_spend=tally.free_spend * unit,
        free_covered=tally.free_covered * unit,
        peak=tally.peak.astype(float),
        heaviest=tally.heaviest,
    )
