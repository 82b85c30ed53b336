"""Families of counts, each one block: parameters with their domains, distribution function, moments."""

# ruff: noqa: D102 - what each verb means stands in law.py

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from distributions import ufuncs as special
from distributions.family import NOT_NEGATIVE, POSITIVE, SHARE, CountFamily, Domain, parameter
from distributions.numerics import FloatArray
from distributions.quantity import format_number

_MOST = 2.0**40
"""No count here has more tries or a larger mean, so that a double can tell its quantiles apart."""


@dataclass(frozen=True)
class Poisson(CountFamily):
    """Independent arrivals at a steady rate."""

    name = "poisson"
    examples = ({"mean": 0.9}, {"mean": 0.03}, {"mean": 5e4}, {"mean": 0.0})
    formulas = ("mean", "mean")

    expected: float = parameter("expected count", Domain(lo=0.0, hi=_MOST), "count", name="mean")

    def support(self) -> tuple[float, float]:
        return (0.0, math.inf if self.expected > 0.0 else 0.0)

    def mean(self) -> float:
        return self.expected

    def var(self) -> float:
        return self.expected

    def biased(self, j: int) -> tuple[float, CountFamily | None]:
        return self.expected**j, self

    def _at(self, k: FloatArray) -> tuple[FloatArray, FloatArray]:
        return special.gammaincc(k + 1.0, self.expected), special.gammainc(k + 1.0, self.expected)


@dataclass(frozen=True)
class NegativeBinomial(CountFamily):
    """Arrivals whose rate itself varies (a gamma mixture of Poisson counts): most see few, some see many."""

    name = "negative_binomial"
    examples = (
        {"mean": 2.0, "dispersion": 0.7},
        {"mean": 2400.0, "dispersion": 20.0},
        {"mean": 40.0, "dispersion": 0.05},
    )
    formulas = ("mean", "mean + mean^2 / dispersion")

    expected: float = parameter("expected count", Domain(lo=0.0, hi=2.0**49), "count", name="mean")
    dispersion: float = parameter("size: the smaller, the wider; infinite would be Poisson", POSITIVE, "none")

    def contradictions(self) -> list[str]:
        """Refuse tails whose counts a double can't tell apart; the weighted laws of ``biased`` have the same ratio."""
        if self.expected <= 2.0 * _MOST * self.dispersion * (1.0 + 1e-9):
            return []
        return [
            f"mean must be at most {format_number(2.0 * _MOST)} times the dispersion, or no double holds the counts"
        ]

    def support(self) -> tuple[float, float]:
        return (0.0, math.inf if self.expected > 0.0 else 0.0)

    def mean(self) -> float:
        return self.expected

    def var(self) -> float:
        return self.expected * (1.0 + self.expected / self.dispersion)

    def biased(self, j: int) -> tuple[float, CountFamily | None]:
        r, size = self.dispersion, self.dispersion + j
        weight = math.prod((r + i) * self.expected / r for i in range(j))
        return weight, NegativeBinomial(self.expected / r * size, size)

    def _at(self, k: FloatArray) -> tuple[FloatArray, FloatArray]:
        r, total = self.dispersion, self.dispersion + self.expected
        return special.betainc(r, k + 1.0, r / total), special.betainc(k + 1.0, r, self.expected / total)


@dataclass(frozen=True)
class Geometric(CountFamily):
    """Steps until something stops that stops with the same chance at every step; at least one."""

    name = "geometric"
    examples = ({"mean": 4.6}, {"mean": 1.0}, {"mean": 3e4})
    formulas = ("mean", "mean (mean - 1)")

    expected: float = parameter("expected count, from 1", Domain(lo=1.0, hi=_MOST), "count", name="mean")

    def support(self) -> tuple[float, float]:
        return (1.0, math.inf if self.expected > 1.0 else 1.0)

    def mean(self) -> float:
        return self.expected

    def var(self) -> float:
        return self.expected * (self.expected - 1.0)

    def partial_moment(self, k: int, lo: float = -math.inf, hi: float = math.inf, center: float = 0.0) -> float:
        """E[(N - center)^k; lo <= N <= hi]: N - 1 is negative binomial of size 1."""
        return NegativeBinomial(self.expected - 1.0, 1.0).partial_moment(k, lo - 1.0, hi - 1.0, center - 1.0)

    def _at(self, k: FloatArray) -> tuple[FloatArray, FloatArray]:
        log_sf = k * self._log_stay
        return -np.expm1(log_sf), np.exp(log_sf)

    @cached_property
    def _log_stay(self) -> float:
        """Logarithm of the chance to go on; finite even where there is none, as 0 times infinity is undefined."""
        return math.log1p(-1.0 / self.expected) if self.expected > 1.0 else -1e300


