"""Which kinds share a law, by a test that scipy has too; and where instances pass a limit, counted one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from scenarios.calibrating.compaction import compacts, learn_compaction, passes
from scenarios.calibrating.difficulty import Difficulty
from scenarios.calibrating.laws import FIRST, OUTPUT, TURNS, Laws
from scenarios.calibrating.learnings import Notes
from scenarios.calibrating.roles import Role, role
from scenarios.calibrating.sessions import Log, read_sessions
from scenarios.calibrating.starts import RESUMED
from scenarios.calibrating.unmixing import unmix
from scenarios.logs.table import Rows
from tests.calibrating.making import Keeper

KIN = "agent"


def log_of(prompts: list[list[int]], outputs: list[list[int]] | None = None) -> Log:
    """Sessions of these prompts."""
    rows = Rows("session", "time", "fresh", "output")
    for session, sent in enumerate(prompts):
        for turn, prompt in enumerate(sent):
            rows.append(f"s{session:04}", float(turn), prompt, outputs[session][turn] if outputs else 10)
    return read_sessions(rows.finish(dated=False))


def parted(log: Log, groups: np.ndarray, starts: tuple[str, ...] = ("fresh", RESUMED, "large")) -> list[Role]:
    """Roles of one kin, by the group of each session."""
    return [role(log, KIN, starts[one], groups == one, True) for one in np.unique(groups)]


@pytest.mark.parametrize("kinds", [2, 3])
def test_kinds_have_laws_of_their_own_where_session_means_differ(kinds: int) -> None:
    rng = np.random.default_rng(kinds)
    shared = []
    for _ in range(40):
        groups = rng.integers(0, kinds, 24)
        outputs = [rng.lognormal(4 + 0.4 * group / kinds, 0.5, 3).astype(int).tolist() for group in groups]
        log = log_of([[100, 200, 300]] * 24, outputs)
        roles = parted(log, groups)
        means = np.log1p(np.mean(outputs, axis=1))
        p = stats.f_oneway(*(means[groups == one] for one in range(kinds))).pvalue
        rows, found = Laws(log, roles, Keeper(), Notes()).rows(roles[0], log.turns.output, log.turns.served)
        assert found == (p >= 0.05), p
        assert rows.size == (72 if found else roles[0].turns.size)
        shared.append(found)
    assert 5 < sum(shared) < 35  # both happen


class Asked(Keeper):
    """Keeps whether values were said to be whole, too."""

    def __init__(self) -> None:
        super().__init__()
        self.whole: dict[str, bool] = {}

    def __call__(self, values: np.ndarray, *, whole: bool, what: str, **words: Any) -> Any:
        self.whole[what] = whole
        return super().__call__(values, whole=whole, what=what, **words)


def test_laws_are_those_at_a_difficulty_of_one_and_those_of_turns_count_no_more() -> None:
    rng = np.random.default_rng(7)
    turns = rng.integers(1, 9, 60)
    outputs = [rng.integers(50, 500, n).tolist() for n in turns]
    log = log_of([(100 * np.arange(1, n + 1)).tolist() for n in turns], outputs)
    (agent,) = parted(log, np.zeros(60, int), ("",))
    loads = {"turns": 0.3, "output_tokens": 0.4, "first_message_tokens": -0.2}
    values = log.turns.output
    for moved in (loads, {name: load for name, load in loads.items() if name != "turns"}):
        keeper = Asked()
        laws = Laws(log, [agent], keeper, Notes(), Difficulty(moved, 60, 5))
        laws.learn_shared(agent, OUTPUT, values, log.turns.served)
        laws.learn(agent, FIRST, values, agent.turns)
        laws.learn(agent, TURNS, turns.astype(float), log.instances.first_turn)
        tilt = moved.get("turns", 0.0)
        np.testing.assert_allclose(keeper.values["agent.output_tokens"], unmix(values, 0.4, tilt))
        np.testing.assert_allclose(keeper.values["agent.first_message_tokens"], unmix(values, -0.2, 0.0))
        assert keeper.whole == {
            "agent.output_tokens": True, "agent.first_message_tokens": True, "agent.turns": "turns" not in moved,
        }  # fmt: skip


# -- limits ------------------------------------------------------------------------------------------------------------


def growing(cut: int, n_cut: int, passing: int, short: int = 5) -> list[list[int]]:
    """Sessions whose prompts grow by 1,000: some are cut once after `cut`, some pass it by a tenth, some end."""
    before = list(range(1_000, cut + 1, 1_000))
    return [
        *[[*before, 1_000, 2_000]] * n_cut,
        *[[*before, round(1.1 * cut), round(1.1 * cut) + 1]] * passing,
        *[[*before, round(1.1 * cut)]] * short,
    ]


def test_instances_that_pass_a_limit_are_those_with_a_longer_prompt_that_never_fell() -> None:
    log = log_of([*growing(10_000, 3, 4), [20_000, 9_000, 20_000]])
    assert passes(log, np.arange(13), 10_000).tolist() == [False] * 3 + [True] * 4 + [False] * 6
    assert passes(log, np.array([12, 4]), 10_000).tolist() == [False, True]


@pytest.mark.parametrize(("fell", "passed", "expected"), [(10, 0, True), (9, 19, True), (9, 20, False), (0, 0, False)])
def test_a_limit_is_one_unless_more_pass_it_than_chance_explains(fell: int, passed: int, expected: bool) -> None:
    log = log_of(growing(10_000, fell, passed))
    assert (
        compacts(log, np.arange(log.turns.call.size), 10_000)
        == expected
        == (fell + passed > 0 and passed - fell <= stats.norm.ppf(0.975) * np.sqrt(fell + passed))
    )


def test_three_compactions_are_the_fewest_and_end_where_one_step_more_would_have_been_too_long() -> None:
    for n in (2, 3):
        log = log_of(growing(10_000, n, 0, 1))
        found = learn_compaction(log, np.arange(log.turns.call.size))
        assert (found is not None) == (n == 3)
    assert found is not None
    (limit, share), (beyond, rest) = found.limits.law
    assert (limit, beyond) == (11_000, 200_000)  # prompts grow by 1,000; one session of four goes on to 11,000
    assert (share, rest) == pytest.approx((3 / 4, 1 / 4))
    limits = found.limits
    assert (limits.middle, limits.after, limits.n, found.summary) == (11_000, 1_000.0, 3, None)


def test_limits_are_one_where_most_are_within_a_step_and_a_few_groups_else() -> None:
    narrow = [session for cut, n in ((9_000, 20), (10_000, 24), (11_000, 16)) for session in growing(cut, n, 0, 0)]
    log = log_of(narrow)
    found = learn_compaction(log, np.arange(log.turns.call.size))
    assert found is not None
    assert found.limits.law == ((11_000, pytest.approx(1.0)),)
    wide = [session for cut in (9_000, 10_000, 12_000) for session in growing(cut, 20, 0, 0)]
    log = log_of(wide)
    found = learn_compaction(log, np.arange(log.turns.call.size))
    assert found is not None
    assert [limit for limit, _ in found.limits.law] == [10_000, 11_000, 13_000]
    assert sum(share for _, share in found.limits.law) == pytest.approx(1.0)
