"""What a headline rests on that nobody knows: said beside it, where nobody can miss it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.inputs import assumed_drivers, basis
from scenarios.words import DriverName

if TYPE_CHECKING:
    from scenarios.schema import Scenario

_VOLUME: DriverName = "volume"


def volume_words(scenario: Scenario | None) -> str:
    """That nobody measured the volume, and how far it is open then; empty where somebody did, or said it himself."""
    if scenario is None or _VOLUME not in assumed_drivers(scenario):
        return ""
    law = scenario.drivers.levels.get(_VOLUME)
    if law is None or basis(law) != "assumed":
        return "The volume is assumed, not measured."
    low, high = law.ppf([0.05, 0.95])
    return f"The volume is assumed, not measured: {low:.3g} to {high:.3g} times the plan (P5 to P95)."
