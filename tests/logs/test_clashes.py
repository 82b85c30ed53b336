"""Names that clash and trees that are none: rings, instances above themselves, the same ids for different things."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.logs.codes import NONE
from scenarios.logs.formats import read_logs
from scenarios.logs.reading import Reading
from scenarios.logs.table import Calls

Line = dict[str, Any]


def read(folder: Path, files: Mapping[str, list[Line] | str], **words: Any) -> tuple[Calls, Reading]:
    for name, lines in files.items():
        text = lines if isinstance(lines, str) else "".join(json.dumps(line) + "\n" for line in lines)
        (folder / name).write_text(text)
    return read_logs([folder], **words)


def of_claude(session: str, minute: int, tool: str = "", result: int = 0) -> list[Line]:
    use = [{"type": "tool_use", "id": tool, "name": "Bash", "input": {}}] if tool else []
    usage = {"input_tokens": 100, "output_tokens": 10}
    answer = {
        "type": "assistant", "sessionId": session, "uuid": f"{session}{minute}", "requestId": f"r{session}{minute}",
        "timestamp": f"2026-11-01T10:{minute:02}:00Z",
        "message": {"id": f"m{session}{minute}", "model": "claude-opus-4-5", "usage": usage, "content": use},
    }  # fmt: skip
    said = [{"type": "tool_result", "tool_use_id": tool, "content": "x" * result}]
    return [answer, {"type": "user", "sessionId": session, "uuid": f"u{session}{minute}", "message": {"content": said}}]


def of_codex(thread: str, parent: str = "", tool: str = "", result: int = 0) -> list[Line]:
    def line(kind: str, **payload: Any) -> Line:
        return {"timestamp": "2026-11-01T10:00:05Z", "type": kind, "payload": payload}

    spawned = {"source": {"subagent": {"thread_spawn": {"parent_thread_id": parent}}}} if parent else {}
    counts = {"input_tokens": 1_000, "output_tokens": ord(thread)}
    return [
        line("session_meta", id=thread, timestamp="2026-11-01T10:00:00Z", model="gpt-5", **spawned),
        line("response_item", type="function_call", name="shell", call_id=tool),
        line("event_msg", type="token_count", info={"total_token_usage": counts, "last_token_usage": counts}),
        line("response_item", type="function_call_output", call_id=tool, output="x" * result),
    ]


def results(calls: Calls) -> list[tuple[int, int]]:
    return [(call, tokens) for call, _, tokens, _ in calls.tools.tolist()]


def test_uses_of_tools_that_are_numbered_anew_in_each_session_are_many(tmp_path: Path) -> None:
    again = of_claude("a", 1, "Bash:0", 40) + of_claude("a", 2, "Bash:0", 80)
    calls, _ = read(tmp_path, {"a.jsonl": again, "b.jsonl": of_claude("b", 1, "Bash:0", 400)})
    assert results(calls) == [(0, 10), (1, 20), (2, 100)]


def test_uses_of_codex_that_are_numbered_anew_in_each_thread_are_many(tmp_path: Path) -> None:
    files = {f"rollout-{name}.jsonl": of_codex(name, tool="call_0", result=n) for name, n in (("a", 40), ("b", 400))}
    assert results(read(tmp_path, files)[0]) == [(0, 10), (1, 100)]


def test_uses_that_a_fork_has_copied_are_those_of_its_origin(tmp_path: Path) -> None:
    own = of_claude("a", 1, "toolu_1", 40)
    copied = [{**line, "sessionId": "b"} for line in own]
    calls, reading = read(tmp_path, {"a.jsonl": own, "b.jsonl": copied + of_claude("b", 2)})
    assert results(calls) == [(0, 10)]
    assert reading.replayed == 1


@pytest.mark.parametrize("ring", [("a", "a"), ("b", "a")])
def test_threads_of_codex_in_a_ring_are_sessions(ring: tuple[str, str], tmp_path: Path) -> None:
    above, below = ring
    files = {"rollout-a.jsonl": of_codex("a", above), "rollout-b.jsonl": of_codex("b", below)}
    calls, _ = read(tmp_path, files)
    assert len(calls) == 2
    assert np.all((calls["parent"] == NONE) | (calls["parent"] != calls["instance"]))


def span(number: int, above: int, operation: str = "invoke_agent") -> Line:
    told = {"gen_ai.operation.name": operation, "gen_ai.agent.name": f"a{number}", "gen_ai.request.model": "gpt-5"}
    counts = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10} if operation == "chat" else {}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in told.items()]
    attributes += [{"key": key, "value": {"intValue": value}} for key, value in counts.items()]
    times = {"startTimeUnixNano": 1793610000 * 10**9, "endTimeUnixNano": 1793610001 * 10**9}
    return {"traceId": "t", "spanId": str(number), "parentSpanId": str(above), "attributes": attributes, **times}


@pytest.mark.parametrize("above", [[2, 1], [1, 1], [3, 1]])
def test_spans_in_a_ring_are_no_tree_and_their_calls_count(above: list[int], tmp_path: Path) -> None:
    agents = [span(1, above[0]), span(2, above[1]), span(3, 2)]
    spans = [*agents, span(4, 3, "chat"), span(5, 2, "chat")]
    calls, _ = read(tmp_path, {"a.jsonl": [{"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}]})
    assert len(calls) == 2
    assert np.all((calls["parent"] == NONE) | (calls["parent"] != calls["instance"]))
    assert len(set(calls["session"].tolist())) == 1


HEAD = "timestamp,session_id,user,model,prompt_tokens,completion_tokens,request_id,instance,parent\n"


def rows(user: str, day: int, sessions: int = 2) -> str:
    made = [
        f"2026-11-{day:02}T10:0{turn}:00Z,{session},{user},gpt-5,{10 + turn},1,{session}{turn},{session}/{turn},"
        f"{session}/0"
        for session in range(sessions)
        for turn in range(3)
    ]
    return HEAD + "\n".join(made) + "\n"


def test_sessions_that_files_of_different_users_number_alike_are_apart(tmp_path: Path) -> None:
    for name in ("alice", "bob"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "calls.csv").write_text(rows(name, 3))
    calls, reading = read_logs([tmp_path])
    assert (len(calls), calls.duplicates) == (12, 0)
    assert len(set(calls["session"].tolist())) == 4
    assert len(set(calls["instance"].tolist())) == 12
    parent = calls["instance"][calls["time"] % 3600 == 0].repeat(3)
    told = calls["parent"] != NONE
    assert told.sum() == 8
    np.testing.assert_array_equal(calls["parent"][told], parent[told])
    assert any(note.startswith("2 sessions have the same name in files of different users") for note in reading.notes)


@pytest.mark.parametrize("user", ["alice", ""])
def test_sessions_that_go_on_in_the_next_file_are_one(user: str, tmp_path: Path) -> None:
    calls, reading = read(tmp_path, {"1.csv": rows(user, 3), "2.csv": rows(user, 4).replace(",gpt-5,1", ",gpt-5,2")})
    assert len(set(calls["session"].tolist())) == 2
    assert any(note.startswith("2 sessions have calls in several files") for note in reading.notes)


def test_people_who_share_a_session_in_a_file_are_told(tmp_path: Path) -> None:
    text = rows("alice", 3).replace("alice", "bob", 1)
    calls, reading = read(tmp_path, {"1.csv": text, "2.csv": HEAD + "2026-11-04T10:00:00Z,9,eve,gpt-5,9,9,x,i,\n"})
    assert len(set(calls["session"].tolist())) == 3
    assert any(note.startswith("1 of 3 sessions (33.3 %) name several users") for note in reading.notes)


@pytest.mark.parametrize("name", ["litellm", "helicone"])
def test_requests_and_sessions_of_gateways_that_clash_are_apart(name: str, tmp_path: Path) -> None:
    sample = next((Path(__file__).parent / "samples" / name).glob("*.jsonl")).read_text()
    one = json.loads(sample.splitlines()[0])
    user = "end_user" if name == "litellm" else "request_user_id"
    calls, _ = read(tmp_path, {f"{who}.jsonl": [one | {user: who}] for who in ("alice", "bob")})
    assert len(set(calls["session"].tolist())) == len(calls) == 2
    again, reading = read(tmp_path, {f"{who}.jsonl": [one | {user: "alice"}] for who in ("alice", "bob")})
    assert (len(again), reading.duplicates) == (1, 1)
