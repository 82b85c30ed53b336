"""Whole periods for engine against twin: one part of section 3 at a time, those that meet, then all together.

Sessions are few and short, so that the twin can live hundreds of trials; what happens to them is large, so that a
hundred trials already show it.
"""

from __future__ import annotations

from tests.twin.variants import CHAT, STEADY
from tests.twin.worlds import DEAR, scenario

FLAKY = {"failure_rate": 0.2, "quality_share": 0.6, "max_attempts": 3}
ASK = {"model": "dear", "system_tokens": 1_000, "message_tokens": {"p50": 100, "p95": 400}, "output_tokens": 200}
BULK = {"model": "plain", "prompt_tokens": 3_000, "output_tokens": {"exponential": {"mean": 400}}}
AGENTS = {"ask": ASK | {"retry": FLAKY}, "bulk": BULK}
FEATURES = {"ask": {"agent": "ask", "share": 0.4}, "sum up": {"agent": "bulk", "share": 0.6}}
FIVE_DAYS = {"start": "2026-12-29", "days": 5}  # Tuesday to Saturday, over the new year
MODELS = {
    "dear": DEAR,
    "plain": {"input": 0.4, "output": 1.2, "cached_input": 0.04},
    "spare": {"input": 1.0, "output": 30.0, "context_window": 2_000},
}
A_SESSION = 0.005  # of both features, roughly; budgets below are written as so many of them


def period(**more):
    base = {"features": FEATURES, "period": FIVE_DAYS, "volume": {"sessions_per_day": 6}, "models": MODELS}
    return scenario(more.pop("agents", AGENTS), **(base | more))


def event(**more):
    """A period with one event, named as in the twin's columns."""
    return period(events={"storm": more})


def controlled(*controls, sessions=12, **more):
    """A period with a budget of so many mean sessions."""
    return period(budget=sessions * A_SESSION, controls=list(controls), **more)


BEFORE_EVENTS = {
    "poisson": period(
        period={"start": "2026-12-03", "days": 4},  # Thursday to Sunday
        volume={"sessions_per_day": 6, "weekdays": {"sat": 0.3, "sun": 0.25}},
    ),
    "negative binomial": period(
        agents={"ask": {"model": "dear"} | CHAT | {"retry": FLAKY}, "bulk": {"model": "plain"} | STEADY},
        period={"start": "2026-12-30", "days": 3},
        volume={"sessions_per_month": 310, "dispersion": 2},
        fixed_costs={
            "monthly": {"platform": 0.31, "watching": 0.062},
            "one_time": {"x": {"amount": 0.02, "date": "2027-01-01"}},
        },
    ),
    "drivers and trends": period(
        volume={"sessions_per_day": 5, "dispersion": 6},
        drivers={"volume": "0.5 to 1.8", "context": {"uniform": {"low": 1, "high": 3}}, "failure_rate": "0.5 to 4"},
        trends={"volume": 40.0, "output_tokens": 20.0},  # a five-day month must show them
    ),
    "correlated drivers": period(
        drivers={
            "volume": "0.3 to 3",
            "price": "0.3 to 3",
            "output_tokens": {"uniform": {"low": 0.2, "high": 3}},
            "correlation": {"volume~price": 0.9, "output_tokens~price": -0.3},
        },
    ),
    "typical drivers": period(drivers="typical"),
    "prices that change": period(
        agents={"ask": ASK | {"model": "google/gemini-3.6-flash"}, "bulk": BULK}, drivers={"price": "0.7 to 1.5"}
    ),
    "few users carry the bill": period(
        volume={
            "users": 4,
            "sessions_per_user_day": {"lognormal": {"mean": 1.5, "cv": 2}},
            "weekdays": {"sat": 0.2},
            "dispersion": 4,
        },
        drivers={"volume": "0.6 to 1.6"},
    ),
    "a launch": period(
        volume={"sessions_per_day": 12, "rollout": {"2026-12-30": 0.25, "2027-01-01": 1}},
        features=FEATURES | {"sum up": FEATURES["sum up"] | {"rollout": {"2026-12-01": 0.5, "2027-01-02": "20%"}}},
    ),
    "busy hours": period(
        volume={
            "sessions_per_day": 9,
            "dispersion": 2,
            "peak_hour": {"share": 0.5, "capacity": 3, "failure_factor": 4.5},
        },
    ),
    "hours that are the whole day": period(
        volume={"sessions_per_day": 9, "dispersion": 1, "peak_hour": {"share": 1, "capacity": 5, "failure_factor": 0}},
    ),
}

