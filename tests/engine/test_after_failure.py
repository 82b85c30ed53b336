"""What follows a session: another run, a person who takes over, a person who looks at it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.engine.facts import share_off, standard_errors_off
from tests.engine.truth import FEW, assert_always, assert_cells, assert_means
from tests.twin.worlds import one_agent

SIZES = {"system_tokens": 900, "message_tokens": 100, "output_tokens": 200}
FREE = {"dear": {"input": 0, "output": 0}, "plain": {"input": 0, "output": 0}}


def tried(agent, more=None, **feature):
    return one_agent(SIZES | agent, features={"ask": {"agent": "chat"} | feature}, **(more or {}))


@pytest.mark.parametrize(("success", "repeat", "misses"), [(0.3, 0.8, 1), (0.3, 1, 1.2), (0.9, 0.5, 3)])
def test_a_session_runs_three_times_at_most(sample, success, repeat, misses):
    follows = {"repeat": repeat, "handoff": {"rate": 0.3, "cost": 13.5}}
    spec = tried({"turns": 2}, {"drivers": {"misses": misses}}, success_rate=success, on_failure=follows)
    side = sample(spec)
    missed = min(1, (1 - success) * misses)
    again = missed * repeat
    lost = missed * (1 - repeat) * (1 + again) + missed * again**2
    runs = 1 + again + again**2
    assert_means(side, runs=runs, agents=runs, calls=2 * runs, success=1 - lost, handed_over=lost * 0.3)
    assert_cells(side, handoff=lost * 0.3 * 13.5)
    assert share_off((side.columns["runs"] == 3).sum(), side.sessions, again**2) < 4


def test_every_run_draws_its_own_model_and_the_last_one_decides(sample):
    rates, shares = {"dear": 0.9, "plain": 0.4}, {"dear": 0.25, "plain": 0.75}
    spec = tried({"model": shares}, success_rate=rates, on_failure={"repeat": 0.6})
    side = sample(spec)
    missed = sum(share * (1 - rates[name]) for name, share in shares.items())
    again = missed * 0.6
    assert_means(side, runs=1 + again + again**2, success=(1 - missed) * (1 + again + again**2))
    # A session of two runs: the first missed, so its model leans to the cheap one; the second is a fair draw.
    two = side.columns["runs"] == 2
    cheap = (1_000 * 0.4 + 200 * 1.2) / 1e6
    dear = (1_000 * 3 + 200 * 15) / 1e6
    first = shares["plain"] * (1 - rates["plain"]) / missed
    done = 1 - again
    second = shares["plain"] * (rates["plain"] + (1 - rates["plain"]) * 0.4) / done
    assert standard_errors_off(side.columns["cost"][two], cheap * (first + second) + dear * (2 - first - second)) < 4


def test_an_agent_that_failed_may_do_well_in_the_next_run(sample):
    spec = tried({"retry": {"failure_rate": 0.6, "max_attempts": 1}}, on_failure={"repeat": 1})
    assert_means(sample(spec), success=1 - 0.6**3, runs=1 + 0.6 + 0.6**2, calls=1 + 0.6 + 0.6**2)


def test_runs_of_a_session_are_as_hard_as_each_other(sample):
    hard = {"mixture": [{"weight": 0.5, "law": 1}, {"weight": 0.5, "law": 3}]}
    agent = {"turns": 1, "sensitivity": {"turns": 1}}
    side = sample(tried(agent, {"difficulty": hard}, success_rate=0, on_failure={"repeat": 1}))
    assert set(side.columns["calls"]) == {3.0, 9.0}
    assert share_off((side.columns["calls"] == 9).sum(), side.sessions, 0.5) < 4


def test_runs_draw_afresh(sample):
    spec = tried({"turns": {"geometric": {"mean": 4}}}, success_rate=0, on_failure={"repeat": 1})
    calls = sample(spec).columns["calls"]
    assert standard_errors_off(calls, 12) < 4
    assert standard_errors_off((calls - 12) ** 2, 3 * 12) < 4  # of three turn counts that know nothing of each other


@pytest.mark.parametrize("repeat", [1, 0.5])
def test_calls_go_on_counting_in_a_run_after_a_cut(sample, repeat):
    follows = {"repeat": repeat, "handoff": {"rate": 1, "cost": 2}}
    side = sample(tried({"turns": 5}, guardrails={"calls": 3}, on_failure=follows))
    assert_means(side, calls=3 + repeat + repeat**2, agents=1 + repeat + repeat**2)
    assert_cells(side, handoff=2)
    assert_always(side, cut=1, success=0, handed_over=1)


def test_a_later_run_reaches_a_cap_sooner(sample):
    # A fixed session of two calls under a cap of three: the second run reaches the cap with its first call.
    side = sample(tried({"turns": 2}, success_rate=0.5, guardrails={"calls": 3}, on_failure={"repeat": 1}))
    assert_means(side, success=0.5, cut=0.5, calls=2 + 0.5 + 0.5, runs=2)


def test_whether_a_session_was_cut_is_said_of_its_last_run(sample):
    # A run either makes its one call, which cuts it, or its system prompt is too long and it fails without a call.
    system = {"mixture": [{"weight": 0.5, "law": 100}, {"weight": 0.5, "law": 5_000}]}
    agent = {"system_tokens": system, "context": {"limit": 1_000, "overflow": "fail"}}
    side = sample(tried(agent, guardrails={"calls": 1}, on_failure={"repeat": 1}))
    assert_means(side, cut=0.5, calls=1.5)
    assert_always(side, runs=3, success=0)


def test_agents_go_on_counting_over_runs(sample):
    spec = tried(
        {"spawns": [{"agent": "kid", "count": 2}]},
        FEW,
        success_rate=0,
        guardrails={"agents": 4},
        on_failure={"repeat": 1},
    )
    spec["agents"]["kid"] = {"model": "plain"} | SIZES
    # 1 + 2, then 1 and no room for children, then 1 more: a root always starts.
    assert_always(sample(spec, 20, 2), agents=5, calls=5, held=1, runs=3)


@pytest.mark.parametrize(("rate", "driver"), [(0.4, 1), (0.4, 1.5), (0.8, 2)])
def test_people_review_whatever_came_of_a_session(sample, rate, driver):
    spec = tried(
        {},
        {"drivers": {"human_review": driver}, "models": FREE},
        success_rate=0.5,
        human_review={"rate": rate, "minutes": {"p50": 4, "p95": 8}, "hourly_rate": 75},
    )
    side = sample(spec)
    sigma = math.log(2) / 1.6448536269514722
    mean, chance = 4 * math.exp(sigma**2 / 2) / 60 * 75, min(1, rate * driver)
    assert_means(side, cost=chance * mean, reviewed=chance)
    second = mean**2 * math.exp(sigma**2) * chance
    assert standard_errors_off(side.columns["cost"] ** 2, second) < 4
    assert ((side.columns["cost"] > 0) == side.columns["reviewed"]).all()
    succeeded = side.columns["success"] > 0
    assert np.abs(side.columns["reviewed"][succeeded].mean() - chance) <= 4 * math.sqrt(
        chance * (1 - chance) / succeeded.sum()
    )


def test_people_are_outside_of_what_a_cap_on_cost_sees(sample):
    follows = {"repeat": 1, "handoff": {"rate": 1, "cost": 9}}
    spec = tried(
        {"turns": 2},
        FEW,
        success_rate=0,
        guardrails={"cost": 1},
        on_failure=follows,
        human_review={"rate": 1, "cost": 3},
    )
    side = sample(spec, 20, 2)
    assert_always(side, cut=0, runs=3, calls=6, cost=12 + 3 * ((1_000 + 1_300) * 3 + 400 * 15) / 1e6)
    assert side.depth_cost.sum() == pytest.approx(side.columns["cost"].sum(), rel=1e-6)
