"""The user's data as a law: one column of a csv, csv.gz, parquet or jsonl file, with a fitted tail if asked for."""

# ruff: noqa: D102 - what each verb means stands in law.py

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from distributions.blends import Piece, Splice
from distributions.columns import read_column
from distributions.heavy import Genpareto
from distributions.law import LawError, LawProblem
from distributions.numerics import FloatArray
from distributions.quantity import format_number
from distributions.steps import Steps
from distributions.tail import Sample, fit_tail

MOST_STEPS = 4096
"""Values that a law keeps one by one. Of more, the largest stay, and bands below them become as many group means each.

Means and not quantiles, because the mean of a column is what a budget is made of, and so it stays exact."""

_WIDEST = 16.0  # ratio of the values at or above a band's two ends: no group holds over 0.4 % of the values from it up

_MOST_DISTINCT = 1 << 20
_ROUNDING_BITS = 36  # kept of a double's 52 where distinct values are too many: 16 bits, 1.5e-5 of the value


@dataclass(frozen=True)
class Data(Splice):
    """The values of one column, each as likely as the next; the largest, or a fitted tail, are a piece of their own.

    Attributes
    ----------
    about_tail : how a tail was fitted, in words; empty where there is none
    """

    n_values: int
    column: str
    file: str
    about_tail: str = ""

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

    def why_infinite(self) -> str:
        """Say what makes the mean infinite, and what to do."""
        return (
            f"infinite: its tail, {self.about_tail}, has index {self.tail_index():.3g}; leave `tail` out, start it "
            "higher with `at`, add `max: ...`, the most that a model takes, or write a `splice` of your own"
        )


def data_law(file: Path, column: str, tail: str | None = None, at: float | None = None) -> Data:
    """Law of a column of a file.

    Parameters
    ----------
    file : csv, csv.gz, parquet, jsonl or jsonl.gz
    column : its name; in jsonl a dotted path leads into nested records
    tail : "gpd" replaces the largest values by a generalised Pareto tail, see `fit_tail`
    at : share of the values below that tail; chosen by `fit_tail` when left out

    Raises
    ------
    LawError
        Where the file or the column is not there, a value is missing, not a number, or not finite, or no tail fits.
    """
    sample = gather(read_column(file, column))
    if not sample.values.size:
        raise LawError([LawProblem(("column",), f"{file.name} has no rows: {column!r} is empty", column)])
    pieces, about = _with_tail(sample, at) if tail == "gpd" else (_steps(sample), "")
    return Data(tuple(pieces), int(np.sum(sample.counts)), column, file.name, about)


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


def equal_shares(sample: Sample, most: int) -> FloatArray:
    """A sample as a sorted list of at most so many values of equal share; their mean is the sample's."""
    if int(np.sum(sample.counts)) <= most:
        return np.repeat(sample.values, sample.counts)
    return _group_means(sample, most)


def _with_tail(sample: Sample, at: float | None) -> tuple[list[Piece], str]:
    tail = fit_tail(sample, at)
    body = sample.values <= tail.threshold
    pieces = [
        Piece(piece.weight * (1.0 - tail.share), piece.law)
        for piece in _steps(Sample(sample.values[body], sample.counts[body]))
    ]
    return [*pieces, Piece(tail.share, tail.excess, tail.threshold)], tail.about


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
