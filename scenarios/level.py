"""Bring an existing scenario to the level of sums: what was used in all, as usage pages and bills have it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from scenarios.logs.usage.table import Usage
from scenarios.writer import inline

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


class Gap(NamedTuple):
    """One thing that sums tell, and the scenario says differently.

    Attributes
    ----------
    path : what is multiplied to close it
    what : it, for people
    ratio : the sums' over the scenario's; None where one of them does not tell
    """

    path: str
    what: str
    ratio: float | None


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
    """Scale a scenario to what was used, in one step.

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
    edited scenario, look at the `gaps` that are left, and multiply again.
    """
    found = gaps(document, usage, expected, sessions_per_day)
    return rescale(document, usage, found, {gap.path: gap.ratio for gap in found if gap.ratio is not None})


def gaps(document: Mapping[str, Any], usage: Usage, expected: PerSession, sessions_per_day: float) -> tuple[Gap, ...]:
    """What sums tell against what a scenario says; nothing where they tell too little."""
    if not usage.days or not sessions_per_day:
        return ()
    requests, prompt = usage.total("requests"), usage.prompt
    cached, output = usage.total("cached"), usage.total("output")
    ours = {"requests": expected.calls, "prompt tokens": expected.prompt}
    theirs = {"requests": requests, "prompt tokens": prompt}
    by = next((what for what in ours if theirs[what] and ours[what]), None)
    if by is None:
        return ()
    sessions = (theirs[by] or 0.0) / usage.days / ours[by]
    found = [Gap(f"volume.{_way(document)}", f"Sessions a day, by {by}", sessions / sessions_per_day)]
    if by == "requests":
        found += [
            Gap(
                "drivers.message_tokens",
                "Prompt tokens a call",
                _ratio(prompt, requests, expected.prompt, expected.calls),
            ),
            Gap(
                "drivers.output_tokens",
                "Output tokens a call",
                _ratio(output, requests, expected.output, expected.calls),
            ),
        ]
    else:
        ratio = _ratio(output, prompt, expected.output, expected.prompt)
        found.append(Gap("drivers.output_tokens", "Output a prompt token", ratio))
    hits = _ratio(cached, prompt, expected.cached, expected.prompt)
    return (*found, Gap("drivers.cache_hit", "Share of prompts from the cache", hits))


def rescale(document: Mapping[str, Any], usage: Usage, found: Sequence[Gap], factors: Mapping[str, float]) -> Levelled:
    """Multiply what stands in a scenario, by path, and say so."""
    work = _Work(_spelled(document), {}, [])
    work.said.append(
        f"{usage.title}: sums of {usage.days:,.0f} days. They give the level; spread and tails stay the scenario's."
    )
    if not found:
        work.said.append(
            "Nothing is scaled: the sums count neither requests nor tokens, or cover no time, or the scenario has no "
            "sessions."
        )
    for gap in found:
        if gap.ratio is None:
            work.said.append(f"{gap.what}: not in the sums, or not in the scenario; left alone.")
        else:
            work.scale(gap.path, factors.get(gap.path, 1.0), gap.what)
    if work.document is not document and any(path.startswith("drivers.") for path in work.edits):
        work.edits = {"drivers.volume": work.document["drivers"]["volume"], **work.edits}
    return Levelled(work.edits, tuple(work.said))


def scaled(expression: Any, factor: float) -> Any:
    """A number or law times a factor; None where this notation can't be scaled in place."""
    if isinstance(expression, bool):
        return None
    if isinstance(expression, int | float):
        return _round(expression * factor)
    if isinstance(expression, str):
        return _scaled_text(expression, factor)
    if isinstance(expression, Mapping) and len(expression) == 1 and not set(expression) & (_SCALED | _KEPT):
        return _scaled_family(expression, factor)
    if isinstance(expression, Mapping) and set(expression) <= _SCALED | _KEPT - {"scale"}:
        parts = {key: value if key in _KEPT else scaled(value, factor) for key, value in expression.items()}
        return None if any(value is None for value in parts.values()) else parts
    return None


def _scaled_family(expression: Mapping[str, Any], factor: float) -> Any:
    ((family, law),) = expression.items()
    if family == "lognormal" and isinstance(law, Mapping) and set(law) == {"mu", "sigma"}:
        return {family: {"mu": _round(law["mu"] + math.log(factor)), "sigma": law["sigma"]}}
    inner = scaled(law, factor) if isinstance(law, Mapping) else None
    return None if inner is None else {family: inner}


@dataclass
class _Work:
    document: Mapping[str, Any]
    edits: dict[str, Any]
    said: list[str]

    def scale(self, path: str, factor: float, what: str) -> None:
        if abs(factor - 1) < WORTH_AN_EDIT:
            self.said.append(f"{what}: as the scenario has it.")
            return
        found: Any = self.document
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        start = 1.0 if found is None and path.startswith("drivers.") else found
        new = scaled(start, factor)
        if path == "volume.users" and new is not None:
            new = max(1, round(new))
        told = f"{what}: {path} times {factor:.3g}"
        if new is None:
            self.said.append(f"{told}, but it is written so that it can't be scaled in place: multiply it yourself.")
            return
        self.edits[path] = new
        self.said.append(f"{told}, now {inline(new)}.")


def _way(document: Mapping[str, Any]) -> str:
    """How the scenario states its volume."""
    volume = document.get("volume")
    stated = volume if isinstance(volume, Mapping) else {}
    return next((way for way in ("sessions_per_month", "users") if stated.get(way) is not None), "sessions_per_day")


def _spelled(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same where `drivers: typical` is written out, so that others can stand beside it."""
    if document.get("drivers") != "typical":
        return document
    return {**document, "drivers": {"volume": {"lognormal": {"mu": 0, "sigma": 0.45}}}}


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
