"""What a session met on its day, in words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from simulator.show import words

if TYPE_CHECKING:
    from simulator.circumstances import Circumstances
    from simulator.replay import Replay

MOST_DRIVERS = 5


def day_words(replay: Replay) -> str:
    """The drivers that stood elsewhere, and what hit the session; empty where nothing was out of the plan."""
    return " ".join(_sentences(replay, replay.circumstances))


def _sentences(replay: Replay, met: Circumstances) -> Iterator[str]:
    unit = replay.scenario.unit
    if met.levels:
        moved = sorted(met.levels.items(), key=lambda item: -_distance(item[1]))
        said = [f"{words.DRIVER_WORDS[name]} {words.times(level)}" for name, level in moved[:MOST_DRIVERS]]
        yield f"Beside the plan: {words.listing(said)}."
    if met.events:
        yield f"In force: {words.listing([name.replace('-', ' ').replace('_', ' ') for name in met.events])}."
    if met.beyond_peak:
        peak = replay.scenario.volume.peak_hour
        assert peak is not None
        often = f"{peak.failure_factor:g} times as often"
        yield f"This {unit} came beyond the busiest hour's capacity, where calls fail {often}."
    if met.controls:
        shares = [words.percent(replay.scenario.controls[place].at) for place in met.controls]
        yield f"Acting: the {words.plural('control', len(shares))} at {words.listing(shares)} of the budget."
    if met.route:
        yield f"Calls of {words.listing([f'{source} went to {target}' for source, target in met.route.items()])}."


def _distance(level: float) -> float:
    return abs(math.log(level)) if level > 0.0 else math.inf
