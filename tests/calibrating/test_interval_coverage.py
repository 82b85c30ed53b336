"""The interval that calibrated drivers imply for the mean cost of a session, over many logs of one product.

Asked are 90 %, and held from both sides within three standard errors of a share over so many logs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from scenarios.calibrate import calibrate
from scenarios.logs.reading import Reading
from scenarios.logs.table import Calls, Rows

PRICE = {"fresh": 3e-6, "output": 15e-6}
SYSTEM = 2_000


def log(sessions: int, rng: np.random.Generator, spread: float) -> Calls:
    """Sessions of a growing context whose turns have a lognormal law of this spread."""
    turns = np.ceil(rng.lognormal(1.0, spread, sessions)).astype(int)
    rows = Rows("session", "time", "model", "fresh", "output")
    for number, count in enumerate(turns.tolist()):
        message, output = rng.lognormal(4.6, 0.7, count), rng.lognormal(5.3, 0.7, count)
        prompts = SYSTEM + np.cumsum(message + output) - output
        for k in range(count):
            rows.append(f"s{number}", 60.0 * k, "claude-sonnet-4-6", round(prompts[k]), round(output[k]))
    return rows.finish(dated=False)


def costs(calls: Calls) -> np.ndarray:
    whole = sum(calls[name] * price for name, price in PRICE.items())
    return np.bincount(calls["session"], whole)


def mean_width(values: Any) -> Any:
    """What stands for a law where only the drivers matter: its mean."""
    return float(values.mean())


@pytest.mark.parametrize(("spread", "sessions", "logs"), [(0.5, 50, 60), (1.0, 50, 100), (1.0, 200, 60)])
def test_what_drivers_imply_covers_the_true_mean(spread: float, sessions: int, logs: int) -> None:
    truth = np.log(costs(log(100_000, np.random.default_rng(0), spread)).mean())
    rng = np.random.default_rng(sessions)
    inside = 0
    for _ in range(logs):
        calls = log(sessions, rng, spread)
        left = implied(calls)
        middle = np.log(costs(calls).mean())
        inside += abs(middle - truth) <= stats.norm.ppf(0.95) * left
    assert abs(inside / logs - 0.9) < 3 * np.sqrt(0.9 * 0.1 / logs)


def implied(calls: Calls) -> float:
    """Standard deviation of the logarithm of the mean cost that the drivers make together."""
    from scenarios.calibrate import Options
    from tests.calibrating.making import Keeper

    return float(calibrate(calls, Reading(), Options(choose=Keeper())).drivers.open.implied)


def test_a_pilot_forecasts_more_widely_than_a_year() -> None:
    rng = np.random.default_rng(3)
    widths = {n: implied(log(n, rng, 0.8)) for n in (50, 500, 5_000)}
    assert widths[50] > 1.5 * widths[500] > 2.25 * widths[5_000]
    assert widths[50] > 8 * widths[5_000]  # the root of the sessions says 10, and few show no tail
