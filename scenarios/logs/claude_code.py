"""Claude Code's transcripts: JSON lines, a file a session, and a file each of its sub-agents.

What a line says, and how it is read
------------------------------------
- An answer is several lines, one a block, with the same `message.id` and `requestId` and a growing count of output
  tokens: they are one call, as large as the largest of them, at the time of the first.
- Resumed and forked sessions, and some sub-agents, begin with a copy of another's history. A request belongs to the
  session that made it; copies are counted as replayed.
- `input_tokens` is without what was read from the cache or written to it.
- Each failed attempt is a line of the kind `api_error`: a call that the provider failed and did not bill, with the
  prompt of the call that follows. What people are then shown (`isApiErrorMessage`, `<synthetic>`) is no call.
- What another model was asked for by the way (`usage.iterations`) is a call of its own, by an agent called advisor.
- The log does not count tokens of a tool's result: they are taken as its bytes of text over four.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import isnan
from typing import NamedTuple

import msgspec
from msgspec import Raw

from scenarios.logs.claude_lines import LINE, META, SPAWN, SPAWNED, Block, Iteration, Line, Message, tokens_of, type_of
from scenarios.logs.codes import NONE
from scenarios.logs.format import Format, Head, Log
from scenarios.logs.histories import Histories
from scenarios.logs.records import seconds
from scenarios.logs.select import Picker
from scenarios.logs.sizes import BYTES_A_TOKEN, size_of
from scenarios.logs.source import Source
from scenarios.logs.table import OK, PROVIDER, Calls
from scenarios.logs.tokens import bad_tokens

SYNTHETIC = "<synthetic>"
"""Model of messages that no model wrote."""

_NAN = float("nan")
_TOOLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
_SPAWNS = frozenset({"Task", "Agent"})
_OWN_KIND = re.compile(r"a([a-z_]+)-[0-9a-f]+$")
_COMPACT = "compact"
_ADVISED = "advisor_message"


class _Who(NamedTuple):
    """Whose line it is: codes of session, instance, its parent and its kind; whether it is a sub-agent or compacts."""

    session: int
    instance: int
    parent: int
    agent: int
    child: bool
    summary: bool
    name: str


NOTES = {
    "estimated": "the log does not count the tokens of tools' results: of {:,} results they are estimated as bytes of "
    f"text over {BYTES_A_TOKEN}",
    "timeless": "{:,} calls have no time",
    "nameless": "{:,} records have neither a message id nor a request id: were they there twice, it would not be seen",
    "unlogged": "{:,} compactions of a context have no call in the log: what they cost is not in it",
    "unfollowed": "{:,} failed attempts were given up: no call follows that would say how long their prompts were",
}


class ClaudeCode(Format):
    """Transcripts of Claude Code."""

    name = "claude-code"
    title = "Claude Code transcripts"
    needs = (
        "JSON lines with type, sessionId, uuid, timestamp and, in those of the type assistant, message and requestId"
    )

    @classmethod
    def recognises(cls, head: Head) -> bool:
        """Whether a line has a session and a place in its chain of messages."""
        return head.kind == "json" and any({"sessionId", "uuid", "type"} <= set(record) for record in head.records)

    def read(self, log: Log) -> Calls:
        """Read all files into one table."""
        reader = _Reader(log)
        for source in _in_order(log.sources):
            if source.path.name.endswith(".meta.json"):
                reader.read_kind(source)
            elif ".json" in source.path.suffixes[-2:] and not source.path.name.endswith(".jsonl"):
                log.reading.ignore("files beside the transcripts")
            else:
                reader.read(source)
        return reader.finish()


def _in_order(sources: Sequence[Source]) -> list[Source]:
    """Sources in the order in which one explains the next: kinds of sub-agents, sessions, sub-agents."""
    rank = {source: source.path.name.startswith("agent-") for source in sources}
    return sorted(sources, key=lambda source: (not source.path.name.endswith(".meta.json"), rank[source]))


class _Reader:
    """Goes through the lines of all files.

    State between lines: whose context was compacted, which attempts wait for their call, which uses of tools started
    sub-agents, and of what kind these are.
    """

    def __init__(self, log: Log) -> None:
        self._reading, self._picker = log.reading, Picker(log.asked)
        self._calls, self._seen = Histories(), Counter[str]()
        self._others = Counter[str]()
        self._known: dict[tuple[str | None, str | None, bool | None], _Who] = {}
        self._kinds: dict[str, str] = {}
        self._spawns: dict[str, str] = {}
        self._compacted: set[int] = set()
        self._boundaries: set[str | None] = set()
        self._failed: dict[int, list[int]] = {}
        self._models: dict[tuple[str | None, str | None, str | None], tuple[int, int]] = {}

    def read_kind(self, source: Source) -> None:
        """Read the kind of a sub-agent, which stands in a file beside its log."""
        try:
            kind = META.decode(source.head()).kind
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self._reading.skip("the kind of a sub-agent can't be read", source.path.name)
            return
        if kind:
            self._kinds[source.path.name.removeprefix("agent-").removesuffix(".meta.json")] = kind

    def read(self, source: Source) -> None:
        """Read a file."""
        self._source, self._rows = source, dict[int, int]()
        self._chain = dict[str, _Who]()
        decode, others = LINE.decode, self._others
        for number, text in source.lines():
            try:
                line = decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self._skip(error, text, number)
                continue
            if line.type == "assistant":
                self._answer(line, text, number)
            elif line.type == "user":
                self._user(line)
            elif line.type == "system":
                self._system(line, text)
            else:
                others[line.type or ""] += 1

    def finish(self) -> Calls:
        """Make the table, and say what else was seen."""
        for kind, n in self._others.items():
            self._reading.ignore(f"lines of the type {kind}" if kind else "lines without a type", n)
        calls = self._calls.finish(self._reading)
        self._seen["unfollowed"] += sum(map(len, self._failed.values()))
        self._seen["unlogged"] = max(0, len(self._boundaries) - int(calls["summary"].sum()))
        self._seen["estimated"] = int((calls.tools["result_tokens"] != NONE).sum())
        self._reading.notes += [said.format(self._seen[key]) for key, said in NOTES.items() if self._seen[key]]
        return calls

    def _skip(self, error: Exception, text: bytes, number: int) -> None:
        place = self._source.place(number)
        if not isinstance(error, msgspec.ValidationError):
            self._reading.skip("a line is no JSON", place)
        elif (kind := type_of(text)) in {"", "assistant", "user", "system"}:
            self._reading.skip(f"a line is not as Claude Code writes it: {error}", place)
        else:
            self._others[kind] += 1

    def _answer(self, line: Line, text: bytes, number: int) -> None:
        message = line.message
        if message is None or message.usage is None or message.model == SYNTHETIC or line.api_error:
            self._no_call(line)
            return
        usage = message.usage
        tokens = tokens_of(usage)
        if bad := bad_tokens(*tokens):
            self._reading.skip(bad, self._source.place(number))
            return
        who = self._who(line)
        name = message.id or line.request
        own = hash((name, line.request, who.instance))
        row = self._rows.get(own) if name else None
        if row is None:
            wanted, feature = self._picker.pick(text) if self._picker.asked else (True, "")
            if not wanted:
                return
            row = self._new(line, message, who, tokens, feature)
            if name:
                self._rows[own] = row
            else:
                self._seen["nameless"] += 1
        else:
            self._calls.lines[row] += 1
            self._enlarge(row, tokens, line.cost)
        if usage.iterations and name:
            self._advice(line, usage.iterations, row, name, who.name)
        if message.content.__class__ is list:
            for block in message.content:
                if block.type in _TOOLS and block.name:
                    self._tool(row, block)

    def _new(self, line: Line, message: Message, who: _Who, tokens: tuple[int, ...], feature: str) -> int:
        """Add a call; attempts that failed before it are of the same prompt."""
        usage, name = message.usage, message.id or line.request
        assert usage is not None
        key = message.model, usage.service_tier, usage.speed
        model, tier = self._models.get(key) or self._model(key)
        compacted = who.instance in self._compacted
        if compacted:
            self._compacted.discard(who.instance)
        failed = self._failed.pop(who.instance, None) if self._failed else None
        attempt = 1
        if failed:
            attempt = self._calls.columns["attempt"][failed[-1]] + 1
            for row in failed:
                self._calls.columns["model"][row] = model
                self._calls.columns["fresh"][row] = sum(tokens[:3])
        cost = _NAN if line.cost is None else line.cost
        return self._calls.append(
            who.session, who.instance, who.parent, who.agent, NONE, model, tier, self._calls.code("feature", feature),
            self._time(line), *tokens, 0, cost, attempt, OK, True, who.summary, compacted,
            hash((name, line.request)) if name else 0, hash(message.id) if message.id else 0, who.child,
            len(line.forked) > 0,
        )  # fmt: skip

    def _advice(self, line: Line, iterations: Sequence[Iteration], row: int, name: str, asker: str) -> None:
        """Add the calls of another model that an answer asked for advice; the answer's own counts are without them."""
        columns, code = self._calls.columns, self._calls.code
        for i, each in enumerate(iterations):
            own = hash((name, line.request, columns["instance"][row], i))
            if each.type != _ADVISED or own in self._rows:
                continue
            tokens = tokens_of(each)
            if bad_tokens(*tokens):
                self._reading.ignore("advice with counts that can't be used")
                continue
            model, tier = self._model((each.model, each.service_tier, each.speed))
            self._rows[own] = self._calls.append(
                columns["session"][row], code("instance", f"{asker}/advisor"), columns["instance"][row],
                code("agent", "advisor"), NONE, model, tier, columns["feature"][row], columns["time"][row], *tokens, 0,
                _NAN, 1, OK, True, False, False, hash((name, line.request, i)), hash((name, i)), columns["child"][row],
                columns["copied"][row],
            )  # fmt: skip

    def _enlarge(self, row: int, tokens: tuple[int, ...], cost: float | None) -> None:
        columns = self._calls.columns
        if tokens[4] > columns["output"][row]:
            columns["cost"][row] = _NAN if cost is None else cost
            for name, count in zip(("fresh", "cached", "written", "written_1h", "output"), tokens, strict=True):
                columns[name][row] = count

    def _model(self, key: tuple[str | None, str | None, str | None]) -> tuple[int, int]:
        model, tier, speed = key
        if tier in {"standard", "default"}:
            tier = None
        if speed and speed != "standard":
            tier = speed
        codes = self._calls.code("model", model), self._calls.code("tier", tier)
        self._models[key] = codes
        return codes

    def _time(self, line: Line) -> float:
        time = seconds(line.timestamp)
        self._seen["timeless"] += isnan(time)
        return time

    def _no_call(self, line: Line) -> None:
        """Pass over what no model wrote. Attempts that failed before it were the last of their turn."""
        self._others["assistant (no model wrote it)"] += 1
        if self._failed:
            self._seen["unfollowed"] += len(self._failed.pop(self._who(line).instance, ()))

    def _tool(self, row: int, block: Block) -> None:
        self._calls.rows.tool(row, block.name or "", use=block.id or "")
        if block.name in _SPAWNS and block.id:
            try:
                kind = SPAWN.decode(block.input).subagent_type
            except msgspec.DecodeError:
                return
            self._spawns[block.id] = kind or ""

    def _user(self, line: Line) -> None:
        self._others["user"] += 1
        if line.summary:
            self._compacted.add(self._who(line).instance)
        content = line.message.content if line.message else None
        if content.__class__ is not list:
            if line.sidechain and not line.agent:
                self._who(line)
            return
        for block in content:
            use = block.tool_use_id
            if block.type == "tool_result" and use:
                tokens = size_of(block.content)
                self._calls.rows.result(use, tokens, bool(block.is_error))
                if use in self._spawns:
                    self._learn(self._spawns[use], line.result)
        if line.sidechain and not line.agent:
            self._who(line)

    def _learn(self, kind: str, result: Raw) -> None:
        """Learn of what kind a sub-agent is from the use of the tool that started it."""
        try:
            agent = SPAWNED.decode(result).agent if len(result) else None
        except msgspec.DecodeError:
            return
        if agent and kind:
            self._kinds.setdefault(agent, kind)

    def _system(self, line: Line, text: bytes) -> None:
        if line.subtype == "compact_boundary":
            self._compacted.add(self._who(line).instance)
            self._boundaries.add(line.uuid or line.timestamp)
        elif line.subtype == "api_error":
            self._attempt(line, text)
            return
        self._others["system"] += 1

    def _attempt(self, line: Line, text: bytes) -> None:
        wanted, feature = self._picker.pick(text) if self._picker.asked else (True, "")
        if not wanted:
            return
        who = self._who(line)
        before = self._failed.setdefault(who.instance, [])
        attempt = line.attempt or (self._calls.columns["attempt"][before[-1]] + 1 if before else 1)
        name = hash(("attempt", line.uuid or (line.timestamp, line.agent, line.attempt)))
        before.append(self._calls.append(
            who.session, who.instance, who.parent, who.agent, NONE, NONE, NONE, self._calls.code("feature", feature),
            self._time(line), 0, 0, 0, 0, 0, 0, _NAN, min(max(attempt, 1), 30_000), PROVIDER, False, who.summary,
            False, name, 0, who.child, len(line.forked) > 0,
        ))  # fmt: skip

    def _who(self, line: Line) -> _Who:
        """Whose line it is. Old logs have sub-agents in the session's file, without names: chains tell them apart."""
        if line.sidechain and not line.agent:
            return self._link(line)
        key = line.session, line.agent, line.sidechain
        return self._known.get(key) or self._named(*key)

    def _link(self, line: Line) -> _Who:
        before = self._chain.get(line.parent or "")
        if before is None:
            named = (line.uuid or "sidechain")[:8]
            key = line.session, named, True
            before = self._known.get(key) or self._named(*key)
        if line.uuid:
            self._chain[line.uuid] = before
        return before

    def _named(self, session: str | None, agent: str | None, sidechain: bool | None) -> _Who:
        root = session or self._source.path.name.split(".")[0]
        code = self._calls.code
        if agent:
            own = _OWN_KIND.match(agent)
            kind = self._kinds.get(agent) or (own.group(1) if own else "subagent")
            who = _Who(
                code("session", root), code("instance", f"{root}/{agent}"), code("parent", root), code("agent", kind),
                True, kind == _COMPACT, f"{root}/{agent}",
            )  # fmt: skip
        else:
            who = _Who(code("session", root), code("instance", root), NONE, code("agent", "main"), False, False, root)
        self._known[session, agent, sidechain] = who
        return who
