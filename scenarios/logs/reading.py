"""What came of reading a log: how much of it, what was skipped and why, and what the reader had to assume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

EXAMPLES = 3
"""Places that are named of what was skipped for one reason."""


UNWANTED = "records that --where leaves out"
BEYOND = "calls before --since or after --until"


class LogError(Exception):
    """A log that cannot be read, in a sentence that says what was seen and what would be needed."""


class ReadingProgress(NamedTuple):
    """How far reading has come: bytes of the files as they lie on disk, and lines or rows."""

    done_bytes: int
    total_bytes: int
    lines: int


Watch = Callable[[ReadingProgress], None]


@dataclass
class Skipped:
    """Records that were left out for one reason, with the first places where it was met."""

    reason: str
    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class Reading:
    """What was read.

    Attributes
    ----------
    files : what was read, in this order
    format : name of the format
    lines : lines or rows that were seen
    calls : calls that came of them, after duplicates
    duplicates : records of requests that are in the table already
    replayed : records that repeat another session's history, as forks and resumed sessions write them
    ignored : records of kinds that are no calls, by kind
    skipped : what could not be used, by reason
    unread : fields that can't be read, of calls that are kept all the same, by kind
    cuts : files that end where they should not: how far they were read, and what becomes of the rest
    columns : by field the column that it was read from, of a format whose columns are mapped
    notes : what else a reader should know: what is odd, what was assumed
    """

    files: list[Path] = field(default_factory=list)
    format: str = ""
    lines: int = 0
    calls: int = 0
    duplicates: int = 0
    replayed: int = 0
    ignored: dict[str, int] = field(default_factory=dict)
    skipped: dict[str, Skipped] = field(default_factory=dict)
    unread: dict[str, int] = field(default_factory=dict)
    cuts: list[str] = field(default_factory=list)
    columns: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def skip(self, reason: str, place: str, n: int = 1) -> None:
        """Count records that can't be used; `place` is a file and a line or row: ``calls.jsonl:17``."""
        skipped = self.skipped.setdefault(reason, Skipped(reason))
        skipped.count += n
        if len(skipped.examples) < EXAMPLES:
            skipped.examples.append(place)

    def ignore(self, kind: str, n: int = 1) -> None:
        """Count records that are there for another purpose."""
        self.ignored[kind] = self.ignored.get(kind, 0) + n

    def leave_open(self, kind: str, n: int = 1) -> None:
        """Count a field that can't be read, of calls that are kept."""
        self.unread[kind] = self.unread.get(kind, 0) + n

    @property
    def n_skipped(self) -> int:
        """All records that could not be used."""
        return sum(skipped.count for skipped in self.skipped.values())


def ignored_words(kind: str, n: int) -> str:
    """That so many records of a kind are no part of what was learnt from."""
    if kind == UNWANTED:
        return f"--where leaves {n:,} {'record' if n == 1 else 'records'} out"
    if kind == BEYOND:
        return f"{n:,} {'call is' if n == 1 else 'calls are'} before --since or after --until"
    return f"{n:,} {'record is no call' if n == 1 else 'records are no calls'}: {kind}"
