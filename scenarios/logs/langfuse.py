"""Langfuse's observations, as its blob export (`observations_v2`) or its API gives them.

What an observation says, and how it is read
--------------------------------------------
- Those of type GENERATION or EMBEDDING are calls. AGENT observations above them are agent instances; calls without one
  belong to their session's root. TOOL observations are tools of the last call before them in their instance, and where
  there are none, `tool_call_names` of the calls are.
- `session_id` names the session; without one each trace is a session of its own. `trace_name` is the feature.
- `usage_details` has its keys in many spellings. `input` has the cached tokens in it where `total` is reached without
  counting them again, and not where it is reached with them. Where there is no such total, all calls of the model go by
  those that have one, else by what `total_cost` says, else by Langfuse's own reckoning, which prices each key by
  itself.
- A call of level ERROR without an answer is the provider's failure, and not billed, whatever cost Langfuse worked out
  for it; one with an answer failed by quality, and is billed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple, cast

from msgspec import Struct, defstruct
from msgspec.structs import fields

from scenarios.logs.ancestry import with_calling_parents
from scenarios.logs.format import Format, Head, Log
from scenarios.logs.reading import Reading
from scenarios.logs.records import Records, keys_of, seconds
from scenarios.logs.source import Source
from scenarios.logs.table import OK, PROVIDER, QUALITY, Calls, Rows
from scenarios.logs.tokens import APART, INSIDE, UNTOLD, Number, bad_tokens, disjoint
from scenarios.logs.uses import Uses

CALLS = frozenset({"GENERATION", "EMBEDDING"})
DEEPEST = 256
"""Observations between a call and its trace's root; more of them are a ring."""

COLUMNS = (
    "record", "time", "session", "instance", "parent", "agent", "model", "fresh", "cached", "written", "written_1h",
    "readable",
    "output", "reasoning", "cost", "failed", "billed", "feature", "user",
)  # fmt: skip

_INPUT = ("input", "input_tokens", "prompt_tokens", "promptTokens", "inputTokens", "prompt")
_OUTPUT = ("output", "output_tokens", "completion_tokens", "completionTokens", "outputTokens", "completion")
_READ = ("input_cached_tokens", "cache_read_input_tokens", "input_cache_read", "cached_tokens", "cache_read_tokens")
_WRITTEN = ("cache_creation_input_tokens", "input_cache_creation", "input_cache_creation_tokens", "input_cache_write")
_WRITTEN_5M = ("input_cache_creation_5m", "input_cache_creation_5m_tokens")
_WRITTEN_1H = ("input_cache_creation_1h", "input_cache_creation_1h_tokens")
_REASONING = ("output_reasoning_tokens", "output_reasoning", "reasoning_tokens", "reasoning")
_TOTAL = ("total", "total_tokens", "totalTokens")
_SPELT = (_INPUT, _OUTPUT, _READ, _WRITTEN, _WRITTEN_5M, _WRITTEN_1H, _REASONING, _TOTAL)
_PLACES = {name: at for at, names in enumerate(_SPELT) for name in names}


class Observation(Struct):
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
    total_cost: Number = None
    calculated_total_cost: Number = None
    level: str | None = None
    session_id: str | None = None
    user_id: str | None = None
    trace_name: str | None = None
    tool_call_names: list[str] | None = None


_PLACE = ("id", "parent_observation_id", "type", "name")
"""What the tree is made of, and all that its pass over the files decodes."""


