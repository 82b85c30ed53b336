"""Cells of a table's columns as numbers, times and truths, whole columns at a time."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.table import OK, PROVIDER, QUALITY

FIRST_DATE = 1e8
"""Seconds since 1970. A log of times below it (1973) counts from the start of its sessions."""

LAST_DATE = 4_102_444_800.0
"""2100-01-01. No call has been made later."""

_GROUPED = re.compile(r"[1-9]\d{0,2}(,\d{3})+")
"""A whole number as people and spreadsheets write it."""

_UNITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (np.inf, 1e9))
_TRUE = {"true", "t", "yes", "y", "1", "1.0"}
_SERVED = {
    "",
    "success",
    "succeeded",
    "successful",
    "ok",
    "completed",
    "complete",
    "done",
    "stop",
    "end_turn",
    "tool_use",
}
_FAILED = {
    *("error", "failed", "failure", "fail", "errored", "exception", "provider", "true", "yes"),
    *("timeout", "timed_out", "rate_limited", "rate_limit", "rate_limit_error", "overloaded", "overloaded_error"),
    *("api_error", "server_error", "internal_error", "unavailable", "cancelled", "canceled", "aborted"),
}
_USELESS = {"quality", "invalid", "rejected", "validation", "validation_error", "parse_error", "invalid_output"}


def empty(cells: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a cell says nothing."""
    import pandas as pd

    nothing: NDArray[np.bool_] = np.asarray(pd.isna(cells))
    if cells.dtype == object:
        nothing = nothing | (cells == "")
    return nothing


def numbers(cells: NDArray[Any]) -> NDArray[np.float64]:
    """Cells as numbers; NaN for what is none."""
    import pandas as pd

    if cells.dtype == object:
        listed = cells.tolist()
        kinds = set(map(type, listed))
        if kinds <= {str}:
            listed = [cell or "nan" for cell in listed]
            with suppress(ValueError):
                return _parsed(listed)
        with suppress(ValueError, OverflowError):
            if kinds <= {str}:
                return np.fromiter(map(float, listed), np.float64)
            if kinds <= {int, float, type(None)}:
                return cells.astype(np.float64)
        if not kinds <= {str}:
            cells = _array_of([_countable(cell) for cell in listed])
    found: NDArray[np.float64] = np.asarray(pd.to_numeric(cells, errors="coerce"), np.float64)
    return found


def whole_numbers(cells: NDArray[Any]) -> NDArray[np.float64]:
    """Cells as `numbers`; whole ones may have commas between groups of three digits."""
    found = numbers(cells)
    if cells.dtype != object:
        return found
    lost = [(at, cell) for at in np.flatnonzero(np.isnan(found)).tolist() if (cell := cells[at])]
    grouped = {at: cell for at, cell in lost if isinstance(cell, str) and _GROUPED.fullmatch(cell)}
    if grouped:
        found = found.copy()
        found[list(grouped)] = [float(cell.replace(",", "")) for cell in grouped.values()]
    return found


def _parsed(cells: list[str]) -> NDArray[np.float64]:
    """Numbers of texts, all of which must be plain."""
    import pyarrow as pa

    found: NDArray[np.float64] = pa.array(cells, pa.string()).cast(pa.float64()).to_numpy()
    return found


def _countable(cell: Any) -> Any:
    """A cell without what pandas takes for a number, or fails on: truths, and whole numbers past all floats."""
    if isinstance(cell, bool):
        return None
    if isinstance(cell, int):
        try:
            return float(cell)
        except OverflowError:
            return None
    return cell


def _array_of(cells: list[Any]) -> NDArray[Any]:
    array = np.empty(len(cells), object)
    array[:] = cells
    return array


def in_seconds(number: float) -> float:
    """A time in s, ms, us or ns since 1970 in seconds; NaN where none can be meant."""
    time = number / next((unit for high, unit in _UNITS if number < high), _UNITS[-1][1])
    return time if 0 <= time <= LAST_DATE else float("nan")


def text(cells: NDArray[Any]) -> NDArray[Any]:
    """Cells as text; empty where they say nothing."""
    if cells.dtype == object and set(map(type, cells.tolist())) <= {str}:
        return cells
    nothing = empty(cells)
    said = np.empty(len(cells), object)
    said[:] = [cell if cell.__class__ is str else _said(cell) for cell in cells.tolist()]
    said[nothing] = ""
    return said


def _said(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, list):
        return _said(cell[0]) if cell else ""
    return str(cell)


def truths(cells: NDArray[Any]) -> NDArray[np.bool_]:
    """Cells as yes and no."""
    return np.array([cell.lower() in _TRUE for cell in text(cells)], bool)


def seconds(cells: NDArray[Any]) -> NDArray[np.float64]:
    """Times as seconds: ISO text (UTC where it names no zone), or numbers in s, ms, us or ns since 1970."""
    import pandas as pd

    found = np.full(len(cells), np.nan) if _are_clocks(cells) else numbers(cells)
    as_text = np.isnan(found) & ~empty(cells)
    scale = np.select([found < high for high, _ in _UNITS[:-1]], [unit for _, unit in _UNITS[:-1]], _UNITS[-1][1])
    found = np.asarray(found / scale, np.float64)
    if as_text.any():
        said = pd.Series(text(cells[as_text]))
        try:
            stamps = pd.to_datetime(said, utc=True, errors="coerce", format="ISO8601")
            found[as_text] = ((stamps - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)).to_numpy(np.float64)
        except (pd.errors.OutOfBoundsDatetime, OverflowError):  # years that pandas has not
            found[as_text] = [moment(each) for each in said]
    return found


def _are_clocks(cells: NDArray[Any]) -> bool:
    """Whether all cells are times of day, none of which is a number."""
    return cells.dtype == object and all(cell.__class__ is str and ":" in cell for cell in cells.tolist())


def moment(date: str) -> float:
    """Seconds since 1970 of a date in ISO 8601, UTC where it names no zone; NaN where it is none."""
    try:
        read = datetime.fromisoformat(date)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return float("nan")


def failures(cells: NDArray[Any]) -> NDArray[np.int8]:
    """What became of calls: by HTTP status, by 0, 1 and 2 as in the table, or by the usual words."""
    by_word: dict[str, int] = {}
    said = text(cells)
    for word in set(said.tolist()):
        by_word[word] = _failure(word.lower().strip())
    return np.array([by_word[word] for word in said.tolist()], np.int8)


def unknown_failures(cells: NDArray[Any]) -> Counter[str]:
    """Words that are taken for failures because they are not known, and how often each is there."""
    words = Counter(text(cells).tolist())
    return Counter(
        {
            word: n
            for word, n in words.items()
            if _failure(word.lower().strip()) == PROVIDER
            and not word.strip().replace(".", "", 1).isdigit()
            and word.lower().strip() not in _FAILED
        }
    )


def _failure(word: str) -> int:
    if word.replace(".", "", 1).isdigit():
        code = int(float(word))
        return code if code in (OK, PROVIDER, QUALITY) else OK if code < 400 else PROVIDER
    if word in _SERVED or word in {"false", "no"}:
        return OK
    return QUALITY if word in _USELESS else PROVIDER
