"""Agents and depths of sessions: counted by hand."""

from __future__ import annotations

import math
from dataclasses import asdict
from fractions import Fraction

import numpy as np

from simulator.engine.tally import Cell, SessionTally
from simulator.risk.session import session_risk
from simulator.risk.trees import depths, session_agents
from tests.risk.tallies import Book, Session, frame, tally_of_spend

CELLS = (Cell("build", "planner", "output"), Cell("build", "executor", "output"), Cell("build", "planner", "handoff"))


def book(n: int = 2_000, seed: int = 3) -> Book:
    rng = np.random.default_rng(seed)
    made = Book(frame(CELLS, ("build",)), trials=range(5))
    for i in range(n):
        children, grandchildren = int(rng.geometric(0.4)) - 1, int(rng.integers(3))
        below = (children * 10**6, grandchildren * 10**5) if children else ()
        units = (10**7, sum(below), 0)
        made.sessions.append(
            Session(
                *(i % 5, 0, 0, units, 3),
                success=bool(rng.random() < 0.8),
                cut=bool(rng.random() < 0.1),
                cut_by=("cost", "calls", "limit")[int(rng.integers(3))],
                agents=(1, children, grandchildren) if children else (1,),
                below=below,
                held=bool(rng.random() < 0.2),
                runs=int(rng.integers(1, 4)),
                handed_over=bool(rng.random() < 0.05),
                reviewed=bool(rng.random() < 0.3),
            )
        )
    return made


SESSIONS = book().sessions
N = len(SESSIONS)
RISK = session_risk(book().tally())


def test_agents_of_a_session_are_counted_one_by_one() -> None:
    agents = sorted(sum(session.agents) for session in SESSIONS)
    assert RISK.agents.mean == sum(agents) / N
    for name, thousandths in (("p50", 500), ("p95", 950), ("p99", 990)):
        assert getattr(RISK.agents, name) == agents[math.ceil(Fraction(thousandths * N, 1_000)) - 1]


def test_depths_have_their_agents_and_their_cost() -> None:
    total = sum(session.cost for session in SESSIONS)
    assert [level.depth for level in RISK.depth] == [0, 1, 2]
    for level in RISK.depth:
        agents = sum(dict(enumerate(session.agents)).get(level.depth, 0) for session in SESSIONS)
        assert level.agents == agents / N
    below = [sum(dict(enumerate(s.below, 1)).get(depth, 0) for s in SESSIONS) for depth in (1, 2)]
    shares = [float(Fraction(units, total)) for units in (total - sum(below), *below)]
    assert [level.cost_share for level in RISK.depth] == shares
    assert math.isclose(sum(shares), 1, rel_tol=1e-15)


def test_rates_of_what_people_and_caps_did() -> None:
    assert asdict(RISK.cut_by) == {
        reason: sum(s.cut and s.cut_by == reason for s in SESSIONS) / N for reason in ("cost", "calls", "limit")
    }
    assert math.isclose(sum(asdict(RISK.cut_by).values()), RISK.cut_rate, rel_tol=1e-15)
    assert RISK.held_rate == sum(s.held for s in SESSIONS) / N
    assert RISK.repeat_rate == sum(s.runs - 1 for s in SESSIONS) / N
    assert RISK.handoff_rate == sum(s.handed_over for s in SESSIONS) / N
    assert RISK.review_rate == sum(s.reviewed for s in SESSIONS) / N


def test_what_was_not_counted_is_absent() -> None:
    uncounted = book().tally().session
    uncounted.agents_counts[:] = 0
    uncounted.depth_agents[:] = 0
    for sessions in (SessionTally.empty(1), tally_of_spend([0]).session, uncounted):
        assert depths(sessions) == ()
        assert all(math.isnan(value) for value in asdict(session_agents(sessions)).values())


def test_free_sessions_share_out_no_cost() -> None:
    made = Book(frame(CELLS, ("build",)), [0], [Session(0, 0, 0, (0, 0, 0), agents=(1, 2))])
    assert [(level.agents, level.cost_share) for level in session_risk(made.tally()).depth] == [(1, 0), (2, 0)]
