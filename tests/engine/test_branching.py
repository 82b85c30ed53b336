"""Agents that spawn themselves: total progeny of a Galton-Watson process, and what caps leave of it.

N, the instances of a session, has G(s) = s f(G(s)) where f generates an instance's offspring. So its mean is 1/(1 - m),
its variance sigma^2/(1 - m)^3, and its law comes from G on a circle by a Fourier transform.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.engine.facts import share_off
from tests.engine.truth import assert_means, assert_moments, moments_of
from tests.twin.agreement import kolmogorov_bound
from tests.twin.worlds import one_agent

UNCAPPED = {"depth": 64, "agents": 1_000_000}
POINTS = 4_096


def sprawl(turns, count, per="turn", fanout=1.0, **caps):
    rule = {"agent": "chat", "per": per, "count": count}
    agent = {"message_tokens": 10, "output_tokens": 5, "turns": turns, "spawns": [rule]}
    features = {"ask": {"agent": "chat", "guardrails": UNCAPPED | caps}}
    return one_agent(agent, features=features, drivers={"fanout": fanout})


def poisson(mean):
    return lambda s: np.exp(mean * (s - 1))


def geometric(mean):
    return lambda s: s / (mean - (mean - 1) * s)


def rounded_poisson(mean):
    """Generate sround(1.5 X): 3k of 2k; 3k + 1 or 3k + 2, as often, of 2k + 1."""
    p = [math.exp(-mean) * mean**x / math.factorial(x) for x in range(40)]
    halves = [(p[2 * k], p[2 * k + 1] / 2) for k in range(20)]
    return lambda s: sum(s ** (3 * k) * (even + odd * (s + s**2)) for k, (even, odd) in enumerate(halves))


def odd_poisson(mean):
    return (1 - math.exp(-2 * mean)) / 2


# name: (scenario's words, f, m, sigma^2, mean turns)
POISSON, NEGATIVE = {"poisson": {"mean": 0.6}}, {"negative_binomial": {"mean": 0.5, "dispersion": 0.7}}
THREE = {"geometric": {"mean": 3}}
RULES = {
    "once an agent": ((2, POISSON, "agent"), poisson(0.6), 0.6, 0.6, 2),
    "once an agent of random turns": ((THREE, POISSON, "agent"), poisson(0.6), 0.6, 0.6, 3),
    "negative binomial": (
        (1, NEGATIVE, "agent"),
        lambda s: (1 + 0.5 / 0.7 * (1 - s)) ** -0.7,
        0.5,
        0.5 + 0.25 / 0.7,
        1,
    ),
    "every turn, of random turns": (
        (THREE, {"poisson": {"mean": 0.2}}),
        lambda s: geometric(3)(poisson(0.2)(s)),
        0.6,
        3 * 0.2 + 6 * 0.2**2,
        3,
    ),
    "every turn, by chance one": ((2, 0.3), lambda s: (0.7 + 0.3 * s) ** 2, 0.6, 2 * 0.3 * 0.7, 2),
    "more of them": (
        (1, {"poisson": {"mean": 0.3}}, "turn", 1.5),
        rounded_poisson(0.3),
        0.45,
        1.5**2 * 0.3 + odd_poisson(0.3) / 4,
        1,
    ),
}


def progeny(f, radius=1.0, most=POINTS):
    """P(N = n) for n below `most`, by G on a circle; a smaller one where N may be infinite."""
    s = radius * np.exp(2j * np.pi * np.arange(POINTS) / POINTS)
    g = np.zeros_like(s)
    for _ in range(400):
        g = s * f(g)
    return (np.fft.fft(g).real / POINTS)[:most] / radius ** np.arange(most)


@pytest.mark.parametrize("name", RULES)
def test_total_progeny_without_caps(sample, name):
    words, f, m, variance, turns = RULES[name]
    side = sample(sprawl(*words), 1_000, 10)
    agents, law = side.columns["agents"], progeny(f)
    mean, spread, fourth = moments_of(np.arange(POINTS), law)
    assert mean == pytest.approx(1 / (1 - m), rel=1e-7)
    assert spread == pytest.approx(variance / (1 - m) ** 3, rel=1e-7)
    assert_moments(agents, mean, spread, fourth)
    assert_means(side, calls=turns / (1 - m))
    counts = np.bincount(agents.astype(int), minlength=POINTS)[:POINTS]
    distance = np.abs(np.cumsum(counts) / agents.size - np.cumsum(law)).max()
    assert distance < kolmogorov_bound(agents.size)
    # What the caps take away: generations past the deepest, and E[N; N > cap] <= E[N^2] / cap.
    bias = m ** (UNCAPPED["depth"] + 1) / (1 - m) + (spread + mean**2) / UNCAPPED["agents"]
    assert bias < math.sqrt(spread / agents.size) / 50


@pytest.mark.parametrize("name", [*RULES, "more than one each"])
def test_generations_up_to_a_cap_on_depth(sample, name):
    more = ((2, {"poisson": {"mean": 0.8}}), poisson(1.6), 1.6, 1.6, 2)
    words, f, m, variance, _ = (RULES | {"more than one each": more})[name]
    side, depth = sample(sprawl(*words, depth=3), 2_000, 10), 3
    generations = side.depth_agents / side.sessions
    assert not generations[depth + 1 :].any()
    assert generations[0] == 1
    for k in range(1, depth + 1):
        spread = variance * m ** (k - 1) * (m**k - 1) / (m - 1)
        assert abs(generations[k] - m**k) < 4 * math.sqrt(spread / side.sessions)
    assert_means(side, agents=sum(m**k for k in range(depth + 1)))
    childless = 0.0
    for _ in range(depth + 1):
        childless = f(childless)
    assert share_off(side.columns["held"].sum(), side.sessions, 1 - childless) < 4


@pytest.mark.parametrize(("mean", "cap"), [(0.6, 4), (0.6, 1), (1.5, 7)])
def test_a_cap_on_agents_leaves_the_first_of_them(sample, mean, cap):
    side = sample(sprawl(2, {"poisson": {"mean": mean}}, "agent", agents=cap), 1_000, 10)
    borel = [math.exp(-mean * n) * (mean * n) ** (n - 1) / math.factorial(n) for n in range(1, cap + 1)]
    assert progeny(poisson(mean), 0.5, cap + 1)[1:] == pytest.approx(borel, rel=1e-9)
    agents = side.columns["agents"]
    assert agents.max() == cap
    for n, p in enumerate(borel[:-1], start=1):
        assert share_off((agents == n).sum(), side.sessions, p) < 4
    assert share_off(side.columns["held"].sum(), side.sessions, 1 - sum(borel)) < 4


def test_what_a_generation_costs_stands_at_its_depth(sample):
    side = sample(sprawl(1, {"poisson": {"mean": 0.5}}, "agent", depth=2), 1_000, 10)
    call = (10 * 3 + 5 * 15) / 1e6
    assert side.depth_cost[:3] == pytest.approx(call * side.depth_agents[:3], rel=1e-6)
    assert side.depth_cost.sum() == pytest.approx(side.columns["cost"].sum(), rel=1e-6)
