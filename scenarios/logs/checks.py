"""What is odd in a table of calls, in sentences with numbers; where nothing is odd, nothing is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np

from scenarios.logs.clashes import shared_sessions
from scenarios.logs.codes import NONE
from scenarios.logs.table import OK, Calls

FIRST = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
"""No model was sold by the token before."""

SHRINKS = 0.05
"""Share of a prompt that it loses to be said to have shrunk; less is an edit of it."""

_TELLING = "session", "instance", "model", "fresh", "cached", "written", "output", "reasoning", "attempt"
_MIX = np.uint64(0x9E3779B97F4A7C15)  # an odd constant spreads what it multiplies over all bits

AHEAD = 86_400.0
"""Seconds by which clocks and time zones may run ahead of ours."""


def odd(calls: Calls, duplicates: int = 0, now: float | None = None) -> list[str]:
    """Say what is odd in a table of calls.

    Parameters
    ----------
    duplicates : records that were dropped from it
    now : seconds since 1970; of the clock where nothing is said
    """
    today = datetime.now(UTC).timestamp() if now is None else now
    checks: list[Callable[[], str]] = [
        lambda: _zero(calls),
        lambda: _duplicates(calls, duplicates),
        lambda: _alike(calls),
        lambda: _alone(calls),
        lambda: _shared(calls),
        lambda: _shrinking(calls),
        lambda: _backwards(calls),
        lambda: _early(calls),
        lambda: _late(calls, today),
        lambda: _currencies(calls),
    ]
    return [said for check in checks if len(calls) and (said := check())]


def _backwards(calls: Calls) -> str:
    if not calls.backwards:
        return ""
    return (
        f"{_of(len(calls.backwards), len(calls))} are dated before the one that stands before them in their instance, "
        f"by up to {max(calls.backwards):,.0f} s: clocks differ, or the log is not in order; they are sorted by time"
    )


def _of(n: int, total: int, what: str = "calls") -> str:
    share = 100 * n / total
    return f"{n:,} of {total:,} {what} ({'under 0.1' if share < 0.1 else f'{share:.1f}'} %)"


def _zero(calls: Calls) -> str:
    nothing = (calls.prompt == 0) & (calls["output"] == 0) & (calls["reasoning"] == 0)
    n, served = int(nothing.sum()), int((nothing & (calls["failed"] == 0)).sum())
    return f"{_of(n, len(calls))} count no tokens at all; {served:,} of these did not fail" if n else ""


def _duplicates(calls: Calls, n: int) -> str:
    return f"{_of(n, len(calls) + n, 'records')} repeat a request that is in the log already: counted once" if n else ""


def twins(calls: Calls) -> int:
    """Calls that nothing tells from another; of requests with ids these are dropped before."""
    if not calls.dated:
        return 0
    known = np.flatnonzero(np.isfinite(calls["time"]) & (calls["session"] != NONE) & (calls["failed"] == OK))
    told = [calls["time"][known].view(np.uint64), *(calls[name][known].astype(np.uint64) for name in _TELLING)]
    mixed = np.zeros(known.size, np.uint64)
    for values in told:
        mixed = (mixed ^ values) * _MIX
        mixed ^= mixed >> np.uint64(29)
    return int(known.size - np.unique(mixed).size)


def _alike(calls: Calls) -> str:
    n = twins(calls)
    if not n:
        return ""
    return (
        f"{_of(n, len(calls))} are like another in time, session, model and all tokens: if they were exported twice, "
        "they count and cost twice; with an id of each request they would count once (of mapped columns, --map "
        "record=COLUMN names it)"
    )


def _alone(calls: Calls) -> str:
    n = int((calls["session"] == NONE).sum())
    return f"{_of(n, len(calls))} name no session: each stands alone" if 0 < n < len(calls) else ""


def _shared(calls: Calls) -> str:
    n = shared_sessions(calls["session"], calls["user"])
    total = np.unique(calls["session"][calls["session"] != NONE]).size
    if not n:
        return ""
    return (
        f"{_of(n, total, 'sessions')} name several users: people who share one, or names that clash; each is taken as "
        "one session"
    )


def _shrinking(calls: Calls) -> str:
    """Of prompts with a call before them in their instance; a compaction is no oddity where the log tells it."""
    prompt, same = calls.prompt, calls["instance"][1:] == calls["instance"][:-1]
    same &= (calls["instance"][1:] != NONE) & (calls["attempt"][1:] == 1)
    same &= (calls["failed"][1:] == OK) & (calls["failed"][:-1] == OK)
    shrunk = same & (prompt[1:] < (1 - SHRINKS) * prompt[:-1])
    shrunk &= ~calls["compacted"][1:] & ~calls["summary"][1:] & ~calls["summary"][:-1]
    n, later = int(shrunk.sum()), int(same.sum())
    if not n:
        return ""
    return (
        f"{_of(n, later, 'prompts that follow another')} are more than {100 * SHRINKS:.0f} % shorter than it, without "
        "a compaction that the log tells of: trimmed contexts, documents that only one prompt reads, or several "
        "conversations in one session"
    )


def _early(calls: Calls) -> str:
    n = int((calls["time"] < FIRST).sum()) if calls.dated else 0
    return f"{_of(n, len(calls))} are dated before 2020: a clock was not set, or times are no dates" if n else ""


def _late(calls: Calls, now: float) -> str:
    late = calls["time"] > now + AHEAD
    if not calls.dated or not late.any():
        return ""
    last = datetime.fromtimestamp(min(float(calls["time"][late].max()), 2e11), UTC)
    return f"{_of(int(late.sum()), len(calls))} are dated in the future, the last {last:%Y-%m-%d}"


def _currencies(calls: Calls) -> str:
    costly = np.isfinite(calls["cost"])
    codes, counts = np.unique(calls["currency"][costly], return_counts=True)
    names = calls.names["currency"]
    found: dict[str, int] = {}
    for code, n in zip(codes.tolist(), counts.tolist(), strict=True):
        name = names[code].upper() if code != NONE else "USD"
        found[name] = found.get(name, 0) + n
    if len(found) < 2:
        return ""
    listed = ", ".join(f"{name} {n:,}" for name, n in sorted(found.items()))
    return f"recorded costs are in {len(found)} currencies ({listed} calls): their sum is none"
