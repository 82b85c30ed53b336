"""Values to laws of the scenario, each with its record; what roles of one kin have in common is learnt once."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.difficulty import TURNS as LENGTH
from scenarios.calibrating.difficulty import Difficulty
from scenarios.calibrating.learnings import Chooser, Ints, Learnt, Mask, Notes
from scenarios.calibrating.lengths import Lengths
from scenarios.calibrating.roles import Role
from scenarios.calibrating.sessions import Log
from scenarios.calibrating.unmixing import unmix
from scenarios.calibrating.variance import variance_between

if TYPE_CHECKING:
    from distributions.choice import Choice

_DIFFERENT = 0.05
"""Kinds of start share a law unless their session means would lie so far apart less often than this by chance."""


@dataclasses.dataclass(frozen=True)
class Quantity:
    """What a law is about: where it stands in its agent, what it is called, its unit and kind of values.

    Attributes
    ----------
    is_by_turn : whether an instance has one for each turn, so that long sessions count more often
    """

    name: str
    title: str
    unit: str
    purpose: str
    whole: bool = True
    is_by_turn: bool = True


TOKENS = "tokens"
TURNS = Quantity("turns", "turns of an instance", "count", "count", is_by_turn=False)
SYSTEM = Quantity("system_tokens", "system prompt", TOKENS, TOKENS)
FIRST = Quantity("first_message_tokens", "first message", TOKENS, TOKENS, is_by_turn=False)
MESSAGE = Quantity("message_tokens", "message of a turn", TOKENS, TOKENS)
LIMIT = Quantity("context.limit", "limit of the context", TOKENS, TOKENS, is_by_turn=False)
RETRIEVED = Quantity("retrieved_tokens", "documents of a turn", TOKENS, TOKENS)
PROMPT = Quantity("prompt_tokens", "whole prompt", TOKENS, TOKENS)
OUTPUT = Quantity("output_tokens", "output of a turn", TOKENS, TOKENS)
REASONING = Quantity("reasoning_tokens", "reasoning of a turn", TOKENS, TOKENS)


class Laws:
    """Chooses laws and keeps their records.

    Parameters
    ----------
    log : what is learnt from
    roles : all agents of the scenario
    choose : values to a law
    notes : where records go
    difficulty : what sessions have in common; laws of root agents are those at a difficulty of 1
    whole : by role, whether its prompts are whole ones
    """

    def __init__(
        self,
        log: Log,
        roles: Sequence[Role],
        choose: Chooser,
        notes: Notes,
        difficulty: Difficulty | None = None,
        whole: Sequence[bool] = (),
    ) -> None:
        self.log = log
        self.roles = roles
        self.notes = notes
        self.difficulty = difficulty
        self._whole = {role.name for role, is_whole in zip(roles, whole, strict=False) if is_whole}
        self._choose = choose
        self._shared: dict[tuple[str, str, float, int, float], tuple[Any, Choice, str]] = {}

    def learn(
        self, role: Role, quantity: Quantity, values: FloatArray, rows: Ints, limits: Sequence[float] = ()
    ) -> Any:
        """Law of values of one role, at these turns, in the scenario language."""
        return self._record(
            role, quantity, self._law(role, quantity, values, limits), values.size, self.sessions_of(rows)
        )

    def learn_shared(
        self, role: Role, quantity: Quantity, values: FloatArray, use: Mask, limits: Sequence[float] = ()
    ) -> Any:
        """Law of a value of each turn of the log, where `use`; learnt from all kin where they do not differ.

        Parameters
        ----------
        values : one a turn of the log
        use : turns where the value is one
        """
        rows, shared = self.rows(role, values, use)
        if not shared:
            return self.learn(role, quantity, values[rows], rows, limits)
        key = role.kin, quantity.name, self._load(role, quantity), rows.size, float(values[rows].sum())
        if key not in self._shared:
            self._shared[key] = self._law(role, quantity, values[rows], limits)
        return self._record(role, quantity, self._shared[key], rows.size, self.sessions_of(rows))

    def rows(self, role: Role, values: FloatArray, use: Mask) -> tuple[Ints, bool]:
        """Turns that a value of a role is learnt from, and whether they are those of all its kin."""
        kin = [other for other in self.roles if other.kin == role.kin]
        rows = [other.turns[use[other.turns]] for other in kin]
        if len(kin) == 1 or _differ(self.log, values, rows):
            return role.turns[use[role.turns]], False
        return np.concatenate(rows), True

    def loads(self, role: Role) -> Mapping[str, float]:
        """What difficulty moves in an agent, and how far."""
        if self.difficulty is None or not role.is_root:
            return {}
        return self.difficulty.of_agent(role.name in self._whole)

    def number(self, role: Role, quantity: Quantity, value: float, n: int, sessions: int, how: str) -> float:
        """Record a number that was learnt without a law."""
        path = f"{role.path}.{quantity.name}"
        self.notes.learnt.append(Learnt(path, quantity.title, quantity.unit, value, None, how, n, sessions))
        return value

    def _law(
        self, role: Role, quantity: Quantity, values: FloatArray, limits: Sequence[float]
    ) -> tuple[Any, Choice, str]:
        load = self._load(role, quantity)
        if load and quantity is TURNS:
            values = Lengths(values.astype(np.int64), load).at_one()
        elif load:
            values = unmix(values, load, self.loads(role).get(LENGTH, 0.0) if quantity.is_by_turn else 0.0)
        path = f"{role.path}.{quantity.name}"
        whole = quantity.whole and not (load and quantity is TURNS)
        choice = self._choose(
            values, whole=whole, limits=limits, what=path.removeprefix("agents."), purpose=quantity.purpose
        )
        about = path.removeprefix("agents.")
        for warning in choice.warnings:
            if warning == getattr(choice, "few", ""):
                self.notes.few[about] = choice.n
            else:
                self.notes.warn_of(about, warning.removeprefix(f"{about}: "))
        name = path.removeprefix("agents.").replace(".", "_")
        if choice.body is not None:
            self.notes.bodies[name] = choice.body
        return named(choice.expression, name), choice, name

    def _load(self, role: Role, quantity: Quantity) -> float:
        return self.loads(role).get(quantity.name, 0.0)

    def _record(self, role: Role, quantity: Quantity, law: tuple[Any, Choice, str], n: int, sessions: int) -> Any:
        expression, choice, _ = law
        path = f"{role.path}.{quantity.name}"
        source = f"{n:,} values of {sessions:,} sessions; {choice.quality}" if choice.quality else f"{n:,} values"
        self.notes.learnt.append(Learnt(path, quantity.title, quantity.unit, expression, choice, source, n, sessions))
        return expression

    def sessions_of(self, rows: Ints) -> int:
        """How many sessions some turns are of."""
        return int(np.unique(self.log.instances.session[self.log.turns.instance[rows]]).size)


def named(expression: Any, name: str) -> Any:
    """The expression with the name of its body as the column of its data."""
    if isinstance(expression, Mapping):
        return {
            key: {**value, "column": name} if key == "data" and isinstance(value, Mapping) else named(value, name)
            for key, value in expression.items()
        }
    return [named(item, name) for item in expression] if isinstance(expression, list) else expression


def _differ(log: Log, values: FloatArray, groups: Sequence[Ints]) -> bool:
    """Whether session means differ between groups of turns: an F test on their logarithms."""
    means = [_session_means(log, values, rows) for rows in groups]
    means = [group for group in means if group.size]
    if len(means) < 2:
        return False
    group = np.repeat(np.arange(len(means)), [each.size for each in means])
    return variance_between(np.concatenate(means), group).chance < _DIFFERENT


def _session_means(log: Log, values: FloatArray, rows: Ints) -> FloatArray:
    session = log.instances.session[log.turns.instance[rows]]
    n = np.bincount(session)
    sums = np.bincount(session, values[rows])
    means: FloatArray = np.log1p(sums[n > 0] / n[n > 0])
    return means
