"""Spend so far by day."""

from __future__ import annotations

import numpy as np

from simulator.engine.tally import Cell
from simulator.risk.daily import cumulative_units, daily_quantiles
from simulator.risk.spend import Spend, spend_units
from tests.risk.tallies import Book, Session, frame

CELLS = (Cell("chat", "bot", "output"), Cell("build", "bot", "output"), Cell(None, None, "fixed", "platform"))


def book() -> Book:
    rng = np.random.default_rng(9)
    made = Book(frame(CELLS, ("chat", "build"), days=4, fixed_daily=[7, 0, 9, 1]), trials=range(40), fixed_cell=2)
    for _ in range(900):
        feature, units = int(rng.integers(2)), int(rng.integers(1, 5_000))
        cells = (units, 0, 0) if feature == 0 else (0, units, 0)
        made.sessions.append(Session(int(rng.integers(40)), int(rng.integers(4)), feature, cells))
    return made


def test_spend_so_far_is_that_of_direct_loops() -> None:
    made = book()
    expected = [
        [
            sum([7, 0, 9, 1][: day + 1]) + sum(s.cost for s in made.sessions if s.trial == trial and s.day <= day)
            for day in range(4)
        ]
        for trial in range(40)
    ]
    assert cumulative_units(made.tally()).tolist() == expected


def test_the_last_day_ends_at_the_quantiles_of_spend() -> None:
    tally = book().tally()
    spend = Spend(spend_units(tally), tally.frame.unit)
    fan = daily_quantiles(tally)
    assert {name: line[-1] for name, line in fan.items()} == {f"p{k}": spend.quantile(k / 100) for k in (5, 50, 95)}


def test_each_day_has_its_own_order_statistics() -> None:
    tally = book().tally()
    by_day = np.sort(cumulative_units(tally), axis=0)
    fan = daily_quantiles(tally)
    # ranks ceil(0.05 * 40) = 2, 20 and 38
    assert fan["p5"].tolist() == (by_day[1] / 1e9).tolist()
    assert fan["p50"].tolist() == (by_day[19] / 1e9).tolist()
    assert fan["p95"].tolist() == (by_day[37] / 1e9).tolist()
