"""Every format of logs, which of them some files are, and the way from files to the table of calls."""

from __future__ import annotations

import csv
import difflib
import importlib
import io
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

import scenarios.logs
from scenarios.logs.format import FORMATS, Asked, Format, Head, Log
from scenarios.logs.reading import LogError, Reading, Watch
from scenarios.logs.source import Source
from scenarios.logs.table import Calls

SUFFIXES = (".csv", ".jsonl", ".json", ".ndjson", ".parquet", ".csv.gz", ".jsonl.gz", ".json.gz", ".ndjson.gz")
"""What is looked for in a folder."""

_RECORDS = 50
_PARQUET = b"PAR1"


def formats() -> Mapping[str, type[Format]]:
    """Every format by name: each file of this package that defines one is found by itself."""
    for module in pkgutil.walk_packages(scenarios.logs.__path__, f"{scenarios.logs.__name__}."):
        importlib.import_module(module.name)
    return dict(sorted(FORMATS.items()))


def read_logs(
    paths: Sequence[str | Path],
    *,
    format: str = "auto",  # noqa: A002  (as the option is called)
    columns: Mapping[str, str] | None = None,
    where: Sequence[tuple[str, str]] = (),
    since: date | None = None,
    until: date | None = None,
    feature_from: str | None = None,
    ttl_minutes: float = 5.0,
    watch: Watch | None = None,
) -> tuple[Calls, Reading]:
    """Read call logs into one table.

    Parameters
    ----------
    paths : files, or folders in which all files of known suffixes are taken; all of one format
    format : name of a format; "auto" tells it from how the files begin
    columns : of a mapped file, by column of the table the name that it has there
    where : fields, and the values that records must have in them
    since, until : first and last day (UTC) of the calls that are kept
    feature_from : field that names the feature
    ttl_minutes : how long a cache keeps a prefix, where the log says only what was readable
    watch : called now and then with how far reading has come

    Returns
    -------
    calls, reading : the table, and what came of reading

    Raises
    ------
    LogError
        Where a file can't be read, no format or several fit, or no call is left.
    """
    files = _files(paths)
    reading = Reading(files=files)
    sizes = [file.stat().st_size for file in files]
    before = np.concatenate([[0], np.cumsum(sizes)]).astype(int).tolist()
    sources = [Source(file, reading, watch, start, before[-1]) for file, start in zip(files, before[:-1], strict=True)]
    chosen = _format(format, sources, bool(columns))
    reading.format = chosen.title
    asked = Asked(columns or {}, tuple(where), feature_from, ttl_minutes)
    calls = _between(chosen().read(Log(sources, reading, asked)), since, until)
    reading.calls, reading.duplicates = len(calls), calls.duplicates
    if not len(calls):
        raise LogError(_nothing(reading, since or until or where))
    return calls, reading


def head_of(source: Source) -> Head:
    """The beginning of a file, in whatever shape it has one."""
    start = source.head()
    if start.startswith(_PARQUET):
        from pyarrow import ArrowInvalid, parquet

        try:
            return Head(source.path, "parquet", (), parquet.read_schema(source.path).names)
        except (ArrowInvalid, OSError):
            return Head(source.path, "unknown", (), ())
    if start.lstrip()[:1] in {b"{", b"["}:
        records = _records(start)
        keys = dict.fromkeys(key for record in records for key in record)
        return Head(source.path, "json" if records else "unknown", records, tuple(keys))
    first = start.split(b"\n", 1)[0].decode(errors="replace").strip()
    names = [name.strip() for name in next(csv.reader(io.StringIO(first)), [])]
    is_table = len(names) > 1 and all(names) and not any(name.replace(".", "").isdigit() for name in names)
    return Head(source.path, "csv" if is_table else "unknown", (), tuple(names) if is_table else ())


def _records(start: bytes) -> list[dict[str, Any]]:
    """First records of JSON lines, of a list, or a whole document as the only one."""
    lines = [line for line in start.split(b"\n") if line.strip()]
    records = [decoded for line in lines[:_RECORDS] if isinstance(decoded := _decoded(line), dict)]
    if records:
        return records
    whole = _decoded(start)
    if isinstance(whole, dict):
        return [whole]
    if whole is None:  # a document longer than its head
        whole = _cut_list(start)
    return [item for item in (whole or [])[:_RECORDS] if isinstance(item, dict)]


def _cut_list(start: bytes) -> list[Any]:
    """Items of a list of which the end is not there."""
    import json

    text, at, items = start.decode(errors="ignore").lstrip(), 1, list[Any]()
    decoder = json.JSONDecoder()
    if not text.startswith("["):
        return []
    while len(items) < _RECORDS:
        while at < len(text) and text[at] in " \r\n\t,":
            at += 1
        try:
            item, at = decoder.raw_decode(text, at)
        except ValueError:
            break
        items.append(item)
    return items


def _decoded(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None


def _files(paths: Iterable[str | Path]) -> list[Path]:
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.is_file() and file.name.lower().endswith(SUFFIXES))
            if not inside:
                raise LogError(f"{path} is a folder without logs: nothing in it ends in {' '.join(SUFFIXES)}")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            raise LogError(f"there is no log {path}")
    return list(dict.fromkeys(found))


def _format(name: str, sources: Sequence[Source], mapped: bool) -> type[Format]:
    known = formats()
    if name != "auto":
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise LogError(
                f"no format is called {name!r}{f'; did you mean {near[0]}?' if near else ''}: {', '.join(known)}"
            )
        return known[name]
    if mapped and "columns" in known:
        return known["columns"]
    heads = [head_of(source) for source in sources]
    told = {head.path: [kind for kind in known.values() if kind.recognises(head)] for head in heads}
    found = {kind for kinds in told.values() for kind in kinds}
    if len(found) == 1:
        return found.pop()
    if not found:
        raise LogError(_unknown(heads[0], known))
    listed = ", ".join(f"{path.name}: {' or '.join(kind.name for kind in kinds)}" for path, kinds in told.items())
    raise LogError(f"the files are of several formats ({listed}); read them one format at a time, or say --format")


def _unknown(head: Head, known: Mapping[str, type[Format]]) -> str:
    seen = (
        f"{head.kind} with {', '.join(head.columns[:12])}"
        if head.columns
        else "neither JSON, nor csv with a header, nor Parquet"
    )
    needs = "\n".join(f"    {kind.name}: {kind.needs}" for kind in known.values())
    return f"{head.path} is of no format that is known: it is {seen}. What each needs:\n{needs}"


def _between(calls: Calls, since: date | None, until: date | None) -> Calls:
    if since is None and until is None:
        return calls
    if not calls.dated:
        raise LogError("--since and --until need dates, and this log has none: its times count from a session's start")
    keep = np.isfinite(calls["time"])
    if since is not None:
        keep &= calls["time"] >= _midnight(since)
    if until is not None:
        keep &= calls["time"] < _midnight(until + timedelta(days=1))
    return calls.where(keep)


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()


def _nothing(reading: Reading, chosen: object) -> str:
    reasons = [f"{each.count:,} times {each.reason} (first at {each.examples[0]})" for each in reading.skipped.values()]
    ignored = [f"{n:,} records are of the kind {kind}" for kind, n in reading.ignored.items()]
    why = "; ".join([*reasons, *ignored]) or (
        "nothing matches what was asked for" if chosen else "there are no records"
    )
    return f"no call was found in {', '.join(file.name for file in reading.files[:3])}: {why}"
