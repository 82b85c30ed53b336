"""Samples from the naive twin and from the engine, of sessions and of periods: what mathematics says, both must do."""

from __future__ import annotations

import pytest

from tests.twin.lives import engine_lives, twin_lives
from tests.twin.sides import kernel_side, twin_side

pytest.register_assert_rewrite("tests.engine.truth", "tests.engine.oracle")


def from_the_twin(spec, twin=1_000, trials=10):
    return twin_side(spec, twin)


def from_the_kernel(spec, twin=1_000, trials=10):
    return kernel_side(spec, trials)


@pytest.fixture(params=[from_the_twin, from_the_kernel])
def sample(request):
    """A function of a scenario, and of the sizes: sessions of the twin, trials of 5,000 sessions of the kernel."""
    return request.param


def lived_by_the_twin(spec, twin=100, trials=5_000):
    return twin_lives(spec, twin)


def lived_by_the_engine(spec, twin=100, trials=5_000):
    return engine_lives(spec, trials)


def lived_by_the_hybrid(spec, twin=100, trials=5_000):
    return engine_lives(spec, trials, engine="hybrid")


@pytest.fixture(params=[lived_by_the_twin, lived_by_the_engine, lived_by_the_hybrid])
def lives(request):
    """A function of a scenario, and of the trials that the twin and either engine live."""
    return request.param
