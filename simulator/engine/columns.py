"""Where the columns of lanes stand: what is known of a running session, each fact once.

Column ``SYSTEM`` of lane ``i`` is ``floats[SYSTEM + i]``. Columns are told apart by how long they hold: those of an
instance wait in its frame while a child of it runs, those of a session travel with it from agent to agent or stand at
its home, those of terms stay in the lane, and those of a turn are made anew in every turn.
"""

import numpy as np

from simulator.engine.layout import N_CAUSES

LANES = 256
"""A whole number of vectors. Costs are summed lane by lane before they are rounded, so a change of this one may change
the last digit of a result."""

STRIDE = LANES + 8
"""From one column to the next: not a divisor of 4,096 bytes, at which processors take one address for another."""


def _columns(n: int) -> tuple[np.uint64, ...]:
    """Where columns begin. Unsigned, as all indices of lanes: a signed one is looked at for a sign at every use."""
    return tuple(np.uint64(i * STRIDE) for i in range(n))


N_WORDS = 19
(
    # The instance: its key in two halves, turns to take, turns begun, its model; how often its work was rejected.
    K0, K1, TURNS, TURN, MODEL, LOOP,
    # Where the session is: its column at home, how many instances wait below the one that runs.
    HOME, DEPTH,
    # The session at home: its number, its run from 0, the model of that run's root.
    SESSION, RUN, ROOT,
    # The turn: its key, and that of its message; a word to draw at; 1 where the instance is over.
    KEY, MESSAGE_KEY, WORD, OVER,
    # An instance that waits for its child: its agent, why it waits, children still to come, and begun. An instance that
    # is not born yet: the name of what starts it, and its number.
    AGENT, RULE, LEFT, NUMBER,
) = _columns(N_WORDS)  # fmt: skip

N_FLOATS = 63
(
    # The instance: tokens of its system prompt and of its history, what the next prompt repeats of the last one,
    # whether a call of it has left something in the cache, what children and tools add to its next message; whether it
    # failed; what it has put out for its validator, what it is given to read; what difficulty makes of its outputs, of
    # its failures and of its messages, and of the first one beside others; history and results before a turn that may
    # be rejected; the longest prompt, where that is drawn.
    SYSTEM, HISTORY, SENT, WARM, ADDED, STOPPED, PUT_OUT, GIVEN, HARDER_OUTPUT, HARDER_CALLS, HARDER_MESSAGE,
    HARDER_FIRST, HISTORY_BEFORE, ADDED_BEFORE, OWN_LIMIT,
    # Terms of its model today: the longest prompt; the chance that an attempt fails; the longest prompt that pays the
    # prices here, in currency a token (not read from cache, read from cache, put out) and a call; whether it writes.
    LIMIT, P_FAILS, ABOVE, PRICE, CACHED_PRICE, OUTPUT_PRICE, FEE, WRITES,
    # In a cascade, where two of these change with the turn: what they are when the first model is alone, and the terms
    # of the second one.
    OWN_P_FAILS, OWN_ABOVE, NEXT_P_FAILS, NEXT_ABOVE, NEXT_PRICE, NEXT_OUTPUT_PRICE, NEXT_FEE, NEXT_WRITES,
    # The session so far: cost in currency; calls, of models and of tools; billed tokens; what cut it, if anything did
    # (CUT_BY_... of tally.py).
    COST, CALLS, TOOL_CALLS, INPUT, CACHED, WRITTEN, OUTPUT, CUT,
    # The session at home: cost of retries, and cost when the agent that runs began to; agents; whether a cap kept a
    # child from starting; whether an agent failed; the uniform that says whether it succeeds where none did; its
    # difficulty.
    RETRIES, MARK, AGENTS, HELD, FAILED, LUCK, DIFFICULTY,
    # The turn: the prompt's new parts and the whole of it, what of that a cache may hold, what is read of it, answer,
    # reasoning; whether the second model is called too; whether the first attempt was served and pays the prices above;
    # numbers of tool calls or children, or NOT_DRAWN of trees.py; whether anything follows the turn but the next one.
    PENDING, FOUND, PROMPT, READABLE, READ, OUT, THINK, ESCALATES, PLAIN, COUNT, BUSY,
    # Of a finished session: units of money that it cost and that went wrong, whether it succeeded, whether a person
    # took over or looked at it, cost bin.
    UNITS, WASTE, SUCCESS, HANDED_OVER, REVIEWED, BIN,
) = _columns(N_FLOATS)  # fmt: skip

(
    FOR_SYSTEM, FOR_MESSAGE, FOR_RETRIEVAL, FOR_HISTORY, FOR_OUTPUT, FOR_REASONING, FOR_RETRIES, FOR_COMPACTION,
    FOR_HANDOFF, FOR_HUMAN_REVIEW, FOR_OVERHEADS,
) = _columns(N_CAUSES)  # fmt: skip
"""Columns of a row of sums: money by cause, in the order of ``layout.SLOT_CAUSES``, held to it by a test."""
