"""The same seed gives the same bits on any number of threads and any size of block."""

from __future__ import annotations

import json

import numpy as np
import pytest

from simulator.run import run
from tests.twin.variants import EVERYTHING

SPEC = EVERYTHING | {
    "volume": {"sessions_per_day": 300, "dispersion": 4, "weekdays": {"sun": 0.5}},
    "period": {"start": "2026-12-01", "days": 4},
    "budget": 12,
    "trends": {"context": 0.2},
    "fixed_costs": {"monthly": {"platform": 3}},
    "drivers": EVERYTHING["drivers"] | {"volume": "0.6 to 1.7", "failure_rate": "0.5 to 2"},
}


def outcome(threads, block, seed=9):
    result = run(SPEC, trials=97, seed=seed, engine="exact", threads=threads, block=block)
    return json.dumps(result.to_dict(), sort_keys=True), result.tally


@pytest.fixture(scope="module")
def reference():
    return outcome(threads=1, block=None)


@pytest.mark.parametrize(("threads", "block"), [(2, None), (1, 1), (1, 13), (2, 97), (2, 5), (3, 1_000)])
def test_json_and_every_trial_are_the_same_bits(reference, threads, block):
    text, tally = outcome(threads, block)
    assert text == reference[0]
    for name in ("trial", "levels", "cells", "daily", "covered", "sessions", "worst"):
        assert np.array_equal(getattr(tally, name), getattr(reference[1], name)), name
    assert np.array_equal(tally.session.cost_counts, reference[1].session.cost_counts)
    assert np.array_equal(tally.session.cost_units, reference[1].session.cost_units)


def test_another_seed_is_another_run(reference):
    assert outcome(threads=1, block=None, seed=10)[0] != reference[0]


def test_more_trials_begin_with_the_same_ones(reference):
    longer = run(SPEC, trials=120, seed=9, engine="exact", threads=2).tally
    assert np.array_equal(longer.cells[:97], reference[1].cells)


def test_cells_days_and_coverage_sum_to_the_same_integers(reference):
    tally = reference[1]
    days = tally.daily.sum(axis=(1, 2)) + tally.frame.fixed_daily.sum()
    assert np.array_equal(tally.cells.sum(axis=1), days)
    assert np.array_equal(tally.cells[:, tally.frame.covered_cells].sum(axis=1), tally.covered.sum(axis=1))
    assert tally.session.sessions == tally.sessions.sum() == tally.session.cost_counts.sum()
    # The histogram's money is rounded session by session, a trial's cells and days once each.
    assert abs(int(tally.session.cost_units.sum()) - int(tally.daily.sum())) <= tally.session.sessions / 2
