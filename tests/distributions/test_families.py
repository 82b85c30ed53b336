"""Every family keeps what a law promises; a new one in the registry is found and swept by itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distributions.families import FAMILIES, Constant
from distributions.family import CountFamily, Family
from distributions.law import Law, LawError
from distributions.numerics import FloatArray

CASES = [
    pytest.param(name, example, id=f"{name}-{i}")
    for name in FAMILIES
    for i, example in enumerate(FAMILIES[name].examples)
]
CONTINUOUS = [case for case in CASES if not issubclass(FAMILIES[str(case.values[0])], CountFamily)]
COUNTS = [case for case in CASES if issubclass(FAMILIES[str(case.values[0])], CountFamily)]

U = np.concatenate([np.geomspace(1e-12, 0.4, 25), np.linspace(0.41, 0.95, 12)])
V = np.geomspace(1e-200, 0.4, 40)

Parameters = Mapping[str, float]


def law_of(name: str, example: Parameters) -> Family:
    return FAMILIES[name].of(**example)


def bounded(law: Law) -> bool:
    """Whether distances near the upper end are lost to rounding: x itself, not its distance to the end, is stored."""
    return math.isfinite(law.support()[1])


# -- closed forms -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parameters", "mean", "var"),
    [
        ("lognormal", {"mu": 1.0, "sigma": 2.0}, math.exp(3.0), math.exp(6.0) * (math.exp(4.0) - 1.0)),
        ("gamma", {"shape": 2.5, "scale": 4.0}, 10.0, 40.0),
        ("weibull", {"shape": 0.5, "scale": 3.0}, 6.0, 180.0),
        ("weibull", {"shape": 2.0, "scale": 1.0}, math.sqrt(math.pi) / 2.0, 1.0 - math.pi / 4.0),
        ("pareto", {"min": 2.0, "alpha": 3.0}, 3.0, 3.0),
        ("pareto", {"min": 2.0, "alpha": 2.0}, 4.0, math.inf),
        ("pareto", {"min": 2.0, "alpha": 1.0}, math.inf, math.inf),
        ("lomax", {"alpha": 3.0, "scale": 4.0}, 2.0, 12.0),
        ("lomax", {"alpha": 1.9, "scale": 1500.0}, 1500.0 / 0.9, math.inf),
        ("burr", {"c": 1.0, "k": 3.0, "scale": 4.0}, 2.0, 12.0),
        ("burr", {"c": 2.0, "k": 1.0, "scale": 1.0}, math.pi / 2.0, math.inf),
        ("burr", {"c": 0.5, "k": 2.0, "scale": 1.0}, math.inf, math.inf),
        ("beta", {"a": 2.0, "b": 6.0, "low": 10.0, "high": 50.0}, 20.0, 1600.0 * 12.0 / (64.0 * 9.0)),
        ("uniform", {"low": 1.0, "high": 4.0}, 2.5, 0.75),
        ("triangular", {"low": 0.0, "mode": 3.0, "high": 6.0}, 3.0, 1.5),
        ("pert", {"low": 0.0, "mode": 1.0, "high": 8.0}, 2.0, 12.0 / 7.0),
        ("normal", {"mean": -3.0, "sd": 2.0}, -3.0, 4.0),
        ("exponential", {"mean": 3.0}, 3.0, 9.0),
        ("genpareto", {"xi": 0.25, "scale": 3.0}, 4.0, 32.0),
        ("genpareto", {"xi": 0.5, "scale": 3.0}, 6.0, math.inf),
        ("genpareto", {"xi": 1.0, "scale": 3.0}, math.inf, math.inf),
        ("genpareto", {"xi": -1.0, "scale": 3.0}, 1.5, 0.75),
        ("poisson", {"mean": 0.9}, 0.9, 0.9),
        ("negative_binomial", {"mean": 2.0, "dispersion": 0.5}, 2.0, 10.0),
        ("geometric", {"mean": 4.0}, 4.0, 12.0),
        ("zipf", {"s": 0.0, "max": 6.0}, 3.5, 35.0 / 12.0),
        ("zipf", {"s": 1.0, "max": 3.0}, 18.0 / 11.0, 36.0 / 11.0 - (18.0 / 11.0) ** 2),
        ("binomial", {"n": 12.0, "p": 0.25}, 3.0, 2.25),
    ],
)
def test_moments_in_closed_form(name: str, parameters: Parameters, mean: float, var: float) -> None:
    law = law_of(name, parameters)
    assert law.mean() == pytest.approx(mean, rel=1e-13)
    assert law.var() == pytest.approx(var, rel=1e-12)


def test_metalog_of_three_terms_in_closed_form() -> None:
    """a1 + a2 logit u is logistic: mean a1, variance (pi a2)^2 / 3."""
    law = law_of("metalog", {"p10": 5.0 - 2.0 * math.log(9.0), "p50": 5.0, "p90": 5.0 + 2.0 * math.log(9.0)})
    assert law.mean() == pytest.approx(5.0, rel=1e-12)
    assert law.var() == pytest.approx(4.0 * math.pi**2 / 3.0, rel=1e-11)


# -- what every family keeps --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "example"), CONTINUOUS)
def test_moments_are_integrals_of_the_quantile_function(name: str, example: Parameters) -> None:
    law = law_of(name, example)
    assert law.mean() == pytest.approx(Law.partial_moment(law, 1), rel=1e-9, abs=1e-12)
    if math.isfinite(law.mean()):
        assert law.var() == pytest.approx(Law.partial_moment(law, 2, center=law.mean()), rel=1e-8)


@pytest.mark.parametrize(("name", "example"), COUNTS)
def test_moments_of_counts_are_sums(name: str, example: Parameters) -> None:
    law = law_of(name, example)
    k = np.arange(law.support()[0], float(law.isf(1e-18)) + 1.0)
    chances = np.where(law.cdf(k) < 0.5, law.cdf(k) - law.cdf(k - 1.0), law.sf(k - 1.0) - law.sf(k))
    assert law.mean() == pytest.approx(float(chances @ k), rel=1e-9)
    assert law.var() == pytest.approx(float(chances @ (k - law.mean()) ** 2), rel=1e-7, abs=1e-12)


def within_rounding(law: Law, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points that a value can't be told from, as it is stored with an end of its law added to it."""
    ends = [abs(end) for end in law.support() if math.isfinite(end)]
    ulp = 4.0 * np.spacing(np.maximum(np.abs(x), max(ends, default=0.0)))
    return x - ulp, x + ulp


