"""Scenario variants for kernel against twin: one field of the language at a time, then all together."""

from __future__ import annotations

from tests.twin.worlds import DEAR, PLAIN, one_agent, scenario

TURNS = {"geometric": {"mean": 4}}
SHORT = {"p50": 150, "p95": 900}
LONG = {"p50": 250, "p95": 1_200}
CHAT = {"system_tokens": 2_000, "turns": TURNS, "message_tokens": SHORT, "output_tokens": LONG}
STEADY = {"system_tokens": 900, "turns": TURNS, "message_tokens": 100, "output_tokens": 200}
OFTEN = {"failure_rate": 0.3, "max_attempts": 3}
BY_RATE = {"hit_rate": 0.8, "first_hit_rate": 0.3}


def window(overflow, **more):
    context = {"limit": 1_700, "overflow": overflow} | more
    return one_agent(STEADY | {"retrieved_tokens": 130, "context": context, "cache": BY_RATE})


def retried(cache=None, **retry):
    agent = STEADY | {"retry": OFTEN | retry}
    return one_agent(agent | ({"cache": cache} if cache else {}))


TWO_MODELS = {"model": {"dear": 0.3, "plain": 0.7}}

ONE_AT_A_TIME = {
    "one turn": one_agent({"system_tokens": SHORT, "message_tokens": SHORT, "output_tokens": LONG}),
    "geometric turns, history carried in full": one_agent(CHAT),
    "answers carried in part": one_agent(CHAT | {"context": {"carry": 0.9, "carry_output": 0.3}}),
    "carry 0.6": one_agent(CHAT | {"context": {"carry": 0.6}}),
    "history to the nearest token": one_agent(
        STEADY | {"message_tokens": 101, "output_tokens": 202, "context": {"carry": 0.55}}
    ),
    "turns between integers": one_agent(STEADY | {"turns": 2.3}),
    "turns below 1": one_agent(STEADY | {"turns": {"uniform": {"low": 0, "high": 1.6}}}),
    "a few tokens, to the nearest": one_agent(
        {
            "system_tokens": 3,
            "turns": TURNS,
            "message_tokens": {"uniform": {"low": 0, "high": 4}},
            "retrieved_tokens": {"uniform": {"low": 0, "high": 2}},
            "output_tokens": 5,
            "reasoning_tokens": {"exponential": {"mean": 1}},
        },
        drivers={"context": 1.5, "output_tokens": 1.15},
    ),
    "retrieval forgotten": one_agent(CHAT | {"retrieved_tokens": LONG}),
    "retrieval carried": one_agent(
        CHAT | {"retrieved_tokens": LONG, "context": {"carry": 0.5, "carry_retrieved": True}}
    ),
    "truncated": window("truncate"),
    "truncated and still too long": window("truncate", limit=1_000),
    "compacted": window("compact", summary_tokens=120),
    "compacted and still too long": window("compact", summary_tokens=400, limit=1_300),
    "fails when full": window("fail", carry_retrieved=True),
    "window of one model, above that of another a limit": one_agent(
        STEADY | TWO_MODELS | {"context": {"limit": {"plain": 2_600}}},
        models={"dear": DEAR | {"context_window": 1_500}, "plain": PLAIN | {"context_window": 1_200}},
    ),
    "cache by rate": one_agent(CHAT | {"cache": BY_RATE}),
    "cache by one rate, model without write price": one_agent(CHAT | {"model": "plain", "cache": {"hit_rate": 0.6}}),
    "cache by time to live": one_agent(
        CHAT | {"cache": {"ttl_minutes": 5, "gap_minutes": {"p50": 2, "p95": 20}}, "context": {"carry": 0.5}}
    ),
    "cache by time to live, first hit, more hits": one_agent(
        STEADY | {"cache": {"ttl_minutes": 5, "gap_minutes": {"p50": 6, "p95": 40}, "first_hit_rate": 0.5}},
        drivers={"cache_hit": 1.5},
    ),
    "provider failures, not billed": retried(),
    "provider failures, input billed": retried(BY_RATE, provider_billed="input", added_tokens=50),
    "quality failures": retried(BY_RATE, quality_share=1, added_tokens=50),
    "both failures, exhausted goes on": retried(
        BY_RATE, quality_share=0.5, on_exhausted="continue", max_attempts=2, provider_billed="input"
    ),
    "fallback": retried(
        BY_RATE, quality_share=0.6, added_tokens=70, fallback={"after": 1, "model": "plain"}, failure_rate=0.4
    ),
    "fallback with a write price": one_agent(
        STEADY
        | {
            "model": "plain",
            "cache": BY_RATE,
            "retry": {
                "failure_rate": {"plain": 0.5, "dear": 0.2},
                "quality_share": 0.3,
                "provider_billed": "input",
                "max_attempts": 4,
                "fallback": {"after": 2, "model": "dear"},
            },
        }
    ),
    "routing by shares, failures by model": one_agent(
        STEADY | TWO_MODELS | {"retry": {"failure_rate": {"dear": 0.05, "plain": 0.4}, "max_attempts": 2}}
    ),
    "whole prompts": one_agent({"prompt_tokens": LONG, "turns": TURNS, "output_tokens": SHORT, "cached_share": 0.4}),
    "whole prompts, retried and grown": one_agent(
        {
            "prompt_tokens": LONG,
            "turns": TURNS,
            "output_tokens": SHORT,
            "cached_share": 0.7,
            "retry": {
                "failure_rate": 0.4,
                "quality_share": 0.5,
                "provider_billed": "input",
                "added_tokens": 40,
                "fallback": {"after": 1, "model": "plain"},
            },
        },
        drivers={"context": 1.6, "cache_hit": 1.3},
    ),
    "success by model and misses": one_agent(
        STEADY | TWO_MODELS,
        features={"ask": {"agent": "chat", "success_rate": {"dear": 0.9, "plain": 0.7}}},
        drivers={"misses": 1.8},
    ),
    "overheads": one_agent(
        STEADY | {"retry": OFTEN},
        features={"ask": {"agent": "chat", "overheads": {"per_session": 0.002, "per_call": 0.0004}}},
    ),
    "fees and discounts": one_agent(
        STEADY | {"retry": OFTEN | {"quality_share": 0.5, "provider_billed": "input"}},
        models={"dear": DEAR | {"fee_per_call": 0.001, "pays": 0.8}},
    ),
    "long context": one_agent(
        CHAT | {"cache": BY_RATE, "retry": OFTEN | {"added_tokens": 400, "quality_share": 0.5}},
        models={
            "dear": DEAR
            | {"long_context": {"above": 3_500, "input": 6, "output": 22, "cached_input": 0.6, "cache_write": 7.5}}
        },
    ),
    "output limit and reasoning": one_agent(
        CHAT | {"max_output_tokens": 400, "reasoning_tokens": {"p50": 300, "p95": 3_000}}
    ),
    "drivers": one_agent(
        STEADY | {"cache": BY_RATE, "retry": OFTEN},
        drivers={
            "turns": 1.3,
            "message_tokens": 0.8,
            "output_tokens": 1.4,
            "context": 1.2,
            "failure_rate": 1.7,
            "cache_hit": 0.7,
            "price": 1.25,
        },
    ),
    "rates past 1": retried(BY_RATE, quality_share=0.5, on_exhausted="continue")
    | {"drivers": {"failure_rate": 4, "cache_hit": 9}},
    "two features": scenario(
        {"chat": {"model": "dear"} | CHAT, "bulk": {"model": "plain"} | STEADY | {"context": {"carry": 0.0}}},
        features={
            "ask": {"agent": "chat", "share": 0.25, "success_rate": 0.9},
            "sum up": {"agent": "bulk", "share": 0.75, "success_rate": 0.6},
        },
    ),
    "euros": one_agent(
        STEADY,
        currency="EUR",
        usd_rate=0.9,
        models={"dear": DEAR | {"fee_per_call": 0.001}},
        features={"ask": {"agent": "chat", "overheads": {"per_session": 0.002}}},
    ),
}

