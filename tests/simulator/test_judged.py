"""The rule of a backtest: bands, differences and verdicts of values that are made up, and days beside them."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import pytest

from scenarios.load import load
from simulator.backtest import _open_sd
from simulator.coverage import SET, coverage
from simulator.days import LEVEL, _inside, _period, _spend, _weekdays
from simulator.judged import LEVELS, MATCH, OFF, TOO_FEW, Sample, Z, intervals, judge, settled
from simulator.sampled import sample
from simulator.show.figure_words import told

MANY = 10**12
"""Simulated sessions that add nothing to a band."""


@pytest.mark.parametrize("n", [20, 200, 2_000])
def test_equal_values_say_as_much_of_what_lies_beyond_as_a_share_of_so_many(n: int) -> None:
    found = intervals(Sample(np.full(n, 5.0)), dict.fromkeys((*LEVELS, "mean"), 5.0), Z)
    for name, level in LEVELS.items():
        error = Z * math.sqrt(level * (1 - level) / n)
        assert found[name] == (5.0 if level > error else 0.0, 5.0 if level + error < 1 else math.inf), name
    assert found["mean"] == (5.0, 5.0)


def test_an_interval_runs_between_the_values_at_the_ends_of_a_share() -> None:
    """Counted one by one, from the words of Woodruff's interval; sessions of one call, and of many."""
    rng = np.random.default_rng(1)
    values, group = np.round(rng.lognormal(3, 1, 400), 2), rng.integers(0, 90, 400)
    for sample_, sessions in ((Sample(values), list(range(400))), (Sample(values, group), group.tolist())):
        there = {name: sorted(values)[math.ceil(level * 400) - 1] for name, level in LEVELS.items()}
        found = intervals(sample_, there | {"mean": float(values.mean())}, 2.0)
        for name, level in LEVELS.items():
            apart: dict[int, float] = {}
            share = sum(values <= there[name]) / 400
            for value, session in zip(values, sessions, strict=True):
                apart[session] = apart.get(session, 0.0) + (value <= there[name]) - share
            n = len(apart)
            error = 2.0 * math.sqrt(sum(one**2 for one in apart.values()) * n / (n - 1)) / 400
            ends = [sorted(values)[math.ceil((level + side * error) * 400) - 1] for side in (-1, 1)]
            assert found[name] == tuple(ends), name


def verdict(there: float, here: float, spread: float, *, whole: bool = False, n: int = 400) -> tuple[str, float]:
    """Of the mean of values that lie this far to both sides of one, or of their median where they are whole."""
    values = there + spread * np.where(np.arange(n) % 2, 1.0, -1.0)
    simulated = np.full(10, here)
    found = judge("x", "tokens", Sample(values), simulated, simulated_sessions=MANY, whole=whole)
    one = found.figures["mean"]
    return one.verdict, one.difference


@pytest.mark.parametrize(
    ("there", "here", "spread", "expected"),
    [
        (100.0, 109.9, 1.0, MATCH),  # beyond chance, within a tenth
        (100.0, 110.1, 1.0, OFF),
        (100.0, 89.9, 1.0, OFF),
        (100.0, 120.0, 370.0, MATCH),  # within chance, which makes 49 % of it
        (100.0, 120.0, 385.0, TOO_FEW),  # 51 %
        (100.0, 160.0, 385.0, OFF),
    ],
)
def test_a_mean_is_off_beyond_chance_and_a_tenth(there: float, here: float, spread: float, expected: str) -> None:
    assert verdict(there, here, spread) == (expected, pytest.approx(here / there - 1))


def test_nothing_against_nothing_is_a_match_and_something_against_nothing_off() -> None:
    assert verdict(0.0, 0.0, 0.0) == (MATCH, 0.0)
    assert verdict(0.0, 3.0, 0.0) == (OFF, math.inf)


