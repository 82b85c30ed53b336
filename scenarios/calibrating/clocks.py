"""Clocks that went wrong: dates far from all others, which would move the day that a scenario looks ahead from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from scenarios.calibrating.learnings import Mask
from scenarios.logs.table import Calls

_FAR = 366 * 86_400.0
_FEW = 0.01


def without_strays(calls: Calls) -> tuple[Calls, int]:
    """Take away the dates of calls that stand more than a year apart from all others and are few.

    Returns
    -------
    calls, n : the calls, all of them; how many have lost their date
    """
    stray = _strays(calls)
    if not stray.any():
        return calls, 0
    times = np.where(stray, np.nan, calls["time"])
    return replace(calls, columns={**calls.columns, "time": times}), int(stray.sum())


def _strays(calls: Calls) -> Mask:
    times = calls["time"]
    known = np.sort(times[np.isfinite(times)])
    nothing = np.zeros(len(calls), bool)
    if not calls.dated or not known.size:
        return nothing
    breaks = np.flatnonzero(np.diff(known) > _FAR) + 1
    groups = np.split(known, breaks)
    largest = max(groups, key=len)
    if known.size - largest.size > max(1, _FEW * known.size):
        return nothing  # years without calls, and no clock that went wrong
    strays: Mask = np.isfinite(times) & ((times < largest[0]) | (times > largest[-1]))
    return strays
