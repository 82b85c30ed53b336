"""Tools against mathematics: compound sums of results and fees, and what neither price nor currency moves."""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.facts import standard_errors_off
from tests.engine.test_closed_forms import mean_rounded_lognormal
from tests.engine.truth import FEW, assert_always, assert_cells, assert_means, attempts_mean, cell_off
from tests.twin.worlds import DEAR, one_agent

FREE = {"models": {"dear": {"input": 0, "output": 0}}}
SIZES = {"system_tokens": 900, "message_tokens": 100, "output_tokens": 200}
INPUT_PRICE, OUTPUT_PRICE = DEAR["input"] / 1e6, DEAR["output"] / 1e6


def working(turns=3, more=None, **tools):
    features = {"ask": {"agent": "chat"}}
    return one_agent(SIZES | {"turns": turns, "tools": tools}, features=features, **(more or {}))


@pytest.mark.parametrize(
    ("count", "driver", "mean", "variance"),
    [({"poisson": {"mean": 1.7}}, 1, 1.7, 1.7), (1.5, 1.4, 2.1, 0.09), (2, 1, 2, 0), (0.3, 1, 0.3, 0.21)],
)
@pytest.mark.parametrize(("fails", "most"), [(0.4, 3), (0.7, 2), (0.0, 1)])
def test_fees_are_a_compound_sum_of_truncated_geometric_invocations(sample, count, driver, mean, variance, fails, most):
    tool = {"calls_per_turn": count, "fee": 0.25, "failure_rate": fails, "max_attempts": most}
    cost = sample(working(1, FREE | {"drivers": {"tool_calls": driver}}, search=tool), 2_000, 10).columns["cost"]
    each = attempts_mean(fails, most)
    square = sum((2 * r + 1) * fails**r for r in range(most))  # E[A^2] = sum of (2r + 1) P(A > r)
    assert standard_errors_off(cost, 0.25 * mean * each) < 4
    spread = 0.25**2 * (mean * (square - each**2) + variance * each**2)
    assert standard_errors_off((cost - 0.25 * mean * each) ** 2, spread) < 4


def test_results_are_a_message_in_the_next_turn_and_history_after_that(sample):
    side = sample(working(search={"calls_per_turn": {"poisson": {"mean": 1.3}}, "result_tokens": 50}))
    mean = 3 * 1_000 + 3 * 300 + 3 * 1.3 * 50  # the first turn's twice, the second's once, the last one's never
    assert_means(side, input=mean)
    assert standard_errors_off((side.columns["input"] - mean) ** 2, (4 + 1) * 1.3 * 50**2) < 4
    message, history = 3 * 100 + 2 * 1.3 * 50, 3 * 300 + 1.3 * 50
    assert_cells(side, message=message * INPUT_PRICE, history=history * INPUT_PRICE)


def test_results_are_carried_as_far_as_messages_are(sample):
    spec = working(3, {}, search={"calls_per_turn": 1, "result_tokens": 60})
    spec["agents"]["chat"]["context"] = {"carry": 0.5}
    # Turn 2: history round((100 + 200) / 2); turn 3: on top of it round((100 + 60 + 200) / 2).
    assert_always(sample(spec | FEW, 20, 2), input=1_000 + (1_000 + 150 + 60) + (1_000 + 150 + 180 + 60))


def test_results_of_random_size_and_number(sample):
    tool = {"calls_per_turn": {"poisson": {"mean": 1.3}}, "result_tokens": {"p50": 150, "p95": 900}}
    side = sample(working(2, {"drivers": {"tool_calls": 2}}, search=tool))
    # Twice a Poisson count: each of its calls is there twice, with a result of its own.
    assert_means(side, input=2 * 1_000 + 300 + 2 * 1.3 * mean_rounded_lognormal(150, 900))


def test_a_failed_invocation_costs_its_fee_and_brings_its_result_once(sample):
    tool = {"calls_per_turn": 2, "result_tokens": 30, "fee": 0.01, "failure_rate": 0.5, "max_attempts": 4}
    side = sample(working(2, search=tool))
    assert_always(side, input=2 * 1_000 + 300 + 60, calls=2)
    assert cell_off(side, ("ask", "chat", "tools", "search"), 2 * 2 * attempts_mean(0.5, 4) * 0.01) < 4


def test_fees_are_money_that_neither_price_nor_currency_nor_discounts_move(sample):
    more = FEW | {
        "currency": "EUR",
        "usd_rate": 0.9,
        "drivers": {"price": 1.5},
        "models": {"dear": DEAR | {"pays": 0.5}},
    }
    tools = {"search": {"calls_per_turn": 2, "fee": 0.01}, "read": {"calls_per_turn": 1, "fee": 0.003}}
    side = sample(working(2, more, **tools), 20, 2)
    tokens = ((2 * 1_000 + 300) * INPUT_PRICE + 2 * 200 * OUTPUT_PRICE) * 0.5 * 1.5 * 0.9
    assert_always(side, cost=tokens + 2 * (0.02 + 0.003))
    for name, fees in (("search", 0.04), ("read", 0.006)):
        assert side.cell(("ask", "chat", "tools", name)) == pytest.approx(fees, rel=1e-6)


def test_a_tool_without_a_fee_has_no_cell(sample):
    side = sample(working(2, FEW, search={"calls_per_turn": 2, "result_tokens": 10}), 20, 2)
    assert {cause for _, _, cause, _ in side.cells} == {"system", "message", "history", "output"}
    assert np.ptp(side.columns["input"]) == 0
