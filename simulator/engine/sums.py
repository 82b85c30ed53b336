"""The sum of a day's sessions of one kind, drawn from its law, at work that does not depend on how many they are.

The mean and the cells' shares come from a surface over driver levels, the law around the mean from the nearest point
of it: below ONE_BY_ONE sessions each is drawn; of more, those of the tail are, and the rest by their first three
moments.
"""

# Rows of structured arrays have no type that a checker knows: they are Any here.
from typing import Any

import numpy as np

from distributions.jit import device, float_bits, inlined, kernel
from distributions.streams import name_hash, sum_key, turn_key, uniform, word
from distributions.table import draw
from simulator.engine.layout import L_PRICE, Floats, Ints, Table
from simulator.engine.sum_layout import (
    BODY_STEPS,
    FIRST_TAIL_KNOT,
    MOST_IN_TAIL,
    N_CUTS,
    N_FACTORS,
    N_KNOTS,
    ONE_BY_ONE,
    SPAN_OCTAVES,
    STEPS_PER_FACTOR,
    STEPS_PER_OCTAVE,
    TAIL_OCTAVE,
    Learnt,
)

FIRST = np.uint64(0)
NUMBER, BODY, TAIL_COUNT, TAIL, EACH, LOOSE = (
    name_hash(f"\0sum:{p}") for p in ("number", "body", "tail count", "tail", "each", "loose")
)
ROOT_5 = np.sqrt(5.0)
MANTISSA, MOST_SHIFT = np.uint64(52), np.int64(62)
ONE_EXPONENT = np.int64(1023)
LARGEST_SUM = float(2**62)
SMALL_COUNT = 256.0
"""Variance up to which a binomial count is exact; beyond, an expansion is right to some hundredths of a count."""


@inlined
def cost_at(knots: Any, v: float) -> float:
    """Cost that a share `v` of the sessions passes, by the straight line between knots."""
    edge = 2.0**-TAIL_OCTAVE
    if v >= edge:
        t = (1.0 - v) * BODY_STEPS
        k = min(np.int64(t), np.int64(FIRST_TAIL_KNOT - 1))
        return knots[k] + (t - k) * (knots[k + 1] - knots[k])
    octave = ONE_EXPONENT - np.int64(float_bits(v) >> MANTISSA) - np.int64(TAIL_OCTAVE + 1)
    s = v * float(np.int64(1) << min(octave + TAIL_OCTAVE, MOST_SHIFT))  # from 1/2 to 1
    t = (1.0 - s) * (2 * STEPS_PER_OCTAVE)
    k = np.int64(FIRST_TAIL_KNOT) + octave * STEPS_PER_OCTAVE + np.int64(t)
    if k >= N_KNOTS - 1:
        return knots[N_KNOTS - 1]
    return knots[k] + (t - np.floor(t)) * (knots[k + 1] - knots[k])


@device
def binomial(learnt: Learnt, w: np.uint64, n: float, p: float) -> float:
    """A binomial count, which rises with `w`."""
    if p <= 0.0 or n <= 0.0:
        return 0.0
    if p >= 1.0:
        return n
    variance = n * p * (1.0 - p)
    if variance > SMALL_COUNT:
        z = draw(learnt.laws, learnt.nodes, learnt.steps, learnt.guide, 0, w)
        whole = np.floor(n * p + np.sqrt(variance) * z + (1.0 - 2.0 * p) * (z * z - 1.0) / 6.0 + 0.5)
        return min(max(whole, 0.0), n)
    mirrored = p > 0.5
    if mirrored:
        p, w = 1.0 - p, ~w
    u, k = uniform(w), 0.0
    mass = np.exp(n * np.log1p(-p))
    below, odds = mass, p / (1.0 - p)
    while below < u and k < n and (mass > 0.0):
        mass *= odds * (n - k) / (k + 1.0)
        k += 1.0
        below += mass
    return n - k if mirrored else k


