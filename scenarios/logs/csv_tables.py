"""Tables in csv, block by block in bounded memory, with the cells of those columns only that are asked for.

Quotes and separators of a whole block are found at once. From the first row on that is out of the ordinary, such as one
with too few cells or with a quote inside a bare cell, Python's csv reads the rest of the block and says what is wrong.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.separators import SEPARATORS, separator_of
from scenarios.logs.source import BROKEN, Source

LONGEST_CELL = 1 << 24
"""Characters of a cell of csv. More come of a quote that is never closed."""

LONGEST_ROW = 1 << 26
"""Bytes of a line that are taken at once."""

Choose = Callable[[Sequence[str]], Sequence[int]]
"""From the header to the places of the columns that are wanted."""

Places = NDArray[np.int64]
Signs = NDArray[np.uint8]

_BLOCK = 1 << 20
_MOST = 1 << 22
"""Bytes that are cut at once. Longer rows are for Python's csv."""

_BOM = b"\xef\xbb\xbf"
_LF, _CR, _QUOTE = b'\n\r"'


class Table(NamedTuple):
    """Some rows of a file.

    Attributes
    ----------
    lines : number of the line that each row begins in, from 1
    columns : cells of the wanted columns
    """

    lines: Sequence[int]
    columns: Sequence[Sequence[str]]


def csv_tables(source: Source, choose: Choose) -> Iterator[Table]:
    """Every row that has as many cells as the header; others are counted, and empty lines are none."""
    csv.field_size_limit(LONGEST_CELL)
    separator = separator_of(source.head())
    with source.open() as opened:
        reader = _Reader(source, _Text(opened), choose, separator)
        try:
            while reader.text.more():
                yield from reader.of_block()
                source.report(reader.text.line)
            yield from reader.row_by_row()
        except BROKEN as error:
            yield from reader.waiting()
            source.cut_off(reader.text.lines_seen, error)
    source.reading.lines += reader.n


class _Text:
    """Bytes of a file that no row is made of yet; line by line, as text, for Python's csv."""

    def __init__(self, opened: io.BufferedReader) -> None:
        self.line = 1
        self._opened, self._block, self._at = opened, b"", 0
        self._row: list[bytes] = []
        self._error: Exception | None = None

    @property
    def held(self) -> bytes:
        """What has been read of the file and is not yet taken."""
        return self._block[self._at :]

    @property
    def is_held(self) -> bool:
        """Whether there is any such."""
        return self._at < len(self._block)

    @property
    def lines_seen(self) -> int:
        """Lines that are taken, or held and whole."""
        return self.line - 1 + self._block.count(b"\n", self._at)

    def more(self) -> bool:
        """Read on, twice as far where a row is longer than a block; False at the end of the file."""
        held = self.held
        self._block, self._at = held + self._read(max(_BLOCK, len(held))), 0
        return len(self._block) > len(held)

    def _read(self, missing: int) -> bytes:
        """Read so many bytes; an error is raised when all that stands before it has been given."""
        parts: list[bytes] = []
        try:
            while self._error is None and missing > 0 and (some := self._opened.read1(missing)):
                parts.append(some)
                missing -= len(some)
        except BROKEN as error:
            self._error = error
        if self._error is not None and not parts:
            raise self._error
        return b"".join(parts)

    def take(self, size: int, lines: int) -> None:
        """Leave behind what rows were made of."""
        self._at += size
        self.line += lines

    def begin(self) -> None:
        """The next line begins a row."""
        self._row.clear()

    @property
    def row(self) -> bytes:
        """Lines given since a row began."""
        return b"".join(self._row)

    def resume(self) -> None:
        """Give them again, but the first."""
        again = self._row[1:]
        self._block, self._at = b"".join(again) + self.held, 0
        self.line -= len(again)

    def __iter__(self) -> _Text:
        return self

    def __next__(self) -> str:
        while not (end := self._block.find(b"\n", self._at) + 1) and len(self.held) < LONGEST_ROW and self.more():
            pass
        line = self._block[self._at : end or None]
        if not line:
            raise StopIteration
        first = self.line == 1
        self.take(len(line), int(end > 0 or len(line) < LONGEST_ROW))  # of a line that no memory holds, its pieces
        self._row.append(line)
        return (line.removeprefix(_BOM) if first else line).decode(errors="replace")


