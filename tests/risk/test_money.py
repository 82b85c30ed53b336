"""Units to currency and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.risk.money import array_in_currency, exact_mean, exact_sum, in_currency


@pytest.mark.parametrize(
    ("units", "unit", "money"), [(568_000, 1e-9, 0.000568), (6 * 10**9, 1e-9, 6.0), (7, 1e-9, 7e-9)]
)
def test_currency_is_the_nearest_float(units: int, unit: float, money: float) -> None:
    assert in_currency(units, unit) == money
    assert array_in_currency([units], unit).tolist() == [money]


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=40))
def test_sums_neither_overflow_nor_round(values: list[int]) -> None:
    array = np.array(values, dtype=np.int64)
    assert exact_sum(array) == sum(values)
    assert exact_mean(array) * len(values) == sum(values)