@pytest.mark.parametrize(("name", "example"), CONTINUOUS)
def test_quantiles_invert_the_distribution_function(name: str, example: Parameters) -> None:
    law = law_of(name, example)
    before, after = within_rounding(law, law.ppf(U))
    assert np.all(law.cdf(before) <= U * (1.0 + 1e-9))
    assert np.all(law.cdf(after) >= U * (1.0 - 1e-9))
    scale = abs(float(law.ppf(0.9)) - float(law.ppf(0.1)))
    x = law.ppf(U[U > 1e-6])
    assert law.ppf(law.cdf(x)) == pytest.approx(x, rel=1e-9, abs=1e-9 * scale)


@pytest.mark.parametrize(("name", "example"), CONTINUOUS)
def test_the_upper_tail_keeps_relative_accuracy(name: str, example: Parameters) -> None:
    law = law_of(name, example)
    before, after = within_rounding(law, law.isf(V))
    assert np.all(law.sf(before) >= V * (1.0 - 1e-9))
    assert np.all(law.sf(after) <= V * (1.0 + 1e-9))
    y = law.isf(V[V > 1e-6])
    assert law.isf(law.sf(y)) == pytest.approx(y, rel=1e-9)


@pytest.mark.parametrize(("name", "example"), COUNTS)
def test_quantiles_of_counts_are_the_least_that_reach(name: str, example: Parameters) -> None:
    law = law_of(name, example)
    x = law.ppf(U)
    assert np.all(x == np.round(x))
    assert np.all(law.cdf(x) >= U)
    assert np.all((law.cdf(x - 1.0) < U) | (x == law.support()[0]))
    y = law.isf(V)
    assert np.all(law.sf(y) <= V)
    assert np.all((law.sf(y - 1.0) > V) | (y == law.support()[0]))
    assert np.all(law.ppf(law.cdf(x)) == x)


