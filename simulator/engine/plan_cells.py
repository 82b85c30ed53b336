"""Whom money is charged to: the rows of sums that kernels keep, and the cells of the tally that they become."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from scenarios.complete import reach
from scenarios.schema import CAUSE_COVER
from simulator.engine.layout import CALL_CAUSES, N_CAUSES, SLOT_CAUSES
from simulator.engine.plan_agents import law_of
from simulator.engine.tally import Cell

if TYPE_CHECKING:
    from scenarios.schema import Agent, Feature, Scenario

    Ints = npt.NDArray[np.int64]

SPENT = "spent"
"""Cause of the period to date, which a budget always covers."""

_COVER: dict[str, str] = {str(cause): cover for cause, cover in CAUSE_COVER.items()}


@dataclass(frozen=True)
class Cells:
    """Cells of a scenario's sessions.

    Attributes
    ----------
    pairs : (feature, agent) of each row of sums; a feature has only agents that its sessions may run
    slots : what each place of the sums is charged to, row by row and cause by cause; None where nothing can be
    tools : the same of the tools' sums, one row a pair and tool
    """

    scenario: Scenario
    pairs: tuple[tuple[str, str], ...]
    slots: tuple[Cell | None, ...]
    tools: tuple[Cell, ...]

    @classmethod
    def of(cls, scenario: Scenario) -> Cells:
        """Find them."""
        features = scenario.features.items()
        pairs = tuple((name, agent) for name, feature in features for agent in _team(scenario, feature))
        slots = tuple(_slots(scenario, pairs))
        tools = tuple(Cell(f, a, "tools", tool) for f, a in pairs for tool in scenario.agents[a].tools)
        return cls(scenario, pairs, slots, tools)

    @property
    def charged(self) -> tuple[Cell, ...]:
        """The cells that something may be charged to, in the order of the tally's columns."""
        return (*(cell for cell in self.slots if cell is not None), *self.tools)

    def tables(self) -> dict[str, npt.NDArray[np.int64] | npt.NDArray[np.bool_]]:
        """The tables of whom to charge, by their names in the plan."""
        possible = np.array([cell is not None for cell in self.slots], np.bool_)
        columns = np.where(possible, np.cumsum(possible) - 1, -1).astype(np.int64)
        covers = self.scenario.budget.covers if self.scenario.budget else ()
        covered = np.array([cell is not None and _COVER[cell.cause] in covers for cell in self.slots], np.bool_)
        return {
            "slots": self._table([1] * len(self.pairs)),
            "columns": columns.reshape(-1, N_CAUSES),
            "covered": covered.reshape(-1, N_CAUSES),
            "tool_slots": self._table(self._n_tools()),
            "tool_columns": int(possible.sum()) + np.arange(len(self.tools), dtype=np.int64),
            "tool_covered": np.full(len(self.tools), "tools" in covers),
        }

    def rows_of(self, feature: str) -> tuple[int, int, int, int]:
        """First row of a feature's sums and their number, and the same of its tools' sums."""
        own = [row for row, pair in enumerate(self.pairs) if pair[0] == feature]
        before, n_tools = sum(self._n_tools()[: own[0]]), sum(self._n_tools()[own[0] : own[-1] + 1])
        return own[0], len(own), before, n_tools

    def _n_tools(self) -> list[int]:
        return [len(self.scenario.agents[agent].tools) for _, agent in self.pairs]

    def _table(self, sizes: list[int]) -> Ints:
        """First row of each pair, [F, A], of tables with so many rows a pair; -1 for pairs that are none."""
        features = {name: place for place, name in enumerate(self.scenario.features)}
        agents = {name: place for place, name in enumerate(self.scenario.agents)}
        table, row = np.full((len(features), len(agents)), -1, np.int64), 0
        for (feature, agent), size in zip(self.pairs, sizes, strict=True):
            table[features[feature], agents[agent]] = row
            row += size
        return table


def cover_of(cell: Cell, one_time: set[str]) -> str:
    """The part of a budget that a cell belongs to; SPENT for the period to date."""
    if cell.cause == SPENT:
        return SPENT
    if cell.feature is None:
        return "one_time" if cell.detail in one_time else "fixed"
    return _COVER[cell.cause]


def _team(scenario: Scenario, feature: Feature) -> list[str]:
    """The agents that a session of a feature may run, in the order of the scenario."""
    reached = reach(scenario, feature.agent)
    return [name for name in scenario.agents if name in reached] if len(reached) > 1 else [feature.agent]


def _slots(scenario: Scenario, pairs: tuple[tuple[str, str], ...]) -> Iterator[Cell | None]:
    for feature_name, agent_name in pairs:
        feature, agent = scenario.features[feature_name], scenario.agents[agent_name]
        possible = _call_causes(agent)
        if agent_name == feature.agent:
            possible |= _session_causes(feature)
        for cause in SLOT_CAUSES:
            yield Cell(feature_name, agent_name, cause) if cause in possible else None


def _call_causes(agent: Agent) -> set[str]:
    """The causes that the calls of an agent can be charged with; the others would be columns of zeros."""
    causes = set(CALL_CAUSES) - {"compaction"}
    if agent.prompt_tokens is not None:
        causes -= {"system", "retrieval", "history"}
    if law_of(agent.retrieved_tokens) is None:
        causes.discard("retrieval")
    if law_of(agent.reasoning_tokens) is None:
        causes.discard("reasoning")
    if agent.context.overflow == "compact":
        causes.add("compaction")
    if agent.retry.max_attempts == 1:
        causes.discard("retries")
    return causes


def _session_causes(feature: Feature) -> set[str]:
    causes = set()
    if feature.overheads.per_session or feature.overheads.per_call:
        causes.add("overheads")
    if feature.on_failure is not None and feature.on_failure.handoff is not None:
        causes.add("handoff")
    if feature.human_review is not None:
        causes.add("human_review")
    return causes
