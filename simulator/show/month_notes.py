"""What happened on each day of a period, in a few words: incidents, prices, costs, controls, the budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from simulator.show import words
from simulator.show.scenario_words import effects

if TYPE_CHECKING:
    from scenarios.schema import Control
    from scenarios.words import DriverName
    from simulator.chronicle import Brake, Stretch
    from simulator.month import PeriodReplay


PAST_PEAK = "past the peak"


@dataclass(frozen=True)
class Note:
    """Something that happened.

    Attributes
    ----------
    text : what people read
    once : whether it belongs to its day alone, which then is told by itself
    count : of what `text` tells, where days may be added up; it stands before the text
    """

    text: str
    once: bool = True
    count: int = 0

    def __str__(self) -> str:
        return f"{self.count:,} {self.text}" if self.count else self.text


def notes(replay: PeriodReplay) -> list[list[Note]]:
    """What happened on each day."""
    chronicle, dates = replay.chronicle, replay.result.dates
    told: list[list[Note]] = [[] for _ in dates]
    sources = (_to_date, _rollouts, _prices, _one_time, _events, _controls, _budget)
    for source in sources:
        for day, text in source(replay):
            told[day].append(Note(text))
    for day in range(chronicle.days):
        told[day] += crowd_notes(replay, day, day)
    return told


def crowd_notes(replay: PeriodReplay, first: int, last: int) -> list[Note]:
    """Sessions of some days that came beyond the busiest hour's capacity, and that were turned away."""
    crowd, days = replay.chronicle.crowd, slice(first, last + 1)
    away, beyond = int(crowd.turned_away[days].sum()), int(crowd.beyond[days].sum())
    counts = (("turned away", away), (PAST_PEAK, beyond))
    return [Note(text, once=False, count=count) for text, count in counts if count]


def event_name(name: str) -> str:
    """An event as people say it."""
    return name.replace("-", " ").replace("_", " ")


def stretch_effects(replay: PeriodReplay, stretch: Stretch) -> str:
    """What an event did, with what was drawn: ``volume times 3.4, in 2 % of sessions``."""
    event = replay.scenario.events[stretch.event]
    done = words.listing(effects(_rounded(stretch.factors), event.route))
    if event.share == 1:
        return done
    return f"{done}, in {words.percent(event.share)} of {words.plural(replay.scenario.unit)}"


def brake_effects(control: Control) -> str:
    """What a control does."""
    return words.listing(effects(control.multiplies, control.route) + (["service stops"] if control.stop else []))


def brake_name(replay: PeriodReplay, brake: Brake) -> str:
    """``80 % of the budget``: what was passed, and what does not count where there is any."""
    at = f"{words.percent(replay.scenario.controls[brake.place].at)} of the budget"
    left_out = replay.result.tally.frame.one_time_daily[: brake.crossed + 1].any()
    return f"{at}, one-time costs left out" if left_out else at


def short_range(first: date, last: date) -> str:
    """``10 to 13 Dec``, ``28 Dec to 3 Jan``: without a year, for lines of one period."""
    if first.year == last.year:
        return words.day_range(first, last)
    return f"{words.day_word(first, weekday=False)} to {words.day_word(last, weekday=False)}"


def _rounded(factors: Mapping[DriverName, float]) -> Mapping[DriverName, float]:
    return {driver: words.round_to(by, 2 if by < 10 else 3) for driver, by in factors.items()}


def _to_date(replay: PeriodReplay) -> Iterator[tuple[int, str]]:
    begun = replay.chronicle.begun
    if begun:
        yield begun - 1, "spent to date, a fact"


def _rollouts(replay: PeriodReplay) -> Iterator[tuple[int, str]]:
    scenario = replay.scenario
    rollouts = {"": scenario.volume.rollout}
    rollouts |= {f" of {name}": feature.rollout for name, feature in scenario.features.items()}
    for what, steps in rollouts.items():
        for day, share in steps.items():
            if (number := _number(replay, day)) is not None:
                yield number, f"rollout{what}: {'all' if share == 1 else words.percent(share)}"


def _prices(replay: PeriodReplay) -> Iterator[tuple[int, str]]:
    """Models that agents call, or that calls can be routed to, whose price is another than on the day before."""
    scenario, book = replay.scenario, replay.result.prices
    assert book is not None
    called = {model for agent in scenario.agents.values() for model in agent.models}
    called |= {target for rule in scenario.rules for target in rule.route.values()}
    for model, cards in book.cards.items():
        for day in range(max(1, replay.chronicle.begun), len(cards)):
            before, after = cards[day - 1].tiers[0], cards[day].tiers[0]
            if model in called and cards[day] != cards[day - 1]:
                change = f"input ${before.input:g} to ${after.input:g}, output ${before.output:g} to ${after.output:g}"
                yield day, f"new prices of {model}: {change} a million"


def _one_time(replay: PeriodReplay) -> Iterator[tuple[int, str]]:
    for name, cost in replay.scenario.fixed_costs.one_time.items():
        if (day := _number(replay, cost.date)) is not None:
            yield day, f"one-time cost {event_name(name)}: {words.money_stated(cost.amount, replay.scenario.currency)}"


def _events(replay: PeriodReplay) -> Iterator[tuple[int, str]]:
    dates = replay.result.dates
    for stretch in replay.chronicle.stretches:
        name, done = event_name(stretch.event), stretch_effects(replay, stretch)
        if not stretch.starts:
            yield stretch.first, f"{name} goes on: {done}"
        elif stretch.first == stretch.last:
            yield stretch.first, f"{name}, this day only: {done}"
        else:
            to_end = stretch.last == len(dates) - 1
            until = "to the end" if to_end else f"to {words.day_word(dates[stretch.last])}"
            yield stretch.first, f"{name} starts, {until}: {done}"
        if stretch.ends and stretch.first < stretch.last:
            yield stretch.last + 1, f"{name} is over"


def _controls(replay: PeriodReplay) -> Iterator[tuple[int, str]]:
    for brake in replay.chronicle.brakes:
        control = replay.scenario.controls[brake.place]
        yield brake.crossed, f"passes {brake_name(replay, brake)}"
        if brake.acts is not None:
            yield brake.acts, f"the {words.percent(control.at)} control acts: {brake_effects(control)}"


def _budget(replay: PeriodReplay) -> Iterator[tuple[int, str]]:
    if replay.chronicle.broken is not None:
        yield replay.chronicle.broken, "THE BUDGET BREAKS"


def _number(replay: PeriodReplay, day: date) -> int | None:
    """A date as a simulated day from 0; None where it is none."""
    number = (day - replay.result.dates[0]).days
    return number if replay.chronicle.begun <= number < replay.chronicle.days else None
