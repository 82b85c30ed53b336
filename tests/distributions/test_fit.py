"""The likeliest law of every family: its parameters come back, its likelihood is the greatest, and scipy agrees."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from distributions.densities import log_chances, log_density
from distributions.families import FAMILIES
from distributions.fit import GROUPS, distances, fit_all, fit_family, grouped
from distributions.likeliest import LIKELIEST, NotFittedError
from distributions.tail import Sample

N = 20_000
REPEATS = 10
FOUND_BY_ENDS = {"uniform", "triangular", "pert", "zipf", "binomial", "pareto"}
"""Families with a parameter that is an end of the data, or a whole number: no standard error as others have."""


def drawn(law, n: int, seed: int) -> Sample:
    values, counts = np.unique(law.ppf(np.random.default_rng(seed).random(n)), return_counts=True)
    return Sample(values, counts)


def test_every_family_can_be_fitted() -> None:
    assert set(LIKELIEST) == set(FAMILIES)


@pytest.mark.parametrize("name", sorted(set(FAMILIES) - {"metalog"}))
def test_parameters_come_back_within_their_standard_errors(name: str) -> None:
    """The mean of repeated estimates lies within 4.5 standard errors, which the repeats themselves measure."""
    true = FAMILIES[name].of(**FAMILIES[name].examples[0])
    fits = [fit_family(name, drawn(true, N, seed)).parameters for seed in range(REPEATS)]
    for key, value in FAMILIES[name].examples[0].items():
        found = np.array([parameters[key] for parameters in fits])
        if name in FOUND_BY_ENDS and key in {"low", "high", "mode", "max", "min", "n", "p"}:
            assert np.abs(np.median(found) - value) <= 0.02 * max(abs(value), abs(true.mean())), key
            continue
        error = found.std(ddof=1) / math.sqrt(REPEATS)
        bias = 3.0 * abs(value) / N  # of maximum likelihood, of the order of 1/n
        assert abs(found.mean() - value) < 4.5 * error + bias, key


@pytest.mark.parametrize("name", sorted(set(FAMILIES) - {"metalog", *FOUND_BY_ENDS}))
def test_no_parameters_nearby_are_likelier(name: str) -> None:
    sample = drawn(FAMILIES[name].of(**FAMILIES[name].examples[0]), 2_000, 7)
    fit = fit_family(name, sample)
    for key in fit.parameters:
        if name == "beta" and key in {"low", "high"}:
            continue
        for factor in (0.99, 1.01):
            other = dict(fit.parameters) | {key: fit.parameters[key] * factor}
            law = FAMILIES[name].of(**other)
            logs = log_chances(law, sample.values) if law.discrete else log_density(law, name, other, sample.values)
            assert sample.counts @ logs < fit.log_likelihood + 1e-6, (key, factor)


SCIPY = {
    "lognormal": lambda p: stats.lognorm(p["sigma"], scale=math.exp(p["mu"])),
    "gamma": lambda p: stats.gamma(p["shape"], scale=p["scale"]),
    "weibull": lambda p: stats.weibull_min(p["shape"], scale=p["scale"]),
    "exponential": lambda p: stats.expon(scale=p["mean"]),
    "normal": lambda p: stats.norm(p["mean"], p["sd"]),
    "pareto": lambda p: stats.pareto(p["alpha"], scale=p["min"]),
    "lomax": lambda p: stats.lomax(p["alpha"], scale=p["scale"]),
    "genpareto": lambda p: stats.genpareto(p["xi"], scale=p["scale"]),
    "burr": lambda p: stats.burr12(p["c"], p["k"], scale=p["scale"]),
    "beta": lambda p: stats.beta(p["a"], p["b"], p["low"], p["high"] - p["low"]),
    "uniform": lambda p: stats.uniform(p["low"], p["high"] - p["low"]),
    "triangular": lambda p: stats.triang(
        (p["mode"] - p["low"]) / (p["high"] - p["low"]), p["low"], p["high"] - p["low"]
    ),
    "poisson": lambda p: stats.poisson(p["mean"]),
    "negative_binomial": lambda p: stats.nbinom(p["dispersion"], p["dispersion"] / (p["dispersion"] + p["mean"])),
    "geometric": lambda p: stats.geom(1.0 / p["mean"]),
    "zipf": lambda p: stats.zipfian(p["s"], int(p["max"])),
    "binomial": lambda p: stats.binom(int(p["n"]), p["p"]),
}


@pytest.mark.parametrize("name", sorted(SCIPY))
def test_likelihood_is_the_one_of_scipy(name: str) -> None:
    sample = drawn(FAMILIES[name].of(**FAMILIES[name].examples[0]), 500, 3)
    fit = fit_family(name, sample)
    theirs = SCIPY[name](fit.parameters)
    logs = theirs.logpmf(sample.values) if fit.law.discrete else theirs.logpdf(sample.values)
    assert fit.log_likelihood == pytest.approx(float(sample.counts @ logs), rel=1e-8)
    assert fit.aic == 2 * len(fit.parameters) - 2 * fit.log_likelihood


def test_metalog_goes_through_the_percentiles_of_the_data() -> None:
    sample = drawn(FAMILIES["lognormal"].of(mu=2.0, sigma=0.5), 4_000, 1)
    fit = fit_family("metalog", sample)
    values = np.repeat(sample.values, sample.counts)
    for name, share in (("p5", 0.05), ("p50", 0.5), ("p99", 0.99)):
        assert fit.parameters[name] == np.quantile(values, share, method="inverted_cdf")
        assert fit.law.ppf([share])[0] == pytest.approx(fit.parameters[name], rel=1e-9)


def test_distance_of_kolmogorov_is_the_one_of_scipy() -> None:
    sample = drawn(FAMILIES["gamma"].of(shape=2.0, scale=10.0), 300, 5)
    law = FAMILIES["lognormal"].of(mu=2.5, sigma=0.9)
    ks, ad = distances(law, sample)
    shift = 0.5 / 300  # theirs compares the steps with the law on both sides, ours lets it pass through them
    theirs = stats.kstest(sample.values, law.cdf).statistic
    assert theirs - 2 * shift - 1e-12 <= ks <= theirs
    u = np.sort(law.cdf(sample.values))
    i = np.arange(1, 301)
    a2 = -300 - np.mean((2 * i - 1) * (np.log(u) + np.log1p(-u[::-1])))
    assert ad == pytest.approx(a2 / 300, rel=1e-9)


def test_a_million_values_become_few_groups_with_the_same_mean_and_tail() -> None:
    values = np.random.default_rng(1).lognormal(6, 2, 1_000_000)
    whole = Sample(np.sort(values), np.ones(values.size, np.int64))
    groups = grouped(whole)
    assert groups.values.size <= GROUPS
    assert groups.counts.sum() == values.size
    assert groups.counts @ groups.values == pytest.approx(values.sum(), rel=1e-12)
    np.testing.assert_array_equal(groups.values[-1_000:], whole.values[-1_000:])
    assert np.all(np.diff(groups.values) > 0)
    fine = fit_family("lognormal", whole).parameters
    assert fine["mu"] == pytest.approx(np.log(values).mean(), abs=2e-3)
    assert fine["sigma"] == pytest.approx(np.log(values).std(), rel=2e-3)


@pytest.mark.parametrize(
    ("values", "name", "why"),
    [
        ([0.0, 1.5, 2.0], "lognormal", "no values of zero"),
        ([0.0, 1.0, 2.0], "geometric", "counts from 1"),
        ([1.5, 2.0], "poisson", "whole numbers"),
        ([-1.0, 2.0], "exponential", "below zero"),
        ([3.0], "normal", "the same"),
        ([5.0, 6.0, 5.5], "negative_binomial", "whole numbers"),
        ([5.0, 6.0, 7.0], "negative_binomial", "variance is no larger"),
        ([0.0, 0.0, 30.0], "binomial", "variance is no smaller"),
    ],
)
def test_a_family_that_cannot_be_says_why(values: list[float], name: str, why: str) -> None:
    distinct, counts = np.unique(values, return_counts=True)
    with pytest.raises(NotFittedError, match=why):
        fit_family(name, Sample(distinct, counts))


def test_all_families_are_sorted_by_aic_and_the_true_one_wins() -> None:
    sample = drawn(FAMILIES["weibull"].of(shape=0.7, scale=100.0), 20_000, 2)
    names = [name for name in FAMILIES if not FAMILIES[name].of(**FAMILIES[name].examples[0]).discrete]
    fits, refused = fit_all(sample, names)
    assert [fit.aic for fit in fits] == sorted(fit.aic for fit in fits)
    assert fits[0].family == "weibull"
    assert set(refused) | {fit.family for fit in fits} == set(names)


def test_a_triangle_without_a_left_side_has_a_density_however_far_its_values_are() -> None:
    law = FAMILIES["triangular"].of(low=0.0, mode=0.0, high=1e12)
    logs = log_density(law, "triangular", {"low": 0.0, "mode": 0.0, "high": 1e12}, np.array([0.0, 5e11]))
    assert logs == pytest.approx(np.log([2e-12, 1e-12]))
