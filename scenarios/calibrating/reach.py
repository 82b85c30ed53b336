"""How far turns reach beyond the longest of the log: a law of them ends nowhere, and an agent may."""

from __future__ import annotations

import numpy as np

from distributions.law import Law
from scenarios.calibrating.difficulty import TURNS as LENGTH
from scenarios.calibrating.laws import TURNS, Laws

RARE = 1e-6
FAR = 3.0
"""Times the longest that was seen: an exponential tail of a hundred values stays within, a power leaves it."""

_NODES = np.linspace(-7.0, 7.0, 281)
_HALVINGS = 60


def warn_of_reach(laws: Laws) -> None:
    """Warn of turns that reach far beyond the log, with what ends them: nothing of the log says that they end."""
    choices = {one.path: one.choice for one in laws.notes.learnt if one.title == TURNS.title}
    said = []
    for role in laws.roles:
        choice = choices.get(f"{role.path}.{TURNS.name}")
        if choice is None:
            continue
        seen = int(laws.log.instances.n_turns[role.instances].max())
        longest = passed_by(choice.law, laws.loads(role).get(LENGTH, 0.0), RARE)
        if longest > FAR * seen:
            said.append(f"{role.name} {float(f'{longest:.2g}'):,.0f} turns (the longest in the log has {seen:,})")
    if said:
        laws.notes.warn(
            f"Turns have no limit here, and one in a million reaches far beyond the log: of {', of '.join(said)}. "
            "Where the agent stops by itself, write that as `max:` beside its law of turns."
        )


def passed_by(law: Law, load: float, chance: float) -> float:
    """What a draw of a law times exp(load u), u standard normal, passes with this small chance."""
    weights = np.exp(-(_NODES**2) / 2)
    weights /= weights.sum()
    factor = np.exp(load * _NODES)
    low, high = (float(np.log(max(end, 1e-9))) for end in (law.isf([0.5])[0], law.isf([chance / 2])[0] * factor.max()))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        passed = float(weights @ law.sf(np.exp(middle) / factor))
        low, high = (middle, high) if passed > chance else (low, middle)
    return float(np.exp(high))
