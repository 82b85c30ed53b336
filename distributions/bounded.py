"""Families between two ends, each one block: parameters with their domains, both tails, moments."""

# ruff: noqa: D102 - what each verb means stands in law.py

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from distributions import ufuncs as special
from distributions.family import POSITIVE, REAL, Family, parameter
from distributions.numerics import FloatArray

_MODE_RULE = "low, mode and high must stand in this order, and low must be below high"


@dataclass(frozen=True)
class Uniform(Family):
    """Anything between two ends, nothing likelier than the rest."""

    name = "uniform"
    examples = ({"low": 1.0, "high": 1.5}, {"low": -3.0, "high": 1e6})
    formulas = ("(low + high) / 2", "(high - low)^2 / 12")

    low: float = parameter("least value", REAL)
    high: float = parameter("greatest value", REAL)

    def contradictions(self) -> list[str]:
        """Low must be below high."""
        return [] if self.low < self.high else ["low must be below high"]

    def support(self) -> tuple[float, float]:
        return (self.low, self.high)

    def mean(self) -> float:
        return (self.low + self.high) / 2.0

    def var(self) -> float:
        return (self.high - self.low) ** 2 / 12.0

    def tail_index(self) -> float:
        return math.inf

    def _cdf(self, x: FloatArray) -> FloatArray:
        return (x - self.low) / (self.high - self.low)

    def _sf(self, x: FloatArray) -> FloatArray:
        return (self.high - x) / (self.high - self.low)

    def _ppf(self, u: FloatArray) -> FloatArray:
        return self.low + (self.high - self.low) * u

    def _isf(self, v: FloatArray) -> FloatArray:
        return self.high - (self.high - self.low) * v


@dataclass(frozen=True)
class Triangular(Family):
    """A least, a likeliest and a greatest value, and straight lines between them."""

    name = "triangular"
    examples = (
        {"low": 0.9, "mode": 1.0, "high": 1.6},
        {"low": 0.0, "mode": 0.0, "high": 1.0},
        {"low": -2.0, "mode": 5.0, "high": 5.0},
    )
    formulas = ("(low + mode + high) / 3", "(low^2 + mode^2 + high^2 - low mode - low high - mode high) / 18")

    low: float = parameter("least value", REAL)
    mode: float = parameter("likeliest value", REAL)
    high: float = parameter("greatest value", REAL)

    def contradictions(self) -> list[str]:
        """Low, mode and high must stand in order."""
        return [] if self.low <= self.mode <= self.high and self.low < self.high else [_MODE_RULE]

    def support(self) -> tuple[float, float]:
        return (self.low, self.high)

    def mean(self) -> float:
        return (self.low + self.mode + self.high) / 3.0

    def var(self) -> float:
        left, right = self.mode - self.low, self.high - self.mode
        return (left * left + left * right + right * right) / 18.0

    def tail_index(self) -> float:
        return math.inf

    @property
    def _left(self) -> float:
        """P(X <= mode)."""
        return (self.mode - self.low) / (self.high - self.low)

    @property
    def _right(self) -> float:
        """P(X > mode)."""
        return (self.high - self.mode) / (self.high - self.low)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return np.where(x < self.mode, self._lower(x), 1.0 - self._upper(x))

    def _sf(self, x: FloatArray) -> FloatArray:
        return np.where(x < self.mode, 1.0 - self._lower(x), self._upper(x))

    def _lower(self, x: FloatArray) -> FloatArray:
        return self._left * ((x - self.low) / (self.mode - self.low)) ** 2 if self.mode > self.low else np.zeros_like(x)

    def _upper(self, x: FloatArray) -> FloatArray:
        return (
            self._right * ((self.high - x) / (self.high - self.mode)) ** 2
            if self.mode < self.high
            else np.zeros_like(x)
        )

    def _ppf(self, u: FloatArray) -> FloatArray:
        return np.where(u <= self._left, self._from_low(u), self._from_high(1.0 - u))

    def _isf(self, v: FloatArray) -> FloatArray:
        return np.where(v <= self._right, self._from_high(v), self._from_low(1.0 - v))

    def _from_low(self, u: FloatArray) -> FloatArray:
        return self.low + np.sqrt(u * (self.high - self.low) * (self.mode - self.low))

    def _from_high(self, v: FloatArray) -> FloatArray:
        return self.high - np.sqrt(v * (self.high - self.low) * (self.high - self.mode))


