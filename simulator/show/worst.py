"""What is different about the worst periods, in words: drivers and events, beside what they are elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.risk.drivers import Difference
from simulator.risk.moves import Move
from simulator.show import words
from simulator.show.reading import Reading

MOST_SAID = 3
LEAST_SAID = 0.5
"""In standard deviations; what is weaker, though beyond chance, is not worth a word on a first screen."""

ALWAYS = 0.95
"""An event that is on in so many periods anyway is told by its days."""


def worst_words(reading: Reading) -> str:
    """The few things that set the worst periods apart; empty where nothing does by much."""
    strong = [each for each in reading.worst.differences if abs(each.strength) >= LEAST_SAID and not _as_planned(each)]
    said: list[str] = []
    for difference in strong[:MOST_SAID]:
        said.append(_said(difference, first=not any("(" in text for text in said)))
    return " · ".join(said)


def _as_planned(difference: Difference) -> bool:
    """Whether a driver stands at 1 as it is said, in the worst periods too: beside weaker ones that is no news."""
    return difference.worst_days is None and words.times(difference.worst) == words.times(1)


def _said(difference: Difference, *, first: bool) -> str:
    name = difference_name(difference)
    if difference.worst_days is None or difference.overall_days is None:
        return f"{name} {words.times(difference.worst)} the plan"
    if difference.overall >= ALWAYS:
        there, anyway = _days(difference.worst_days), _number(difference.overall_days)
        return f"{name} ({there} in them; {anyway} in all)" if first else f"{name} ({there}; {anyway})"
    there, anyway = words.percent(difference.worst, 0), words.percent(difference.overall, 0)
    return f"{name} ({there} of them; {anyway} of all)" if first else f"{name} ({there}; {anyway})"


def difference_name(difference: Difference | Move) -> str:
    """A driver or an event as people say it."""
    if difference.kind == "driver":
        return words.DRIVER_WORDS.get(difference.name, difference.name)
    return difference.name.replace("-", " ").replace("_", " ")


def _days(days: float) -> str:
    return f"{_number(days)} {words.plural('day', days)}"


def _number(x: float) -> str:
    return f"{words.round_to(x, 2):g}"


# The report


@dataclass(frozen=True)
class Row:
    """A driver or an event: in the worst periods, in all; `size` is how different they are, in percent of the most."""

    name: str
    worst: str
    overall: str
    strength: str
    size: float


@dataclass(frozen=True)
class WorstSection:
    """What the report says of the worst periods."""

    title: str
    reading: str
    rows: list[Row]


def worst_section(reading: Reading) -> WorstSection | None:
    """The section of the report; None where nothing sets the worst periods apart."""
    differences = reading.worst.differences
    if not differences:
        return None
    most = max(abs(difference.strength) for difference in differences)
    return WorstSection(_title(reading), _reading(reading), [_row(difference, most) for difference in differences])


def _title(reading: Reading) -> str:
    names = [difference_name(difference) for difference in reading.worst.differences[:2]]
    return f"What is different about the worst {reading.nouns}: {words.listing(names)}"


def _reading(reading: Reading) -> str:
    p95 = reading.money(reading.spend.p95)
    return (
        f"The {reading.worst.trials:,} {reading.nouns} at or beyond the P95 of spend ({p95}), beside all "
        f"{reading.trials:,}. Listed is what chance alone does not explain, the most different first; the bar is the "
        "distance from the others in standard deviations. Together is not because of: what comes with a dear "
        f"{reading.noun} need not have made it."
    )


def _row(difference: Difference, most: float) -> Row:
    return Row(
        difference_name(difference),
        _level(difference.worst, difference.worst_days),
        _level(difference.overall, difference.overall_days),
        f"{difference.strength:+.1f}",
        round(100 * abs(difference.strength) / most, 1),
    )


def _level(value: float, days: float | None) -> str:
    if days is None:
        return f"{words.times(value)} the plan"
    return f"on in {words.percent(value, 0)}, {_days(days)}"
