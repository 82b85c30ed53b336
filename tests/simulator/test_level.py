"""A scenario at the level of sums: closed forms of constants, and what cannot be done."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from scenarios.load import load
from scenarios.logs.reading import LogError
from scenarios.logs.usage.table import DAY, Bucket, Usage
from simulator import cli
from simulator.level import NEAR, LevelledScenario, level_scenario
from simulator.show.level_screen import level_screen

SAMPLES = Path(__file__).resolve().parents[1] / "logs" / "samples" / "usage"
WHOLE = 0.5
"""What rounding to whole tokens makes of one message or answer, at most."""

MADE = """\
name: made
# a comment of its own
as_of: 2026-11-01
period: 2026-12
models: {house: {input: 3, output: 15, cached_input: 0.3}}
volume: {sessions_per_day: 10}
agents:
  chat: {model: house, system_tokens: 1000, turns: 3, message_tokens: 500, output_tokens: 1000, cache: {hit_rate: 0.5}}
drivers: {output_tokens: 0.8 to 1.25}
"""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    file = tmp_path / "made.yaml"
    file.write_text(MADE)
    return file


def levelled(made: Path, usage: Usage) -> LevelledScenario:
    return level_scenario(made, load(made), usage, sessions=200)


def test_constants_come_out_as_the_closed_form_has_them(made: Path, tmp_path: Path) -> None:
    """Prompts of three turns are s+m, s+2m+o, s+3m+2o. Twice the sessions, m = 800, o = 600."""
    calls, days = 2 * 10 * 3, 30
    prompt = (3 * 1000 + 6 * 800 + 3 * 600) * 20
    usage = Usage((Bucket(0, days * DAY, "m", prompt * days, None, None, 600 * calls * days, calls * days),), "test")
    got = levelled(made, usage)
    out = tmp_path / "elsewhere" / "out.yaml"
    got.write(out)
    scenario = load(out)
    assert scenario.volume.sessions_per_day == 20
    text = out.read_text()
    assert 'extends: "../made.yaml"' in text
    assert "volume.sessions_per_day times 2" in text
    assert made.read_text() == MADE
    assert scenario.drivers.message_tokens is not None
    assert scenario.drivers.output_tokens is not None
    message, output = (float(law.ppf(0.5)) for law in (scenario.drivers.message_tokens, scenario.drivers.output_tokens))
    assert output == pytest.approx(0.6, abs=NEAR + WHOLE / 1000)
    # the gap of prompts that is left, and the answers', over what the messages are of a prompt
    assert message == pytest.approx(1.6, rel=(NEAR * prompt / 20 + 3 * (0.6 * NEAR * 1000 + WHOLE)) / (6 * 800) + 1e-3)
    spread = scenario.drivers.output_tokens
    assert float(spread.ppf(0.95) / spread.ppf(0.5)) == pytest.approx(1.25, rel=1e-5)
    assert [row.after for row in got.rows][:1] == [calls]
    assert got.rows[1].after == pytest.approx(prompt, rel=NEAR)
    assert not got.left


def test_a_scenario_that_is_there_already_is_left_alone(made: Path) -> None:
    prompt = (3 * 1000 + 6 * 500 + 3 * 1000) * 10
    usage = Usage((Bucket(0, DAY, "m", prompt, None, None, 30_000, 30),), "test")
    got = levelled(made, usage)
    assert got.levelled.edits == {}
    assert "as the scenario has it" in " ".join(got.levelled.said)


def test_what_no_factor_reaches_is_said(made: Path) -> None:
    """Prompts that are shorter than the system prompt."""
    got = levelled(made, Usage((Bucket(0, DAY, "m", 500 * 30, None, None, 15_000, 30),), "test"))
    assert [gap.path for gap in got.left] == ["drivers.message_tokens"]
    assert "Is off: Prompt tokens a call: still " in got.text(made.with_name("out.yaml"))


def test_a_cost_that_no_factor_reaches_is_said_with_a_remedy(made: Path, tmp_path: Path) -> None:
    """A day of 30 calls costs 0.27 dollars of prompts and 0.45 of answers."""
    made.write_text(MADE.replace("name: made", "name: made\nnotes: mine").replace(", cache: {hit_rate: 0.5}", ""))
    prompt = (3 * 1000 + 6 * 500 + 3 * 1000) * 10
    cost = prompt * 3e-6 + 30_000 * 15e-6
    for factor, is_said in ((0.02, True), (1.09, False), (1.12, True)):
        got = levelled(made, Usage((Bucket(0, DAY, "tiny", prompt, None, None, 30_000, 30, cost * factor),), "test"))
        said = " ".join(level_screen(got, 100).split())
        assert (f"or a driver `price: {factor:g}`" in said) == is_said
        assert ("the sums name tiny, the scenario has house" in said) == is_said
        last = level_screen(got, 100, "out.yaml").rpartition("\n\n")[2]
        assert last.startswith("Next: mend what is off" if is_said else "Next: burncurve run out.yaml")
        got.write(tmp_path / "out.yaml")
        assert len(load(tmp_path / "out.yaml").notes) == (2 if is_said else 1)
    off, own = load(tmp_path / "out.yaml").notes
    assert off.startswith("Is off: A day costs $0.72 in the levelled scenario and $0.806 in the sums, which")
    assert own == "mine"


@pytest.mark.parametrize(
    ("volume", "path", "value"),
    [
        ("sessions_per_month: 310", "volume.sessions_per_month", 620),
        ("users: 5, sessions_per_user_day: 2", "volume.users", 10),
    ],
)
def test_however_volume_is_stated(made: Path, volume: str, path: str, value: float) -> None:
    made.write_text(MADE.replace("sessions_per_day: 10", volume).replace("drivers: {output_tokens: 0.8 to 1.25}", ""))
    prompt = (3 * 1000 + 6 * 500 + 3 * 1000) * 20
    got = levelled(made, Usage((Bucket(0, DAY, "m", prompt, None, None, 60_000, 60),), "test"))
    assert got.levelled.edits == {path: value}


def test_typical_drivers_keep_what_they_say(made: Path, tmp_path: Path) -> None:
    made.write_text(MADE.replace("{output_tokens: 0.8 to 1.25}", "typical"))
    prompt = (3 * 1000 + 6 * 500 + 3 * 2000) * 10
    got = levelled(made, Usage((Bucket(0, DAY, "m", prompt, None, None, 60_000, 30),), "test"))
    got.write(tmp_path / "out.yaml")
    drivers = load(tmp_path / "out.yaml").drivers
    assert drivers.output_tokens is not None
    assert float(drivers.output_tokens.ppf(0.5)) == pytest.approx(2, rel=NEAR + WHOLE / 2000)
    assert drivers.volume is not None
    assert float(drivers.volume.ppf(0.5)) == pytest.approx(1)


def test_costs_alone_are_no_level(made: Path) -> None:
    with pytest.raises(LogError, match="neither requests nor tokens"):
        levelled(made, Usage((Bucket(0, DAY, cost=3.0),), "test"))


def call(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["burncurve", *map(str, words)])
    try:
        cli.main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_the_command_says_before_and_after(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.yaml"
    usage = tmp_path / "bill.csv"
    usage.write_text((SAMPLES / "focus.csv").read_text())
    assert call(monkeypatch, "calibrate", made, "--level", usage, "--out", out) == 0
    said = capsys.readouterr()
    assert said.out.startswith("An average day")
    for words in ("FOCUS bill: sums of 1 days", "tails stay", "Costs are in EUR and the scenario in USD", "Skipped 1"):
        assert words in " ".join(said.out.split())
    assert f"wrote {out}" in said.err
    assert call(monkeypatch, "calibrate", made, "--level", usage, "--out", out, "--json", "-") == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert document["day"][1]["observed"] == 6_000
    assert load(out).name == "out"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["USAGE", "--out", "x.yaml"], "--level"),
        (["--level", "USAGE", "--out", "x.yaml"], "none is given: burncurve calibrate SCENARIO --level"),
        (["--out", "x.yaml"], "no logs are given"),
        (["faq", "faq", "--level", "USAGE", "--out", "x.yaml"], "2 are given"),
        (["faq", "--level", "USAGE", "--holdout", "0.5", "--out", "x.yaml"], "--level takes no --holdout"),
        (["faq", "--level", "USAGE", "--model", "a=b/c", "--out", "x.yaml"], "--level takes no --model,"),
        (["faq", "--level", "USAGE", "--level", "OTHER", "--out", "x.yaml"], "several currencies: EUR, USD"),
        (["faq", "--level", "EMPTY", "--out", "x.yaml"], "no aggregate that is known"),
        (["faq", "--level", "USAGE", "--out", "x.json"], "not named as a scenario is"),
        (["nowhere.yaml", "--level", "USAGE", "--out", "x.yaml"], "no file and no scenario"),
    ],
)
def test_what_cannot_be_levelled_is_said(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.json").write_text('{"data": []}')
    files = {"USAGE": SAMPLES / "focus.csv", "OTHER": SAMPLES / "openai_costs.json", "EMPTY": "empty.json"}
    assert call(monkeypatch, "calibrate", *[files.get(word, word) for word in words]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "x.yaml").exists()
