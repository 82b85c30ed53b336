"""What is printed of a figure leads to its verdict: numbers read back from the text, and the rule told again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simulator.judged import MATCH, OFF, TOO_FEW, Judged, Sample, _judged, judge
from simulator.show.backtest_words import _sentence
from simulator.show.figure_words import amount, told

MANY = 10**12


def number(text: str, end: float = math.nan) -> float:
    return end if text == "?" else float(text.replace(",", ""))


def read_back(difference: str, chance: str, there: float, count: bool) -> str:
    """The verdict by the printed rule, from printed numbers alone."""
    off, span = number(difference.removesuffix(" %")), chance.removesuffix(" %")
    if span.startswith("±"):
        low, high = -number(span[1:]), number(span[1:])
    else:
        low, high = (number(end, math.inf) for end in span.replace(" to ", "/").split("/"))
    same = off == 0 or (count and abs(round(off / 100 * there)) <= 1)
    if not low <= off <= high and abs(off) > 10 and not same:
        return OFF
    return MATCH if same or high - low <= 100 else TOO_FEW


def figures(rng: np.random.Generator, whole: bool) -> Judged:
    """A figure at random; its simulated value often a hair to this or that side of where the rule changes its mind."""
    there = float(rng.integers(1, 40)) if whole else float(rng.lognormal(0, 3))
    low, high = there * (1 - rng.beta(1, 3)), there * (1 + rng.gamma(1, 0.3))
    if rng.random() < 0.1:
        high = low + there * (1 + rng.choice([-1, 1]) * 10.0 ** -rng.integers(2, 7))
    hair = 1 + rng.choice([-1, 1]) * 10.0 ** -rng.integers(2, 7)
    here = float(rng.choice([low, high, there, 1.1 * there, 0.9 * there])) * hair
    if whole:
        low, high, here = math.floor(low), math.ceil(high), float(round(here))
    return _judged(
        str(rng.choice(["p50", "mean"])), there, here, (low, math.inf if rng.random() < 0.1 else high), whole
    )


@pytest.mark.parametrize("whole", [False, True])
def test_printed_numbers_and_the_printed_rule_give_the_verdict(whole: bool) -> None:
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(4_000):
        one = figures(rng, whole)
        printed = told(one, "count" if whole else "USD")
        for chance in (printed.chance, printed.short):
            verdict = read_back(printed.difference, chance, one.observed, whole and one.figure != "mean")
            assert verdict == one.verdict, (one, printed)
        seen.add((one.verdict, one.passed))
    assert seen == {(MATCH, False), (MATCH, True), (OFF, False), (TOO_FEW, False)}


@pytest.mark.parametrize(
    ("low", "high", "here", "difference", "chance"),
    [
        (91.0, 134.0, 132.0, "+32 %", "-9 to +34 %"),
        (94.0, 106.0, 98.0, "-2 %", "±6 %"),
        (100.0, 100.0, 100.0, "0 %", "±0 %"),
        (80.0, math.inf, 90.0, "-10 %", "-20 to ? %"),
        (91.0, 133.6, 134.4, "+34.4 %", "-9.0 to +33.6 %"),  # beyond by less than a whole per cent
        (95.0, 105.0, 110.3, "+10.3 %", "±5.0 %"),  # more than a tenth
    ],
)
def test_the_real_ends_are_printed(low: float, high: float, here: float, difference: str, chance: str) -> None:
    printed = told(_judged("p50", 100.0, here, (low, high), whole=False), "USD")
    assert (printed.difference, printed.chance) == (difference, chance)


def test_what_was_observed_to_be_nothing_has_its_range_in_money() -> None:
    printed = told(_judged("p10", 0.0, 0.5, (0.0, 0.25), whole=False), "USD")
    assert (printed.difference, printed.chance, printed.short) == ("from 0", "$0 to $0.25", "$0/$0.25")


def sentence(values: Any, simulated: Any, **words: Any) -> str:
    unit = "count" if words else "USD"
    return _sentence(judge("cost per session", unit, Sample(values), simulated, simulated_sessions=MANY, **words))


def test_what_passes_by_the_leeway_is_not_said_to_be_within_chance() -> None:
    rng = np.random.default_rng(2)
    sure = rng.normal(100, 1, 4_000)
    assert "within what" not in sentence(sure, 1.08 * sure)
    assert sentence(sure, 1.08 * sure).endswith(" but by no more than a tenth.")
    assert "beyond" not in sentence(sure, sure)
    assert sentence(sure, sure).startswith("Session costs match: P50 0 %, P95 0 %, mean 0 %, within what 4,000 sess")
    twos = np.where(np.arange(50) % 50, 2.0, 3.0)
    said = sentence(twos, np.repeat([1.0, 3.0], [49, 51]), whole=True)
    assert "P10 -50 %, P50 +50 %, P90 +50 %, beyond what 50 sessions explain (P10 ±0 %, P50 ±0 %" in said
    assert said.endswith(" but by no more than 1.")


def test_millions_of_tokens_are_short() -> None:
    said = [amount(value, "tokens") for value in (4.31, 99_288.0, 1_851_200.0, 999_400_000.0, 2e9)]
    assert said == ["4.31", "99,288", "1.85M", "999M", "2 billion"]
