"""Routes: where the calls of a model go, for every set of events and controls that may be in force together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scenarios.schema import Control, Event, Scenario
    from simulator.engine.layout import Ints

Route = Mapping[str, str]


@dataclass(frozen=True)
class Routes:
    """The different ways in which calls can go.

    Attributes
    ----------
    rows : of each way, the model that serves in place of each that is rerouted; the first one reroutes none
    row_of : int64[2^K], the way by the set of routing rules in force, a bit each, the lowest for the first one
    events, controls : bit of each routing event by its name, and of each routing control by its place
    """

    rows: tuple[Route, ...]
    row_of: Ints
    events: Mapping[str, int]
    controls: Mapping[int, int]

    @classmethod
    def of(cls, scenario: Scenario) -> Routes:
        """Find all that the rules of a scenario can make together; events first, then controls, as written."""
        events = [name for name, event in scenario.events.items() if event.route]
        controls = [place for place, control in enumerate(scenario.controls) if control.route]
        rules: list[Event | Control] = [scenario.events[name] for name in events]
        rules += [scenario.controls[place] for place in controls]
        rows: dict[tuple[tuple[str, str], ...], int] = {(): 0}
        row_of = np.zeros(1 << len(rules), np.int64)
        for chosen in range(1 << len(rules)):
            way = arrivals([rule.route for bit, rule in enumerate(rules) if chosen >> bit & 1])
            row_of[chosen] = rows.setdefault(tuple(sorted(way.items())), len(rows))
        bits = iter(range(len(rules)))
        return cls(
            rows=tuple(dict(way) for way in rows),
            row_of=row_of,
            events={name: next(bits) for name in events},
            controls={place: next(bits) for place in controls},
        )


def arrivals(routes: list[Route]) -> dict[str, str]:
    """Where calls arrive at last while some routes are in force; a later one overrides an earlier one.

    Examples
    --------
    >>> arrivals([{"large": "small"}, {"small": "tiny"}])
    {'large': 'tiny', 'small': 'tiny'}
    """
    steps = {source: target for route in routes for source, target in route.items()}
    ends = {}
    for source in steps:
        target = source
        for _ in steps:
            target = steps.get(target, target)
        ends[source] = target
    return {source: target for source, target in ends.items() if source != target}
