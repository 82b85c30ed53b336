"""From integer units of money to currency and back: exact until one last rounding."""

from __future__ import annotations

from fractions import Fraction
from typing import SupportsFloat

import numpy as np
import numpy.typing as npt

from simulator.engine.tally import FloatArray, IntArray

_LOW_BITS = np.int64(0xFFFF_FFFF)


def as_fraction(number: SupportsFloat) -> Fraction:
    """The decimal that a number was written as: 0.1 is one tenth, and not the binary float beside it."""
    return Fraction(repr(float(number)))


def in_currency(units: int | Fraction, unit: float) -> float:
    """Money in currency, rounded once.

    Parameters
    ----------
    units : int or Fraction
        Money in whole units, or a mean of such.
    unit : float
        Currency in one unit, ``Frame.unit``.

    Examples
    --------
    >>> in_currency(568_000, 1e-9)
    0.000568
    """
    return float(units * as_fraction(unit))


def array_in_currency(units: npt.ArrayLike, unit: float) -> FloatArray:
    """Money in currency, an array: int64[...] units to float64[...].

    A division where the unit is below one, because a billion is a float and a billionth is not.
    """
    amounts = np.asarray(units, dtype=np.float64)
    size = as_fraction(unit)
    return amounts * float(size.numerator) / float(size.denominator)


def exact_sum(units: IntArray) -> int:
    """The sum of int64[n] as a Python integer; neither overflows nor rounds, for n below 2^31."""
    high = int((units >> 32).sum())
    low = int((units & _LOW_BITS).sum())
    return (high << 32) + low


def exact_mean(units: IntArray) -> Fraction:
    """The mean of int64[n], n at least 1, exactly."""
    return Fraction(exact_sum(units), len(units))
