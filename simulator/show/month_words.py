"""Why one period came to what it spent: each sentence is computed, and left out where it has nothing to say.

What stands side by side is compared and never called a cause; only a control is said to do what its rule says.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from simulator.risk.money import array_in_currency
from simulator.risk.trial import Gap, Rank, rank_of
from simulator.show import words
from simulator.show.month_notes import brake_effects, brake_name, event_name, short_range, stretch_effects
from simulator.show.parts import WHOLE_SESSION, said_cause

if TYPE_CHECKING:
    from simulator.chronicle import Brake, Stretch
    from simulator.month import PeriodReplay

MOST_DRIVERS, MOST_TIMES, MOST_GAPS = 4, 3, 5
"""Drivers, occurrences of one event, and components that are told one by one."""
LEAST_GAP = 0.05
"""Of the largest one; what is smaller stands in the rest."""


def paragraphs(replay: PeriodReplay) -> dict[str, list[str]]:
    """What is to be said of a period, by what it tells of; what has nothing to say is left out."""
    parts = {
        "spend": _spend(replay),
        "drivers": _drivers(replay),
        "events": _events(replay),
        "brakes": _brakes(replay),
        "money": _money(replay),
    }
    told = {head: list(sentences) for head, sentences in parts.items()}
    return {head: sentences for head, sentences in told.items() if sentences}


def nouns(replay: PeriodReplay, n: float = 2) -> str:
    """What periods are called: ``months``."""
    dates = replay.result.dates
    return words.plural(words.period_noun(dates[0], len(dates)), n)


def above(rank: Rank, replay: PeriodReplay) -> str:
    """Where one of several values stands, from the side on which it lies: ``above 93 % of months``."""
    if not rank.varies:
        return f"as in all {nouns(replay)}"
    if 0 in (rank.below, rank.above):
        return f"the {'highest' if rank.above == 0 else 'lowest'} of {rank.trials:,}"
    side, count = ("above", rank.below) if rank.below >= rank.above else ("below", rank.above)
    return f"{side} {words.percent(count / rank.trials, 0)} of {nouns(replay)}"


# What it came to


def _spend(replay: PeriodReplay) -> Iterator[str]:
    result, standing = replay.result, replay.standing
    noun, median = nouns(replay, 1), result.spend.p50
    ran = f"{standing.trials:,} simulated {nouns(replay, standing.trials)}"
    if standing.trials == 1:
        yield f"This {noun} spends {_amount(replay, replay.spend)}; it is the only one of its run."
    else:
        beside = f", and so the median {noun}"
        if replay.spend != median:
            ratio = f"{words.times(replay.spend / median)} " if median else "above "
            beside = f", {ratio}the median {noun} ({_amount(replay, median)})"
        place = "the dearest" if standing.above == 0 else f"dearer than {words.percent(_below(standing), 0)}"
        yield f"This {noun} spends {_amount(replay, replay.spend)}: {place} of {ran}{beside}."
    if result.interrupted:
        yield f"The run was interrupted: {result.trials_requested:,} were asked for."
    yield from _against_budget(replay)
    yield from _sessions(replay)


def _below(standing: Rank) -> float:
    return standing.below / standing.trials


def _against_budget(replay: PeriodReplay) -> Iterator[str]:
    result, chronicle = replay.result, replay.chronicle
    budget = result.facts.budget
    if budget is None:
        return
    held = float(chronicle.covered_so_far[-1])
    name = f"The {words.money_stated(budget, result.currency)} budget"
    covered = "" if bool(result.tally.frame.covered_cells.all()) else f"{_amount(replay, held)} of it is covered. "
    if chronicle.broken is None:
        yield f"{covered}{name} holds, with {_amount(replay, budget - held)} to spare."
        return
    when = (
        f"breaks on {words.day_word(result.dates[chronicle.broken])} (day {chronicle.broken + 1} of {chronicle.days})"
    )
    others = ""
    if result.budget is not None and result.budget.day is not None and result.budget.breaching > 1:
        median = words.day_word(result.dates[result.budget.day.p50 - 1])
        others = f"; of the {result.budget.breaching:,} {nouns(replay)} that break it, half do by {median}"
    yield f"{covered}{name} {when}, and is {_amount(replay, held - budget)} over by the end{others}."


def _sessions(replay: PeriodReplay) -> Iterator[str]:
    """How many sessions, and at what cost: the two factors of what is not fixed."""
    tally, chronicle, noun = replay.result.tally, replay.chronicle, nouns(replay, 1)
    own, usual = chronicle.sessions(0, chronicle.days - 1)
    if not own or not usual:
        return
    each, usual_each = chronicle.a_session(0, chronicle.days - 1)
    units = words.plural(replay.scenario.unit, own)
    said = f"It has {words.count(own)} {units}, {words.times(own / usual)} the median {noun}'s"
    at = f", at {_amount(replay, each)} each, {words.times(each / usual_each)} the median" if usual_each > 0 else ""
    yield f"{said}{at}{' (fixed costs apart)' if tally.frame.fixed_daily.any() else ''}."


# What it drew


def _drivers(replay: PeriodReplay) -> Iterator[str]:
    drawn = sorted(replay.drivers.items(), key=lambda item: -_distance(item[1][0]))
    if drawn:
        said = [
            f"{words.DRIVER_WORDS[name]} {words.times(level)} ({above(rank, replay)})"
            for name, (level, rank) in drawn[:MOST_DRIVERS]
        ]
        growth = ", before growth" if replay.scenario.trends else ""
        yield f"Beside the plan{growth}: {words.listing(said)}."
    heaviest = replay.result.tally.heaviest
    if not math.isnan(own := float(heaviest[replay.row])):
        share, place = words.percent(own), above(rank_of(heaviest, replay.row), replay)
        yield f"The most active user has {share} of {words.plural(replay.scenario.unit)} ({place})."


def _distance(level: float) -> float:
    return abs(math.log(level)) if level > 0 else math.inf


def _events(replay: PeriodReplay) -> Iterator[str]:
    chronicle, names = replay.chronicle, list(replay.scenario.events)
    if not names:
        return
    happened = sorted({stretch.event for stretch in chronicle.stretches}, key=_first_days(replay).__getitem__)
    for name in happened:
        yield from _event(replay, name)
    absent = words.listing([event_name(name) for name in names if name not in happened], "or")
    since = "" if not chronicle.begun else f" from {words.day_word(replay.result.dates[chronicle.begun])} on"
    if absent:
        yield f"{'No' if happened else 'None happened: no'} {absent}{since}."
    beyond = int(chronicle.crowd.beyond.sum())
    if beyond:
        factor = replay.scenario.volume.peak_hour
        assert factor is not None
        fails = f"failing {factor.failure_factor:g} times as often"
        unit = words.plural(replay.scenario.unit, beyond)
        yield f"{beyond:,} {unit} came beyond the busiest hour's capacity, {fails}."


def _first_days(replay: PeriodReplay) -> dict[str, int]:
    first: dict[str, int] = {}
    for stretch in replay.chronicle.stretches:
        first.setdefault(stretch.event, stretch.first)
    return first


def _event(replay: PeriodReplay, name: str) -> Iterator[str]:
    """An event's occurrences, and what its days spent beside the same days of other trials."""
    result, chronicle = replay.result, replay.chronicle
    own = [stretch for stretch in chronicle.stretches if stretch.event == name]
    place = result.tally.frame.events.index(name)
    on = int((result.tally.event_days[:, place] > 0).sum())
    title = event_name(name)
    said = []
    for done, group in groupby(own, key=lambda stretch: stretch_effects(replay, stretch)):
        said.append(f"{words.listing([_when(replay, one) for one in group])}: {done}")
    shown = said[:MOST_TIMES] + ([f"{len(said) - MOST_TIMES} more"] if len(said) > MOST_TIMES else [])
    days = [day for stretch in own for day in range(stretch.first, stretch.last + 1)]
    spent, usual = chronicle.spend(days)
    same = words.plural("day", len(days))
    ratio = f", {words.times(spent / usual)} the median of the same {same}" if usual > 0 else ""
    those = "on that day" if len(days) == 1 else f"on those {len(days)} days"
    rare = words.percent(on / result.trials_done, 0)
    where = f"in all {nouns(replay)}" if on == result.trials_done else f"in {rare} of {nouns(replay)}"
    told = f"{title[0].upper()}{title[1:]} {'; '.join(shown)} (on {where})"
    yield f"{told}. {_amount(replay, spent)} was spent {those}{ratio}."


