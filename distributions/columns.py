"""One column of a file, chunk by chunk: csv, parquet and jsonl, with the place of the first cell that is no number."""

from __future__ import annotations

import csv
import difflib
import gzip
import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from distributions.law import LawError, LawProblem
from distributions.numerics import FloatArray
from distributions.quantity import GREATEST

SUFFIXES = (".csv", ".csv.gz", ".parquet", ".jsonl", ".jsonl.gz")
"""Kinds of files that are read."""

_CHUNK = 1 << 16


def read_column(file: Path, column: str) -> Iterator[FloatArray]:
    """Read one column of numbers.

    Parameters
    ----------
    file : of a kind in SUFFIXES
    column : its name; in jsonl a dotted path leads into nested records

    Yields
    ------
    float64[n], finite, at most 65,536 at a time

    Raises
    ------
    LawError
        Where the file or the column is not there, or a cell is empty, no number, or not finite.
    """
    readers = {".csv": _read_csv, ".jsonl": _read_jsonl, ".parquet": _read_parquet}
    name = file.name.lower()
    kind = Path(name.removesuffix(".gz")).suffix
    if not name.endswith(SUFFIXES):
        raise LawError(
            [LawProblem(("file",), f"{file.name} is of no kind that is read", str(file), " ".join(SUFFIXES))]
        )
    if file.is_dir():
        raise LawError([LawProblem(("file",), f"{file} is a folder, not a data file", str(file))])
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
    except (ValueError, RecursionError) as error:  # besides malformed text: numbers too long, brackets too deep
        why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise LawError(
            [LawProblem(("file",), f"line {line} of {file} is not JSON: {why}", entry[:80].strip())]
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
        if not abs(numbers[i]) <= GREATEST:  # NaN is not, either
            what = "is empty" if cell in (None, "") else f"is {cell!r}, {_why_none(numbers[i])},"
            raise LawError([LawProblem(("column",), f"{column!r} {what} in {unit} {place} of {file.name}", cell)])
    return numbers


def _why_none(number: float) -> str:
    return f"beyond {GREATEST:g}" if math.isfinite(number) else "not a finite number"
