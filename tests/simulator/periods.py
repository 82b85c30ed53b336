"""Periods whose story is known: sessions of a tenth of a cent, ten thousand of them a day, so that days cost $10."""

from __future__ import annotations

import burncurve as bc
from tests.twin.worlds import one_agent

MILLS = {"dear": {"input": 0, "output": 1_000}, "cheap": {"input": 0, "output": 500}}

STORY = one_agent(
    {"prompt_tokens": 0, "output_tokens": 1},
    name="story",
    title="A known story",
    models=MILLS,
    period={"start": "2026-12-01", "days": 12},
    volume={"sessions_per_day": 10_000, "peak_hour": {"share": 0.1, "capacity": 1_500, "failure_factor": 2}},
    budget={"amount": 156, "covers": ["models", "one_time"]},
    fixed_costs={"monthly": {"platform": 31}, "one_time": {"set_up": {"amount": 20, "date": "2026-12-03"}}},
    drivers={"context": "0.7 to 1.5"},  # of which a prompt of no tokens knows nothing
    events={
        "launch-spike": {"date": "2026-12-05", "days": 2, "multiplies": {"volume": 3}},
        "glitch": {"date": "2026-12-02", "days": 1, "multiplies": {"failure_rate": 2.5}, "share": 0.1},
        "price-rise": {"date": "2026-12-10", "multiplies": {"price": 2}},
        "quake": {"date": "2026-12-09", "probability": 1e-9, "multiplies": {"price": 9}},
    },
    controls=[
        {"at": 0.5, "multiplies": {"volume": 0.5}, "delay_days": 1},
        {"at": 0.99, "route": {"dear": "cheap"}},
    ],
)
"""By the end of each day sessions have cost 10, 20, 30, 40, 70, 100, 110, 115, 120, 130, 140, 145.

The first control passes $78 on day 6 and acts on day 8, by when $32 have leaked; the second passes $154.44 with the
one-time cost left out never. The budget holds all that is covered: with the $20 of day 3 it breaks on day 11.
"""

TRIALS = 20


_TOLD = {}


def story(month="p95", **more):
    """A period of it; told once."""
    key = month, repr(more)
    if key not in _TOLD:
        _TOLD[key] = bc.replay(STORY | more, month=month, trials=TRIALS, seed=3)
    return _TOLD[key]
