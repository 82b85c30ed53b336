"""Sessions in lockstep: the columns stand where they are looked for, and no session notices its neighbours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from scenarios.load import load
from scenarios.prices import resolve_prices
from scenarios.schema import DRIVERS
from simulator.engine import columns, layout
from simulator.engine.again import sample_sessions
from simulator.engine.exact import simulate as simulate_trials
from simulator.engine.items import NO_NUMBERS
from simulator.engine.kernels import run_chats, run_trees
from simulator.engine.layout import ITEM_DTYPE, SLOT_CAUSES, TOTALS
from simulator.engine.memory import Scratch
from simulator.engine.period import Period
from simulator.engine.plan import NANO, compile_program
from simulator.engine.tally import MAX_CALLS, N_WORST, SESSION_DTYPE
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


def calling(turns=3, **tool):
    agent = {"turns": turns, "message_tokens": 10, "output_tokens": 10, "tools": {"t": {"result_tokens": 1} | tool}}
    return one_agent(agent, volume={"sessions_per_day": 20})


def test_a_session_may_call_no_more_tools_than_models():
    sessions = all_sessions(simulate(calling(calls_per_turn=0.6 * MAX_CALLS), trials=1))
    assert sessions["cut_by"].eq("limit").all()
    assert sessions["calls"].eq(2).all(), "the second turn's calls pass the limit"
    assert not all_sessions(simulate(calling(calls_per_turn=MAX_CALLS // 3), trials=1))["cut"].any()


def test_invocations_that_fail_count_against_the_limit():
    spec = calling(calls_per_turn=1_000, fee=0.001, failure_rate=1, max_attempts=1_000)
    sessions = all_sessions(simulate(spec, trials=1))
    assert sessions["cut_by"].eq("limit").all()
    # A thousand calls, and all the failures that a session may have and one.
    assert sessions["cost"].tolist() == pytest.approx([0.001 * (1_000 + MAX_CALLS + 1)] * len(sessions), rel=1e-3)


@pytest.mark.parametrize("spec", [EVERYTHING, *TREES.values()], ids=["everything", *TREES])
def test_sessions_are_the_same_in_any_company(spec):
    scenario = load(spec | {"volume": {"sessions_per_day": 40}})
    program, period = compile_program(scenario, resolve_prices(scenario)), Period.of(scenario)
    addresses = np.zeros(600, SESSION_DTYPE)
    addresses["trial"], addresses["session"] = np.repeat(np.arange(3), 200), np.tile(np.arange(200), 3)
    order = np.random.default_rng(1).permutation(len(addresses))
    together, alone = (sample_sessions(program, period, 1, which) for which in (addresses, addresses[order]))
    assert np.array_equal(together[order], alone)


@pytest.mark.parametrize("spec", [ALL_ALIKE, TREES["an agent that spawns itself, one level deep"]])
def test_kernels_give_up_when_they_are_told_to(spec):
    scenario = load(spec)
    program = compile_program(scenario, resolve_prices(scenario))
    scratch = Scratch(1, program.shape)
    out = scratch.out(*program.frame().no_money(1))
    out.stop[0] = 1
    items = np.array([(0, 0, 0, 0, 0, 0, 0, 1_000, -1)], ITEM_DTYPE)
    levels = np.ones((1, len(DRIVERS)))
    for kernel in (run_chats, run_trees) if program.is_chat else (run_trees,):
        kernel(program.plan, np.uint64(1), items, NO_NUMBERS, levels, scratch.space, out, 1e9)
        assert not out.totals.any()


def test_the_kernel_of_trees_gives_chats_the_same_sessions():
    scenario = load(EVERYTHING)
    program, period = compile_program(scenario, resolve_prices(scenario)), Period.of(scenario)
    assert program.is_chat
    chats, trees = (
        simulate_trials(replace(program, is_chat=is_chat), period, 1, 2, unit=NANO) for is_chat in (True, False)
    )
    assert np.array_equal(chats.worst, trees.worst)
    assert np.array_equal(chats.session.cost_units, trees.session.cost_units)
    assert chats.session.tokens == trees.session.tokens
