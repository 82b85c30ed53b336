"""FOCUS bills: rows of tokens, a kind of token each, as `TokenType` in `SkuPriceDetails` names it.

FOCUS counts no requests. Rows in another unit than tokens are passed over and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any, ClassVar

from scenarios.logs.records import nested, seconds
from scenarios.logs.usage.table import Aggregate, Bucket, Skip

_PARTS = {"input": "fresh", "output": "output", "cacheread": "cached", "cachewrite": "written"}
_MODELS = ("ModelName", "ModelId", "Model", "ModelFamily")


class Focus(Aggregate):
    """Rows of a bill."""

    name: ClassVar[str] = "focus"
    title: ClassVar[str] = "FOCUS bill"

    @classmethod
    def recognises(cls, document: Mapping[str, Any]) -> bool:
        """Whether rows have the columns of FOCUS."""
        rows = document.get("rows") or []
        return (
            bool(rows)
            and isinstance(rows[0], dict)
            and {"ChargePeriodStart", "ConsumedQuantity", "BilledCost"} <= set(rows[0])
        )

    @classmethod
    def buckets(cls, document: Mapping[str, Any], skip: Skip) -> list[Bucket]:
        """Rows that count tokens."""
        found = []
        for row in document["rows"]:
            try:
                found.append(_read(row))
            except (KeyError, TypeError, ValueError) as error:
                skip(f"a row without what it needs: {error}")
        return found


def _read(row: Mapping[str, Any]) -> Bucket:
    start, end = seconds(row["ChargePeriodStart"]), seconds(row["ChargePeriodEnd"])
    if isnan(start + end):
        raise ValueError("no charge period")
    unit = str(row.get("ConsumedUnit") or "")
    if "token" not in unit.lower():
        raise ValueError(f"its unit is {unit or 'empty'} and not tokens")
    details = row.get("SkuPriceDetails") or {}
    details = nested(details) if isinstance(details, str) else details
    kind = str((details if isinstance(details, dict) else {}).get("TokenType") or row.get("TokenType") or "")
    if kind.lower() not in _PARTS:
        raise ValueError(f"its TokenType is {kind or 'empty'}")
    quantity = int(float(row["ConsumedQuantity"]))
    if quantity < 0:
        raise ValueError("ConsumedQuantity is negative")
    model = next((str(details[name]) for name in _MODELS if details.get(name)), str(row.get("SkuMeter") or ""))
    currency = str(row.get("BillingCurrency") or "USD")
    cost = row.get("BilledCost")
    money = None if cost in {None, ""} else float(str(cost))
    bucket = Bucket(start, end, model, cost=money, currency=currency)
    counted: dict[str, Any] = {_PARTS[kind.lower()]: quantity}
    return bucket._replace(**counted)
