"""What moves the chance of a breach: planted, found, counted again by hand, and never made of noise."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from statistics import median
from typing import Any

import numpy as np
import pytest

from scenarios.words import DRIVERS
from simulator.engine.tally import Tally
from simulator.risk.breach import share_interval
from simulator.risk.moves import FEWEST, breach_moves
from tests.risk.tallies import NANO, tally_of_spend, with_events

VOLUME, FAILURES, PRICE = (DRIVERS.index(name) for name in ("volume", "failure_rate", "price"))
BUDGET = 1.9e12 * NANO


def months(trials: int = 4_000, seed: int = 5) -> Tally:
    """Spend that volume and a spike make; failures and an outage have nothing to do with it, prices have two levels."""
    rng = np.random.default_rng(seed)
    volume, failures = np.exp(0.3 * rng.standard_normal((2, trials)))
    spike, outage, rise = rng.random((3, trials)) < [[0.5], [0.3], [0.2]]
    price = np.where(rise, 1.25, 1.0)
    made = tally_of_spend(np.round(1e12 * volume * price * np.where(spike, 1.5, 1.0)))
    made.levels[:, VOLUME], made.levels[:, FAILURES], made.levels[:, PRICE] = volume, failures, price
    return with_events(made, spike=4 * spike, outage=outage)


def counted_by_hand(tally: Tally, budget: float) -> dict[str, tuple[int, int, int, int]]:
    """Trials and breaches, low and high, of every driver and event: trial by trial, in plain Python."""
    rows: dict[str, tuple[int, int, int, int]] = {}
    columns: dict[str, list[float]] = {name: tally.levels[:, i].tolist() for i, name in enumerate(DRIVERS)}
    middles = {name: median(levels) for name, levels in columns.items()}
    columns |= {name: tally.event_days[:, i].tolist() for i, name in enumerate(tally.frame.events)}
    for name, values in columns.items():
        sides = {False: [0, 0], True: [0, 0]}
        for value, spent in zip(values, tally.covered.sum(axis=1).tolist(), strict=True):
            side = sides[value > middles.get(name, 0)]
            side[0] += 1
            side[1] += spent * NANO > budget
        rows[name] = (*sides[False], *sides[True])
    return rows


def counts(tally: Tally, budget: float) -> dict[str, tuple[int, int, int, int]]:
    return {
        move.name: (move.low.trials, move.low.breaching, move.high.trials, move.high.breaching)
        for move in breach_moves(tally, budget)
    }


def test_what_moves_the_chance_is_found_and_counted_as_by_hand() -> None:
    tally = months()
    found = counts(tally, BUDGET)
    assert set(found) == {"volume", "spike", "price"}
    by_hand = counted_by_hand(tally, BUDGET)
    assert found == {name: by_hand[name] for name in found}
    gaps = [abs(move.gap) for move in breach_moves(tally, BUDGET)]
    assert gaps == sorted(gaps, reverse=True)


def test_shares_and_intervals_are_those_of_a_breach() -> None:
    volume = next(move for move in breach_moves(months(), BUDGET) if move.name == "volume")
    assert volume.median == pytest.approx(np.median(months().levels[:, VOLUME]))
    for side in (volume.low, volume.high):
        assert side.probability == side.breaching / side.trials
        assert side.ci == share_interval(side.breaching, side.trials)
    assert volume.gap == volume.high.probability - volume.low.probability > 0


def test_a_level_that_most_trials_share_is_the_low_side_and_the_high_one_if_nothing_is_above() -> None:
    tally = months()
    assert counts(tally, BUDGET)["price"][0] == np.count_nonzero(tally.levels[:, PRICE] == 1.0)
    tally.levels[:, PRICE] = -tally.levels[:, PRICE]  # now the median is the largest
    low, _, high, _ = counts(tally, BUDGET)["price"]
    assert (low, high) == (
        np.count_nonzero(tally.levels[:, PRICE] < -1.0),
        np.count_nonzero(tally.levels[:, PRICE] == -1.0),
    )


@pytest.mark.parametrize(("trials", "high", "hits"), [(14, 6, 7), (15, 9, 5)])
def test_a_difference_is_as_rare_as_among_all_ways_to_choose_the_breaches(trials: int, high: int, hits: int) -> None:
    """Every set of breaches is as likely, were it chance; those at least as uneven as each are counted one by one."""
    on = np.arange(trials) < high
    ways = [sum(i < high for i in chosen) for chosen in combinations(range(trials), hits)]
    for seen in range(FEWEST - 1, min(high, hits) + 1):
        broken = np.isin(np.arange(trials), [*range(seen), *range(high, high + hits - seen)])
        tally = with_events(tally_of_spend(np.where(broken, 3, 1) * 10**9), storm=on)
        tails = sum(way >= seen for way in ways), sum(way <= seen for way in ways)
        rare = min(1.0, 2 * min(tails) / len(ways))
        moves = breach_moves(tally, 2.0)
        assert len(moves) == (rare < 0.05)
        for move in moves:
            assert move.p_value == pytest.approx(rare, rel=1e-9)


def test_chance_alone_moves_nothing_in_nineteen_of_twenty_runs() -> None:
    runs = 400
    found = 0
    for seed in range(runs):
        tally = months(200, seed)
        luck = np.random.default_rng(10_000 + seed).random(200)
        found += bool(breach_moves(replace(tally, covered=np.round(luck[:, None] * 1e9).astype(np.int64)), 0.8))
    assert found / runs < 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


@pytest.mark.parametrize("amount", [BUDGET * 20, BUDGET / 20], ids=["never", "always"])
def test_a_budget_that_hardly_ever_breaks_or_holds_tells_nothing(amount: float) -> None:
    assert breach_moves(months(), amount) == ()


def test_of_sobol_points_each_side_has_its_replicates() -> None:
    plain = months()
    sobol = replace(plain, frame=replace(plain.frame, points="sobol"))
    assert counts(sobol, BUDGET) == counts(plain, BUDGET)
    intervals: list[list[Any]] = [[move.low.ci for move in breach_moves(each, BUDGET)] for each in (plain, sobol)]
    assert intervals[0] != intervals[1]
