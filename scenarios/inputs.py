"""How well founded a scenario is: inputs measured, cited, stated, and left to a default."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from distributions.blends import Blend
from distributions.compose import Clipped, Truncated
from distributions.data import Data
from distributions.families import Constant
from distributions.law import Law
from scenarios.agents import Agent, Cache, CheckedBy, Context, ModelUse, Retry, Tool
from scenarios.features import Feature, Guardrails
from scenarios.fields import Section
from scenarios.period import Volume
from scenarios.places import NOWHERE, Written
from scenarios.schema import Scenario
from scenarios.walk import Leaf, leaves
from scenarios.words import ASSUMED, DRIVERS, MEASURED

Basis = Literal["measured", "cited", "stated", "assumed"]
"""What the numbers of a law rest on: the user's own data, a `source:` that it names, somebody's word, or nobody's."""

_NO_INPUTS = {"budget", "limits", "period", "plan", "value"}  # what is asked, not what is assumed

# Defaults that move the answer, and where they do.
_ASSUMED: Mapping[tuple[type[Section], str], Callable[[Any], bool]] = {
    (Agent, "cache"): lambda agent: not agent.whole_prompt,
    (Agent, "cached_share"): lambda agent: agent.whole_prompt,
    (Cache, "first_hit_rate"): lambda cache: True,
    (Context, "carry"): lambda context: True,
    (Context, "overflow"): lambda context: True,
    (Retry, "failure_rate"): lambda retry: True,
    (Retry, "quality_share"): lambda retry: bool(retry.failure_rate),
    (Retry, "provider_billed"): lambda retry: bool(retry.failure_rate),
    (Retry, "max_attempts"): lambda retry: bool(retry.failure_rate),
    (Tool, "result_tokens"): lambda tool: True,
    (Tool, "failure_rate"): lambda tool: True,
    (CheckedBy, "max_loops"): lambda check: check.reject_rate > 0,
    (Feature, "success_rate"): lambda feature: True,
    (Guardrails, "depth"): lambda guards: guards.depth is not None,
    (Guardrails, "agents"): lambda guards: guards.agents is not None,
    (Volume, "dispersion"): lambda volume: True,
    (Volume, "weekdays"): lambda volume: True,
}


@dataclass(frozen=True)
class InputCounts:
    """How many inputs rest on what.

    Attributes
    ----------
    measured : int
        Laws that are the user's own data, or that were learnt from them: their `source:` begins with `measured in`.
        Where one of the scenario's `sources` does, the plain numbers of an agent too all of whose laws were learnt;
        and correlations of drivers that both were.
    cited : int
        Laws that name a `source:`, which nobody here has checked.
    stated : int
        Laws and numbers that somebody wrote down.
    default : int
        Assumptions that nobody made: no failures, no cache, all history carried.
    assumed : int
        Laws, and numbers of the volume, whose `source:` says so: nobody knew them, and somebody had to write something.
    """

    measured: int
    cited: int
    stated: int
    default: int
    assumed: int = 0

    @property
    def total(self) -> int:
        """All inputs."""
        return self.measured + self.cited + self.stated + self.default + self.assumed


def count_inputs(scenario: Scenario) -> InputCounts:
    """Count the laws and numbers that a result rests on; budget, plan, limits and value are no inputs.

    Parameters
    ----------
    scenario : Scenario
        As loaded. Every entry of a mapping of numbers counts.
    """
    found = [leaf for leaf in leaves(scenario) if leaf.path[0] not in _NO_INPUTS and not _carried(leaf, scenario)]
    bases = [basis(law) for leaf in found if leaf.stated for _, law in leaf.laws]
    learnt = _learnt_agents(scenario)
    measured = bases.count("measured") + sum(
        _numbers(leaf.value) for leaf in found if _is_learnt(leaf, scenario, learnt)
    )
    cited = bases.count("cited")
    guessed = bases.count("assumed")
    volume = {basis: sum(_volume_numbers(leaf, scenario, basis) for leaf in found) for basis in (MEASURED, ASSUMED)}
    measured, guessed = measured + volume[MEASURED] + _learnt_pairs(scenario), guessed + volume[ASSUMED]
    written = sum(_numbers(leaf.value) for leaf in found if leaf.stated and not _only_a_name(leaf))
    defaults = sum(_assumed(leaf) for leaf in found if not leaf.stated)
    return InputCounts(measured, cited, written - measured - cited - guessed, defaults, guessed)


