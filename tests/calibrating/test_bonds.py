"""How means of sessions go together: covariances and their errors, what long sessions show, and loads from both."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.calibrating.bonds import Means, Seen, covariances, likeliest_loads, seen_of
from tests.calibrating.making import FAR, near


def test_covariances_and_their_errors_are_those_of_logs_drawn_again() -> None:
    rng = np.random.default_rng(1)
    loads, logs, sessions = np.array([1.0, -0.6]), 400, 200
    found, errors = np.empty((logs, 2, 2)), np.empty((logs, 2, 2))
    for one in range(logs):
        u, noise = rng.standard_normal(sessions), rng.uniform(0.1, 0.8, (2, sessions))
        values = loads[:, None] * u + np.sqrt(noise) * rng.standard_normal((2, sessions))
        found[one], errors[one] = covariances([Means(str(i), values[i], noise[i]) for i in range(2)])
    spread = found.std(axis=0)
    assert np.all(np.abs(found.mean(axis=0) - np.outer(loads, loads)) < FAR * spread / np.sqrt(logs))
    ratio = np.sqrt((errors**2).mean(axis=0)) / spread
    assert np.all(np.abs(ratio - 1) < FAR / np.sqrt(2 * logs))


def seen_as_one(k: int) -> Seen:
    """Sessions that show the loads as they are."""
    turns = np.linspace(0.0, 1.0, 9)
    products = np.ones((9, k, k))
    products[:, 0, 1:] = turns[:, None]
    return Seen(turns, products)


@pytest.mark.parametrize("loads", [(0.3, 0.5, -0.4, 0.2), (-0.6, 0.5, 0.4, -0.2), (0.1, -0.1, -0.9, 0.1)])
def test_loads_are_those_whose_products_are_the_covariances(loads: tuple[float, ...]) -> None:
    truth = np.array(loads) * np.sign(loads[1 + int(np.argmax(np.abs(loads[1:])))])
    covariance = np.outer(loads, loads)
    errors = np.full((4, 4), 1e-6)
    found = likeliest_loads(covariance, errors, [True, False, False, False], seen_as_one(4))
    np.testing.assert_allclose(found, truth, atol=1e-4)


@pytest.mark.parametrize(("errors_away", "kept"), [(10.0, 0.96), (4.0, 0.75), (2.0, 0.0), (1.0, 0.0)])
def test_covariances_that_are_not_sure_are_drawn_to_nothing(errors_away: float, kept: float) -> None:
    turns, other = 0.4, 0.5
    covariance = np.array([[1.0, turns * other], [turns * other, other**2]])
    errors = np.full((2, 2), turns * other / errors_away)
    found = likeliest_loads(covariance, errors, [True, False], seen_as_one(2))
    np.testing.assert_allclose(found, [kept * turns, other], atol=1e-4)


def test_a_sign_that_nothing_tells_makes_sessions_differ_less() -> None:
    """What goes together with nothing has the sign that takes away from the sum of all."""
    turns, other, alone = 0.4, 0.5, 0.3
    covariance = np.array([[1.0, turns * other, 0.0], [turns * other, other**2, 0.0], [0.0, 0.0, alone**2]])
    errors = np.array([[0.05, 1e-3, 0.02], [1e-3, 1e-4, 0.02], [0.02, 0.02, 1e-4]])
    found = likeliest_loads(covariance, errors, [True, False, False], seen_as_one(3))
    assert found[1] > 0 > found[2]


def test_a_load_of_turns_is_no_greater_than_their_law_allows() -> None:
    covariance = np.array([[1.0, 0.8], [0.8, 0.25]])
    found = likeliest_loads(covariance, np.full((2, 2), 1e-6), [True, False], seen_as_one(2))
    assert found[0] == 1.0


def test_what_long_sessions_show_of_loads_is_what_they_have() -> None:
    """Of sessions of five turns and more, whose difficulty is known here, covariances are as foretold."""
    rng = np.random.default_rng(2)
    load, other, n = 0.4, -0.5, 8_000
    u = rng.standard_normal(n)
    turns = np.maximum(1, np.floor(rng.lognormal(1.6, 0.6, n) * np.exp(load * u) + rng.random(n))).astype(int)
    kind, used = rng.integers(0, 2, n), np.flatnonzero(turns >= 5)
    lengths, means = np.log(turns[used]), other * u[used]
    for one in range(2):
        mine = kind[used] == one
        lengths[mine] -= lengths[mine].mean()
        means[mine] -= means[mine].mean()
    nothing = np.zeros(used.size)
    measures = [Means("turns", lengths, nothing, True), Means("other", means, nothing)]
    covariance, errors = covariances(measures)
    seen = seen_of(turns, np.arange(n), used, kind, measures)
    pairs = np.array([0, 1]), np.array([1, 1])
    foretold = seen.of(np.array([load, other]), *pairs)
    assert near(covariance[0, 1], foretold[0], errors[0, 1])
    assert near(covariance[1, 1], foretold[1], errors[1, 1])
    assert foretold[1] < 0.9 * other**2  # long sessions differ less in difficulty than all
    assert seen.of(np.array([0.0, other]), *pairs)[1] == pytest.approx(other**2, rel=1e-12)
