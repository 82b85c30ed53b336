"""Truncation, clip, mixtures and splices against closed forms, and against each other."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from distributions.blends import Mixture
from distributions.bounded import Uniform
from distributions.compose import Clipped, Truncated, clip, mixture, splice, truncate
from distributions.discrete import Geometric, Poisson, Zipf
from distributions.families import FAMILIES, Constant, Exponential, Gamma, Lognormal, Normal
from distributions.heavy import Genpareto, Lomax, Pareto
from distributions.law import Law, LawError
from distributions.steps import Steps

INF = math.inf
U = np.concatenate([np.geomspace(1e-9, 0.4, 15), np.linspace(0.41, 0.99, 15)])
V = np.geomspace(1e-60, 0.4, 25)

BODY = Lognormal(5.0, 0.9)
LAWS: dict[str, Law] = {
    "clip above": clip(BODY, -INF, 400.0),
    "clip below": clip(BODY, 80.0, INF),
    "clip both": clip(Lomax(0.9, 100.0), 20.0, 5e4),
    "clip a count": clip(Geometric(4.6), 2.0, 9.0),
    "clip a count between": clip(Geometric(4.6), 1.5, 9.5),
    "truncate": truncate(BODY, 50.0, 700.0),
    "truncate the tail off": truncate(Lomax(0.9, 100.0), -INF, 5e4),
    "truncate the body off": truncate(Pareto(1.0, 2.5), 100.0, INF),
    "truncate a count": truncate(Poisson(3.0), 1.0, 6.0),
    "truncate deep": truncate(Normal(0.0, 1.0), 9.0, INF),
    "truncate deep below": truncate(Normal(0.0, 1.0), -INF, -9.0),
    "clip a truncation": clip(truncate(BODY, 50.0, 700.0), 60.0, 600.0),
    "truncate a clip": truncate(clip(BODY, 60.0, 600.0), 50.0, 600.0),
    "mixture": mixture([(0.98, BODY), (0.02, Lognormal(11.0, 0.5))]),
    "mixture with atoms": mixture([(1.0, Constant(0.0)), (2.0, Gamma(2.0, 10.0)), (1.0, Constant(30.0))]),
    "mixture of counts": mixture([(0.7, Poisson(0.5)), (0.3, Geometric(20.0))]),
    "mixture of clipped": mixture([(0.5, clip(BODY, 100.0, 200.0)), (0.5, Uniform(0.0, 400.0))]),
    "mixture of mixtures": mixture([(1.0, mixture([(1.0, BODY), (1.0, Constant(7.0))])), (3.0, Exponential(2.0))]),
    "clip a mixture": clip(mixture([(0.9, BODY), (0.1, Lomax(0.8, 1e4))]), 10.0, 1e6),
    "truncate a mixture": truncate(mixture([(0.9, BODY), (0.1, Lomax(0.8, 1e4))]), 10.0, 1e5),
    "splice": splice(BODY, 0.95, Genpareto(0.3, 500.0)),
    "clip a splice": clip(splice(BODY, 0.95, Genpareto(1.3, 500.0)), -INF, 60_000.0),
    "truncate a splice": truncate(splice(BODY, 0.95, Genpareto(1.3, 500.0)), 100.0, 60_000.0),
    "splice of a mixture": splice(mixture([(0.5, BODY), (0.5, Exponential(30.0))]), 0.9, Lomax(3.0, 100.0)),
    "splice in a mixture": mixture([(0.5, splice(BODY, 0.9, Exponential(300.0))), (0.5, Constant(150.0))]),
    "steps": Steps((1.0, 1.0, 2.0, 5.0, 5.5, 9.0, 12.0)),
    "clip steps": clip(Steps((1.0, 1.0, 2.0, 5.0, 5.5, 9.0, 12.0)), 2.0, 6.0),
    "truncate steps": truncate(Steps((1.0, 1.0, 2.0, 5.0, 5.5, 9.0, 12.0)), 2.0, 9.0),
}
EACH = pytest.mark.parametrize("law", [pytest.param(law, id=name) for name, law in LAWS.items()])


def moments_summed(law: Law) -> tuple[float, float]:
    """Mean and variance of a count from its chances one by one."""
    k = np.arange(max(law.support()[0], float(law.ppf(1e-18))), float(law.isf(1e-25)) + 1.0)
    chances = law.sf(k - 1.0) - law.sf(k)
    mean = float(k @ chances)
    return mean, float((k - mean) ** 2 @ chances)


def moments_by_survival(law: Law) -> tuple[float, float]:
    """Mean and variance from areas under the survival function between many cuts."""
    lo, hi = law.support()
    near, far = max(lo, float(law.ppf(1e-18))), min(hi, float(law.isf(1e-120)))
    corners = {segment.offset + end for segment in law.segments() for end in segment.law.support()} | set(law.clip)
    corners |= set(law.isf(np.geomspace(1e-120, 1e-3, 120)).tolist()) | set(
        law.ppf(np.geomspace(1e-18, 1e-3, 20)).tolist()
    )
    grid = np.linspace(0.001, 0.999, 81)
    corners |= {segment.offset + x for segment in law.segments() for x in segment.law.ppf(grid).tolist()}
    cuts = np.array(sorted({near, far} | {x for x in corners if near < x < far}))
    nodes, weights = np.polynomial.legendre.leggauss(24)
    half = np.diff(cuts)[:, None] / 2.0
    x = cuts[:-1, None] + half * (1.0 + nodes)
    areas = half * weights * law.sf(x)
    mean = near + float(np.sum(areas))
    return mean, (near - mean) ** 2 + float(np.sum(2.0 * (x - mean) * areas))


# -- closed forms -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cap", [3.0, 150.0, 400.0, 1e5])
def test_a_clipped_lognormal_in_closed_form(cap: float) -> None:
    mu, sigma = 5.0, 0.9
    law = clip(Lognormal(mu, sigma), -INF, cap)
    z = (math.log(cap) - mu) / sigma
    raw = [math.exp(k * mu + (k * sigma) ** 2 / 2.0) * ndtr(z - k * sigma) + cap**k * ndtr(-z) for k in (1, 2)]
    assert law.mean() == pytest.approx(raw[0], rel=1e-12)
    assert law.var() == pytest.approx(raw[1] - raw[0] ** 2, rel=1e-8)


@pytest.mark.parametrize("alpha", [0.5, 1.0, 1.01, 1.9, 2.0, 7.0])
@pytest.mark.parametrize("cap", [10.0, 1e6, 1e15])
def test_a_clipped_lomax_in_closed_form(alpha: float, cap: float) -> None:
    scale = 1500.0
    law = clip(Lomax(alpha, scale), -INF, cap)
    end = math.log1p(cap / scale)
    area = lambda power: end if power == 0.0 else math.expm1(power * end) / power  # noqa: E731 - an integral of t^(power-1)
    assert law.mean() == pytest.approx(scale * area(1.0 - alpha), rel=1e-11)
    square = 2.0 * scale**2 * (area(2.0 - alpha) - area(1.0 - alpha))
    assert law.partial_moment(2) == pytest.approx(square, rel=1e-9)
    assert law.tail_index() == INF


def test_a_clipped_geometric_in_closed_form() -> None:
    stay = 1.0 - 1.0 / 4.6
    for cap in (1.0, 2.0, 200.0):
        assert clip(Geometric(4.6), -INF, cap).mean() == pytest.approx((1.0 - stay**cap) * 4.6, rel=1e-13)
    assert clip(Geometric(4.6), 3.0, INF).mean() == pytest.approx(3.0 + stay**3 * 4.6, rel=1e-13)


def test_truncation_of_what_has_no_memory() -> None:
    law = truncate(Exponential(3.0), 50.0, INF)
    assert law.mean() == pytest.approx(53.0, rel=1e-13)
    assert law.var() == pytest.approx(9.0, rel=1e-10)
    assert law.isf(V) == pytest.approx(50.0 - 3.0 * np.log(V), rel=1e-13)
    count = truncate(Geometric(4.0), 7.0, INF)
    assert count.mean() == pytest.approx(10.0, rel=1e-13)
    assert count.var() == pytest.approx(12.0, rel=1e-11)


def test_truncation_of_a_power_tail_is_the_same_tail_from_further_out() -> None:
    law, far = truncate(Pareto(1.0, 1.9), 1e9, INF), Pareto(1e9, 1.9)
    assert law.mean() == pytest.approx(far.mean(), rel=1e-12)
    assert law.var() == INF
    assert law.tail_index() == 1.9
    assert law.isf(V) == pytest.approx(far.isf(V), rel=1e-12)
    assert law.sf([2e9, 1e30]) == pytest.approx(far.sf([2e9, 1e30]), rel=1e-12)
    assert truncate(Pareto(1.0, 1.001), 5.0, INF).mean() == pytest.approx(5.0 * 1.001 / 0.001, rel=1e-9)
    assert truncate(Pareto(1.0, 0.9), 5.0, INF).mean() == INF


def test_truncation_of_a_normal_in_closed_form() -> None:
    density = lambda x: math.exp(-x * x / 2.0) / math.sqrt(2.0 * math.pi)  # noqa: E731
    law = truncate(Normal(0.0, 1.0), -0.5, 1.5)
    share = ndtr(1.5) - ndtr(-0.5)
    mean = (density(-0.5) - density(1.5)) / share
    assert law.mean() == pytest.approx(mean, rel=1e-12)
    assert law.var() == pytest.approx(1.0 + (-0.5 * density(-0.5) - 1.5 * density(1.5)) / share - mean**2, rel=1e-11)
    assert LAWS["truncate deep"].mean() == pytest.approx(density(9.0) / ndtr(-9.0), rel=1e-12)
    assert LAWS["truncate deep below"].mean() == pytest.approx(-density(9.0) / ndtr(-9.0), rel=1e-12)


def test_truncation_of_counts_in_closed_form() -> None:
    assert truncate(Poisson(0.9), 1.0, INF).mean() == pytest.approx(0.9 / -math.expm1(-0.9), rel=1e-13)
    assert truncate(Poisson(0.9), 0.5, INF).mean() == pytest.approx(0.9 / -math.expm1(-0.9), rel=1e-13)
    assert truncate(Zipf(0.0, 6.0), 2.0, 4.5) == Truncated(Zipf(0.0, 6.0), 2.0, 4.5)
    assert truncate(Zipf(0.0, 6.0), 2.0, 4.5).mean() == pytest.approx(3.0, rel=1e-13)
    assert truncate(Zipf(0.0, 6.0), 2.0, 4.5).var() == pytest.approx(2.0 / 3.0, rel=1e-12)


def test_values_of_a_truncated_count_that_are_met_exactly_are_met() -> None:
    """Rounding in the condition's arithmetic must not push a value to the next one."""
    for law in (truncate(Poisson(mean), 2.0, 40.0) for mean in np.linspace(1.0, 30.0, 59)):
        k = np.arange(2.0, 30.0)
        k = k[(law.cdf(k) < 1.0 - 1e-9) & (law.sf(k) < 1.0 - 1e-9)]
        assert law.ppf(law.cdf(k)).tolist() == k.tolist()
        assert law.isf(law.sf(k)).tolist() == k.tolist()


