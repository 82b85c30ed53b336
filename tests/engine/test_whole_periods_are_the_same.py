"""What must not matter to a whole period does not, to the last bit: threads, blocks, company, rules that never act."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from scenarios.schema import DRIVERS
from simulator.engine.tally import ROWS
from simulator.run import run
from tests.engine.facts import all_sessions, simulate
from tests.twin.periods import EVERYTHING, FEATURES, period

TRIALS = 97


def everything(**more):
    return EVERYTHING | more


def without(spec, *sections):
    return {name: section for name, section in spec.items() if name not in sections}


FREE = without(EVERYTHING, "controls")


@cache
def reference():
    return run(EVERYTHING, trials=TRIALS, seed=9, engine="exact", threads=1)


def assert_same_trials(one, other, names=ROWS):
    for name in names:
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True), name


# -- who computes it ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("threads", "block"), [(2, None), (1, 1), (1, 13), (2, 97), (2, 5), (3, 1_000)])
def test_threads_and_blocks_change_no_bit(threads, block):
    result = run(EVERYTHING, trials=TRIALS, seed=9, engine="exact", threads=threads, block=block)
    said = [json.dumps(one.to_dict(), sort_keys=True) for one in (result, reference())]
    assert said[0] == said[1]
    assert_same_trials(result.tally, reference().tally)
    assert np.array_equal(result.tally.worst, reference().tally.worst)
    assert np.array_equal(result.tally.session.cost_counts, reference().tally.session.cost_counts)
    assert np.array_equal(result.tally.session.cost_units, reference().tally.session.cost_units)


def test_everything_happens_in_the_reference():
    tally = reference().tally
    assert (tally.event_days > 0).any(axis=0).all()
    assert (tally.crossed > 0).any(axis=0).all()
    assert (tally.turned_away > 0).any()
    assert (tally.peak > 0).any()
    assert np.isfinite(tally.heaviest).all()


def test_more_trials_begin_with_the_same_ones():
    longer = run(EVERYTHING, trials=TRIALS + 50, seed=9, engine="exact", threads=2).tally
    for name in ROWS:
        assert np.array_equal(getattr(longer, name)[:TRIALS], getattr(reference().tally, name), equal_nan=True), name


def test_another_seed_is_another_run():
    other = run(EVERYTHING, trials=TRIALS, seed=10, engine="exact", threads=1).tally
    for name in ("levels", "event_days", "crossed", "heaviest", "sessions"):
        assert not np.array_equal(getattr(other, name), getattr(reference().tally, name), equal_nan=True), name


def test_cells_days_and_coverage_sum_to_the_same_integers():
    tally = reference().tally
    of_sessions = [cell.cause not in ("fixed", "spent") for cell in tally.frame.cells]
    assert np.array_equal(tally.cells[:, of_sessions].sum(axis=1), tally.daily.sum(axis=(1, 2)))
    assert np.array_equal(tally.cells[:, tally.frame.covered_cells].sum(axis=1), tally.covered.sum(axis=1))
    assert tally.session.sessions == tally.sessions.sum() == tally.session.cost_counts.sum()
    never = (tally.crossed == 0).all(axis=1)
    assert never.any()
    assert np.array_equal(tally.free_covered[never], tally.covered[never])
    assert np.array_equal(tally.free_spend[never].sum(axis=1), tally.cells[never].sum(axis=1))


# -- company -----------------------------------------------------------------------------------------------

OTHER_EVENTS = {
    "ash": {
        "date": "2026-12-30",
        "probability": 0.5,
        "days": {"geometric": {"mean": 2}},
        "multiplies": {"price": "1 to 3"},
    },
    "zeal": {"per_month": 10, "days": 2, "multiplies": {"output_tokens": 2}},
}


@pytest.mark.parametrize("place", ["before", "after"])
def test_other_events_leave_the_draws_of_the_rest_alone(place):
    events = EVERYTHING["events"]
    more = OTHER_EVENTS | events if place == "before" else events | OTHER_EVENTS
    few, many = simulate(FREE, trials=TRIALS), simulate(FREE | {"events": more}, trials=TRIALS)
    assert_same_trials(few.tally, many.tally, ("levels", "heaviest", "sessions", "peak"))
    assert days_of(few, events) == days_of(many, events)
    assert not np.array_equal(few.tally.cells.sum(axis=1), many.tally.cells.sum(axis=1))


def days_of(result, names):
    tally = result.tally
    return {name: tally.event_days[:, tally.frame.events.index(name)].tolist() for name in names}


@pytest.mark.parametrize("place", ["before", "after"])
def test_other_drivers_leave_the_draws_of_the_rest_alone(place):
    drivers = {"turns": "0.5 to 2", "output_tokens": "0.5 to 2"}
    more = {"volume": "0.8 to 1.1", "price": "0.8 to 1.1"}
    plain = without(FREE, "drivers")
    few = simulate(plain | {"drivers": drivers}, trials=TRIALS)
    many = simulate(plain | {"drivers": more | drivers if place == "before" else drivers | more}, trials=TRIALS)
    columns = [DRIVERS.index(name) for name in drivers]
    assert np.array_equal(few.tally.levels[:, columns], many.tally.levels[:, columns])
    assert_same_trials(few.tally, many.tally, ("heaviest", "event_days"))


@pytest.mark.parametrize("place", ["before", "after"])
def test_other_features_leave_the_incidents_and_drivers_of_the_rest_alone(place):
    """The first two keep their weights: the volume grows by what the third brings."""
    base = without(FREE, "features", "volume", "drivers") | {"drivers": {"volume": "0.5 to 1.5"}}
    old, new = (
        {name: feature | {"share": 1} for name, feature in FREE["features"].items()},
        {"third": FEATURES["sum up"] | {"share": 2}},
    )
    few = base | {"features": old, "volume": {"sessions_per_day": 8}}
    more = new | old if place == "before" else old | new
    many = base | {"features": more, "volume": {"sessions_per_day": 16}}
    few, many = simulate(few, trials=TRIALS), simulate(many, trials=TRIALS)
    assert_same_trials(few.tally, many.tally, ("levels", "event_days"))
    for name in old:
        columns = [result.tally.frame.features.index(name) for result in (few, many)]
        for table in ("sessions", "daily"):
            mine = [
                getattr(result.tally, table)[:, :, column] for result, column in zip((few, many), columns, strict=True)
            ]
            assert np.array_equal(*mine), (name, table)


def test_an_event_that_never_happens_changes_nothing():
    never = {"date": "2026-12-29", "probability": 0, "multiplies": {"price": 9}, "route": {"plain": "spare"}}
    rare = {"per_month": 1e-9, "multiplies": {"volume": 9}}
    nobody = {"date": "2026-12-29", "share": 1e-12, "multiplies": {"output_tokens": 9}, "route": {"plain": "spare"}}
    for event in (never, rare, nobody):
        with_it = simulate(everything(events=EVERYTHING["events"] | {"ghost": event}), trials=TRIALS, seed=9)
        assert_same_trials(with_it.tally, reference().tally, [name for name in ROWS if name != "event_days"])
        assert np.array_equal(with_it.tally.worst, reference().tally.worst)


# -- controls ----------------------------------------------------------------------------------------------


@cache
def free_reference():
    return simulate(FREE, trials=TRIALS, seed=9)


NEVER = [{"at": 50, "stop": True}, {"at": 40, "route": {"dear": "spare"}, "multiplies": {"volume": 0.1}}]


def test_controls_that_never_act_change_no_bit():
    with_them = simulate(FREE | {"controls": NEVER}, trials=TRIALS, seed=9)
    names = [name for name in ROWS if name not in ("crossed", "free_spend", "free_covered")]
    assert_same_trials(with_them.tally, free_reference().tally, names)
    assert np.array_equal(with_them.tally.worst, free_reference().tally.worst)
    assert np.array_equal(with_them.tally.session.cost_units, free_reference().tally.session.cost_units)
    assert np.array_equal(with_them.tally.free_covered, with_them.tally.covered)
    assert with_them.tally.crossed.max() == 0


def test_the_free_arm_is_the_run_without_controls():
    held, free = reference().tally, free_reference().tally
    assert np.array_equal(held.free_covered, free.covered)
    assert np.array_equal(held.free_spend.sum(axis=1), free.cells.sum(axis=1))
    by_day = free.daily.sum(axis=2) + free.frame.fixed_daily
    simulated = slice(1, None)  # what is spent before stands on the first day, and fixed costs of that day are in it
    assert np.array_equal(held.free_spend[:, simulated], by_day[:, simulated])


def test_until_the_first_control_acts_nothing_is_different():
    held, free = reference().tally, free_reference().tally
    days = np.arange(len(held.frame.dates))
    acts = np.array([held.crossed[:, k] + threshold.delay_days for k, threshold in enumerate(held.frame.thresholds)])
    acts = np.where(held.crossed.T > 0, acts, len(days))  # first day, from 0, on which each acts
    before = days < acts.min(axis=0)[:, None]
    assert 0.2 < before.mean() < 0.95
    for name in ("sessions", "daily", "covered"):
        assert np.array_equal(getattr(held, name)[before], getattr(free, name)[before]), name
    assert not np.array_equal(held.daily[~before], free.daily[~before])


def capped(factor, **more):
    """Half way through, known beforehand, volume is capped."""
    return period(
        period={"start": "2026-12-01", "days": 6},
        volume={"sessions_per_day": 20, "dispersion": 3},
        drivers={"volume": "0.5 to 1.5"},
        budget={"amount": 600, "covers": ["fixed"]},
        fixed_costs={"monthly": {"platform": 3_100}},
        controls=[{"at": 0.45, "multiplies": {"volume": factor}}],
        **more,
    )


def test_a_larger_capped_volume_never_gives_fewer_sessions():
    runs = [simulate(capped(factor), trials=200).tally for factor in (0.2, 0.5, 0.9, 1.0, 1.4)]
    for less, more in pairwise(runs):
        assert (less.sessions <= more.sessions).all()
        assert (less.sessions < more.sessions)[:, 3:].any()
        assert (less.turned_away >= more.turned_away).all()
    assert np.array_equal(runs[3].free_spend.sum(axis=1), runs[3].cells.sum(axis=1))
    for held in runs:
        assert np.array_equal(held.free_spend, runs[3].free_spend)


def test_who_is_not_turned_away_is_served_as_without_controls():
    few, all_ = (all_sessions(simulate(capped(factor), trials=5)) for factor in (0.4, 1.0))
    address = ["trial", "day", "feature", "session"]
    both = few.merge(all_, on=address, suffixes=("", " without"))
    assert len(both) == len(few) < len(all_)
    assert (both["cost"] == both["cost without"]).all()


def test_the_days_that_remain_are_those_of_the_whole_period():
    whole = simulate(without(FREE, "spent"), trials=TRIALS).tally
    rest = simulate(FREE | {"spent": {"through": "2026-12-30", "amount": 0.1}}, trials=TRIALS).tally
    assert np.array_equal(whole.daily[:, 3:], rest.daily[:, 3:])
    assert np.array_equal(whole.sessions[:, 3:], rest.sessions[:, 3:])
    assert rest.sessions[:, :3].max() == 0
    assert_same_trials(whole, rest, ("levels", "heaviest"))
