"""Codex rollouts: every trap, against a plain recount; no text stays."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from scenarios.logs.codes import NONE
from scenarios.logs.formats import read_logs
from scenarios.logs.reading import LogError, Reading
from scenarios.logs.table import Calls

SAMPLE = Path(__file__).parent / "samples" / "codex"
NAMES = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens", "total_tokens")
Record = dict[str, Any]


def at(second: float) -> str:
    return f"2026-10-07T10:{int(second // 60):02}:{second % 60:06.3f}Z"


def line(kind: str, second: float, /, **payload: Any) -> Record:
    return {"timestamp": at(second), "type": kind, "payload": payload}


def meta(second: float, name: str, **more: Any) -> Record:
    return line("session_meta", second, id=name, timestamp=at(second), model_provider="openai", **more)


def spawned(second: float, name: str, parent: str, role: str | None = None, **more: Any) -> Record:
    source = {"subagent": {"thread_spawn": {"parent_thread_id": parent, "depth": 1, "agent_role": role}}}
    return meta(second, name, source=source, **more)


def usage(prompt: int, output: int, cached: int = 0, reasoning: int = 0, total: int | None = None) -> dict[str, int]:
    return dict(
        zip(NAMES, (prompt, cached, output, reasoning, prompt + output if total is None else total), strict=True)
    )


class Counter:
    """A thread's counts: each answer with the sum of all so far."""

    def __init__(self, start: dict[str, int] | None = None) -> None:
        self.total = dict(start or usage(0, 0))

    def __call__(self, second: float, prompt: int, output: int, **more: Any) -> Record:
        last = usage(prompt, output, **more)
        self.total = {name: self.total[name] + last[name] for name in NAMES}
        return self.again(second, last)

    def again(self, second: float, last: dict[str, int]) -> Record:
        info = {"total_token_usage": dict(self.total), "last_token_usage": last}
        return line("event_msg", second, type="token_count", info=info)


def turn(second: float, model: str = "gpt-5.6-sol", **more: Any) -> Record:
    return line("turn_context", second, model=model, **more)


def use(second: float, name: str, tool: str = "shell") -> Record:
    return line("response_item", second, type="function_call", name=tool, call_id=name, arguments="{}")


def result(second: float, name: str, output: Any) -> Record:
    return line("response_item", second, type="function_call_output", call_id=name, output=output)


def response(second: float, name: str, counts: dict[str, int], thread: str = "a") -> Record:
    return line("token_usage_record", second, thread_id=thread, response_id=name, usage=counts)


def write(path: Path, lines: Iterable[Record | str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in lines))
    return path


def read(folder: Path, **files: Iterable[Record | str]) -> tuple[Calls, Reading]:
    for name, lines in files.items():
        write(folder / f"rollout-{name}.jsonl", lines)
    return read_logs([folder], format="codex")


def later(records: Iterable[Record], second: float) -> list[Record]:
    return [{**each, "timestamp": at(second)} for each in records]


def named(calls: Calls, column: str, names: str = "") -> list[str | None]:
    known = calls.names[names or column]
    return [known[code] if code != NONE else None for code in calls[column]]


def tools(calls: Calls) -> list[tuple[int, str, int, bool]]:
    return [(call, calls.names["tool"][tool], size, failed) for call, tool, size, failed in calls.tools.tolist()]


def test_sample_is_as_a_plain_recount_has_it() -> None:
    answers: dict[str, dict[str, int]] = {}
    for file in sorted(SAMPLE.rglob("*.jsonl")):
        records = [json.loads(text) for text in file.read_text().splitlines() if text.endswith("}")]
        mirrored = []
        for record in records:
            info = record["payload"].get("info")
            if info and info["last_token_usage"]["output_tokens"]:
                answers[json.dumps(info["total_token_usage"])] = info["last_token_usage"]
                mirrored.append(info["last_token_usage"]["output_tokens"])
        for record in records:
            counts = record["payload"].get("usage")
            if counts and counts["output_tokens"] not in mirrored:
                answers[record["payload"]["response_id"]] = counts
    calls, reading = read_logs([SAMPLE])
    assert len(calls) == len(answers)
    for field, ours in (
        ("input_tokens", calls.prompt),
        ("cached_input_tokens", calls["cached"]),
        ("cache_write_input_tokens", calls["written"]),
        ("output_tokens", calls["output"] + calls["reasoning"]),
        ("reasoning_output_tokens", calls["reasoning"]),
    ):
        assert ours.sum() == sum(counts.get(field, 0) for counts in answers.values()), field
    assert (reading.replayed, reading.duplicates) == (3, 2)
    assert sum(skipped.count for skipped in reading.skipped.values()) == 1


