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

import msgspec

from scenarios.logs.codes import NONE
from scenarios.logs.codex_answers import RECORD, Answers
from scenarios.logs.codex_copies import settle_copies, settle_sessions
from scenarios.logs.codex_lines import LINE, Line, Payload, kind_of, result_of
from scenarios.logs.codex_threads import Thread, Use
from scenarios.logs.format import Format, Head, Log
from scenarios.logs.select import Picker
from scenarios.logs.sizes import BYTES_A_TOKEN
from scenarios.logs.source import Source
from scenarios.logs.table import Calls

_TYPES = frozenset({"session_meta", "turn_context", "event_msg", "response_item", "compacted", RECORD})
_USES = {
    "function_call": "",
    "custom_tool_call": "",
    "mcp_tool_call": "",
    "local_shell_call": "local_shell",
    "web_search_call": "web_search",
}
_RESULTS = frozenset({"function_call_output", "custom_tool_call_output", "mcp_tool_call_output"})
_COUNTS = frozenset({"token_count", "thread_settings_applied"})

NOTES = {
    "estimated": "the log does not count the tokens of tools' results: of {:,} results they are estimated as bytes of "
    f"text over {BYTES_A_TOKEN}",
    "timeless": "{:,} calls have no time",
    "unlogged": "{:,} compactions of a context have no call in the log: what they cost is not in it",
    "orphaned": "{:,} copied records are of threads that are not in the log: they are left out",
    "unsummed": "{:,} records have no sum of all so far: were they there twice, it would not be seen",
}


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
        self._answers, self._others = Answers(log.reading), Counter[str]()
        self._threads: list[Thread] = []

    def read(self, source: Source) -> None:
        """Read a file."""
        thread = Thread(source, source.path.name.split(".")[0])
        self._threads.append(thread)
        for number, text in source.lines():
            try:
                line = LINE.decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                self._skip(error, text, source.place(number))
                continue
            if line.payload is None or line.type not in _TYPES:
                self._others[f"lines of the type {line.type}" if line.type else "lines without a type"] += 1
            elif not self._answers.take(thread, line, line.payload, number):
                thread.before, thread.last_row = thread.last_row, NONE
                self._other(thread, line, line.payload, text)
        self._end(thread)

    def _skip(self, error: Exception, text: bytes, place: str) -> None:
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

    def _other(self, thread: Thread, line: Line, said: Payload, text: bytes) -> None:
        """Take what a line says of calls to come, or of tools."""
        if line.type == "session_meta":
            self._begin(thread, said, text)
        elif line.type == "turn_context":
            thread.ask(said.model, said.service_tier)
            thread.pick(text, self._picker)
        elif line.type == "response_item":
            self._item(thread, said)
        elif line.type == "compacted":
            self._answers.compact(thread, said.compaction_response_id)
        elif said.type == "thread_settings_applied":
            told = said.thread_settings
            thread.ask(told.model if told else said.model, told.service_tier if told else said.service_tier)
        else:
            self._others[line.type or ""] += 1

    def _begin(self, thread: Thread, said: Payload, text: bytes) -> None:
        """Learn whose the file is; what copies say of their own beginning is not heard."""
        if thread.told:
            self._others["copied beginnings of other threads"] += 1
            return
        thread.begin(said)
        thread.pick(text, self._picker)

    def _item(self, thread: Thread, said: Payload) -> None:
        if said.type in _USES:
            name, key = said.name or _USES[said.type], said.call_id or said.id or ""
            thread.uses[key or f"nameless {len(thread.uses)}"] = Use(name or "tool", key)
        elif said.type in _RESULTS and said.call_id and len(said.output):
            tokens, failed = result_of(said.output)
            use = thread.uses.get(said.call_id)
            if use is not None:
                use.tokens, use.failed = tokens, failed
            else:
                self._answers.calls.rows.result(said.call_id, tokens, failed)
        else:
            self._others["response_item"] += 1

    def _end(self, thread: Thread) -> None:
        if thread.uses and thread.rows:
            self._answers.give_uses(thread, thread.rows[-1])
        elif thread.uses:
            self._others["uses of tools without a call"] += len(thread.uses)
        thread.fields.clear()

    def finish(self) -> Calls:
        """Make the table, and say what else was seen."""
        answers = self._answers
        answers.seen["orphaned"] = settle_copies(self._threads, answers.calls)
        settle_sessions(self._threads, answers.calls)
        calls = answers.calls.finish(self._reading)
        for kind, n in (self._others + answers.ignored).items():
            self._reading.ignore(kind, n)
        answers.seen["estimated"] = int((calls.tools["result_tokens"] != NONE).sum())
        self._reading.notes += [said.format(answers.seen[key]) for key, said in NOTES.items() if answers.seen[key]]
        return calls
