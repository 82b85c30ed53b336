"""The door from laws to kernels: any law becomes rows of a few flat arrays, and one uniform word draws from it.

A law is compiled once, by its shape:

- a constant is one number;
- a smooth law is a curve: cubics indexed by octave and sub-bin (``curve.py``);
- a discrete law is its cumulative table, searched from a guide index: data are all their values, a count its least
  4,096 outcomes, and what lies above them is the floor of a curve;
- a mixture or a splice is cut on u into segments, each a row of its own, because one curve alone is wrong by half where
  components stand apart. A segment stretches the distance to its nearer end, so its tails keep their accuracy too.

Clips act after the draw and cost two comparisons. Draws do not fall as the word grows (within a segment), so laws that
are coupled through their words stay coupled.
"""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from distributions.jit import bits_float, device, float_bits, inlined, kernel
from distributions.law import Law
from distributions.shapes import CONSTANT, CURVE, FLOORED, SEGMENTS, STEPS, Part, parts_of

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.uint64]

LAW_DTYPE = np.dtype(
    [
        ("kind", np.int32),  # one of the five in `shapes`
        ("shift", np.int32),  # bits dropped: of a curve's float64 pattern, or of the word for a guide index
        ("first", np.int64),  # curve: row of the pattern 0; steps: first of `steps`; segments: first of `laws`
        ("count", np.int64),  # curve: rows of a half; steps: outcomes
        ("guide", np.int64),  # steps: first of `guide`
        ("low", np.float64),  # clip, -inf and inf without
        ("high", np.float64),
        ("offset", np.float64),  # added before the clip; a constant's value
        ("begin", np.uint64),  # of a segment: its first word,
        ("last", np.uint64),  # its last word,
        ("stretch", np.float64),  # and 2**64 over their number
    ]
)

_ONE = np.uint64(1)
_S10 = np.uint64(10)
_S63 = np.uint64(63)
_BITS_OF_2_52 = np.uint64(0x4330000000000000)  # with a smaller integer in the low bits: 2**52 and that integer
_TWO_52 = 2.0**52
_TOP = 2.0**64 - 2048.0  # the largest float64 below 2**64
_DEEPEST = 2.0**-54


class LawTables(NamedTuple):
    """What kernels read: `draw` takes the four arrays and the number of a law."""

    laws: npt.NDArray[Any]
    """LAW_DTYPE[n_laws]; a segment is a row of its own, so numbers have gaps."""
    nodes: Floats
    """float64[n, 4]: cubics."""
    steps: Floats
    """float64[n]: cumulative probabilities, each table followed by its outcomes."""
    guide: npt.NDArray[np.int32]
    """int32[n]: outcome at which to begin the search."""


@inlined
def draw(laws: Any, nodes: Floats, steps: Floats, guide: Any, law_id: int, word: np.uint64) -> float:
    """Give the value of a law at a word: its quantile at u = word / 2**64."""
    law = laws[np.uint64(law_id)]
    if law.kind == CURVE:
        return _clip(law, _on_curve(nodes, law, word))
    if law.kind == CONSTANT:
        constant: float = law.offset
        return constant
    if law.kind == SEGMENTS:
        law = _segment(laws, law, word)
        word = _stretched(law, word)
    return _clip(law, _unclipped(nodes, steps, guide, law, word) + law.offset)


@device
def draw_all(laws: Any, nodes: Floats, steps: Floats, guide: Any, law_id: int, words: Words, out: Floats) -> None:
    """Give the values of a law at many words, the same as `draw` gives; the words are used up.

    A smooth law, which most are, goes through all words a step at a time: vector instructions find the rows, and the
    loads that wait for them overlap.
    """
    law = laws[np.uint64(law_id)]
    n = words.size
    if law.kind == CONSTANT:
        constant = float(law.offset)
        for i in range(n):
            out[i] = constant
        return
    if law.kind == CURVE:
        first, count, shift = np.uint64(law.first), np.uint64(law.count), np.uint64(law.shift)
        for i in range(n):
            words[i], out[i] = _place(first, count, shift, words[i])
        for i in range(n):
            out[i] = _cubic(nodes, words[i], out[i])
    elif law.kind == STEPS:
        _step_all(steps, guide, law, words, out)
    else:
        _draw_one_by_one(laws, nodes, steps, guide, law_id, words, out)
        return
    low, high = float(law.low), float(law.high)
    for i in range(n):
        out[i] = _between(low, high, out[i])


