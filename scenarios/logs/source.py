"""One file of a log, line by line: compressed or not, in bounded memory, with what is cut off told and not fatal."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_LINES_A_REPORT = 1 << 15
_BUFFER = 1 << 18


class _Unzipped(io.RawIOBase):
    """What a gzipped file holds: all of it up to the place where it is cut off, which `gzip.GzipFile` alone loses."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._zipped = gzip.GzipFile(fileobj=raw)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Take what one step of unzipping gives, so that an error takes nothing with it."""
        view = memoryview(buffer).cast("B")
        some = self._zipped.read1(len(view))
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
    """

    def __init__(
        self, path: Path, reading: Reading, watch: Watch | None = None, before: int = 0, total: int = 0
    ) -> None:
        self.path, self.reading = path, reading
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
        with self.open() as opened, suppress(EOFError, OSError, zlib.error):
            while len(start) < HEAD_BYTES and (some := opened.readline(HEAD_BYTES)):
                start += some
        if start[:2] in _UTF16 or (start[1:2] == b"\0" and start[:1].isascii()):
            raise LogError(f"{self.path} is UTF-16, and UTF-8 is needed. Convert it: iconv -f UTF-16 -t UTF-8 IN > OUT")
        return start[:HEAD_BYTES].removeprefix(_BOM)

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
            except (EOFError, OSError, zlib.error) as error:
                self.cut_off(number, error)
        self.reading.lines += number - empty

    def cut_off(self, lines: int, error: Exception) -> None:
        """Say that the file ends where it should not."""
        what = "is cut off" if isinstance(error, EOFError) else "is damaged"
        self.reading.skip(f"{self.path.name} {what} after line {lines:,}: the rest is missing", self.place(lines + 1))

    def report(self, lines: int) -> None:
        """Say how far reading has come."""
        if self._watch is not None:
            done = self._before + self._raw.tell()
            self._watch(ReadingProgress(done, self._total, self.reading.lines + lines))

    def _pass_over(self, opened: IO[bytes], number: int) -> None:
        while (rest := opened.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
            pass
        self.reading.skip(f"a line is longer than {LONGEST_LINE >> 20} MiB", self.place(number))
