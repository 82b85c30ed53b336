"""The commands beside `run`."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from scenarios.load import library_names, load
from simulator.bounds import DEFAULT_TRIALS, EXPECTED_CALLS, LEAST_TRIALS
from tests.cli.calling import Caller


def test_help_names_every_command(burncurve: Caller) -> None:
    outcome = burncurve("--help")
    assert outcome.code == 0
    for command in ("run", "list", "new", "replay", "check", "prices", "schema", "warmup"):
        assert f"\n  {command} " in outcome.out
    assert "..." not in outcome.out.split("Commands:")[1]


def test_help_of_a_run_says_how_many_trials_there_are_by_default(burncurve: Caller) -> None:
    said = " ".join(burncurve("run", "--help").out.split())
    work = f"as many as make {EXPECTED_CALLS / 1e9:g} billion model calls"
    many = f"where every session of many is simulated, {work}, at least {LEAST_TRIALS}."
    assert f"Default: {DEFAULT_TRIALS:,}; {many}" in said


def test_list_names_the_library_with_titles(burncurve: Caller) -> None:
    outcome = burncurve("list")
    assert outcome.code == 0
    assert [line.split()[0] for line in outcome.out.splitlines() if not line.startswith(" ")] == library_names()
    assert load("faq").title.split()[0] in outcome.out


def test_a_new_scenario_is_valid_plausible_and_runs(burncurve: Caller, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    assert burncurve("new", file).code == 0
    checked = burncurve("check", file)
    assert checked.code == 0, checked.err
    assert "mine is valid." in checked.out
    assert "Worth a second look" not in checked.out
    assert burncurve("run", file, "--trials", 5, "--set", "volume.sessions_per_day=20").code == 0
    again = burncurve("new", file)
    assert again.code == 2
    assert "exists already" in again.err


def test_check_of_the_whole_language(burncurve: Caller, shared: Path) -> None:
    outcome = burncurve("check", shared / "examples" / "coding-agent.yaml")
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("coding-agent is valid.")
    assert "0 inputs measured, 1 cited, 122 stated" in outcome.out
    assert "tail" in outcome.out


def test_check_says_what_the_volume_comes_to(burncurve: Caller, small: Path) -> None:
    changes = ["--set", "volume.sessions_per_day=9k", "--set", "volume.weekdays={sat: 0.1, sun: 0.1}"]
    said = " ".join(burncurve("check", small, *changes).out.split())
    assert "About 288,000 sessions expected in December 2026: 12,100 on Mondays to Fridays, 1,210 on" in said


def test_check_of_a_light_tail_promises_no_more_than_moments(burncurve: Caller, small: Path) -> None:
    assert "The cost of a session has no power tail: all its moments are finite." in burncurve("check", small).out


def test_check_resolved_is_a_scenario_again(burncurve: Caller, small: Path, tmp_path: Path) -> None:
    outcome = burncurve("check", small, "--resolved")
    assert outcome.code == 0
    (tmp_path / "again.yaml").write_text(outcome.out)
    assert burncurve("check", tmp_path / "again.yaml").code == 0
    assert "hit_rate" in outcome.out or "max_attempts: 1" in outcome.out


def test_prices_of_a_model(burncurve: Caller) -> None:
    outcome = burncurve("prices", "anthropic/claude-sonnet-4-6")
    assert outcome.code == 0
    row = next(line for line in outcome.out.splitlines() if line.startswith("anthropic/claude-sonnet-4-6 "))
    assert {"3.00", "15.00", "0.30", "3.75"} <= set(row.split())


def test_prices_of_an_unknown_model(burncurve: Caller) -> None:
    outcome = burncurve("prices", "anthropic/claude-sonet-4-6")
    assert outcome.code == 2
    assert "claude-sonnet-4-6" in outcome.err
    assert "Traceback" not in outcome.err


def test_schema_is_a_json_schema(burncurve: Caller) -> None:
    outcome = burncurve("schema")
    assert outcome.code == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(outcome.out))


@pytest.mark.parametrize("command", ["run", "replay", "check", "new"])
def test_a_command_without_its_argument_says_so(command: str, burncurve: Caller) -> None:
    outcome = burncurve(command)
    assert outcome.code == 2
    assert "Missing argument" in outcome.err
