"""Draws from tables are quantiles of the law: within the stated error, in order, at every end, for every family."""

import functools
import math
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import special

from distributions.compose import clip, mixture, splice, truncate
from distributions.curve import DEEPEST, NEGLIGIBLE, TOLERANCE
from distributions.families import FAMILIES, Constant
from distributions.foreign import scipy_law
from distributions.jit import kernel
from distributions.law import Law
from distributions.steps import Steps
from distributions.streams import name_hash, period_words
from distributions.table import LawBook, draw_all, draw_many, middle, share_of_nothing, table_error

LAST = 2**64 - 1
HALF = 2**63
WORDS_EVERYWHERE = [2**64 // 500 * k for k in range(500)]


def of(name, **parameters):
    return FAMILIES[name].of(**parameters)


EXAMPLES = [
    pytest.param(FAMILIES[name].of(**example), id=f"{name}-{number}")
    for name in FAMILIES
    for number, example in enumerate(FAMILIES[name].examples)
]
SMOOTH = [case for case in EXAMPLES if not case.values[0].discrete]
COUNTS = [case for case in EXAMPLES if case.values[0].discrete]
FOREIGN = [
    pytest.param(scipy_law(name, parameters), id=name)
    for name, parameters in {
        "invgauss": {"mu": 0.8},
        "t": {"df": 2.5},
        "fisk": {"c": 1.7, "scale": 40.0},
        "gumbel_r": {"loc": 3.0},
        "laplace": {"loc": 2.0},
    }.items()
]
LOGNORMAL = of("lognormal", mu=5.0, sigma=0.9)
HEAVY = of("genpareto", xi=0.45, scale=8000.0)


@functools.cache
def drawer(law):
    """A function from words to draws."""
    book = LawBook()
    number = book.add(law)
    tables = book.pack()
    return lambda words: draw_many(tables, number, words)


def words_and_tails(n, deepest=DEEPEST):
    """Words of both halves whose distance to their end is spread over its logarithm, and these distances, exactly."""
    spread = np.random.default_rng(n).uniform(math.log(deepest), math.log(0.5), n)
    cells = np.exp(spread) * 2.0**54
    edges = [[2**k * j // 16 + step for k in range(14, 54) for j in range(16, 32) for step in (-1, 0, 1)]]
    cells = np.concatenate([cells.astype(np.uint64), np.array(edges, dtype=np.uint64).ravel()]) | np.uint64(1)
    cells = cells[(cells * 2.0**-54 >= deepest) & (cells < np.uint64(2**53))]
    return cells << np.uint64(10), ~(cells << np.uint64(10)), cells * 2.0**-54


def error_of(law, n=5_000):
    """Largest error over both halves, each against the quantile function that is accurate there."""
    low, high, v = words_and_tails(n)
    draws, errors = drawer(law), []
    scale = np.max(np.abs(law.ppf([0.25, 0.5, 0.75])))
    for found, wanted in ((draws(low), law.ppf(v)), (draws(high), law.isf(v))):
        rounding = 4.0 * np.finfo(float).eps * scale  # of the law's own quantile function, which adds a location
        distance = np.maximum(np.abs(found - wanted) - rounding, 0.0)
        errors.append(distance / np.maximum(np.abs(wanted), NEGLIGIBLE * scale))
    return np.max(errors)


@pytest.mark.parametrize("law", SMOOTH + FOREIGN)
def test_error_of_every_smooth_family_is_within_the_promise(law):
    """And the error that is stated is the one that a sweep finds."""
    stated, found = table_error(law), error_of(law)
    assert found <= TOLERANCE
    assert found <= 1.1 * stated + 1e-14


@pytest.mark.parametrize("law", COUNTS)
def test_counts_state_an_error_within_the_promise(law):
    assert table_error(law) <= TOLERANCE


@pytest.mark.parametrize("law", COUNTS)
def test_counts_are_exact(law):
    """Below 4,096 outcomes a draw is the quantile at its uniform, but for the 1e-15 next to a step of the law."""
    words = np.random.default_rng(8).integers(0, 2**64, 4_000, dtype=np.uint64)
    words[:2] = 0, LAST
    found = drawer(law)(words)
    low, high = (np.where(words < HALF, words, ~words) * 2.0**-64 + d for d in (-1e-15, 1e-15))
    nearest = [np.where(words < HALF, law.ppf(np.clip(v, 0, 1)), law.isf(np.clip(v, 0, 1))) for v in (low, high)]
    least, most = np.minimum(*nearest), np.maximum(*nearest)
    most = np.where(np.isfinite(most), most, np.max(found))
    assert np.array_equal(found, np.floor(found))
    slack = np.where(found > law.ppf(2.0**-54) + 4095, 1.0 + TOLERANCE * found, 0.0)
    assert np.all((found >= least - slack) & (found <= most + slack))
    assert np.mean((found >= least) & (found <= most)) > 0.99


@pytest.mark.parametrize("law", EXAMPLES + FOREIGN)
def test_draws_rise_with_the_word(law):
    """Across a bin's edge rounding may move a draw by its last bits, and no more."""
    rng = np.random.default_rng(4)
    edges = np.array([2**k * j // 16 for k in range(11, 64) for j in range(16, 32)], dtype=np.uint64)
    near = (edges[:, None] + np.arange(-4096, 4097, 512).astype(np.uint64)).ravel()
    words = np.sort(np.concatenate([rng.integers(0, 2**64, 50_000, dtype=np.uint64), near, ~near]))
    draws = drawer(law)(words)
    steps = np.diff(draws)
    assert np.all(steps >= -4.0 * np.finfo(float).eps * np.abs(draws[1:]))
    assert np.all(np.diff(draws[:: max(1, words.size // 2000)]) >= 0.0)


@pytest.mark.parametrize("law", EXAMPLES + FOREIGN)
def test_ends_are_values_of_the_law(law):
    words = np.array([0, 1, 1 << 10, HALF - 1, HALF, LAST - (1 << 10), LAST], dtype=np.uint64)
    found = drawer(law)(words)
    lo, hi = law.support()
    assert np.all(np.isfinite(found))
    assert np.all((found >= lo - 1e-9 * abs(lo)) & (found <= hi + 1e-9 * abs(hi)))
    if not law.discrete:
        assert found[3] == pytest.approx(found[4], rel=1e-12, abs=1e-12 * np.max(np.abs(law.ppf([0.25, 0.75]))))


@pytest.mark.parametrize("law", EXAMPLES)
def test_draws_follow_the_law(law):
    """Kolmogorov-Smirnov at 50,000 draws from addresses; a discrete law is spread over each step."""
    words = period_words(5, name_hash(law.title()), np.arange(50_000), 0, 0)
    x = drawer(law)(words)
    u = law.cdf(x)
    if law.discrete:
        spread = np.random.default_rng(6).uniform(size=x.size)
        u = law.cdf(x - 1.0) + spread * (u - law.cdf(x - 1.0))
    u = np.sort(u)
    distance = np.max(np.abs(u - (np.arange(u.size) + 0.5) / u.size)) + 0.5 / u.size
    if isinstance(law, Constant) or law.support()[0] == law.support()[1]:
        assert np.all(x == law.mean())
    elif not math.isclose(law.var(), 0.0, abs_tol=1e-300):
        assert special.kolmogorov(distance * math.sqrt(u.size)) > 1e-4 / len(EXAMPLES)


@kernel
def fill_all(tables, number, words, out):
    draw_all(tables.laws, tables.nodes, tables.steps, tables.guide, number, words, out)


@pytest.mark.parametrize(
    "law",
    [
        LOGNORMAL,
        clip(LOGNORMAL, 100.0, 400.0),
        of("poisson", mean=40.0),
        of("geometric", mean=3e4),
        mixture([(0.9, LOGNORMAL), (0.1, HEAVY)]),
        Constant(7.0),
    ],
    ids=["curve", "clipped", "steps", "steps and a curve", "segments", "constant"],
)
def test_many_draws_at_once_are_the_draws_one_by_one(law):
    book = LawBook()
    number, words = book.add(law), np.concatenate(words_and_tails(3_000)[:2])
    tables, out = book.pack(), np.empty(words.size)
    fill_all(tables, number, words.copy(), out)
    assert np.array_equal(out, draw_many(tables, number, words))


@pytest.mark.parametrize(
    ("law", "known"),
    [
        (of("poisson", mean=0.03), True),
        (of("negative_binomial", mean=2, dispersion=0.7), True),
        (clip(of("poisson", mean=2), 0, 3), True),
        (clip(of("poisson", mean=2), 1, 9), False),
        (of("geometric", mean=4), False),
        (mixture([(0.5, of("poisson", mean=1)), (0.5, Constant(8.0))]), False),
        (of("exponential", mean=1), False),
        (Constant(0.0), False),
    ],
)
def test_nothing_is_drawn_up_to_the_share_of_nothing_and_never_above(law, known):
    book = LawBook()
    book.add(of("poisson", mean=5))
    number, tables = book.add(law), book.pack()
    share = share_of_nothing.py_func(tables.laws.view(np.recarray), tables.steps, number)
    assert (share >= 0) == known
    if known:
        edge = min(int(share * 2.0**64), LAST)
        words = [0, LAST, *(max(0, min(LAST, edge + step * 512)) for step in range(-40, 41)), *WORDS_EVERYWHERE]
        words = np.array(words, np.uint64)
        says = np.array([middle.py_func(word) <= share for word in words])
        assert np.array_equal(says, draw_many(tables, number, words) <= 0)


def test_a_constant_takes_no_table():
    book = LawBook()
    number = book.add(Constant(60_000.0))
    tables = book.pack()
    assert draw_many(tables, number, [0, HALF, LAST]).tolist() == [60_000.0] * 3
    assert tables.nodes.size == tables.steps.size == tables.guide.size == 0


def test_zero_inside_a_bin_keeps_relative_accuracy():
    """Around u = P(X <= 0) the draw is as small as the law, to 1e-6 of itself down to 1e-9 of the scale."""
    for law in (
        of("normal", mean=1000.0, sd=500.0),
        of("uniform", low=-1.0, high=2.3),
        of("normal", mean=-3.0, sd=2.0),
    ):
        root = float(law.cdf(0.0))
        lower = root < 0.5
        v = root if lower else float(law.sf(0.0))
        cells = ((v + np.geomspace(1e-13, 1e-3, 60) * np.array([[1.0], [-1.0]])).ravel() * 2.0**54).astype(np.uint64)
        cells |= np.uint64(1)
        words = cells << np.uint64(10) if lower else ~(cells << np.uint64(10))
        wanted = (law.ppf if lower else law.isf)(cells * 2.0**-54)
        scale = np.max(np.abs(law.ppf([0.25, 0.5, 0.75])))
        rounding = 4e-16 * scale  # of the law's own quantile function, which adds a location
        allowed = TOLERANCE * np.maximum(np.abs(wanted), NEGLIGIBLE * scale) + rounding
        assert np.all(np.abs(drawer(law)(words) - wanted) <= allowed)


@dataclass(frozen=True)
class Kinked(Law):
    """Quantile function u, with a jump of its slope at 0.3 in the middle of a bin."""

    jump: float = 1000.0

    def support(self):
        return (0.0, 0.3 + 0.7 * self.jump)

    def tail_index(self):
        return math.inf

    def title(self):
        return "kinked"

    def _ppf(self, u):
        return np.where(u < 0.3, u, 0.3 + (u - 0.3) * self.jump)

    def _isf(self, v):
        return self._ppf(1.0 - v)

    def _cdf(self, x):
        return np.where(x < 0.3, x, 0.3 + (x - 0.3) / self.jump)

    def _sf(self, x):
        return 1.0 - self._cdf(x)


def test_a_law_that_no_table_holds_says_so_and_stays_in_order():
    law = Kinked()
    assert table_error(law) > TOLERANCE
    assert error_of(law) <= 3.0 * table_error(law)
    draws = drawer(law)(np.arange(1 << 14, dtype=np.uint64) << np.uint64(50))
    assert np.all(np.diff(draws) >= -4e-16 * np.abs(draws[1:]))


@dataclass(frozen=True)
class Hopeless(Law):
    """A lognormal whose quantile function breaks down far out, as those of many libraries do."""

    def support(self):
        return (0.0, math.inf)

    def tail_index(self):
        return math.inf

    def title(self):
        return "hopeless"

    def _ppf(self, u):
        return np.where(u < 1e-14, np.nan, np.exp(special.ndtri(u)))

    def _isf(self, v):
        return np.where(v < 1e-15, np.inf, np.where(v < 1e-14, 1.0, np.exp(-special.ndtri(v))))

    def _cdf(self, x):
        return special.ndtr(np.log(x))

    def _sf(self, x):
        return special.ndtr(-np.log(x))


class Silent(Hopeless):
    """One that gives up where draws do go."""

    def _ppf(self, u):
        return np.where(u < 1e-9, np.nan, np.exp(special.ndtri(u)))


def test_nonsense_far_out_in_a_quantile_function_stays_out_of_the_table():
    draws = drawer(Hopeless())(np.array([0, 1 << 12, HALF, LAST - (1 << 12), LAST], dtype=np.uint64))
    assert np.all(np.isfinite(draws))
    assert np.all(np.diff(draws) >= 0.0)
    assert table_error(Hopeless()) <= TOLERANCE


def test_a_law_without_values_where_it_is_promised_is_wrong_by_all_of_it():
    assert table_error(Silent()) == 1.0


# -- laws of several parts ----------------------------------------------------------------------------------------


def part_words(lo, hi, v, upper):
    """Words at distance v of an end of the part (lo, hi], measured in the part's own probability."""
    distance = (v * (hi - lo) * 2.0**64).astype(np.uint64)
    return np.uint64(round(hi * 2**64) - 1) - distance if upper else np.uint64(round(lo * 2**64)) + distance


@pytest.mark.parametrize(
    "law",
    [
        mixture([(0.98, LOGNORMAL), (0.02, of("lognormal", mu=9.0, sigma=0.4))]),
        mixture([(0.3, of("uniform", low=0.0, high=1.0)), (0.5, HEAVY), (0.2, LOGNORMAL)]),
        splice(LOGNORMAL, 0.95, HEAVY),
        splice(splice(LOGNORMAL, 0.9, HEAVY), 0.99, of("lomax", alpha=1.9, scale=1500.0)),
    ],
    ids=["two", "three", "splice", "splice of a splice"],
)
def test_parts_keep_their_shares_and_both_of_their_tails(law):
    draws = drawer(law)
    v = np.geomspace(1e-12, 0.5, 2000)
    for part in law.segments():
        step = 2.0**-53 + 2.0**-63 / (part.hi - part.lo)  # a draw stands for a cell of v, and a word is whole
        for upper, quantile in ((False, part.law.ppf), (True, part.law.isf)):
            found = draws(part_words(part.lo, part.hi, v, upper)) - part.offset
            near = [quantile(np.minimum(v + side * step, 1.0)) for side in (-1, 1)]
            slack = TOLERANCE * np.abs(quantile(v)) + 4.0 * np.finfo(float).eps * part.offset
            assert np.all((found >= np.minimum(*near) - slack) & (found <= np.maximum(*near) + slack))


def test_mixture_has_the_moments_of_the_mixture():
    law = mixture([(0.9, of("gamma", shape=2.5, scale=100.0)), (0.1, of("uniform", low=5000.0, high=6000.0))])
    n = 400_000
    x = drawer(law)(period_words(9, name_hash("mixture"), np.arange(n), 0, 0))
    assert abs(x.mean() - law.mean()) <= 4.0 * math.sqrt(law.var() / n)
    assert abs(np.mean(x >= 4000.0) - 0.1) <= 4.0 * math.sqrt(0.1 * 0.9 / n)


def test_clips_act_after_the_draw():
    words = period_words(2, name_hash("clip"), np.arange(10_000), 0, 0)
    for law in (LOGNORMAL, of("poisson", mean=4.6), mixture([(0.5, LOGNORMAL), (0.5, HEAVY)]), Constant(7.0)):
        limits = sorted(law.ppf([0.2, 0.9]).tolist())
        assert np.array_equal(drawer(clip(law, *limits))(words), np.clip(drawer(law)(words), *limits))


def test_a_law_that_hardly_varies_is_clipped_too():
    assert drawer(clip(of("poisson", mean=1e-30), 1.0, 5.0))(np.array([0, LAST], dtype=np.uint64)).tolist() == [
        1.0,
        1.0,
    ]


def test_truncation_and_nested_clips_compile():
    inner = clip(truncate(LOGNORMAL, 50.0, 2000.0), 60.0, math.inf)
    law = clip(mixture([(0.7, inner), (0.3, Constant(1.0))]), 2.0, 500.0)
    x = drawer(law)(period_words(2, name_hash("nested"), np.arange(200_000), 0, 0))
    assert x.min() == 2.0
    assert x.max() == 500.0
    assert abs(np.mean(x == 2.0) - 0.3) <= 4.0 * math.sqrt(0.21 / x.size)
    assert np.all((x == 2.0) | (x >= 60.0))
    assert abs(x.mean() - law.mean()) <= 4.0 * math.sqrt(law.var() / x.size)


def test_data_draw_their_own_values():
    rng = np.random.default_rng(1)
    values = np.sort(np.round(rng.lognormal(5.0, 1.0, 4000), 1))
    words = period_words(2, name_hash("data"), np.arange(300_000), 0, 0)
    x = drawer(Steps(tuple(values.tolist())))(words)
    assert np.all(np.isin(x, values))
    ranks = np.floor(words.astype(float) * 2.0**-64 * values.size).astype(np.int64)
    inside = np.abs(words * 2.0**-64 * values.size - np.round(words * 2.0**-64 * values.size)) > 1e-9
    assert np.array_equal(x[inside], values[ranks[inside]])


def test_a_large_discrete_law_is_exact_where_it_starts_and_right_in_the_mean_above():
    law = of("zipf", s=1.0, max=100_000)
    words = period_words(3, name_hash("zipf"), np.arange(400_000), 0, 0)
    x = drawer(law)(words)
    for k in (1, 2, 100, 4096, 4097, 50_000):
        p = float(law.cdf(k))
        assert abs(np.mean(x <= k) - p) <= 4.0 * math.sqrt(p * (1 - p) / x.size)
    assert abs(x.mean() - law.mean()) <= 4.0 * math.sqrt(law.var() / x.size)


# -- the book -----------------------------------------------------------------------------------------------------


def test_equal_laws_share_and_numbers_stay_valid():
    book = LawBook()
    first = book.add(LOGNORMAL)
    early = book.pack()
    parts = book.add(mixture([(0.5, LOGNORMAL), (0.5, HEAVY)]))
    assert book.add(of("lognormal", mu=5.0, sigma=0.9)) == first
    assert book.add(mixture([(0.5, LOGNORMAL), (0.5, HEAVY)])) == parts
    words = period_words(2, name_hash("book"), np.arange(1000), 0, 0)
    late = book.pack()
    assert np.array_equal(draw_many(early, first, words), draw_many(late, first, words))
    assert np.array_equal(draw_many(late, parts, words), drawer(mixture([(0.5, LOGNORMAL), (0.5, HEAVY)]))(words))


def test_an_empty_book_packs():
    tables = LawBook().pack()
    assert [len(table) for table in tables] == [0, 0, 0, 0]


def test_order_of_laws_does_not_change_draws():
    laws = [LOGNORMAL, of("poisson", mean=4.6), HEAVY, of("geometric", mean=3.0), Constant(5.0)]
    words = period_words(2, name_hash("order"), np.arange(1000), 0, 0)
    book = LawBook()
    numbers = [book.add(law) for law in reversed(laws)][::-1]
    tables = book.pack()
    for law, number in zip(laws, numbers, strict=True):
        assert np.array_equal(draw_many(tables, number, words), drawer(law)(words))


def test_a_curve_takes_little_memory():
    book = LawBook()
    book.add(LOGNORMAL)
    assert sum(table.nbytes for table in book.pack()) < 60_000
