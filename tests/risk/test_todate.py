"""The period to date, heavy users and busy hours."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from simulator.risk.breach import breach
from simulator.risk.crowd import HeaviestUser, PeakHour, heaviest_user, peak_hour
from simulator.risk.daily import daily_quantiles
from simulator.risk.todate import Expected, to_date
from tests.risk.tallies import tally_of_days, with_days_to_date

UNIT = 0.01
EXPECTED = Expected(mean=3.00, p5=1.00, p50=2.50, p95=6.00)


def month(units: int = 450):
    return with_days_to_date(tally_of_days(np.full((4, 6), 100) * [[1], [2], [3], [4]], UNIT), 3, units)


def test_a_period_to_date_is_dated_and_compared() -> None:
    spent = to_date(month(), EXPECTED)
    assert spent is not None
    assert (spent.days, spent.through, spent.amount, spent.expected) == (3, date(2026, 12, 3), 4.50, EXPECTED)
    assert spent.over_expected == pytest.approx(0.5)
    alone = to_date(month(), None)
    assert alone is not None
    assert alone.over_expected is None
    assert to_date(tally_of_days([[1]]), None) is None


def test_nothing_expected_is_nothing_to_compare_with() -> None:
    spent = to_date(month(), Expected(0.0, 0.0, 0.0, 0.0))
    assert spent is not None
    assert spent.over_expected is None


def test_the_fan_starts_at_the_fact() -> None:
    for line in daily_quantiles(month()).values():
        assert np.isnan(line[:2]).all()
        assert line[2] == 4.50
    assert daily_quantiles(month())["p50"].tolist()[3:] == [6.50, 8.50, 10.50]


def test_the_budget_is_that_of_the_whole_period() -> None:
    assert breach(month(), 10.00).breaching == 3
    broken = breach(month(), 4.00)
    assert broken.day is not None
    assert (broken.breaching, broken.day.p10, broken.day.p90) == (4, 3, 3)


def test_the_most_active_user_over_trials() -> None:
    made = tally_of_days(np.ones((20, 1), np.int64))
    assert heaviest_user(made) is None
    made.heaviest = np.arange(20, 0, -1) / 100
    assert heaviest_user(made) == HeaviestUser(p50_share=0.10, p95_share=0.19)


def test_what_comes_beyond_the_busiest_hour() -> None:
    made = tally_of_days(np.ones((4, 2), np.int64))
    assert peak_hour(made) is None
    made.sessions = np.full((4, 2, 1), 50)
    made.peak = np.array([0, 0, 10, 30])
    assert peak_hour(made) == PeakHour(mean=10.0, share=0.1, p95_share=0.3)
