"""A replayed session as columns and as plain values: what DataFrames and JSON are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from simulator.causes import Share
from simulator.course import NANO, NANOS, PROMPT, Course, Flags, Instance, outcome_of
from simulator.document import plain
from simulator.engine.tally import CUTS
from simulator.engine.trace import (
    E_AGENT,
    E_CALL,
    E_CUT,
    E_END,
    E_HELD,
    E_RESULT,
    E_RUN,
    E_SUMMARY,
    E_TOOL,
    E_VERDICT,
    EVENTS,
    FALLBACK,
    LOST,
    NEXT,
    OWN,
    SERVED,
    SPOILED,
)
from simulator.risk.money import array_in_currency, in_currency

OUTCOMES = {SERVED: "served", LOST: "provider error", SPOILED: "bad answer"}
SERVERS = {OWN: "own", NEXT: "next", FALLBACK: "fallback"}
_ANSWER = ("cached", "written", "output", "reasoning")


def calls_table(course: Course) -> dict[str, Any]:
    """One row a request to a model: whose it is, what it sent and got, what failed, cost and running total.

    ``kind`` is call or summary; ``attempt`` counts from 1, ``fresh`` is what of the prompt was neither read from the
    cache nor written to it.
    """
    chosen = np.flatnonzero(course.is_call)
    rows = course.rows[chosen]
    agents, models = (np.asarray(names, dtype=object) for names in (course.names.agents, course.names.models))
    prompt, is_call = course.prompt[chosen], rows["event"] == E_CALL
    return {
        "instance": course.owner[chosen],
        "agent": agents[rows["agent"]],
        "depth": rows["depth"],
        "turn": rows["turn"],
        "loop": rows["loop"],
        "attempt": rows["attempt"] + 1,
        "kind": np.where(is_call, "call", "summary").astype(object),
        "model": models[rows["model"]],
        "served_by": np.asarray([SERVERS[OWN], SERVERS[NEXT], SERVERS[FALLBACK]], object)[
            np.where(is_call, rows["detail"], OWN)
        ],
        "prompt": prompt,
        **{part: rows[part] for part in (*PROMPT, "cached", "written")},
        "fresh": prompt - rows["cached"] - rows["written"],
        **{kind: rows[kind] for kind in ("output", "reasoning")},
        "outcome": np.asarray(list(OUTCOMES.values()), object)[np.where(is_call, rows["outcome"], SERVED)],
        "cost": array_in_currency(course.nanos[chosen], NANO),
        "total": array_in_currency(np.rint(rows["total"] * NANOS), NANO),
    }


def agents_table(course: Course) -> dict[str, Any]:
    """One row an agent instance.

    ``parent`` is 0 where nothing started it; ``turns`` are those that it set out to do, ``turns_begun`` those that it
    came to; ``cost`` is its own, ``cost_with_children`` has in what it started.
    """
    instances = course.instances
    columns: dict[str, Any] = {
        name: [getattr(instance, name) for instance in instances]
        for name in ("number", "agent", "parent", "depth", "run", "came", "after_turn", "turns")
    }
    begun = np.zeros(len(instances) + 1, np.int64)
    np.maximum.at(begun, course.owner, np.where(course.rows["event"] == E_CALL, course.rows["turn"], 0))
    columns |= {
        "turns_begun": begun[1:],
        "calls": course.calls[1:],
        "failed_calls": course.by_owner(failed(course))[1:],
        "prompt": course.by_owner(course.prompt)[1:],
        **{kind: course.by_owner(np.where(course.is_call, course.rows[kind], 0))[1:] for kind in _ANSWER},
        "cost": array_in_currency(course.own[1:], NANO),
        "cost_with_children": array_in_currency(course.with_children[1:], NANO),
    }
    return columns


def failed(course: Course) -> Flags:
    """bool[n], whether an event is a call that failed."""
    bad: Flags = (course.rows["event"] == E_CALL) & (course.rows["outcome"] != SERVED)
    return bad


def document_of(course: Course, shares: Mapping[Share, int]) -> dict[str, Any]:
    """The session, its agents, what it was paid for, and its events in order, as plain values."""
    agents = agents_table(course)
    columns = course.rows.dtype.names or ()
    rows = (dict(zip(columns, row, strict=True)) for row in course.rows.tolist())  # plain numbers, ten times as quick
    return {
        "session": outcome_of(course),
        "agents": [plain(dict(zip(agents, row, strict=True))) for row in zip(*agents.values(), strict=True)],
        "causes": list(causes(course, shares)),
        "events": [_event(course, i, row) for i, row in enumerate(rows)],
    }


def causes(course: Course, shares: Mapping[Share, int]) -> Iterator[dict[str, Any]]:
    """What the session was paid for by agent, cause and detail, the dearest first; the session as a whole has no agent.

    The parts add up to the session's cost.
    """
    sums: dict[tuple[str | None, str, str | None], int] = {}
    for share, nanos in shares.items():
        agent = course.instances[share.number - 1].agent if share.number else None
        key = (agent, share.cause, share.detail)
        sums[key] = sums.get(key, 0) + nanos
    for (agent, cause, detail), nanos in sorted(sums.items(), key=lambda item: -item[1]):
        yield {"agent": agent, "cause": cause, "detail": detail, "cost": in_currency(nanos, NANO)}


def _event(course: Course, i: int, row: Mapping[str, Any]) -> dict[str, Any]:
    owner, event = course.instance(i), row["event"]
    facts: dict[str, Any] = {"event": EVENTS[event]}
    if owner is not None:
        facts |= {"instance": owner.number, "agent": owner.agent, "depth": owner.depth}
        if event != E_VERDICT:  # which may be on a whole run
            facts |= {name: row[name] for name in ("turn", "loop") if row[name]}
    facts |= _particulars(course, event, row, owner)
    total = round(row["total"] * NANOS)
    return facts | {"cost": in_currency(int(course.nanos[i]), NANO), "total": in_currency(total, NANO)}


def _particulars(course: Course, event: int, row: Mapping[str, Any], owner: Instance | None) -> dict[str, Any]:
    """What is to be said of an event of its kind."""
    detail, count = row["detail"], row["count"]
    if event in (E_CALL, E_SUMMARY):
        return _call(course, event, row)
    if event == E_AGENT and owner is not None:
        told = {"parent": owner.parent, "came": owner.came, "after_turn": owner.after_turn}
        return {**told, "turns": count, "system": row["system"]}
    if event == E_TOOL:
        tool = course.names.tools[row["agent"]][detail]
        return {"tool": tool, "calls": count, "failed_on_top": row["attempt"], "result_tokens": row["added"]}
    if event == E_HELD:
        return {"child": course.names.children[row["agent"]][detail], "count": count}
    if event == E_RESULT:
        return {"result_tokens": row["added"]}
    if event == E_VERDICT:
        return {"rejected": bool(detail), "times_done": count}
    if event == E_CUT:
        return {"by": CUTS[detail - 1]}
    return {"run": count} if event == E_RUN else {"success": bool(row["outcome"])} if event == E_END else {}


def _call(course: Course, event: int, row: Mapping[str, Any]) -> dict[str, Any]:
    prompt = sum(row[part] for part in PROMPT)
    told: dict[str, Any] = {"model": course.names.models[row["model"]]}
    if event == E_CALL:
        told |= {"attempt": row["attempt"] + 1, "served_by": SERVERS[row["detail"]]}
        told |= {"outcome": OUTCOMES[row["outcome"]]}
    told |= {"prompt": prompt, **{part: row[part] for part in PROMPT}, "cached": row["cached"]}
    fresh = prompt - row["cached"] - row["written"]
    return told | {"written": row["written"], "fresh": fresh, "output": row["output"], "reasoning": row["reasoning"]}
