"""Guardrails against none: the same sessions twice, on common random numbers.

A draw has an address, so that a session which no guardrail touched is the same one without them. So a sample of the
run's sessions is simulated as it was, and only those that were touched a second time, with the guardrails lifted.
How many is a function of the run alone:

- sessions as they were: one in a hundred of those that guardrails watch over, at least 50,000 (or all) and at most
  200,000, evenly spaced over the run, but no more than an allowance of model calls pays for;
- without guardrails: all the touched ones of these, or an evenly spaced part that the same allowance pays for again, as
  one that was cut may go on for long.

The allowance is a hundredth of the run's calls, at least 2.5 million and at most 10 million; what a session takes is
read off a hundred that are simulated first. Single sessions fill the kernels' lanes badly, and take a few times as long
as in a run. Measured, the comparison takes a second or a tenth of the run, whichever is more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.tally import Records, Tally
from simulator.frames import sample_addresses
from simulator.pieces import by_pieces
from simulator.risk.guardrails import Comparison, GuardrailEffect, cut_by_guardrail, guardrail_effect

if TYPE_CHECKING:
    from scenarios.features import Feature
    from scenarios.schema import Scenario
    from simulator.engine.tally import IntArray

Sampler = Callable[[Records], Records]
"""Simulates sessions anew: SESSION_DTYPE[n] whose addresses are filled in, to SESSION_DTYPE[n] in full."""

ONE_IN, FEWEST, MOST = 100, 50_000, 200_000
"""Sessions that are simulated as they were."""
FEWEST_CALLS, MOST_CALLS = 2_500_000, 10_000_000
"""The allowance of model calls for either side."""
FIRST = 100
"""Sessions that say what one takes."""
CUTTING = ("cost", "calls")
HOLDING = ("agents", "depth")


@dataclass(frozen=True)
class Lifted:
    """What is lifted of a feature's guardrails, and which caps stay."""

    guardrails: Mapping[str, float]
    kept: Mapping[str, float]


def lifted_guardrails(scenario: Scenario) -> dict[str, Lifted]:
    """By feature, what can be lifted of its guardrails; features of which nothing can are left out.

    Only what the scenario states is lifted, as that is what people decide on: caps that are filled in stay. So does a
    stated depth where agents may start each other in circles, because without it their trees would not end.
    """
    plans = {name: _lifted(feature, scenario) for name, feature in scenario.features.items()}
    return {name: plan for name, plan in plans.items() if plan.guardrails}


def without_guardrails(scenario: Scenario) -> Scenario:
    """The scenario with all lifted that `lifted_guardrails` names, and nothing else changed."""
    features = dict(scenario.features)
    for name, plan in lifted_guardrails(scenario).items():
        guards = features[name].guardrails
        assert guards is not None
        bare = guards.model_copy(update=dict.fromkeys(plan.guardrails))
        features[name] = features[name].model_copy(update={"guardrails": bare})
    return scenario.model_copy(update={"features": features})


def guardrail_effects(
    tally: Tally, scenario: Scenario, sampler: Sampler, sampler_without: Callable[[Scenario], Sampler]
) -> tuple[GuardrailEffect, ...] | None:
    """What each feature's guardrails do; None where nothing is stated that can be lifted.

    Parameters
    ----------
    tally : of the run
    sampler : simulates sessions of the run anew
    sampler_without : makes the sampler of the scenario without guardrails, on the same seed and unit of money
    """
    plans = lifted_guardrails(scenario)
    if not plans:
        return None
    features = [tally.frame.features.index(name) for name in plans]
    sampled = _in_blocks(sampler, _sample(tally, sampler, features))
    touched = np.zeros(len(sampled), np.bool_)
    for feature, plan in zip(features, plans.values(), strict=True):
        touched |= (sampled["feature"] == feature) & _touched(sampled, plan)
    again, without = np.flatnonzero(touched), sampled[:0]
    if len(again):
        other = sampler_without(without_guardrails(scenario))
        again = again[_spread(len(again), _afforded(other, sampled[again], _allowance(tally)))]
        without = _in_blocks(other, _addresses(sampled[again]))
    return tuple(
        guardrail_effect(
            name, plan.guardrails, plan.kept, _comparison(tally, feature, sampled, touched, again, without)
        )
        for feature, (name, plan) in zip(features, plans.items(), strict=True)
    )


