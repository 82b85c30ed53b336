"""How files begin: JSON, csv or Parquet, with what columns. By it their formats are told."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

import msgspec

from scenarios.logs.column_names import well_known
from scenarios.logs.format import Head
from scenarios.logs.separators import separator_of
from scenarios.logs.source import UNPRINTED, Source

_RECORDS = 50
_WRAPPER = 6
"""Keys from which on a document is a record with a list in it, and no list of records."""
DOCUMENT = re.compile(
    rb'\s*\{\s*(?:"(?:object|has_more|next_page|count|total|page|limit)"\s*:\s*(?:"[^"]*"|\w+)\s*,\s*)*'
    rb'"(?P<key>data|logs|rows|records|requests|observations|spend_logs)"\s*:\s*\['
)
"""How a document begins that holds a list of records."""

_PARQUET = b"PAR1"
_ARCHIVES = {
    _PARQUET: "Parquet that is cut off or damaged",
    b"PK\3\4": "a zip archive or a workbook, which has to be unpacked, or saved as csv, first",
    b"\x28\xb5\x2f\xfd": "compressed by zstd, which has to be unpacked first",
    b"BZh": "compressed by bzip2, which has to be unpacked first",
    b"\xfd7zXZ": "compressed by xz, which has to be unpacked first",
    b"SQLite format 3": "a database of SQLite, of which a table has to be exported first",
}
_LOOKED_AT = 4_096
_SHOWN = 12
_LONGEST_NAME, _MOST_SPACES = 60, 4
"""Of the name of a column; what is longer, or has more words, is a text."""

_VALUE = re.compile(r"[-+$\d.,:/]+$|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?!\d)", re.ASCII)
"""A number, a time or a date."""

_MOST_UNREADABLE = 0.1
"""Share of a header's letters that may be of another encoding; more of them are no text."""


def head_of(source: Source, most: int = _RECORDS) -> Head:
    """The beginning of a file, in whatever shape it has one; of JSON at most so many records."""
    start = source.head()
    if start.startswith(_PARQUET):
        from pyarrow import ArrowInvalid, parquet

        try:
            return Head(source.path, "parquet", (), parquet.read_schema(source.path).names)
        except (ArrowInvalid, OSError):
            return Head(source.path, "unknown", (), ())
    if start.lstrip()[:1] in {b"{", b"["}:
        records = _records(start, most)
        keys = dict.fromkeys(key for record in records for key in record)
        return Head(source.path, "json" if records else "unknown", records, tuple(keys), start[:_LOOKED_AT])
    names = _header(start.split(b"\n", 1)[0].strip(b"\r\n "), separator_of(start))
    is_table = len(names) > 1 and all(names) and not _are_values(names, start)
    return Head(source.path, "csv" if is_table else "unknown", (), tuple(names) if is_table else ())


def _are_values(names: Sequence[str], start: bytes) -> bool:
    """Whether a first line has values where names of columns should be.

    A number, a date or a sentence names no column, nor does what stands again below it. What is said of such a file
    must not show them: they may be of a message.
    """
    if well_known(names):
        return False
    if any(_VALUE.match(name) or len(name) > _LONGEST_NAME or name.count(" ") > _MOST_SPACES for name in names):
        return True
    rows = _rows(start)
    same = [row for row in rows[1:] if len(row) == len(names)]
    again = any(cell == name for row in same for cell, name in zip(row, names, strict=True))
    return (len(rows) > 1 and not same) or (again and same[0] != list(names))


def _rows(start: bytes) -> list[list[str]]:
    """The first rows of a csv, those that are whole; none of what is no csv."""
    text = io.StringIO(start[:_LOOKED_AT].decode(errors="replace"))
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(text, delimiter=separator_of(start)) if row]
    except csv.Error:
        return []
    return rows if len(start) <= _LOOKED_AT else rows[:-1]


def _header(line: bytes, separator: str) -> list[str]:
    """Cells of the first line of a csv; none where it is no text, or no csv."""
    text = line.decode(errors="replace")
    if UNPRINTED.search(line) or text.count("\ufffd") > _MOST_UNREADABLE * len(text):
        return []
    try:
        return [name.strip() for name in next(csv.reader(io.StringIO(text), delimiter=separator), [])]
    except csv.Error:
        return []


def shape_of(source: Source, head: Head) -> str:
    """What a file is, as far as its beginning shows, for people."""
    if head.columns:
        return f"{head.kind} with {', '.join(head.columns[:_SHOWN])}"
    start = source.head()
    for magic, what in _ARCHIVES.items():
        if start.startswith(magic):
            return what
    if not start.strip():
        return "blank from end to end"
    if UNPRINTED.search(start[:_LOOKED_AT]):
        gzip = ", and no gzip, as its name says" if source.path.suffix == ".gz" else ""
        return f"no text{gzip}"
    widths = [len(row) for row in _rows(start)]
    if widths and widths[0] > 1 and widths.count(widths[0]) > len(widths) / 2:
        return f"a table of {widths[0]} columns whose first line has values; their names have to stand above them"
    return "neither JSON, nor csv with a header, nor Parquet"


def columns_of(head: Head) -> Sequence[str]:
    """Columns; of a document that holds a list of records, theirs."""
    if len(head.records) == 1:
        for value in head.records[0].values():
            if isinstance(value, list) and value and isinstance(value[0], dict) and len(head.records[0]) < _WRAPPER:
                return list(dict.fromkeys(key for item in value[:_RECORDS] if isinstance(item, dict) for key in item))
    return head.columns


def _records(start: bytes, most: int) -> list[dict[str, Any]]:
    """First records of JSON lines, of a list, or a whole document as the only one."""
    lines = islice((line for line in io.BytesIO(start) if line.strip()), most)
    records = [decoded for line in lines if isinstance(decoded := _decoded(line), dict)]
    if records:
        return records
    whole = _decoded(start)
    if isinstance(whole, dict):
        return [whole]
    if whole is None:  # a document longer than its head
        if wrapped := DOCUMENT.match(start):
            return [{wrapped["key"].decode(): _cut_list(start[wrapped.end() - 1 :])}]
        whole = _cut_list(start)
    return [item for item in (whole or [])[:most] if isinstance(item, dict)]


def _cut_list(start: bytes) -> list[Any]:
    """Items of a list of which the end is not there."""
    import json

    text, at, items = start.decode(errors="ignore").lstrip(), 1, list[Any]()
    decoder = json.JSONDecoder()
    if not text.startswith("["):
        return []
    while len(items) < _RECORDS:
        while at < len(text) and text[at] in " \r\n\t,":
            at += 1
        try:
            item, at = decoder.raw_decode(text, at)
        except ValueError:
            break
        items.append(item)
    return items


def _decoded(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
