"""Counter-based random numbers, addressed by meaning.

Nothing is carried along: a random number is a pure function of its address (seed, trial, day, feature, session, agent
instance, turn, attempt, purpose), so any block of work can be done anywhere, in any order, and gives the same bits.

Down to an agent instance, addresses go through Philox4x64-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as
easy as 1, 2, 3", SC 2011), whose key schedule takes 384 bits of address at a time. An instance thus has a 128-bit key.
Inside it a word costs one 64-bit finaliser, because a Philox block a turn would cost the kernel a third of its speed:
the first half of the key is hashed with the turn, and the second half is added between the two multiplications, so two
instances share a stream only where all 128 bits agree. Both finalisers use the constants of Pelle Evensen's *moremur*.

Features, agents, drivers, events and purposes enter by a hash of their name and never by position: adding one leaves
the draws of the others alone.

All integers are uint64 from where they are born: in numba ``uint64 + 1`` is a float. Everything here is straight-line
code, inlined, so that a loop over addresses compiles to vector instructions.
"""

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt

from distributions.jit import bits_float, inlined, kernel

Word = np.uint64
Address = int | np.integer[Any]
Words = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]

_PHILOX_M0 = np.uint64(0xD2E7470EE14C6C93)
_PHILOX_M1 = np.uint64(0xCA5A826395121157)
_PHILOX_W0 = np.uint64(0x9E3779B97F4A7C15)
_PHILOX_W1 = np.uint64(0xBB67AE8584CAA73B)
_PHILOX_ROUNDS = 10

_MOREMUR_1 = np.uint64(0x3C79AC492BA7B653)
_MOREMUR_2 = np.uint64(0x1C69B3F74AC4AE35)
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # odd, so multiples of it never repeat within 2**64 steps
_S12 = np.uint64(12)
_S27 = np.uint64(27)
_S33 = np.uint64(33)
_S32 = np.uint64(32)
_LOW = np.uint64(2**32 - 1)
_ZERO = np.uint64(0)

_BITS_OF_ONE = np.uint64(0x3FF0000000000000)
_HALF_STEP = 2.0**-53


