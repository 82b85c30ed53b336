"""Names to numbers: what a log repeats a million times is kept once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NONE = -1
"""Code of no name; in token columns that may be unknown, unknown."""


class Codes:
    """Names to codes, in the order in which they come."""

    def __init__(self) -> None:
        self._codes = _Numbered({None: NONE, "": NONE})
        self.code: Callable[[str | None], int] = self._codes.__getitem__
        """Code of a name; `NONE` for an empty one."""

    def codes(self, names: Iterable[str | None]) -> NDArray[np.int32]:
        """Codes of many names."""
        return np.fromiter(map(self._codes.__getitem__, names), np.int32)

    def names(self) -> list[str]:
        """All names, by code."""
        return [name for name in self._codes if name]


class _Numbered(dict[str | None, int]):
    """Gives the next number to a name that it does not know; the two ways to have no name are no names."""

    def __missing__(self, name: str | None) -> int:
        self[name] = number = len(self) - 2
        return number


class Named(NamedTuple):
    """Names of a column by code.

    Attributes
    ----------
    names : what codes stand for
    codes : by row; `NONE` for no name
    """

    names: Sequence[str]
    codes: NDArray[np.int32]


def recoded(named: Named, codes: Codes) -> NDArray[np.int32]:
    """Codes of other codes' names; of names that no row has, none are made."""
    used = np.unique(named.codes[named.codes != NONE])
    known = np.full(len(named.names) + 1, NONE, np.int32)
    known[used] = codes.codes(named.names[code] for code in used.tolist())
    return known[named.codes]