def test_rounding_is_no_difference() -> None:
    """Equal costs whose products were added in another order."""
    cost, other = np.full(100, 0.1 + 0.2), np.full(300, 0.3)
    found = judge("x", "USD", Sample(cost), other, simulated_sessions=300)
    assert {one.verdict for one in found.figures.values()} == {MATCH}
    assert found.verdict == MATCH
    assert {told(one, "USD").difference for one in found.figures.values()} == {"0 %"}
    assert found.figures["mean"].width == 0.0
    assert set(settled(other, cost)) == {0.1 + 0.2}
    assert settled(np.array([1.0, 2.0, 9.0]), np.array([2.0 + 1e-12, 5.0])).tolist() == [1.0, 2.0 + 1e-12, 9.0]
    sums = coverage(np.full(50, 0.3), cost, other, 1)
    assert (sums.inside, sums.factor, sums.wide, sums.off) == (1.0, 1.0, False, False)


def test_bands_are_wider_by_what_few_sessions_were_learnt_from() -> None:
    values = np.random.default_rng(2).gamma(4, 1, 500)
    alike = {"simulated_sessions": MANY}
    learnt_from = [None, 500, 125]
    found = [judge("x", "tokens", Sample(values), values, fitted_sessions=n, **alike) for n in learnt_from]
    widths = [one.figures["mean"].width for one in found]
    assert widths[1] == pytest.approx(np.sqrt(2) * widths[0])
    assert widths[2] == pytest.approx(np.sqrt(5) * widths[0])


# -- days --------------------------------------------------------------------------------------------------------------


def test_a_mean_that_is_open_moves_whole_months_and_none_on_the_average() -> None:
    agent: dict[str, Any] = {"model": "m", "turns": 2, "output_tokens": 300}
    made = load(
        {
            "name": "made", "period": "2026-12", "volume": {"sessions_per_day": 40},
            "models": {"m": {"input": 1, "output": 5}}, "agents": {"a": agent},
        }
    )  # fmt: skip
    drawn, trials, sd = sample(made, 50).sessions, 400, 0.3
    period = _period(made, date(2026, 9, 7), 14, 1.0, False)
    closed = np.log(_spend(period, drawn, trials, 0.0, 1))
    factor, twice = (np.log(_spend(period, drawn, trials, one, 1)) - closed for one in (sd, 2 * sd))
    np.testing.assert_allclose(factor, np.broadcast_to(factor[:, :1], factor.shape), atol=1e-9)
    np.testing.assert_allclose(twice - 2 * factor, -(sd**2), atol=1e-9)  # of sd z - sd^2 / 2, whatever z is
    assert abs(factor[:, 0].mean() + sd**2 / 2) < 4 * sd / np.sqrt(trials)
    assert abs(factor[:, 0].std() / sd - 1) < 4 / np.sqrt(2 * trials)


def test_what_means_of_sets_vary_beyond_chance_is_what_drivers_leave_open() -> None:
    rng, sets = np.random.default_rng(6), 4_000
    cost = rng.gamma(2, 1, 50_000)
    alike = rng.choice(cost, (sets, SET)).mean(axis=1)
    assert _open_sd(alike, cost) == 0.0
    assert _open_sd(np.zeros(sets), cost) == 0.0
    opened = alike * np.exp(0.3 * rng.standard_normal(sets))
    assert _open_sd(opened, cost) == pytest.approx(0.3, rel=4 * np.sqrt(3 / sets))


def test_days_are_inside_the_interval_of_their_own_weekday() -> None:
    """Many, so that a per cent more or less of the interval shows."""
    rng, days = np.random.default_rng(3), 1_400
    weekday = np.arange(days) % 7
    simulated = rng.gamma(2, 1, (50, days)) * (1 + weekday)
    spent = rng.gamma(2, 1, days) * (1 + weekday)
    inside = 0
    for day in range(7):
        low, high = np.quantile(simulated[:, weekday == day], [0.05, 0.95])
        inside += int(np.count_nonzero((low <= spent) & (spent <= high) & (weekday == day)))
    assert LEVEL == 0.9
    assert _inside(spent, simulated, weekday) == inside / days


def test_a_weekday_is_off_no_oftener_than_chance_makes_one_of_seven() -> None:
    rng, logs, days = np.random.default_rng(4), 400, 28
    weekday = np.arange(days) % 7
    simulated = np.ones((2, days))
    worst = 0
    for _ in range(logs):
        found = _weekdays(rng.gamma(4, 1, days), simulated, weekday)
        worst += any(abs(one.observed - one.simulated) > one.band for one in found)
    assert abs(worst / logs - 0.05) < 4 * np.sqrt(0.05 * 0.95 / logs)
