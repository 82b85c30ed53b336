"""What a scenario states, as sentences: laws, volume, rollouts, correlation, trends, incidents, controls."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from distributions.blends import Mixture, Splice
from distributions.compose import Clipped, Truncated
from distributions.data import Data
from distributions.heavy import Genpareto
from distributions.law import Law
from distributions.quantity import format_number
from scenarios.calendar import weekday_factors
from scenarios.expected import expected_by_day
from simulator.show import words

if TYPE_CHECKING:
    from scenarios.schema import Control, Event, Scenario
    from scenarios.words import DriverName

LEAST_MOVED = 0.01
"""Of the mean of a driver: what moves it less goes unsaid."""

MOST_PIECES = 4
"""Parts of a mixture that are told one by one."""


def law_words(law: Law) -> str:
    """A law in a few words; a constant as its number."""
    low, high = law.support()
    if low == high:
        return f"exactly {format_number(low)}"
    if isinstance(law, Mixture) and len(law.pieces) <= MOST_PIECES:
        return f"mixture of {'; '.join(f'{words.percent(each.weight)} {_part_words(each.law)}' for each in law.pieces)}"
    return law.describe() if isinstance(law, Data) else _part_words(law)


def brief_words(law: Law) -> str:
    """A law in the fewest words, for a picture of it: its kind and two quantiles."""
    return f"{_kind(law)}, {_quantiles(law)}"


def _part_words(law: Law) -> str:
    """A part of a law; data by what they are like, because the name of a column says nothing of them."""
    low, high = law.support()
    if low == high:
        return format_number(low)
    if isinstance(law, Mixture):
        return law_words(law) if len(law.pieces) <= MOST_PIECES else brief_words(law)
    return brief_words(law) if _has_data(law) else law.describe()


def _kind(law: Law) -> str:
    inner = _uncut(law)
    if isinstance(inner, Mixture):
        return f"mixture of {len(inner.pieces)}"
    if not _has_data(law):
        return inner.title()
    pieces = [piece for each in (inner, _body(inner)) for piece in getattr(each, "pieces", ())]
    return f"data{' with a tail' if any(isinstance(piece.law, Genpareto) for piece in pieces) else ''}"


def _has_data(law: Law) -> bool:
    return isinstance(_body(_uncut(law)), Data)


def _body(law: Law) -> Law:
    """Of a body with a tail the body; of another law itself."""
    return _uncut(law.pieces[0].law) if type(law) is Splice else law


def _uncut(law: Law) -> Law:
    return law.law if isinstance(law, Clipped | Truncated) else law


def _quantiles(law: Law) -> str:
    p50, p95 = (format_number(float(f"{q:.3g}")) for q in law.ppf([0.5, 0.95]))
    return f"P50 {p50}, P95 {p95}"


def shared_words(scenario: Scenario) -> Iterator[str]:
    """What all sessions share, but for the drivers' laws: volume, rollouts, the period to date, correlation, trends."""
    yield from _volume(scenario)
    yield from _rollouts(scenario)
    if scenario.spent is not None:
        spent = scenario.spent
        amount = words.money_stated(spent.amount, scenario.currency)
        on = "what the budget covers" if scenario.budget else "everything"
        yield f"Spent on {on} by the end of {words.day_word(spent.through)}: {amount}; the days after it are simulated."
    for (first, second), level in scenario.drivers.correlation.items():
        yield f"Rank correlation of {words.DRIVER_WORDS[first]} and {words.DRIVER_WORDS[second]}: {level:g}."
    for driver, growth in scenario.trends.items():
        name = words.DRIVER_WORDS[driver]
        moves = "grows" if growth >= 0 else "shrinks"
        yield f"{name[0].upper()}{name[1:]} {moves} by {words.percent(abs(growth))} a month."


