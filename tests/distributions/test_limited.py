"""Laws of data that a limit cuts: the parameters that were there before it cut come back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from distributions.choose import choose_law
from distributions.families import FAMILIES
from distributions.law import LawError
from distributions.likeliest import NotFittedError
from distributions.limited import LIMITED, fit_below, fit_piled
from distributions.notation import parse_law
from distributions.tail import Sample

N, REPEATS, SIGMAS = 1_500, 40, 4.0

TRUE: dict[str, dict[str, float]] = {
    "lognormal": {"mu": 6.0, "sigma": 0.9},
    "gamma": {"shape": 2.5, "scale": 300.0},
    "weibull": {"shape": 1.4, "scale": 700.0},
    "exponential": {"mean": 500.0},
}


def sample_of(values: Any) -> Sample:
    return Sample(*np.unique(values, return_counts=True))


def cut_at_p80(name: str, seed: int, *, piled: bool) -> tuple[Sample, float]:
    law = FAMILIES[name].of(**TRUE[name])
    limit = float(law.ppf(0.8))
    u = np.random.default_rng(seed).random(N)
    values = np.minimum(law.ppf(u), limit) if piled else law.ppf(0.8 * u)
    return sample_of(values), limit


def test_every_limited_family_has_a_truth() -> None:
    assert set(TRUE) == set(LIMITED)


@pytest.mark.parametrize("piled", [True, False])
@pytest.mark.parametrize("name", LIMITED)
def test_parameters_come_back_from_what_a_limit_left(name: str, piled: bool) -> None:
    """The mean over repeats lies within 4 standard errors, and a bias of second order: that of one fit squared."""
    found = []
    for seed in range(REPEATS):
        sample, limit = cut_at_p80(name, seed, piled=piled)
        found.append(fit_piled(name, sample) if piled else fit_below(name, sample, limit))
    for key, true in TRUE[name].items():
        got = np.array([each[key] for each in found])
        spread = float(got.std(ddof=1))
        assert abs(got.mean() - true) <= SIGMAS * spread / math.sqrt(REPEATS) + spread**2 / abs(true), key


def test_a_plain_fit_takes_a_cut_for_a_lighter_law() -> None:
    sample, limit = cut_at_p80("lognormal", 1, piled=False)
    logs = np.log(sample.values)
    assert logs.mean() + 4 * logs.std() / math.sqrt(N) < 6.0
    assert fit_below("lognormal", sample, limit)["mu"] > logs.mean()


def test_values_that_do_not_fall_towards_the_limit_have_no_exponential_below_it() -> None:
    rising = sample_of(1_000.0 * np.sqrt((np.arange(500) + 0.5) / 500))
    with pytest.raises(NotFittedError, match="no maximum"):
        fit_below("exponential", rising, 1_000.0)


def test_a_pile_at_the_limit_becomes_a_max() -> None:
    values = np.minimum(np.random.default_rng(2).lognormal(8, 1, 20_000).round(), 8_192)
    choice = choose_law(values, whole=True)
    assert choice.expression["max"] == 8_192
    assert choice.expression["lognormal"]["mu"] == pytest.approx(8, abs=4 * 1.2 / math.sqrt(20_000))
    at_limit = float(np.mean(values == 8_192))
    error = 4 * math.sqrt(at_limit * (1 - at_limit) / 20_000)
    assert choice.law.p_from(8_192) == pytest.approx(at_limit, abs=error)


def test_a_limit_that_ends_data_becomes_a_truncation_and_is_read_back() -> None:
    drawn = np.random.default_rng(3).lognormal(8, 1, 60_000)
    values = drawn[drawn <= 8_000]
    choice = choose_law(values, limits=(8_000.0,))
    assert choice.expression["truncate"] == [None, 8_000]
    assert choice.law.support()[1] == 8_000
    u = np.linspace(0.001, 0.999, 200)
    np.testing.assert_allclose(parse_law(choice.expression).ppf(u), choice.law.ppf(u), rtol=1e-12)


def test_a_limit_far_above_all_values_changes_no_law() -> None:
    values = np.random.default_rng(4).gamma(4.0, 50.0, 5_000)
    assert "truncate" not in choose_law(values, limits=(200_000.0,)).expression


def test_shares_are_beta_and_none_is_above_1() -> None:
    values = np.random.default_rng(5).beta(2, 5, 5_000)
    choice = choose_law(values, purpose="share")
    assert list(choice.expression) == ["beta"]
    assert choice.law.support() == (0.0, 1.0)
    with pytest.raises(LawError, match="cache has shares above 1, such as"):
        choose_law(np.array([0.2, 1.5]), purpose="share", what="cache")


def test_a_tail_that_misses_the_data_is_left_out() -> None:
    """Few whole numbers: a tail between them moves the P99 by more than a tenth."""
    values = np.random.default_rng(1).lognormal(1, 0.8, 400_000).round() + 1
    choice = choose_law(values, whole=True, what="turns")
    if choice.tail is not None:
        assert all(each.holds for each in choice.near)
    else:
        assert choice.law.support()[1] <= values.max()
        assert any(warning.startswith("turns: no tail keeps") for warning in choice.warnings)
