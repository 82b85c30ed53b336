"""Samples held against numbers that are known: means, whole laws, and values that every session must have."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.engine.facts import standard_errors_off

FEW = {"volume": {"sessions_per_day": 20}}
"""Enough sessions where all of them are alike."""


def assert_means(side, **expected):
    """Hold the mean of each column against its expectation, at 4 standard errors."""
    off = {column: standard_errors_off(side.columns[column], value) for column, value in expected.items()}
    assert {column: distance for column, distance in off.items() if distance >= 4} == {}


def assert_cells(side, **expected):
    """Hold the mean money of each cause of the agent `chat` against its expectation, at 4 standard errors."""
    off = {cause: cell_off(side, ("ask", "chat", cause, None), value) for cause, value in expected.items()}
    assert {cause: distance for cause, distance in off.items() if distance >= 4} == {}


def cell_off(side, key, expected):
    """Distance of a cell's money in a mean session from its expectation, in standard errors."""
    off = (side.cells[key] - expected * side.sizes) / side.sizes.mean()
    return standard_errors_off(off + expected, expected)


def assert_moments(values, mean, variance, fourth):
    """Hold the mean and the variance of a sample against a law, at 4 standard errors that the law gives.

    Parameters
    ----------
    mean, variance, fourth : of the law; the last is its fourth central moment
    """
    n = len(values)
    assert abs(values.mean() - mean) < 4 * math.sqrt(variance / n)
    assert abs(((values - mean) ** 2).mean() - variance) < 4 * math.sqrt((fourth - variance**2) / n)


def moments_of(values, weights):
    """Mean, variance and fourth central moment of a law that is given by its points."""
    mean = float(np.sum(values * weights))
    return mean, float(np.sum((values - mean) ** 2 * weights)), float(np.sum((values - mean) ** 4 * weights))


def assert_always(side, **expected):
    """Every session has these values, equal on paper."""
    seen = {column: sorted(set(side.columns[column].round(12))) for column in expected}
    assert seen == {column: [pytest.approx(float(value), rel=1e-9)] for column, value in expected.items()}


def attempts_mean(p, most):
    """Mean of the attempts at something that fails with chance p and is tried `most` times at most."""
    return sum(p**r for r in range(most))
