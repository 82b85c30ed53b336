"""The calls of a session as lines of text, in the order of time; what is left out is counted, so that the sum holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from simulator.course import ANEW, NANOS, Course, Flags
from simulator.engine.tally import CUTS, IntArray
from simulator.engine.trace import (
    E_CALL,
    E_CUT,
    E_HELD,
    E_OVERFLOW,
    E_RESULT,
    E_SUMMARY,
    E_TOOL,
    E_VERDICT,
    FALLBACK,
    LOST,
    NEXT,
    SPOILED,
)
from simulator.show import words
from simulator.show.replay_layout import Line, lay_out
from simulator.show.replay_tree import SMALL, WHOLE, short_model

if TYPE_CHECKING:
    from simulator.replay import Replay
    from simulator.show.replay_money import Amounts

FEW = 40
"""Sessions of so many lines are shown whole."""
DEAREST, LARGEST, MOST_STOPS = 15, 5, 10
MOST = 36
"""Lines that are shown of longer ones, the lines for what is left out not counted."""
LARGE = 0.10
"""Share of the session's longest prompt from which what a tool or a child brings back is worth a line."""
_TOLD = (E_CALL, E_SUMMARY, E_OVERFLOW, E_HELD, E_CUT)


def call_lines(replay: Replay, amounts: Amounts, width: int, everything: bool) -> list[str]:
    """The table under its heading; its costs add up to the session's cost."""
    course = replay.course
    told = np.flatnonzero(_worth_telling(course, everything))
    shown = told if everything or len(told) <= FEW else _with_gaps_of_one(told, _chosen(course, told))
    lines = list(_lines(replay, told, set(shown.tolist())))
    return lay_out(lines, f"cost {amounts.sign}", amounts.write, width)


def _worth_telling(course: Course, everything: bool) -> Flags:
    """Which events have a line: calls, costs, large results and what went wrong; with `everything` all but arrivals."""
    event = course.rows["event"]
    sent_back = (event == E_VERDICT) & (course.rows["detail"] == 1)
    told = np.isin(event, _TOLD) | sent_back | (course.nanos != 0) | _large_results(course)
    worth: Flags = told | np.isin(event, (E_TOOL, E_RESULT, E_VERDICT)) if everything else told
    return worth


def _large_results(course: Course) -> Flags:
    brought = np.where(np.isin(course.rows["event"], (E_TOOL, E_RESULT)), course.rows["added"], 0)
    large: Flags = (brought > 0) & (brought >= LARGE * course.prompt.max(initial=0))
    return large


def _with_gaps_of_one(told: IntArray, chosen: IntArray) -> IntArray:
    """The chosen lines, and those whose place a line that says so would take."""
    is_chosen = np.isin(told, chosen)
    before, after = np.append(True, is_chosen[:-1]), np.append(is_chosen[1:], True)
    kept: IntArray = told[is_chosen | (before & after)]
    return kept


def _chosen(course: Course, told: IntArray) -> IntArray:
    """The lines that matter most: what stopped the session, its dearest calls, the dearest agents' first and last."""
    event = course.rows["event"][told]
    ends = told[(event == E_CUT) | (course.owner[told] == 0)]
    stops = told[np.isin(event, (E_OVERFLOW, E_HELD, E_VERDICT))][:MOST_STOPS]
    dearest = told[np.argsort(-course.nanos[told], kind="stable")[:DEAREST]]
    results = told[_large_results(course)[told]]
    results = results[np.argsort(-course.rows["added"][results], kind="stable")[:LARGEST]]
    chosen = dict.fromkeys(
        [int(told[0]), int(told[-1]), *dearest.tolist(), *ends.tolist(), *stops.tolist(), *results.tolist()]
    )
    own = course.own[1:]
    for place in np.argsort(-own, kind="stable").tolist():
        if len(chosen) >= MOST or own[place] < SMALL * own.sum():
            break
        mine = told[(course.owner[told] == place + 1) & course.is_call[told]]
        chosen |= dict.fromkeys([*mine[:1].tolist(), *mine[-1:].tolist()])
    return np.array(sorted(chosen), np.int64)


