"""Which models serve an agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from scenarios.calibrating.learnings import Ints, Notes
from scenarios.calibrating.roles import Role
from scenarios.calibrating.sessions import Log
from scenarios.logs.codes import NONE
from scenarios.logs.reading import Reading
from scenarios.logs.table import Calls

_PURE, _MOSTLY = 0.9, 0.5
_UNKNOWN = "unknown-model"
_BATCH = "batch"


def model_names(calls: Calls, model_name: Callable[[str, str], str]) -> tuple[list[str], Ints]:
    """Names that the scenario gives to the models of the log, and which of them each call is."""
    providers, models = calls.names["provider"], calls.names["model"]
    width = len(providers) + 1
    pairs, of_call = np.unique(
        (calls["model"] + 1).astype(np.int64) * width + calls["provider"] + 1, return_inverse=True
    )
    names: list[str] = []
    index = []
    for pair in pairs:
        model, provider = int(pair) // width - 1, int(pair) % width - 1
        logged = models[model] if model != NONE else _UNKNOWN
        name = model_name(providers[provider] if provider != NONE else "", logged)
        index.append(names.index(name) if name in names else len(names))
        names += [name] if name not in names else []
    return names, np.array(index, np.int64)[of_call.ravel()]


def learn_model(log: Log, role: Role, model_of_call: Ints, names: list[str], notes: Notes) -> dict[str, Any]:
    """Keys of an agent that say which models serve it: one, or shares of its instances."""
    mine = np.flatnonzero(role.instances[log.instance_of_call])
    tier = log.calls["tier"][mine]
    is_batch = [name.lower() == _BATCH for name in log.calls.names["tier"]]
    batch = float(np.mean(np.append(is_batch, False)[tier])) if mine.size else 0.0
    keys: dict[str, Any] = {"batch": True} if batch > 1 / 2 else {}
    if keys:
        notes.comments[f"{role.path}.batch"] = f"{batch:.0%} of {mine.size:,} calls"
    used = np.bincount(model_of_call[mine], minlength=len(names))
    if np.count_nonzero(used) == 1:
        return {"model": names[int(np.argmax(used))]} | keys
    shares = _shares(log, role, model_of_call, mine, names, notes)
    return {"model": {names[at]: shares[at] for at in np.argsort(-used) if shares[at] > 0}} | keys


def _shares(log: Log, role: Role, model_of_call: Ints, mine: Ints, names: list[str], notes: Notes) -> list[float]:
    """Shares of instances where nearly all keep to one model; of calls where they do not."""
    instance = log.instance_of_call[mine]
    first = np.searchsorted(instance, np.unique(instance))
    least = np.minimum.reduceat(model_of_call[mine], first)
    pure = least == np.maximum.reduceat(model_of_call[mine], first)
    comment = f"{role.path}.model"
    used = np.bincount(model_of_call[mine], minlength=len(names))
    if pure.mean() >= _PURE:
        notes.comments[comment] = f"shares of {first.size:,} instances, of which {pure.mean():.0%} keep to one model"
        used = np.bincount(least[pure], minlength=used.size)
    else:
        notes.comments[comment] = f"shares of {mine.size:,} calls"
        notes.assume(
            f"{role.path}: instances change their model on the way; here one serves the whole instance, which makes "
            "costs of sessions too uneven. Where these are off, give the agent one model of your own under `models`, "
            f"its prices mixed by what each model reads and writes: {_tokens(log, model_of_call, mine, names)}."
        )
    return [round(float(share), 5) for share in used / used.sum()]


def steps_words(calls: Calls, reading: Reading) -> str:
    """What makes agents of a log's steps, where it names none and its instances change models; empty elsewhere."""
    column = reading.columns.get("model")
    if _are_models(calls, reading):
        return (
            "no call names its agent, and sessions use several models: each model of a session is taken for an agent "
            "of its own; --map agent=COLUMN says who makes the calls"
        )
    if column is None or np.any(calls["agent"] != NONE):
        return ""
    own, model = calls["instance"], calls["model"]
    first = np.flatnonzero((np.diff(own, prepend=NONE) != 0) | (own == NONE))
    pure = float(np.mean(np.minimum.reduceat(model, first) == np.maximum.reduceat(model, first)))
    if pure >= _MOSTLY:
        return ""
    return (
        f"only {pure:.0%} of the instances keep to one model, and the log names no agents; if each model has a step of "
        f"its own, as a classifier or a title has, --map agent={column} makes an agent of each"
    )


def _are_models(calls: Calls, reading: Reading) -> bool:
    """Whether the agents of a log are its models, for want of names."""
    agents = set(calls.names["agent"])
    return bool(agents) and agents <= set(calls.names["model"]) and "agent" not in reading.columns


def _tokens(log: Log, model_of_call: Ints, mine: Ints, names: list[str]) -> str:
    """Each model's share of what some calls read and of what they write."""
    calls, model = log.calls, model_of_call[mine]
    written = calls["output"] + calls["reasoning"]
    read, wrote = (np.bincount(model, tokens[mine], len(names)) for tokens in (calls.prompt, written))
    shares = np.array([read / max(read.sum(), 1), wrote / max(wrote.sum(), 1)])
    return "; ".join(
        f"{names[at]} {100 * shares[0, at]:.1f} % of prompts, {100 * shares[1, at]:.1f} % of answers"
        for at in np.unique(model).tolist()
    )
