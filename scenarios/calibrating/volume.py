"""How many sessions come: by day and weekday where the log is dated, as an assumption where it is not."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.days import WEEK, Days, Dispersion, count_days, dispersion, growth, weekday_means
from scenarios.calibrating.learnings import Learnt, Notes, Sessions
from scenarios.words import ASSUMED, WEEKDAYS

LEAST_WEEKS = 3
_LEAST_DAYS_OF_A_TREND = 28
_SURE = 2.6
_DAYS_A_MONTH = 365.25 / 12
_WHOLE_DAY = 20.0
"""Hours from the first session of a day to its last, below which nobody would call it whole."""

NOBODY_MEASURED = "0.477 to 2.1"
"""Of the volume where no day was counted: the outside view of `drivers: typical`, lognormal with sigma 0.45."""
_OUTSIDE = "outside view: nobody measured this"

Stated = float | tuple[float, float]
"""Sessions a day as a user states them: one number, or P5 and P95."""


@dataclass(frozen=True)
class Trend:
    """Growth of sessions a day.

    Attributes
    ----------
    slope : change of their logarithm in a day
    middle : where it stands in the middle of the log, as a multiple of the mean day
    """

    slope: float
    middle: float

    def from_day(self, day: date, days: Days) -> tuple[float, float]:
        """Where growth that goes on stands on a day, as a multiple of the mean day, and what it adds in that month."""
        ahead = (day - days.first).days - (len(days) - 1) / 2
        monthly = np.expm1(self.slope * monthrange(day.year, day.month)[1])
        return self.middle * float(np.exp(self.slope * ahead)), float(monthly)


@dataclass(frozen=True)
class Volume:
    """How many sessions come.

    Attributes
    ----------
    section : `volume` of the scenario, as plain data
    log_sd : standard deviation of the logarithm of the mean day, as the log leaves it open; None where nobody can say
    freedom : on how many degrees of freedom that stands
    trend : growth of sessions a day; None where it is not sure
    days : what was counted; None for a log without dates
    driver : of the volume, as P5 to P95, where days do not say it; empty where they do
    why : of the driver, as a comment
    source : of the section where its numbers are a guess; empty where they were counted, or are the user's word
    """

    section: dict[str, Any]
    log_sd: float | None
    freedom: int
    trend: Trend | None
    days: Days | None
    driver: str = ""
    why: str = ""
    source: str = ""


def learn_volume(
    sessions: Sessions, dated: bool, notes: Notes, *, sessions_per_day: Stated | None = None, kept: float = 1.0
) -> Volume:
    """Learn how many sessions come.

    Parameters
    ----------
    sessions : Sessions
    dated : bool
        Whether their starts are dates.
    notes : Notes
        Takes what was learnt, assumed, and not learnt.
    sessions_per_day : float or two of them, optional
        What the user says, in place of what the log says; two are P5 and P95.
    kept : float
        Share of the log's sessions that these are, where some were held back at random.

    Returns
    -------
    Volume
    """
    starts = sessions.start[np.isfinite(sessions.start)] if dated else np.zeros(0)
    if sessions_per_day is not None:
        return _stated(sessions_per_day, notes, count_days(starts) if starts.size else None)
    if not starts.size:
        return _assumed(sessions, notes, kept)
    days = count_days(starts)
    volume = _by_day(days, notes, kept)
    if len(days) == 1 and not days.cut:
        return replace(volume, source=_say_hours(float(np.ptp(starts)) / 3600, notes))
    return volume


def trend_words(volume: Volume, section: Mapping[str, Any], day: date) -> str:
    """What a scenario that begins on a day says to let growth go on; empty where growth is not sure."""
    if volume.trend is None or volume.days is None:
        return ""
    times, monthly = volume.trend.from_day(day, volume.days)
    key = "users" if "users" in section else "sessions_per_day"
    level = times * section[key]
    written = rounded(level) if key == "sessions_per_day" else round(level)
    return f"volume: {{{key}: {written}}} and trends: {{volume: {rounded(100 * monthly, 4)}%}}"


def dated_share(sessions: Sessions, dated: bool, notes: Notes) -> float:
    """Share of the sessions that have a date, where the log has any; of the others it is said what is made of them."""
    known = np.isfinite(sessions.start)
    if not dated or known.all() or not known.any():
        return 1.0
    notes.assume(
        f"volume: {int((~known).sum()):,} of {len(sessions):,} sessions have no date that can be used, and are taken "
        "to have come as the others did"
    )
    return float(known.mean())


def rounded(value: float, digits: int = 4) -> float:
    """A number as people write it: four digits, and whole where it is large."""
    short = float(f"{value:.{digits}g}")
    return int(short) if short == int(short) else short


def _stated(said: Stated, notes: Notes, days: Days | None) -> Volume:
    """What the user says: a range as it is, and one number with the outside view on it."""
    if isinstance(said, tuple):
        level = float(np.sqrt(said[0] * said[1]))
        words = f"{said[0]:,.10g} to {said[1]:,.10g} sessions a day, as stated"
        driver = f"{rounded(said[0] / level, 3)} to {rounded(said[1] / level, 3)}"
        why = f"{words}, P5 to P95"
        notes.assume(f"volume: {words}")
    else:
        level, words, driver, why = said, f"{said:,.10g} sessions a day, as stated", NOBODY_MEASURED, _OUTSIDE
        notes.assume(
            f"volume: {words}; how sure that is was not said, so months have {NOBODY_MEASURED} times as many; a range, "
            f'as in --sessions-per-day "{rounded(0.8 * said)} to {rounded(1.3 * said)}", says it better'
        )
    notes.comments["volume.sessions_per_day"] = words
    return Volume({"sessions_per_day": rounded(level)}, None, 0, None, days, driver, why)


def _say_hours(hours: float, notes: Notes) -> str:
    """Say what a log of one day holds of it; a source where that is no day."""
    if hours < _WHOLE_DAY:
        notes.warn(
            f"volume: the log covers {hours:.1f} hours of one day, and the scenario takes what they had for all that a "
            "day has; --sessions-per-day says it better"
        )
        return f"{ASSUMED}what {hours:.1f} hours of one day had is taken for all that a day has"
    notes.assume(f"volume: all that one day had is what the log has of it, over {hours:.1f} hours")
    return ""


def _assumed(sessions: Sessions, notes: Notes, kept: float) -> Volume:
    n = len(sessions) / kept
    notes.assume(
        f"volume: the log has no dates, so a month is taken to have as many sessions as the log, {n:,.0f}, or "
        f"{NOBODY_MEASURED} times as many; --sessions-per-day says it better, as a number or as a range"
    )
    notes.lack("volume: sessions a day, weekdays, and how much days and months differ need dates")
    notes.comments["volume.sessions_per_month"] = "assumed: as many as the log has, which has no dates"
    source = f"{ASSUMED}nobody counted days, so a month has as many sessions as the log"
    return Volume({"sessions_per_month": rounded(n)}, None, 0, None, None, NOBODY_MEASURED, _OUTSIDE, source)


def _by_day(days: Days, notes: Notes, kept: float) -> Volume:
    weekdays, expected, groups = _weekdays(days, notes)
    level = float(expected.mean()) if weekdays is None else _level(days)
    section: dict[str, Any] = {"sessions_per_day": rounded(level / kept)}
    found = dispersion(days, expected, groups) if len(days) >= 2 else None
    size = _size(found, days, notes)
    if weekdays:
        section["weekdays"] = weekdays
    if size is not None:
        section["dispersion"] = rounded(size, 3)
    _say(days, level / kept, notes)
    trend = _trend(days, expected, size, notes)
    if found is None:
        return Volume(section, None, 0, trend, days, NOBODY_MEASURED, _OUTSIDE)
    return Volume(section, _log_sd(expected, found.size), len(days) - 1, trend, days)


def _level(days: Days) -> float:
    """Mean over a week: of the weekdays' means, so that it does not matter on which day the log ends."""
    sums, n = np.bincount(days.weekday, days.counts, WEEK), np.bincount(days.weekday, minlength=WEEK)
    return float((sums[n > 0] / n[n > 0]).mean())


