"""The user's data as a law: one column of a csv, csv.gz, parquet or jsonl file, with a fitted tail if asked for."""

# ruff: noqa: D102 - what each verb means stands in law.py

from __future__ import annotations

import csv
import difflib
import gzip
import itertools
import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import numpy as np
from numpy.typing import NDArray

from distributions.compose import Piece, Splice
from distributions.families import Genpareto
from distributions.law import LawError, LawProblem
from distributions.numerics import FloatArray
from distributions.quantity import format_number
from distributions.steps import Steps

SUFFIXES = (".csv", ".csv.gz", ".parquet", ".jsonl", ".jsonl.gz")
"""Kinds of files that are read."""

MOST_STEPS = 4096
"""Values that a law keeps one by one; of more, the largest stay and the others become as many equally likely means."""

_CHUNK = 1 << 16
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
    file : of a kind in SUFFIXES
    column : its name; in jsonl a dotted path leads into nested records
    tail : "gpd" replaces the largest values by a generalised Pareto tail, see `fit_tail`

    Raises
    ------
    LawError
        Where the file or the column is not there, or a value is missing, not a number, or not finite.
    """
    sample = gather(_read(file, column))
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
    """All values one by one, or the largest so and the others in equally likely groups, each at its mean."""
    n = int(np.sum(sample.counts))
    top = np.repeat(sample.values[::-1], np.minimum(sample.counts[::-1], MOST_STEPS))[:MOST_STEPS][::-1]
    if n <= MOST_STEPS:
        return [Piece(1.0, Steps(tuple(top.tolist())))]
    counts = np.minimum(sample.counts, np.maximum(n - top.size - (np.cumsum(sample.counts) - sample.counts), 0))
    n_groups = min(MOST_STEPS, n - top.size)
    share = (n - top.size) / n
    groups = _group_means(Sample(sample.values, counts), n_groups)
    return [Piece(share, Steps(tuple(groups.tolist()))), Piece(1.0 - share, Steps(tuple(top.tolist())))]


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


# -- readers: each yields chunks of one column -------------------------------------------------------------------


def _read(file: Path, column: str) -> Iterator[FloatArray]:
    readers = {".csv": _read_csv, ".jsonl": _read_jsonl, ".parquet": _read_parquet}
    name = file.name.lower()
    kind = Path(name.removesuffix(".gz")).suffix
    if not name.endswith(SUFFIXES):
        raise LawError(
            [LawProblem(("file",), f"{file.name} is of no kind that is read", str(file), " ".join(SUFFIXES))]
        )
    if not file.is_file():
        raise LawError([LawProblem(("file",), f"there is no data file {file}{_neighbours(file)}", str(file))])
    try:
        yield from readers[kind](file, column)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise LawError([LawProblem(("file",), f"{file} can't be read: {error}", str(file))]) from None


def _neighbours(file: Path) -> str:
    folder = file.parent
    if not folder.is_dir():
        return f" (nor a folder {folder})"
    near = difflib.get_close_matches(file.name, [path.name for path in folder.iterdir()], n=2)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _open_text(file: Path) -> TextIO:
    if file.name.lower().endswith(".gz"):
        return gzip.open(file, "rt", encoding="utf-8-sig", newline="")
    return file.open(encoding="utf-8-sig", newline="")


def _read_csv(file: Path, column: str) -> Iterator[FloatArray]:
    with _open_text(file) as text:
        rows = csv.reader(text)
        header = [name.strip() for name in next(rows, [])]
        if column not in header:
            raise _no_column(file, column, header)
        index = header.index(column)
        numbered = ((rows.line_num, row[index] if index < len(row) else "") for row in rows if row)
        while chunk := list(itertools.islice(numbered, _CHUNK)):
            yield _numbers(chunk, file, column)


def _read_jsonl(file: Path, column: str) -> Iterator[FloatArray]:
    with _open_text(file) as text:
        numbered = ((n, _field(entry, file, column, n)) for n, entry in enumerate(text, 1) if entry.strip())
        while chunk := list(itertools.islice(numbered, _CHUNK)):
            yield _numbers(chunk, file, column)


def _read_parquet(file: Path, column: str) -> Iterator[FloatArray]:
    from pyarrow import ArrowInvalid, parquet, types

    try:
        table = parquet.ParquetFile(file)
    except ArrowInvalid as error:
        raise LawError([LawProblem(("file",), f"{file} is not a parquet file: {error}", str(file))]) from None
    with table:
        names = table.schema_arrow.names
        if column not in names:
            raise _no_column(file, column, names)
        kind = table.schema_arrow.field(column).type
        if not (types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)):
            raise LawError(
                [LawProblem(("column",), f"{column!r} of {file.name} is not numeric: it holds {kind}", column)]
            )
        first = 1
        for batch in table.iter_batches(_CHUNK, columns=[column]):
            yield _numbers(list(enumerate(batch.column(0).to_pylist(), first)), file, column, "row")
            first += len(batch)


def _field(entry: str, file: Path, column: str, line: int) -> Any:
    """Value at a dotted path of one record."""
    try:
        record = json.loads(entry)
    except json.JSONDecodeError as error:
        raise LawError(
            [LawProblem(("file",), f"line {line} of {file} is not JSON: {error.msg}", entry[:80].strip())]
        ) from None
    value = record
    for name in [column] if isinstance(record, dict) and column in record else column.split("."):
        if not isinstance(value, dict) or name not in value:
            names = list(value) if isinstance(value, dict) else []
            raise _no_column(file, column, names, f"line {line} of ")
        value = value[name]
    return value


def _no_column(file: Path, column: str, names: list[str], where: str = "") -> LawError:
    near = difflib.get_close_matches(column, names, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return LawError(
        [LawProblem(("column",), f"{where}{file.name} has no column {column!r}{hint}", column, ", ".join(names))]
    )


def _numbers(cells: list[tuple[int, Any]], file: Path, column: str, unit: str = "line") -> FloatArray:
    """Numbered cells as numbers; the first that is none is an error with its place."""
    numbers = np.empty(len(cells))
    for i, (place, cell) in enumerate(cells):
        try:
            numbers[i] = cell if not isinstance(cell, bool) else math.nan
        except (TypeError, ValueError):
            numbers[i] = math.nan
        if not math.isfinite(numbers[i]):
            what = "is empty" if cell in (None, "") else f"is {cell!r}, not a finite number,"
            raise LawError([LawProblem(("column",), f"{column!r} {what} in {unit} {place} of {file.name}", cell)])
    return numbers
