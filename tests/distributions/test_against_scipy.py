"""The same laws written twice: in this language, and with scipy.stats, which knows nothing of us."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from distributions.notation import parse_law
from distributions.numerics import FloatArray

U = np.array([1e-12, 1e-9, 1e-6, 1e-3, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999])
V = np.array([1e-12, 1e-9, 1e-6, 1e-3, 0.01, 0.1])

TWINS: list[tuple[dict[str, Any], Any]] = [
    ({"lognormal": {"mu": 5, "sigma": 0.9}}, stats.lognorm(0.9, scale=math.exp(5))),
    ({"gamma": {"shape": 0.3, "scale": 70}}, stats.gamma(0.3, scale=70)),
    ({"gamma": {"shape": 7.5, "scale": 70}}, stats.gamma(7.5, scale=70)),
    ({"weibull": {"shape": 0.6, "scale": 9}}, stats.weibull_min(0.6, scale=9)),
    ({"pareto": {"min": 3, "alpha": 2.7}}, stats.pareto(2.7, scale=3)),
    ({"lomax": {"alpha": 2.4, "scale": 1500}}, stats.lomax(2.4, scale=1500)),
    ({"burr": {"c": 1.7, "k": 2.2, "scale": 30}}, stats.burr12(1.7, 2.2, scale=30)),
    ({"beta": {"a": 0.7, "b": 3.2, "low": -1, "high": 4}}, stats.beta(0.7, 3.2, loc=-1, scale=5)),
    ({"uniform": {"low": 1, "high": 7}}, stats.uniform(1, 6)),
    ({"pert": {"low": 1, "mode": 2, "high": 7}}, stats.beta(1 + 4 / 6, 1 + 20 / 6, loc=1, scale=6)),
    ({"normal": {"mean": 3, "sd": 2}}, stats.norm(3, 2)),
    ({"exponential": {"mean": 4}}, stats.expon(scale=4)),
    ({"genpareto": {"xi": 0.3, "scale": 8}}, stats.genpareto(0.3, scale=8)),
    ({"genpareto": {"xi": -0.4, "scale": 8}}, stats.genpareto(-0.4, scale=8)),
    ({"poisson": {"mean": 4.2}}, stats.poisson(4.2)),
    ({"negative_binomial": {"mean": 4.2, "dispersion": 0.7}}, stats.nbinom(0.7, 0.7 / 4.9)),
    ({"geometric": {"mean": 4.6}}, stats.geom(1 / 4.6)),
    ({"zipf": {"s": 1.3, "max": 1000}}, stats.zipfian(1.3, 1000)),
    ({"binomial": {"n": 50, "p": 0.23}}, stats.binom(50, 0.23)),
]
BODY = {"lognormal": {"mu": 5, "sigma": 0.9}}
LOGNORMAL = stats.lognorm(0.9, scale=math.exp(5))
GAMMA = stats.gamma(2.0, scale=1000)
GPD = stats.genpareto(0.3, scale=800)


@pytest.mark.parametrize(("spec", "twin"), TWINS, ids=lambda x: next(iter(x)) if isinstance(x, dict) else "")
def test_a_family_is_that_of_scipy(spec: dict[str, Any], twin: Any) -> None:
    law = parse_law(spec)
    mean, var = twin.stats(moments="mv")
    assert (law.mean(), law.var()) == pytest.approx((float(mean), float(var)), rel=1e-12)
    assert law.ppf(U) == pytest.approx(twin.ppf(U), rel=1e-12)
    assert law.isf(V) == pytest.approx(twin.isf(V), rel=1e-12)


def _integral(f: Callable[[float], float], lo: float, hi: float) -> float:
    return float(integrate.quad(f, lo, hi, epsabs=0, epsrel=1e-12, limit=500)[0])


def _moments(lo: float, hi: float) -> tuple[float, float]:
    """First two moments of the lognormal between two values."""
    first = _integral(lambda x: x * LOGNORMAL.pdf(x), lo, hi)
    return first, _integral(lambda x: x * x * LOGNORMAL.pdf(x), lo, hi)


def test_a_clip_is_that_of_its_draws() -> None:
    law = parse_law({**BODY, "min": 40, "max": 900})
    below, above = LOGNORMAL.cdf(40), LOGNORMAL.sf(900)
    first, second = _moments(40, 900)
    mean, square = first + 40 * below + 900 * above, second + 40**2 * below + 900**2 * above
    assert (law.mean(), law.var()) == pytest.approx((mean, square - mean**2), rel=1e-11)
    assert law.ppf(U) == pytest.approx(np.clip(LOGNORMAL.ppf(U), 40, 900), rel=1e-12)


def test_a_truncation_is_a_condition() -> None:
    law = parse_law({**BODY, "truncate": [40, 900]})
    mass = LOGNORMAL.cdf(900) - LOGNORMAL.cdf(40)
    mean, square = (moment / mass for moment in _moments(40, 900))
    assert (law.mean(), law.var()) == pytest.approx((mean, square - mean**2), rel=1e-11)
    assert law.ppf(U) == pytest.approx(LOGNORMAL.ppf(LOGNORMAL.cdf(40) + U * mass), rel=1e-12)
    assert law.isf(V) == pytest.approx(LOGNORMAL.isf(LOGNORMAL.sf(900) + V * mass), rel=1e-12)


def test_a_mixture_is_one_or_the_other() -> None:
    weights = [{"weight": 3, "law": BODY}, {"weight": 1, "law": {"gamma": {"shape": 2, "scale": 1000}}}]
    law = parse_law({"mixture": weights})
    mean = 0.75 * LOGNORMAL.mean() + 0.25 * GAMMA.mean()
    square = 0.75 * (LOGNORMAL.var() + LOGNORMAL.mean() ** 2) + 0.25 * (GAMMA.var() + GAMMA.mean() ** 2)
    assert (law.mean(), law.var()) == pytest.approx((mean, square - mean**2), rel=1e-12)
    low, high = law.ppf(U), law.isf(V)
    assert pytest.approx(U, rel=1e-12) == 0.75 * LOGNORMAL.cdf(low) + 0.25 * GAMMA.cdf(low)
    assert pytest.approx(V, rel=1e-12) == 0.75 * LOGNORMAL.sf(high) + 0.25 * GAMMA.sf(high)


@pytest.mark.parametrize("cap", [math.inf, 20_000.0])
def test_a_splice_is_a_body_and_a_tail_above_it(cap: float) -> None:
    spec = {"splice": {"body": BODY, "at": 0.95, "tail": {"gpd": {"xi": 0.3, "scale": 800}}}}
    law = parse_law(spec if math.isinf(cap) else {**spec, "max": cap})
    start = float(LOGNORMAL.ppf(0.95))
    first, second = _moments(0.0, start)
    excess = _integral(GPD.sf, 0, cap - start)
    squares = _integral(lambda y: 2 * (start + y) * GPD.sf(y), 0, cap - start)
    mean, square = first + 0.05 * (start + excess), second + 0.05 * (start**2 + squares)
    assert (law.mean(), law.var()) == pytest.approx((mean, square - mean**2), rel=1e-9)
    assert law.ppf(U[:9]) == pytest.approx(LOGNORMAL.ppf(U[:9]), rel=1e-12)
    tail: FloatArray = np.minimum(start + GPD.isf(V[:5] / 0.05), cap)
    assert law.isf(V[:5]) == pytest.approx(tail, rel=1e-12)
