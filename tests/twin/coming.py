"""Scenario variants of trees, guardrails and people: one field at a time, then those that meet, then all together.

Tokens are constants wherever two ways to read a sentence would then give another prompt, another bill or another count.
"""

from __future__ import annotations

from tests.twin.variants import BY_RATE, LONG, OFTEN, SHORT, STEADY, TWO_MODELS
from tests.twin.worlds import DEAR, PLAIN, one_agent, scenario

FEW = {"geometric": {"mean": 2}}
CHECKER = {"model": "plain", "system_tokens": 300, "message_tokens": "from_agent", "output_tokens": 20}
KID = STEADY | {"model": "plain", "system_tokens": 400, "turns": FEW}
LONG_DEAR = DEAR | {"long_context": {"above": 1_400, "input": 6, "output": 22, "cached_input": 0.6, "cache_write": 7.5}}
FEES = {"dear": LONG_DEAR | {"fee_per_call": 0.0005, "pays": 0.9}, "plain": PLAIN | {"fee_per_call": 0.0002}}
SEARCH = {"calls_per_turn": {"poisson": {"mean": 0.8}}, "result_tokens": 170, "fee": 0.004}
FLAKY = {"calls_per_turn": 1.3, "result_tokens": 60, "fee": 0.0007, "failure_rate": 0.4, "max_attempts": 3}
HARD = {"lognormal": {"mean": 1, "cv": 0.8}}
WINDOWS = {"mixture": [{"weight": 0.6, "law": 1_400}, {"weight": 0.4, "law": {"p50": 2_000, "p95": 4_000}}]}
BREAKS = {"failure_rate": 0.35, "max_attempts": 2}
CASCADE = {"model": {"cascade": ["plain", "dear"], "escalate_rate": 0.4}}


def feature(**more):
    return {"features": {"ask": {"agent": "chat"} | more}}


def capped(**guardrails):
    return feature(guardrails=guardrails)


def checked(agent, check, checker=None, **more):
    """Build a scenario of an agent and its validator; `more` overrides sections, `agents` among them adds to them."""
    agents = {
        "chat": {"model": "dear"} | STEADY | agent | {"checked_by": {"agent": "checker", "reject_rate": 0.4} | check},
        "checker": CHECKER | (checker or {}),
    }
    return scenario(agents | more.pop("agents", {}), **more)


def parent(agent, kid=None, **more):
    agents = {"chat": {"model": "dear"} | STEADY | {"turns": FEW} | agent, "kid": KID | (kid or {})}
    return scenario(agents | more.pop("agents", {}), **more)


PER_AGENT = {"agent": "kid", "per": "agent", "count": {"poisson": {"mean": 0.9}}, "result_tokens": 210}
PER_TURN = {"agent": "kid", "count": 0.6, "result_tokens": 90}
ITSELF = {"agent": "chat", "count": {"poisson": {"mean": 0.35}}, "result_tokens": 110}

