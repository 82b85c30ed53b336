"""`burncurve calibrate` and `backtest`: what they say, what they write, how they end."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.load import load
from scenarios.logs.reading import LogError
from simulator import cli
from simulator.backtest import Backtest
from simulator.judged import OFF
from tests.show.pages import page


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Calls of 80 sessions in the layout of a published trace."""
    rng = np.random.default_rng(5)
    lines = ["trace_id,agent,idx,t,type,model,in,out,n_hash,prefix_hit,seen_hit,stop,api_time,think_time"]
    for session in range(80):
        prompt, time = 5_000, 0.0
        for turn in range(int(rng.geometric(0.2))):
            out = int(rng.lognormal(5.5, 0.8)) + 1
            model = "claude-opus-4-5-20251101"
            lines.append(f"s{session},main,{turn},{time},n,{model},{prompt},{out},10,0,0,end_turn,1,1")
            prompt += out + int(rng.lognormal(5, 1))
            time += 30.0
    file = tmp_path_factory.mktemp("logs") / "calls.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def call(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["burncurve", *map(str, words)])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_from_logs_to_a_scenario_that_is_like_them(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "made.yaml"
    assert call(monkeypatch, "calibrate", log, "--out", made, "--holdout", "0.5") == 0
    said = capsys.readouterr()
    assert said.out.startswith("The bill")
    order = ["The log records no cost.", "Read ", "Learnt ", "Simulated against the sessions", "held back", "Next: "]
    places = [said.out.index(words) for words in order]
    assert places == sorted(places)
    assert f"wrote {made}" in said.err
    html = tmp_path / "backtest.html"
    assert call(monkeypatch, "backtest", made, log, "--json", "-", "--report", html) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert_page(html, document)
    names = [quantity["name"] for quantity in document["quantities"]]
    assert names[-1] == "cost per session"
    assert document["quantities"][-1]["verdict"] != "off"
    assert document["sessions"] == 80
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(log.read_bytes() + b"s1,main,none\n")[:-8])
    assert call(monkeypatch, "backtest", made, cut) == 0
    words = " ".join(capsys.readouterr().out.split())
    assert "Skipped 1: a line has 3 cells and not 14 (first at cut.csv.gz:" in words
    assert "cut.csv.gz is cut off after line" in words


def assert_page(html: Path, document: dict[str, Any]) -> None:
    """The page of a backtest has its verdict, a row a quantity, and nothing from elsewhere."""
    report = page(html.read_text())
    badge = {"match": "MATCHES", "off": "IS OFF", "too few": "CAN'T TELL"}[document["verdict"]]
    assert report.one(class_="badge").text == badge
    rows = report.one(id="own-table").all("tr", class_="priced")
    assert [row.all("td")[0].text for row in rows] == [quantity["name"] for quantity in document["quantities"]]
    assert len(report.one("section", id="costs").all("svg")) == 2
    assert "Against the 80 sessions of the log" in report.one("section", id="tests").text
    assert "http" not in html.read_text().replace("http-equiv", "").replace("http://www.w3.org/", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.csv", "--out", "x.yaml"], "there is no log nowhere.csv"),
        (["LOG", "--out", "x.txt"], "x.txt is not named as a scenario is"),
        (["LOG", "--out", "x.yaml", "--holdout", "2"], "--holdout: 2 is no share"),
        (["LOG", "--out", "x.yaml", "--since", "May"], "--since: 'May' is no day"),
        (["LOG", "--out", "x.yaml", "--map", "prompt"], "--map: 'prompt' is not of the form FIELD=COLUMN"),
        (["LOG", "--out", "x.yaml", "--ttl", "7m"], "--ttl: '7m' is none"),
        (["LOG", "--out", "x.yaml", "--invoice", "-4"], "--invoice: -4 is no amount"),
        (["LOG", "--out", "x.yaml", "--model", "gpt=openai/gpt-4o"], "the log has no model of that name"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    words: list[str],
    said: str,
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, "calibrate", *[str(log) if word == "LOG" else word for word in words]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def interrupted(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


def test_an_interruption_while_learning_leaves_nothing(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.calibration.learn", interrupted)
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, "calibrate", log, "--out", "made.yaml") == 130
    assert list(tmp_path.iterdir()) == []


def failing(*_: Any, **__: Any) -> None:
    raise LogError("the comparison failed")


@pytest.mark.parametrize(("end", "code"), [(interrupted, 130), (failing, 2)])
def test_what_was_learnt_outlives_its_comparison(
    end: Any,
    code: int,
    log: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("simulator.calibration.hold_against", end)
    monkeypatch.chdir(tmp_path)
    assert call(monkeypatch, "calibrate", log, "--out", "made.yaml") == code
    assert "wrote made.yaml" in capsys.readouterr().err
    assert call(monkeypatch, "check", "made.yaml") == 0


def test_a_file_that_exists_is_replaced_only_where_that_is_said(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "made.yaml"
    made.write_text("edited by hand")
    assert call(monkeypatch, "calibrate", log, "--out", made) == 2
    assert f"--out: {made} exists already, and is left as it is" in capsys.readouterr().err
    assert made.read_text() == "edited by hand"
    assert call(monkeypatch, "calibrate", log, "--out", made, "--force") == 0
    assert made.read_text().startswith("#")


def test_what_is_off_is_written_into_the_scenario(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Backtest, "simulated", OFF)
    made = tmp_path / "made.yaml"
    assert call(monkeypatch, "calibrate", log, "--out", made) == 0
    said = capsys.readouterr()
    assert said.err.count(f"wrote {made}") == 1
    last = " ".join(said.out.rpartition("\n\n")[2].split())
    assert last.startswith(f"Next: {made} IS OFF, and every run of it says so: rest no budget on it. --report FILE ")
    assert call(monkeypatch, "run", made, "--trials", 20) == 0
    assert capsys.readouterr().out.startswith("IS OFF   This scenario failed its own backtest: simulated session costs")
    first, *others = load(made).notes
    assert first.startswith("Is off: Against 80 sessions of the log: simulated session costs ")
    assert others[0].startswith("Assumed: Volume: the log has no dates")
