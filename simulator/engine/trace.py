"""What happened in one session, event by event: the rows that a kernel writes when it is asked to.

A session runs depth first, one agent at a time, so the order of the rows is the order of time, and the tree of agents
can be read off `depth`: rows belong to the last instance that started at their depth.
"""

from __future__ import annotations

import numpy as np

# Numpy's integers: of a Python one, numba compiles a function anew for every value.
EVENTS = (
    "run", "agent", "call", "summary", "overflow", "tool", "held", "result", "verdict", "cut",
    "handoff", "human_review", "overheads", "end",
)  # fmt: skip
(
    E_RUN, E_AGENT, E_CALL, E_SUMMARY, E_OVERFLOW, E_TOOL, E_HELD, E_RESULT, E_VERDICT, E_CUT,
    E_HANDOFF, E_HUMAN_REVIEW, E_OVERHEADS, E_END,
) = (np.int64(event) for event in range(len(EVENTS)))  # fmt: skip
"""
run : a run of the session begins; `count` is its number, from 1
agent : an instance starts; `count` is its turns, `system` its system prompt, `detail` how it came (FROM_...)
call : an attempt at a turn; `outcome` is SERVED, LOST (a provider failure) or SPOILED (a quality failure), `detail` is
    OWN, NEXT (the second model of a cascade) or FALLBACK; tokens and cost are what is billed, 0 where nothing is
summary : a compaction call: the prompt is system and history, the output the summary
overflow : the prompt does not fit and the agent fails without a call
tool : calls of one tool after a turn; `detail` is its row in the agent's tools, `count` how many, `attempt` how many
    invocations failed on top, `added` the tokens of their results (after the last turn none), `cost` their fees
held : a cap on depth or agents kept children from starting; `detail` is the spawn rule's row in the agent's spawns
result : a child has come back; `detail` is the spawn rule, `added` what it adds to its parent's next message
verdict : what a validator said: `detail` is 1 where the work is done anew, else 0; `count` is how often it was done;
    turn and loop mean nothing after a whole run
cut : the session is cut; `detail` is CUT_BY_... of tally.py
handoff, human_review, overheads : what the session as a whole costs
end : `cost` is what the session cost, to the nano; `outcome` is 1 where it succeeded
"""

SERVED, LOST, SPOILED = range(3)
"""An answer, a provider failure, a quality failure."""
OWN, NEXT, FALLBACK = range(3)
"""Who answers: the instance's own model, the second one of a cascade, the fallback."""
FROM_ROOT, FROM_CHECK, FROM_TURN_CHECK, FROM_REJECTION = -1, -2, -3, -4
"""How an instance came: the root of a run, the validator of a run or of a turn, work done anew; else the row of the
spawn rule in its parent's spawns."""

TRACE_DTYPE = np.dtype(
    [
        ("event", np.int64),
        ("agent", np.int64),  # its place in the scenario
        ("depth", np.int64),
        ("turn", np.int64),  # from 1
        ("loop", np.int64),  # how often the turn was rejected before; where runs are checked, the run
        ("attempt", np.int64),  # from 0
        ("model", np.int64),  # its place in the scenario
        ("detail", np.int64),
        ("count", np.int64),
        ("outcome", np.int64),
        ("system", np.int64),  # tokens of the prompt by part
        ("history", np.int64),
        ("message", np.int64),
        ("retrieval", np.int64),
        ("added", np.int64),  # by retries; or by a result
        ("cached", np.int64),  # tokens of the prompt by price
        ("written", np.int64),
        ("output", np.int64),
        ("reasoning", np.int64),
        ("cost", np.float64),  # currency, of this event
        ("total", np.float64),  # currency, of the session after it
    ]
)
