"""Clocks that went wrong: dates far from all others, which would move the day that a scenario looks ahead from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.learnings import Mask
from scenarios.logs.table import Calls

_DAY = 86_400.0
_YEAR, _FORTNIGHT = 366 * _DAY, 14 * _DAY
_SOME, _FEW = 0.1, 0.02
"""Share of the dates that may stand apart: by more than a year, and by less."""

_DAYS_IN_WORDS = 2 * 365

_SPANS = 0.25
"""Silences of so much of the time that all others cover are no habit of a log: its days would seem so many more."""


@dataclass(frozen=True)
class Strays:
    """Dates that were taken away.

    Attributes
    ----------
    n, of : how many calls have lost theirs, and of how many
    days : how far the nearest of them is from all others
    """

    n: int
    of: int
    days: float

    @property
    def words(self) -> str:
        """What was done, for people; empty where nothing was."""
        if not self.n:
            return ""
        far = f"{self.days:,.0f} days" if self.days < _DAYS_IN_WORDS else f"{self.days / 365.25:,.0f} years"
        return (
            f"dates {far} or more away from all others, as a clock that is wrong makes them, are not used: {self.n:,} "
            f"of {self.of:,} calls; where they are right, read them by themselves (--since, --until)"
        )


def without_strays(calls: Calls) -> tuple[Calls, Strays]:
    """Take away the dates of few calls that stand apart from all others.

    Apart is more than a year; of one call in fifty, more than a fortnight and more than a quarter of the time that
    the others cover. A day among empty ones would make the mean day smaller by as much.

    Returns
    -------
    calls, strays : the calls, all of them; which have lost their date
    """
    times = calls["time"]
    known = np.sort(times[np.isfinite(times)])
    for apart, most in _rules(known) if calls.dated and known.size else ():
        low, high = _bulk(known, apart)
        stray: Mask = (times < low) | (times > high)
        n = int(stray.sum())
        if 0 < n <= most:
            cleaned = replace(calls, columns={**calls.columns, "time": np.where(stray, np.nan, times)})
            away = np.maximum(low - times[stray], times[stray] - high)
            return cleaned, Strays(n, len(calls), float(away.min()) / _DAY)
    return calls, Strays(0, len(calls), 0.0)


def _rules(known: FloatArray) -> tuple[tuple[float, float], ...]:
    """How far apart dates may stand, and how many of them at most are strays beyond it; the nearest first."""
    first, last = np.quantile(known, _FEW, method="higher"), np.quantile(known, 1 - _FEW, method="lower")
    near = max(_FORTNIGHT, _SPANS * float(last - first))
    return (min(near, _YEAR), _FEW * known.size), (_YEAR, max(1.0, _SOME * known.size))


def _bulk(known: FloatArray, apart: float) -> tuple[float, float]:
    """Ends of the largest group of dates that no such silence parts."""
    groups = np.split(known, np.flatnonzero(np.diff(known) > apart) + 1)
    largest = max(groups, key=len)
    return float(largest[0]), float(largest[-1])
