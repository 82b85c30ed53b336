"""Calls to sessions, instances and turns."""

from __future__ import annotations

import numpy as np

from scenarios.calibrating.learnings import Notes
from scenarios.calibrating.sessions import read_sessions
from scenarios.logs.table import OK, PROVIDER, Rows


def test_attempts_are_one_turn_and_summaries_none() -> None:
    rows = Rows("session", "time", "fresh", "output", "attempt", "failed", "summary")
    for row in (
        ("a", 0.0, 100, 0, 1, PROVIDER, False),
        ("a", 60.0, 100, 7, 2, OK, False),
        ("a", 120.0, 900, 50, 1, OK, True),
        ("a", 180.0, 300, 9, 1, OK, False),
    ):
        rows.append(*row)
    log = read_sessions(rows.finish(dated=False))
    turns = log.turns
    assert turns.call.tolist() == [1, 3]
    assert turns.attempts.tolist() == [2, 1]
    assert turns.prompt.tolist() == [100, 300]
    assert turns.step.tolist() == [100, 200]
    assert turns.output_before.tolist() == [0, 7]
    assert turns.gap[1] == 2.0
    assert turns.compacted.tolist() == [False, True]
    assert log.turn_of_call.tolist() == [0, 0, 0, 1]


def test_a_call_after_a_failed_one_is_its_retry_where_attempts_are_not_numbered() -> None:
    rows = Rows("session", "time", "failed")
    for row in (("a", 0.0, PROVIDER), ("b", 0.0, OK), ("b", 1.0, PROVIDER), ("b", 2.0, OK), ("c", 0.0, OK)):
        rows.append(*row)
    log = read_sessions(rows.finish(dated=False))
    assert log.turns.attempts.tolist() == [1, 1, 2, 1]
    assert log.turns.served.tolist() == [False, True, True, True]


def test_instances_without_a_known_parent_belong_to_the_first_of_their_session() -> None:
    rows = Rows("session", "instance", "parent", "time")
    for row in (
        ("a", "late", None, 5.0),
        ("a", "root", None, 1.0),
        ("a", "child", "root", 2.0),
        ("a", "grandchild", "child", 3.0),
        ("a", "ring", "gnir", 4.0),
        ("a", "gnir", "ring", 4.0),
        ("b", "alone", None, 0.0),
    ):
        rows.append(*row)
    calls = rows.finish(dated=False)
    log = read_sessions(calls)
    names = [calls.names["instance"][code] for code in calls["instance"][log.instances.first]]
    parents = {
        name: names[parent] if parent >= 0 else None for name, parent in zip(names, log.instances.parent, strict=True)
    }
    root = {"late": "root", "child": "root", "grandchild": "child", "ring": "root", "gnir": "root"}
    assert parents == root | {"root": None, "alone": None}
    assert dict(zip(names, log.instances.depth.tolist(), strict=True))["grandchild"] == 2
    assert [names[at] for at in log.roots] == ["root", "alone"]


def test_calls_without_a_session_stand_alone() -> None:
    rows = Rows("time", "fresh")
    for time in range(5):
        rows.append(float(time), 10)
    log = read_sessions(rows.finish(dated=True))
    assert not log.has_sessions
    assert log.instances.n_turns.tolist() == [1] * 5
    assert not np.any(log.turns.later)


def test_prompts_that_a_log_leaves_out_are_the_least_that_was_sent() -> None:
    """First ones are as long as those of others, and later ones hold what was said before."""
    rows = Rows("session", "time", "fresh", "output", "failed")
    for row in (
        ("a", 0.0, 0, 0, PROVIDER),
        ("b", 0.0, 100, 7, OK), ("b", 1.0, 0, 0, PROVIDER),
        ("c", 0.0, 300, 5, OK), ("c", 1.0, 400, 6, OK), ("c", 2.0, 0, 0, PROVIDER),
        ("d", 0.0, 200, 9, OK),
    ):  # fmt: skip
        rows.append(*row)
    assert read_sessions(rows.finish(dated=False)).turns.prompt.tolist() == [200, 100, 107, 300, 400, 406, 200]


def test_what_is_said_of_a_law_twice_is_said_once() -> None:
    notes = Notes()
    for law in ("b", "a", "b"):
        notes.warn_of(law, "it is a guess")
    notes.warn_of("a", "it ends")
    assert notes.all_warnings() == ("b, a: it is a guess", "a: it ends")
