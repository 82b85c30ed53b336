"""What applications send again of a conversation, and what that makes sessions cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np
import pytest

from benchmarks import calibrate as real
from scenarios.calibrating.growth import BUILDS, PROCEDURE, Growth, measure_growth
from scenarios.calibrating.sessions import read_sessions
from scenarios.calibrating.starts import find_roles
from scenarios.logs.reading import Reading
from scenarios.logs.table import Calls, Rows
from simulator.judged import MATCH, Sample, judge
from tests.calibrating.making import FAR

SESSIONS, SYSTEM, SPREAD = 1_500, 600, 0.7
MESSAGE, OUTPUT = (np.exp(mu + SPREAD**2 / 2) - 0.5 for mu in (4.5, 5.5))
"""Means of lognormal draws without what stands behind the point."""
Memory = Callable[[Sequence[int], int, np.random.Generator], int]
"""From what the turns before said, message and answer, and the new message, to tokens beside the system prompt."""


def documents(said: Sequence[int], message: int, rng: np.random.Generator) -> int:
    return sum(said) + message + int(rng.integers(0, 5) * rng.lognormal(6.8, 0.4))


def like_documents(said: Sequence[int], message: int, rng: np.random.Generator) -> int:
    return sum(said) + message + int(3_000 + rng.normal(0, 250))


def last_turns(said: Sequence[int], message: int, rng: np.random.Generator) -> int:
    return sum(said[-6:]) + message


def what_fits(said: Sequence[int], message: int, rng: np.random.Generator) -> int:
    return message + max((kept for kept in accumulate(reversed(said), initial=0) if kept + message <= 3_400), default=0)


def summary(said: Sequence[int], message: int, rng: np.random.Generator) -> int:
    return message + sum(said[-2:]) + (int(400 + rng.lognormal(3, 1)) if len(said) > 2 else 0)


def log_of(memory: Memory, mean_turns: float, seed: int) -> Calls:
    rng, rows = np.random.default_rng(seed), Rows("time", "session", "model", "written", "output")
    for session in range(SESSIONS):
        said: list[int] = []
        for turn in range(int(rng.geometric(1 / mean_turns))):
            message, output = int(rng.lognormal(4.5, SPREAD)), int(rng.lognormal(5.5, SPREAD))
            rows.append(60.0 * turn, f"s{session}", "model", SYSTEM + memory(said, message, rng), output)
            said.append(message + output)
    return rows.finish(dated=False)


def growth_of(calls: Calls) -> Growth:
    log = read_sessions(calls)
    return measure_growth(log, find_roles(log)[0], np.zeros(log.turns.call.size))


@pytest.mark.parametrize("memory", [documents, like_documents, last_turns, what_fits, summary])
def test_sessions_cost_what_they_did(memory: Memory) -> None:
    calls = log_of(memory, 10.0, 1)
    scenario = real.learn(calls, Reading(), real.GPT)
    here = real.observed(scenario, calls, real.GPT)["cost per session"]
    there = real.simulated(real.sample(scenario, 10_000, 1))["cost per session"]
    assert judge("cost", "USD", Sample(here), there, simulated_sessions=there.size).verdict == MATCH


@pytest.mark.parametrize("memory", [documents, like_documents])
def test_documents_are_told_from_history(memory: Memory) -> None:
    calls = log_of(memory, 10.0, 2)
    growth, log = growth_of(calls), read_sessions(calls)
    found = growth.shapes[0].retrieval
    assert found is not None
    assert growth.carry == ((1.0, 1.0),)
    steps = log.turns.step[log.turns.later]
    error = np.sqrt(np.mean(np.bincount(log.turns.instance[log.turns.later], steps - steps.mean()) ** 2) * SESSIONS)
    assert found.message == pytest.approx(MESSAGE, abs=FAR * error / steps.size)


def test_the_last_turns_of_a_conversation_are_counted() -> None:
    window = growth_of(log_of(last_turns, 10.0, 3)).shapes[0].window
    assert window is not None
    assert window.turns in {5, 6}
    error = FAR * window.limits.std() / np.sqrt(window.limits.size)
    least, most = (SYSTEM + MESSAGE + n * (MESSAGE + OUTPUT) for n in (5, 6))
    assert least - error < window.limits.mean() < most + error


def test_what_builds_on_itself_is_left_to_it() -> None:
    assert growth_of(log_of(lambda said, message, rng: sum(said) + message, 10.0, 4)).shapes == (BUILDS,)


def test_a_procedure_of_three_calls_about_one_document() -> None:
    """The second and third call ask for more, and none reads an answer, though no output seems to be missing."""
    rng, rows = np.random.default_rng(5), Rows("time", "session", "model", "written", "output")
    for session in range(SESSIONS):
        document = int(rng.lognormal(7.5, 1.0))
        for step, (asked, answer) in enumerate([(300, 20), (800, 400), (1_200, 900)]):
            written = int(rng.lognormal(np.log(answer), 0.4))
            rows.append(3.0 * step, f"s{session}", "model", asked + document, written)
    calls = rows.finish(dated=False)
    assert growth_of(calls).shapes == (PROCEDURE,)
    scenario = real.learn(calls, Reading(), real.GPT)
    here = real.observed(scenario, calls, real.GPT)["tokens per session"]
    there = real.simulated(real.sample(scenario, 10_000, 1))["tokens per session"]
    assert judge("tokens", "tokens", Sample(here), there, simulated_sessions=there.size).verdict == MATCH
