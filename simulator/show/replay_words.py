"""Why one session cost what it did, in sentences: each is computed, and left out where it has nothing to say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator.course import ANEW, CHILD, NANO, Course, Instance
from simulator.engine.tally import IntArray
from simulator.engine.trace import E_CALL, E_HANDOFF, E_HELD, E_HUMAN_REVIEW, E_OVERFLOW, E_VERDICT, SERVED
from simulator.risk.money import in_currency
from simulator.show import words

if TYPE_CHECKING:
    from simulator.replay import Replay

LEAST_CALLS = 8
"""Fewer than these have no course that could turn."""
LEAST_LAG = 0.10
"""A cost that lags behind an even pace by less of the whole has no turning point."""
MUCH, MANY = 0.20, 2
"""Share of the cost from which one agent is worth a word, and one fan-out of so many children a sentence; share of an
agent's prompts from which what it began with is."""
DEAR = 0.25
"""Share of the cost from which a session's dearest call is worth a sentence."""
HARDLY = 0.001
"""Shares that are nearer than this to nothing or to all are told as such."""
_PEOPLE = ("handoff", "human_review")
LONGER, OFTENER = 1.5, 0.25
"""Growth of prompts and answers, and of a model's share of the calls, that explain a turning point."""
_CUT_WORDS = {
    "cost": "The guardrail on cost cut it",
    "calls": "The guardrail on calls cut it",
    "limit": "The hard limit of calls that no session passes cut it",
}


def paragraph(replay: Replay) -> str:
    """Why a session cost what it did: causes, beginning, deepest chain, fan-out, turning point, retries, outcome."""
    sentences = (
        *_cost(replay),
        *_causes(replay),
        *_begun(replay),
        *_chain(replay),
        *_fan_out(replay),
        *_turning(replay),
        *_failures(replay),
        *_anew(replay),
        *_brakes(replay),
        *_end(replay),
    )
    return " ".join(sentences)


# What it cost


def _cost(replay: Replay) -> Iterator[str]:
    course, unit, standing = replay.course, replay.scenario.unit, replay.standing
    calls = _counted(int(course.record["calls"]), "model call")
    agents = _counted(len(course.instances), "agent")
    yield f"This {unit} cost {_money(replay, course.nanos.sum())}, for {calls} by {agents}."
    if standing is None:
        return
    trials = _counted(standing.trials, "trial")
    place = f"the {_ordinal(standing.worst)} dearest" if standing.worst > 1 else "the dearest"
    one = f"It is {place} of {words.count(standing.sessions)} {words.plural(unit, standing.sessions)} in {trials}"
    if standing.median > 0:
        several = f" of {replay.feature}" if len(replay.scenario.features) > 1 else ""
        median = words.money(standing.median, replay.scenario.currency)
        one += f", at {words.times(course.cost / standing.median)} the median {unit}{several} ({median})"
    yield f"{one}."
    if standing.interrupted:
        yield "The run was interrupted, so there may be dearer ones."


def _causes(replay: Replay) -> Iterator[str]:
    people, rest = _by_people(replay.course), _rest(replay.course)
    if people:
        makes = f"People make up {_part(people, people + rest)} of its cost ({_money(replay, people)})"
        yield f"{makes}; the shares below are of the other {_money(replay, rest)}."
    sums: Counter[tuple[str, str | None]] = Counter()
    for share, nanos in replay.shares.items():
        if share.cause not in _PEOPLE:
            sums[share.cause, share.detail] += nanos
    for place, ((cause, detail), nanos) in enumerate(sums.most_common(2)):
        sentence = f"{_cause(cause, detail)}, {_part(nanos, rest)}"
        if nanos > 0:
            most = "" if place else f" ({_money(replay, nanos)}){_most_of_it(replay, cause, detail, nanos)}"
            yield f"{'Next' if place else 'Largest cause'}: {sentence}{most}."


