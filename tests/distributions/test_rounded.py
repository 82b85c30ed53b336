"""Whole numbers: continuous families have chances as families of counts do, and the true family comes first."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

from distributions.choose import choose_law
from distributions.families import FAMILIES
from distributions.fit import fit_all, fit_family
from distributions.likeliest import NotFittedError
from distributions.rounded import log_rounded
from distributions.tail import Sample
from distributions.tried import zeros_else

SURE = 1e-4
"""Chance that a test of chance fails by chance."""

DRAWS, N = 8, 800


def sample_of(values: np.ndarray) -> Sample:
    distinct, counts = np.unique(np.asarray(values, float), return_counts=True)
    return Sample(distinct, counts)


def test_the_likeliest_rounded_exponential_is_the_one_on_paper() -> None:
    """Of whole numbers k from 1, P(k) = q^(k - 1/2) (1 - q) with q = exp(-1/mean); so q = S / (S + n), S of k - 1/2."""
    values = np.random.default_rng(1).geometric(0.4, 500)
    above = float(np.sum(values - 0.5))
    q = above / (above + values.size)
    fit = fit_family("exponential", sample_of(values))
    assert fit.parameters["mean"] == pytest.approx(-1 / math.log(q), rel=1e-4)
    assert fit.log_likelihood == pytest.approx(above * math.log(q) + values.size * math.log1p(-q), rel=1e-9)
    assert fit.parameters["mean"] != pytest.approx(values.mean(), rel=0.01), "which the likeliest density has"


def test_zero_is_all_that_lies_below_a_half() -> None:
    """With z of n values 0 and the rest 1 or more: a mean between what scipy finds on either side of it."""
    values = np.random.default_rng(2).poisson(0.8, 400)

    def loss(mean: float) -> float:
        edges = np.r_[0.0, np.arange(0.5, values.max() + 1)]
        return -float(np.bincount(values) @ np.log(np.diff(stats.expon(scale=mean).cdf(edges))))

    found = optimize.minimize_scalar(loss, bounds=(0.2, 3.0), method="bounded", options={"xatol": 1e-9})
    fit = fit_family("exponential", sample_of(values))
    assert fit.parameters["mean"] == pytest.approx(found.x, rel=1e-4)
    assert fit.log_likelihood == pytest.approx(-found.fun, rel=1e-9)
    below = log_rounded(FAMILIES["normal"].of(mean=0.0, sd=2.0), np.array([0.0, 1.0]))
    np.testing.assert_allclose(below, np.log([stats.norm.cdf(0.25), stats.norm.cdf(0.75) - stats.norm.cdf(0.25)]))


ROUNDED = {
    "lognormal": {"mu": 0.8, "sigma": 0.9},
    "gamma": {"shape": 1.5, "scale": 2.0},
    "weibull": {"shape": 0.8, "scale": 3.0},
    "lomax": {"alpha": 2.5, "scale": 6.0},
}


@pytest.mark.parametrize("name", ROUNDED)
def test_parameters_of_small_numbers_come_back_where_likeliest_densities_are_biased(name: str) -> None:
    """The mean of repeated estimates lies within 4.5 standard errors; of densities at least one does not."""
    law, rng = FAMILIES[name].of(**ROUNDED[name]), np.random.default_rng(3)
    samples = [sample_of(np.round(law.ppf(rng.random(60_000)))) for _ in range(8)]
    found = {}
    for rounds in (True, False):
        logs = np.log([[abs(each) for each in _parameters(name, one, rounds)] for one in samples])
        off = logs.mean(axis=0) - np.log(list(ROUNDED[name].values()))
        found[rounds] = np.abs(off) / (logs.std(axis=0, ddof=1) / math.sqrt(len(samples)))
    assert found[True].max() < 4.5
    assert found[False].max() > 4.5


def _parameters(name: str, sample: Sample, rounds: bool) -> list[float]:
    if not rounds and sample.values[0] == 0.0:  # most have no density at 0, where its interval has its middle
        sample = Sample(np.r_[0.25, sample.values[1:]], sample.counts)
    return list(fit_family(name, sample, rounds=rounds).parameters.values())


TRUE = {
    "geometric": lambda r: r.geometric(0.3, N),
    "poisson": lambda r: r.poisson(3.0, N),
    "negative_binomial": lambda r: r.negative_binomial(2.0, 0.3, N),
    "lognormal": lambda r: np.round(r.lognormal(1.5, 0.8, N)),
}
NAMES = [name for name in FAMILIES if name not in {"metalog", "pert", "triangular"}]


@pytest.mark.parametrize("name", TRUE)
def test_the_family_that_made_whole_numbers_comes_first(name: str) -> None:
    """Its AIC passes that of no other by more than chance does.

    A family that has the true one in it has twice the gain in likelihood chi-squared with as many degrees of freedom as
    it has parameters more, of which AIC takes two each; one that has it not gains less. Of all draws and families none
    may pass the quantile of that for so many of them.
    """
    rng = np.random.default_rng(4)
    own = len(FAMILIES[name].examples[0])
    first = 0
    for _ in range(DRAWS):
        fits, _ = fit_all(sample_of(TRUE[name](rng)), NAMES)
        (true,) = (fit for fit in fits if fit.family == name)
        first += fits[0] is true
        for fit in fits:
            more = max(len(fit.parameters) - own, 1)
            chance = stats.chi2.isf(SURE / (DRAWS * len(NAMES)), more) - 2 * more
            assert true.aic - fit.aic < chance, fit.family
    assert first > DRAWS / 2


def test_a_spike_of_density_does_not_pay() -> None:
    values = np.r_[np.ones(700), np.random.default_rng(5).geometric(0.3, 300)]
    fits, _ = fit_all(sample_of(values), ["beta", "geometric"])
    for fit in fits:
        chances = np.exp(fit.log_likelihood)
        assert chances <= 1.0
    beta = next(fit for fit in fits if fit.family == "beta")
    expected = [beta.law.mass(value - 0.5, value + 0.5) for value in np.unique(values)]
    counts = np.unique(values, return_counts=True)[1]
    assert beta.log_likelihood == pytest.approx(float(counts @ np.log(expected)), rel=1e-9)


def test_values_that_are_no_whole_numbers_and_shares_have_densities() -> None:
    assert fit_family("exponential", sample_of(np.array([1.0, 2.5]))).parameters == {"mean": 1.75}
    assert fit_family("exponential", sample_of(np.array([0.0, 1.0])), rounds=False).parameters == {"mean": 0.5}
    shares = choose_law(np.r_[np.zeros(30), np.ones(20)], purpose="share")
    assert all(fit.law.support()[1] < 1.01 for fit in shares.candidates if fit.family in {"beta", "uniform"})


def test_percentiles_have_no_rank_among_likelihoods() -> None:
    values = np.round(np.random.default_rng(6).normal(5_000, 900, 4_000))
    fits, _ = fit_all(sample_of(values), list(FAMILIES))
    assert fits[-1].family == "metalog"
    assert [fit.ranked for fit in fits] == [True] * (len(fits) - 1) + [False]
    ranked = [fit.aic for fit in fits[:-1]]
    assert ranked == sorted(ranked)


def test_a_law_that_no_double_can_tell_from_none_is_refused() -> None:
    values = np.r_[np.round(np.random.default_rng(7).lognormal(5, 1, 5_000)), 1e6]
    with pytest.raises(NotFittedError, match="some values can't come from it"):
        fit_family("normal", sample_of(values))


def test_zeros_else_a_family_stand_among_the_candidates_with_their_likelihood() -> None:
    rng = np.random.default_rng(8)
    values = np.where(rng.random(2_000) < 0.6, 0.0, np.maximum(np.round(rng.lognormal(1.5, 0.9, 2_000)), 1.0))
    choice = choose_law(values, whole=True)
    (taken,) = (fit for fit in choice.candidates if fit.family == choice.quality.split(";")[0])
    assert taken.family.endswith("% zeros, else lognormal")
    zeros, n = int(np.sum(values == 0)), values.size
    law = FAMILIES["lognormal"].of(mu=taken.parameters["mu"], sigma=taken.parameters["sigma"])
    rest = values[values > 0]
    chances = [law.mass(value - 0.5, value + 0.5) for value in rest]
    share = zeros / n
    at_zero = share + (1 - share) * float(law.cdf(0.5))
    expected = zeros * math.log(at_zero) + rest.size * math.log(1 - share) + np.sum(np.log(chances))
    assert taken.log_likelihood == pytest.approx(expected, rel=1e-6)
    assert taken.aic == 6 - 2 * taken.log_likelihood
    other = zeros_else(fit_family("gamma", sample_of(rest)), choice.sample, rounds=True)
    assert other.aic in [fit.aic for fit in choice.candidates]