@inlined
def _step_all(steps: Floats, guide: Any, law: Any, words: Words, out: Floats) -> None:
    """Find the outcomes of many words: where to begin for all of them first, so that the loads overlap."""
    first, count, shift = np.uint64(law.first), np.uint64(law.count), np.uint64(law.shift)
    last, index, offset = first + count - _ONE, np.uint64(law.guide), float(law.offset)
    for i in range(words.size):
        out[i] = middle(words[i])
        words[i] = first + np.uint64(guide[index + (words[i] >> shift)])
    for i in range(words.size):
        outcome = words[i]
        while outcome < last and steps[outcome] < out[i]:
            outcome += _ONE
        out[i] = steps[outcome + count] + offset


@inlined
def share_of_nothing(laws: Any, steps: Floats, law_id: int) -> float:
    """Give the u up to which a law of outcomes gives the least of them, if that is 0 or less; else -1.

    Tells without a draw in most cases that nothing comes of it: with `middle`, which is the u of a word.
    """
    law = laws[np.uint64(law_id)]
    first, count = np.uint64(law.first), np.uint64(law.count)
    if law.kind != STEPS or max(law.low, min(law.high, steps[first + count] + law.offset)) > 0.0:
        return -1.0
    share: float = steps[first]
    return share


@inlined
def middle(word: np.uint64) -> float:
    """The u of a word of a table of steps."""
    return (np.float64(np.int64(word >> _S10)) + 0.5) * _DEEPEST


@device
def _draw_one_by_one(
    laws: Any, nodes: Floats, steps: Floats, guide: Any, law_id: int, words: Words, out: Floats
) -> None:
    law = laws[np.uint64(law_id)]
    if law.kind != SEGMENTS:
        for i in range(words.size):
            out[i] = draw(laws, nodes, steps, guide, law_id, words[i])
        return
    for i in range(words.size):
        segment = _segment(laws, law, words[i])
        word = _stretched(segment, words[i])
        is_curve = segment.kind == CURVE
        x = _on_curve(nodes, segment, word) if is_curve else _unclipped(nodes, steps, guide, segment, word)
        out[i] = _clip(segment, x + segment.offset)


@inlined
def _clip(law: Any, x: float) -> float:
    return _between(law.low, law.high, x)


@inlined
def _between(low: float, high: float, x: float) -> float:
    return low if x < low else (high if x > high else x)


@inlined
def _on_curve(nodes: Floats, law: Any, word: np.uint64) -> float:
    row, t = _place(np.uint64(law.first), np.uint64(law.count), np.uint64(law.shift), word)
    return _cubic(nodes, row, t)


@inlined
def _place(first: np.uint64, count: np.uint64, shift: np.uint64, word: np.uint64) -> tuple[np.uint64, float]:
    """Find the cubic of a word: the bits of min(u, 1 - u) as a float are its row and its place in the bin."""
    side = word >> _S63
    v = float_bits(np.float64(np.int64(((word ^ (~side + _ONE)) >> _S10) | _ONE)))
    below = v & ((_ONE << shift) - _ONE)
    return first + (v >> shift) + side * count, bits_float(below | _BITS_OF_2_52) - _TWO_52


@inlined
def _cubic(nodes: Floats, row: np.uint64, t: float) -> float:
    x: float = nodes[row, 0] + t * (nodes[row, 1] + t * (nodes[row, 2] + t * nodes[row, 3]))
    return x


@device
def _unclipped(nodes: Floats, steps: Floats, guide: Any, law: Any, word: np.uint64) -> float:
    if law.kind == CURVE:
        return _on_curve(nodes, law, word)
    if law.kind == STEPS:
        return _on_steps(steps, guide, law, word)
    if law.kind == FLOORED:
        return math.floor(_on_curve(nodes, law, word))
    return 0.0  # a constant: its offset is added


@device
def _on_steps(steps: Floats, guide: Any, law: Any, word: np.uint64) -> float:
    """Find the first outcome whose cumulative probability reaches u; the last one takes what rounding leaves."""
    u = middle(word)
    first, count = np.uint64(law.first), np.uint64(law.count)
    outcome = first + np.uint64(guide[np.uint64(law.guide) + (word >> np.uint64(law.shift))])
    last = first + count - _ONE
    while outcome < last and steps[outcome] < u:
        outcome += _ONE
    x: float = steps[outcome + count]
    return x


