"""Instances of a log that names agents and says of no call which instance made it: one for each agent of a session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.codes import NONE, Codes


def name_by_agent(columns: dict[str, NDArray[Any]], names: Mapping[str, Codes]) -> None:
    """Give the calls of a session's other agents instances of their own, started by the agent of its first call.

    That one's calls stay without an instance, which makes them the session's. Nothing is done where any call tells its
    instance, or the one that started it: such a log knows better.
    """
    session, agent = columns["session"], columns["agent"]
    if np.any(columns["instance"] != NONE) or np.any(columns["parent"] != NONE) or np.all(agent == NONE):
        return
    rows = np.flatnonzero(session != NONE)
    others = rows[agent[rows] != _first_agents(columns, rows)]
    n_agents = int(agent.max()) + 2
    pairs, of_call = np.unique(session[others].astype(np.int64) * n_agents + agent[others] + 1, return_inverse=True)
    sessions, agents = names["session"].names(), ["", *names["agent"].names()]
    above = [sessions[pair // n_agents] for pair in pairs.tolist()]
    own = (f"{name}/{agents[pair % n_agents]}" for name, pair in zip(above, pairs.tolist(), strict=True))
    columns["instance"][others] = names["instance"].codes(own)[of_call]
    columns["parent"][others] = names["instance"].codes(above)[of_call]


def _first_agents(columns: Mapping[str, NDArray[Any]], rows: NDArray[np.int64]) -> NDArray[np.int32]:
    """For each of these calls the agent of its session's first."""
    session, agent = columns["session"], columns["agent"]
    order = rows[np.lexsort((rows, columns["time"][rows], session[rows]))]
    begins = np.flatnonzero(np.diff(session[order], prepend=NONE))
    which = np.searchsorted(session[order[begins]], session[rows])
    found: NDArray[np.int32] = agent[order[begins]][which]
    return found
