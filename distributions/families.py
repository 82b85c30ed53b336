"""Families of continuous laws without ends, each one block: parameters with their domains, both tails, moments.

Families with a power tail stand in heavy.py, those between ends in bounded.py, counts in discrete.py, the metalog in
metalog.py. FAMILIES, imported from here, holds them all.
"""

# ruff: noqa: D102 - what each verb means stands in law.py

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from distributions import bounded, discrete, heavy, metalog
from distributions import ufuncs as special
from distributions.family import ALIASES, FAMILIES, POSITIVE, REAL, Domain, Family, parameter
from distributions.law import Law
from distributions.numerics import FloatArray
from distributions.quantity import format_number

__all__ = ["ALIASES", "FAMILIES", "Constant", "bounded", "discrete", "heavy", "metalog"]


@dataclass(frozen=True)
class Constant(Law):
    """One value, always. In a scenario it is written as the number itself."""

    value: float = 0.0

    @property
    def discrete(self) -> bool:
        """Whether the value is a whole number."""
        return self.value == round(self.value)

    def support(self) -> tuple[float, float]:
        return (self.value, self.value)

    def mean(self) -> float:
        return self.value

    def var(self) -> float:
        return 0.0

    def partial_moment(self, k: int, lo: float = -math.inf, hi: float = math.inf, center: float = 0.0) -> float:
        """(value - center)^k where lo <= value <= hi, else 0."""
        return (self.value - center) ** k if lo <= self.value <= hi else 0.0

    def p_below(self, x: float) -> float:
        """1 where the value is below x, else 0."""
        return float(self.value < x)

    def p_from(self, x: float) -> float:
        """1 where the value is x or more, else 0."""
        return float(self.value >= x)

    def tail_index(self) -> float:
        return math.inf

    def title(self) -> str:
        return "constant"

    def describe(self) -> str:
        """The number."""
        return format_number(self.value)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return np.ones_like(x)

    def _sf(self, x: FloatArray) -> FloatArray:
        return np.zeros_like(x)

    def _ppf(self, u: FloatArray) -> FloatArray:
        return np.full_like(u, self.value)

    def _isf(self, v: FloatArray) -> FloatArray:
        return np.full_like(v, self.value)


@dataclass(frozen=True)
class Lognormal(Family):
    """A product of many small effects: token counts, durations, forecasts that miss by a factor."""

    name = "lognormal"
    examples = ({"mu": 5.0, "sigma": 0.9}, {"mu": -3.0, "sigma": 3.0}, {"mu": 0.0, "sigma": 0.01})
    formulas = ("exp(mu + sigma^2 / 2)", "mean^2 (exp(sigma^2) - 1)")

    mu: float = parameter("mean of the value's logarithm: log of the median", Domain(-250.0, 250.0), "log of the value")
    sigma: float = parameter("standard deviation of the value's logarithm", Domain(0.0, 10.0, lo_open=True), "none")

    def support(self) -> tuple[float, float]:
        return (0.0, math.inf)

    def mean(self) -> float:
        return math.exp(self.mu + self.sigma**2 / 2.0)

    def var(self) -> float:
        return self.mean() ** 2 * math.expm1(self.sigma**2)

    def tail_index(self) -> float:
        return math.inf

    def _cdf(self, x: FloatArray) -> FloatArray:
        return special.ndtr((np.log(x) - self.mu) / self.sigma)

    def _sf(self, x: FloatArray) -> FloatArray:
        return special.ndtr((self.mu - np.log(x)) / self.sigma)

    def _ppf(self, u: FloatArray) -> FloatArray:
        return np.exp(self.mu + self.sigma * special.ndtri(u))

    def _isf(self, v: FloatArray) -> FloatArray:
        return np.exp(self.mu - self.sigma * special.ndtri(v))


@dataclass(frozen=True)
class Gamma(Family):
    """A sum of waiting times; near 0 often for shapes below 1."""

    name = "gamma"
    examples = ({"shape": 2.5, "scale": 100.0}, {"shape": 0.3, "scale": 1.0}, {"shape": 400.0, "scale": 0.01})
    formulas = ("shape scale", "shape scale^2")

    shape: float = parameter("shape: 1 is exponential, larger is narrower", POSITIVE, "none")
    scale: float = parameter("scale", POSITIVE)

    def support(self) -> tuple[float, float]:
        return (0.0, math.inf)

    def mean(self) -> float:
        return self.shape * self.scale

    def var(self) -> float:
        return self.shape * self.scale**2

    def tail_index(self) -> float:
        return math.inf

    def _cdf(self, x: FloatArray) -> FloatArray:
        return special.gammainc(self.shape, x / self.scale)

    def _sf(self, x: FloatArray) -> FloatArray:
        return special.gammaincc(self.shape, x / self.scale)

    def _ppf(self, u: FloatArray) -> FloatArray:
        return self.scale * special.gammaincinv(self.shape, u)

    def _isf(self, v: FloatArray) -> FloatArray:
        return self.scale * special.gammainccinv(self.shape, v)


