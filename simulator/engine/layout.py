"""The tables that a kernel reads: every column declared once, with its unit and meaning.

A plan (``plan.py``) fills them from a scenario, the kernels read them, and nothing else passes between the two. Columns
that name a law hold its number in the packed law tables, or ``NO_LAW`` for what is 0 in every session, which spares the
draw.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

NO_LAW = -1
"""In place of a law's number: the value is 0, and no random number is spent on it."""

TRUNCATE, COMPACT, FAIL = 0, 1, 2
OVERFLOW = {"truncate": TRUNCATE, "compact": COMPACT, "fail": FAIL}

CALL_CAUSES = ("system", "message", "retrieval", "history", "output", "reasoning", "retries", "compaction")
"""What a model call can be charged to; their cells stand in this order for every (feature, agent)."""

SESSION_CAUSES = ("handoff", "human_review", "overheads")
"""What a session as a whole is charged to, under its root agent, after the call causes."""

SLOT_CAUSES = CALL_CAUSES + SESSION_CAUSES
N_CAUSES = len(SLOT_CAUSES)

(
    L_VOLUME, L_TURNS, L_MESSAGE, L_OUTPUT, L_CONTEXT, L_FANOUT, L_FAILURE, L_CACHE_HIT, L_TOOL_CALLS, L_MISSES,
    L_HUMAN_REVIEW, L_PRICE,
) = range(12)  # fmt: skip
"""Positions in a row of driver levels: those of scenarios.schema.DRIVERS, held to it by a test."""
NO_LEVEL = -1
"""In place of such a position: no driver moves it."""
NOT_HARDER = np.uint64(2**64 - 1)
"""In place of a column of what difficulty makes of something: it moves it not."""

UNCHECKED, CHECKED_BY_RUN, CHECKED_BY_TURN = range(3)

AGENT_DTYPE = np.dtype(
    [
        ("first_choice", np.int64),  # its models: rows of `choices`, the last one takes the remainder
        ("n_choices", np.int64),
        ("next_model", np.int64),  # of a cascade; -1 without one
        ("p_escalates", np.float64),
        ("system_law", np.int64),
        ("turns_law", np.int64),
        ("first_draw", np.int64),  # its rows of `draws`
        ("n_draws", np.int64),
        ("draws_message", np.bool_),
        ("has_extras", np.bool_),  # retrieval or reasoning
        ("whole_prompt", np.bool_),
        ("cached_share", np.float64),  # of a whole prompt
        ("carry", np.float64),  # share of a message that later prompts repeat
        ("carry_output", np.float64),  # the same of an output
        ("carry_retrieved", np.bool_),
        ("draws_limit", np.bool_),  # once an instance, with some of its models at least
        ("overflow", np.int64),
        ("left_tokens", np.float64),  # history after an overflow: the summary, or the most that truncation keeps
        ("caching", np.bool_),
        ("p_first_hit", np.float64),
        ("p_hit", np.float64),
        ("p_quality", np.float64),  # share of failures that are quality failures
        ("bills_failed_input", np.bool_),
        ("max_attempts", np.int64),
        ("added_tokens", np.float64),
        ("fallback_after", np.int64),  # attempts before the fallback serves; beyond max_attempts without one
        ("fallback_model", np.int64),
        ("goes_on", np.bool_),  # on_exhausted: continue
        ("first_tool", np.int64),  # its rows of `tools`
        ("n_tools", np.int64),
        ("first_spawn", np.int64),  # its rows of `spawns`
        ("n_spawns", np.int64),
        ("check", np.int64),
        ("validator", np.int64),  # an agent
        ("p_rejects", np.float64),
        ("max_loops", np.uint64),
        ("reads_given", np.bool_),  # its message is what it checks
        ("is_subtle", np.bool_),  # its frame holds more than most do: it checks, is checked, has a limit of its own,
        # or difficulty moves it
        ("turns_power", np.float64),  # of difficulty
        ("output_power", np.float64),
        ("failure_power", np.float64),
        ("message_power", np.float64),
        ("first_power", np.float64),  # of a first message, beyond that of messages
    ]
)

