"""Metrics by name, limits on them, and the verdict."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, get_args

import pytest

from simulator.risk.metrics import MetricError, Violation, metric_path, metric_value, violations
from simulator.risk.verdict import AT_RISK_UP_TO, FEWEST, HOLDS_BELOW, Word, verdict

VALUES: dict[str, Any] = {
    "trials": 10_000,
    "spend": {"p50": 80.0, "p95": 120.0, "p99": 150.0},
    "budget": {"breach_probability": 0.165, "breach_day": {"p10": None}},
    "session": {"cost": {"p99": 61.0}, "cost_per_success": math.inf, "success_rate": math.nan},
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("p95", 120.0),
        ("spend.p95", 120.0),
        ("p50", 80.0),
        ("p99", 150.0),
        ("breach_probability", 0.165),
        ("budget.breach_probability", 0.165),
        ("session.cost.p99", 61.0),
        ("trials", 10_000.0),
        ("session.cost_per_success", math.inf),
    ],
)
def test_a_metric_by_path_or_short_name(name: str, value: float) -> None:
    assert metric_value(VALUES, name) == value


def test_a_figure_that_a_run_does_not_give_is_nan() -> None:
    assert math.isnan(metric_value(VALUES, "budget.breach_day.p10"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sesion.cost.p99", "did you mean session.cost.p99"),
        ("breach_probabilty", "did you mean breach_probability"),
        ("p90", "did you mean spend.p90 or budget.breach_day.p90 or session.cost.p90?"),
        ("waste_share", "did you mean session.waste_share?"),
        ("qqqqqq", "a metric is one of p50, p95, p99, breach_probability, or a dotted path"),
        ("spend", "did you mean spend."),
        ("", "a metric is one of"),
    ],
)
def test_an_unknown_metric_is_told_what_it_may_have_meant(name: str, words: str) -> None:
    with pytest.raises(MetricError) as error:
        metric_path(name, has_budget=True)
    assert str(error.value).startswith(f"there is no metric {name!r}: ")
    assert words in str(error.value)
    assert isinstance(error.value, KeyError)


def test_metrics_of_the_budget_need_a_budget() -> None:
    with pytest.raises(MetricError, match="the scenario has no budget; state one as `budget:` or with --budget"):
        metric_path("breach_probability", has_budget=False)
    with pytest.raises(MetricError, match="no budget"):
        metric_value(VALUES | {"budget": None}, "budget.amount")
    assert metric_path("p95", has_budget=False) == "spend.p95"


def test_a_limit_is_crossed_above_it_and_not_at_it() -> None:
    limits = {"p95": 119.9, "spend.p50": 80.0, "session.cost.p99": 60, "session.success_rate": 0.1}
    assert violations(VALUES, limits) == (
        Violation("p95", "spend.p95", 120.0, 119.9),
        Violation("session.cost.p99", "session.cost.p99", 61.0, 60),
    )


def test_nothing_succeeding_crosses_any_limit_on_the_cost_of_success() -> None:
    assert len(violations(VALUES, {"session.cost_per_success": 1e12})) == 1


OTHER = Violation("p95", "spend.p95", 2.0, 1.0)


@pytest.mark.parametrize(
    ("probability", "limits", "crossed", "word"),
    [
        (0.0, {}, (), "HOLDS"),
        (0.0499, {}, (), "HOLDS"),
        (0.05, {}, (), "AT RISK"),
        (0.25, {}, (), "AT RISK"),
        (0.2501, {}, (), "LIKELY TO BREAK"),
        (0.165, {"breach_probability": 0.25}, (), "AT RISK"),
        (0.165, {"breach_probability": 0.10}, (), "LIKELY TO BREAK"),
        (0.30, {"budget.breach_probability": 0.40}, (), "AT RISK"),
        (0.03, {"breach_probability": 0.02}, (), "LIKELY TO BREAK"),
        (0.02, {"breach_probability": 0.02}, (), "HOLDS"),
        (0.01, {"p95": 1.0}, (OTHER,), "AT RISK"),
        (0.01, {"p95": 3.0}, (), "HOLDS"),
        (0.50, {"p95": 1.0}, (OTHER,), "LIKELY TO BREAK"),
        (None, {}, (), None),
        (None, {"p95": 3.0}, (), "HOLDS"),
        (None, {"p95": 1.0}, (OTHER,), "AT RISK"),
    ],
)
def test_the_word(probability: float | None, limits: dict[str, float], crossed: Any, word: str | None) -> None:
    said = verdict(probability, limits, crossed, FEWEST)
    assert (said.word, said.probability, said.violations) == (word, probability, crossed)


@pytest.mark.parametrize(
    ("probability", "limits", "crossed", "word"),
    [
        (0.0, {}, (), "IS OFF"),
        (None, {}, (), "IS OFF"),
        (None, {"p95": 3.0}, (), "IS OFF"),
        (0.05, {}, (), "AT RISK"),
        (0.01, {"p95": 1.0}, (OTHER,), "AT RISK"),
        (0.9, {}, (), "LIKELY TO BREAK"),
    ],
)
def test_nothing_holds_that_failed_its_own_backtest(
    probability: float | None, limits: dict[str, float], crossed: Any, word: str
) -> None:
    assert verdict(probability, limits, crossed, FEWEST, off=True).word == word


@pytest.mark.parametrize("probability", [0.0, 0.5, 1.0])
def test_few_trials_judge_nothing(probability: float) -> None:
    assert verdict(probability, {}, (), FEWEST - 1).word == "TOO FEW TRIALS"
    assert verdict(probability, {"p95": 1.0}, (OTHER,), 1).violations == (OTHER,)
    assert verdict(None, {"p95": 1.0}, (), 1).word == "TOO FEW TRIALS"
    assert verdict(None, {}, (), 1).word is None


def test_the_readme_says_what_each_word_means() -> None:
    said = (Path(__file__).resolve().parents[2] / "README.md").read_text().partition("| exit code |")[2]
    assert [word for word in get_args(Word) if word not in said] == []
    for border in (HOLDS_BELOW, AT_RISK_UP_TO):
        assert f"{100 * border:g} %" in said
    assert "`limits: {breach_probability: 10%}`" in said
