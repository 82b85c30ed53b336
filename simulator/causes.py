"""What the events of a session were paid for, cause by cause: an event's cost, shared out by tokens and prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.course import PROMPT, Course
from simulator.engine.trace import (
    E_CALL,
    E_END,
    E_HANDOFF,
    E_HUMAN_REVIEW,
    E_OVERHEADS,
    E_SUMMARY,
    E_TOOL,
)

if TYPE_CHECKING:
    from scenarios.prices import PriceBook, PriceCard
    from scenarios.schema import Scenario

PER_MILLION = 1e-6
_WHOLE = {E_HANDOFF: "handoff", E_HUMAN_REVIEW: "human_review", E_OVERHEADS: "overheads", E_END: "overheads"}
_PARTS = dict(zip(PROMPT, ("system", "history", "message", "retrieval", "retries"), strict=True))


class Share(NamedTuple):
    """What a piece of a session's cost is charged to; number 0 is the session as a whole."""

    number: int
    cause: str
    detail: str | None = None


def shares_of(course: Course, scenario: Scenario, prices: PriceBook) -> Mapping[Share, int]:
    """Nanos of a session by instance and cause; they add up to its cost.

    The price level of the day is in every part of a call alike, so the shares need none.
    """
    day = int(course.record["day"])
    cards = [prices.cards[name][day] for name in course.names.models]
    batch = [agent.batch for agent in scenario.agents.values()]
    sums: Counter[Share] = Counter()
    names = course.rows.dtype.names or ()
    for i in course.nanos.nonzero()[0].tolist():
        row = dict(zip(names, course.rows[i].tolist(), strict=True))
        for share, nanos in _event(course, row, int(course.owner[i]), int(course.nanos[i]), cards, batch):
            sums[share] += nanos
    return sums


def _event(
    course: Course, row: Mapping[str, Any], number: int, nanos: int, cards: Sequence[PriceCard], batch: Sequence[bool]
) -> Iterator[tuple[Share, int]]:
    event = row["event"]
    if event == E_CALL:
        if row["attempt"]:
            yield Share(number, "retries"), nanos
        else:
            weights = _weights(row, cards[row["model"]], batch[row["agent"]])
            yield from ((Share(number, cause), part) for cause, part in _split(nanos, weights))
    elif event == E_SUMMARY:
        yield Share(number, "compaction"), nanos
    elif event == E_TOOL:
        yield Share(number, "tools", course.names.tools[row["agent"]][row["detail"]]), nanos
    else:
        yield Share(number, _WHOLE.get(event, "overheads")), nanos


def _weights(row: Mapping[str, Any], card: PriceCard, batch: bool) -> list[tuple[str, float]]:
    """What a first attempt costs at list price, by cause."""
    prompt = sum(row[part] for part in PROMPT)
    tiers = card.batch_tiers if batch and card.batch_tiers else card.tiers
    tier = next((tier for tier in reversed(tiers) if prompt > tier.above), tiers[0])
    pays = card.pays * (card.batch_pays if batch else 1.0) * PER_MILLION
    unread = tier.cache_write if row["written"] else tier.input
    weights: list[tuple[str, float]] = []
    left = row["cached"]
    for part, cause in _PARTS.items():
        read = min(left, row[part])
        left -= read
        weights.append((cause, pays * (read * tier.cached_input + (row[part] - read) * unread)))
    weights.append(("reasoning", pays * row["reasoning"] * tier.output))
    return [*weights, ("output", pays * row["output"] * tier.output + card.fee_per_call)]


def _split(nanos: int, weights: Sequence[tuple[str, float]]) -> Iterator[tuple[str, int]]:
    """Whole nanos in proportion to the weights; their sum is what there was."""
    total = sum(weight for _, weight in weights)
    below, given = 0.0, 0
    for cause, weight in weights:
        below += weight
        part = (nanos if below >= total else round(nanos * below / total)) - given
        if part:
            yield cause, part
            given += part
