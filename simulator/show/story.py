"""What the figures say: their titles are findings, and the line under a title says how to read the picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scenarios.inputs import basis
from simulator.risk.breach import Breach, DayQuantiles
from simulator.risk.verdict import FEWEST
from simulator.show import words
from simulator.show.parts import parts
from simulator.show.reading import Reading
from simulator.show.sketch import StatedLaw
from simulator.show.todate import broken_words, expected_bar, fact_words

if TYPE_CHECKING:
    from scenarios.agents import Agent
    from scenarios.schema import Scenario

QUARTILES_TO_ERROR = 0.93
"""Standard error of the median of n normal values times the root of n, by the distance of their quartiles."""

# Titles


def burn_fan_title(reading: Reading) -> str:
    """How often the budget breaks, and when."""
    if reading.spend.max == 0:
        return f"Nothing is spent in {reading.name}"
    if reading.trials == 1:
        return f"One simulated {reading.noun} spends {reading.money(reading.held.p50)}; one says nothing about risk"
    if reading.breach is None:
        return (
            f"Half of all {reading.nouns} end above {reading.money(reading.spend.p50)}, "
            f"1 in 20 above {reading.money(reading.spend.p95)}"
        )
    budget = reading.stated(reading.breach.amount)
    if broken_words(reading):
        median = reading.money(reading.held.p50)
        return f"The {budget} budget is broken, and half of all {reading.nouns} end above {median}"
    if reading.breach.day is None:
        return f"None of {reading.trials:,} simulated {reading.nouns} breaks the {budget} budget"
    when = _break_day(reading, reading.breach.day)
    if reading.breach.breaching == reading.trials:
        return f"All {reading.trials:,} simulated {reading.nouns} break the {budget} budget, {when}"
    chance = words.odds(reading.breach.probability)
    breaks = "breaks" if chance.startswith("1 ") else "break"
    return f"{chance} {reading.nouns} {breaks} the {budget} budget, {when}"


def _break_day(reading: Reading, day: DayQuantiles) -> str:
    """The median day of those that break; where most of them do so on one day, that day."""
    said = words.day_word(reading.day(day.p50), weekday=False)
    if reading.to_date is not None and day.p50 == reading.to_date.days:
        return f"by {said}"
    if day.p10 == day.p90 or day.p50 == len(reading.dates):
        return f"mostly on {said}"
    return f"half of them by {said}"


def budget_sentences(reading: Reading, risk: Breach) -> tuple[str, str]:
    """How likely the budget breaks, and what 95 % certainty takes; of few trials, only what they spent."""
    chance = broken_words(reading) or words.over_budget(risk.breaching, risk.trials, risk.amount, reading.currency)
    if reading.trials < FEWEST:
        ends = dict.fromkeys((reading.money(reading.held.min), reading.money(reading.held.max)))
        return chance, f"What was simulated spends {' to '.join(ends)}."
    return chance, words.to_be_sure(reading.held.p95, risk.amount, reading.currency)


def burn_fan_reading(reading: Reading) -> str:
    """How to read the burn fan."""
    what = f"Spend that the budget covers ({reading.covers})" if reading.partial else "Spend"
    if reading.trials == 1:
        return f"{what} so far, day by day, in the one simulated {reading.noun}."
    return (
        f"{what} so far, day by day{fact_words(reading)}: the line is the median of {reading.trials:,} simulated "
        f"{reading.nouns}, the dark band holds half of them, the light band 9 in 10.{expected_bar(reading)}"
    )


def s_curve_title(reading: Reading) -> str:
    """How sure the budget is, and what 95 % certainty takes."""
    if reading.spend.max == 0:
        return f"Every {reading.noun} costs nothing"
    p95 = reading.money(reading.held.p95)
    if reading.breach is None:
        return f"To be 95 % sure, plan {p95}: {_against_averages(reading)}"
    budget = reading.stated(reading.breach.amount)
    n = reading.breach.breaching
    if reading.trials == 1:
        return f"The {budget} budget {'breaks' if n else 'holds'} in the one {reading.noun} simulated"
    held = words.percent_of(reading.trials - n, reading.trials)
    gap = words.round_to(reading.held.p95) - reading.breach.amount
    sure = "95 % certainty takes " + (p95 if gap > 0 else f"no more than {p95}")
    return f"The {budget} budget holds in {held} of {reading.nouns}; {sure}"


def _against_averages(reading: Reading) -> str:
    gap = words.round_to(reading.held.p95) - words.round_to(reading.average_plan)
    side = "more" if gap >= 0 else "less"
    return f"{reading.money(abs(gap))} {side} than a spreadsheet of averages says"


def s_curve_reading(reading: Reading) -> str:
    """How to read the S-curve."""
    spend = f"spend, of what the budget covers ({reading.covers})," if reading.partial else "spend"
    return (
        f"The share of {reading.nouns} that {spend} no more than the amount below. "
        "Ticks mark P50, P80 and P95; the bar around each is the 95 % interval of simulation error."
    )


def session_title(reading: Reading) -> str:
    """What the dearest sessions carry."""
    cost, units = reading.sessions.cost, words.plural(reading.unit)
    if reading.session_tally.sessions == 0:
        return f"No {units} were simulated"
    if cost.max == 0:
        return f"Every {reading.unit} costs nothing"
    if words.round_to(reading.session_tally.min_cost) == words.round_to(cost.max):
        return f"Every {reading.unit} costs {reading.money(cost.max)}"
    share = words.percent(reading.sessions.top1pct_share, 0)
    return f"The dearest 1 % of {units} carry {share} of what {units} cost"


def session_reading(reading: Reading) -> str:
    """How to read the costs of single sessions."""
    cost, units = reading.sessions.cost, words.plural(reading.unit)
    return (
        f"A typical {reading.unit} costs {reading.money(cost.p50)}, the mean is {reading.money(cost.mean)}, 1 in 100 "
        f"costs more than {reading.money(cost.p99)}. Filled: how many {units} cost how much; hatched: where the money "
        "goes. Log axis."
    )


def attribution_title(reading: Reading) -> str:
    """The largest part, and how it grows in the worst periods."""
    rows = parts(reading)
    if not rows:
        return "Nothing is spent, so nothing makes it"
    first = max(rows, key=lambda row: row.worst)
    label = first.label[0].upper() + first.label[1:]
    worst = f"{first.worst} % in" if first.worst != first.typical else "the same in"
    return f"{label}: {first.typical} % of spend, {worst} the worst {reading.nouns}"


def attribution_reading(reading: Reading) -> str:
    """How to read the attribution."""
    mean, worst = reading.money(reading.spend.mean), reading.money(reading.spend.tvar(0.95))
    return (
        f"Shares of mean spend ({mean}) and of mean spend in the worst 1 in 20 {reading.nouns} ({worst}); "
        "each adds up to 100 %."
    )


def daily_title(reading: Reading) -> str:
    """What a day costs, and the dearest one, where it is so by more than chance makes of this many trials."""
    costs = "A typical day's covered spend is" if reading.partial else "A typical day costs"
    begun = reading.begun
    medians = reading.by_day[50][begun:]
    dearest = int(medians.argmax())
    typical = sorted(medians)[len(medians) // 2]
    spread = reading.by_day[75][begun + dearest] - reading.by_day[25][begun + dearest]
    chance = 3 * QUARTILES_TO_ERROR * spread / math.sqrt(reading.trials)
    if medians[dearest] <= typical + max(0.02 * typical, chance):
        return f"{costs} {reading.money(typical)}"
    day, amount = words.day_word(reading.dates[begun + dearest]), reading.money(medians[dearest])
    most = f"that of the dearest day, {day}, is" if reading.partial else f"the dearest day, {day}, costs"
    return f"{costs} {reading.money(typical)}; {most} {amount}"


def daily_reading(reading: Reading) -> str:
    """How to read the days."""
    what = f"spend that the budget covers ({reading.covers}), day by day" if reading.partial else "spend of each day"
    if reading.trials == 1:
        return f"{what[0].upper()}{what[1:]} in the one simulated {reading.noun}."
    months = f"{reading.trials:,} simulated {reading.nouns}"
    return f"Median {what}; the dark bar holds half of {months}, the light one 9 in 10."


def laws_title(stated: Sequence[StatedLaw]) -> str:
    """How many laws there are, and how many stand on data or name a source."""
    drawn = [one for one in stated if not one.constant]
    if not drawn:
        return "Nothing is uncertain: every input is one number"
    bases = [basis(one.law) for one in drawn]
    measured, cited = bases.count("measured"), bases.count("cited")
    stand = f"{measured or 'none'} of them on data"
    sourced = f", {cited} cited from a source" if cited else ""
    return f"The forecast stands on {len(drawn)} {words.plural('law', len(drawn))}, {stand}{sourced}"


def laws_reading() -> str:
    """How to read the small laws."""
    return "Each shape is a density up to its P97.5; the bar below runs from P5 to P95, the mark on it is the median."


# What stands beside the figures


def _sends_history_again(agent: Agent) -> bool:
    context = agent.context
    return not agent.whole_prompt and agent.turns.mean() > 1 and bool(context.carry or context.carried_output)


def left_out(scenario: Scenario | None) -> str:
    """What of this scenario a spreadsheet of averages leaves out."""
    if scenario is None:
        return ""
    agents = scenario.agents.values()
    named = [
        ("no history re-sent", any(map(_sends_history_again, agents))),
        ("no retries", any(a.retry.max_attempts > 1 for a in agents)),
        ("no incidents", bool(scenario.events)),
        ("no growth", bool(scenario.trends)),
    ]
    return ", ".join(said for said, there in named if there)


def break_words(reading: Reading) -> str:
    """When the budget breaks if it does, and by how much; empty where it never does."""
    risk = reading.breach
    if risk is None or risk.day is None or risk.expected_overrun is None:
        return ""
    by = f"by {reading.money(risk.expected_overrun)} on average"
    if broken_words(reading):
        return f"it is broken already, by the end {by}"
    first, middle, last = (reading.day(number) for number in (risk.day.p10, risk.day.p50, risk.day.p90))
    spread = f" (most likely {words.day_range(first, last)})" if first != last else ""
    return f"around {words.day_word(middle)}{spread}, {by}"


def waste_words(reading: Reading) -> str:
    """The money of a mean period that retries and failures took, and how many failed; empty where there is none."""
    if reading.waste <= 0:
        return ""
    failed = 1 - reading.sessions.success_rate
    where = ["retries"] if _retries(reading) else []
    if failed > 0:
        where.append(f"the {words.percent(failed)} of {words.plural(reading.unit)} that failed")
    return f"{reading.money(reading.waste)} goes to {words.listing(where)}"


def waste_note(reading: Reading) -> str:
    """What a retry counts for; empty where there are none."""
    if reading.waste <= 0 or not _retries(reading):
        return ""
    return "A retry counts in full here, even where the failed attempt before it was free."


def _retries(reading: Reading) -> bool:
    return any(part.cause == "retries" and part.mean > 0 for part in reading.parts)


def error_words(reading: Reading) -> str:
    """Simulation error of the P95 and of the chance to break the budget; it says nothing of how good the inputs are."""
    chance = chance_interval(reading)
    return f"simulation error {_p95_error(reading)}" + (f", chance {chance}" if chance else "")


def chance_interval(reading: Reading) -> str:
    """The 95 % interval of the chance to break the budget; empty where the chance itself is said as a bound."""
    risk = reading.breach
    if risk is None or risk.trials < FEWEST or risk.breaching in (0, risk.trials):
        return ""
    return words.percent_range(*risk.ci)


def _p95_error(reading: Reading) -> str:
    """Half the width of the interval of what is held against the budget."""
    if reading.held.ci_clamped(0.95):
        return f"of the P95 unknown from {reading.trials:,} {words.plural(reading.noun, reading.trials)}"
    low, high = reading.held.ci(0.95)
    half = (high - low) / 2 / reading.held.p95 if reading.held.p95 > 0 else 0.0
    held = "covered P95" if reading.partial else "P95"
    return "none" if half == 0 else f"±{words.percent(words.round_to(half, 2))} of the {held}"
