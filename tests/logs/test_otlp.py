"""OTLP-JSON: calls, trees, tokens and errors of spans, and Claude Code's events, against plain recounts."""

from __future__ import annotations

import gzip
import json
import pickle
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.logs import exports
from scenarios.logs.formats import read_logs
from scenarios.logs.reading import LogError, Reading
from scenarios.logs.table import OK, PROVIDER, QUALITY, Calls

SAMPLES = Path(__file__).parent / "samples"
GENAI, OPENINFERENCE = SAMPLES / "otlp" / "genai.jsonl", SAMPLES / "otlp" / "openinference.json"
EVENTS = SAMPLES / "claude-code-events" / "events.jsonl"
START = 1_793_520_000


def value(of: Any) -> dict[str, Any]:
    if isinstance(of, list):
        return {"arrayValue": {"values": [value(item) for item in of]}}
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    return {kinds[type(of)]: str(of) if type(of) is int else of}


def attributes(of: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(each)} for key, each in of.items()]


def span(
    number: int, above: int = 0, start: float = 0, lasts: float = 1, trace: str = "t", **more: Any
) -> dict[str, Any]:
    failed = more.pop("error", False)
    return {
        "traceId": trace,
        "spanId": f"{number:x}",
        "parentSpanId": f"{above:x}" if above else "",
        "name": more.pop("name", "a span"),
        "startTimeUnixNano": str(int((START + start) * 1e9)),
        "endTimeUnixNano": str(int((START + start + lasts) * 1e9)),
        "attributes": attributes({key.replace("__", "."): each for key, each in more.items()}),
        "status": {"code": 2} if failed else {},
    }


def chat(
    number: int, above: int = 0, start: float = 0, prompt: int = 100, output: int = 10, **more: Any
) -> dict[str, Any]:
    said = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
    tokens = {"gen_ai.usage.input_tokens": prompt, "gen_ai.usage.output_tokens": output}
    return span(number, above, start, **{**said, **tokens, **more})


