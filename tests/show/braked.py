"""Months with events, controls, users and a period to date, made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from scenarios.prices import resolve_prices
from simulator.engine.tally import Cell, IntArray, Spent, Tally, Threshold
from simulator.result import Result
from simulator.risk.todate import Expected
from tests.show import synthetic
from tests.show.synthetic import UNIT

BUDGET = 100_000.0
EVENTS = ("retry-storm", "launch-spike", "outage")
CONTROLS = [
    {"at": "80%", "route": {"anthropic/claude-sonnet-4-6": "anthropic/claude-haiku-4-5"}},
    {"at": "100%", "multiplies": {"volume": 0.5}, "delay_days": 1},
]
SAVES = (0.8, 0.5)
"""What is left of a day's spend where a control acts."""


def braked(trials: int = 2_000, events: bool = True, delay: int = 1, share: float = 1.0) -> Tally:
    """Months in which two controls brake what would be spent: one makes sessions cheaper, one halves their number.

    `share` scales the thresholds, of 80 % and 100 % of the budget.
    """
    made = synthetic.tally(trials=trials)
    if events:
        _happen(made)
    thresholds = tuple(Threshold(round(at * share * BUDGET / UNIT), late) for at, late in ((0.8, 0), (1.0, delay)))
    return _brake(made, thresholds)


def _happen(made: Tally) -> None:
    """A storm of a few days, a spike that makes its days twice as dear, and an outage that changes nothing."""
    rng = np.random.default_rng(7)
    trials, days = made.daily.shape[:2]
    made.frame = replace(made.frame, events=EVENTS)
    made.event_days = np.zeros((trials, len(EVENTS)), np.int64)
    made.event_days[:, 0] = rng.poisson(1.2, trials)
    made.event_days[:, 1] = 4 * (rng.random(trials) < 0.54)
    made.event_days[:, 2] = rng.random(trials) < 0.33
    spiked = (made.event_days[:, 1] > 0)[:, None] & (np.arange(days) >= 9) & (np.arange(days) < 13)
    _multiply(made, np.where(spiked, 2.0, 1.0))


def _multiply(made: Tally, factor: Any) -> None:
    """Sessions and their spend by trial and day; cells keep their shares, all of it is covered."""
    before = made.daily.sum(axis=(1, 2))
    made.daily = np.round(made.daily * factor[:, :, None]).astype(np.int64)
    spend = made.daily.sum(axis=(1, 2))
    made.cells[:, :-1] = np.round(made.cells[:, :-1] * (spend / before)[:, None]).astype(np.int64)
    made.cells[:, 0] += spend - made.cells[:, :-1].sum(axis=1)
    made.covered = made.daily.sum(axis=2) + made.frame.fixed_daily


def _brake(made: Tally, thresholds: tuple[Threshold, ...]) -> Tally:
    """Day by day, as the contract of controls has it."""
    trials, days, _ = made.daily.shape
    made.frame = replace(made.frame, thresholds=thresholds)
    made.free_spend, made.free_covered = made.covered.copy(), made.covered.copy()
    made.crossed = np.zeros((trials, len(thresholds)), np.int64)
    so_far, factor = np.zeros(trials, np.int64), np.ones((trials, days))
    volume = np.ones((trials, days))
    spent: IntArray = made.daily.sum(axis=2)
    for day in range(days):
        for k, threshold in enumerate(thresholds):
            crossed = made.crossed[:, k]
            acts = (crossed > 0) & (day + 1 >= crossed + 1 + threshold.delay_days)
            factor[acts, day] *= SAVES[k]
            volume[acts, day] *= 0.5 if k else 1.0
        so_far += np.round(spent[:, day] * factor[:, day]).astype(np.int64) + made.frame.fixed_daily[day]
        for k, threshold in enumerate(thresholds):
            made.crossed[(made.crossed[:, k] == 0) & (so_far > threshold.units), k] = day + 1
    wanted = made.sessions.sum(axis=(1, 2))
    made.sessions = np.round(made.sessions * volume[:, :, None]).astype(np.int64)
    made.turned_away = wanted - made.sessions.sum(axis=(1, 2))
    _multiply(made, factor)
    return made


