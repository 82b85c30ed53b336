"""What an instance begins with: the message of its first turn, history after that; and difficulty in every message.

Tokens are constants where prompts are held to the token, and powers of difficulty are held against quadrature.
"""

from __future__ import annotations

import numpy as np
import pytest

from tests.engine.facts import all_sessions, simulate
from tests.engine.test_difficulty import MESSAGE, OUT, TURNS, S, expected, hard, over_turns, written
from tests.engine.truth import FEW, assert_always, assert_cells, assert_means, assert_moments
from tests.twin.variants import LONG, SHORT, STEADY
from tests.twin.worlds import DEAR, one_agent, scenario

SYSTEM, BEGUN, LATER, OUTPUT = 900, 20_000, 100, 200
CHAT = {"system_tokens": SYSTEM, "first_message_tokens": BEGUN, "message_tokens": LATER, "output_tokens": OUTPUT}
PRICE, CACHED, WRITE, SPOKEN = (DEAR[kind] / 1e6 for kind in ("input", "cached_input", "cache_write", "output"))


def few(agent, **more):
    return one_agent(agent, **FEW | {"features": {"ask": {"agent": "chat"}}} | more)


# -- prompts to the token -----------------------------------------------------------------------------


@pytest.mark.parametrize(("carry", "driver"), [(1, 1), (0.5, 1), (1, 1.5), (0, 1)])
def test_the_first_two_prompts(sample, carry, driver):
    agent, drivers = CHAT | {"context": {"carry": carry}}, {"message_tokens": driver}
    first = SYSTEM + BEGUN * driver
    second = SYSTEM + carry * (BEGUN * driver + OUTPUT) + LATER * driver
    assert_always(sample(few(agent | {"turns": 1}, drivers=drivers), 20, 1), input=first, calls=1)
    assert_always(sample(few(agent | {"turns": 2}, drivers=drivers), 20, 1), input=first + second, calls=2)


def test_it_is_a_message_first_and_history_after(sample):
    side = sample(few(CHAT | {"turns": 3}), 20, 1)
    history = (BEGUN + OUTPUT) + (BEGUN + LATER + 2 * OUTPUT)
    assert_cells(side, system=3 * SYSTEM * PRICE, message=(BEGUN + 2 * LATER) * PRICE, history=history * PRICE)


def test_it_stands_alone_where_nothing_is_added_later(sample):
    bare = {"first_message_tokens": BEGUN, "output_tokens": OUTPUT, "turns": 2}
    assert_always(sample(few(bare), 20, 1), input=2 * BEGUN + OUTPUT)
    silent = CHAT | {"first_message_tokens": 0, "turns": 2}
    assert_always(sample(few(silent), 20, 1), input=2 * SYSTEM + OUTPUT + LATER)


def test_it_is_written_to_the_cache_once_and_read_after(sample):
    side = sample(few(CHAT | {"turns": 2, "cache": {"hit_rate": 1, "first_hit_rate": 0}}), 20, 1)
    begun = SYSTEM + BEGUN
    cost = begun * (WRITE + CACHED) + (OUTPUT + LATER) * WRITE + 2 * OUTPUT * SPOKEN
    assert_always(side, cached=begun, written=begun + OUTPUT + LATER, cost=cost)


def test_a_compaction_sums_it_up(sample):
    context = {"limit": SYSTEM + BEGUN + OUTPUT, "overflow": "compact", "summary_tokens": 3_000}
    side = sample(few(CHAT | {"turns": 2, "context": context}), 20, 1)
    summed_up = SYSTEM + BEGUN + OUTPUT
    assert_always(side, input=SYSTEM + BEGUN + summed_up + SYSTEM + 3_000 + LATER, calls=3)
    assert_cells(side, compaction=summed_up * PRICE + 3_000 * SPOKEN)


def test_children_and_runs_that_are_done_anew_begin_with_it_too(sample):
    check = {"agent": "checker", "reject_rate": 1, "max_loops": 1}
    spawns = {"agent": "kid", "per": "agent", "count": 2, "result_tokens": 30}
    agents = {
        "chat": {"model": "dear", "turns": 1, "spawns": spawns, "checked_by": check} | CHAT,
        "kid": {"model": "dear", "first_message_tokens": 700, "message_tokens": 10, "output_tokens": 1, "turns": 2},
        "checker": {"model": "dear", "output_tokens": 1},
    }
    one_run = SYSTEM + BEGUN + 2 * (700 + 701 + 10)
    assert_always(sample(scenario(agents, **FEW), 20, 1), input=2 * one_run, calls=2 * (1 + 4 + 1))


