"""How kernels write the events of one session (``trace.py``); nothing here is compiled where no trace is asked for."""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import device
from simulator.engine import columns as at
from simulator.engine.lanes import Lane, Lanes
from simulator.engine.layout import T_EVENTS, Ints, Table
from simulator.engine.trace import E_AGENT, E_CALL, E_RUN, E_SUMMARY, FROM_ROOT


@device
def note(trace: Table, totals: Ints, event: Any, index: int, lanes: Lanes, i: Lane) -> Any:
    """Begin the row of an event in lane `i` of an agent's lanes, and give it; those too many share the last one."""
    last = np.int64(trace.shape[0] - 1)
    place = min(totals[T_EVENTS], last)
    totals[T_EVENTS] += 1
    row, words, total = trace[place], lanes.words, lanes.floats[at.COST + i]
    row.event = event
    row.agent = index
    row.depth = np.int64(words[at.DEPTH + i])
    row.turn = np.int64(words[at.TURN + i])
    row.loop = np.int64(words[at.LOOP + i])
    row.model = np.int64(words[at.MODEL + i])
    row.total = total
    row.cost = total - trace[place - 1].total if place > 0 else total
    return row


@device
def note_call(
    trace: Table, totals: Ints, index: int, lanes: Lanes, i: Lane, attempt: int, model: Any, role: int, outcome: int,
    asked: float, cached: float, written: float, answer: float, thought: float,
) -> None:  # fmt: skip
    """A call that has been billed, or one that costs nothing."""
    row, floats = note(trace, totals, E_CALL, index, lanes, i), lanes.floats
    row.attempt = attempt
    row.model = model
    row.detail = role
    row.outcome = outcome
    if asked > 0.0 or answer > 0.0:
        row.system = np.int64(floats[at.SYSTEM + i])
        row.history = np.int64(floats[at.HISTORY + i])
        row.message = np.int64(
            floats[at.PROMPT + i] - floats[at.SYSTEM + i] - floats[at.HISTORY + i] - floats[at.FOUND + i]
        )
        row.retrieval = np.int64(floats[at.FOUND + i])
        row.added = np.int64(asked - floats[at.PROMPT + i])
    row.cached = np.int64(cached)
    row.written = np.int64(written)
    row.output = np.int64(answer)
    row.reasoning = np.int64(thought)


@device
def note_summary(trace: Table, totals: Ints, index: int, lanes: Lanes, i: Lane, summary: float) -> None:
    """A compaction call; the history is still the one that it sums up."""
    row = note(trace, totals, E_SUMMARY, index, lanes, i)
    row.system = np.int64(lanes.floats[at.SYSTEM + i])
    row.history = np.int64(lanes.floats[at.HISTORY + i])
    row.output = np.int64(summary)


@device
def note_start(trace: Table, totals: Ints, index: int, lanes: Lanes, i: Lane, origin: Any, run: Any) -> None:
    """An instance that starts; with the root, a run of the session."""
    if origin == FROM_ROOT:
        row = note(trace, totals, E_RUN, index, lanes, i)
        row.count = np.int64(run) + 1
    row = note(trace, totals, E_AGENT, index, lanes, i)
    row.detail = origin
    row.count = np.int64(lanes.words[at.TURNS + i])
    row.system = np.int64(lanes.floats[at.SYSTEM + i])
