"""What the stories of the library's agents promise, held against runs and against the traces that they cite.

A figure of a run has the error that runs of other seeds show. Support's calls are told a second time by the naive twin.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from scenarios.expected import expected_by_day
from scenarios.load import library_path, load
from scenarios.prices import resolve_prices
from scenarios.rollout import rollout_share
from simulator.result import Result
from simulator.run import run
from tests.twin.naive_twin import Dice, Session, World, levels

UNGUARDED = "features.work.guardrails={cost: 10k, calls: 10k, agents: 10k, depth: 20}"
SIGMAS = 4
SEEDS = range(1, 9)
REACH = float(stats.t.isf(1e-4, len(SEEDS) - 1)) / math.sqrt(len(SEEDS))


def months(name: str, *overrides: str, seeds=SEEDS, trials=50) -> list[Result]:
    """Runs of a scenario at a small volume, one a seed."""
    few = ("volume={sessions_per_day: 5}", *overrides)
    return [run(name, trials=trials, seed=seed, overrides=few, threads=1) for seed in seeds]


def told(results: list[Result], figure: Callable[[Result], float]) -> tuple[float, float]:
    """A figure's mean over the runs, and how far from the truth it may be."""
    values = np.array([figure(result) for result in results])
    return float(values.mean()), REACH * float(values.std(ddof=1))


def paid(result: Result, *causes: str) -> float:
    """Money of these causes, or of all that sessions make."""
    return sum(
        part.mean for part in result.components() if part.cause != "fixed" and (not causes or part.cause in causes)
    )


def quantile_range(values, p):
    """Order statistics that hold the quantile at SIGMAS standard deviations of a binomial count."""
    ordered, reach = np.sort(values), SIGMAS * math.sqrt(values.size * p * (1 - p))
    return ordered[math.floor(values.size * p - reach)], ordered[math.ceil(values.size * p + reach)]


# -- support agent -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def conversations():
    return months("support-agent", trials=200)


def test_support_makes_12_calls_a_conversation_and_23_in_one_of_twenty(conversations):
    mean, unsure = told(conversations, lambda result: result.session.calls.mean)
    assert abs(mean - 12) + unsure < 0.05 * 12
    p95, unsure = told(conversations, lambda result: result.session.calls.p95)
    assert abs(p95 - 23) + unsure < 0.05 * 23


def test_support_makes_as_many_calls_in_the_naive_twin(conversations):
    calls = np.array(list(twin_calls("support-agent", 40, 60)), dtype=float)
    mean, unsure = told(conversations, lambda result: result.session.calls.mean)
    assert abs(calls.mean() - mean) < math.hypot(unsure, SIGMAS * calls.std() / math.sqrt(calls.size))
    low, high = quantile_range(calls, 0.95)
    assert low <= told(conversations, lambda result: result.session.calls.p95)[0] <= high


def twin_calls(name, n_months, sessions):
    """Calls of sessions of as many months; every driver is drawn by strata, so that few draws stand for its law."""
    scenario, dice = load(name), Dice(2026)
    drawn = {
        driver: law.ppf((dice.rng.permutation(n_months) + 0.5) / n_months)
        for driver, law in scenario.drivers.levels.items()
    }
    cards = {model: by_day[0] for model, by_day in resolve_prices(scenario).cards.items()}
    (feature,) = scenario.features
    for month in range(n_months):
        world = World(cards, levels(**{driver: float(draws[month]) for driver, draws in drawn.items()}))
        for _ in range(sessions):
            yield Session(scenario, feature, world, dice).run().calls


def test_support_a_dollar_in_twenty_goes_to_models_and_tools(conversations):
    share, unsure = told(
        conversations,
        lambda result: 1 - paid(result, "handoff", "human_review", "overheads") / paid(result),
    )
    assert 1 / 25 + unsure < share < 1 / 14 - unsure


