"""Bring an existing scenario to the level of sums: what was used in all, as usage pages and bills have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from scenarios.logs.usage.table import Usage

WORTH_AN_EDIT = 0.005
"""A smaller difference, as a share, is left alone."""

_SCALED = frozenset(
    {"mean", "sd", "min", "max", "low", "mode", "high", "p5", "p10", "p50", "p90", "p95", "p99", "scale"}
)
_KEPT = frozenset({"cv", "source"})


class PerSession(NamedTuple):
    """What a scenario expects of a session, on average, as a simulation of it tells.

    Attributes
    ----------
    calls : requests, failed ones and summaries too
    prompt : whole prompts, in tokens
    cached, output : tokens
    """

    calls: float
    prompt: float
    cached: float
    output: float


@dataclass(frozen=True)
class Levelled:
    """Edits of a scenario, and what they rest on.

    Attributes
    ----------
    edits : by dotted path the new value, as `--set` takes it
    said : sentences for people: how far off the scenario was, and what sums can't tell
    """

    edits: Mapping[str, Any]
    said: tuple[str, ...]


def level(document: Mapping[str, Any], usage: Usage, expected: PerSession, sessions_per_day: float) -> Levelled:
    """Scale a scenario to what was used.

    Parameters
    ----------
    document : the scenario as plain data
    usage : what was used
    expected : of a session of this scenario
    sessions_per_day : its mean, over all days

    Notes
    -----
    Sessions go by the requests where they are counted, else by the tokens of the prompts. Drivers scale the tokens of a
    call. Prompts and cache hits don't follow theirs in proportion (system prompts stay, hits end at 1): simulate the
    edited scenario and level it again, and it converges in a few rounds.
    """
    work = _Work(document, {}, [])
    work.said.append(
        f"{usage.title}: sums of {usage.days:,.0f} days. They give level and mix; spread and tails stay the scenario's."
    )
    if not usage.days or not sessions_per_day:
        work.said.append("Nothing is scaled: there is no time that the sums cover, or the scenario has no sessions.")
        return Levelled({}, tuple(work.said))
    requests, prompt, cached, output = (
        usage.total("requests"),
        usage.prompt,
        usage.total("cached"),
        usage.total("output"),
    )
    ours = {"requests": expected.calls, "prompt tokens": expected.prompt}
    theirs = {"requests": requests, "prompt tokens": prompt}
    by = next((what for what in ours if theirs[what] and ours[what]), None)
    if by is None:
        work.said.append("Nothing is scaled: the sums count neither requests nor tokens.")
        return Levelled({}, tuple(work.said))
    sessions = (theirs[by] or 0.0) / usage.days / ours[by]
    work.scale("volume.sessions_per_day", sessions / sessions_per_day, f"Sessions a day, by {by}")
    if by == "requests" and requests:
        work.driver("message_tokens", _ratio(prompt, requests, expected.prompt, expected.calls), "Prompt tokens a call")
        work.driver("output_tokens", _ratio(output, requests, expected.output, expected.calls), "Output tokens a call")
    else:
        work.driver("output_tokens", _ratio(output, prompt, expected.output, expected.prompt), "Output a prompt token")
    work.driver(
        "cache_hit", _ratio(cached, prompt, expected.cached, expected.prompt), "Share of prompts from the cache"
    )
    return Levelled(work.edits, tuple(work.said))


def scaled(expression: Any, factor: float) -> Any:
    """A number or law times a factor; None where this notation can't be scaled in place."""
    if isinstance(expression, bool):
        return None
    if isinstance(expression, int | float):
        return _round(expression * factor)
    if isinstance(expression, str):
        return _scaled_text(expression, factor)
    if isinstance(expression, Mapping) and set(expression) <= _SCALED | _KEPT - {"scale"}:
        parts = {key: value if key in _KEPT else scaled(value, factor) for key, value in expression.items()}
        return None if any(value is None for value in parts.values()) else parts
    return None


@dataclass
class _Work:
    document: Mapping[str, Any]
    edits: dict[str, Any]
    said: list[str]

    def driver(self, name: str, factor: float | None, what: str) -> None:
        if factor is None:
            self.said.append(f"{what}: not in the sums, or not in the scenario; left alone.")
        else:
            self.scale(f"drivers.{name}", factor, what)

    def scale(self, path: str, factor: float, what: str) -> None:
        if abs(factor - 1) < WORTH_AN_EDIT:
            self.said.append(f"{what}: as the scenario has it.")
            return
        found: Any = self.document
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        start = 1.0 if found is None and path.startswith("drivers.") else found
        new = scaled(start, factor)
        told = f"{what}: {factor:.3g} times what the scenario had"
        if new is None:
            self.said.append(f"{told}; {path} is written so that it can't be scaled in place: multiply it yourself.")
            return
        self.edits[path] = new
        self.said.append(f"{told}; {path} is now {new}.")


def _ratio(theirs: float | None, their_base: float | None, ours: float, our_base: float) -> float | None:
    if not theirs or not their_base or not ours or not our_base:
        return None
    return (theirs / their_base) / (ours / our_base)


def _scaled_text(text: str, factor: float) -> str | float | None:
    from distributions.quantity import parse_number

    low, to, high = text.partition(" to ")
    try:
        ends = [_round(parse_number(end) * factor) for end in ([low, high] if to else [text])]
    except ValueError:
        return None
    return f"{ends[0]} to {ends[1]}" if to else ends[0]


def _round(value: float) -> float:
    return float(f"{value:.6g}")
