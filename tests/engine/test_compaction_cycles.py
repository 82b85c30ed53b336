"""Windows that fill and are emptied again: the cycle of compactions, to the token.

A prompt is S + history + m, and every turn adds d = m + o to the history. The last turn that fits is FIRST; the
next one is compacted and leaves a summary, and so is every EVERY-th after it.
"""

from __future__ import annotations

import pytest

from tests.engine.truth import FEW, assert_always, assert_means
from tests.twin.worlds import DEAR, one_agent

S, MESSAGE, OUT, SUMMARY, LIMIT = 400, 70, 130, 150, 1_500
ADDED = MESSAGE + OUT
FIRST = (LIMIT - S - MESSAGE) // ADDED + 1
EVERY = (LIMIT - S - MESSAGE - SUMMARY) // ADDED + 1


def agent(turns, **more):
    context = {"limit": LIMIT, "overflow": "compact", "summary_tokens": SUMMARY}
    sizes = {"system_tokens": S, "message_tokens": MESSAGE, "output_tokens": OUT}
    return sizes | {"turns": turns, "context": context} | more


def cycle(turns):
    """Give the history of each turn's prompt, and what was compacted for it, or None."""
    rows = [((turn - 1) * ADDED, None) for turn in range(1, min(turns, FIRST) + 1)]
    for since in range(turns - FIRST):
        full = FIRST * ADDED if since == 0 else SUMMARY + EVERY * ADDED
        rows.append((SUMMARY + since % EVERY * ADDED, full if since % EVERY == 0 else None))
    return rows


@pytest.mark.parametrize("turns", [FIRST, FIRST + 1, FIRST + EVERY, FIRST + EVERY + 1, FIRST + 4 * EVERY + 2])
@pytest.mark.parametrize("caching", [False, True])
def test_every_prompt_and_every_compaction_of_many_turns(sample, turns, caching):
    side = sample(one_agent(agent(turns, **({"cache": {"hit_rate": 1}} if caching else {})), **FEW), 20, 2)
    rows = cycle(turns)
    full = [compacted for _, compacted in rows if compacted is not None]
    assert len(full) == max(0, -(-(turns - FIRST) // EVERY))
    prompts, summed = sum(S + history + MESSAGE for history, _ in rows), sum(S + history for history in full)
    output = turns * OUT + len(full) * SUMMARY
    # What can be read is the prompt before; in the first turn and in a compacted one, the system prompt.
    read = S + sum(S if compacted else S + history - OUT for history, compacted in rows[1:])
    cached, written = (read, prompts - read) if caching else (0, 0)
    cost = cached * DEAR["cached_input"] + written * DEAR["cache_write"] + output * DEAR["output"]
    cost += (prompts + summed - cached - written) * DEAR["input"]
    assert_always(side, calls=turns + len(full), cached=cached, written=written)
    assert_always(side, input=prompts + summed, output=output, cost=cost / 1e6)


def test_compactions_of_a_session_of_random_length(sample):
    mean = 12.0
    goes_on = 1 - 1 / mean
    side = sample(one_agent(agent({"geometric": {"mean": mean}})))
    compactions = goes_on**FIRST / (1 - goes_on**EVERY)
    assert_means(side, calls=mean + compactions, output=mean * OUT + compactions * SUMMARY)


@pytest.mark.parametrize("cap", [FIRST, FIRST + 1, FIRST + 2])
def test_a_compaction_is_a_call_that_a_guardrail_counts(sample, cap):
    features = {"ask": {"agent": "chat", "guardrails": {"calls": cap}}}
    side = sample(one_agent(agent(FIRST + 5), features=features, **FEW), 20, 2)
    answers = min(cap, FIRST) + max(0, cap - FIRST - 1)
    output = answers * OUT + (SUMMARY if cap > FIRST else 0)
    assert_always(side, calls=cap, output=output, cut=1, success=0)


def test_a_window_without_history_to_forget_is_compacted_all_the_same(sample):
    side = sample(one_agent(agent(2, system_tokens=1_480), **FEW), 20, 2)
    first, second = 1_480 + (1_480 + SUMMARY + MESSAGE), (1_480 + SUMMARY + ADDED) + (1_480 + SUMMARY + MESSAGE)
    assert_always(side, calls=4, input=first + second, output=2 * (OUT + SUMMARY))
