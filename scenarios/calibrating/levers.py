"""What each driver multiplies, session by session, and how much the cost of a session hangs on it.

Effects are of first order and from the observed calls alone: a prompt is paid in proportion to what it is made of, one
more turn costs what the last turns of its instance cost, and what is read from the cache would have been written.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.learnings import Ints
from scenarios.calibrating.sessions import Log
from scenarios.calibrating.uncertainty import Lever
from scenarios.logs.table import OK

_LAST_TURNS = 2


@dataclass(frozen=True)
class Costs:
    """What calls cost, call by call, at list prices.

    Attributes
    ----------
    whole : float64, shape (n calls,)
    prompt : that of their prompts alone
    uncached : what they would cost were nothing read from the cache
    """

    whole: FloatArray
    prompt: FloatArray
    uncached: FloatArray


def levers_of(log: Log, costs: Costs, whole_prompts: bool) -> list[Lever]:
    """Say what each driver multiplies.

    Parameters
    ----------
    log : Log
    costs : Costs
    whole_prompts : bool
        Whether each prompt is one draw, as where the log has no sessions.

    Returns
    -------
    list of Lever
        Those whose quantity the log has.
    """
    total = float(costs.whole.sum())
    if total <= 0:
        return []
    turns, instances = log.turns, log.instances
    of_turn = instances.session[turns.instance]
    n = int(instances.session.max()) + 1

    def by_session(values: FloatArray, rows: Ints) -> FloatArray:
        return np.asarray(np.bincount(rows, values, n), np.float64)

    ones = np.ones(turns.instance.size)
    per_turn = by_session(ones, of_turn)
    calls_of = instances.session[log.instance_of_call]
    cost_of_turn = np.asarray(np.bincount(log.turn_of_call, costs.whole, turns.instance.size), np.float64)
    spawned = _of_children(log, costs) / total
    per_call = by_session(np.ones(len(log.calls)), calls_of)
    found = [_outputs(log, costs, total, by_session(turns.output, of_turn), per_turn)]
    failed = log.calls["failed"] != OK
    if failed.any():
        effect = float(costs.whole[failed].sum() / total)
        found.append(
            Lever("failure_rate", by_session(failed.astype(float), calls_of), per_call, effect, "calls that fail")
        )
    cached = log.calls["cached"].astype(float)
    if cached.any():
        prompts = by_session(log.calls.prompt.astype(float), calls_of)
        effect = float((costs.whole - costs.uncached).sum() / total)
        found.append(
            Lever("cache_hit", by_session(cached, calls_of), prompts, effect, "share of prompts read from cache")
        )
    if whole_prompts:
        effect = float(costs.prompt.sum() / total)
        prompts = by_session(turns.prompt, of_turn)
        return [Lever("context", prompts, per_turn, effect, "tokens of a prompt"), *found]
    messages, share = _messages(log)
    effect = float((np.bincount(log.turn_of_call, costs.prompt, share.size) * share).sum() / total)
    found.append(Lever("message_tokens", by_session(messages, of_turn), per_turn, effect, "tokens of a message"))
    instances_of = by_session(np.ones(instances.session.size), instances.session)
    effect = float((instances.n_turns * _last(log, cost_of_turn)).sum() / total) + spawned
    found.append(Lever("turns", per_turn, instances_of, effect, "turns of an instance"))
    if spawned:
        children = by_session((instances.depth > 0).astype(float), instances.session)
        found.append(Lever("fanout", children, per_turn, spawned, "children a turn"))
    return found


def _outputs(log: Log, costs: Costs, total: float, outputs: FloatArray, per_turn: FloatArray) -> Lever:
    """Outputs are paid when they are written, and again in the prompts that repeat them."""
    calls = log.calls
    written = calls["output"] + calls["reasoning"]
    answers = np.divide(calls["output"], written, out=np.zeros(len(calls)), where=written > 0)
    effect = float(((costs.whole - costs.prompt) * answers).sum())
    _, share = _messages(log, of_outputs=True)
    effect += float((np.bincount(log.turn_of_call, costs.prompt, share.size) * share).sum())
    return Lever("output_tokens", outputs, per_turn, effect / total, "tokens of an answer")


def _messages(log: Log, *, of_outputs: bool = False) -> tuple[FloatArray, FloatArray]:
    """Tokens of the message of each turn, and which share of its prompt is made of messages (or of outputs)."""
    turns = log.turns
    first = turns.number == 0
    smallest = np.full(int(log.calls["agent"].max()) + 2, np.inf)
    kind = log.instances.agent[turns.instance]
    np.minimum.at(smallest, kind[first], turns.prompt[first])
    opening = turns.prompt - smallest[kind]
    message = np.where(first, opening, np.maximum(0.0, turns.step - turns.output_before))
    message = np.where(turns.compacted & ~first, 0.0, message)
    part = np.where(first | turns.compacted, 0.0, turns.output_before) if of_outputs else message
    held = _since(part, first | turns.compacted)
    share = np.divide(held, turns.prompt, out=np.zeros(held.size), where=turns.prompt > 0)
    return message, np.minimum(share, 1.0)


def _since(values: FloatArray, starts: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> FloatArray:
    """Running sums that begin anew where `starts` says."""
    running = np.cumsum(values)
    at = np.maximum.accumulate(np.where(starts, np.arange(values.size), 0))
    sums: FloatArray = running - running[at] + values[at]
    return sums


def _last(log: Log, cost_of_turn: FloatArray) -> FloatArray:
    """What the last turns of each instance cost, on the average."""
    instances = log.instances
    n = np.minimum(instances.n_turns, _LAST_TURNS)
    ends = instances.first_turn + instances.n_turns
    running = np.r_[0.0, np.cumsum(cost_of_turn)]
    last: FloatArray = (running[ends] - running[ends - n]) / np.maximum(n, 1)
    return last


def _of_children(log: Log, costs: Costs) -> float:
    depth = log.instances.depth[log.instance_of_call]
    return float((costs.whole * depth).sum())
