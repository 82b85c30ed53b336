"""Langfuse's observations, as its blob export (`observations_v2`) or its API gives them.

What an observation says, and how it is read
--------------------------------------------
- Those of type GENERATION or EMBEDDING are calls. AGENT observations above them are agent instances; calls without one
  belong to their session's root. TOOL observations are tools of the last call before them in their instance, and where
  there are none, `tool_call_names` of the calls are.
- `session_id` names the session of its trace; a trace without one is a session of its own. `trace_name` is the
  feature.
- `usage_details` tells the tokens (langfuse_usage.py). Where it does not tell whether a prompt has its cached part in
  it, all calls of the model go by those that do, else by what `total_cost` says, else by Langfuse's own reckoning,
  which prices each key by itself.
- A call of level ERROR without an answer is the provider's failure, and not billed, whatever cost Langfuse worked out
  for it; one with an answer failed by quality, and is billed.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, ClassVar, Literal, cast

import numpy as np
from msgspec import Struct, defstruct
from msgspec.structs import fields
from numpy.typing import NDArray

from scenarios.logs.ancestry import with_calling_parents
from scenarios.logs.costs import cost_told
from scenarios.logs.format import Format, Head, Log
from scenarios.logs.langfuse_usage import usage_of
from scenarios.logs.observations import AGENT, CALL, OTHER, TOOL, Observations, Placed
from scenarios.logs.reading import Reading
from scenarios.logs.records import Records, dated, keys_of, seconds
from scenarios.logs.source import Source
from scenarios.logs.table import OK, PROVIDER, QUALITY, Calls, Rows
from scenarios.logs.tokens import UNCOUNTED, Number, disjoint
from scenarios.logs.uses import Uses

_KINDS = {"GENERATION": CALL, "EMBEDDING": CALL, "AGENT": AGENT, "TOOL": TOOL}
_BATCH = 1 << 10
"""Observations that are taken together: few enough to stay in a processor's cache."""


class Observation(Struct, gc=False):
    """An observation without input, output, metadata and messages."""

    id: str | None = None
    trace_id: str | None = None
    parent_observation_id: str | None = None
    type: str | None = None
    name: str | None = None
    start_time: str | float | None = None
    provided_model_name: str | None = None
    model: str | None = None
    usage_details: dict[str, Number] | None = None
    total_cost: Any = None
    calculated_total_cost: Any = None
    level: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    trace_name: str | None = None
    tool_call_names: list[str] | None = None


