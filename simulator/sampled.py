"""Sessions as the laws of a scenario say, to hold against observed ones: drivers at 1, no events, no controls.

Sessions are traced many at a time: each is an item of its own, so that its events follow each other in one table, and
a batch takes no more of them than fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from distributions.law import Law
from distributions.streams import name_hash, period_uniforms
from scenarios.laws import law as law_of
from scenarios.prices import resolve_prices
from scenarios.risks import Drivers
from simulator.bounds import cost_overflow
from simulator.engine.again import sample_sessions, simulate_addresses
from simulator.engine.items import CostOverflowError
from simulator.engine.layout import T_EVENTS
from simulator.engine.period import Period
from simulator.engine.plan import NANO, Program, compile_program
from simulator.engine.points import Points
from simulator.engine.tally import SESSION_DTYPE, Records
from simulator.engine.trace import E_AGENT, E_CALL, E_END, E_SUMMARY, SERVED, TRACE_DTYPE
from simulator.pieces import by_pieces

if TYPE_CHECKING:
    from scenarios.schema import Scenario

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ROOM = 1 << 18
"""Events of a batch: 44 MB."""
FIRST = 64
"""Sessions that say how many events one has."""
FILLED = 0.7
"""How much of the room a batch is meant to take."""
SESSIONS_AT_ONCE = 20_000
_FEATURE = name_hash("backtest:feature")


@dataclass(frozen=True)
class SampledCalls:
    """Simulated calls, one row each, sessions in order and each session's calls in the order of time.

    Attributes
    ----------
    session : row of its session
    instance : which agent instance of its session, from 0; of calls of nested agents, the one that started last at
        their depth
    depth : of its agent, the root at 0
    prompt, cached, written, output, reasoning : tokens; nothing where a failed call is not billed
    served, summary : whether it was answered; whether it is a compaction
    """

    session: Ints
    instance: Ints
    depth: Ints
    prompt: Ints
    cached: Ints
    written: Ints
    output: Ints
    reasoning: Ints
    served: npt.NDArray[np.bool_]
    summary: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return self.session.size


@dataclass(frozen=True)
class Sampled:
    """Simulated sessions and their calls.

    Attributes
    ----------
    sessions : SESSION_DTYPE[n]
    first_prompt : tokens of the first prompt of each
    features : names that ``sessions["feature"]`` points into
    calls : those of all sessions
    """

    sessions: Records
    first_prompt: Ints
    features: tuple[str, ...]
    calls: SampledCalls


def bare(scenario: Scenario) -> Scenario:
    """The scenario with nothing left but what its laws say of a session."""
    volume = scenario.volume.model_copy(update={"peak_hour": None})
    nothing = {"drivers": Drivers(), "events": {}, "controls": (), "trends": {}, "spent": None, "volume": volume}
    return scenario.model_copy(update=nothing)


def with_drivers(scenario: Scenario) -> Scenario:
    """The same with the drivers that say what nobody knows of a session yet; prices and volume say nothing of one."""
    kept = scenario.drivers.model_copy(update={"price": None, "volume": None, "correlation": _inner(scenario)})
    return bare(scenario).model_copy(update={"drivers": kept})


def typical(scenario: Scenario) -> Scenario:
    """The same with every driver at its P50."""
    drawn = ((name, getattr(scenario.drivers, name)) for name in Drivers.model_fields)
    medians = {name: law_of(float(value.ppf(0.5))) for name, value in drawn if isinstance(value, Law)}
    kept = scenario.drivers.model_copy(update={**medians, "correlation": {}})
    return bare(scenario).model_copy(update={"drivers": kept})


def sessions_at_p50(scenario: Scenario, n: int, seed: int = 1) -> Records:
    """Simulate sessions, SESSION_DTYPE[n], with every driver at its P50."""
    scenario = typical(scenario)
    program, period = _compiled(scenario)
    try:
        return sample_sessions(program, period, seed, _addresses(scenario, n))
    except CostOverflowError as error:
        raise cost_overflow(scenario, error) from None


def sample(scenario: Scenario, n: int, seed: int = 1) -> Sampled:
    """Simulate sessions call by call.

    Parameters
    ----------
    scenario : as `scenarios.load.load` gives it
    n : at least 1; features share them exactly, to a session
    seed : of the draws
    """
    scenario = bare(scenario)
    program, period = _compiled(scenario)
    addresses = _addresses(scenario, n)
    records: list[Records] = []
    calls: list[Ints] = []
    try:
        for done, events in _batches(program, period, seed, addresses):
            calls.append(_calls(events, sum(map(len, records))))
            records.append(done)
    except CostOverflowError as error:
        raise cost_overflow(scenario, error) from None
    sessions = np.concatenate(records)
    table = _table(np.concatenate(calls, axis=1))
    first = np.zeros(len(sessions), np.int64)
    leads = np.flatnonzero(np.diff(table.session, prepend=-1))
    first[table.session[leads]] = table.prompt[leads]
    return Sampled(sessions, first, tuple(scenario.features), table)


def predicted_means(scenario: Scenario, size: int, n: int, seed: int = 1) -> Floats:
    """Mean costs of `n` sets of `size` sessions, each set at a draw of the drivers of its own.

    Their quantiles are the predictive interval of a mean: what the drivers leave open, and chance.
    """
    scenario = with_drivers(scenario)
    program, period = _compiled(scenario, drivers=True)
    shares = np.array([feature.share for feature in scenario.features.values()])
    edges = np.cumsum(shares) / shares.sum()
    u = period_uniforms(seed, _FEATURE, np.repeat(np.arange(n), size), 0, np.tile(np.arange(size), n))
    drawn = np.minimum(np.searchsorted(edges, u, side="right"), shares.size - 1)
    addresses = np.zeros(n * size, SESSION_DTYPE)
    addresses["trial"] = np.repeat(np.arange(n), size)
    # Sessions of one feature follow each other, as those of a run do: kernels are quicker so.
    addresses["feature"] = np.sort(drawn.reshape(n, size), axis=1).ravel()
    changes = np.diff(addresses["trial"] * shares.size + addresses["feature"], prepend=-1) != 0
    starts = np.flatnonzero(changes)
    addresses["session"] = np.arange(n * size) - np.repeat(starts, np.diff(starts, append=n * size))
    addresses["day"] = period.first_day
    try:
        records = by_pieces(lambda places: _unheard(program, period, seed, addresses[places]), n * size)
    except CostOverflowError as error:
        raise cost_overflow(scenario, error) from None
    means: Floats = records["cost"].reshape(n, size).mean(axis=1)
    return means


def _unheard(program: Program, period: Period, seed: int, addresses: Records) -> Records:
    """Sessions alone, by the kernel that traces: `sample` has it compiled, which the other takes as long for again.

    All events go to the one row that is spare.
    """
    return simulate_addresses(program, period, seed, addresses, NANO, None, np.zeros(1, TRACE_DTYPE))[0]


def _inner(scenario: Scenario) -> dict[tuple[str, str], float]:
    pairs = scenario.drivers.correlation.items()
    return {pair: level for pair, level in pairs if not {"price", "volume"} & set(pair)}


def _compiled(scenario: Scenario, drivers: bool = False) -> tuple[Program, Period]:
    points = Points("plain" if drivers else "sobol")
    return compile_program(scenario, resolve_prices(scenario)), Period.of(scenario, points)


def _addresses(scenario: Scenario, n: int) -> Records:
    """SESSION_DTYPE[n]: features share the sessions by largest remainders.

    Numbers fall, because sessions whose numbers rise one by one are simulated as one item, whose events mix.
    """
    shares = np.array([feature.share for feature in scenario.features.values()])
    exact = n * shares / shares.sum()
    counts = np.floor(exact).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: n - int(counts.sum())]] += 1
    addresses = np.zeros(n, SESSION_DTYPE)
    addresses["feature"] = np.repeat(np.arange(shares.size), counts)
    addresses["session"] = np.concatenate([np.arange(count)[::-1] for count in counts.tolist()])
    return addresses


def _batches(
    program: Program, period: Period, seed: int, addresses: Records
) -> Iterator[tuple[Records, npt.NDArray[np.void]]]:
    """Sessions and their events, as many at a time as fit into the room; one that alone does not gets more."""
    room, size, at = ROOM, FIRST, 0
    trace = np.zeros(room + 1, TRACE_DTYPE)
    while at < len(addresses):
        some = addresses[at : at + size]
        records, totals, _ = simulate_addresses(program, period, seed, some, NANO, None, trace)
        events = int(totals[T_EVENTS])
        if events > room:
            room = events if len(some) == 1 else room
            trace = np.zeros(room + 1, TRACE_DTYPE)
            size = max(1, len(some) // 2)
            continue
        yield records, trace[:events]
        trace[:events] = 0  # kernels write what an event has, and leave the rest of its row
        at += len(some)
        size = min(SESSIONS_AT_ONCE, max(1, int(FILLED * room * len(some) / max(events, 1))))


_KEPT = ("session", "instance", "depth", "prompt", "cached", "written", "output", "reasoning", "served", "summary")


def _calls(events: npt.NDArray[np.void], before: int) -> Ints:
    """int64[columns, calls]: the calls among some events, sessions counted on from those before."""
    kind = events["event"]
    session = before + np.cumsum(kind == E_END) - (kind == E_END)
    started = np.cumsum(kind == E_AGENT)
    rows = np.flatnonzero((kind == E_CALL) | (kind == E_SUMMARY))
    some = events[rows]
    prompt = some["system"] + some["history"] + some["message"] + some["retrieval"] + some["added"]
    summary = some["event"] == E_SUMMARY
    served = summary | (some["outcome"] == SERVED)
    told = [some[name] for name in ("cached", "written", "output", "reasoning")]
    return np.stack([session[rows], _owners(events, started)[rows], some["depth"], prompt, *told, served, summary])


def _owners(events: npt.NDArray[np.void], started: Ints) -> Ints:
    """int64[n]: the instance of each event: the last that started at its depth."""
    owner = np.zeros(len(events), np.int64)
    for depth in range(int(events["depth"].max(initial=0)) + 1):
        own = events["depth"] == depth
        begun = np.where(own & (events["event"] == E_AGENT), started, 0)
        owner[own] = np.maximum.accumulate(begun)[own]
    return owner


def _table(columns: Ints) -> SampledCalls:
    whole = dict(zip(_KEPT, columns, strict=True))
    flags = {name: whole.pop(name) > 0 for name in ("served", "summary")}
    return SampledCalls(**whole, **flags)
