"""Whether a run is as sure as it was to be, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from simulator.show import words

if TYPE_CHECKING:
    from simulator.result import Result
    from simulator.tolerance import Tolerance


def tolerance_words(result: Result) -> str:
    """For the line of trust: ``tolerance of 1 % reached``; empty where none was asked for."""
    tolerance = result.tolerance
    if tolerance is None:
        return ""
    if tolerance.reached:
        return f"tolerance of {_share(tolerance.asked)} reached with {result.trials_done:,} trials"
    return f"tolerance of {_share(tolerance.asked)} NOT reached with {result.trials_done:,} trials, {_why(tolerance)}"


def tolerance_sentence(result: Result) -> str:
    """What the run came to: how far the quantiles may be off, and why it went no further."""
    tolerance = result.tolerance
    assert tolerance is not None
    widths = [_width(name, width) for name, width in tolerance.half_widths.items()]
    return f"{tolerance_words(result)}: simulation error {words.listing(widths)}"


def _width(name: str, width: float) -> str:
    if math.isinf(width):
        return f"of the {name.upper()} unknown, from too few trials"
    return f"±{_share(width)} of the {name.upper()}"


def _why(tolerance: Tolerance) -> str:
    return {
        "maximum": "which is the maximum",
        "work": "as more of them are more work than a run takes on",
        "user": "when it was interrupted",
    }[tolerance.stopped_by]


def _share(share: float) -> str:
    return words.percent(words.round_to(share, 2))
