"""Which engine a run takes, and what it says of that."""

from __future__ import annotations

import _thread
import math

import numpy as np
import pytest

from scenarios.problems import ScenarioError
from simulator import engines
from simulator.engine import accuracy
from simulator.run import run
from tests.twin.worlds import one_agent

SPEC = one_agent(
    {"turns": {"geometric": {"mean": 3}}, "message_tokens": 100, "output_tokens": {"p50": 200, "p95": 900}},
    period={"start": "2026-12-01", "days": 5},
    drivers={"volume": "0.7 to 1.5", "output_tokens": "0.8 to 1.4"},
    budget=300,
)


def test_little_work_is_simulated_session_by_session():
    result = run(SPEC, trials=20)
    assert (result.engine, result.accuracy) == ("exact", None)
    assert "little work" in result.engine_reason


def test_much_work_is_not(monkeypatch):
    monkeypatch.setattr(engines, "EXACT_CALLS", 1e5)
    result = run(SPEC, trials=50)
    assert result.engine == "hybrid"
    assert "too many to simulate each" in result.engine_reason
    assert np.array_equal(result.tally.cells, run(SPEC, trials=50, engine="hybrid").tally.cells)


def test_the_hybrid_engine_measures_its_own_error():
    figures = run(SPEC, trials=50, engine="hybrid").accuracy
    assert 0 < figures["base_error"] < 0.002
    assert 0 < figures["rms_error"] < 0.003
    assert figures["exact_error"] < 4 * math.hypot(figures["exact_standard_error"], figures["base_error"])
    assert figures["exact_trials"] >= 8


def test_it_hands_over_where_it_is_too_far_off(monkeypatch):
    monkeypatch.setattr(accuracy, "TOLERANCE", 1e-6)
    result = run(SPEC, trials=50, engine="hybrid")
    assert (result.engine, result.accuracy) == ("exact", None)
    assert "found itself off by" in result.engine_reason
    assert np.array_equal(result.tally.cells, run(SPEC, trials=50, engine="exact").tally.cells)


def test_it_stays_where_every_session_is_too_much_work(monkeypatch):
    monkeypatch.setattr(accuracy, "TOLERANCE", 1e-6)
    result = run(SPEC | {"volume": {"sessions_per_day": 1e9}}, trials=200, engine="hybrid")
    assert result.engine == "hybrid"
    assert "too much work" in result.engine_reason
    assert result.accuracy["base_error"] > 0


def test_a_million_sessions_a_day_take_no_longer():
    few = run(SPEC, trials=200, engine="hybrid")
    many = run(SPEC | {"volume": {"sessions_per_day": 5e6}}, trials=200, engine="hybrid")
    assert many.accuracy["pool_sessions"] == few.accuracy["pool_sessions"]
    assert many.spend.mean / few.spend.mean == pytest.approx(1_000, rel=0.01)


def test_progress_rises_through_learning_and_trials():
    seen = []
    run(SPEC, trials=50, engine="hybrid", progress=seen.append)
    shares = [progress.share for progress in seen]
    assert shares == sorted(shares)
    assert shares[0] < 0.9
    assert shares[-1] == 1.0
    assert any(0 < progress.share < 1 and not progress.trials_done for progress in seen)


def test_an_interruption_while_learning_has_nothing_to_report():
    with pytest.raises(KeyboardInterrupt):
        run(SPEC, trials=50, engine="hybrid", progress=lambda _: _thread.interrupt_main())


def test_more_than_can_be_counted_is_refused():
    with pytest.raises(ScenarioError, match="are let through"):
        run(SPEC | {"volume": {"sessions_per_day": 1e13}}, engine="hybrid")


def test_a_tolerance_adds_trials_of_either_engine():
    result = run(SPEC, tolerance=0.2, engine="hybrid")
    assert result.engine == "hybrid"
    assert result.tolerance.reached
    again = run(SPEC, trials=result.trials_done, engine="hybrid")
    assert np.array_equal(result.tally.cells, again.tally.cells)
