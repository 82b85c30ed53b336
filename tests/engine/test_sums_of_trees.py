"""Whole runs of trees: every way to add up a session's money, agents and outcomes gives the same whole numbers."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.engine.tally import CUTS
from simulator.run import run
from tests.engine.facts import all_sessions
from tests.twin.coming import COMING

SOME = (
    "everything of section 2",
    "sprawl under caps",
    "people look at what was cut, too",
    "whole prompts with tools, children and validators",
    "a batch agent among others, in euros",
)


def simulated(name, sessions_per_day=700, trials=6, threads=1, block=None):
    spec = COMING[name] | {
        "volume": {"sessions_per_day": sessions_per_day},
        "period": {"start": "2026-12-01", "days": 2},
        "fixed_costs": {"monthly": {"platform": 31}},
    }
    return run(spec, trials=trials, seed=3, engine="exact", threads=threads, block=block)


@pytest.fixture(scope="module", params=SOME)
def result(request):
    return simulated(request.param)


def test_cells_add_up_to_the_total(result):
    tally = result.tally
    assert np.array_equal(tally.cells.sum(axis=1), tally.daily.sum(axis=(1, 2)) + tally.frame.fixed_daily.sum())
    components = result.to_dict()["attribution"]
    assert sum(part["mean"] for part in components) == pytest.approx(result.spend.mean, rel=1e-12)


def test_cells_have_names_of_their_own(result):
    cells = result.tally.frame.cells
    assert len(set(cells)) == len(cells)


def test_what_sessions_cost_adds_up_by_depth(result):
    session = result.tally.session
    depths = np.flatnonzero(session.depth_agents).max() + 1
    money, by_depth = int(session.cost_units.sum()), int(session.depth_units.sum())
    # A session's money is rounded once where it is counted whole, and once a depth where it is counted by depth.
    assert abs(money - by_depth) <= session.sessions * (depths + 1) / 2
    assert not session.depth_units[depths:].any()


def test_the_tally_counts_what_the_records_say(result):
    session, records = result.tally.session, all_sessions(result)
    assert len(records) == session.sessions == result.tally.sessions.sum()
    for counts, column in ((session.agents_counts, "agents"), (session.calls_counts, "calls")):
        assert np.array_equal(np.bincount(records[column], minlength=len(counts)), counts)
    assert records["agents"].sum() == session.agents == session.depth_agents.sum()
    assert {kind: records[kind].sum() for kind in session.tokens} == session.tokens
    assert records["success"].sum() == session.successes
    assert records["held"].sum() == session.held
    assert records["runs"].sum() - len(records) == session.repeats
    assert records["handed_over"].sum() == session.handovers
    assert records["reviewed"].sum() == session.reviews
    assert {by: (records["cut_by"] == by).sum() for by in CUTS} == session.cut_by
    assert np.rint(records["cost"] / result.tally.frame.unit).sum() == int(session.cost_units.sum())
    assert not (records["success"] & records["cut"]).any()


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize(("threads", "block"), [(2, None), (1, 1), (2, 4)])
def test_trees_are_the_same_bits_on_any_threads_and_blocks(name, threads, block):
    reference, other = (simulated(name, 150, 7, t, b).tally for t, b in ((1, None), (threads, block)))
    for field in ("cells", "daily", "covered", "sessions", "worst"):
        assert np.array_equal(getattr(reference, field), getattr(other, field)), field
    for field, value in vars(reference.session).items():
        assert np.array_equal(value, getattr(other.session, field)), field


@pytest.mark.parametrize("name", SOME)
@pytest.mark.parametrize("sessions_per_day", [1, 130])
def test_sessions_of_a_run_are_those_that_run_alone(name, sessions_per_day):
    result = simulated(name, sessions_per_day, 12)
    told, alone = result.tally.session, all_sessions(result)
    assert np.rint(alone["cost"] / result.tally.frame.unit).sum() == told.cost_units.sum()
    assert np.array_equal(np.bincount(alone["agents"], minlength=len(told.agents_counts)), told.agents_counts)
    assert (alone["success"].sum(), alone["cost"].max()) == (told.successes, told.max_cost)
