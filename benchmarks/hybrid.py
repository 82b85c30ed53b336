"""The hybrid engine: how far its means are from pools of its own kind but other sessions, and what a run costs.

The error of a level is that of the logarithm of its mean beside the base level's, held against REFERENCE sessions at
addresses that nothing was learnt from. Levels are those of trials and days as they come, drawn by their spend; the
error of a trial is the mean of those of its days and features, so no larger. What all levels share, the base level's
own error, stands apart.

    python -m benchmarks.hybrid [SCENARIO ...]
    python -m benchmarks.hybrid agreement [SCENARIO ...]

The second form runs both engines on the same trials, so that what remains is the hybrid engine's error and the chance
of single sessions; the errors of the differences are those of resampled trials.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from scenarios.load import load
from scenarios.prices import resolve_prices
from simulator.bounds import money_unit, pilot
from simulator.engine.conditions import Conditions
from simulator.engine.exact import simulate
from simulator.engine.hybrid import simulate_hybrid
from simulator.engine.layout import L_PRICE, L_VOLUME
from simulator.engine.learning.ahead import Key, days_of_prices
from simulator.engine.learning.axes import price_bends
from simulator.engine.learning.learn import Learner
from simulator.engine.learning.pools import GROUP, Pools, Wanted
from simulator.engine.period import Period
from simulator.engine.plan import compile_program
from simulator.processors import usable_processors

EXAMPLE = Path(__file__).resolve().parents[2] / "shared" / "examples" / "coding-agent.yaml"
SCENARIOS = (
    "coding-agent", "document-reviewer", "faq", "production-chat", "rag-assistant", "research-assistant",
    "runaway-agent", "support-agent",
)  # fmt: skip
REFERENCE = range(1 << 30, (1 << 30) + -(-400_000 // GROUP))
LEVELS, TRIALS = 24, 256


def learner_of(source: object, seed: int = 1) -> Learner:
    """A learner of a scenario that has learnt."""
    scenario = load(source)  # type: ignore[arg-type]
    program = compile_program(scenario, resolve_prices(scenario))
    period = Period.of(scenario)
    _, spend = pilot(program, period)
    learner = Learner(program, period, Pools(program, seed, money_unit(spend), usable_processors()))
    learner.learn()
    return learner


def drawn_levels(learner: Learner) -> list[tuple[Key, np.ndarray]]:
    """Keys and levels of trials that nothing was learnt from, by their spend."""
    period = learner.period
    conditions = Conditions.of(period, learner.pools.seed, np.arange(5_000, 5_000 + TRIALS, dtype=np.int64))
    cases = conditions.cases(slice(period.first_day, period.days))
    table, days = cases.table, days_of_prices(learner.program)
    means = np.zeros(len(learner.program.plan.features))
    for key, base in learner.bases.items():
        means[key.feature] = max(means[key.feature], base.mean)
    spend = np.cumsum(table["count"] * table["probability"] * means[table["feature"]])
    picked = np.searchsorted(spend, spend[-1] * (np.arange(LEVELS) + 0.5) / LEVELS)
    found = []
    for row in picked:
        case = table[row]
        key = Key(int(case["feature"]), int(case["route"]), int(days[case["day"]]))
        levels = cases.levels[case["level"]].copy()
        levels[L_VOLUME] = 1.0
        if not price_bends(learner.program.plan, key.feature):
            levels[L_PRICE] = 1.0
        found.append((key, levels))
    return found


def errors(learner: Learner) -> np.ndarray:
    """Of the levels drawn, relative."""
    levels = drawn_levels(learner)
    keys = sorted({key for key, _ in levels})
    bases = {key: learner.sheet(key).base.pool.wanted.levels for key in keys}
    wanted = [(key, bases[key]) for key in keys] + levels
    pools = {}
    for number, (key, level) in enumerate(wanted):
        one = Wanted(key.feature, key.route, key.day, level, REFERENCE)
        pools[number] = float(learner.pools.simulate([one])[0].costs.mean())
    means = dict(zip(keys, (pools[n] for n in range(len(keys))), strict=True))
    off = []
    for number, (key, level) in enumerate(levels, len(keys)):
        sheet = learner.sheet(key)
        off.append(sheet.surface.at(sheet.axes.places(level[None, :]))[0, 0] - np.log(pools[number] / means[key]))
    return np.array(off)


def accuracy(source: object) -> str:
    """Errors of a scenario, in words."""
    start = time.process_time()
    learner = learner_of(source)
    seconds = time.process_time() - start
    off = np.abs(errors(learner))
    base = sum(learner.shares[key] * base.error / base.mean for key, base in learner.bases.items() if base.mean > 0.0)
    return (
        f"levels rms {np.sqrt(np.mean(off**2)):.3%}, 95 % within {np.quantile(off, 0.95):.3%}, worst {off.max():.3%}; "
        f"base ±{base:.3%}; learnt in {seconds:.1f} s of processor time"
    )


def agreement(source: object, trials: int = 400, most_calls: float = 4e8) -> str:
    """Differences of the two engines over the same trials, relative, in words.

    Volumes are lowered where all sessions of so many trials would make more calls than that.
    """
    scenario = load(source)  # type: ignore[arg-type]
    calls, _ = pilot(compile_program(scenario, resolve_prices(scenario)), Period.of(scenario))
    if calls * trials > most_calls and scenario.volume.users is None:
        daily = scenario.volume.daily_level(scenario.period.start) * most_calls / (calls * trials)
        scenario = load(source, f"volume.sessions_per_day={daily}")  # type: ignore[arg-type]
    learner = learner_of(scenario)
    ours = simulate_hybrid(learner, trials, threads=usable_processors())
    theirs = simulate(learner.program, learner.period, 1, trials, unit=learner.pools.unit, threads=usable_processors())
    spends = np.stack([tally.cells.sum(axis=1).astype(float) for tally in (ours, theirs)])
    covered = np.stack([tally.covered.sum(axis=1) * learner.pools.unit for tally in (ours, theirs)])
    budget = np.quantile(covered[1], 0.9)
    dice = np.random.default_rng(1)
    drawn = [_differences(spends, covered, budget, dice.integers(0, trials, trials)) for _ in range(400)]
    found, error = _differences(spends, covered, budget, np.arange(trials)), np.std(drawn, axis=0)
    names = ("mean", "P50", "P95", "P99", "chance of a budget at P90")
    return ", ".join(f"{n} {d:+.2%} ±{e:.2%}" for n, d, e in zip(names, found, error, strict=True))


def _differences(spends: np.ndarray, covered: np.ndarray, budget: float, rows: np.ndarray) -> list[float]:
    """Hybrid over exact less 1, of the mean and three quantiles; and the difference of the chance to break a budget."""
    ours, theirs = spends[:, rows]
    ratios = [ours.mean() / theirs.mean()] + [np.quantile(ours, p) / np.quantile(theirs, p) for p in (0.5, 0.95, 0.99)]
    breaks = (covered[:, rows] > budget).mean(axis=1)
    return [*(float(ratio) - 1.0 for ratio in ratios), float(breaks[0] - breaks[1])]


def measure() -> list[tuple[str, str, str]]:
    """Rows of (what, measured, asked for)."""
    rows = []
    for sessions in ("2_400", "1_000_000"):
        source = load(EXAMPLE, [f"volume.sessions_per_day={sessions}"])
        start = time.perf_counter()
        learner = learner_of(source)
        simulate_hybrid(learner, 10_000, threads=usable_processors())
        ours = time.perf_counter() - start
        trials = 40 if sessions == "2_400" else 1
        start = time.perf_counter()
        simulate(learner.program, learner.period, 1, trials, unit=learner.pools.unit, threads=usable_processors())
        exact = (time.perf_counter() - start) / trials * 10_000
        rows.append((f"hybrid, 10,000 months of {sessions} sessions a day", f"{ours:.1f} s", "below 20 s"))
        rows.append(("exact, measured on fewer and scaled", f"{exact / ours:.0f} times that", ""))
    return rows


if __name__ == "__main__":
    tell = agreement if sys.argv[1:2] == ["agreement"] else accuracy
    for name in sys.argv[1 + (tell is agreement) :] or [str(EXAMPLE), *SCENARIOS]:
        print(f"{Path(name).stem:20}{tell(name)}", flush=True)
