"""LiteLLM, Langfuse and Helicone: samples become the table that was meant, and nothing of their texts stays."""

from __future__ import annotations

import csv
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.logs.formats import read_logs
from scenarios.logs.records import seconds
from scenarios.logs.table import OK, PROVIDER, QUALITY, Calls
from scenarios.logs.tokens import includes_cached

SAMPLES = Path(__file__).parent / "samples"
FILES = {"litellm": "spend.jsonl", "langfuse": "observations.jsonl", "helicone": "requests.jsonl"}
TOKENS = ("fresh", "cached", "written", "written_1h", "output", "reasoning")
SECRET = "TEXT-THAT-MUST-NOT-STAY"


def sample(name: str) -> Path:
    return SAMPLES / name / FILES[name]


def by_second(calls: Calls) -> dict[int, tuple[int, ...]]:
    served = calls.where(calls["billed"] | (calls["attempt"] == 1))
    return {
        int(time) % 60: tuple(int(served[name][i]) for name in TOKENS) for i, time in enumerate(served["time"].tolist())
    }


def named(calls: Calls, column: str, names: str = "") -> dict[int, str | None]:
    listed = calls.names[names or column]
    codes = zip(calls["time"].tolist(), calls[column].tolist(), strict=True)
    return {int(time) % 60: listed[code] if code >= 0 else None for time, code in codes}


def good_lines(name: str) -> list[dict[str, Any]]:
    lines = sample(name).read_text().splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


@pytest.mark.parametrize("name", FILES)
def test_a_format_is_told_and_no_text_stays(name: str) -> None:
    assert SECRET in sample(name).read_text()
    calls, reading = read_logs([sample(name)])
    assert SECRET.encode() not in pickle.dumps((calls, reading))
    assert read_logs([sample(name)], format=name)[1].format == reading.format
    assert np.all(calls["readable"] == -1)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("shape", ["list", "pretty", "document", "csv", "parquet"])
def test_every_shape_of_an_export_gives_the_same_table(name: str, shape: str, tmp_path: Path) -> None:
    rows = [row for row in good_lines(name) if row.get("prompt_tokens") != "many"]
    columns = list(dict.fromkeys(key for row in rows for key in row))
    texts = [{k: json.dumps(v) if isinstance(v, dict | list) else v for k, v in row.items()} for row in rows]
    file = tmp_path / f"export.{shape if shape in {'csv', 'parquet'} else 'json'}"
    if shape == "csv":
        with file.open("w", newline="") as opened:
            writer = csv.DictWriter(opened, columns)
            writer.writeheader()
            writer.writerows(texts)
    elif shape == "parquet":
        import pyarrow as pa
        from pyarrow import parquet

        whole = {c: [None if (v := row.get(c)) is None else str(v) for row in texts] for c in columns}
        parquet.write_table(pa.table(whole), file)
    else:
        file.write_text(
            json.dumps({"data": rows} if shape == "document" else rows, indent=1 if shape == "pretty" else None)
        )
    expected, _ = read_logs([sample(name)])
    calls, reading = read_logs([file], format=name)
    assert not {reason for reason in reading.skipped if "negative" not in reason}
    for column in ("time", *TOKENS, "cost", "attempt", "failed", "billed"):
        np.testing.assert_array_equal(calls[column], expected[column])
    assert len(calls.tools) == len(expected.tools)