@dataclass(frozen=True)
class Zipf(CountFamily):
    """A rank whose chance falls as a power: the first few take most, up to a last one."""

    name = "zipf"
    examples = ({"s": 1.3, "max": 1000.0}, {"s": 0.0, "max": 6.0}, {"s": 1.0, "max": 100_000.0})
    formulas = ("sum k^(1-s) / sum k^-s", "sum k^(2-s) / sum k^-s - mean^2, k from 1 to max")

    s: float = parameter("power at which the chances fall", NOT_NEGATIVE, "none")
    last: float = parameter("greatest value", Domain(lo=1.0, hi=1e6, whole=True), "count", name="max")

    def support(self) -> tuple[float, float]:
        return (1.0, self.last)

    def mean(self) -> float:
        return self.partial_moment(1)

    def var(self) -> float:
        return self.partial_moment(2, center=self.mean())

    def partial_moment(self, k: int, lo: float = -math.inf, hi: float = math.inf, center: float = 0.0) -> float:
        """E[(N - center)^k; lo <= N <= hi], summed."""
        values = np.arange(math.ceil(max(1.0, lo)), math.floor(min(self.last, hi)) + 1.0)
        chances = self._chances[int(values[0]) - 1 :][: values.size] if values.size else values
        return float(np.sum((values - center) ** k * chances))

    def _at(self, k: FloatArray) -> tuple[FloatArray, FloatArray]:
        index = k.astype(np.int64) - 1
        return self._cumulative[index], self._beyond[index]

    def _ppf(self, u: FloatArray) -> FloatArray:
        return np.asarray(np.searchsorted(self._cumulative, u, side="left") + 1, np.float64)

    def _isf(self, v: FloatArray) -> FloatArray:
        return np.asarray(self.last - np.searchsorted(self._beyond[::-1], v, side="right") + 1, np.float64)

    @cached_property
    def _chances(self) -> FloatArray:
        weights = np.arange(1.0, self.last + 1.0) ** -self.s
        return np.asarray(weights / np.sum(weights), np.float64)

    @cached_property
    def _cumulative(self) -> FloatArray:
        return _running_sum(self._chances)

    @cached_property
    def _beyond(self) -> FloatArray:
        """P(N > k), summed from the far end so that the smallest chances keep their digits."""
        return np.append(_running_sum(self._chances[:0:-1])[::-1], 0.0)


@dataclass(frozen=True)
class Binomial(CountFamily):
    """Successes among n independent tries."""

    name = "binomial"
    examples = ({"n": 12.0, "p": 0.3}, {"n": 1.0, "p": 0.02}, {"n": 50_000.0, "p": 0.9})
    formulas = ("n p", "n p (1 - p)")

    n: float = parameter("tries", Domain(lo=0.0, hi=_MOST, whole=True), "count")
    p: float = parameter("chance of each", SHARE, "none")

    def support(self) -> tuple[float, float]:
        return (0.0, self.n)

    def mean(self) -> float:
        return self.n * self.p

    def var(self) -> float:
        return self.n * self.p * (1.0 - self.p)

    def biased(self, j: int) -> tuple[float, CountFamily | None]:
        weight = math.prod((self.n - i) * self.p for i in range(j))
        return (weight, Binomial(self.n - j, self.p)) if weight > 0.0 else (0.0, None)

    def _at(self, k: FloatArray) -> tuple[FloatArray, FloatArray]:
        left = self.n - k
        return special.betainc(left, k + 1.0, 1.0 - self.p), special.betainc(k + 1.0, left, self.p)


def _running_sum(x: FloatArray) -> FloatArray:
    sums: FloatArray = np.cumsum(x)
    return sums
