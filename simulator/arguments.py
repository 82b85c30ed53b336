"""The arguments of a run, as people give them on a command line or in a notebook: their types and their ranges."""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Callable, Mapping
from typing import Any

from distributions.quantity import QuantityError, is_percentage, parse_number
from scenarios.problems import Problem, shown

ENGINES = ("auto", "exact", "hybrid")
POINTS = ("sobol", "plain")

_MOST_DIGITS = 20
"""Of a whole number that is read to its last digit; 2^64 has as many."""
_NUMBERS: Mapping[str, tuple[range | None, str]] = {
    "budget": (None, "a budget is a number above 0, such as 30k"),
    "trials": (range(1, 2**63), "the number of trials is a whole number from 1, such as 10k"),
    "seed": (range(2**64), "a seed is a whole number from 0 to 2^64 - 1"),
    "threads": (range(1, 1_025), "the number of threads is a whole number from 1 to 1,024"),
    "block": (range(1, 2**31), "a block is a whole number of trials from 1"),
    "count": (range(2**31), "how many is a whole number from 0, such as 10k"),
    "trial": (range(2**63), "a trial is a whole number from 0"),
    "session": (range(2**63), "a session is a whole number from 0, of its day and feature"),
    "worst": (range(1, 101), "a run keeps its 100 dearest sessions: a whole number from 1, the dearest, to 100"),
}
"""The range of whole numbers, None for any number above 0; and what is said of others."""


def read_arguments(given: Mapping[str, object], problems: list[Problem], prefix: str = "") -> dict[str, Any]:
    """Read arguments of `simulator.run.run`.

    Parameters
    ----------
    given : ``budget``, ``trials``, ``seed``, ``threads``, ``block``, ``engine``, ``points``,
        ``tolerance`` and ``progress``, or some of them;
        numbers also as people write them (``"30k"``)
    problems : takes what is wrong
    prefix : stands before the names in it: ``--`` on a command line

    Returns
    -------
    dict
        Those that are right, each of its type.
    """
    read: dict[str, Any] = {}
    for name, value in given.items():
        try:
            read[name] = _OTHERS[name](value) if name in _OTHERS else _number(name, value)
        except _NotSoError as error:
            problems.append(Problem(None, None, prefix + name, str(error), shown(value), error.allowed))
    return read


def read_amount(value: object) -> float:
    """An amount of money as people write it; ValueError says what is none."""
    return float(_or_value_error("budget", value))


def read_count(value: object) -> int:
    """How many of something, from 0, as people write it; ValueError says what is none."""
    return int(_or_value_error("count", value))


def _or_value_error(name: str, value: object) -> float:
    try:
        return _number(name, value)
    except _NotSoError as error:
        raise ValueError(f"{error}; got {shown(value)}") from None


class _NotSoError(ValueError):
    """What is wrong with an argument."""

    def __init__(self, message: str, allowed: str | None = None) -> None:
        super().__init__(message)
        self.allowed = allowed


def _engine(value: object) -> str:
    if isinstance(value, str) and value in ENGINES:
        return value
    raise _NotSoError("there is no such engine", f"{', '.join(ENGINES[:-1])} or {ENGINES[-1]}")


def _points(value: object) -> str:
    if isinstance(value, str) and value in POINTS:
        return value
    raise _NotSoError("there are no such points", " or ".join(POINTS))


def _tolerance(value: object) -> float:
    number = float(_exact(value))
    if 0.0 < number <= 1.0:
        return number
    raise _NotSoError("a tolerance is a share of the P95, above 0 and up to 1, such as 1% or 0.01")


def _progress(value: object) -> object:
    if callable(value):
        return value
    raise _NotSoError("takes a function of one argument, called as the run goes on")


_OTHERS: Mapping[str, Callable[[object], object]] = {
    "engine": _engine,
    "points": _points,
    "tolerance": _tolerance,
    "progress": _progress,
}
"""Arguments that are no numbers."""


def _number(name: str, value: object) -> float | int:
    whole, message = _NUMBERS[name]
    if is_percentage(value):
        raise _NotSoError(message)
    number = _exact(value)
    if whole is None and 0 < number <= sys.float_info.max:
        return float(number)
    if whole is not None and math.isfinite(number) and number == int(number) and int(number) in whole:
        return int(number)  # a float itself would be looked for in the range one by one
    raise _NotSoError(message)


def _exact(value: object) -> float | int:
    """The number as written, nan where it is none; whole ones to the last digit, which a float does not hold."""
    if isinstance(value, bool):
        return math.nan
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    try:
        return parse_number(value)
    except QuantityError:
        return math.nan