def _when(replay: PeriodReplay, stretch: Stretch) -> str:
    dates = replay.result.dates
    if stretch.first == stretch.last:
        return f"on {words.day_word(dates[stretch.first], weekday=False)}"
    if stretch.last == len(dates) - 1:
        return f"from {words.day_word(dates[stretch.first], weekday=False)} on"
    return f"from {short_range(dates[stretch.first], dates[stretch.last])}"


# What was done about it


def _brakes(replay: PeriodReplay) -> Iterator[str]:
    tally, chronicle = replay.result.tally, replay.chronicle
    if not tally.frame.thresholds:
        return
    if not chronicle.brakes:
        yield "No control was crossed."
        return
    for brake in chronicle.brakes:
        yield _brake(replay, brake)
    if all(brake.acts is None for brake in chronicle.brakes):
        return
    away = int(tally.turned_away[replay.row])
    came = int(chronicle.crowd.came.sum())
    units = words.plural(replay.scenario.unit, away)
    share = words.percent(away / (away + came)) if away else ""
    turned = f"{away:,} {units} ({share}) were turned away" if away else f"No {units} were turned away"
    yield f"{turned}; without controls {_without(replay)}."


def _brake(replay: PeriodReplay, brake: Brake) -> str:
    dates, control = replay.result.dates, replay.scenario.controls[brake.place]
    named = brake_name(replay, brake)
    passed = f"Spend passes {named}{',' if ',' in named else ''} on {words.day_word(dates[brake.crossed])}"
    if brake.acts is None or brake.leak is None:
        return f"{passed}, too late for its control to act."
    late = f", {control.delay_days} {words.plural('day', control.delay_days)} late" if control.delay_days else ""
    leak = f"{_amount(replay, brake.leak)} has leaked past it by then"
    return f"{passed}: from {words.day_word(dates[brake.acts])} on{late}, {brake_effects(control)}; {leak}."


