"""What guardrails buy and what they cost, in words: never a saving alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from simulator.engine.tally import MAX_CALLS
from simulator.risk.guardrails import Estimate, GuardrailEffect
from simulator.show import words
from simulator.show.parts import shortened
from simulator.show.reading import Reading

FEW = 30
"""Compared sessions below which a mean difference rests on too few to be called settled."""


@dataclass(frozen=True)
class Table:
    """What the guardrails of each feature do: a column a feature, a row a figure."""

    features: tuple[str, ...]
    rows: list[tuple[str, list[str]]]


def guardrail_words(reading: Reading) -> str:
    """Each feature's guardrails: whom they touch, what they save, what they lose; empty without guardrails.

    The label of the line is what does all this: guardrails. Their feature is named where there are others.
    """
    return " · ".join(_of_feature(effect, reading) + _effect_words(effect, reading) for effect in reading.guardrails)


def _of_feature(effect: GuardrailEffect, reading: Reading) -> str:
    return f"{shortened(effect.feature, 24)}: " if reading.several_features else ""


def _effect_words(effect: GuardrailEffect, reading: Reading) -> str:
    if not effect.compared:
        return f"touched none of {words.count(effect.sampled)} {words.plural(reading.unit)} looked at"
    return "; ".join([_touched(effect, reading), _buys(effect, reading), *_notes(effect, reading)])


def _buys(effect: GuardrailEffect, reading: Reading) -> str:
    return f"{_money(effect.saving, reading)}, {_successes(effect.successes_lost)}"


def _touched(effect: GuardrailEffect, reading: Reading) -> str:
    units = f"of {'its ' if reading.several_features else ''}{words.plural(reading.unit)}"
    cut, held = (words.percent_of(n, effect.sampled) for n in (effect.cut, effect.held))
    said = [f"cut {cut} {units}"] if effect.cut else []
    if effect.held:
        said.append(f"keep {held} {'' if said else f'{units} '}from starting an agent")
    return words.listing(said)


def _notes(effect: GuardrailEffect, reading: Reading) -> Iterator[str]:
    if effect.kept:
        yield f"{caps_words(effect.kept, reading)} kept on both sides"
    if effect.compared < FEW:
        yield f"seen in only {effect.compared} {words.plural(reading.unit, effect.compared)}"
    if effect.past_limit:
        n = effect.past_limit
        ran = f"{words.count(n)} of {words.count(effect.compared)} ran into the hard limit of {MAX_CALLS:,} calls"
        yield f"without them {ran}, so the saving is understated"


def _money(saving: Estimate, reading: Reading) -> str:
    """A cut costs where people take over, or users try again, for more than the rest of the session would have."""
    amount = f"{reading.money(abs(saving.mean))}{_interval(saving, reading.money)} a {reading.noun}"
    return f"save {amount}" if saving.mean >= 0 else f"cost {amount} more than they save"


def _successes(lost: Estimate) -> str:
    if lost.mean == 0 and not lost.se > 0:
        return "lose no success"
    return f"{'lose' if lost.mean >= 0 else 'gain'} {_number(abs(lost.mean))} successes{_interval(lost, _number)}"


def _interval(estimate: Estimate, said: Callable[[float], str]) -> str:
    """The 95 % interval, with the sign of what is said; empty where it is not known or has no width."""
    if not estimate.se > 0:
        return ""
    low, high = estimate.ci if estimate.mean >= 0 else (-estimate.ci[1], -estimate.ci[0])
    return f" ({said(low)} to {said(high)})"


def _number(x: float) -> str:
    """A count that is no whole number: two digits below 100, else three."""
    return words.about(words.round_to(x, 2)) if abs(x) < 100 else words.about(x)


def guardrail_rows(reading: Reading) -> list[tuple[str, str]]:
    """What each feature's guardrails save and lose, as rows of a small table."""
    rows = []
    for effect in reading.guardrails:
        of = f" of {shortened(effect.feature, 24)}" if reading.several_features else ""
        rows.append((f"Guardrails{of}", _buys(effect, reading) if effect.compared else "touched none"))
    return rows


