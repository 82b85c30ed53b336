"""The period to date in words: what is a fact, and how it compares with what was expected by that day."""

from __future__ import annotations

from simulator.show import words
from simulator.show.reading import Reading


def to_date_words(reading: Reading) -> str:
    """What was spent by when, and whether that was to be expected; empty where all of the period is simulated."""
    spent = reading.to_date
    if spent is None:
        return ""
    fact = f"{reading.stated(spent.amount)} by {words.day_word(spent.through)}"
    return f"{fact}; {_comparison(reading)}" if _comparison(reading) else fact


def _comparison(reading: Reading) -> str:
    spent = reading.to_date
    if spent is None or spent.expected is None or spent.over_expected is None:
        return ""
    expected, change = spent.expected, words.percent_change(spent.over_expected)
    low, high = reading.money(expected.p5), reading.money(expected.p95)
    if spent.amount > expected.p95:
        place = f"and more than 19 in 20 {reading.nouns} would have spent ({high})"
    elif spent.amount < expected.p5:
        place = f"and less than 19 in 20 {reading.nouns} would have spent ({low})"
    else:
        place = f"inside the {low} to {high} of 9 in 10 {reading.nouns}"
    return f"{change} than the {reading.money(expected.mean)} expected by then, {place}"


def broken_words(reading: Reading) -> str:
    """That the budget is broken as a fact, in a sentence; empty where that is still a matter of chance."""
    spent, budget = reading.to_date, reading.budget
    if spent is None or budget is None or spent.amount <= budget:
        return ""
    fact = f"{reading.stated(spent.amount)} was spent by {words.day_word(spent.through)}"
    return f"The {reading.stated(budget)} budget is broken: {fact}."


def fact_words(reading: Reading) -> str:
    """From when on the days are simulated, as part of a sentence; empty where they all are."""
    if reading.to_date is None:
        return ""
    first = reading.dates[reading.begun]
    return f" from {words.day_word(first, weekday=False)} on (what came before is a fact)"


def expected_bar(reading: Reading) -> str:
    """What the bar at the last day of the fact means, as a sentence of its own."""
    if reading.to_date is None or reading.to_date.expected is None:
        return ""
    return " The bar beside the fact holds 9 in 10 of what was expected by that day."
