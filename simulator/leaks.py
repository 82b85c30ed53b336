"""How much is spent past the threshold of a control before it bites, roughly and without a run."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scenarios.finding import Finding
from scenarios.problems import dotted
from simulator.average import average_by_cover
from simulator.show import words

if TYPE_CHECKING:
    from scenarios.prices import PriceBook
    from scenarios.schema import Scenario

_WORTH_SAYING = 0.01


def leaks(scenario: Scenario, prices: PriceBook) -> Iterator[Finding]:
    """Say of controls with a delay what the days of the average plan cost until they act.

    Parameters
    ----------
    scenario, prices : as `simulator.average.average_plan` takes them

    Yields
    ------
    Finding
        A control whose leak is one percent of the budget or more. A threshold is passed half way through a day on
        average, so that half a day comes on top of the delay.
    """
    budget = scenario.budget
    late = [(number, control) for number, control in enumerate(scenario.controls) if control.delay_days]
    if budget is None or not late:
        return
    covered = [cover for cover in budget.covers if cover != "one_time"]
    plan = average_by_cover(scenario, prices)
    daily = math.fsum(plan[cover] for cover in covered) / scenario.period.days
    for number, control in late:
        leak = (control.delay_days + 0.5) * daily
        if leak >= _WORTH_SAYING * budget.amount:
            days = f"{control.delay_days} more {words.plural('day', control.delay_days)}"
            money, rate = (words.money(amount, scenario.currency) for amount in (leak, daily))
            message = (
                f"lets roughly {money} leak before it acts: the rest of the day and {days}, at the {rate} a day of the "
                "average plan, to which re-sent history, retries and growth come"
            )
            yield Finding(dotted(("controls", number, "delay_days")), "note", message)