class _Reader:
    """Rows of one file, a block at a time, or one by one.

    Attributes
    ----------
    text : what is left of the file
    n : rows so far, bad ones too, without the header
    """

    def __init__(self, source: Source, text: _Text, choose: Choose, separator: str) -> None:
        self.text, self.n = text, 0
        self._separator = separator
        self._source, self._choose = source, choose
        self._width, self._places = 0, list[int]()
        self._lines, self._rows = list[int](), list[list[str]]()

    def of_block(self) -> Iterator[Table]:
        """Rows of what is held; the last one, if it is not whole, stays."""
        if not self._width:
            self._by_python(header=True)
        held = self.text.held
        if not self._width or len(held) > _MOST:
            yield from self.row_by_row()
            return
        cut = _cut(held, self._width, self._separator)
        if n := len(cut.lines):
            yield Table((cut.lines + self.text.line).tolist(), _cells(held, cut, self._places))
            self.n += n
            self.text.take(cut.size, cut.n_lines)
        if not cut.is_whole:
            yield from self.row_by_row()

    def row_by_row(self) -> Iterator[Table]:
        """Rows of what is held, and of the file as far as the last of them goes, by Python's csv."""
        self._by_python()
        yield from self.waiting()

    def waiting(self) -> Iterator[Table]:
        """Rows that were read one by one and are not given yet."""
        if self._rows:
            picked = [[row[place] for row in self._rows] for place in self._places]
            yield Table(self._lines, picked)
        self._lines, self._rows = [], []

    def _by_python(self, header: bool = False) -> None:
        rows = csv.reader(self.text, strict=True, delimiter=self._separator)
        while self.text.is_held and not (header and self._width):
            start = self.text.line
            self.text.begin()
            try:
                row = next(rows, [])
            except csv.Error as error:
                self._recover(_why(error), start)
                continue
            if not row:
                continue
            n_lines = self.text.line - start
            if n_lines > _LINES and self._width and _has_rows("".join(row), self._width, self._separator):
                self._skip(STRAY, start, n_lines)
                continue
            if not self._width:
                self._width, self._places = len(row), list(self._choose(row))
            elif len(row) == self._width:
                self.n += 1
                self._lines.append(start)
                self._rows.append(row)
            else:
                self._skip(f"a line has {len(row)} cells and not {self._width}", start)

    def _recover(self, why: str, start: int) -> None:
        """Skip a row that is none; where rows follow its first line, that line alone."""
        if self.text.line - start > _LINES and _has_rows(self.text.row.decode("latin-1"), self._width, self._separator):
            self.text.resume()
            why = STRAY
        self._skip(why, start)

    def _skip(self, why: str, line: int, n: int = 1) -> None:
        self.n += n
        self._source.reading.skip(why, self._source.place(line), n)


def _has_rows(text: str, width: int, separator: str) -> bool:
    """Whether most lines of a text have as many separators as a row: no message does, but rows behind a stray quote."""
    lines = text.split("\n")[1:-1]
    return width > 1 and sum(line.count(separator) == width - 1 for line in lines) > len(lines) / 2


def _why(error: csv.Error) -> str:
    said = str(error)
    if "limit" in said:
        return f"a cell is longer than {LONGEST_CELL >> 20} MiB"
    if "end of data" in said:
        return "a quoted cell is never closed: the rest is missing"
    return "a row is no csv: something follows the quote that closes a cell"


STRAY = "a quoted cell holds lines that are rows: a quote before them is stray, or never closed"

_LINES = 4
"""Lines of a row from which on it is looked at for rows inside."""