def test_input_holds_the_cached_and_output_the_reasoning_unless_the_total_says_otherwise(tmp_path: Path) -> None:
    count = Counter()
    lines = [
        meta(0, "a"), turn(1),
        count(9, 1_000, 300, cached=600, reasoning=100),
        count(19, 1_000, 300, cached=600, reasoning=100, total=1_400),
        count(29, 1_000, 300, cached=9_000, reasoning=400),
    ]  # fmt: skip
    lines[-1]["payload"]["info"]["last_token_usage"]["cache_write_input_tokens"] = 50
    calls, _ = read(tmp_path, a=lines)
    assert calls["fresh"].tolist() == [400, 400, 0]
    assert calls["cached"].tolist() == [600, 600, 1_000]
    assert calls["output"].tolist() == [200, 300, 0]
    assert calls["reasoning"].tolist() == [100, 100, 300]
    assert named(calls, "provider") == ["openai"] * 3


def test_tokens_written_to_the_cache_are_part_of_the_input(tmp_path: Path) -> None:
    counts = usage(1_000, 10, cached=300) | {"cache_write_input_tokens": 600}
    calls, _ = read(tmp_path, a=[meta(0, "a"), response(9, "r", counts)])
    assert [calls[name].tolist() for name in ("fresh", "cached", "written")] == [[100], [300], [600]]


def test_the_same_sum_again_is_the_same_answer_and_counts_of_nothing_are_none(tmp_path: Path) -> None:
    count = Counter()
    first = count(9, 100, 10)
    estimate = count.again(12, usage(0, 0, total=70))
    lines = [
        meta(0, "a"),
        first,
        *later([first], 10),
        estimate,
        count.again(13, usage(7, 7)),
        count(20, 100, 10),
        line("event_msg", 21, type="token_count"),
    ]
    calls, reading = read(tmp_path, a=lines)
    assert calls["output"].tolist() == [10, 10]
    assert reading.duplicates == 2
    assert reading.ignored["counts of no answer"] == 2


def test_counts_without_those_of_the_answer_are_told_by_the_sums(tmp_path: Path) -> None:
    count = Counter()
    lines = [count(9, 100, 10), count(19, 150, 20, cached=40), Counter()(29, 30, 3)]
    for each in lines:
        del each["payload"]["info"]["last_token_usage"]
    calls, _ = read(tmp_path, a=[meta(0, "a"), *lines])
    assert calls.prompt.tolist() == [100, 150, 30]
    assert calls["cached"].tolist() == [0, 40, 0]


def test_models_and_tiers_are_those_of_the_turn(tmp_path: Path) -> None:
    count = Counter()

    def settings(second: float, **told: Any) -> Record:
        return line("event_msg", second, type="thread_settings_applied", thread_settings=told)

    lines = [
        meta(0, "a"), turn(1), count(9, 1, 1), turn(10, "gpt-5.6-luna"), settings(11, service_tier="priority"),
        count(19, 2, 1), settings(20, service_tier=" FAST "), count(29, 3, 1), settings(30, service_tier="flex"),
        count(39, 4, 1), settings(40, service_tier="default", model="gpt-6"), count(49, 5, 1),
    ]  # fmt: skip
    calls, _ = read(tmp_path, a=lines)
    assert named(calls, "model") == ["gpt-5.6-sol", *["gpt-5.6-luna"] * 3, "gpt-6"]
    assert named(calls, "tier") == [None, "priority", "priority", "flex", None]


