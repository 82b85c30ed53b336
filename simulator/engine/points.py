"""Where the uniforms of a trial's shared draws come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from distributions.streams import name_hash, period_uniforms

if TYPE_CHECKING:
    from simulator.engine.layout import Floats, Ints


@dataclass(frozen=True)
class Points:
    """A source of uniforms, one a trial and purpose."""

    kind: str = "plain"

    def uniforms(self, seed: int, purpose: str, trial: Ints) -> Floats:
        """float64[T] in (0, 1): a pure function of seed, purpose and trial."""
        zeros = np.zeros(len(trial), np.uint64)
        return period_uniforms(np.uint64(seed), name_hash(purpose), trial.astype(np.uint64), zeros, zeros)
