"""What a log leaves open, as the drivers of a scenario: how wide, how they go together, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from distributions.numerics import Z_90, FloatArray
from scenarios.calibrating.bootstrap import Spread, bootstrap_weights, spread_of_mean, t_factor
from scenarios.calibrating.learnings import Learnt, Notes
from scenarios.calibrating.levers import Costs, levers_of
from scenarios.calibrating.sessions import Log
from scenarios.calibrating.uncertainty import MATTERS, Open, open_drivers
from scenarios.calibrating.volume import NOBODY_MEASURED, Volume
from scenarios.words import ASSUMED

FEW = 30
_LOW, _HIGH = map(float, NOBODY_MEASURED.split(" to "))
_OUTSIDE = float(np.log(_HIGH / _LOW)) / (2 * Z_90)
"""Of the logarithm of the driver `volume`, as the outside view has it: fewer days than say as much say nothing."""

_WIDENED = 0.05
"""A driver that was widened or narrowed by less is not worth a word."""

# What each driver moves, of an agent.
_MOVES = {
    "turns": ("turns",),
    "message_tokens": ("message_tokens", "first_message_tokens"),
    "output_tokens": ("output_tokens",),
    "context": ("prompt_tokens",),
    "fanout": ("spawns",),
    "failure_rate": ("retry",),
    "cache_hit": ("cache", "cached_share"),
}


@dataclass(frozen=True)
class Drivers:
    """The drivers of a calibrated scenario.

    Attributes
    ----------
    section : `drivers`, as plain data; empty where nothing is open
    spread : how far the mean cost of a session is open
    open : what the drivers make of it
    volume_sd : of the logarithm of the driver `volume`, as days leave it open; None where they do not say
    """

    section: dict[str, Any]
    spread: Spread
    open: Open
    volume_sd: float | None


def learn_drivers(
    log: Log,
    costs: Costs,
    session_cost: FloatArray,
    volume: Volume,
    agents: Mapping[str, Any],
    notes: Notes,
    *,
    seed: int,
) -> Drivers:
    """Learn what the log leaves open.

    Parameters
    ----------
    log : Log
    costs : Costs
        Of its calls, at the prices of the scenario.
    session_cost : float64, shape (n sessions,)
        The same by session; two sessions at least, and not all free.
    volume : Volume
    agents : mapping of str to mapping
        Those of the scenario: a driver that moves nothing in them is none.
    notes : Notes
        Takes comments and warnings.
    seed : int
        Of the sessions that are drawn again.
    """
    weights = bootstrap_weights(session_cost.size, seed)
    spread = spread_of_mean(session_cost, weights)
    whole_prompts = all("prompt_tokens" in agent for agent in agents.values())
    levers = [lever for lever in levers_of(log, costs, whole_prompts) if _acts(lever.driver, agents)]
    left = open_drivers(levers, spread, weights)
    section: dict[str, Any] = {}
    volume_sd = None
    if volume.driver == NOBODY_MEASURED:
        section["volume"] = _assumed(volume.why)
    elif volume.driver:
        section["volume"] = volume.driver
        notes.comments["drivers.volume"] = volume.why
    if volume.log_sd is not None:
        assert volume.days is not None
        volume_sd = volume.log_sd * t_factor(volume.freedom)
        if volume_sd > _OUTSIDE:
            section["volume"] = _assumed(f"{len(volume.days)} days say less of the mean day than the outside view")
            notes.warn(
                f"{len(volume.days)} such uneven days say next to nothing of how many sessions will come: the outside "
                "view is taken, and --sessions-per-day says it better, as a number or as a range"
            )
            volume_sd = None
        elif volume_sd >= MATTERS:
            section["volume"] = interval(volume_sd, 1.0)
            n = int(volume.days.counts.sum())
            _learn(notes, "volume", section, f"how far {len(volume.days)} days leave the mean day open", n)
    what = {lever.driver: lever.what for lever in levers}
    for name, log_sd in left.log_sd.items():
        section[name] = interval(log_sd, left.effect[name])
        _learn(notes, name, section, _said(what[name], left.widened.get(name), spread.n), spread.n)
    if left.correlation:
        section["correlation"] = {f"{a}~{b}": rank for (a, b), rank in left.correlation.items()}
        notes.comments["drivers.correlation"] = f"as {spread.n:,} sessions drawn again have it"
    if left.log_sd:
        notes.comments["drivers"] = (
            f"together they leave the mean cost of a session open by a factor of {np.exp(Z_90 * left.implied):.3f} "
            f"either way (P5 to P95), as {spread.n:,} sessions drawn again do"
        )
    if spread.n < FEW:
        notes.warn(f"{spread.n} sessions say little: the mean cost of a session is open by {_reach(spread.log_sd)}")
    if spread.is_too_sure:
        notes.warn(
            f"{spread.n} sessions of such uneven costs do not show how heavy their tail is: the drivers leave the mean "
            f"open by {_reach(spread.log_sd)}, and a tail that is not in the log may lie beyond that, on the dear side"
        )
    return Drivers(section, spread, left, volume_sd)


def _assumed(why: str) -> dict[str, Any]:
    return {"p5": _LOW, "p95": _HIGH, "source": f"{ASSUMED}{why}"}


def _learn(notes: Notes, driver: str, section: Mapping[str, Any], said: str, n: int) -> None:
    """Record a driver that was learnt, so that its source stands beside it."""
    notes.learnt.append(Learnt(f"drivers.{driver}", f"driver {driver}", "factor", section[driver], None, said, n, n))


def _acts(driver: str, agents: Mapping[str, Any]) -> bool:
    """Whether a driver moves anything in a scenario."""
    keys = _MOVES[driver]
    return any(agent.get(key) for agent in agents.values() for key in keys)


def interval(log_sd: float, effect: float) -> dict[str, float]:
    """A lognormal multiplier by its P5 and P95, such that the mean of what it does to the cost is 1."""
    middle = -effect * log_sd**2 / 2
    low, high = (_short(float(np.exp(middle + side * Z_90 * log_sd))) for side in (-1, 1))
    return {"p5": low, "p95": high}


def _short(value: float) -> float:
    """Enough digits to tell it from 1."""
    digits = 3 if abs(value - 1) >= 0.05 else 4
    return round(value, digits) if value >= 0.1 else float(f"{value:.3g}")


def _said(what: str, widened: float | None, n: int) -> str:
    said = f"{what}, as {n:,} sessions leave them open"
    if widened is None or abs(widened - 1) < _WIDENED:
        return said
    return f"{said}, and {widened:.2g} times as wide, so that all together make what sessions drawn again say"


def _reach(log_sd: float) -> str:
    return f"a factor of {np.exp(Z_90 * log_sd):.2f} either way"