@pytest.mark.parametrize("retimed", [True, False], ids=["new times", "old times"])
@pytest.mark.parametrize("names", ["ab", "ba"], ids=["parent read first", "parent read last"])
def test_a_fork_does_not_make_its_parents_calls_again(tmp_path: Path, retimed: bool, names: str) -> None:
    count = Counter()
    history = [meta(0, "old"), turn(1), use(5, "c1"), count(9, 100, 10), result(10, "c1", "x" * 40), count(19, 200, 20)]
    copy = [each for k, record in enumerate(history) for each in (later([record], 60 + k) if retimed else [record])]
    fork = Counter(count.total)
    files = {
        names[0]: [*history, count(29, 300, 30)],
        names[1]: [meta(60, "new", forked_from_id="old"), *copy, turn(70, "gpt-6"), use(71, "c2"), fork(75, 400, 40)],
    }
    calls, reading = read(tmp_path, **files)
    by_session = dict(zip(named(calls, "session"), calls["output"].tolist(), strict=True))
    assert sorted(calls["output"].tolist()) == [10, 20, 30, 40]
    assert by_session["new"] == 40
    assert named(calls, "session").count("old") == 3
    assert (reading.replayed, reading.duplicates) == (2, 0)
    assert sorted(calls["output"][call] for call, *_ in tools(calls)) == [10, 40]
    assert named(calls, "parent", "instance") == [None] * 4


def test_a_fork_of_a_fork_copies_what_its_parent_copied(tmp_path: Path) -> None:
    one = Counter()
    first = [meta(0, "a"), one(9, 1, 1)]
    two = Counter(one.total)
    second = [meta(60, "b", forked_from_id="a"), *later(first, 60), two(69, 2, 2)]
    third = [meta(120, "c", forked_from_id="b"), *later(second, 120), Counter(two.total)(129, 3, 3)]
    calls, reading = read(tmp_path, z=first, y=second, x=third)
    assert sorted(zip(named(calls, "session"), calls["output"].tolist(), strict=True)) == [("a", 1), ("b", 2), ("c", 3)]
    assert reading.replayed == 3
    assert not reading.notes, "no copy is without its source"


def test_copies_of_a_thread_that_is_not_here_are_left_out(tmp_path: Path) -> None:
    count = Counter()
    copy = [count(k, 100 + k, 10) for k in range(3)]
    fork = [meta(60, "new", forked_from_id="gone"), *later(copy[:2], 60.4), *copy[2:], use(61, "c"), count(69, 500, 50)]
    calls, reading = read(tmp_path, a=fork)
    assert calls["output"].tolist() == [50]
    assert reading.replayed == 3
    assert any("3 copied records are of threads that are not in the log" in note for note in reading.notes)


def test_lines_below_the_first_of_its_own_are_its_parents(tmp_path: Path) -> None:
    count = Counter()
    rows = [{**count(70 + k, 100, 10 + k), "ordinal": ordinal} for k, ordinal in enumerate((5, 8, 10))]
    head = spawned(60, "new", "gone", subagent_history_start_ordinal=10)
    calls, reading = read(tmp_path, a=[head, *rows])
    assert calls["output"].tolist() == [12]
    assert reading.replayed == 2


def test_sub_agents_belong_to_the_session_of_the_thread_that_spawned_them(tmp_path: Path) -> None:
    files = {
        "a": [meta(0, "root", source="cli"), turn(1), Counter()(9, 1, 1)],
        "b": [spawned(10, "child", "root", "explorer"), Counter()(19, 2, 2)],
        "c": [spawned(20, "grandchild", "child"), Counter()(29, 3, 3)],
        "d": [meta(30, "check", source={"subagent": "review"}, parent_thread_id="root"), Counter()(39, 4, 4)],
        "e": [meta(40, "other"), Counter()(49, 5, 5)],
    }
    calls, _ = read(tmp_path, **files)
    told = dict(zip(calls["output"].tolist(), range(5), strict=True))
    order = [told[k] for k in range(1, 6)]
    assert [named(calls, "session")[k] for k in order] == ["root"] * 4 + ["other"]
    assert [named(calls, "instance")[k] for k in order] == ["root", "child", "grandchild", "check", "other"]
    assert [named(calls, "parent", "instance")[k] for k in order] == [None, "root", "child", "root", None]
    assert [named(calls, "agent")[k] for k in order] == ["main", "explorer", "subagent", "review", "main"]


