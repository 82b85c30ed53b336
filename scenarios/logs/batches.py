"""Columns of csv, JSON lines and Parquet files, batch by batch in bounded memory: only those that are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from scenarios.logs.csv_tables import Table, csv_tables
from scenarios.logs.reading import LogError
from scenarios.logs.records import json_texts
from scenarios.logs.source import Source

_ROWS = 1 << 14
_PLAIN = {str, int, float, bool, type(None)}


@dataclass(frozen=True)
class Batch:
    """Some rows of a file.

    Attributes
    ----------
    columns : by name or dotted path, cells as text, numbers, booleans, dates or None
    lines : number of each row in its file, from 1
    source : where they are from
    """

    columns: dict[str, NDArray[Any]]
    lines: NDArray[np.int64]
    source: Source

    def __len__(self) -> int:
        return len(self.lines)

    def where(self, keep: NDArray[np.bool_]) -> Batch:
        """Return the rows that a mask keeps."""
        return Batch({name: cells[keep] for name, cells in self.columns.items()}, self.lines[keep], self.source)

    def skip(self, rows: NDArray[np.bool_], reason: str) -> None:
        """Count rows that can't be used."""
        for line in self.lines[rows][:3].tolist():
            self.source.reading.skip(reason, self.source.place(line))
        more = int(rows.sum()) - min(3, int(rows.sum()))
        if more:
            self.source.reading.skip(reason, "", more)


def batches(source: Source, kind: str, columns: Sequence[str]) -> Iterator[Batch]:
    """Rows of a file of a kind (csv, json, parquet), of these columns only."""
    wanted = list(dict.fromkeys(columns))
    yield from {"csv": _csv, "json": _json, "parquet": _parquet}[kind](source, wanted)


def _csv(source: Source, wanted: Sequence[str]) -> Iterator[Batch]:
    def choose(header: Sequence[str]) -> Sequence[int]:
        names = [name.strip() for name in header]
        return [names.index(name) for name in wanted]

    waiting: list[Table] = []
    for table in csv_tables(source, choose):
        waiting.append(table)
        if sum(len(each.lines) for each in waiting) >= _ROWS:
            yield _joined(source, waiting, wanted)
            waiting = []
    if waiting:
        yield _joined(source, waiting, wanted)


def _joined(source: Source, tables: Sequence[Table], wanted: Sequence[str]) -> Batch:
    cells = zip(*(table.columns for table in tables), strict=True)
    columns = {name: _array(map(str.strip, chain(*parts))) for name, parts in zip(wanted, cells, strict=True)}
    return Batch(columns, np.array([*chain(*(table.lines for table in tables))], np.int64), source)


def _array(cells: Iterable[Any]) -> NDArray[Any]:
    listed = list(cells)
    array = np.empty(len(listed), object)
    array[:] = listed
    return array


def _parquet(source: Source, wanted: Sequence[str]) -> Iterator[Batch]:
    import pyarrow as pa
    from pyarrow import parquet

    rows = 0
    try:
        with parquet.ParquetFile(source.path) as file:
            for batch in file.iter_batches(_ROWS, columns=list(wanted)):
                columns = {name: _cells(batch, name) for name in wanted}
                yield Batch(columns, np.arange(rows + 1, rows + len(batch) + 1), source)
                rows += len(batch)
    except (pa.ArrowInvalid, OSError) as error:
        source.reading.skip(f"the rest can't be read as Parquet ({_first(error)})", source.place(rows + 1))
    source.reading.lines += rows


def _cells(batch: Any, path: str) -> NDArray[Any]:
    import pyarrow as pa
    import pyarrow.compute as pc

    if path in batch.schema.names:
        column = batch.column(path)
    else:
        first, *rest = path.split(".")
        column = pc.struct_field(batch.column(first), rest)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        column = pc.cast(pc.cast(column, pa.timestamp("us", tz=column.type.tz), safe=False), pa.int64())
    if pa.types.is_decimal(column.type):
        column = pc.cast(column, pa.float64())
    cells: NDArray[Any] = column.to_numpy(zero_copy_only=False)
    return cells


def _json(source: Source, wanted: Sequence[str]) -> Iterator[Batch]:
    decode = msgspec.json.Decoder(_record(wanted)).decode
    waiting: list[Any] = []
    numbers: list[int] = []
    for number, line in json_texts(source, source.head()):
        try:
            waiting.append(decode(line))
            numbers.append(number)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            what = "is no record" if isinstance(error, msgspec.ValidationError) else "is not JSON"
            source.reading.skip(f"a line {what}", source.place(number))
        if len(waiting) >= _ROWS:
            yield _columns(source, waiting, numbers, wanted)
            waiting, numbers = [], []
    if waiting:
        yield _columns(source, waiting, numbers, wanted)


def _record(wanted: Sequence[str]) -> Any:
    """A type with the wanted fields and no other: what nobody asked for is passed over and never becomes an object."""
    tops = list(dict.fromkeys(path.partition(".")[0] for path in wanted))
    names = {f"f{i}": top for i, top in enumerate(tops)}
    return msgspec.defstruct("Record", [(name, Any, None) for name in names], rename=names, gc=False)


def _columns(source: Source, records: Sequence[Any], numbers: Sequence[int], wanted: Sequence[str]) -> Batch:
    tops = list(dict.fromkeys(path.partition(".")[0] for path in wanted))
    columns = {}
    for path in wanted:
        top, *below = path.split(".")
        cells = list(map(attrgetter(f"f{tops.index(top)}"), records))
        for step in below:
            cells = [cell.get(step) if cell.__class__ is dict else None for cell in cells]
        if not set(map(type, cells)) <= _PLAIN:
            cells = [_flat(cell) for cell in cells]
        columns[path] = _array(cells)
    return Batch(columns, np.array(numbers, np.int64), source)


def _flat(cell: Any) -> Any:
    if isinstance(cell, list):
        first = next(iter(cell), None)
        return first if first is None or isinstance(first, str) else str(cell)  # a list is no number
    return None if isinstance(cell, dict) else cell


def _first(error: BaseException) -> str:
    return str(error).splitlines()[0].split(": ")[0][:80]


def known_columns(columns: Sequence[str], asked: Sequence[str], where: str) -> None:
    """Raise where a column that is asked for is not in a file.

    Raises
    ------
    LogError
        It lists the columns that there are.
    """
    import difflib

    for name in asked:
        if name not in columns and name.partition(".")[0] not in columns:
            near = difflib.get_close_matches(name, columns, 1, 0.5)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise LogError(f"{where} has no column {name!r}{meant or '.'} It has: {', '.join(columns)}")