@inlined
def _segment(laws: Any, law: Any, word: np.uint64) -> Any:
    number = np.uint64(law.first)
    while word > laws[number].last:
        number += _ONE
    return laws[number]


@inlined
def _stretched(segment: Any, word: np.uint64) -> np.uint64:
    """Map a segment's words onto all words, measured from its nearer end so that neither end loses digits."""
    below, above = word - segment.begin, segment.last - word
    near = np.uint64(min((np.float64(min(above, below)) + 0.5) * segment.stretch, _TOP))
    return ~near if above < below else near


@kernel
def _fill_draws(tables: LawTables, law_id: int, words: Words, out: Floats) -> None:
    for i in range(words.size):
        out[i] = draw(tables.laws, tables.nodes, tables.steps, tables.guide, law_id, words[i])


def draw_many(tables: LawTables, law_id: int, words: npt.ArrayLike) -> Floats:
    """Draw from one law at many words.

    Parameters
    ----------
    tables : LawTables
    law_id : int
        Number that `LawBook.add` gave.
    words : array_like of uint64, shape (n,)

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    words = np.ascontiguousarray(words, dtype=np.uint64)
    out = np.empty(words.shape)
    _fill_draws(tables, law_id, words, out)
    return out


class LawBook:
    """Collects laws and packs them into tables; equal laws share their rows."""

    def __init__(self) -> None:
        self._rows: list[dict[str, float]] = []
        self._nodes: list[Floats] = []
        self._steps: list[Floats] = []
        self._guide: list[npt.NDArray[np.int32]] = []
        self._numbers: dict[Law, int] = {}

    def add(self, law: Law) -> int:
        """Compile a law, where an equal one is not there yet, and give its number for `draw`."""
        if law not in self._numbers:
            self._numbers[law] = self._compile(law)
        return self._numbers[law]

    def pack(self) -> LawTables:
        """Give the tables of all laws so far; later additions leave their numbers valid."""
        return LawTables(
            np.array([tuple(row.get(column, 0) for column in LAW_DTYPE.names or ()) for row in self._rows], LAW_DTYPE),
            np.concatenate([np.zeros((0, 4)), *self._nodes]),
            np.concatenate([np.zeros(0), *self._steps]),
            np.concatenate([np.zeros(0, dtype=np.int32), *self._guide]),
        )

    def _compile(self, law: Law) -> int:
        first = len(self._rows)
        self._rows += [self._row(part, *law.clip) for part in parts_of(law) if _cut(part.hi) > _cut(part.lo)]
        if len(self._rows) - first > 1:
            self._rows.append({"kind": SEGMENTS, "first": first})
        return len(self._rows) - 1

    def _row(self, part: Part, low: float, high: float) -> dict[str, float]:
        """Lay a part's arrays behind those of earlier ones and give its row."""
        shape = part.shape
        begin, end = _cut(part.lo), _cut(part.hi)
        row = {
            "kind": shape.kind,
            "shift": shape.shift,
            "first": sum(map(len, self._nodes if shape.nodes.size else self._steps)) - shape.skip,
            "count": shape.rows,
            "guide": sum(map(len, self._guide)),
            "low": low,
            "high": high,
            "offset": min(max(part.offset + shape.value, low), high) if shape.kind == CONSTANT else part.offset,
            "begin": begin,
            "last": end - 1,
            "stretch": 2.0**64 / (end - begin),
        }
        self._nodes.append(shape.nodes)
        self._steps.append(shape.steps)
        self._guide.append(shape.guide)
        return row


def table_error(law: Law) -> float:
    """Give the largest error of a law's table.

    Parameters
    ----------
    law : Law

    Returns
    -------
    float
        Measured where the cubics are furthest from the points they pass through, for u from 1e-12 to 1 - 1e-12,
        relative to max(|x|, 1e-9 of the scale) of each part of the law. 0 where outcomes are tabled one by one.
    """
    return max(part.shape.error for part in parts_of(law))


def _cut(u: float) -> int:
    """Give the first word that lies beyond u."""
    return round(u * 2**64)
