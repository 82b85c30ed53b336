"""Names of the fields that records have, for who asked for one that none has; names only, never what they say."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scenarios.logs.format import Head

_DEEPEST = 3
_SHOWN = 24
_NAME = re.compile(r"[A-Za-z_][\w:/-]{0,39}(\.[\w:/-]{1,40}){0,5}", re.ASCII)
"""What a programmer calls a field; other keys may be texts of users."""
_RECORDS_INSIDE = {
    "resourceSpans", "scopeSpans", "spans", "resourceLogs", "scopeLogs", "logRecords",
    "data", "logs", "rows", "records", "requests", "observations", "spend_logs",
}  # fmt: skip
_TEXTS = {
    "content", "input", "output", "messages", "response", "arguments", "parameters", "body", "toolUseResult", "choices",
    "proxy_server_request", "snapshot",
}  # fmt: skip
"""Whatever stands in these is what people and models said."""
_OWNER = {"resource", "payload"}
"""Their fields count as those of the record."""


def unknown_fields(heads: Sequence[Head], asked: Sequence[str]) -> str:
    """Which of some fields no record has, and which there are; empty where all are there.

    Parameters
    ----------
    heads : beginnings of files; only their records are looked at
    asked : names or dotted paths
    """
    names = {name: None for head in heads for name in _names(head)}
    unknown = [field for field in dict.fromkeys(asked) if not _is_there(field, names)]
    if not unknown or not names:
        return ""
    near = difflib.get_close_matches(unknown[0], names, 1, 0.7)
    meant = f"; did you mean {near[0]}?" if near else "."
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    missing = " or ".join(map(repr, unknown))
    return f"no record that was looked at has a field {missing}{meant} They have: {', '.join([*names][:_SHOWN])}{more}"


def _is_there(field: str, names: Mapping[str, None]) -> bool:
    """Whether a field is one of some names, or is inside one, as JSON in a cell is."""
    return any(field == name or field.startswith(f"{name}.") or name.startswith(f"{field}.") for name in names)


def _names(head: Head) -> Iterator[str]:
    if head.kind != "json":
        yield from (column for column in head.columns if _NAME.fullmatch(column))
        return
    for record in head.records:
        yield from _of(record, (), 1)


def _of(record: Mapping[str, Any], path: tuple[str, ...], depth: int) -> Iterator[str]:
    for key, value in record.items():
        here = (*path, key)
        if not _NAME.fullmatch(key) or key in _TEXTS:
            continue
        if key == "attributes" and isinstance(value, list):
            yield from _attributes(value)
        elif key in _RECORDS_INSIDE and isinstance(value, list):
            for item in value:
                yield from _of(item, (), 1) if isinstance(item, dict) else ()
        elif isinstance(value, dict):
            inner = path if key in _OWNER else here
            yield from _of(value, inner, depth + 1) if depth < _DEEPEST else ()
        else:
            yield ".".join(here)


def _attributes(listed: Sequence[Any]) -> Iterator[str]:
    keys = (item.get("key") for item in listed if isinstance(item, dict))
    return (key for key in keys if isinstance(key, str) and _NAME.fullmatch(key))
