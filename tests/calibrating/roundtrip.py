"""A product that our own simulator makes up, its calls written as the log that a team would have of it.

Sessions come from the engine, call by call; days, hours and gaps between calls are drawn here, from the words of the
design. So the log knows nothing of the laws but what a real one would show.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.calendar import weekday_factors
from scenarios.load import load
from scenarios.schema import Scenario
from simulator import sampled
from simulator.engine.trace import E_AGENT, E_CALL, E_END, E_TOOL, LOST, SERVED

START = datetime(2026, 8, 3, tzinfo=UTC)
"""A Monday."""
KEPT_MINUTES, GONE_MINUTES = (0.3, 4.5), (6.0, 45.0)
"""Gaps within which a cache keeps a prefix, and after which it does not."""
FAILED = {int(SERVED): "ok", int(LOST): "provider", 2: "quality"}


@dataclass
class Agent:
    """An instance that is at work: its number, its clock, and how many turns it has had."""

    number: int
    name: str
    parent: int
    time: float
    turns: int = 0


def write_log(document: dict[str, Any], days: int, file: Path, *, sessions: bool = True, seed: int = 1) -> np.ndarray:
    """Write the calls of so many days as JSON lines; return what each session cost."""
    scenario = sampled.bare(load(document))
    rng = np.random.default_rng(seed)
    times, users = arrivals(scenario, days, rng)
    program, period = sampled._compiled(scenario)
    addresses = sampled._addresses(scenario, times.size)
    places = rng.permutation(times.size)
    costs: list[float] = []
    writer = Writer(scenario, program.models, rng)
    with file.open("w") as out:
        for records, events in sampled._batches(program, period, seed, addresses):
            features = records["feature"]
            for row, session in enumerate(sessions_of(events)):
                number = len(costs)
                feature = tuple(scenario.features)[features[row]]
                success = bool(session[-1]["outcome"])
                whose = {} if users is None else {"user": f"u{users[places[number]]}"}
                for line in writer.lines(session, number, feature, times[places[number]], success):
                    out.write(json.dumps((line if sessions else without_sessions(line)) | whose) + "\n")
                costs.append(float(records["cost"][row]))
    return np.array(costs)


def arrivals(scenario: Scenario, days: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray | None]:
    """Seconds since 1970 at which sessions begin, and whose they are where volume is by users."""
    volume = scenario.volume
    factors = np.array(weekday_factors(volume.weekdays))
    rates = volume.sessions_per_day
    if volume.users:
        habits = volume.sessions_per_user_day.ppf(rng.random(volume.users))
        rates = habits.sum()
    means = rates * factors[np.arange(days) % 7]
    size = volume.dispersion
    counts = rng.poisson(means if size is None else means * rng.gamma(size, 1 / size, days))
    day = np.repeat(np.arange(days), counts)
    users = rng.choice(volume.users, day.size, p=habits / rates) if volume.users else None
    return START.timestamp() + 86_400 * (day + rng.random(day.size)), users


def sessions_of(events: np.ndarray) -> Iterator[np.ndarray]:
    """The events, session by session."""
    ends = np.flatnonzero(events["event"] == E_END) + 1
    return iter(np.split(events, ends)[: ends.size])


def without_sessions(line: dict[str, Any]) -> dict[str, Any]:
    """A call as a log has it that knows of no sessions."""
    return {key: value for key, value in line.items() if key not in {"session", "instance", "agent"}}


class Writer:
    """Turns events into lines of a log."""

    def __init__(self, scenario: Scenario, models: tuple[str, ...], rng: np.random.Generator) -> None:
        self.rng = rng
        self.agents = tuple(scenario.agents)
        self.tools = {name: tuple(agent.tools or {}) for name, agent in scenario.agents.items()}
        self.models = models
        self.started = 0

    def lines(
        self, events: np.ndarray, number: int, feature: str, begun: float, success: bool
    ) -> Iterator[dict[str, Any]]:
        """The calls of one session."""
        stack: list[Agent] = []
        last: dict[str, Any] | None = None
        for event in events:
            if event["event"] == E_AGENT:
                del stack[event["depth"] :]
                parent = stack[-1] if stack else None
                self.started += 1
                name = self.agents[event["agent"]]
                stack.append(
                    Agent(self.started, name, parent.number if parent else -1, parent.time if parent else begun)
                )
            elif event["event"] == E_CALL:
                if last:
                    yield last
                last = self._line(event, stack[event["depth"]], number, feature, success)
            elif event["event"] == E_TOOL and last and event["count"]:
                last["tool"] = self.tools[stack[event["depth"]].name][event["detail"]]
        if last:
            yield last

    def _line(self, event: Any, agent: Agent, number: int, feature: str, success: bool) -> dict[str, Any]:
        prompt = int(sum(event[part] for part in ("system", "history", "message", "retrieval", "added")))
        first = event["attempt"] == 0
        cached, written = int(event["cached"]), int(event["written"])
        if first and agent.turns:
            kept = cached > 0 or event["outcome"] == LOST
            agent.time += 60 * self.rng.uniform(*(KEPT_MINUTES if kept else GONE_MINUTES))
        agent.turns += int(first)
        agent.time += 0.0 if first else 2.0
        line = {
            "time": agent.time, "session": f"s{number}", "instance": f"{number}-{agent.number}", "agent": agent.name,
            "model": self.models[event["model"]], "fresh": prompt - cached - written, "cached": cached,
            "written": written, "output": int(event["output"]), "reasoning": int(event["reasoning"]),
            "cost": float(event["cost"]), "attempt": int(event["attempt"]) + 1,
            "feature": feature, "outcome": int(success), "billed": bool(event["outcome"] != LOST),
        }  # fmt: skip
        if event["outcome"] != SERVED:
            line["failed"] = FAILED[int(event["outcome"])]
        if agent.parent >= 0:
            line["parent"] = f"{number}-{agent.parent}"
        return line
