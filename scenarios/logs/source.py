"""One file of a log, line by line: compressed or not, in bounded memory, with what is cut off told and not fatal."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from scenarios.logs.reading import LogError, Reading, ReadingProgress, Watch

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LONGEST_LINE = 1 << 28
"""Bytes. A longer line is no record of a call."""

HEAD_BYTES = 1 << 18
"""What is looked at to tell a format."""

BROKEN = (EOFError, OSError, zlib.error)
"""What reading a file raises that is cut off or damaged."""

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
UNPRINTED = re.compile(rb"[\0-\x08\x0e-\x1f\x7f]")
"""What no text holds."""

_NO_MEMBER = "Not a gzipped file"
"""How `gzip` says that behind a whole member, whose checksum holds, there is none."""

_REPAIR = (
    "copy or export it again (`gzip -t FILE` says whether a copy is whole), or leave it out; what a recovery tool such "
    "as gzrecover saves of it can be read unzipped, if you trust that"
)
_LINES_A_REPORT = 1 << 15
_BUFFER = 1 << 18


class _Unzipped(io.RawIOBase):
    """What a gzipped file holds: all of it up to the place where it is cut off, which `gzip.GzipFile` alone loses."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._zipped = gzip.GzipFile(fileobj=raw)
        self._end: Exception | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Take what one step of unzipping gives, so that an error takes nothing with it; it stays the end."""
        if self._end is not None:
            raise self._end
        view = memoryview(buffer).cast("B")
        try:
            some = self._zipped.read1(len(view))
        except BROKEN as error:
            self._end = error
            raise
        view[: len(some)] = some
        return len(some)


def _buffered(raw: io.RawIOBase) -> io.BufferedReader:
    return io.BufferedReader(raw, _BUFFER)


class Source:
    """A file of a log.

    Parameters
    ----------
    path : it may be gzipped, whatever its name
    reading : where skipped lines are counted
    watch : called now and then with how far all files have come
    before, total : bytes of the files before this one, and of all

    Attributes
    ----------
    broken : why not even its head can be read to its end; None where it can, and before anybody looked
    """

    def __init__(
        self, path: Path, reading: Reading, watch: Watch | None = None, before: int = 0, total: int = 0
    ) -> None:
        self.path, self.reading = path, reading
        self.broken: Exception | None = None
        self._watch, self._before, self._total = watch, before, total

    def place(self, line: int) -> str:
        """Name of a line, for people."""
        return f"{self.path.name}:{line}"

    @contextmanager
    def open(self) -> Iterator[io.BufferedReader]:
        """The bytes of the file, uncompressed, as long as the block lasts."""
        try:
            raw = _buffered(self.path.open("rb", buffering=0))
        except OSError as error:
            raise LogError(f"{self.path} can't be read: {(error.strerror or str(error)).lower()}") from None
        with raw:
            zipped = raw.read(2) == _GZIP
            raw.seek(0)
            self._raw = raw
            yield _buffered(_Unzipped(raw)) if zipped else raw

    def head(self) -> bytes:
        """The first bytes, as far as they can be read."""
        start = b""
        with self.open() as opened:
            try:
                while len(start) < HEAD_BYTES and (some := opened.read1(HEAD_BYTES)):
                    start += some
            except BROKEN as error:
                self.broken = error
        self._refuse_encoding(start)
        return start[:HEAD_BYTES].removeprefix(_BOM)

    def _refuse_encoding(self, start: bytes) -> None:
        """Refuse what would be one line of nonsense, and say how it is converted."""
        if start[:2] in _UTF16 or (start[1:2] == b"\0" and start[:1].isascii()):
            raise LogError(f"{self.path} is UTF-16, and UTF-8 is needed. Convert it: iconv -f UTF-16 -t UTF-8 IN > OUT")
        if b"\r" in start.rstrip() and b"\n" not in start and not UNPRINTED.search(start):
            raise LogError(
                f"{self.path} ends its lines with CR alone, and LF is needed. Convert it: tr '\\r' '\\n' < IN > OUT"
            )

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Lines with their numbers, from 1; empty ones left out, and none that the end of the file cuts off unseen."""
        number, empty = 0, 0
        with self.open() as opened:
            try:
                for number, line in enumerate(iter(partial(opened.readline, LONGEST_LINE), b""), 1):
                    if not number % _LINES_A_REPORT:
                        self.report(number)
                    if len(line) >= LONGEST_LINE and not line.endswith(b"\n"):
                        self._pass_over(opened, number)
                        continue
                    if record := (line if number > 1 else line.removeprefix(_BOM)).strip():
                        yield number, record
                    else:
                        empty += 1
            except BROKEN as error:
                self.cut_off(number, error)
        self.reading.lines += number - empty

    def cut_off(self, n: int, error: Exception, unit: str = "line") -> None:
        """Say that the file ends where it should not, after so many lines or records.

        Raises
        ------
        LogError
            Of a file that is damaged: its checksum stands at its end, and nobody knows from where on it is nonsense.
        """
        where = f"after {unit} {n:,}" if n else f"before its first {unit} ends"
        if isinstance(error, EOFError):
            said = f"is cut off {where}: what stands before is used, and how much is missing it does not tell"
        elif n and str(error).startswith(_NO_MEMBER):
            said = f"is followed by something else {where}: what stands before is whole, and is used"
        else:
            raise LogError(f"{self.path} is damaged, and nothing that it holds can be trusted: {_REPAIR}") from None
        self.reading.cuts.append(f"{self.path.name} {said}; copy or export it again")

    def report(self, lines: int) -> None:
        """Say how far reading has come."""
        if self._watch is not None:
            done = self._before + self._raw.tell()
            self._watch(ReadingProgress(done, self._total, self.reading.lines + lines))

    def _pass_over(self, opened: IO[bytes], number: int) -> None:
        while (rest := opened.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
            pass
        self.reading.skip(f"a line is longer than {LONGEST_LINE >> 20} MiB", self.place(number))


def some_of(opened: io.BufferedReader, n: int) -> bytes:
    """So many bytes, or those before the place where a file ends or breaks, which the next call tells."""
    found = bytearray()
    try:
        while len(found) < n and (some := opened.read1(n - len(found))):
            found += some
    except BROKEN:
        if not found:
            raise
    return bytes(found)
