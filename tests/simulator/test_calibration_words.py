"""The words of a calibration: which are read, and as what; which are refused, before a log is opened."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from scenarios.load import load
from scenarios.logs.reading import LogError
from scenarios.logs.table import Rows
from simulator.calibration import CalibrateRequest, backtest, calibrate
from simulator.observed import scenario_models


def read(out: Path | None = None, replace: bool = False, **words: Any) -> CalibrateRequest:
    return CalibrateRequest.read(["calls.csv"], out, words, "--", replace=replace)


@pytest.mark.parametrize(
    ("said", "meant"),
    [(5, 5.0), ("5k", 5_000.0), ("200 to 500", (200.0, 500.0)), ((0.5, 2), (0.5, 2.0)), ([7.5], 7.5), (None, None)],
)
def test_sessions_a_day_are_one_number_or_two(said: Any, meant: Any) -> None:
    assert read(sessions_per_day=said).options.sessions_per_day == meant


@pytest.mark.parametrize("said", [0, -1, "many", "500 to 200", "200 to 200", "1 to 2 to 3", (), (0, 5)])
def test_what_is_no_number_of_sessions_is_refused(said: Any) -> None:
    with pytest.raises(LogError, match=r"--sessions-per-day: .* is no number of sessions"):
        read(sessions_per_day=said)


@pytest.mark.parametrize("said", ["prompt", "=tokens", "prompt=", " = tokens", "prompt= "])
def test_pairs_have_two_sides(said: str) -> None:
    with pytest.raises(LogError, match=r"--map: .* is not of the form FIELD=COLUMN"):
        read(map=[said])
    assert read(map="prompt = tokens=all").reading.columns == {"prompt": "tokens=all"}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ({"holdout": 0.0}, "--holdout: 0 is no share"),
        ({"holdout": 1.0}, "--holdout: 1 is no share"),
        ({"invoice": -0.1}, "--invoice: -0.1 is no amount"),
        ({"invoice": float("inf")}, "--invoice: inf is no amount"),
        ({"ttl": "2h"}, "--ttl: '2h' is none; a cache keeps a prefix for 5m or 1h"),
        ({"since": "yesterday"}, "--since: 'yesterday' is no day"),
    ],
)
def test_words_that_can_not_be_are_refused(words: dict[str, Any], why: str) -> None:
    with pytest.raises(LogError, match=why):
        read(**words)


def test_words_at_the_edge_are_taken() -> None:
    made = read(invoice=0.0, holdout=0.01, ttl="1h", until="2026-11-30", seed=7, models="a=b/c")
    assert (made.options.invoice, made.holdout, made.options.ttl_minutes, made.options.seed) == (0.0, 0.01, 60.0, 7)
    assert made.reading.until == date(2026, 11, 30)
    assert made.options.models == {"a": "b/c"}
    assert (read().holdout, read().reading.format, read().options.ttl_minutes) == (None, "auto", None)


def test_places_that_can_not_take_a_scenario_are_refused(tmp_path: Path) -> None:
    there, folder = tmp_path / "there.yaml", tmp_path / "folder.yaml"
    there.write_text("kept")
    folder.mkdir()
    for out, why in (
        (tmp_path / "out.csv", "is not named as a scenario is"),
        (folder, "can't be written; name a file in a folder"),
        (there / "out.yaml", "can't be written; name a file in a folder"),
        (there, "exists already, and is left as it is"),
    ):
        with pytest.raises(LogError, match=why):
            read(out)
    read(there, replace=True)
    read(tmp_path / "new" / "out.yml")
    with pytest.raises(LogError, match="is a log that is read"):
        CalibrateRequest.read([there], there, {}, "--", replace=True)


def test_words_that_nobody_knows_are_named() -> None:
    with pytest.raises(TypeError, match="'holdouts' is no argument; there are format, map"):
        calibrate("calls.csv", holdouts=0.5)
    with pytest.raises(TypeError, match="'holdout' is no argument"):
        backtest("faq", "calls.csv", holdout=0.5)
    with pytest.raises(LogError, match="no logs are given"):
        calibrate([])


def test_a_model_of_the_catalogue_is_not_priced_as_another() -> None:
    rows = Rows("model", "output")
    for model in ("gpt-5", "our-own"):
        rows.append(model, 1)
    calls = rows.finish(dated=False)
    agents = {"chat": {"model": "anthropic/claude-sonnet-4-6", "output_tokens": 5}}
    scenario = load({"as_of": "2026-11-20", "volume": {"sessions_per_day": 1}, "agents": agents})
    with pytest.raises(LogError, match=r"no model for gpt-5 of the log; .*--model 'gpt-5=anthropic/claude-sonnet-4-6'"):
        scenario_models(scenario, calls, {})
    known, notes = scenario_models(scenario, calls, {"gpt-5": "anthropic/claude-sonnet-4-6"})
    assert set(known.values()) == {"anthropic/claude-sonnet-4-6"}
    assert notes == ("our-own is priced as anthropic/claude-sonnet-4-6, the scenario's only model",)
