"""Instances of a log that says of no call which instance made it: one for each agent of a session, or each model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.codes import NONE, Codes

_SEVERAL = 0.05
"""Share of the sessions of two calls and more that use several models, beyond which these are no chance."""


def name_by_agent(columns: dict[str, NDArray[Any]], names: Mapping[str, Codes]) -> None:
    """Give the calls of a session's other agents instances of their own, started by the agent of its first call.

    That one's calls stay without an instance, which makes them the session's. Nothing is done where any call tells its
    instance, or the one that started it: such a log knows better. Where no call names an agent and many sessions use
    several models, as for a title, a check or an answer that is worth a dearer one, each model is taken for an agent.
    """
    if np.any(columns["instance"] != NONE) or np.any(columns["parent"] != NONE):
        return
    if np.all(columns["agent"] == NONE) and _have_several_models(columns):
        columns["agent"] = np.append(names["agent"].codes(names["model"].names()), NONE)[columns["model"]].astype("i4")
    session, agent = columns["session"], columns["agent"]
    if np.all(agent == NONE):
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


def _have_several_models(columns: Mapping[str, NDArray[Any]]) -> bool:
    """Whether many sessions do, and not because a request that failed was made again of another model."""
    if np.any(columns["attempt"] > 1):
        return False
    rows = np.flatnonzero((columns["session"] != NONE) & (columns["model"] != NONE))
    order = rows[np.argsort(columns["session"][rows], kind="stable")]
    first = np.flatnonzero(np.diff(columns["session"][order], prepend=NONE))
    if not first.size:
        return False
    model, calls = columns["model"][order], np.diff(first, append=order.size)
    several = np.minimum.reduceat(model, first) != np.maximum.reduceat(model, first)
    return bool(np.any(several) and several.sum() > _SEVERAL * np.count_nonzero(calls > 1))
