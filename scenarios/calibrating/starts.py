"""Kinds of sessions: features of the log, and within one how sessions begin: fresh, long, or beyond compaction."""

from __future__ import annotations

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.compaction import learn_compaction
from scenarios.calibrating.learnings import Codes, Ints, Mask
from scenarios.calibrating.roles import Role, plain_name, role
from scenarios.calibrating.sessions import Log
from scenarios.calibrating.variance import variance_between
from scenarios.logs.codes import NONE

FEWEST_SESSIONS = 15
"""Sessions that a kind of start has at least."""

_LEAST_SHARE = 0.05
_EXPLAINED = 0.8
_APART = 2.0
MOST_GROUPS = 12
"""Features, or agents that sessions begin with, that are told apart."""

_MOST_SIZES, _FEWEST_CALLS = 8, 200
_CHANCE = 0.05
_TELLS = 0.05
"""Share of the variance of the logarithms of outputs that the size of prompts explains, from which it matters."""

OTHER = "other"
UP_TO, OVER = "to", "over"
FRESH, RESUMED, LARGE = "fresh", "resumed", "large"


def find_roles(log: Log) -> tuple[list[Role], Codes]:
    """Agents of the scenario, root agents first, and the role of each session's root."""
    instances = log.instances
    roots = log.roots
    feature = log.calls["feature"][instances.first[roots]]
    pairs, of_root = _groups(np.stack([feature, instances.agent[roots]]))
    several = len(np.unique(pairs[1])) > 1, len(np.unique(pairs[0])) > 1
    roles: list[Role] = []
    taken: set[str] = set()
    role_of_session = np.zeros(roots.size, np.int32)
    for pair in np.unique(of_root):
        mine = np.flatnonzero(of_root == pair)
        name = OTHER if pair == pairs.shape[1] else _name(log, pairs[0, pair], pairs[1, pair], several)
        kin = _untaken(name, taken)
        for kind, which in split_starts(log, roots[mine]).items():
            role_of_session[mine[which]] = len(roles)
            roles.append(_role(log, kin, kind, roots[mine[which]], True))
    taken |= {found.name for found in roles}
    return roles + _children(log, taken), role_of_session


def _groups(kinds: Codes) -> tuple[Codes, Ints]:
    """Pairs of feature and agent, the most frequent first, and which of them each root is; the rarest are one more."""
    pairs, of_root, n = np.unique(kinds, axis=1, return_inverse=True, return_counts=True)
    order = np.argsort(-n, kind="stable")
    rank = np.empty(n.size, np.int64)
    rank[order] = np.arange(n.size)
    kept = order[: MOST_GROUPS if n.size > MOST_GROUPS else n.size]
    return pairs[:, kept], np.minimum(rank[of_root.ravel()], kept.size)


def _untaken(name: str, taken: set[str]) -> str:
    """The name, with a number where another has it."""
    own = next(tried for tried in (name, *(f"{name}-{k}" for k in range(2, len(taken) + 3))) if tried not in taken)
    taken.add(own)
    return own


def split_starts(log: Log, roots: Ints) -> dict[str, Mask]:
    """Root instances by how they begin; one kind without a name where they all begin alike.

    `large` begin above the prompt at which others are compacted. The others are `fresh` or begin long,
    which is called `resumed` though it may be a document, where these two explain four fifths of the variance of the
    logarithms of first prompts, and their medians are a factor of 2 apart.
    A kind has 15 sessions and 5 % of them at least, or it is none.
    """
    first = log.turns.prompt[log.instances.first_turn[roots]]
    several = log.instances.n_turns[roots] > 1
    everyone = np.ones(roots.size, bool)
    if not np.any(several):
        return split_sizes(log, roots)
    kinds: dict[str, Mask] = {}
    compaction = learn_compaction(log, _turns_of(log, roots))
    large = first > compaction.limits.middle if compaction else ~everyone
    if not _enough(large) or not _enough(~large):
        large = ~everyone
    edge = divide(np.log(np.maximum(first[~large], 1.0)))
    if edge is not None:
        above = first > np.exp(edge)
        both = _enough(above & ~large) and _enough(~above & ~large)
        if both and np.median(first[above & ~large]) >= _APART * np.median(first[~above & ~large]):
            kinds = {FRESH: ~above & ~large, RESUMED: above & ~large}
    if not kinds:
        kinds = {FRESH: ~large}
    if large.any():
        kinds[LARGE] = large
    return kinds if len(kinds) > 1 else {"": everyone}


def split_sizes(log: Log, roots: Ints) -> dict[str, Mask]:
    """Calls that stand alone, by the size of their prompts where that tells how long their answers are.

    Prompt and answer of an agent are independent draws. Where that is not so, the cost of a call is wrong in its
    quantiles though both laws are right, so that calls are parted in up to eight groups of equal size, of 200 calls
    at least: if means of the logarithms of answers differ more than chance explains, and explain 5 % of their variance.
    """
    turns, first = log.turns, log.instances.first_turn[roots]
    prompt, answer = turns.prompt[first], np.log1p(turns.output[first])
    n = min(_MOST_SIZES, roots.size // _FEWEST_CALLS)
    everyone = {"": np.ones(roots.size, bool)}
    if n < 2:
        return everyone
    ranks = np.quantile(prompt, np.arange(1, n) / n, method="higher")
    edges = np.unique(ranks[ranks < prompt.max()])
    group = np.searchsorted(edges, prompt)
    found = variance_between(answer, group)
    if found.share < _TELLS or found.chance >= _CHANCE:
        return everyone
    names = [*(f"{UP_TO}-{edge:.0f}" for edge in edges), f"{OVER}-{edges[-1]:.0f}"]
    return {name: group == at for at, name in enumerate(names)}


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


def _role(log: Log, kin: str, start: str, instances: Ints, is_root: bool) -> Role:
    chosen = np.zeros(log.instances.first.size, bool)
    chosen[instances] = True
    return role(log, kin, start, chosen, is_root)


def _name(log: Log, feature: int, agent: int, several: tuple[bool, bool]) -> str:
    """Name of a root agent: the log's, with its feature where there are several."""
    agents, features = log.calls.names["agent"], log.calls.names["feature"]
    own = plain_name(agents[agent], "agent") if agent != NONE else ""
    use = plain_name(features[feature], "feature") if feature != NONE else ""
    words = [use if several[1] or not own else "", own if several[0] or not use or not several[1] else ""]
    return "-".join(word for word in words if word) or "agent"


def _children(log: Log, taken: set[str]) -> list[Role]:
    """Agents that others start, by kind; the rarest of many kinds are one."""
    instances = log.instances
    started = np.flatnonzero(instances.parent != NONE)
    kinds, of_child, n = np.unique(instances.agent[started], return_inverse=True, return_counts=True)
    told_apart = np.sort(np.argsort(-n, kind="stable")[:MOST_GROUPS])
    roles = []
    for kind in told_apart.tolist():
        code = kinds[kind]
        name = plain_name(log.calls.names["agent"][code], "agent") if code != NONE else "sub-agent"
        roles.append(_role(log, _untaken(name, taken), "", started[of_child == kind], False))
    rest = started[~np.isin(of_child, told_apart)]
    return [*roles, _role(log, _untaken(OTHER, taken), "", rest, False)] if rest.size else roles
