"""How many sessions come to a whole period, and what they cost in sum, against mathematics.

Uncertain volume, counts that scatter, users, launches and busy hours. The naive twin and the engine are asked the same.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from scipy.stats import nbinom, poisson

from scenarios.load import load
from tests.engine.cents import CENT, CENTS, THREE_DAYS, TWENTY, cents
from tests.engine.facts import share_off, standard_errors_off
from tests.engine.oracle import (
    GRID,
    assert_law,
    costs,
    distribution,
    lognormal_levels,
    mixed,
    negative_binomial_sum,
    poisson_sum,
)
from tests.twin.agreement import kolmogorov_bound
from tests.twin.worlds import scenario

DEARER = {"mixture": [{"weight": 0.8, "law": 1}, {"weight": 0.2, "law": 10}]}
LEVELS, WEIGHTS = lognormal_levels(0.7, 1.5)


# -- the oracle --------------------------------------------------------------------------------------------


def test_the_oracle_counts_as_scipy_does():
    k = np.arange(GRID)
    assert np.abs(distribution(poisson_sum(60)) - poisson.cdf(k, 60)).max() < 1e-11
    assert np.abs(distribution(negative_binomial_sum(60, 5)) - nbinom.cdf(k, 5, 5 / 65)).max() < 1e-11


def test_the_oracle_knows_the_moments_of_a_compound_sum():
    law = np.diff(distribution(negative_binomial_sum(20, 5, costs({1: 0.8, 10: 0.2}))), prepend=0.0)
    mean, second = 2.8, 0.8 + 0.2 * 100
    assert law @ np.arange(GRID) == pytest.approx(20 * mean)
    variance = law @ (np.arange(GRID) - 20 * mean) ** 2
    assert variance == pytest.approx(20 * second + (20 * mean) ** 2 / 5)


# -- sums --------------------------------------------------------------------------------------------------


def test_constant_cost_under_lognormal_volume(lives):
    spec = cents(drivers={"volume": "0.7 to 1.5"})
    cdf = distribution(mixed([poisson_sum(60 * level) for level in LEVELS], WEIGHTS))
    assert_law(lives(spec).spend * 100, cdf)


def test_breach_probability_under_lognormal_volume(lives):
    spec = cents(drivers={"volume": "0.7 to 1.5"}, budget=0.755)
    covered = lives(spec).covered.sum(axis=1)
    exact = 1 - distribution(mixed([poisson_sum(60 * level) for level in LEVELS], WEIGHTS))[75]
    assert share_off((covered > 0.755).sum(), covered.size, exact) < 4


def test_negative_binomial_days_of_sessions_that_differ(lives):
    spec = cents(TWENTY | {"dispersion": 5}, agent={"output_tokens": DEARER})
    cdf = distribution(negative_binomial_sum(20, 5, costs({1: 0.8, 10: 0.2})) ** 3)
    assert_law(lives(spec).spend * 100, cdf)


def test_features_of_negative_binomial_days_add_up_to_one(lives):
    agents = {"a": {"model": "dear"} | CENT, "b": {"model": "dear"} | CENT | {"output_tokens": 30}}
    features = {"x": {"agent": "a", "share": 3}, "y": {"agent": "b", "share": 1}}
    spec = scenario(
        agents, models=CENTS, features=features, period=THREE_DAYS, volume={"sessions_per_day": 8, "dispersion": 2}
    )
    cdf = distribution(negative_binomial_sum(8, 2, costs({1: 0.75, 30: 0.25})) ** 3)
    assert_law(lives(spec).spend * 100, cdf)


def test_volume_weekdays_trend_dispersion_and_an_event_in_one_sum(lives):
    spec = cents(
        TWENTY | {"dispersion": 5, "weekdays": {"sat": 0.3, "sun": 0.2}},
        agent={"output_tokens": DEARER},
        drivers={"volume": "0.7 to 1.5"},
        trends={"volume": 3},
        events={"storm": {"date": "2026-12-05", "probability": 0.3, "multiplies": {"volume": 4}}},
    )
    cost = costs({1: 0.8, 10: 0.2})
    means = [20 * 7 / 5.5 * factor * 4 ** (day / 31) for day, factor in enumerate([1, 0.3, 0.2])]

    def of(level, factor):
        days = (means[0] * level, means[1] * level * factor, means[2] * level * factor)
        return math.prod(negative_binomial_sum(mean, 5, cost) for mean in days)

    cdf = distribution(mixed([0.7 * of(level, 1) + 0.3 * of(level, 4) for level in LEVELS], WEIGHTS))
    assert_law(lives(spec).spend * 100, cdf)


# -- drivers that move together ----------------------------------------------------------------------------

RANKS = {("volume", "price"): 0.6, ("price", "turns"): -0.5, ("volume", "context"): 0.2}


@cache
def scores_of(lives):
    laws = {
        "volume": "0.7 to 1.5",
        "price": {"uniform": {"low": 1, "high": 2}},
        "turns": {"gamma": {"mean": 1, "cv": 1}},
    }
    spec = load(
        cents(
            {"sessions_per_day": 0.01},
            period={"start": "2026-12-04", "days": 1},
            drivers=laws
            | {"context": "0.9 to 1.1", "misses": "0.5 to 2"}
            | {"correlation": {f"{one}~{other}": rank for (one, other), rank in RANKS.items()}},
        )
    )
    levels = lives(spec, twin=2_000, trials=60_000).levels
    return {name: np.asarray(law.cdf(levels[name])) for name, law in spec.drivers.levels.items()}


@pytest.fixture
def scores(lives):
    """Where the draws of each driver lie in their laws, from 0 to 1."""
    return scores_of(lives)


def test_rank_correlations_are_recovered_and_pairs_that_are_not_stated_are_independent(scores):
    names = list(scores)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            rank = RANKS.get((one, other), RANKS.get((other, one), 0.0))
            assert standard_errors_off(12 * (scores[one] - 0.5) * (scores[other] - 0.5), rank) < 4, (one, other)


def test_the_copula_is_gaussian(scores):
    for (one, other), rank in RANKS.items():
        score = 2 * math.sin(math.pi * rank / 6)
        both_low = ((scores[one] < 0.5) & (scores[other] < 0.5)).sum()
        assert share_off(both_low, scores[one].size, 0.25 + math.asin(score) / (2 * math.pi)) < 4


def test_correlation_leaves_each_driver_its_law(scores):
    for name, score in scores.items():
        ordered = np.sort(score)
        steps = np.arange(1, ordered.size + 1) / ordered.size
        assert np.abs(steps - ordered).max() < kolmogorov_bound(ordered.size) + 1 / ordered.size, name


# -- users -------------------------------------------------------------------------------------------------

USERS, EACH = 4, 5
BY_USERS = {"users": USERS, "sessions_per_user_day": {"exponential": {"mean": EACH}}}


def test_users_who_differ_make_days_that_go_together(lives):
    days = lives(cents(BY_USERS | {"weekdays": {"sat": 0.3, "sun": 0.2}}), twin=1_000).sessions[:, :, 0]
    weekdays = np.array([1, 0.3, 0.2]) * 7 / 5.5
    for place, factor in enumerate(weekdays):
        mean = USERS * EACH * factor
        assert standard_errors_off(days[:, place], mean) < 4
        assert_law(days[:, place], distribution(negative_binomial_sum(mean, USERS)))  # a sum of exponentials is gamma
    expected = USERS * EACH * weekdays
    together = (days[:, 0] - expected[0]) * (days[:, 1] - expected[1])
    assert standard_errors_off(together, weekdays[0] * weekdays[1] * USERS * EACH**2) < 4


def test_exponential_users_make_a_negative_binomial_period(lives):
    spend = lives(cents(BY_USERS)).spend
    assert_law(spend * 100, distribution(negative_binomial_sum(3 * USERS * EACH, USERS)))


def test_the_heaviest_of_exponential_users(lives):
    """Shares of exponential users are spacings of uniform points; the law of the largest is Fisher's (1929)."""
    heaviest = np.sort(lives(cents(BY_USERS)).heaviest)
    terms = [(-1) ** j * math.comb(USERS, j) * np.maximum(0, 1 - j * heaviest) ** (USERS - 1) for j in range(USERS + 1)]
    n = heaviest.size
    assert heaviest[0] >= 1 / USERS
    assert np.abs(np.sum(terms, axis=0) - np.arange(1, n + 1) / n).max() < kolmogorov_bound(n) + 1 / n


