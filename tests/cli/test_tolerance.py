"""`--tolerance` and `--points` on the command line: what they print, and that a replay finds the sessions of both."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from tests.cli.calling import Caller

FAST = ("--set", "volume.sessions_per_day=4", "--seed", "2")


def test_a_tolerance_is_reached_and_said_on_both_streams(burncurve: Caller, small: Path) -> None:
    outcome = burncurve("run", small, *FAST, "--tolerance", "5%")
    assert outcome.code == 0
    said = "tolerance of 5 % reached with 1,024 trials"
    assert said in " ".join(outcome.out.split())
    assert outcome.err.startswith(f"{said}: simulation error ±")
    assert outcome.err.endswith("of the P95\n")


def test_a_tolerance_that_is_not_reached_says_so(burncurve: Caller, small: Path) -> None:
    outcome = burncurve("run", small, *FAST, "--tolerance", "0.0001", "--trials", "1100", "--json", "-")
    assert outcome.code == 0
    document = json.loads(outcome.out)
    assert document["trials"] == 1_100
    assert document["tolerance"]["reached"] is False
    assert document["tolerance"]["stopped_by"] == "maximum"
    assert "tolerance of 0.01 % NOT reached with 1,100 trials, which is the maximum: simulation error ±" in outcome.err


@pytest.mark.parametrize("condition", ["p99>1e9", "spend.ci.p99.1>1e9"])
def test_a_condition_on_p99_holds_it_to_the_tolerance_too(burncurve: Caller, small: Path, condition: str) -> None:
    outcome = burncurve("run", small, *FAST, "--tolerance", "90%", "--fail-if", condition, "--json", "-")
    assert outcome.code == 0
    assert list(json.loads(outcome.out)["tolerance"]["half_widths"]) == ["p95", "p99"]


def test_plain_points_are_another_run_and_found_again(burncurve: Caller, small: Path) -> None:
    runs = {}
    for kind in ("sobol", "plain"):
        outcome = burncurve("run", small, *FAST, "--points", kind, "--trials", 30, "--json", "-")
        runs[kind] = json.loads(outcome.out)
        assert runs[kind]["points"] == kind
    assert runs["sobol"]["spend"] != runs["plain"]["spend"]
    assert (
        json.loads(burncurve("run", small, *FAST, "--trials", 30, "--json", "-").out)["spend"] == runs["sobol"]["spend"]
    )


@pytest.mark.parametrize("kind", ["sobol", "plain"])
def test_a_replay_is_of_the_points_of_its_run(burncurve: Caller, small: Path, kind: str) -> None:
    outcome = burncurve("replay", small, *FAST, "--worst", 1, "--trials", 30, "--points", kind)
    assert outcome.code == 0, outcome.err
    again = " ".join(outcome.out.split("AGAIN")[1].split())
    assert again.endswith("--points plain") is (kind == "plain")
    repeated = burncurve(*shlex.split(again)[1:])
    assert repeated.code == 0
    assert outcome.out.splitlines()[-3:] == repeated.out.splitlines()[-3:]


def test_help_says_what_both_do(burncurve: Caller) -> None:
    said = " ".join(burncurve("run", "--help").out.split())
    assert "With --tolerance: at most so many, by default 100,000." in said
    assert "Add trials until the simulation error of the P95 is at most so much of it" in said
    assert "sobol|plain" in said
