"""Sums of sessions: what chance leaves inside an interval, from how many on that is told, and how wide it may be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from distributions.numerics import Z_90
from simulator.coverage import FEWEST_SUMS, INTERVAL, SET, TRIALS, Coverage, coverage, least_inside
from simulator.judged import MATCH, OFF, TOO_FEW, Floats
from simulator.show.backtest_words import sums_words

SURE = 1e-4
"""Chance that a test of chance fails by chance."""


@pytest.mark.parametrize(("n", "log_sd"), [(300, 0.0), (10_000, 0.0), (1_000, 0.3)])
def test_a_right_scenario_covers_too_few_sums_once_in_twenty_times(n: int, log_sd: float) -> None:
    """Normal costs, and drivers that are off by as much as they say: what `least` was worked out for."""
    rng = np.random.default_rng(3)
    cv, rounds, sets = 1.0, 4_000, 400
    error = cv / np.sqrt(100)
    half = Z_90 * np.hypot(error, log_sd)
    middle = rng.normal(0.0, np.hypot(log_sd, cv / np.sqrt(n)), rounds)
    share = stats.norm.cdf((half - middle) / error) - stats.norm.cdf((-half - middle) / error)
    inside = rng.binomial(sets, share) / sets
    least = least_inside(n, error**2 + log_sd**2, np.array([-cv, cv]))
    below = float((inside < least).mean())
    assert below <= 0.05 - stats.norm.ppf(SURE) * np.sqrt(0.05 * 0.95 / rounds)
    assert below >= 0.002 or least == 0.0  # it can be passed


def test_twelve_sums_tell_an_interval_of_half_its_promise_from_one_that_holds_it() -> None:
    """Binomials, from the words: one case in twenty where it is right, nineteen of twenty where it holds half."""

    def told(n: int) -> bool:
        fewest = int(stats.binom.ppf(0.05, n, INTERVAL))
        return float(stats.binom.cdf(fewest - 1, n, INTERVAL / 2)) >= 0.95

    assert [n for n in range(1, 100) if told(n)] == list(range(FEWEST_SUMS, 100))


def of_sums(sums: float, **changes: Any) -> Coverage:
    """An interval that holds what it promises, of a log with sessions for so many sums."""
    made = Coverage(100, 400, round(100 * sums), 1.0, 1.5, 0.9, 0.9, 0.85, 1.0, 1.4, 1.45)
    return replace(made, **changes)


@pytest.mark.parametrize(
    ("made", "verdict", "said"),
    [
        (of_sums(12), MATCH, "Sums match: in 90 % of cases the scenario puts the mean cost of 100 sessions between"),
        (of_sums(11.9), TOO_FEW, "It takes 12 to notice as surely an interval that holds half of what it promises."),
        (of_sums(1.7, inside=0.69, least=0.515), TOO_FEW, "Sums are too few to tell: "),
        (of_sums(1.7, inside=0.50, least=0.515), OFF, "Sums are OFF: "),
        (of_sums(50, inside=0.80, least=0.79), TOO_FEW, "Sums are too few to tell: "),
        (of_sums(50, inside=0.80, least=0.81), OFF, "Sums are OFF: "),
        (of_sums(50, inside=0.6975, least=0.6977), OFF, "69.75 % lie there"),
        (of_sums(50, inside=0.82, least=0.85), MATCH, "82 % lie there"),
    ],
)
def test_sums_are_off_beyond_chance_and_a_tenth_and_match_where_that_could_be_seen(
    made: Coverage, verdict: str, said: str
) -> None:
    assert made.verdict == verdict
    assert said in sums_words(made, "USD")


def test_a_useless_interval_is_no_match_without_a_word_on_its_width() -> None:
    useless = of_sums(50, low=0.3, high=6.0)
    said = sums_words(useless, "USD")
    assert useless.verdict == MATCH
    assert "between $0.30 and $6.00, a factor of 20." in said
    assert "between $1.00 and $1.40, a factor of 1.4." in said
    assert "wider than it needs to be: these sets and the number of sessions explain a factor of 1.45" in said
    assert useless.to_dict()["wide"]
    assert not of_sums(0.9, low=0.3, high=6.0).wide  # of so few sessions nobody knows how wide it must be
    nothing = of_sums(50, low=0.0, own_low=0.0, explained=np.inf)
    assert not nothing.wide
    assert nothing.to_dict()["factor"] is None
    assert "factor" not in sums_words(nothing, "USD")


def intervals_of(rng: np.random.Generator, law: Floats, n: int, wider: float) -> Coverage:
    """A log of a law, and a scenario that knows the law from as many sessions; its interval wider by that power."""
    sure = law.std() / law.mean() / np.sqrt(n)
    means = rng.choice(law, (TRIALS, SET)).mean(axis=1) * np.exp(sure * rng.standard_normal(TRIALS) - sure**2 / 2)
    middle = np.median(means)
    return coverage(middle * (means / middle) ** wider, rng.choice(law, n), law, int(rng.integers(1 << 30)))


def test_few_right_scenarios_are_called_too_wide_and_most_that_are_three_times_as_wide() -> None:
    rng, rounds = np.random.default_rng(7), 60
    law = rng.lognormal(0, 1.5, 100_000)
    for n in (500, 3_000):
        right = sum(intervals_of(rng, law, n, 1.0).wide for _ in range(rounds))
        assert right <= stats.binom.ppf(1 - SURE, rounds, 0.05)
        wide = sum(intervals_of(rng, law, n, 3.0).wide for _ in range(rounds))
        assert wide >= stats.binom.ppf(SURE, rounds, 0.9)
