"""Uniforms for what all sessions of a trial share: scrambled Sobol points, or plain independent draws.

Trial t is point t // 16 of replicate t % 16: any number of first trials is spread over all replicates, and more of them
change none of those that are there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from distributions.nets import named_directions
from distributions.sobol import Words, direction_numbers, sobol_uniforms
from distributions.streams import name_hash, period_uniforms
from scenarios.words import DriverName
from simulator.engine.tally import REPLICATES

if TYPE_CHECKING:
    from simulator.engine.layout import Floats, Ints

PointsKind = Literal["sobol", "plain"]

ORDER: tuple[DriverName, ...] = (
    "volume",
    "failure_rate",
    "context",
    "output_tokens",
    "turns",
    "message_tokens",
    "fanout",
    "cache_hit",
    "price",
    "tool_calls",
    "misses",
    "human_review",
)
"""Drivers by their dimension, those that move most spend first: the first dimensions are the most even together.

A driver keeps its dimension whether the others are uncertain or not, so that none moves another's draws."""

HAPPENS = ("happens", "starts")
"""What an event draws first: a dated one whether it happens, one at a rate how often it starts."""

MAIN, OWN = (4, 2, 1, 1), 4
"""How much it counts that an event's draws are even with those of the first drivers, and with whether it happens."""


@dataclass(frozen=True)
class Points:
    """Where the draws come from that a trial makes once.

    Attributes
    ----------
    kind : ``sobol``, scrambled Sobol points, of which trials t, t + 16, t + 32 and so on are one replicate; or
        ``plain``, independent draws
    """

    kind: PointsKind = "sobol"

    def __post_init__(self) -> None:
        if self.kind not in get_args(PointsKind):
            raise ValueError(f"points are {' or '.join(get_args(PointsKind))}, got {self.kind!r}")

    def uniforms(self, seed: int, purpose: str, trial: Ints) -> Floats:
        """Draw once for each trial.

        Parameters
        ----------
        seed : of the run
        purpose : ``driver:NAME``; ``event:NAME:happens`` or ``event:NAME:starts``; ``event:NAME:DRIVER``, for the size
            of what a dated event multiplies
        trial : int64[T], from 0

        Returns
        -------
        float64[T] in (0, 1)

        Raises
        ------
        ValueError
            for any other purpose, whatever the kind
        """
        directions = _directions(purpose)
        if self.kind == "sobol":
            return sobol_uniforms(seed, purpose, trial % REPLICATES, trial // REPLICATES, directions)
        return period_uniforms(seed, name_hash(purpose), trial.astype(np.uint64), np.uint64(0), np.uint64(0))


@lru_cache(maxsize=1_024)
def _directions(purpose: str) -> Words:
    """The dimension of a purpose: a driver's by its rank, an event's by its name, so that neither moves another's."""
    kind, _, rest = purpose.partition(":")
    if kind == "driver" and rest in ORDER:
        return direction_numbers(ORDER.index(rest))
    event, _, what = rest.rpartition(":")
    if kind != "event" or not event or what not in (*HAPPENS, *ORDER):
        raise ValueError(f"there are no points for {purpose!r}")
    beside = [(direction_numbers(dimension), weight) for dimension, weight in enumerate(MAIN)]
    if what in ORDER:
        beside.append((_directions(f"event:{event}:happens"), OWN))
    return named_directions(purpose, beside)