LONG = {"mixture": [{"weight": 0.5, "law": 1}, {"weight": 0.5, "law": 2.6}]}  # one day, or three
EVENTS = {
    "a dated event that may happen": event(
        date="2026-12-30", probability=0.4, days=LONG, multiplies={"volume": {"p50": 2, "p95": 5}}
    ),
    "a dated event that lasts": event(date="2026-12-31", probability=0.7, multiplies={"price": 3, "output_tokens": 2}),
    "an event of half a day lasts a day": event(
        date="2026-12-30", days={"uniform": {"low": 0, "high": 2}}, multiplies={"volume": 4}
    ),
    "events at random that overlap": event(
        per_month=15, days={"geometric": {"mean": 2}}, multiplies={"volume": {"uniform": {"low": 0.2, "high": 4}}}
    ),
    "an event that strikes at random and stays": event(per_month=9, multiplies={"failure_rate": 4, "price": 2}),
    "an event that hits some sessions": event(
        date="2026-12-30", share=0.3, multiplies={"output_tokens": {"uniform": {"low": 1, "high": 40}}}
    ),
    "an event that sends calls elsewhere": event(per_month=12, days=2, route={"dear": "plain"}),
    "an event that sends some calls elsewhere": event(
        date="2026-12-31", probability=0.8, share=0.5, route={"dear": "spare", "plain": "dear"}
    ),
    "two events that multiply": period(
        events={
            "storm": {"date": "2026-12-30", "days": 3, "probability": 0.6, "multiplies": {"volume": 3}},
            "flood": {"per_month": 12, "days": 2, "multiplies": {"volume": 0.3, "price": 2}},
        },
    ),
    "routes of events that meet": period(
        events={
            "storm": {"date": "2026-12-29", "days": LONG, "route": {"dear": "plain"}},
            "flood": {"date": "2026-12-30", "probability": 0.7, "share": 0.6, "route": {"plain": "spare"}},
            "drought": {"per_month": 15, "days": 1, "route": {"dear": "spare"}},
        },
    ),
}

HALF = {"at": 0.5, "multiplies": {"volume": 0.5}}
CONTROLS = {
    "a brake": controlled(HALF),
    "a brake that is late": controlled(HALF | {"delay_days": 1, "multiplies": {"volume": 0.3, "output_tokens": 0.5}}),
    "a stop": controlled({"at": 1, "stop": True}, volume={"sessions_per_day": 6, "dispersion": 1}, sessions=14),
    "a cheaper model": controlled({"at": 0.6, "route": {"dear": "plain"}}),
    "a control that brings more sessions": controlled(HALF | {"multiplies": {"volume": 2}}),
    "three controls": controlled(
        {"at": 0.3, "route": {"dear": "plain"}},
        {"at": 0.6, "route": {"plain": "spare"}, "multiplies": {"volume": 0.7}, "delay_days": 1},
        {"at": 0.9, "stop": True, "delay_days": 1},
        sessions=9,
    ),
    "controls that look at what is covered": period(
        agents=AGENTS | {"ask": AGENTS["ask"] | {"tools": {"search": {"calls_per_turn": 1.5, "fee": 0.003}}}},
        features=FEATURES | {"ask": FEATURES["ask"] | {"overheads": {"per_session": 0.004}}},
        budget={"amount": 0.08, "covers": ["tools", "fixed", "one_time"]},
        controls=[{"at": 0.5, "multiplies": {"volume": 0.4}}],
        fixed_costs={
            "monthly": {"platform": 0.155},
            "one_time": {"x": {"amount": 0.05, "date": "2026-12-29"}},
        },
    ),
    "the month to date": period(
        spent={"through": "2026-12-30", "amount": 0.04},
        fixed_costs={
            "monthly": {"platform": 0.31},
            "one_time": {
                "x": {"amount": 0.02, "date": "2026-12-30"},
                "y": {"amount": 0.01, "date": "2027-01-01"},
            },
        },
        trends={"volume": 10.0},
        drivers={"volume": "0.5 to 1.8"},
        budget=0.12,
    ),
    "the month to date has passed a threshold": controlled(
        HALF,
        HALF | {"at": 0.9, "delay_days": 1},
        sessions=15,
        spent={"through": "2026-12-29", "amount": 8 * A_SESSION},
    ),
}

