"""Conditions of --fail-if: what they mean, and what is said of those that mean nothing."""

from __future__ import annotations

import math

import pytest

from simulator.risk.conditions import Condition, ConditionError, parse_condition

DOCUMENT = {
    "trials": 100,
    "engine": "exact",
    "prices": {"openai/gpt-5": {"input": 1.0}, "openai/gpt-5.5": {"input": 5.0}},
    "spend": {"p95": 108_800.0, "ci": {"p95": [107_000.0, 110_000.0]}},
    "budget": {"breach_probability": 0.165, "breach_day": None},
    "daily": {"p95": [1.0, 2.0, 3.0]},
    "session": {
        "agents": {"p99": 14.0},
        "depth": [{"depth": 0, "agents": 1.0, "cost_share": 0.6}, {"depth": 1, "agents": 2.1, "cost_share": 0.4}],
        "cut_by": {"limit": 0.001},
        "repeat_rate": 1.3,
    },
    "controls": {
        "turned_away": {"mean": 2_700.0, "share": 0.041, "p95_share": 0.117},
        "without": {"p95": 132_300.0},
        "breach_reduction": {"mean": 0.095},
        "each": [{"leak": {"mean": 1_940.0, "p95": 4_410.0}, "acted_rate": 0.628}],
    },
    "by_week": [{"p95": 24_800.0}],
    "heaviest_user": None,
    "spent": {"over_expected": 0.11},
    "guardrails": [{"saving": {"mean": 120.0, "ci": [100.0, 140.0]}, "cut_rate": 0.003, "cost_per_success": 1.4}],
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("p95>100k", 108_800.0),
        ("p95 > $108,800", None),
        ("p95>=$108,800", 108_800.0),
        ("spend.p95<200k", 108_800.0),
        ("breach_probability>5%", 0.165),
        ("budget.breach_probability<=16.5%", 0.165),
        ("budget.breach_day.p50<15", None),
        ("prices.openai/gpt-5.5.input>4", 5.0),
        ("daily.p95.1>1.5", 2.0),
        ("spend.ci.p95.1>109k", 110_000.0),
        ("session.agents.p99>10", 14.0),
        ("session.depth.1.cost_share>30%", 0.4),
        ("session.depth.1.agents>2", 2.1),
        ("session.cut_by.limit>0", 0.001),
        ("session.repeat_rate>1.2", 1.3),
        ("guardrails.0.saving.mean<1k", 120.0),
        ("guardrails.0.saving.ci.0<110", 100.0),
        ("guardrails.0.cut_rate>0.1%", 0.003),
        ("guardrails.0.cost_per_success>$1", 1.4),
        ("controls.turned_away.share>2%", 0.041),
        ("controls.turned_away.p95_share>20%", None),
        ("controls.without.p95>100k", 132_300.0),
        ("controls.breach_reduction.mean<10%", 0.095),
        ("controls.each.0.leak.p95>$4k", 4_410.0),
        ("controls.each.0.acted_rate>60%", 0.628),
        ("by_week.0.p95>20k", 24_800.0),
        ("heaviest_user.p95_share>10%", None),
        ("spent.over_expected>10%", 0.11),
    ],
)
def test_conditions_are_held_against_the_json(text: str, value: float | None) -> None:
    assert parse_condition(text, has_budget=True).met_by(DOCUMENT) == value


@pytest.mark.parametrize(
    ("success_rate", "text", "value"),
    [
        (0.0, "session.cost_per_success>1M", math.inf),
        (0.0, "session.cost_per_success<1M", None),
        (None, "session.cost_per_success>1M", None),
        (0.0, "session.cost.mean>1M", None),
    ],
)
def test_null_is_infinite_only_for_the_cost_of_a_success_where_none_came(
    success_rate: float | None, text: str, value: float | None
) -> None:
    session = {"success_rate": success_rate, "cost_per_success": None, "cost": {"mean": None}}
    assert parse_condition(text, has_budget=False).met_by({"session": session}) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("breach_probability", "has no operator: the shell took the > for itself"),
        ("breach_probability", '--fail-if "breach_probability>VALUE"'),
        ("", "has no operator"),
        ("p95=3", "the operator is one of > >= < <="),
        ("p95>>3", "the operator is one of > >= < <="),
        (">3", "is not METRIC>VALUE"),
        ("p95>", "needs a number after >"),
        ("p95>lots", "needs a number after >"),
        ("p95>nan", "needs a number after >"),
        ("p96>3", "did you mean"),
        ("cost_per_sucess>3", "did you mean session.cost_per_success"),
        ("seed>3", "there is no metric 'seed': it says how the run was made"),
        ("breach_probability>5", "lies between 0 and 1; write 5 % as 0.05 or 5%"),
        ("session.cut_by.limit>5", "lies between 0 and 1"),
        ("session.held_rate>5", "lies between 0 and 1"),
        ("controls.turned_away.share>5", "lies between 0 and 1"),
        ("heaviest_user.p95_share>5", "lies between 0 and 1"),
        ("peak_hour.shares>5%", "did you mean peak_hour.share"),
        ("spent.amount>5k", "it says how the run was made"),
        ("guardrails.0.saving.means>5", "there is no metric"),
    ],
)
def test_a_bad_condition_says_what_would_be_right(text: str, said: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse_condition(text, has_budget=True)
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["breach_probability>5%", "budget.breach_ci.1>5%"])
def test_without_a_budget_there_is_no_breach(text: str) -> None:
    with pytest.raises(ConditionError, match=r"no budget|needs a budget"):
        parse_condition(text, has_budget=False)


@pytest.mark.parametrize("metric", ["prices.gpt-9.input", "daily.p95.7", "engine"])
def test_a_path_that_this_run_lacks_is_an_error(metric: str) -> None:
    with pytest.raises(ConditionError, match=f'^"{metric}" is no number of this run$'):
        Condition(metric, ">", 1.0).met_by(DOCUMENT)