# The report


def guardrail_title(reading: Reading) -> str:
    """What all guardrails together save and lose."""
    saving = sum(effect.saving.mean for effect in reading.guardrails)
    lost = sum(effect.successes_lost.mean for effect in reading.guardrails)
    if not any(effect.compared for effect in reading.guardrails):
        return f"The guardrails touched none of the {words.plural(reading.unit)} looked at"
    amount = f"{reading.money(abs(saving))} a {reading.noun}"
    money = f"save {amount}" if saving >= 0 else f"cost {amount} more than they save"
    if lost == 0:
        return f"The guardrails {money} and lose no success"
    return f"The guardrails {money} and {'lose' if lost > 0 else 'gain'} {_number(abs(lost))} successes"


def guardrail_reading(reading: Reading) -> str:
    """How the comparison was made."""
    units = words.plural(reading.unit)
    return (
        f"The same {units} with guardrails and without, on the same random numbers. Amounts are those of a mean "
        f"{reading.noun}, fixed costs left out; in brackets their 95 % confidence intervals. An agent that a cap keeps "
        "from starting costs no success by itself, whatever its work would have been worth."
    )


def guardrail_table(reading: Reading) -> Table:
    """All figures of every feature's guardrails; rows that say nothing anywhere are left out."""
    columns = [dict(_figures(effect, reading)) for effect in reading.guardrails]
    names = dict.fromkeys(name for column in columns for name in column)
    rows = [(name, [column.get(name, "") for column in columns]) for name in names]
    return Table(tuple(effect.feature for effect in reading.guardrails), [row for row in rows if any(row[1])])


def _figures(effect: GuardrailEffect, reading: Reading) -> Iterator[tuple[str, str]]:
    units, unit, noun = words.plural(reading.unit), reading.unit, reading.noun
    yield "guardrails", caps_words(effect.lifted, reading)
    yield "caps that stay on both sides", caps_words(effect.kept, reading)
    yield f"{units} looked at", words.count(effect.sampled)
    yield "cut", words.percent_of(effect.cut, effect.sampled)
    yield "kept from starting an agent", words.percent_of(effect.held, effect.sampled) if effect.held else ""
    yield "run again without guardrails", words.count(effect.compared)
    if effect.compared:
        yield f"saved a {noun}", _signed(effect.saving, reading.money)
        yield f"successes lost a {noun}", _signed(effect.successes_lost, _number)
        saved = effect.saving_per_success_lost if effect.saving.mean > 0 else math.nan
        yield "saved per success lost", _finite(saved, reading)
    yield f"cost per successful {unit}", _finite(effect.cost_per_success, reading)
    yield "the same without guardrails", _finite(effect.cost_per_success_without, reading)
    yield f"without, at the limit of {MAX_CALLS:,} calls", words.count(effect.past_limit) if effect.past_limit else ""


def _signed(estimate: Estimate, said: Callable[[float], str]) -> str:
    if not estimate.se > 0:
        return said(estimate.mean)
    return f"{said(estimate.mean)} ({said(estimate.ci[0])} to {said(estimate.ci[1])})"


def _finite(amount: float, reading: Reading) -> str:
    return reading.money(amount) if math.isfinite(amount) else "none"


def caps_words(caps: Mapping[str, float], reading: Reading) -> str:
    """Guardrails as people say them: ``cost $25, 400 calls, depth 3``."""
    said = {
        "cost": lambda cap: f"cost {reading.stated(cap)}",
        "calls": lambda cap: f"{cap:,.0f} {words.plural('call', cap)}",
        "agents": lambda cap: f"{cap:,.0f} {words.plural('agent', cap)}",
        "depth": lambda cap: f"depth {cap:,.0f}",
    }
    return ", ".join(said[name](cap) for name, cap in caps.items())
