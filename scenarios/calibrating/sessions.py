"""Calls as instances and turns: who started whom, which attempts are one turn, and what came between turns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.learnings import Codes, Ints, Mask
from scenarios.logs.codes import NONE
from scenarios.logs.table import OK, Calls

_DEEPEST = 64
_MINUTE = 60.0


@dataclass(frozen=True)
class Instances:
    """Agent instances, one row each, in the order of the table.

    Attributes
    ----------
    first, n_calls : where its calls begin, and how many they are
    session : row of its session
    parent : row of the instance that started it; -1 for the root of a session
    depth : 0 for a root
    agent : code of its kind
    n_turns, first_turn : as for calls
    """

    first: Ints
    n_calls: Ints
    session: Ints
    parent: Ints
    depth: Ints
    agent: Codes
    n_turns: Ints
    first_turn: Ints


@dataclass(frozen=True)
class Turns:
    """Turns, one row each: a call with its retries, summaries left out.

    Attributes
    ----------
    call : row of the attempt that ended it
    attempts : how many there were
    instance, number : row of its instance, and which of its turns it is, from 0
    served : whether its last attempt succeeded
    prompt, output, reasoning : tokens
    before, output_before : prompt and output of the turn before; 0 in the first
    gap : minutes from the start of the turn before; NaN in the first and where times are unknown
    compacted : whether the context was compacted since the turn before, as the log says
    """

    call: Ints
    attempts: Ints
    instance: Ints
    number: Ints
    served: Mask
    prompt: FloatArray
    output: FloatArray
    reasoning: FloatArray
    before: FloatArray
    output_before: FloatArray
    gap: FloatArray
    compacted: Mask

    @property
    def step(self) -> FloatArray:
        """By how much the prompt grew."""
        return self.prompt - self.before

    @property
    def later(self) -> Mask:
        """Turns that follow another."""
        return self.number > 0


@dataclass(frozen=True)
class Log:
    """A table of calls, with its instances and turns.

    Attributes
    ----------
    session : code of each session; -1 where a call stands alone
    turn_of_call : row of the turn of each call; a summary belongs to the turn before it, or to the next
    retries_told : whether the log itself numbers attempts
    """

    calls: Calls
    instances: Instances
    turns: Turns
    session: Codes
    turn_of_call: Ints
    retries_told: bool

    @property
    def has_sessions(self) -> bool:
        """Whether any call says to which session it belongs."""
        return bool(np.any(self.session != NONE))

    @property
    def instance_of_call(self) -> Ints:
        """Row of the instance of each call."""
        return np.repeat(np.arange(self.instances.first.size), self.instances.n_calls)

    @property
    def roots(self) -> Ints:
        """Row of the root instance of each session."""
        roots = np.flatnonzero(self.instances.parent == NONE)
        return roots[np.argsort(self.instances.session[roots])]


def read_sessions(calls: Calls) -> Log:
    """Find instances and turns in a table of at least one call."""
    first = np.flatnonzero(_begins(calls))
    n_calls = np.diff(first, append=len(calls))
    codes = calls["session"][first]
    new = (codes == NONE) | np.r_[True, codes[1:] != codes[:-1]]
    session = np.cumsum(new) - 1
    told = bool(np.any(calls["attempt"] > 1))
    turn_of_call, starts = _turns_of_calls(calls, first, told)
    parent = _parents(calls, first, n_calls, session)
    turn_instance = np.repeat(np.arange(first.size), n_calls)[starts]
    n_turns = np.bincount(turn_instance, minlength=first.size)
    instances = Instances(
        first,
        n_calls,
        session,
        parent,
        _depths(parent),
        calls["agent"][first],
        n_turns,
        np.cumsum(n_turns) - n_turns,
    )
    turns = _turns(calls, turn_of_call, turn_instance, instances)
    return Log(calls, instances, turns, codes[new], turn_of_call, told)


def _begins(calls: Calls) -> Mask:
    """Calls that are the first of an instance."""
    session, instance = calls["session"], calls["instance"]
    new = np.ones(len(calls), bool)
    new[1:] = (instance[1:] != instance[:-1]) | (session[1:] != session[:-1]) | (session[1:] == NONE)
    return new


def _turns_of_calls(calls: Calls, first: Ints, told: bool) -> tuple[Ints, Ints]:
    """Row of the turn of each call, and the call that begins each turn.

    Without numbered attempts, a call that follows a failed one in its instance is taken for its retry. An instance has
    a turn at least, were it made of summaries only.
    """
    again = calls["attempt"] > 1
    if not told:
        again = np.r_[False, calls["failed"][:-1] != OK]
    again[first] = False
    begins = ~again & ~calls["summary"]
    whole = np.add.reduceat(begins.astype(np.int64), first)
    begins[first[whole == 0]] = True
    starts = np.flatnonzero(begins)
    earliest = np.searchsorted(starts, first)
    instance = np.repeat(np.arange(first.size), np.diff(first, append=len(calls)))
    return np.maximum(np.cumsum(begins) - 1, earliest[instance]), starts


def _turns(calls: Calls, turn_of_call: Ints, instance: Ints, instances: Instances) -> Turns:
    rows = np.flatnonzero(~calls["summary"])
    n = instance.size
    last = np.full(n, -1, np.int64)
    last[turn_of_call] = np.arange(len(calls))
    last[turn_of_call[rows]] = rows
    number = np.arange(n) - instances.first_turn[instance]
    later = number > 0
    prompt = _known_prompts(calls.prompt[last].astype(float), calls["output"][last].astype(float), later)
    output = calls["output"][last].astype(float)
    time = calls["time"][last]
    compacted = np.zeros(n, bool)
    told = calls["compacted"].copy()
    told[1:] |= calls["summary"][:-1]
    np.logical_or.at(compacted, turn_of_call, told)
    return Turns(
        last,
        np.bincount(turn_of_call[rows], minlength=n),
        instance,
        number,
        calls["failed"][last] == OK,
        prompt,
        output,
        calls["reasoning"][last].astype(float),
        np.where(later, np.r_[0.0, prompt[:-1]], 0.0),
        np.where(later, np.r_[0.0, output[:-1]], 0.0),
        np.where(later, np.diff(time, prepend=np.nan) / _MINUTE, np.nan),
        compacted & later,
    )


def _known_prompts(prompt: FloatArray, output: FloatArray, later: Mask) -> FloatArray:
    """The prompts, and in place of those that the log leaves out the least that was sent.

    Gateways count no tokens of a call that failed. Taken for a prompt of none, it would be a compaction, or the
    shortest prompt of all.
    """
    missing = prompt == 0
    if missing.all() or not missing.any():
        return prompt
    prompt = prompt.copy()
    first = prompt[~later & ~missing]
    prompt[missing & ~later] = np.median(first) if first.size else prompt[~missing].min()
    for row in np.flatnonzero(missing & later).tolist():
        prompt[row] = prompt[row - 1] + output[row - 1]
    return prompt


def _parents(calls: Calls, first: Ints, n_calls: Ints, session: Ints) -> Ints:
    """Row of each instance's parent: as logged, else the root, which is the first to start of those without one."""
    code, asked = calls["instance"][first], calls["parent"][first]
    rows = np.full(max(int(code.max(initial=0)), int(asked.max(initial=0))) + 1, NONE, np.int64)
    known = code != NONE
    rows[code[known]] = np.flatnonzero(known)
    parent = np.where(asked == NONE, NONE, rows[asked])
    own = np.arange(first.size)
    parent[(parent == own) | (session[parent] != session)] = NONE
    parent[_in_rings(parent)] = NONE
    orphans = np.flatnonzero(parent == NONE)
    order = orphans[np.lexsort((-n_calls[orphans], calls["time"][first[orphans]], session[orphans]))]
    leads = np.r_[True, session[order][1:] != session[order][:-1]]
    root = np.empty(int(session[-1]) + 1, np.int64)
    root[session[order[leads]]] = order[leads]
    parent[orphans] = np.where(root[session[orphans]] == orphans, NONE, root[session[orphans]])
    return parent


def _in_rings(parent: Ints) -> Mask:
    """Instances that come from no root within the deepest level."""
    at = parent.copy()
    for _ in range(_DEEPEST):
        if np.all(at == NONE):
            break
        at = np.where(at == NONE, NONE, parent[at])
    ringed: Mask = at != NONE
    return ringed


def _depths(parent: Ints) -> Ints:
    depth = np.zeros(parent.size, np.int64)
    at = parent.copy()
    while np.any(at != NONE):
        depth += at != NONE
        at = np.where(at == NONE, NONE, parent[at])
    return depth
