"""Scenarios whose sessions cost a cent, so that money counts them."""

from __future__ import annotations

from tests.twin.worlds import one_agent

CENT = {"prompt_tokens": 0, "output_tokens": 1}  # a session of one output token, at 10,000 dollars a million: one cent
CENTS = {"dear": {"input": 0, "output": 10_000}}
THREE_DAYS = {"start": "2026-12-04", "days": 3}  # Friday to Sunday
TWENTY = {"sessions_per_day": 20}


def cents(volume=TWENTY, **more):
    """Three days of twenty sessions, at a cent each."""
    return one_agent(CENT | more.pop("agent", {}), volume=volume, **({"models": CENTS, "period": THREE_DAYS} | more))
