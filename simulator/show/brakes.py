"""What controls do, in words: with and without them, and never a saving without the sessions turned away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulator.risk.controls import Action, Controls, Reduction
from simulator.risk.guardrails import Estimate
from simulator.show import words
from simulator.show.reading import Reading
from simulator.show.scenario_words import control_words

if TYPE_CHECKING:
    from scenarios.schema import Scenario


def brakes_words(reading: Reading) -> str:
    """Whom the controls turn away, and what would be without them; empty without controls."""
    done = reading.controls
    if done is None:
        return ""
    if not _acted(done):
        return f"no control acted in {reading.trials:,} {words.plural(reading.noun, reading.trials)}"
    return f"{_away(done, reading)}; without controls: {_without(done, reading)}"


def _acted(done: Controls) -> bool:
    return any(action.acted_rate > 0 for action in done.actions)


def _away(done: Controls, reading: Reading) -> str:
    units = words.plural(reading.unit)
    share = done.turned_away.share
    return f"{words.percent(share)} of {units} turned away" if share > 0 else f"no {units} turned away"


def _without(done: Controls, reading: Reading) -> str:
    p95 = f"{'covered P95' if reading.partial else 'P95'} {reading.money(reading.free.p95)}"
    if done.breach is None:
        return p95
    chance = words.percent_of(done.breach.breaching, done.breach.trials)
    return p95 if chance == words.UNKNOWN else f"{chance} chance, {p95}"


def brakes_rows(reading: Reading) -> list[tuple[str, str]]:
    """What would be without controls, as rows of a small table; none without controls."""
    done = reading.controls
    if done is None:
        return []
    rows = [("P95 without controls", reading.money(reading.free.p95))]
    if done.breach is not None:
        chance = words.percent_of(done.breach.breaching, done.breach.trials)
        rows.append(("Chance of going over it without controls", chance))
    return [*rows, (f"{words.plural(reading.unit).capitalize()} turned away", words.percent(done.turned_away.share))]


# The report


@dataclass(frozen=True)
class ControlRow:
    """A control: what it is, how often and from when on it acts, and what leaks past its threshold."""

    name: str
    threshold: str
    acts: str
    when: str
    leak: str
    leak_p95: str


@dataclass(frozen=True)
class ControlsSection:
    """What the report says of the controls; `rows` are figures with controls, without, and their difference."""

    title: str
    reading: str
    rows: list[tuple[str, str, str, str]]
    controls: list[ControlRow]


def controls_section(reading: Reading, scenario: Scenario | None) -> ControlsSection | None:
    """The section of the report; None without controls.

    Parameters
    ----------
    reading : Reading
    scenario : Scenario or None
        Says what each control does; without it they are told by their thresholds.
    """
    done = reading.controls
    if done is None:
        return None
    said = [control_words(control).rstrip(".") for control in scenario.controls] if scenario is not None else []
    names = said if len(said) == len(done.actions) else [_threshold_words(action) for action in done.actions]
    rows = [_control_row(action, name, reading) for action, name in zip(done.actions, names, strict=True)]
    return ControlsSection(controls_title(reading), controls_reading(reading), list(_figures(done, reading)), rows)


def controls_title(reading: Reading) -> str:
    """What controls save, and what it costs."""
    done = reading.controls
    if done is None:
        return "There are no controls"
    if not _acted(done):
        return f"No control acted in {reading.trials:,} simulated {words.plural(reading.noun, reading.trials)}"
    saved = done.saving.mean
    amount = f"{reading.money(abs(saved))} a {reading.noun}"
    money = f"save {amount}" if saved >= 0 else f"cost {amount} more than they save"
    share = done.turned_away.share
    away = f"turn away {words.percent(share)} of {words.plural(reading.unit)}"
    return f"Controls {money} and {away if share > 0 else f'turn no {reading.unit} away'}"


def controls_reading(reading: Reading) -> str:
    """How to read the picture."""
    what = f"Spend that the budget covers ({reading.covers})" if reading.partial else "Spend"
    trials = f"{reading.trials:,} {words.plural(reading.noun, reading.trials)}"
    return (
        f"{what} so far in the same {trials}, on the same random numbers: line and bands with controls, "
        "dashed the P95 without. Dotted lines are the thresholds."
    )


def _threshold_words(action: Action) -> str:
    share = "" if action.at is None else f"At {words.percent(action.at)} of the budget"
    late = f", {action.delay_days} {words.plural('day', action.delay_days)} late" if action.delay_days else ""
    return f"{share or 'A control'}{late}"


def _figures(done: Controls, reading: Reading) -> Iterator[tuple[str, str, str, str]]:
    if reading.breach is not None and done.breach is not None and done.reduction is not None:
        held, free = (words.percent_of(risk.breaching, risk.trials) for risk in (reading.breach, done.breach))
        yield "chance to break the budget", held, free, _fewer_points(done.reduction)
    for name, p in (("P50", 0.50), ("P95", 0.95), ("P99", 0.99)):
        yield name, *_pair(reading.held.quantile(p), reading.free.quantile(p), reading)
    mean = f"mean{', all spend' if reading.partial else ''}"
    yield mean, reading.money(reading.spend.mean), reading.money(done.spend.mean), _less(done.saving, reading)
    away, units = done.turned_away, words.plural(reading.unit)
    if away.mean == 0:
        yield f"{units} turned away", "none", "none", ""
        return
    yield f"{units} turned away", words.percent(away.share), "none", f"{words.about(away.mean)} a mean {reading.noun}"
    yield f"the same, 1 {reading.noun} in 20 at or above", words.percent(away.p95_share), "none", ""


def _fewer_points(reduction: Reduction) -> str:
    low, high = reduction.ci
    return f"{points(-reduction.mean)} points ({points(-high)} to {points(-low)})"


def _less(saving: Estimate, reading: Reading) -> str:
    """What controls change of the mean: below 0 what they save."""
    mean, low, high = (words.money_change(-x, reading.currency) for x in (saving.mean, saving.ci[1], saving.ci[0]))
    return f"{mean} ({low} to {high})" if saving.se > 0 else mean


def _pair(held: float, free: float, reading: Reading) -> tuple[str, str, str]:
    change = words.round_to(held) - words.round_to(free)
    return reading.money(held), reading.money(free), words.money_change(change, reading.currency)


def points(share: float) -> str:
    """Percentage points with their sign."""
    points = words.round_to(100 * share, 2 if abs(share) < 0.1 else 3)
    return f"{points:+.3g}" if points else "0"


def _control_row(action: Action, name: str, reading: Reading) -> ControlRow:
    return ControlRow(
        name=name,
        threshold=reading.money(action.threshold),
        acts=_how_often(action, reading),
        when="" if action.day is None else _when(action, reading),
        leak="" if action.leak is None else reading.money(action.leak.mean),
        leak_p95="" if action.leak is None else reading.money(action.leak.p95),
    )


def _how_often(action: Action, reading: Reading) -> str:
    acted = words.percent_of(round(action.acted_rate * reading.trials), reading.trials)
    if action.crossed_rate <= action.acted_rate:
        return acted
    return f"{acted}; too late in {words.percent(action.crossed_rate - action.acted_rate)}"


def _when(action: Action, reading: Reading) -> str:
    assert action.day is not None
    first, middle, last = (reading.day(number) for number in (action.day.p10, action.day.p50, action.day.p90))
    spread = "" if first == last else f", 8 in 10 times {words.day_range(first, last)}"
    return f"{words.day_word(middle)}{spread}"
