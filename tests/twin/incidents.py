"""Scenario variants of a day on which an incident is certain: calls that go elsewhere, sessions that are hit alone."""

from __future__ import annotations

from tests.twin.coming import CASCADE, COMING, FEES, HARD, ITSELF
from tests.twin.coming import WINDOWS as LIMITS
from tests.twin.variants import BY_RATE, CHAT, EVERYTHING, OFTEN, STEADY, TWO_MODELS
from tests.twin.worlds import DEAR, PLAIN, one_agent

TODAY = "2026-12-01"
MODELS = FEES | {"spare": {"input": 2.0, "output": 7.0}}  # one that caches nothing
AWAY = {"dear": "plain"}
BACK = {"plain": "dear"}


def on(*events):
    """Events of the day, each named by its place."""
    return {f"incident {place}": {"date": TODAY} | event for place, event in enumerate(events)}


def routed(agent, *routes, **more):
    return one_agent(agent, models=MODELS, events=on(*({"route": route} for route in routes)), **more)


INCIDENTS = {
    "calls go to a cheaper model": routed(CHAT, AWAY),
    "calls go to a dearer model, past its threshold": routed(CHAT | {"model": "plain"}, BACK),
    "some of the models go elsewhere": routed(
        STEADY | TWO_MODELS, AWAY, features={"ask": {"agent": "chat", "success_rate": {"dear": 0.9, "plain": 0.5}}}
    ),
    "two models go to a third": routed(STEADY | TWO_MODELS, {"dear": "spare", "plain": "spare"}),
    "caches of the target": routed(STEADY | {"cache": BY_RATE, "retry": OFTEN | {"quality_share": 0.5}}, AWAY),
    "caches of a dearer target": routed(STEADY | {"model": "plain", "cache": BY_RATE}, BACK),
    "a target that caches nothing": routed(STEADY | {"cache": BY_RATE}, {"dear": "spare"}),
    "failures of the target": routed(
        STEADY | TWO_MODELS | {"retry": OFTEN | {"failure_rate": {"dear": 0.05, "plain": 0.4, "spare": 0.6}}},
        {"dear": "spare"},
        BACK,
    ),
    "fallbacks go elsewhere": routed(
        STEADY
        | {
            "cache": BY_RATE,
            "retry": OFTEN | {"quality_share": 0.5, "added_tokens": 70, "fallback": {"after": 1, "model": "plain"}},
        },
        {"plain": "spare"},
    ),
    "cascades go elsewhere": routed(STEADY | CASCADE | {"retry": OFTEN, "cache": BY_RATE}, {"dear": "spare"}),
    "cascades begin elsewhere": routed(STEADY | CASCADE | {"retry": OFTEN, "cache": BY_RATE}, {"plain": "spare"}),
    "chains": routed(STEADY | TWO_MODELS, AWAY, {"plain": "spare"}),
    "chains, written backwards": routed(STEADY | TWO_MODELS, {"plain": "spare"}, AWAY),
    "the later rule has it": routed(STEADY, AWAY, {"dear": "spare"}),
    "limits and windows of the target": one_agent(
        STEADY
        | {
            "model": {"dear": 0.5, "plain": 0.3, "spare": 0.2},
            "context": {"limit": {"dear": LIMITS, "plain": 1_700}, "overflow": "compact", "summary_tokens": 120},
        },
        models={
            "dear": DEAR | {"context_window": 2_300},
            "plain": PLAIN | {"context_window": 900, "fee_per_call": 0.01},
            "spare": MODELS["spare"] | {"context_window": 1_400},
        },
        events=on({"route": AWAY, "share": 0.5}, {"route": {"plain": "spare"}, "share": 0.3}),
    ),
    "batches of the target": one_agent(
        STEADY | {"batch": True, "retry": OFTEN},
        models={"dear": FEES["dear"] | {"batch_pays": 0.5}, "plain": FEES["plain"] | {"batch_pays": 0.3}},
        events=on({"route": AWAY}),
    ),
    "some sessions go elsewhere": one_agent(
        STEADY | {"cache": BY_RATE, "retry": OFTEN}, models=MODELS, events=on({"route": AWAY, "share": 0.3})
    ),
    "some sessions are hit by either of two, or by both": one_agent(
        STEADY | {"retry": OFTEN},
        models=MODELS,
        events=on(
            {"multiplies": {"output_tokens": 3}, "share": 0.4},
            {"multiplies": {"failure_rate": 2, "output_tokens": 2}, "route": AWAY, "share": 0.3},
        ),
    ),
    "some sessions sprawl": one_agent(
        STEADY | {"spawns": [ITSELF]},
        features={"ask": {"agent": "chat", "guardrails": {"depth": 4, "agents": 12, "calls": 60}}},
        events=on({"multiplies": {"fanout": 4}, "share": 0.1}),
    ),
    "some sessions are harder on everyone": one_agent(
        STEADY | {"retry": OFTEN, "sensitivity": {"turns": 0.8, "failure_rate": 0.5}},
        difficulty=HARD,
        events=on({"multiplies": {"turns": 2, "price": 1.5}}, {"multiplies": {"context": 3}, "share": 0.5}),
    ),
    "everything of one agent": EVERYTHING
    | {"events": on({"route": AWAY, "share": 0.5}, {"multiplies": {"context": 1.5, "failure_rate": 1.5}})},
    "everything of section 2": COMING["everything of section 2"]
    | {"events": on({"multiplies": {"fanout": 1.5, "misses": 2}, "route": AWAY, "share": 0.4})},
}
