"""What a format of logs is: a name, how it is told, and a reader that makes the table of calls of its files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from scenarios.logs.reading import Reading
from scenarios.logs.source import Source
from scenarios.logs.table import Calls


class Head(NamedTuple):
    """The beginning of a file, to tell its format by.

    Attributes
    ----------
    path : the file
    kind : "json" (a record a line, or one document), "csv", "parquet" or "unknown"
    records : of JSON: the first records, at most 50, of a document its top-level object or the first items of its list
    columns : of csv and parquet: names of the columns; of JSON: top-level keys of the records, in order
    start : of JSON: the first bytes
    """

    path: Path
    kind: str
    records: Sequence[Mapping[str, Any]]
    columns: Sequence[str]
    start: bytes = b""


@dataclass(frozen=True)
class Asked:
    """What was asked of a reader.

    Attributes
    ----------
    columns : of a mapped file, by column of the table the name that it has there
    where : fields and the values that they must have, such as (("team_id", "support"),); dotted paths lead into records
    feature_from : field that names the feature
    ttl_minutes : how long a cache keeps a prefix, for logs that say what was readable and not what was read
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    where: tuple[tuple[str, str], ...] = ()
    feature_from: str | None = None
    ttl_minutes: float = 5.0


@dataclass(frozen=True)
class Log:
    """Files of one format, what was asked, and where it is noted what came of them."""

    sources: Sequence[Source]
    reading: Reading
    asked: Asked


FORMATS: dict[str, type[Format]] = {}
"""Every format by its name; import it from formats.py, where they all are."""


class Format(ABC):
    """One format of logs.

    Attributes
    ----------
    name : as `--format` has it
    title : as people say it
    needs : what a file must have to be one of this format, in words
    gives_calls : whether files are calls, or sums of many, which have no tails
    """

    name: ClassVar[str]
    title: ClassVar[str]
    needs: ClassVar[str]
    gives_calls: ClassVar[bool] = True

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        if "name" in cls.__dict__:
            FORMATS[cls.name] = cls

    @classmethod
    @abstractmethod
    def recognises(cls, head: Head) -> bool:
        """Whether a file begins like one of this format."""

    @abstractmethod
    def read(self, log: Log) -> Calls:
        """Read all files into one table; requests that several of them hold are one."""