EVERYTHING = scenario(
    {
        "chat": CHAT
        | TWO_MODELS
        | {
            "retrieved_tokens": {"mixture": [{"weight": 0.8, "law": 200}, {"weight": 0.2, "law": LONG}]},
            "reasoning_tokens": SHORT,
            "max_output_tokens": 2_000,
            "context": {"carry": 0.8, "limit": 5_000, "overflow": "compact", "summary_tokens": 300},
            "cache": {"ttl_minutes": 5, "gap_minutes": {"p50": 2, "p95": 20}, "first_hit_rate": 0.4},
            "retry": {
                "failure_rate": {"dear": 0.15, "plain": 0.3},
                "quality_share": 0.4,
                "provider_billed": "input",
                "max_attempts": 4,
                "added_tokens": 60,
                "fallback": {"after": 2, "model": "plain"},
            },
        },
        "bulk": {
            "model": "plain",
            "prompt_tokens": {"lognormal": {"mean": 900, "cv": 1.2}, "max": 20_000},
            "output_tokens": {"gamma": {"mean": 120, "cv": 0.7}},
            "turns": {"negative_binomial": {"mean": 2, "dispersion": 1.5}},
            "cached_share": 0.3,
            "retry": {"failure_rate": 0.1, "quality_share": 1, "on_exhausted": "continue"},
        },
    },
    models={
        "dear": DEAR
        | {
            "fee_per_call": 0.0005,
            "pays": 0.9,
            "long_context": {"above": 4_000, "input": 6, "output": 22, "cached_input": 0.6, "cache_write": 7.5},
        },
        "plain": PLAIN,
    },
    features={
        "ask": {
            "agent": "chat",
            "share": 0.6,
            "success_rate": {"dear": 0.95, "plain": 0.8},
            "overheads": {"per_session": 0.001, "per_call": 0.0002},
        },
        "sum up": {"agent": "bulk", "share": 0.4, "success_rate": 0.9},
    },
    drivers={"context": 1.2, "output_tokens": 1.1, "failure_rate": 1.3, "cache_hit": 0.9, "misses": 1.2, "price": 1.1},
)

