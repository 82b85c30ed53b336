"""The metalog family (Keelin 2016): a law straight from three to six quantiles, of whatever shape they have."""

# ruff: noqa: D102 - what each verb means stands in law.py

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from distributions import ufuncs as special
from distributions.family import REAL, Family, parameter
from distributions.numerics import FloatArray, least_float

QUANTILES = {"p5": 0.05, "p10": 0.10, "p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
"""Percentiles that people may give, by name."""

_WIDEST = 750.0  # logits of the smallest doubles
_GRID = np.linspace(-40.0, 40.0, 8001)  # logits; beyond them a metalog is a straight line


@dataclass(frozen=True)
class Metalog(Family):
    """A law through three to six given percentiles, whatever shape they have, with or without ends.

    It has as many terms as there are percentiles, and goes through them exactly.

    References
    ----------
    T. W. Keelin, The Metalog Distributions, Decision Analysis 13 (2016) 243-277.
    """

    name = "metalog"
    examples = (
        {"p10": 0.8, "p50": 1.0, "p90": 1.5},
        {"p5": 20.0, "p50": 150.0, "p90": 600.0, "p99": 3000.0, "low": 0.0},
        {"p10": 0.2, "p50": 0.5, "p90": 0.9, "low": 0.0, "high": 1.0},
        {"p10": -2.0, "p50": 0.0, "p90": 1.0, "high": 3.0},
    )
    formulas = ("by quadrature", "by quadrature")

    p5: float | None = parameter("5th percentile", required=False)
    p10: float | None = parameter("10th percentile", required=False)
    p50: float | None = parameter("median", required=False)
    p90: float | None = parameter("90th percentile", required=False)
    p95: float | None = parameter("95th percentile", required=False)
    p99: float | None = parameter("99th percentile", required=False)
    low: float | None = parameter("least value; none when left out", REAL, required=False)
    high: float | None = parameter("greatest value; none when left out", REAL, required=False)

    def contradictions(self) -> list[str]:
        """Three or more percentiles, in order, inside the ends, and of a shape that a metalog can take."""
        given = self._points
        if len(given) < 3:
            return [f"a metalog needs three or more of {' '.join(QUANTILES)}; {len(given)} given"]
        values = [x for _, x in given]
        lo, hi = self.support()
        if any(a >= b for a, b in itertools.pairwise(values)):
            return ["the percentiles must rise: a higher one needs a larger value"]
        if not (lo < values[0] and values[-1] < hi):
            return ["every percentile must lie above `low` and below `high`"]
        if not self._rises():
            return [
                "no metalog goes through these percentiles: its density would be negative; give fewer, or a mixture"
            ]
        return []

    def support(self) -> tuple[float, float]:
        return (-math.inf if self.low is None else self.low, math.inf if self.high is None else self.high)

    def tail_index(self) -> float:
        slope = self._end_slopes[1]
        return 1.0 / slope if self.low is not None and self.high is None and slope > 0.0 else math.inf

    @property
    def _points(self) -> list[tuple[float, float]]:
        return [(p, x) for name, p in QUANTILES.items() if (x := getattr(self, name)) is not None]

    @cached_property
    def _terms(self) -> FloatArray:
        p, x = np.array(self._points).T
        basis = _basis(special.logit(p))[:, : p.size]
        return np.asarray(np.linalg.solve(basis, self._unbounded(x)), np.float64)

    @cached_property
    def _end_slopes(self) -> tuple[float, float]:
        """Slope in the logit far out in the lower and in the upper tail."""
        _, a2, a3, _, _, a6 = np.append(self._terms, np.zeros(6 - self._terms.size))
        return float(a2 - a3 / 2.0 + a6 / 4.0), float(a2 + a3 / 2.0 + a6 / 4.0)

    def _rises(self) -> bool:
        return bool(np.all(np.diff(self._at_logit(_GRID)) > 0.0))

    def _at_logit(self, t: FloatArray) -> FloatArray:
        """Quantile at the logit t, on the unbounded scale."""
        return np.asarray(_basis(t)[..., : self._terms.size] @ self._terms, np.float64)

    def _unbounded(self, x: FloatArray) -> FloatArray:
        lo, hi = self.support()
        if math.isinf(lo):
            return x if math.isinf(hi) else -np.log(hi - x)
        return np.log(x - lo) if math.isinf(hi) else np.log((x - lo) / (hi - x))

    def _bounded(self, z: FloatArray) -> FloatArray:
        lo, hi = self.support()
        if math.isinf(lo):
            return z if math.isinf(hi) else hi - np.exp(-z)
        return lo + (np.exp(z) if math.isinf(hi) else (hi - lo) * special.expit(z))

    def _logit(self, x: FloatArray) -> FloatArray:
        z = self._unbounded(x)
        ends = np.full(z.shape, _WIDEST)
        return least_float(lambda t: self._at_logit(t) >= z, -ends, ends)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return special.expit(self._logit(x))

    def _sf(self, x: FloatArray) -> FloatArray:
        return special.expit(-self._logit(x))

    def _ppf(self, u: FloatArray) -> FloatArray:
        return self._bounded(self._at_logit(special.logit(u)))

    def _isf(self, v: FloatArray) -> FloatArray:
        return self._bounded(self._at_logit(-special.logit(v)))


def _basis(t: FloatArray) -> FloatArray:
    """Keelin's six terms at the logits t, one a column."""
    h = np.tanh(t / 2.0) / 2.0
    return np.stack([np.ones_like(t), t, h * t, h, h * h, h * h * t], axis=-1)
