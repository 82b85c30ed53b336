"""A statistical battery along every axis of an address: neighbours there are what a simulation draws side by side.

Everything is deterministic. Each test makes many p-values of statistics whose law under perfect randomness is known,
and asks that the smallest of them, times their number, is not absurd (Bonferroni); a separate test asks that all of
them together are flat. The battery must itself be able to fail: it also gets streams that are broken in a known way.
"""

from typing import NamedTuple

import numpy as np
import pytest
from scipy import special

from distributions import streams
from distributions.jit import kernel
from distributions.streams import name_hash

ABSURD = 1e-4
"""Probability that a perfect generator fails one test here."""

# The address of a word in a child agent. A root's word is tested through the first five and the last three.
AXES = ("seed", "trial", "day", "feature", "session", "child_turn", "rule", "number", "turn", "attempt", "purpose")
NAMED = ("feature", "rule", "purpose")
BASE = np.array(
    [1, 3, 12, int(name_hash("chat")), 1234, 2, int(name_hash("planner")), 1, 3, 1, int(name_hash("output_tokens"))],
    dtype=np.uint64,
)
PERIOD_AXES = ("seed", "purpose", "trial", "day", "index")
PERIOD_BASE = np.array([1, int(name_hash("volume")), 3, 12, 5], dtype=np.uint64)


@kernel
def fill_child_words(address, out):
    for i in range(len(out)):
        a = address[i]
        k0, k1 = streams.session_key(a[0], a[1], a[2], a[3], a[4])
        k0, k1 = streams.child_key(k0, k1, a[5], a[6], a[7])
        out[i] = streams.word(streams.turn_key(k0, k1, a[8]), k1, a[9], a[10])


@kernel
def fill_root_words(address, out):
    for i in range(len(out)):
        a = address[i]
        k0, k1 = streams.session_key(a[0], a[1], a[2], a[3], a[4])
        out[i] = streams.word(streams.turn_key(k0, k1, a[8]), k1, a[9], a[10])


@kernel
def fill_period_words(address, out):
    for i in range(len(out)):
        a = address[i]
        out[i] = streams.philox4x64(a[2], a[3], a[4], np.uint64(0), a[0], a[1])[0]


class Source(NamedTuple):
    """A kind of word, the axes of its address, and an address to start from."""

    axes: tuple[str, ...]
    base: np.ndarray
    fill: object

    def words(self, addresses):
        out = np.empty(len(addresses), dtype=np.uint64)
        self.fill(np.ascontiguousarray(addresses), out)
        return out

    def along(self, steps):
        """Words at the base address moved along some axes: {axis: values}, all of one shape."""
        shape = np.shape(next(iter(steps.values())))
        addresses = np.tile(self.base, (int(np.prod(shape)), 1))
        for axis, values in steps.items():
            addresses[:, self.axes.index(axis)] = np.ravel(values)
        return self.words(addresses).reshape(shape)


CHILD = Source(AXES, BASE, fill_child_words)
ROOT = Source(AXES, BASE, fill_root_words)
PERIOD = Source(PERIOD_AXES, PERIOD_BASE, fill_period_words)
ROOT_AXES = tuple(axis for axis in AXES if axis not in ("child_turn", "rule", "number"))
LINES = (
    [(CHILD, axis) for axis in AXES] + [(ROOT, axis) for axis in ROOT_AXES] + [(PERIOD, axis) for axis in PERIOD_AXES]
)
PAIRS = [
    (source, one, other)
    for source, axes in ((CHILD, AXES), (PERIOD, PERIOD_AXES))
    for i, one in enumerate(axes)
    for other in axes[i + 1 :]
]


def named(count):
    return np.array([name_hash(f"name {i}") for i in range(count)], dtype=np.uint64)


def normal_p(z):
    return special.erfc(np.abs(z) / np.sqrt(2.0))


def chi2_p(counts, expected):
    """Two-sided p-values of Pearson's statistic along the last axis: too even is as bad as too uneven."""
    statistic = np.sum((counts - expected) ** 2 / expected, axis=-1)
    upper = special.chdtrc(counts.shape[-1] - 1, statistic)
    return 2.0 * np.minimum(upper, 1.0 - upper)


def poisson_p(count, mean):
    lower, upper = special.pdtr(count, mean), special.pdtrc(count - 1, mean) if count else 1.0
    return min(1.0, 2.0 * min(lower, upper))


def fractions(words):
    return (words >> np.uint64(11)).astype(float) * 2.0**-53


def flat_bits(words):
    """Every bit is set half of the time."""
    ones = np.array([np.count_nonzero(words >> np.uint64(bit) & np.uint64(1)) for bit in range(64)])
    return normal_p((2.0 * ones - words.size) / np.sqrt(words.size))


def flat_bytes(words):
    """Every byte takes every value alike."""
    octets = words.view(np.uint8).reshape(-1, 8)
    counts = np.stack([np.bincount(octets[:, i], minlength=256) for i in range(8)])
    return chi2_p(counts, words.size / 256)


