"""What a run simulates beside itself: the cost of the busiest hour, and what was expected of the period to date."""

from __future__ import annotations

import math

import pytest
from scipy.stats import poisson

from simulator.result import load_result
from simulator.run import run
from tests.engine.cents import cents

RETRY = {"failure_rate": 0.1, "quality_share": 1, "max_attempts": 2, "on_exhausted": "continue"}
"""A failed answer is paid for and asked for again: a session costs a cent, and another one where it fails."""
CROWD = {"share": 0.5, "capacity": 400, "failure_factor": 5}
BUSY = {"sessions_per_day": 1_000, "peak_hour": CROWD}


def crowded(engine="exact", **retry):
    return run(cents(BUSY, agent={"retry": RETRY | retry}), trials=64, engine=engine, threads=1)


@pytest.mark.parametrize("engine", ["exact", "hybrid"])
def test_the_busiest_hour_costs_its_more_frequent_retries(engine):
    """Of 1,000 sessions 100 are beyond the capacity; they fail in 50 % and not in 10 %, each time for a cent."""
    result = crowded(engine)
    cost = result.peak_cost.cost
    assert result.tally.peak.mean() == pytest.approx(300, rel=0.05)
    expected = 0.01 * (0.5 - 0.1) * result.tally.peak.mean()
    n, peak = len(result.tally.trial), result.tally.peak
    chance = 0.01 * math.sqrt(0.4 * 0.6 * peak.mean() / n)
    assert cost.mean == pytest.approx(expected, abs=4 * chance)
    periods = math.hypot(chance, 0.01 * 0.4 * peak.std() / math.sqrt(n))
    assert cost.se == pytest.approx(periods, rel=4 / math.sqrt(2 * n))
    assert cost.ci[0] < cost.mean < cost.ci[1]


def test_the_busiest_hour_loses_the_successes_of_sessions_that_give_up():
    """With one attempt and failing sessions, 50 % of those beyond are lost instead of 10 %; money is the same."""
    result = crowded(max_attempts=1, on_exhausted="fail")
    lost, peak = result.peak_cost.successes_lost, result.tally.peak.mean()
    assert lost.mean == pytest.approx(0.4 * peak, abs=4 * lost.se)
    assert result.peak_cost.cost.mean == 0


def test_an_hour_with_room_for_all_costs_nothing():
    roomy = BUSY | {"peak_hour": CROWD | {"capacity": 5_000}}
    assert run(cents(roomy, agent={"retry": RETRY}), trials=8, threads=1).peak_cost is None


def test_what_was_expected_by_now_is_the_law_of_the_days_before(tmp_path):
    """Two days of twenty cents, as if nothing were known of them."""
    fact = {"through": "2026-12-05", "amount": 1}
    result = run(cents(spent=fact, budget=10), trials=500, points="plain", threads=1)
    expected = result.expected_to_date
    assert expected.mean == pytest.approx(0.4, abs=4 * 0.01 * math.sqrt(40 / 400))
    for p, amount in ((0.05, expected.p5), (0.5, expected.p50), (0.95, expected.p95)):
        spread = 4 * math.sqrt(p * (1 - p) / 400)
        low, high = poisson.ppf([max(p - spread, 0.001), min(p + spread, 0.999)], 40)
        assert low <= round(amount * 100) <= high
    loaded = load_result(result.save(tmp_path))
    assert loaded.expected_to_date == expected
    assert loaded.to_date.over_expected == pytest.approx(1 / expected.mean - 1)


def test_without_a_fact_nothing_was_expected():
    assert run(cents(), trials=4, threads=1).expected_to_date is None
