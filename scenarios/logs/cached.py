"""Mapped columns: whether a model's input counts hold what was cached, and the prompts taken apart accordingly.

Each model is read by its own calls, since gateways log the counts of several providers as each of them counts: OpenAI
has cached tokens inside, Anthropic beside.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.codes import NONE
from scenarios.logs.table import Calls
from scenarios.logs.tokens import Verdict, by_model, where_cached

FIELD = "cached_in_prompt"
"""Field that is no column: `yes` where input counts hold what was cached, `no` where they do not."""

_LISTED = 5
_SAID = f"{FIELD} was given"
_UNSAID = "nothing says otherwise"

Name = tuple[str, str]
"""Provider and model as logged, empty where the log is silent."""


class Totals(NamedTuple):
    """By name, calls whose total is reached with the input count alone, and with what was cached on top of it."""

    inside: Counter[Name]
    apart: Counter[Name]


class _Model(NamedTuple):
    name: str
    verdict: Verdict
    prompts: int
    smaller: int


def take_apart(calls: Calls, totals: Totals, said: bool | None) -> list[str]:
    """Take what was cached out of the prompts, in `fresh`, that hold it.

    Parameters
    ----------
    said : whether they do, where the user says so of all

    Returns
    -------
    list of str
        How each model was read and why, and which of its calls say the contrary.
    """
    held = calls["cached"] + calls["written"]
    if not held.any():
        return []
    groups, models = by_model(calls), list[_Model]()
    inside = np.zeros(len(calls), bool)
    for group in np.unique(groups[held > 0]):
        rows = np.flatnonzero(groups == group)
        name = _name(calls, rows[0])
        verdict = _verdict(calls, rows, (totals.inside[name], totals.apart[name]), said)
        inside[rows] = verdict.inside
        prompts, smaller = (int(some.sum()) for some in (held[rows] > 0, held[rows] > calls["fresh"][rows]))
        models.append(_Model(name[1] or name[0] or "(no model)", verdict, prompts, smaller))
    calls["fresh"][:] = np.where(inside, np.maximum(calls["fresh"] - held, 0), calls["fresh"])
    return [_read(models), *(words for model in models for words in _contrary(model))]


def _name(calls: Calls, row: int) -> Name:
    provider, model = (int(calls[kind][row]) for kind in ("provider", "model"))
    names = calls.names
    return names["provider"][provider] if provider != NONE else "", names["model"][model] if model != NONE else ""


def _verdict(calls: Calls, rows: NDArray[np.intp], totals: tuple[int, int], said: bool | None) -> Verdict:
    if said is not None:
        return Verdict(said, _SAID, 0)
    prompt, cached, written, cost = (calls[name][rows] for name in ("fresh", "cached", "written", "cost"))
    found = where_cached(prompt, cached, written, calls["output"][rows] + calls["reasoning"][rows], cost, *totals)
    return found if found.inside is not None else Verdict(True, _UNSAID, 0)


def _read(models: list[_Model]) -> str:
    """How the models are read: in one sentence where all are read alike."""
    ways = dict.fromkeys((model.verdict.inside, model.verdict.why) for model in models)
    if len({inside for inside, _ in ways}) == 1:
        inside = models[0].verdict.inside
        how, said = ("count", "yes") if inside else ("do not count", "no")
        return f"input counts {how} what was cached ({FIELD}={said}; --map says otherwise)"
    parts = []
    for inside, why in ways:
        those = [model.name for model in models if (model.verdict.inside, model.verdict.why) == (inside, why)]
        listed = ", ".join(those[:_LISTED]) + (f" and {len(those) - _LISTED} more" if len(those) > _LISTED else "")
        parts.append(f"those of {listed} {'count' if inside else 'do not count'} what was cached ({why})")
    return f"input counts differ by model: {'; '.join(parts)}; --map {FIELD}=yes or no reads all alike"


def _contrary(model: _Model) -> list[str]:
    """Calls of a model that can't be as it is read, and what tells against the reading."""
    words = []
    if model.verdict.inside and model.smaller:
        words.append(
            f"{model.smaller:,} of {model.prompts:,} prompts of {model.name} are smaller than what was cached of them: "
            "odd, and taken as cached whole"
        )
    if model.verdict.against:
        words.append(
            f"calls of {model.name} contradict each other: {model.verdict.against:,} of {model.prompts:,} say that "
            f"input counts {'do not hold' if model.verdict.inside else 'hold'} what was cached; {model.verdict.why} "
            f"decide (--map {FIELD}={'no' if model.verdict.inside else 'yes'} says otherwise)"
        )
    return words
