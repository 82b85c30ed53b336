"""Small scenarios as dicts, for tests that need one language field at a time."""

from __future__ import annotations

DEAR = {"input": 3.0, "output": 15.0, "cached_input": 0.3, "cache_write": 3.75}
PLAIN = {"input": 0.4, "output": 1.2, "cached_input": 0.04}  # no cache-write price


def scenario(agents, **more):
    """Build a scenario of one day in December and 5,000 sessions; `more` overrides its sections."""
    base = {
        "name": "small",
        "as_of": "2026-11-20",
        "period": {"start": "2026-12-01", "days": 1},
        "volume": {"sessions_per_day": 5_000},
        "models": {"dear": DEAR, "plain": PLAIN},
        "agents": agents,
    }
    return base | more


def one_agent(agent, **more):
    """Build a scenario of a single agent named chat, on the model `dear` unless it says another."""
    return scenario({"chat": {"model": "dear"} | agent}, **more)