def test_users_who_are_alike_are_a_plain_volume(lives):
    lived = lives(cents({"users": 40, "sessions_per_user_day": 0.5}))
    assert lived.heaviest == pytest.approx(1 / 40)
    assert_law(lived.spend * 100, distribution(poisson_sum(60)))


# -- launches ----------------------------------------------------------------------------------------------


def test_a_launch_brings_its_share_of_the_sessions_and_nothing_before(lives):
    agents = {"a": {"model": "dear"} | CENT, "b": {"model": "dear"} | CENT}
    features = {
        "x": {"agent": "a", "share": 3},
        "y": {"agent": "b", "share": 1, "rollout": {"2026-12-01": 0.5, "2026-12-06": 0.8}},
    }
    volume = {"sessions_per_day": 40, "rollout": {"2026-12-05": "25%", "2026-12-07": 1}}
    spec = scenario(agents, models=CENTS, features=features, volume=volume, period={"start": "2026-12-04", "days": 5})
    sessions = lives(spec).sessions
    assert sessions[:, 0].max() == 0
    for day, launched in enumerate([0, 0.25, 0.25, 1, 1]):
        x, y = 30 * launched, 10 * launched * (0.5 if day < 2 else 0.8)
        assert standard_errors_off(sessions[:, day, 0], x) < 4
        assert standard_errors_off(sessions[:, day, 1], y) < 4
        if launched:
            assert_law(sessions[:, day, 1], distribution(poisson_sum(y)))


