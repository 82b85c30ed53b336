"""Tallies made by hand, so that pictures and pages are tested without simulating anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from scenarios.load import load
from scenarios.prices import resolve_prices
from scenarios.schema import Scenario
from simulator.engine.tally import (
    MAX_CALLS,
    N_COST_BINS,
    SESSION_DTYPE,
    Cell,
    Frame,
    SessionTally,
    Tally,
    cost_bin_value,
)
from simulator.facts import Facts
from simulator.result import Result
from simulator.risk.guardrails import Estimate, GuardrailEffect

UNIT = 1e-9


def cells_of(agents: tuple[str, ...], feature: str = "assist") -> tuple[Cell, ...]:
    causes = ("system", "message", "retrieval", "history", "output", "reasoning", "retries")
    per_agent = [Cell(feature, agent, cause) for agent in agents for cause in causes]
    tools = [Cell(feature, agents[0], "tools", "search")]
    people = [Cell(feature, agents[0], "human_review"), Cell(feature, agents[0], "overheads")]
    return (*per_agent, *tools, *people, Cell(None, None, "fixed", "platform"))


def tally(
    trials: int = 2_000,
    days: int = 31,
    mean_day: float = 2_600.0,
    agents: tuple[str, ...] = ("planner", "executor"),
    fixed_daily: float = 150.0,
    uncovered: tuple[str, ...] = (),
    spread: float = 0.28,
    seed: int = 1,
    cells: tuple[Cell, ...] | None = None,
) -> Tally:
    """A plausible tally: lognormal months, weekdays, cells that take fixed shares, and more history in dear months."""
    rng = np.random.default_rng(seed)
    start = date(2026, 12, 1)
    dates = tuple(start + timedelta(days=i) for i in range(days))
    features = ("assist", "build")
    cells = cells or cells_of(agents)
    covered = np.array([cell.cause not in uncovered for cell in cells])
    frame = Frame(cells, features, dates, UNIT, np.full(days, int(fixed_daily / UNIT), np.int64), covered)
    out = Tally.empty(frame, np.arange(trials, dtype=np.int64), 12)

    level = np.exp(spread * rng.standard_normal(trials)) if spread else np.ones(trials)
    out.levels[:, 0] = level
    weekday = np.array([0.3 if d.weekday() >= 5 else 1.28 for d in dates])
    noise = rng.gamma(30, 1 / 30, (trials, days)) if spread else np.ones((trials, days))
    by_day = mean_day * level[:, None] * weekday * noise
    by_feature = by_day[:, :, None] * np.array([0.4, 0.6])
    out.daily[:] = np.round(by_feature / UNIT).astype(np.int64)
    out.sessions[:] = np.round(by_feature / 0.9).astype(np.int64)
    spend = out.daily.sum(axis=(1, 2))

    weights = rng.dirichlet(np.full(len(cells) - 1, 1.2))
    tilt = np.ones((trials, len(cells) - 1))
    tilt[:, [i for i, c in enumerate(cells[:-1]) if c.cause == "history"]] = level[:, None] ** 1.5
    shares = weights * tilt
    shares /= shares.sum(axis=1, keepdims=True)
    out.cells[:, :-1] = np.floor(spend[:, None] * shares).astype(np.int64)
    out.cells[:, 0] += spend - out.cells[:, :-1].sum(axis=1)
    out.cells[:, -1] = frame.fixed_daily.sum()
    kept = covered[:-1] @ (out.cells[:, :-1].sum(axis=0) / max(1, out.cells[:, :-1].sum()))
    out.covered[:] = (out.daily.sum(axis=2) * kept).astype(np.int64) + frame.fixed_daily * covered[-1]
    if all(covered):
        out.covered[:] = out.daily.sum(axis=2) + frame.fixed_daily
    out.session = session_tally(rng, int(out.sessions.sum()), 0.9 if mean_day else 0.0)
    out.worst = np.zeros(3, SESSION_DTYPE)
    out.worst["cost"] = [40.0, 30.0, 20.0]
    return out


def session_tally(rng: np.random.Generator, sessions: int, mean: float) -> SessionTally:
    """Lognormal session costs with a fat tail, counted as the kernel counts them."""
    out = SessionTally.empty(2)
    sample = 20_000
    cost = np.exp(rng.normal(np.log(mean / 3), 1.3, sample)) if mean else np.zeros(sample)
    cost[: sample // 100] *= 6
    values = cost_bin_value(np.arange(N_COST_BINS))
    bins = np.clip(np.searchsorted(values, cost), 0, N_COST_BINS - 1) if mean else np.zeros(sample, np.int64)
    counts = np.bincount(bins, minlength=N_COST_BINS)
    out.cost_counts[0] = counts
    out.cost_units[0] = [round(int(n) * float(v) / UNIT) for n, v in zip(counts, values, strict=True)]
    out.calls_counts[: MAX_CALLS + 1] = np.bincount(
        np.minimum(rng.geometric(0.2, sample), 400), minlength=MAX_CALLS + 1
    )
    out.tokens = {"input": 8_000 * sample, "cached": 5_000 * sample, "written": 400 * sample, "output": 900 * sample}
    out.sessions, out.successes, out.cut_by["cost"] = sample, int(0.9 * sample), sample // 200
    out.min_cost, out.max_cost = float(cost.min()), float(cost.max())
    out.waste_units = int(0.12 * sum(out.cost_units[0]))
    return out


TREE = (
    *(
        Cell("build", name, cause)
        for name in ("planner", "executor")
        for cause in ("system", "history", "output", "retries")
    ),
    *(Cell("build", "planner", "tools", tool) for tool in ("search", "read")),
    *(Cell("build", "executor", "tools", tool) for tool in ("shell", "a-tool-with-a-long-name")),
    *(Cell("build", "validator", cause) for cause in ("message", "output")),
    *(Cell("build", "planner", cause) for cause in ("handoff", "human_review", "overheads")),
    *(Cell("assist", "chat", cause) for cause in ("system", "message", "history", "output", "retries")),
    Cell(None, None, "fixed", "platform"),
)


def deep_tally(trials: int = 400) -> Tally:
    """Months of a tree of agents with tools, people, guardrails, and sessions that passed the hard limit."""
    made = tally(trials=trials, cells=TREE)
    session, cost = made.session, sum(made.session.cost_units.ravel().tolist())
    agents = np.random.default_rng(2).geometric(0.32, session.sessions)
    session.agents_counts[:] = np.bincount(agents, minlength=MAX_CALLS + 1)
    session.agents = int(agents.sum())
    session.depth_agents[:4] = [session.sessions, session.agents - 1_700 - session.sessions, 1_500, 200]
    session.depth_units[:4] = [cost - 2 * (cost // 5) - cost // 50, cost // 5, cost // 5, cost // 50]
    session.waste_units = int(0.12 * int(made.cells.sum()))
    session.cut_by = {"cost": 60, "calls": 25, "limit": 3}
    session.held, session.repeats, session.handovers, session.reviews = 90, 700, 120, 4_000
    return made


def effect(**changes: Any) -> GuardrailEffect:
    """What the guardrails of `build` do."""
    plain = GuardrailEffect(
        feature="build",
        lifted={"cost": 25.0, "calls": 400, "agents": 40},
        kept={"depth": 3},
        sampled=50_000,
        cut=155,
        held=240,
        compared=395,
        cut_rate=0.0031,
        held_rate=0.0048,
        saving=Estimate(1_204.0, 76.0, (1_053.0, 1_355.0)),
        successes_lost=Estimate(45.2, 7.6, (30.1, 60.3)),
        saving_per_success_lost=1_204.0 / 45.2,
        cost_per_success=1.42,
        cost_per_success_without=1.49,
        past_limit=0,
    )
    return replace(plain, **changes)


def untouched(feature: str = "assist") -> GuardrailEffect:
    """Guardrails that no session met."""
    none = Estimate(0.0, 0.0, (0.0, 0.0))
    rates = {
        "cut_rate": 0.0,
        "held_rate": 0.0,
        "saving_per_success_lost": float("nan"),
        "cost_per_success_without": 1.42,
    }
    return effect(feature=feature, cut=0, held=0, compared=0, saving=none, successes_lost=none, **rates)


def deep(*effects: GuardrailEffect, **changes: Any) -> Result:
    """A result of such months."""
    made = deep_tally()
    stated = scenario(**changes)
    return Result(
        made,
        stated,
        resolve_prices(stated),
        guardrails=effects or [effect()],
        **RUN | {"trials_requested": len(made.trial)},
    )


def facts(**changes: Any) -> Facts:
    """What a result says of its scenario, with a budget of $100,000."""
    plain = Facts(
        name="coding-agent",
        title="Coding assistant with a planner and executors",
        sha256="ab" * 32,
        unit="session",
        currency="USD",
        budget=100_000.0,
        covers=("models", "tools", "people", "overheads", "fixed", "one_time"),
        limits={},
        plan=62_000.0,
        average_plan=55_012.0,
        prices={},
        prices_sha256="cd" * 32,
    )
    return replace(plain, **changes)


RUN: dict[str, Any] = {
    "seed": 1,
    "engine": "exact",
    "engine_reason": "the work is small",
    "interrupted": False,
    "seconds": 2.4,
    "version": "0.1.0",
}


def result(made: Tally | None = None, **changes: Any) -> Result:
    """A result of a tally made by hand, without a scenario; `changes` go to its facts."""
    known = made or tally()
    return Result(known, None, None, facts=facts(**changes), trials_requested=len(known.trial), **RUN)


def scenario(**changes: Any) -> Scenario:
    """One agent, two uncertain drivers, a fixed cost; `changes` replace sections."""
    plain: dict[str, Any] = {
        "name": "assistant",
        "title": "An assistant",
        "as_of": "2026-11-20",
        "budget": "100k",
        "volume": {"sessions_per_day": "10k", "weekdays": {"sat": 0.3}, "dispersion": 20},
        "agents": {
            "chat": {
                "model": "anthropic/claude-sonnet-4-6",
                "system_tokens": "2_000",
                "turns": {"geometric": {"mean": 4}},
                "message_tokens": {"p50": 150, "p95": 900, "source": "our logs of May"},
                "output_tokens": {"p50": 250, "p95": 1_200},
                "tools": {"search": {"calls_per_turn": {"poisson": {"mean": 0.9}}, "fee": 0.005}},
            }
        },
        "drivers": {"volume": "0.7 to 1.5", "context": "1.0 to 1.4", "correlation": {"volume~context": 0.4}},
        "trends": {"context": "8%"},
        "fixed_costs": {"monthly": {"platform": 4_000}, "one_time": {"labels": {"amount": 900, "date": "2026-12-01"}}},
        "sources": ["a study of 2026"],
    }
    return load({**plain, **changes})


def with_scenario(made: Tally | None = None, run: dict[str, Any] | None = None, **changes: Any) -> Result:
    """A result that knows a scenario and its prices; `changes` are those of `scenario`."""
    stated, known = scenario(**changes), made or tally()
    return Result(known, stated, resolve_prices(stated), **{**RUN, "trials_requested": len(known.trial), **(run or {})})


def _forty() -> Result:
    names = tuple(f"agent number {i} with a rather long name that goes on and on" for i in range(40))
    agent = {"model": "anthropic/claude-sonnet-4-6", "output_tokens": {"p50": 250, "p95": 1_200}}
    return with_scenario(
        tally(trials=200, agents=names), agents=dict.fromkeys(names, agent), title="A long title, " * 14
    )


def _braked(name: str, *arguments: Any, **options: Any) -> Result:
    from tests.show import braked

    made: Result = getattr(braked, name)(*arguments, **options)
    return made


STATES: dict[str, Callable[[], Result]] = {
    "no budget": lambda: result(tally(trials=200), budget=None, covers=()),
    "never breached": lambda: result(tally(trials=200), budget=1e6),
    "barely above": lambda: result(tally(trials=200), budget=190_000.0),
    "an absurd budget": lambda: result(tally(trials=200), budget=1e300),
    "always breached": lambda: result(tally(trials=200), budget=10_000.0),
    "breached early": lambda: result(tally(trials=200), budget=50_000.0),
    "one trial": lambda: result(tally(trials=1)),
    "one trial, one day": lambda: result(tally(trials=1, days=1), budget=None),
    "zero spend": lambda: result(tally(200, mean_day=0.0, fixed_daily=0.0, spread=0.0), average_plan=0.0),
    "zero spend, no budget": lambda: result(
        tally(200, mean_day=0.0, fixed_daily=0.0, spread=0.0), average_plan=0.0, budget=None, plan=None
    ),
    "the same in every trial": lambda: result(tally(200, spread=0.0)),
    "a part covered": lambda: result(tally(200, uncovered=("fixed", "human_review")), covers=("models", "tools")),
    "a year": lambda: result(tally(200, days=365), budget=1e6),
    "another currency": lambda: with_scenario(tally(200), currency="PLN", usd_rate=3.6),
    "interrupted": lambda: with_scenario(tally(200), run={"interrupted": True, "trials_requested": 10_000}),
    "nothing shared uncertain": lambda: with_scenario(
        tally(200), drivers={}, trends={}, volume={"sessions_per_day": 100}
    ),
    "a limit crossed": lambda: with_scenario(tally(200), limits={"p95": 5}),
    "forty agents": _forty,
    "trees, tools and guardrails": deep,
    "guardrails of two features": lambda: deep(effect(), untouched()),
    "everything at once": lambda: _braked("all_at_once"),
    "controls": lambda: _braked("result"),
    "controls, no budget": lambda: _braked("result", budget=None, covers=()),
    "controls that never act": lambda: _braked("never_braked"),
    "a month to date": lambda: _braked("month_to_date"),
    "a month to date, nothing expected": lambda: _braked("month_to_date", expected=None),
    "broken to date": lambda: _braked("month_to_date", amount=120_000.0),
    "one day left": lambda: _braked("one_day_left"),
}
"""Results that pictures and pages must survive."""