def _lifted(feature: Feature, scenario: Scenario) -> Lifted:
    guards = feature.guardrails
    if guards is None:
        return Lifted({}, {})
    stays = {"depth"} if starts_in_circles(scenario, feature.agent) else set()
    caps: dict[str, float] = {name: cap for name in (*CUTTING, *HOLDING) if (cap := getattr(guards, name)) is not None}
    free = {name: cap for name, cap in caps.items() if name in guards.model_fields_set and name not in stays}
    return Lifted(free, {name: cap for name, cap in caps.items() if name not in free})


def starts_in_circles(scenario: Scenario, root: str) -> bool:
    """Whether an agent of a session with this root may start an instance of itself, through others or not."""
    below = _children(scenario)
    found, todo = set[str](), [root]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += below.get(name, ())
    return any(_leads_to(below, name, name) for name in found)


def _children(scenario: Scenario) -> dict[str, list[str]]:
    """By agent, whom it spawns and who checks it."""
    return {
        name: [spawn.agent for spawn in agent.spawns] + ([agent.checked_by.agent] if agent.checked_by else [])
        for name, agent in scenario.agents.items()
    }


def _leads_to(below: Mapping[str, list[str]], start: str, goal: str) -> bool:
    found, todo = set[str](), list(below.get(start, ()))
    while todo:
        name = todo.pop()
        if name == goal:
            return True
        if name not in found:
            found.add(name)
            todo += below.get(name, ())
    return False


def _touched(records: Records, plan: Lifted) -> np.ndarray:
    """Which sessions may be others without what is lifted."""
    cut = cut_by_guardrail(records) & any(name in plan.guardrails for name in CUTTING)
    held = records["held"] & any(name in plan.guardrails for name in HOLDING)
    touched: np.ndarray = cut | held
    return touched


# How many


def _sample(tally: Tally, sampler: Sampler, features: list[int]) -> Records:
    """Addresses of the sessions to look at."""
    watched = int(tally.sessions[:, :, features].sum())
    most = min(watched, MOST, max(FEWEST, watched // ONE_IN))
    few = sample_addresses(tally, min(FIRST, most), features)
    return sample_addresses(tally, min(most, _afforded(sampler, few, _allowance(tally))), features)


def _allowance(tally: Tally) -> int:
    """Model calls that one side of the comparison may take."""
    counts = tally.session.calls_counts
    calls = int(np.dot(counts, np.arange(len(counts))))
    return min(MOST_CALLS, max(FEWEST_CALLS, calls // ONE_IN))


def _afforded(sampler: Sampler, addresses: Records, allowance: int) -> int:
    """How many sessions like those at the addresses an allowance of calls pays for; FIRST at least."""
    if not len(addresses):
        return 0
    few = sampler(_addresses(addresses[_spread(len(addresses), FIRST)]))
    return max(FIRST, int(allowance / max(1.0, float(few["calls"].mean()))))


def _spread(total: int, n: int) -> IntArray:
    """int64[min(n, total)], evenly spaced places among `total`."""
    n = min(n, total)
    return (2 * np.arange(n) + 1) * total // (2 * max(n, 1))


def _addresses(records: Records) -> Records:
    """The same addresses, and nothing else filled in."""
    bare = np.zeros_like(records)
    for name in ("trial", "day", "feature", "session"):
        bare[name] = records[name]
    return bare


def _in_blocks(sampler: Sampler, addresses: Records) -> Records:
    """Sessions simulated in blocks, so that an interruption is heard and few trials are held in memory at a time."""
    return by_pieces(lambda places: sampler(addresses[places]), len(addresses)) if len(addresses) else addresses


def _comparison(
    tally: Tally, feature: int, sampled: Records, touched: np.ndarray, again: IntArray, without: Records
) -> Comparison:
    own = sampled["feature"] == feature
    place = np.cumsum(own) - 1
    simulated = own[again]
    return Comparison(
        trials=tally.trial,
        sessions=float(tally.sessions[:, :, feature].sum()) / len(tally.trial),
        sampled=sampled[own],
        touched=touched[own],
        again=place[again[simulated]],
        without=without[simulated],
    )
