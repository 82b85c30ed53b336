"""The tree of agents of a session as lines of text: one an instance, small branches folded together."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.course import ANEW, CHECK, NANO, ROOT, TURN_CHECK, Course, Instance
from simulator.engine.tally import IntArray
from simulator.engine.trace import (
    E_CALL,
    E_CUT,
    E_END,
    E_HANDOFF,
    E_HELD,
    E_HUMAN_REVIEW,
    E_OVERFLOW,
    E_OVERHEADS,
    E_SUMMARY,
    E_TOOL,
    E_VERDICT,
    LOST,
    SERVED,
    SPOILED,
)
from simulator.risk.money import in_currency
from simulator.show import words
from simulator.show.replay_layout import shortened

if TYPE_CHECKING:
    from simulator.replay import Replay
    from simulator.show.replay_money import Amounts

MOST_LINES = 24
"""Instances that are shown by themselves, the dearest branches first; their ancestors come on top."""
FEW = 8
"""Trees of so many instances are shown whole."""
SMALL = 0.005
"""Share of what all agents cost below which a branch of a larger tree has no line of its own."""
ALWAYS = 4
"""Of the dearest branches, whatever they cost."""
DEEPEST = 8
"""Levels that are shown by indentation; deeper ones say how deep they are."""
BELOW = 0.2
"""What lies below an agent is told from this share of its own cost on."""
LEAST_NOTE, LEAST_LABEL, LEAST_MODEL = 20, 17, 10
WHOLE = {
    E_HANDOFF: "person takes over",
    E_HUMAN_REVIEW: "person reviews it",
    E_OVERHEADS: "overheads",
    E_END: "rounding",
}
_CAME = {CHECK: "checks", TURN_CHECK: "checks", ANEW: "anew"}


@dataclass(frozen=True)
class Line:
    """A line of the tree: an instance, a fold of several, or something of the session as a whole."""

    label: str
    model: str
    turns: str
    calls: str
    nanos: int
    note: str


def tree_lines(replay: Replay, amounts: Amounts, width: int, everything: bool) -> list[str]:
    """The tree under its heading; the column of costs adds up to the session's cost."""
    course = replay.course
    lines = [*_tree(replay, everything), *_of_the_whole(course)]
    shares = words.hundred([max(line.nanos, 0) for line in lines], 1)
    head = ("AGENTS", "model", "turns", "calls", f"cost {amounts.sign}", "share", "what happened")
    rows = [
        (line.label, line.model, line.turns, line.calls, amounts.write(line.nanos), f"{share:.1f} %", line.note)
        for line, share in zip(lines, shares, strict=True)
    ]
    return _laid_out([head, *rows], width)


