"""Logs whose laws are known, and a chooser that keeps the values that it is asked about."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from distributions.law import Law
from distributions.notation import parse_law
from scenarios.calibrating.learnings import Options
from scenarios.logs.table import Calls, Rows

FAR = 4.0
"""Standard errors that a figure may be away from the truth."""


@dataclass
class Kept:
    """What stands for a choice: the values themselves."""

    values: np.ndarray
    expression: Any
    body: np.ndarray | None = None
    warnings: tuple[str, ...] = ()
    quality: str = "as they are"

    @property
    def law(self) -> Law:
        """The law that the expression writes."""
        return parse_law(self.expression)


@dataclass
class Keeper:
    """Keeps the values of every law by what it is about, and writes their mean."""

    values: dict[str, np.ndarray] = field(default_factory=dict)
    limits: dict[str, tuple[float, ...]] = field(default_factory=dict)

    def __call__(
        self, values: np.ndarray, *, whole: bool, limits: tuple[float, ...] = (), what: str, purpose: str
    ) -> Kept:
        self.values[what] = values
        self.limits[what] = tuple(limits)
        return Kept(values, float(values.mean()))

    @property
    def options(self) -> Options:
        """Options of a calibration that uses it."""
        return Options(choose=self)


@dataclass
class World:
    """A product whose sessions are one agent each, told in plain numpy."""

    sessions: int = 400
    turns: float = 12.0
    system: int = 2_000
    first: float = 500.0
    message: float = 300.0
    output: float = 200.0
    spread: float = 0.5
    carry: float = 1.0
    limit: float = np.inf
    summary: int = 0
    late: float = 0.1
    lost: float = 0.05
    ttl: float = 5.0
    sigma: float = 0.0
    loads: tuple[float, float, float] = (0.0, 0.0, 0.0)
    first_load: float | None = None
    timed: bool = True
    seed: int = 1

    def log(self) -> Calls:
        """Simulate, turn by turn."""
        rng = np.random.default_rng(self.seed)
        rows = Rows("time", "session", "model", "cached", "written", "output", "compacted")
        for session in range(self.sessions):
            self._session(rng, rows, f"s{session}")
        return rows.finish(dated=False)

    def _law(self, rng: np.random.Generator, mean: float, factor: float) -> float:
        return float(rng.lognormal(np.log(mean) - self.spread**2 / 2, self.spread) * factor)

    def _session(self, rng: np.random.Generator, rows: Rows, name: str) -> None:
        u = rng.standard_normal()
        longer, wordier, larger = (float(np.exp(load * u)) for load in self.loads)
        turns = max(1, int(np.floor(rng.lognormal(np.log(self.turns), 0.4) * longer + rng.random())))
        history, sent, time = 0, 0, 0.0
        longer_begun = larger if self.first_load is None else float(np.exp(self.first_load * u))
        pending = round(self._law(rng, self.first, longer_begun))
        for turn in range(turns):
            compacted = self.system + history + pending > self.limit
            if compacted:
                history = self.summary
            prompt = self.system + history + pending
            kept = rng.random() >= self.late
            time += 0 if turn == 0 else float(rng.uniform(0.2, 4.0) if kept else rng.uniform(6, 50))
            found = turn > 0 and kept and rng.random() >= self.lost
            cached = (self.system if compacted else min(self.system + history, sent)) if found else 0
            output = round(self._law(rng, self.output, wordier))
            when = time * 60 if self.timed else np.nan
            rows.append(when, name, "model", cached, prompt - cached, output, compacted)
            sent = prompt
            history += round(self.carry * (pending + output))
            pending = round(self._law(rng, self.message, larger))


def near(found: float, truth: float, error: float) -> bool:
    """Whether a figure is as near the truth as chance allows."""
    return abs(found - truth) <= FAR * error


def mean_error(values: np.ndarray) -> float:
    """Standard error of a mean."""
    return float(values.std() / np.sqrt(values.size))


def joined(*logs: Calls) -> Calls:
    """Logs of one agent each, as one: sessions of later ones are renumbered."""
    columns: dict[str, list[np.ndarray]] = {}
    shift = 0
    for log in logs:
        for name, values in log.columns.items():
            moved = values + shift if name in ("session", "instance") else values
            columns.setdefault(name, []).append(moved)
        shift += int(log["session"].max()) + 1
    names = {**logs[0].names, "session": [""] * shift, "instance": [""] * shift}
    return dataclasses.replace(logs[0], columns={key: np.concatenate(of) for key, of in columns.items()}, names=names)