@pytest.mark.parametrize(("name", "example"), CASES)
def test_both_tails_complement(name: str, example: Parameters) -> None:
    law = law_of(name, example)
    x = law.ppf(U)
    assert law.cdf(x) + law.sf(x) == pytest.approx(1.0, abs=1e-12)
    spread = abs(float(law.ppf(0.95)) - float(law.ppf(0.05)))
    assert law.isf(1.0 - U[10:]) == pytest.approx(law.ppf(U[10:]), rel=1e-7, abs=1e-7 * spread)


@pytest.mark.parametrize(("name", "example"), CASES)
def test_the_edges(name: str, example: Parameters) -> None:
    law = law_of(name, example)
    lo, hi = law.support()
    assert (float(law.ppf(0.0)), float(law.ppf(1.0))) == (lo, hi)
    assert (float(law.isf(1.0)), float(law.isf(0.0))) == (lo, hi)
    assert float(law.cdf(-math.inf)) == 0.0
    assert float(law.cdf(math.inf)) == 1.0
    assert float(law.sf(math.inf)) == 0.0
    if math.isfinite(lo):
        assert float(law.cdf(lo - 1.0)) == 0.0
        assert float(law.sf(lo - 1.0)) == 1.0
    assert np.all(np.isnan(law.ppf([-0.1, 1.1, math.nan])))
    assert np.all(np.isnan(law.isf([-0.1, 1.1, math.nan])))
    assert np.all(np.isfinite(law.ppf(2.0**-53)) & np.isfinite(law.isf(2.0**-53)))


@pytest.mark.parametrize(("name", "example"), CASES)
def test_the_tail_index_is_the_slope_of_the_tail(name: str, example: Parameters) -> None:
    law = law_of(name, example)
    index = law.tail_index()
    if bounded(law):
        assert index == math.inf
        return
    x = np.log(law.isf([1e-120, 1e-160, 1e-200]) - law.ppf(0.5))
    slopes = np.diff(x) / (40.0 * math.log(10.0))
    if index < 1e6:
        assert slopes == pytest.approx(1.0 / index, rel=1e-3)
    else:
        assert slopes[1] < 0.99 * slopes[0]  # a slope that goes on falling is no power's, or one as good as infinite


@pytest.mark.parametrize(("name", "example"), CASES)
def test_a_family_describes_itself(name: str, example: Parameters) -> None:
    law = law_of(name, example)
    assert name.replace("_", " ") in law.describe()
    assert "P95" in law.describe()
    assert [row.doc for row in law.parameters() if not row.doc] == []
    assert all(FAMILIES[name].formulas)
    assert law == law_of(name, example)
    assert hash(law) == hash(law_of(name, example))
    assert law == law.written({"some": "spec"}, "somewhere")
    assert law.written("x", "somewhere").source == "somewhere"
    assert not law.measured
    assert law.written("x", "somewhere").measured


@pytest.mark.parametrize("name", FAMILIES)
def test_names_and_examples_are_complete(name: str) -> None:
    family = FAMILIES[name]
    assert family.examples
    names = {row.name for row in family.parameters()}
    assert all(set(example) <= names for example in family.examples)


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e200])
def test_no_parameter_may_be_infinite_or_undefined(name: str, bad: float) -> None:
    family = FAMILIES[name]
    for row in family.parameters():
        if row.name not in family.examples[0] and row.required:
            continue
        with pytest.raises(LawError, match=row.name) as error:
            family.of(**{**family.examples[0], row.name: bad})
        assert (row.name,) in [problem.path for problem in error.value.problems]


@pytest.mark.parametrize("name", FAMILIES)
def test_every_domain_is_guarded_at_its_ends(name: str) -> None:
    family = FAMILIES[name]
    for row in family.parameters():
        outside = [row.domain.lo - 1.0] if math.isfinite(row.domain.lo) else []
        outside += [row.domain.lo] if row.domain.lo_open else []
        outside += [row.domain.hi + 1.0] if math.isfinite(row.domain.hi) else []
        outside += [row.domain.lo + 0.5] if row.domain.whole else []
        for bad in outside:
            with pytest.raises(LawError, match=str(row.domain)):
                family.of(**{**family.examples[0], row.name: bad})


