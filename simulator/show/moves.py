"""What moves the chance that the budget breaks, in words, for the report."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.risk.moves import Move, Side
from simulator.show import words
from simulator.show.brakes import points
from simulator.show.reading import Reading
from simulator.show.worst import difference_name


@dataclass(frozen=True)
class Shown:
    """A chance, its interval in brackets where it is no bound, and the count behind it."""

    chance: str
    interval: str
    count: str


@dataclass(frozen=True)
class Row:
    """A driver or an event: the chance on either side, and what it moves; `size` in percent of the most."""

    name: str
    halves: str
    low: Shown
    high: Shown
    points: str
    size: float


@dataclass(frozen=True)
class MovesSection:
    """What the report says of what moves the chance."""

    title: str
    reading: str
    rows: list[Row]


def moves_section(reading: Reading) -> MovesSection | None:
    """The section of the report; None without a budget, and where nothing moves the chance beyond chance."""
    if not reading.moves or reading.breach is None:
        return None
    most = max(abs(move.gap) for move in reading.moves)
    return MovesSection(_title(reading), _reading(reading), [_row(move, most) for move in reading.moves])


def _title(reading: Reading) -> str:
    move = reading.moves[0]
    low, high = ("with it low", "with it high") if move.kind == "driver" else ("without it", "with it")
    chances = f"{_chance(move.low)} of {reading.nouns} break the budget {low}, {_chance(move.high)} {high}"
    name = difference_name(move)
    return f"{name[:1].upper()}{name[1:]}: {chances}"


def _reading(reading: Reading) -> str:
    assert reading.breach is not None
    budget = reading.stated(reading.breach.amount)
    return (
        f"The {reading.trials:,} {reading.nouns} in two halves, those in which a driver is low and those in which it "
        "is high; or those without an event and those with it. Shown is which share of each goes over the "
        f"{budget} budget, with its 95 % interval of simulation error. The largest difference comes first; what chance "
        "alone explains is not listed. Drivers that go together share what is shown."
    )


def _row(move: Move, most: float) -> Row:
    return Row(
        difference_name(move),
        "" if move.median is None else f"above {words.times(move.median)} the plan",
        _shown(move.low),
        _shown(move.high),
        points(move.gap),
        round(100 * abs(move.gap) / most, 1),
    )


def _chance(side: Side) -> str:
    return words.percent_of(side.breaching, side.trials)


def _shown(side: Side) -> Shown:
    seen = 0 < side.breaching < side.trials
    interval = f"({words.percent_range(*side.ci)})" if seen else ""
    return Shown(_chance(side), interval, f"{side.breaching:,} of {side.trials:,}")
