"""What all laws stand on: bisection over doubles, tail integrals, problems with places; and scipy's laws as guests."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from distributions.compose import clip, truncate
from distributions.families import Exponential, Lognormal
from distributions.foreign import ScipyLaw, from_frozen, is_frozen, scipy_law
from distributions.heavy import Genpareto
from distributions.law import LawError, LawProblem
from distributions.notation import parse_law
from distributions.numerics import least_float, least_integer, solve_increasing, tail_integral

ROOT = Path(__file__).resolve().parents[2]
floats = st.floats(allow_nan=False, allow_infinity=True)

# -- bisection ----------------------------------------------------------------------------------------------------


@given(a=floats, b=floats, c=floats)
def test_bisection_finds_the_exact_double(a: float, b: float, c: float) -> None:
    lo, target, hi = sorted((a, b, c))
    found = least_float(lambda x: x >= target, np.array([lo]), np.array([hi]))
    assert found[0] == target


def test_bisection_goes_element_by_element() -> None:
    targets = np.array([0.0, 5e-324, 1.0, 1e300, np.inf])
    found = least_float(lambda x: x >= targets, np.full(5, -1.0), np.full(5, np.inf))
    assert found.tolist() == targets.tolist()
    assert least_float(lambda x: x > 2.0, np.array([0.0]), np.array([3.0]))[0] == math.nextafter(2.0, 3.0)


@given(target=st.integers(0, 2**40), start=st.floats(0.0, 2.0**40), first=st.integers(0, 5))
def test_bisection_over_whole_numbers(target: int, start: float, first: int) -> None:
    found = least_integer(lambda k: k >= target, np.array([start, 0.0]), float(first))
    assert found.tolist() == [max(target, first)] * 2


def test_roots_of_increasing_functions() -> None:
    assert solve_increasing(lambda x: x**3 - 27.0, -100.0, 100.0) == pytest.approx(3.0, rel=1e-15)
    assert solve_increasing(lambda x: x - 10.0, 0.0, 5.0) == 5.0
    assert solve_increasing(lambda x: x + 10.0, 0.0, 5.0) == 0.0


# -- tail integrals -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("power", [-0.999, -0.99, -0.5, 0.0, 3.0, 40.0])
def test_integrals_of_powers(power: float) -> None:
    """The integral of p^power from 0 to 1/2."""
    exact = 0.5 ** (power + 1.0) / (power + 1.0)
    assert tail_integral(lambda p: p**power, 0.0, 0.5, power + 1.0) == pytest.approx(exact, rel=1e-12)


def test_integrals_between_any_ends() -> None:
    assert tail_integral(np.log, 1e-200, 1.0) == pytest.approx(-1.0, rel=1e-13)
    assert tail_integral(lambda p: 1.0 / p, 1e-90, 1e-80) == pytest.approx(10.0 * math.log(10.0), rel=1e-13)
    assert tail_integral(lambda p: p, 0.3, 0.3) == 0.0
    assert tail_integral(lambda p: p, 0.4, 0.3) == 0.0


def test_integrals_of_what_jumps_in_the_logarithm() -> None:
    """A steep but smooth step is found by halving panels."""
    step = lambda p: 1.0 / (1.0 + (p / 1e-3) ** 50)  # noqa: E731
    exact = 1e-3 * (math.pi / 50.0) / math.sin(math.pi / 50.0)
    assert tail_integral(step, 0.0, 0.5) == pytest.approx(exact, rel=1e-11)


# -- problems -----------------------------------------------------------------------------------------------------


def test_problems_are_sorted_by_place_and_read_as_sentences() -> None:
    inner = LawProblem(("sigma",), "sigma must be a number above 0", -1.0, "a number above 0")
    error = LawError([inner.under(("lognormal",)), LawProblem(("a", 0), "is wrong"), LawProblem((), "all is wrong")])
    assert [problem.path for problem in error.problems] == [(), ("a", 0), ("lognormal", "sigma")]
    assert str(error) == (
        "all is wrong\na.0: is wrong\nlognormal.sigma: sigma must be a number above 0 (allowed: a number above 0)"
    )


def test_laws_are_immutable() -> None:
    with pytest.raises(AttributeError):
        Lognormal(0.0, 1.0).mu = 3.0  # type: ignore[misc]


def test_a_source_stays_when_a_law_is_written_anew() -> None:
    law = Lognormal(0.0, 1.0).written("a", "somewhere")
    assert law.written("b").source == "somewhere"
    assert law.written("b").spec == "b"


def test_partial_moments_of_nothing() -> None:
    assert Exponential(1.0).partial_moment(1, 3.0, 2.0) == 0.0
    assert Genpareto(1.5, 1.0).partial_moment(1) == math.inf
    assert Genpareto(1.5, 1.0).partial_moment(1, hi=1.0) < math.inf


# -- guests from scipy --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parameters", "index"),
    [
        ("lognorm", {"s": 0.9, "scale": 150.0}, math.inf),
        ("lomax", {"c": 1.9, "scale": 10.0}, 1.9),
        ("t", {"df": 3.0}, 3.0),
        ("weibull_min", {"c": 0.4}, math.inf),
        ("invgamma", {"a": 2.5}, 2.5),
        ("uniform", {"loc": 1.0, "scale": 4.0}, math.inf),
        ("poisson", {"mu": 3.0}, math.inf),
        ("nbinom", {"n": 2.0, "p": 0.1, "loc": 1.0}, math.inf),
    ],
)
def test_a_distribution_of_scipy_is_a_law(name: str, parameters: dict[str, float], index: float) -> None:
    from scipy import stats

    law, frozen = scipy_law(name, parameters), getattr(stats, name)(**parameters)
    u = np.linspace(0.01, 0.99, 33)
    assert law.ppf(u).tolist() == frozen.ppf(u).tolist()
    assert law.isf(u * 1e-3).tolist() == frozen.isf(u * 1e-3).tolist()
    x = frozen.ppf(u) + 0.25
    assert law.cdf(x) == pytest.approx(frozen.cdf(x), rel=1e-12)
    assert law.sf(x) == pytest.approx(frozen.sf(x), rel=1e-12)
    assert (law.mean(), law.var()) == pytest.approx((frozen.mean(), frozen.var()), rel=1e-12)
    assert law.tail_index() == pytest.approx(index, rel=1e-3)
    assert law.discrete == hasattr(frozen.dist, "pmf")
    assert law.title().startswith(f"scipy.stats.{name}(")
    assert law == from_frozen(frozen)
    assert hash(law) == hash(from_frozen(frozen))


def test_a_frozen_distribution_may_have_its_parameters_by_place() -> None:
    from scipy import stats

    assert is_frozen(stats.gamma(2.0))
    assert not is_frozen(stats.gamma)
    assert not is_frozen({"ppf": 3})
    assert from_frozen(stats.gamma(2.0, 1.0, 5.0)) == scipy_law("gamma", {"a": 2.0, "loc": 1.0, "scale": 5.0})
    assert parse_law(stats.gamma(2.0, scale=5.0)).mean() == 10.0


@pytest.mark.parametrize(
    ("guest", "own"),
    [
        (("lognorm", {"s": 0.9, "scale": math.exp(5.0)}), Lognormal(5.0, 0.9)),
        (("genpareto", {"c": 0.45, "scale": 800.0}), Genpareto(0.45, 800.0)),
        (("expon", {"scale": 3.0}), Exponential(3.0)),
    ],
)
def test_limits_on_a_guest_are_those_on_its_host(guest: tuple[str, dict[str, float]], own: Any) -> None:
    law = scipy_law(*guest)
    for limited, expected in [
        (clip(law, 2.0, 900.0), clip(own, 2.0, 900.0)),
        (truncate(law, 2.0, 900.0), truncate(own, 2.0, 900.0)),
        (truncate(law, 50.0, math.inf), truncate(own, 50.0, math.inf)),
    ]:
        assert limited.mean() == pytest.approx(expected.mean(), rel=1e-10)
        assert limited.var() == pytest.approx(expected.var(), rel=1e-8)


def test_limits_on_a_guest_that_counts() -> None:
    law, own = scipy_law("poisson", {"mu": 3.0}), parse_law({"poisson": {"mean": 3.0}})
    assert clip(law, 1.0, 5.0).mean() == pytest.approx(clip(own, 1.0, 5.0).mean(), rel=1e-12)
    assert truncate(law, 1.0, math.inf).var() == pytest.approx(truncate(own, 1.0, math.inf).var(), rel=1e-9)


def test_a_guest_with_a_heavy_lower_tail_has_no_mean_until_it_is_clipped() -> None:
    cauchy = scipy_law("cauchy", {})
    assert clip(cauchy, -math.inf, 5.0).mean() == -math.inf
    assert clip(cauchy, -5.0, math.inf).mean() == math.inf
    assert clip(cauchy, -5.0, 5.0).mean() == pytest.approx(0.0, abs=1e-12)


def test_all_of_scipys_distributions_make_laws_or_say_why_not() -> None:
    """A sweep over what scipy has, with shapes of 1.5: either a law with quantiles that rise, or a LawError."""
    from scipy import stats

    slow = {"levy_stable", "studentized_range", "kstwo", "ksone", "gausshyper", "norminvgauss", "genhyperbolic"}
    slow |= {"erlang"}  # warns of a shape that is not whole
    names = [name for name, x in vars(stats).items() if isinstance(x, stats.rv_continuous) and name not in slow]
    assert len(names) > 80
    n_laws = 0
    for name in names:
        shapes = getattr(stats, name).shapes
        given = dict.fromkeys(shapes.replace(" ", "").split(","), 1.5) if shapes else {}
        try:
            law = scipy_law(name, given)
        except LawError:
            continue
        n_laws += 1
        assert np.all(np.diff(law.ppf([0.1, 0.3, 0.5, 0.7, 0.9])) >= 0.0), name
    assert n_laws > 60


@pytest.mark.parametrize(
    ("name", "parameters", "path", "words"),
    [
        ("lognrom", {}, ("name",), "no distribution 'lognrom'; did you mean lognorm"),
        ("norm", {"mu": 3.0}, ("mu",), "scipy.stats.norm has no parameter 'mu'"),
        ("poisson", {"mu": 3.0, "scale": 2.0}, ("scale",), "scipy.stats.poisson has no parameter 'scale'"),
        ("gamma", {"scale": 2.0}, ("a",), "scipy.stats.gamma needs a"),
        ("gamma", {"a": -2.0}, (), "does not take these parameters"),
        ("norm", {"scale": -1.0}, (), "does not take these parameters"),
    ],
)
def test_what_scipy_does_not_have(name: str, parameters: dict[str, float], path: tuple[str, ...], words: str) -> None:
    with pytest.raises(LawError, match=words) as error:
        scipy_law(name, parameters)
    assert error.value.problems[0].path == path


def test_the_example_of_a_guest_reads_well() -> None:
    law = parse_law({"scipy": {"name": "lognorm", "s": "90%", "scale": "1k"}, "max": "5k"})
    assert law.describe().startswith("scipy.stats.lognorm(s 0.9, scale 1000), P50 1,000, P95")
    assert isinstance(law.law, ScipyLaw)  # type: ignore[attr-defined]


def test_laws_do_not_pay_for_what_they_do_not_use() -> None:
    """scipy.stats costs 0.8 s to import and pandas 0.4 s; no ordinary law needs them."""
    code = """
import sys
from distributions.notation import parse_law
parse_law({"lognormal": {"p50": 6, "p95": 30}, "max": 200}).mean()
print(*sorted(set(sys.modules) & {"scipy.stats", "scipy.optimize", "pandas", "pyarrow", "numba", "matplotlib"}))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert run.stdout.split() == []
