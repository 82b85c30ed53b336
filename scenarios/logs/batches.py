"""Columns of csv, JSON lines and Parquet files, batch by batch in bounded memory: only those that are asked for."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from scenarios.logs.reading import LogError
from scenarios.logs.select import texts
from scenarios.logs.source import Source

_ROWS = 1 << 16
_BLOCK = 1 << 24


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


class _WholeLines:
    """A file that gives whole lines, valid text, and ends where its archive is cut off."""

    closed = False

    def __init__(self, opened: IO[bytes], source: Source) -> None:
        self._opened, self._source = opened, source
        self._ready, self._rest, self._at_end = b"", b"", False
        self.lines = 0

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.closed = True

    def read(self, size: int = -1) -> bytes:
        size = _BLOCK if size is None or size < 0 else size
        while not self._ready and not self._at_end:
            self._fill(size)
        given, self._ready = self._ready[:size], self._ready[size:]
        return given

    def _fill(self, size: int) -> None:
        try:
            data = self._opened.read(size)
        except (EOFError, OSError, zlib.error) as error:
            self._source.cut_off(self.lines, error)
            self._at_end, self._rest = True, b""
            return
        whole = self._rest + data
        cut = whole.rfind(b"\n") + 1 if data else len(whole)
        self._at_end = not data
        self._ready, self._rest = _valid(whole[:cut]), whole[cut:]
        self.lines += self._ready.count(b"\n")
        self._source.report(self.lines)


def _valid(text: bytes) -> bytes:
    try:
        text.decode()
    except UnicodeDecodeError:
        return text.decode(errors="replace").encode()
    return text


def _csv(source: Source, wanted: Sequence[str]) -> Iterator[Batch]:
    import pyarrow as pa
    from pyarrow import csv

    bad: list[int] = []
    rows = 0

    def note(row: Any) -> str:
        bad.append(row.number or 0)
        reason = f"a line has {row.actual_columns} cells and not {row.expected_columns}"
        source.reading.skip(reason, source.place(row.number) if row.number else source.path.name)
        return "skip"

    with source.open() as opened:
        whole = _WholeLines(opened, source)
        try:
            reader = csv.open_csv(
                pa.PythonFile(whole, mode="r"),
                csv.ReadOptions(use_threads=False, block_size=_BLOCK),
                csv.ParseOptions(newlines_in_values=True, invalid_row_handler=note),
                csv.ConvertOptions(
                    include_columns=list(wanted),
                    column_types=dict.fromkeys(wanted, pa.string()),
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                    null_values=[""],
                ),
            )
            for batch in reader:
                if len(batch):
                    lines = _numbered(rows, len(batch), bad)
                    rows += len(batch)
                    columns = {name: _stripped(batch.column(name)) for name in wanted}
                    yield Batch(columns, lines, source)
        except pa.ArrowInvalid as error:
            if rows or "mpty" not in str(error):
                source.reading.skip(f"the rest can't be read as csv ({_first(error)})", source.place(rows + 2))
    source.reading.lines += rows + len(bad)


def _numbered(before: int, n: int, bad: Sequence[int]) -> NDArray[np.int64]:
    """Line numbers of the next n good rows, of which `before` have been, where line 1 is the header."""
    lines = np.arange(before + 2, before + n + 2)
    for number in sorted(bad):
        lines[lines >= number] += 1
    return lines


def _stripped(column: Any) -> NDArray[Any]:
    import pyarrow.compute as pc

    cells: NDArray[Any] = pc.utf8_trim_whitespace(column).to_numpy(zero_copy_only=False)
    return cells


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
    decoder = msgspec.json.Decoder(_record(wanted))
    waiting: list[Any] = []
    numbers: list[int] = []
    for number, line in source.lines():
        try:
            waiting.append(decoder.decode(line))
            numbers.append(number)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            what = "has a field of another kind" if isinstance(error, msgspec.ValidationError) else "is not JSON"
            source.reading.skip(f"a line {what}", source.place(number))
        if len(waiting) >= _ROWS:
            yield _columns(source, waiting, numbers, wanted)
            waiting, numbers = [], []
    if waiting:
        yield _columns(source, waiting, numbers, wanted)


def _record(wanted: Sequence[str]) -> Any:
    """A type with the wanted fields and no other: what nobody asked for is passed over and never becomes an object."""
    tops: dict[str, list[str]] = {}
    for path in wanted:
        top, _, rest = path.partition(".")
        tops.setdefault(top, []).extend([rest] if rest else [])
    fields: list[tuple[str, Any, Any]] = []
    names: dict[str, str] = {}
    for i, (top, below) in enumerate(tops.items()):
        kind = _record(below) | None if below else Any
        fields.append((f"f{i}", kind, None))
        names[f"f{i}"] = top
    return msgspec.defstruct("Record", fields, rename=names)


def _columns(source: Source, records: Sequence[Any], numbers: Sequence[int], wanted: Sequence[str]) -> Batch:
    tops = list(dict.fromkeys(path.partition(".")[0] for path in wanted))
    columns = {}
    for path in wanted:
        cells = np.empty(len(records), object)
        cells[:] = [_leaf(record, tops, path, wanted) for record in records]
        columns[path] = cells
    return Batch(columns, np.array(numbers, np.int64), source)


def _leaf(record: Any, tops: Sequence[str], path: str, wanted: Sequence[str]) -> Any:
    top, _, rest = path.partition(".")
    value = getattr(record, f"f{tops.index(top)}")
    if rest and value is not None:
        below = [other.partition(".")[2] for other in wanted if other.partition(".")[0] == top and "." in other]
        return _leaf(value, list(dict.fromkeys(each.partition(".")[0] for each in below)), rest, below)
    if isinstance(value, list):
        return next(iter(texts(value)), None)
    return None if isinstance(value, dict) else value


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
            raise LogError(f"{where} has no column {name!r}{meant} It has: {', '.join(columns)}")
