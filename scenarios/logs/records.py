"""Records of exports: JSON a line, in a list or in a document, rows of CSV and of Parquet, all as one msgspec Struct.

A Struct declares the fields that a reader wants. Of all others, the texts of messages among them, no object is made.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from math import isnan
from typing import Any, Generic, TypeVar

import msgspec

from scenarios.logs.cells import LAST_DATE, in_seconds, moment
from scenarios.logs.csv_tables import csv_tables
from scenarios.logs.format import Head, Log
from scenarios.logs.heads import DOCUMENT, columns_of
from scenarios.logs.reading import LogError, Reading
from scenarios.logs.select import UNWANTED, Picker
from scenarios.logs.source import BROKEN, LONGEST_LINE, Source, some_of

S = TypeVar("S", bound=msgspec.Struct)

_PRETTY = re.compile(rb"\s*\{\s*\n")
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|"|[{}\[\]]', re.DOTALL)
_BLOCK = 1 << 18
UNDATED = "a time that can't be read"

_PARQUET = b"PAR1"


class Records(Generic[S]):
    """All records of a log.

    Parameters
    ----------
    log : its files; what can't be decoded is counted in its reading, what `--where` leaves out is ignored
    kind : the fields that are wanted
    unwanted : called with the records that `--where` leaves out, by readers that learn of others from them
    begin : called with the path of each file before its records come
    """

    def __init__(
        self,
        log: Log,
        kind: type[S],
        unwanted: Callable[[S], None] | None = None,
        begin: Callable[[str], None] | None = None,
    ) -> None:
        self._begin = begin
        self._log, self._kind, self._unwanted = log, kind, unwanted
        self._picker = Picker(log.asked)
        self._decode = msgspec.json.Decoder(kind, strict=False).decode
        self._names = {field.encode_name: field.type for field in msgspec.structs.fields(kind)}

    def __iter__(self) -> Iterator[tuple[str, S, str]]:
        """Every record with its place and the feature that `--feature-from` names; empty where none is asked for."""
        for source in self._log.sources:
            if self._begin is not None:
                self._begin(str(source.path))
            head = source.head()
            if head[:4] == _PARQUET:
                yield from self._rows(source, _parquet(source, self._columns()))
            elif head.lstrip()[:1] in {b"{", b"["}:
                yield from self._json(source, head)
            else:
                yield from self._rows(source, _csv(source, self._columns()))

    def _json(self, source: Source, head: bytes) -> Iterator[tuple[str, S, str]]:
        decode, pick, asked = self._decode, self._picker.pick, self._picker.asked
        name, feature = source.path.name, ""
        for number, line in json_texts(source, head):
            try:
                record = decode(line)
                if asked:
                    wanted, feature = pick(line)
                    if not wanted:
                        self._leave_out(record)
                        continue
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self._log.reading.skip(_reason(error), source.place(number))
                continue
            yield f"{name}:{number}", record, feature

    def _rows(self, source: Source, rows: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[tuple[str, S, str]]:
        feature, asked = "", self._picker.asked
        for number, row in rows:
            try:
                record = msgspec.convert(self._cells(row), self._kind, strict=False)
            except (msgspec.ValidationError, ValueError, OverflowError, RecursionError) as error:
                self._log.reading.skip(_reason(error), source.place(number))
                continue
            if asked:
                wanted, feature = self._picker.pick_cells(row)
                if not wanted:
                    self._leave_out(record)
                    continue
            yield source.place(number), record, feature

    def _leave_out(self, record: S) -> None:
        self._log.reading.ignore(UNWANTED)
        if self._unwanted is not None:
            self._unwanted(record)

    def _cells(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Cells of the wanted columns; JSON in them decoded, empty ones left out."""
        cells = {}
        for name, value in row.items():
            if name not in self._names or value is None or value == "":
                continue
            text = isinstance(value, str) and value[:1] in "{["
            cells[name] = nested(value) if text else _plain(value)
        return cells

    def _columns(self) -> set[str]:
        return set(self._names) | self._picker.columns


def keys_of(head: Head) -> Sequence[str]:
    """Columns, or keys of the first records; of a document that holds a list of records, theirs."""
    return columns_of(head)


