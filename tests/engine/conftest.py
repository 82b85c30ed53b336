"""Samples of sessions, from the naive twin and from the kernel: what mathematics says, both must do."""

from __future__ import annotations

import pytest

from tests.twin.sides import kernel_side, twin_side

pytest.register_assert_rewrite("tests.engine.truth")


def from_the_twin(spec, twin=1_000, trials=10):
    return twin_side(spec, twin)


def from_the_kernel(spec, twin=1_000, trials=10):
    return kernel_side(spec, trials)


@pytest.fixture(params=[from_the_twin, from_the_kernel])
def sample(request):
    """A function of a scenario, and of the sizes: sessions of the twin, trials of 5,000 sessions of the kernel."""
    return request.param
