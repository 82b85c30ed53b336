"""Random words are functions of their address: known answers, promises of the addresses, the shape of a uniform."""

import doctest
import hashlib

import numpy as np
import pytest

from distributions import streams
from distributions.jit import kernel
from distributions.streams import name_hash, period_uniforms, period_words

ALL = 2**64 - 1


@kernel
def fill_blocks(counter, key, out):
    for i in range(len(out)):
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = streams.philox4x64(
            counter[i, 0], counter[i, 1], counter[i, 2], counter[i, 3], key[i, 0], key[i, 1]
        )


@kernel
def fill_sessions(address, out):
    for i in range(len(out)):
        out[i, 0], out[i, 1] = streams.session_key(
            address[i, 0], address[i, 1], address[i, 2], address[i, 3], address[i, 4]
        )


@kernel
def fill_children(address, out):
    for i in range(len(out)):
        out[i, 0], out[i, 1] = streams.child_key(
            address[i, 0], address[i, 1], address[i, 2], address[i, 3], address[i, 4]
        )


@kernel
def fill_words(address, out):
    for i in range(len(out)):
        key = streams.turn_key(address[i, 0], address[i, 1], address[i, 2])
        out[i] = streams.word(key, address[i, 1], address[i, 3], address[i, 4])


@kernel
def fill_uniforms(words, out):
    for i in range(len(out)):
        out[i] = streams.uniform(words[i])


def table(fill, rows, width=2):
    """Run a kernel over a list of addresses."""
    addresses = np.array(rows, dtype=np.uint64)
    out = np.empty((len(rows), width) if width > 1 else len(rows), dtype=np.uint64)
    fill(addresses, out)
    return out


def blocks(rows):
    words = np.array(rows, dtype=np.uint64)
    out = np.empty((len(rows), 4), dtype=np.uint64)
    fill_blocks(np.ascontiguousarray(words[:, :4]), np.ascontiguousarray(words[:, 4:]), out)
    return out


# Random123 1.14, kat_vectors: counter, key, block.
KNOWN = [
    ([0, 0, 0, 0], [0, 0], "16554d9eca36314c db20fe9d672d0fdc d7e772cee186176b 7e68b68aec7ba23b"),
    ([ALL] * 4, [ALL] * 2, "87b092c3013fe90b 438c3c67be8d0224 9cc7d7c69cd777b6 a09caebf594f0ba0"),
    (
        [0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89],
        [0x452821E638D01377, 0xBE5466CF34E90C6C],
        "a528f45403e61d95 38c72dbd566e9788 a5a1610e72fd18b5 57bd43b5e52b7fe6",
    ),
]


@pytest.mark.parametrize(("counter", "key", "block"), KNOWN)
def test_philox_known_answers(counter, key, block):
    assert [f"{word:016x}" for word in blocks([counter + key])[0].tolist()] == block.split()


def test_philox_agrees_with_numpy():
    rows = np.random.default_rng(20260101).integers(0, 2**63, (200, 6), dtype=np.uint64)
    theirs = [np.random.Philox(counter=row[:4], key=row[4:]).random_raw(4).tolist() for row in rows]
    rows[:, 0] += np.uint64(1)  # numpy steps its counter before it makes a block
    assert blocks(rows).tolist() == theirs


def test_period_words_are_philox_at_their_address():
    trial, day, index = np.arange(5), np.arange(5) * 7, np.arange(5) * 1000
    purpose = name_hash("volume")
    rows = [[t, d, i, 0, 42, int(purpose)] for t, d, i in zip(trial, day, index, strict=True)]
    assert period_words(42, purpose, trial, day, index).tolist() == blocks(rows)[:, 0].tolist()


def test_period_words_do_not_depend_on_their_company():
    trial, day = np.meshgrid(np.arange(30), np.arange(31), indexing="ij")
    whole = period_words(1, name_hash("volume"), trial.ravel(), day.ravel(), 0)
    order = np.random.default_rng(3).permutation(whole.size)
    shuffled = period_words(1, name_hash("volume"), trial.ravel()[order], day.ravel()[order], 0)
    assert np.array_equal(shuffled, whole[order])
    assert period_words(1, name_hash("volume"), 7, 11, 0)[0] == whole[7 * 31 + 11]


