"""The tables from which sums of sessions are drawn: every column declared once, as in ``layout.py``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from simulator.engine.layout import Floats, Ints, Table, Words

BODY_STEPS = 512
"""Equal steps of probability between the knots of a law of costs, down to the dearest 1 in 64 sessions."""
TAIL_OCTAVE = 6
TAIL_OCTAVES, STEPS_PER_OCTAVE = 34, 8
FIRST_TAIL_KNOT = BODY_STEPS - (BODY_STEPS >> TAIL_OCTAVE)
N_KNOTS = FIRST_TAIL_KNOT + TAIL_OCTAVES * STEPS_PER_OCTAVE + 1
"""Then eight an octave, down to 1 in 2^40."""
N_CUTS = TAIL_OCTAVES + 1
"""Where a law may be cut into body and tail: at the dearest 1 in 2^6, 2^7 and so on."""

ONE_BY_ONE = 200
"""Sessions up to which each is drawn."""
MOST_IN_TAIL = 8
"""Sessions that a tail may be expected to hold; they are drawn one by one."""

SPAN_OCTAVES, STEPS_PER_FACTOR = 6, 128
N_FACTORS = 2 * SPAN_OCTAVES * STEPS_PER_FACTOR + 1
"""Bins of what the price level makes of a session's cost: half a percent wide, six octaves to either side of 1."""

AXIS_DTYPE = np.dtype(
    [
        ("driver", np.int64),  # place in a row of driver levels
        ("rate", np.float64),  # above 0: the axis is 1 - exp(-rate * level); 0: it is the logarithm of the level
        ("centre", np.float64),
        ("scale", np.float64),  # coordinate = (axis - centre) / scale
        ("low", np.float64),  # coordinates beyond are taken for these
        ("high", np.float64),
        ("length", np.float64),  # over which the surface bends, in coordinates
        ("reach", np.float64),  # largest coordinate at all
    ]
)

SURFACE_DTYPE = np.dtype(
    [
        ("first_axis", np.int64),
        ("n_axes", np.int64),
        ("first_point", np.int64),
        ("n_points", np.int64),
        ("n_columns", np.int64),
        ("log_mean", np.float64),  # of a session's cost at the base level, in currency; -inf where all cost nothing
        ("bend", np.float64),  # prior variance of what the trend leaves
        ("trend", np.float64),  # prior variance of the quadratic trend
        ("loose", np.float64),  # sd of what is covered of a session's cost, given the cost, over its mean
    ]
)


class Learnt(NamedTuple):
    """All that was learnt, as flat arrays: S surfaces, P points that were simulated, C cells of a surface at most."""

    surfaces: Table  # SURFACE_DTYPE[S]
    axes: Table  # AXIS_DTYPE
    places: Floats  # [P, 12] coordinates
    weights: Floats  # [P, 1 + C] of the logarithm of the mean, and of the cells' shares
    shares: Floats  # [S, C] of the cells at the base level
    leans: Floats  # [S, C] of what a sum differs from its mean by
    columns: Ints  # [S, C] column of the tally
    is_priced: npt.NDArray[np.bool_]  # bool[S, C] the price level multiplies it
    is_covered: npt.NDArray[np.bool_]  # bool[S, C]
    knots: Floats  # [P, N_KNOTS] costs at the knots, mean 1
    bodies: Floats  # [P, N_CUTS, 3] mean, sd and skewness of the sessions below a cut
    features: Words  # [F] hashes of their names
    laws: Table  # the standard normal law
    nodes: Floats
    steps: Floats
    guide: Table
