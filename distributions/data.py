"""The user's data as a law: one column of a csv, csv.gz, parquet or jsonl file, with a fitted tail if asked for."""

# ruff: noqa: D102 - what each verb means stands in law.py

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distributions.blends import Piece, Splice
from distributions.columns import read_column
from distributions.heavy import Genpareto
from distributions.law import LawError, LawProblem
from distributions.numerics import FloatArray
from distributions.quantity import format_number
from distributions.steps import Steps

MOST_STEPS = 4096
"""Values that a law keeps one by one. Of more, the largest stay, and bands below them become as many group means each.

Means and not quantiles, because the mean of a column is what a budget is made of, and so it stays exact."""

_WIDEST = 16.0  # ratio of the values at or above a band's two ends: no group holds over 0.4 % of the values from it up

_MOST_DISTINCT = 1 << 20
_ROUNDING_BITS = 36  # kept of a double's 52 where distinct values are too many: 16 bits, 1.5e-5 of the value
_FLAT = 1e-8  # xi over scale below which a tail is as good as exponential
_TAIL_FROM, _TAIL_LEAST, _TAIL_SAMPLE = 0.95, 50, 200


class Sample(NamedTuple):
    """Distinct values in rising order, and how often each was seen."""

    values: FloatArray
    counts: NDArray[np.int64]


@dataclass(frozen=True)
class Data(Splice):
    """The values of one column, each as likely as the next; the largest, or a fitted tail, are a piece of their own."""

    n_values: int
    column: str
    file: str

    @property
    def measured(self) -> bool:
        """Data are measured."""
        return True

    def title(self) -> str:
        return f"{self.n_values:,} values of {self.column} in {self.file}"

    def describe(self) -> str:
        """Say how many values from where, what they are like, and which tail follows them."""
        p50, p95 = (format_number(float(q)) for q in self.ppf([0.5, 0.95]))
        tails = [piece.law.describe() for piece in self.pieces if isinstance(piece.law, Genpareto)]
        return ", ".join([self.title(), f"P50 {p50}, P95 {p95}", *(f"tail {tail}" for tail in tails)])


def data_law(file: Path, column: str, tail: str | None = None) -> Data:
    """Law of a column of a file.

    Parameters
    ----------
    file : csv, csv.gz, parquet, jsonl or jsonl.gz
    column : its name; in jsonl a dotted path leads into nested records
    tail : "gpd" replaces the largest values by a generalised Pareto tail, see `fit_tail`

    Raises
    ------
    LawError
        Where the file or the column is not there, or a value is missing, not a number, or not finite.
    """
    sample = gather(read_column(file, column))
    if not sample.values.size:
        raise LawError([LawProblem(("column",), f"{file.name} has no rows: {column!r} is empty", column)])
    pieces = _with_tail(sample) if tail == "gpd" else _steps(sample)
    return Data(tuple(pieces), int(np.sum(sample.counts)), column, file.name)


def gather(chunks: Iterable[FloatArray]) -> Sample:
    """Collect values into a sample whose size does not grow with the file.

    Notes
    -----
    Whole numbers repeat, so that distinct values are few. Where more than a million are distinct they are rounded to
    1.5e-5 of themselves.
    """
    sample, waiting = Sample(np.zeros(0), np.zeros(0, np.int64)), list[FloatArray]()
    for chunk in chunks:
        waiting.append(chunk)
        if sum(map(len, waiting)) >= _MOST_DISTINCT:
            sample, waiting = _merged(sample, waiting), []
    return _merged(sample, waiting)


def fit_tail(sample: Sample) -> tuple[float, float, Genpareto]:
    """Threshold, share of the values above it, and the generalised Pareto law of their excesses by maximum likelihood.

    Notes
    -----
    The threshold is the 95 % quantile, or the highest with 50 values above it where that is lower.

    Raises
    ------
    LawError
        Where there are fewer than 200 values, or all above the threshold are the same.
    """
    n = int(np.sum(sample.counts))
    if n < _TAIL_SAMPLE:
        raise LawError([LawProblem(("tail",), f"a tail needs at least {_TAIL_SAMPLE} values; there are {n}")])
    cumulative = np.cumsum(sample.counts)
    rank = min(math.ceil(_TAIL_FROM * n), n - _TAIL_LEAST)
    index = int(np.searchsorted(cumulative, rank))
    threshold, n_above = float(sample.values[index]), n - int(cumulative[index])
    excesses, counts = sample.values[index + 1 :] - threshold, sample.counts[index + 1 :]
    if excesses.size < 2:
        message = f"no tail can be fitted: almost nothing lies above P95 ({format_number(threshold)}); leave `tail` out"
        raise LawError([LawProblem(("tail",), message)])
    return threshold, n_above / n, _most_likely(excesses, counts)