def test_litellm_prompts_have_their_cached_part_inside_and_retries_are_counted() -> None:
    calls, reading = read_logs([sample("litellm")])
    found = by_second(calls)
    assert found[1] == (300, 600, 100, 40, 100, 0)
    assert found[2] == (488, 512, 0, 0, 70, 30)
    assert found[3] == (700, 300, 0, 0, 100, 0)
    assert found[4] == (50, 900, 0, 0, 100, 0)
    retried = calls.where(calls["time"] % 60 == 5)
    assert retried["attempt"].tolist() == [1, 2, 3]
    assert retried["failed"].tolist() == [PROVIDER, PROVIDER, OK]
    assert retried["billed"].tolist() == [False, False, True]
    assert retried["cost"].tolist() == [0, 0, 0.01]
    fates = dict(zip((calls["time"] % 60).tolist(), zip(calls["failed"], calls["billed"], strict=True), strict=True))
    assert fates[6] == (PROVIDER, False)
    assert fates[7] == (QUALITY, True)
    assert calls.duplicates == 1
    assert reading.ignored == {"answers from the proxy's own cache, without a call of a model": 1}
    assert [calls.names["tool"][code] for code in calls.tools["tool"]] == ["crm/find"]
    assert calls["time"][calls.tools["call"][0]] % 60 == 7
    assert sorted(each.count for each in reading.skipped.values()) == [1, 1, 1]
    assert [each.examples for each in reading.skipped.values()] == [
        ["spend.jsonl:11"],
        ["spend.jsonl:12"],
        ["spend.jsonl:14"],
    ]
    naive = {
        row["request_id"]: float(row["spend"]) for row in good_lines("litellm") if row["request_id"] in ("r1", "r2")
    }
    assert sum(naive.values()) == pytest.approx(calls["cost"][calls["time"] % 60 <= 2].sum(), rel=1e-12)


def test_rows_are_chosen_and_named_by_fields_that_the_reader_does_not_know(tmp_path: Path) -> None:
    calls, reading = read_logs([sample("litellm")], where=[("team_id", "sales")], feature_from="request_tags")
    assert len(calls) == 1
    assert named(calls, "feature") == {13: "answers"}
    assert reading.ignored["records that --where leaves out"] == 11
    table = tmp_path / "spend.csv"
    table.write_text(
        "request_id,startTime,prompt_tokens,completion_tokens,spend,team_id,request_tags,metadata\n"
        'a,2026-11-02 10:00:00,100,5,0.1,support,"{answers,prod}","{\'attempted_retries\': 1}"\n'
        'b,2026-11-02 10:00:01,100,5,0.1,sales,"[""x""]",\n'
    )
    calls, _ = read_logs([table], where=[("team_id", "support")])
    assert calls["attempt"].tolist() == [1, 2]