@inlined
def place(learnt: Learnt, surface: Any, level: Any, at: Any) -> None:
    """Coordinates of a row of driver levels on the axes of a surface."""
    for a in range(surface.n_axes):
        axis = learnt.axes[surface.first_axis + a]
        x = level[axis.driver]
        x = 1.0 - np.exp(-axis.rate * x) if axis.rate > 0.0 else np.log(max(x, 1e-9))
        at[a] = min(max((x - axis.centre) / axis.scale, axis.low), axis.high)


@device
def look_up(learnt: Learnt, surface: Any, number: int, at: Any, shares: Any) -> tuple[float, int]:
    """The mean cost of a session at coordinates, its cells' shares, and the nearest point."""
    log_mean, nearest, least = surface.log_mean, surface.first_point, np.inf
    n_columns = surface.n_columns
    for c in range(n_columns):
        shares[c] = learnt.shares[number, c]
    for i in range(surface.first_point, surface.first_point + surface.n_points):
        square, dot = 0.0, 1.0
        for a in range(surface.n_axes):
            axis, x = learnt.axes[surface.first_axis + a], learnt.places[i, a]
            square += ((at[a] - x) / axis.length) ** 2
            dot += at[a] * x / (axis.reach * axis.reach)
        if square < least:
            nearest, least = i, square
        r = ROOT_5 * np.sqrt(square)
        near = surface.bend * (1.0 + r + r * r / 3.0) * np.exp(-r) + surface.trend * dot * dot
        log_mean += near * learnt.weights[i, 0]
        for c in range(n_columns):
            shares[c] += near * learnt.weights[i, 1 + c]
    total = 0.0
    for c in range(n_columns):
        shares[c] = max(0.0, shares[c])
        total += shares[c]
    for c in range(n_columns):
        shares[c] /= total if total > 0.0 else 1.0
    return np.exp(log_mean), nearest


@device
def draw_sum(learnt: Learnt, point: int, key: np.uint64, k1: np.uint64, n: float) -> float:
    """The sum over `n` sessions of mean cost 1."""
    knots, total = learnt.knots[point], 0.0
    if n <= ONE_BY_ONE:
        for i in range(int(n)):
            total += cost_at(knots, 1.0 - uniform(word(key, k1, np.uint64(i), EACH)))
        return total
    cut, share = 0, 2.0**-TAIL_OCTAVE
    while n * share > MOST_IN_TAIL and cut < N_CUTS - 1:
        cut, share = cut + 1, 0.5 * share
    above = binomial(learnt, word(key, k1, FIRST, TAIL_COUNT), n, share)
    for i in range(int(above)):
        total += cost_at(knots, share * (1.0 - uniform(word(key, k1, np.uint64(i), TAIL))))
    mean, sd, skewness = learnt.bodies[point, cut]
    z = draw(learnt.laws, learnt.nodes, learnt.steps, learnt.guide, 0, word(key, k1, FIRST, BODY))
    below = n - above
    return total + max(0.0, below * mean + sd * (np.sqrt(below) * z + skewness * (z * z - 1.0) / 6.0))


@device
def split(
    learnt: Learnt, surface: Any, number: int, w: np.uint64, n: float, mean: float, total: float, shares: Any
) -> None:
    """Make `shares` the money of each cell.

    What a sum differs from its mean by goes to the cells as it does on the average of such sums, as far as no cell
    falls below 0. Money that the budget covers keeps its own chance beside that of the sum.
    """
    expected, cells = n * mean, surface.n_columns
    weight, off = 1.0, total - n * mean
    for c in range(cells):
        leaning = shares[c] * expected + learnt.leans[number, c] * off
        if leaning < 0.0:
            weight = min(weight, shares[c] * total / max(shares[c] * total - leaning, 1e-300))
    covered = 0.0
    for c in range(cells):
        leaning = shares[c] * expected + learnt.leans[number, c] * off
        shares[c] = max(0.0, weight * leaning + (1.0 - weight) * shares[c] * total)
        covered += shares[c] if learnt.is_covered[number, c] else 0.0
    others = total - covered
    if surface.loose <= 0.0 or covered <= 0.0 or others <= 0.0:
        return
    z = draw(learnt.laws, learnt.nodes, learnt.steps, learnt.guide, 0, w)
    moved = min(max(surface.loose * mean * np.sqrt(n) * z, -covered), others)
    for c in range(cells):
        shares[c] *= 1.0 + moved / covered if learnt.is_covered[number, c] else 1.0 - moved / others