def flat_pairs(words):
    """Neighbours' leading and trailing bits fill a square, at several distances."""
    found = []
    for lag in (1, 2, 3, 16):
        for shift in (60, 30, 0):
            part = (words >> np.uint64(shift) & np.uint64(15)).astype(np.int64)
            cells = part[:-lag] * 16 + part[lag:]
            cells = cells[: cells.size // (2 * lag) * 2 * lag].reshape(-1, 2, lag)[:, 0].ravel()  # disjoint pairs
            found.append(chi2_p(np.bincount(cells, minlength=256), cells.size / 256))
    return np.array(found)


def uncorrelated(words):
    """Neighbours are uncorrelated: the lag product of n uniforms has variance n / 144."""
    u = fractions(words) - 0.5
    return np.array([normal_p(np.sum(u[:-lag] * u[lag:]) * 12.0 / np.sqrt(u.size - lag)) for lag in (1, 2, 3, 7, 64)])


def half_flipped(words):
    """Neighbours differ in a binomial number of bits."""
    flips = np.bitwise_count(words[:-1:2] ^ words[1::2])
    law = special.comb(64, np.arange(65)) * 0.5**64
    edges = [*range(22, 43)]
    grouped = np.add.reduceat(np.bincount(flips, minlength=65), [0, *edges])
    return np.atleast_1d(chi2_p(grouped, flips.size * np.add.reduceat(law, [0, *edges])))


def birthdays(words):
    """As many words share their leading, and their trailing, 32 bits as chance has it, and none all 64."""
    assert np.unique(words).size == words.size
    mean = words.size * (words.size - 1) / 2.0**33
    parts = [words >> np.uint64(32), words & np.uint64(2**32 - 1), words >> np.uint64(16) & np.uint64(2**32 - 1)]
    return np.array([poisson_p(words.size - np.unique(part).size, mean) for part in parts])


STATISTICS = (flat_bits, flat_bytes, flat_pairs, uncorrelated, half_flipped, birthdays)


def line(source, axis):
    """Words at 2**17 neighbours on an axis; along an axis of names, at as many names."""
    count = 1 << 17
    return source.along({axis: named(count) if axis in NAMED else np.arange(count, dtype=np.uint64)})


def check(p_values):
    assert np.min(p_values) * np.size(p_values) > ABSURD


def battery(words):
    return np.concatenate([statistic(words) for statistic in STATISTICS])


@pytest.mark.parametrize(("source", "axis"), LINES, ids=lambda x: x if isinstance(x, str) else x.fill.__name__)
def test_neighbours_on_an_axis(source, axis):
    check(battery(line(source, axis)))


def test_p_values_are_flat():
    p = np.sort(np.concatenate([battery(line(PERIOD, axis))[64:] for axis in PERIOD_AXES]))
    distance = np.max(np.abs(p - (np.arange(p.size) + 0.5) / p.size)) + 0.5 / p.size
    assert special.kolmogorov(distance * np.sqrt(p.size)) > ABSURD


def mixed_differences(words):
    """What two axes do together is as random as a word: any way in which they merely add up leaves these constant."""
    corners = words[:-1:2, :-1:2], words[1::2, :-1:2], words[:-1:2, 1::2], words[1::2, 1::2]
    a, b, c, d = (np.ascontiguousarray(corner).ravel() for corner in corners)
    together = [a - b - c + d, a ^ b ^ c ^ d]
    return np.concatenate([np.concatenate([flat_bits(x), flat_bytes(x)]) for x in together])


def diagonals(words):
    u = fractions(words) - 0.5
    products = [np.sum(u[:-1, :-1] * u[1:, 1:]), np.sum(u[:-1, 1:] * u[1:, :-1]), np.sum(u[:-2, :-1] * u[2:, 1:])]
    sizes = [u[1:, 1:].size, u[1:, 1:].size, u[2:, 1:].size]
    return normal_p(np.array(products) * 12.0 / np.sqrt(sizes))


@pytest.mark.parametrize(("source", "one", "other"), PAIRS, ids=lambda x: x if isinstance(x, str) else x.fill.__name__)
def test_neighbours_on_two_axes(source, one, other):
    steps = [named(256) if axis in NAMED else np.arange(256, dtype=np.uint64) for axis in (one, other)]
    first, second = np.meshgrid(*steps, indexing="ij")
    words = source.along({one: first, other: second})
    check(np.concatenate([mixed_differences(words), diagonals(words)]))


@pytest.mark.parametrize(("source", "axis"), LINES, ids=lambda x: x if isinstance(x, str) else x.fill.__name__)
def test_avalanche(source, axis):
    """Each flipped bit of an address flips every bit of its word half of the time."""
    n, column = 2048, source.axes.index(axis)
    addresses = np.random.default_rng(column).integers(0, 2**64, (n, source.base.size), dtype=np.uint64)
    before = source.words(addresses)
    flipped = np.empty((64, 64))
    for bit in range(64):
        moved = addresses.copy()
        moved[:, column] ^= np.uint64(1) << np.uint64(bit)
        changes = (before ^ source.words(moved)).view(np.uint8).reshape(n, 8)
        flipped[bit] = np.unpackbits(changes, axis=1, bitorder="little").sum(axis=0)
    check(normal_p((2.0 * flipped - n) / np.sqrt(n)))


GOLDEN_STEP = np.uint64(0x9E3779B97F4A7C15)


def counter_stream(i):
    return i * GOLDEN_STEP


def one_multiplication(i):
    x = (i + np.uint64(1)) * GOLDEN_STEP
    return x ^ (x >> np.uint64(32))


def stuck_bit(i):
    return line(PERIOD, "trial")[: i.size] | np.uint64(1 << 40)


def short_of_a_word(i):
    return line(PERIOD, "trial")[i.astype(np.int64) % (i.size - 1)]


@pytest.mark.parametrize("broken", [counter_stream, one_multiplication, stuck_bit, short_of_a_word])
def test_battery_finds_what_is_broken(broken):
    words = broken(np.arange(1 << 17, dtype=np.uint64))
    with pytest.raises(AssertionError):
        check(battery(words))


def test_pairs_find_axes_that_merely_add_up():
    one, other = np.meshgrid(line(PERIOD, "trial")[:256], line(PERIOD, "day")[:256], indexing="ij")
    for words in (one + other, one ^ other):
        with pytest.raises(AssertionError):
            check(mixed_differences(words))
