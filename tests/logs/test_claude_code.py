"""Claude Code transcripts: every trap, against a plain recount; no text stays."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.logs.codes import NONE
from scenarios.logs.formats import read_logs
from scenarios.logs.reading import LogError, Reading
from scenarios.logs.table import OK, PROVIDER, Calls

SAMPLE = Path(__file__).parent / "samples" / "claude-code"
TOKENS = {
    "fresh": "input_tokens",
    "cached": "cache_read_input_tokens",
    "written": "cache_creation_input_tokens",
    "output": "output_tokens",
}


def at(second: float) -> str:
    return f"2026-10-05T09:{int(second // 60):02}:{second % 60:06.3f}Z"


def line(kind: str, second: float, session: str = "s1", **more: Any) -> dict[str, Any]:
    return {"type": kind, "sessionId": session, "uuid": f"u{second}-{session}", "timestamp": at(second), **more}


def answer(
    second: float,
    message: str | None,
    request: str | None,
    output: int,
    *,
    blocks: Iterable[dict[str, Any]] = (),
    usage: dict[str, Any] | None = None,
    session: str = "s1",
    **more: Any,
) -> dict[str, Any]:
    counts = {"input_tokens": 5, "cache_read_input_tokens": 100, "output_tokens": output} | (usage or {})
    said = {"id": message, "model": more.pop("model", "claude-opus-4-6"), "usage": counts, "content": list(blocks)}
    return line("assistant", second, session, requestId=request, message=said, **more)


def use(name: str, tool: str, **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": name, "name": tool, "input": given}


def result(second: float, name: str, content: Any, error: bool | None = None, **more: Any) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": name, "content": content, "is_error": error}
    return line("user", second, message={"role": "user", "content": [block]}, **more)


def retry(second: float, attempt: int | None, **more: Any) -> dict[str, Any]:
    return line("system", second, subtype="api_error", retryAttempt=attempt, error={"status": 529}, **more)


def write(path: Path, lines: Iterable[dict[str, Any] | str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in lines))
    return path


def read(folder: Path, **files: Iterable[dict[str, Any] | str]) -> tuple[Calls, Reading]:
    for name, lines in files.items():
        write(folder / f"{name}.jsonl", lines)
    return read_logs([folder], format="claude-code")


def named(calls: Calls, column: str, names: str = "") -> list[str | None]:
    known = calls.names[names or column]
    return [known[code] if code != NONE else None for code in calls[column]]


def tools(calls: Calls) -> list[tuple[int, str, int, bool]]:
    return [(call, calls.names["tool"][tool], size, failed) for call, tool, size, failed in calls.tools.tolist()]


def test_sample_is_as_a_plain_recount_has_it() -> None:
    usages: dict[str, dict[str, int]] = {}
    answers = failed = 0
    for file in SAMPLE.rglob("*.jsonl"):
        for text in file.read_text().splitlines():
            try:
                record = json.loads(text)
            except ValueError:
                continue
            failed += record.get("subtype") == "api_error"
            if record["type"] != "assistant" or record["message"]["model"] == "<synthetic>":
                continue
            answers += 1
            usage, known = record["message"]["usage"], usages.get(record["message"]["id"])
            if known is None or usage["output_tokens"] > known["output_tokens"]:
                usages[record["message"]["id"]] = usage
    calls, reading = read_logs([SAMPLE])
    served = calls["failed"] == OK
    assert served.sum() == len(usages)
    for column, field in TOKENS.items():
        assert calls[column][served].sum() == sum(usage[field] for usage in usages.values())
    assert calls["written_1h"].sum() == sum(
        usage["cache_creation"]["ephemeral_1h_input_tokens"]  # type: ignore[index]
        for usage in usages.values()
    )
    assert (~served).sum() == failed
    assert answers == served.sum() + reading.duplicates + reading.replayed
    assert sum(skipped.count for skipped in reading.skipped.values()) == 1


def test_an_answer_of_several_lines_is_one_call_as_large_as_the_largest(tmp_path: Path) -> None:
    blocks = [[{"type": "thinking", "thinking": "t"}], [use("t1", "Bash")], [use("t2", "Read")]]
    lines = [answer(i, "m1", "r1", size, blocks=blocks[i]) for i, size in enumerate((1, 90, 40))]
    calls, reading = read(tmp_path, a=lines)
    assert calls["output"].tolist() == [90]
    assert reading.duplicates == 2
    assert tools(calls) == [(0, "Bash", NONE, False), (0, "Read", NONE, False)]
    assert calls["time"].tolist() == [1791190800.0], "the first line is nearest to the start"


def test_duplicates_are_found_across_files_and_without_a_request_id(tmp_path: Path) -> None:
    one = [answer(0, "m1", "r1", 10), answer(5, "m2", None, 20)]
    other = [answer(0, "m1", "r1", 30), answer(5, "m2", None, 20)]
    calls, reading = read(tmp_path, a=one, b=other)
    assert calls["output"].tolist() == [30, 20]
    assert (reading.duplicates, reading.replayed) == (2, 0)


def test_one_message_id_of_two_requests_is_two_calls_and_no_id_is_a_call_of_its_own(tmp_path: Path) -> None:
    calls, reading = read(
        tmp_path,
        a=[answer(0, "m", "r1", 1), answer(1, "m", "r2", 2), answer(2, None, None, 3), answer(3, None, None, 4)],
    )
    assert calls["output"].tolist() == [1, 2, 3, 4]
    assert any("2 records have neither" in note for note in reading.notes)


def test_synthetic_messages_and_shown_errors_are_no_calls(tmp_path: Path) -> None:
    lines = [
        answer(0, "x", None, 0, model="<synthetic>"),
        answer(1, "y", None, 0, isApiErrorMessage=True),
        answer(2, "m", "r", 9),
    ]
    calls, reading = read(tmp_path, a=lines)
    assert calls["output"].tolist() == [9]
    assert reading.ignored["lines of the type assistant (no model wrote it)"] == 2


def test_sub_agents_are_instances_of_their_session_of_the_kind_that_started_them(tmp_path: Path) -> None:
    main = [
        answer(0, "m1", "r1", 10, blocks=[use("t1", "Task", subagent_type="Explore", prompt="p")]),
        result(9, "t1", [{"type": "text", "text": "x" * 40}], toolUseResult={"agentId": "a1", "totalTokens": 5}),
    ]
    write(tmp_path / "s1" / "subagents" / "agent-a1.jsonl", [answer(1, "m2", "r2", 20, isSidechain=True, agentId="a1")])
    write(
        tmp_path / "s1" / "subagents" / "agent-a2.jsonl",
        [answer(2, "m3", "r3", 30, isSidechain=True, agentId="a2")],
    )
    calls, _ = read(tmp_path, s1=main)
    assert named(calls, "instance") == ["s1", "s1/a1", "s1/a2"]
    assert named(calls, "parent", "instance") == [None, "s1", "s1"]
    assert named(calls, "agent") == ["main", "Explore", "subagent"]
    assert named(calls, "session") == ["s1"] * 3
    assert tools(calls) == [(0, "Task", 10, False)]


def test_the_kind_of_a_sub_agent_stands_beside_its_log_and_compaction_is_one(tmp_path: Path) -> None:
    folder = tmp_path / "s1" / "subagents"
    write(folder / "agent-a1.jsonl", [answer(1, "m2", "r2", 20, isSidechain=True, agentId="a1")])
    write(folder / "agent-a1.meta.json", [{"agentType": "Plan", "description": "d"}])
    write(
        folder / "agent-acompact-0f.jsonl",
        [
            answer(2, "m1", "r9", 10, isSidechain=True, agentId="acompact-0f"),
            answer(3, "m3", "r3", 700, isSidechain=True, agentId="acompact-0f"),
        ],
    )
    calls, reading = read(tmp_path, s1=[answer(0, "m1", "r1", 10)])
    assert named(calls, "agent") == ["main", "Plan", "compact"]
    assert calls["summary"].tolist() == [False, False, True]
    assert (reading.replayed, reading.duplicates) == (1, 0), "a replay bears a new request id"


def test_sub_agents_of_old_logs_are_told_apart_by_their_chains(tmp_path: Path) -> None:
    def link(second: float, uuid: str, parent: str | None, **more: Any) -> dict[str, Any]:
        return answer(second, f"m{uuid}", f"r{uuid}", 1, isSidechain=True, **more) | {
            "uuid": uuid,
            "parentUuid": parent,
        }

    start = line("user", 0, isSidechain=True, message={"content": "do"}) | {"uuid": "one", "parentUuid": None}
    calls, _ = read(
        tmp_path,
        a=[
            start,
            link(1, "b", "one"),
            link(2, "two", None),
            link(3, "d", "b"),
            link(4, "e", "two"),
            answer(5, "m", "r", 1),
        ],
    )
    assert sorted(map(str, named(calls, "instance"))) == ["s1", "s1/one", "s1/one", "s1/two", "s1/two"]


def test_results_of_tools_are_counted_by_their_bytes_and_their_failures_kept(tmp_path: Path) -> None:
    picture = {"type": "image", "source": {"data": "x" * 9_000}}
    lines = [
        answer(0, "m", "r", 1, blocks=[use(f"t{i}", f"tool{i}") for i in range(5)]),
        result(1, "t0", "x" * 400),
        result(2, "t1", [{"type": "text", "text": "x" * 200}, picture], True),
        result(3, "t2", [picture]),
        result(4, "t3", ""),
        result(5, "unknown", "x" * 400),
    ]
    calls, reading = read(tmp_path, a=lines)
    assert [(size, failed) for _, _, size, failed in tools(calls)] == [
        (100, False), (50, True), (NONE, False), (0, False), (NONE, False),
    ]  # fmt: skip
    assert any("of 3 results" in note for note in reading.notes)


def test_writes_for_an_hour_are_told_and_make_up_for_a_sum_that_is_missing(tmp_path: Path) -> None:
    split = {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 70}
    lines = [
        answer(0, "m1", "r1", 1, usage={"cache_creation_input_tokens": 100, "cache_creation": split}),
        answer(1, "m2", "r2", 1, usage={"cache_creation": split}),
        answer(2, "m3", "r3", 1, usage={"cache_creation_input_tokens": 8, "cache_creation": None}),
    ]
    calls, _ = read(tmp_path, a=lines)
    assert calls["written"].tolist() == [100, 100, 8]
    assert calls["written_1h"].tolist() == [70, 70, 0]
    assert calls["fresh"].tolist() == [5, 5, 5]
    assert calls["cached"].tolist() == [100, 100, 100]


def test_tiers_and_recorded_costs_are_kept(tmp_path: Path) -> None:
    lines = [
        answer(0, "m1", "r1", 1, usage={"service_tier": "standard"}, costUSD=0.25),
        answer(1, "m2", "r2", 1, usage={"service_tier": "priority", "speed": "standard"}),
        answer(2, "m3", "r3", 1, usage={"service_tier": "standard", "speed": "fast"}),
    ]
    calls, _ = read(tmp_path, a=lines)
    assert named(calls, "tier") == [None, "priority", "fast"]
    np.testing.assert_array_equal(calls["cost"], [0.25, np.nan, np.nan])


def test_what_an_advisor_was_asked_is_a_call_of_another_model(tmp_path: Path) -> None:
    took = [
        {"type": "message", "input_tokens": 5, "output_tokens": 40},
        {"type": "advisor_message", "model": "claude-opus-4-6", "input_tokens": 900, "output_tokens": 70},
    ]
    lines = [
        answer(0, "m1", "r1", 1, model="claude-haiku-4-5", usage={"iterations": took[:1]}),
        *[answer(1, "m1", "r1", 50, model="claude-haiku-4-5", usage={"iterations": took}) for _ in range(2)],
    ]
    fork = [each | {"sessionId": "s2", "forkedFrom": {"sessionId": "s1"}} for each in lines]
    calls, reading = read(tmp_path, a=lines, b=fork)
    assert calls["output"].tolist() == [50, 70]
    assert calls["fresh"].tolist() == [5, 900]
    assert named(calls, "model") == ["claude-haiku-4-5", "claude-opus-4-6"]
    assert named(calls, "instance") == ["s1", "s1/advisor"]
    assert named(calls, "parent", "instance") == [None, "s1"]
    assert named(calls, "agent") == ["main", "advisor"]
    assert reading.duplicates == 2


def test_each_failed_attempt_is_a_call_that_is_not_billed(tmp_path: Path) -> None:
    lines = [
        retry(0, 1), retry(1, None), answer(3, "m1", "r1", 9), answer(4, "m2", "r2", 8),
        retry(5, 1), answer(6, "x", None, 0, model="<synthetic>"), answer(7, "m3", "r3", 7),
    ]  # fmt: skip
    calls, reading = read(tmp_path, a=lines)
    assert calls["attempt"].tolist() == [1, 2, 3, 1, 1, 1]
    assert calls["failed"].tolist() == [PROVIDER, PROVIDER, OK, OK, PROVIDER, OK]
    assert calls["billed"].tolist() == [False, False, True, True, False, True]
    assert calls["fresh"].tolist() == [105, 105, 5, 5, 0, 5]
    assert named(calls, "model")[:3] == ["claude-opus-4-6"] * 3
    assert any("1 failed attempts were given up" in note for note in reading.notes)


def test_the_first_call_after_a_compaction_bears_its_mark(tmp_path: Path) -> None:
    boundary = line("system", 1, subtype="compact_boundary", compactMetadata={"preTokens": 9, "postTokens": 2})
    old = line("user", 5, isCompactSummary=True, message={"content": "so far"})
    side = answer(2, "m2", "r2", 1, isSidechain=True, agentId="a1")
    calls, reading = read(
        tmp_path,
        a=[
            answer(0, "m1", "r1", 1),
            boundary,
            side,
            answer(3, "m3", "r3", 1),
            old,
            answer(6, "m4", "r4", 1),
            answer(7, "m5", "r5", 1),
        ],
    )
    assert calls["compacted"].tolist() == [False, True, True, False, False]
    assert any("1 compactions of a context have no call" in note for note in reading.notes)


def test_the_mark_of_a_compaction_stays_when_a_larger_record_lacks_it(tmp_path: Path) -> None:
    boundary = line("system", 1, subtype="compact_boundary")
    calls, _ = read(tmp_path, a=[answer(2, "m1", "r1", 90)], b=[boundary, answer(2, "m1", "r1", 10)])
    assert calls["output"].tolist() == [90]
    assert calls["compacted"].tolist() == [True]


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")], ids=["first read first", "first read last"])
@pytest.mark.parametrize("told", [False, True], ids=["resumed", "forked"])
def test_copied_history_belongs_to_the_session_that_made_it(tmp_path: Path, names: tuple[str, str], told: bool) -> None:
    history = [(i, f"m{i}", f"r{i}") for i in range(3)]
    original = [answer(*key, 10, blocks=[use(f"t{key[0]}", "Bash")], session="old") for key in history]
    copy = [answer(*key, 10, blocks=[use(f"t{key[0]}", "Bash")], session="new") for key in history]
    if told:
        copy = [each | {"forkedFrom": {"sessionId": "old"}} for each in copy]
    more = [answer(50, "m8", "r8", 10, session="old")]
    files = {names[0]: original + more * told, names[1]: [*copy, answer(20, "m9", "r9", 10, session="new")]}
    calls, reading = read(tmp_path, **files)
    assert named(calls, "session").count("old") == 3 + told
    assert (reading.replayed, reading.duplicates) == (3, 0)
    assert (
        sorted(calls.tools["call"].tolist())
        == np.flatnonzero(
            np.isin(calls["session"], calls.names["session"].index("old")) & (calls["time"] < calls["time"].min() + 10)
        ).tolist()
    )


def test_a_session_that_goes_on_after_it_was_copied_is_still_the_first(tmp_path: Path) -> None:
    shared = [(0, "m0", "r0"), (1, "m1", "r1")]
    calls, _ = read(
        tmp_path,
        a=[answer(*key, 1, session="late") for key in shared] + [answer(30, "m3", "r3", 1, session="late")],
        b=[answer(*key, 1, session="early") for key in shared] + [answer(2, "m2", "r2", 1, session="early")],
    )
    assert sorted(map(str, named(calls, "session"))) == ["early"] * 3 + ["late"]


def test_lines_that_are_no_use_are_counted_with_their_place(tmp_path: Path) -> None:
    lines: list[Any] = [
        '{"type": "assist',
        answer(0, "m1", "r1", -4),
        answer(1, "m2", "r2", 4),
        line("assistant", 2, message={"id": "m3", "usage": {"output_tokens": "many"}}),
        {"type": "progress", "sessionId": "s1", "message": "not of the usual form"},
        [1, 2],
        answer(3, "m4", "r4", 10**15),
        answer(4, "m5", "r5", 5) | {"timestamp": "yesterday"},
    ]
    calls, reading = read(tmp_path, a=lines)
    assert sorted(calls["output"].tolist()) == [4, 5]
    assert [(each.reason.split(":")[0], each.examples) for each in reading.skipped.values()] == [
        ("a line is no JSON", ["a.jsonl:1"]),
        ("negative tokens", ["a.jsonl:2"]),
        ("a line is not as Claude Code writes it", ["a.jsonl:4"]),
        ("a line is not as Claude Code writes it", ["a.jsonl:6"]),
        ("more than 10,000,000,000 tokens", ["a.jsonl:7"]),
    ]
    assert reading.ignored["lines of the type progress"] == 1
    assert any("1 calls have no time" in note for note in reading.notes)


def test_wanted_lines_and_features_are_picked_by_fields_that_the_reader_does_not_know(tmp_path: Path) -> None:
    lines = [
        answer(0, "m1", "r1", 1, cwd="/shop", gitBranch="main"),
        answer(1, "m2", "r2", 2, cwd="/shop", gitBranch="form"),
        answer(2, "m3", "r3", 3, cwd="/other", gitBranch="main"),
    ]
    file = write(tmp_path / "a.jsonl", lines)
    calls, _ = read_logs([file], where=[("cwd", "/shop")], feature_from="gitBranch")
    assert calls["output"].tolist() == [1, 2]
    assert named(calls, "feature") == ["main", "form"]
    with pytest.raises(LogError, match="nothing matches"):
        read_logs([file], where=[("cwd", "/nowhere")])


def test_a_log_without_sessions_or_of_nothing_else_is_told(tmp_path: Path) -> None:
    nameless = answer(0, "m1", "r1", 1)
    del nameless["sessionId"]
    calls, _ = read(tmp_path, file=[nameless])
    assert named(calls, "session") == ["file"]
    with pytest.raises(LogError, match="1 record is no call: lines of the type user"):
        read(tmp_path / "empty", b=[line("user", 0, message={"content": "hello"})])


def test_no_text_stays(tmp_path: Path) -> None:
    secret = "MARKER-of-text"
    blocks = [
        {"type": "text", "text": secret}, {"type": "thinking", "thinking": secret, "signature": secret},
        use("t1", "Task", subagent_type="Explore", prompt=secret, description=secret),
        use("t2", "Bash", command=secret),
    ]  # fmt: skip
    lines: list[Any] = [
        {"type": "summary", "summary": secret, "leafUuid": "x"},
        line("user", 0, message={"role": "user", "content": secret}),
        *[answer(1 + i, "m1", "r1", i, blocks=[block]) for i, block in enumerate(blocks)],
        result(6, "t2", secret, True, toolUseResult={"stdout": secret, "stderr": secret}),
        result(7, "t1", [{"type": "text", "text": secret}], toolUseResult={"agentId": "a", "content": [secret]}),
        retry(8, 1) | {"error": {"status": 529, "message": secret}, "cause": secret},
        line("system", 9, subtype="compact_boundary", content=secret),
        line("assistant", 10, message={"id": "m", "usage": secret, "content": secret}),
        f'{{"type": "assistant", "broken": "{secret}',
    ]
    calls, reading = read(tmp_path, a=lines)
    assert len(calls) == 2
    assert secret.encode() not in pickle.dumps((calls, reading))