def test_support_is_the_tau_bench_trace(shared):
    """Where the trace is at hand: the facts that the scenario quotes, and the laws that it takes from them."""
    pandas = pytest.importorskip("pandas")
    trace = pandas.read_csv(shared / "data" / "taubench_airline_gpt4o_calls.csv.gz")
    trace = trace.sort_values(["task_id", "trial", "call_idx"])
    sessions = trace.groupby(["task_id", "trial"])
    calls = sessions.size()
    assert (len(trace), len(calls), calls.max()) == (2_454, 200, 30)
    assert calls.mean() == pytest.approx(12.3, abs=0.05)
    assert calls.quantile([0.5, 0.95]).round().tolist() == [11, 23]
    assert (calls == 30).mean() == pytest.approx(0.035)
    assert sessions["reward"].first().mean() == pytest.approx(0.42)

    logs = np.log(calls)
    within = logs.groupby("task_id").var().mean() / logs.var()
    assert within == pytest.approx(0.37, abs=0.005)
    assert trace["is_tool_call"].mean() == pytest.approx(0.333 + 0.126 + 0.016, abs=0.001)
    words = np.log(trace["output_tokens"])
    assert (words.mean(), words.std()) == pytest.approx((3.89, 0.68), abs=0.005)

    added = sessions["input_tokens"].shift(-1) - trace["input_tokens"] - trace["output_tokens"]
    said = added[~trace["is_tool_call"]].dropna()
    assert (said.mean(), said.std() / said.mean()) == pytest.approx((33, 0.33), rel=0.02)
    results = added[trace["is_tool_call"]].dropna()
    for name, low, high in (("act", 0, 50), ("look_up", 50, 500), ("search_flights", 500, math.inf)):
        tool, part = load("support-agent").agents["desk"].tools[name], results[results.between(low, high)]
        assert tool.result_tokens.mean() == pytest.approx(part.mean(), rel=0.02)
        assert tool.result_tokens.var() ** 0.5 == pytest.approx(part.std(), rel=0.05)
        assert tool.calls_per_turn.mean() == pytest.approx(0.4743 * len(part) / len(results), abs=0.001)


def test_support_difficulty_is_what_tasks_differ_by():
    """Of the variance of log turns 63 % is the task's; a gamma's logarithm has the variance trigamma(shape)."""
    special = pytest.importorskip("scipy.special")
    scenario = load("support-agent")
    laws = (scenario.difficulty, scenario.agents["desk"].turns)
    task, rest = (float(special.polygamma(1, law.mean() ** 2 / law.var())) for law in laws)
    assert task / (task + rest) == pytest.approx(0.63, abs=0.01)


def test_support_two_decembers_of_five_have_a_storm_or_a_strike():
    event = load("support-agent").events["snow-or-strike"]
    assert 1 - math.exp(-event.per_month) == pytest.approx(2 / 5, abs=0.01)
    assert float(event.multiplies["volume"].ppf(0.5)) == pytest.approx(2)


# -- coding agent ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tasks():
    return months("coding-agent")


def test_coding_a_task_makes_some_45_calls(tasks):
    mean, unsure = told(tasks, lambda result: result.session.calls.mean)
    assert abs(mean - 45) + unsure < 0.15 * 45


def test_coding_more_than_half_of_the_bill_is_reading_once_more(tasks):
    share, unsure = told(tasks, lambda result: paid(result, "system", "history") / paid(result))
    assert share > 0.5 + unsure


def test_coding_one_task_in_a_hundred_costs_nine_times_the_typical_one(tasks):
    ratio, unsure = told(tasks, lambda result: result.session.cost.p99 / result.session.cost.p50)
    assert abs(ratio - 9) < 0.5 + unsure
    assert unsure < 1


def test_coding_one_piece_of_work_in_seven_is_sent_back():
    assert load("coding-agent").agents["executor"].checked_by.reject_rate == pytest.approx(1 / 7, abs=0.01)