def test_sub_agents_of_equal_size_are_told_apart(tmp_path: Path) -> None:
    files = {name: [spawned(10, name, "root"), Counter()(19, 7, 7)] for name in ("x", "y")}
    calls, reading = read(tmp_path, root=[meta(0, "root"), Counter()(9, 1, 1)], **files)
    assert len(calls) == 3
    assert (reading.duplicates, reading.replayed) == (0, 0)


def test_a_thread_that_lies_in_two_folders_is_one(tmp_path: Path) -> None:
    lines = [meta(0, "a"), use(5, "c1"), Counter()(9, 1, 1)]
    write(tmp_path / "archived" / "rollout-a.jsonl", lines)
    calls, reading = read(tmp_path, a=lines)
    assert len(calls) == 1
    assert tools(calls) == [(0, "shell", NONE, False)]
    assert reading.duplicates == 1


def test_an_answer_of_two_records_is_one_whichever_comes_first(tmp_path: Path) -> None:
    count = Counter()
    lines = [meta(0, "a")]
    for second, order in ((10, 1), (20, -1), (30, 1)):
        pair = [count(second, second, 1), response(second, f"r{second}", usage(second, 1))]
        lines += pair[::order]
    lines += [response(40, "r40", usage(40, 1)), response(40, "r40", usage(40, 1))]
    calls, reading = read(tmp_path, a=lines)
    assert calls.prompt.tolist() == [10, 20, 30, 40]
    assert reading.duplicates == 4


def test_records_of_another_threads_answers_are_copies(tmp_path: Path) -> None:
    copy = response(9, "r1", usage(10, 1), "old")
    fork = [meta(60, "new", forked_from_id="old"), *later([copy], 90), response(95, "r2", usage(20, 2), "new")]
    calls, reading = read(tmp_path, a=fork, b=[meta(0, "old"), copy])
    assert sorted(zip(named(calls, "session"), calls["output"].tolist(), strict=True)) == [("new", 2), ("old", 1)]
    assert reading.replayed == 1
    calls, reading = read_logs([tmp_path / "rollout-a.jsonl"])
    assert named(calls, "session") == ["new"]
    assert reading.replayed == 1


def test_a_compaction_is_the_call_right_before_it_and_marks_the_one_after(tmp_path: Path) -> None:
    count = Counter()
    compaction = line("compacted", 30.2, message="so far", replacement_history=[])
    lines = [
        meta(0, "a"), count(9, 100, 1), turn(10), count(30, 200, 2), count.again(30.1, usage(0, 0, total=9)),
        compaction, count(40, 50, 3), use(41, "c"), compaction, count(50, 60, 4), response(60, "r", usage(70, 5)),
        turn(61), line("compacted", 62, compaction_response_id="r"), count(70, 20, 6),
    ]  # fmt: skip
    calls, reading = read(tmp_path, a=lines)
    assert calls["summary"].tolist() == [False, True, False, False, True, False]
    assert calls["compacted"].tolist() == [False, False, True, True, False, True]
    assert any("1 compactions of a context have no call" in note for note in reading.notes)


def test_tools_belong_to_the_answer_whose_counts_come_next(tmp_path: Path) -> None:
    count = Counter()
    lines = [
        meta(0, "a"), use(1, "c1", "shell"), use(2, "c2", "apply_patch"), result(3, "c1", "x" * 400), count(9, 1, 1),
        result(10, "c2", {"content": "x" * 80, "success": False}), line("response_item", 11, type="web_search_call"),
        use(12, "c3"), use(13, "c4"), use(14, "c5"), count(19, 2, 1),
        result(20, "c3", "Exit code: 2\nOutput: " + "x" * 19),
        result(21, "c4", '{"output":"y","metadata":{"exit_code":0}}'),
        result(22, "c5", [{"type": "input_text", "text": "x" * 40}, {"type": "input_image", "image_url": "x" * 900}]),
        use(30, "c6"),
    ]  # fmt: skip
    calls, _ = read(tmp_path, a=lines)
    assert tools(calls) == [
        (0, "shell", 100, False), (0, "apply_patch", 20, True),
        (1, "web_search", NONE, False), (1, "shell", 10, True), (1, "shell", 12, False), (1, "shell", 10, False),
        (1, "shell", NONE, False),
    ]  # fmt: skip


