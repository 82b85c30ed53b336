"""Observed sessions in the terms of a scenario: their tokens at its prices, its names for the models of the log."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from distributions.streams import name_hash, period_uniforms
from scenarios.calibrating.learn import observe
from scenarios.calibrating.learnings import Mask, Sessions
from scenarios.calibrating.pricing import Models, Name, price_at_cards
from scenarios.calibrating.sessions import read_sessions
from scenarios.calibrating.starts import find_roles
from scenarios.catalog import UnknownModelError
from scenarios.logged_models import ANY, find_logged, shown_name
from scenarios.logs.codes import NONE
from scenarios.logs.reading import LogError
from scenarios.logs.table import Calls
from scenarios.prices import resolve_prices

if TYPE_CHECKING:
    from scenarios.schema import Scenario

_HOLDOUT = name_hash("calibrate:holdout")


def observed_sessions(scenario: Scenario, calls: Calls, mapping: Mapping[str, str]) -> tuple[Sessions, tuple[str, ...]]:
    """The sessions of a log at the prices of a scenario, and what was assumed.

    Parameters
    ----------
    mapping : what `--model` says: names as logged, or `*`, to names of the scenario or of the catalogue

    Raises
    ------
    LogError
        where the scenario has no model for one of the log
    """
    if not len(calls):
        raise LogError("the log has no calls to hold the scenario against")
    names, notes = scenario_models(scenario, calls, mapping)
    book = resolve_prices(scenario)
    cards = {alias: days[0] for alias, days in book.cards.items()}
    log = read_sessions(calls)
    roles, role_of_session = find_roles(log)
    sessions = observe(log, roles, role_of_session)
    costs = price_at_cards(calls, Models({}, names, cards, {})).whole * scenario.usd_rate
    by_session = np.bincount(sessions.of_call, costs, len(sessions))
    return dataclasses.replace(sessions, cost=np.asarray(by_session, np.float64)), notes


def scenario_models(
    scenario: Scenario, calls: Calls, mapping: Mapping[str, str]
) -> tuple[dict[Name, str], tuple[str, ...]]:
    """The scenario's name of every model of the log, and what was assumed.

    A model is the one that `--model` says; else the one of that very name, or of the same entry in the catalogue; else,
    where the scenario has but one model, that one, which is said; but none that the catalogue knows as another.
    """
    known: dict[Name, str] = {}
    unknown: list[Name] = []
    notes: list[str] = []
    for name in _logged(calls):
        found = _alias(scenario, name, mapping)
        if found is None and len(scenario.models) == 1 and not _is_another(scenario, name):
            found = next(iter(scenario.models))
            notes.append(f"{shown_name(*name)} is priced as {found}, the scenario's only model")
        if found is None:
            unknown.append(name)
        else:
            known[name] = found
    if unknown:
        listed = ", ".join(sorted(shown_name(*name) for name in unknown))
        example = shown_name(*unknown[0]) if unknown[0][1] else ANY
        raise LogError(
            f"the scenario has no model for {listed} of the log; it has {', '.join(scenario.models)}; say which prices "
            f"hold: --model '{example}={next(iter(scenario.models))}'"
        )
    return known, tuple(notes)


def _is_another(scenario: Scenario, name: Name) -> bool:
    """Whether the catalogue knows a model, and the scenario's only one is the catalogue's too: their prices differ."""
    if next(iter(scenario.models.values())).catalog is None:
        return False
    try:
        find_logged(*name, {})
    except UnknownModelError:
        return False
    return True


def _alias(scenario: Scenario, name: Name, mapping: Mapping[str, str]) -> str | None:
    shown = shown_name(*name)
    for key in (shown, name[1] or "", ANY):
        if mapping.get(key) in scenario.models:
            return mapping[key]
    for own in (shown, name[1]):
        if own in scenario.models:
            return own
    try:
        entry = find_logged(*name, mapping).name
    except UnknownModelError:
        return None
    return next((alias for alias, spec in scenario.models.items() if entry in {alias, spec.catalog}), None)


def _logged(calls: Calls) -> list[Name]:
    pairs = np.unique(np.stack([calls["provider"], calls["model"]]), axis=1).T.tolist()
    providers, models = calls.names["provider"], calls.names["model"]
    return [(None if p == NONE else providers[p], None if m == NONE else models[m]) for p, m in pairs]


def held_back(sessions: int, share: float, seed: int) -> Mask:
    """Which of the sessions of a log are held back, bool[sessions]."""
    held: Mask = period_uniforms(seed, _HOLDOUT, 0, 0, np.arange(sessions)) < share
    return held


def count_sessions(calls: Calls) -> int:
    """How many sessions calls are of; one without a session is one of its own."""
    session = calls["session"]
    return int(np.unique(session[session != NONE]).size + np.count_nonzero(session == NONE))


def split(calls: Calls, share: float, seed: int) -> tuple[Calls, Calls]:
    """Split a log by sessions, at random: those to learn from, and the share that is held back.

    The draw of a session is addressed by its place in the log; a call without a session is one of its own.
    """
    log = read_sessions(calls)
    session = log.instances.session[log.instance_of_call]
    held = held_back(int(session[-1]) + 1, share, seed)[session]
    if held.all() or not held.any():
        raise LogError("too few sessions to hold any of them back; leave --holdout out")
    return calls.where(~held), calls.where(held)