def _weekdays(days: Days, notes: Notes) -> tuple[dict[str, float] | None, FloatArray, Any]:
    """Factors of the weekdays where they are known, the mean of each day, and which days share one."""
    flat = np.full(len(days), max(float(days.counts.mean()), 1e-9)), np.zeros(len(days), np.int64)
    if len(days) < LEAST_WEEKS * WEEK:
        has = "one day" if len(days) == 1 else _days(days, "whole ")
        notes.lack(f"weekdays: they need {LEAST_WEEKS} whole weeks, and the log has {has}")
        return None, *flat
    factors, share = weekday_means(days)
    if share <= 0:
        notes.lack("weekdays: they differ no more than chance explains, and are left out")
        return None, *flat
    source = f"{len(days)} days from {days.first.isoformat()}"
    if share < 0.95:
        source += f"; drawn towards 1 by {1 - share:.0%}, as much as chance would make them differ"
    written = {str(name): rounded(float(factor), 3) for name, factor in zip(WEEKDAYS, factors, strict=True)}
    notes.learnt.append(Learnt("volume.weekdays", "weekdays", "factor", written, None, source, len(days), _n(days)))
    notes.comments["volume.weekdays"] = source
    means = np.bincount(days.weekday, days.counts, WEEK) / np.bincount(days.weekday, minlength=WEEK)
    return written, np.maximum(means[days.weekday], 1e-9), days.weekday