def _begun(replay: Replay) -> Iterator[str]:
    """What the agent that began with most began with, where that fills much of its prompts."""
    course, agents = replay.course, replay.scenario.agents
    own = [one for one in course.instances if agents[one.agent].first_message_tokens is not None]
    begun = [(_first_message(course, one), one) for one in own]
    tokens, one = max(begun, key=lambda found: found[0], default=(0, None))
    if one is None:
        return
    prompts = course.prompt[(course.owner == one.number) & (course.rows["event"] == E_CALL)]
    if tokens and tokens >= MUCH * prompts.mean():
        yield f"{one} had {words.about(tokens)} tokens to begin with."


def _first_message(course: Course, one: Instance) -> int:
    rows = course.rows
    first = (course.owner == one.number) & (rows["event"] == E_CALL) & (rows["turn"] == 1)
    return int(rows["message"][first].max(initial=0))


def _by_people(course: Course) -> int:
    return int(course.nanos[np.isin(course.rows["event"], (E_HANDOFF, E_HUMAN_REVIEW))].sum())


def _rest(course: Course) -> int:
    """What a session cost but for people, whose hours would dwarf all else: the whole of all shares."""
    return int(course.nanos.sum()) - _by_people(course)


def _most_of_it(replay: Replay, cause: str, detail: str | None, nanos: int) -> str:
    """Whose the cause is for the most part, where that is one of several."""
    course = replay.course
    by_instance = {s.number: n for s, n in replay.shares.items() if (s.cause, s.detail) == (cause, detail) and s.number}
    if len(by_instance) < 2:
        return ""
    number = max(by_instance, key=lambda one: by_instance[one])
    if by_instance[number] < MUCH * nanos:
        return ""
    return f", {_part(by_instance[number], nanos)} of that by {course.instances[number - 1]}"


def _cause(cause: str, detail: str | None) -> str:
    return words.cause_words(cause, details=() if detail is None else (detail,))


# How it came to that


def _chain(replay: Replay) -> Iterator[str]:
    course = replay.course
    deepest = max(course.instances, key=lambda one: (one.depth, course.with_children[one.number]), default=None)
    if deepest is None or not deepest.depth:
        return
    chain = [str(one) for one in course.chain(deepest)]
    if len(chain) > 6:
        chain = [*chain[:2], f"{len(chain) - 4} more", *chain[-2:]]
    below = sum(int(course.own[one.number]) for one in course.instances if one.depth)
    link = f"Deepest chain: {' > '.join(chain)}"
    yield f"{link}; agents below the root cost {_part(below, _rest(course))}."


def _fan_out(replay: Replay) -> Iterator[str]:
    """The children that one turn of one agent started, where they carry much of the cost."""
    course, total = replay.course, _rest(replay.course)
    groups: dict[tuple[int, int], list[Instance]] = {}
    cost: Counter[tuple[int, int]] = Counter()
    for one in course.instances:
        key = one.parent, one.after_turn
        if one.came == CHILD:
            groups.setdefault(key, []).append(one)
        if key in groups and one.came in (CHILD, ANEW):
            cost[key] += int(course.with_children[one.number])
    if not groups or not total:
        return
    key = max(cost, key=lambda group: cost[group])
    if len(groups[key]) >= MANY and cost[key] >= MUCH * total:
        parent, turn = course.instances[key[0] - 1], key[1]
        started = _listed(groups[key])
        yield (
            f"Largest fan-out: after its turn {turn}, {parent} started {started}, which with all below them cost "
            f"{_part(cost[key], total)}."
        )


@dataclass(frozen=True)
class Turn:
    """Where the cost of a session took off.

    Attributes
    ----------
    call : the first one after it, from 1
    row : of the events, that call's
    before, after : nanos of a call on average
    """

    call: int
    row: int
    before: float
    after: float


