"""A coding session of about 45 calls: its time per call, and per random draw, beside those of the chat agent.

Planner, executors that may start executors, validator: every part of the language that a session can have. Draws are
counted on the naive twin, which draws what the text says and nothing else: a law that can give two values, a chance
that is neither 0 nor 1.
"""

from __future__ import annotations

import statistics
import time

import numpy as np

from benchmarks.chat import DAYS, SESSIONS_PER_DAY, Engine
from benchmarks.chat import spec as chat_spec
from benchmarks.engine import spread
from scenarios.load import load
from scenarios.prices import resolve_prices
from simulator.engine.exact import simulate
from simulator.engine.period import Period
from simulator.engine.plan import NANO, compile_program
from simulator.engine.tally import SessionTally, Tally
from tests.twin.naive_twin import Dice, Session, World, levels

ROUNDS, CHAT_TRIALS, TRIALS, TWIN_SESSIONS = 7, 20, 2, 4_000


def measure() -> list[tuple[str, str, str]]:
    """Rows of (what, measured, asked for)."""
    chat, scenario = Engine(), load(spec())
    program, period = compile_program(scenario, resolve_prices(scenario)), Period.of(scenario)
    simulate(program, period, 1, 1, unit=NANO)

    def run() -> Tally:
        return simulate(program, period, 1, TRIALS, unit=NANO)

    draws = draws_a_call(spec()) / draws_a_call(chat_spec())
    per_call, calls, nanoseconds = [], 0.0, []
    for _ in range(ROUNDS):
        base, _ = time_a_call(lambda: chat.run(CHAT_TRIALS))
        ours, calls = time_a_call(run)
        per_call.append(ours / base)
        nanoseconds.append(ours * 1e9)
    return [
        ("calls of a coding session", f"{calls:.1f}", "about 45"),
        ("processor time of its call", f"{statistics.median(nanoseconds):.0f} ns", ""),
        ("time per call, of the chat agent's", spread(per_call), "at most 2.5"),
        ("time per random draw, of the chat agent's", spread([x / draws for x in per_call]), "at most 1.3"),
    ]


def time_a_call(work) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """Seconds of processor time a call, and calls a session."""
    start = time.process_time()
    sessions: SessionTally = work().session
    seconds = time.process_time() - start
    calls = float(np.dot(sessions.calls_counts, np.arange(len(sessions.calls_counts))))
    return seconds / calls, calls / sessions.sessions


class CountingDice(Dice):  # type: ignore[misc, no-untyped-call]
    """The twin's randomness, counted."""

    draws = 0

    def draw(self, law):  # type: ignore[no-untyped-def]
        low, high = law.support()
        self.draws += low < high
        return super().draw(law)

    def happens(self, p):  # type: ignore[no-untyped-def]
        self.draws += 0 < p < 1
        return super().happens(p)


def draws_a_call(source: dict[str, object]) -> float:
    """Random draws of a scenario's sessions for each of their calls."""
    scenario, dice = load(source), CountingDice(1)  # type: ignore[no-untyped-call]
    world = World({name: days[0] for name, days in resolve_prices(scenario).cards.items()}, levels())
    (feature,) = scenario.features
    calls = sum(Session(scenario, feature, world, dice).run().calls for _ in range(TWIN_SESSIONS))
    return dice.draws / calls


def spec() -> dict[str, object]:
    """The scenario, of as many sessions a day as the chat agent has."""
    rates = {"frontier": 0.04, "cheap": 0.07}
    return {
        "name": "coding-benchmark",
        "as_of": "2026-11-20",
        "period": {"start": "2026-12-01", "days": DAYS},
        "models": {
            "frontier": {"input": 5, "output": 25, "cached_input": 0.5, "cache_write": 6.25},
            "cheap": {"input": 0.6, "output": 2.2, "cached_input": 0.05},
            "small": {"input": 0.4, "output": 1.2, "batch_pays": 0.5},
        },
        "volume": {"sessions_per_day": SESSIONS_PER_DAY},
        "difficulty": {"lognormal": {"mean": 1, "cv": 0.8}},
        "features": {
            "build": {
                "agent": "planner",
                "success_rate": 0.75,
                "on_failure": {"repeat": 0.2, "handoff": {"rate": 0.1, "cost": 13.5}},
                "human_review": {"rate": 0.2, "minutes": {"p50": 4, "p95": 20}, "hourly_rate": 75},
                "guardrails": {"cost": 25, "calls": 400, "agents": 40, "depth": 3},
                "overheads": {"per_session": 0.002, "per_call": 0.0001},
            }
        },
        "agents": {
            "planner": {
                "model": "frontier",
                "system_tokens": 6_000,
                "turns": {"lognormal": {"p50": 6, "p95": 30}, "max": 200},
                "message_tokens": {"p50": 300, "p95": 2_500},
                "output_tokens": {"p50": 500, "p95": 3_000},
                "reasoning_tokens": {"p50": 800, "p95": 9_000},
                "max_output_tokens": 16_000,
                "context": {"limit": 180_000, "overflow": "compact", "summary_tokens": 3_000},
                "cache": {"ttl_minutes": 5, "gap_minutes": {"p50": 0.6, "p95": 9}, "first_hit_rate": 0.5},
                "retry": {
                    "failure_rate": rates,
                    "quality_share": 0.4,
                    "max_attempts": 4,
                    "added_tokens": 400,
                    "fallback": {"after": 2, "model": "cheap"},
                },
                "tools": {
                    "search": {
                        "calls_per_turn": {"poisson": {"mean": 0.9}},
                        "result_tokens": {"p50": 400, "p95": 3_000},
                        "fee": 0.005,
                    },
                    "read": {
                        "calls_per_turn": {"poisson": {"mean": 0.3}},
                        "result_tokens": {
                            "splice": {
                                "body": {"p50": 900, "p95": 9_000},
                                "at": 0.95,
                                "tail": {"gpd": {"xi": 0.45, "scale": 8_000}},
                            },
                            "max": 60_000,
                        },
                    },
                },
                "spawns": [
                    {
                        "agent": "executor",
                        "per": "agent",
                        "count": {"negative_binomial": {"mean": 2, "dispersion": 0.7}},
                        "result_tokens": {"p50": 500, "p95": 2_500},
                    }
                ],
                "checked_by": {"agent": "validator", "reject_rate": 0.15, "max_loops": 2},
                "sensitivity": {"turns": 0.8, "output_tokens": 0.3, "failure_rate": 0.5},
            },
            "executor": {
                "model": {"cascade": ["cheap", "frontier"], "escalate_rate": 0.25},
                "system_tokens": 3_000,
                "turns": {"geometric": {"mean": 8}},
                "message_tokens": {"p50": 120, "p95": 700},
                "output_tokens": {"p50": 350, "p95": 2_200},
                "tools": {
                    "shell": {
                        "calls_per_turn": {"poisson": {"mean": 1.8}},
                        "result_tokens": {"lomax": {"alpha": 1.9, "scale": 1_500}, "max": 100_000},
                    }
                },
                "spawns": [{"agent": "executor", "per": "turn", "count": {"poisson": {"mean": 0.03}}}],
            },
            "validator": {
                "model": "small",
                "batch": True,
                "system_tokens": 1_500,
                "message_tokens": "from_agent",
                "output_tokens": 120,
            },
        },
    }