def to_date(made: Tally, days: int = 12, amount: float = 43_210.0) -> Tally:
    """The same months, of which the first days are a fact; controls that act before then are not looked after."""
    units = round(amount / UNIT)
    fixed = made.frame.fixed_daily.copy()
    fixed[:days] = 0
    made.cells[:, -1] = fixed.sum()
    lost = made.daily[:, :days].sum(axis=(1, 2))
    made.daily[:, :days] = 0
    made.sessions[:, :days] = 0
    spend = made.cells[:, :-1].sum(axis=1)
    made.cells[:, :-1] = np.floor(made.cells[:, :-1] * ((spend - lost) / spend)[:, None]).astype(np.int64)
    made.cells[:, 0] += spend - lost - made.cells[:, :-1].sum(axis=1)
    made.cells = np.hstack([made.cells, np.full((len(made.trial), 1), units)])
    fixed[days - 1] += units
    cells = (*made.frame.cells, Cell(None, None, "spent"))
    made.frame = replace(
        made.frame,
        cells=cells,
        covered_cells=np.append(made.frame.covered_cells, True),
        fixed_daily=fixed,
        spent=Spent(days, units),
    )
    made.covered = made.daily.sum(axis=2) + fixed
    return made


def crowded(made: Tally) -> Tally:
    """The same months with a few heavy users and a busy hour."""
    rng = np.random.default_rng(3)
    made.heaviest = rng.beta(2, 40, len(made.trial))
    made.peak = np.floor(made.sessions.sum(axis=(1, 2)) * rng.beta(1, 60, len(made.trial))).astype(np.int64)
    return made


EXPECTED = Expected(mean=38_900.0, p5=29_500.0, p50=38_000.0, p95=51_200.0)
ACCURACY: Mapping[str, float] = {"rms_error": 0.0016, "p95_error": 0.0041, "held_out_levels": 24}


def result(made: Tally | None = None, run: dict[str, Any] | None = None, **changes: Any) -> Result:
    """A result of such months without a scenario; `changes` go to its facts."""
    known = made or braked()
    values = {**synthetic.RUN, "trials_requested": len(known.trial), **(run or {})}
    return Result(known, None, None, facts=synthetic.facts(**changes), **values)


def with_scenario(made: Tally | None = None, run: dict[str, Any] | None = None) -> Result:
    """The same with a scenario that states the events and controls."""
    known = made or braked()
    stated = synthetic.scenario(
        events={
            "retry-storm": {"per_month": 1.2, "days": 1, "multiplies": {"failure_rate": 8}},
            "launch-spike": {"date": "2026-12-10", "probability": 0.54, "days": 4, "multiplies": {"volume": 2}},
            "outage": {
                "per_month": 0.4,
                "days": 1,
                "route": {"anthropic/claude-sonnet-4-6": "anthropic/claude-haiku-4-5"},
            },
        },
        controls=CONTROLS,
    )
    values = {**synthetic.RUN, "trials_requested": len(known.trial), **(run or {})}
    return Result(known, stated, resolve_prices(stated), **values)


def all_at_once() -> Result:
    """Everything that a period may have: events, controls, users, a busy hour, days to date, the hybrid engine."""
    run = {"engine": "hybrid", "accuracy": ACCURACY}
    return with_scenario(crowded(braked()), run)


def month_to_date(amount: float = 43_210.0, expected: Expected | None = EXPECTED, **changes: Any) -> Result:
    """A month of which twelve days are a fact, without controls."""
    return result(to_date(synthetic.tally(), amount=amount), {"expected_to_date": expected}, **changes)


def never_braked() -> Result:
    """Controls whose thresholds no month comes near."""
    return result(braked(trials=200, share=10.0))


def one_day_left() -> Result:
    """All days but the last are a fact."""
    return result(to_date(synthetic.tally(trials=200), days=30, amount=91_000.0), {"expected_to_date": EXPECTED})
