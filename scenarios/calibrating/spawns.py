"""Children that agents start: how many, and whether once in a life or turn by turn."""

from __future__ import annotations

from typing import Any

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.laws import Laws, Quantity
from scenarios.calibrating.learnings import Ints
from scenarios.calibrating.sessions import Log
from scenarios.logs.codes import NONE

_BY_TURN = 0.5


def learn_spawns(log: Log, number: int, laws: Laws) -> dict[str, Any]:
    """Keys of an agent that say which children it starts."""
    role, instances = laws.roles[number], log.instances
    parents = np.flatnonzero(role.instances)
    place = np.full(instances.first.size, NONE, np.int64)
    place[parents] = np.arange(parents.size)
    n_turns = instances.n_turns[parents].astype(float)
    spawns: list[dict[str, Any]] = []
    for child in (other for other in laws.roles if not other.is_root):
        mine = np.flatnonzero(child.instances)
        asked = place[instances.parent[mine]]
        asked = asked[(asked != NONE) & (instances.parent[mine] != NONE)]
        if not asked.size:
            continue
        counts = np.bincount(asked, minlength=parents.size).astype(float)
        spawns.append({"agent": child.name} | _counts(laws, number, len(spawns), counts, n_turns))
    if not spawns:
        return {}
    laws.notes.lack("What children hand to their parents is not told apart: message_tokens has it in.")
    return {"spawns": spawns}


def _counts(laws: Laws, number: int, place: int, counts: FloatArray, n_turns: FloatArray) -> dict[str, Any]:
    """Count of children: a mean for each turn where long lives have more of them, else a law for each instance."""
    role = laws.roles[number]
    quantity = Quantity(f"spawns.{place}.count", "children", "count", "count")
    if counts.mean() >= 1 and n_turns.std() > 0 and counts.std() > 0:
        alike = float(np.corrcoef(counts, n_turns)[0, 1])
        if alike > _BY_TURN:
            per_turn = float(counts.sum() / n_turns.sum())
            spread = float(((counts - per_turn * n_turns) ** 2).sum() / counts.sum())
            how = (
                f"{counts.sum():,.0f} children in {n_turns.sum():,.0f} turns of {counts.size:,} instances; poisson; "
                f"against the data mean 0.0 %, and these vary {spread:.2g} times as much by instance"
            )
            laws.number(role, quantity, round(per_turn, 5), int(n_turns.sum()), counts.size, how)
            return {"per": "turn", "count": {"poisson": {"mean": round(per_turn, 5)}}}
    first: Ints = laws.log.instances.first_turn[role.instances]
    return {"per": "agent", "count": laws.learn(role, quantity, counts, first)}
