"""How far to trust a result: what its inputs and prices rest on, and what simulation alone can't tell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.inputs import InputCounts, assumed_drivers, count_inputs
from scenarios.problems import dotted
from scenarios.tails import heaviest_tail
from scenarios.unread import unread
from simulator.show import words
from simulator.show.trees import limit_words

LEAST_SUCCESS = 0.5
"""Share of sessions that succeed, below which a reader is told beside the money that most do not."""

if TYPE_CHECKING:
    from scenarios.prices import PriceBook
    from scenarios.schema import Scenario
    from simulator.result import Result


def foundations(result: Result) -> list[str]:
    """What a result stands on: a backtest that failed, inputs counted, prices dated; one loaded knows but the first."""
    failed = _failure(result)[:1]
    if result.scenario is None or result.prices is None:
        return failed
    counted = inputs_counted(count_inputs(result.scenario))
    return [*failed, counted, *assumed_words(result, result.scenario), prices_dated(result.prices)]


def off_words(result: Result) -> str:
    """That a scenario was found off by what it was learnt from, in a sentence; empty where it was not."""
    failed = _failure(result)
    return f"This scenario {': '.join(failed)}; see its notes." if failed else ""


def _failure(result: Result) -> list[str]:
    """What was failed, and how; nothing where nothing was."""
    said = re.split(r"\. |;|, though ", result.facts.off)[0].rstrip(".")
    if not said:
        return []
    against, _, how = said.partition(": ")
    if against.lower().startswith("against ") and how:
        return ["failed its own backtest", how]
    return ["is off", f"{said[:1].lower()}{said[1:]}"]


def assumed_words(result: Result, scenario: Scenario) -> list[str]:
    """What nobody measured, by the names of drivers, and whether the worst periods turn on it."""
    guessed = assumed_drivers(scenario)
    if not guessed:
        return []
    names = words.listing([words.DRIVER_WORDS.get(name, name) for name in guessed])
    differences = result.worst_trials.differences
    decides = next((one.name for one in differences[:1] if one.kind == "driver"), None)
    if decides not in guessed:
        return [f"nobody measured {names}"]
    most = words.DRIVER_WORDS.get(decides, decides)
    which = "it" if len(guessed) == 1 else most
    noun = words.plural(words.period_noun(result.dates[0], len(result.dates)))
    return [f"nobody measured {names}, and {which} decides the worst {noun}"]


def noted(result: Result, where: str = "in the report") -> str:
    """The first note of a scenario, which says how its numbers came about, and how many more there are, and where."""
    notes = () if result.scenario is None else result.scenario.notes
    if not notes:
        return ""
    return f"{notes[0].removesuffix('.')}{f' · {len(notes) - 1} more {where}' if len(notes) > 1 else ''}"


def inputs_counted(inputs: InputCounts) -> str:
    """On what the inputs rest: ``3 inputs measured, 22 stated, 9 defaults``; cited ones only where there are any."""
    return ", ".join([f"{inputs.measured} {words.plural('input', inputs.measured)} measured", *_others(inputs)])


def _others(inputs: InputCounts) -> Iterator[str]:
    if inputs.cited:
        yield f"{inputs.cited} cited"
    if inputs.assumed:
        yield f"{inputs.assumed} assumed"
    yield f"{inputs.stated} stated"
    yield f"{inputs.default} {words.plural('default', inputs.default)}"


def prices_dated(book: PriceBook) -> str:
    """Whose prices these are, and of which day: ``prices of 9 Nov 2026``, ``own prices``, or both."""
    if not book.listed:
        return "own prices"
    old = f", {book.data_age_days} days before as_of" if book.stale else ""
    return f"{'own prices and ' if book.own else ''}prices of {words.full_date(book.data_date)}{old}"


def cautions(result: Result) -> str:
    """What a reader must know and no figure shows; empty where there is nothing of the kind."""
    said = [limit_words(result.tally.session, result.facts.unit), _mostly_failing(result)]
    said.append("drivers are drawn as planned, whatever was spent so far" if result.to_date is not None else "")
    said.append("what guardrails buy is missing: its simulation was stopped" if result.guardrails_left_out else "")
    if result.scenario is not None and result.prices is not None:
        said.append(_heavy_tail(result.scenario, result.prices))
        said.append("prices may have changed since their day" if result.prices.stale else "")
    return " · ".join(filter(None, said))


def _mostly_failing(result: Result) -> str:
    """Little is spent where nothing works, which is no good news."""
    rate = result.session.success_rate
    if not rate < LEAST_SUCCESS:
        return ""
    return f"{words.percent(1 - rate)} of {words.plural(result.facts.unit)} fail, and failing may be cheap"


def _heavy_tail(scenario: Scenario, prices: PriceBook) -> str:
    """Simulation error knows only what some trial has met."""
    tail = heaviest_tail(scenario, prices.cards)
    if tail.index > 2:
        return ""
    what = "mean" if tail.index <= 1 else "variance"
    return f"a {scenario.unit}'s cost has infinite {what} ({dotted(tail.path)}); trials understate its tail"


def not_used(result: Result) -> str:
    """What the scenario states and no figure of a run reads; empty where there is nothing of the kind."""
    return "" if result.scenario is None else ", ".join(unread(result.scenario))
