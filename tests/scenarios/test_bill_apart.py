"""Bills that are apart from what a scenario pays, and what accounts for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from scenarios.bill_apart import apart_in_all, apart_words
from scenarios.bills import Bill, make_bill
from scenarios.logs.table import Rows

REPRICED = 1.33
HALF = {"paid": {"catalog": "openai/gpt-4o", "pays": 0.5}}


def bill_of(*recorded: float | None, **changes: Any) -> Bill:
    """A call of $0.33 and one of $1 by two models, with what is recorded of each."""
    rows = Rows("model", "fresh", "cost")
    for model, fresh, cost in zip(("gpt-4o", "claude-opus-4-7"), (132_000, 200_000), recorded, strict=True):
        rows.append(model, fresh, float("nan") if cost is None else cost)
    return replace(make_bill(rows.finish(dated=False), as_of=date(2026, 11, 20)), **changes)


@pytest.mark.parametrize(
    ("bill", "said"),
    [
        (bill_of(0.21, 0.5), "the bill is apart: repriced $1.33, recorded $0.71 (+87 %)"),
        (bill_of(0.33, 0.89), ""),  # 9 % in all
        (bill_of(0.01, 1.32), ""),  # one model far apart, and in all not
        (bill_of(0.21, None), "the bill is apart: repriced $0.33, recorded $0.21 (+57 %)"),
        (bill_of(33.0, 100.0), "the bill is apart: repriced $1.33, recorded $133 (-99 %)"),
        (bill_of(0.033, 0.05), "the bill is apart: repriced $1.33, recorded $0.08 (16 times)"),
        (bill_of(0.0, 0.0), ""),
        (bill_of(None, None), ""),
        (bill_of(0.33, 1.0, invoice=2.66), "the bill is apart: repriced $1.33, invoice $2.66 (-50 %)"),
        (bill_of(0.21, 0.5, invoice=1.33), ""),  # what was paid in truth
        (bill_of(0.21, 0.5, currency="EUR"), ""),
    ],
)
def test_a_bill_is_apart_by_more_than_a_tenth_in_all(bill: Bill, said: str) -> None:
    assert apart_words(bill, {}, REPRICED) == said


def test_what_the_scenario_pays_accounts_for_it() -> None:
    discount = bill_of(0.165, 0.5)
    assert apart_words(discount, {}, REPRICED)
    assert apart_words(discount, HALF, 0.165 + 1.0).startswith("the bill is apart: repriced $1.17, recorded $0.67 (+75")
    assert apart_words(discount, HALF | {"m": {"catalog": "anthropic/claude-opus-4-7", "pays": 0.5}}, 0.0) == ""
    assert apart_words(discount, {}, 0.665) == ""  # prices of the forecast's days agree, those of the log's do not
    assert apart_in_all(discount) == pytest.approx(1.0)
