"""Logs that are made up, and a chooser of laws that needs no fitting."""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np

from distributions.notation import parse_law
from distributions.steps import Steps
from scenarios.logs.table import Calls, Rows

FIRST_DAY = date(2026, 9, 7)  # a Monday
MODEL = "claude-opus-4-7"


def lognormal(values: np.ndarray, **_: Any) -> SimpleNamespace:
    """A lognormal law with the moments of the values; a number where they are all the same."""
    values = np.asarray(values, float)
    if values.min() == values.max():
        return _chosen(float(values[0]), "one value")
    law = {"mean": round(float(values.mean()), 4), "cv": round(float(values.std() / values.mean()), 4)}
    return _chosen({"lognormal": law}, "moments")


def empirical(values: np.ndarray, **_: Any) -> SimpleNamespace:
    """The values themselves, at most 512 of them."""
    values = np.sort(np.asarray(values, float))
    if values[0] == values[-1]:
        return lognormal(values)
    body = values if values.size <= 512 else np.quantile(values, (np.arange(512) + 0.5) / 512)
    law = Steps(tuple(body.tolist()))
    return SimpleNamespace(expression={"data": {"column": "x"}}, law=law, quality="the data", body=body, warnings=())


def _chosen(expression: Any, quality: str) -> SimpleNamespace:
    law = parse_law(expression)
    return SimpleNamespace(expression=expression, law=law, quality=quality, body=None, warnings=())


def chats(
    n_days: int = 28, a_day: float = 20.0, seed: int = 1, dated: bool = True, n_users: int = 0, **columns: Any
) -> Calls:
    """Sessions of chats with growing prompts, spread over the hours of `n_days` days."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(a_day, n_days)
    n = int(counts.sum())
    day = np.repeat(np.arange(n_days), counts)
    start = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC).timestamp()
    begin = (start + 86_400 * day if dated else np.zeros(n)) + rng.uniform(0, 86_000 if dated else 0.1, n)
    turns = rng.geometric(0.2, n)
    user = rng.integers(0, n_users, n) if n_users else None
    names = ("session", "time", "model", "fresh", "output", "user", *columns)
    rows = Rows(*names)
    for s in range(n):
        prompt = 2_000
        for k in range(int(turns[s])):
            prompt += int(rng.lognormal(5, 1)) + 1
            output = int(rng.lognormal(5.5, 0.8)) + 1
            whose = None if user is None else f"u{user[s]}"
            rows.append(f"s{s}", begin[s] + 20.0 * k, MODEL, prompt, output, whose, *columns.values())
            prompt += output
    return rows.finish(dated)