class _Cut(NamedTuple):
    """Where the rows of a block are.

    Attributes
    ----------
    starts, stops : of cells, by row and column
    lines : lines before each row
    size, n_lines : bytes and lines of all these rows
    is_whole : whether these are all rows of the block that have an end
    """

    starts: Places
    stops: Places
    lines: Places
    size: int
    n_lines: int
    is_whole: bool


def _cut(block: bytes, width: int, separator: str) -> _Cut:
    """Find the rows of a block up to the first that is out of the ordinary."""
    signs, comma = np.frombuffer(block, np.uint8), ord(separator)
    at = np.flatnonzero((signs == _LF) | (signs == _CR) | (signs == _QUOTE) | (signs == comma))
    kind = signs[at]
    bare = np.cumsum(kind == _QUOTE) % 2 == 0
    odd = _first_odd(signs, at[kind == _QUOTE], at[(kind == _CR) & bare], separator)
    last = (kind == _LF) & bare & (at < odd)
    edges = np.concatenate([[-1], at[last]])
    commas = at[(kind == comma) & bare]
    inside = np.searchsorted(commas, edges)
    stops = edges[1:] - (signs[edges[1:] - 1] == _CR)
    wrong = (np.diff(inside) != width - 1) | (stops <= edges[:-1] + 1) & (width == 1)
    lines = np.concatenate([[0], np.cumsum(kind == _LF)[last]])
    between = np.diff(np.searchsorted(at[kind == comma], edges))
    dense = between > np.diff(lines) * (width - 1) / 2
    for row in np.flatnonzero((np.diff(lines) > _LINES) & dense & ~wrong).tolist():
        wrong[row] = _has_rows(block[edges[row] + 1 : edges[row + 1]].decode("latin-1"), width, separator)
    n = int(wrong.argmax()) if wrong.any() else wrong.size
    parted = commas[: inside[n]].reshape(n, width - 1)
    return _Cut(
        np.column_stack([edges[:n], parted]) + 1,
        np.column_stack([parted, stops[:n]]),
        lines[:n],
        int(edges[n]) + 1,
        int(lines[n]),
        odd == len(block) and n == wrong.size,
    )


def _first_odd(signs: Signs, quotes: Places, returns: Places, separator: str) -> int:
    """First quote that neither opens nor closes a cell, nor is doubled in one, or return that ends no line."""
    opening, closing = quotes[::2], quotes[1::2]
    returns = returns[returns + 1 < signs.size]
    found = (
        opening[~_OPENS[separator][signs.take(opening - 1, mode="clip")]],
        closing[~_CLOSES[separator][signs.take(closing + 1, mode="clip")]],
        returns[signs[returns + 1] != _LF],
    )
    return min(int(each[0]) if each.size else signs.size for each in found)


def _cells(block: bytes, cut: _Cut, places: Sequence[int]) -> list[list[str]]:
    """Cells of some columns."""
    signs, text = np.frombuffer(block, np.uint8), block.decode("latin-1")  # a character a byte
    is_ascii, columns = block.isascii(), []
    for place in places:
        starts, stops = cut.starts[:, place], cut.stops[:, place]
        quoted = signs[starts] == _QUOTE
        bounds = zip((starts + quoted).tolist(), (stops - quoted).tolist(), strict=True)
        cells = [text[start:stop] for start, stop in bounds]
        if quoted.any():
            cells = [cell.replace('""', '"') for cell in cells]
        if not is_ascii:
            cells = [cell if cell.isascii() else _decoded(cell) for cell in cells]
        columns.append(cells)
    return columns


def _decoded(cell: str) -> str:
    return cell.encode("latin-1").decode(errors="replace")


def _among(signs: bytes) -> NDArray[np.bool_]:
    """By byte, whether it is one of these."""
    found = np.zeros(256, bool)
    found[list(signs)] = True
    return found


_OPENS = {sign: _among(f'{sign}\n"'.encode()) for sign in SEPARATORS}
_CLOSES = {sign: _among(f'{sign}\n\r"'.encode()) for sign in SEPARATORS}
"""What stands before a quote that opens a cell, and behind one that closes it, by separator; a quote: it is doubled."""