@kernel
def sum_sessions(
    learnt: Learnt, seed: np.uint64, cases: Table, surfaces: Ints, levels: Floats, per_unit: float, chance: bool,
    at: Floats, shares: Floats, cells: Ints, served: Ints, faults: Ints,
) -> None:  # fmt: skip
    """Draw the money of the sessions of some cases, and add it to the cells of their trials and days.

    Parameters
    ----------
    cases : CASE_DTYPE[n]; all kinds of a trial, day and feature follow each other
    surfaces : int64[n], their surfaces
    levels : float64[L, 12], that cases point to
    per_unit : units of money in one unit of currency
    chance : whether sums are drawn; else they are their means
    at, shares : float64[12] and float64[C] to work with
    cells : int64[T, D, tally's cells], added to
    served : int64[n, 2], set: the nearest point and, in bins, what prices make of the cost; and how many sessions
    faults : int64[1], counts money that is no number below 2^62 units
    """
    left, p_left = 0.0, 1.0
    for j in range(cases.shape[0]):
        case = cases[j]
        if j == 0 or not same_day(case, cases[j - 1]):
            left, p_left = float(case.count), 1.0
        k0, k1 = sum_key(
            seed, np.uint64(case.trial), np.uint64(case.day), learnt.features[case.feature], np.uint64(case.kind)
        )
        key = turn_key(k0, k1, FIRST)
        n = case.count * case.probability
        if chance:
            is_last = j + 1 == cases.shape[0] or not same_day(case, cases[j + 1])
            n = left if is_last else binomial(learnt, word(key, k1, FIRST, NUMBER), left, case.probability / p_left)
        left, p_left = left - n, p_left - case.probability
        if n <= 0.0:
            continue
        number, level = surfaces[j], levels[case.level]
        surface = learnt.surfaces[number]
        place(learnt, surface, level, at)
        mean, point = look_up(learnt, surface, number, at, shares)
        total = mean * draw_sum(learnt, point, key, k1, n) if chance else mean * n
        if chance and total > 0.0:
            split(learnt, surface, number, word(key, k1, FIRST, LOOSE), n, mean, total, shares)
        else:
            for c in range(surface.n_columns):
                shares[c] *= total
        after = put(learnt, surface, number, level[L_PRICE], per_unit, shares, cells[case.row, case.day], faults)
        factor = np.log2(after / total) if (total > 0.0) & (after > 0.0) else 0.0
        index = np.int64(np.floor((factor + SPAN_OCTAVES) * STEPS_PER_FACTOR + 0.5))
        if index < 0:
            index = np.int64(0)
        served[j, 0] = point * N_FACTORS + (index if index < N_FACTORS else N_FACTORS - 1)
        served[j, 1] = np.int64(n)


@inlined
def same_day(a: Any, b: Any) -> bool:
    """Whether two cases are kinds of the same sessions."""
    return a.row == b.row and a.day == b.day and a.feature == b.feature


@inlined
def put(
    learnt: Learnt, surface: Any, number: int, price: float, per_unit: float, money: Any, cells: Any, faults: Any
) -> float:  # fmt: skip
    """Add money to the cells of a trial and day, in whole units; gives how much it is at its prices."""
    after = 0.0
    for c in range(surface.n_columns):
        cost = money[c] * (price if learnt.is_priced[number, c] else 1.0)
        after += cost
        units = cost * per_unit
        if not units < LARGEST_SUM:
            faults[0] += 1
        else:
            cells[learnt.columns[number, c]] += np.int64(np.rint(units))
    return after