EVERYTHING = period(
    agents={
        "ask": ASK
        | {
            "model": {"dear": 0.7, "plain": 0.3},
            "cache": {"hit_rate": 0.8, "first_hit_rate": 0.3},
            "retry": FLAKY | {"failure_rate": {"dear": 0.1, "plain": 0.2, "spare": 0.6}},
            "turns": {"geometric": {"mean": 1.5}},
            "tools": {"search": {"calls_per_turn": 0.5, "fee": 0.002}},
        },
        "bulk": BULK | {"retry": {"failure_rate": 0.05, "fallback": {"after": 1, "model": "dear"}}},
    },
    features={
        "ask": {"agent": "ask", "share": 0.5, "rollout": {"2026-12-01": "60%", "2027-01-01": 1}},
        "sum up": {"agent": "bulk", "share": 0.5, "human_review": {"rate": 0.1, "cost": 0.01}},
    },
    period={"start": "2026-12-28", "days": 6},
    volume={
        "users": 5,
        "sessions_per_user_day": {"gamma": {"mean": 2.5, "cv": 1}},
        "dispersion": 5,
        "weekdays": {"sat": 0.5},
        "peak_hour": {"share": 0.5, "capacity": 4, "failure_factor": 2.5},
    },
    drivers={
        "volume": "0.5 to 1.5",
        "output_tokens": {"uniform": {"low": 0.5, "high": 2}},
        "failure_rate": "0.5 to 2",
        "correlation": {"volume~failure_rate": 0.6},
    },
    trends={"volume": 5.0},
    events={
        "storm": {"per_month": 8, "days": {"geometric": {"mean": 1.5}}, "multiplies": {"failure_rate": 3}},
        "flood": {"date": "2026-12-29", "probability": 0.6, "days": 2, "multiplies": {"volume": {"p50": 2, "p95": 4}}},
        "outage": {"per_month": 6, "days": 1, "route": {"dear": "spare"}},
        "runaway": {"per_month": 6, "days": 2, "multiplies": {"output_tokens": 8}, "share": 0.2},
        "price-rise": {"date": "2026-12-31", "probability": 0.3, "multiplies": {"price": 1.5}},
    },
    budget={"amount": 0.5, "covers": ["models", "tools", "people", "fixed"]},
    controls=[
        {"at": "50%", "route": {"dear": "plain"}},
        {"at": "80%", "multiplies": {"volume": 0.4}, "delay_days": 1},
    ],
    fixed_costs={
        "monthly": {"platform": 0.31},
        "one_time": {"x": {"amount": 0.1, "date": "2026-12-29"}},
    },
    spent={"through": "2026-12-28", "amount": 0.03},
)

PERIODS = BEFORE_EVENTS | EVENTS | CONTROLS | {"everything of section 3": EVERYTHING}
