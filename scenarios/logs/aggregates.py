"""Aggregates that someone gives for logs: they are told, and so is what they are good for."""

from __future__ import annotations

from typing import ClassVar

from scenarios.logs.format import Format, Head, Log
from scenarios.logs.reading import LogError
from scenarios.logs.table import Calls
from scenarios.logs.usage.reading import kind_of


class Aggregates(Format):
    """Sums of many calls; no log."""

    name: ClassVar[str] = "usage"
    title: ClassVar[str] = "sums of many calls"
    needs: ClassVar[str] = "nothing: sums have no tails; give them as --level USAGE, for an existing scenario"
    gives_calls: ClassVar[bool] = False

    @classmethod
    def recognises(cls, head: Head) -> bool:
        """Whether a file is an aggregate."""
        rows = [dict.fromkeys(head.columns)] if head.kind in {"csv", "parquet"} else list(head.records)
        return any(kind_of(document) for document in (*head.records[:1], {"rows": rows}))

    def read(self, log: Log) -> Calls:
        """Say why there is nothing to read."""
        files = ", ".join(source.path.name for source in log.sources)
        raise LogError(
            f"{files}: these are sums of many calls. They give a level and a mix, and no tails, so that no "
            f"scenario can be "
            "learnt from them. To bring an existing scenario to their level, give them as --level."
        )
