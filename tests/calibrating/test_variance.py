"""Variance between groups: an F test that is right under chance, and its share in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import f_oneway

from scenarios.calibrating.variance import variance_between


def test_it_is_an_f_test() -> None:
    rng = np.random.default_rng(1)
    group = rng.integers(0, 4, 300)
    values = rng.normal(0.3 * group, 1.0)
    found = variance_between(values, group)
    assert found.chance == pytest.approx(f_oneway(*(values[group == k] for k in range(4))).pvalue)
    means = np.array([values[group == k].mean() for k in range(4)])[group]
    assert found.share == pytest.approx(means.var() / values.var())


@pytest.mark.parametrize(
    ("values", "group"), [([], []), ([1.0, 2.0], [0, 0]), ([1.0, 2.0], [0, 1]), ([1.0] * 4, [0, 0, 1, 1])]
)
def test_too_little_to_tell_is_chance(values: list[float], group: list[int]) -> None:
    assert variance_between(np.array(values), np.array(group, np.int64)) == (0.0, 1.0)


def test_groups_that_explain_all_are_no_chance() -> None:
    share, chance = variance_between(np.array([1.0, 1.0, 2.0, 2.0]), np.array([0, 0, 1, 1]))
    assert (share, chance) == (1.0, pytest.approx(0.0, abs=1e-12))
