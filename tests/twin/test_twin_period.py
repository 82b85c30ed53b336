"""Whole periods against the twin, trial by trial: what they cost, day by day, and what happened in them.

A column is a number that either side says of a trial. Beside each stands its swing, the square of its distance from the
mean, so that means tell of variances too; and of days that follow each other the product of what they cost.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from scenarios.load import load
from tests.twin.agreement import SAME, gap_in_standard_errors, kolmogorov_bound, kolmogorov_distance, quantile_fits
from tests.twin.lives import engine_lives, twin_lives
from tests.twin.periods import PERIODS

TWIN_TRIALS = 500
ENGINE_TRIALS = 3_000  # six for each of the twin, whose 500 make nearly all of the error


def columns(lives, spec):
    days = range(lives.covered.shape[1])
    told = {"spend": lives.spend, "covered": lives.covered.sum(axis=1), "turned away": lives.turned_away}
    told |= {f"covered on day {n}": lives.covered[:, n] for n in days}
    for place, name in enumerate(spec.features):
        told[f"cost of {name}"] = lives.money[:, :, place].sum(axis=1)
        told |= {f"{name} on day {n}": lives.sessions[:, n, place] for n in days}
        told |= {f"cost of {name} on day {n}": lives.money[:, n, place] for n in days}
    told |= {f"days of {name}": on for name, on in lives.event_days.items()}
    for place, crossed in enumerate(lives.crossed.T):
        told |= {f"control {place} by day {n + 1}": (crossed > 0) & (crossed <= n + 1) for n in days}
    if spec.controls:
        told |= {f"spend of day {n} if free": lives.free_spend[:, n] for n in days}
        told["spend if free"] = lives.free_spend.sum(axis=1)
        told["covered if free"] = lives.free_covered.sum(axis=1)
    told["peak"] = lives.peak
    if spec.volume.users is not None:
        told["heaviest"] = lives.heaviest
    return {name: np.asarray(column, dtype=float) for name, column in told.items()}


def with_swings(side, means):
    swings = {f"swing of {name}": swing(column, means[name]) for name, column in side.items()}
    days = [name for name in side if name.startswith("covered on day")]
    return side | swings | {f"{one} x {other}": side[one] * side[other] for one, other in pairwise(days)}


def swing(column, mean):
    return np.where(np.isclose(column, mean, rtol=SAME, atol=0), 0.0, column - mean) ** 2


@pytest.fixture(scope="module", params=PERIODS)
def sides(request):
    spec = load(PERIODS[request.param])
    twin = columns(twin_lives(spec, TWIN_TRIALS), spec)
    engine = columns(engine_lives(spec, ENGINE_TRIALS), spec)
    means = {name: column.mean() for name, column in engine.items()}
    return with_swings(twin, means), with_swings(engine, means)


def test_means_and_swings_of_periods_are_the_twins(sides):
    twin, engine = sides
    gaps = {
        name: gap_in_standard_errors(twin[name], theirs.mean(), theirs.size, max(theirs.std(), twin[name].std()))
        for name, theirs in engine.items()
    }
    assert {name: gap for name, gap in gaps.items() if gap > 4} == {}


def test_distributions_of_periods_are_the_twins(sides):
    twin, engine = sides
    bound = kolmogorov_bound(TWIN_TRIALS, ENGINE_TRIALS)
    distances = {name: kolmogorov_distance(twin[name], theirs) for name, theirs in engine.items()}
    assert {name: d for name, d in distances.items() if d > bound} == {}


@pytest.mark.parametrize("p", [0.5, 0.9, 0.95])
def test_quantiles_of_spend_lie_between_the_twins_order_statistics(sides, p):
    twin, engine = sides
    names = [name for name in ("spend", "covered", "spend if free") if name in twin]
    assert [name for name in names if not quantile_fits(twin[name], engine[name], p)] == []
