"""Families with a power tail, each one block: parameters with their domains, both tails, moments.

Their means and variances are infinite where the tail index says so.
"""

# ruff: noqa: D102 - what each verb means stands in law.py

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from distributions import ufuncs as special
from distributions.family import POSITIVE, Domain, Family, parameter
from distributions.numerics import FloatArray


@dataclass(frozen=True)
class Pareto(Family):
    """A pure power tail above a least value."""

    name = "pareto"
    examples = ({"min": 100.0, "alpha": 2.5}, {"min": 1.0, "alpha": 1.05}, {"min": 3.0, "alpha": 30.0})
    formulas = (
        "alpha min / (alpha - 1), infinite up to alpha 1",
        "mean^2 / (alpha (alpha - 2)), infinite up to alpha 2",
    )

    low: float = parameter("least value", POSITIVE, name="min")
    alpha: float = parameter("tail index", Domain(lo=0.05), "none")

    def support(self) -> tuple[float, float]:
        return (self.low, math.inf)

    def mean(self) -> float:
        return self.low * self.alpha / (self.alpha - 1.0) if self.alpha > 1.0 else math.inf

    def var(self) -> float:
        return self.mean() ** 2 / (self.alpha * (self.alpha - 2.0)) if self.alpha > 2.0 else math.inf

    def tail_index(self) -> float:
        return self.alpha

    def _cdf(self, x: FloatArray) -> FloatArray:
        return -np.expm1(-self.alpha * np.log(x / self.low))

    def _sf(self, x: FloatArray) -> FloatArray:
        return np.exp(-self.alpha * np.log(x / self.low))

    def _ppf(self, u: FloatArray) -> FloatArray:
        return self.low * np.exp(-np.log1p(-u) / self.alpha)

    def _isf(self, v: FloatArray) -> FloatArray:
        return self.low * np.exp(-np.log(v) / self.alpha)


@dataclass(frozen=True)
class Lomax(Family):
    """A power tail that starts at 0: mostly small, now and then huge."""

    name = "lomax"
    examples = ({"alpha": 1.9, "scale": 1500.0}, {"alpha": 1.05, "scale": 1.0}, {"alpha": 40.0, "scale": 7.0})
    formulas = (
        "scale / (alpha - 1), infinite up to alpha 1",
        "mean^2 alpha / (alpha - 2), infinite up to alpha 2",
    )

    alpha: float = parameter("tail index", Domain(lo=0.05), "none")
    scale: float = parameter("scale", POSITIVE)

    def support(self) -> tuple[float, float]:
        return (0.0, math.inf)

    def mean(self) -> float:
        return self.scale / (self.alpha - 1.0) if self.alpha > 1.0 else math.inf

    def var(self) -> float:
        return self.mean() ** 2 * self.alpha / (self.alpha - 2.0) if self.alpha > 2.0 else math.inf

    def tail_index(self) -> float:
        return self.alpha

    def _cdf(self, x: FloatArray) -> FloatArray:
        return -np.expm1(-self.alpha * np.log1p(x / self.scale))

    def _sf(self, x: FloatArray) -> FloatArray:
        return np.exp(-self.alpha * np.log1p(x / self.scale))

    def _ppf(self, u: FloatArray) -> FloatArray:
        return self.scale * np.expm1(-np.log1p(-u) / self.alpha)

    def _isf(self, v: FloatArray) -> FloatArray:
        return self.scale * np.expm1(-np.log(v) / self.alpha)


