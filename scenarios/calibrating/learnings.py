"""What calibration finds, as plain data: laws with where they came from, and what could not be learnt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from distributions.numerics import FloatArray

if TYPE_CHECKING:
    from distributions.choice import Choice

Ints = NDArray[np.int64]
Codes = NDArray[np.int32]
Mask = NDArray[np.bool_]
Chooser = Callable[..., "Choice"]
"""`distributions.choose.choose_law`, or what stands in for it."""


def _same_model(provider: str, model: str) -> str:
    return f"{provider}/{model}" if provider and "/" not in model else model


@dataclass(frozen=True)
class Options:
    """What a user says beside the log.

    Attributes
    ----------
    ttl_minutes : how long the provider keeps a prefix; None to learn it from what was written for how long
    model_name : a logged provider and model to the name that the scenario gives it
    choose : values to a law; None for `distributions.choose.choose_law`
    """

    ttl_minutes: float | None = None
    model_name: Callable[[str, str], str] = _same_model
    choose: Chooser | None = None


@dataclass(frozen=True)
class Learnt:
    """One value of the scenario that was learnt.

    Attributes
    ----------
    path : dotted, as in agents.chat.output_tokens
    title, unit : what it is, for people
    expression : in the scenario language
    choice : the law and its rivals, where it is a law
    source : one line for `source:` or a comment: n, of how many sessions, quality of the fit
    n, sessions : values that it was learnt from, and of how many sessions they are
    """

    path: str
    title: str
    unit: str
    expression: Any
    choice: Choice | None
    source: str
    n: int
    sessions: int


@dataclass(frozen=True)
class Sessions:
    """The observed sessions, one row each; a call without a session is one of its own.

    Attributes
    ----------
    session : codes of their names; -1 where the log has none
    of_call : row of each call of the table
    start : of the first call, as the table counts time
    calls, agents, turns : requests, agent instances, and turns of the root
    input, cached, written, output : tokens of what was billed; input is the whole prompt, output has reasoning in
    first_prompt : tokens of the root's first prompt
    feature : index into `features`, the names of the scenario's features
    user : codes of the log's users, -1 unknown
    success : 1, 0, between for a score; NaN unknown
    cost : at the scenario's prices; None until somebody priced them
    """

    session: Codes
    of_call: Ints
    start: FloatArray
    calls: Ints
    agents: Ints
    turns: Ints
    input: FloatArray
    cached: FloatArray
    written: FloatArray
    output: FloatArray
    first_prompt: FloatArray
    feature: Codes
    features: tuple[str, ...]
    user: Codes
    success: FloatArray
    cost: FloatArray | None = None

    def __len__(self) -> int:
        return self.session.size


@dataclass(frozen=True)
class Learnings:
    """Agents, features and difficulty in the scenario language, and all that a reader should know about them.

    Attributes
    ----------
    agents, features : the sections of a scenario, as plain data
    difficulty : its law, or None
    learnt : every value that came out of the log
    comments : by dotted path, what to write beside a value that is no law
    bodies : by name, the values behind a law of data, whose `column` is that name
    assumed, unlearnt, warnings : sentences
    sessions : what was observed
    """

    agents: Mapping[str, Any]
    features: Mapping[str, Any]
    difficulty: Any
    learnt: tuple[Learnt, ...]
    comments: Mapping[str, str]
    bodies: Mapping[str, FloatArray]
    assumed: tuple[str, ...]
    unlearnt: tuple[str, ...]
    warnings: tuple[str, ...]
    sessions: Sessions


@dataclass
class Notes:
    """Collects what learners have to say, while they learn."""

    learnt: list[Learnt] = field(default_factory=list)
    comments: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, FloatArray] = field(default_factory=dict)
    assumed: list[str] = field(default_factory=list)
    unlearnt: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    grave: list[str] = field(default_factory=list)
    few: dict[str, int] = field(default_factory=dict)
    shared: dict[str, list[str]] = field(default_factory=dict)

    def assume(self, sentence: str) -> None:
        """Say what was taken for granted, once."""
        if sentence not in self.assumed:
            self.assumed.append(sentence)

    def lack(self, sentence: str) -> None:
        """Say what the log does not tell, once."""
        if sentence not in self.unlearnt:
            self.unlearnt.append(sentence)

    def warn(self, sentence: str) -> None:
        """Warn, once."""
        if sentence not in self.warnings:
            self.warnings.append(sentence)

    def warn_gravely(self, sentence: str) -> None:
        """Warn of what makes all figures doubtful; it stands first."""
        self.warn(sentence)
        self.grave.append(sentence)

    def warn_of(self, law: str, sentence: str) -> None:
        """Warn of a law; what is said of several is said once."""
        laws = self.shared.setdefault(sentence, [])
        laws += [law] if law not in laws else []

    def all_warnings(self) -> tuple[str, ...]:
        """Warnings, each once: with the laws that it is about, and those of few values in one sentence."""
        grouped = [f"{', '.join(laws)}: {sentence}" for sentence, laws in self.shared.items()]
        if self.few:
            laws = ", ".join(f"{law} ({n:,})" for law, n in sorted(self.few.items(), key=lambda one: one[1]))
            grouped.append(f"The P99 of a law is a guess where fewer than 5 values lie above it; so of {laws}.")
        return (*self.warnings, *grouped)
