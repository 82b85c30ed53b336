"""Answers of Codex's threads: of their counts each becomes a call, though there are two records of it or three."""

from __future__ import annotations

from collections import Counter
from math import isnan

import msgspec

from scenarios.logs.codes import NONE
from scenarios.logs.codex_lines import Line, Payload, Tokens, Usage, since, time_of, tokens_of
from scenarios.logs.codex_threads import Thread
from scenarios.logs.histories import Histories
from scenarios.logs.reading import Reading
from scenarios.logs.table import OK
from scenarios.logs.tokens import bad_tokens

RECORD = "token_usage_record"
_NAN = float("nan")


class Answers:
    """Collects the calls of all threads.

    Attributes
    ----------
    calls : what was found
    seen : how many are without a time, and without a sum of all so far
    ignored : counts that are of no answer
    """

    def __init__(self, reading: Reading) -> None:
        self._reading, self._responses = reading, dict[int, int]()
        self.calls, self.seen, self.ignored = Histories(), Counter[str](), Counter[str]()

    def take(self, thread: Thread, line: Line, said: Payload, number: int) -> bool:
        """Take counts of an answer from a line of this number. Returns whether it has such counts."""
        if line.type == RECORD and said.usage is not None:
            mark = hash(("response", said.response_id)) if said.response_id else 0
            self._answer(thread, line, said.usage, number, mark)
            return True
        if line.type != "event_msg" or said.type != "token_count":
            return False
        total = said.info and said.info.total_token_usage
        last = (said.info and said.info.last_token_usage) or (total and since(total, thread.total))
        if not last or not (last.input_tokens or last.output_tokens):
            self.ignored["counts of no answer"] += 1
        elif total and total == thread.total:
            self._again(thread)
        else:
            mark = hash((msgspec.structs.astuple(total), msgspec.structs.astuple(last))) if total else 0
            self.seen["unsummed"] += not total
            self._answer(thread, line, last, number, mark)
            thread.total = total or thread.total
        return True

    def _again(self, thread: Thread) -> None:
        """Count a record of an answer that is known."""
        if thread.rows:
            self.calls.lines[thread.rows[-1]] += 1

    def _answer(self, thread: Thread, line: Line, usage: Usage, number: int, mark: int) -> None:
        """Add a call, unless the record before was of the same."""
        tokens, kind = tokens_of(usage), line.type or ""
        if bad := bad_tokens(*tokens):
            self._reading.skip(bad, thread.source.place(number))
        elif not thread.wanted:
            thread.uses.clear()
        elif thread.single is not None and thread.single[0] != kind and thread.single[1] == tokens:
            self._pair(thread, kind, mark)
        else:
            own = mark if kind == RECORD else mark and hash((thread.name, mark))
            row = self._add(thread, line, tokens, own)
            thread.rows.append(row)
            thread.marks.append(mark)
            thread.last_row, thread.single = row, (kind, tokens)
            if kind == RECORD:
                self._responses.setdefault(mark, row)
            self.give_uses(thread, row)

    def _pair(self, thread: Thread, kind: str, mark: int) -> None:
        """Take a second record of the latest answer, of the other kind: identified by its response, known by counts."""
        thread.single, row = None, thread.rows[-1]
        self.calls.lines[row] += 1
        if kind == RECORD:
            self.calls.columns["record"][row] = mark
            self._responses.setdefault(mark, row)
        else:
            thread.marks[-1] = mark or thread.marks[-1]

    def _add(self, thread: Thread, line: Line, tokens: Tokens, record: int) -> int:
        code = self.calls.code
        time, compacted = time_of(line.timestamp), thread.compacted
        self.seen["timeless"] += isnan(time)
        thread.compacted = False
        return self.calls.append(
            code("session", thread.name), code("instance", thread.name), code("parent", thread.parent),
            code("agent", thread.kind), code("provider", thread.provider), code("model", thread.model),
            code("tier", thread.tier), code("feature", thread.feature), time, *tokens[:3], 0, *tokens[3:], _NAN, 1, OK,
            True, thread.kind == "compact", compacted, record, 0, thread.parent is not None,
            _copied(thread, line, time),
        )  # fmt: skip

    def give_uses(self, thread: Thread, row: int) -> None:
        """Give the tools that wait in a thread to a call."""
        for use in thread.uses.values():
            self.calls.rows.tool(row, use.name, use.tokens, use.failed, use.id)
        thread.uses.clear()

    def compact(self, thread: Thread, response: str | None) -> None:
        """Mark the next call, and the one that wrote the summary where the log has it."""
        thread.compacted = True
        row = self._responses.get(hash(("response", response)), NONE)
        row = thread.before if row == NONE else row
        if row == NONE:
            self.seen["unlogged"] += 1
        else:
            self.calls.columns["summary"][row] = True


def _copied(thread: Thread, line: Line, time: float) -> bool:
    """Whether a record says itself that it is of another thread."""
    whose = line.payload.thread_id if line.payload and line.type == RECORD else None
    if whose:
        return whose != thread.name
    if thread.first_own is not None and line.ordinal is not None:
        return line.ordinal < thread.first_own
    return time < thread.begun
