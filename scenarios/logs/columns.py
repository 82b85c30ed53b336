"""Any file of one row a call: its columns by the names that `--map` gives them, or by names that are well known."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.batches import Batch, batches, known_columns
from scenarios.logs.cached import FIELD as INSIDE
from scenarios.logs.cached import Totals, take_apart
from scenarios.logs.cells import (
    FIRST_DATE,
    LAST_DATE,
    empty,
    failures,
    numbers,
    seconds,
    text,
    truths,
    unknown_failures,
    whole_numbers,
)
from scenarios.logs.codes import NONE
from scenarios.logs.column_names import KNOWN, WHOLE, well_known
from scenarios.logs.costs import UNREADABLE
from scenarios.logs.date_orders import Order, contradicts, in_order, order_of
from scenarios.logs.format import Format, Head, Log
from scenarios.logs.heads import columns_of, head_of, shape_of
from scenarios.logs.reading import LogError
from scenarios.logs.select import wanted
from scenarios.logs.separators import DECIMAL_COMMA
from scenarios.logs.table import PROVIDER, RECORD, Calls, Rows
from scenarios.logs.tokens import MOST_TOKENS

DOUBTFUL = "id"
"""Column that names requests in some logs, and in others something that has many."""

_FEW = 20
"""Cells that are looked at to tell how a column is written."""

_BY_PARTS = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-](\d{4}|\d{2}\b)", re.ASCII)
_WORD = re.compile(r"[A-Za-z_]{1,24}", re.ASCII)

_NAMES = ("session", "instance", "parent", "agent", "provider", "model", "tier", "currency", "feature", "user", RECORD)
_TOKENS = ("prompt", "input", "fresh", "cached", "written", "written_1h", "readable", "output", "reasoning", "total")
_SHARED = ("provider", "model", "tier", "agent", "feature", "user")
"""Fields that may be read from a column that `--map` gives to another one, as where agents are told by their model."""
_TRUTHS = ("billed", "summary", "compacted")


@dataclass
class _Counts:
    """What is known of the rows together."""

    totals: Totals = field(default_factory=lambda: Totals(Counter(), Counter()))
    told_apart: bool = True
    dated: int = 0
    undated: int = 0
    reasoned: bool = False
    order: Order | None = None
    odd: dict[str, int] = field(default_factory=dict)
    words: Counter[str] = field(default_factory=Counter)
    records: list[NDArray[np.int64]] = field(default_factory=list)


class Columns(Format):
    """csv, JSON lines or Parquet with a row a call."""

    name = "columns"
    title = "mapped columns"
    needs = (
        "csv with a header, JSON lines or Parquet, and a column of prompts and one of answers, by names that are well "
        "known (prompt_tokens, completion_tokens ...) or by --map prompt=COLUMN --map output=COLUMN"
    )

    @classmethod
    def recognises(cls, head: Head) -> bool:
        """Whether prompts and answers have well-known names; formats that know more of a file go first."""
        found = well_known(columns_of(head))
        return head.kind != "unknown" and bool({"prompt", "input", "fresh"} & set(found)) and "output" in found

    def read(self, log: Log) -> Calls:
        """Read all files, batch by batch."""
        rows, counts = Rows(), _Counts()
        inside, doubtful = _inside(log.asked.columns), False
        for source in log.sources:
            head = head_of(source)
            if head.kind == "unknown" and not source.head().strip():
                any(source.lines())  # nothing is there, or a file that is cut off before its first line, which it says
                continue
            if head.kind == "unknown":
                raise LogError(f"{source.path} has no columns: it is {shape_of(source, head)}")
            head = head._replace(columns=columns_of(head))
            fields = _fields(head, log.asked.columns)
            log.reading.columns |= fields
            doubtful = doubtful or (fields.get(RECORD) == DOUBTFUL and RECORD not in log.asked.columns)
            more = [path for path, _ in log.asked.where] + ([log.asked.feature_from] if log.asked.feature_from else [])
            known_columns(head.columns, more, source.path.name)
            rows.begin_file(str(source.path))
            for batch in batches(source, head.kind, [*fields.values(), *more]):
                _add(rows, wanted(batch, log), fields, log, counts)
        if doubtful and _names_several(counts.records):
            rows.forget_records()
            log.reading.notes.append(
                f"column {DOUBTFUL} has the same value in rows that differ: it is not taken for the name of a request "
                "(--map record=COLUMN says which is)"
            )
        return _finish(rows, log, counts, inside)


def _inside(asked: Mapping[str, str]) -> bool | None:
    said = asked.get(INSIDE, "").lower()
    if said not in {"", "yes", "no", "true", "false"}:
        raise LogError(f"--map {INSIDE}={said} is neither yes nor no")
    return said in {"yes", "true"} if said else None


def _fields(head: Head, asked: Mapping[str, str]) -> dict[str, str]:
    """By field, the column that it is read from."""
    for name in asked:
        if name not in KNOWN and name != INSIDE:
            near = difflib.get_close_matches(name, KNOWN, 1, 0.5)
            meant = f"; did you mean {near[0]}?" if near else "."
            raise LogError(f"--map knows no field {name!r}{meant} It knows: {', '.join([*KNOWN, INSIDE])}")
    mapped = {name: column for name, column in asked.items() if name != INSIDE}
    known_columns(head.columns, list(mapped.values()), head.path.name)
    taken, shared = set(mapped.values()), {column for name, column in mapped.items() if name in _SHARED}
    known = well_known(head.columns)
    fields = {
        name: column for name, column in known.items() if column not in taken or (name in _SHARED and column in shared)
    }
    fields |= mapped
    whole = [name for name in ("prompt", "input", "fresh", "total") if name in mapped]
    for name in ("prompt", "input", "fresh"):
        if whole and name not in mapped:
            fields.pop(name, None)
    if not {"prompt", "input", "fresh"} & set(fields) and not {"total", "output"} <= set(fields):
        raise LogError(
            f"{head.path.name} has no column that is known to count prompts; say which: --map prompt=COLUMN. "
            f"It has: {', '.join(head.columns)}"
        )
    return fields


def _add(rows: Rows, batch: Batch, fields: Mapping[str, str], log: Log, counts: _Counts) -> None:
    tokens = {name: whole_numbers(batch.columns[fields[name]]) for name in _TOKENS if name in fields}
    good = _usable(batch, tokens, fields)
    batch = batch.where(good)
    if not len(batch):
        return
    counted = {name: np.nan_to_num(values[good]).astype(np.int64) for name, values in tokens.items()}
    cells = {name: batch.columns[column] for name, column in fields.items()}
    columns: dict[str, Any] = {name: text(cells[name]) for name in _NAMES if name in fields}
    if log.asked.feature_from:
        columns["feature"] = text(batch.columns[log.asked.feature_from])
    columns |= {name: truths(cells[name]) for name in _TRUTHS if name in fields}
    columns |= _prompts(counted, counts)
    _count_totals(counted, columns, counts)
    if "readable" in counted:
        columns["readable"] = np.where(np.isfinite(tokens["readable"][good]), counted["readable"], NONE)
    if "time" in fields:
        _put_in_order(cells, fields["time"], batch.source.path.name, log, counts)
        columns["time"] = _times(batch, cells, counts)
    if "cost" in fields:
        columns["cost"] = _costs(cells["cost"])
        if _have_commas(cells["cost"]):
            said = f"cells of {fields['cost']} have a decimal comma, and a point is needed: 0.05 and not 0,05"
            _odd(counts, said, columns["cost"] == UNREADABLE)
    if "outcome" in fields:
        columns["outcome"] = _outcomes(cells["outcome"])
    if "attempt" in fields:
        columns["attempt"] = np.clip(np.nan_to_num(numbers(cells["attempt"]), nan=1.0), 1, 30_000)
    columns |= _fates(cells, columns, counts)
    if RECORD in columns:
        counts.records.append(_contents(columns))
    first = rows.extend(**columns)
    if "tool" in fields:
        for row, tool in enumerate(text(cells["tool"]).tolist()):
            if tool:
                rows.tool(first + row, tool)


def _fates(
    cells: Mapping[str, NDArray[Any]], columns: Mapping[str, NDArray[Any]], counts: _Counts
) -> dict[str, NDArray[Any]]:
    if "failed" not in cells:
        return {}
    failed = failures(cells["failed"])
    for word, n in unknown_failures(cells["failed"]).items():
        counts.words[word if _WORD.fullmatch(word) else "other"] += n  # any other may be a text that failed
    if "billed" in cells:
        return {"failed": failed}
    cost = columns.get("cost", np.zeros(failed.size))
    paid = (cost > 0) & (cost < UNREADABLE)
    return {"failed": failed, "billed": (failed != PROVIDER) | paid}


def _contents(columns: Mapping[str, Any]) -> NDArray[np.int64]:
    """For each row the hash of its record, and that of what copies of a request have in common."""
    nothing = [""] * len(columns["fresh"])
    names = [columns.get(name, nothing) for name in (RECORD, "session", "model")]
    record, session, model = (np.fromiter(map(hash, each), np.int64) for each in names)
    time = np.asarray(columns.get("time", np.zeros(record.size)), np.float64).view(np.int64)
    content = session ^ (3 * model) ^ (5 * time) ^ (7 * columns["fresh"])
    return np.stack([record, content])


def _names_several(parts: list[NDArray[np.int64]]) -> bool:
    """Whether rows with one record differ in what copies of a request have in common."""
    record, content = np.concatenate(parts, axis=1) if parts else np.zeros((2, 0), np.int64)
    order = np.lexsort((content, record))
    same = (np.diff(record[order]) == 0) & (record[order][1:] != 0)
    return bool((same & (np.diff(content[order]) != 0)).any())


def _usable(batch: Batch, tokens: Mapping[str, NDArray[np.float64]], fields: Mapping[str, str]) -> NDArray[np.bool_]:
    """Rows whose counts can be used: numbers, none below zero, and not all of them empty."""
    good, silent = np.ones(len(batch), bool), np.ones(len(batch), bool)
    for name, values in tokens.items():
        nothing = empty(batch.columns[fields[name]])
        silent &= nothing
        for wrong, what in (
            (~np.isfinite(values) & ~nothing, _no_number(batch.columns[fields[name]])),
            (np.nan_to_num(values) % 1 != 0, "is no whole number"),
            (values < 0, "is below zero"),
            (np.isfinite(values) & (values > MOST_TOKENS), f"is past {MOST_TOKENS:,} tokens"),
        ):
            if (wrong & good).any():
                batch.skip(wrong & good, f"{fields[name]} {what}")
                good &= ~wrong
    whole = next((fields[name] for name in (*WHOLE, "fresh") if name in tokens), None)
    untold = empty(batch.columns[whole]) & ~silent if whole else np.zeros(len(batch), bool)
    if (untold & good).any():
        batch.skip(untold & good, f"{whole} is empty, though other tokens are told")
        good &= ~untold
    if (silent & good).any():
        batch.skip(silent & good, "no tokens are told")
    return good & ~silent


def _no_number(cells: NDArray[Any]) -> str:
    """Why cells are no numbers."""
    return "is no number: it has a decimal comma" if _have_commas(cells) else "is no number"


def _have_commas(cells: NDArray[Any]) -> bool:
    """Whether the first cells that say something are numbers with a comma where a point is needed."""
    told = _first_texts(cells)
    return bool(told) and all(map(DECIMAL_COMMA.fullmatch, told))


def _first_texts(cells: NDArray[Any]) -> list[str]:
    if cells.dtype != object:
        return []
    return list(islice((cell for cell in cells if isinstance(cell, str) and cell), _FEW))


def _prompts(counted: Mapping[str, NDArray[np.int64]], counts: _Counts) -> dict[str, NDArray[np.int64]]:
    """Token columns, with the prompt in `fresh` as it was counted; `_finish` takes out of it what was cached."""
    nothing = np.zeros(len(next(iter(counted.values()))), np.int64)
    cached, written = counted.get("cached", nothing), counted.get("written", nothing)
    output, reasoning = counted.get("output", nothing), counted.get("reasoning", nothing)
    told = next((counted[name] for name in ("prompt", "input") if name in counted), None)
    if told is None:
        told = counted["fresh"] + cached + written if "fresh" in counted else np.maximum(counted["total"] - output, 0)
    counts.told_apart &= "fresh" in counted and not {"prompt", "input"} & set(counted)
    counts.reasoned |= bool(reasoning.any())
    answer = np.where(reasoning <= output, output - reasoning, output)
    long = np.minimum(counted.get("written_1h", nothing), written)
    return {
        "fresh": told,
        "cached": cached,
        "written": written,
        "written_1h": long,
        "output": answer,
        "reasoning": reasoning,
    }


def _count_totals(counted: Mapping[str, NDArray[np.int64]], columns: Mapping[str, Any], counts: _Counts) -> None:
    """Count by model the calls whose totals tell where their cached tokens are."""
    if "total" not in counted or not {"prompt", "input"} & set(counted):
        return
    held, total = columns["cached"] + columns["written"], counted["total"]
    whole = columns["fresh"] + counted.get("output", np.zeros_like(held))
    nothing = np.full(held.size, "", object)
    names = [columns.get(name, nothing) for name in ("provider", "model")]
    for found, rows in zip(counts.totals, (total == whole, total == whole + held), strict=True):
        telling = np.flatnonzero(rows & (held > 0))
        found.update(zip(*(name[telling].tolist() for name in names), strict=True))


def _put_in_order(cells: dict[str, NDArray[Any]], column: str, file: str, log: Log, counts: _Counts) -> None:
    """Write dates in ISO 8601 of which the first rows tell whether the day or the month comes first; refuse others."""
    told = _first_texts(cells["time"])
    if not told or not all(map(_BY_PARTS.match, told)):
        return
    if counts.order is None:
        counts.order = order_of(cells["time"])
        if counts.order is not None:
            log.reading.notes.append(
                f"dates of {column} are read with the {counts.order} first: in the other order some would have no month"
            )
    if counts.order is None or contradicts(cells["time"], counts.order):
        raise LogError(
            f"{file}: {column} has dates of the form {re.sub('[0-9]', '0', told[0][:10])}, which some read with the "
            "day and some with the month first, and its first rows do not tell; write them as 2026-11-30 or "
            "2026-11-30T09:15:00Z"
        )
    cells |= {name: in_order(cells[name], counts.order) for name in ("time", "end") if name in cells}


def _times(batch: Batch, cells: Mapping[str, NDArray[Any]], counts: _Counts) -> NDArray[np.float64]:
    time = seconds(cells["time"])
    wrong = (~np.isfinite(time) & ~empty(cells["time"])) | (time < 0)
    _odd(counts, "times that are none", wrong)
    late = np.isfinite(time) & (time > LAST_DATE)
    _odd(counts, "times after the year 2100", late)
    if "end" in cells:
        _odd(counts, "calls that end before they start: clocks differ", seconds(cells["end"]) < time)
    time[late | wrong] = np.nan
    counts.dated += int((time >= FIRST_DATE).sum())
    counts.undated += int((time < FIRST_DATE).sum())
    return time


def _odd(counts: _Counts, what: str, rows: NDArray[np.bool_]) -> None:
    if rows.any():
        counts.odd[what] = counts.odd.get(what, 0) + int(rows.sum())


def _costs(cells: NDArray[Any]) -> NDArray[np.float64]:
    cost = numbers(cells)
    return np.where(np.isnan(cost) & ~empty(cells), UNREADABLE, cost)


def _outcomes(cells: NDArray[Any]) -> NDArray[np.float64]:
    outcome = numbers(cells)
    words = np.isnan(outcome) & ~empty(cells)
    outcome[words] = truths(cells[words]) if words.any() else 0.0
    return outcome


def _finish(rows: Rows, log: Log, counts: _Counts, said: bool | None) -> Calls:
    """Make the table, with prompts in their three parts, and say what was assumed."""
    notes = log.reading.notes
    dated = counts.dated > 0 and counts.dated >= counts.undated
    notes += [f"{n:,} {what}" for what, n in counts.odd.items()]
    if counts.words:
        listed = ", ".join(f"{word} ({n:,})" for word, n in counts.words.most_common(5))
        notes.append(f"statuses that are not known are taken as failures of the provider: {listed}")
    calls = rows.finish(dated)
    notes += rows.of_files
    if dated and counts.undated:
        calls["time"][calls["time"] < FIRST_DATE] = np.nan
        notes.append(f"{counts.undated:,} times before 1973, of clocks that were not set, are taken as unknown")
    notes += take_apart(calls, counts.totals, True if said is None and counts.told_apart else said)
    if counts.reasoned:
        notes.append("reasoning is taken as a part of the output counts, where it is no larger than they are")
    return calls
