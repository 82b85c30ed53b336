"""Trees of Langfuse's observations: which agent instance each belongs to, once all of them are known.

What stands above an observation may come after it, in another file, so that nothing can be said before all are read. Of
each only numbers are kept until then: what it is, what stands above it, and codes of a few names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.codes import NONE, Codes
from scenarios.logs.spans import DEEPEST, nearest, of_traces, rows_above

OTHER, CALL, AGENT, TOOL = 0, 1, 2, 3
"""What an observation is."""

_NODE = np.dtype(
    [("key", "i8"), ("above", "i8"), ("kind", "i1"), ("name", "i4"), ("id", "i4"), ("session", "i4"), ("trace", "i4")]
)
_UNNAMED = "agent"

Array = NDArray[Any]


class Placed(NamedTuple):
    """Where observations stand, in the order in which they were added.

    Attributes
    ----------
    kind : what each is
    told : whether an observation of its trace names a session; else the trace is one
    session, instance, agent, parent : names; None for none
    parents : by instance the one above it
    """

    kind: NDArray[np.int8]
    told: NDArray[np.bool_]
    session: Array
    instance: Array
    agent: Array
    parent: Array
    parents: Mapping[str, str | None]

    def of(self, kind: int) -> tuple[Array, Array, Array, Array]:
        """Session, instance, agent and parent of those of a kind."""
        mine = self.kind == kind
        return self.session[mine], self.instance[mine], self.agent[mine], self.parent[mine]


class Observed(Protocol):
    """What is asked of an observation."""

    id: str | None
    trace_id: str | None
    parent_observation_id: str | None
    name: str | None
    session_id: str | None


class Observations:
    """Collects observations, and places them when all are there."""

    def __init__(self) -> None:
        self._chunks: list[Array] = []
        self._names = Codes()

    def extend(self, kinds: NDArray[np.int8], rows: Sequence[Observed]) -> None:
        """Add some. Of those with the same id the last one says where what is below them stands."""
        chunk, codes = np.zeros(len(rows), _NODE), self._names.codes
        chunk["kind"] = kinds
        chunk["key"] = [hash(row.id or "") for row in rows]
        chunk["above"] = [hash(row.parent_observation_id or "") for row in rows]
        chunk["session"], chunk["trace"] = codes(row.session_id for row in rows), codes(row.trace_id for row in rows)
        chunk["name"] = chunk["id"] = NONE
        agents = np.flatnonzero(kinds == AGENT)
        chunk["name"][agents] = codes(rows[i].name or _UNNAMED for i in agents.tolist())
        chunk["id"][agents] = codes(rows[i].id for i in agents.tolist())
        self._chunks.append(chunk)

    def placed(self) -> Placed:
        """Say where each stands.

        The nearest agent above an observation is its instance. The topmost agent of a trace goes on with its
        conversation in the next trace of its session, so that it is one instance a session.
        """
        nodes = np.concatenate(self._chunks) if self._chunks else np.zeros(0, _NODE)
        above = rows_above(nodes["key"], nodes["above"])
        agent = nearest(above, nodes["kind"] == AGENT)
        over = np.where(agent >= 0, agent[agent], -1)
        top = _topmost(agent)
        told = of_traces(nodes["session"], nodes["trace"])
        nodes["session"] = np.where(told != NONE, told, nodes["trace"])
        names = np.array([*self._names.names(), None], object)
        session = names[nodes["session"]]
        instance, parent = self._instance(nodes, agent, top, names), self._instance(nodes, over, top, names)
        rooted = agent < 0
        instance[rooted], parent[rooted] = session[rooted], None
        parent[over < 0] = None
        kinds = names[np.where(rooted, NONE, nodes["name"][agent])]
        parents = self._parents(nodes, agent, instance, parent)
        return Placed(nodes["kind"], told != NONE, session, instance, kinds, parent, parents)

    @staticmethod
    def _instance(nodes: Array, agent: NDArray[np.int64], top: NDArray[np.int64], names: Array) -> Array:
        """Names of the instances of agents: those of topmost ones by session and name, all others by what they are."""
        instance = names[np.where(agent >= 0, nodes["id"][agent], NONE)]
        rows = np.flatnonzero((agent >= 0) & (agent == top))
        pairs = np.stack([nodes["session"][rows], nodes["name"][agent[rows]]])
        known, which = np.unique(pairs, axis=1, return_inverse=True)
        labels = np.empty(known.shape[1], object)
        labels[:] = [f"{names[session]}/{names[name]}" for session, name in known.T.tolist()]
        instance[rows] = labels[which.ravel()]
        return instance

    @staticmethod
    def _parents(nodes: Array, agent: NDArray[np.int64], instance: Array, parent: Array) -> dict[str, str | None]:
        """What stands above the instances: of agents themselves too, as those above them may have made no call."""
        placed = np.flatnonzero((agent >= 0) & (nodes["kind"] != OTHER))
        return dict(zip(instance[placed].tolist(), parent[placed].tolist(), strict=True))


def _topmost(agent: NDArray[np.int64]) -> NDArray[np.int64]:
    top = agent.copy()
    for _ in range(DEEPEST):
        going = np.flatnonzero((top >= 0) & (agent[top] >= 0))
        if not going.size:
            break
        top[going] = agent[top[going]]
    return top