def assumed_drivers(scenario: Scenario) -> tuple[str, ...]:
    """Drivers of which nobody knows how sure they are, or what they multiply."""
    laws = {name for name, law in scenario.drivers.levels.items() if basis(law) == "assumed"}
    if any(_volume_numbers(leaf, scenario, ASSUMED) for leaf in leaves(scenario)):
        laws.add("volume")
    return tuple(name for name in DRIVERS if name in laws)


def basis(law: Law) -> Basis:
    """What the numbers of a law rest on; a law made of laws is as well founded as the least of its parts."""
    if _from_data(law):
        return "measured"
    if (law.source or "").startswith(ASSUMED):
        return "assumed"
    return "cited" if law.measured else "stated"


def _from_data(law: Law) -> bool:
    if isinstance(law, Data) or (law.source or "").startswith(MEASURED):
        return True
    if isinstance(law, Clipped | Truncated):
        return _from_data(law.law)
    return isinstance(law, Blend) and all(_from_data(piece.law) for piece in law.pieces)


def _learnt_agents(scenario: Scenario) -> set[str]:
    """Agents whose numbers were learnt with their laws: the scenario names a log, and each of these names one."""
    if not any(source.startswith(MEASURED) for source in scenario.sources):
        return set()
    laws = {name: [law for leaf in leaves(agent) for law in _laws(leaf)] for name, agent in scenario.agents.items()}
    return {name for name, drawn in laws.items() if drawn and all(map(_from_data, drawn))}


def _laws(leaf: Leaf) -> list[Law]:
    """The laws that somebody wrote there, plain numbers left out."""
    return [law for _, law in leaf.laws if leaf.stated and not isinstance(law, Constant)]


def _is_learnt(leaf: Leaf, scenario: Scenario, learnt: set[str]) -> bool:
    """Whether a number that is no law comes from a log. How long a cache keeps what it has does not, nor a window."""
    if not leaf.stated or _laws(leaf) or _only_a_name(leaf) or leaf.path[0] not in {"agents", "features"}:
        return False
    if isinstance(leaf.section, Cache | Context) and leaf.name in {"ttl_minutes", "limit"}:
        return False
    if isinstance(leaf.section, Context) and leaf.name == "keep_tokens" and not _seen_cut(leaf.section):
        return False
    name = str(leaf.path[1])
    return (name if leaf.path[0] == "agents" else scenario.features[name].agent) in learnt


def _seen_cut(context: Context) -> bool:
    """Whether a log shows where contexts are cut; if it does not, nobody has seen what is kept of them either."""
    stated: object = context.limit
    laws = stated.values() if isinstance(stated, dict) else [stated]
    return any(isinstance(law, Law) and _from_data(law) for law in laws)


def _learnt_pairs(scenario: Scenario) -> int:
    """Correlations of drivers that both come from a log."""
    levels = scenario.drivers.levels
    return sum(all(_from_data(levels[name]) for name in pair) for pair in scenario.drivers.correlation)


def _volume_numbers(leaf: Leaf, scenario: Scenario, begins: str) -> int:
    """How many plain numbers of the volume a leaf holds, where the source of the volume begins so and speaks of them.

    A number that stands in another file than the source, or on the command line, is somebody else's word.
    """
    source = scenario.volume.source or ""
    if not leaf.stated or leaf.path[0] != "volume" or isinstance(leaf.value, Law) or not source.startswith(begins):
        return 0
    written = scenario.written.get("volume") if scenario.written is not None else None
    places = written.places if isinstance(written, Written) else {}
    elsewhere = places.get(leaf.name, NOWHERE)[0] != places.get("source", NOWHERE)[0]
    return 0 if elsewhere else _numbers(leaf.value)


def _numbers(value: Any) -> int:
    if isinstance(value, dict):
        return sum(_numbers(item) for item in value.values())
    return int(isinstance(value, Law | int | float) and not isinstance(value, bool))


def _carried(leaf: Leaf, scenario: Scenario) -> bool:
    """Whether a leaf says how a conversation is carried on, in an agent of whole prompts."""
    return leaf.path[::2][:2] == ("agents", "context") and scenario.agents[str(leaf.path[1])].whole_prompt


def _only_a_name(leaf: Leaf) -> bool:
    """`model: frontier` is held as a share of 1."""
    return isinstance(leaf.section, ModelUse) and leaf.name == "shares" and len(leaf.value) == 1


def _assumed(leaf: Leaf) -> bool:
    applies = _ASSUMED.get((type(leaf.section), leaf.name))
    return applies is not None and applies(leaf.section)