def test_langfuse_agents_tools_and_prompts() -> None:
    calls, reading = read_logs([sample("langfuse")])
    found = by_second(calls)
    assert found[2] == (600, 400, 0, 0, 100, 0)
    assert found[3] == (1000, 400, 0, 0, 100, 0)
    assert found[4] == (1000, 400, 300, 200, 100, 20)
    assert found[5] == (1000, 400, 0, 0, 100, 0)
    assert any("1 calls" in note and "usual" in note for note in reading.notes)
    assert named(calls, "agent") == {1: "planner", 2: "executor", 3: "executor"} | dict.fromkeys((4, 5, 6, 7, 8))
    assert named(calls, "instance")[2] == "a2"
    assert named(calls, "parent", "instance")[2] == "s1/planner"
    assert named(calls, "session")[8] == "t2"
    assert named(calls, "feature")[8] == "faq"
    fates = dict(
        zip((calls["time"] // 1 % 60).tolist(), zip(calls["failed"], calls["billed"], strict=True), strict=True)
    )
    assert fates[6] == (PROVIDER, False)
    assert fates[7] == (QUALITY, True)
    ((call, tool, _, failed),) = calls.tools.tolist()
    assert (calls["time"][call] // 1 % 60, calls.names["tool"][tool], failed) == (3, "search", True)
    assert calls.duplicates == 1
    assert reading.ignored == {"observations of type AGENT": 3, "observations of type SPAN": 1}


def test_langfuse_as_its_api_spells_it(tmp_path: Path) -> None:
    def camel(name: str) -> str:
        first, *rest = name.split("_")
        return first + "".join(part.title() for part in rest)

    file = tmp_path / "api.json"
    file.write_text(json.dumps([{camel(k): v for k, v in row.items()} for row in good_lines("langfuse")]))
    expected, _ = read_logs([sample("langfuse")])
    calls, _ = read_logs([file])
    for column in ("session", "instance", "fresh", "cached"):
        np.testing.assert_array_equal(calls[column], expected[column])


def test_helicone_paths_fates_and_prompts() -> None:
    calls, reading = read_logs([sample("helicone")])
    found = by_second(calls)
    assert found[2] == (600, 400, 0, 0, 100, 0)
    assert found[3] == (1000, 400, 0, 0, 100, 0)
    assert named(calls, "agent")[2] == "execute"
    assert named(calls, "parent", "instance")[2] == "s1"
    assert named(calls, "session")[8] is None
    fates = dict(zip((calls["time"] % 60).tolist(), zip(calls["failed"], calls["billed"], strict=True), strict=True))
    assert fates[4] == (PROVIDER, False)
    assert fates[5] == (QUALITY, True)
    assert sum(reading.ignored.values()) == 2
    assert reading.n_skipped == 2


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("kind", ["cached", "written"])
def test_costs_tell_whether_a_prompt_has_its_cached_part_inside(inside: bool, kind: str) -> None:
    draw = np.random.default_rng(5)
    fresh, parts, output = draw.integers(100, 9_000, (3, 60))
    cost = 3e-6 * fresh + 15e-6 * output + (0.3e-6 if kind == "cached" else 3.75e-6) * parts
    none = np.zeros_like(parts)
    cached, written = (parts, none) if kind == "cached" else (none, parts)
    prompt = fresh + parts if inside else fresh
    assert includes_cached(prompt, cached, written, output, np.round(cost, 8)) is inside
    assert includes_cached(prompt, cached, written, output, draw.permutation(cost)) is None
    assert includes_cached(prompt, none, none, output, cost) is None
    if kind == "cached":
        assert includes_cached(prompt, cached, written, output, np.round(3e-6 * prompt + 15e-6 * output, 8)) is None


def test_times_in_every_spelling() -> None:
    spelt = ("2026-11-02T10:00:00Z", "2026-11-02 10:00:00", "2026-11-02T12:00:00+02:00", 1793613600, 1793613600000.0)
    assert {seconds(time) for time in spelt} == {1793613600.0}
    assert np.isnan(seconds("yesterday"))


def test_lists_longer_than_a_block_are_read_in_pieces_and_a_lost_end_is_told(tmp_path: Path) -> None:
    rows = [{**good_lines("litellm")[2], "request_id": f"n{i}", "messages": 'a "}] \\ ' * 40_000} for i in range(5)]
    text = json.dumps(rows)
    file = tmp_path / "spend.json"
    file.write_text(text)
    calls, reading = read_logs([file], format="litellm")
    assert len(calls) == 5
    assert not reading.skipped
    file.write_text(text[:-1_000])
    calls, reading = read_logs([file], format="litellm")
    assert len(calls) == 4
    assert any("cut off" in cut for cut in reading.cuts)


def test_one_odd_prompt_turns_no_others_of_its_model(tmp_path: Path) -> None:
    row = next(row for row in good_lines("helicone") if row["response_status"] == 200)
    row |= {"request_model": "gpt-5", "response_model": "gpt-5", "model_override": None, "costUSD": None, "cost": None}
    row |= {"prompt_tokens": 1000, "prompt_cache_read_tokens": 400, "prompt_cache_write_tokens": 0}
    rows = [{**row, "request_id": f"r{number}"} for number in range(100)]
    rows[50]["prompt_tokens"] = 5
    file = tmp_path / "requests.json"
    file.write_text(json.dumps(rows))
    calls, _ = read_logs([file])
    assert sorted(calls.prompt.tolist()) == [405, *[1000] * 99]
