"""Periods against mathematics: variances of counts, breach probabilities, fixed costs, and sums by FFT."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import pytest
from scipy.stats import norm, poisson, t

from simulator.engine.tally import REPLICATES
from tests.engine.cents import CENT, CENTS, THREE_DAYS, TWENTY, cents
from tests.engine.facts import all_sessions, share_off, simulate, spends, standard_errors_off, variance_off
from tests.twin.agreement import kolmogorov_bound
from tests.twin.worlds import one_agent, scenario

TRIALS = 20_000


def test_the_variance_of_a_poisson_period():
    sample = spends(simulate(cents(), trials=TRIALS)) * 100
    assert standard_errors_off(sample, 60) < 4
    assert variance_off(sample, 60) < 4


def test_the_variance_of_a_negative_binomial_period():
    sample = spends(simulate(cents(TWENTY | {"dispersion": 5}), trials=TRIALS)) * 100
    assert standard_errors_off(sample, 60) < 4
    assert variance_off(sample, 3 * (20 + 20**2 / 5)) < 4


def test_the_variance_of_a_compound_period():
    agent = CENT | {"turns": {"geometric": {"mean": 4}}}
    spec = one_agent(agent, models=CENTS, volume=TWENTY | {"dispersion": 5}, period=THREE_DAYS)
    sample = spends(simulate(spec, trials=TRIALS)) * 100
    second_moment = 4**2 * (2 - 1 / 4)  # of a geometric from 1: (2 - p) / p^2
    assert standard_errors_off(sample, 240) < 4
    assert variance_off(sample, 3 * (20 * second_moment + (20 * 4) ** 2 / 5)) < 4


def test_weekdays_scale_to_a_mean_of_one():
    result = simulate(cents(TWENTY | {"weekdays": {"sat": 0.3, "sun": 0.2}}), trials=TRIALS)
    days = result.tally.sessions.sum(axis=2)
    for place, factor in enumerate([1, 0.3, 0.2]):
        mean = 20 * factor * 7 / 5.5
        assert standard_errors_off(days[:, place], mean) < 4
        assert variance_off(days[:, place], mean) < 4


def test_features_share_the_days_luck():
    agents = {"a": {"model": "dear"} | CENT, "b": {"model": "dear"} | CENT}
    features = {"x": {"agent": "a", "share": 3}, "y": {"agent": "b", "share": 1}}
    spec = scenario(agents, models=CENTS, volume=TWENTY | {"dispersion": 5}, features=features)
    x, y = simulate(spec, trials=TRIALS).tally.sessions[:, 0, :].T.astype(float)
    assert standard_errors_off((x - 15) * (y - 5), 15 * 5 / 5) < 4
    assert variance_off(x, 15 + 15**2 / 5) < 4


def test_trends_grow_by_the_calendar():
    spec = cents(TWENTY, trends={"volume": 0.5}, period={"start": "2026-12-31", "days": 3})
    days = simulate(spec, trials=TRIALS).tally.sessions.sum(axis=2)
    for place in range(3):
        # 31 December is 30/31 of the way into its month, 1 January the start of the next.
        months = 0 if place == 0 else 1 / 31 + (place - 1) / 31
        assert standard_errors_off(days[:, place], 20 * 1.5**months) < 4


def test_each_day_pays_its_own_prices():
    agent = {"model": "google/gemini-3.6-flash", "prompt_tokens": 1_000, "output_tokens": 100}
    spec = one_agent(agent, models={}, volume=TWENTY, period={"start": "2026-12-30", "days": 4})
    sessions = all_sessions(simulate(spec, trials=20))
    # Announced by the catalogue: 0.75 and 3.75 a million until the year ends, twice that from 1 January.
    low = (1_000 * 0.75 + 100 * 3.75) / 1e6
    paid = {day: set(cost.round(12)) for day, cost in sessions.groupby("day")["cost"]}
    assert paid == {1: {low}, 2: {low}, 3: {2 * low}, 4: {2 * low}}


BUDGET, SHARED = 0.755, {"volume": "0.7 to 1.5"}


def breach_probability_of_the_mixture():
    """P(more than 75 sessions) of a Poisson count whose mean is lognormal, by quadrature."""
    low, high, mean = 0.7, 1.5, 60
    sigma = math.log(high / low) / (2 * norm.ppf(0.95))
    z, weights = np.polynomial.hermite_e.hermegauss(120)
    level = np.exp(math.log(low * high) / 2 + sigma * z)
    return float((weights * poisson.sf(75, mean * level)).sum() / weights.sum())


def test_breach_probability_under_lognormal_volume():
    exact = breach_probability_of_the_mixture()
    result = simulate(cents(budget=BUDGET, drivers=SHARED), trials=TRIALS, points="plain")
    assert share_off((spends(result) > BUDGET).sum(), TRIALS, exact) < 4
    assert result.to_dict()["budget"]["breach_probability"] == pytest.approx((spends(result) > BUDGET).mean())


def test_breach_probability_by_sobol_points_is_as_sure_as_their_replicates_say():
    result = simulate(cents(budget=BUDGET, drivers=SHARED), trials=TRIALS)
    replicates = (spends(result) > BUDGET).reshape(-1, REPLICATES).mean(axis=0)
    error = replicates.std(ddof=1) / math.sqrt(REPLICATES)
    off = abs(replicates.mean() - breach_probability_of_the_mixture()) / error
    assert off < t.isf(norm.sf(4), REPLICATES - 1)  # as likely to be passed as 4 standard errors that are known


# -- fixed costs: by the calendar, to the cent ---------------------------------------------------------


def fixed(period, **costs):
    result = simulate(cents({"sessions_per_day": 1}, period=period, fixed_costs=costs), trials=5)
    (share,) = {row["mean"] for row in result.to_dict()["attribution"] if row["cause"] == "fixed"}
    assert float(result.tally.frame.fixed_daily.sum()) * result.tally.frame.unit == pytest.approx(share, abs=1e-8)
    return share


@pytest.mark.parametrize(
    ("period", "amount"),
    [
        ("2026-12", 4_000),
        ("2027-02", 4_000),
        ("2026-Q4", 12_000),
        ("2027", 48_000),
        ({"start": "2026-12-01", "days": 10}, 4_000 * 10 / 31),
        ({"start": "2026-11-30", "days": 2}, 4_000 / 30 + 4_000 / 31),
    ],
)
def test_a_monthly_fee_is_paid_by_the_days_of_its_months(period, amount):
    assert fixed(period, monthly={"platform": 4_000}) == pytest.approx(amount, abs=1e-8)


def test_a_one_time_cost_is_paid_on_its_day_or_not_at_all():
    item = {"amount": 10_000, "date": "2026-12-03"}
    result = simulate(cents({"sessions_per_day": 1}, period="2026-12", fixed_costs={"one_time": {"x": item}}), trials=3)
    days = np.asarray(result.tally.frame.fixed_daily) * result.tally.frame.unit
    assert np.flatnonzero(days).tolist() == [2]
    assert days[2] == pytest.approx(10_000)


# -- a compound sum against its law by FFT ---------------------------------------------------------------

MEAN_SESSIONS, P50, P95 = 50, 40, 200
GRID = 2**18


@lru_cache
def law_of_the_sum():
    """Distribution function of a Poisson number of rounded lognormals, on 0..GRID-1, and a bound of its error.

    The transform of a compound Poisson law is exp(mean * (phi - 1)). Folding the sum onto the grid and cutting the
    severity at its end errs by at most P(sum >= GRID), which Chebyshev bounds on the part below and the union on jumps.
    """
    sigma = math.log(P95 / P50) / norm.ppf(0.95)
    edges = np.log((np.arange(1, GRID + 1) - 0.5) / P50) / sigma
    below = norm.cdf(edges)
    severity = np.diff(below, prepend=0.0)
    sum_law = np.fft.ifft(np.exp(MEAN_SESSIONS * (np.fft.fft(severity) - 1))).real
    moment = P50**2 * math.exp(2 * sigma**2)
    mean = MEAN_SESSIONS * P50 * math.exp(sigma**2 / 2)
    bound = MEAN_SESSIONS * norm.sf(edges[-1]) + MEAN_SESSIONS * moment / (GRID - mean) ** 2
    return np.cumsum(sum_law), bound + GRID * 1e-15


@pytest.fixture(scope="module")
def sums():
    agent = CENT | {"output_tokens": {"p50": P50, "p95": P95}}
    spec = one_agent(
        agent, models=CENTS, volume={"sessions_per_day": MEAN_SESSIONS / 2}, period=THREE_DAYS | {"days": 2}
    )
    result = simulate(spec, trials=TRIALS)
    assert len(all_sessions(result)) > TRIALS
    return np.rint(np.sort(spends(result)) * 100).astype(int)


def test_the_oracle_is_a_law_and_knows_its_moments():
    cdf, bound = law_of_the_sum()
    assert bound < 1e-5
    assert cdf[-1] == pytest.approx(1, abs=bound)
    assert np.diff(cdf, prepend=0.0).min() > -1e-15


@pytest.mark.parametrize("p", [0.5, 0.95, 0.99])
def test_quantiles_of_a_compound_sum_are_those_of_the_fft(sums, p):
    cdf, bound = law_of_the_sum()
    quantile = int(np.searchsorted(cdf, p))
    reach = 4 * math.sqrt(TRIALS * p * (1 - p)) + TRIALS * bound
    assert sums[math.floor(TRIALS * p - reach) - 1] <= quantile <= sums[math.ceil(TRIALS * p + reach) - 1]


def test_the_whole_law_of_a_compound_sum_is_that_of_the_fft(sums):
    cdf, bound = law_of_the_sum()
    empirical = np.searchsorted(sums, np.arange(GRID), side="right") / TRIALS
    assert np.abs(empirical - cdf).max() < kolmogorov_bound(TRIALS) + bound


def test_the_mean_of_a_compound_sum(sums):
    cdf, _ = law_of_the_sum()
    assert standard_errors_off(sums, float((1 - cdf).sum())) < 4
