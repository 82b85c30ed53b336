"""What the language has and no run reads yet: accepted, and said by name wherever it is stated."""

from __future__ import annotations

from scenarios.problems import dotted
from scenarios.schema import Scenario


def unread(scenario: Scenario) -> tuple[str, ...]:
    """Dotted paths of what a scenario states of its worth, which no figure of a run reads yet."""
    earned = ["value"] if scenario.value is not None else []
    worth = [
        dotted(("features", name, "value_per_success"))
        for name, feature in scenario.features.items()
        if feature.value_per_success is not None
    ]
    return (*earned, *worth)