ALONE = {
    "difficulty": one_agent(
        STEADY | {"retry": OFTEN, "sensitivity": {"turns": 0.8, "output_tokens": 0.3, "failure_rate": 0.5}},
        difficulty=HARD,
    ),
    "difficulty that helps": one_agent(
        STEADY | {"retry": OFTEN, "sensitivity": {"turns": -0.5, "failure_rate": -1}, "max_output_tokens": 260},
        difficulty={"mixture": [{"weight": 0.7, "law": 1}, {"weight": 0.3, "law": 3}]},
        drivers={"turns": 1.3, "failure_rate": 1.4, "output_tokens": 1.2},
    ),
    "a first message of its own": one_agent(STEADY | {"first_message_tokens": LONG, "cache": BY_RATE}),
    "difficulty moves messages, the first one too": one_agent(
        STEADY | {"first_message_tokens": LONG, "sensitivity": {"message_tokens": 0.6}},
        difficulty=HARD,
        drivers={"message_tokens": 1.3},
    ),
    "difficulty moves whole prompts": one_agent(
        {
            "prompt_tokens": LONG,
            "turns": FEW,
            "output_tokens": SHORT,
            "cached_share": 0.3,
            "sensitivity": {"prompt_tokens": 0.8, "turns": -0.3},
        },
        difficulty=HARD,
    ),
    "difficulty moves nothing but what an instance begins with": one_agent(
        STEADY | {"first_message_tokens": LONG, "sensitivity": {"first_message_tokens": -0.7}, "turns": FEW},
        difficulty=HARD,
    ),
    "batch": one_agent(STEADY | {"batch": True, "retry": OFTEN}, models={"dear": FEES["dear"] | {"batch_pays": 0.5}}),
    "batch at prices of its own": one_agent(
        STEADY | {"model": "google/gemini-2.5-pro", "batch": True, "cache": BY_RATE, "system_tokens": 199_000}
    ),
    "cascade": one_agent(STEADY | CASCADE | {"retry": OFTEN}),
    "cascade, failures by model, cached": one_agent(
        STEADY
        | CASCADE
        | {
            "cache": BY_RATE,
            "retry": {
                "failure_rate": {"plain": 0.5, "dear": 0.15},
                "quality_share": 0.5,
                "provider_billed": "input",
                "added_tokens": 45,
            },
        },
        models=FEES,
    ),
    "tools": one_agent(
        STEADY | {"tools": {"search": SEARCH, "read": {"calls_per_turn": 1.4, "fee": 0.02}}},
        drivers={"tool_calls": 1.2, "price": 1.5},
    ),
    "tools that fail": one_agent(STEADY | {"tools": {"read": FLAKY, "search": SEARCH}, "cache": BY_RATE}),
    "spawns": scenario(
        {
            "chat": {"model": "dear"} | STEADY | {"spawns": [PER_AGENT, {"agent": "chat", "count": 0.2}]},
            "kid": KID,
        },
        **capped(depth=3, agents=9),
    ),
    "validator of the agent": checked({}, {"max_loops": 2}),
    "validator of every turn": checked({}, {"every": "turn", "max_loops": 2}),
    "a cap on calls": one_agent(STEADY, **capped(calls=4)),
    "a cap on cost": one_agent(STEADY, **capped(cost=0.03)),
    "repeats and handoff": one_agent(
        STEADY, **feature(success_rate=0.1, on_failure={"repeat": 0.8, "handoff": {"rate": 0.3, "cost": 13.5}})
    ),
    "handoff by the hour, always": one_agent(
        STEADY | {"retry": BREAKS},
        **feature(on_failure={"handoff": {"rate": 1, "minutes": SHORT, "hourly_rate": 30}}),
    ),
    "human review": one_agent(
        STEADY,
        **feature(human_review={"rate": 0.6, "minutes": {"p50": 4, "p95": 8}, "hourly_rate": 75}),
        drivers={"human_review": 1.5},
    ),
}
"""One field of the language at a time."""

