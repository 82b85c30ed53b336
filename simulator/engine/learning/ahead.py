"""What a run is about to serve: the conditions of its first trials, and roughly what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from simulator.engine.conditions import Conditions
from simulator.engine.controls import Controls
from simulator.engine.layout import L_PRICE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.engine.conditions import Cases
    from simulator.engine.layout import Floats, Ints
    from simulator.engine.period import Period
    from simulator.engine.plan import Program

MOST_TRIALS, LEAST_TRIALS = 1024, 64
MOST_CASES = 200_000
"""Looked at are so many cases, or so many trials at least; whatever a run has, so that more trials change nothing."""


ROUGH_UNIT = 1e-6
"""Of money, in currency: fine enough for what is rough anyhow."""


class Key(NamedTuple):
    """What has a surface of its own: a feature, a route, and the first day of those that have its prices."""

    feature: int
    route: int
    day: int


@dataclass(frozen=True)
class Ahead:
    """Cases of the first trials.

    Attributes
    ----------
    levels : float64[n, 12]
    keys : int64[n, 3], columns of `Key`
    spend : float64[n], roughly, in currency
    """

    levels: Floats
    keys: Ints
    spend: Floats

    @classmethod
    def of(cls, program: Program, period: Period, seed: int, costs: Floats, covered: Floats) -> Ahead:
        """Look ahead.

        Parameters
        ----------
        costs : float64[F], of a session of each feature, roughly, in currency
        covered : float64[F], what the budget covers of them
        """
        per_trial = len(costs) * (period.days - period.first_day)
        trials = int(np.clip(MOST_CASES // max(per_trial, 1), LEAST_TRIALS, MOST_TRIALS))
        conditions = Conditions.of(period, seed, np.arange(trials, dtype=np.int64))
        price_days = days_of_prices(program)
        parts = list(_cases(program, period, conditions, covered))
        table = np.concatenate([part.table for part in parts])
        levels = np.concatenate([part.levels[part.table["level"]] for part in parts])
        keys = np.stack([table["feature"], table["route"], price_days[table["day"]]], axis=1)
        spend = table["count"] * table["probability"] * costs[table["feature"]] * levels[:, L_PRICE]
        return cls(levels, keys, spend)

    def groups(self) -> Iterator[tuple[Key, Ints]]:
        """The keys, those of most spend first, and the rows of each."""
        keys, rows = np.unique(self.keys, axis=0, return_inverse=True)
        rows = rows.ravel()
        spend = np.bincount(rows, weights=self.spend, minlength=len(keys))
        for place in np.argsort(-spend, kind="stable"):
            yield Key(*(int(x) for x in keys[place])), np.flatnonzero(rows == place)


def days_of_prices(program: Program) -> Ints:
    """int64[D]: the first day that has the prices of each day."""
    cards = program.plan.cards
    _, first, place = np.unique(cards.reshape(-1, cards.shape[-1]), axis=1, return_index=True, return_inverse=True)
    days: Ints = first[place.ravel()].astype(np.int64)
    return days


def _cases(program: Program, period: Period, conditions: Conditions, covered: Floats) -> Iterator[Cases]:
    """Cases without controls, and those of the days on which, roughly, controls act."""
    days = slice(period.first_day, period.days)
    yield conditions.cases(days)
    if not period.scenario.controls:
        return
    frame = program.frame(ROUGH_UNIT)
    controls = Controls(frame, len(conditions.trial))
    fixed = frame.fixed_daily
    for day in range(days.start):
        controls.close(day, np.full(len(conditions.trial), fixed[day]))
    for day in range(days.start, days.stop):
        acting = controls.acting(day)
        cases = conditions.cases(slice(day, day + 1), acting)
        price = conditions.levels(slice(day, day + 1), acting)[:, 0, L_PRICE]
        spend = (cases.counts[:, 0] * covered).sum(axis=1) * price / ROUGH_UNIT
        controls.close(day, np.rint(spend).astype(np.int64) + fixed[day])
        where = np.asarray(acting.any(axis=1))
        if where.any():
            yield conditions.cases(slice(day, day + 1), acting, where.reshape(-1, 1))
