"""From cases to the kernels: which sessions are run together, in pieces whose sums are rounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.kernels import run_chats, run_trees
from simulator.engine.kinds import list_kind
from simulator.engine.layout import ITEM_DTYPE, SUM_BLOCK, T_FAULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulator.engine.conditions import Cases
    from simulator.engine.layout import Floats, Ints, Out, Table, Words
    from simulator.engine.memory import Scratch
    from simulator.engine.period import Period
    from simulator.engine.plan import Program

SESSIONS_PER_CALL = 2 * SUM_BLOCK
"""Sessions that a thread simulates before it looks up again: a fraction of a second, so that stopping is prompt."""
NO_NUMBERS: Words = np.zeros(0, np.uint64)


class CostOverflowError(ArithmeticError):
    """A block's cost is not a number or passes 2^62 units of money."""


def run_items(
    program: Program,
    seed: int,
    items: Table,
    numbers: Words,
    levels: Floats,
    scratch: Scratch,
    out: Out,
    per_unit: float,
) -> None:
    """Have the kernel that suits a program run some items; the arguments are those of the kernels."""
    kernel = run_chats if program.is_chat and out.trace is None else run_trees
    kernel(program.plan, np.uint64(seed), items, numbers, levels, scratch.space, out, per_unit)
    if out.totals[T_FAULTS]:
        raise CostOverflowError("the cost of a day is not a finite number below 2^62 units of money")


def items_of(program: Program, period: Period, seed: int, cases: Cases) -> Iterator[tuple[Table, Words]]:
    """The sessions of some cases in order, in runs of about SESSIONS_PER_CALL: items, and numbers of sessions.

    A case of more than SUM_BLOCK sessions is split where sums are rounded.
    """
    pieces = -(-cases.table["count"] // SUM_BLOCK)
    split = np.repeat(cases.table, pieces)
    first = SUM_BLOCK * (np.arange(len(split)) - np.repeat(np.cumsum(pieces) - pieces, pieces))
    count = np.minimum(split["count"] - first, SUM_BLOCK)
    group = np.cumsum(count) // SESSIONS_PER_CALL
    edges = np.flatnonzero(np.diff(group)) + 1
    for part in np.split(np.arange(len(split)), edges):
        if len(part):
            yield _items(program, period, seed, split[part], first[part], count[part], cases.chances)


def _items(
    program: Program, period: Period, seed: int, cases: Table, first: Ints, count: Ints, chances: Floats
) -> tuple[Table, Words]:
    items = np.zeros(len(cases), ITEM_DTYPE)
    for name in ("row", "trial", "day", "feature", "level", "route"):
        items[name] = cases[name]
    items["first"], items["count"], items["chosen"] = first, count, -1
    some = cases["probability"] < 1.0
    if not some.any():
        return items, NO_NUMBERS
    chosen, numbers = np.zeros(int(some.sum()) + 1, np.int64), np.zeros(int(count[some].sum()) + 1, np.uint64)
    names = program.plan.features["name_hash"]
    list_kind(
        np.uint64(seed), cases[some], first[some], count[some], names, period.causes, chances, chosen, numbers
    )  # fmt: skip
    items["chosen"][some], items["count"][some] = chosen[:-1], np.diff(chosen)
    return items[items["count"] > 0], numbers
