"""What threads of Codex have copied from each other, settled when all are read, and whose sessions they are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.codes import NONE
from scenarios.logs.codex_threads import Thread
from scenarios.logs.histories import Histories

SOONEST_SECONDS = 1.0
"""No answer is complete so soon after its thread began."""


def settle_copies(threads: Sequence[Thread], calls: Histories) -> int:
    """Give copied records to the threads that they are from. Returns how many are of threads that are not here."""
    known: dict[str, Thread] = {}
    for thread in threads:
        if len(thread.rows) > len(known.setdefault(thread.name, thread).rows):
            known[thread.name] = thread
    record, copied, time = (calls.view(name) for name in ("record", "copied", "time"))
    for thread in sorted(threads, key=lambda thread: _depth(thread, known)):
        if thread.parent or thread.origin:
            ages = time[thread.rows] - thread.begun
            soon = ages.size if np.all(ages < SOONEST_SECONDS) else int(np.argmin(ages < SOONEST_SECONDS))
            copied[thread.rows[:soon]] = True
            _match(thread, known.get(thread.origin or thread.parent or ""), record, copied)
    own = np.unique(record[(copied == 0) & (record != 0)])
    orphaned = (copied > 0) & ~np.isin(record, own)
    calls.leave_out(orphaned)
    return int(orphaned.sum())


def settle_sessions(threads: Sequence[Thread], calls: Histories) -> None:
    """Make a sub-agent's session that of the thread which spawned it, directly or not."""
    spawned = {thread.name: thread.parent for thread in threads if thread.parent}
    for thread in threads:
        root, passed = thread.name, {thread.name}
        while (up := spawned.get(root)) and up not in passed:
            root = up
            passed.add(up)
        if root != thread.name and thread.rows:
            code = calls.code("session", root)
            calls.view("session")[thread.rows] = code


def _depth(thread: Thread, known: dict[str, Thread]) -> int:
    """How many threads stand above one, as far as they are here."""
    passed = {thread.name}
    while (up := known.get(thread.origin or thread.parent or "")) is not None and up.name not in passed:
        passed.add(up.name)
        thread = up
    return len(passed)


def _match(thread: Thread, source: Thread | None, record: NDArray[np.int64], copied: NDArray[np.int8]) -> None:
    """Find the beginning of a thread in the one that it was copied from, in the same order."""
    if source is None or source is thread:
        return
    places = {mark: i for i, mark in reversed(list(enumerate(source.marks))) if mark}
    after = 0
    for row, mark in zip(thread.rows, thread.marks, strict=True):
        at = places.get(mark, NONE)
        if at >= after:
            record[row], copied[row] = record[source.rows[at]], True
            after = at + 1
        elif not copied[row]:
            return
