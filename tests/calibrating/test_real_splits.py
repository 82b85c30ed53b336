"""Real traces: halves of a log forecast by the other halves, and whole logs by themselves.

The full protocol of 20 splits is `python -m benchmarks.calibrate truth`. Here are fewer, so that a median of errors may
pass its bound by what so few splits leave open.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from benchmarks import calibrate as real

SPLITS = 3
FAR = 2.0
MEAN, P50, P90, P95, P99 = range(5)
OUTPUT, COST, CALLS, INPUT, TOKENS = range(5)


def _data(name: str) -> None:
    if not (real.DATA / name).exists():
        pytest.skip(f"{name} of the shared data is not there")


@cache
def _halves(name: str) -> list[real.Half]:
    models = real.OPUS if name == real.CODING else real.GPT
    return [real.half(seed, real.DATA / name, models, 6_000) for seed in range(1, SPLITS + 1)]


def _within(name: str, quantity: int, figure: int, bound: float) -> None:
    """Whether the median of absolute errors is within a bound, and twice the standard error of such a median."""
    _data(name)
    found = np.abs([one.forecast[quantity, figure] for one in _halves(name)])
    error = 1.2533 * found.std(ddof=1) / np.sqrt(SPLITS)
    assert np.median(found) <= bound + FAR * error


@pytest.mark.parametrize(
    ("quantity", "figure", "bound"),
    [
        (OUTPUT, P50, 0.10),
        (OUTPUT, P95, 0.10),
        (OUTPUT, P99, 0.10),
        (COST, MEAN, 0.10),
        (COST, P50, 0.15),
        (COST, P95, 0.15),
    ],
)
def test_half_of_the_coding_sessions_forecasts_the_other(quantity: int, figure: int, bound: float) -> None:
    _within(real.CODING, quantity, figure, bound)


def test_intervals_of_sums_cover_the_sessions_that_were_held_back() -> None:
    _data(real.CODING)
    covered = np.array([one.covered for one in _halves(real.CODING)])
    assert covered.mean() + FAR * np.sqrt(0.8 * 0.2 / SPLITS) >= 0.8


def _itself(name: str) -> np.ndarray:
    _data(name)
    calls, reading = real.read_logs([real.DATA / name])
    scenario = real.learn(calls, reading, real.GPT)
    there = real.simulated(real.sample(scenario, 30_000, 1))
    return real.errors(there, real.observed(scenario, calls, real.GPT))


@pytest.mark.parametrize("name", real.AZURE)
def test_requests_that_stand_alone_are_given_back(name: str) -> None:
    found = np.abs(_itself(name))
    assert found[OUTPUT, MEAN] <= 0.05
    assert found[OUTPUT, P99] <= 0.05
    assert found[COST, [MEAN, P50, P90, P95]].max() <= 0.10


def test_the_sessions_of_a_tool_benchmark_are_given_back() -> None:
    found = np.abs(_itself(real.TAU))
    assert found[CALLS, [P50, P95]].max() <= 0.10
    assert found[TOKENS, [P50, P95]].max() <= 0.10
