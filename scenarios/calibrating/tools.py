"""Tools: how often a turn calls them, and what their results add to the next prompt."""

from __future__ import annotations

from typing import Any

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.laws import TOKENS, Laws, Quantity
from scenarios.calibrating.learnings import Ints
from scenarios.calibrating.roles import plain_name
from scenarios.calibrating.sessions import Log
from scenarios.logs.codes import NONE

_OTHER = "other-tools"
_MOST_TOOLS = 12
_LEAST_SHARE = 0.01


def tool_results(log: Log) -> FloatArray:
    """Tokens that results of tools added to the prompt of each turn: those that the turn before it asked for."""
    uses = log.calls.tools
    known = uses["result_tokens"] > 0
    asked = log.turn_of_call[uses["call"][known]]
    added = np.bincount(asked, uses["result_tokens"][known], minlength=log.turns.call.size)
    return np.where(log.turns.later, np.r_[0.0, added[:-1]], 0.0)


def learn_tools(log: Log, number: int, laws: Laws) -> dict[str, Any]:
    """Keys of an agent that say which tools it calls; the rarest of many are taken together."""
    role, uses = laws.roles[number], log.calls.tools
    turn = log.turn_of_call[uses["call"]]
    mine = role.instances[log.turns.instance[turn]] if uses.size else np.zeros(0, bool)
    if not mine.any():
        return {}
    turn, tool, tokens = turn[mine], uses["tool"][mine], uses["result_tokens"][mine]
    place = np.full(log.turns.call.size, -1, np.int64)
    place[role.turns] = np.arange(role.turns.size)
    tools: dict[str, Any] = {}
    for name, which in _groups(log, tool).items():
        quantity = Quantity(f"tools.{name}.calls_per_turn", f"calls of {name} a turn", "count", "count")
        counts = np.bincount(place[turn[which]], minlength=role.turns.size).astype(float)
        tools[name] = {"calls_per_turn": laws.learn(role, quantity, counts, role.turns)}
        known = which[tokens[which] >= 0]
        if known.size:
            quantity = Quantity(f"tools.{name}.result_tokens", f"result of {name}", TOKENS, TOKENS)
            tools[name]["result_tokens"] = laws.learn(role, quantity, tokens[known].astype(float), turn[known])
    if np.any(tokens < 0):
        laws.notes.lack("Sizes of tool results that the log does not give stay in message_tokens.")
    if failed := int(uses["failed"][mine].sum()):
        laws.notes.comments[f"{role.path}.tools"] = (
            f"{failed:,} of {tool.size:,} calls failed; they are counted as calls"
        )
    return {"tools": tools}


def _groups(log: Log, tool: Ints) -> dict[str, Ints]:
    """Uses by name of the tool, the most used first."""
    names = log.calls.names["tool"]
    codes, n = np.unique(tool, return_counts=True)
    order = np.argsort(-n, kind="stable")
    groups: dict[str, list[Ints]] = {}
    for place, at in enumerate(order):
        rare = codes.size > _MOST_TOOLS and (place >= _MOST_TOOLS or n[at] < _LEAST_SHARE * tool.size)
        name = plain_name(names[codes[at]], "tool") if codes[at] != NONE else "tool"
        groups.setdefault(_OTHER if rare else name, []).append(np.flatnonzero(tool == codes[at]))
    return {name: np.concatenate(parts) for name, parts in groups.items()}
