"""How unevenly users come, where the log knows who they are: few may carry the bill."""

from __future__ import annotations

from typing import Any

import numpy as np

from distributions.numerics import Z_90, FloatArray
from scenarios.calibrating.days import SECONDS_A_DAY, Days
from scenarios.calibrating.laws import named
from scenarios.calibrating.learnings import Chooser, Ints, Learnt, Notes, Sessions
from scenarios.calibrating.volume import Volume
from scenarios.logs.codes import NONE

LEAST_USERS = 20
LEAST_KNOWN = 0.95
LEAST_SESSIONS = 5
"""Of a user on the average: with fewer, chance alone would make users look uneven."""

PATH = "volume.sessions_per_user_day"
_BODY = "sessions_per_user_day"


def learn_users(
    sessions: Sessions, volume: Volume, notes: Notes, choose: Chooser, *, kept: float = 1.0
) -> dict[str, Any]:
    """Learn the volume by users, in place of sessions a day; the section as it was where users can't be learnt.

    Parameters
    ----------
    sessions : Sessions
    volume : Volume
        As `learn_volume` left it.
    notes : Notes
        Takes what was learnt, and why not.
    choose : callable
        `distributions.choose.choose_law`, or what stands in for it.
    kept : float
        Share of the log's sessions that these are.

    Returns
    -------
    dict
        `volume` of the scenario.
    """
    known = sessions.user != NONE
    if not known.any():
        return volume.section
    why_not = _why_not(sessions, volume)
    if why_not:
        notes.lack(f"users: {why_not}")
        return volume.section
    assert volume.days is not None
    rates = _rates(sessions, volume.days) / kept
    choice = choose(rates, whole=False, what="sessions of a user and day", purpose="rate")
    source = f"{rates.size:,} users, {int(known.sum()):,} sessions, {len(volume.days)} days; {choice.quality}"
    expression = named(choice.expression, _BODY)
    learnt = Learnt(
        PATH, "sessions of a user and day", "sessions", expression, choice, source, rates.size, len(sessions)
    )
    notes.learnt.append(learnt)
    if choice.body is not None:
        notes.bodies[_BODY] = choice.body
    notes.comments.pop("volume.sessions_per_day", None)
    heaviest = float(np.bincount(sessions.user[known]).max() / known.sum())
    notes.comments["volume.users"] = f"seen in {int(known.sum()):,} sessions, of which the busiest made {heaviest:.0%}"
    rest = {key: value for key, value in volume.section.items() if key != "sessions_per_day"}
    return {"users": int(rates.size), "sessions_per_user_day": expression, **rest}


def _why_not(sessions: Sessions, volume: Volume) -> str:
    known = sessions.user != NONE
    n = np.unique(sessions.user[known]).size
    if volume.days is None or "sessions_per_day" not in volume.section:
        return "sessions of a user and day need dates"
    if known.mean() < LEAST_KNOWN:
        return f"only {known.mean():.0%} of the sessions say whose they are"
    if n < LEAST_USERS:
        return f"the log has {n}, too few for a law of them"
    if known.sum() / n < LEAST_SESSIONS:
        return f"they made {known.sum() / n:.1f} sessions each, too few to tell habit from chance"
    return ""


def _rates(sessions: Sessions, days: Days) -> FloatArray:
    """Sessions a day of each user, over the days that the log holds whole."""
    first = (days.first.toordinal() - _EPOCH) * SECONDS_A_DAY
    inside = (sessions.start >= first) & (sessions.start < first + len(days) * SECONDS_A_DAY)
    inside &= sessions.user != NONE
    counts = np.bincount(sessions.user[inside])
    return without_chance(counts[counts > 0]) / len(days)


def without_chance(counts: Ints) -> FloatArray:
    """What counts would be if chance made none of their differences: drawn towards their mean.

    Counts have the variance of habits, and that of Poisson counts, which the simulation adds by itself. Where the
    latter explains all but what chance alone would exceed once in twenty times, users have one habit.
    """
    mean, variance = float(counts.mean()), float(counts.var(ddof=1))
    if variance <= mean * (1.0 + Z_90 * np.sqrt(2.0 / (counts.size - 1))):
        return np.full(counts.size, mean)
    habits: FloatArray = mean + np.sqrt(1.0 - mean / variance) * (counts - mean)
    return habits


_EPOCH = 719_163  # the ordinal of 1970-01-01
