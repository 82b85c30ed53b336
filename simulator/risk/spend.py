"""The spend of a period as a distribution over trials."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import overload

import numpy as np
import numpy.typing as npt

from simulator.engine.tally import FloatArray, IntArray, Tally
from simulator.risk.money import array_in_currency, exact_mean, in_currency
from simulator.risk.quantiles import LEVEL, RankInterval, interval_ranks, quantile_of_sorted
from simulator.risk.replicates import width_ratio

PERCENTILES = (5, 10, 50, 80, 90, 95, 99)
CI_PERCENTILES = (50, 95, 99)


def spend_units(tally: Tally) -> IntArray:
    """Spend of each trial, int64[T] in units: everything that the scenario costs."""
    units: IntArray = tally.cells.sum(axis=1)
    return units


def covered_units(tally: Tally) -> IntArray:
    """What the budget covers of each trial's spend, int64[T] in units."""
    units: IntArray = tally.covered.sum(axis=1)
    return units


class Spend:
    """Money of one period over trials: exact integers behind, currency in front.

    Parameters
    ----------
    units : int64[T]
        One amount a trial, T at least 1, in the order of the trials.
    unit : float
        Currency in one unit.
    replicate : int64[T], optional
        Which replicate each trial belongs to, as `simulator.risk.replicates.replicates` gives it; None where trials are
        independent.
    """

    def __init__(self, units: IntArray, unit: float, replicate: IntArray | None = None) -> None:
        if len(units) == 0:
            raise ValueError("there are no finished trials")
        self._units = units
        self._unit = unit
        self._replicate = replicate

    @cached_property
    def _ordered(self) -> FloatArray:
        return np.sort(self.samples)

    @cached_property
    def samples(self) -> FloatArray:
        """float64[T], the amounts in currency, in the order of the trials."""
        return array_in_currency(self._units, self._unit)

    def __len__(self) -> int:
        return len(self._units)

    def __repr__(self) -> str:
        return f"Spend(mean {self.mean:,.6g}, P50 {self.p50:,.6g}, P95 {self.p95:,.6g}, {len(self):,} trials)"

    @overload
    def quantile(self, p: float) -> float: ...

    @overload
    def quantile(self, p: Sequence[float] | FloatArray) -> FloatArray: ...

    def quantile(self, p: float | Sequence[float] | FloatArray) -> float | FloatArray:
        """The smallest amount that at least p of the trials do not pass, in currency.

        Parameters
        ----------
        p : float or array of any shape
            In [0, 1]; ValueError names what is not.

        Returns
        -------
        float, or float64 of the shape of p
        """
        points = np.asarray(p)
        amounts = [quantile_of_sorted(self._ordered, point) for point in points.ravel().tolist()]
        return np.array(amounts, dtype=np.float64).reshape(points.shape) if points.ndim else amounts[0]

    def ci(self, p: float) -> tuple[float, float]:
        """95 % confidence interval of the quantile at p, in currency; see `ci_clamped` for what it may lack.

        From order statistics where trials are independent, and from how far replicates differ where they are Sobol
        points.
        """
        ranks = self._interval(p)
        return float(self._ordered[ranks.low - 1]), float(self._ordered[ranks.high - 1])

    def ci_clamped(self, p: float) -> bool:
        """Whether the trials are too few for the interval at p, so that an end stands at their minimum or maximum."""
        ranks = self._interval(p)
        return ranks.clamped_low or ranks.clamped_high

    def _interval(self, p: float) -> RankInterval:
        width = width_ratio(self.samples <= self.quantile(p), self._replicate, LEVEL)
        return interval_ranks(p, len(self), width=width)

    def tvar(self, p: float) -> float:
        """Mean of the trials at or beyond the quantile at p (tail value at risk), in currency."""
        return in_currency(exact_mean(self._units[self.tail(p)]), self._unit)

    def tail(self, p: float) -> npt.NDArray[np.bool_]:
        """bool[T], which trials are at or beyond the quantile at p; at least one of them."""
        beyond: npt.NDArray[np.bool_] = self.samples >= self.quantile(p)
        return beyond

    @cached_property
    def mean(self) -> float:
        """Mean over the trials, in currency."""
        return in_currency(exact_mean(self._units), self._unit)

    @cached_property
    def sd(self) -> float:
        """Standard deviation (n - 1 in the denominator), in currency; nan of a single trial."""
        if len(self) < 2:
            return math.nan
        # around an integer near the mean, so that equal amounts have a deviation of exactly 0
        centred = self._units - round(exact_mean(self._units))
        return float(np.std(array_in_currency(centred, self._unit), ddof=1))

    @property
    def min(self) -> float:
        """Cheapest trial, in currency."""
        return float(self._ordered[0])

    @property
    def max(self) -> float:
        """Dearest trial, in currency."""
        return float(self._ordered[-1])

    @property
    def p50(self) -> float:
        """The median, in currency."""
        return self.quantile(0.50)

    @property
    def p95(self) -> float:
        """What 95 % of the trials do not pass, in currency."""
        return self.quantile(0.95)

    @property
    def p99(self) -> float:
        """What 99 % of the trials do not pass, in currency."""
        return self.quantile(0.99)

    def to_dict(self) -> dict[str, object]:
        """The ``spend`` object of a run's JSON."""
        percentiles = {f"p{k}": self.quantile(k / 100) for k in PERCENTILES}
        return {
            "mean": self.mean,
            "sd": self.sd,
            **percentiles,
            "min": self.min,
            "max": self.max,
            "tvar95": self.tvar(0.95),
            "tvar99": self.tvar(0.99),
            "ci": {f"p{k}": list(self.ci(k / 100)) for k in CI_PERCENTILES},
            "ci_clamped": [f"p{k}" for k in CI_PERCENTILES if self.ci_clamped(k / 100)],
        }
