"""Work on many sessions piece by piece, on all processors: the result does not depend on how many there are."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from simulator.engine.tally import IntArray
from simulator.processors import usable_processors

PIECE = 1 << 13
"""Sessions of a piece: a fraction of a second, so that an interruption is heard, and few trials are held at a time."""

Kind = TypeVar("Kind", bound=np.generic)


def by_pieces(work: Callable[[IntArray], npt.NDArray[Kind]], n: int) -> npt.NDArray[Kind]:
    """What some work gives for each of `n` sessions.

    Parameters
    ----------
    work : gives an array of m for int64[m], the places of the sessions of a piece; called in several threads
    n : at least 1

    Examples
    --------
    >>> by_pieces(lambda places: places * 2, 3).tolist()
    [0, 2, 4]
    """
    pieces = [np.arange(first, min(first + PIECE, n), dtype=np.int64) for first in range(0, n, PIECE)]
    pool = ThreadPoolExecutor(usable_processors())
    try:
        return np.concatenate(list(pool.map(work, pieces)))
    finally:
        pool.shutdown(cancel_futures=True)
