"""Trees of Langfuse's observations, by hand and against a walk up each call's parents in plain Python."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scenarios.logs.formats import read_logs
from scenarios.logs.table import Calls

Row = dict[str, Any]
CALL, AGENT, SPAN = "GENERATION", "AGENT", "SPAN"


def row(number: int, kind: str = CALL, above: int | None = None, trace: str = "t", **fields: Any) -> Row:
    counts = {"usage_details": {"input": 100 + number, "output": 10}} if kind == CALL else {"usage_details": {}}
    parent = None if above is None else str(above)
    return {
        "id": str(number), "trace_id": trace, "parent_observation_id": parent, "type": kind, "name": f"n{number}",
        "start_time": f"2026-11-02T10:{number // 60:02}:{number % 60:02}Z", "provided_model_name": "gpt-5",
        "session_id": None, "level": "DEFAULT", **counts, **fields,
    }  # fmt: skip


def read(folder: Path, *files: Iterable[Row]) -> Calls:
    for number, rows in enumerate(files):
        (folder / f"{number}.jsonl").write_text("".join(json.dumps(each) + "\n" for each in rows))
    return read_logs([folder])[0]


def named(calls: Calls) -> dict[int, tuple[str | None, ...]]:
    """Session, instance, parent and kind of agent of each call, by its number."""
    columns = (("session", "session"), ("instance", "instance"), ("parent", "instance"), ("agent", "agent"))
    codes = [[(*calls.names[names], None)[code] for code in calls[column].tolist()] for column, names in columns]
    return dict(zip((calls["fresh"] - 100).tolist(), zip(*codes, strict=True), strict=True))


def test_a_session_that_any_observation_of_a_trace_tells_is_that_of_all(tmp_path: Path) -> None:
    late = row(9, SPAN, session_id="s")
    calls = read(tmp_path, [row(1), row(2, above=1), row(3, trace="other"), late])
    assert {number: who[0] for number, who in named(calls).items()} == {1: "s", 2: "s", 3: "other"}


def test_an_agent_is_found_through_calls_and_spans_between(tmp_path: Path) -> None:
    tree = [row(1, AGENT), row(2, above=1), row(3, SPAN, 2), row(4, above=3), row(5, AGENT, 4), row(6, above=5)]
    found = named(read(tmp_path, tree))
    assert found[4] == found[2] == ("t", "t/n1", None, "n1")
    assert found[6] == ("t", "5", "t/n1", "n5")


@pytest.mark.parametrize("nameless", [None, ""])
def test_a_nameless_agent_is_an_agent(nameless: str | None, tmp_path: Path) -> None:
    found = named(read(tmp_path, [row(1, AGENT, name=nameless), row(2, above=1), row(3)]))
    assert found[2] == ("t", "t/agent", None, "agent")
    assert found[3] == ("t", "t", None, None)


def _agents(one: Row, by_id: dict[str, Row]) -> Iterator[Row]:
    """Agents above an observation, the nearest first."""
    while (above := by_id.get(one["parent_observation_id"] or "")) is not None:
        one = above
        if one["type"] == AGENT:
            yield one


def by_hand(rows: list[Row]) -> dict[int, tuple[str | None, ...]]:
    by_id = {each["id"]: each for each in rows}
    told: dict[str, str] = {}
    for each in rows:
        if each["session_id"]:
            told.setdefault(each["trace_id"], each["session_id"])
    session = {each["id"]: told.get(each["trace_id"], each["trace_id"]) for each in rows}

    def instance(agent: Row) -> str:
        topmost = not any(True for _ in _agents(agent, by_id))
        return f"{session[agent['id']]}/{agent['name']}" if topmost else str(agent["id"])

    calls = [each for each in rows if each["type"] == CALL]
    above = {each["id"]: list(_agents(each, by_id)) for each in calls}
    calling = {instance(agents[0]) for agents in above.values() if agents}
    found: dict[int, tuple[str | None, ...]] = {}
    for each in calls:
        own, *others = above[each["id"]] or [None]
        parent = next((instance(agent) for agent in others if agent and instance(agent) in calling), None)
        kind = (instance(own), parent, own["name"]) if own else (session[each["id"]], None, None)
        found[int(each["id"])] = session[each["id"]], *kind
    return found


@pytest.mark.parametrize("seed", range(20))
def test_trees_at_random_in_any_order_and_over_files_are_those_of_a_walk(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    rows: list[Row] = []
    for number in range(150):
        trace = f"t{chance.randrange(12)}"
        kin = [int(each["id"]) for each in rows if each["trace_id"] == trace]
        above = chance.choice([*kin[-6:], 999]) if kin and chance.random() < 0.85 else None
        session = f"s{int(trace[1:]) // 3}" if int(trace[1:]) % 2 and chance.random() < 0.3 else None
        kind = chance.choices([CALL, AGENT, SPAN], [5, 3, 2])[0]
        name = chance.choice(["plan", "do", "check"])
        rows.append(row(number, kind, above, trace, session_id=session, name=name))
    chance.shuffle(rows)
    files = rows[:60], rows[60:]
    assert named(read(tmp_path, *files)) == by_hand(rows)
