"""Laws drawn small: where they are stated, and the shape of each, for figures and for pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from distributions.law import Law
from scenarios.fields import Section
from scenarios.places import written_path
from scenarios.problems import dotted

if TYPE_CHECKING:
    from scenarios.schema import Scenario
    from simulator.engine.tally import FloatArray

SHOWN_TO = 0.975
"""A sketch ends at this quantile, so that a long tail does not press the body into a line."""

MOST_BARS = 30


@dataclass(frozen=True)
class StatedLaw:
    """A law and where the scenario states it.

    Attributes
    ----------
    keys : the path from the root of the scenario
    line : of its file; None where that is not known
    """

    keys: tuple[str | int, ...]
    law: Law
    line: int | None = None

    @property
    def path(self) -> str:
        """The dotted path."""
        return dotted(self.keys)

    @property
    def constant(self) -> bool:
        """Whether it always gives the same number."""
        low, high = self.law.support()
        return low == high


@dataclass(frozen=True)
class Sketch:
    """The outline of a law.

    Attributes
    ----------
    edges : float64[n + 1], ascending
    heights : float64[n], density (or probability) in each step, the highest 1
    discrete : whether the steps are whole numbers, to be drawn as separate bars
    p5, p50, p95 : quantiles
    """

    edges: FloatArray
    heights: FloatArray
    discrete: bool
    p5: float
    p50: float
    p95: float

    @property
    def middles(self) -> FloatArray:
        """float64[n], the middles of the steps; whole numbers where `discrete`."""
        return (self.edges[:-1] + self.edges[1:]) / 2


def stated_laws(scenario: Scenario) -> list[StatedLaw]:
    """Every law that a scenario states, in the order of the language; those left at their default are not stated."""
    return [StatedLaw(keys, law, line_of(scenario, keys)) for keys, law in _walk(scenario, ())]


def line_of(scenario: Scenario, keys: tuple[str | int, ...]) -> int | None:
    """Line at which a value stands in the scenario's file; None where it was not read from one."""
    if scenario.written is None:
        return None
    place = written_path(keys, scenario.written)[1]
    return place[1] if place else None


def _walk(thing: object, keys: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Law]]:
    if isinstance(thing, Law):
        yield keys, thing
    elif isinstance(thing, Section):
        for name in type(thing).model_fields:
            if name in thing.model_fields_set:
                yield from _walk(getattr(thing, name), (*keys, name))
    elif isinstance(thing, Mapping):
        for key, value in thing.items():
            yield from _walk(value, (*keys, str(key)))
    elif isinstance(thing, tuple | list):
        for i, value in enumerate(thing):
            yield from _walk(value, (*keys, i))


def sketch(law: Law, steps: int = 48) -> Sketch:
    """Outline a law that is no constant, from its distribution function.

    Parameters
    ----------
    law : Law
    steps : int
        Of a continuous law.
    """
    p5, p50, p95 = (float(q) for q in law.ppf([0.05, 0.50, 0.95]))
    low, high = float(law.ppf(0.002)), max(float(law.ppf(SHOWN_TO)), p95)
    bars = law.discrete and high - low <= MOST_BARS
    if bars:
        edges = np.arange(np.floor(low), np.ceil(high) + 2) - 0.5
    else:
        span = (high - low) or abs(high) or 1.0
        edges = np.linspace(max(low - 0.04 * span, min(0.0, low)), high + 0.04 * span, steps + 1)
    heights = np.maximum(np.diff(law.cdf(edges)), 0.0)
    # a mass at a clip's end would flatten all else
    tallest = float(heights.max() if bars else min(heights.max(), 4 * np.quantile(heights, 0.9))) or 1.0
    return Sketch(edges, np.minimum(heights / tallest, 1.0), bars, p5, p50, p95)