DRAW_DTYPE = np.dtype(
    [
        ("law", np.int64),
        ("first_law", np.int64),  # in an instance's first turn; NO_LAW: the same
        ("purpose", np.uint64),
        ("to", np.uint64),  # the column it goes to
        ("key", np.uint64),  # the column of the keys it is drawn at
        ("level", np.int64),  # the driver that scales it, or NO_LEVEL
        ("most", np.float64),
        ("harder", np.uint64),  # the column of what difficulty makes of it, or NOT_HARDER
        ("harder_first", np.uint64),  # and in an instance's first turn beyond that
    ]
)
"""Tokens that an agent draws in every turn; what is always 0 has no row."""

TOOL_DTYPE = np.dtype(
    [
        ("count_law", np.int64),
        ("result_law", np.int64),
        ("fee", np.float64),  # currency of an invocation
        ("p_fails", np.float64),
        ("max_attempts", np.int64),
        ("count", np.uint64),  # purposes of its draws
        ("rounding", np.uint64),
        ("result", np.uint64),
        ("failure", np.uint64),
    ]
)

FEATURE_DTYPE = np.dtype(
    [
        ("name_hash", np.uint64),
        ("agent", np.int64),
        ("first_slot", np.int64),  # rows of `columns` of the feature: one run of them
        ("n_slots", np.int64),
        ("first_tool", np.int64),  # rows of `tool_columns` of the feature
        ("n_tools", np.int64),
        ("succeeds", np.bool_),  # every session in which no agent fails, with every model
        ("difficulty_law", np.int64),
        ("most_depth", np.int64),  # of a spawned instance; the root's is 0
        ("most_agents", np.float64),  # instances in a session
        ("most_calls", np.float64),  # the session is cut when it has made so many
        ("calls_cut", np.float64),  # CUT_BY_CALLS or CUT_BY_LIMIT: whose number that is
        ("most_cost", np.float64),  # currency
        ("p_repeats", np.float64),  # where it did not succeed
        ("p_handoff", np.float64),  # where it is left without success
        ("handoff_law", np.int64),
        ("handoff_price", np.float64),  # currency in one unit of the law
        ("p_review", np.float64),
        ("review_law", np.int64),
        ("review_price", np.float64),
        ("overhead_per_session", np.float64),  # currency
        ("overhead_per_call", np.float64),  # currency
    ]
)

SPAWN_DTYPE = np.dtype(
    [
        ("agent", np.int64),  # the child's
        ("per_turn", np.bool_),  # else after the first turn only
        ("count_law", np.int64),
        ("result_law", np.int64),
        ("name_hash", np.uint64),  # of the rule, in the address of its children
        ("count", np.uint64),  # purposes of its draws
        ("rounding", np.uint64),
        ("result", np.uint64),
    ]
)

CHOICE_DTYPE = np.dtype([("model", np.int64), ("p_below", np.float64)])  # p_below: cumulative share
TIER_DTYPE = np.dtype(
    [
        ("above", np.float64),  # tokens of prompt that a call must pass
        ("more", np.bool_),  # the next row is a dearer tier of the same card
        ("writes", np.bool_),  # the model has a cache-write price
        ("input", np.float64),  # currency per token, all of them
        ("output", np.float64),
        ("cached", np.float64),
        ("write", np.float64),
        ("fee", np.float64),  # currency per billed call
    ]
)

ITEM_DTYPE = np.dtype(
    [
        ("row", np.int64),  # of the outputs
        ("trial", np.int64),
        ("day", np.int64),
        ("feature", np.int64),
        ("level", np.int64),  # row of the driver levels
        ("route", np.int64),  # of the plan's routes
        ("first", np.int64),  # session number, a multiple of SUM_BLOCK except where nothing is summed
        ("count", np.int64),
        ("chosen", np.int64),  # where its sessions are listed by number; -1: all from the first one on
    ]
)
"""Sessions of one trial, day and feature under the same conditions: the unit of the kernels' work."""

