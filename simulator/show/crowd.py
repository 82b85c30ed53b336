"""The heaviest client and the busiest hour, in words."""

from __future__ import annotations

from simulator.risk.crowd import PeakCost
from simulator.show import words
from simulator.show.reading import Reading


def heaviest_words(reading: Reading) -> str:
    """How much the most active user has of the sessions; empty where volume is not by users."""
    if reading.heaviest is None:
        return ""
    usual, high = (words.percent(share) for share in (reading.heaviest.p50_share, reading.heaviest.p95_share))
    units, noun = words.plural(reading.unit), reading.noun
    return f"the most active user has {usual} of {units} in a typical {noun}, more than {high} in 1 {noun} in 20"


def peak_words(reading: Reading) -> str:
    """How many sessions the busiest hour has no room for; empty where it has room for all."""
    if reading.peak is None:
        return ""
    usual, high = words.percent(reading.peak.share), words.percent(reading.peak.p95_share)
    units = words.plural(reading.unit)
    crowd = f"{usual} of {units} come beyond its capacity, more than {high} in 1 {reading.noun} in 20"
    return f"{crowd}; {_cost_words(reading, reading.peak_cost)}" if reading.peak_cost else crowd


def _cost_words(reading: Reading, cost: PeakCost) -> str:
    """What their failures come to: money, and sessions that would have succeeded."""
    low, high = cost.cost.ci
    lost = words.count(max(0.0, cost.successes_lost.mean))
    if high < 0.0:
        amount, ends = reading.money(-cost.cost.mean), f"{reading.money(-high)} to {reading.money(-low)}"
        return (
            f"that they fail more often loses {lost} successes, and makes the {reading.noun} {amount} cheaper "
            f"({ends}): what failed went no further"
        )
    if low <= 0.0:
        return (
            f"that they fail more often costs {lost} successes, and moves the {reading.noun}'s spend by no more than "
            f"chance explains ({reading.money(low)} to {reading.money(high)})"
        )
    return (
        f"that they fail more often costs {reading.money(cost.cost.mean)} a {reading.noun} "
        f"({reading.money(low)} to {reading.money(high)}) and {lost} successes"
    )