def _lines(replay: Replay, told: IntArray, shown: set[int]) -> Iterator[Line]:
    course = replay.course
    left_out: list[int] = []
    for i in told.tolist():
        if i not in shown:
            left_out.append(i)
            continue
        if left_out:
            yield _left_out(course, left_out)
            left_out = []
        yield _line(course, i)  # the last one always, so that nothing is left over


def _left_out(course: Course, rows: Sequence[int]) -> Line:
    calls = int(course.is_call[list(rows)].sum())
    others = len(rows) - calls
    said = [f"{calls:,} {words.plural('call', calls)}"] if calls else []
    said += [f"{others:,} other {words.plural('line', others)}"] if others else []
    nanos = int(course.nanos[list(rows)].sum())
    return Line("", (), f"... {words.listing(said)} left out", nanos, _total(course, rows[-1]))


def _total(course: Course, row: int) -> int:
    return round(float(course.rows["total"][row]) * NANOS)


def _line(course: Course, i: int) -> Line:
    row, owner = course.rows[i], course.instance(i)
    who, event = "" if owner is None else str(owner), int(row["event"])
    nanos, total = int(course.nanos[i]), _total(course, i)
    if event in (E_CALL, E_SUMMARY):
        return Line(who, _cells(course, i), "", nanos, total, _failed(row), _note(course, i))
    return Line(who, (), _text(course, row, event), nanos, total)


def _cells(course: Course, i: int) -> tuple[str, ...]:
    row = course.rows[i]
    prompt, cached, written = (int(x) for x in (course.prompt[i], row["cached"], row["written"]))
    tokens = (prompt, cached, written, prompt - cached - written, int(row["output"] + row["reasoning"]))
    turn = str(row["turn"]) if row["turn"] else ""
    return (turn, str(row["attempt"] + 1), short_model(course.names.models, int(row["model"])), *map(_tokens, tokens))


def _tokens(n: int) -> str:
    return f"{n:,}" if n else "-"


def _failed(row: np.void) -> str:
    """What failed; of a summary, that it is one."""
    if row["event"] == E_SUMMARY:
        return "summary"
    return {LOST: "provider error", SPOILED: "bad answer"}.get(int(row["outcome"]), "")


def _note(course: Course, i: int) -> str:
    """Who served in place of the agent's own model, and whether it was a turn done anew."""
    row, owner = course.rows[i], course.instance(i)
    if row["event"] == E_SUMMARY:
        return ""
    server = {NEXT: "second model", FALLBACK: "fallback"}.get(int(row["detail"]), "")
    anew = "anew" if row["loop"] and owner is not None and owner.came != ANEW else ""
    return ", ".join(filter(None, (server, anew)))


def _result(row: np.void) -> str:
    """What a result adds to the next message; nothing where no turn follows that could read it."""
    return f": {row['added']:,} {words.plural('token', int(row['added']))}" if row["added"] else ""


def _text(course: Course, row: np.void, event: int) -> str:
    detail, count = int(row["detail"]), int(row["count"])
    if event == E_TOOL:
        tool = course.names.tools[row["agent"]][detail]
        times, failed = f" x{count:,}" if count > 1 else "", f", {row['attempt']:,} failed" if row["attempt"] else ""
        return f"tool {tool}{times}{failed}{_result(row)}"
    if event == E_RESULT:
        return f"{course.names.children[row['agent']][detail]} is done{_result(row)}"
    if event == E_HELD:
        child = course.names.children[row["agent"]][detail]
        return f"{count:,} {words.plural(child, count)} held back by a cap"
    if event == E_VERDICT:
        return "sent back by its validator" if detail else "not sent back"
    if event == E_CUT:
        by = CUTS[detail - 1]
        return "CUT by the hard limit of calls" if by == "limit" else f"CUT by the guardrail on {by}"
    return "the prompt does not fit: the agent fails" if event == E_OVERFLOW else WHOLE.get(np.int64(event), "")
