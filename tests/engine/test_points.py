"""What a trial draws once has a place of its own: nothing that is added moves the draws of the rest."""

from __future__ import annotations

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


def test_draws_of_one_event_are_even_together_and_with_drivers_of_their_own():
    """Whether it happens, and how much it multiplies: of 16 points of a replicate one in each of 4 x 4 boxes."""
    points, trials = Points(), TRIALS[::16][:16]
    happens, size = (points.uniforms(5, f"event:launch:{what}", trials) for what in ("happens", "volume"))
    assert len(set((np.floor(happens * 4) * 4 + np.floor(size * 4)).tolist())) == 16


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
