"""Anthropic's usage and cost reports: `/v1/organizations/usage_report/messages` and `/cost_report`.

`uncached_input_tokens` leaves out what was read from and written to the cache. Amounts are cents, written as text, and
leave the Priority tier out. Requests are not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any, ClassVar

from scenarios.logs.records import seconds
from scenarios.logs.usage.table import Bucket, Paged, tokens


class Anthropic(Paged):
    """Pages of buckets with `results`, their times as dates."""

    name: ClassVar[str] = "anthropic"
    title: ClassVar[str] = "Anthropic usage"
    start: ClassVar[str] = "starting_at"

    @classmethod
    def bucket(cls, bucket: Mapping[str, Any], result: Mapping[str, Any]) -> Bucket:
        """One result of a bucket."""
        start, end = seconds(bucket["starting_at"]), seconds(bucket["ending_at"])
        if isnan(start + end):
            raise ValueError("a date that is none")
        model = result.get("model") or ""
        if "amount" in result:
            currency = str(result.get("currency") or "USD").upper()
            return Bucket(start, end, model, cost=float(result["amount"]) / 100, currency=currency)
        kept = result.get("cache_creation") or {}
        written = tokens(kept, "ephemeral_5m_input_tokens") + tokens(kept, "ephemeral_1h_input_tokens")
        cached, output = tokens(result, "cache_read_input_tokens"), tokens(result, "output_tokens")
        return Bucket(start, end, model, tokens(result, "uncached_input_tokens"), cached, written, output)
