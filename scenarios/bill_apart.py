"""Whether what a log records, or an invoice says, is what the scenario would have paid for it; in words where not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scenarios.bills import USD, Bill

MATERIAL = 0.10
"""Share of the bill from which a budget that rests on repriced costs is another one."""

_TIMES = 10


def apart_in_all(bill: Bill, paid: Mapping[str, float] | None = None) -> float | None:
    """What calls with a recorded cost are repriced at, over what is recorded, less 1; None where that says nothing.

    `paid` is what the scenario pays of list prices, by entry of the catalogue.
    """
    if bill.currency != USD or not bill.recorded:
        return None
    return sum(line.repriced_there * (paid or {}).get(line.model, 1.0) for line in bill.lines) / bill.recorded - 1


def apart_words(bill: Bill, models: Mapping[str, Any], forecast: float) -> str:
    """How far the bill is apart from what the scenario pays, where that is material; empty else.

    An invoice is what was paid, whatever the log records. A log that records a cost of nothing, as where a tool knew
    no prices, has no bill to hold against. A price that changed since is none of its fault: what agrees with the
    prices of the calls' own days or with those of the forecast is accounted for.

    Parameters
    ----------
    models : of the scenario
    forecast : what all calls cost at the scenario's prices
    """
    paid = _paid_shares(models)
    apart = _invoiced_apart(bill, paid) if bill.invoice else apart_in_all(bill, paid)
    said = bill.invoice or bill.recorded
    if apart is None or not said or abs(apart) <= MATERIAL:
        return ""
    every = bool(bill.invoice) or bill.recorded_calls == sum(line.calls for line in bill.lines)
    if every and abs(forecast / said - 1) <= MATERIAL:
        return ""
    what = "invoice" if bill.invoice else "recorded"
    return f"the bill is apart: repriced {_dollars((apart + 1) * said)}, {what} {_dollars(said)} ({_change(apart)})"


def _invoiced_apart(bill: Bill, paid: Mapping[str, float]) -> float | None:
    if bill.currency != USD or not bill.invoice:
        return None
    return sum(line.repriced * paid.get(line.model, 1.0) for line in bill.lines) / bill.invoice - 1


def _paid_shares(models: Mapping[str, Any]) -> dict[str, float]:
    """By entry of the catalogue, the share of its list price that the scenario pays, where it says one."""
    specs = (spec for spec in models.values() if isinstance(spec, Mapping))
    return {spec["catalog"]: spec["pays"] for spec in specs if "pays" in spec and "catalog" in spec}


def _dollars(amount: float) -> str:
    return f"${amount:,.0f}" if amount >= 100 else f"${amount:,.2f}" if amount >= 0.01 else f"${amount:.2g}"


def _change(apart: float) -> str:
    return f"{apart + 1:,.0f} times" if apart >= _TIMES else f"{100 * apart:+.0f} %"
