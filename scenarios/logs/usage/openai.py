"""OpenAI's usage and costs of an organisation: `/v1/organization/usage/completions` and `/v1/organization/costs`.

`input_tokens` has the tokens read from and written to the cache in it. Costs are by model only where they were grouped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from scenarios.logs.usage.table import Aggregate, Bucket, Skip, tokens


class OpenAI(Aggregate):
    """Pages of buckets with `results`."""

    name: ClassVar[str] = "openai"
    title: ClassVar[str] = "OpenAI usage"

    @classmethod
    def recognises(cls, document: Mapping[str, Any]) -> bool:
        """Whether there are buckets in seconds with results."""
        return any("start_time" in bucket and "results" in bucket for bucket in _buckets(document))

    @classmethod
    def buckets(cls, document: Mapping[str, Any], skip: Skip) -> list[Bucket]:
        """Tokens and costs of all results."""
        found = []
        for bucket in _buckets(document):
            for result in bucket.get("results") or []:
                try:
                    found.append(_read(bucket, result))
                except (KeyError, TypeError, ValueError) as error:
                    skip(f"a result without what it needs: {error}")
        return found


def _buckets(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    data = document.get("data") or document.get("rows")
    return (each for each in data if isinstance(each, dict)) if isinstance(data, list) else iter(())


def _read(bucket: Mapping[str, Any], result: Mapping[str, Any]) -> Bucket:
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
