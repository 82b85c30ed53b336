"""What a single session met on its day: driver levels, events that hit it, controls that acted, where calls went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scenarios.words import DRIVERS, DriverName
from simulator.engine.again import met_by
from simulator.engine.conditions import Conditions
from simulator.engine.controls import acting_on
from simulator.engine.tally import SESSION_DTYPE

if TYPE_CHECKING:
    from simulator.address import Address
    from simulator.engine.layout import Ints
    from simulator.engine.period import Period
    from simulator.engine.plan import Program


@dataclass(frozen=True)
class Circumstances:
    """What one session met.

    Attributes
    ----------
    levels : driver levels of the session where they are not 1: draws, trends, events and controls together; the volume,
        which moves no session, is left out
    events : that hit it, by name
    beyond_peak : whether it came beyond the capacity of the busiest hour
    controls : that acted, by place
    route : the model that served in place of each that was rerouted
    """

    levels: Mapping[DriverName, float]
    events: tuple[str, ...]
    beyond_peak: bool
    controls: tuple[int, ...]
    route: Mapping[str, str]


def circumstances(program: Program, period: Period, seed: int, address: Address, crossed: Ints | None) -> Circumstances:
    """Find what a session meets.

    Parameters
    ----------
    crossed : int64[1, K], when its trial's controls were crossed, as `simulator.engine.again.crossings` says
    """
    session = np.zeros(1, SESSION_DTYPE)
    for name in ("trial", "day", "feature", "session"):
        session[name] = getattr(address, name)
    case, levels = met_by(program, period, seed, session, crossed)
    level, kind, scenario = levels[case["level"][0]], int(case["kind"][0]), program.scenario
    missed = {name for place, name in enumerate(period.partial) if not kind >> place & 1}
    in_force = Conditions.of(period, seed, session["trial"]).incidents.in_force[0, address.day]
    delays = np.array([control.delay_days for control in scenario.controls], np.int64)
    acting = () if crossed is None else np.flatnonzero(acting_on(crossed, delays, address.day)[0]).tolist()
    return Circumstances(
        levels={name: float(x) for name, x in zip(DRIVERS, level, strict=True) if x != 1.0 and name != "volume"},
        events=tuple(name for name, on in zip(scenario.events, in_force, strict=True) if on and name not in missed),
        beyond_peak=scenario.volume.peak_hour is not None and bool(kind >> len(period.partial) & 1),
        controls=tuple(acting),
        route=period.routes.rows[case["route"][0]],
    )