MEETINGS = {
    "failed agents are checked, and sent back": checked(
        {"retry": BREAKS | {"quality_share": 0.5}}, {"max_loops": 2}, drivers={"message_tokens": 1.5}
    ),
    "failed turns are checked, and not done anew": checked(
        {"retry": BREAKS | {"quality_share": 0.5}, "turns": FEW}, {"every": "turn", "max_loops": 3}
    ),
    "exhausted turns go on and are read": checked(
        {"retry": BREAKS | {"on_exhausted": "continue"}, "reasoning_tokens": 70}, {"max_loops": 2}
    ),
    "validators that fail": checked({"turns": FEW}, {}, {"retry": BREAKS}, **feature(on_failure={"repeat": 0.5})),
    "validators of many turns": checked({}, {"every": "turn"}, {"turns": FEW, "cache": BY_RATE}),
    "turns done anew forget what their tools and children said": checked(
        {"turns": FEW, "tools": {"search": SEARCH}, "spawns": [PER_AGENT, PER_TURN], "context": {"carry": 0.7}},
        {"every": "turn", "max_loops": 2},
        agents={"kid": KID},
    ),
    "turns done anew read what was sent": checked(
        {"cache": {"hit_rate": 0.9, "first_hit_rate": 0.2}, "retrieved_tokens": 130}, {"every": "turn", "max_loops": 2}
    ),
    "turns done anew are compacted anew": checked(
        {
            "context": {"limit": 1_700, "overflow": "compact", "summary_tokens": 120},
            "cache": BY_RATE,
            "turns": {"geometric": {"mean": 6}},
        },
        {"every": "turn"},
        models=FEES,
    ),
    "agents that fail when full are checked": checked(
        {"context": {"limit": 1_700, "overflow": "fail"}}, {"max_loops": 2}, **feature(on_failure={"repeat": 0.5})
    ),
    "caps met inside validators": checked({"turns": FEW}, {"max_loops": 3}, {"turns": 3}, **capped(calls=7)),
    "caps on cost met inside validators of turns": checked(
        {"turns": FEW}, {"every": "turn", "max_loops": 2}, {"turns": 2, "model": "dear"}, **capped(cost=0.022)
    ),
    "validators count as agents and always start": checked(
        {"spawns": [PER_TURN]}, {"max_loops": 2}, agents={"kid": KID}, **capped(agents=4)
    ),
    "validators start children as deep as anyone": checked(
        {"spawns": [PER_AGENT], "turns": FEW},
        {"every": "turn"},
        {"spawns": [PER_AGENT]},
        agents={"kid": KID | {"spawns": [{"agent": "leaf", "count": 1.4, "result_tokens": 40}]}, "leaf": KID},
        **capped(depth=2),
    ),
    "validators of validators": checked(
        {"turns": FEW},
        {"max_loops": 2},
        {"turns": 2, "checked_by": {"agent": "second", "every": "turn", "reject_rate": 0.3}},
        agents={"second": CHECKER | {"checked_by": {"agent": "third", "reject_rate": 0.5}}, "third": CHECKER},
    ),
    "children with validators": parent(
        {"spawns": [PER_AGENT, PER_TURN]},
        {"checked_by": {"agent": "checker", "reject_rate": 0.4, "max_loops": 2}, "retry": BREAKS},
        agents={"checker": CHECKER},
    ),
    "children, twice, in the order of the rules": parent(
        {"spawns": [PER_TURN, PER_AGENT, PER_TURN | {"count": 1, "result_tokens": 7}], "tools": {"search": SEARCH}},
        {"turns": 1},
        drivers={"fanout": 1.4},
        **capped(agents=5),
    ),
    "repeats after a cut": one_agent(
        STEADY, **feature(guardrails={"calls": 4}, on_failure={"repeat": 0.7, "handoff": {"rate": 0.5, "cost": 2}})
    ),
    "repeats under a cap on cost": one_agent(
        STEADY | {"retry": BREAKS}, **feature(guardrails={"cost": 0.02}, on_failure={"repeat": 0.9}, success_rate=0.8)
    ),
    "repeats of a tree with a cap on agents": parent(
        {"spawns": [PER_AGENT]}, **feature(guardrails={"agents": 4}, success_rate=0.4, on_failure={"repeat": 0.8})
    ),
    "repeats are judged by their own model, and as hard": one_agent(
        STEADY | TWO_MODELS | {"sensitivity": {"turns": 1}, "turns": 2},
        **feature(success_rate={"dear": 0.9, "plain": 0.3}, on_failure={"repeat": 0.7}),
        difficulty={"mixture": [{"weight": 0.7, "law": 1}, {"weight": 0.3, "law": 3}]},
        drivers={"misses": 1.2},
    ),
    "people look at what was cut, too": one_agent(
        STEADY,
        **feature(
            guardrails={"calls": 3},
            on_failure={"repeat": 0.3, "handoff": {"rate": 0.4, "cost": 3}},
            human_review={"rate": 0.5, "cost": 1.25},
            overheads={"per_session": 0.002, "per_call": 0.0004},
        ),
    ),
    "cascade with a fallback, long context and cache": one_agent(
        STEADY
        | CASCADE
        | {
            "cache": BY_RATE,
            "retry": OFTEN | {"added_tokens": 90, "quality_share": 0.6, "fallback": {"after": 1, "model": "dear"}},
        },
        models=FEES,
    ),
    "cascades cut between two models": one_agent(STEADY | CASCADE | {"retry": OFTEN}, **capped(calls=5)),
    "cascades cut by cost": one_agent(
        STEADY | CASCADE | {"retry": OFTEN | {"quality_share": 0.5}, "reasoning_tokens": 30}, **capped(cost=0.012)
    ),
    "whole prompts with tools, children and validators": scenario(
        {
            "chat": {
                "model": {"cascade": ["dear", "plain"], "escalate_rate": 0.3},
                "prompt_tokens": 1_300,
                "cached_share": 0.4,
                "turns": FEW,
                "output_tokens": 200,
                "tools": {"search": SEARCH},
                "spawns": [PER_TURN],
                "retry": OFTEN | {"quality_share": 0.5, "added_tokens": 150},
                "checked_by": {"agent": "checker", "every": "turn", "reject_rate": 0.4},
            },
            "kid": KID,
            "checker": CHECKER,
        },
        models=FEES,
    ),
    "sprawl under caps": one_agent(STEADY | {"spawns": [ITSELF]}, **capped(depth=4, agents=12, calls=25, cost=0.2)),
    "sprawl that is checked and sent back": checked(
        {"spawns": [ITSELF | {"count": {"poisson": {"mean": 0.2}}}], "turns": FEW},
        {"max_loops": 1},
        **capped(depth=3, agents=7),
    ),
    "fees are seen at the next call, free failures too": one_agent(
        STEADY | {"tools": {"read": FLAKY | {"fee": 0.009}}, "retry": OFTEN}, **capped(cost=0.03)
    ),
    "a compaction counts and may be the last call": one_agent(
        STEADY | {"context": {"limit": 1_600, "overflow": "compact", "summary_tokens": 200}}, **capped(calls=4)
    ),
    "batch with a cascade, long context and compaction": one_agent(
        STEADY
        | {
            "model": {"cascade": ["dear", "plain"], "escalate_rate": 0.4},
            "batch": True,
            "cache": BY_RATE,
            "tools": {"search": SEARCH},
            "context": {"limit": 2_000, "overflow": "compact", "summary_tokens": 150},
        },
        models={"dear": FEES["dear"] | {"batch_pays": 0.6}, "plain": FEES["plain"] | {"batch_pays": 0.25}},
    ),
    "a batch agent among others, in euros": parent(
        {"spawns": [PER_TURN], "tools": {"search": SEARCH}},
        {"batch": True, "tools": {"read": FLAKY}},
        models={"dear": FEES["dear"], "plain": FEES["plain"] | {"batch_pays": 0.5}},
        currency="EUR",
        usd_rate=0.9,
        drivers={"price": 1.3, "tool_calls": 0.8},
        **capped(cost=0.03),
    ),
    "windows differ, and a truncation leaves little": one_agent(
        STEADY
        | TWO_MODELS
        | {
            "context": {"carry": 0.9, "limit": WINDOWS, "keep_tokens": 300},
            "cache": BY_RATE,
            "tools": {"search": SEARCH},
        },
        models={"dear": DEAR | {"context_window": 1_300}, "plain": PLAIN | {"context_window": 2_500}},
    ),
    "windows differ in a tree that is checked, and are compacted": parent(
        {
            "context": {"limit": WINDOWS, "overflow": "compact", "summary_tokens": 150},
            "spawns": [PER_TURN],
            "checked_by": {"agent": "checker", "every": "turn", "reject_rate": 0.3, "max_loops": 1},
        },
        {"context": {"limit": {"p50": 900, "p95": 1_500}, "overflow": "fail"}, "turns": FEW},
        agents={"checker": CHECKER},
    ),
    "what an agent begins with is compacted": one_agent(
        STEADY
        | {
            "first_message_tokens": {"p50": 900, "p95": 2_400},
            "context": {"carry": 0.9, "limit": 2_500, "overflow": "compact", "summary_tokens": 120},
            "cache": {"hit_rate": 0.9, "first_hit_rate": 0.2},
            "tools": {"search": SEARCH},
        }
    ),
    "first turns done anew begin with the same": checked(
        {
            "turns": FEW,
            "first_message_tokens": {"mixture": [{"weight": 0.6, "law": 700}, {"weight": 0.4, "law": 2_000}]},
            "tools": {"search": SEARCH},
            "spawns": [PER_AGENT, PER_TURN],
            "cache": BY_RATE,
        },
        {"every": "turn", "max_loops": 2},
        agents={"kid": KID | {"first_message_tokens": 350}},
    ),
    "difficult messages, first and later, sent back and read": checked(
        {
            "first_message_tokens": LONG,
            "turns": FEW,
            "sensitivity": {"message_tokens": 0.5, "first_message_tokens": 0.2, "turns": 0.5},
        },
        {"every": "turn", "max_loops": 2},
        {"sensitivity": {"message_tokens": 1}, "turns": 2},
        difficulty=HARD,
        drivers={"message_tokens": 0.9},
    ),
    "failed agents begin again": one_agent(
        STEADY | {"first_message_tokens": 3_000, "retry": BREAKS}, **feature(on_failure={"repeat": 0.7})
    ),
    "difficulty of a whole tree, and of its validators": checked(
        {"spawns": [PER_AGENT], "sensitivity": {"turns": 0.7, "output_tokens": 0.5}, "turns": FEW},
        {"max_loops": 2},
        {"sensitivity": {"turns": 1, "failure_rate": 1}, "retry": BREAKS},
        agents={"kid": KID | {"sensitivity": {"turns": 0.4, "output_tokens": -0.5}}},
        difficulty=HARD,
    ),
}
"""Where two or more of them meet."""