@dataclass(frozen=True)
class Weibull(Family):
    """Time to the weakest link; heavier than exponential for shapes below 1, yet lighter than any power."""

    name = "weibull"
    examples = ({"shape": 1.5, "scale": 300.0}, {"shape": 0.35, "scale": 2.0}, {"shape": 12.0, "scale": 1.0})
    formulas = ("scale G(1 + 1/shape), G the gamma function", "scale^2 (G(1 + 2/shape) - G(1 + 1/shape)^2)")

    shape: float = parameter("shape: 1 is exponential, smaller is heavier", Domain(lo=0.05), "none")
    scale: float = parameter("scale: its P63.2", POSITIVE)

    def support(self) -> tuple[float, float]:
        return (0.0, math.inf)

    def mean(self) -> float:
        return self.scale * math.gamma(1.0 + 1.0 / self.shape)

    def var(self) -> float:
        first, second = special.gammaln(1.0 + 1.0 / self.shape), special.gammaln(1.0 + 2.0 / self.shape)
        return self.mean() ** 2 * math.expm1(second - 2.0 * first)

    def tail_index(self) -> float:
        return math.inf

    def _cdf(self, x: FloatArray) -> FloatArray:
        return -np.expm1(-((x / self.scale) ** self.shape))

    def _sf(self, x: FloatArray) -> FloatArray:
        return np.exp(-((x / self.scale) ** self.shape))

    def _ppf(self, u: FloatArray) -> FloatArray:
        return self.scale * (-np.log1p(-u)) ** (1.0 / self.shape)

    def _isf(self, v: FloatArray) -> FloatArray:
        return self.scale * (-np.log(v)) ** (1.0 / self.shape)


@dataclass(frozen=True)
class Normal(Family):
    """A sum of many small effects; reaches below 0, so it is rarely right for tokens or money."""

    name = "normal"
    examples = ({"mean": 1.0, "sd": 0.15}, {"mean": 0.0, "sd": 1.0}, {"mean": -4e3, "sd": 100.0})
    formulas = ("mean", "sd^2")

    expected: float = parameter("mean", REAL, name="mean")
    sd: float = parameter("standard deviation", POSITIVE)

    def support(self) -> tuple[float, float]:
        return (-math.inf, math.inf)

    def mean(self) -> float:
        return self.expected

    def var(self) -> float:
        return self.sd**2

    def tail_index(self) -> float:
        return math.inf

    def _cdf(self, x: FloatArray) -> FloatArray:
        return special.ndtr((x - self.expected) / self.sd)

    def _sf(self, x: FloatArray) -> FloatArray:
        return special.ndtr((self.expected - x) / self.sd)

    def _ppf(self, u: FloatArray) -> FloatArray:
        return self.expected + self.sd * special.ndtri(u)

    def _isf(self, v: FloatArray) -> FloatArray:
        return self.expected - self.sd * special.ndtri(v)


@dataclass(frozen=True)
class Exponential(Family):
    """Waiting for something that comes at a steady rate."""

    name = "exponential"
    examples = ({"mean": 3.0}, {"mean": 1e-6})
    formulas = ("mean", "mean^2")

    expected: float = parameter("mean", POSITIVE, name="mean")

    def support(self) -> tuple[float, float]:
        return (0.0, math.inf)

    def mean(self) -> float:
        return self.expected

    def var(self) -> float:
        return self.expected**2

    def tail_index(self) -> float:
        return math.inf

    def _cdf(self, x: FloatArray) -> FloatArray:
        return -np.expm1(-x / self.expected)

    def _sf(self, x: FloatArray) -> FloatArray:
        return np.exp(-x / self.expected)

    def _ppf(self, u: FloatArray) -> FloatArray:
        return -self.expected * np.log1p(-u)

    def _isf(self, v: FloatArray) -> FloatArray:
        return -self.expected * np.log(v)
