"""What is wrong between the parts of a period: dates outside it, routes in circles, launches that never come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from itertools import combinations

from scenarios.correlation import copula_matrix, is_possible, possible_ranks
from scenarios.hard_limits import MAX_PARTIAL_EVENTS, MAX_ROUTING_RULES
from scenarios.problems import NOTHING, Fault, Path, dotted
from scenarios.rollout import rollout_share
from scenarios.schema import Scenario

Rules = list[tuple[Path, dict[str, str]]]
"""Where a route stands, and the route; later ones override earlier ones."""


def check_period(scenario: Scenario) -> Iterator[Fault]:
    """Everything about drivers, events, controls, rollouts and the period to date."""
    yield from _routes(routing_rules(scenario))
    yield from _events(scenario)
    yield from _controls(scenario)
    yield from _spent(scenario)
    yield from _rollouts(scenario)
    yield from _correlation(scenario)


def routing_rules(scenario: Scenario) -> Rules:
    """Events and controls that route, in the order in which later ones override earlier ones."""
    events: Rules = [(("events", name, "route"), event.route) for name, event in scenario.events.items()]
    controls: Rules = [
        (("controls", position, "route"), control.route) for position, control in enumerate(scenario.controls)
    ]
    return [(path, route) for path, route in (*events, *controls) if route]


def simulated_days(scenario: Scenario) -> list[dt.date]:
    """The days of the period that are simulated: those after what was `spent`."""
    spent = scenario.spent
    return [day for day in scenario.period.dates if spent is None or day > spent.through]


def _routes(rules: Rules) -> Iterator[Fault]:
    if len(rules) > MAX_ROUTING_RULES:
        path, route = rules[MAX_ROUTING_RULES]
        message = f"is one of {len(rules)} routes of events and controls"
        hint = "one event with several models in its `route` counts once"
        yield Fault(path, message, route, f"at most {MAX_ROUTING_RULES}, as any of them may be in force at once", hint)
        return
    found: list[set[int]] = []
    for size in range(1, len(rules) + 1):
        for chosen in combinations(range(len(rules)), size):
            circle = _circle([rules[number][1] for number in chosen])
            if circle and not any(smaller <= set(chosen) for smaller in found):
                found.append(set(chosen))
                yield _circular(rules, chosen, circle)


def _circle(routes: list[dict[str, str]]) -> tuple[str, ...]:
    """Models whose calls would go round for ever where all of these are in force; none where all calls arrive."""
    routed: dict[str, str] = {}
    for route in routes:
        routed |= route
    for source in routed:
        trail = [source]
        while (target := routed.get(trail[-1])) is not None and len(trail) <= len(routed):
            trail.append(target)
            if target == source:
                return tuple(trail)
    return ()


def _circular(rules: Rules, chosen: tuple[int, ...], circle: tuple[str, ...]) -> Fault:
    *others, last = chosen
    path, route = rules[last]
    source = next(model for model in circle if model in route)
    start = circle.index(source)
    trail = " -> ".join((*circle[start:-1], *circle[: start + 1]))
    company = f" with {' and '.join(dotted(rules[number][0]) for number in others)}" if others else ""
    message = f"leads in a circle{company}: {trail}; calls would never arrive"
    hint = "rules may be in force at the same time; let them route to a model that none of them routes back"
    return Fault((*path, source), message, route, None, hint if others else None)


def _events(scenario: Scenario) -> Iterator[Fault]:
    period = scenario.period
    for name, event in scenario.events.items():
        if event.date is not None and not period.start <= event.date <= period.end:
            allowed = f"{period.start} to {period.end}"
            yield Fault(("events", name, "date"), "is not inside the period", event.date, allowed)
    partial = [name for name, event in scenario.events.items() if event.share < 1.0]
    if len(partial) > MAX_PARTIAL_EVENTS:
        message = f"is one of {len(partial)} events that hit a share of the sessions"
        allowed = f"at most {MAX_PARTIAL_EVENTS}, as any of them may hit the same one"
        yield Fault(("events", partial[MAX_PARTIAL_EVENTS], "share"), message, None, allowed)


def _controls(scenario: Scenario) -> Iterator[Fault]:
    controls = scenario.controls
    if controls and scenario.budget is None:
        hint = "controls act on shares of the budget; write `budget` into the file, or leave them out"
        yield Fault(("controls",), "needs a `budget`", NOTHING, None, hint)
    for position, control in enumerate(controls):
        first = controls.index(control)
        if first < position:
            hint = "both would act, one on top of the other; take one of them out"
            yield Fault(("controls", position), f"is the same rule as controls.{first}", NOTHING, None, hint)


def _spent(scenario: Scenario) -> Iterator[Fault]:
    if scenario.spent is None:
        return
    period, through = scenario.period, scenario.spent.through
    if period.start <= through < period.end:
        return
    wrong = f"is not inside the period, {period.start} to {period.end}"
    if through == period.end:
        wrong = "is the last day of the period, so that nothing is left to simulate"
    last = period.end - dt.timedelta(days=1)
    allowed = f"{period.start} to {last}" if period.days > 1 else "a day before the last of a longer period"
    hint = "without `period`, it is the calendar month after `as_of`; write the one that is under way"
    stated = "period" in scenario.model_fields_set
    yield Fault(("spent", "through"), wrong, through, allowed, None if stated else hint)


def _rollouts(scenario: Scenario) -> Iterator[Fault]:
    """Launches after which no session would come at all."""
    days, volume = simulated_days(scenario), scenario.volume.rollout
    if not days:
        return  # said of `spent`
    allowed = f"a share above 0 on a day from {days[0]} to {days[-1]}"
    open_days = [day for day in days if rollout_share(volume, day)]
    if not open_days:
        yield Fault(("volume", "rollout"), "lets no session come on a day that is simulated", _written(volume), allowed)
        return
    used = {name: feature for name, feature in scenario.features.items() if feature.share > 0}
    if used and not any(rollout_share(feature.rollout, day) for feature in used.values() for day in open_days):
        name, feature = next(iter(used.items()))
        others = f", and neither do those of {', '.join(list(used)[1:])}" if len(used) > 1 else ""
        message = f"lets no session come on a day that is simulated{others}"
        yield Fault(("features", name, "rollout"), message, _written(feature.rollout), allowed)


def _written(rollout: Mapping[dt.date, float]) -> dict[str, float]:
    return {day.isoformat(): share for day, share in rollout.items()}


def _correlation(scenario: Scenario) -> Iterator[Fault]:
    names, ranks = list(scenario.drivers.levels), scenario.drivers.correlation
    if not ranks or is_possible(copula_matrix(names, ranks)):
        return
    nearest = ", ".join(f"{a}~{b}: {rank:g}" for (a, b), rank in possible_ranks(names, ranks).items())
    written = {f"{a}~{b}": rank for (a, b), rank in ranks.items()}
    message = "cannot all hold at once: the matrix is not positive definite"
    yield Fault(("drivers", "correlation"), message, written, None, f"the nearest that can: {nearest}")