def test_all_bad_parameters_are_named_at_once() -> None:
    with pytest.raises(LawError) as error:
        law_of("beta", {"a": -1.0, "b": 0.0, "low": math.nan})
    assert [problem.path for problem in error.value.problems] == [("a",), ("b",), ("low",)]


@pytest.mark.parametrize(
    ("name", "parameters", "words"),
    [
        ("uniform", {"low": 2.0, "high": 2.0}, "low must be below high"),
        ("beta", {"a": 1.0, "b": 1.0, "low": 2.0, "high": 1.0}, "low must be below high"),
        ("pert", {"low": 1.0, "mode": 0.9, "high": 2.0}, "in this order"),
        ("triangular", {"low": 1.0, "mode": 1.0, "high": 1.0}, "low must be below high"),
        ("metalog", {"p10": 1.0, "p90": 2.0}, "three or more of p5 p10"),
        ("metalog", {"p10": 1.0, "p50": 3.0, "p90": 2.0}, "must rise"),
        ("metalog", {"p10": -1.0, "p50": 1.0, "p90": 2.0, "low": 0.0}, "above `low`"),
        ("metalog", {"p5": 0.0, "p10": 0.99, "p50": 1.0, "p90": 1.01, "p95": 9.0}, "density would be negative"),
    ],
)
def test_parameters_that_contradict_each_other(name: str, parameters: Parameters, words: str) -> None:
    with pytest.raises(LawError, match=words):
        law_of(name, parameters)


# -- an independent oracle ----------------------------------------------------------------------------------------

ORACLES: dict[str, Callable[..., tuple[str, dict[str, float]]]] = {
    "lognormal": lambda mu, sigma: ("lognorm", {"s": sigma, "scale": math.exp(mu)}),
    "gamma": lambda shape, scale: ("gamma", {"a": shape, "scale": scale}),
    "weibull": lambda shape, scale: ("weibull_min", {"c": shape, "scale": scale}),
    "pareto": lambda alpha, **p: ("pareto", {"b": alpha, "scale": p["min"]}),
    "lomax": lambda alpha, scale: ("lomax", {"c": alpha, "scale": scale}),
    "burr": lambda c, k, scale: ("burr12", {"c": c, "d": k, "scale": scale}),
    "genpareto": lambda xi, scale: ("genpareto", {"c": xi, "scale": scale}),
    "normal": lambda mean, sd: ("norm", {"loc": mean, "scale": sd}),
    "exponential": lambda mean: ("expon", {"scale": mean}),
    "uniform": lambda low, high: ("uniform", {"loc": low, "scale": high - low}),
    "beta": lambda a, b, low=0.0, high=1.0: ("beta", {"a": a, "b": b, "loc": low, "scale": high - low}),
    "triangular": lambda low, mode, high: (
        "triang",
        {"c": (mode - low) / (high - low), "loc": low, "scale": high - low},
    ),
    "pert": lambda low, mode, high: (
        "beta",
        {
            "a": 1.0 + 4.0 * (mode - low) / (high - low),
            "b": 1.0 + 4.0 * (high - mode) / (high - low),
            "loc": low,
            "scale": high - low,
        },
    ),
    "poisson": lambda mean: ("poisson", {"mu": mean}),
    "negative_binomial": lambda mean, dispersion: ("nbinom", {"n": dispersion, "p": dispersion / (dispersion + mean)}),
    "geometric": lambda mean: ("geom", {"p": 1.0 / mean}),
    "zipf": lambda s, **p: ("zipfian", {"a": s, "n": int(p["max"])}),
    "binomial": lambda n, p: ("binom", {"n": n, "p": p}),
}
NO_ORACLE = {"metalog"}


def oracle(name: str, example: Parameters) -> Any:
    from scipy import stats

    scipy_name, parameters = ORACLES[name](**example)
    return getattr(stats, scipy_name)(**parameters)


