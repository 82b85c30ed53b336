"""One quantity simulated against observed: quantile by quantile, each difference beside what chance alone makes.

The rule. A difference of a figure, simulated over observed, is held against a band: as far as the observed figure would
move were the same number of sessions observed again, by a bootstrap of whole sessions, so wide that of the six figures
of one quantity one in twenty times any leaves it by chance. The band takes in what the simulated figure and the laws
themselves do not know: all are samples of sessions, and variances of samples go by one over their number.

- off: the difference is more than the band, and more than a tenth of the observed figure (whole numbers: more than 1)
- too few: the band is wider than half of the figure, or fewer than five sessions lie beyond a quantile
- match: else
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from distributions.streams import name_hash, period_uniforms

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEVELS = {"p10": 0.10, "p50": 0.50, "p90": 0.90, "p95": 0.95, "p99": 0.99}
FIGURES = (*LEVELS, "mean")
MATCH, OFF, TOO_FEW = "match", "off", "too few"

Z = 2.6383
"""Normal quantile at 1 - 0.05 / 2 / 6: one chance in twenty that any of six figures leaves its band."""
MATERIAL = 0.10
WIDEST = 0.50
FEWEST_BEYOND = 5
REPLICATES = 200
MOST_DRAWN = 40_000_000
"""Values that all replicates sort through together; with more values there are fewer replicates, 50 at least."""
_AGAIN = name_hash("backtest:again")


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
    difference : simulated over observed, less 1; infinite where nothing was observed but something simulated
    band : how far that is within chance, as a share of the observed figure
    verdict : MATCH, OFF or TOO_FEW
    """

    figure: str
    observed: float
    simulated: float
    difference: float
    band: float
    verdict: str


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
    seed: int = 1,
) -> Quantity:
    """Hold a quantity's simulated values against observed ones.

    Parameters
    ----------
    simulated_sessions : how many the simulated values are of
    fitted_sessions : how many the scenario was learnt from, where it is known and they are others than those observed
    whole : whether it is a small whole number, of which a difference of 1 is none
    """
    there, here = figures_of(observed.values), figures_of(simulated)
    errors = standard_errors(observed, seed)
    n = observed.groups
    wider = math.sqrt(1.0 + n / simulated_sessions + (n / fitted_sessions if fitted_sessions else 0.0))
    beyond = _beyond(observed, there)
    judged = {
        figure: _judged(figure, there[figure], here[figure], Z * wider * errors[figure], beyond[figure], whole)
        for figure in FIGURES
    }
    return Quantity(name, unit, observed.values.size, simulated.size, n, judged)


def figures_of(values: Floats) -> dict[str, float]:
    """The figures of some values, by name."""
    points = np.quantile(values, list(LEVELS.values()), method="inverted_cdf").tolist()
    return dict(zip(LEVELS, points, strict=True)) | {"mean": float(values.mean())}


def standard_errors(observed: Sample, seed: int) -> dict[str, float]:
    """By figure, how far it would move were other sessions observed: a bootstrap of groups."""
    order = np.argsort(observed.values, kind="stable")
    values = observed.values[order]
    group = None if observed.group is None else np.unique(observed.group, return_inverse=True)[1][order]
    n = observed.groups
    replicates = int(min(REPLICATES, max(50, MOST_DRAWN // max(values.size, 1))))
    drawn = [_figures_again(values, order if group is None else group, n, seed, one) for one in range(replicates)]
    errors = np.std(np.array(drawn), axis=0, ddof=1).tolist()
    return dict(zip(FIGURES, errors, strict=True))


def _figures_again(values: Floats, group: Ints, n: int, seed: int, replicate: int) -> list[float]:
    """Figures of values whose groups were drawn again, each as often as chance has it."""
    u = period_uniforms(seed, _AGAIN, replicate, 0, np.arange(n))
    times = np.bincount(np.minimum((u * n).astype(np.int64), n - 1), minlength=n)[group]
    up_to = np.cumsum(times)
    total = max(int(up_to[-1]), 1)
    places = np.searchsorted(up_to, np.ceil(np.array(list(LEVELS.values())) * total - 1e-9))
    return [*values[np.minimum(places, values.size - 1)].tolist(), float((values * times).sum() / total)]


def _beyond(observed: Sample, there: Mapping[str, float]) -> dict[str, int]:
    """By figure, how many sessions have values at or beyond it, on the side where they are fewer."""
    counts = {"mean": observed.groups}
    for figure, level in LEVELS.items():
        outside = observed.values >= there[figure] if level >= 0.5 else observed.values <= there[figure]
        counts[figure] = int(outside.sum()) if observed.group is None else int(np.unique(observed.group[outside]).size)
    return counts


def _judged(figure: str, there: float, here: float, chance: float, beyond: int, whole: bool) -> Judged:
    apart = abs(here - there)
    scale = abs(there)
    difference = (here - there) / scale if scale else (0.0 if apart == 0.0 else math.copysign(math.inf, here - there))
    band = chance / scale if scale else (math.inf if chance else 0.0)
    same = apart <= (1.0 if whole and figure != "mean" else 0.0)
    if not same and apart > chance and apart > MATERIAL * scale and beyond >= FEWEST_BEYOND:
        return Judged(figure, there, here, difference, band, OFF)
    told = beyond >= FEWEST_BEYOND and (band <= WIDEST or same)
    return Judged(figure, there, here, difference, band, MATCH if told else TOO_FEW)


def listed(quantities: Sequence[Quantity], verdict: str) -> list[tuple[Quantity, Judged]]:
    """All figures of a verdict."""
    return [(one, judged) for one in quantities for judged in one.figures.values() if judged.verdict == verdict]
