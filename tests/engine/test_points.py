"""What a trial draws once has a place of its own: nothing that is added moves the draws of the rest."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from distributions.streams import name_hash, period_uniforms
from scenarios.words import DRIVERS
from simulator.engine.points import ORDER, Points
from simulator.engine.tally import REPLICATES

TRIALS = np.arange(4_096)
PURPOSES = [
    *(f"driver:{name}" for name in DRIVERS),
    *("event:launch:happens", "event:launch:volume", "event:launch:price"),
    *("event:a:b:happens", "event:a:starts", "event:outage:starts"),
]


def test_every_driver_has_a_dimension():
    assert sorted(ORDER) == sorted(DRIVERS)


def test_plain_points_are_the_draws_of_their_address():
    for purpose in PURPOSES:
        expected = period_uniforms(7, name_hash(purpose), TRIALS, 0, 0)
        assert np.array_equal(Points("plain").uniforms(7, purpose, TRIALS), expected)


@pytest.mark.parametrize("kind", ["sobol", "plain"])
def test_no_two_purposes_share_their_draws(kind):
    drawn = np.array([Points(kind).uniforms(1, purpose, TRIALS) for purpose in PURPOSES])
    off = np.corrcoef(drawn)[np.triu_indices(len(PURPOSES), 1)]
    assert np.abs(off).max() < 5 / np.sqrt(len(TRIALS))
    assert np.all((drawn > 0.0) & (drawn < 1.0))


@pytest.mark.parametrize("what", ["event:launch:happens", "event:launch:price", "event:a:starts"])
def test_an_event_is_even_by_itself(what):
    """In each replicate: of the first 2^8 points each of 2^8 cells is hit."""
    u = Points().uniforms(5, what, TRIALS)
    for replicate in range(REPLICATES):
        assert sorted(np.floor(2**8 * u[replicate::REPLICATES]).astype(int).tolist()) == list(range(2**8))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("driver:volume", "event:launch:happens"),
        ("driver:failure_rate", "event:a:starts"),
        ("event:launch:happens", "event:launch:volume"),
    ],
)
def test_an_event_is_even_with_the_main_drivers_and_with_its_own_size(first, second):
    """Every box of a sixteenth holds a sixteenth of each replicate's 256 points: t is 4 or less."""
    x, y = (Points().uniforms(5, purpose, TRIALS) for purpose in (first, second))
    for replicate, along in itertools.product(range(REPLICATES), range(5)):
        place = slice(replicate, None, REPLICATES)
        boxes = np.floor(x[place] * 2**along) * 2 ** (4 - along) + np.floor(y[place] * 2 ** (4 - along))
        assert np.all(np.bincount(boxes.astype(int), minlength=16) == 2**4)


@pytest.mark.parametrize(
    "purpose", ["driver:weather", "driver:", "event:launch", "event::happens", "event:launch:weather", "users", ""]
)
def test_a_purpose_without_points_is_refused(purpose):
    for kind in ("sobol", "plain"):
        with pytest.raises(ValueError, match="there are no points for"):
            Points(kind).uniforms(1, purpose, TRIALS)


def test_a_kind_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="points are sobol or plain, got 'halton'"):
        Points("halton")


def test_trials_are_dealt_to_replicates_in_turn():
    """Each replicate's first 2^k points are even by themselves, in every dimension."""
    u = Points().uniforms(1, "driver:price", TRIALS)
    for points in u.reshape(-1, REPLICATES).T[:, :64]:
        assert sorted(np.floor(64 * points).astype(int).tolist()) == list(range(64))
