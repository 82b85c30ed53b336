"""The closed vocabularies of the language: drivers, causes, what a budget can cover; and how a remark is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

DriverName = Literal[
    "volume",
    "turns",
    "message_tokens",
    "output_tokens",
    "context",
    "fanout",
    "failure_rate",
    "cache_hit",
    "tool_calls",
    "misses",
    "human_review",
    "price",
]
CoverName = Literal["models", "tools", "people", "overheads", "fixed", "one_time"]
CauseName = Literal[
    "system",
    "message",
    "retrieval",
    "history",
    "output",
    "reasoning",
    "retries",
    "compaction",
    "tools",
    "handoff",
    "human_review",
    "overheads",
    "fixed",
]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

FIRST_YEAR, LAST_YEAR = 1970, 2200  # of every date

DRIVERS: tuple[DriverName, ...] = get_args(DriverName)
COVERS: tuple[CoverName, ...] = get_args(CoverName)
CAUSES: tuple[CauseName, ...] = get_args(CauseName)
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)

MEASURED = "measured in "
"""How a `source:` begins that names a log of the user's own, and not what others found."""

ASSUMED = "assumed: "
"""How a `source:` begins of what nobody knew and somebody had to take for granted."""

OFF = "Is off"
"""How a note begins that says what a scenario was found off in by the log that it was learnt from, or by sums."""

# `fixed` is the monthly part; a one-time cost has the cause `fixed` and is covered by `one_time`.
CAUSE_COVER: Mapping[CauseName, CoverName] = {
    "system": "models",
    "message": "models",
    "retrieval": "models",
    "history": "models",
    "output": "models",
    "reasoning": "models",
    "retries": "models",
    "compaction": "models",
    "tools": "tools",
    "handoff": "people",
    "human_review": "people",
    "overheads": "overheads",
    "fixed": "fixed",
}

DRIVER_MEANINGS: Mapping[DriverName, str] = {
    "volume": "sessions a day",
    "turns": "turns of every agent instance",
    "message_tokens": "tokens of the messages that users and parents add",
    "output_tokens": "tokens that models write",
    "context": "system prompts, and the prompts of whole-prompt agents",
    "fanout": "children that agents spawn",
    "failure_rate": "share of model calls that fail",
    "cache_hit": "chance that a prompt's prefix is read from cache",
    "tool_calls": "tool calls a turn",
    "misses": "share of sessions without success",
    "human_review": "share of sessions that a person reviews",
    "price": "model prices",
}


def sentence(text: str) -> str:
    """A remark with a capital and a full stop; names of a scenario stay as they are."""
    said = " ".join(text.split()).rstrip(".")
    first = said.partition(" ")[0].rstrip(":,")
    return f"{said[:1].upper()}{said[1:]}." if first.isalpha() else f"{said}."