EVERYTHING_OF_SECTION_2 = scenario(
    {
        "chat": STEADY
        | TWO_MODELS
        | {
            "turns": FEW,
            "retrieved_tokens": 130,
            "reasoning_tokens": 70,
            "max_output_tokens": 320,
            "context": {"carry": 0.8, "limit": 2_300, "overflow": "compact", "summary_tokens": 150},
            "cache": {"ttl_minutes": 5, "gap_minutes": {"p50": 2, "p95": 20}, "first_hit_rate": 0.4},
            "retry": {
                "failure_rate": {"dear": 0.15, "plain": 0.25},
                "quality_share": 0.4,
                "provider_billed": "input",
                "added_tokens": 60,
                "fallback": {"after": 2, "model": "plain"},
            },
            "tools": {"search": SEARCH, "read": FLAKY},
            "spawns": [PER_AGENT, ITSELF | {"count": {"poisson": {"mean": 0.15}}}],
            "checked_by": {"agent": "checker", "reject_rate": 0.25, "max_loops": 2},
            "first_message_tokens": SHORT,
            "sensitivity": {"turns": 0.8, "output_tokens": 0.3, "failure_rate": 0.5, "message_tokens": 0.4},
        },
        "kid": KID
        | CASCADE
        | {
            "batch": True,
            "cache": BY_RATE,
            "retry": BREAKS | {"on_exhausted": "continue", "quality_share": 0.5},
            "tools": {"search": SEARCH},
            "checked_by": {"agent": "second", "every": "turn", "reject_rate": 0.3},
            "sensitivity": {"turns": 0.5},
        },
        "checker": CHECKER | {"batch": True, "turns": 1.5, "retry": {"failure_rate": 0.05}},
        "second": CHECKER | {"checked_by": {"agent": "third", "reject_rate": 0.3}},
        "third": {"model": "plain", "prompt_tokens": 600, "output_tokens": 15, "cached_share": 0.5},
    },
    models={"dear": FEES["dear"] | {"batch_pays": 0.6}, "plain": FEES["plain"] | {"batch_pays": 0.5}},
    features={
        "ask": {
            "agent": "chat",
            "share": 0.7,
            "success_rate": {"dear": 0.95, "plain": 0.8},
            "on_failure": {"repeat": 0.4, "handoff": {"rate": 0.2, "cost": SHORT}},
            "human_review": {"rate": 0.2, "minutes": {"p50": 4, "p95": 20}, "hourly_rate": 75},
            "guardrails": {"cost": 0.4, "calls": 90, "agents": 14, "depth": 3},
            "overheads": {"per_session": 0.002, "per_call": 0.0001},
        },
        "look": {"agent": "kid", "share": 0.3, "guardrails": {"calls": 12}, "on_failure": {"repeat": 0.3}},
    },
    difficulty=HARD,
    drivers={
        "context": 0.9,
        "message_tokens": 1.1,
        "output_tokens": 1.2,
        "fanout": 1.1,
        "tool_calls": 1.2,
        "failure_rate": 1.3,
        "human_review": 1.4,
        "misses": 1.2,
        "cache_hit": 0.9,
        "price": 1.1,
    },
)

COMING = ALONE | MEETINGS | {"everything of section 2": EVERYTHING_OF_SECTION_2}
