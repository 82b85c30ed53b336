"""What either side says of a scenario, the naive twin or the kernel, in one form that tests can ask both for."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from scenarios.load import load
from scenarios.prices import resolve_prices
from scenarios.schema import DRIVERS
from simulator.run import run
from tests.twin.naive_fate import multiplied
from tests.twin.naive_period import followed
from tests.twin.naive_twin import Dice, Session, World, levels

TWIN_SESSIONS = 4_000
KERNEL_TRIALS = 8  # of one day with 5,000 sessions: ten for each of the twin, whose 4,000 make nearly all of the error
RECORDED = (
    *("cost", "calls", "agents", "input", "cached", "written", "output"),
    *("success", "cut", "held", "runs", "handed_over", "reviewed"),
)
COLUMNS = (*RECORDED, "bought")  # the last: cost of successes


class Side(NamedTuple):
    """What one side says of a scenario.

    Attributes
    ----------
    columns : a value for every session, by column
    cells : money for every group of sessions, by (feature, agent, cause, detail)
    sizes : sessions of every group: a session each for the twin, a trial each for the kernel
    depth_cost, depth_agents : money and agent instances of all sessions by depth, the root at 0
    """

    columns: dict
    cells: dict
    sizes: np.ndarray
    depth_cost: np.ndarray
    depth_agents: np.ndarray

    @property
    def sessions(self):
        return int(self.sizes.sum())

    def cell(self, key):
        """Money of a cell in a mean session."""
        return self.cells[key].sum() / self.sessions


def twin_side(source, n=TWIN_SESSIONS, seed=2026):
    scenario = load(source)
    dice = Dice(seed)
    fixed = {driver: float(law.mean()) for driver, law in scenario.drivers.levels.items()}
    cards = {model: by_day[0] for model, by_day in resolve_prices(scenario).cards.items()}
    shares = {feature: spec.share for feature, spec in scenario.features.items()}
    bills, cells = [], []
    for _ in range(n):
        feature = dice.choose(shares)
        bills.append(Session(scenario, feature, world_of(scenario, cards, fixed, dice), dice).run())
        cells.append({(feature, *key): money for key, money in bills[-1].cells.items()})
    columns = {column: np.array([getattr(bill, column) for bill in bills], dtype=float) for column in RECORDED}
    columns["bought"] = columns["cost"] * columns["success"]
    keys = {key for cell in cells for key in cell}
    return Side(
        columns,
        {key: np.array([cell.get(key, 0.0) for cell in cells]) for key in keys},
        np.ones(n),
        by_depth([bill.at_depth for bill in bills]),
        by_depth([bill.instances for bill in bills]),
    )


def world_of(scenario, cards, fixed, dice):
    """What a session finds on a day on which every event of the scenario is in force."""
    mine, routes = dict.fromkeys(DRIVERS, 1.0) | fixed, {}
    for event in scenario.events.values():
        if dice.happens(event.share):
            mine = multiplied(mine, {driver: float(law.mean()) for driver, law in event.multiplies.items()})
            routes |= event.route
    return World(cards, levels(**mine), scenario.usd_rate, followed(routes))


def by_depth(counters):
    total = np.zeros(1 + max(depth for counter in counters for depth in counter))
    for counter in counters:
        for depth, value in counter.items():
            total[depth] += value
    return total


def kernel_side(source, trials=KERNEL_TRIALS, seed=5):
    result = run(source, trials=trials, seed=seed, engine="exact", threads=1)
    tally, unit = result.tally, result.tally.frame.unit
    cells = defaultdict(float)
    for cell, money in zip(tally.frame.cells, tally.cells.T, strict=True):
        if cell.cause != "fixed" and money.any():
            cells[tuple(cell)] = cells[tuple(cell)] + money * unit
    sizes = tally.sessions.sum(axis=(1, 2))
    frame = result.sessions(int(sizes.sum()))
    columns = {column: frame[column].to_numpy(dtype=float) for column in RECORDED}
    columns["bought"] = columns["cost"] * columns["success"]
    depths = tally.session.depth_units.astype(float) * unit, tally.session.depth_agents.astype(float)
    return Side(columns, dict(cells), sizes.astype(float), *depths)
