"""Codex's rollouts: JSON lines, a file a thread; a sub-agent is a thread of its own, and so is a fork.

What a line says, and how it is read
------------------------------------
- `token_count` comes when an answer is complete, with the counts of that answer and the sum of all so far. The same sum
  again is the same answer again; counts of nothing are estimates after a compaction. Newer versions write a
  `token_usage_record` for each answer, of which a `token_count` may be the mirror.
- `input_tokens` holds what was cached, and `output_tokens` what was reasoned where the total is the sum of the two.
- Threads that were forked or spawned may begin with a copy of their parent's lines, often with new times. What the
  parent has too is its own; of a parent that is not in the log, what is older than the thread or came within its first
  second.
- Tools stand before the counts of the answer that asked for them. Their results are not counted in tokens: they are
  taken as bytes of text over four.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isnan

import msgspec
import numpy as np
from numpy.typing import NDArray

from scenarios.logs.codex_lines import (
    LINE,
    Line,
    Payload,
    Tokens,
    Usage,
    kind_of,
    result_of,
    since,
    spawned_by,
    tokens_of,
)
from scenarios.logs.format import Format, Head, Log
from scenarios.logs.histories import Histories
from scenarios.logs.select import Picker
from scenarios.logs.sizes import BYTES_A_TOKEN
from scenarios.logs.source import Source
from scenarios.logs.table import NONE, OK, Calls
from scenarios.logs.tokens import bad_tokens

SOONEST_SECONDS = 1.0
"""No answer is complete so soon after its thread began."""

_RECORD = "token_usage_record"
_NAN = float("nan")
_TYPES = frozenset({"session_meta", "turn_context", "event_msg", "response_item", "compacted", "token_usage_record"})
_USES = {
    "function_call": "",
    "custom_tool_call": "",
    "mcp_tool_call": "",
    "local_shell_call": "local_shell",
    "web_search_call": "web_search",
}
_RESULTS = frozenset({"function_call_output", "custom_tool_call_output", "mcp_tool_call_output"})
_COUNTS = frozenset({"token_count", "thread_settings_applied"})
_TIERS = {"default": "", "standard": "", "auto": "", "fast": "priority"}

NOTES = {
    "estimated": "the log does not count the tokens of tools' results: of {:,} results they are estimated as bytes of "
    f"text over {BYTES_A_TOKEN}",
    "timeless": "{:,} calls have no time",
    "unlogged": "{:,} compactions of a context have no call in the log: what they cost is not in it",
    "orphaned": "{:,} copied records are of threads that are not in the log: they are left out",
    "unsummed": "{:,} records have no sum of all so far: were they there twice, it would not be seen",
}


@dataclass
class _Use:
    """A tool that was asked for by an answer whose counts are still to come."""

    name: str
    id: str
    tokens: int = NONE
    failed: bool = False


@dataclass
class _Thread:
    """A file, as far as it was read.

    Attributes
    ----------
    name, parent, origin, kind : of the thread, of the one that spawned it and of the one that it was forked from, and
        what kind of agent it is
    begun : time at which it began
    first_own : ordinal of its first line that is not a copy; None where lines have none
    wanted, feature, fields : what was asked of the log, and the fields that tell it
    rows, marks : of its records, and for each what is the same in a copy
    total, last_row, single : sum so far, the row of the latest answer if nothing came after it, and the kind and counts
        of its record until there are two
    """

    name: str
    parent: str | None = None
    origin: str | None = None
    kind: str = "main"
    begun: float = _NAN
    first_own: int | None = None
    told: bool = False
    provider: str | None = None
    model: str | None = None
    tier: str | None = None
    wanted: bool = True
    feature: str = ""
    fields: dict[str, msgspec.Raw] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)
    marks: list[int] = field(default_factory=list)
    uses: dict[str, _Use] = field(default_factory=dict)
    total: Usage | None = None
    last_row: int = NONE
    single: tuple[str, Tokens] | None = None
    compacted: bool = False


class Codex(Format):
    """Rollouts of Codex."""

    name = "codex"
    title = "Codex rollouts"
    needs = "JSON lines with timestamp, type (session_meta, turn_context, event_msg, response_item) and payload"

    @classmethod
    def recognises(cls, head: Head) -> bool:
        """Whether a line is of a type that only rollouts have."""
        return head.kind == "json" and any(
            "payload" in record and record.get("type") in _TYPES for record in head.records
        )

    def read(self, log: Log) -> Calls:
        """Read all files into one table."""
        reader = _Reader(log)
        for source in log.sources:
            reader.read(source)
        return reader.finish()


class _Reader:
    """Goes through the lines of all files; which of them were copied is settled when all are read."""

    def __init__(self, log: Log) -> None:
        self._reading, self._picker = log.reading, Picker(log.asked)
        self._calls, self._seen, self._others = Histories(), Counter[str](), Counter[str]()
        self._threads: list[_Thread] = []
        self._responses: dict[int, int] = {}

    def read(self, source: Source) -> None:
        """Read a file."""
        self._source, self._thread = source, _Thread(source.path.name.split(".")[0])
        self._threads.append(self._thread)
        for number, text in source.lines():
            try:
                line = LINE.decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self._skip(error, text, number)
                continue
            if line.payload is None or line.type not in _TYPES:
                self._others[f"lines of the type {line.type}" if line.type else "lines without a type"] += 1
            elif not self._counted(line, line.payload, number):
                self._before, self._thread.last_row = self._thread.last_row, NONE
                self._other(line, line.payload, text)
        self._end()

    def _skip(self, error: Exception, text: bytes, number: int) -> None:
        place = self._source.place(number)
        if not isinstance(error, msgspec.ValidationError):
            self._reading.skip("a line is no JSON", place)
            return
        kind, said = kind_of(text)
        if kind == "event_msg" and said not in _COUNTS:
            self._others["event_msg"] += 1
        elif kind == "response_item" and said not in _USES and said not in _RESULTS:
            self._others["response_item"] += 1
        elif kind and kind not in _TYPES:
            self._others[f"lines of the type {kind}"] += 1
        else:
            self._reading.skip(f"a line is not as Codex writes it: {error}", place)

    def _counted(self, line: Line, said: Payload, number: int) -> bool:
        """Take counts of an answer. Returns whether a line has such counts."""
        thread = self._thread
        if line.type == _RECORD and said.usage is not None:
            self._answer(line, said.usage, number, hash(("response", said.response_id)) if said.response_id else 0)
            return True
        if line.type != "event_msg" or said.type != "token_count":
            return False
        total = said.info and said.info.total_token_usage
        last = (said.info and said.info.last_token_usage) or (total and since(total, thread.total))
        if not last or not (last.input_tokens or last.output_tokens):
            self._others["counts of no answer"] += 1
        elif total and total == thread.total:
            self._again(thread)
        else:
            mark = hash((msgspec.structs.astuple(total), msgspec.structs.astuple(last))) if total else 0
            self._seen["unsummed"] += not total
            self._answer(line, last, number, mark)
            thread.total = total or thread.total
        return True

    def _again(self, thread: _Thread) -> None:
        """Count a record of an answer that is known."""
        if thread.rows:
            self._calls.lines[thread.rows[-1]] += 1

    def _answer(self, line: Line, usage: Usage, number: int, mark: int) -> None:
        """Add a call, unless the record before was of the same."""
        thread, tokens, kind = self._thread, tokens_of(usage), line.type or ""
        if bad := bad_tokens(*tokens):
            self._reading.skip(bad, self._source.place(number))
        elif not thread.wanted:
            thread.uses.clear()
        elif thread.single is not None and thread.single[0] != kind and thread.single[1] == tokens:
            self._pair(kind, mark)
        else:
            own = mark if kind == _RECORD else mark and hash((thread.name, mark))
            row = self._add(line, tokens, own)
            thread.rows.append(row)
            thread.marks.append(mark)
            thread.last_row, thread.single = row, (kind, tokens)
            if kind == _RECORD:
                self._responses.setdefault(mark, row)
            self._give_uses(row)

    def _pair(self, kind: str, mark: int) -> None:
        """Take a second record of the latest answer, of the other kind: identified by its response, known by counts."""
        thread = self._thread
        thread.single, row = None, thread.rows[-1]
        self._calls.lines[row] += 1
        if kind == _RECORD:
            self._calls.columns["record"][row] = mark
            self._responses.setdefault(mark, row)
        else:
            thread.marks[-1] = mark or thread.marks[-1]

    def _add(self, line: Line, tokens: Tokens, record: int) -> int:
        thread, code = self._thread, self._calls.code
        time, compacted = self._time(line.timestamp), thread.compacted
        self._seen["timeless"] += isnan(time)
        thread.compacted = False
        return self._calls.append(
            code("session", thread.name), code("instance", thread.name), code("parent", thread.parent),
            code("agent", thread.kind), code("provider", thread.provider), code("model", thread.model),
            code("tier", thread.tier), code("feature", thread.feature), time, *tokens[:3], 0, *tokens[3:], _NAN, 1, OK,
            True, thread.kind == "compact", compacted, record, 0, thread.parent is not None, self._copied(line, time),
        )  # fmt: skip

    def _copied(self, line: Line, time: float) -> bool:
        """Whether a record says itself that it is of another thread."""
        thread, whose = self._thread, line.payload.thread_id if line.payload and line.type == _RECORD else None
        if whose:
            return whose != thread.name
        if thread.first_own is not None and line.ordinal is not None:
            return line.ordinal < thread.first_own
        return time < thread.begun

    def _give_uses(self, row: int) -> None:
        for use in self._thread.uses.values():
            self._calls.rows.tool(row, use.name, use.tokens, use.failed, use.id)
        self._thread.uses.clear()

    def _time(self, text: str | None) -> float:
        try:
            time = datetime.fromisoformat(text or "")
        except ValueError:
            return _NAN
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()

    def _other(self, line: Line, said: Payload, text: bytes) -> None:
        """Take what a line says of calls to come, or of tools."""
        if line.type == "session_meta":
            self._begin(said, text)
        elif line.type == "turn_context":
            self._set(said.model, said.service_tier)
            self._pick(text)
        elif line.type == "response_item":
            self._item(said)
        elif line.type == "compacted":
            self._compact(said)
        elif said.type == "thread_settings_applied":
            told = said.thread_settings
            self._set(told.model if told else said.model, told.service_tier if told else said.service_tier)
        else:
            self._others[line.type or ""] += 1

    def _begin(self, said: Payload, text: bytes) -> None:
        """Learn whose the file is; what copies say of their own beginning is not heard."""
        thread = self._thread
        if thread.told:
            self._others["copied beginnings of other threads"] += 1
            return
        thread.told, thread.name = True, said.id or thread.name
        thread.origin, thread.begun = said.forked_from_id, self._time(said.timestamp)
        thread.first_own, thread.provider = said.first_own, said.model_provider
        thread.parent, kind = spawned_by(said)
        thread.kind = kind or "main"
        if not (thread.parent or thread.origin):
            thread.begun, thread.first_own = _NAN, None
        self._set(said.model, said.service_tier)
        self._pick(text)

    def _set(self, model: str | None, tier: str | None) -> None:
        if model:
            self._thread.model = model
        if tier:
            tier = tier.strip().lower()
            self._thread.tier = _TIERS.get(tier, tier)

    def _pick(self, text: bytes) -> None:
        """Hold the fields of the thread and of its turn against what was asked for."""
        if self._picker.asked:
            fields = msgspec.json.decode(text, type=dict[str, msgspec.Raw])["payload"]
            self._thread.fields |= msgspec.json.decode(fields, type=dict[str, msgspec.Raw])
            self._thread.wanted, self._thread.feature = self._picker.pick(msgspec.json.encode(self._thread.fields))

    def _item(self, said: Payload) -> None:
        thread = self._thread
        if said.type in _USES:
            name, key = said.name or _USES[said.type], said.call_id or said.id or ""
            thread.uses[key or f"nameless {len(thread.uses)}"] = _Use(name or "tool", key)
        elif said.type in _RESULTS and said.call_id and len(said.output):
            tokens, failed = result_of(said.output)
            use = thread.uses.get(said.call_id)
            if use is not None:
                use.tokens, use.failed = tokens, failed
            else:
                self._calls.rows.result(said.call_id, tokens, failed)
        else:
            self._others["response_item"] += 1

    def _compact(self, said: Payload) -> None:
        """Mark the next call, and the one that wrote the summary where the log has it."""
        thread = self._thread
        thread.compacted = True
        row = self._responses.get(hash(("response", said.compaction_response_id)), NONE)
        row = self._before if row == NONE else row
        if row == NONE:
            self._seen["unlogged"] += 1
        else:
            self._calls.columns["summary"][row] = True

    def _end(self) -> None:
        if self._thread.uses and self._thread.rows:
            self._give_uses(self._thread.rows[-1])
        elif self._thread.uses:
            self._others["uses of tools without a call"] += len(self._thread.uses)
        self._thread.fields.clear()

    def finish(self) -> Calls:
        """Make the table, and say what else was seen."""
        self._settle_copies()
        self._settle_sessions()
        calls = self._calls.finish(self._reading)
        for kind, n in self._others.items():
            self._reading.ignore(kind, n)
        self._seen["estimated"] = int((calls.tools["result_tokens"] != NONE).sum())
        self._reading.notes += [said.format(self._seen[key]) for key, said in NOTES.items() if self._seen[key]]
        return calls

    def _settle_copies(self) -> None:
        """Give copied records to the threads that they are from; leave out those of threads that are not here."""
        known: dict[str, _Thread] = {}
        for thread in self._threads:
            if len(thread.rows) > len(known.setdefault(thread.name, thread).rows):
                known[thread.name] = thread
        record, copied, time = (self._calls.view(name) for name in ("record", "copied", "time"))
        for thread in sorted(self._threads, key=lambda thread: _depth(thread, known)):
            if thread.parent or thread.origin:
                ages = time[thread.rows] - thread.begun
                soon = ages.size if np.all(ages < SOONEST_SECONDS) else int(np.argmin(ages < SOONEST_SECONDS))
                copied[thread.rows[:soon]] = True
                _match(thread, known.get(thread.origin or thread.parent or ""), record, copied)
        own = np.unique(record[(copied == 0) & (record != 0)])
        orphaned = (copied > 0) & ~np.isin(record, own)
        self._seen["orphaned"] = int(orphaned.sum())
        self._calls.leave_out(orphaned)

    def _settle_sessions(self) -> None:
        """A sub-agent's session is that of the thread which spawned it, directly or not."""
        spawned = {thread.name: thread.parent for thread in self._threads if thread.parent}
        for thread in self._threads:
            root, passed = thread.name, {thread.name}
            while (up := spawned.get(root)) and up not in passed:
                root = up
                passed.add(up)
            if root != thread.name and thread.rows:
                code = self._calls.code("session", root)
                self._calls.view("session")[thread.rows] = code


def _depth(thread: _Thread, known: dict[str, _Thread]) -> int:
    """How many threads stand above one, as far as they are here."""
    passed = {thread.name}
    while (up := known.get(thread.origin or thread.parent or "")) is not None and up.name not in passed:
        passed.add(up.name)
        thread = up
    return len(passed)


def _match(thread: _Thread, source: _Thread | None, record: NDArray[np.int64], copied: NDArray[np.int8]) -> None:
    """Find the beginning of a thread in the one that it was copied from, in the same order."""
    if source is None or source is thread:
        return
    places = {mark: i for i, mark in reversed(list(enumerate(source.marks))) if mark}
    after = 0
    for row, mark in zip(thread.rows, thread.marks, strict=True):
        at = places.get(mark, NONE)
        if at >= after:
            record[row], copied[row] = record[source.rows[at]], True
            after = at + 1
        elif not copied[row]:
            return
