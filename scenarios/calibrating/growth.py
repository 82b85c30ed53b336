"""How prompts are made up: what they begin with, what comes new with a turn, and what later ones repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.compaction import compacted, grows, wavers
from scenarios.calibrating.learnings import Ints, Mask
from scenarios.calibrating.procedure import is_procedure
from scenarios.calibrating.retrieval import Retrieval, find_retrieval
from scenarios.calibrating.roles import Role
from scenarios.calibrating.sessions import Log
from scenarios.calibrating.slopes import DOUBTS, beside_place, mean_and_slope, sums_before
from scenarios.calibrating.windows import Window, find_window

_SYSTEM_QUANTILE = 0.05
_OPENS = 3.0
_LONGEST_OPENING = 3
_FEWEST_OPENINGS = 10
_FORGOTTEN = 0.05
_SWELLS = 1.5
"""Times the messages of early turns: those of later ones that are more are history."""

_LEAST_LOSS = 0.1
"""Of what an instance begins with: less that is missing from its second prompt is none, if it is as sure as that."""

_TRIMMED = 0.2
"""Share of outputs that may be missing from the next prompt before outputs are taken to be carried in part only."""


@dataclass(frozen=True)
class Shape:
    """How the prompts of one agent go from turn to turn.

    Attributes
    ----------
    whole : whether they do not build on each other
    procedure : whether sessions are the same few calls, none of which reads what another answered
    retrieval : what they are made of, where they read documents that later ones do not
    window : how far they grow, where they grow no more from some turn on
    """

    whole: bool = False
    procedure: bool = False
    retrieval: Retrieval | None = None
    window: Window | None = None


BUILDS, WHOLE, PROCEDURE = Shape(), Shape(whole=True), Shape(procedure=True)


@dataclass(frozen=True)
class Growth:
    """How the prompts of the log are made up.

    Attributes
    ----------
    shapes : by role
    system : by role, its system prompt in tokens
    carry : by role, the shares of messages and of outputs that later prompts repeat
    pending : by turn, what came new with it: message and results of tools and children
    message : by turn, that without the results of tools
    documents : by turn, what its prompt reads and no later one does
    follows : turns after another, with no compaction between
    grown : of these, turns whose message was seen: those after the opening of their instance
    opening : by role, how many turns after the first still belong to the first message
    """

    shapes: tuple[Shape, ...]
    system: tuple[int, ...]
    carry: tuple[tuple[float, float], ...]
    pending: FloatArray
    message: FloatArray
    documents: FloatArray
    follows: Mask
    grown: Mask
    opening: tuple[int, ...]

    @property
    def whole(self) -> tuple[bool, ...]:
        """By role, whether its prompts do not build on each other."""
        return tuple(shape.whole for shape in self.shapes)


def measure_growth(log: Log, roles: Sequence[Role], results: FloatArray) -> Growth:
    """Take prompts apart.

    Parameters
    ----------
    results : by turn, tokens that results of tools added to its prompt
    """
    follows = log.turns.later & ~compacted(log)
    grown = follows.copy()
    pending, documents = np.zeros(grown.size), np.zeros(grown.size)
    system, carry, opening, shapes = [], [], [], []
    for role in roles:
        rows, number = role.turns, log.turns.number[role.turns]
        system.append(_system(log, [other for other in roles if other.kin == role.kin]))
        shape = _shape(log, rows, system[-1], bool(results[rows].any()))
        shapes.append(shape)
        opening.append(_opening(log, role, follows) if shape is BUILDS else 0)
        grown[rows] &= (number > opening[-1]) & (number <= (shape.window.turns if shape.window else np.inf))
        if shape.retrieval is not None:
            carry.append((round(shape.retrieval.carry, 4),) * 2)
            pending[rows], documents[rows] = shape.retrieval.message, shape.retrieval.documents
        else:
            *shares, pending[rows] = _carry(log, role, shape is PROCEDURE, system[-1], opening[-1], grown)
            carry.append((shares[0], shares[1]))
    message = np.maximum(pending - results, 0.0)
    return Growth(
        tuple(shapes), tuple(system), tuple(carry), pending, message, documents, follows, grown, tuple(opening)
    )


def _shape(log: Log, rows: Ints, system: int, has_results: bool) -> Shape:
    """The shape of some turns; what tools return goes up and down too, and is told apart by the log."""
    builds = BUILDS if grows(log, rows) else WHOLE
    if has_results or not wavers(log, rows):
        return PROCEDURE if builds is BUILDS and is_procedure(log, rows) else builds
    if (retrieval := find_retrieval(log, rows, system)) is not None:
        return Shape(retrieval=retrieval)
    window = find_window(log, rows)
    return builds if window is None else Shape(window=window)


def _system(log: Log, kin: Sequence[Role]) -> int:
    """A low quantile of first prompts, those of all kinds of start together: what they have in common."""
    first = np.concatenate([log.turns.prompt[role.turns[~log.turns.later[role.turns]]] for role in kin])
    return int(np.quantile(first, _SYSTEM_QUANTILE))


def _opening(log: Log, role: Role, follows: Mask) -> int:
    """Turns after the first, three at most, that add three times what later ones do, and more than chance explains.

    Clients open with a short call before they send what they know; as messages, those would come all session long.
    """
    rows = role.turns[follows[role.turns]]
    number = log.turns.number[rows]
    added = np.maximum(log.turns.step[rows] - log.turns.output_before[rows], 0.0)
    for place in range(1, _LONGEST_OPENING + 1):
        here, later = added[number == place], added[number > place]
        if here.size < _FEWEST_OPENINGS or not later.size:
            return place - 1
        beyond = float(here.mean() - later.mean())
        if here.mean() <= _OPENS * later.mean() or beyond < _OPENS * float(here.std()) / here.size**0.5:
            return place - 1
    return _LONGEST_OPENING


def _opened(log: Log, rows: Ints, opening: int) -> FloatArray:
    """Greatest prompt of the opening of each instance."""
    number, prompt = log.turns.number[rows], log.turns.prompt[rows]
    starts = np.flatnonzero(number == 0)
    greatest: FloatArray = np.maximum.reduceat(np.where(number <= opening, prompt, 0.0), starts)
    return greatest


def _carry(
    log: Log, role: Role, is_procedure: bool, system: int, opening: int, grown: Mask
) -> tuple[float, float, FloatArray]:
    """Shares of messages and of outputs that later prompts repeat, and what came new with each turn.

    That outputs are carried whole is tried first: prompts then grow by the output before and a message, which is never
    negative, and one share for both is that at which histories sum to what was logged. Where too much of the outputs is
    missing, their share is the slope of steps on the outputs before them. It is that of messages too, which are what it
    leaves; but not where what an instance begins with stays in the second prompt, nor where messages would swell from
    turn to turn: then messages are carried, and answers, or the thinking in them, are not.
    """
    turns, rows = log.turns, role.turns
    step, before = turns.step[rows], turns.output_before[rows]
    number, on = turns.number[rows], grown[rows]
    first = np.maximum(_opened(log, rows, opening) - system, 0.0)
    missing, of_output = np.clip(before - step, 0.0, before)[on].sum(), 1.0
    if is_less := missing > _TRIMMED * before[on].sum() or is_procedure:
        stepped, written = (beside_place(values[on], number[on]) for values in (step, before))
        _, slope = mean_and_slope(stepped, written, turns.instance[rows][on])
        of_output = float(np.clip(slope.value, 0.0, 1.0))
        partly = _partly_carried(log, rows, of_output, on, first)
        if not _stays(first, step[on & (number == 1)], on, number) and not _swells(partly[on], number[on]):
            grown[rows] &= number >= _settled(of_output, number[on])
            return round(of_output, 4), round(of_output, 4), partly
    pending = np.where(on, np.maximum(step - of_output * before, 0.0), 0.0)
    pending[number == 0] = first
    compacted_before = turns.later[rows] & ~on & (number > opening)
    use = on & ~_after_first(compacted_before, number)
    held = float((turns.prompt[rows] - system - pending)[use].sum())
    messages, outputs = (float(sums_before(values, number)[use].sum()) for values in (pending, turns.output[rows]))
    if is_less:
        share = float(np.clip((held - of_output * outputs) / messages, 0.0, 1.0)) if messages > 0 else 1.0
        return round(share, 4), round(of_output, 4), pending
    total = messages + outputs
    share = round(float(np.clip(held / total, 0.0, 1.0)) if total > 0 else 1.0, 4)
    return share, share, pending


def _stays(first: FloatArray, step: FloatArray, on: Mask, number: Ints) -> bool:
    """Whether second prompts have all of what instances begin with: their steps do not fall with it.

    Of a share that is carried, the rest is missing from the second prompt.
    """
    second = np.flatnonzero(on & (number == 1))
    begun = first[np.cumsum(number == 0)[second] - 1]
    if begun.size < _FEWEST_OPENINGS or np.ptp(begun) == 0:
        return False
    _, slope = mean_and_slope(step, begun, np.arange(begun.size))
    return abs(slope.value) <= DOUBTS * slope.error + _LEAST_LOSS and slope.error <= _LEAST_LOSS


def _swells(new: FloatArray, number: Ints) -> bool:
    """Whether what is new with a turn grows with its number, as histories do: it is history that the share forgets."""
    late = number > np.median(number)
    return bool(late.any() and not late.all() and new[late].mean() > _SWELLS * max(new[~late].mean(), 1.0))


def _settled(share: float, number: Ints) -> int:
    """Turn from which messages are known, where it matters how much of the first prompt is its message.

    Each turn forgets of that what it does not carry; none is waited for if most would have to be left out.
    """
    lost = max(1.0 - share, 1e-9)
    wait = int(np.ceil(np.log(_FORGOTTEN) / np.log(lost))) if lost < 1.0 else 1  # a share may be a rounding error
    return wait if np.mean(number >= wait) > 1 / 4 else 1


def _partly_carried(log: Log, rows: Ints, share: float, on: Mask, first: FloatArray) -> FloatArray:
    """What comes new with each turn, where later prompts repeat a share of it and of outputs; turn by turn."""
    number, step, before = log.turns.number[rows], log.turns.step[rows], log.turns.output_before[rows]
    pending = np.zeros(rows.size)
    pending[number == 0] = first
    order = np.argsort(number, kind="stable")
    for turn in np.split(order, np.cumsum(np.bincount(number))[:-1])[1:]:
        new = step[turn] + (1 - share) * pending[turn - 1] - share * before[turn]
        pending[turn] = np.where(on[turn], new, 0.0)
    return np.maximum(pending, 0.0)


def _own_first(number: Ints) -> Ints:
    """For each turn, the place of the first of its instance."""
    return np.arange(number.size) - number


def _after_first(event: Mask, number: Ints) -> Mask:
    """Turns at or after the first event of their instance."""
    seen = np.cumsum(event)
    until: Ints = (seen - event)[_own_first(number)]
    after: Mask = seen > until
    return after