def test_no_address_at_all_gives_no_words():
    assert period_words(1, name_hash("volume"), np.zeros(0), 0, 0).shape == (0,)


def test_seed_0_is_a_seed_and_seeds_wrap_at_64_bits():
    words = [int(period_words(seed, name_hash("volume"), 0, 0, 0)[0]) for seed in (0, 1, -1, ALL, 2**64)]
    assert len(set(words)) == 3
    assert words[0] == words[4]
    assert words[2] == words[3]


def test_name_hash_is_blake2b():
    assert int(name_hash("vollständig")).to_bytes(8, "little") == (
        hashlib.blake2b("vollständig".encode(), digest_size=8).digest()
    )
    assert name_hash("volume").dtype == np.uint64


def test_examples_in_the_documentation_run():
    results = doctest.testmod(streams)
    assert results.attempted > 0
    assert results.failed == 0


def test_every_part_of_an_address_matters():
    base = [7, 11, 13, 17, 19]
    changed = [base] + [[x + (i == j) for j, x in enumerate(base)] for i in range(5)]
    swapped = [
        [base[j] for j in order] for order in ([1, 0, 2, 3, 4], [0, 2, 1, 3, 4], [0, 1, 2, 4, 3], [0, 4, 2, 3, 1])
    ]
    for fill, width in ((fill_sessions, 2), (fill_children, 2), (fill_words, 1)):
        out = table(fill, changed + swapped, width)
        assert len(np.unique(out)) == out.size


def test_instances_that_share_half_a_key_do_not_share_words():
    rows = [[k0, k1, 3, 1, 99] for k0 in (5, 6) for k1 in (5, 6)]
    assert len(set(table(fill_words, rows, 1).tolist())) == 4


def test_no_two_addresses_share_a_word():
    grid = np.indices((10, 10, 10, 10, 10)).reshape(5, -1).T
    for fill, width in ((fill_sessions, 2), (fill_words, 1)):
        out = table(fill, grid, width)
        assert len(np.unique(out)) == out.size


def test_children_of_different_paths_differ():
    root = table(fill_sessions, [[1, 0, 0, 0, 0]])[0].tolist()
    grid = [[*root, turn, rule, number] for turn in range(20) for rule in range(20) for number in range(20)]
    children = table(fill_children, grid)
    grandchildren = table(fill_children, [[*key, 1, 0, 0] for key in children.tolist()])
    keys = np.concatenate([[root], children, grandchildren])
    assert len(np.unique(keys[:, 0])) == len(keys)
    assert len(np.unique(keys[:, 1])) == len(keys)


def uniforms(words):
    words = np.array(words, dtype=np.uint64)
    out = np.empty(words.size)
    fill_uniforms(words, out)
    return out


def test_uniform_excludes_both_ends_and_is_symmetric():
    words = np.random.default_rng(5).integers(0, 2**64, 100_000, dtype=np.uint64)
    words[:4] = [0, ALL, 2**63, 2**63 - 1]
    u, complement = uniforms(words), uniforms(~words)
    assert u[0] == 2.0**-53
    assert u[1] == 1.0 - 2.0**-53
    assert np.array_equal(complement, 1.0 - u)
    assert np.array_equal(u, np.sort(u)[np.argsort(np.argsort(words, kind="stable"), kind="stable")])


def test_period_uniforms_are_the_uniforms_of_period_words():
    address = (3, name_hash("dispersion"), np.arange(100), 4, 5)
    assert np.array_equal(period_uniforms(*address), uniforms(period_words(*address)))


def test_golden_addresses():
    """Golden: published results can be had again only while every address keeps its bits."""
    key = table(fill_sessions, [[1, 2, 3, int(name_hash("chat")), 4]])
    child = table(fill_children, [[*key[0].tolist(), 5, int(name_hash("planner")), 6]])
    word = table(fill_words, [[*child[0].tolist(), 7, 1, int(name_hash("output_tokens"))]], 1)
    assert [f"{int(part):016x}" for part in (*key[0], *child[0], *word)] == [
        "00a658579d342db5",
        "0a735f81fe80d880",
        "2456bb735e3a88d3",
        "e44038851c954c0e",
        "1369996e0998a302",
    ]
