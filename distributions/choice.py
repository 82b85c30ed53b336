"""What a law was chosen by: the quantiles and the mean of data and law, and all that stands beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from distributions.excess import Excess, hill, mean_excess
from distributions.fit import Fitted
from distributions.law import Law
from distributions.numerics import Z_95, FloatArray
from distributions.quantity import signed_percent
from distributions.tail import Sample

QUANTILES = (0.5, 0.9, 0.95, 0.99)
FLOOR = 0.03
"""What a quantile or the mean of a law may be off however many the data are."""

MANY = 200
"""Values from which on the data can stand for themselves, so that a law has to come nearer to replace them."""

_Z = Z_95, 1.0
"""Standard errors that a quantile or the mean may be off: of fewer than `MANY` values, and of more."""


@dataclass(frozen=True)
class Near:
    """A quantile or the mean of the data, what its sampling error leaves open, and what a law has.

    Attributes
    ----------
    name : P50 ... or mean
    data, low, high : the data's, and what its sampling error leaves open: 95 %, of many values 68 %
    law : the law's
    """

    name: str
    data: float
    low: float
    high: float
    law: float

    @property
    def holds(self) -> bool:
        """Whether the law's is one that the data leave open, or within `FLOOR` of theirs."""
        slack = FLOOR * abs(self.data)
        return min(self.low, self.data - slack) <= self.law <= max(self.high, self.data + slack)

    @property
    def off(self) -> float:
        """Relative difference."""
        return self.law / self.data - 1.0 if self.data else (0.0 if self.law == self.data else math.inf)


@dataclass(frozen=True)
class Choice:
    """A law for some data.

    Attributes
    ----------
    expression : in the language of scenarios; a law of data has the column "body", to be renamed with its file
    body : values for that file, at most 4,096; None where the expression needs none
    law : what the expression means
    n : values
    candidates, refused : families by rising AIC, those of no rank last; why the others can't be
    near : quantiles and mean of data and law
    tail : where the data have one
    atoms : values that many of the data are exactly, with their shares
    truncated_at : a limit that no value passes, where many stand at it
    warnings : sentences
    quality : one line: what it is, and how near
    sample : the data
    few : the one of the warnings that says that there are too few values for a P99; empty where there are enough
    """

    expression: Any
    body: FloatArray | None
    law: Law
    n: int
    candidates: tuple[Fitted, ...]
    refused: Mapping[str, str]
    near: tuple[Near, ...]
    tail: Excess | None
    atoms: tuple[tuple[float, float], ...]
    truncated_at: float | None
    warnings: tuple[str, ...]
    quality: str
    sample: Sample
    few: str = ""

    @cached_property
    def hill(self) -> tuple[FloatArray, FloatArray]:
        """Hill's estimates of the tail index by number of values used; see `excess.hill`."""
        return hill(self.sample)

    @cached_property
    def mean_excess(self) -> tuple[FloatArray, FloatArray]:
        """Mean excess by threshold; see `excess.mean_excess`."""
        return mean_excess(self.sample)


def near(sample: Sample, law: Law) -> tuple[Near, ...]:
    """Quantiles and mean of data and law; a quantile with fewer than five values beyond it is left out, P50 never."""
    return compared(known_of(sample), law)


def known_of(sample: Sample) -> list[tuple[float | None, float, float, float]]:
    """Share (None for the mean), value, and what its sampling error leaves open, low and high."""
    n = int(np.sum(sample.counts))
    z = _Z[n >= MANY]
    upto = np.cumsum(sample.counts)

    def at(rank: float) -> float:
        return float(sample.values[np.searchsorted(upto, min(max(math.ceil(rank), 1), n))])

    found: list[tuple[float | None, float, float, float]] = []
    for share in QUANTILES:
        if share > 0.5 and n * (1.0 - share) < 5.0:
            continue
        margin = z * math.sqrt(n * share * (1.0 - share))
        found.append((share, at(share * n), at(share * n - margin), at(share * n + margin + 1)))
    mean = float(sample.counts @ sample.values) / n
    margin = z * math.sqrt(float(sample.counts @ (sample.values - mean) ** 2)) / n
    return [*found, (None, mean, mean - margin, mean + margin)]


def against(found: Sequence[Near]) -> str:
    """How near a law is, in words: ``against the data P50 +0.2 %, mean 0.0 %``; empty where nothing is to compare."""
    said = ", ".join(f"{each.name} {signed_percent(each.off)}" for each in found if math.isfinite(each.off))
    return f"against the data {said}" if said else ""


def compared(known: list[tuple[float | None, float, float, float]], law: Law) -> tuple[Near, ...]:
    """Beside what is known of the data, the same of a law."""
    return tuple(
        Near("mean", data, low, high, law.mean())
        if share is None
        else Near(f"P{100 * share:g}", data, low, high, float(law.ppf([share])[0]))
        for share, data, low, high in known
    )