def turning_point(course: Course) -> Turn | None:
    """The call from which on the session's cost ran ahead of its calls.

    The cost of models and tools so far is held against an even pace, the same for every call; the turning point is
    where it lags furthest behind. From there on calls cost more than those before. None where it never lags by
    `LEAST_LAG` of the whole, or the calls are too few.
    """
    calls = np.flatnonzero(course.is_call)
    n = len(calls)
    if n < LEAST_CALLS:
        return None
    so_far = np.cumsum(np.where(course.owner > 0, course.nanos, 0))
    until = np.append(so_far[calls[1:] - 1], so_far[-1]).astype(np.float64)  # with the tools that followed the call
    whole = until[-1]
    lag = np.arange(1, n + 1) / n * whole - until
    k = int(np.argmax(lag))
    if k + 1 >= n or lag[k] < LEAST_LAG * whole:
        return None
    return Turn(k + 2, int(calls[k + 1]), until[k] / (k + 1), (whole - until[k]) / (n - k - 1))


def _turning(replay: Replay) -> Iterator[str]:
    course = replay.course
    calls, turn = np.flatnonzero(course.is_call), turning_point(course)
    if turn is not None:
        where = _place(course, turn.row)
        before, after = (_money(replay, round(each)) for each in (turn.before, turn.after))
        ratio = f", {words.times(turn.after / turn.before)} as much" if turn.before > 0 else ""
        yield (
            f"Turning point: call {turn.call:,} of {len(calls):,}, {where}. Until then a call cost {before} on "
            f"average, from there on {after}{ratio}{_because(course, calls, turn)}."
        )
    total = _rest(course)
    if not total or len(calls) < 2:
        return
    dearest = int(calls[np.argmax(course.nanos[calls])])
    if len(calls) < LEAST_CALLS or course.nanos[dearest] >= DEAR * total:
        yield _dearest(course, dearest)
    elif turn is None:
        so_far = np.cumsum(np.where(course.owner > 0, course.nanos, 0))
        half = int(np.searchsorted(so_far[calls], so_far[-1] / 2)) + 1
        yield (
            f"It has no turning point: calls cost much the same from first to last, and half of the cost was reached "
            f"at call {half:,} of {len(calls):,}."
        )


def _dearest(course: Course, call: int) -> str:
    row, share = course.rows[call], _part(int(course.nanos[call]), _rest(course))
    prompt, answer = (words.about(int(n)) for n in (course.prompt[call], row["output"] + row["reasoning"]))
    return f"Its dearest call, {_place(course, call)}, makes up {share}: {prompt} tokens of prompt, {answer} of answer."


def _because(course: Course, calls: IntArray, turn: Turn) -> str:
    """What changed at the turning point: longer prompts, longer answers, another model."""
    rows, at = course.rows[calls], turn.call - 1
    said = []
    for what, tokens in (("prompts", course.prompt[calls]), ("answers", rows["output"] + rows["reasoning"])):
        before, after = float(tokens[:at].mean()), float(tokens[at:].mean())
        if before > 0 and after >= LONGER * before:
            said.append(f"{what} grew from {words.about(round(before))} to {words.about(round(after))} tokens")
    served = rows["model"] == np.arange(len(course.names.models))[:, None]
    rarer, oftener = served[:, :at].mean(axis=1), served[:, at:].mean(axis=1)
    model = int(np.argmax(oftener - rarer))
    if oftener[model] - rarer[model] >= OFTENER:
        share = f"from {words.percent(float(rarer[model]), 0)} to {words.percent(float(oftener[model]), 0)}"
        said.append(f"the share of {course.names.models[model]} rose {share}")
    return f": {words.listing(said)}" if said else ""


def _place(course: Course, row: int) -> str:
    owner, turn = course.instance(row), int(course.rows["turn"][row])
    return f"turn {turn} of {owner}" if course.rows["event"][row] == E_CALL else f"a summary of {owner}'s history"


# What went wrong, and what stopped it


