"""A table of calls to the agents, features and difficulty of a scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.caching import learn_cache, time_to_live
from scenarios.calibrating.compaction import Compaction
from scenarios.calibrating.difficulty import FAILURE, FIRST, MESSAGE, Difficulty, learn_difficulty
from scenarios.calibrating.growth import Growth, measure_growth
from scenarios.calibrating.laws import TURNS, Laws
from scenarios.calibrating.learnings import Chooser, Codes, Ints, Learnings, Learnt, Notes, Options, Sessions
from scenarios.calibrating.outputs import learn_outputs
from scenarios.calibrating.prompts import learn_compactions, learn_prompts
from scenarios.calibrating.reach import warn_of_reach
from scenarios.calibrating.retries import learn_retries
from scenarios.calibrating.roles import Role
from scenarios.calibrating.routing import learn_model, model_names
from scenarios.calibrating.sessions import Log, read_sessions
from scenarios.calibrating.spawns import learn_spawns
from scenarios.calibrating.starts import RESUMED, find_roles
from scenarios.calibrating.tools import learn_tools, tool_results
from scenarios.logs.table import Calls

_LONG = "; they begin long, with a history or a document: the log does not say which"


def learn_agents(calls: Calls, options: Options | None = None) -> Learnings:
    """Learn agents, features and difficulty.

    Parameters
    ----------
    calls : at least one
    options : what the user says beside the log

    Raises
    ------
    ValueError
        without a call
    """
    if not len(calls):
        raise ValueError("no calls to learn from")
    options = options or Options()
    log = read_sessions(calls)
    roles, role_of_session = find_roles(log)
    growth = measure_growth(log, roles, tool_results(log))
    difficulty = learn_difficulty(log, roles, growth)
    notes = Notes()
    laws = Laws(log, roles, options.choose or _chooser(), notes, difficulty, growth.whole)
    models = model_names(calls, options.model_name)
    ttl = options.ttl_minutes or time_to_live(log)
    compactions = learn_compactions(log, roles, growth, models[1])
    agents = {role.name: _agent(number, laws, growth, compactions, models, ttl) for number, role in enumerate(roles)}
    _comment_sensitivities(roles, agents, laws)
    warn_of_reach(laws)
    sessions = observe(log, roles, role_of_session)
    features = _features(roles, sessions, notes)
    return Learnings(
        agents,
        features,
        _difficulty_law(difficulty, notes),
        tuple(notes.learnt),
        notes.comments,
        notes.bodies,
        tuple(notes.assumed),
        tuple(notes.unlearnt),
        notes.all_warnings(),
        sessions,
    )


def _chooser() -> Chooser:
    from distributions.choose import choose_law

    return choose_law


def _agent(
    number: int,
    laws: Laws,
    growth: Growth,
    compactions: Sequence[Compaction | None],
    models: tuple[list[str], Ints],
    ttl: float,
) -> dict[str, Any]:
    log, role, notes = laws.log, laws.roles[number], laws.notes
    names, model_of_call = models
    agent = learn_model(log, role, model_of_call, names, notes)
    turns = log.instances.n_turns[role.instances].astype(float)
    if turns.max() > 1:
        agent["turns"] = laws.learn(role, TURNS, turns, log.instances.first_turn[role.instances])
    own = [agent["model"]] if isinstance(agent["model"], str) else agent["model"]
    agent |= learn_prompts(log, number, laws, growth, compactions, {names.index(name): name for name in own})
    agent |= learn_outputs(log, number, laws)
    agent |= learn_cache(log, number, laws, growth, ttl)
    harder = laws.difficulty.mean(FAILURE) if laws.difficulty and role.is_root else 1.0
    agent |= learn_retries(log, role, model_of_call, names, notes, harder)
    agent |= learn_tools(log, number, laws)
    agent |= learn_spawns(log, number, laws)
    if laws.difficulty:
        loads = laws.loads(role)
        exponents = {name: laws.difficulty.exponent(load) for name, load in loads.items()}
        if FIRST in agent and MESSAGE in exponents:
            exponents[FIRST] = laws.difficulty.exponent(loads.get(FIRST, 0.0))  # else it would be that of messages
        agent |= {"sensitivity": exponents} if exponents else {}
    return agent


def _comment_sensitivities(roles: Sequence[Role], agents: Mapping[str, Any], laws: Laws) -> None:
    for role in roles:
        if laws.difficulty and "sensitivity" in agents[role.name]:
            said = f"exponents of difficulty, learnt with its law from {laws.difficulty.sessions:,} sessions"
            laws.notes.comments[f"{role.path}.sensitivity"] = said


def _difficulty_law(difficulty: Difficulty | None, notes: Notes) -> Any:
    if difficulty is None:
        notes.lack("Difficulty: sessions differ no more than chance explains, or are too few to tell.")
        return None
    law = {"lognormal": {"mu": 0, "sigma": round(difficulty.sigma, 4)}}
    seen = f"{difficulty.sessions:,} sessions of {difficulty.fewest} turns and more"
    how = f"how means of {seen} go together, chance taken off"
    notes.learnt.append(
        Learnt(
            "difficulty", "difficulty of a session", "factor", law, None, how, difficulty.sessions, difficulty.sessions
        )
    )
    return law


def observe(log: Log, roles: Sequence[Role], role_of_session: Codes) -> Sessions:
    """The sessions of the log, as rows."""
    calls, instances = log.calls, log.instances
    of_call = instances.session[log.instance_of_call]
    first = np.flatnonzero(np.r_[True, of_call[1:] != of_call[:-1]])
    roots = log.roots

    def total(column: Ints) -> FloatArray:
        return np.add.reduceat(np.where(calls["billed"], column, 0).astype(float), first)

    return Sessions(
        session=log.session,
        of_call=of_call,
        start=np.fmin.reduceat(calls["time"], first),
        calls=np.diff(first, append=len(calls)),
        agents=np.bincount(instances.session),
        turns=instances.n_turns[roots],
        input=total(calls.prompt),
        cached=total(calls["cached"]),
        written=total(calls["written"]),
        output=total(calls["output"] + calls["reasoning"]),
        first_prompt=log.turns.prompt[instances.first_turn[roots]],
        feature=role_of_session,
        features=tuple(role.name for role in roles if role.is_root),
        user=calls["user"][instances.first[roots]],
        success=calls["outcome"][instances.first[roots]],
    )


def _features(roles: Sequence[Role], sessions: Sessions, notes: Notes) -> dict[str, Any]:
    """A feature for each root agent: its share of the sessions, and how often they succeed."""
    features: dict[str, Any] = {}
    known = np.isfinite(sessions.success)
    if not known.any():
        notes.lack("How often sessions succeed: the log states no outcome; all are taken to.")
    for number, role in enumerate(role for role in roles if role.is_root):
        mine = sessions.feature == number
        feature: dict[str, Any] = {"agent": role.name, "share": round(float(mine.mean()), 5)}
        path = f"features.{role.name}"
        said = f"share of {int(mine.sum()):,} of {len(sessions):,} sessions"
        if (known & mine).any():
            rate = float(np.clip(sessions.success[known & mine].mean(), 0, 1))
            feature["success_rate"] = round(rate, 4)
            said += f"; success_rate is the mean outcome of {int((known & mine).sum()):,}"
        features[role.name] = feature
        notes.comments[path] = said + (_LONG if role.start == RESUMED else "")
    return features