def test_steps_invert_at_every_length() -> None:
    for n in range(1, 300):
        law = Steps(tuple(np.arange(1.0, n + 1.0).tolist()))
        assert law.ppf(law.cdf(law.array)).tolist() == list(law.values)
        assert law.isf(law.sf(law.array)).tolist() == list(law.values)


def test_chances_beside_an_atom_of_steps() -> None:
    law = LAWS["steps"]
    assert (law.p_below(1.0), law.p_from(1.0)) == (0.0, 1.0)
    assert (law.p_below(5.0), law.p_from(5.0)) == (3.0 / 7.0, 1.0 - 3.0 / 7.0)
    assert law.mass(1.0, 1.0) == pytest.approx(2.0 / 7.0, rel=1e-14)


def test_truncation_of_a_uniform_is_uniform() -> None:
    law, other = truncate(Uniform(0.0, 10.0), 2.0, 5.0), Uniform(2.0, 5.0)
    assert law.ppf(U) == pytest.approx(other.ppf(U), rel=1e-13)
    assert law.cdf([1.0, 2.0, 3.1, 5.0, 6.0]) == pytest.approx(other.cdf([1.0, 2.0, 3.1, 5.0, 6.0]), rel=1e-13)
    assert (law.mean(), law.var()) == pytest.approx((3.5, 0.75), rel=1e-12)


