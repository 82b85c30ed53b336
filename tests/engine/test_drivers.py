"""Drivers: their own laws whatever they correlate with, rank correlations as stated, and no draw moved by another."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

import burncurve as bc
from scenarios.correlation import copula_matrix, nearest_possible
from scenarios.risks import Drivers as Stated
from scenarios.words import DRIVERS
from simulator.engine.drivers import Drivers, copula_weights
from simulator.engine.points import ORDER, Points
from tests.engine.facts import share_off, standard_errors_off
from tests.twin.agreement import kolmogorov_bound

TRIALS = np.arange(20_000)
LAWS = {
    "volume": "0.7 to 1.6",
    "failure_rate": {"lognormal": {"p10": 0.7, "p90": 2.0}},
    "context": {"uniform": {"low": 1.0, "high": 1.5}},
    "price": {"lomax": {"alpha": 1.4, "scale": 1.0}},
}


def levels(kind="sobol", seed=3, trials=TRIALS, laws=LAWS, **correlation):
    stated = Stated.model_validate(laws | {"correlation": correlation})
    return dict(zip(DRIVERS, Drivers.of(stated, Points(kind)).levels(seed, trials).T, strict=True))


def pairs(rank, first="volume", second="failure_rate"):
    return {f"{first}~{second}": rank}


def grades(drawn, name, law=None):
    """Where draws stand in their own law, uniform if they are drawn from it."""
    return bc.law(LAWS[name] if law is None else law).cdf(drawn[name])


@pytest.mark.parametrize("rank", [-0.9, -0.3, 0.0, 0.4, 0.95])
@pytest.mark.parametrize("first", ["volume", "context"])
def test_the_rank_correlation_is_the_one_stated(rank, first):
    drawn = levels("plain", **pairs(rank, first))
    # Spearman's is the mean of this product; of independent trials its standard error is the sample's
    product = 12 * (grades(drawn, first) - 0.5) * (grades(drawn, "failure_rate") - 0.5)
    assert standard_errors_off(product, rank) < 4


@pytest.mark.parametrize("kind", ["plain", "sobol"])
@pytest.mark.parametrize("rank", [-1.0, -0.6, 0.4, 1.0])
def test_each_driver_keeps_its_own_law(kind, rank):
    drawn = levels(kind, **pairs(rank), **pairs(rank / 2, "context", "price"))
    for name in LAWS:
        grade = np.sort(grades(drawn, name))
        n = len(grade)
        distance = np.abs(grade - (np.arange(n) + 0.5) / n).max() + 0.5 / n
        assert distance < kolmogorov_bound(n), name


def test_the_tails_of_a_correlated_driver_are_as_long_as_its_law():
    """P(U < 1e-3) and P(U > 1 - 1e-3), counted: the copula cuts neither."""
    n = 200_000
    grade = grades(levels("plain", trials=np.arange(n), **pairs(0.7)), "failure_rate")
    for hits in ((grade < 1e-3).sum(), (grade > 1 - 1e-3).sum()):
        assert share_off(hits, n, 1e-3) < 4


def test_far_tails_keep_their_accuracy():
    """A score of 9 standard deviations is no place for 1 - u: a driver that follows another goes as far out as it."""

    class Far(Points):
        def uniforms(self, seed, purpose, trial):
            return np.array([1e-15, 2.0**-53, 0.5, 1 - 2.0**-53])

    laws = {"volume": {"lognormal": {"mu": 0, "sigma": 1}}, "context": {"lognormal": {"mu": 0, "sigma": 1}}}
    stated = Stated.model_validate(laws | {"correlation": {"volume~context": 0.8}})
    drawn = Drivers.of(stated, Far()).levels(1, np.arange(4))
    weight = 2 * np.sin(np.pi * 0.8 / 6)
    weight += np.sqrt(1 - weight**2)
    scores = np.array([norm.ppf(1e-15), norm.ppf(2.0**-53), 0.0, norm.isf(2.0**-53)])
    assert np.log(drawn[:, DRIVERS.index("context")]) == pytest.approx(weight * scores, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("kind", ["plain", "sobol"])
@pytest.mark.parametrize("sign", [1, -1])
def test_perfect_correlation_is_one_draw(kind, sign):
    drawn = levels(kind, **pairs(float(sign), "volume", "price"))
    follows = grades(drawn, "price")
    leads = grades(drawn, "volume")
    assert np.abs(follows - (leads if sign > 0 else 1 - leads)).max() < 1e-12


def test_a_chain_of_perfect_correlations_is_one_draw():
    ranks = pairs(1.0) | pairs(-1.0, "failure_rate", "context") | pairs(-1.0, "volume", "context")
    drawn = levels(**ranks)
    grade = grades(drawn, "volume")
    assert np.abs(grades(drawn, "failure_rate") - grade).max() < 1e-12
    assert np.abs(grades(drawn, "context") - (1 - grade)).max() < 1e-12


@pytest.mark.parametrize("kind", ["plain", "sobol"])
def test_another_driver_leaves_all_draws_alone(kind):
    few = {name: LAWS[name] for name in ("volume", "price")}
    before = levels(kind, laws=few, **pairs(0.5, "volume", "price"))
    after = levels(kind, **pairs(0.5, "volume", "price"))
    assert np.array_equal(before["volume"], after["volume"])
    assert np.array_equal(before["price"], after["price"])


@pytest.mark.parametrize("kind", ["plain", "sobol"])
def test_a_correlation_moves_no_draw_of_those_that_have_no_part_in_it(kind):
    before, after = levels(kind), levels(kind, **pairs(0.6))
    for name in ("volume", "context", "price"):  # the first of the two keeps its own draw
        assert np.array_equal(before[name], after[name]), name
    assert not np.array_equal(before["failure_rate"], after["failure_rate"])


def test_drivers_without_a_law_are_one():
    drawn = levels()
    assert all(np.all(drawn[name] == 1.0) for name in DRIVERS if name not in LAWS)


def test_a_correlated_draw_is_a_function_of_its_trial_alone():
    whole = levels(**pairs(0.4))["failure_rate"]
    parts = [levels(trials=part, **pairs(0.4))["failure_rate"] for part in np.array_split(TRIALS, 37)]
    assert np.array_equal(whole, np.concatenate(parts))


def test_the_factor_gives_the_matrix_again_where_it_is_semidefinite_too():
    ranks = {("volume", "price"): 0.9, ("volume", "context"): 0.9, ("context", "price"): -0.4}
    for matrix in (copula_matrix(ORDER, {}), nearest_possible(copula_matrix(ORDER, ranks)), np.ones((12, 12))):
        weights = copula_weights(matrix)
        assert np.array_equal(weights, np.tril(weights))
        assert np.abs(weights @ weights.T - matrix).max() < 1e-5
        assert np.abs((weights**2).sum(axis=1) - 1).max() < 1e-12
