"""Single sessions again, by their addresses: the very ones of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scenarios.schema import DRIVERS
from simulator.engine.conditions import Conditions
from simulator.engine.controls import acting_on
from simulator.engine.exact import simulate
from simulator.engine.items import NO_NUMBERS, run_items
from simulator.engine.kinds import kinds_of
from simulator.engine.layout import CASE_DTYPE, ITEM_DTYPE, SUM_BLOCK
from simulator.engine.memory import Scratch
from simulator.engine.plan import NANO
from simulator.engine.tally import SESSION_DTYPE, Records

if TYPE_CHECKING:
    from simulator.engine.conditions import Cases
    from simulator.engine.layout import Floats, Ints, Table
    from simulator.engine.period import Period
    from simulator.engine.plan import Program

TRIALS_AT_ONCE = 256
ADDRESS = ("trial", "day", "feature")


def sample_sessions(
    program: Program,
    period: Period,
    seed: int,
    addresses: Table,
    unit: float = NANO,
    crossed: Ints | None = None,
) -> Records:
    """Simulate single sessions again, by their addresses.

    Parameters
    ----------
    addresses : structured [n] with trial, day (from 0), feature and session
    unit : currency in one unit of money, wide enough for the scenario's fixed costs
    crossed : int64[n, K], when their trials' controls were crossed, as in ``Tally``; never, where it is left out

    Returns
    -------
    SESSION_DTYPE[n], in the order of the addresses
    """
    return simulate_addresses(program, period, seed, addresses, unit, crossed)[0]


def simulate_addresses(
    program: Program,
    period: Period,
    seed: int,
    addresses: Table,
    unit: float,
    crossed: Ints | None = None,
    trace: Table | None = None,
) -> tuple[Records, Ints, Ints]:
    """Simulate single sessions again; as `sample_sessions`.

    Parameters
    ----------
    trace : TRACE_DTYPE, takes the events of the one session that is asked for then; its last row is spare

    Returns
    -------
    tuple of SESSION_DTYPE[n], the kernel's totals, and int64[n], the route of each session
    """
    trials, rows = np.unique(addresses["trial"], return_inverse=True)
    met, levels = met_by(program, period, seed, addresses, crossed)
    starts = _runs(addresses, met)
    items = np.zeros(len(starts), ITEM_DTYPE)
    items["row"], items["first"], items["chosen"] = rows[starts], addresses["session"][starts], -1
    items["level"], items["route"] = met["level"][starts], met["route"][starts]
    items["count"] = np.diff(np.append(starts, len(addresses)))
    for name in ADDRESS:
        items[name] = addresses[name][starts]
    records = np.zeros(len(addresses), SESSION_DTYPE)
    frame = program.frame(unit)
    scratch = Scratch(len(frame.features), program.shape)
    out = scratch.out(*frame.no_money(len(trials)), records, trace)
    run_items(program, seed, items, NO_NUMBERS, levels, scratch, out, 1.0 / frame.unit)
    return records, out.totals, met["route"]


def crossings(program: Program, period: Period, seed: int, trial: int) -> Ints | None:
    """int64[1, K]: when a trial's controls are crossed, as in ``Tally``; None without controls. Simulates the trial."""
    if not program.scenario.controls:
        return None
    return simulate(program, period, seed, 1, first=trial, unit=NANO).crossed


def hit_by_last_cause(
    program: Program, period: Period, seed: int, addresses: Table, crossed: Ints | None
) -> npt.NDArray[np.bool_]:
    """bool[n]: whether each session is hit by the last of the causes that hit only some, which is the busiest hour."""
    kind = met_by(program, period, seed, addresses, crossed)[0]["kind"]
    hit: npt.NDArray[np.bool_] = kind >> (len(period.causes) - 1) & 1 == 1
    return hit


def met_by(program: Program, period: Period, seed: int, addresses: Table, crossed: Ints | None) -> tuple[Table, Floats]:
    """CASE_DTYPE[n], what each session meets, and the driver levels that this points to; rows are those of a block."""
    trials, rows = np.unique(addresses["trial"], return_inverse=True)
    met, levels = np.zeros(len(addresses), CASE_DTYPE), [np.ones((0, len(DRIVERS)))]
    for begin in range(0, len(trials), TRIALS_AT_ONCE):
        own = np.flatnonzero((rows >= begin) & (rows < begin + TRIALS_AT_ONCE))
        some, row = addresses[own], rows[own] - begin
        conditions = Conditions.of(period, seed, trials[begin : begin + TRIALS_AT_ONCE])
        days = slice(int(some["day"].min()), int(some["day"].max()) + 1)
        where = np.zeros((len(conditions.trial), days.stop - days.start), np.bool_)
        where[row, some["day"] - days.start] = True
        acting = None if crossed is None else _acting(program, row, crossed[own], days, len(conditions.trial))
        cases = conditions.cases(days, acting, where, empty=True)
        found = _cases_of(program, period, seed, some, row, days, cases)
        found["level"] += sum(map(len, levels))
        met[own] = found
        levels.append(cases.levels)
    return met, np.concatenate(levels)


def _acting(program: Program, rows: Ints, crossed: Ints, days: slice, trials: int) -> npt.NDArray[np.bool_]:
    """bool[T, days, K]: the controls that act on each day."""
    of_trials = np.zeros((trials, crossed.shape[1]), np.int64)
    of_trials[rows] = crossed
    delays = np.array([control.delay_days for control in program.scenario.controls], np.int64)
    return np.stack([acting_on(of_trials, delays, day) for day in range(days.start, days.stop)], axis=1)


def _cases_of(
    program: Program, period: Period, seed: int, addresses: Table, rows: Ints, days: slice, cases: Cases
) -> Table:
    """CASE_DTYPE[n]: the case of each session."""
    kinds = np.zeros(len(addresses), np.int64)
    names, n_days = program.plan.features["name_hash"], days.stop - days.start
    chances = rows * n_days + addresses["day"] - days.start
    kinds_of(np.uint64(seed), addresses, names, period.causes, cases.chances, chances, kinds)
    table, n_features, n_kinds = cases.table, len(names), 1 << len(period.causes)

    def place(row: Ints, day: Ints, feature: Ints, kind: Ints) -> Ints:
        number: Ints = ((row * n_days + day - days.start) * n_features + feature) * n_kinds + kind
        return number

    places = place(table["row"], table["day"], table["feature"], table["kind"])  # ascending, as tables are
    wanted = place(rows, addresses["day"], addresses["feature"], kinds)
    found: Table = table[np.searchsorted(places, wanted)]
    return found


def _runs(addresses: Table, met: Table) -> Ints:
    """Where runs of sessions begin that follow each other: those of one item, none longer than an item may be."""
    follows = np.diff(addresses["session"]) == 1
    for column in (met["level"], met["route"], *(addresses[name] for name in ADDRESS)):
        follows &= np.diff(column) == 0
    starts = np.flatnonzero(np.append(True, ~follows)[: len(addresses)])
    longest = int(np.diff(np.append(starts, len(addresses))).max(initial=0))
    return starts if longest <= SUM_BLOCK else np.arange(len(addresses), dtype=np.int64)