def _size(found: Dispersion | None, days: Days, notes: Notes) -> float | None:
    if found is None:
        notes.lack("dispersion: how much days differ can't be seen on one day; written as pure chance")
        return None
    if found.size is None:
        text = "days differ no more than chance explains: Poisson"
        notes.comments["volume.sessions_per_day"] = text
        notes.lack(f"dispersion: {text} (with 95 % chance its size is above {found.low:.3g})")
        return None
    source = f"maximum likelihood over {len(days)} days; 90 % interval {found.low:.3g} to {found.high:.3g}"
    size = rounded(found.size, 3)
    notes.learnt.append(Learnt("volume.dispersion", "dispersion", "size", size, None, source, len(days), _n(days)))
    notes.comments["volume.dispersion"] = source
    return found.size


def _say(days: Days, level: float, notes: Notes) -> None:
    source = f"{_n(days):,} sessions of {_days(days)} from {days.first.isoformat()}"
    if days.cut:
        source += f"; {days.cut} at the ends left out, which the log does not hold whole"
    before = notes.comments.get("volume.sessions_per_day")
    notes.comments["volume.sessions_per_day"] = f"{source}; {before}" if before else source
    value = rounded(level)
    notes.learnt.append(
        Learnt("volume.sessions_per_day", "sessions a day", "sessions", value, None, source, len(days), _n(days))
    )


def _days(days: Days, kind: str = "") -> str:
    return f"{len(days)} {kind}day{'' if len(days) == 1 else 's'}"


def _n(days: Days) -> int:
    return int(days.counts.sum())


def _log_sd(expected: FloatArray, size: float | None) -> float:
    variance = float((expected + (expected**2 / size if size else 0.0)).sum())
    return float(np.sqrt(variance) / expected.sum())


def _trend(days: Days, expected: FloatArray, size: float | None, notes: Notes) -> Trend | None:
    if len(days) < _LEAST_DAYS_OF_A_TREND:
        return None
    slope, sure = growth(days, expected, size)
    if abs(sure) < _SURE:
        return None
    monthly = float(np.expm1(slope * _DAYS_A_MONTH))
    grown = np.exp(slope * (np.arange(len(days)) - (len(days) - 1) / 2))
    middle = float(days.counts.sum() / (expected * grown).sum())
    end = middle * float(grown[-1])
    notes.warn(
        f"volume: sessions a day changed by {monthly:+.1%} a month while the log ran, {abs(sure):.1f} standard errors; "
        f"the scenario has the mean of the log, and its end stands at {end:.2f} times that; "
        "beside `volume` the file says how to let that go on"
    )
    return Trend(slope, middle)