def test_a_turn_that_is_sent_back_keeps_it(sample):
    """Two readings of one drawn message are an even number of tokens; drawn twice they would be odd half the time."""
    check = {"agent": "checker", "every": "turn", "reject_rate": 1, "max_loops": 1}
    agents = {
        "chat": {"model": "dear"} | CHAT | {"first_message_tokens": LONG, "checked_by": check},
        "checker": {"model": "dear", "output_tokens": 1},
    }
    inputs = sample(scenario(agents), 200, 1).columns["input"]
    assert len(set(inputs)) > 20
    assert not (inputs % 2).any()


# -- draws at the same addresses ------------------------------------------------------------------------


def test_one_that_is_like_the_later_ones_changes_no_bit():
    agent = STEADY | {"message_tokens": SHORT, "output_tokens": LONG}
    plain, same = (
        simulate(one_agent(agent | first), trials=4) for first in ({}, {"first_message_tokens": SHORT | {"max": 1e12}})
    )
    assert all_sessions(plain).equals(all_sessions(same))
    assert np.array_equal(plain.tally.cells, same.tally.cells)


def test_another_one_moves_no_other_draw():
    agent = STEADY | {"message_tokens": SHORT, "output_tokens": LONG, "first_message_tokens": 0}
    short, long = (all_sessions(simulate(one_agent(agent | {"first_message_tokens": n}), trials=4)) for n in (0, 5_000))
    assert short[["calls", "output"]].equals(long[["calls", "output"]])
    assert ((long["input"] - short["input"]) == 5_000 * short["calls"]).all()


# -- difficulty -----------------------------------------------------------------------------------------


def said(tokens, z, exponent):
    return np.floor(tokens * z**exponent + 0.5)


SAID = 1_000  # long enough that the rule is as sure as `expected` wants it, rounded as the tokens are


@pytest.mark.parametrize(("begun", "own"), [(None, None), (3_000, None), (3_000, -0.6), (3_000, 0)])
@pytest.mark.parametrize(("a", "b", "c"), [(0, 0, 0.7), (0.8, 0.3, 1), (0.5, 0, -0.5)])
def test_messages_with_their_history_are_integrated_over_difficulty(sample, begun, own, a, b, c):
    messages = {"message_tokens": SAID} | ({} if begun is None else {"first_message_tokens": begun})
    powers = {"turns": a, "output_tokens": b, "message_tokens": c, "first_message_tokens": own}
    side = sample(hard(powers, **messages), 4_000, 20)

    def prompts(n, out, start, later):
        return n * (S + start) + n * (n - 1) / 2 * (later + out)

    def cost(z, n):
        start = said(SAID if begun is None else begun, z, c if own is None else own)
        out, later = written(z, b), said(SAID, z, c)
        return (prompts(n, out, start, later) * 3 + n * out * 15) / 1e6

    def moment(power, centre=0.0):
        return expected(lambda z: over_turns(z, a, lambda n: (cost(z, n) - centre) ** power))

    mean = moment(1)
    assert_moments(side.columns["cost"], mean, moment(2, mean), moment(4, mean))


def test_a_validator_reads_harder_messages_where_it_is_said_so(sample):
    """Its agent puts out the same in every session, so that difficulty comes in by the validator alone."""
    spec = hard({}, checked_by={"agent": "checker", "reject_rate": 0})
    reader = {"model": "dear", "output_tokens": 10, "message_tokens": "from_agent"}
    spec["agents"]["checker"] = reader | {"sensitivity": {"message_tokens": 0.5}}
    own = TURNS * (S + MESSAGE) + TURNS * (TURNS - 1) / 2 * (MESSAGE + OUT)
    read = expected(lambda z: said(TURNS * OUT, z, 0.5))
    assert_means(sample(spec, 4_000, 4), input=own + read)


def test_a_validator_without_a_message_reads_none_however_hard_the_session(sample):
    spec = hard({}, checked_by={"agent": "checker", "reject_rate": 0})
    spec["agents"]["checker"] = {"model": "dear", "output_tokens": 10, "sensitivity": {"output_tokens": 0.5}}
    own = TURNS * (S + MESSAGE) + TURNS * (TURNS - 1) / 2 * (MESSAGE + OUT)
    assert_always(sample(spec, 50, 1), input=own)


def test_difficulty_moves_nothing_where_there_is_none(sample):
    agent = CHAT | {"turns": 2, "sensitivity": {"message_tokens": 1}}
    assert_always(sample(few(agent), 20, 1), input=2 * (SYSTEM + BEGUN) + OUTPUT + LATER)
