"""Kinds of sessions: features of the log, and within one how sessions begin: fresh, resumed, or beyond compaction."""

from __future__ import annotations

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.compaction import learn_compaction
from scenarios.calibrating.learnings import Codes, Ints, Mask
from scenarios.calibrating.roles import Role, plain_name, role
from scenarios.calibrating.sessions import Log
from scenarios.logs.table import NONE

FEWEST_SESSIONS = 15
"""Sessions that a kind of start has at least."""

_LEAST_SHARE = 0.05
_EXPLAINED = 0.8
_APART = 2.0
FRESH, RESUMED, LARGE = "fresh", "resumed", "large"


def find_roles(log: Log) -> tuple[list[Role], Codes]:
    """Agents of the scenario, root agents first, and the role of each session's root."""
    instances = log.instances
    roots = log.roots
    feature = log.calls["feature"][instances.first[roots]]
    kinds = np.stack([feature, instances.agent[roots]])
    pairs, of_root = np.unique(kinds, axis=1, return_inverse=True)
    of_root = of_root.ravel()
    several = len(np.unique(pairs[1])) > 1, len(np.unique(pairs[0])) > 1
    roles: list[Role] = []
    role_of_session = np.zeros(roots.size, np.int32)
    for pair in range(pairs.shape[1]):
        mine = np.flatnonzero(of_root == pair)
        kin = _name(log, pairs[0, pair], pairs[1, pair], several)
        for kind, which in split_starts(log, roots[mine]).items():
            role_of_session[mine[which]] = len(roles)
            roles.append(_role(log, f"{kin}-{kind}" if kind else kin, kin, roots[mine[which]], True))
    taken = {found.name for found in roles} | {found.kin for found in roles}
    return roles + _children(log, taken), role_of_session


def split_starts(log: Log, roots: Ints) -> dict[str, Mask]:
    """Root instances by how they begin; one kind without a name where they all begin alike.

    `large` begin above the prompt at which others are compacted. The others are `fresh` or `resumed` where these two
    explain four fifths of the variance of the logarithms of first prompts, and their medians are a factor of 2 apart.
    A kind has 15 sessions and 5 % of them at least, or it is none.
    """
    first = log.turns.prompt[log.instances.first_turn[roots]]
    several = log.instances.n_turns[roots] > 1
    everyone = np.ones(roots.size, bool)
    if not np.any(several):
        return {"": everyone}
    kinds: dict[str, Mask] = {}
    compaction = learn_compaction(log, _turns_of(log, roots))
    large = first > compaction.limit if compaction else ~everyone
    if not _enough(large) or not _enough(~large):
        large = ~everyone
    edge = divide(np.log(np.maximum(first[~large], 1.0)))
    if edge is not None:
        above = first > np.exp(edge)
        apart = np.median(first[above & ~large]) >= _APART * np.median(first[~above & ~large])
        if apart and _enough(above & ~large) and _enough(~above & ~large):
            kinds = {FRESH: ~above & ~large, RESUMED: above & ~large}
    if not kinds:
        kinds = {FRESH: ~large}
    if large.any():
        kinds[LARGE] = large
    return kinds if len(kinds) > 1 else {"": everyone}


def divide(values: FloatArray) -> float | None:
    """The value at which values part in two groups that explain four fifths of their variance; None where none does.

    Two halves of a normal law explain 64 % of its variance, and those of a uniform one 75 %.
    """
    if values.size < 2 * FEWEST_SESSIONS or np.ptp(values) == 0:
        return None
    ordered = np.sort(values - values.mean())
    below = np.arange(1, ordered.size)
    sums = np.cumsum(ordered)[:-1]
    explained = sums**2 * ordered.size / (below * (ordered.size - below)) / (ordered**2).sum()
    best = int(np.argmax(explained))
    return float(ordered[best] + values.mean()) if explained[best] > _EXPLAINED else None


def _enough(kind: Mask) -> bool:
    n = int(np.count_nonzero(kind))
    return n >= FEWEST_SESSIONS and n >= _LEAST_SHARE * kind.size


def _turns_of(log: Log, instances: Ints) -> Ints:
    chosen = np.zeros(log.instances.first.size, bool)
    chosen[instances] = True
    return np.flatnonzero(chosen[log.turns.instance])


def _role(log: Log, name: str, kin: str, instances: Ints, is_root: bool) -> Role:
    chosen = np.zeros(log.instances.first.size, bool)
    chosen[instances] = True
    return role(log, name, kin, chosen, is_root)


def _name(log: Log, feature: int, agent: int, several: tuple[bool, bool]) -> str:
    """Name of a root agent: the log's, with its feature where there are several."""
    agents, features = log.calls.names["agent"], log.calls.names["feature"]
    own = plain_name(agents[agent], "agent") if agent != NONE else ""
    use = plain_name(features[feature], "feature") if feature != NONE else ""
    words = [use if several[1] or not own else "", own if several[0] or not use or not several[1] else ""]
    return "-".join(word for word in words if word) or "agent"


def _children(log: Log, taken: set[str]) -> list[Role]:
    """Agents that others start, by kind."""
    instances = log.instances
    started = np.flatnonzero(instances.parent != NONE)
    roles = []
    for code in np.unique(instances.agent[started]):
        name = plain_name(log.calls.names["agent"][code], "agent") if code != NONE else "sub-agent"
        while name in taken:
            name += "-child"
        taken.add(name)
        roles.append(_role(log, name, name, started[instances.agent[started] == code], False))
    return roles