def test_every_family_has_an_oracle() -> None:
    assert set(ORACLES) | NO_ORACLE == set(FAMILIES)


@pytest.mark.parametrize(("name", "example"), [case for case in CASES if case.values[0] not in NO_ORACLE])
def test_scipy_agrees(name: str, example: Parameters) -> None:
    law, other = law_of(name, example), oracle(name, example)
    if law.support()[0] == law.support()[1]:
        return  # no spread, where scipy divides by 0
    x = np.unique(np.concatenate([law.ppf(U[U > 1e-9]), law.isf([1e-3, 1e-6])]))
    assert law.cdf(x) == pytest.approx(other.cdf(x), rel=1e-9, abs=1e-12)
    assert law.sf(x) == pytest.approx(other.sf(x), rel=1e-8, abs=1e-12)
    inner = U[(U > 1e-6) & (U < 0.9)]
    off = np.nextafter(inner, 1.0)
    assert np.all(
        (law.ppf(inner) == pytest.approx(other.ppf(inner), rel=1e-8, abs=1e-9)) | (law.ppf(off) == other.ppf(off))
    )


@pytest.mark.parametrize("name", ["poisson", "negative_binomial", "binomial", "geometric", "zipf"])
def test_partial_moments_of_counts_are_sums_of_scipys_chances(name: str) -> None:
    example = FAMILIES[name].examples[0]
    law, other = law_of(name, example), oracle(name, example)
    for lo, hi in [(-math.inf, 2.0), (1.0, 4.0), (2.5, 3.5), (3.0, math.inf), (-math.inf, math.inf), (7.0, 6.0)]:
        k = np.arange(max(lo, 0.0) // 1, min(hi, 4000.0) + 1.0)
        k = k[(k >= lo) & (k <= hi)]
        for power, center in [(1, 0.0), (1, 1.7), (2, 0.0), (2, 2.3)]:
            expected = float(np.sum((k - center) ** power * other.pmf(k)))
            assert law.partial_moment(power, lo, hi, center) == pytest.approx(expected, rel=1e-10, abs=1e-13)


# -- properties ---------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(case=st.sampled_from(CASES), us=st.lists(st.floats(0.0, 1.0), min_size=2, max_size=8))
def test_quantiles_never_fall(case: Any, us: list[float]) -> None:
    law = law_of(*case.values)
    u = np.sort(us)
    x, y = law.ppf(u), law.isf(u)
    assert np.all(x[1:] >= x[:-1])
    assert np.all(y[1:] <= y[:-1])


def test_a_constant_is_always_itself() -> None:
    law = Constant(2.5)
    assert np.all(law.ppf([0.0, 0.3, 1.0]) == 2.5)
    assert np.all(law.isf([0.0, 0.3, 1.0]) == 2.5)
    assert law.cdf([2.4, 2.5, 2.6]).tolist() == [0.0, 1.0, 1.0]
    assert law.sf([2.4, 2.5, 2.6]).tolist() == [1.0, 0.0, 0.0]
    assert (law.mean(), law.var(), law.tail_index()) == (2.5, 0.0, math.inf)
    assert (law.p_below(2.5), law.p_from(2.5), law.mass(2.5, 2.5)) == (0.0, 1.0, 1.0)
    assert not law.discrete
    assert Constant(3.0).discrete


@pytest.mark.parametrize(
    ("family", "numbers"),
    [
        ("poisson", {"mean": 1e12}),
        ("geometric", {"mean": 1e12}),
        ("negative_binomial", {"mean": 3.0, "dispersion": 2e-12}),
        ("negative_binomial", {"mean": 2.0**49, "dispersion": 1e3}),
        ("binomial", {"n": 1e12, "p": 0.3}),
    ],
)
def test_the_largest_counts_have_quantiles(family: str, numbers: dict[str, float]) -> None:
    """Within the domains every quantile is a whole number below 2^53, where the search for it ends."""
    law = FAMILIES[family].of(**numbers)
    quantiles = law.isf([0.5, 1e-3, 2.0**-64])
    assert np.all(quantiles < 2.0**53)
    assert np.all(law.sf(quantiles) <= [0.5, 1e-3, 2.0**-64])
