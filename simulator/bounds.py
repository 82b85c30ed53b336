"""How large a run is before it starts: its model calls, its memory, its money; and what is too large to start."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from scenarios.calendar import day_dates
from scenarios.problems import Fault, Problem, ScenarioError
from scenarios.schema import DRIVERS
from simulator.engine.again import sample_sessions
from simulator.engine.conditions import Conditions
from simulator.engine.items import CostOverflowError
from simulator.engine.plan import NANO
from simulator.engine.tally import N_COST_BINS, SESSION_DTYPE, Frame, Records, Tally

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scenarios.schema import Scenario
    from simulator.engine.layout import Floats, Ints
    from simulator.engine.period import Period
    from simulator.engine.plan import Program

DEFAULT_TRIALS = 10_000
LEAST_TRIALS = 200
EXPECTED_CALLS = 3e9
"""The work of a run whose number of trials is not given."""
MOST_CALLS = 1e12
"""The work that a run takes on at all: most of a day on two processors."""
MOST_STOOD_FOR = 1e16
"""The same of a run that draws the sums of sessions: its sessions have to be counted all the same."""
MOST_BYTES = 16 * 2**30
"""The memory that a run's figures may take."""
COPIES = 2
"""Of those figures, at the end of a run."""
FEATURE_BYTES = 10 * 8 * N_COST_BINS
"""What a run and its report hold of a feature's single sessions, whose costs are counted bin by bin."""
MOST_MONEY = 1e18
"""Of a period, in currency: a thousand times what the world earns in a year."""

PILOT_TRIALS, PILOT_SESSIONS = 64, 32
PILOT_FEATURES = 64
"""Looked at together: each look takes memory for all the features that there are."""
PILOT_SEED = 0
CHUNK = 1_024
"""Trials whose driver levels are looked at together."""
_TOO_LARGE = "look for an amount, a token law, a price or a volume that is far too large"


def pilot(program: Program, period: Period) -> tuple[float, float]:
    """Expected (calls, spend) of a period, from a few sessions of a few trials at a seed of its own.

    A function of the scenario alone, so that what is chosen by it is the same on every machine.

    Raises
    ------
    ScenarioError
        Where features are too many to look at, or the spend is more money than anyone has.
    """
    _refuse_features(program.scenario, period.shares.shape[1])
    sessions = _sessions(period, PILOT_SEED, np.arange(PILOT_TRIALS, dtype=np.int64)).mean(axis=0)
    calls, spend = 0.0, _fixed_costs(program.scenario)
    _refuse_money(program.scenario, "fixed_costs", spend)
    unit = money_unit(spend)
    for first in range(0, len(sessions), PILOT_FEATURES):
        some = sessions[first : first + PILOT_FEATURES].tolist()
        addresses = np.concatenate([_pilot_addresses(period, first + place) for place in range(len(some))])
        records = sample_sessions(program, period, PILOT_SEED, addresses, unit)
        for expected, own in zip(some, np.split(records, len(some)), strict=True):
            calls += expected * float(own["calls"].mean())
            spend += expected * float(own["cost"].mean())
    return calls, spend


def _pilot_addresses(period: Period, feature: int) -> Records:
    addresses = np.zeros(PILOT_TRIALS * PILOT_SESSIONS, SESSION_DTYPE)
    addresses["trial"] = np.repeat(np.arange(PILOT_TRIALS), PILOT_SESSIONS)
    addresses["session"] = np.tile(np.arange(PILOT_SESSIONS), PILOT_TRIALS)
    addresses["day"] = addresses["trial"] % period.days
    addresses["feature"] = feature
    return addresses


def default_trials(calls: float) -> int:
    """Trials that make EXPECTED_CALLS at so many calls a period, within bounds."""
    return int(min(DEFAULT_TRIALS, max(LEAST_TRIALS, EXPECTED_CALLS / max(calls, 1.0))))


def default_trials_words(trials: int) -> list[str]:
    """Why a run of which nobody said how many trials has so many: a sentence, or none where it has the usual number."""
    if trials >= DEFAULT_TRIALS:
        return []
    work = f"{EXPECTED_CALLS / 1e9:g} billion model calls"
    if trials > LEAST_TRIALS:
        return [f"{trials:,} trials: as many as make {work}; --trials asks for more"]
    return [f"{trials:,} trials, the fewest by default: they make {work} or more; --trials asks for others"]


