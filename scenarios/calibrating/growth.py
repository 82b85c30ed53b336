"""How prompts are made up: what they begin with, what comes new with a turn, and what later ones repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.compaction import compacted
from scenarios.calibrating.learnings import Ints, Mask
from scenarios.calibrating.roles import Role
from scenarios.calibrating.sessions import Log

_SYSTEM_QUANTILE = 0.05
_SHRINKING = 0.3
"""Share of prompts shorter than the one before, beyond which prompts do not build on each other."""

_TRIMMED = 0.2
"""Share of outputs that may be missing from the next prompt before outputs are taken to be carried in part only."""


@dataclass(frozen=True)
class Growth:
    """How the prompts of the log are made up.

    Attributes
    ----------
    whole : by role, whether its prompts do not build on each other
    system : by role, its system prompt in tokens
    carry : by role, the share of messages and outputs that later prompts repeat
    pending : by turn, what came new with it: message and results of tools and children
    message : by turn, that without the results of tools
    grown : turns whose message was seen: those after another, with no compaction between
    """

    whole: tuple[bool, ...]
    system: tuple[int, ...]
    carry: tuple[float, ...]
    pending: FloatArray
    message: FloatArray
    grown: Mask


def measure_growth(log: Log, roles: Sequence[Role], results: FloatArray) -> Growth:
    """Take prompts apart.

    Parameters
    ----------
    results : by turn, tokens that results of tools added to its prompt
    """
    grown = log.turns.later & ~compacted(log)
    pending = np.zeros(grown.size)
    whole, system, carry = [], [], []
    for role in roles:
        whole.append(_is_whole(log, role, grown))
        system.append(_system(log, [other for other in roles if other.kin == role.kin]))
        share, pending[role.turns] = _carry(log, role, system[-1], grown)
        carry.append(share)
    message = np.maximum(pending - results, 0.0)
    return Growth(tuple(whole), tuple(system), tuple(carry), pending, message, grown)


def _is_whole(log: Log, role: Role, grown: Mask) -> bool:
    rows = role.turns[grown[role.turns]]
    if not rows.size:
        return not np.any(log.instances.n_turns[role.instances] > 1)
    return bool(np.mean(log.turns.step[rows] < 0) > _SHRINKING)


def _system(log: Log, kin: Sequence[Role]) -> int:
    """A low quantile of first prompts, those of all kinds of start together: what they have in common."""
    first = np.concatenate([log.turns.prompt[role.turns[~log.turns.later[role.turns]]] for role in kin])
    return int(np.quantile(first, _SYSTEM_QUANTILE))


def _carry(log: Log, role: Role, system: int, grown: Mask) -> tuple[float, FloatArray]:
    """Share of messages and outputs that later prompts repeat, and what came new with each turn.

    The share is the one at which histories, up to a first compaction, sum to what was logged. That outputs are carried
    whole is tried first: prompts then grow by the output before and a message, which is never negative. Where too much
    of the outputs is missing, the share is the slope of steps on the outputs before them, and messages what it leaves.
    """
    turns, rows = log.turns, role.turns
    step, before = turns.step[rows], turns.output_before[rows]
    on = grown[rows]
    pending = np.where(on, np.maximum(step - before, 0.0), 0.0)
    pending[~turns.later[rows]] = np.maximum(turns.prompt[rows][~turns.later[rows]] - system, 0.0)
    missing = np.maximum(before - step, 0.0)[on].sum()
    if missing > _TRIMMED * before[on].sum():
        pending = _partly_carried(log, rows, system, _slope(before[on], step[on]), on)
    new = np.cumsum(pending + turns.output[rows]) - pending - turns.output[rows]
    history = new - new[_own_first(turns.number[rows])]
    use = on & ~_after_first(~on & turns.later[rows], turns.number[rows])
    held = turns.prompt[rows] - system - pending
    total = float(history[use].sum())
    share = float(np.clip(held[use].sum() / total, 0.0, 1.0)) if total > 0 else 1.0
    return round(share, 4), pending


def _slope(x: FloatArray, y: FloatArray) -> float:
    spread = x - x.mean()
    return float(np.clip((spread * y).sum() / max((spread**2).sum(), 1e-300), 0.0, 1.0))


def _partly_carried(log: Log, rows: Ints, system: int, share: float, on: Mask) -> FloatArray:
    """What comes new with each turn, where later prompts repeat a share of it and of outputs; turn by turn."""
    number, prompt, output = log.turns.number[rows], log.turns.prompt[rows] - system, log.turns.output[rows]
    pending = np.zeros(rows.size)
    held = np.zeros(rows.size)
    order = np.argsort(number, kind="stable")
    for turn in np.split(order, np.cumsum(np.bincount(number))[:-1]):
        later = number[turn] > 0
        held[turn] = np.where(later, held[turn - 1] + share * (pending[turn - 1] + output[turn - 1]), 0.0)
        pending[turn] = np.maximum(prompt[turn] - held[turn], 0.0)
        lost = later & ~on[turn]
        held[turn[lost]] = np.maximum(prompt[turn[lost]], 0.0)
        pending[turn[lost]] = 0.0
    return pending


def _own_first(number: Ints) -> Ints:
    """For each turn, the place of the first of its instance."""
    return np.arange(number.size) - number


def _after_first(event: Mask, number: Ints) -> Mask:
    """Turns at or after the first event of their instance."""
    seen = np.cumsum(event)
    before = (seen - event)[_own_first(number)]
    after: Mask = seen > before
    return after
