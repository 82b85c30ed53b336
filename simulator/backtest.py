"""A scenario against what was observed: simulated and observed calls and sessions, quantile by quantile, in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.calibrating.clocks import without_strays
from scenarios.logs.table import OK
from simulator.coverage import SET, TRIALS, Coverage, coverage
from simulator.days import Days, compare_days
from simulator.judged import COST, OFF, SPEND, Floats, Quantity, Sample, judge, settled
from simulator.observed import observed_sessions
from simulator.sampled import predicted_means, sample

if TYPE_CHECKING:
    from scenarios.calibrating.learnings import Sessions
    from scenarios.logs.table import Calls
    from scenarios.schema import Scenario
    from simulator.sampled import Sampled

Phase = Callable[[str], None]

TIMES_MORE, FEWEST, MOST = 20, 20_000, 100_000
"""Simulated sessions: so many times the observed ones, within bounds."""
BINS = 10
KOLMOGOROV = 1.358
"""The 95 % point of sqrt(n) times a Kolmogorov-Smirnov distance of independent values."""


@dataclass(frozen=True)
class Spread:
    """Where observed session costs stand among simulated ones: evenly everywhere, were the laws right.

    Attributes
    ----------
    shares : of the observed sessions, by tenth of the simulated ones
    distance : Kolmogorov-Smirnov, the largest gap between the two distributions
    expected : the gap that chance alone passes in one case of twenty, were sessions independent of each other and the
        laws not learnt from the same sessions
    """

    shares: tuple[float, ...]
    distance: float
    expected: float


@dataclass(frozen=True)
class Backtest:
    """What came of holding a scenario against a log.

    Attributes
    ----------
    sessions, calls : observed
    simulated_sessions : how many were simulated
    currency : of the costs
    quantities : the comparisons
    coverage, spread : of session costs; None where too few or free
    days : of a dated log; None where it has no dates, is free, or the volume is not to be looked at
    held_out : whether the scenario was learnt from other sessions of the same log
    notes : what was assumed
    read : what came of reading the log, in sentences, where this is all that is done with it
    costs : of the observed sessions and of the simulated ones, to draw; None where too few or free
    bill : how what was recorded or invoiced is apart from the costs that are compared here, which are repriced; empty
        where it is not
    """

    sessions: int
    calls: int
    simulated_sessions: int
    currency: str
    quantities: tuple[Quantity, ...]
    coverage: Coverage | None
    spread: Spread | None
    days: Days | None = None
    held_out: bool = False
    notes: tuple[str, ...] = field(default_factory=tuple)
    read: tuple[str, ...] = field(default_factory=tuple)
    costs: tuple[Floats, Floats] | None = field(default=None, repr=False, compare=False)
    bill: str = ""

    @property
    def verdict(self) -> str:
        """On money, which a budget is made of: OFF where the bill is apart, or what is simulated is off."""
        return OFF if self.bill else self.simulated

    @property
    def simulated(self) -> str:
        """OFF where costs of sessions, their sums, or costs of days are; else that of the costs of sessions."""
        if self.coverage is not None and self.coverage.off:
            return OFF
        found = {one.name: one.verdict for one in self.quantities if one.name in {COST, SPEND}}
        return OFF if OFF in found.values() else found[COST]

    @property
    def words(self) -> str:
        """The verdict, a sentence a quantity, session costs first."""
        from simulator.show.backtest_words import verdict_words

        return verdict_words(self)

    def billed(self, bill: str) -> Backtest:
        """The same with how the bill is apart from what is compared here."""
        return dataclasses.replace(self, bill=bill)

    def quantity(self, name: str) -> Quantity:
        """The comparison of that name."""
        return next(quantity for quantity in self.quantities if quantity.name == name)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, for JSON."""
        return {
            "verdict": self.verdict,
            "words": self.words,
            "held_out": self.held_out,
            "sessions": self.sessions,
            "calls": self.calls,
            "simulated_sessions": self.simulated_sessions,
            "currency": self.currency,
            "quantities": [_plain_quantity(quantity) for quantity in self.quantities],
            "coverage": self.coverage.to_dict() if self.coverage else None,
            "spread": dataclasses.asdict(self.spread) if self.spread else None,
            "days": _plain_days(self.days) if self.days else None,
            "bill": self.bill or None,
            "notes": list(self.notes),
            "read": list(self.read),
        }

    def __str__(self) -> str:
        from simulator.show.backtest_words import backtest_text

        return backtest_text(self, 100)