def name_hash(name: str) -> np.uint64:
    """Hash a name into the word that stands for it in an address.

    Parameters
    ----------
    name : str
        Name of a feature, agent, driver, event, tool or purpose.

    Returns
    -------
    numpy.uint64
        First eight bytes of BLAKE2b of the UTF-8 name: the same on every machine and in every version.

    Examples
    --------
    >>> hex(name_hash("volume"))
    '0x51dea05b4f9215a1'
    """
    return np.uint64(int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little"))


# The NUL keeps these apart from every name that a scenario can hold.
_SESSION = name_hash("\0session")
_CHILD = name_hash("\0child")
_SUM = name_hash("\0sum")
_SCRAMBLE = name_hash("\0scramble")
_DIGIT = name_hash("\0digit")


@inlined
def _wide_product(a: Word, b: Word) -> tuple[Word, Word]:
    """Give the high and the low word of a product of 128 bits, from four products that vector units have."""
    a_low, a_high, b_low, b_high = a & _LOW, a >> _S32, b & _LOW, b >> _S32
    low = a_low * b_low
    inner = a_high * b_low + (low >> _S32)
    outer = a_low * b_high + (inner & _LOW)
    return a_high * b_high + (inner >> _S32) + (outer >> _S32), (outer << _S32) | (low & _LOW)


@inlined
def philox4x64(c0: Word, c1: Word, c2: Word, c3: Word, k0: Word, k1: Word) -> tuple[Word, Word, Word, Word]:
    """Give one Philox4x64-10 block: four uint64 from a counter of four words and a key of two."""
    for _ in range(_PHILOX_ROUNDS):
        high0, low0 = _wide_product(_PHILOX_M0, c0)
        high1, low1 = _wide_product(_PHILOX_M1, c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0 += _PHILOX_W0
        k1 += _PHILOX_W1
    return c0, c1, c2, c3


@inlined
def session_key(seed: Address, trial: Address, day: Address, feature_hash: Word, session: Address) -> tuple[Word, Word]:
    """Give the 128-bit key of a session's root agent instance, as two uint64.

    Session N of a day is the same session whatever the day's volume is.
    """
    k0, k1, _, _ = philox4x64(
        np.uint64(trial), np.uint64(day), np.uint64(feature_hash), np.uint64(session), np.uint64(seed), _SESSION
    )
    return k0, k1


@inlined
def sum_key(seed: Address, trial: Address, day: Address, feature_hash: Word, kind: Address) -> tuple[Word, Word]:
    """Give the 128-bit key of the sum over a day's sessions of one kind, as two uint64."""
    k0, k1, _, _ = philox4x64(
        np.uint64(trial), np.uint64(day), np.uint64(feature_hash), np.uint64(kind), np.uint64(seed), _SUM
    )
    return k0, k1


@inlined
def child_key(k0: Word, k1: Word, turn: Address, rule_hash: Word, number: Address) -> tuple[Word, Word]:
    """Give the 128-bit key of the instance that a rule starts in a turn of its parent.

    `rule_hash` names the spawn rule, the validator or the repeated run; `number` counts the instances of one rule in
    one turn. An instance is thus addressed by its path from the root.
    """
    child0, child1, _, _ = philox4x64(
        np.uint64(turn), np.uint64(rule_hash), np.uint64(number), _CHILD, np.uint64(k0), np.uint64(k1)
    )
    return child0, child1


@inlined
def scramble_key(seed: Address, purpose: Word, replicate: Address, block: Address) -> tuple[Word, Word]:
    """Give the 128-bit key of one random scramble of points, as two uint64; `purpose` names what the points are for."""
    k0, k1, _, _ = philox4x64(
        np.uint64(replicate), np.uint64(block), np.uint64(purpose), _ZERO, np.uint64(seed), _SCRAMBLE
    )
    return k0, k1


@inlined
def turn_key(k0: Word, k1: Word, turn: Address) -> Word:
    """Hash the first half of an instance's key with the turn: what `word` starts from, once a turn.

    The second half, `k1`, waits for `word`; it is an argument here so that an instance's key is always passed whole.
    """
    x = np.uint64(k0) + np.uint64(turn) * _GOLDEN
    x = (x ^ (x >> _S27)) * _MOREMUR_1
    x = (x ^ (x >> _S33)) * _MOREMUR_2
    return x ^ (x >> _S27)


@inlined
def word(turn_key: Word, k1: Word, attempt: Address, purpose: Word) -> Word:
    """Give the random uint64 of (instance and turn, attempt, purpose).

    `purpose` is a constant made by `name_hash`. Where an address has no attempt, it is 0.
    """
    x = (np.uint64(turn_key) ^ np.uint64(purpose)) + np.uint64(attempt) * _GOLDEN
    x = (x ^ (x >> _S27)) * _MOREMUR_1 + np.uint64(k1)
    x = (x ^ (x >> _S33)) * _MOREMUR_2
    return x ^ (x >> _S27)


@inlined
def digit_word(k0: Word, k1: Word, above: Address) -> Word:
    """Give the random uint64 of a scramble for the digit that follows `above`: the digits before it, after a 1."""
    return word(turn_key(k0, k1, above), k1, _ZERO, _DIGIT)


@inlined
def uniform(word: Word) -> np.float64:
    """Give the float64 in (0, 1) of a word: the middle of one of 2**52 cells, so both ends are excluded.

    ``uniform(~word) == 1 - uniform(word)`` exactly.
    """
    # The bits are those of a number in [1, 2): cheaper than converting an integer, and exact all the way.
    return (bits_float((np.uint64(word) >> _S12) | _BITS_OF_ONE) - 1.0) + _HALF_STEP


@kernel
def _fill_period_words(seed: Word, purpose: Word, trial: Words, day: Words, index: Words, out: Words) -> None:
    for i in range(out.size):
        out[i] = philox4x64(trial[i], day[i], index[i], _ZERO, seed, purpose)[0]


@kernel
def _fill_uniforms(words: Words, out: Floats) -> None:
    for i in range(out.size):
        out[i] = uniform(words[i])


def period_words(
    seed: int | np.uint64,
    purpose: int | np.uint64,
    trial: npt.ArrayLike,
    day: npt.ArrayLike,
    index: npt.ArrayLike,
) -> Words:
    """Give the random words of a period: for drivers, volume and events.

    Parameters
    ----------
    seed : int
        Seed of the run, taken modulo 2**64.
    purpose : numpy.uint64
        `name_hash` of what is drawn.
    trial, day, index : array_like of uint64, shapes that broadcast to (n,)
        The rest of the address; 0 where an address has none.

    Returns
    -------
    ndarray of uint64, shape (n,)
        One Philox4x64-10 block an address, its first word.
    """
    address = np.broadcast_arrays(*(np.atleast_1d(np.asarray(part, dtype=np.uint64)) for part in (trial, day, index)))
    out = np.empty(address[0].shape, dtype=np.uint64)
    trials, days, indices = (np.ascontiguousarray(part) for part in address)
    _fill_period_words(np.uint64(int(seed) % 2**64), np.uint64(purpose), trials, days, indices, out)
    return out


def period_uniforms(
    seed: int | np.uint64,
    purpose: int | np.uint64,
    trial: npt.ArrayLike,
    day: npt.ArrayLike,
    index: npt.ArrayLike,
) -> Floats:
    """Give `uniform` of :func:`period_words`, which says what the parameters are: float64 in (0, 1), shape (n,)."""
    words = period_words(seed, purpose, trial, day, index)
    out = np.empty(words.shape)
    _fill_uniforms(words, out)
    return out
