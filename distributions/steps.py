"""The law of a list of values, each as likely as the next: what data are."""

# ruff: noqa: D102 - what each verb means stands in law.py

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from distributions.law import Law
from distributions.numerics import FloatArray

_DUST = 8.0 * np.finfo(np.float64).eps


@dataclass(frozen=True)
class Steps(Law):
    """Sorted values of equal probability; the moments are those of the list.

    Attributes
    ----------
    values : sorted, finite, at least one
    """

    values: tuple[float, ...]

    @cached_property
    def array(self) -> FloatArray:
        """The values, float64[n]."""
        return np.array(self.values)

    @property
    def discrete(self) -> bool:
        """Whether every value is a whole number."""
        return bool(np.all(self.array == np.round(self.array)))

    def support(self) -> tuple[float, float]:
        return (self.values[0], self.values[-1])

    def mean(self) -> float:
        return math.fsum(self.values) / len(self.values)

    def var(self) -> float:
        return float(np.mean((self.array - self.mean()) ** 2))

    def partial_moment(self, k: int, lo: float = -math.inf, hi: float = math.inf, center: float = 0.0) -> float:
        """E[(X - center)^k; lo <= X <= hi], summed."""
        inside = self.array[(self.array >= lo) & (self.array <= hi)]
        return float(np.sum((inside - center) ** k)) / len(self.values)

    def tail_index(self) -> float:
        return math.inf

    def title(self) -> str:
        return f"{len(self.values):,} values"

    def within(self, lo: float, hi: float) -> Steps:
        """Return the law of those values that lie in [lo, hi]; at least one must."""
        return Steps(tuple(x for x in self.values if lo <= x <= hi))

    def p_below(self, x: float) -> float:
        """P(X < x)."""
        return float(np.searchsorted(self.array, x, side="left")) / len(self.values)

    def p_from(self, x: float) -> float:
        """P(X >= x)."""
        return 1.0 - self.p_below(x)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return np.searchsorted(self.array, x, side="right") / len(self.values)

    def _sf(self, x: FloatArray) -> FloatArray:
        return (len(self.values) - np.searchsorted(self.array, x, side="right")) / len(self.values)

    def _ppf(self, u: FloatArray) -> FloatArray:
        return self._ranked(np.ceil(len(self.values) * u * (1.0 - _DUST)) - 1.0)

    def _isf(self, v: FloatArray) -> FloatArray:
        return self._ranked(len(self.values) - 1.0 - np.floor(len(self.values) * v * (1.0 + _DUST)))

    def _ranked(self, rank: FloatArray) -> FloatArray:
        return self.array[np.clip(rank, 0, len(self.values) - 1).astype(np.int64)]
