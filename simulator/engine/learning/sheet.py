"""What was learnt of one key, and all of it that some cases need as the flat tables of ``sum_layout.py``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from distributions.families import Normal
from distributions.table import LawBook
from simulator.engine.learning.pools import GROUP
from simulator.engine.learning.surface import TREND, Surface
from simulator.engine.sum_layout import AXIS_DTYPE, N_CUTS, N_KNOTS, SURFACE_DTYPE, Learnt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulator.engine.layout import Floats, Words
    from simulator.engine.learning.axes import Axes
    from simulator.engine.learning.measure import Base, Point

N_DRIVERS = 12


@dataclass(frozen=True)
class Sheet:
    """A key's points and the surface through them.

    Attributes
    ----------
    points : the base level's first
    is_priced, is_covered : bool[C], of the feature's cells: the price level multiplies it, the budget covers it
    tried : float64[H], what levels that the surface was not laid through differ by from it, in logarithms
    """

    base: Base
    axes: Axes
    points: tuple[Point, ...]
    surface: Surface
    is_priced: np.ndarray
    is_covered: np.ndarray
    tried: Floats

    @classmethod
    def of(
        cls, base: Base, axes: Axes, points: Sequence[Point], held_out: Sequence[Point], priced: np.ndarray,
        covered: np.ndarray,
    ) -> Sheet:  # fmt: skip
        """Lay a surface through points, and try it at those that were held out."""
        places = axes.places(np.stack([point.levels for point in points]))
        values, noise = _values(points, points[0]), np.array([point.noise for point in points])
        noise[0] = 0.0
        surface = Surface.through(axes, places, values, noise)
        tried = np.zeros(0)
        if held_out:
            there = surface.at(axes.places(np.stack([point.levels for point in held_out])))
            tried = there[:, 0] - _values(held_out, points[0])[:, 0]
        return cls(base, axes, tuple(points), surface, priced, covered, tried)

    @property
    def log_mean(self) -> float:
        """Of a session's cost at the base level on this key."""
        return float(np.log(self.base.mean)) + self.points[0].log_ratio if self.base.mean > 0.0 else -np.inf

    @property
    def spreads(self) -> tuple[Floats, float]:
        """float64[C], the parts of what a sum differs by that fall to cells; and `loose` of a session."""
        spread = np.concatenate([point.spread for point in self.points])
        total = spread.sum(axis=1)
        variance = float(np.mean(total**2))
        shares = self.points[0].shares
        if variance <= 0.0:
            return shares, 0.0
        leans = np.mean(spread * total[:, None], axis=0) / variance
        covered = spread[:, self.is_covered].sum(axis=1)
        rest = float(np.mean((covered - total * leans[self.is_covered].sum()) ** 2))
        return leans, float(np.sqrt(rest * GROUP))


def _values(points: Sequence[Point], first: Point) -> Floats:
    """float64[n, 1 + C]: logarithms and shares beside those of the first point."""
    logs = np.array([point.log_ratio - first.log_ratio for point in points])
    shares = np.stack([point.shares - first.shares for point in points])
    return np.concatenate([logs[:, None], shares], axis=1)


def packed(sheets: Sequence[Sheet], features: Words) -> Learnt:
    """Lay sheets one behind the other."""
    n_points, width = sum(len(s.points) for s in sheets), max(len(s.base.columns) for s in sheets)
    surfaces, axes = np.zeros(len(sheets), SURFACE_DTYPE), [np.zeros(0, AXIS_DTYPE)]
    places, weights = np.zeros((n_points, N_DRIVERS)), np.zeros((n_points, 1 + width))
    shares, leans = np.zeros((len(sheets), width)), np.zeros((len(sheets), width))
    columns = np.zeros((len(sheets), width), np.int64)
    priced, covered = np.zeros((len(sheets), width), np.bool_), np.zeros((len(sheets), width), np.bool_)
    knots, below = np.zeros((n_points, N_KNOTS)), np.zeros((n_points, N_CUTS, 3))
    first = 0
    for number, sheet in enumerate(sheets):
        rows, cells = slice(first, first + len(sheet.points)), slice(len(sheet.base.columns))
        own_leans, loose = sheet.spreads
        header = (
            sum(map(len, axes)), len(sheet.axes.drivers), first, len(sheet.points), len(sheet.base.columns),
            sheet.log_mean, sheet.surface.bend, TREND, loose,
        )  # fmt: skip
        surfaces[number] = header
        axes.append(sheet.axes.table(sheet.surface.lengths))
        places[rows, : sheet.surface.places.shape[1]] = sheet.surface.places
        weights[rows, : sheet.surface.weights.shape[1]] = sheet.surface.weights
        shares[number, cells], leans[number, cells] = sheet.points[0].shares, own_leans
        columns[number, cells] = sheet.base.columns
        priced[number, cells], covered[number, cells] = sheet.is_priced, sheet.is_covered
        knots[rows] = [point.knots for point in sheet.points]
        below[rows] = [point.bodies for point in sheet.points]
        first += len(sheet.points)
    return Learnt(
        surfaces=surfaces,
        axes=np.concatenate(axes),
        places=places,
        weights=weights,
        shares=shares,
        leans=leans,
        columns=columns,
        is_priced=priced,
        is_covered=covered,
        knots=knots,
        bodies=below,
        features=features,
        **_normal(),
    )


def _normal() -> dict[str, np.ndarray]:
    book = LawBook()
    book.add(Normal(0.0, 1.0))
    return book.pack()._asdict()
