"""What `ccusage daily --json`, `session --json` and their kin print: days or sessions, by model where they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isnan
from typing import Any, ClassVar

from scenarios.logs.records import seconds
from scenarios.logs.usage.table import DAY, Aggregate, Bucket, Skip, tokens

_LISTS = ("daily", "session", "sessions", "weekly", "monthly", "blocks")


class CCUsage(Aggregate):
    """Lists of entries with token sums."""

    name: ClassVar[str] = "ccusage"
    title: ClassVar[str] = "ccusage"

    @classmethod
    def recognises(cls, document: Mapping[str, Any]) -> bool:
        """Whether there is a list whose entries count tokens as ccusage does."""
        return any("inputTokens" in entry and "cacheReadTokens" in entry for entry in _entries(document))

    @classmethod
    def buckets(cls, document: Mapping[str, Any], skip: Skip) -> list[Bucket]:
        """Entries, a model each where they say."""
        found = []
        for entry in _entries(document):
            try:
                start, end = _span(entry)
                parts = entry.get("modelBreakdowns") or [entry]
                found += [_read(start, end, part) for part in parts]
            except (KeyError, TypeError, ValueError) as error:
                skip(f"an entry without what it needs: {error}")
        return found


def _entries(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name in _LISTS:
        listed = document.get(name)
        if isinstance(listed, list):
            return (each for each in listed if isinstance(each, dict))
    return iter(())


def _span(entry: Mapping[str, Any]) -> tuple[float, float]:
    """Whole days, since sessions name days only."""
    metadata = entry.get("metadata") or {}
    last = entry.get("lastActivity") or metadata.get("lastActivity") or entry.get("date") or entry.get("period")
    first = entry.get("firstActivity") or last
    start, end = seconds(first) // DAY * DAY, seconds(last) // DAY * DAY + DAY
    if isnan(start + end):
        raise ValueError("no date")
    return start, end


def _read(start: float, end: float, part: Mapping[str, Any]) -> Bucket:
    cost = next((part[name] for name in ("cost", "totalCost", "costUSD") if part.get(name) is not None), None)
    names = ("inputTokens", "cacheReadTokens", "cacheCreationTokens", "outputTokens")
    fresh, cached, written, output = (tokens(part, name) for name in names)
    money = None if cost is None else float(cost)
    return Bucket(start, end, part.get("modelName") or "", fresh, cached, written, output, cost=money)