def agent(
    number: int, above: int = 0, start: float = 0, lasts: float = 50, name: str = "boss", **more: Any
) -> dict[str, Any]:
    return span(
        number, above, start, lasts, **{"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name, **more}
    )


def tool(number: int, above: int, start: float, name: str = "search", **more: Any) -> dict[str, Any]:
    return span(number, above, start, **{"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, **more})


def export(spans: Sequence[dict[str, Any]], **resource: Any) -> dict[str, Any]:
    about = {"attributes": attributes({key.replace("__", "."): each for key, each in resource.items()})}
    return {"resourceSpans": [{"resource": about, "scopeSpans": [{"scope": {"name": "x"}, "spans": list(spans)}]}]}


def read(folder: Path, *exports: dict[str, Any], **asked: Any) -> tuple[Calls, Reading]:
    path = folder / "spans.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in exports))
    return read_logs([path], **asked)


def names(calls: Calls, column: str) -> list[str | None]:
    listed = calls.names["instance" if column == "parent" else column]
    return [listed[code] if code >= 0 else None for code in calls[column]]


def tools(calls: Calls) -> list[tuple[int, str, int, bool]]:
    return [(call, calls.names["tool"][name], tokens, failed) for call, name, tokens, failed in calls.tools.tolist()]


def test_a_tree_becomes_instances_turns_and_tools() -> None:
    calls, reading = read_logs([GENAI])
    assert names(calls, "session") == ["conv-1"] * 5
    assert names(calls, "instance") == ["conv-1/support"] * 4 + ["conv-1/expert"]
    assert names(calls, "parent") == [None] * 4 + ["conv-1/support"]
    assert names(calls, "agent") == ["support"] * 4 + ["expert"]
    assert calls["attempt"].tolist() == [1, 1, 2, 1, 1]
    assert calls["failed"].tolist() == [OK, PROVIDER, OK, OK, OK]
    assert calls["billed"].tolist() == [True, False, True, True, True]
    assert calls["fresh"].tolist() == [1200, 0, 476, 1800, 700]
    assert calls["cached"].tolist() == [0, 0, 1024, 0, 0]
    assert calls["output"].tolist() == [50, 0, 120, 50, 60]
    assert calls["reasoning"].tolist() == [30, 0, 0, 0, 0]
    assert tools(calls) == [(0, "search", -1, False), (2, "ask_expert", -1, False)]
    assert reading.duplicates == 1
    assert reading.ignored == {"sums of tokens on spans of agents": 1}
    assert {each.reason: (each.count, each.examples) for each in reading.skipped.values()} == {
        "malformed span: expected `int`, got `str` in startTimeUnixNano": (1, ["genai.jsonl:3 span 3"]),
        "malformed export: not JSON": (1, ["genai.jsonl:4"]),
    }


def test_openinference_in_one_document() -> None:
    calls, reading = read_logs([OPENINFERENCE])
    assert names(calls, "session") == ["chat-9"] * 2
    assert names(calls, "model") == ["claude-sonnet-4-5"] * 2
    assert names(calls, "provider") == ["anthropic"] * 2
    assert [calls[part].tolist() for part in ("fresh", "cached", "written", "output")] == [
        [200, 500],
        [1500, 1800],
        [300, 0],
        [150, 90],
    ]
    assert calls["cost"].tolist() == pytest.approx([0.00465, 0.004], rel=1e-12)
    assert tools(calls) == [(0, "lookup", -1, True)]
    assert not reading.skipped
    assert not reading.notes


@pytest.mark.parametrize(
    ("before", "after"), [("gen_ai.usage.", "gen_ai.usage."), ("llm.usage.", "llm.usage.")], ids=["gen_ai", "llm"]
)
def test_old_names(tmp_path: Path, before: str, after: str) -> None:
    said = {
        f"{before}prompt_tokens": 70,
        f"{after}completion_tokens": 7,
        "gen_ai.request.model": "old",
        "gen_ai.system": "p",
    }
    calls, _ = read(tmp_path, export([span(1, **said)]))
    assert (calls["fresh"][0], calls["output"][0]) == (70, 7)
    assert names(calls, "provider") == ["p"]


def test_the_model_that_answered_goes_before_the_one_that_was_asked_for(tmp_path: Path) -> None:
    one = chat(1, **{"gen_ai.response.model": "m-2026"})
    two = chat(2, **{"gen_ai.response.model": "m-2026"})
    two["attributes"].reverse()
    calls, _ = read(tmp_path, export([one, two]))
    assert names(calls, "model") == ["m-2026"] * 2


def test_cached_tokens_inside_and_beside_the_input(tmp_path: Path) -> None:
    held = {"gen_ai.usage.cache_read.input_tokens": 600, "gen_ai.usage.cache_creation.input_tokens": 300}
    inside = chat(1, prompt=1000, output=5, model="a", **held)
    beside = chat(2, start=2, prompt=10, **held)
    for each, model in ((inside, "a"), (beside, "b")):
        each["attributes"].append({"key": "gen_ai.response.model", "value": value(model)})
    calls, _ = read(tmp_path, export([inside, beside]))
    by_model = np.argsort(calls["model"])
    assert calls["fresh"][by_model].tolist() == [100, 10]
    assert calls["cached"].tolist() == [600, 600]
    assert calls["written"].tolist() == [300, 300]
    assert calls.prompt[by_model].tolist() == [1000, 910]


def test_totals_tell_that_cached_tokens_are_beside_an_input_larger_than_they(tmp_path: Path) -> None:
    told = {"gen_ai.usage.cache_read.input_tokens": 600, "gen_ai.usage.total_tokens": 1605}
    calls, _ = read(tmp_path, export([chat(1, prompt=1000, output=5, **told)]))
    assert calls["fresh"].tolist() == [1000]


@pytest.mark.parametrize(
    ("said", "failed", "billed"),
    [
        ({"error.type": "429"}, PROVIDER, False),
        ({"error.type": "503", "error": True}, PROVIDER, False),
        ({"error.type": "openai.RateLimitError", "error": True}, PROVIDER, False),
        ({"error.type": "httpx.ReadTimeout", "error": True}, PROVIDER, False),
        ({"http.response.status_code": 529}, PROVIDER, False),
        ({"error.type": "400"}, QUALITY, True),
        ({"error.type": "ValidationError"}, QUALITY, True),
        ({"error": True}, QUALITY, True),
        ({"http.response.status_code": 200}, OK, True),
    ],
)
def test_whose_fault_it_is(tmp_path: Path, said: dict[str, Any], failed: int, billed: bool) -> None:
    calls, _ = read(tmp_path, export([chat(1, **said)]))
    assert (calls["failed"][0], calls["billed"][0]) == (failed, billed)


def test_the_kind_of_an_exception_tells_whose_fault_it_is_and_nothing_is_billed_without_tokens(tmp_path: Path) -> None:
    limited, refused = chat(1, error=True), span(2, error=True, **{"gen_ai.operation.name": "chat"})
    limited["events"] = [
        {"name": "exception", "attributes": attributes({"exception.type": "anthropic.RateLimitError"})}
    ]
    refused["events"] = [{"name": "exception", "attributes": attributes({"exception.type": "BadRequestError"})}]
    calls, _ = read(tmp_path, export([limited, refused]))
    assert calls["failed"].tolist() == [PROVIDER, QUALITY]
    assert calls["billed"].tolist() == [False, False]


def test_attempts_follow_a_failure_below_the_same_span_and_do_not_overlap_it(tmp_path: Path) -> None:
    calls, _ = read(
        tmp_path,
        export(
            [
                agent(1),
                chat(2, 1, 1, error=True),
                chat(3, 1, 2, error=True),
                chat(4, 1, 3),
                chat(5, 1, 4),
                chat(6, 1, 5, error=True, lasts=9),
                chat(7, 1, 6),
                span(8, 1, 20),
                chat(9, 8, 21, error=True),
                chat(10, 1, 23),
                chat(11, 0, 30, trace="u", error=True),
                chat(12, 0, 32, trace="v"),
            ],
            session__id="s",
        ),
    )
    by_time = np.argsort(calls["time"])
    assert calls["attempt"][by_time].tolist() == [1, 2, 3, 1, 1, 1, 1, 1, 1, 1]


def test_failures_below_different_spans_are_turns_of_their_own(tmp_path: Path) -> None:
    spans = [each for k in range(1, 9) for each in (span(k), chat(10 + k, k, 10 * k, error=True))]
    calls, _ = read(tmp_path, export(spans))
    assert calls["attempt"].tolist() == [1] * 8


def test_spans_in_any_order_and_in_several_files_twice_give_the_same_table(tmp_path: Path) -> None:
    spans = [agent(1), chat(2, 1, 1), tool(3, 1, 2), agent(4, 3, 2, 5, name="helper"), chat(5, 4, 3), chat(6, 1, 9)]
    whole, _ = read(tmp_path, export(spans))
    first, second = tmp_path / "a.json", tmp_path / "b.json.gz"
    first.write_text(json.dumps(export([spans[4], spans[2], spans[5]]), indent=1))
    second.write_bytes(gzip.compress(json.dumps([export(spans[::-1]), export([spans[1]])]).encode()))
    parts, reading = read_logs([first, second])
    assert reading.duplicates == 3
    for column in ("session", "instance", "parent", "agent", "model"):
        assert names(parts, column) == names(whole, column)
    for column in ("time", "fresh", "output", "attempt"):
        np.testing.assert_array_equal(parts[column], whole[column])
    assert tools(parts) == tools(whole) == [(names(whole, "instance").index("t/boss"), "search", -1, False)]


def test_a_span_exported_before_and_after_it_ended_is_the_larger_one(tmp_path: Path) -> None:
    calls, reading = read(tmp_path, export([chat(1, output=20), chat(1, output=500), chat(1, output=30)]))
    assert calls["output"].tolist() == [500]
    assert reading.duplicates == 2


def test_the_topmost_agent_goes_on_and_agents_below_it_or_beside_it_begin_anew(tmp_path: Path) -> None:
    turns = [
        each
        for k in range(3)
        for each in (
            agent(1, 0, 100 * k, trace=f"t{k}", **{"gen_ai.conversation.id": "c"}),
            chat(2, 1, 100 * k + 1, trace=f"t{k}"),
            agent(3, 1, 100 * k + 2, 5, trace=f"t{k}", name="helper"),
            chat(4, 3, 100 * k + 3, trace=f"t{k}"),
        )
    ]
    beside = [agent(5, 0, 210, trace="t3", session__id="c"), chat(6, 5, 211, trace="t3")]
    calls, _ = read(tmp_path, export(turns + beside))
    assert Counter(names(calls, "instance")) == {
        "c/boss": 3, "c/helper": 1, "c/helper 2": 1, "c/helper 3": 1, "c/boss 2": 1,
    }  # fmt: skip


def test_agents_that_call_no_model_are_no_instances(tmp_path: Path) -> None:
    calls, _ = read(tmp_path, export([agent(1, name="router"), span(2, 1), agent(3, 2, 1, name="boss"), chat(4, 3, 2)]))
    assert names(calls, "instance") == ["t/boss"]
    assert names(calls, "parent") == [None]


def test_sessions_are_those_above_then_of_the_trace_then_the_trace(tmp_path: Path) -> None:
    calls, _ = read(
        tmp_path,
        export(
            [
                span(1, session__id="root"), chat(2, 1, 1), chat(3, 0, 2), chat(4, 1, 3, session__id="own"),
                chat(5, 0, 4, trace="u"),
                chat(6, 0, 5, trace="v", session__id="less", **{"gen_ai.conversation.id": "more"}),
            ]
        ),
    )  # fmt: skip
    by_time = np.argsort(calls["time"])
    assert [names(calls, "session")[i] for i in by_time] == ["root", "root", "own", "u", "more"]


def test_sessions_of_two_trees_in_one_trace_and_of_what_made_a_span(tmp_path: Path) -> None:
    two = [span(1, session__id="a"), chat(2, 1, 1), span(3, session__id="b"), chat(4, 3, 2)]
    calls, _ = read(
        tmp_path, export(two, session__id="process"), export([chat(5, 0, 3, trace="u")], session__id="process")
    )
    by_time = np.argsort(calls["time"])
    assert [names(calls, "session")[i] for i in by_time] == ["a", "b", "process"]
    calls, _ = read(tmp_path, export(two), export([chat(6, 0, 3, session__id="own", trace="u")], session__id="process"))
    by_time = np.argsort(calls["time"])
    assert [names(calls, "session")[i] for i in by_time] == ["a", "b", "own"]


def test_exports_of_other_kinds_are_counted(tmp_path: Path) -> None:
    calls, reading = read(tmp_path, export([chat(1)]), {"resourceMetrics": []}, events(request(1)), format="otlp")
    assert len(calls) == 1
    assert reading.ignored == {"exports of metrics": 1, "exports of events": 1}


def test_a_call_that_two_libraries_tell_is_one(tmp_path: Path) -> None:
    calls, reading = read(
        tmp_path,
        export(
            [
                chat(1, 0, 1, prompt=50), chat(2, 1, 1, prompt=51),
                chat(3, 0, 5, prompt=60), span(4, 3, 5, **{"gen_ai.operation.name": "chat"}),
            ]
        ),
    )  # fmt: skip
    assert calls["fresh"].tolist() == [51, 60]
    assert reading.ignored == {"spans of calls around or inside the same calls": 2}


def test_a_ring_of_spans_ends(tmp_path: Path) -> None:
    calls, _ = read(tmp_path, export([span(1, 2), span(2, 1), chat(3, 1), span(4, 4), chat(5, 4)]))
    assert len(calls) == 2


def test_what_can_not_be_used_is_counted_with_its_place(tmp_path: Path) -> None:
    no_id = chat(3)
    del no_id["spanId"]
    odd = chat(5)
    odd["attributes"].append({"key": "gen_ai.provider.name", "value": {"stringValue": 7}})
    path = tmp_path / "spans.jsonl"
    bad = [chat(1, prompt=-5), no_id, chat(4, prompt="many"), odd, span(6, **{"gen_ai.operation.name": "chat"})]
    path.write_text(
        json.dumps(export([*bad, chat(7, **{"llm.cost.total": -1.0})])) + "\n[1,2]\nnonsense\n" + '{"resourceSpans": 5}'
    )
    calls, reading = read_logs([path])
    assert len(calls) == 1
    assert np.isnan(calls["cost"][0])
    assert {each.reason: each.examples for each in reading.skipped.values()} == {
        "negative tokens": ["spans.jsonl:1 span 1"],
        "malformed span: object missing required field `spanId`": ["spans.jsonl:1 span 2"],
        "a count of tokens that is no number": ["spans.jsonl:1 span 3"],
        "malformed span: an attribute has no value that can be read": ["spans.jsonl:1 span 4"],
        "malformed export: expected `object`, got `int` in [0]": ["spans.jsonl:2"],
        "malformed export: not JSON": ["spans.jsonl:3"],
        "malformed export: expected `array`, got `int` in resourceSpans": ["spans.jsonl:4"],
        "no tokens are told": ["calls that did not fail"],
    }


def test_an_archive_that_is_cut_off_gives_what_is_there(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    lines = [json.dumps(export([chat(int(k))])) for k in rng.integers(1, 1 << 60, 5_000)]
    whole = gzip.compress("\n".join(lines).encode())
    path = tmp_path / "spans.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    calls, reading = read_logs([path])
    assert 1_000 < len(calls) < 4_000
    assert any("is cut off" in cut for cut in reading.cuts)


def test_fields_of_spans_of_what_made_them_and_of_what_stands_above_choose_calls(tmp_path: Path) -> None:
    one = export([span(1, tenant="a", tags=["x", "y"]), chat(2, 1), tool(3, 1, 2)], service__name="shop")
    two = export(
        [span(1, trace="u", tenant="b"), chat(2, 1, 1, trace="u"), chat(3, 0, 2, trace="w")], service__name="till"
    )
    calls, reading = read(tmp_path, one, two, where=[("tenant", "a")], feature_from="service.name")
    assert names(calls, "session") == ["t"]
    assert names(calls, "feature") == ["shop"]
    assert tools(calls) == [(0, "search", -1, False)]
    assert reading.ignored == {"records that --where leaves out": 2}
    calls, _ = read(tmp_path, one, two, where=[("service.name", "till")], feature_from="tenant")
    assert names(calls, "feature") == ["b", None]
    calls, _ = read(tmp_path, one, two, where=[("tags", "y"), ("tenant", "a")])
    assert len(calls) == 1
    with pytest.raises(LogError, match="--where leaves 1 record out"):
        read(tmp_path, one, where=[("tenant", "z")])


def _marked(spans: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    texts = """
        gen_ai.input.messages gen_ai.output.messages gen_ai.system_instructions gen_ai.prompt gen_ai.prompt.0.content
        gen_ai.completion.0.content llm.input_messages.0.message.content llm.output_messages.0.message.content
        llm.prompts input.value output.value gen_ai.tool.call.arguments gen_ai.tool.call.result gen_ai.tool.description
        gen_ai.tool.definitions tool.parameters prompt error tool_parameters user.email exception.message
    """.split()  # noqa: SIM905  (twenty names a list would scatter)
    said = attributes(dict.fromkeys(texts, "MARKER text") | {"gen_ai.retrieval.documents": ["MARKER text"]})
    for each in spans:
        each["attributes"] = said + each["attributes"]
        each["status"] = each.get("status", {}) | {"message": "MARKER text"}
        each["events"] = [{"name": "MARKER text", "attributes": said}]
    return list(spans)


def test_no_text_of_a_span_is_kept(tmp_path: Path) -> None:
    spans = _marked([agent(1), chat(2, 1, 1), tool(3, 1, 2), chat(4, 1, 3, error=True), span(5, 1)])
    spans.append({**chat(6), "startTimeUnixNano": "MARKER text"})
    path = tmp_path / "spans.jsonl"
    path.write_text(json.dumps(export(spans)) + "\nMARKER text\n")
    assert path.read_text().count("MARKER") > 100
    found = read_logs([path])
    assert len(found[0]) == 2
    assert b"MARKER" not in pickle.dumps(found)


def event(name: str, at: float, **more: Any) -> dict[str, Any]:
    said = {"event.name": name, "session.id": "s", **{key.replace("__", "."): each for key, each in more.items()}}
    return {
        "timeUnixNano": str(int((START + at) * 1e9)),
        "body": value(f"claude_code.{name}"),
        "attributes": attributes(said),
    }


def events(*each: dict[str, Any]) -> dict[str, Any]:
    return {"resourceLogs": [{"resource": {"attributes": []}, "scopeLogs": [{"logRecords": list(each)}]}]}


def request(at: float, **more: Any) -> dict[str, Any]:
    return event("api_request", at, **{"model": "m", "input_tokens": "5", "output_tokens": "7", **more})


def test_events_of_claude_code() -> None:
    calls, reading = read_logs([EVENTS])
    assert names(calls, "instance") == ["5d1c/Explore/p1"] + ["5d1c"] * 5
    assert names(calls, "parent") == ["5d1c"] + [None] * 5
    assert (calls["time"] - START).tolist() == [18, 3, 10, 31, 58, 68]
    assert calls["fresh"].tolist() == [3, 4, 6, 0, 10, 5]
    assert calls["cached"].tolist() == [0, 0, 18000, 0, 19200, 0]
    assert calls["written"].tolist() == [6000, 18000, 1200, 0, 0, 4200]
    assert calls["output"].tolist() == [150, 200, 300, 0, 2000, 100]
    np.testing.assert_array_equal(calls["cost"], [0.0413, 0.1175, 0.024, np.nan, 0.06, 0.029])
    assert calls["failed"].tolist() == [OK, OK, OK, PROVIDER, OK, OK]
    assert calls["billed"].tolist() == [True, True, True, False, True, True]
    assert calls["attempt"].tolist() == [1, 1, 1, 11, 1, 1]
    assert calls["summary"].tolist() == [False, False, False, False, True, False]
    assert calls["compacted"].tolist() == [False, False, False, False, False, True]
    assert tools(calls) == [(0, "Grep", -1, True), (1, "Bash", 1001, False)]
    assert reading.duplicates == 1
    assert reading.ignored == {"events of the kind user_prompt": 1}
    assert {each.reason for each in reading.skipped.values()} == {
        "a count of tokens that is no number",
        "malformed export: not JSON",
    }


def test_events_without_names_times_or_requests_in_attributes(tmp_path: Path) -> None:
    bare = request(9)
    bare["attributes"] = [each for each in bare["attributes"] if each["key"] != "event.name"]
    dated = request(
        1, event__timestamp=datetime.fromtimestamp(START + 5.5, UTC).isoformat(), event__sequence=4, duration_ms="500"
    )
    path = tmp_path / "events.jsonl"
    path.write_text(json.dumps(events(bare, dated, dated)))
    calls, reading = read_logs([path])
    assert (calls["time"] - START).tolist() == [5, 9]
    assert reading.duplicates == 1


def test_events_are_chosen_by_their_fields_and_keep_no_text(tmp_path: Path) -> None:
    each = _marked(
        [
            request(1, team="a"),
            request(2, team="b"),
            event("tool_result", 3, team="a", tool_name="Bash", event__sequence=3),
        ]
    )
    each.append(each[-1])
    path = tmp_path / "events.jsonl"
    path.write_text(json.dumps(events(*each)))
    found = read_logs([path], where=[("team", "a")], feature_from="team")
    assert names(found[0], "feature") == ["a"]
    assert tools(found[0]) == [(0, "Bash", -1, False)]
    assert b"MARKER" not in pickle.dumps(found)


def _recount(path: Path) -> Counter[str]:
    """Tokens by model, of spans of calls, each once, in plain Python."""
    sums: Counter[str] = Counter()
    seen = set()
    for line in path.read_text().splitlines():
        for batch in json.loads(line)["resourceSpans"]:
            for scope in batch["scopeSpans"]:
                for each in scope["spans"]:
                    said = {a["key"]: next(iter(a["value"].values())) for a in each["attributes"]}
                    key = each["traceId"], each["spanId"]
                    if said.get("gen_ai.operation.name") != "chat" or key in seen:
                        continue
                    seen.add(key)
                    model = said["gen_ai.request.model"]
                    sums[model, "calls"] += 1
                    sums[model, "prompt"] += int(said["gen_ai.usage.input_tokens"])
                    sums[model, "output"] += int(said["gen_ai.usage.output_tokens"])
                    sums[model, "cached"] += int(said.get("gen_ai.usage.cache_read.input_tokens", 0))
    return sums


def test_sums_are_those_of_a_plain_recount(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    path = tmp_path / "spans.jsonl"
    lines = []
    for trace in range(200):
        spans = [agent(1, trace=f"t{trace}", **{"gen_ai.usage.input_tokens": 10**6})]
        for k in range(2, int(rng.integers(3, 30))):
            prompt = int(rng.integers(1, 50_000))
            more = (
                {"gen_ai.usage.cache_read.input_tokens": int(rng.integers(0, prompt + 1))} if rng.random() < 0.5 else {}
            )
            more["gen_ai.request.model"] = f"m{rng.integers(3)}"
            spans.append(chat(k, 1, k, prompt, int(rng.integers(1, 900)), trace=f"t{trace}", **more))
            spans.append(tool(100 + k, 1, k + 0.5, trace=f"t{trace}"))
        again = [spans[i] for i in rng.integers(1, len(spans), 3)]
        lines += [json.dumps(export([*(spans[i] for i in rng.permutation(len(spans))), *again]))]
    path.write_text("\n".join(rng.permutation(lines)))
    calls, _ = read_logs([path])
    sums: Counter[Any] = Counter()
    for row, model in enumerate(names(calls, "model")):
        sums[model, "calls"] += 1
        for what, count in (("prompt", calls.prompt), ("output", calls["output"]), ("cached", calls["cached"])):
            sums[model, what] += int(count[row])
    assert sums == _recount(path)
    assert len(calls.tools) == len(calls)
    assert len(np.unique(calls.tools["call"])) == len(calls)


@pytest.mark.parametrize("path", [GENAI, OPENINFERENCE, EVENTS], ids=lambda path: path.name)
def test_lines_decoded_at_a_stroke_say_what_their_records_say_one_by_one(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, told = read_logs([path])
    monkeypatch.setattr(exports, "_AT_A_STROKE", 0)
    one_by_one, reading = read_logs([path])
    assert pickle.dumps((whole.columns, whole.names, whole.tools)) == pickle.dumps(
        (one_by_one.columns, one_by_one.names, one_by_one.tools)
    )
    assert told == reading


def test_a_value_that_nobody_asked_for_may_be_malformed(tmp_path: Path) -> None:
    odd = chat(2, output=6)
    odd["attributes"].append({"key": "vendor.thing", "value": {"stringValue": 7}})
    calls, reading = read(tmp_path, export([chat(1, output=5), odd]))
    assert sorted(calls["output"].tolist()) == [5, 6]
    assert not reading.skipped
