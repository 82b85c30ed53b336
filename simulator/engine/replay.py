"""One session again, event by event: what a run has simulated, from its address alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from simulator.engine.again import simulate_addresses
from simulator.engine.layout import T_EVENTS
from simulator.engine.tally import SESSION_DTYPE
from simulator.engine.trace import TRACE_DTYPE

if TYPE_CHECKING:
    from simulator.engine.layout import Ints
    from simulator.engine.period import Period
    from simulator.engine.plan import Program

EVENTS_AT_FIRST = 4_096


def trace_session(
    program: Program,
    period: Period,
    seed: int,
    trial: int,
    day: int,
    feature: int,
    session: int,
    unit: float,
    crossed: Ints | None = None,
) -> tuple[np.void, npt.NDArray[np.void]]:
    """Simulate one session again, and write down what happens in it.

    Parameters
    ----------
    trial, day, feature, session : its address; day and feature count from 0
    unit : currency in one unit of money of the run
    crossed : int64[1, K], when the trial's controls were crossed, as `simulator.engine.again.crossings` says

    Returns
    -------
    tuple of a SESSION_DTYPE record and TRACE_DTYPE[n]
        The same record, bit for bit, as the run's; and every event. Models are those that served, wherever calls were
        routed, and stand at their places in the scenario.
    """
    address = np.zeros(1, SESSION_DTYPE)
    address["trial"], address["day"], address["feature"], address["session"] = trial, day, feature, session
    room = EVENTS_AT_FIRST
    while True:
        trace = np.zeros(room + 1, TRACE_DTYPE)
        records, totals, route = simulate_addresses(program, period, seed, address, unit, crossed, trace)
        events = int(totals[T_EVENTS])
        if events <= room:
            break
        room = events
    places = {name: place for place, name in enumerate(program.scenario.models)}
    trace["model"] = np.array([places[name] for name in program.models])[program.served[route[0]][trace["model"]]]
    return records[0], trace[:events]
