"""How far to trust a result: what its inputs and prices rest on, and what simulation alone can't tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.inputs import InputCounts, count_inputs
from simulator.show import words

if TYPE_CHECKING:
    from scenarios.prices import PriceBook
    from simulator.result import Result


def foundations(result: Result) -> list[str]:
    """What a result stands on: its inputs counted, and its prices dated; of one loaded from disk nobody knows."""
    if result.scenario is None or result.prices is None:
        return []
    return [inputs_counted(count_inputs(result.scenario)), prices_dated(result.prices)]


def inputs_counted(inputs: InputCounts) -> str:
    """On what the inputs rest: ``3 inputs measured, 22 stated, 9 defaults``; cited ones only where there are any."""
    return ", ".join([f"{inputs.measured} {words.plural('input', inputs.measured)} measured", *_others(inputs)])


def _others(inputs: InputCounts) -> Iterator[str]:
    if inputs.cited:
        yield f"{inputs.cited} cited"
    yield f"{inputs.stated} stated"
    yield f"{inputs.default} {words.plural('default', inputs.default)}"


def prices_dated(book: PriceBook) -> str:
    """Whose prices these are, and of which day: ``prices of 9 Nov 2026``, ``own prices``, or both."""
    if not book.listed:
        return "own prices"
    old = f", {book.data_age_days} days before as_of" if book.stale else ""
    return f"{'own prices and ' if book.own else ''}prices of {words.full_date(book.data_date)}{old}"
