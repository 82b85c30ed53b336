"""The first screen: golden at 100 columns, and the rules of its words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulator.show.metrics import figure
from simulator.show.screen import screen
from tests.cli.calling import Caller
from tests.cli.months import braked, result, tally

GOLDEN = """\
AT RISK   1 in 6 chance of going over the $100,000 budget (18 %).
          To be 95 % sure of holding it, budget $115,000 (+$15,000).
Spreadsheet of averages  $ 55,000
A typical month (P50)    $ 83,800
Budget                   $100,000   held in 82 % of 10,000 simulated months
1 month in 20 above      $115,000   (P95)
1 month in 100 above     $132,000   (P99)
If it breaks    around Tue 29 Dec (most likely 25 to 31 Dec), by $11,600 on average
Went wrong      $11,900 goes to retries and the 10 % of sessions that failed
What makes it   history re-sent by planner and executor 27 % (30 % in the worst months) ·
                people reviewing 25 % (24 %) · answers written by executor 17 % (17 %) ·
                system prompts of chat 14 % (14 %) · the rest 17 % (15 %)
Who spends it   chat 27 % (26 % in the worst months) · executor 25 % (26 %) · people 25 % (24 %) ·
                planner 19 % (21 %) · the rest 4 % (3 %)
Worst months    volume 1.5x the plan
Trust           simulation error ±0.8 % of the P95, chance 17.3 to 18.8 % · seed 1
"""


def test_golden_at_100_columns() -> None:
    assert screen(result(), 100) == GOLDEN.removesuffix("\n")


def test_events_and_controls_have_their_lines() -> None:
    said = screen(result(braked()), 100).splitlines()
    assert "Brakes          3 % of sessions turned away; without controls: 33.6 % chance, P95 $127,000" in said
    assert "Worst months    volume 1.5x the plan · launch spike (86 % of them; 54 % of all)" in said
    assert said[said.index(next(line for line in said if line.startswith("Brakes"))) - 1].startswith("If it breaks")


def test_the_hybrid_engine_says_its_own_error() -> None:
    said = screen(result(accuracy={"rms_error": 0.00163, "held_out_levels": 24}), 200)
    assert "chance 17.3 to 18.8 % · engine error ±0.16 % of a month's spend · seed 1" in said
    assert "engine error" not in screen(result())


@pytest.mark.parametrize("width", [40, 60, 72, 100])
def test_no_line_is_longer_than_the_terminal(width: int) -> None:
    said = screen(result(tally(uncovered=("fixed", "human_review")), {"plan": 62_000.0, "limits": {"p95": 1e5}}), width)
    assert max(map(len, said.splitlines())) <= width


def test_shares_add_up() -> None:
    line = screen(result(), 1_000).split("What makes it", 1)[1].splitlines()[0]
    typical = [int(n) for n in re.findall(r"(?<!\()\b(\d+) % ?\(", line)]
    worst = [int(n) for n in re.findall(r"\((\d+) %", line)]
    assert (sum(typical), sum(worst)) == (100, 100)
    assert len(typical) == 5


def test_no_breach_is_never_never() -> None:
    said = screen(result(facts={"budget": 1e6}))
    assert said.startswith(
        "HOLDS   Less than 1 in 3,000 chance of going over the $1,000,000 budget (less than 0.03 %)."
    )
    assert "If it breaks" not in said
    assert "±0.8 % of the P95 · seed 1" in said  # the verdict has said how little no breach proves
    assert "held in more than 99.97 % of 10,000 simulated months" in said


def test_the_verdict_leads() -> None:
    assert screen(result(facts={"budget": 80e3})).startswith("LIKELY TO BREAK   3 in 5 chance of going over")
    assert screen(result(facts={"budget": 120e3})).startswith("HOLDS   1 in 31 chance")


def test_without_a_budget_it_is_a_forecast_that_asks_for_one() -> None:
    said = screen(result(facts={"budget": None}))
    assert said.startswith("FORECAST   $83,800 in a typical month; 1 month in 20 costs more than $115,000.\n")
    assert "state one as `budget:` or with --budget" in said
    assert "Budget  " not in said


def test_limits_that_are_crossed_are_said_in_their_own_units() -> None:
    said = screen(result(facts={"budget": None, "limits": {"p95": 90e3, "session.waste_share": 2.0}}))
    assert said.startswith("AT RISK   ")
    assert "Limit crossed: p95 is $115,000, over the limit of $90,000." in said
    assert "waste" not in said


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("spend.p95", 108_812.0, "$109,000"),
        ("session.cost_per_success", 0.3412, "$0.341"),
        ("budget.breach_probability", 0.165, "16.5 %"),
        ("session.calls.p99", 31.0, "31"),
        ("session.tokens.input", 12_345_678.0, "12.3 million"),
        ("session.agents.mean", 3.14, "3.14"),
        ("session.cut_by.limit", 0.002, "0.2 %"),
        ("session.held_rate", 0.0045, "0.45 %"),
        ("controls.turned_away.share", 0.041, "4.1 %"),
        ("controls.turned_away.mean", 2_703.4, "2,700"),
        ("controls.without.p95", 132_300.0, "$132,000"),
        ("controls.saving.mean", 5_301.0, "$5,300"),
        ("controls.breach_reduction.mean", -0.02, "-2 %"),
        ("spent.over_expected", 0.11, "11 %"),
    ],
)
def test_figures_by_their_path(path: str, value: float, said: str) -> None:
    assert figure(path, value, "USD") == said


def test_what_the_budget_leaves_out_is_a_rung_of_its_own() -> None:
    made = tally(uncovered=("fixed", "human_review"))
    said = screen(result(made, {"covers": ("models", "one_time")}))
    assert "Covered by the budget    $ 83,800   (P95 of models and one-time)" in said
    assert "Spreadsheet of averages  $ 55,000   all spend" in said
    assert "A typical month (P50)    $ 83,800   all spend" in said
    assert "1 month in 20 above      $115,000   (P95 of all spend)" in said
    assert "1 month in 100 above     $132,000   (P99 of all spend)" in said
    assert "of the covered P95" in said
    assert "all spend" not in screen(result())


def test_a_few_trials_are_called_few() -> None:
    said = screen(result(tally(trials=40)))
    assert "(P99, of only 40 months)" in said
    assert "simulation error of the P95 unknown from 40 months, chance 7.3 to 32.8 %" in said


@pytest.mark.parametrize("trials", [1, 4])
def test_too_few_trials_are_the_verdict(trials: int) -> None:
    made = result(tally(trials=trials))
    said = screen(made)
    assert said.startswith(f"TOO FEW TRIALS   Too few trials ({trials}) to say whether the $100,000 budget holds.\n")
    assert "What was simulated spends $" in said
    assert "unknown of" not in said
    assert "chance" not in said.split("Trust")[1]
    assert made.verdict().word == "TOO FEW TRIALS"


def test_an_interrupted_run_says_on_how_much_it_rests() -> None:
    said = screen(result(tally(trials=3_200), trials_requested=10_000, interrupted=True))
    assert "Interrupted: this rests on 3,200 of 10,000 months." in said


def test_months_that_are_all_alike() -> None:
    said = screen(result(tally(spread=0.0), {"budget": 50e3}))
    assert "Every" not in said
    assert said.startswith("LIKELY TO BREAK   More than 2,999 in 3,000 chance of going over the $50,000 budget")
    assert "Worst months" not in said
    assert "simulation error none · seed 1" in said


def test_other_currencies_keep_their_column() -> None:
    said = screen(result(facts={"currency": "PLN"}))
    assert "PLN 83,800" in said
    assert "PLN 100,000" in said


def test_a_scenario_in_which_nothing_shared_is_uncertain_gets_a_banner(burncurve: Caller, small: Path) -> None:
    words = ["run", small, "--trials", 2, "--set", "volume.sessions_per_day=1"]
    assert "Nothing that sessions share is uncertain" not in burncurve(*words).out
    small.write_text(small.read_text().replace("drivers: {volume: 0.7 to 1.5}\n", ""))
    assert "Nothing that sessions share is uncertain" in burncurve(*words).out
    assert "Nothing that" not in burncurve(*words, "--set", "drivers=typical").out
