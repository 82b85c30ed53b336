"""Contingency: a quantile minus what is set aside."""

from __future__ import annotations

import numpy as np

from simulator.risk.contingency import contingency
from simulator.risk.spend import Spend

SPEND = Spend(np.arange(1, 101, dtype=np.int64), 1.0)


def test_contingency_is_the_quantile_minus_what_is_set_aside() -> None:
    assert contingency(SPEND, 60.0, 0.80) == 20.0
    assert contingency(SPEND, 60.0, 0.95) == 35.0


def test_room_to_spare_is_negative() -> None:
    assert contingency(SPEND, 100.0, 0.95) == -5.0