CASE_DTYPE = np.dtype(
    [
        ("row", np.int64),  # of the block of trials
        ("trial", np.int64),
        ("day", np.int64),
        ("feature", np.int64),
        ("level", np.int64),  # row of the driver levels
        ("route", np.int64),  # of the plan's routes
        ("kind", np.int64),  # what hits its sessions, a bit for each cause that hits only some of a day's
        ("chance", np.int64),  # row of the chances of those causes
        ("probability", np.float64),  # of a session of the trial, day and feature to be of this kind
        ("count", np.int64),  # all sessions of the trial, day and feature, of whatever kind
    ]
)
"""Sessions of one trial, day and feature that the same causes hit."""

SUM_BLOCK = 1 << 16
"""Sessions whose costs are added as floating-point numbers before they are rounded to units: fixed, so that results do
not depend on how work is split."""

TOTALS = (
    "input", "cached", "written", "output",
    "sessions", "successes", "cut_by_cost", "cut_by_calls", "cut_by_limit",
    "held", "repeats", "handovers", "reviews", "agents", "waste_units", "faults", "events",
)  # fmt: skip
"""Columns of ``Out.totals``."""
(
    T_INPUT, T_CACHED, T_WRITTEN, T_OUTPUT,
    T_SESSIONS, T_SUCCESSES, T_CUT_BY_COST, T_CUT_BY_CALLS, T_CUT_BY_LIMIT,
    T_HELD, T_REPEATS, T_HANDOVERS, T_REVIEWS, T_AGENTS, T_WASTE_UNITS, T_FAULTS, T_EVENTS,
) = range(len(TOTALS))  # fmt: skip

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]
Table = npt.NDArray[np.void]


class Plan(NamedTuple):
    """A scenario as flat arrays: A agents, F features, M models, D days, R routes.

    A model that an agent calls in batches has a row of its own among the models. What a model's calls meet stands once
    for each set of routes that may be in force together: where they go elsewhere, it is the other model's.
    """

    agents: Table
    features: Table
    draws: Table
    tools: Table
    spawns: Table
    choices: Table
    limits: Floats  # [R, A, M] longest prompt, tokens: as stated, or the window; inf where there is none
    limit_laws: Ints  # [R, A, M] of a limit that is drawn, at most the one above; NO_LAW: that one holds for all
    cards: Ints  # [R, M, D] first row of `tiers`
    tiers: Table
    failure_rates: Floats  # [R, A, M]
    success_rates: Floats  # [F, M]
    slots: Ints  # [F, A] row of `columns` of the pair
    columns: Ints  # [rows, causes] column of `cells`, -1: can't occur
    covered: npt.NDArray[np.bool_]  # [rows, causes] covered by the budget
    tool_slots: Ints  # [F, A] first row of `tool_columns` of the pair
    tool_columns: Ints  # [rows] column of `cells` of a tool of a pair
    tool_covered: npt.NDArray[np.bool_]  # [rows]
    laws: Table
    nodes: Floats
    steps: Floats
    guide: npt.NDArray[np.int32]


class Out(NamedTuple):
    """What the kernels add to: rows are trials of the block, T, D, F and C as in ``Tally``."""

    cells: Ints  # [T, C]
    daily: Ints  # [T, D, F]
    covered: Ints  # [T, D]
    cost_counts: Ints  # [F, N_COST_BINS]
    cost_units: Ints  # [F, N_COST_BINS]
    calls_counts: Ints  # [MAX_CALLS + 1]
    agents_counts: Ints  # [MAX_CALLS + 1]
    depth_units: Ints  # [MAX_DEPTH + 1]
    depth_agents: Ints  # [MAX_DEPTH + 1]
    totals: Ints  # [len(TOTALS)]
    extremes: Floats  # [4] least and greatest cost of a session, greatest numbers of its calls and agents
    worst: Table  # SESSION_DTYPE, dearest first
    records: Table  # SESSION_DTYPE, one a session where given
    trace: Any  # TRACE_DTYPE, one an event, the last one is spare; or None, and kernels are compiled without tracing
    stop: Ints  # [1] not 0 where the work is to be given up; what else is in here is of no use then