def _failures(replay: Replay) -> Iterator[str]:
    course = replay.course
    rows, total = course.rows, _rest(course)
    failed = int(((rows["event"] == E_CALL) & (rows["outcome"] != SERVED)).sum())
    if not failed:
        yield "No call failed."
    else:
        spent = sum(nanos for share, nanos in replay.shares.items() if share.cause == "retries")
        retries = f"retries cost {_money(replay, spent)}, {_part(spent, total)}" if spent else "retries cost nothing"
        yield f"{_counted(failed, 'call')} failed; {retries}."
    full = int((rows["event"] == E_OVERFLOW).sum())
    if full:
        yield f"{_counted(full, 'agent')} failed because the prompt did not fit."


def _anew(replay: Replay) -> Iterator[str]:
    course = replay.course
    total = _rest(course)
    sent_back = int(((course.rows["event"] == E_VERDICT) & (course.rows["detail"] == 1)).sum())
    if sent_back:
        redone = _families(course, [one for one in course.instances if one.came == ANEW or one.loop])
        again = np.isin(course.owner, redone) | ((course.rows["loop"] > 0) & (course.owner > 0))
        times, cost = words.often(sent_back), _part(int(course.nanos[again].sum()), total)
        yield f"Validators sent work back {times}; what was done anew cost {cost}."
    if course.record["runs"] > 1:
        later = sum(int(course.own[one.number]) for one in course.instances if one.run > 1)
        yield f"It ran {words.often(int(course.record['runs']))}; the repeats cost {_part(later, total)}."


def _families(course: Course, first: list[Instance]) -> list[int]:
    """Numbers of instances and of all below them."""
    inside = {one.number for one in first}
    for one in course.instances:
        if one.parent in inside:
            inside.add(one.number)
    return sorted(inside)


def _brakes(replay: Replay) -> Iterator[str]:
    course = replay.course
    rails = replay.scenario.features[replay.feature].guardrails
    held = int(course.rows["count"][course.rows["event"] == E_HELD].sum())
    if held:
        yield f"Caps on depth or agents kept {_counted(held, 'more agent')} from starting."
    if course.cut_by is not None:
        yield f"{_CUT_WORDS[course.cut_by]}, at {_counted(int(course.record['calls']), 'call')}."
    elif rails is not None and (rails.cost is not None or rails.calls is not None):
        yield "No guardrail cut it."
    else:
        yield "Nothing would have cut it: no guardrail on cost or calls is set."


def _end(replay: Replay) -> Iterator[str]:
    course, record = replay.course, replay.course.record
    by_people = {E_HANDOFF: "a person took over", E_HUMAN_REVIEW: "a person looked at it"}
    said = ["It succeeded" if record["success"] else "It did not succeed"]
    for event, words_ in by_people.items():
        nanos = int(course.nanos[course.rows["event"] == event].sum())
        if nanos:
            said.append(f"{words_} ({_money(replay, nanos)})")
    yield f"{words.listing(said)}."


# Pieces


def _money(replay: Replay, nanos: int) -> str:
    return words.money(in_currency(int(nanos), NANO), replay.scenario.currency)


def _part(nanos: int, total: int) -> str:
    """A share of the whole."""
    if not nanos or not total:
        return "nothing"
    share = nanos / total
    if share < HARDLY:
        return f"less than {words.percent(HARDLY)}"
    return words.percent(share, 0) if 1 - share >= HARDLY or nanos == total else f"over {words.percent(1 - HARDLY)}"


def _counted(n: int, noun: str) -> str:
    return f"{n:,} {words.plural(noun, n)}"


def _listed(group: list[Instance]) -> str:
    counts = Counter(one.agent for one in group)
    return words.listing([f"{n} {words.plural(name, n)}" if n > 1 else f"1 {name}" for name, n in counts.items()])


def _ordinal(n: int) -> str:
    ending = "th" if 10 < n % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