def test_lines_that_are_no_use_are_counted_with_their_place(tmp_path: Path) -> None:
    count = Counter()
    odd = line("event_msg", 3, type="token_count", info={"last_token_usage": {"input_tokens": "many"}})
    lines: list[Any] = [
        meta(0, "a"),
        '{"timestamp": "2026',
        count(1, -5, 1),
        odd,
        line("event_msg", 4, type="something_new", info="not of the usual form"),
        {"type": "something_else", "payload": [1]},
        [1],
        count(5, 10**15, 1),
        count(9, 7, 1) | {"timestamp": "yesterday"},
    ]
    calls, reading = read(tmp_path, a=lines)
    assert calls.prompt.tolist() == [7]
    assert [(each.reason.split(":")[0], each.examples) for each in reading.skipped.values()] == [
        ("a line is no JSON", ["rollout-a.jsonl:2"]),
        ("negative tokens", ["rollout-a.jsonl:3"]),
        ("a line is not as Codex writes it", ["rollout-a.jsonl:4"]),
        ("a line is not as Codex writes it", ["rollout-a.jsonl:7"]),
        ("more than 10,000,000,000 tokens", ["rollout-a.jsonl:8"]),
    ]
    assert reading.ignored["lines of the type something_else"] == 1
    assert any("1 calls have no time" in note for note in reading.notes)


def test_wanted_threads_and_features_are_picked_by_fields_of_the_thread_or_its_turn(tmp_path: Path) -> None:
    git = {"branch": "form"}
    count = Counter()
    write(tmp_path / "b.jsonl", [meta(0, "b", cwd="/other"), Counter()(9, 3, 3)])
    lines = [
        meta(0, "a", cwd="/shop", git=git), turn(1, cwd="/shop"), count(9, 1, 1),
        turn(10, cwd="/shop/web"), count(19, 2, 2),
    ]  # fmt: skip
    write(tmp_path / "a.jsonl", lines)
    calls, _ = read_logs([tmp_path], where=[("cwd", "/shop")], feature_from="git.branch")
    assert calls["output"].tolist() == [1]
    assert named(calls, "feature") == ["form"]
    with pytest.raises(LogError, match="no call was found"):
        read_logs([tmp_path], where=[("cwd", "/nowhere")])


def test_a_thread_without_a_beginning_has_the_name_of_its_file(tmp_path: Path) -> None:
    calls, _ = read(tmp_path, lost=[turn(1), Counter()(9, 1, 1)])
    assert named(calls, "session") == ["rollout-lost"]


def test_no_text_stays(tmp_path: Path) -> None:
    secret = "MARKER-of-text"
    count = Counter()
    lines: list[Any] = [
        meta(0, "a", cwd="/shop", base_instructions={"text": secret}, instructions=secret),
        turn(1, user_instructions=secret),
        line("event_msg", 2, type="user_message", message=secret),
        line("response_item", 3, type="message", role="user", content=[{"type": "input_text", "text": secret}]),
        line("response_item", 4, type="reasoning", summary=[{"text": secret}], encrypted_content=secret),
        line("response_item", 5, type="function_call", name="shell", call_id="c1", arguments=secret),
        line("response_item", 6, type="custom_tool_call", name="apply_patch", call_id="c2", input=secret),
        count(9, 1, 1),
        result(10, "c1", secret),
        result(11, "c2", {"content": secret, "success": False}),
        line("compacted", 12, message=secret, replacement_history=[{"content": secret}]),
        line("event_msg", 13, type="error", message=secret),
        line("event_msg", 14, type="token_count", info=secret),
        f'{{"type": "event_msg", "broken": "{secret}',
    ]
    write(tmp_path / "a.jsonl", lines)
    read_back = read_logs([tmp_path], where=[("cwd", "/shop")])
    assert len(read_back[0].tools) == 2
    assert secret.encode() not in pickle.dumps(read_back)
