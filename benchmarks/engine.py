"""Exact engine: sessions per second against chunked numpy, and what a second thread adds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from benchmarks.chat import CHAT, Engine
from benchmarks.yardstick import CAUSES, Answer, simulate, simulate_sorted
from simulator.engine.tally import Tally

ROUNDS, TRIALS = 7, 40
SESSIONS = 1_000_000


def measure() -> list[tuple[str, str, str]]:
    """Rows of (what, measured, asked for)."""
    engine = Engine()
    for yardstick in (simulate, simulate_sorted):
        check(engine.run(TRIALS), yardstick(CHAT, SESSIONS))
    ratios: dict[str, list[float]] = {"plain": [], "sorted": [], "threads": []}
    paces = []
    for _ in range(ROUNDS):
        ours = pace(lambda: engine.run(TRIALS).session.sessions)
        ratios["plain"].append(ours / pace(lambda: simulate(CHAT, SESSIONS).sessions))
        ratios["sorted"].append(ours / pace(lambda: simulate_sorted(CHAT, SESSIONS).sessions))
        one, two = (
            pace(lambda n=n: engine.run(n * TRIALS, threads=n).session.sessions, time.perf_counter) for n in (1, 2)
        )
        ratios["threads"].append(two / one - 1.0)
        paces.append(ours)
    return [
        ("sessions per second of processor time", f"{statistics.median(paces):,.0f}", ""),
        ("against chunked numpy", spread(ratios["plain"]), "10"),
        ("against chunked numpy, tuned", spread(ratios["sorted"]), ""),
        ("a second thread adds, of the first", spread(ratios["threads"]), "0.9"),
    ]


def pace(work: Callable[[], int], clock: Callable[[], float] = time.process_time) -> float:
    """Sessions per second of one call; by processor time, which a busy machine disturbs least, or by the wall clock."""
    start = clock()
    sessions = work()
    return sessions / (clock() - start)


def spread(ratios: list[float]) -> str:
    """Median, least and greatest."""
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def check(tally: Tally, answer: Answer) -> None:
    """Fail where the two disagree by more than five standard errors in any cost, token or rate."""
    sessions = tally.session.sessions
    cells = {cell.cause: tally.cells[:, i].sum() for i, cell in enumerate(tally.frame.cells)}
    ours = [cells[cause] * tally.frame.unit / sessions for cause in CAUSES]
    ours += [tally.session.tokens[kind] / sessions for kind in ("input", "cached", "written", "output")]
    theirs = np.concatenate([answer.costs, answer.tokens]) / answer.sessions
    # A session's cost and tokens grow with the square of its turns: standard deviations of at most four means.
    tolerance = 5 * 4 * np.sqrt(1 / sessions + 1 / answer.sessions)
    if not np.allclose(ours, theirs, rtol=tolerance):
        raise AssertionError(f"the engine and its yardstick disagree: {ours} against {theirs.tolist()}")
    counts = tally.session.cost_counts.sum(axis=0)[2:]
    distance = np.abs(np.cumsum(counts) / sessions - np.cumsum(answer.histogram) / answer.sessions)[: len(counts)].max()
    if distance > 2.5 * np.sqrt(1 / sessions + 1 / answer.sessions):
        raise AssertionError(f"the histograms of session cost are {distance:.4f} apart (Kolmogorov-Smirnov)")
