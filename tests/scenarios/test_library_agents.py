"""What the stories of the library's agents promise, held against the naive twin and the traces that they cite.

The twin meets them as a run does: every driver is drawn, by strata, so that few draws stand for its whole law.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from scenarios.load import library_path, load
from scenarios.prices import resolve_prices
from tests.twin.naive_twin import Dice, Session, World, levels

UNGUARDED = "features.work.guardrails={cost: 10k, calls: 10k, agents: 10k, depth: 20}"
SIGMAS = 4


def bills(name, months, sessions, *overrides, fixed=()):
    """Sessions of as many months, each month at its own draw of the drivers; `fixed` ones stand at 1."""
    scenario = load(name, overrides=overrides)
    dice = Dice(2026)
    drawn = {
        driver: law.ppf((dice.rng.permutation(months) + 0.5) / months)
        for driver, law in scenario.drivers.levels.items()
        if driver not in fixed
    }
    cards = {model: by_day[0] for model, by_day in resolve_prices(scenario).cards.items()}
    (feature,) = scenario.features
    found = []
    for month in range(months):
        world = World(cards, levels(**{driver: float(draws[month]) for driver, draws in drawn.items()}))
        found += [Session(scenario, feature, world, dice).run() for _ in range(sessions)]
    return found


def column(found, name):
    return np.array([getattr(bill, name) for bill in found], dtype=float)


def error(values):
    return values.std() / math.sqrt(values.size)


def money(found, *causes, agent=None):
    """Money a session of these causes, of one agent or of all."""
    return np.array(
        [
            sum(paid for (who, cause, _), paid in bill.cells.items() if cause in causes and agent in {None, who})
            for bill in found
        ]
    )


def share(part, whole):
    """Share of a sum, with its standard error (a ratio of two means)."""
    ratio = part.mean() / whole.mean()
    return ratio, error(part - ratio * whole) / whole.mean()


def quantile_range(values, p):
    """Order statistics that hold the quantile at SIGMAS standard deviations of a binomial count."""
    ordered, reach = np.sort(values), SIGMAS * math.sqrt(values.size * p * (1 - p))
    return ordered[math.floor(values.size * p - reach)], ordered[math.ceil(values.size * p + reach)]


# -- support agent -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def conversations():
    return bills("support-agent", 40, 300)


def test_support_makes_12_calls_a_conversation_and_23_in_one_of_twenty(conversations):
    calls = column(conversations, "calls")
    assert abs(calls.mean() - 12) + SIGMAS * error(calls) < 0.05 * 12
    low, high = quantile_range(calls, 0.95)
    assert 0.95 * 23 <= low <= high <= 1.05 * 23


def test_support_a_dollar_in_twenty_goes_to_models_and_tools(conversations):
    cost, people = column(conversations, "cost"), money(conversations, "handoff", "human_review")
    ratio, unsure = share(cost - people - money(conversations, "overheads"), cost)
    assert 1 / 25 + SIGMAS * unsure < ratio < 1 / 14 - SIGMAS * unsure


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


# -- coding agent ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tasks():
    return bills("coding-agent", 40, 75)


def test_coding_a_task_makes_some_45_calls(tasks):
    calls = column(tasks, "calls")
    assert abs(calls.mean() - 45) + SIGMAS * error(calls) < 0.15 * 45


def test_coding_more_than_half_of_the_bill_is_reading_once_more(tasks):
    ratio, unsure = share(money(tasks, "system", "history"), column(tasks, "cost"))
    assert ratio > 0.5 + SIGMAS * unsure


def test_coding_one_task_in_a_hundred_costs_nine_times_the_typical_one(tasks):
    cost = column(tasks, "cost")
    low, high = quantile_range(cost, 0.99)
    assert low / np.median(cost) <= 9 <= high / np.median(cost)


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


def test_research_one_search_in_eight_is_done_anew():
    assert load("research-assistant").agents["searcher"].checked_by.reject_rate == pytest.approx(1 / 8, abs=0.01)


def test_research_the_leads_habit_decides_what_a_report_costs():
    """Between the P5 and the P95 of the fan-out alone, a report comes to cost half as much again."""
    law = load("research-assistant").drivers.levels["fanout"]
    shy, keen = (
        column(bills("research-assistant", 20, 50, f"drivers.fanout={level}"), "cost")
        for level in law.ppf([0.05, 0.95])
    )
    assert keen.mean() - 1.5 * shy.mean() > -SIGMAS * math.hypot(error(keen), 1.5 * error(shy))
    assert keen.mean() - shy.mean() > SIGMAS * math.hypot(error(keen), error(shy))


# -- runaway agent -----------------------------------------------------------------------------------------------------


def test_runaway_two_tickets_in_266_start_eight_times_as_many_workers():
    usual, rare = load("runaway-agent").agents["lead"].spawns[0].count.spec["mixture"]
    assert rare["weight"] == pytest.approx(2 / 266, abs=1e-4)
    assert rare["law"]["poisson"]["mean"] / usual["law"]["poisson"]["mean"] == 8
    assert usual["weight"] ** 50 > 0.5


@pytest.fixture(scope="module")
def tickets():
    """Months of a high fan-out, with guardrails and without."""
    high = "drivers.fanout=1.6"
    return {
        name: bills("runaway-agent", 20, 60, high, *over) for name, over in {"held": (), "free": (UNGUARDED,)}.items()
    }


def test_runaway_guardrails_hold(tickets):
    rails = load("runaway-agent").features["work"].guardrails
    calls = column(tickets["held"], "calls")
    again = 2  # a run that is repeated after a cut makes one more call, and is cut
    assert calls.max() <= rails.calls + again
    assert column(tickets["free"], "calls").max() > 3 * rails.calls
    assert column(tickets["free"], "cost").max() > 3 * column(tickets["held"], "cost").max()


def test_runaway_guardrails_save_money_and_cost_successes(tickets):
    held, free = (column(tickets[name], "cost") for name in ("held", "free"))
    assert free.mean() - held.mean() > SIGMAS * math.hypot(error(held), error(free))
    cut = column(tickets["held"], "cut")
    assert cut.mean() > SIGMAS * error(cut)
    assert not any(bill.success for bill in tickets["held"] if bill.cut)
    assert not column(tickets["free"], "cut").any()


def test_runaway_the_file_says_how_to_lift_its_guardrails():
    assert UNGUARDED.replace("=", '="', 1) + '"' in library_path("runaway-agent").read_text(encoding="utf-8")