def _laid_out(rows: Sequence[tuple[str, ...]], width: int) -> list[str]:
    """Columns; space, models and labels give way where the notes would have no room."""
    sizes = [max(len(row[i]) for row in rows) for i in range(6)]
    gap = (2 if sum(sizes) + 6 * 2 + LEAST_NOTE <= width else 1) * " "
    too_much = sum(sizes) + 6 * len(gap) + LEAST_NOTE - width
    for place, least in ((1, LEAST_MODEL), (0, LEAST_LABEL)):
        cut = max(0, min(too_much, sizes[place] - least))
        sizes[place] -= cut
        too_much -= cut
    lines: list[str] = []
    for row in rows:
        label, model = (shortened(row[i], sizes[i]).ljust(sizes[i]) for i in range(2))
        head = gap.join([label, model, *(row[i].rjust(sizes[i]) for i in range(2, 6))])
        notes = textwrap.wrap(row[6], max(LEAST_NOTE // 2, width - len(head + gap))) or [""]
        lines += [f"{head}{gap}{notes[0]}".rstrip(), *(f"{'':{len(head + gap)}}{note}" for note in notes[1:])]
    return lines


# Instances


def _tree(replay: Replay, everything: bool) -> Iterator[Line]:
    course = replay.course
    shown = {one.number for one in course.instances} if everything else _shown(course, MOST_LINES)
    children: dict[int, list[Instance]] = {}
    for one in course.instances:
        children.setdefault(one.parent, []).append(one)
    models, notes = _models(course), _Notes.of(replay)
    folded: list[Instance] = []
    for one, is_last in _in_order(children, shown):
        alone = one.number in shown or (is_last and not folded and one.number not in children)
        if not alone:
            folded.append(one)
        if is_last and folded:
            yield _fold(course, folded)
            folded = []
        if alone:
            calls, nanos = f"{int(course.calls[one.number]):,}", int(course.own[one.number])
            label, note = f"{_indent(one.depth)}{one}", notes.of_instance(one)
            yield Line(label, models[one.number], notes.turns(one), calls, nanos, note)


def _in_order(children: dict[int, list[Instance]], shown: set[int]) -> Iterator[tuple[Instance, bool]]:
    """The instances that are shown and the tops of hidden branches, depth first; whether a run of hidden ones ends."""
    waiting = list(reversed(children.get(0, [])))
    while waiting:
        one = waiting.pop()
        if one.number in shown:
            yield one, False
            waiting += reversed(children.get(one.number, []))
        else:
            following = waiting[-1] if waiting else None
            goes_on = following is not None and following.parent == one.parent and following.number not in shown
            yield one, not goes_on


def _shown(course: Course, most: int) -> set[int]:
    """Numbers of the instances with a line of their own: all roots, the dearest branches, what leads there."""
    if len(course.instances) <= min(most, FEW):
        return {one.number for one in course.instances}
    cost, least = course.with_children[1:], SMALL * int(course.own[1:].sum())
    ranked = np.argsort(-cost, kind="stable")[:most].tolist()
    dearest = [i for place, i in enumerate(ranked) if place < ALWAYS or cost[i] >= least]
    roots = {one.number for one in course.instances if one.came == ROOT}
    return roots | {one.number for i in dearest for one in course.chain(course.instances[i])}


def _fold(course: Course, tops: Sequence[Instance]) -> Line:
    """One line for hidden branches that follow one another."""
    below = {top.number for top in tops}
    for one in course.instances[tops[0].number - 1 :]:
        if one.parent in below:
            below.add(one.number)
    counts = Counter(course.instances[number - 1].agent for number in below)
    calls = sum(int(course.calls[number]) for number in below)
    nanos = sum(int(course.own[number]) for number in below)
    label = f"{_indent(tops[0].depth)}{len(below):,} more"
    note = ", ".join(f"{n:,} {words.plural(name, n)}" for name, n in counts.most_common())
    return Line(label, "", "", f"{calls:,}", nanos, note)


def _indent(depth: int) -> str:
    if not depth:
        return ""
    return f"{(min(depth, DEEPEST) - 1) * '  '}└ {f'(depth {depth}) ' if depth > DEEPEST else ''}"


def _models(course: Course) -> list[str]:
    """By owner: the model that served most of its calls, and how many others did."""
    served: list[Counter[int]] = [Counter() for _ in range(len(course.instances) + 1)]
    for number, model in zip(course.owner[course.is_call].tolist(), course.rows["model"][course.is_call], strict=True):
        served[number][int(model)] += 1
    names = [[short_model(course.names.models, model) for model, _ in counts.most_common()] for counts in served]
    return [name[0] + (f" +{len(name) - 1}" if len(name) > 1 else "") if name else "" for name in names]


def short_model(models: Sequence[str], place: int) -> str:
    """A model without its provider, where no other has that name."""
    short = models[place].rpartition("/")[2]
    return short if sum(model.rpartition("/")[2] == short for model in models) == 1 else models[place]


def _of_the_whole(course: Course) -> Iterator[Line]:
    for event, label in WHOLE.items():
        nanos = int(course.nanos[course.rows["event"] == event].sum())
        if nanos:
            yield Line(label, "", "", "", nanos, "")


# What happened


@dataclass(frozen=True)
class _Notes:
    """Counts by owner of what is worth a note."""

    replay: Replay
    lost: IntArray
    spoiled: IntArray
    summaries: IntArray
    tools: IntArray
    held: IntArray
    full: IntArray
    sent_back: IntArray
    cut: IntArray
    unserved: IntArray
    begun: IntArray

    @classmethod
    def of(cls, replay: Replay) -> _Notes:
        course = replay.course
        rows = course.rows
        event, is_call = rows["event"], rows["event"] == E_CALL
        begun = np.zeros(len(course.instances) + 1, np.int64)
        np.maximum.at(begun, course.owner, np.where(is_call, rows["turn"], 0))
        last = np.zeros(len(rows), np.bool_)
        last[list(_last_calls(course).values())] = True
        return cls(
            replay,
            lost=course.by_owner(is_call & (rows["outcome"] == LOST)),
            spoiled=course.by_owner(is_call & (rows["outcome"] == SPOILED)),
            summaries=course.by_owner(event == E_SUMMARY),
            tools=course.by_owner(np.where(event == E_TOOL, rows["count"], 0)),
            held=course.by_owner(np.where(event == E_HELD, rows["count"], 0)),
            full=course.by_owner(event == E_OVERFLOW),
            sent_back=course.by_owner((event == E_VERDICT) & (rows["detail"] == 1)),
            cut=course.by_owner(event == E_CUT),
            unserved=course.by_owner(last & (rows["outcome"] != SERVED)),
            begun=begun,
        )

    def turns(self, one: Instance) -> str:
        """Turns begun, of how many where it did not come to all of them."""
        begun = int(self.begun[one.number])
        return f"{begun:,}" if begun >= one.turns else f"{begun:,} of {one.turns:,}"

    def of_instance(self, one: Instance) -> str:
        """What happened to an instance, in a few words."""
        course, number = self.replay.course, one.number
        below = int(course.with_children[number] - course.own[number])
        money = words.money(in_currency(below, NANO), self.replay.scenario.currency)
        counted = (
            (self.lost, "provider error"),
            (self.spoiled, "bad answer"),
            (self.summaries, "summary"),
            (self.tools, "tool call"),
        )
        said = [
            _CAME.get(one.came, ""),
            f"run {one.run}" if one.run > 1 and not one.parent else "",
            *(f"{n:,} {words.plural(noun, n)}" for counts, noun in counted if (n := int(counts[number]))),
            "FAILED: the prompt did not fit" if self.full[number] else "",
            f"{int(self.held[number]):,} not started" if self.held[number] else "",
            *self._endings(one),
            f"{money} below it" if below and below >= BELOW * course.own[number] else "",
        ]
        return ", ".join(filter(None, said))

    def _endings(self, one: Instance) -> Iterator[str]:
        if self.sent_back[one.number]:
            yield f"sent back {words.often(int(self.sent_back[one.number]))}"
        if self.cut[one.number]:
            yield "CUT HERE"
        elif self.unserved[one.number]:
            goes_on = self.replay.scenario.agents[one.agent].retry.on_exhausted == "continue"
            yield "out of attempts" if goes_on else "FAILED: out of attempts"


def _last_calls(course: Course) -> dict[int, int]:
    """Row of the last call by owner."""
    calls = np.flatnonzero(course.rows["event"] == E_CALL)
    return dict(zip(course.owner[calls].tolist(), calls.tolist(), strict=True))
