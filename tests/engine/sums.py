"""The two engines side by side, for tests of the hybrid one."""

from __future__ import annotations

import math

from scenarios.load import load
from scenarios.prices import resolve_prices
from simulator.bounds import money_unit, pilot
from simulator.engine.exact import simulate
from simulator.engine.hybrid import simulate_hybrid
from simulator.engine.learning.learn import Learner
from simulator.engine.learning.pools import Pools
from simulator.engine.period import Period
from simulator.engine.plan import compile_program


def learner_of(spec, seed=1, threads=2):
    """A learner of a scenario that has learnt."""
    loaded = load(spec)
    program = compile_program(loaded, resolve_prices(loaded))
    period = Period.of(loaded)
    learner = Learner(program, period, Pools(program, seed, money_unit(pilot(program, period)[1]), threads))
    learner.learn()
    return learner


def both(spec, trials, seed=1):
    """The tallies of both engines, hybrid first, and the relative error of the hybrid one's means."""
    learner = learner_of(spec, seed)
    exact = simulate(learner.program, learner.period, seed, trials, unit=learner.pools.unit, threads=2)
    base = max(base.error / base.mean for base in learner.bases.values() if base.mean > 0.0)
    tried = [abs(off) for sheet in learner.sheets.values() for off in sheet.tried]
    return simulate_hybrid(learner, trials, threads=2), exact, math.hypot(base, max(tried, default=0.0))