def _most_likely(excesses: FloatArray, counts: NDArray[np.int64]) -> Genpareto:
    """Maximum-likelihood tail; profiled over xi/scale, which leaves one unknown (Grimshaw 1993)."""
    from scipy import optimize

    weights = counts / np.sum(counts)
    unit = float(weights @ excesses)
    scaled = excesses / unit

    def xi_of(theta: float) -> float:
        return float(weights @ np.log1p(theta * scaled))

    def minus_log_likelihood(theta: float) -> float:
        if abs(theta) < _FLAT:
            return 1.0
        xi = xi_of(theta)
        return math.log(xi / theta) + xi + 1.0 if xi > -1.0 else math.inf  # below -1 the likelihood has no maximum

    bounded = -(1.0 - np.geomspace(1e-6, 0.99, 49)) / float(scaled[-1])
    grid = np.concatenate([bounded, [0.0], np.geomspace(1e-4, 1e3, 65)])
    best = int(np.argmin([minus_log_likelihood(theta) for theta in grid]))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)]
    found = optimize.minimize_scalar(minus_log_likelihood, bounds=ends, method="bounded", options={"xatol": 1e-10})
    theta = float(found.x)
    return Genpareto(xi_of(theta), unit * (xi_of(theta) / theta if abs(theta) >= _FLAT else 1.0))


def _with_tail(sample: Sample) -> list[Piece]:
    threshold, share, tail = fit_tail(sample)
    body = sample.values <= threshold
    pieces = _steps(Sample(sample.values[body], sample.counts[body]))
    return [*(Piece(piece.weight * (1.0 - share), piece.law) for piece in pieces), Piece(share, tail, threshold)]


def _steps(sample: Sample) -> list[Piece]:
    """All values one by one, or the largest so and bands below them in groups that are finer the higher they lie.

    Groups of one size for all would be as coarse just below the largest values as at the median: of ten million
    values, the P99.95 would be off by a tenth.
    """
    n = int(np.sum(sample.counts))
    n_bands = math.ceil(math.log(n / MOST_STEPS) / math.log(_WIDEST)) if n > MOST_STEPS else 0
    ends = [n - round(MOST_STEPS * (n / MOST_STEPS) ** (band / n_bands)) for band in range(n_bands, 0, -1)]
    ranks = [*ends, max(0, n - MOST_STEPS), n]
    return [Piece((hi - lo) / n, _band(sample, lo, hi)) for lo, hi in itertools.pairwise(ranks)]


def _band(sample: Sample, lo: int, hi: int) -> Steps:
    """Return the values of ranks lo to hi, counted from below: one by one, or as means of equally large groups."""
    through = np.cumsum(sample.counts)
    counts = np.clip(through, lo, hi) - np.clip(through - sample.counts, lo, hi)
    if hi - lo <= MOST_STEPS:
        return Steps(tuple(np.repeat(sample.values, counts).tolist()))
    inside = counts > 0
    return Steps(tuple(_group_means(Sample(sample.values[inside], counts[inside]), MOST_STEPS).tolist()))


def _group_means(sample: Sample, n_groups: int) -> FloatArray:
    """Means of equally large groups of neighbouring values; a value may be shared between two groups."""
    sizes = np.concatenate([[0], np.cumsum(sample.counts)])
    sums = np.concatenate([[0.0], np.cumsum(sample.counts * sample.values)])
    edges = np.interp(np.linspace(0.0, sizes[-1], n_groups + 1), sizes, sums)
    means = np.diff(edges) * (n_groups / sizes[-1])
    return np.clip(np.maximum.accumulate(means), sample.values[0], sample.values[-1])


def _merged(sample: Sample, chunks: list[FloatArray]) -> Sample:
    values = np.concatenate([sample.values, *chunks])
    counts = np.concatenate([sample.counts, np.ones(values.size - sample.values.size, np.int64)])
    distinct, index = np.unique(values, return_inverse=True)
    if distinct.size > _MOST_DISTINCT:
        distinct, index = np.unique(_rounded(values), return_inverse=True)
    return Sample(distinct, np.bincount(index, weights=counts, minlength=distinct.size).astype(np.int64))


def _rounded(x: FloatArray) -> FloatArray:
    half, low = np.int64(1 << (_ROUNDING_BITS - 1)), np.int64((1 << _ROUNDING_BITS) - 1)
    return ((x.view(np.int64) + half) & ~low).view(np.float64)