@dataclass(frozen=True)
class Beta(Family):
    """Shares, rates and anything else between two ends, in many shapes."""

    name = "beta"
    examples = (
        {"a": 2.0, "b": 5.0},
        {"a": 0.3, "b": 0.4, "low": -1.0, "high": 3.0},
        {"a": 80.0, "b": 3.0, "low": 0.0, "high": 100.0},
    )
    formulas = ("low + (high - low) a / (a + b)", "(high - low)^2 a b / ((a + b)^2 (a + b + 1))")

    a: float = parameter("shape at the low end", POSITIVE, "none")
    b: float = parameter("shape at the high end", POSITIVE, "none")
    low: float = parameter("least value", REAL, required=False, default=0.0)
    high: float = parameter("greatest value", REAL, required=False, default=1.0)

    def contradictions(self) -> list[str]:
        """Low must be below high."""
        return [] if self.low < self.high else ["low must be below high"]

    def support(self) -> tuple[float, float]:
        return (self.low, self.high)

    def mean(self) -> float:
        return self.low + (self.high - self.low) * self.a / (self.a + self.b)

    def var(self) -> float:
        total = self.a + self.b
        return (self.high - self.low) ** 2 * (self.a / total) * (self.b / total) / (total + 1.0)

    def tail_index(self) -> float:
        return math.inf

    def _cdf(self, x: FloatArray) -> FloatArray:
        from_low, to_high = self._shares(x)
        return np.where(
            from_low <= 0.5, special.betainc(self.a, self.b, from_low), special.betaincc(self.b, self.a, to_high)
        )

    def _sf(self, x: FloatArray) -> FloatArray:
        from_low, to_high = self._shares(x)
        return np.where(
            from_low <= 0.5, special.betaincc(self.a, self.b, from_low), special.betainc(self.b, self.a, to_high)
        )

    def _shares(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Distances to both ends as shares of the width; each is exact near its own end."""
        width = self.high - self.low
        return (x - self.low) / width, (self.high - x) / width

    def _ppf(self, u: FloatArray) -> FloatArray:
        return self.low + (self.high - self.low) * special.beta_quantile(self.a, self.b, u)

    def _isf(self, v: FloatArray) -> FloatArray:
        return self.high - (self.high - self.low) * special.beta_quantile(self.b, self.a, v)


@dataclass(frozen=True)
class Pert(Family):
    """A least, a likeliest and a greatest value, and a smooth hill between them: a beta of a + b = 6."""

    name = "pert"
    examples = (
        {"low": 0.9, "mode": 1.0, "high": 1.6},
        {"low": 0.0, "mode": 0.0, "high": 1.0},
        {"low": -2.0, "mode": 5.0, "high": 5.0},
    )
    formulas = ("(low + 4 mode + high) / 6", "(mean - low) (high - mean) / 7")

    low: float = parameter("least value", REAL)
    mode: float = parameter("likeliest value", REAL)
    high: float = parameter("greatest value", REAL)

    def contradictions(self) -> list[str]:
        """Low, mode and high must stand in order."""
        return [] if self.low <= self.mode <= self.high and self.low < self.high else [_MODE_RULE]

    def support(self) -> tuple[float, float]:
        return (self.low, self.high)

    def mean(self) -> float:
        return self._beta.mean()

    def var(self) -> float:
        return self._beta.var()

    def tail_index(self) -> float:
        return math.inf

    @cached_property
    def _beta(self) -> Beta:
        left, right = (self.mode - self.low), (self.high - self.mode)
        width = self.high - self.low
        return Beta(1.0 + 4.0 * left / width, 1.0 + 4.0 * right / width, self.low, self.high)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return self._beta.cdf(x)

    def _sf(self, x: FloatArray) -> FloatArray:
        return self._beta.sf(x)

    def _ppf(self, u: FloatArray) -> FloatArray:
        return self._beta.ppf(u)

    def _isf(self, v: FloatArray) -> FloatArray:
        return self._beta.isf(v)