def money_unit(spend: float) -> float:
    """Currency in one integer unit of money: a nano where a thousand times the expected spend stays below 2^62 of them.

    Beyond that the least power of ten for which it does.
    """
    room = 1000.0 * max(spend, 1.0) / 2.0**62
    return NANO if room <= NANO else 10.0 ** math.ceil(math.log10(room))


def refuse_too_large(
    program: Program, period: Period, seed: int, trials: int, calls: float, spend: float, *, hybrid: bool = False
) -> float:
    """Expected sessions of a run that can start, or an error where it can't.

    Too large is work that would take days, or memory that few machines have: slips of the keyboard more than wishes.

    The expected work comes first, before anything is made for each trial; then that of the very trials, as a wide law
    of a driver may hold more in one of them than a pilot sees.

    Parameters
    ----------
    hybrid : whether sums of sessions are drawn, and the work does not grow with them

    Returns
    -------
    float
        Sessions that the run's very trials expect, given their drivers.

    Raises
    ------
    ScenarioError
    """
    scenario = program.scenario
    most = MOST_STOOD_FOR if hybrid else MOST_CALLS
    _refuse_calls(scenario, calls * trials, most)
    _refuse_money(scenario, "agents", spend)
    _refuse_memory(scenario, program.frame(money_unit(spend)), trials)
    expected = float(_sessions(period, PILOT_SEED, np.arange(PILOT_TRIALS)).sum(axis=1).mean())
    drawn = sum(float(_sessions(period, seed, chunk).sum()) for chunk in _chunks(trials))
    _refuse_calls(scenario, calls * drawn / expected if expected > 0.0 else drawn, most)
    return drawn


def _sessions(period: Period, seed: int, trial: Ints) -> Floats:
    """float64[T, F]: expected sessions of each trial by feature, given all that the trial shares, without controls."""
    conditions, days = Conditions.of(period, seed, trial), slice(0, period.days)
    means: Floats = conditions.means(conditions.levels(days), days).sum(axis=1)
    return means


def _chunks(trials: int) -> Iterator[Ints]:
    for start in range(0, trials, CHUNK):
        yield np.arange(start, min(start + CHUNK, trials), dtype=np.int64)


def _refuse_calls(scenario: Scenario, calls: float, most: float) -> None:
    if not calls <= most:
        message = f"this run would simulate {calls:.2g} model calls; {most:.0e} are let through"
        raise scenario.error([Fault(("volume",), message, hint="lower the volume, its driver or --trials")])


def _refuse_features(scenario: Scenario, features: int) -> None:
    if features * FEATURE_BYTES > MOST_BYTES:
        message = (
            f"this run would count the sessions of {features:,} features one feature at a time; "
            f"{MOST_BYTES // FEATURE_BYTES:,} are let through"
        )
        raise scenario.error([Fault(("features",), message, hint="make one feature of those that are alike")])


def _refuse_memory(scenario: Scenario, frame: Frame, trials: int) -> None:
    size = COPIES * _row_bytes(frame)
    if size * trials > MOST_BYTES:
        message = (
            f"this run would hold {size * trials / 2**30:,.0f} GiB of figures in memory; "
            f"{MOST_BYTES // 2**30} are let through"
        )
        hint = f"lower the number of trials: at most {MOST_BYTES // size:,} of {scenario.period.days} days fit"
        raise ScenarioError([Problem(None, None, "trials", message, hint=hint)])


def _row_bytes(frame: Frame) -> int:
    """What a tally holds of one trial."""
    one = Tally.empty(frame, np.zeros(1, np.int64), len(DRIVERS))
    columns = (getattr(one, column.name) for column in fields(one))
    return sum(column.nbytes for column in columns if isinstance(column, np.ndarray))


def _fixed_costs(scenario: Scenario) -> float:
    """At most what a period's fixed costs come to, whatever its days."""
    months = len({(day.year, day.month) for day in day_dates(scenario.period)})
    fixed = scenario.fixed_costs
    return months * sum(fixed.monthly.values()) + sum(item.amount for item in fixed.one_time.values())


def _refuse_money(scenario: Scenario, section: str, spend: float) -> None:
    if not spend <= MOST_MONEY:
        message = f"would cost {spend:.2g} {scenario.currency} a period; {MOST_MONEY:.0e} can be counted"
        raise scenario.error([Fault((section,), message, hint=_TOO_LARGE)])


def cost_overflow(scenario: Scenario, error: CostOverflowError) -> ScenarioError:
    """What a run says of costs that can't be counted."""
    return scenario.error([Fault(("agents",), str(error), hint=_TOO_LARGE)])
