"""Retries with a fallback, cascades and routing by shares, against sums over what may happen to a turn."""

from __future__ import annotations

import pytest

from tests.engine.facts import share_off, standard_errors_off
from tests.engine.truth import FEW, assert_always, assert_cells, assert_means, attempts_mean
from tests.twin.worlds import DEAR, PLAIN, one_agent

ONE_TURN = {"system_tokens": 1_000, "message_tokens": 200, "output_tokens": 300}
FEATURES = {"features": {"ask": {"agent": "chat"}}}
FEE = {"dear": 0.002, "plain": 0.0005}
MODELS = {"dear": DEAR | {"fee_per_call": FEE["dear"]}, "plain": PLAIN | {"fee_per_call": FEE["plain"]}}
INPUT = {"dear": 1_200 * 3 / 1e6, "plain": 1_200 * 0.4 / 1e6}
OUTPUT = {"dear": 300 * 15 / 1e6, "plain": 300 * 1.2 / 1e6}
FULL = {name: INPUT[name] + OUTPUT[name] + FEE[name] for name in FEE}
READ = {name: INPUT[name] + FEE[name] for name in FEE}
FAILS = {"plain": 0.45, "dear": 0.2}


def failed_call(model, quality, billed):
    return quality * FULL[model] + (1 - quality) * (READ[model] if billed == "input" else 0)


@pytest.mark.parametrize(("after", "most"), [(1, 4), (2, 3), (2, 2)])
@pytest.mark.parametrize(("quality", "billed"), [(0, "none"), (0.3, "input"), (1, "none")])
def test_attempts_go_to_the_fallback_after_the_first_ones(sample, after, most, quality, billed):
    retry = {
        "failure_rate": FAILS,
        "max_attempts": most,
        "quality_share": quality,
        "provider_billed": billed,
        "fallback": {"after": after, "model": "dear"},
    }
    side = sample(one_agent(ONE_TURN | {"model": "plain", "retry": retry}, models=MODELS, **FEATURES))
    calls, money, again, going = 0.0, 0.0, 0.0, 1.0
    for r in range(most):
        model = "plain" if r < after else "dear"
        fails = FAILS[model]
        cost = going * ((1 - fails) * FULL[model] + fails * failed_call(model, quality, billed))
        calls, money, again = calls + going, money + cost, again + (cost if r else 0.0)
        going *= fails
    assert_means(side, calls=calls, cost=money)
    assert_cells(side, retries=again)
    assert share_off(side.columns["success"].sum(), side.sessions, 1 - going) < 4


@pytest.mark.parametrize(("quality", "billed"), [(0, "none"), (0.3, "input"), (1, "none")])
def test_a_cascade_shares_the_fate_of_its_last_model(sample, quality, billed):
    escalates, most = 0.3, 3
    retry = {"failure_rate": FAILS, "max_attempts": most, "quality_share": quality, "provider_billed": billed}
    model = {"cascade": ["plain", "dear"], "escalate_rate": escalates}
    side = sample(one_agent(ONE_TURN | {"model": model, "retry": retry}, models=MODELS, **FEATURES))
    calls = money = success = 0.0
    for chance, served in ((1 - escalates, ["plain"]), (escalates, ["plain", "dear"])):
        fails = FAILS[served[-1]]
        attempts, works = attempts_mean(fails, most), 1 - fails**most
        failed = sum(failed_call(name, quality, billed) for name in served)
        calls += chance * len(served) * attempts
        money += chance * (works * sum(FULL[name] for name in served) + (attempts - works) * failed)
        success += chance * works
    assert_means(side, calls=calls, cost=money)
    assert share_off(side.columns["success"].sum(), side.sessions, success) < 4


def test_a_cascade_goes_on_turn_by_turn(sample):
    model = {"cascade": ["plain", "dear"], "escalate_rate": 0.3}
    side = sample(one_agent(ONE_TURN | {"model": model, "turns": 5}))
    assert_means(side, calls=5 * 1.3)
    assert standard_errors_off((side.columns["calls"] - 6.5) ** 2, 5 * 0.3 * 0.7) < 4


def test_the_next_of_a_cascade_reads_nothing_and_its_answer_is_carried_once(sample):
    model = {"cascade": ["dear", "plain"], "escalate_rate": 1}
    agent = ONE_TURN | {"model": model, "turns": 3, "cache": {"hit_rate": 1}, "reasoning_tokens": 50}
    side = sample(one_agent(agent, **FEW), 20, 2)
    prompts = [1_200, 1_700, 2_200]
    cached = [1_000, 1_200, 1_700]
    written = sum(prompts) - sum(cached)  # by `dear`; `plain` has no price to write at
    cost = (sum(cached) * 0.3 + written * 3.75 + 3 * 350 * 15 + sum(prompts) * 0.4 + 3 * 350 * 1.2) / 1e6
    assert_always(side, calls=6, input=2 * sum(prompts), cached=sum(cached), written=written, output=6 * 350, cost=cost)


def test_a_whole_prompt_is_read_by_the_first_of_a_cascade_only(sample):
    model = {"cascade": ["dear", "plain"], "escalate_rate": 1}
    agent = {"model": model, "turns": 2, "prompt_tokens": 1_000, "cached_share": 0.4, "output_tokens": 10}
    cost = 2 * (400 * 0.3 + 600 * 3 + 10 * 15 + 1_000 * 0.4 + 10 * 1.2) / 1e6
    assert_always(sample(one_agent(agent, **FEW), 20, 2), calls=4, input=4_000, cached=800, cost=cost)


def test_shares_route_whole_instances(sample):
    agent = ONE_TURN | {"model": {"plain": 0.7, "dear": 0.3}, "turns": 3}
    costs = {
        name: ((3 * 1_200 + 3 * 500) * card["input"] + 3 * 300 * card["output"]) / 1e6
        for name, card in (("dear", DEAR), ("plain", PLAIN))
    }
    cost = sample(one_agent(agent)).columns["cost"]
    assert sorted(set(cost.round(9))) == pytest.approx(sorted(costs.values()), rel=1e-6)
    assert share_off((cost > sum(costs.values()) / 2).sum(), cost.size, 0.3) < 4


@pytest.mark.parametrize("rates", [0.3, {"plain": 0.3, "dear": 0.1}])
def test_shares_fail_and_succeed_by_their_model(sample, rates):
    agent = ONE_TURN | {
        "model": {"plain": 0.7, "dear": 0.3},
        "turns": 2,
        "retry": {"failure_rate": rates, "max_attempts": 2},
    }
    features = {"ask": {"agent": "chat", "success_rate": {"plain": 0.5, "dear": 0.9}}}
    side = sample(one_agent(agent, features=features))
    plain, dear = (rates["plain"], rates["dear"]) if isinstance(rates, dict) else (rates, rates)
    calls = sum(share * (1 + p) * (1 + 1 - p**2) for share, p in ((0.7, plain), (0.3, dear)))
    success = 0.7 * 0.5 * (1 - plain**2) ** 2 + 0.3 * 0.9 * (1 - dear**2) ** 2
    assert_means(side, calls=calls)
    assert share_off(side.columns["success"].sum(), side.sessions, success) < 4
