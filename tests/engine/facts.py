"""What a test of the engine reads off a run, in a few words."""

from __future__ import annotations

import math

import numpy as np

from simulator.run import run


def simulate(source, trials=60, seed=1, **options):
    """Run exactly, on one thread."""
    return run(source, trials=trials, seed=seed, engine="exact", threads=1, **options)


def all_sessions(result):
    """Records of as many sessions as the run simulated."""
    return result.sessions(int(result.tally.sessions.sum()))


def cell_money(result, cause):
    """Money of one cause in all trials together."""
    tally = result.tally
    columns = [place for place, cell in enumerate(tally.frame.cells) if cell.cause == cause]
    return float(tally.cells[:, columns].sum()) * tally.frame.unit


def cell_mean(result, cause):
    """Money of one cause in a mean session."""
    return cell_money(result, cause) / int(result.tally.sessions.sum())


def spends(result):
    """Spend of every trial, in currency."""
    return result.tally.cells.sum(axis=1) * result.tally.frame.unit


def standard_errors_off(sample, expected):
    """Distance of a sample's mean from what it should be, in standard errors of that mean."""
    sample = np.asarray(sample, dtype=float)
    gap = abs(sample.mean() - expected)
    if gap <= 1e-9 * abs(expected):  # equal on paper; where nothing varies there is no other way to be right
        return 0.0
    spread = sample.std()
    return gap / (spread / math.sqrt(sample.size)) if spread > 0 else math.inf


def variance_off(sample, expected):
    """Distance of a sample variance from what it should be, in its standard errors (by the fourth moment)."""
    spread = np.asarray(sample, dtype=float)
    spread = (spread - spread.mean()) ** 2
    return abs(spread.mean() - expected) / (spread.std() / math.sqrt(spread.size))


def share_off(hits, n, p):
    """Distance of a share from its probability, in binomial standard deviations."""
    return abs(hits / n - p) / math.sqrt(p * (1 - p) / n)