def expected_words(scenario: Scenario) -> str:
    """How many sessions the period expects, and the days of each kind, as the volume was understood."""
    volume, period = scenario.volume, scenario.period
    level, factors = volume.daily_level(period.start), weekday_factors(volume.weekdays)
    total = math.fsum(expected_by_day(scenario))
    kinds: dict[float, list[int]] = {}
    for number in sorted({day.weekday() for day in period.dates}):
        kinds.setdefault(factors[number], []).append(number)
    days = [f"{words.about(level * factor)} on {words.weekdays(numbers)}" for factor, numbers in kinds.items()]
    if len(kinds) == 1:
        days = [f"{words.about(level * next(iter(kinds)))} a day"]
    moved = [
        ("drivers", "volume" in scenario.drivers.levels),
        ("growth", "volume" in scenario.trends),
        ("events", any("volume" in event.multiplies for event in scenario.events.values())),
    ]
    later = words.listing([name for name, moves in moved if moves])
    is_launched = not (volume.rollout or any(feature.rollout for feature in scenario.features.values()))
    counted, without = ("", "") if is_launched else (", the rollout counted", " without it")
    total_words = f"About {words.about(total)} {words.plural(scenario.unit)} expected"
    when = words.period_when(period.start, period.days)
    before = f", before {later}" if later else ""
    return f"{total_words} {when}{counted}: {', '.join(days)}{without}{before}{_with_driver(scenario, total)}."


def _with_driver(scenario: Scenario, total: float) -> str:
    """How many they are at the mean of the volume's driver; empty where that moves them by next to nothing."""
    law = scenario.drivers.levels.get("volume")
    mean = 1.0 if law is None else law.mean()
    said = f"; at the mean of the driver volume, {words.about(mean)}, about {words.about(mean * total)}"
    return "" if abs(mean - 1) < LEAST_MOVED else said


def _volume(scenario: Scenario) -> Iterator[str]:
    volume, units = scenario.volume, words.plural(scenario.unit)
    if volume.users is not None and volume.sessions_per_user_day is not None:
        law = law_words(volume.sessions_per_user_day)
        yield f"{format_number(volume.users)} users; {units} of one user on a day: {law}, drawn once a user."
    yield expected_words(scenario)
    if volume.weekdays:
        days = ", ".join(f"{name} {level:g}" for name, level in volume.weekdays.items())
        mean = words.about(volume.daily_level(scenario.period.start))
        yield f"By weekday: {days}, the others 1, scaled to mean 1: {mean} a day is the mean of a week."
    wild = "a Poisson number" if volume.dispersion is None else f"negative binomial with size {volume.dispersion:g}"
    yield f"Within a day: {wild}."
    if volume.peak_hour is not None:
        peak = volume.peak_hour
        yield (
            f"The busiest hour has {words.percent(peak.share)} of a day; beyond {format_number(peak.capacity)} {units} "
            f"in it, calls fail {peak.failure_factor:g} times as often."
        )


def _rollouts(scenario: Scenario) -> Iterator[str]:
    rollouts = {"": scenario.volume.rollout}
    rollouts |= {f" of {name}": feature.rollout for name, feature in scenario.features.items()}
    for what, steps in rollouts.items():
        if steps:
            shares = ["all" if share == 1 else words.percent(share) for share in steps.values()]
            said = [f"{share} from {words.day_word(day)} on" for share, day in zip(shares, steps, strict=True)]
            yield f"Rollout{what}: {words.listing(said)}; none before."


def event_words(event: Event) -> str:
    """When an event comes, how long it lasts and what it does."""
    if event.date is not None:
        chance = "" if event.probability == 1 else f" with a chance of {words.percent(event.probability)}"
        when = f"On {words.day_word(event.date)}{chance}"
    else:
        when = f"{event.per_month:g} times a month"
    lasts = "to the end" if event.days is None else f"for {_days(event.days)}"
    hits = "" if event.share == 1 else f", in {words.percent(event.share)} of sessions"
    return f"{when}, {lasts}{hits}: {words.listing(effects(event.multiplies, event.route))}."


def control_words(control: Control) -> str:
    """When a control acts and what it does."""
    done = effects(control.multiplies, control.route) + (["no more sessions are served"] if control.stop else [])
    late = f", {control.delay_days} {words.plural('day', control.delay_days)} late" if control.delay_days else ""
    return f"At {words.percent(control.at)} of the budget{late}: {words.listing(done)}."


def _days(law: Law) -> str:
    low, high = law.support()
    if low == high:
        return f"{format_number(low)} {words.plural('day', low)}"
    return f"a number of days ({law.describe()})"


def effects(multiplies: Mapping[DriverName, Law] | Mapping[DriverName, float], route: Mapping[str, str]) -> list[str]:
    """What an event or a control does to drivers and models, a few words each."""
    times = [f"{words.DRIVER_WORDS[driver]} times {_factor(by)}" for driver, by in multiplies.items()]
    return times + [f"calls of {source} go to {target}" for source, target in route.items()]


def _factor(by: Law | float) -> str:
    return law_words(by).removeprefix("exactly ") if isinstance(by, Law) else f"{by:g}"
