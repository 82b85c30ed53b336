"""OpenAI's usage and costs of an organisation: `/v1/organization/usage/completions` and `/v1/organization/costs`.

`input_tokens` has the tokens read from and written to the cache in it. Costs are by model only where they were grouped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from scenarios.logs.usage.table import Bucket, Paged, tokens


class OpenAI(Paged):
    """Pages of buckets with `results`."""

    name: ClassVar[str] = "openai"
    title: ClassVar[str] = "OpenAI usage"
    start: ClassVar[str] = "start_time"

    @classmethod
    def bucket(cls, bucket: Mapping[str, Any], result: Mapping[str, Any]) -> Bucket:
        """One result of a bucket."""
        start, end = float(bucket["start_time"]), float(bucket["end_time"])
        if amount := result.get("amount"):
            currency = str(amount.get("currency") or "usd").upper()
            return Bucket(start, end, result.get("line_item") or "", cost=float(amount["value"]), currency=currency)
        prompt, cached = tokens(result, "input_tokens"), tokens(result, "input_cached_tokens")
        written = tokens(result, "input_cache_write_tokens")
        if cached + written > prompt:
            raise ValueError("more cached than input tokens")
        fresh, model = prompt - cached - written, result.get("model") or ""
        requests = tokens(result, "num_model_requests")
        return Bucket(start, end, model, fresh, cached, written, tokens(result, "output_tokens"), requests)
