"""A session told event by event is the session that a run simulated: every number of its record, from its events."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scenarios.load import load
from scenarios.prices import resolve_prices
from simulator.engine import trace
from simulator.engine.again import sample_sessions
from simulator.engine.exact import simulate
from simulator.engine.period import Period
from simulator.engine.plan import NANO, compile_program
from simulator.engine.tally import N_WORST
from simulator.frames import sample_addresses
from tests.twin.coming import COMING
from tests.twin.variants import CHAT, EVERYTHING, INTERPLAY
from tests.twin.worlds import one_agent

replay = pytest.importorskip("simulator.engine.replay")

DRIFT = {"volume": "0.7 to 1.5", "context": "0.8 to 1.4"}
SPECS = {
    "everything of section 2": (COMING["everything of section 2"], 1_500),
    "a chat": (one_agent(CHAT, drivers=DRIFT), 400),
    "everything of one agent": (EVERYTHING, 400),
    "interplay": (INTERPLAY, 400),
    "sprawl under caps": (COMING["sprawl under caps"], 400),
    "turns done anew": (COMING["turns done anew forget what their tools and children said"], 400),
    "people": (COMING["people look at what was cut, too"], 400),
}
TOKENS = ("system", "history", "message", "retrieval", "added")
SUMS = {"cached": ("cached",), "written": ("written",), "output": ("output", "reasoning"), "input": TOKENS}


class Run:
    """A run of two days, and the replay of its sessions."""

    def __init__(self, spec):
        scenario = load(spec | {"period": {"start": "2026-12-01", "days": 2}})
        self.program, self.period, self.seed = (
            compile_program(scenario, resolve_prices(scenario)),
            Period.of(scenario),
            4,
        )
        self.tally = simulate(self.program, self.period, self.seed, 5, unit=NANO)

    def records(self, addresses):
        return sample_sessions(self.program, self.period, self.seed, addresses, NANO)

    def told(self, at):
        address = (int(at[name]) for name in ("trial", "day", "feature", "session"))
        return replay.trace_session(self.program, self.period, self.seed, *address, NANO)


@pytest.fixture(scope="module", params=SPECS)
def run_and_size(request):
    spec, size = SPECS[request.param]
    return Run(spec), size


def test_random_sessions_are_told_as_they_were_simulated(run_and_size):
    run, size = run_and_size
    addresses = sample_addresses(run.tally, size)
    assert len(addresses) == size
    for record in run.records(addresses):
        assert_told(run, record)


def test_the_dearest_sessions_are_told_as_the_run_kept_them(run_and_size):
    run, _ = run_and_size
    assert len(run.tally.worst) == N_WORST
    for record in run.tally.worst:
        assert_told(run, record)


def assert_told(run, record):
    told, events = run.told(record)
    assert told.item() == record.item()
    assert events.dtype == trace.TRACE_DTYPE
    assert read_off(events) == {name: record[name].item() for name in read_off(events)}
    assert_running_totals(events, record["cost"])
    assert_a_tree(events)


def rows(events, *kinds):
    return events[np.isin(events["event"], kinds)]


def read_off(events):
    """Everything that a record says, but its address and its money, from the events alone."""
    billed = rows(events, trace.E_CALL, trace.E_SUMMARY)
    last_run = np.flatnonzero(events["event"] == trace.E_RUN)[-1]
    cuts = rows(events[last_run:], trace.E_CUT)
    return {
        "calls": len(billed),
        "agents": len(rows(events, trace.E_AGENT)),
        **{name: sum(int(billed[part].sum()) for part in parts) for name, parts in SUMS.items()},
        "success": bool(events["outcome"][-1]),
        "cut": int(cuts["detail"][-1]) if len(cuts) else 0,
        "held": bool(len(rows(events, trace.E_HELD))),
        "runs": len(rows(events, trace.E_RUN)),
        "handed_over": bool(len(rows(events, trace.E_HANDOFF))),
        "reviewed": bool(len(rows(events, trace.E_HUMAN_REVIEW))),
    }


def assert_running_totals(events, cost):
    before, end = events[:-1], events[-1]
    assert end["event"] == trace.E_END
    assert end["total"] == cost
    assert round(end["cost"] / NANO) == round(cost / NANO)
    n = len(events)
    rounding = n * np.finfo(float).eps * cost  # of n additions of parts that are none above the sum
    assert np.abs(np.cumsum(before["cost"]) - before["total"]).max() <= rounding
    to_the_nano = NANO / 2 + rounding  # a session's cost is a whole number of nanos, and its events' are not
    assert abs(math.fsum(before["cost"]) - cost) <= to_the_nano
    assert (np.diff(before["total"]) >= 0).all()
    assert abs(end["total"] - before["total"][-1]) <= to_the_nano


def assert_a_tree(events):
    """A session begins with a run of its root, goes down one level at a time, and ends once."""
    assert (events["event"] == trace.E_END).sum() == 1
    assert list(events["event"][:2]) == [trace.E_RUN, trace.E_AGENT]
    agents = rows(events, trace.E_AGENT)
    came = agents["detail"]
    assert (agents["depth"][came == trace.FROM_ROOT] == 0).all()
    assert (came == trace.FROM_ROOT).sum() == (events["event"] == trace.E_RUN).sum()
    assert (np.diff(agents["depth"]) <= 1).all()