def backtest(
    scenario: Scenario,
    calls: Calls,
    *,
    models: Mapping[str, str] | None = None,
    seed: int = 1,
    fitted_sessions: int | None = None,
    sessions: int | None = None,
    share: float | None = 1.0,
    phase: Phase | None = None,
) -> Backtest:
    """Hold a scenario against a log.

    Parameters
    ----------
    scenario : as `scenarios.load.load` gives it
    calls : the log, as `scenarios.logs.formats.read_logs` gives it
    models : names of models as logged, or ``*``, to names of the scenario or of the catalogue
    seed : of what is simulated and drawn again
    fitted_sessions : how many sessions of the same log, but not these, the scenario was learnt from
    sessions : how many to simulate; by default 20 times those observed, at least 20,000 and at most 100,000
    share : of all sessions of the log's days that these are; None leaves days and volume out
    phase : told what is being done

    Raises
    ------
    LogError
        where the log has no calls, or models that the scenario has not
    """
    say = phase or (lambda _: None)
    say("pricing the log")
    calls, strays = without_strays(calls)
    observed, assumed = observed_sessions(scenario, calls, models or {})
    notes = tuple(filter(None, (*assumed, strays.words)))
    n = sessions or min(MOST, max(FEWEST, TIMES_MORE * len(observed)))
    say(f"simulating {n:,} sessions")
    simulated = sample(scenario, n, seed)
    say("comparing")
    cost = observed.cost
    assert cost is not None
    simulated.sessions["cost"] = settled(simulated.sessions["cost"], cost)
    quantities = [*_compared(scenario, observed, calls, simulated, fitted_sessions)]
    priced = bool(cost.any()) and len(observed) > 1
    means = predicted_means(scenario, SET, TRIALS, seed) if priced else np.zeros(0)
    sums = coverage(means, cost, simulated.sessions["cost"], seed) if priced else None
    spread = _spread(cost, simulated.sessions["cost"]) if priced else None
    days = None
    if priced and share is not None and calls.dated and np.isfinite(observed.start).any():
        left = _open_sd(means, simulated.sessions["cost"])
        days = compare_days(scenario, observed, simulated.sessions, left, share, seed, fitted_sessions)
        quantities += [days.spend] if days.spend else []
    return Backtest(
        len(observed), len(calls), n, scenario.currency, tuple(quantities), sums, spread, days,
        fitted_sessions is not None, notes, (), (cost, simulated.sessions["cost"]) if priced else None,
    )  # fmt: skip


def _compared(
    scenario: Scenario, observed: Sessions, calls: Calls, simulated: Sampled, fitted: int | None
) -> list[Quantity]:
    own, theirs, table = simulated.sessions, simulated.calls, calls
    assert observed.cost is not None
    answered = (table["failed"] == OK) & ~table["summary"]
    served = theirs.served & ~theirs.summary
    group = observed.of_call[answered]
    output = (table["output"] + table["reasoning"])[answered]
    tokens = observed.input + observed.output
    per_call = [
        ("output per call", output, (theirs.output + theirs.reasoning)[served]),
        ("prompt per call", table.prompt[answered], theirs.prompt[served]),
    ]
    per_session = [
        ("calls per session", "count", observed.calls, own["calls"]),
        ("agents per session", "count", observed.agents, own["agents"]),
        ("tokens per session", "tokens", tokens, own["input"] + own["output"]),
        (COST, scenario.currency, observed.cost, own["cost"]),
    ]
    common: dict[str, Any] = {"simulated_sessions": len(own), "fitted_sessions": fitted}
    found = [
        judge(name, "tokens", Sample(_floats(there), group), _floats(here), **common)
        for name, there, here in per_call
        if there.size and here.size
    ]
    for name, unit, there, here in per_session:
        if unit == "count" and (there == 1).all() and (here == 1).all():
            continue  # a session is a call, or has one agent, on both sides: nothing to compare
        found.append(judge(name, unit, Sample(_floats(there)), _floats(here), whole=unit == "count", **common))
    return found


def _floats(values: Any) -> Floats:
    return np.asarray(values, np.float64)


def _open_sd(means: Floats, cost: Floats) -> float:
    """Log standard deviation that drivers alone give the mean cost: what means of sets vary beyond chance."""
    if not means.mean():
        return 0.0
    seen, chance = float(means.var()), float(cost.var()) / SET
    beyond = seen - chance
    error = seen * float(np.sqrt(2.0 / means.size))
    return float(np.sqrt(np.log1p(beyond / means.mean() ** 2))) if beyond > 2.0 * error else 0.0


def _spread(cost: Floats, simulated: Floats) -> Spread:
    ordered = np.sort(simulated)
    below, up_to = (np.searchsorted(ordered, cost, side) / ordered.size for side in ("left", "right"))
    shares = np.histogram((below + up_to) / 2.0, BINS, (0.0, 1.0))[0] / cost.size
    return Spread(tuple(shares.tolist()), _distance(np.sort(cost), ordered), KOLMOGOROV / float(np.sqrt(cost.size)))


def _distance(one: Floats, other: Floats) -> float:
    """The largest gap between two empirical distributions, both sorted."""
    both = np.concatenate([one, other])
    gaps = np.searchsorted(one, both, "right") / one.size - np.searchsorted(other, both, "right") / other.size
    return float(np.abs(gaps).max())


def _plain_days(days: Days) -> dict[str, Any]:
    return {
        "first": days.first.isoformat(),
        "n": days.n,
        "cut": days.cut,
        "level": days.level,
        "inside": days.inside,
        "weekdays": [dataclasses.asdict(one) | {"off": one.off} for one in days.weekdays],
    }


def _plain_quantity(quantity: Quantity) -> dict[str, Any]:
    figures = {
        name: {
            "observed": one.observed,
            "simulated": one.simulated,
            "difference": one.difference if np.isfinite(one.difference) else None,
            "within": [one.low, one.high if np.isfinite(one.high) else None],
            "verdict": one.verdict,
        }
        for name, one in quantity.figures.items()
    }
    return {
        "name": quantity.name,
        "unit": quantity.unit,
        "observed": quantity.observed,
        "simulated": quantity.simulated,
        "sessions": quantity.sessions,
        "verdict": quantity.verdict,
        "figures": figures,
    }
