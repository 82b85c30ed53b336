"""Single sessions: every figure of the histograms against the sessions themselves."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from simulator.engine.tally import Cell, Tally
from simulator.risk.session import cost_quantile, session_risk, top_units
from tests.risk.tallies import Book, Session, frame, tally_of_spend

CELLS = (Cell("chat", "bot", "output"), Cell("build", "bot", "retries"))


def book(n: int = 3_000, seed: int = 5) -> Book:
    rng = np.random.default_rng(seed)
    made = Book(frame(CELLS, ("chat", "build")), trials=range(7))
    for i in range(n):
        units = (int(np.exp(rng.normal(18, 1.4))) if i % 50 else 0, 0)
        tokens = tuple(int(x) for x in rng.integers(0, 90_000, 4))
        success, cut = bool(rng.random() < 0.8), bool(rng.random() < 0.03)
        retries = int(units[0] * rng.random())
        made.sessions.append(
            Session(i % 7, 0, i % 2, units, int(rng.geometric(0.2)), tokens, success, cut, retries)  # type: ignore[arg-type]
        )
    return made


SESSIONS = book().sessions
TALLY = book().tally()
RISK = session_risk(TALLY)
COSTS = sorted(session.cost for session in SESSIONS)
N = len(SESSIONS)


def rank_of(thousandths: int, n: int = N) -> int:
    return math.ceil(Fraction(thousandths, 1_000) * n) - 1


def test_means_are_exact() -> None:
    assert RISK.cost.mean == float(Fraction(sum(COSTS), N) / 10**9)
    assert RISK.calls.mean == sum(session.calls for session in SESSIONS) / N
    for place, kind in enumerate(("input", "cached", "written", "output")):
        assert getattr(RISK.tokens, kind) == sum(session.tokens[place] for session in SESSIONS) / N


@pytest.mark.parametrize(
    ("name", "thousandths"), [("p50", 500), ("p90", 900), ("p95", 950), ("p99", 990), ("p999", 999)]
)
def test_cost_quantiles_are_within_a_fifth_of_a_percent(name: str, thousandths: int) -> None:
    truth = COSTS[rank_of(thousandths)] / 1e9
    assert getattr(RISK.cost, name) == pytest.approx(truth, rel=0.002)


def test_extremes_are_exact() -> None:
    assert RISK.cost.max == COSTS[-1] * 1e-9
    assert cost_quantile(TALLY.session, 1.0) == RISK.cost.max
    assert cost_quantile(TALLY.session, 0.0) == 0.0


def test_equal_sessions_cost_the_same_in_every_percentile() -> None:
    made = Book(frame(CELLS, ("chat", "build")), [0], [Session(0, 0, 0, (568_000, 0))] * 200)
    cost = session_risk(made.tally()).cost
    assert {cost.mean, cost.p50, cost.p90, cost.p95, cost.p99, cost.p999, cost.max} == {0.000568}


@pytest.mark.parametrize(("name", "thousandths"), [("p50", 500), ("p95", 950), ("p99", 990)])
def test_quantiles_of_calls_are_exact(name: str, thousandths: int) -> None:
    calls = sorted(session.calls for session in SESSIONS)
    assert getattr(RISK.calls, name) == calls[rank_of(thousandths)]


def test_rates_and_shares() -> None:
    successes = sum(session.success for session in SESSIONS)
    assert RISK.success_rate == successes / N
    assert RISK.cut_rate == sum(session.cut for session in SESSIONS) / N
    assert RISK.cost_per_success == pytest.approx(sum(COSTS) / successes / 1e9, rel=1e-15)
    assert RISK.waste_share == pytest.approx(sum(session.waste for session in SESSIONS) / sum(COSTS), rel=1e-15)


def test_the_dearest_percent_carries_what_it_carries() -> None:
    # at a bin's edge the boundary takes sessions at their bin's mean, which is at most 0.2 % off
    assert RISK.top1pct_share == pytest.approx(sum(COSTS[-30:]) / sum(COSTS), rel=0.002)


def test_a_boundary_inside_a_bin_takes_a_proportional_part() -> None:
    made = Book(frame(CELLS, ("chat", "build")), [0])
    made.sessions = [Session(0, 0, 0, (10**9, 0))] * 96 + [Session(0, 0, 0, (5 * 10**9, 0))] * 4
    tally = made.tally()
    assert top_units(tally.session, Fraction(1, 100)) == 5 * 10**9
    assert top_units(tally.session, Fraction(1, 200)) == Fraction(5 * 10**9, 2)
    assert top_units(tally.session, Fraction(6, 100)) == 4 * 5 * 10**9 + 2 * 10**9
    assert top_units(tally.session, Fraction(1)) == 96 * 10**9 + 20 * 10**9


def test_no_success_makes_success_infinitely_dear() -> None:
    made = Book(frame(CELLS, ("chat", "build")), [0], [Session(0, 0, 0, (10, 0), success=False)])
    risk = session_risk(made.tally())
    assert (risk.cost_per_success, risk.success_rate, risk.waste_share) == (math.inf, 0.0, 1.0)


def test_free_sessions_waste_nothing() -> None:
    made = Book(frame(CELLS, ("chat", "build")), [0], [Session(0, 0, 0, (0, 0), success=False)])
    risk = session_risk(made.tally())
    assert (risk.cost.mean, risk.cost.max, risk.waste_share, risk.top1pct_share) == (0, 0, 0, 0)


def test_no_sessions_have_no_figures() -> None:
    risk = session_risk(tally_of_spend([0, 0]))
    values = [*vars(risk.cost).values(), *vars(risk.calls).values(), *vars(risk.tokens).values()]
    rest = (risk.success_rate, risk.cut_rate, risk.cost_per_success, risk.waste_share, risk.top1pct_share)
    assert all(math.isnan(value) for value in (*values, *rest))


def part(trials: set[int]) -> Tally:
    whole = book()
    return Book(whole.frame, sorted(trials), [s for s in whole.sessions if s.trial in trials]).tally()


def test_merging_in_any_order_gives_the_same_figures() -> None:
    a, b, c = part({0, 5}), part({1}), part({2, 3, 4, 6})
    for merged in (a.merge(b).merge(c), c.merge(a.merge(b)), b.merge(c).merge(a)):
        assert session_risk(merged) == RISK