def test_moments_of_a_mixture_add_up() -> None:
    law = mixture([(3.0, Exponential(2.0)), (1.0, Normal(10.0, 3.0))])
    mean = 0.75 * 2.0 + 0.25 * 10.0
    assert law.mean() == pytest.approx(mean, rel=1e-15)
    assert law.var() == pytest.approx(0.75 * (4.0 + (2.0 - mean) ** 2) + 0.25 * (9.0 + (10.0 - mean) ** 2), rel=1e-14)
    assert mixture([(1.0, BODY), (1e-6, Lomax(1.5, 1.0))]).tail_index() == 1.5
    assert mixture([(1.0, BODY), (1e-6, Lomax(1.5, 1.0))]).var() == INF
    assert mixture([(1.0, BODY), (1e-6, Lomax(0.5, 1.0))]).mean() == INF


def test_moments_of_a_splice_in_closed_form() -> None:
    """An exponential continued by an exponential of another rate."""
    law = splice(Exponential(2.0), 0.9, Exponential(5.0))
    q = 2.0 * math.log(10.0)
    assert law.mean() == pytest.approx((2.0 - 0.1 * (q + 2.0)) + 0.1 * (q + 5.0), rel=1e-12)
    square = (8.0 - 0.1 * (q * q + 4.0 * q + 8.0)) + 0.1 * (q * q + 10.0 * q + 50.0)
    assert law.var() == pytest.approx(square - law.mean() ** 2, rel=1e-11)