# Constant tokens, so that every way to read the interplay of two mechanisms gives another prompt.
INTERPLAY = one_agent(
    STEADY
    | TWO_MODELS
    | {
        "retrieved_tokens": 130,
        "reasoning_tokens": 70,
        "max_output_tokens": 180,
        "context": {
            "carry": 0.8,
            "carry_retrieved": True,
            "limit": 1_500,
            "overflow": "compact",
            "summary_tokens": 90,
        },
        "cache": {"hit_rate": 0.7, "first_hit_rate": 0.4},
        "retry": {
            "failure_rate": {"dear": 0.3, "plain": 0.45},
            "quality_share": 0.5,
            "provider_billed": "input",
            "max_attempts": 3,
            "added_tokens": 33,
            "fallback": {"after": 2, "model": "dear"},
            "on_exhausted": "continue",
        },
    },
    models={
        "dear": DEAR
        | {
            "fee_per_call": 0.0005,
            "pays": 0.9,
            "long_context": {"above": 1_400, "input": 6, "output": 22, "cached_input": 0.6, "cache_write": 7.5},
        },
        "plain": PLAIN | {"fee_per_call": 0.0002},
    },
    drivers={"context": 0.9, "message_tokens": 1.1, "output_tokens": 1.2, "cache_hit": 1.1, "price": 1.1},
)


def family(*rules, child=None, **more):
    """Build a scenario of a parent with rules by which it spawns, and of what it may spawn."""
    agents = {
        "chat": STEADY | {"model": "dear", "cache": BY_RATE, "spawns": list(rules)},
        "kid": STEADY | {"model": "plain", "turns": 2} | (child or {}),
        "grandkid": CHAT | {"model": {"plain": 0.5, "dear": 0.5}, "turns": 1},
    }
    reached = agents if child and "spawns" in child else {name: agents[name] for name in ("chat", "kid")}
    return scenario(reached, features={"ask": {"agent": "chat"} | more.pop("feature", {})}, **more)


def sprawl(**caps):
    spawns = {"agent": "chat", "count": {"poisson": {"mean": 0.4}}, "result_tokens": 100}
    return one_agent(STEADY | {"spawns": [spawns]}, features={"ask": {"agent": "chat", "guardrails": caps}})


TREES = {
    "children once, their results in the next message": family(
        {"agent": "kid", "per": "agent", "count": {"poisson": {"mean": 1.3}}, "result_tokens": SHORT}
    ),
    "children after every turn, more of them": family(
        {"agent": "kid", "count": 0.4, "result_tokens": 300}, drivers={"fanout": 1.3}
    ),
    "an agent that spawns itself, one level deep": sprawl(depth=1, agents=50),
    "an agent that spawns itself, four in a session": sprawl(depth=9, agents=4),
    "two rules, three levels, failures at all of them": family(
        {"agent": "kid", "per": "agent", "count": 2, "result_tokens": 50},
        {"agent": "kid", "per": "agent", "count": {"poisson": {"mean": 0.5}}, "result_tokens": 10},
        child={"retry": {"failure_rate": 0.1}, "spawns": [{"agent": "grandkid", "count": {"poisson": {"mean": 0.7}}}]},
    ),
}
"""Trees of agents, which kernels walk and a run refuses until all that belongs to them is there."""

VARIANTS = ONE_AT_A_TIME | {"interplay": INTERPLAY, "everything": EVERYTHING}
