"""The axes of a surface: which drivers move it, and in which coordinates it is smooth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.engine.layout import L_FAILURE, L_PRICE, L_VOLUME
from simulator.engine.sum_layout import AXIS_DTYPE

if TYPE_CHECKING:
    from simulator.engine.layout import Floats, Ints, Plan

LEAST_LEVEL = 1e-9
SAME = 1e-9
"""Coordinates that differ by less are one."""
STEPS_ACROSS = 8.0
"""A driver whose levels lie far apart, as one that a rare event multiplies, is measured by its range and not by its
spread: this part of the range is one unit at least."""
MARGIN = 0.1
"""Part of the range by which levels may lie beyond those that were met when the surface was designed."""


@dataclass(frozen=True)
class Axes:
    """Coordinates of driver levels.

    Attributes
    ----------
    drivers : int64[d], their places in a row of levels
    rates : float64[d], above 0 for an axis 1 - exp(-rate * level), 0 for a logarithm
    centre, scale, low, high : float64[d]
    """

    drivers: Ints
    rates: Floats
    centre: Floats
    scale: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, plan: Plan, feature: int, levels: Floats, weights: Floats) -> Axes:
        """Find the axes along which some levels differ.

        Parameters
        ----------
        levels : float64[n, 12]
        weights : float64[n], how much they matter
        """
        rates = np.zeros(levels.shape[1])
        rates[L_FAILURE] = plan.failure_rates.max()
        outside = {L_VOLUME} if price_bends(plan, feature) else {L_VOLUME, L_PRICE}
        raw = _raw(levels, rates)
        spans = np.ptp(raw, axis=0)
        drivers = np.array([d for d in range(levels.shape[1]) if d not in outside and spans[d] > SAME], np.int64)
        raw, spans = raw[:, drivers], spans[drivers]
        share = (weights / weights.sum())[:, None]
        centre = (share * raw).sum(axis=0)
        sd = np.sqrt((share * (raw - centre) ** 2).sum(axis=0))
        scale = np.maximum(sd, spans / STEPS_ACROSS)
        low, high = (raw.min(axis=0) - centre) / scale, (raw.max(axis=0) - centre) / scale
        room = MARGIN * (high - low)
        return cls(drivers, rates[drivers], centre, scale, low - room, high + room)

    def places(self, levels: Floats) -> Floats:
        """float64[n, d]: coordinates of driver levels, float64[n, 12]."""
        rates = np.zeros(levels.shape[1])
        rates[self.drivers] = self.rates
        at = (_raw(levels, rates)[:, self.drivers] - self.centre) / self.scale
        return np.clip(at, self.low, self.high)

    @property
    def reach(self) -> Floats:
        """float64[d]: the largest coordinate that there can be."""
        return np.maximum(np.maximum(np.abs(self.low), np.abs(self.high)), SAME)

    def table(self, lengths: Floats) -> np.ndarray:
        """AXIS_DTYPE[d]."""
        rows = np.zeros(len(self.drivers), AXIS_DTYPE)
        columns = ("driver", "rate", "centre", "scale", "low", "high", "length", "reach")
        values = (self.drivers, self.rates, self.centre, self.scale, self.low, self.high, lengths, self.reach)
        for name, value in zip(columns, values, strict=True):
            rows[name] = value
        return rows


def price_bends(plan: Plan, feature: int) -> bool:
    """Whether prices do more to a session than to multiply what its model calls cost: a guardrail on cost cuts it."""
    return bool(np.isfinite(plan.features[feature]["most_cost"]))


def _raw(levels: Floats, rates: Floats) -> Floats:
    logs = np.log(np.maximum(levels, LEAST_LEVEL))
    return np.where(rates > 0.0, 1.0 - np.exp(-np.maximum(rates, LEAST_LEVEL) * levels), logs)
