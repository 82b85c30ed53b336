"""What calibration reaches on real traces: halves of a log forecast by the other halves, and whole logs by themselves.

    python -m benchmarks.calibrate truth [SPLITS] [FOLDER]

Each split calibrates on a random half of the sessions of the coding traces and forecasts the other half, quantile by
quantile. Beside the errors stands what two halves of the data have between themselves, which no forecast can beat by
much. FOLDER holds the traces; by default `../shared/data`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from scenarios.calibrate import Options, calibrate
from scenarios.load import load
from scenarios.logs.formats import read_logs
from scenarios.logs.reading import Reading
from scenarios.logs.table import OK, Calls
from scenarios.schema import Scenario
from simulator.observed import observed_sessions, split
from simulator.sampled import Sampled, predicted_means, sample

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
CODING, TAU = "claude_code_calls.csv.gz", "taubench_airline_gpt4o_calls.csv.gz"
AZURE = ("AzureLLMInferenceTrace_conv.csv.gz", "AzureLLMInferenceTrace_code.csv.gz")
OPUS = {"*": "anthropic/claude-opus-4-5"}
GPT = {"*": "openai/gpt-4o"}
SPLITS, SET, SETS, TRIALS, SESSIONS = 20, 100, 5, 300, 10_000
SHARES = (0.5, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class Half:
    """One split.

    Attributes
    ----------
    forecast : float64, shape (quantities, figures)
        Relative errors of the forecast of the half that was held back.
    halves : float64, shape (quantities, figures)
        The same of the half that was learnt from, in the forecast's place.
    covered : float
        Share of sets of 100 sessions held back whose sum lies in the 90 % interval.
    interval : float64, shape (2,)
        That interval, of a mean, over the mean of the half that was learnt from.
    """

    forecast: np.ndarray
    halves: np.ndarray
    covered: float
    interval: np.ndarray


def figures(values: np.ndarray) -> np.ndarray:
    """Mean, P50, P90, P95, P99."""
    values = np.asarray(values, float)
    return np.array([values.mean(), *np.quantile(values, SHARES)])


def learn(calls: Calls, reading: Reading, models: dict[str, str], seed: int = 1) -> Scenario:
    """Calibrate, write the scenario and read it again."""
    made = calibrate(calls, reading, Options(models=models, seed=seed))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "learnt.yaml"
        made.write(path)
        return load(path)


def observed(scenario: Scenario, calls: Calls, models: dict[str, str]) -> dict[str, np.ndarray]:
    """What the log shows, by quantity."""
    sessions, _ = observed_sessions(scenario, calls, models)
    answered = (calls["failed"] == OK) & ~calls["summary"]
    assert sessions.cost is not None
    return {
        "output per call": (calls["output"] + calls["reasoning"])[answered],
        "cost per session": sessions.cost,
        "calls per session": sessions.calls,
        "input per session": sessions.input,
        "tokens per session": sessions.input + sessions.output,
    }


def simulated(made: Sampled) -> dict[str, np.ndarray]:
    """The same of simulated sessions."""
    calls, sessions = made.calls, made.sessions
    served = calls.served & ~calls.summary
    return {
        "output per call": (calls.output + calls.reasoning)[served],
        "cost per session": sessions["cost"],
        "calls per session": sessions["calls"],
        "input per session": sessions["input"],
        "tokens per session": sessions["input"] + sessions["output"],
    }


def errors(there: dict[str, np.ndarray], here: dict[str, np.ndarray]) -> np.ndarray:
    """Relative differences, quantities by figures."""
    return np.array([figures(there[name]) / np.maximum(figures(here[name]), 1e-12) - 1 for name in here])


def half(seed: int, path: Path, models: dict[str, str], sessions: int = SESSIONS) -> Half:
    """Calibrate on a random half of the sessions and forecast the other."""
    calls, reading = read_logs([path])
    learnt_from, held = split(calls, 0.5, seed)
    scenario = learn(learnt_from, reading, models)
    here, there = observed(scenario, held, models), observed(scenario, learnt_from, models)
    forecast = errors(simulated(sample(scenario, sessions, 1)), here)
    interval = np.quantile(predicted_means(scenario, SET, TRIALS, 1), (0.05, 0.95))
    costs = here["cost per session"]
    covered = coverage(interval, costs, seed) if len(costs) > SET else np.nan
    return Half(forecast, errors(there, here), covered, interval / there["cost per session"].mean())


def coverage(interval: np.ndarray, costs: np.ndarray, seed: int) -> float:
    """How often the mean of 100 of these sessions, none twice, lies in the 90 % interval of the forecast."""
    rng = np.random.default_rng(seed)
    means = np.array([rng.choice(costs, SET, replace=False).mean() for _ in range(SETS)])
    return float(((interval[0] <= means) & (means <= interval[1])).mean())


def print_errors(name: str, rows: Sequence[str], found: np.ndarray) -> None:
    print(f"{name:34}" + "".join(f"{title:>9}" for title in ("mean", "P50", "P90", "P95", "P99")))
    for row, line in zip(rows, found, strict=True):
        print(f"  {row:32}" + "".join(f"{100 * value:+8.1f}%" for value in line))


QUANTITIES = ("output per call", "cost per session", "calls per session", "input per session", "tokens per session")


def print_halves(title: str, halves: Sequence[Half]) -> None:
    """Medians over the splits: absolute, signed, and what halves have between themselves."""
    forecast, between = (np.array([getattr(one, name) for one in halves]) for name in ("forecast", "halves"))
    print(f"\n{title}: {len(halves)} splits; medians of")
    print_errors("absolute errors", QUANTITIES, np.median(np.abs(forecast), 0))
    print_errors("signed errors", QUANTITIES, np.median(forecast, 0))
    print_errors("halves between themselves", QUANTITIES, np.median(np.abs(between), 0))
    covered = np.array([one.covered for one in halves])
    if np.isfinite(covered).all():
        print(f"sums of {SET} held-out sessions inside the 90 % interval: {100 * covered.mean():.0f} %")


def truth(splits: int = SPLITS, folder: Path = DATA) -> None:
    with ProcessPoolExecutor(2) as pool:
        for name, models in ((CODING, OPUS), (TAU, GPT)):
            halves = list(pool.map(partial(half, path=folder / name, models=models), range(1, splits + 1)))
            print_halves(name, halves)
    print()
    for name in (CODING, TAU, *AZURE):
        models = OPUS if name == CODING else GPT
        calls, reading = read_logs([folder / name])
        scenario = learn(calls, reading, models)
        found = errors(simulated(sample(scenario, 30_000, 1)), observed(scenario, calls, models))
        print_errors(f"{name}, itself", QUANTITIES, found)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["truth", *rest]:
            truth(int(rest[0]) if rest else SPLITS, Path(rest[1]) if rest[1:] else DATA)
        case _:
            print(__doc__)
