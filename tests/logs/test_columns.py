"""Files of a row a call, by names that are mapped or known."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from scenarios.logs.formats import read_logs
from scenarios.logs.reading import LogError

SAMPLES = Path(__file__).parent / "samples" / "columns"


def _file(folder: Path, text: str, name: str = "calls.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_prompts_are_taken_apart() -> None:
    calls, reading = read_logs([SAMPLES / "calls.csv"])
    assert calls["fresh"].tolist() == [1200, 248, 900]
    assert calls["cached"].tolist() == [0, 1152, 0]
    assert calls.dated
    assert calls["time"][1] - calls["time"][0] == 60
    assert {skipped.reason for skipped in reading.skipped.values()} == {"prompt_tokens is no number"}


def test_a_cached_part_larger_than_its_whole_stands_beside_it() -> None:
    calls, reading = read_logs([SAMPLES / "calls.jsonl"])
    assert calls.prompt.tolist() == [1000, 1120]
    assert reading.n_skipped == 1
    inside, _ = read_logs([SAMPLES / "calls.jsonl"], columns={"cached_in_prompt": "yes"})
    assert inside["fresh"].tolist() == [0, 0]


def test_names_that_are_mapped(tmp_path: Path) -> None:
    path = _file(tmp_path, "when,ContextTokens,answer,kind\n2026-11-01,10,5,a\n2026-11-02,20,6,b\n")
    calls, _ = read_logs(
        [path], columns={"prompt": "ContextTokens", "output": "answer", "time": "when"}, where=[("kind", "b")]
    )
    assert calls["fresh"].tolist() == [20]
    later, _ = read_logs(
        [path],
        columns={"prompt": "ContextTokens", "output": "answer", "time": "when"},
        until=date(2026, 11, 1),
        feature_from="kind",
    )
    assert later["fresh"].tolist() == [10]
    assert later.names["feature"][later["feature"][0]] == "a"


def test_one_column_may_tell_agent_and_model_but_not_request_and_session(tmp_path: Path) -> None:
    path = _file(tmp_path, "trace_id,model_name,prompt_tokens,completion_tokens\nt,big,10,5\nu,small,20,6\n")
    calls, reading = read_logs([path], columns={"agent": "model_name", "record": "trace_id"})
    assert reading.columns["model"] == reading.columns["agent"] == "model_name"
    for field in ("model", "agent"):
        assert [calls.names[field][code] for code in calls[field]] == ["big", "small"]
    assert "session" not in reading.columns


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"promt": "in"}, "no field 'promt'; did you mean prompt?"),
        ({"prompt": "inn"}, "no column 'inn'"),
        ({"prompt": "in", "cached_in_prompt": "maybe"}, "neither yes nor no"),
    ],
)
def test_maps_that_are_wrong(tmp_path: Path, columns: dict[str, str], words: str) -> None:
    with pytest.raises(LogError, match=words.replace("?", r"\?")):
        read_logs([_file(tmp_path, "in,out\n1,2\n")], columns=columns)


@pytest.mark.parametrize("scale", [1, 1_000, 1_000_000, 1_000_000_000])
def test_units_of_time(tmp_path: Path, scale: int) -> None:
    calls, _ = read_logs([_file(tmp_path, f"time,prompt,output\n{1_793_610_000 * scale},1,2\n")])
    assert calls["time"].tolist() == [1_793_610_000.0]


def test_bad_rows_are_counted_and_placed(tmp_path: Path) -> None:
    text = "prompt_tokens,completion_tokens\n10,1\n-5,1\n7\nnan,2\n,\n9,3\n"
    calls, reading = read_logs([_file(tmp_path, text)])
    assert calls["fresh"].tolist() == [10, 9]
    found = {skipped.reason: (skipped.count, skipped.examples) for skipped in reading.skipped.values()}
    assert found == {
        "a line has 1 cells and not 2": (1, ["calls.csv:4"]),
        "prompt_tokens is below zero": (1, ["calls.csv:3"]),
        "prompt_tokens is no number": (1, ["calls.csv:5"]),
        "no tokens are told": (1, ["calls.csv:6"]),
    }


def test_parquet_is_read_like_csv(tmp_path: Path) -> None:
    import pandas as pd

    frame = pd.DataFrame(
        {
            "created_at": pd.to_datetime(["2026-11-01", "2026-11-02"], utc=True),
            "prompt_tokens": [10, 20],
            "completion_tokens": [1, 2],
            "status": ["success", "error"],
        }
    )
    frame.to_parquet(tmp_path / "calls.parquet")
    calls, _ = read_logs([tmp_path / "calls.parquet"])
    assert calls["fresh"].tolist() == [10, 20]
    assert np.diff(calls["time"]).tolist() == [86_400.0]
    assert calls["failed"].tolist() == [0, 1]
    assert calls["billed"].tolist() == [True, False]


def test_what_is_not_recognised_says_what_it_is(tmp_path: Path) -> None:
    with pytest.raises(LogError, match=r"csv with a, b\. .*--map prompt=COLUMN"):
        read_logs([_file(tmp_path, "a,b\n1,2\n")])


def test_a_log_of_bad_lines_only_says_why(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="1 times prompt is no number"):
        read_logs([_file(tmp_path, "prompt,output\nx,2\n")])


def test_a_text_beside_counts_is_no_count(tmp_path: Path) -> None:
    path = _file(tmp_path, "prompt,input,output,prompt_tokens,completion_tokens\nwhy?,what?,so.,10,2\n")
    calls, reading = read_logs([path])
    assert (calls["fresh"].tolist(), calls["output"].tolist(), reading.n_skipped) == ([10], [2], 0)


def _dated(*dates: str) -> str:
    return "ts,prompt_tokens,output_tokens\n" + "".join(f"{day},10,1\n" for day in dates)


@pytest.mark.parametrize(
    ("dates", "first"),
    [
        (("02/11/2026 09:15", "13/11/2026 09:15:30"), "day"),
        (("11/2/2026 09:15", "11/13/2026 09:15:30"), "month"),
        (("2.11.2026 09:15", "13.11.2026 09:15:30"), "day"),
    ],
)
def test_dates_are_read_in_the_order_that_they_tell(tmp_path: Path, dates: tuple[str, ...], first: str) -> None:
    calls, reading = read_logs([_file(tmp_path, _dated(*dates))])
    assert calls.dated
    assert calls["time"].tolist() == [1_793_610_900.0, 1_794_561_330.0]
    assert any(f"dates of ts are read with the {first} first" in note for note in reading.notes)


@pytest.mark.parametrize(
    "files",
    [
        [("02/11/2026", "03/11/2026")],
        [("02/11/2026", "13/11/2026", "11/13/2026")],
        [("02/11/2026", "13/11/2026"), ("11/13/2026",)],
        [("02/11/26", "13/11/26")],
    ],
)
def test_dates_that_do_not_tell_their_order_or_two_are_refused(tmp_path: Path, files: list[tuple[str, ...]]) -> None:
    paths = [_file(tmp_path, _dated(*dates), f"{number}.csv") for number, dates in enumerate(files)]
    with pytest.raises(LogError, match="first rows do not tell; write them as 2026-11-30"):
        read_logs(paths)


@pytest.mark.parametrize(
    "text",
    [
        "s1,claude-opus-4-7,refund me,now\ns2,claude-opus-4-7,hello,dear\ns3,claude-opus-4-7,card,lost\n",
        "2026-11-03T10:00:00Z,s1,refund me\n2026-11-03T10:01:00Z,s1,hello\n",
        "s1,please refund me what I paid last week,x\ns2,hello,y\n",
        "refund me, please\nsoon\nor never\n",
        "s1,17,refund me\n",
    ],
)
def test_what_stands_where_names_of_columns_should_is_never_shown(tmp_path: Path, text: str) -> None:
    path = _file(tmp_path, text)
    for columns in ({}, {"prompt": "x"}):
        with pytest.raises(LogError) as caught:
            read_logs([path], columns=columns)
        is_prose = text.startswith("refund")
        told = "neither JSON, nor csv" if is_prose else "first line has values; their names have to stand above them"
        assert told in str(caught.value)
        assert "refund" not in str(caught.value)


def test_names_that_are_unknown_are_shown(tmp_path: Path) -> None:
    text = "Session of the client,Prompt size (tokens),kind\ns1,10,kind of\ns2,10,other\n"
    with pytest.raises(LogError, match="csv with Session of the client, Prompt size"):
        read_logs([_file(tmp_path, text)])


def test_a_folder_of_several_formats_is_told_by_format(tmp_path: Path) -> None:
    for number in range(40):
        _file(tmp_path, "prompt,output\n1,2\n", f"calls-{number:02d}.csv")
    _file(tmp_path, "TIMESTAMP,ContextTokens,GeneratedTokens\n2026-11-03,1,2\n", "azure.csv")
    with pytest.raises(LogError) as caught:
        read_logs([tmp_path])
    listed = "azure-trace (azure.csv), columns (calls-00.csv and 39 more)"
    assert str(caught.value).startswith(f"the files are of several formats: {listed}; read them one format at a time")


def _cached(model: str, n: int, *, inside: bool, costs: bool = True, total: str = "") -> list[str]:
    """Rows of one model, the cached part of each prompt inside its count or beside it."""
    draw = np.random.default_rng(3)
    rows = []
    for fresh, cached, output in draw.integers([10, 2_000, 50], [3_000, 4_000, 900], (n, 3)).tolist():
        prompt = fresh + cached if inside else fresh
        cost = f"{(1.25 * fresh + 0.125 * cached + 10 * output) / 1e6:.6f}" if costs else ""
        summed = {"": "", "inside": prompt + output, "apart": prompt + cached + output}[total]
        rows.append(f"{model},{prompt},{cached},{output},{summed},{cost}")
    return rows


def _read_cached(folder: Path, rows: list[str], **asked: str) -> tuple[list[int], str]:
    """Whole prompts, and what is noted."""
    text = "\n".join(["model,prompt_tokens,cached_tokens,output_tokens,total_tokens,cost", *rows])
    calls, reading = read_logs([_file(folder, text + "\n")], columns=asked)
    return calls.prompt.tolist(), "\n".join(reading.notes)


def _wholes(rows: list[str], *, inside: bool) -> list[int]:
    counts = [[int(cell) for cell in row.split(",")[1:3]] for row in rows]
    return [prompt if inside else prompt + cached for prompt, cached in counts]


@pytest.mark.parametrize("costs", [True, False])
def test_models_of_one_log_are_read_each_as_its_provider_counts(tmp_path: Path, costs: bool) -> None:
    gpt, claude = (_cached(model, 90, inside=model == "gpt-5", costs=costs) for model in ("gpt-5", "claude"))
    prompts, notes = _read_cached(tmp_path, gpt + claude)
    assert prompts == _wholes(gpt, inside=True) + _wholes(claude, inside=False)
    assert "those of gpt-5 count what was cached" in notes
    assert "those of claude do not count what was cached" in notes
    assert _read_cached(tmp_path, gpt + claude, cached_in_prompt="no")[0] == _wholes(gpt + claude, inside=False)


@pytest.mark.parametrize("costs", [True, False])
def test_a_few_prompts_that_cannot_be_are_odd_and_turn_no_others(tmp_path: Path, costs: bool) -> None:
    rows = _cached("gpt-5", 300, inside=True, costs=costs)
    prompts, notes = _read_cached(tmp_path, [*rows, "gpt-5,5,3000,100,,0.004"])
    assert prompts == [*_wholes(rows, inside=True), 3000]
    assert "1 of 301 prompts of gpt-5 are smaller than what was cached of them: odd" in notes


@pytest.mark.parametrize("inside", [True, False])
def test_costs_decide_against_totals_and_it_is_said_how_many_contradict(tmp_path: Path, inside: bool) -> None:
    wrong = "apart" if inside else "inside"
    rows = _cached("gpt-5", 90, inside=inside, total=wrong)
    prompts, notes = _read_cached(tmp_path, rows)
    assert prompts == _wholes(rows, inside=inside)
    assert "calls of gpt-5 contradict each other: 90 of 90 say" in notes
    priceless = _cached("gpt-5", 90, inside=inside, total="inside" if inside else "apart", costs=False)
    assert _read_cached(tmp_path, priceless)[0] == prompts


def test_costs_that_charge_cached_tokens_twice_are_followed_and_contradicted(tmp_path: Path) -> None:
    rows = _cached("gpt-5", 90, inside=True, costs=False)
    counts = [[int(cell) for cell in row.split(",")[1:4]] for row in rows]
    costs = [1.25 * prompt + 0.125 * cached + 10 * output for prompt, cached, output in counts]
    notes = _read_cached(tmp_path, [f"{row}{cost / 1e6:.6f}" for row, cost in zip(rows, costs, strict=True)])[1]
    close = sum(prompt < 2 * cached for prompt, cached, _ in counts)
    assert f"{close} of 90 say that input counts hold what was cached; their costs decide" in notes
    assert "(--map cached_in_prompt=yes says otherwise)" in notes