# -- what every composed law keeps --------------------------------------------------------------------------------


@EACH
def test_moments_are_areas_under_the_survival_function(law: Law) -> None:
    mean, var = moments_summed(law) if law.discrete else moments_by_survival(law)
    assert law.mean() == pytest.approx(mean, rel=1e-8)
    assert law.var() == pytest.approx(var, rel=1e-6)


@EACH
def test_quantile_is_the_least_value_that_reaches(law: Law) -> None:
    x = law.ppf(U)
    ulp = 4.0 * np.spacing(np.abs(x))
    assert np.all(law.cdf(x + ulp) >= U * (1.0 - 1e-9))
    assert np.all((law.cdf(x - ulp) <= U * (1.0 + 1e-9)) | (x <= law.support()[0]))
    y = law.isf(V)
    ulp = 4.0 * np.spacing(np.abs(y))
    assert np.all(law.sf(y + ulp) <= V * (1.0 + 1e-9))
    assert np.all((law.sf(y - ulp) >= V * (1.0 - 1e-9)) | (y <= law.support()[0]))


@EACH
def test_both_tails_complement(law: Law) -> None:
    x = np.unique(np.concatenate([law.ppf(U), law.isf(V)]))
    assert law.cdf(x) + law.sf(x) == pytest.approx(1.0, abs=1e-13)
    assert np.all(np.diff(law.cdf(x)) >= 0.0)
    assert np.all(np.diff(law.sf(x)) <= 0.0)
    lo, hi = law.support()
    assert (float(law.ppf(0.0)), float(law.ppf(1.0))) == (lo, hi)
    assert (float(law.cdf(hi)), float(law.sf(hi))) == (1.0, 0.0)


@EACH
def test_probabilities_of_points_and_intervals_agree(law: Law) -> None:
    x = float(law.ppf(0.6))
    assert law.p_below(x) + law.p_from(x) == pytest.approx(1.0, abs=1e-13)
    atom = float(law.cdf(x)) - law.p_below(x)
    assert law.mass(x, x) == pytest.approx(atom, abs=1e-13)
    assert law.mass(-INF, x) == pytest.approx(float(law.cdf(x)), abs=1e-13)
    assert law.mass(x, INF) == pytest.approx(law.p_from(x), abs=1e-13)
    assert law.mass(x, x - 1.0) == 0.0


@EACH
def test_draws_from_segments_are_draws_of_the_law(law: Law) -> None:
    """Evenly spread uniforms through the segments, cut to the clip, have the law's distribution."""
    n = 20_000
    u = (np.arange(n) + 0.5) / n
    values = np.full(n, np.nan)
    end = 0.0
    for segment in law.segments():
        assert segment.lo == pytest.approx(end, abs=1e-15)
        assert segment.law.clip == (-INF, INF)
        inside = (u > segment.lo) & (u <= segment.hi)
        values[inside] = segment.offset + segment.law.ppf((u[inside] - segment.lo) / (segment.hi - segment.lo))
        end = segment.hi
    assert end == 1.0
    values = np.clip(values, *law.clip)
    x = np.unique(np.concatenate([law.ppf(np.linspace(0.01, 0.99, 60)), law.isf([1e-3])]))
    shares = np.mean(values[:, None] <= x * (1.0 + 1e-12), axis=0)
    assert shares == pytest.approx(law.cdf(x), abs=(len(law.segments()) + 1) / n)


