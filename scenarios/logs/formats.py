"""Every format of logs, which of them some files are, and the way from files to the table of calls."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

import scenarios.logs
from scenarios.logs.checks import odd
from scenarios.logs.codes import NONE
from scenarios.logs.column_names import nested_counts
from scenarios.logs.costs import believed
from scenarios.logs.field_names import unknown_fields
from scenarios.logs.format import FORMATS, Asked, Format, Head, Log
from scenarios.logs.heads import head_of, shape_of
from scenarios.logs.reading import BEYOND, LogError, Reading, Watch, ignored_words
from scenarios.logs.source import Source
from scenarios.logs.table import Calls

SUFFIXES = (".csv", ".jsonl", ".json", ".ndjson", ".parquet", ".csv.gz", ".jsonl.gz", ".json.gz", ".ndjson.gz")
"""What is looked for in a folder."""


_FEW = 4
"""Records by which most formats are told."""

_LOOKED_INTO = 20
"""Files that are looked into for the names of their fields."""


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
    read = chosen().read(Log(sources, reading, asked))
    calls = believed(_between(read, since, until), reading)
    if feature_from and len(read) and (read["feature"] == NONE).all():
        told = _missing(sources, [feature_from])
        raise LogError(f"no call has a field {feature_from!r} that could name its feature{told and f': {told}'}")
    if len(calls) < len(read):
        reading.ignore(BEYOND, len(read) - len(calls))
    reading.calls, reading.duplicates = len(calls), calls.duplicates
    if not len(calls):
        if missing := _missing(sources, [field for field, _ in where]):
            raise LogError(f"--where leaves nothing: {missing}")
        raise LogError(_nothing(reading, since or until or where) + _misfit(format, sources, chosen))
    reading.notes += [f"{n:,} calls have {what}: they are kept without it" for what, n in reading.unread.items()]
    reading.notes += odd(calls, calls.duplicates)
    return calls, reading


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
    unique: dict[tuple[int, int], Path] = {}
    for file in found:  # a link to a file is that file: its calls count once
        at = file.stat()
        unique.setdefault((at.st_dev, at.st_ino), file)
    return list(unique.values())


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
    told: dict[Path, list[type[Format]]] = {}
    last: list[type[Format]] = []
    for source in sources:
        told[source.path] = last = _kinds(source, known, last)
    found = {kind for kinds in told.values() for kind in kinds}
    if len(found) == 1:
        return found.pop()
    if not found:
        raise LogError(_unknown(sources[0], head_of(sources[0]), known))
    raise LogError(
        f"the files are of several formats: {_listed(told)}; read them one format at a time, or say --format"
    )


def _listed(told: Mapping[Path, Sequence[type[Format]]]) -> str:
    """Formats with how many files are of each, and the first of these."""
    files: dict[str, list[str]] = {}
    for path, kinds in told.items():
        files.setdefault(" or ".join(kind.name for kind in kinds) or "none that is known", []).append(path.name)
    return ", ".join(
        f"{kind} ({names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''})" for kind, names in files.items()
    )


def _kinds(source: Source, known: Mapping[str, type[Format]], last: list[type[Format]]) -> list[type[Format]]:
    """Formats of a file, by as few of its records as tell one: folders may have thousands of files, all of one."""
    head = head_of(source, _FEW)
    if _are_sure(last) and last[0].recognises(head):
        return last
    kinds = _told(head, known)
    return kinds if _are_sure(kinds) else _told(head_of(source), known)


def _are_sure(kinds: Sequence[type[Format]]) -> bool:
    """Whether these are one format, and one that few records tell: mapped columns fit many files."""
    return len(kinds) == 1 and kinds[0].name != "columns"


def _told(head: Head, known: Mapping[str, type[Format]]) -> list[type[Format]]:
    """Formats that recognise a file; mapped columns, which fit many, only where no other does."""
    kinds = [kind for kind in known.values() if kind.name != "columns" and kind.recognises(head)]
    mapped = known.get("columns")
    return kinds if kinds or mapped is None or not mapped.recognises(head) else [mapped]


def _unknown(source: Source, head: Head, known: Mapping[str, type[Format]]) -> str:
    if not head.path.stat().st_size:
        return f"{head.path} is empty: it holds no byte of a log"
    if source.broken is not None and not head.columns:
        source.cut_off(0, source.broken, "record")
        return f"{head.path} is cut off before its first record ends, and nothing can be read; copy or export it again"
    near = sorted(known.values(), key=lambda kind: -_shared(head, kind))
    inside = nested_counts(head.records)
    maps = [f"--map {field}={path}" for field, path in inside.items()] or ["--map prompt=COLUMN", "--map output=COLUMN"]
    needs = "\n".join(f"    {kind.name}: {kind.needs}" for kind in near)
    return (
        f"{head.path} is of no format that is known: it is {shape_of(source, head)}. A file with a row a call can be "
        f"read by naming its columns: {' '.join(maps)}. What each format needs, nearest first:\n"
        f"{needs}"
    )


def _shared(head: Head, kind: type[Format]) -> int:
    """How many of a file's columns a format names among its needs."""
    return len({*re.findall(r"[\w.]+", kind.needs.lower())} & {column.lower() for column in head.columns})


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


def _misfit(said: str, sources: Sequence[Source], chosen: type[Format]) -> str:
    """What stands against a format that was said and not told by itself; empty where nothing does."""
    if said == "auto" or chosen.recognises(head := head_of(sources[0])):
        return ""
    return f". --format {said} needs {chosen.needs}, and {head.path.name} is {shape_of(sources[0], head)}"


def _missing(sources: Sequence[Source], asked: Sequence[str]) -> str:
    """That no record has a field that was asked for, and which they have; empty where they have it."""
    return unknown_fields([head_of(source) for source in sources[:_LOOKED_INTO]], asked) if asked else ""


def _nothing(reading: Reading, chosen: object) -> str:
    reasons = [f"{each.count:,} times {each.reason} (first at {each.examples[0]})" for each in reading.skipped.values()]
    ignored = [ignored_words(kind, n) for kind, n in reading.ignored.items()]
    why = "; ".join([*reading.cuts, *reasons, *ignored, *reading.notes]) or (
        "nothing matches what was asked for" if chosen else "there are no records"
    )
    return f"no call was found in {', '.join(file.name for file in reading.files[:3])}: {why}"
