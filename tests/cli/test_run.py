"""`burncurve run`: what it prints and writes, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest

from simulator.result import load_result
from tests.cli.calling import Caller, in_a_process

TRIALS = ("--trials", 40)
KEYS = {
    "scenario": {"name", "sha256"},
    "spend": {"mean", "sd", "p5", "p10", "p50", "p80", "p90", "p95", "p99", "min", "max", "tvar95", "tvar99", "ci"},
    "contingency": {"p80", "p95"},
    "budget": {
        *("amount", "covered_p95", "breach_probability", "breach_ci"),
        *("expected_overrun_given_breach", "breach_day"),
    },
    "daily": {"p5", "p50", "p95"},
    "session": {
        *("cost", "calls", "tokens", "success_rate", "cut_rate", "cost_per_success"),
        *("waste_share", "top1pct_share"),
    },
}
PLAIN_KEYS = {
    *("seed", "trials", "engine", "sessions_simulated", "currency", "version", "prices_sha256", "prices"),
    *("average_plan", "attribution"),
}


def test_the_screen_is_what_a_run_prints(burncurve: Caller, small: Path) -> None:
    outcome = burncurve("run", small, *TRIALS)
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith(("HOLDS   ", "AT RISK   ", "LIKELY TO BREAK   "))
    for label in ("Spreadsheet of averages", "A typical month (P50)", "What makes it", "Trust  "):
        assert label in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 100


def test_json_on_standard_output_is_alone_there_and_has_its_keys(shared: Path) -> None:
    run = in_a_process("run", shared / "examples" / "minimal.yaml", "--json", "-", *TRIALS, check=True)
    document = json.loads(run.stdout)
    assert run.stderr == ""
    assert set(document) >= KEYS.keys() | PLAIN_KEYS
    for key, inner in KEYS.items():
        assert set(document[key]) >= inner
    assert document["trials"] == 40
    assert {"feature", "agent", "cause", "mean", "tail"} <= set(document["attribution"][0])


def test_json_in_a_file_comes_beside_the_screen(burncurve: Caller, small: Path, tmp_path: Path) -> None:
    outcome = burncurve("run", small, *TRIALS, "--json", tmp_path / "deep" / "r.json", "--seed", 7)
    assert outcome.code == 0
    assert "Trust" in outcome.out
    assert json.loads((tmp_path / "deep" / "r.json").read_text())["seed"] == 7


def test_out_holds_numbers_trials_report_and_plots(burncurve: Caller, small: Path, tmp_path: Path) -> None:
    outcome = burncurve("run", small, *TRIALS, "--out", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"result.json", "trials.parquet", "report.html", "burn_fan.png", "s_curve.png"}
    assert not [name for name in names if name.startswith(".")]
    assert "</html>" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert f"wrote {tmp_path / 'out'}" in outcome.err


def test_a_report_alone(burncurve: Caller, small: Path, tmp_path: Path) -> None:
    assert burncurve("run", small, *TRIALS, "--report", tmp_path / "r.html").code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.html", "small.yaml"]


def test_open_shows_the_report(burncurve: Caller, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr("typer.launch", shown.append)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    assert burncurve("run", small, *TRIALS, "--open").code == 0
    assert burncurve("run", small, *TRIALS, "--open", "--out", tmp_path / "out").code == 0
    files = [Path(unquote(urlparse(url).path)) for url in shown]
    assert files[0].name == "small.html"
    assert files[1] == tmp_path / "out" / "report.html"
    assert all("</html>" in file.read_text(encoding="utf-8") for file in files)


def test_the_width_of_the_terminal_is_kept(burncurve: Caller, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = burncurve("run", small, *TRIALS).out.splitlines()
    assert 50 < max(map(len, lines)) <= 60


def test_budget_and_overrides_reach_the_run(burncurve: Caller, small: Path) -> None:
    outcome = burncurve("run", small, *TRIALS, "--budget", "1M", "--set", "volume.sessions_per_day=1", "--json", "-")
    document = json.loads(outcome.out)
    assert document["budget"]["amount"] == 1e6
    assert document["sessions_simulated"] < 40 * 31 * 4


@pytest.mark.parametrize(
    ("condition", "code"),
    [("p50>1", 1), ("p50>1M", 0), ("session.calls.mean<=1", 0), ("session.calls.mean>1", 1), ("spend.ci.p50.0>1", 1)],
)
def test_conditions_decide_the_exit_code(condition: str, code: int, burncurve: Caller, small: Path) -> None:
    outcome = burncurve("run", small, *TRIALS, "--fail-if", condition)
    assert outcome.code == code
    assert ("limit crossed: " in outcome.err) == bool(code)


def test_limits_of_the_file_decide_it_too(burncurve: Caller, small: Path) -> None:
    small.write_text(small.read_text() + 'limits: {p95: 1, "session.cost.p99": 1M}\n')
    outcome = burncurve("run", small, *TRIALS)
    assert outcome.code == 1
    assert "limit crossed: p95 is $" in outcome.err
    assert "over the limit of $1.00 in `limits:`" in outcome.err
    assert "session.cost.p99" not in outcome.err


def test_a_success_that_never_comes_has_a_cost_without_bound(burncurve: Caller, small: Path) -> None:
    small.write_text(small.read_text() + "features: {ask: {agent: chat, success_rate: 0}}\n")
    words = ["run", small, *TRIALS, "--set", "volume.sessions_per_day=2"]
    assert burncurve(*words).code == 0
    for sign, code in ((">1", 1), (">=1M", 1), ("<1M", 0)):
        outcome = burncurve(*words, "--fail-if", f"session.cost_per_success{sign}")
        assert outcome.code == code
        assert ("it is without bound, as no session succeeded" in outcome.err) == bool(code)
    outcome = burncurve(*words, "--set", 'limits={"session.cost_per_success": 1M}')
    assert outcome.code == 1
    said = "session.cost_per_success is without bound, as no session succeeded, over the limit of $1,000,000"
    assert f"limit crossed: {said} in `limits:`" in outcome.err
    assert f"Limit crossed: {said}." in " ".join(outcome.out.split())


def test_a_run_says_why_it_has_fewer_trials_than_usual(
    burncurve: Caller, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulator.bounds.EXPECTED_CALLS", 5e6)
    said = burncurve("run", small)
    assert said.code == 0
    assert re.fullmatch(r"\d{3} trials: as many as make 0.005 billion model calls; --trials asks for more\n", said.err)
    assert burncurve("run", small, "--trials", 201).err == ""


def test_a_fault_of_ours_is_one_line(burncurve: Caller, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("division by zero\nsecond line")

    monkeypatch.setattr("simulator.show.screen.screen", broken)
    outcome = burncurve("run", small, *TRIALS)
    assert outcome.code == 70
    assert outcome.err.count("\n") == 1
    assert "ZeroDivisionError: division by zero. Please report it" in outcome.err
    monkeypatch.setenv("BURNCURVE_DEBUG", "1")
    assert "Traceback" in burncurve("run", small, *TRIALS).err


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_reports_its_finished_trials(sent: signal.Signals, small: Path, tmp_path: Path) -> None:
    words = [
        "run",
        str(small),
        "--trials",
        "20k",
        "--engine",
        "exact",
        "--set",
        "volume.sessions_per_day=1000",
        "--json",
        str(tmp_path / "r.json"),
    ]
    reader, terminal = pty.openpty()
    run = subprocess.Popen(
        [Path(sys.executable).with_name("burncurve"), *words], stdout=subprocess.PIPE, stderr=terminal
    )
    os.close(terminal)
    seen = _read_until(reader, b" 1 %", seconds=120)
    run.send_signal(sent)
    out, _ = run.communicate(timeout=60)
    os.close(reader)
    assert b"sessions a second" in seen
    assert run.returncode == 130
    assert b"Interrupted: this rests on " in out
    document = json.loads((tmp_path / "r.json").read_text())
    assert 0 < document["trials"] < 20_000
    assert document["interrupted"] is True


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_write_leaves_nothing_behind(
    sent: signal.Signals, burncurve: Caller, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> str:
        os.kill(os.getpid(), sent)
        return "half"

    whole = tmp_path / "r.html"
    for part, left in (("simulator.show.report.render", {small}), ("simulator.result.trials_frame", {small, whole})):
        with monkeypatch.context() as patch:
            patch.setattr(part, interrupted)
            outcome = burncurve("run", small, *TRIALS, "--out", tmp_path / "out", "--report", whole)
        assert outcome.code == 130
        assert "interrupted while files were written: some may be missing" in outcome.err
        assert "A typical month (P50)" in outcome.out
        assert {file for file in tmp_path.rglob("*") if file.is_file()} == left
    assert whole.read_text(encoding="utf-8").rstrip().endswith("</html>")


def _guarded(small: Path, cost: str = "0.05") -> Path:
    small.write_text(small.read_text() + f"features: {{ask: {{agent: chat, guardrails: {{cost: {cost}}}}}}}\n")
    return small


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_run_outlives_the_comparison_of_its_guardrails(
    sent: signal.Signals, burncurve: Caller, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> None:
        os.kill(os.getpid(), sent)

    words = "run", _guarded(small), *TRIALS, "--json", tmp_path / "r.json"
    whole = burncurve(*words)
    complete = json.loads((tmp_path / "r.json").read_text())
    assert (whole.code, "Guardrails" in whole.out) == (0, True)
    monkeypatch.setattr("simulator.result.guardrail_effects", stopped)
    outcome = burncurve(*words, "--out", tmp_path / "out")
    assert outcome.code == 130
    assert outcome.err.startswith("interrupted while guardrails were compared with none; the run itself is complete\n")
    assert "what guardrails buy is missing: its simulation was stopped" in " ".join(outcome.out.split())
    document = json.loads((tmp_path / "r.json").read_text())
    assert complete["guardrails"]
    assert document == complete | {"guardrails": None}
    assert "what guardrails buy is missing" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert load_result(tmp_path / "out").guardrails_left_out


def test_sessions_too_dear_to_count_without_guardrails_are_said(
    burncurve: Caller, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from simulator import run as home
    from simulator.engine.items import CostOverflowError

    def dear(program: Any, *arguments: Any) -> Any:
        if program.scenario.features["ask"].guardrails.cost is None:
            raise CostOverflowError("the cost of a day is not a finite number")
        return whole(program, *arguments)

    whole = home.sample_sessions
    monkeypatch.setattr(home, "sample_sessions", dear)
    outcome = burncurve("run", _guarded(small), *TRIALS)
    assert outcome.code == 2
    assert "A typical month (P50)" in outcome.out
    assert outcome.err.startswith("guardrails can't be compared with none; the run itself is complete\n")
    assert f"{small}:" in outcome.err
    assert "agents" in outcome.err
    assert "far too large" in outcome.err


def test_ctrl_c_before_there_is_anything_to_keep_is_said(
    burncurve: Caller, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt("before the first trial was finished")

    monkeypatch.setattr("simulator.engines.simulate", stopped)
    outcome = burncurve("run", small)
    assert (outcome.code, outcome.out) == (130, "")
    assert outcome.err == "interrupted before the first trial was finished\n"


def _read_until(descriptor: int, wanted: bytes, seconds: float) -> bytes:
    seen, end = b"", time.monotonic() + seconds
    while wanted not in seen and time.monotonic() < end:
        if select.select([descriptor], [], [], 0.2)[0]:
            seen += os.read(descriptor, 65_536)
    return seen


def test_a_reader_that_goes_away_is_no_error(small: Path) -> None:
    command = f"{Path(sys.executable).with_name('burncurve')} run {small} --trials 40 --json - | head -c 1"
    run = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "{", "")


def test_colour_only_on_a_terminal_that_wants_it(small: Path) -> None:
    def verdict_on_a_terminal(**env: str) -> bytes:
        reader, terminal = pty.openpty()
        words = [Path(sys.executable).with_name("burncurve"), "run", str(small), "--trials", "40"]
        subprocess.run(words, stdout=terminal, stderr=subprocess.DEVNULL, env=os.environ | env, check=True)
        os.close(terminal)
        seen = os.read(reader, 65_536)
        os.close(reader)
        return seen

    assert b"\x1b[" in verdict_on_a_terminal(TERM="xterm", NO_COLOR="")
    plain = verdict_on_a_terminal(TERM="xterm", NO_COLOR="1")
    assert b"\x1b[" not in plain
    assert plain.startswith((b"HOLDS", b"AT RISK", b"LIKELY TO BREAK"))
