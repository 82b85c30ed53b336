"""The table of usage that every aggregate becomes, and what a kind of aggregate is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

DAY = 86_400.0


class Bucket(NamedTuple):
    """Use of one model in one span of time; None where an aggregate doesn't say.

    Attributes
    ----------
    start, end : seconds since 1970 UTC
    fresh, cached, written, output : tokens; the prompt is the sum of the first three, reasoning is in the output
    requests : calls
    cost, currency : money
    """

    start: float
    end: float
    model: str = ""
    fresh: int | None = None
    cached: int | None = None
    written: int | None = None
    output: int | None = None
    requests: int | None = None
    cost: float | None = None
    currency: str = "USD"


@dataclass(frozen=True)
class Usage:
    """All buckets of some files.

    Attributes
    ----------
    title : where they come from
    skipped : records that could not be used, by reason
    """

    buckets: Sequence[Bucket]
    title: str
    skipped: Mapping[str, int] = field(default_factory=dict)

    def total(self, what: str) -> float | None:
        """Sum of a column; None where no bucket has it."""
        told = [value for bucket in self.buckets if (value := getattr(bucket, what)) is not None]
        return sum(told) if told else None

    @property
    def prompt(self) -> float | None:
        """All prompt tokens."""
        told = [self.total(what) for what in ("fresh", "cached", "written")]
        return None if told[0] is None else sum(each or 0 for each in told)

    @property
    def days(self) -> float:
        """Days that the buckets cover, those between the first and the last that nothing was used on included."""
        if not self.buckets:
            return 0.0
        return (max(bucket.end for bucket in self.buckets) - min(bucket.start for bucket in self.buckets)) / DAY

    @property
    def currencies(self) -> set[str]:
        """Currencies of all costs."""
        return {bucket.currency for bucket in self.buckets if bucket.cost is not None}


Skip = Callable[[str], None]
"""Counts a record that can't be used, for a reason."""

KINDS: dict[str, type[Aggregate]] = {}
"""Every kind of aggregate by its name."""


class Aggregate(ABC):
    """One kind of aggregate; `document` is decoded JSON, or the rows of a table under "rows"."""

    name: ClassVar[str]
    title: ClassVar[str]

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        if "name" in cls.__dict__:
            KINDS[cls.name] = cls

    @classmethod
    @abstractmethod
    def recognises(cls, document: Mapping[str, Any]) -> bool:
        """Whether a document is of this kind."""

    @classmethod
    @abstractmethod
    def buckets(cls, document: Mapping[str, Any], skip: Skip) -> list[Bucket]:
        """Its buckets."""


class Paged(Aggregate):
    """Pages of buckets, each with a list of `results`.

    Attributes
    ----------
    start : the key that buckets of this kind have their start under
    """

    start: ClassVar[str]

    @classmethod
    def recognises(cls, document: Mapping[str, Any]) -> bool:
        """Whether there are such buckets with results."""
        return any(cls.start in bucket and "results" in bucket for bucket in _pages(document))

    @classmethod
    def buckets(cls, document: Mapping[str, Any], skip: Skip) -> list[Bucket]:
        """Tokens and costs of all results."""
        found = []
        for bucket in _pages(document):
            for result in bucket.get("results") or []:
                try:
                    found.append(cls.bucket(bucket, result))
                except (KeyError, TypeError, ValueError) as error:
                    skip(f"a result without what it needs: {error}")
        return found

    @classmethod
    @abstractmethod
    def bucket(cls, bucket: Mapping[str, Any], result: Mapping[str, Any]) -> Bucket:
        """One result of a bucket; errors of key, type or value say that it lacks something."""


def _pages(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    data = document.get("data") or document.get("rows")
    return (each for each in data if isinstance(each, dict)) if isinstance(data, list) else iter(())


def tokens(record: Mapping[str, Any], name: str) -> int:
    """A count; a missing one is none, and one below 0 or no number is an error of value."""
    value = int(float(record.get(name) or 0))
    if value < 0:
        raise ValueError(f"{name} is negative")
    return value