@EACH
def test_a_composed_law_describes_itself(law: Law) -> None:
    assert law.describe()
    assert law == law.written("spec", "source")
    assert hash(law) == hash(law.written("spec", "source"))
    assert law.written("spec", "source").measured
    assert not law.measured


# -- single rules -------------------------------------------------------------------------------------------------


def test_splice_is_continuous_where_the_tail_begins() -> None:
    law = LAWS["splice"]
    threshold = float(BODY.ppf(0.95))
    assert float(law.cdf(threshold)) == pytest.approx(0.95, rel=1e-13)
    assert float(law.ppf(0.95)) == pytest.approx(threshold, rel=1e-13)
    assert float(law.ppf(0.95 + 1e-12)) == pytest.approx(threshold, rel=1e-9)
    assert law.ppf(U[U < 0.95]) == pytest.approx(BODY.ppf(U[U < 0.95]), rel=1e-12)
    assert law.isf(V[V < 0.05]) == pytest.approx(threshold + Genpareto(0.3, 500.0).isf(V[V < 0.05] / 0.05), rel=1e-12)
    assert law.tail_index() == pytest.approx(1.0 / 0.3)


def test_a_clip_that_cuts_nothing_is_no_clip() -> None:
    assert clip(BODY, 0.0, INF) is BODY
    assert clip(Uniform(1.0, 2.0), 0.0, 5.0) == Uniform(1.0, 2.0)
    assert truncate(BODY, -5.0, INF) is BODY


def test_clips_of_clips_are_one_clip() -> None:
    assert clip(clip(BODY, 10.0, 500.0), 20.0, 900.0) == Clipped(BODY, 20.0, 500.0)
    assert clip(clip(BODY, 10.0, 500.0), 600.0, 900.0) == Constant(600.0)
    assert clip(clip(BODY, 10.0, 500.0), 1.0, 5.0) == Constant(5.0)
    assert clip(BODY, 5.0, 5.0) == Constant(5.0)
    assert clip(Uniform(1.0, 2.0), 3.0, 4.0) == Constant(3.0)
    assert clip(Constant(9.0), -INF, 4.0) == Constant(4.0)


def test_truncations_of_truncations_are_one_truncation() -> None:
    assert truncate(truncate(BODY, 10.0, 500.0), 20.0, 900.0) == Truncated(BODY, 20.0, 500.0)
    assert truncate(Constant(3.0), 0.0, 5.0) == Constant(3.0)
    assert truncate(mixture([(1.0, Constant(3.0)), (1.0, Constant(8.0))]), 0.0, 5.0).mean() == 3.0


def test_a_mixture_of_one_is_that_one() -> None:
    assert mixture([(0.0, Exponential(1.0)), (2.0, BODY)]) is BODY


def test_whole_values_are_known_as_such() -> None:
    assert LAWS["mixture of counts"].discrete
    assert LAWS["truncate a count"].discrete
    assert LAWS["clip a count"].discrete
    assert not LAWS["clip a count between"].discrete
    assert not LAWS["mixture with atoms"].discrete
    assert not Steps((1.0, 2.5)).discrete
    assert LAWS["truncate a count"].support() == (1.0, 6.0)
    assert truncate(Poisson(3.0), 0.5, INF).support() == (1.0, INF)


def test_what_a_mixture_is_made_of_decides_whether_it_is_measured() -> None:
    known = BODY.written(None, "a trace")
    assert mixture([(1.0, known), (1.0, known)]).measured
    assert not mixture([(1.0, known), (1.0, Exponential(1.0))]).measured
    assert clip(known, -INF, 50.0).measured


