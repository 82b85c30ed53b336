"""Lines and files that nobody should write: each is counted, or told in one message, and never a wrong number."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.logs.costs import NO_COST
from scenarios.logs.formats import read_logs
from scenarios.logs.reading import LogError, Reading
from scenarios.logs.records import UNDATED, seconds
from scenarios.logs.table import Calls
from scenarios.logs.tokens import MOST_TOKENS

SAMPLES = Path(__file__).parent / "samples"
HUGE = "9" * 400
DEEP = "[" * 100_000 + "]" * 100_000


def _sample(name: str, file: str) -> dict[str, Any]:
    row: dict[str, Any] = json.loads((SAMPLES / name / file).read_text().split("\n")[0])
    return row


COLUMNS = {"request_id": "r", "timestamp": 1_793_610_000, "prompt_tokens": 10, "completion_tokens": 1, "cost": 0.1}
ROWS = {
    "columns": COLUMNS,
    "litellm": _sample("litellm", "spend.jsonl"),
    "langfuse": _sample("langfuse", "observations.jsonl"),
    "helicone": _sample("helicone", "requests.jsonl"),
}
TIME = {
    "columns": "timestamp", "litellm": "startTime", "langfuse": "start_time", "helicone": "request_created_at",
}  # fmt: skip
COST = {"columns": "cost", "litellm": "spend", "langfuse": "total_cost", "helicone": "costUSD"}
RECORD = {"columns": "request_id", "litellm": "request_id", "langfuse": "id", "helicone": "request_id"}


def _read(folder: Path, name: str, *changed: dict[str, str]) -> tuple[Calls, Reading]:
    """A good row, and one for each of these with its fields replaced by what is said of JSON."""
    lines = [json.dumps(ROWS[name] | {RECORD[name]: "good"})]
    for change in changed:
        line = json.dumps(ROWS[name] | {field: f"@{field}@" for field in change})
        for field, said in change.items():
            line = line.replace(f'"@{field}@"', said)
        lines.append(line)
    path = folder / f"{name}.jsonl"
    path.write_text("\n".join(lines))
    return read_logs([path], format=name)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("said", [HUGE, f'"{HUGE}"', '"nan"', '"inf"', '"-inf"', "[]", '""', "true"])
def test_tokens_that_are_no_count_are_skipped(name: str, said: str, tmp_path: Path) -> None:
    change = {"usage_details": f'{{"input":{said}}}'} if name == "langfuse" else {"prompt_tokens": said}
    calls, reading = _read(tmp_path, name, change)
    assert (len(calls), reading.n_skipped) == (1, 1)


@pytest.mark.parametrize("name", ROWS)
def test_costs_and_times_past_all_numbers_are_no_traceback(name: str, tmp_path: Path) -> None:
    huge = [{COST[name]: HUGE, RECORD[name]: '"a"'}, {TIME[name]: HUGE, RECORD[name]: '"b"'}]
    calls, reading = _read(tmp_path, name, *huge)
    assert len(calls) + reading.n_skipped == 3
    assert np.isfinite(calls["cost"]).sum() == len(calls) - 1


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize(
    "said", ['"nan"', '"inf"', '"-inf"', "1e30", "-5", '"1,200"', '"1e400"', "true", "[7]", HUGE, f'"{HUGE}"']
)
def test_costs_that_are_none_are_told_and_the_call_is_kept(name: str, said: str, tmp_path: Path) -> None:
    calls, reading = _read(tmp_path, name, {COST[name]: said, RECORD[name]: '"odd"'})
    assert len(calls) == 2
    assert np.isfinite(calls["cost"]).sum() == 1
    assert f"1 calls have {NO_COST}: they are kept without it" in reading.notes
    calls, reading = _read(tmp_path, name, {COST[name]: "null", RECORD[name]: '"none"'})
    assert (np.isfinite(calls["cost"]).sum(), reading.unread) == (1, {})


@pytest.mark.parametrize("name", ROWS)
def test_more_tokens_than_any_request_has_are_none(name: str, tmp_path: Path) -> None:
    counts = [MOST_TOKENS, MOST_TOKENS + 1]
    changes = [
        {"usage_details": f'{{"input":{n}}}'} if name == "langfuse" else {"prompt_tokens": str(n)} for n in counts
    ]
    calls, reading = _read(tmp_path, name, *({RECORD[name]: f'"{i}"'} | change for i, change in enumerate(changes)))
    assert (len(calls), reading.n_skipped) == (2, 1)


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("said", ['"x"', "-5", "1e300", '"inf"', '"0001-01-01"', '"9999-12-31T23:59:59-14:00"'])
def test_times_that_are_none_are_told(name: str, said: str, tmp_path: Path) -> None:
    calls, reading = _read(tmp_path, name, {TIME[name]: said, RECORD[name]: '"odd"'})
    assert np.isnan(calls["time"]).sum() == 1
    assert any(UNDATED in note or note.startswith("1 times") for note in reading.notes)


@pytest.mark.parametrize("said", ["true", "[1]"])
def test_truths_and_lists_are_no_times(said: str, tmp_path: Path) -> None:
    calls, _ = _read(tmp_path, "columns", {"timestamp": said, "request_id": '"odd"'})
    assert np.isnan(calls["time"]).sum() == 1


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
def test_times_of_gateways_in_every_unit(unit: int) -> None:
    assert seconds(1_793_610_000 * unit) == seconds(str(1_793_610_000 * unit)) == 1_793_610_000


@pytest.mark.parametrize("name", ["litellm", "langfuse", "helicone"])
def test_deep_nesting_is_skipped(name: str, tmp_path: Path) -> None:
    calls, reading = _read(tmp_path, name, {"messages": DEEP}, {TIME[name]: DEEP})
    assert (len(calls), reading.n_skipped) == (1, 2)


def test_a_link_to_a_file_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("prompt_tokens,completion_tokens\n10,1\n20,2\n")
    (tmp_path / "b.csv").symlink_to(tmp_path / "a.csv")
    assert len(read_logs([tmp_path])[0]) == 2


TABLE = "prompt_tokens,completion_tokens\n10,1\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TABLE.encode("utf-16"), ["UTF-16", "iconv"]),
        (b"ts,prompt_tokens,output_tokens\n02/11/2026 09:15,10,1\n", ["calls.csv: ts", "00/00/0000", "2026-11-30"]),
        (b"time;prompt_tokens;output_tokens\n02.11.2026;10;1\n", ["calls.csv: time", "00.00.0000", "2026-11-30"]),
        (b"prompt_tokens;output_tokens\n10,5;1\n", ["prompt_tokens is no number: it has a decimal comma"]),
        (b"prompt_tokens;output_tokens\n1.234;1\n", ["prompt_tokens is no whole number"]),
        (
            b'{"usage": {"prompt_tokens": 5, "completion_tokens": 2}, "q": "x"}\n',
            ["--map prompt=usage.prompt_tokens --map output=usage.completion_tokens"],
        ),
        (TABLE.replace("\n", "\r").encode(), ["CR alone", "tr "]),
        (bytes(range(128, 256)) + b"\r\0\r,\x01", ["no text"]),
    ],
)
def test_files_that_need_a_remedy_say_which(text: bytes, words: Sequence[str], tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_bytes(text)
    with pytest.raises(LogError) as told:
        read_logs([path])
    assert all(word in str(told.value) for word in words)
