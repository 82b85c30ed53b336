"""The kernel against its naive twin: the same means and the same distribution for every field of the language.

Tolerances are computed. Means: 4 standard errors of the difference. Quantiles: the order statistics of the twin's
sessions that hold the kernel's quantile at 4 standard deviations of a binomial count. Distributions: the two-sample
Kolmogorov bound at one in a million. Outcomes that occur often (where tokens are constants, most do) must occur on both
sides, as often: that is what tells two readings of a sentence apart.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from scenarios.load import load
from tests.twin.agreement import gap_in_standard_errors, kolmogorov_bound, kolmogorov_distance, quantile_fits
from tests.twin.coming import COMING
from tests.twin.incidents import INCIDENTS
from tests.twin.sides import COLUMNS, kernel_side, twin_side
from tests.twin.variants import TREES, VARIANTS

NANOS = 1e-8
PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43)
OFTEN = 20  # expected twin sessions of an outcome that must show: e^-20 is the chance that it does not
SPECS = VARIANTS | TREES | COMING | {f"incident: {name}": spec for name, spec in INCIDENTS.items()}


@pytest.fixture(scope="module", params=SPECS)
def sides(request):
    scenario = load(SPECS[request.param])
    return twin_side(scenario), kernel_side(scenario)


def test_every_mean_is_the_twins(sides):
    twin, kernel = sides
    gaps = {}
    for column, theirs in kernel.columns.items():
        gaps[column] = gap_in_standard_errors(twin.columns[column], theirs.mean(), theirs.size, theirs.std())
    assert {column: gap for column, gap in gaps.items() if gap > 4} == {}


def test_every_cell_of_the_attribution_is_the_twins(sides):
    twin, kernel = sides
    assert set(twin.cells) == set(kernel.cells)
    gaps = {}
    for key, money in twin.cells.items():
        gaps[key] = gap_in_standard_errors(money, kernel.cell(key), kernel.sessions, money.std())
    assert {key: gap for key, gap in gaps.items() if gap > 4} == {}


def test_tally_and_records_tell_of_the_same_sessions(sides):
    kernel = sides[1]
    assert kernel.columns["cost"].size == kernel.sessions
    rounding = 1e-9  # a nano for each trial and cell, and there are fewer of those than sessions
    assert abs(sum(map(kernel.cell, kernel.cells)) - kernel.columns["cost"].mean()) < rounding


def test_quantiles_lie_between_the_twins_order_statistics(sides):
    twin, kernel = (side.columns for side in sides)
    outside = []
    for column in ("cost", "calls", "input", "output"):
        outside += [(column, p) for p in (0.5, 0.9, 0.99) if not quantile_fits(twin[column], kernel[column], p)]
    assert outside == []


def test_every_distribution_is_the_twins(sides):
    twin, kernel = (side.columns for side in sides)
    distances = {column: kolmogorov_distance(twin[column], theirs) for column, theirs in kernel.items()}
    bounds = {column: kolmogorov_bound(twin[column].size, theirs.size) for column, theirs in kernel.items()}
    assert {column: d for column, d in distances.items() if d > bounds[column]} == {}


def test_every_common_outcome_is_the_twins(sides):
    twin, kernel = (side.columns for side in sides)
    shares, n = outcomes(twin, kernel)
    pooled = shares @ n / n.sum()
    common = np.maximum(pooled, shares[:, 0]) * n[0] >= OFTEN
    gap = np.abs(shares[:, 0] - shares[:, 1])
    odd = common & (gap > 5 * np.sqrt(pooled * (1 - pooled) * (1 / n).sum()))
    assert shares[odd].tolist() == []


def outcomes(twin, kernel):
    """Give the shares of each outcome on both sides, and the sizes of both.

    A row of columns is told by one number, which sorts faster than a row; money that is rounded to nanos is the same.
    """
    n = np.array([twin["cost"].size, kernel["cost"].size])
    rows = [np.concatenate([twin[column], kernel[column]]) for column in COLUMNS]
    told = sum(row * math.sqrt(prime) for row, prime in zip(rows, PRIMES[: len(rows)], strict=True))
    points, place = np.unique(told, return_inverse=True)
    outcome = np.concatenate([[0], np.cumsum(np.diff(points) > NANOS)])[place]
    counts = [np.bincount(part, minlength=outcome.max() + 1) for part in np.split(outcome, n[:1])]
    return np.column_stack(counts) / n, n
