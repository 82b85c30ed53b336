"""Courses of sessions by hand."""

from __future__ import annotations

import numpy as np

from simulator.course import Course, Names
from simulator.engine.tally import SESSION_DTYPE
from simulator.engine.trace import E_AGENT, E_CALL, E_END, E_RUN, E_SUMMARY, TRACE_DTYPE

NAMES = Names(
    agents=("planner", "executor", "validator"),
    models=("cheap", "acme/dear"),
    features=("build",),
    tools=(("search", "read"), (), ()),
    children=(("executor",), ("executor",), ()),
)


def event(kind, depth=0, **fields):
    """One row; its cost counts in nanos."""
    row = np.zeros((), TRACE_DTYPE)
    row["event"], row["depth"] = kind, depth
    for name, value in fields.items():
        row[name] = value * 1e-9 if name == "cost" else value
    return row


def rows_of(*events):
    """The rows of a session that begins and ends, with running totals as a kernel has them: floats."""
    begun = events if events[0]["event"] == E_RUN else (event(E_RUN, count=1), *events)
    rows = np.array([*begun, event(E_END)], TRACE_DTYPE)
    rows["total"] = np.cumsum(rows["cost"])
    rows["cost"][-1] = rows["total"][-1] = np.rint(rows["total"][-1] * 1e9) / 1e9
    return rows


def record_of(rows, **fields):
    """What the simulation says of a session of these rows."""
    calls = rows[np.isin(rows["event"], (E_CALL, E_SUMMARY))]
    record = np.zeros((), SESSION_DTYPE)
    record["cost"], record["calls"], record["runs"] = rows["cost"][-1], len(calls), 1
    record["agents"], record["success"] = (rows["event"] == E_AGENT).sum(), True
    record["input"] = sum(calls[part].sum() for part in ("system", "history", "message", "retrieval", "added"))
    record["output"] = calls["output"].sum() + calls["reasoning"].sum()
    for kind in ("cached", "written"):
        record[kind] = calls[kind].sum()
    for name, value in fields.items():
        record[name] = value
    return record[()]


def course_of(*events, names=NAMES, **fields):
    rows = rows_of(*events)
    return Course.read(record_of(rows, **fields), rows, names)
