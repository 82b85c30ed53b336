"""What prompts are made of: system prompt, messages, the context and its limit; or whole prompts that do not grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.compaction import WINDOWS, Compaction, compacted, compacts, learn_compaction
from scenarios.calibrating.growth import Growth
from scenarios.calibrating.laws import FIRST, MESSAGE, PROMPT, SYSTEM, Laws
from scenarios.calibrating.learnings import Learnt, Mask, Notes
from scenarios.calibrating.roles import Role
from scenarios.calibrating.sessions import Log
from scenarios.calibrating.starts import LARGE, RESUMED, UP_TO

_ANY_WINDOW = 100_000


def learn_prompts(
    log: Log, number: int, laws: Laws, growth: Growth, compactions: Sequence[Compaction | None]
) -> dict[str, Any]:
    """Keys of an agent that say what its prompts are made of.

    Parameters
    ----------
    number : of the role, among those of `laws` and `growth`
    compactions : those of all roles
    """
    role = laws.roles[number]
    if growth.whole[number]:
        return _whole_prompts(log, role, laws)
    keys: dict[str, Any] = {}
    first = role.turns[~log.turns.later[role.turns]]
    sessions = int(np.unique(log.instances.session[log.turns.instance[first]]).size)
    system = growth.system[number]
    how = f"5th percentile of {first.size:,} first prompts"
    if system:
        keys["system_tokens"] = laws.number(role, SYSTEM, system, first.size, sessions, how)
    begins = growth.pending[first]
    limits = (float(begins.max()),) if role.start in {RESUMED, LARGE} else WINDOWS  # no more was taken up again
    keys["first_message_tokens"] = laws.learn(role, FIRST, begins, first, limits)
    if growth.opening[number]:
        opened = (
            f"{role.path}: what its first {growth.opening[number] + 1} prompts bring is taken to come with the first."
        )
        laws.notes.assume(opened)
    messages, told = _messages(log, number, laws, growth, compactions)
    if told[role.turns].any():
        keys["message_tokens"] = laws.learn_shared(role, MESSAGE, messages, told, WINDOWS)
    else:
        laws.notes.lack(f"{role.path}.message_tokens: no turn of the log follows another; they are taken to be 0.")
    keys["context"] = _context(log, number, laws, growth, compactions[number])
    laws.notes.lack("Retrieved documents are not told apart from messages: message_tokens has them in.")
    _comment_context(keys["context"], log, number, laws, growth)
    return keys


def _comment_context(context: dict[str, Any], log: Log, number: int, laws: Laws, growth: Growth) -> None:
    """Say of each number of a context how it was made."""
    role, comments = laws.roles[number], laws.notes.comments
    path, grown = f"{role.path}.context", int(np.count_nonzero(growth.follows[role.turns]))
    comments[f"{path}.carry"] = (
        f"the share at which the histories of {grown:,} turns sum to what was logged"
        if grown
        else "assumed: no turn of the log follows another"
    )
    cuts = sum(one.n for one in laws.notes.learnt if one.path.startswith(f"{path}.limit"))
    if "limit" in context and not cuts:
        comments[f"{path}.limit"] = f"assumed: the longest of {role.turns.size:,} prompts fits"
        comments[f"{path}.keep_tokens"] = "assumed: half of the limit"
    elif "keep_tokens" in context:
        comments[f"{path}.keep_tokens"] = "mean of what compactions left, less the system prompt and an average message"
    if "summary_tokens" in context:
        n = int(np.count_nonzero(log.calls["summary"] & role.instances[log.instance_of_call]))
        said = comments.get(f"{path}.summary_tokens", "")
        comments[f"{path}.summary_tokens"] = "; ".join(filter(None, [f"median of {n:,} calls that sum up", said]))


def _whole_prompts(log: Log, role: Role, laws: Laws) -> dict[str, Any]:
    use = np.zeros(log.turns.call.size, bool)
    use[role.turns] = True
    longest = float(log.turns.prompt[role.turns].max())
    limits = (longest,) if role.start.startswith(UP_TO) else WINDOWS  # longer ones are another agent's
    keys = {"prompt_tokens": laws.learn_shared(role, PROMPT, log.turns.prompt, use, limits)}
    calls = log.turns.call[role.turns]
    prompts = float(log.calls.prompt[calls].sum())
    cached = float(log.calls["cached"][calls].sum())
    if cached > 0 and prompts > 0:
        share = round(cached / prompts, 4)
        keys["cached_share"] = share
        laws.notes.comments[f"{role.path}.cached_share"] = f"of the tokens of {calls.size:,} prompts"
    if np.any(log.instances.n_turns[role.instances] > 1):
        laws.notes.assume(f"{role.path}: its prompts do not build on each other, so that each is a draw of its own.")
    return keys


def learn_compactions(log: Log, roles: Sequence[Role], growth: Growth) -> list[Compaction | None]:
    """The compaction that the instances of each agent show; that of its kin where they show none and do not pass it."""
    by_kin = {
        kin: learn_compaction(log, np.concatenate([role.turns for role in roles if role.kin == kin]))
        for kin in {role.kin for role in roles}
    }
    found: list[Compaction | None] = []
    for number, role in enumerate(roles):
        if role.start == LARGE or growth.whole[number]:
            found.append(None)
            continue
        shared = by_kin[role.kin]
        likely = shared if shared and compacts(log, role.turns, shared.middle) else None
        found.append(learn_compaction(log, role.turns) or likely)
    return found


def _messages(
    log: Log, number: int, laws: Laws, growth: Growth, compactions: Sequence[Compaction | None]
) -> tuple[FloatArray, Mask]:
    """Messages by turn, and where they are known; after a compaction, all that the prompt has beside a summary.

    A summary is short, and what is sent again after it (files that are read once more) is most of the prompt: as
    history that the compacting call wrote, it would be billed as output.
    """
    role = laws.roles[number]
    messages, told = growth.message.copy(), growth.grown.copy()
    for at, (other, found) in enumerate(zip(laws.roles, compactions, strict=True)):
        if other.kin == role.kin and found and found.summary:
            rows = other.turns[compacted(log)[other.turns]]
            messages[rows] = np.maximum(log.turns.prompt[rows] - growth.system[at] - found.summary, 0.0)
            told[rows] = True
    return messages, told


def _context(log: Log, number: int, laws: Laws, growth: Growth, found: Compaction | None) -> dict[str, Any]:
    role, notes = laws.roles[number], laws.notes
    context: dict[str, Any] = {"carry": growth.carry[number]}
    if found:
        sessions = laws.sessions_of(role.turns)
        return context | _compacted_context(found, role, notes, _kept(number, laws, growth, found), sessions)
    largest = float(log.turns.prompt[role.turns].max())
    window = next((size for size in WINDOWS if size >= largest), None)
    if largest > _ANY_WINDOW and window:
        context |= {"limit": int(window), "keep_tokens": int(window) // 2}
        notes.assume(
            f"{role.path}: no prompt was over {largest:,.0f} tokens, and {window:,.0f} are taken to fit; of a longer "
            "one, half of that is taken to be kept."
        )
    return context


def _kept(number: int, laws: Laws, growth: Growth, found: Compaction) -> int:
    """History after a compaction: the prompt less the system prompt and what is new with an average turn, tokens."""
    rows = laws.roles[number].turns
    new = growth.pending[rows[growth.grown[rows]]]
    return max(round(found.after - growth.system[number] - (float(new.mean()) if new.size else 0.0)), 0)


def _compacted_context(found: Compaction, role: Role, notes: Notes, kept: int, sessions: int) -> dict[str, Any]:
    path = f"{role.path}.context"
    seen = f"{found.n:,} compactions, to {found.after:,.0f} tokens on average, the system prompt included"
    limits = [{"weight": round(share, 4), "law": limit} for limit, share in found.limits]
    limit = {"mixture": limits} if len(limits) > 1 else found.limits[0][0]
    notes.learnt.append(Learnt(f"{path}.limit", "limit of the context", "tokens", limit, None, seen, found.n, sessions))
    if found.summary:
        notes.comments[f"{path}.summary_tokens"] = "what else is sent after a compaction is a message"
        return {"limit": limit, "overflow": "compact", "summary_tokens": found.summary}
    notes.assume(
        f"{role.path}: contexts are cut, and the log shows no calls that sum them up; none are forecast. Where your "
        "agent makes such calls elsewhere, their cost is missing here as it is in the log."
    )
    return {"limit": limit, "keep_tokens": kept}
