"""Lengths of sessions that difficulty makes longer: what they would be without, and what a length says of difficulty.

Only sessions of some turns tell how they differ, and among all sessions those are the difficult ones: their difficulty
varies less than that of all, and goes less with their length. How much less follows from the lengths of all sessions.
"""

from __future__ import annotations

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.learnings import Ints

_BINS, _CELLS, _NODES, _ROUNDS = 64, 64, 31, 60


class Lengths:
    """Lengths as a scenario draws them: x0 exp(load u), u standard normal, rounded up or down by chance, 1 at least.

    The law of x0 is the likeliest on a grid, by expectation and maximisation that begins with a lognormal. It is
    stopped early, because to take a factor out of a distribution is to sharpen chance too.

    Parameters
    ----------
    n_turns : of all sessions of one kind
    load : standard deviation of the factor's logarithm, not 0
    """

    def __init__(self, n_turns: Ints, load: float) -> None:
        self.n_turns, self.load = n_turns, load
        most = float(n_turns.max())
        edges = np.unique(np.ceil(np.geomspace(1.0, most + 1.0, _BINS)))
        self._bin = np.minimum(np.searchsorted(edges, n_turns, side="right"), edges.size - 1) - 1
        nodes, chances = np.polynomial.hermite_e.hermegauss(_NODES)
        self._nodes, self._grid = nodes, np.geomspace(0.5, most + 1.0, _CELLS)
        drawn = np.multiply.outer(self._grid, np.exp(load * nodes))
        below = np.clip(edges[1:-1, None, None] - drawn, 0.0, 1.0)
        ends = np.zeros((1, *drawn.shape)), np.ones((1, *drawn.shape))
        self._chances = np.diff(np.concatenate([ends[0], below, ends[1]]), axis=0) * chances / chances.sum()
        self._weights = self._likeliest(np.bincount(self._bin, minlength=edges.size - 1) / n_turns.size)

    def _likeliest(self, seen: FloatArray) -> FloatArray:
        """Shares of the values of x0, from the share of each bin of lengths that was seen."""
        logs, chances = np.log(self.n_turns), self._chances.sum(axis=2)
        weights: FloatArray = np.exp(-(((np.log(self._grid) - logs.mean()) / max(logs.std(), 0.1)) ** 2) / 2)
        weights /= weights.sum()
        for _ in range(_ROUNDS):
            weights = weights * (chances.T @ (seen / np.maximum(chances @ weights, 1e-300)))
            weights /= weights.sum()
        return weights

    def difficulty(self) -> tuple[FloatArray, FloatArray]:
        """Mean and variance of u by session, its length known."""
        joint = np.einsum("bcn,c->bn", self._chances, self._weights)
        joint /= np.maximum(joint.sum(axis=1, keepdims=True), 1e-300)
        mean = joint @ self._nodes
        variance = joint @ self._nodes**2 - mean**2
        return mean[self._bin], variance[self._bin]

    def at_one(self) -> FloatArray:
        """As many values of x0 at equal shares of their law; together with the factor they have the mean of lengths."""
        n = self.n_turns.size
        reached = np.cumsum(self._weights) - self._weights / 2
        values = np.exp(np.interp((np.arange(n) + 0.5) / n, reached, np.log(self._grid)))
        return np.asarray(values * self.n_turns.mean() / (values.mean() * np.exp(self.load**2 / 2)))