class Langfuse(Format):
    """Observations of Langfuse."""

    name: ClassVar[str] = "langfuse"
    title: ClassVar[str] = "Langfuse observations"
    needs: ClassVar[str] = (
        "fields type, trace_id, start_time and usage_details (or traceId, startTime and usageDetails)"
    )

    @classmethod
    def recognises(cls, head: Head) -> bool:
        """Whether observations have what no other log has together."""
        keys = set(keys_of(head))
        return {"type", "trace_id", "start_time", "usage_details"} <= keys or _is_camel(keys)

    def read(self, log: Log) -> Calls:
        """Read all observations, then place them in their trees: what stands above a call may come after it."""
        self._rows, self._reading, self._seen = Rows(), log.reading, Counter[str]()
        self._all, self._executed = Observations(), False
        self._by_trace = not log.asked.feature_from
        self._uses, self._called = list[tuple[float, str, bool]](), list[tuple[int, str]]()
        self._waiting: list[tuple[Observation, str, str | None]] = []
        for source in log.sources:
            for place, row, feature in Records(Log([source], log.reading, log.asked), _kind(source), self._leave_out):
                self._waiting.append((row, place, feature))
                if len(self._waiting) >= _BATCH:
                    self._flush()
        self._flush()
        placed = self._all.placed()
        calls = disjoint(self._table(placed), log.reading, lambda _: False)
        _note(log.reading, self._seen)
        return self._used(placed).given_to(with_calling_parents(calls, placed.parents), log.reading)

    def _leave_out(self, row: Observation) -> None:
        """Keep what is not wanted for the tree only."""
        self._waiting.append((row, "", None))

    def _flush(self) -> None:
        """Take the observations that wait, column by column."""
        if not self._waiting:
            return
        rows, places, features = zip(*self._waiting, strict=True)
        self._waiting = []
        kinds = np.fromiter((_KINDS.get(row.type, OTHER) for row in rows), np.int8)
        self._executed |= bool((kinds == TOOL).any())
        wanted = np.fromiter((feature is not None for feature in features), bool)
        kinds[~wanted & (kinds != AGENT)] = OTHER
        others = Counter(rows[i].type for i in np.flatnonzero(wanted & (kinds != CALL) & (kinds != TOOL)).tolist())
        for kind, n in others.items():
            self._reading.ignore(f"observations of type {kind or '(none)'}", n)
        for i in np.flatnonzero(kinds == TOOL).tolist():
            row = rows[i]
            self._uses.append((seconds(row.start_time), sys.intern(row.name or "tool"), row.level == "ERROR"))
        at = np.flatnonzero(kinds == CALL)
        kinds[at] = np.where(self._add([(rows[i], places[i], features[i]) for i in at.tolist()]), CALL, OTHER)
        self._all.extend(kinds, rows)

    def _add(self, calls: Sequence[tuple[Observation, str, str | None]]) -> NDArray[np.bool_]:
        """Add calls. Returns which of them can be used."""
        usage = usage_of([row.usage_details for row, *_ in calls])
        failing = np.array([row.level == "ERROR" for row, *_ in calls], bool)
        wrong = {**usage.wrong, **dict.fromkeys(np.flatnonzero(usage.silent & ~failing).tolist(), UNCOUNTED)}
        for at, why in wrong.items():
            self._reading.skip(why, calls[at][1])
        good = np.array([at not in wrong for at in range(len(calls))], bool)
        rows, _, features = (
            zip(*(calls[at] for at in np.flatnonzero(good).tolist()), strict=True) if good.any() else ((), (), ())
        )
        counts = {name: values[good] for name, values in usage.columns.items()}
        failed = np.where(failing[good], np.where(usage.answered[good], QUALITY, PROVIDER), OK)
        self._seen["without id"] += sum(not row.id for row in rows)
        self._seen["unbilled"] += int((failed == PROVIDER).sum())
        first = self._rows.extend(
            record=[row.id for row in rows],
            time=[dated(row.start_time, self._reading) for row in rows],
            model=[row.provided_model_name or row.model for row in rows],
            cost=[_cost(row) for row in rows],
            failed=failed,
            billed=failed != PROVIDER,
            feature=[row.trace_name for row in rows] if self._by_trace else features,
            user=[row.user_id for row in rows],
            **counts,
        )
        self._called += [
            (first + i, sys.intern(tool)) for i, row in enumerate(rows) for tool in row.tool_call_names or ()
        ]
        return good

    def _table(self, placed: Placed) -> Calls:
        session, instance, agent, parent = placed.of(CALL)
        self._seen["without session"] = int((~placed.told & (placed.kind == CALL)).sum())
        self._rows.fill(session=session, instance=instance, agent=agent, parent=parent)
        if not self._executed:
            for at, tool in self._called:
                self._rows.tool(at, tool)
        return self._rows.finish(dated=True)

    def _used(self, placed: Placed) -> Uses:
        uses = Uses("instance")
        for instance, use in zip(placed.of(TOOL)[1].tolist(), self._uses, strict=True):
            uses.add(instance, *use)
        return uses


def _kind(source: Source) -> type[Observation]:
    """The fields of a file's observations as it spells them."""
    from scenarios.logs.heads import head_of

    wanted = [(each.name, each.type, None) for each in fields(Observation)]
    rename: Literal["camel"] | None = "camel" if _is_camel(set(keys_of(head_of(source)))) else None
    return cast("type[Observation]", defstruct("Observation", wanted, rename=rename))


def _is_camel(keys: set[str]) -> bool:
    return {"type", "traceId", "startTime", "usageDetails"} <= keys


def _cost(row: Observation) -> float:
    return cost_told(row.total_cost if row.total_cost is not None else row.calculated_total_cost)


def _note(reading: Reading, seen: Counter[str]) -> None:
    said = {
        "without session": "{:,} calls have no session_id: each trace of theirs is taken for a session.",
        "without id": "{:,} calls have no id: were they there twice, it would not be seen.",
        "unbilled": "{:,} calls of level ERROR have no answer: the provider failed them and bills nothing, "
        "whatever cost "
        "Langfuse worked out.",
    }
    reading.notes.extend(text.format(seen[key]) for key, text in said.items() if seen[key])
