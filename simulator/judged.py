"""One quantity simulated against observed: quantile by quantile, each difference beside what chance alone makes.

The rule. A simulated figure is held against an interval around the observed one: as far as that would move were as many
other sessions observed, so wide that of the six figures of one quantity one in twenty times any lies outside by chance.
For a quantile it runs between the observed values at the level less and plus the error of a share (Woodruff 1952),
for the mean it is the mean and its error; sessions are independent, calls of one session are not. It takes in what the
simulated figure and the laws themselves do not know: all are samples of sessions, and variances of samples go by one
over their number. A bootstrap of sessions was tried: with 300 of them it called a figure of the very law off in one
quantity of eight.

- off: outside, and by more than a tenth of the observed figure; of small whole numbers not where the difference is 1
- too few: not off, and the interval has no end, or is wider than the figure itself (which any is where that is 0)
- match: else; so it is where the two are equal, and where small whole numbers differ by 1
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEVELS = {"p10": 0.10, "p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
FIGURES = (*LEVELS, "mean")
MATCH, OFF, TOO_FEW = "match", "off", "too few"
COST, SPEND = "cost per session", "spend per day"

Z = 2.6383
"""Normal quantile at 1 - 0.05 / 2 / 6: one chance in twenty that any of six figures leaves its band."""
MATERIAL = 0.10
WIDEST = 1.00


ROUNDING = 1e-9
"""Relative difference of two sums of the same prices that were added in another order; log costs have fewer digits."""


@dataclass(frozen=True)
class Sample:
    """Values of a quantity, with the group that each belongs to: groups are independent of each other.

    Attributes
    ----------
    values : float64[n]
    group : int64[n], row of the session of each; None where each value is a session
    """

    values: Floats
    group: Ints | None = None

    @property
    def groups(self) -> int:
        """How many independent ones there are."""
        return int(np.unique(self.group).size) if self.group is not None else self.values.size


@dataclass(frozen=True)
class Judged:
    """One figure of a quantity.

    Attributes
    ----------
    figure : out of `FIGURES`
    observed, simulated : what it is
    low, high : where it is within chance; the high end is infinite where too few values lie beyond
    difference : simulated over observed, less 1; infinite where nothing was observed but something simulated
    verdict : MATCH, OFF or TOO_FEW
    """

    figure: str
    observed: float
    simulated: float
    low: float
    high: float
    difference: float
    verdict: str

    @property
    def width(self) -> float:
        """Of what is within chance, as a share of the observed figure."""
        width = self.high - self.low
        return width / abs(self.observed) if self.observed else (math.inf if width else 0.0)

    @property
    def within(self) -> bool:
        """Whether chance explains it."""
        return self.low <= self.simulated <= self.high

    @property
    def material(self) -> bool:
        """Whether it is off by more than a tenth of the observed figure."""
        return abs(self.simulated - self.observed) > MATERIAL * abs(self.observed)

    @property
    def passed(self) -> bool:
        """Whether it matches though chance does not explain it: by the tenth, or by the 1 of whole numbers."""
        return self.verdict == MATCH and not self.within


@dataclass(frozen=True)
class Quantity:
    """A quantity, simulated against observed.

    Attributes
    ----------
    name, unit : what it is, for people; the unit is tokens, count or the currency
    observed, simulated : how many values there are
    sessions : of how many observed sessions, or days
    figures : by name, in the order of `FIGURES`
    """

    name: str
    unit: str
    observed: int
    simulated: int
    sessions: int
    figures: Mapping[str, Judged]

    @property
    def verdict(self) -> str:
        """OFF where a figure is; else MATCH where its median and mean could be told; else TOO_FEW."""
        found = {name: figure.verdict for name, figure in self.figures.items()}
        if OFF in found.values():
            return OFF
        return MATCH if found["p50"] == MATCH and found["mean"] == MATCH else TOO_FEW


def judge(
    name: str,
    unit: str,
    observed: Sample,
    simulated: Floats,
    *,
    simulated_sessions: int,
    fitted_sessions: int | None = None,
    whole: bool = False,
) -> Quantity:
    """Hold a quantity's simulated values against observed ones.

    Parameters
    ----------
    simulated_sessions : how many the simulated values are of
    fitted_sessions : how many the scenario was learnt from, where it is known and they are others than those observed
    whole : whether it is a small whole number, of which a difference of 1 is none
    """
    there, here = figures_of(observed.values), figures_of(simulated)
    n = observed.groups
    wider = math.sqrt(1.0 + n / simulated_sessions + (n / fitted_sessions if fitted_sessions else 0.0))
    chances = intervals(observed, there, Z * wider)
    judged = {figure: _judged(figure, there[figure], here[figure], chances[figure], whole) for figure in FIGURES}
    return Quantity(name, unit, observed.values.size, simulated.size, n, judged)


def settled(values: Floats, known: Floats) -> Floats:
    """Values, each as the nearest of those known where but rounding parts it from that."""
    ordered = np.unique(known)
    after = np.minimum(np.searchsorted(ordered, values), ordered.size - 1)
    below, above = ordered[np.maximum(after - 1, 0)], ordered[after]
    nearest = np.where(np.abs(values - below) < np.abs(values - above), below, above)
    found: Floats = np.where(np.abs(values - nearest) <= ROUNDING * np.abs(nearest), nearest, values)
    return found


def figures_of(values: Floats) -> dict[str, float]:
    """The figures of some values, by name."""
    points = np.quantile(values, list(LEVELS.values()), method="inverted_cdf").tolist()
    return dict(zip(LEVELS, points, strict=True)) | {"mean": float(values.mean())}


def intervals(observed: Sample, there: Mapping[str, float], z: float) -> dict[str, tuple[float, float]]:
    """By figure, where it is within `z` standard errors: low and high, infinite where the values do not reach."""
    ordered = np.sort(observed.values)
    found = {}
    for figure, level in LEVELS.items():
        error = z * _error_of_mean(observed, (observed.values <= there[figure]).astype(np.float64))
        if error == 0.0:  # it is the greatest value, which says nothing of what lies beyond
            error = z * math.sqrt(level * (1.0 - level) / observed.groups)
        found[figure] = _at(ordered, level - error, -math.inf), _at(ordered, level + error, math.inf)
    error = z * _error_of_mean(observed, observed.values)
    return found | {"mean": (there["mean"] - error, there["mean"] + error)}


def _at(ordered: Floats, level: float, beyond: float) -> float:
    """The value at a level; `beyond` where there is none."""
    if not 0.0 < level < 1.0:
        return max(beyond, 0.0)
    return float(ordered[min(math.ceil(level * ordered.size), ordered.size) - 1])


def _error_of_mean(observed: Sample, values: Floats) -> float:
    """Standard error of a mean over all values, whose groups are independent."""
    apart = values - values.mean()
    if observed.group is not None:
        apart = np.bincount(np.unique(observed.group, return_inverse=True)[1], apart)
    n = apart.size
    return float(np.sqrt((apart**2).sum() * n / max(n - 1, 1))) / values.size


def _judged(figure: str, there: float, here: float, chance: tuple[float, float], whole: bool) -> Judged:
    here, low, high = (there if math.isclose(x, there, rel_tol=ROUNDING) else x for x in (here, *chance))
    apart, scale = abs(here - there), abs(there)
    difference = (here - there) / scale if scale else (0.0 if apart == 0.0 else math.copysign(math.inf, here - there))
    same = apart <= (1.0 if whole and figure != "mean" else 0.0)
    judged = Judged(figure, there, here, low, high, difference, MATCH)
    if not judged.within and judged.material and not same:
        return replace(judged, verdict=OFF)
    return judged if same or judged.width <= WIDEST else replace(judged, verdict=TOO_FEW)
