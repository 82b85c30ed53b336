"""The report's amounts in words: the ladder under the verdict, and the tables."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulator.engine.tally import MAX_CALLS
from simulator.risk.session import Sessions
from simulator.risk.spend import Spend
from simulator.risk.trees import SessionAgents
from simulator.show import words
from simulator.show.reading import Reading

CERTAINTIES = (50, 80, 90, 95, 99)
PERCENTILES = (5, 10, 50, 80, 90, 95, 99)


@dataclass(frozen=True)
class Rung:
    """An amount of the ladder."""

    value: float
    label: str
    amount: str
    note: str
    budget: bool = False


def ladder(reading: Reading, left_out: str) -> list[Rung]:
    """The amounts that a director compares, ascending.

    Parameters
    ----------
    reading : Reading
    left_out : str
        What of the scenario a spreadsheet of averages leaves out.
    """
    noun, spend, money = reading.noun, reading.spend, reading.money
    of_all = f", {reading.all_spend}" if reading.all_spend else ""
    rungs = [
        Rung(reading.average_plan, f"Spreadsheet of averages{of_all}", money(reading.average_plan), left_out),
        Rung(spend.p50, f"A typical {noun}{of_all}", money(spend.p50), "P50"),
        Rung(spend.p95, f"1 {noun} in 20 above{of_all}", money(spend.p95), "P95"),
        Rung(spend.p99, f"1 {noun} in 100 above{of_all}", money(spend.p99), "P99"),
    ]
    if reading.plan is not None:
        passed = int((spend.samples > reading.plan).sum())
        note = _in_how_many("passed", passed, reading)
        rungs.append(Rung(reading.plan, f"Your plan{of_all}", reading.stated(reading.plan), note))
    if reading.breach is not None:
        held = reading.trials - reading.breach.breaching
        note = _in_how_many("held", held, reading)
        rungs.append(Rung(reading.breach.amount, "Budget", reading.stated(reading.breach.amount), note, budget=True))
        if reading.partial:
            label = "Covered by the budget, P95"
            rungs.append(Rung(reading.held.p95, label, reading.money(reading.held.p95), "what is held against it"))
    return sorted(rungs, key=lambda rung: rung.value)


def _in_how_many(what: str, hits: int, reading: Reading) -> str:
    share = words.percent_of(hits, reading.trials)
    return "" if share == words.UNKNOWN else f"{what} in {share} of {reading.nouns}"


@dataclass(frozen=True)
class Certainty:
    """A row of the table of certainty."""

    sure: str
    amount: str
    change: str
    over: str
    strong: bool = False


@dataclass(frozen=True)
class Certainties:
    """What each certainty takes."""

    caption: str
    base: str
    rows: list[Certainty]


def certainty(reading: Reading) -> Certainties:
    """What each certainty takes, against the budget, or against a spreadsheet of averages where there is none."""
    if reading.budget is None:
        base, name = words.round_to(reading.average_plan), "averages"
        caption = "What certainty takes, without a budget"
    else:
        base, name = reading.budget, "the budget"
        caption = "What certainty takes"
    rows = [(reading.held.quantile(k / 100), f"{k} %" if k != 50 else "50 %, typical") for k in CERTAINTIES]
    made = [
        (value, Certainty(sure, reading.money(value), _change(value, base, reading), _over(reading, value)))
        for value, sure in rows
    ]
    if reading.breach is not None:
        hits = reading.breach.breaching
        held, over = (words.percent_of(n, reading.trials) for n in (reading.trials - hits, hits))
        sure = "the budget" if held == words.UNKNOWN else f"{held}, the budget"
        made.append((base, Certainty(sure, reading.stated(base), "", over, strong=True)))
    return Certainties(caption, name, [row for _, row in sorted(made, key=lambda pair: pair[0])])


def _change(value: float, base: float, reading: Reading) -> str:
    """The difference of the figures as they are shown."""
    return words.money_change(words.round_to(value) - base, reading.currency)


def _over(reading: Reading, amount: float) -> str:
    hits = int(np.count_nonzero(reading.held.samples > amount))
    return words.percent_of(hits, reading.trials)


@dataclass(frozen=True)
class PeriodRow:
    """A row of the table of periods."""

    name: str
    spend: str
    interval: str
    covered: str


def period_rows(reading: Reading, spend: Spend, covered: Spend) -> list[PeriodRow]:
    """Quantiles and moments of one period's spend."""

    def row(name: str, amount: float, other: float) -> PeriodRow:
        return PeriodRow(name, reading.money(amount), "", reading.money(other))

    return [
        row("least", spend.min, covered.min),
        *(_quantile_row(reading, spend, covered, k) for k in PERCENTILES),
        row("most", spend.max, covered.max),
        row("mean", spend.mean, covered.mean),
        row("mean of the worst 5 %", spend.tvar(0.95), covered.tvar(0.95)),
        row("mean of the worst 1 %", spend.tvar(0.99), covered.tvar(0.99)),
    ]


