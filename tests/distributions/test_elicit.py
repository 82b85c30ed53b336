"""Laws from what people know have what people said."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distributions.bounded import Beta, Pert, Triangular, Uniform
from distributions.discrete import NegativeBinomial
from distributions.elicit import from_mean_cv, from_quantiles, furthest_miss
from distributions.families import FAMILIES, Exponential, Gamma, Lognormal, Normal, Weibull
from distributions.family import Family
from distributions.heavy import Burr, Genpareto, Lomax, Pareto
from distributions.law import LawError
from distributions.metalog import QUANTILES, Metalog
from distributions.moments import BY_MEAN_CV
from distributions.percentiles import BY_QUANTILES, NEEDS_THREE

CONVERSE: dict[type[Family], list[tuple[float, float]]] = {
    Lomax: [(2.0, 1.2), (2.0, 40.0)],
    Beta: [(0.3, 0.2), (0.02, 3.0), (0.97, 0.1)],
    Genpareto: [(2.7, 2.5), (1.0, 0.8), (1e6, 0.2)],
    NegativeBinomial: [(2.0, 1.5), (2400.0, 0.3), (0.1, 4.0)],
}
USUAL = [(2.7, 2.5), (1.0, 0.8), (1e6, 0.01), (1e-3, 6.0)]


@pytest.mark.parametrize(
    ("family", "mean", "cv"),
    [
        pytest.param(family, mean, cv, id=f"{family.name}-{mean}-{cv}")
        for family in BY_MEAN_CV
        for mean, cv in CONVERSE.get(family, USUAL)
    ],
)
def test_mean_and_cv_are_those_given(family: type[Family], mean: float, cv: float) -> None:
    law = from_mean_cv(family, mean, cv)
    assert type(law) is family
    assert law.mean() == pytest.approx(mean, rel=1e-9)
    assert math.sqrt(law.var()) / law.mean() == pytest.approx(cv, rel=1e-7)


def test_a_beta_between_ends_of_its_own() -> None:
    law = from_mean_cv(Beta, 40.0, 0.2, low=10.0, high=90.0)
    assert law.support() == (10.0, 90.0)
    assert (law.mean(), math.sqrt(law.var())) == pytest.approx((40.0, 8.0), rel=1e-12)
    law = from_quantiles(Beta, {"p10": 30.0, "p90": 60.0}, low=10.0, high=90.0)
    assert law.ppf([0.1, 0.9]) == pytest.approx([30.0, 60.0], rel=1e-9)


PAIRS = [("p50", "p95", 6.0), ("p10", "p90", 30.0), ("p5", "p99", 500.0), ("p50", "p90", 4.0), ("p95", "p99", 2.5)]


@pytest.mark.parametrize("family", [family for family in BY_QUANTILES if family not in NEEDS_THREE])
@pytest.mark.parametrize(("low", "high", "ratio"), PAIRS)
@pytest.mark.parametrize("scale", [1e-3, 150.0])
def test_two_percentiles_are_met_exactly(family: type[Family], low: str, high: str, ratio: float, scale: float) -> None:
    given = {high: scale * ratio, low: scale}
    if family is Beta:
        given = {high: 0.1 * ratio / (1.0 + 0.1 * ratio), low: 0.1 / 1.1}
    law = from_quantiles(family, given)
    assert type(law) is family
    for name, value in given.items():
        assert float(law.ppf(QUANTILES[name])) == pytest.approx(value, rel=1e-9)


ROUND_TRIPS = [
    Lognormal(5.0, 0.9),
    Gamma(2.5, 100.0),
    Gamma(0.3, 4.0),
    Weibull(0.35, 2.0),
    Weibull(12.0, 1.0),
    Pareto(100.0, 1.1),
    Lomax(1.9, 1500.0),
    Genpareto(0.45, 8000.0),
    Genpareto(-0.4, 5.0),
    Beta(2.0, 5.0),
    Beta(0.3, 0.4),
    Uniform(-3.0, 8.0),
    FAMILIES["normal"].of(mean=-4.0, sd=3.0),
]
THREES = [("p10", "p50", "p90"), ("p5", "p50", "p99"), ("p90", "p95", "p99")]


@pytest.mark.parametrize("law", ROUND_TRIPS, ids=repr)
@pytest.mark.parametrize("names", [("p50", "p95"), ("p5", "p95"), *THREES])
def test_a_law_is_found_again_from_its_own_percentiles(law: Family, names: tuple[str, ...]) -> None:
    found = from_quantiles(type(law), {name: float(law.ppf(QUANTILES[name])) for name in names})
    for row in law.parameters():
        assert getattr(found, row.attribute) == pytest.approx(getattr(law, row.attribute), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(
    "law",
    [
        Burr(1.6, 1.5, 200.0),
        Burr(0.5, 8.0, 1.0),
        Burr(20.0, 0.4, 3.0),
        Triangular(0.9, 1.0, 1.6),
        Triangular(0.0, 0.0, 1.0),
        Triangular(-2.0, 5.0, 5.0),
        Pert(0.9, 1.0, 1.6),
        Pert(0.0, 0.0, 1.0),
        Pert(10.0, 90.0, 100.0),
    ],
    ids=repr,
)
@pytest.mark.parametrize("names", [("p10", "p50", "p90"), ("p5", "p50", "p95"), ("p5", "p90", "p99")])
def test_three_parameters_are_found_from_three_percentiles(law: Family, names: tuple[str, ...]) -> None:
    given = {name: float(law.ppf(QUANTILES[name])) for name in names}
    found = from_quantiles(type(law), given)
    assert type(law) in NEEDS_THREE
    for name, value in given.items():
        assert float(found.ppf(QUANTILES[name])) == pytest.approx(value, rel=1e-8, abs=1e-8)
    if type(law) is Triangular and law.mode in law.support():
        return  # one side of a triangle leaves the other open
    for row in law.parameters():
        assert getattr(found, row.attribute) == pytest.approx(getattr(law, row.attribute), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("family", [Lognormal, Gamma, Weibull, Pareto, Lomax, Genpareto])
def test_three_percentiles_are_met_best_on_logarithms(family: type[Family]) -> None:
    """No neighbour of the law that was found comes closer."""
    given = {"p50": 100.0, "p90": 700.0, "p99": 6000.0}
    p, x = np.array([QUANTILES[name] for name in given]), np.log(list(given.values()))
    found = from_quantiles(family, given)

    def misfit(law: Family) -> float:
        return float(np.sum((np.log(law.ppf(p)) - x) ** 2))

    rows = found.parameters()
    own = {row.name: getattr(found, row.attribute) for row in rows}
    assert misfit(found) > 0.0
    for row in rows:
        for step in (-1e-3, 1e-3):
            moved = {**own, row.name: own[row.name] * (1.0 + step) + step * 1e-3}
            assert misfit(family.of(**moved)) >= misfit(found) * (1.0 - 1e-6)


def test_a_law_knows_how_far_off_it_is_from_what_was_stated() -> None:
    assert furthest_miss(Lognormal(5.0, 1.0)) == 0.0
    assert furthest_miss(from_quantiles(Lognormal, {"p50": 150, "p95": 900})) < 1e-14
    # the line through (0, ln 100), (1.645, ln 900), (2.326, ln 1000) has ln 628.6 at 1.645
    assert furthest_miss(from_quantiles(Lognormal, {"p99": 1000, "p50": 100, "p95": 900})) == pytest.approx(
        0.302, abs=0.001
    )
    # by symmetry the line through -1, 0 and 5 has -5/3, 4/3 and 13/3; what is stated as 0 counts by the spread of 6
    assert furthest_miss(from_quantiles(Normal, {"p5": -1, "p50": 0, "p95": 5})) == pytest.approx(2 / 3)
    assert furthest_miss(from_quantiles(Normal, {"p5": -5, "p50": 0, "p95": 4})) == pytest.approx(1 / 6 / 4)
    assert furthest_miss(Metalog.of(p5=1.0, p50=2.0, p95=9.0)) == 0.0


def test_three_percentiles_of_a_lognormal_are_a_line_through_scores() -> None:
    law = from_quantiles(Lognormal, {"p10": math.exp(1.0), "p50": math.exp(2.0), "p90": math.exp(4.0)})
    assert isinstance(law, Lognormal)
    assert law.mu == pytest.approx(7.0 / 3.0, rel=1e-12)
    assert law.sigma == pytest.approx(1.5 / 1.2815515655446004, rel=1e-12)


@settings(max_examples=100, deadline=None)
@given(
    p50=st.floats(1e-3, 1e6),
    ratio=st.floats(1.001, 1e3),
    names=st.sampled_from([("p5", "p95"), ("p50", "p95"), ("p10", "p90"), ("p50", "p99")]),
)
def test_a_lognormal_meets_any_two_percentiles(p50: float, ratio: float, names: tuple[str, str]) -> None:
    law = from_quantiles(Lognormal, {names[0]: p50, names[1]: p50 * ratio})
    assert law.ppf([QUANTILES[name] for name in names]) == pytest.approx([p50, p50 * ratio], rel=1e-10)


@pytest.mark.parametrize("names", [("p10", "p50", "p90"), ("p5", "p50", "p95", "p99"), tuple(QUANTILES)])
@pytest.mark.parametrize("ends", [{}, {"low": 0.0}, {"low": 0.0, "high": 1e5}, {"high": 1e5}])
def test_a_metalog_goes_through_all_its_percentiles(names: tuple[str, ...], ends: dict[str, float]) -> None:
    body = Lognormal(5.0, 0.5) if "low" in ends else FAMILIES["normal"].of(mean=100.0, sd=30.0)
    given = {name: float(body.ppf(QUANTILES[name])) for name in names}
    law = Metalog.of(**given, **ends)
    for name, value in given.items():
        assert float(law.ppf(QUANTILES[name])) == pytest.approx(value, rel=1e-9)
    assert law.support() == (ends.get("low", -math.inf), ends.get("high", math.inf))


@pytest.mark.parametrize(
    ("family", "given", "words"),
    [
        (Lognormal, {"p50": 900.0, "p95": 150.0}, r"p95 \(150\) must be above p50 \(900\)"),
        (Lognormal, {"p50": 5.0, "p95": 5.0}, "must be above p50"),
        (Lognormal, {"p50": -1.0, "p95": 5.0}, "all its values are above 0"),
        (Lognormal, {"p50": 5.0}, "two or three percentiles; 1 given"),
        (Lognormal, dict.fromkeys(QUANTILES, 0.0) | {name: float(i) for i, name in enumerate(QUANTILES, 1)}, "6 given"),
        (Burr, {"p50": 5.0, "p95": 9.0}, "takes three percentiles; 2 given"),
        (Lomax, {"p50": 5.0, "p95": 6.0}, "its P95 is 4.322 to .* times its P50"),
        (Gamma, {"p5": 1.0, "p95": 1.0 + 1e-9}, "times its P5"),
        (Pert, {"p10": 1.0, "p50": 1.1, "p90": 50.0}, "skewed further than any pert; try metalog"),
        (Triangular, {"p10": 1.0, "p50": 49.0, "p90": 50.0}, "skewed further than any triangular"),
        (Beta, {"p10": 0.2, "p90": 1.5}, "between its ends, 0 and 1"),
        (Beta, {"p50": 0.5, "p90": 0.5 + 1e-9}, "too close together"),
    ],
)
def test_percentiles_that_no_law_has(family: type[Family], given: dict[str, float], words: str) -> None:
    with pytest.raises(LawError, match=words):
        from_quantiles(family, given)


def test_every_crossing_is_named() -> None:
    with pytest.raises(LawError) as error:
        from_quantiles(Lognormal, {"p50": 3.0, "p90": 2.0, "p99": 1.0})
    assert [problem.path for problem in error.value.problems] == [("p90",), ("p99",)]


@pytest.mark.parametrize(
    ("family", "mean", "cv", "words"),
    [
        (Lognormal, 0.0, 1.0, "mean must be a number above 0"),
        (Lognormal, 1.0, -1.0, "cv must be a number above 0"),
        (Lognormal, math.nan, math.inf, "mean must be .*\n.*cv must be|cv must be .*\n.*mean must be"),
        (Lomax, 1.0, 1.0, "its cv is always above 1; use gamma or lognormal"),
        (NegativeBinomial, 4.0, 0.5, "above that of a poisson count, 0.5 for this mean"),
        (Beta, 2.0, 0.5, "between its ends, 0 and 1"),
        (Beta, 0.5, 1.5, "its cv must be below 1 for"),
        (Weibull, 1.0, 1e30, "its shape would lie outside"),
        (Genpareto, 1.0, 0.01, "xi must be a number at least -20"),
        (Lognormal, 1.0, 1e30, "sigma must be"),
    ],
)
def test_moments_that_no_law_has(family: type[Family], mean: float, cv: float, words: str) -> None:
    with pytest.raises(LawError, match=words):
        from_mean_cv(family, mean, cv)


def test_families_of_one_parameter_take_only_their_own() -> None:
    assert Exponential not in BY_MEAN_CV
    assert Exponential not in BY_QUANTILES
