"""Sessions in lockstep: the columns stand where they are looked for, and no session notices its neighbours."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator.engine import columns, layout
from simulator.engine.layout import SLOT_CAUSES, TOTALS
from simulator.engine.tally import MAX_CALLS, N_WORST
from simulator.run import run
from tests.engine.facts import all_sessions, simulate
from tests.twin.variants import EVERYTHING, TREES, family
from tests.twin.worlds import one_agent


def positions(module, prefix):
    return {name.removeprefix(prefix).lower(): value for name, value in vars(module).items() if name.startswith(prefix)}


def test_columns_of_sums_stand_in_the_order_of_the_causes():
    assert positions(columns, "FOR_") == {cause: place * columns.STRIDE for place, cause in enumerate(SLOT_CAUSES)}


def test_totals_stand_where_they_are_counted():
    assert positions(layout, "T_") == {name: place for place, name in enumerate(TOTALS)}


def test_no_two_columns_overlap():
    for n, last in ((columns.N_WORDS, columns.NUMBER), (columns.N_FLOATS, columns.BIN)):
        assert last == (n - 1) * columns.STRIDE
    assert columns.STRIDE >= columns.LANES
    assert columns.LANES & (columns.LANES - 1) == 0, "sums are folded in halves"


@pytest.mark.parametrize("spec", [EVERYTHING, *TREES.values()], ids=["everything", *TREES])
@pytest.mark.parametrize("sessions_per_day", [1, 60, 130, 2_000])
def test_sessions_of_a_run_are_those_that_run_alone(spec, sessions_per_day):
    result = simulate(spec | {"volume": {"sessions_per_day": sessions_per_day}}, trials=12)
    told, alone = result.tally.session, all_sessions(result)
    assert np.rint(alone["cost"] / result.tally.frame.unit).sum() == told.cost_units.sum()
    assert np.array_equal(np.bincount(alone["calls"], minlength=len(told.calls_counts)), told.calls_counts)
    assert {kind: alone[kind].sum() for kind in told.tokens} == told.tokens
    assert (alone["success"].sum(), alone["cost"].max()) == (told.successes, told.max_cost)


ALL_ALIKE = one_agent({"turns": 1, "message_tokens": 100, "output_tokens": 10})


@pytest.mark.parametrize("spec", [EVERYTHING, ALL_ALIKE], ids=["everything", "all alike"])
@pytest.mark.parametrize("threads", [1, 2])
def test_the_dearest_sessions_are_kept_in_order(spec, threads):
    result = run(spec | {"volume": {"sessions_per_day": 2_000}}, trials=5, threads=threads)
    by_address = ["trial", "day", "feature", "session"]
    everyone = all_sessions(result).sort_values(["cost", *by_address], ascending=[False, True, True, True, True])
    pd.testing.assert_frame_equal(result.worst(N_WORST), everyone.head(N_WORST).reset_index(drop=True))


@pytest.mark.parametrize("spec", TREES.values(), ids=TREES)
@pytest.mark.parametrize(("threads", "block"), [(2, None), (1, 1), (2, 3)])
def test_trees_are_the_same_bits_on_any_threads_and_blocks(spec, threads, block):
    spec = spec | {"volume": {"sessions_per_day": 300}}
    reference, other = (run(spec, trials=7, threads=t, block=b).tally for t, b in ((1, None), (threads, block)))
    for name in ("cells", "daily", "sessions", "worst"):
        assert np.array_equal(getattr(reference, name), getattr(other, name)), name


def test_an_agent_that_nobody_starts_changes_nothing():
    spec = TREES["children after every turn, more of them"]
    more = spec | {"agents": {"idle": spec["agents"]["kid"]} | spec["agents"]}
    one, other = (simulate(s, trials=3) for s in (spec, more))
    assert np.array_equal(all_sessions(one)["cost"], all_sessions(other)["cost"])
    assert np.array_equal(one.tally.daily, other.tally.daily)


def test_a_tree_that_would_never_end_is_cut_and_counted():
    rule = {"agent": "kid", "count": 400, "result_tokens": 1}
    spec = family(rule, child={"turns": 300}, volume={"sessions_per_day": 3})
    sessions = all_sessions(simulate(spec, trials=1))
    assert sessions["cut"].all()
    assert not sessions["success"].any()
    assert sessions["calls"].eq(MAX_CALLS).all()
