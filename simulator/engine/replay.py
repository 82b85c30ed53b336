"""One session again, event by event: what a run has simulated, from its address alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from simulator.engine.exact import simulate_addresses
from simulator.engine.layout import T_EVENTS
from simulator.engine.tally import SESSION_DTYPE
from simulator.engine.trace import TRACE_DTYPE

if TYPE_CHECKING:
    from simulator.engine.period import Period
    from simulator.engine.plan import Program

EVENTS_AT_FIRST = 4_096


def trace_session(
    program: Program, period: Period, seed: int, trial: int, day: int, feature: int, session: int, unit: float
) -> tuple[np.void, npt.NDArray[np.void]]:
    """Simulate one session again, and write down what happens in it.

    Parameters
    ----------
    trial, day, feature, session : its address; day and feature count from 0
    unit : currency in one unit of money of the run

    Returns
    -------
    tuple of a SESSION_DTYPE record and TRACE_DTYPE[n]
        The same record, bit for bit, as the run's; and every event. Models stand at their places in the scenario.
    """
    address = np.zeros(1, SESSION_DTYPE)
    address["trial"], address["day"], address["feature"], address["session"] = trial, day, feature, session
    room = EVENTS_AT_FIRST
    while True:
        trace = np.zeros(room + 1, TRACE_DTYPE)
        records, totals = simulate_addresses(program, period, seed, address, unit, trace)
        events = int(totals[T_EVENTS])
        if events <= room:
            break
        room = events
    places = {name: place for place, name in enumerate(program.scenario.models)}
    trace["model"] = np.array([places[name] for name in program.models])[trace["model"]]
    return records[0], trace[:events]
