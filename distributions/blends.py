"""Laws that are several laws: by chance (mixture), or one above the other (splice)."""

# ruff: noqa: D102 - what each verb means stands in law.py

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from distributions.law import Law, Segment
from distributions.numerics import FloatArray, least_float
from distributions.quantity import format_number


class Piece(NamedTuple):
    """One component of a blend: with probability `weight` the value is offset + a draw of `law`."""

    weight: float
    law: Law
    offset: float = 0.0


@dataclass(frozen=True)
class Blend(Law):
    """What mixtures and splices share: pieces whose probabilities add up."""

    pieces: tuple[Piece, ...]

    @property
    def discrete(self) -> bool:
        """Whether every value is a whole number."""
        return all(piece.law.discrete and piece.offset == round(piece.offset) for piece in self.pieces)

    @property
    def measured(self) -> bool:
        """Whether all its numbers come from somewhere."""
        return super().measured or all(piece.law.measured for piece in self.pieces)

    def segments(self) -> tuple[Segment, ...]:
        """Parts of all pieces, one piece after the other, each piece with its share of (0, 1]."""
        cuts = np.concatenate([[0.0], np.cumsum([piece.weight for piece in self.pieces])])
        cuts[-1] = 1.0
        return tuple(
            Segment(lo + part.lo * (hi - lo), lo + part.hi * (hi - lo), part.law, part.offset + piece.offset)
            for lo, hi, piece in zip(cuts[:-1].tolist(), cuts[1:].tolist(), self.pieces, strict=True)
            for part in piece.law.unclipped().segments()
        )

    def parts(self) -> tuple[Law, ...]:
        """Return the law of each piece."""
        return tuple(piece.law for piece in self.pieces)

    def support(self) -> tuple[float, float]:
        ends = [(lo + piece.offset, hi + piece.offset) for piece in self.pieces for lo, hi in [piece.law.support()]]
        return (min(lo for lo, _ in ends), max(hi for _, hi in ends))

    def tail_index(self) -> float:
        return min(piece.law.tail_index() for piece in self.pieces)

    def p_below(self, x: float) -> float:
        """P(X < x)."""
        return math.fsum(piece.weight * piece.law.p_below(x - piece.offset) for piece in self.pieces)

    def p_from(self, x: float) -> float:
        """P(X >= x)."""
        return math.fsum(piece.weight * piece.law.p_from(x - piece.offset) for piece in self.pieces)

    def mean(self) -> float:
        return math.fsum(piece.weight * (piece.offset + piece.law.mean()) for piece in self.pieces)

    def var(self) -> float:
        mean = self.mean()
        if math.isinf(mean):
            return math.inf
        return math.fsum(
            piece.weight * (piece.law.var() + (piece.offset + piece.law.mean() - mean) ** 2) for piece in self.pieces
        )

    def partial_moment(self, k: int, lo: float = -math.inf, hi: float = math.inf, center: float = 0.0) -> float:
        """E[(X - center)^k; lo <= X <= hi], summed over the pieces."""
        return math.fsum(
            weight * law.partial_moment(k, lo - offset, hi - offset, center - offset)
            for weight, law, offset in self.pieces
        )

    def _cdf(self, x: FloatArray) -> FloatArray:
        return sum((weight * law.cdf(x - offset) for weight, law, offset in self.pieces), np.zeros_like(x))

    def _sf(self, x: FloatArray) -> FloatArray:
        return sum((weight * law.sf(x - offset) for weight, law, offset in self.pieces), np.zeros_like(x))


@dataclass(frozen=True)
class Mixture(Blend):
    """One law or another, by chance; made by `mixture`."""

    def title(self) -> str:
        return "mixture"

    def describe(self) -> str:
        """Say what is mixed, and in which shares."""
        parts = (f"{format_number(100.0 * piece.weight)} % {piece.law.describe()}" for piece in self.pieces)
        return f"mixture of {'; '.join(parts)}"

    def _ppf(self, u: FloatArray) -> FloatArray:
        quantiles = [law.ppf(u) + offset for _, law, offset in self.pieces]
        return least_float(lambda x: self.cdf(x) >= u, np.min(quantiles, axis=0), np.max(quantiles, axis=0))

    def _isf(self, v: FloatArray) -> FloatArray:
        quantiles = [law.isf(v) + offset for _, law, offset in self.pieces]
        return least_float(lambda x: self.sf(x) <= v, np.min(quantiles, axis=0), np.max(quantiles, axis=0))


@dataclass(frozen=True)
class Splice(Blend):
    """Pieces that follow one another without overlap, the lowest first: a body and its tail; made by `splice`."""

    def title(self) -> str:
        return "splice"

    def describe(self) -> str:
        """Say what follows what, and where."""
        parts = [self.pieces[0].law.describe()]
        below = 0.0
        for before, piece in zip(self.pieces[:-1], self.pieces[1:], strict=True):
            below += before.weight
            start = format_number(piece.offset + piece.law.support()[0])
            parts.append(f"above P{format_number(100.0 * below)} ({start}) {piece.law.describe()}")
        return ", ".join(parts)

    def _ppf(self, u: FloatArray) -> FloatArray:
        weights = np.array([piece.weight for piece in self.pieces])
        ends = np.cumsum(weights)
        values = np.full(u.shape, np.nan)
        for (weight, law, offset), end in reversed(list(zip(self.pieces, ends, strict=True))):
            share = np.clip((u - (end - weight)) / weight, 0.0, 1.0)
            values = np.where(np.isnan(values) | (u <= end), offset + law.ppf(share), values)
        return values

    def _isf(self, v: FloatArray) -> FloatArray:
        values = np.full(v.shape, np.nan)
        above = 0.0
        for weight, law, offset in reversed(self.pieces):
            share = np.clip((v - above) / weight, 0.0, 1.0)
            values = np.where(np.isnan(values) | (v > above), offset + law.isf(share), values)
            above += weight
        return values
