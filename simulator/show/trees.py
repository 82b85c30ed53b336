"""How deep it goes, in words: agents of a session, the cost below the root, and what caps and limits did."""

from __future__ import annotations

import math
from dataclasses import dataclass

from simulator.engine.tally import MAX_CALLS, SessionTally
from simulator.show import words
from simulator.show.reading import Reading


@dataclass(frozen=True)
class Level:
    """A row of the table of depths; the shares add up to 100."""

    name: str
    agents: str
    share: float


def has_trees(reading: Reading) -> bool:
    """Whether any session started an agent below its root."""
    return any(level.agents > 0 for level in reading.sessions.depth[1:])


def agents_words(reading: Reading) -> str:
    """Agents of a session and what arises below the root; empty where no agent starts another."""
    if not has_trees(reading):
        return ""
    said = [_fan_out(reading), f"{_below(reading)} of the cost below the root"]
    if not any(effect.held for effect in reading.guardrails):  # else they say it themselves
        said.append(held_words(reading))
    return " · ".join(filter(None, said))


def _fan_out(reading: Reading) -> str:
    agents = reading.sessions.agents
    if math.isnan(agents.mean):
        return ""
    return f"{words.about(agents.mean)} a {reading.unit}, 1 in 100 has {agents.p99:,.0f} or more"


def _below(reading: Reading) -> str:
    """The share below the root, as the table of depths has it."""
    return f"{round(sum(level.share for level in levels(reading)[1:]), 1):g} %"


def held_words(reading: Reading) -> str:
    """In how many sessions a cap kept a child from starting; empty where it never did."""
    held = reading.sessions.held_rate
    if not held > 0:
        return ""
    return (
        f"a cap on depth or agents kept agents from starting in {words.percent(held)} of {words.plural(reading.unit)}"
    )


def trees_title(reading: Reading) -> str:
    """What arises below the root."""
    return f"{_below(reading)} of what {words.plural(reading.unit)} cost arises below the root agent"


def trees_reading(reading: Reading) -> str:
    """What stands in the table of depths."""
    agents, unit = reading.sessions.agents, reading.unit
    said = [f"The root agent of a {unit} starts others, and these may start more."]
    if not math.isnan(agents.mean):
        counts = " · ".join(
            f"{name} {value:,.0f}" for name, value in (("P50", agents.p50), ("P95", agents.p95), ("P99", agents.p99))
        )
        said.append(f"Agents in one {unit}: mean {words.about(agents.mean)} · {counts}.")
    if reading.sessions.repeat_rate > 0:
        said.append(f"A {unit} that is run again after a failure starts a root of its own each time.")
    if held := held_words(reading):
        said.append(f"{held[0].upper()}{held[1:]}.")
    return " ".join(said)


def levels(reading: Reading) -> list[Level]:
    """Agents and cost of a session by depth."""
    shares = words.hundred([level.cost_share for level in reading.sessions.depth], 1)
    return [
        Level("0, the root" if level.depth == 0 else str(level.depth), words.about(level.agents), share)
        for level, share in zip(reading.sessions.depth, shares, strict=True)
    ]


def limit_words(sessions: SessionTally, unit: str) -> str:
    """What the hard limit on calls did; empty where no session met it."""
    cut = sessions.cut_by["limit"]
    if not cut:
        return ""
    who = f"{words.count(cut)} {words.plural(unit, cut)}"
    said = f"{who} passed the hard limit of {MAX_CALLS:,} calls, of models or of tools, and"
    return f"{said} {'was' if cut == 1 else 'were'} cut: {'its' if cut == 1 else 'their'} cost is understated"
