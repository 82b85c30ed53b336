"""What is odd in a log is said with its numbers, and nothing is said of a log in order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scenarios.logs.formats import read_logs
from scenarios.logs.reading import LogError

HEADER = "time,session,prompt,output,cost,currency,status,request_id"
GOOD = (
    "2026-11-01T10:00:00Z,a,100,10,0.1,USD,ok,r1",
    "2026-11-01T10:01:00Z,a,200,10,0.1,USD,ok,r2",
    "2026-11-01T10:02:00Z,a,300,10,0.1,USD,ok,r3",
    "2026-11-01T10:00:30Z,b,150,10,0.1,USD,ok,r4",
)


def notes(folder: Path, *more: str, header: str = HEADER, rows: tuple[str, ...] = GOOD) -> str:
    path = folder / "calls.csv"
    path.write_text("\n".join([header, *rows, *more]) + "\n")
    return "\n".join(read_logs([path])[1].notes)


def test_of_a_log_in_order_nothing_is_said(tmp_path: Path) -> None:
    assert notes(tmp_path) == ""


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2026-11-01T10:05:00Z,c,0,0,0,USD,ok,r9", r"1 of 5 calls (20.0 %) count no tokens at all; 1 of these did not"),
        ("2026-11-01T10:05:00Z,a,100,9,0,USD,ok,r9", r"1 of 3 prompts that follow another (33.3 %) are more than 5 %"),
        ("2026-11-01T09:00:00Z,a,50,9,0,USD,ok,r9", "1 of 5 calls (20.0 %) are dated before the one that stands"),
        ("2026-11-01T09:00:00Z,a,50,9,0,USD,ok,r9", "by up to 3,720 s"),
        ("2026-11-01T10:02:00Z,a,300,10,0.1,USD,ok,r3", "1 of 5 records (20.0 %) repeat a request"),
        ("2026-11-01T10:05:00Z,,300,10,0.1,USD,ok,r9", "1 of 5 calls (20.0 %) name no session"),
        ("2098-11-01T10:05:00Z,c,300,10,0.1,USD,ok,r9", "1 of 5 calls (20.0 %) are dated in the future, the last 2098"),
        ("2015-11-01T10:05:00Z,c,300,10,0.1,USD,ok,r9", "1 of 5 calls (20.0 %) are dated before 2020"),
        ("2026-11-01T10:05:00Z,c,300,10,0.1,EUR,ok,r9", "costs are in 2 currencies (EUR 1, USD 4 calls)"),
        ("2026-11-01T10:05:00Z,c,300,10,0.1,USD,queued,r9", "statuses that are not known are taken as failures"),
        ("2026-11-01T10:05:00Z,c,300,10,0.1,USD,queued,r9", "queued (1)"),
        ("2026-11-01T10:05:00Z,c,300,10,0.1,USD,Dear Bob: no,r9", "failures of the provider: other (1)"),
        ('2026-11-01T10:05:00Z,c,300,10,"0,1",USD,ok,r9', "1 calls have a cost that is no number"),
        (
            "2026-11-01T10:05:00Z,c,300,10,much,USD,ok,r9",
            "1 calls have a cost that is no number, below zero or past all bounds",
        ),
    ],
)
def test_what_is_odd_is_said_with_its_numbers(tmp_path: Path, row: str, said: str) -> None:
    assert said in notes(tmp_path, row)


def test_calls_that_nothing_tells_apart_are_said_where_no_request_has_an_id(tmp_path: Path) -> None:
    header, rows = HEADER.removesuffix(",request_id"), [row.rpartition(",")[0] for row in GOOD]
    assert notes(tmp_path, header=header, rows=tuple(rows)) == ""
    said = notes(tmp_path, *rows[:2], header=header, rows=tuple(rows))
    assert "2 of 6 calls (33.3 %) are like another in time, session, model and all tokens" in said
    assert "--map record=COLUMN" in said


def test_a_prompt_that_failed_has_not_shrunk(tmp_path: Path) -> None:
    failed, after = "2026-11-01T10:05:00Z,a,0,0,0,USD,429,r9", "2026-11-01T10:06:00Z,a,400,9,0,USD,ok,r10"
    assert "shorter" not in notes(tmp_path, failed, after)


def test_counts_may_have_commas_between_their_thousands(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    rows = ['2026-11-01T10:00:00Z,a,"1,234","12,345,678",,,,', '2026-11-01T10:01:00Z,a,"1,23",10,,,,', *GOOD[1:]]
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    calls, reading = read_logs([path])
    assert calls["fresh"].tolist() == [1_234, 200, 300, 150]
    assert calls["output"][0] == 12_345_678
    assert list(reading.skipped) == ["prompt is no number"]


@pytest.mark.parametrize("name", ["litellm", "columns"])
def test_a_feature_that_no_record_names_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / ("calls.csv" if name == "columns" else "calls.jsonl")
    sample = next((Path(__file__).parent / "samples" / "litellm").glob("*.jsonl"))
    path.write_text("\n".join([HEADER, *GOOD]) + "\n" if name == "columns" else sample.read_text())
    with pytest.raises(LogError, match="request_tagz"):
        read_logs([path], feature_from="request_tagz")


def test_a_log_with_its_newest_calls_first_is_in_order(tmp_path: Path) -> None:
    assert notes(tmp_path, rows=GOOD[::-1]) == ""


def test_an_id_that_several_calls_share_names_no_request(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("id,session,prompt,output\ncustomer,a,10,1\ncustomer,b,20,1\ncustomer,c,30,1\n")
    calls, reading = read_logs([path])
    assert calls["fresh"].tolist() == [10, 20, 30]
    assert "column id has the same value in rows that differ" in "\n".join(reading.notes)
    path.write_text("id,session,prompt,output\nr1,a,10,1\nr1,a,10,7\nr2,a,30,1\n")
    calls, reading = read_logs([path])
    assert sorted(calls["output"].tolist()) == [1, 7]
    assert reading.duplicates == 1
    assert "column id" not in "\n".join(reading.notes)


@pytest.mark.parametrize("size", [2, 5_000])
@pytest.mark.parametrize("shape", ['{"data": [%s]}', '{"object": "list", "has_more": false, "data": [%s]}', "[%s]"])
def test_documents_of_any_length_are_told(tmp_path: Path, shape: str, size: int) -> None:
    path = tmp_path / "calls.json"
    records = [
        {"session": f"s{i}", "prompt_tokens": 10 + i, "completion_tokens": 1, "text": "x" * 99} for i in range(size)
    ]
    path.write_text(shape % ", ".join(map(json.dumps, records)))
    calls, reading = read_logs([path])
    assert calls["fresh"].tolist() == [10 + i for i in range(size)]
    assert reading.lines == size


def test_places_of_csv_are_lines_whatever_stands_before_them(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text('text,prompt,output\n\n"two\nlines, ""quoted""",10,1\n\nx,-5,1\nx,7\nx,20,1\n"never closed,30,1\n')
    calls, reading = read_logs([path])
    assert calls["fresh"].tolist() == [10, 20]
    assert reading.lines == 5
    assert {each.reason: each.examples for each in reading.skipped.values()} == {
        "prompt is below zero": ["calls.csv:6"],
        "a line has 2 cells and not 3": ["calls.csv:7"],
        "a quoted cell is never closed: the rest is missing": ["calls.csv:9"],
    }


def test_costs_with_a_decimal_comma_are_told(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text("prompt_tokens;output_tokens;cost\n100;10;0,05\n200;20;0,10\n")
    calls, reading = read_logs([path])
    assert calls["fresh"].tolist() == [100, 200]
    assert reading.notes[0] == "2 cells of cost have a decimal comma, and a point is needed: 0.05 and not 0,05"