def test_coding_prompts_grow_by_the_steps_of_the_traces(shared):
    """What tools and messages add between two calls of an executor, against the traces: mean and P95."""
    pandas = pytest.importorskip("pandas")
    trace = pandas.read_csv(shared / "data" / "claude_code_calls.csv.gz")
    main = trace[trace["agent"] == "main"].sort_values(["trace_id", "idx"])
    added = (main.groupby("trace_id")["in"].shift(-1) - main["in"] - main["out"]).dropna()
    added = added[added > 0]
    dice, executor = Dice(1), load("coding-agent").agents["executor"]
    ours = np.array([step(dice, executor) for _ in range(50_000)])
    assert ours.mean() == pytest.approx(added.mean(), rel=0.15)
    assert np.quantile(ours, 0.95) == pytest.approx(added.quantile(0.95), rel=0.2)


def step(dice, agent):
    """Tokens that a turn adds to the next prompt, the model's own words apart."""
    calls = [(tool, round(dice.draw(tool.calls_per_turn))) for tool in agent.tools.values()]
    results = sum(dice.draw(tool.result_tokens) for tool, n in calls for _ in range(n))
    return dice.draw(agent.message_tokens) + results


# -- research assistant ------------------------------------------------------------------------------------------------


def test_research_the_searchers_model_doubles_its_price_in_january():
    december, january = (resolve_prices(load("research-assistant", overrides=o)) for o in ([], ["period=2027-01"]))
    before, after = (book.cards["flash"][0].tiers[0] for book in (december, january))
    assert (before.input, before.output) == (0.75, 3.75)
    assert (after.input, after.output) == (1.50, 7.50)


def test_research_december_has_the_reports_that_its_comment_says():
    assert sum(expected_by_day(load("research-assistant"))) == pytest.approx(1_290, abs=5)
    january = load("research-assistant", overrides="period=2027-01")
    assert {rollout_share(january.volume.rollout, day) for day in january.period.dates} == {1.0}


def test_research_one_search_in_eight_is_done_anew():
    assert load("research-assistant").agents["searcher"].checked_by.reject_rate == pytest.approx(1 / 8, abs=0.01)


def test_research_the_leads_habit_decides_what_a_report_costs():
    """Between the P5 and the P95 of the fan-out alone, a report comes to cost more than 40 % more."""
    law = load("research-assistant").drivers.levels["fanout"]
    shy, keen = (months("research-assistant", f"drivers.fanout={level}") for level in law.ppf([0.05, 0.95]))
    pairs = list(zip(keen, shy, strict=True))
    more = np.array([high.session.cost.mean / low.session.cost.mean for high, low in pairs])
    assert more.mean() > 1.4 + REACH * more.std(ddof=1)


# -- runaway agent -----------------------------------------------------------------------------------------------------


def test_runaway_two_tickets_in_266_start_eight_times_as_many_workers():
    usual, rare = load("runaway-agent").agents["lead"].spawns[0].count.spec["mixture"]
    assert rare["weight"] == pytest.approx(2 / 266, abs=1e-4)
    assert rare["law"]["poisson"]["mean"] / usual["law"]["poisson"]["mean"] == 8
    assert usual["weight"] ** 50 > 0.5


@pytest.fixture(scope="module")
def held():
    (result,) = months("runaway-agent", seeds=[1])
    return result


def test_runaway_guardrails_hold_what_runs_away_without_them(held):
    rails = load("runaway-agent").features["work"].guardrails
    (free,) = months("runaway-agent", UNGUARDED, seeds=[1])
    again = 2  # a run that is repeated after a cut makes one more call, and is cut
    assert held.worst(100)["calls"].max() <= rails.calls + again
    assert free.worst(100)["calls"].max() > 3 * rails.calls
    dearest = held.session.cost.max
    assert dearest < 1.25 * rails.cost
    assert free.session.cost.max > 3 * dearest
    assert free.session.cut_rate == 0 < held.session.cut_rate


def test_runaway_guardrails_save_money_and_cost_successes(held):
    (effect,) = held.guardrails
    assert effect.saving.mean > SIGMAS * effect.saving.se
    assert effect.successes_lost.mean > SIGMAS * effect.successes_lost.se


def test_runaway_the_file_says_how_to_lift_its_guardrails():
    assert UNGUARDED.replace("=", '="', 1) + '"' in library_path("runaway-agent").read_text(encoding="utf-8")
