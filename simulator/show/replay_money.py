"""Amounts of a session as columns that add up: as many decimals as its nanos need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.show import words

if TYPE_CHECKING:
    from simulator.course import Course

MOST_DECIMALS, LEAST_DECIMALS = 9, 2


@dataclass(frozen=True)
class Amounts:
    """How nanos are written.

    Attributes
    ----------
    decimals : that no amount of the session needs more of
    sign : of the currency
    """

    decimals: int
    sign: str

    @classmethod
    def of(cls, course: Course, currency: str) -> Amounts:
        """As many decimals as the session's rows have, so that nothing is rounded and everything adds up."""
        decimals = MOST_DECIMALS
        while decimals > LEAST_DECIMALS and not np.any(course.nanos % 10 ** (MOST_DECIMALS - decimals + 1)):
            decimals -= 1
        return cls(decimals, words.SYMBOLS.get(currency, currency))

    def write(self, nanos: int) -> str:
        """An amount without its sign of currency."""
        whole, part = divmod(abs(int(nanos)), 10**MOST_DECIMALS)
        return f"{'-' if nanos < 0 else ''}{whole:,}.{part:09d}"[: -(MOST_DECIMALS - self.decimals) or None]