@dataclass(frozen=True)
class Genpareto(Family):
    """Excesses over a high threshold (generalised Pareto, `gpd` for short): power tail, exponential or bounded."""

    name = "genpareto"
    examples = (
        {"xi": 0.45, "scale": 8000.0},
        {"xi": 0.0, "scale": 1.0},
        {"xi": -0.4, "scale": 5.0},
        {"xi": 1e-9, "scale": 2.0},
    )
    formulas = (
        "scale / (1 - xi), infinite from xi 1",
        "scale^2 / ((1 - xi)^2 (1 - 2 xi)), infinite from xi 1/2",
    )

    xi: float = parameter("shape: above 0 a power tail of index 1/xi, below 0 bounded", Domain(-20.0, 20.0), "none")
    scale: float = parameter("scale", POSITIVE)

    def support(self) -> tuple[float, float]:
        return (0.0, -self.scale / self.xi if self.xi < 0.0 else math.inf)

    def mean(self) -> float:
        return self.scale / (1.0 - self.xi) if self.xi < 1.0 else math.inf

    def var(self) -> float:
        return self.mean() ** 2 / (1.0 - 2.0 * self.xi) if self.xi < 0.5 else math.inf

    def tail_index(self) -> float:
        return 1.0 / self.xi if self.xi > 0.0 else math.inf

    def _depth(self, x: FloatArray) -> FloatArray:
        """-log P(X > x)."""
        return x / self.scale if self.xi == 0.0 else np.log1p(self.xi * x / self.scale) / self.xi

    def _at_depth(self, depth: FloatArray) -> FloatArray:
        return self.scale * (depth if self.xi == 0.0 else np.expm1(self.xi * depth) / self.xi)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return -np.expm1(-self._depth(x))

    def _sf(self, x: FloatArray) -> FloatArray:
        return np.exp(-self._depth(x))

    def _ppf(self, u: FloatArray) -> FloatArray:
        return self._at_depth(-np.log1p(-u))

    def _isf(self, v: FloatArray) -> FloatArray:
        return self._at_depth(-np.log(v))


@dataclass(frozen=True)
class Burr(Family):
    """A power at both ends (Burr XII): a Weibull-like body, a power tail of index c k."""

    name = "burr"
    examples = (
        {"c": 1.6, "k": 1.5, "scale": 200.0},
        {"c": 0.5, "k": 2.5, "scale": 1.0},
        {"c": 20.0, "k": 0.4, "scale": 3.0},
    )
    formulas = (
        "scale k B(k - 1/c, 1 + 1/c), B the beta function; infinite up to c k = 1",
        "scale^2 k B(k - 2/c, 1 + 2/c) - mean^2; infinite up to c k = 2",
    )

    c: float = parameter("shape of the body", Domain(lo=0.05), "none")
    k: float = parameter("shape of the tail, whose index is c k", Domain(lo=0.05), "none")
    scale: float = parameter("scale", POSITIVE)

    def support(self) -> tuple[float, float]:
        return (0.0, math.inf)

    def mean(self) -> float:
        return self._raw(1)

    def var(self) -> float:
        return self._raw(2) - self._raw(1) ** 2 if self.tail_index() > 2.0 else math.inf

    def tail_index(self) -> float:
        return self.c * self.k

    def _raw(self, order: int) -> float:
        if self.tail_index() <= order:
            return math.inf
        power = order / self.c
        return float(self.scale**order * self.k * special.beta(self.k - power, 1.0 + power))

    def _cdf(self, x: FloatArray) -> FloatArray:
        return -np.expm1(-self._depth(x))

    def _sf(self, x: FloatArray) -> FloatArray:
        return np.exp(-self._depth(x))

    def _ppf(self, u: FloatArray) -> FloatArray:
        return self._at_depth(-np.log1p(-u))

    def _isf(self, v: FloatArray) -> FloatArray:
        return self._at_depth(-np.log(v))

    def _depth(self, x: FloatArray) -> FloatArray:
        """-log P(X > x); on logarithms, as (x / scale)^c overflows long before x does."""
        return self.k * np.logaddexp(0.0, self.c * np.log(x / self.scale))

    def _at_depth(self, depth: FloatArray) -> FloatArray:
        power = depth / self.k
        return self.scale * np.exp((power + np.log(-np.expm1(-power))) / self.c)