# -- busy hours --------------------------------------------------------------------------------------------

BASE_FAILURE = 0.25
FAILS = {"retry": {"failure_rate": BASE_FAILURE, "max_attempts": 1}}  # a session that fails costs nothing


def busy(share, capacity, factor):
    agents = {"a": {"model": "dear"} | CENT | FAILS, "b": {"model": "dear"} | CENT | FAILS}
    features = {"x": {"agent": "a", "share": 3}, "y": {"agent": "b", "share": 1}}
    peak = {"share": share, "capacity": capacity, "failure_factor": factor}
    volume = {"sessions_per_day": 20, "dispersion": 2, "peak_hour": peak}
    return scenario(agents, models=CENTS, features=features, volume=volume, period=THREE_DAYS)


@pytest.mark.parametrize(("share", "capacity"), [(0.5, 8), (1, 25), (0.1, 1.5)])
@pytest.mark.parametrize(("factor", "rate"), [(4, 1), (2, 0.5), (0, 0)])
def test_sessions_beyond_the_capacity_fail_so_many_times_as_often(lives, share, capacity, factor, rate):
    lived = lives(busy(share, capacity, factor), trials=2_000)
    n = lived.sessions.sum(axis=2)
    beyond = np.maximum(0, share * n - capacity)
    succeed = 1 - BASE_FAILURE + (BASE_FAILURE - rate) * (beyond / np.maximum(n, 1))
    assert 0.2 < (beyond > 0).mean() < 0.8
    for feature in range(2):
        paid, came = lived.money[:, :, feature] * 100, lived.sessions[:, :, feature]
        for days in (beyond > 0, beyond == 0):
            gap = (paid - came * succeed)[days].sum()
            assert abs(gap) < 4 * math.sqrt((came * succeed * (1 - succeed))[days].sum())


def test_sessions_beyond_the_capacity_are_counted(lives):
    lived = lives(busy(1, 25, 4), trials=2_000)
    beyond = np.maximum(0, lived.sessions.sum(axis=2) - 25).sum(axis=1)
    assert np.array_equal(lived.peak, beyond)
