"""How the calls of a session are laid out: columns as wide as they need, and fewer of them where a line is short."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

TURN, TRY, MODEL, PROMPT, CACHED, WRITTEN, FRESH, OUTPUT = range(8)
HEADS = ("turn", "try", "model", "prompt", "cached", "written", "fresh", "output")
SPLIT, WHOLE = (CACHED, WRITTEN, FRESH), (PROMPT,)
NONE = "-"
FIRST, LAST = "CALLS", "what failed"
SHORTEST = 10
"""Characters that names of agents and models keep at least."""
_STEPS = ((2, 99, True), (1, 99, True), (1, 99, False), (1, 20, False), (1, 14, False), (1, SHORTEST, False))


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Attributes
    ----------
    who : whose it is; empty where it belongs to no agent
    cells : of a call, in the order of HEADS; none where the line is a text
    text : in place of the cells
    nanos, total : cost, and the running total after it
    failed : what failed; of a summary, that it is one
    note : what else is to be said, where there is room
    """

    who: str
    cells: tuple[str, ...]
    text: str
    nanos: int
    total: int
    failed: str = ""
    note: str = ""

    def remark(self, in_full: bool) -> str:
        """What stands at its end."""
        return ", ".join(filter(None, (self.failed, self.note if in_full else "")))


@dataclass(frozen=True)
class _Layout:
    """Columns and their widths.

    Attributes
    ----------
    columns, sizes : of the cells, by their place in HEADS
    who, cost, total, note : widths of the others; a total of 0 is not shown
    gap : between columns
    in_full : whether notes are told beside what failed
    """

    columns: tuple[int, ...]
    sizes: tuple[int, ...]
    who: int
    cost: int
    total: int
    note: int
    gap: int
    in_full: bool

    @property
    def middle(self) -> int:
        """Width of all cells."""
        return sum(self.sizes) + self.gap * (len(self.sizes) - 1)

    @property
    def width(self) -> int:
        """Width of a line."""
        others = [self.who, self.cost, self.total, self.note]
        return self.middle + sum(others) + self.gap * sum(size > 0 for size in others)

    def line(self, who: str, middle: str, cost: str, total: str, note: str) -> str:
        """One line; a text without a name takes the place of one."""
        left = f"{shortened(who, self.who):<{self.who}}{self.gap * ' '}{middle:<{self.middle}}" if who else middle
        cells = [left, cost.rjust(self.cost), *([total.rjust(self.total)] if self.total else []), note]
        return (self.gap * " ").join(cells).rstrip()

    def cells(self, cells: Sequence[str]) -> str:
        """The cells of a call."""
        return (self.gap * " ").join(
            shortened(cells[i], size).ljust(size) if i == MODEL else cells[i].rjust(size)
            for i, size in zip(self.columns, self.sizes, strict=True)
        )

    def text(self, line: Line) -> str:
        """A text in place of cells, and of the name too where there is none."""
        room = self.middle if line.who else self.middle + self.who + self.gap
        return shortened(line.text, room).ljust(room)


def lay_out(lines: Sequence[Line], cost: str, write: Callable[[int], str], width: int) -> list[str]:
    """The table under its heading.

    Parameters
    ----------
    lines : sequence of Line
    cost : heading of the column of costs
    write : writes an amount
    width : that a line should not pass
    """
    layout = next((layout for layout in _layouts(lines, cost, write) if layout.width <= width), None)
    if layout is None:
        *_, layout = _layouts(lines, cost, write)
    layout = _widened(layout, lines, width)
    made = [layout.line(FIRST, layout.cells(HEADS), cost, "total", LAST if layout.note else "")]
    for line in lines:
        middle = layout.cells(line.cells) if line.cells else layout.text(line)
        made.append(layout.line(line.who, middle, write(line.nanos), write(line.total), line.remark(layout.in_full)))
    return made


def _layouts(lines: Sequence[Line], cost: str, write: Callable[[int], str]) -> Iterator[_Layout]:
    """Ways to lay the lines out, the widest first.

    They go on to less space, no notes but what failed, shorter names, the prompt in one, no running total.
    """
    calls = [line.cells for line in lines if line.cells]
    who = max([len(FIRST), *(len(line.who) for line in lines)])
    amounts = [max([len(head), *map(len, map(write, column))]) for head, column in _amounts(lines, cost)]
    for prompt, total in ((SPLIT, amounts[1]), (WHOLE, amounts[1]), (WHOLE, 0)):
        columns = _columns(calls, prompt)
        sizes = [max([len(HEADS[i]), *(len(cells[i]) for cells in calls)]) for i in columns]
        for gap, longest, in_full in _STEPS:
            fitted = [min(size, longest) if i == MODEL else size for i, size in zip(columns, sizes, strict=True)]
            note = max(len(line.remark(in_full)) for line in lines)
            note = max(note, len(LAST)) if note else 0
            yield _Layout(columns, tuple(fitted), min(who, longest), amounts[0], total, note, gap, in_full)


def _amounts(lines: Sequence[Line], cost: str) -> tuple[tuple[str, list[int]], tuple[str, list[int]]]:
    return (cost, [line.nanos for line in lines]), ("total", [line.total for line in lines])


def _columns(calls: Sequence[tuple[str, ...]], prompt: tuple[int, ...]) -> tuple[int, ...]:
    """Those that say something: attempts where there is a second one, parts of the prompt where there are two."""
    again = any(cells[TRY] != "1" for cells in calls)
    used = [i for i in prompt if any(cells[i] != NONE for cells in calls)]
    parts = tuple(used) if len(used) > 1 else WHOLE
    return (TURN, *((TRY,) if again else ()), MODEL, *parts, OUTPUT)


def _widened(layout: _Layout, lines: Sequence[Line], width: int) -> _Layout:
    """With room for texts, as far as there is any."""
    wanted = max([len(line.text) for line in lines if line.who], default=0) - layout.middle
    more = max(0, min(wanted, width - layout.width))
    sizes = tuple(size + more * (i == MODEL) for i, size in zip(layout.columns, layout.sizes, strict=True))
    return replace(layout, sizes=sizes)


def shortened(text: str, size: int) -> str:
    """A text that fits; a name keeps the number at its end."""
    if len(text) <= size:
        return text
    name, mark, number = text.rpartition(" #")
    room = size - len(mark + number) - 1
    return f"{name[:room]}…{mark}{number}" if mark and room > 0 else f"{text[: size - 1]}…"