def _quantile_row(reading: Reading, spend: Spend, covered: Spend, k: int) -> PeriodRow:
    """A quantile and its interval, at as many digits as keep it off the interval's ends."""
    p = k / 100
    (low, high), point = spend.ci(p), spend.quantile(p)
    digits = _digits_apart(low, point, high)
    interval = f"{reading.money(low, digits)} to {reading.money(high, digits)}"
    return PeriodRow(
        f"P{k}" + (", the median" if k == 50 else ""),
        reading.money(point, digits),
        f"{interval} *" if spend.ci_clamped(p) else interval,
        reading.money(covered.quantile(p)),
    )


def _digits_apart(low: float, point: float, high: float) -> int:
    for digits in range(3, 7):
        first, middle, last = (words.round_to(amount, digits) for amount in (low, point, high))
        if (first < middle or low == point) and (middle < last or point == high):
            return digits
    return 6


def clamped_note(reading: Reading) -> str:
    """What the star at an interval means; empty where there is none."""
    if not any(reading.spend.ci_clamped(k / 100) for k in PERCENTILES):
        return ""
    few = f"{reading.trials:,} {words.plural('trial', reading.trials)} {'is' if reading.trials == 1 else 'are'}"
    return f"* {few} too few to bound this side: it ends at the least or the most."


def session_rows(reading: Reading) -> list[tuple[str, str]]:
    """What single sessions cost and do."""
    risk, unit = reading.sessions, reading.unit
    cost, calls, tokens = risk.cost, risk.calls, risk.tokens
    return [
        ("mean cost", _money(reading, cost.mean)),
        ("P50, the median", _money(reading, cost.p50)),
        ("P90", _money(reading, cost.p90)),
        ("P95", _money(reading, cost.p95)),
        ("P99", _money(reading, cost.p99)),
        ("P99.9", _money(reading, cost.p999)),
        ("the dearest of all", _money(reading, cost.max)),
        ("carried by the dearest 1 %", _share(risk.top1pct_share)),
        ("model calls, mean · P50 · P99", " · ".join(_count(x) for x in (calls.mean, calls.p50, calls.p99))),
        *_agent_rows(risk.agents),
        ("tokens in, of them cached", f"{_count(tokens.input)}, {_count(tokens.cached)}"),
        ("tokens out", _count(tokens.output)),
        ("successful", _share(risk.success_rate)),
        *_outcome_rows(risk),
        (f"cost per successful {unit}", _money(reading, risk.cost_per_success)),
        ("spent on retries and failures", _share(risk.waste_share)),
    ]


def _agent_rows(agents: SessionAgents) -> Iterator[tuple[str, str]]:
    """Agents of a session, where any session has more than one."""
    if agents.mean > 1:
        yield "agents, mean · P50 · P99", " · ".join(_count(x) for x in (agents.mean, agents.p50, agents.p99))


def _outcome_rows(risk: Sessions) -> Iterator[tuple[str, str]]:
    """What was done to sessions; what never was done is left out, but for guardrails."""
    yield "cut by a guardrail", _share(risk.cut_by.cost + risk.cut_by.calls)
    seldom = [
        (f"cut at the hard limit of {MAX_CALLS:,} calls, of models or of tools", risk.cut_by.limit),
        ("kept from starting an agent by a cap", risk.held_rate),
        ("run again after a failure", risk.repeat_rate),
        ("taken over by a person", risk.handoff_rate),
        ("looked at by a person", risk.review_rate),
    ]
    yield from ((name, _share(rate)) for name, rate in seldom if rate > 0)


def _money(reading: Reading, amount: float) -> str:
    return "none" if not math.isfinite(amount) else reading.money(amount)


def _share(share: float) -> str:
    return "none" if not math.isfinite(share) else words.percent(share)


def _count(x: float) -> str:
    return "none" if not math.isfinite(x) else words.about(x)