@pytest.mark.parametrize(
    ("make", "words", "path"),
    [
        (lambda: mixture([(0.0, BODY), (0.0, BODY)]), "sum to 0", ()),
        (lambda: mixture([]), "sum to 0", ()),
        (lambda: mixture([(-1.0, BODY), (2.0, BODY)]), "at least 0", (0, "weight")),
        (lambda: mixture([(1.0, BODY), (math.nan, BODY)]), "at least 0", (1, "weight")),
        (lambda: splice(BODY, 0.0, BODY), "between 0 and 1", ("at",)),
        (lambda: splice(BODY, 1.0, BODY), "between 0 and 1", ("at",)),
        (lambda: splice(BODY, 0.9, Normal(0.0, 1.0)), "can't be negative", ("tail",)),
        (lambda: truncate(BODY, 5.0, 4.0), "above its greatest", ()),
        (lambda: truncate(Uniform(0.0, 1.0), 4.0, 5.0), r"nothing is left.*never lies in \[4, 5\]", ()),
        (lambda: truncate(Poisson(2.0), 1.2, 1.8), "nothing is left", ()),
        (lambda: clip(BODY, 5.0, 4.0), "min is above max", ("min",)),
    ],
)
def test_what_cannot_be(make: Callable[[], Law], words: str, path: tuple[object, ...]) -> None:
    with pytest.raises(LawError, match=words) as error:
        make()
    assert error.value.problems[0].path == path


# -- properties ---------------------------------------------------------------------------------------------------

simple_laws = st.sampled_from([family.of(**example) for family in FAMILIES.values() for example in family.examples])
shares = st.floats(0.001, 0.999)


@settings(max_examples=80, deadline=None)
@given(law=simple_laws, a=shares, b=shares, u=shares)
@example(law=FAMILIES["uniform"].of(low=-3, high=1e6), a=0.001, b=0.0010000000000000002, u=0.5)
def test_truncation_is_a_condition(law: Law, a: float, b: float, u: float) -> None:
    lo, hi = sorted((float(law.ppf(a)), float(law.ppf(b))))
    assume(law.mass(lo, hi) > 0.0)
    inside = truncate(law, lo, hi)
    x = float(law.ppf(u))
    expected = law.mass(lo, min(x, hi)) / law.mass(lo, hi) if x >= lo else 0.0
    assert float(inside.cdf(x)) == pytest.approx(expected, abs=1e-9)
    assert lo <= float(inside.ppf(u)) <= hi
    assert lo <= inside.mean() * (1.0 + 1e-9 * math.copysign(1.0, inside.mean()))
    assert inside.mean() * (1.0 - 1e-9 * math.copysign(1.0, inside.mean())) <= hi


@settings(max_examples=80, deadline=None)
@given(law=simple_laws, a=shares, b=shares, u=shares)
def test_a_clip_moves_values_to_its_limits(law: Law, a: float, b: float, u: float) -> None:
    lo, hi = sorted((float(law.ppf(a)), float(law.ppf(b))))
    cut = clip(law, lo, hi)
    assert float(cut.ppf(u)) == min(max(float(law.ppf(u)), lo), hi)
    assert float(cut.isf(u)) == min(max(float(law.isf(u)), lo), hi)
    assert cut.var() <= (hi - lo) ** 2 / 4.0 * (1.0 + 1e-9)
    if math.isfinite(law.var()):
        assert cut.var() <= law.var() * (1.0 + 1e-7)  # a contraction


@settings(max_examples=60, deadline=None)
@given(first=simple_laws, second=simple_laws, weight=shares, u=shares)
def test_a_mixtures_quantile_inverts_its_distribution_function(
    first: Law, second: Law, weight: float, u: float
) -> None:
    law = mixture([(weight, first), (1.0 - weight, second)])
    x = float(law.ppf(u))
    assert float(law.cdf(x)) >= u * (1.0 - 1e-12)
    assert law.p_below(x) <= u * (1.0 + 1e-9)
    y = float(law.isf(u))
    assert float(law.sf(y)) <= u * (1.0 + 1e-12)
    assert law.p_from(y) >= u * (1.0 - 1e-9)


def test_a_mixture_is_a_mixture() -> None:
    assert isinstance(LAWS["mixture"], Mixture)
    assert LAWS["mixture"].describe() == (
        "mixture of 98 % lognormal, P50 148.4, P95 652.2; 2 % lognormal, P50 59,874, P95 136,275"
    )
    assert LAWS["clip above"].describe() == "lognormal, P50 148.4, P95 652.2, at most 400"
    assert LAWS["splice"].describe().startswith("lognormal truncated to")
