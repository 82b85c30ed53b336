"""Whole periods against the twin: drivers, trends, weekdays, counts by feature and fixed costs, trial by trial."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.load import load
from scenarios.prices import resolve_prices
from simulator.run import run
from tests.twin.agreement import gap_in_standard_errors, kolmogorov_bound, kolmogorov_distance
from tests.twin.naive_period import trial
from tests.twin.naive_twin import Dice
from tests.twin.variants import CHAT, STEADY
from tests.twin.worlds import scenario

TWIN_TRIALS = 500
KERNEL_TRIALS = 20_000

AGENTS = {
    "chat": {"model": "dear"} | CHAT | {"retry": {"failure_rate": 0.1, "quality_share": 0.5}},
    "bulk": {"model": "plain"} | STEADY,
}
FEATURES = {"ask": {"agent": "chat", "share": 0.3}, "sum up": {"agent": "bulk", "share": 0.7}}
PERIODS = {
    "poisson": scenario(
        AGENTS,
        features=FEATURES,
        period={"start": "2026-12-03", "days": 4},  # Thursday to Sunday
        volume={"sessions_per_day": 6, "weekdays": {"sat": 0.3, "sun": 0.25}},
    ),
    "negative binomial": scenario(
        AGENTS,
        features=FEATURES,
        period={"start": "2026-12-30", "days": 3},  # over the new year
        volume={"sessions_per_month": 310, "dispersion": 2},
        fixed_costs={
            "monthly": {"platform": 31, "watching": 6.2},
            "one_time": {"x": {"amount": 2, "date": "2027-01-01"}},
        },
    ),
    "drivers and trends": scenario(
        AGENTS,
        features=FEATURES,
        period={"start": "2026-12-01", "days": 5},
        volume={"sessions_per_day": 5, "dispersion": 6},
        drivers={"volume": "0.5 to 1.8", "context": {"uniform": {"low": 1, "high": 3}}, "failure_rate": "0.5 to 4"},
        trends={"volume": 40.0, "output_tokens": 20.0},  # a five-day month must show them
    ),
}


@pytest.fixture(scope="module", params=PERIODS)
def sides(request):
    spec = load(PERIODS[request.param])
    prices, dice = resolve_prices(spec), Dice(11)
    ours = [trial(spec, prices, dice) for _ in range(TWIN_TRIALS)]
    tally = run(spec, trials=KERNEL_TRIALS, seed=3, engine="exact", points="plain", threads=1).tally
    unit = tally.frame.unit
    twin = {"spend": np.array([t.spend for t in ours])}
    kernel = {"spend": tally.cells.sum(axis=1) * unit}
    for day in range(len(tally.frame.dates)):
        twin[f"day {day}"] = np.array([t.daily[day] for t in ours])
        kernel[f"day {day}"] = tally.daily[:, day, :].sum(axis=1) * unit
    for place, name in enumerate(tally.frame.features):
        twin[name] = np.array([t.sessions[name] for t in ours], dtype=float)
        kernel[name] = tally.sessions[:, :, place].sum(axis=1).astype(float)
    for side in (twin, kernel):
        side["both features"] = side["ask"] * side["sum up"]  # they share a day's g and a trial's volume
        side["swing"] = (side["ask"] + side["sum up"] - twin["ask"].mean() - twin["sum up"].mean()) ** 2
    return twin, kernel


def test_means_of_periods_are_the_twins(sides):
    twin, kernel = sides
    gaps = {}
    for column, theirs in kernel.items():
        gaps[column] = gap_in_standard_errors(twin[column], theirs.mean(), theirs.size, theirs.std())
    assert {column: gap for column, gap in gaps.items() if gap > 4} == {}


def test_distributions_of_periods_are_the_twins(sides):
    twin, kernel = sides
    bound = kolmogorov_bound(TWIN_TRIALS, KERNEL_TRIALS)
    distances = {column: kolmogorov_distance(twin[column], theirs) for column, theirs in kernel.items()}
    assert {column: d for column, d in distances.items() if d > bound} == {}