def nested(text: str) -> Any:
    """What JSON, Python's way of writing it, or a list as Postgres writes it says; other text as it is."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    if text[:1] == "{" and text[-1:] == "}" and ":" not in text:
        return next(csv.reader([text[1:-1]]), [])
    return text


def seconds(value: str | float | None) -> float:
    """Time in seconds since 1970 UTC, of a date in ISO 8601 or of s, ms, us or ns; NaN where it is none.

    Dates without a zone are taken for UTC, as the databases of these tools keep them.
    """
    if not value:
        return float("nan")
    date = moment(value) if isinstance(value, str) else float("nan")
    if not isnan(date):
        return date if 0 <= date <= LAST_DATE else float("nan")
    try:
        return in_seconds(float(value))
    except ValueError:
        return float("nan")


def dated(value: str | float | None, reading: Reading) -> float:
    """As `seconds`; a time that is there and can't be read is counted."""
    time = seconds(value)
    if isnan(time) and value not in {None, ""}:
        reading.leave_open(UNDATED)
    return time


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list) and value and all(isinstance(item, tuple) and len(item) == 2 for item in value):
        return dict(value)  # a map, as pyarrow gives it
    kind = type(value).__name__
    return float(value) if kind == "Decimal" else str(value) if kind == "UUID" else value


def _reason(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return f"a field is not what it should be: {_told(str(error))}"
    return "nested too deep" if isinstance(error, RecursionError) else "not JSON, or cut off"


def _told(text: str) -> str:
    return text[:1].lower() + text[1:].replace(" | null", "")


def json_texts(source: Source, head: bytes) -> Iterator[tuple[int, bytes]]:
    """Records as bytes; numbered by line, or by their position where they stand in a list or over several lines."""
    level = None
    if head.lstrip()[:1] == b"[":
        level = 1
    elif DOCUMENT.match(head):
        level = 2
    elif _PRETTY.match(head):
        level = 0
    return source.lines() if level is None else _items(source, level)


def _items(source: Source, level: int) -> Iterator[tuple[int, bytes]]:
    """Objects that stand inside so many brackets, in bounded memory: a block, or the longest record."""
    number = 0
    with source.open() as opened:
        splitter = _Splitter(level)
        try:
            while block := some_of(opened, max(_BLOCK, splitter.waiting)):
                for item in splitter.feed(block):
                    number += 1
                    if number % 32_768 == 0:
                        source.report(number)
                    yield number, item
        except BROKEN as error:
            source.cut_off(number, error, "record")
        else:
            if splitter.depth > 0:
                source.cut_off(number, EOFError(), "record")
    source.reading.lines += number


class _Splitter:
    def __init__(self, level: int) -> None:
        self.level, self.depth = level, 0
        self._rest, self._scanned, self._start = b"", 0, -1

    @property
    def waiting(self) -> int:
        """Bytes of a record of which the end is still to come."""
        return len(self._rest)

    def feed(self, block: bytes) -> Iterator[bytes]:
        text = self._rest + block
        at = self._scanned
        for token in _TOKEN.finditer(text, at):
            sign = token.group()
            if sign == b'"':  # a text that the next block ends
                at = token.start()
                break
            at = token.end()
            if sign in {b"{", b"["}:
                if self.depth == self.level and sign == b"{":
                    self._start = token.start()
                self.depth += 1
            elif sign in {b"}", b"]"}:
                self.depth -= 1
                if self.depth == self.level and self._start >= 0:
                    yield text[self._start : at]
                    self._start = -1
        else:
            at = len(text)
        keep = at if self._start < 0 else self._start
        self._rest, self._scanned = text[keep:], at - keep
        self._start = min(0, self._start)
        if len(self._rest) > LONGEST_LINE:
            raise EOFError


def _csv(source: Source, wanted: set[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    names: list[str] = []

    def choose(header: Sequence[str]) -> Sequence[int]:
        places = [place for place, name in enumerate(header) if name in wanted]
        names.extend(header[place] for place in places)
        return places

    for lines, columns in csv_tables(source, choose):
        for number, *cells in zip(lines, *columns, strict=True):
            yield number, dict(zip(names, cells, strict=True))


def _parquet(source: Source, wanted: set[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    import pyarrow as pa
    from pyarrow import parquet

    number = 0
    with source.open() as opened:
        try:
            file = parquet.ParquetFile(opened)
            columns = [name for name in file.schema_arrow.names if name in wanted]
            for batch in file.iter_batches(batch_size=1 << 14, columns=columns):
                for row in batch.to_pylist():
                    number += 1
                    yield number, row
                source.report(number)
        except (pa.ArrowException, *BROKEN) as error:
            if not number:
                raise LogError(f"{source.path} is not whole Parquet: {error}") from None
            source.cut_off(number, error, "row")
    source.reading.lines += number
