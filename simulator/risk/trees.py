"""How many agents a session starts and how deep they go, from mergeable histograms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from simulator.engine.tally import SessionTally
from simulator.risk.quantiles import histogram_rank


@dataclass(frozen=True)
class SessionAgents:
    """Agent instances in one session, the root and validators counted."""

    mean: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Depth:
    """One level of the trees of agents, over all sessions.

    Attributes
    ----------
    depth : 0 is the root
    agents : mean instances of a session at this depth
    cost_share : share of session cost that arises here; the column sums to 1. What a session costs as a whole (people,
        overheads) stands at the root
    """

    depth: int
    agents: float
    cost_share: float


def session_agents(sessions: SessionTally) -> SessionAgents:
    """Mean and quantiles of the agents in one session; nan where none were counted."""
    counts = sessions.agents_counts
    if not sessions.sessions or not counts.any():
        return SessionAgents(*(4 * [math.nan]))
    return SessionAgents(
        sessions.agents / sessions.sessions, *(float(histogram_rank(counts, p)) for p in (0.50, 0.95, 0.99))
    )


def depths(sessions: SessionTally) -> tuple[Depth, ...]:
    """Agents and cost by depth, down to the deepest that a session reached; empty where none were counted."""
    reached = np.flatnonzero(sessions.depth_agents)
    if not sessions.sessions or not len(reached):
        return ()
    whole = sum(sessions.depth_units.tolist())
    return tuple(
        Depth(
            depth,
            int(sessions.depth_agents[depth]) / sessions.sessions,
            float(Fraction(int(sessions.depth_units[depth]), whole)) if whole else 0.0,
        )
        for depth in range(int(reached[-1]) + 1)
    )
