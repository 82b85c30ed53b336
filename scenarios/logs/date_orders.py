"""Dates such as 13/11/2026: which number is the day, where a column tells, and the same in ISO 8601."""

from __future__ import annotations

import re
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Order = Literal["day", "month"]
"""What comes first."""

_PARTS = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b", re.ASCII)
_MONTHS = 12


def order_of(cells: NDArray[Any]) -> Order | None:
    """What comes first in dates: a number above 12 is no month. None where none is, or both are."""
    first, second = _numbers_above(cells)
    if first == second:
        return None
    return "day" if first else "month"


def in_order(cells: NDArray[Any], order: Order) -> NDArray[Any]:
    """Dates in ISO 8601, and other cells as they are."""
    day, month = (1, 2) if order == "day" else (2, 1)

    def iso(found: re.Match[str]) -> str:
        return f"{found[3]}-{found[month]:0>2}-{found[day]:0>2}"

    written = np.empty(len(cells), object)
    written[:] = [_PARTS.sub(iso, str(cell), count=1) for cell in cells]
    return written


def contradicts(cells: NDArray[Any], order: Order) -> bool:
    """Whether any date has a month above 12 in this order."""
    first, second = _numbers_above(cells)
    return second if order == "day" else first


def _numbers_above(cells: NDArray[Any]) -> tuple[bool, bool]:
    """Whether any first, and any second number of dates is above 12."""
    found = [part for cell in cells if (part := _PARTS.match(str(cell)))]
    return any(int(part[1]) > _MONTHS for part in found), any(int(part[2]) > _MONTHS for part in found)