def _without(replay: PeriodReplay) -> str:
    """What the same trial spends with no control ever acting, and when it breaks the budget."""
    tally, budget = replay.result.tally, replay.result.facts.budget
    free = float(array_in_currency(tally.free_spend[replay.row].sum(), tally.frame.unit))
    said = f"it would have spent {_amount(replay, free)}"
    covered = array_in_currency(np.cumsum(tally.free_covered[replay.row]), tally.frame.unit)
    if budget is None or not covered[-1] > budget:
        return said
    return f"{said} and broken the budget on {words.day_word(replay.result.dates[int((covered > budget).argmax())])}"


# Where the money went


def _money(replay: PeriodReplay) -> Iterator[str]:
    gaps, spend = replay.gaps, replay.result.spend
    if not gaps or len(spend) == 1:
        return
    told = [gap for gap in gaps[:MOST_GAPS] if abs(gap.change) >= LEAST_GAP * abs(gaps[0].change)]
    said = [f"{_gap_name(replay, gap)} {_change(replay, gap.change)}" for gap in told]
    rest, total = (sum(gap.change for gap in some) for some in (gaps[len(told) :], gaps))
    if len(gaps) > len(told):
        said.append(f"all else {_change(replay, rest)}")
    mean = f"the mean {nouns(replay, 1)} ({_amount(replay, spend.mean)})"
    beside = f"{_amount(replay, abs(total))} {'more' if total > 0 else 'less'}"
    yield f"It spends {beside} than {mean}: {' · '.join(said)}."


def _gap_name(replay: PeriodReplay, gap: Gap) -> str:
    """A component, with its agent where that is whose doing it is, and its feature where there are several."""
    source = gap.source
    agents = [source.agent] if source.agent and source.cause not in WHOLE_SESSION else []
    name = words.cause_words(said_cause(source, replay.result.facts), agents)
    users = [feature for feature in replay.scenario.features.values() if feature.agent == source.agent]
    told = source.feature and len(replay.scenario.features) > 1 and (not agents or len(users) > 1)
    return f"{name} in {source.feature}" if told else name


def _change(replay: PeriodReplay, change: float) -> str:
    return words.money_change(change, replay.result.currency)


def _amount(replay: PeriodReplay, amount: float) -> str:
    return words.money(amount, replay.result.currency)