class _Above(NamedTuple):
    parent: str | None
    kind: str | None
    name: str | None


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
        """Read all files twice, since what stands above a call may come after it: first the tree, then the calls."""
        self._above: dict[str, _Above] = {}
        self._rows, self._reading, self._seen = Rows(*COLUMNS), log.reading, Counter[str]()
        self._uses, self._parents = Uses("instance"), dict[str, str | None]()
        for source in log.sources:
            unheard = Source(source.path, Reading())
            for _, row, _ in Records(Log([unheard], unheard.reading, type(log.asked)()), _kind(source, _PLACE)):
                if row.type not in CALLS and row.id:
                    self._above[row.id] = _Above(row.parent_observation_id, row.type, row.name)
        self._executed = any(each.kind == "TOOL" for each in self._above.values())
        for source in log.sources:
            for place, row, feature in Records(Log([source], log.reading, log.asked), _kind(source)):
                self._take(place, row, feature)
        _note(log.reading, self._seen)
        calls = disjoint(self._rows.finish(dated=True), log.reading, lambda _: False)
        calls = with_calling_parents(calls, self._parents)
        return self._uses.given_to(calls, log.reading)

    def _take(self, place: str, row: Observation, feature: str) -> None:
        if row.type in CALLS:
            self._call(place, row, feature)
        elif row.type == "TOOL":
            instance, _, _ = self._stands(row)
            failed = row.level == "ERROR"
            self._uses.add(instance, seconds(row.start_time), row.name or "tool", failed)
        else:
            self._reading.ignore(f"observations of type {row.type or '(none)'}")

    def _call(self, place: str, row: Observation, feature: str) -> None:
        usage = row.usage_details or {}
        counts = _counts(usage)
        prompt, output, cached, whole, five, hour, reasoning, total = counts
        written = max(whole, five + hour)
        if bad := bad_tokens(*counts):
            self._reading.skip(bad, place)
            return
        inside, answer = _reconciled(prompt, cached + written, output, reasoning, total)
        failed = OK if row.level != "ERROR" else QUALITY if output else PROVIDER
        session = row.session_id or row.trace_id
        self._seen["without session"] += not row.session_id
        self._seen["without id"] += not row.id
        self._seen["unbilled"] += failed == PROVIDER
        instance, agent, parent = self._stands(row)
        cost = row.total_cost if row.total_cost is not None else row.calculated_total_cost
        at = self._rows.append(
            row.id, seconds(row.start_time), session, instance, parent, agent, row.provided_model_name or row.model,
            prompt,
            cached, written, hour, inside, answer, reasoning, float("nan") if cost is None else float(cost), failed,
            failed != PROVIDER, feature or row.trace_name, row.user_id or None,
        )  # fmt: skip
        if row.tool_call_names and not self._executed:
            for tool in row.tool_call_names:
                self._rows.tool(at, tool)

    def _stands(self, row: Observation) -> tuple[str | None, str | None, str | None]:
        """Instance, kind of agent, and the instance above it."""
        session = row.session_id or row.trace_id
        agents = self._agents(row.parent_observation_id)
        if not agents:
            return session, None, None
        # The topmost agent goes on with its conversation in the next trace of its session.
        instances: list[str | None] = [*(identity for identity, _ in agents[:-1]), f"{session}/{agents[-1][1]}", None]
        self._parents.update(zip(filter(None, instances), instances[1:], strict=True))
        return instances[0], agents[0][1], instances[1]

    def _agents(self, above: str | None) -> list[tuple[str, str | None]]:
        """AGENT observations from here up, the nearest first."""
        agents = []
        for _ in range(DEEPEST):
            found = self._above.get(above) if above else None
            if above is None or found is None:
                break
            if found.kind == "AGENT":
                agents.append((above, found.name))
            above = found.parent
        return agents


def _kind(source: Source, names: tuple[str, ...] = ()) -> type[Observation]:
    """The fields of a file's observations as it spells them, or only those of some names."""
    from scenarios.logs.heads import head_of

    wanted = [(each.name, each.type, None) for each in fields(Observation) if not names or each.name in names]
    rename: Literal["camel"] | None = "camel" if _is_camel(set(keys_of(head_of(source)))) else None
    return cast("type[Observation]", defstruct("Observation", wanted, rename=rename))


def _is_camel(keys: set[str]) -> bool:
    return {"type", "traceId", "startTime", "usageDetails"} <= keys


def _counts(usage: Mapping[str, Number]) -> list[int]:
    """Tokens by what they are, in the order of `_SPELT`; of several spellings the first that counts any."""
    counts = [0] * len(_SPELT)
    for name, count in usage.items():
        if count and name in _PLACES and not counts[at := _PLACES[name]]:
            counts[at] = int(count)
    return counts


def _reconciled(prompt: int, parts: int, output: int, reasoning: int, total: int) -> tuple[int, int]:
    """Whether the prompt has its cached parts inside, and the answer without reasoning, as `total` tells."""
    told = prompt + output
    if not total:
        return UNTOLD, output
    if total == told:
        return INSIDE, max(0, output - reasoning)
    if total == told + parts + reasoning:
        return APART, output
    if total == told + parts:
        return APART, max(0, output - reasoning)
    return (INSIDE, output) if total == told + reasoning else (UNTOLD, output)


def _note(reading: Reading, seen: Counter[str]) -> None:
    said = {
        "without session": "{:,} calls have no session_id: each trace of theirs is taken for a session.",
        "without id": "{:,} calls have no id: were they there twice, it would not be seen.",
        "unbilled": "{:,} calls of level ERROR have no answer: the provider failed them and bills nothing, "
        "whatever cost "
        "Langfuse worked out.",
    }
    reading.notes.extend(text.format(seen[key]) for key, text in said.items() if seen[key])
