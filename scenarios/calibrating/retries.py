"""Failures by class, how often a turn is tried, and what an error of the provider costs.

The rate is that of first attempts. Turns of difficult sessions fail more often, and each of their failures is asked
again and fails again: among all requests they count more than among turns, and a scenario that had the rate of all
would fail more often than its log.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scenarios.calibrating.learnings import Ints, Mask, Notes
from scenarios.calibrating.roles import Role
from scenarios.calibrating.sessions import Log
from scenarios.logs.table import OK, QUALITY

_FEWEST_CALLS = 100
_USUAL_ATTEMPTS = 3


def failures(log: Log) -> Mask:
    """Calls that failed: the log says so, or another attempt of their turn followed."""
    failed = log.calls["failed"] != OK
    last = np.zeros(failed.size, bool)
    last[log.turns.call] = True
    every: Mask = (failed | ~last) & ~log.calls["summary"]
    return every


def first_attempts(log: Log) -> Mask:
    """Calls that are the first of their turn."""
    rows = np.flatnonzero(~log.calls["summary"])
    turn = log.turn_of_call[rows]
    first = np.zeros(len(log.calls), bool)
    first[rows[np.r_[True, turn[1:] != turn[:-1]][: rows.size]]] = True
    return first


def learn_retries(
    log: Log, role: Role, model_of_call: Ints, models: list[str], notes: Notes, difficulty: float = 1.0
) -> dict[str, Any]:
    """Keys of an agent that say how its calls fail; none where they never do.

    Parameters
    ----------
    model_of_call : index into `models`, the names that the scenario gives them
    difficulty : mean factor that the difficulty of sessions puts on the rate; the rate is that at a difficulty of 1
    """
    failed = failures(log)
    if not failed.any():
        notes.lack("Failures and retries: the log shows none; either there were none, or it leaves them out.")
        return {}
    mine = role.instances[log.instance_of_call] & ~log.calls["summary"]
    wrong = mine & failed
    if not wrong.any():
        return {}
    first = first_attempts(log)
    kind, billed = log.calls["failed"][wrong], log.calls["billed"][wrong]
    provider = kind != QUALITY
    retry: dict[str, Any] = {
        "failure_rate": _rates(mine & first, wrong & first, model_of_call, models, difficulty),
        "quality_share": round(float(np.mean(~provider)), 4),
    }
    if provider.any() and billed[provider].mean() > 1 / 2:
        retry["provider_billed"] = "input"
    notes.comments[f"{role.path}.retry.quality_share"] = f"{np.count_nonzero(~provider):,} of {wrong.sum():,} failures"
    notes.comments[f"{role.path}.retry"] = (
        f"{wrong.sum():,} of {mine.sum():,} requests failed; of first attempts {(wrong & first).sum():,} of "
        f"{(mine & first).sum():,}, and the rate is theirs"
    )
    if not log.retries_told:
        notes.assume("A request that follows a failed one in an agent's log is taken for its retry.")
    return {"retry": retry | _attempts(log, role, notes)}


def _rates(mine: Mask, wrong: Mask, model_of_call: Ints, models: list[str], difficulty: float) -> Any:
    """Failure rate of some calls, by model where there are several that were called a hundred times."""
    overall = round(float(wrong.sum() / mine.sum()) / difficulty, 5)
    tried = np.bincount(model_of_call[mine], minlength=len(models))
    missed = np.bincount(model_of_call[wrong], minlength=len(models))
    used = np.flatnonzero(tried)
    if used.size < 2:
        return overall
    return {
        models[one]: round(float(missed[one] / tried[one]) / difficulty, 5) if tried[one] >= _FEWEST_CALLS else overall
        for one in used
    }


def _attempts(log: Log, role: Role, notes: Notes) -> dict[str, Any]:
    turns = log.turns
    rows = role.turns
    given_up = rows[~turns.served[rows]]
    most = int(turns.attempts[rows].max())
    if not given_up.size:
        notes.comments[f"{role.path}.retry.max_attempts"] = f"no turn was given up; {most} attempts were the most"
        return {"max_attempts": max(most, _USUAL_ATTEMPTS)}
    goes_on = np.append(turns.number, 0)[given_up + 1] > 0
    again = {"on_exhausted": "continue"} if np.mean(goes_on) > 1 / 2 or not log.has_sessions else {}
    notes.comments[f"{role.path}.retry.max_attempts"] = f"median of {given_up.size:,} turns that were given up"
    return {"max_attempts": int(np.median(turns.attempts[given_up])), **again}
