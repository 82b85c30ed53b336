from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest

from simulator.result import Result
from simulator.show import slider as slider_module
from simulator.show import words
from simulator.show.page import template_source
from simulator.show.reading import read
from simulator.show.slider import Slider, ranks, slider
from tests.show import synthetic


def breaking(packed: Slider, position: int) -> float:
    """How many trials break a budget, worked out from what the page embeds, as its script does."""
    points = np.cumsum([packed.first, *packed.gaps])
    known = ranks(packed.trials)
    below = int(np.searchsorted(points, position, side="right"))
    if below == 0:
        return packed.trials
    held = float(known[below - 1])
    if below < len(points):
        gap = known[below] - known[below - 1] - 1
        held += gap * (position - points[below - 1]) / (points[below] - points[below - 1])
    return packed.trials - held


def packed(result: Result) -> Slider:
    made = slider(read(result))
    assert made is not None
    return made


def amount(made: Slider, position: int) -> float:
    """A position's budget; decimal steps, so that the float is the one that a person would write."""
    return round(made.budget + position * made.step, 9)


CASES: dict[str, dict[str, Any]] = {
    "a round budget": {},
    "an odd budget": {"budget": 98_765.43},
    "never breached": {"budget": 900_000.0},
    "always breached": {"budget": 9_000.0},
    "beyond 64 bits": {"budget": 4e10},
}


@pytest.mark.parametrize("case", CASES)
def test_the_slider_says_what_the_result_says_at_every_position(case: str) -> None:
    result = synthetic.result(**CASES[case])
    made = packed(result)
    for position in range(-made.low, made.high + 1, 7):
        assert breaking(made, position) / made.trials == result.breach_probability(amount(made, position))
    assert breaking(made, 0) / made.trials == result.breach_probability()


def test_a_spend_that_equals_the_budget_holds_it() -> None:
    tally = synthetic.tally(trials=20, spread=0.0)
    total = float(synthetic.result(tally).covered.max)
    result = synthetic.result(tally, budget=total)
    made = packed(result)
    assert breaking(made, 0) == 0 == result.breach_probability()
    assert breaking(made, -1) == 20


@pytest.mark.parametrize("most", [2, 30, 700])
def test_thinned_trials_are_off_by_less_than_their_spacing(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slider_module, "MOST", most)
    result = synthetic.result()
    made = packed(result)
    assert len(made.gaps) == most - 1
    spacing = (result.trials_done - 1) / (most - 1) + 1
    for position in range(-made.low, made.high + 1, 11):
        exact = result.breach_probability(amount(made, position)) * made.trials
        assert abs(breaking(made, position) - exact) < spacing


@pytest.mark.parametrize(("trials", "most"), [(1, 10), (5, 10), (10, 10), (11, 10), (1_000_003, 10_000)])
def test_the_first_and_the_last_trial_are_embedded(trials: int, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slider_module, "MOST", most)
    known = ranks(trials)
    assert (known[0], known[-1]) == (1, trials) if trials > 1 else known.tolist() == [1]
    assert len(known) == min(trials, most)
    assert (np.diff(known) > 0).all()


def test_the_slider_reaches_the_budget_and_both_ends() -> None:
    result = synthetic.result()
    made = packed(result)
    assert breaking(made, -made.low) > 0.99 * made.trials
    assert breaking(made, made.high) < 0.01 * made.trials
    assert 100 <= made.low + made.high <= 5_000


def test_no_slider_without_a_budget_or_with_too_few_trials() -> None:
    assert slider(read(synthetic.result(budget=None))) is None
    assert slider(read(synthetic.result(synthetic.tally(trials=4)))) is None


# The script itself


NODE = shutil.which("node")


def scripted(made: Slider, expression: str) -> Any:
    """What the page's script makes of an expression; `trials` is what it knows."""
    assert NODE is not None
    data = json.dumps(made.payload())
    code = f"{template_source('chances.js')}\nvar trials = chances({data});console.log(JSON.stringify({expression}))"
    done = subprocess.run([NODE, "-e", code], capture_output=True, text=True, check=True, timeout=60)
    return json.loads(done.stdout)


@pytest.mark.skipif(NODE is None, reason="needs node to run the page's script")
class TestScript:
    def test_it_counts_as_the_result_does(self) -> None:
        result = synthetic.result(budget=98_765.43)
        made = packed(result)
        positions = list(range(-made.low, made.high + 1, 3))
        counted = scripted(made, f"{positions}.map(trials.over)")
        assert [hits / made.trials for hits in counted] == [
            result.breach_probability(amount(made, position)) for position in positions
        ]

    def test_it_counts_thinned_trials_as_python_does(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(slider_module, "MOST", 50)
        made = packed(synthetic.result())
        positions = list(range(-made.low, made.high + 1, 3))
        counted = scripted(made, f"{positions}.map(trials.over)")
        assert counted == pytest.approx([breaking(made, position) for position in positions], abs=1e-9)

    def test_it_speaks_as_the_report_does(self) -> None:
        made = packed(synthetic.result())
        hits = list(range(made.trials + 1))
        said = scripted(
            made, f"{hits}.map(function (n) {{ return [trials.oddsOf(n), trials.percent(n / {made.trials})] }})"
        )
        for n, (odds, percent) in zip(hits, said, strict=True):
            assert odds == words.odds_of(n, made.trials)
            assert percent.replace("\xa0", " ") == words.percent(n / made.trials)

    def test_it_writes_money_as_stated(self) -> None:
        made = packed(synthetic.result(budget=98_765.43))
        assert scripted(made, "[trials.money(98765.43), trials.money(1234567), trials.money(0.5)]") == [
            "$98,765.43", "$1,234,567", "$0.50"
        ]  # fmt: skip
