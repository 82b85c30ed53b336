"""One thing in a scenario that deserves a second look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scenarios.cards import PriceCard

Cards = Mapping[str, tuple[PriceCard, ...]]
"""One card a day, by model."""


@dataclass(frozen=True)
class Finding:
    """Something that may not be what its writer meant.

    Attributes
    ----------
    path : str
        Dotted; empty for the scenario as a whole.
    severity : str
        ``warning`` where the answer is likely to mislead, ``note`` where it may.
    message : str
        A sentence.
    """

    path: str
    severity: Literal["warning", "note"]
    message: str
