"""What prompts are made of: system prompt, messages, the context and its limit; or whole prompts that do not grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from distributions.numerics import FloatArray
from scenarios.calibrating.compaction import Compaction, compacted, compacts, learn_compaction
from scenarios.calibrating.growth import BUILDS, Growth
from scenarios.calibrating.laws import FIRST, LIMIT, MESSAGE, PROMPT, RETRIEVED, SYSTEM, Laws
from scenarios.calibrating.learnings import Ints, Learnt, Mask
from scenarios.calibrating.limits import WINDOWS, Limits
from scenarios.calibrating.roles import Role
from scenarios.calibrating.sessions import Log
from scenarios.calibrating.starts import LARGE, RESUMED, UP_TO
from scenarios.calibrating.windows import Window

_ANY_WINDOW = 100_000

Models = Mapping[int, str]
"""Names that models have in the scenario, by the number that they have in the log."""


def learn_prompts(
    log: Log, number: int, laws: Laws, growth: Growth, compactions: Sequence[Compaction | None], models: Models
) -> dict[str, Any]:
    """Keys of an agent that say what its prompts are made of.

    Parameters
    ----------
    number : of the role, among those of `laws` and `growth`
    compactions : those of all roles
    models : of the agent, by their numbers in the log
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
    if growth.shapes[number].retrieval:
        context = _context(log, number, laws, growth, None, models)
        return keys | _documents(log, role, laws, growth) | {"context": context}
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
    keys["context"] = _context(log, number, laws, growth, compactions[number], models)
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
    comments[f"{path}.carry_output"] = f"slope of the steps of {grown:,} prompts on the answers before them"
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


def _documents(log: Log, role: Role, laws: Laws, growth: Growth) -> dict[str, Any]:
    """Messages, and documents that later prompts do not read."""
    use = np.zeros(log.turns.call.size, bool)
    use[role.turns] = True
    message = round(float(growth.message[role.turns[0]]))
    laws.notes.comments[f"{role.path}.message_tokens"] = f"what {role.turns.size:,} prompts grow by, beside answers"
    laws.notes.assume(
        f"{role.path}: its prompts go up and down, and grow all the same: what goes is taken for documents that one "
        f"prompt reads, and messages for {message:,} tokens each, since the log does not tell the two apart; the "
        "system prompt has in it what is always retrieved at the least."
    )
    return {
        "message_tokens": message,
        "retrieved_tokens": laws.learn_shared(role, RETRIEVED, growth.documents, use, WINDOWS),
    }


def learn_compactions(log: Log, roles: Sequence[Role], growth: Growth, model_of_call: Ints) -> list[Compaction | None]:
    """The compaction that the instances of each agent show; that of its kin where they show none and do not pass it."""
    by_kin = {
        kin: learn_compaction(log, np.concatenate([role.turns for role in roles if role.kin == kin]), model_of_call)
        for kin in {role.kin for role in roles}
    }
    found: list[Compaction | None] = []
    for number, role in enumerate(roles):
        if role.start == LARGE or growth.shapes[number] is not BUILDS:
            found.append(None)
            continue
        shared = by_kin[role.kin]
        likely = shared if shared and compacts(log, role.turns, shared.limits.middle) else None
        found.append(learn_compaction(log, role.turns, model_of_call) or likely)
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


def _context(
    log: Log, number: int, laws: Laws, growth: Growth, found: Compaction | None, models: Models
) -> dict[str, Any]:
    role, notes = laws.roles[number], laws.notes
    carry, of_output = growth.carry[number]
    context: dict[str, Any] = {"carry": carry} | ({} if of_output == carry else {"carry_output": of_output})
    if found:
        context |= _limit(found, role, laws, models)
        return context | _compacted_context(found, role, laws, _kept(number, laws, growth, found))
    if (kept := growth.shapes[number].window) is not None:
        return context | _window(kept, role, laws)
    largest = float(log.turns.prompt[role.turns].max())
    window = next((size for size in WINDOWS if size >= largest), None)
    if largest > _ANY_WINDOW and window:
        context |= {"limit": int(window), "keep_tokens": int(window) // 2}
        notes.assume(
            f"{role.path}: no prompt was over {largest:,.0f} tokens, and {window:,.0f} are taken to fit; of a longer "
            "one, half of that is taken to be kept."
        )
    return context


def _window(kept: Window, role: Role, laws: Laws) -> dict[str, Any]:
    laws.notes.assume(
        f"{role.path}: its prompts grow for {kept.turns} turns and then no more, as where the last messages are sent "
        "and older ones are not: history is cut to the mean that the prompts of its instances came to."
    )
    return {"limit": laws.learn(role, LIMIT, kept.limits, kept.rows)}


def _kept(number: int, laws: Laws, growth: Growth, found: Compaction) -> int:
    """History after a compaction: the prompt less the system prompt and what is new with an average turn, tokens."""
    rows = laws.roles[number].turns
    new = growth.pending[rows[growth.grown[rows]]]
    return max(round(found.limits.after - growth.system[number] - (float(new.mean()) if new.size else 0.0)), 0)


def _limit(found: Compaction, role: Role, laws: Laws, models: Models) -> dict[str, Any]:
    """The limit: one for all, or one by model; a model that is never compacted where others are has its window."""
    path, of_all = f"{role.path}.context.limit", " of all models"
    chosen = {name: found.by_model.get(model, found.limits) for model, name in models.items()}
    if len(models) > 1 and found.by_model.keys() & models.keys():
        own = {name: limits for name, limits in chosen.items() if limits}
        whose = {name: of_all if limits is found.limits else f" of {name}" for name, limits in own.items()}
        by_model = {name: _law(limits, f"{path}.{name}", whose[name], role, laws) for name, limits in own.items()}
        return {"limit": by_model} if by_model else {}
    limits = next(iter(chosen.values()))
    return {"limit": _law(limits, path, "", role, laws)} if limits else {}


def _law(limits: Limits, path: str, whose: str, role: Role, laws: Laws) -> Any:
    parts = [{"weight": round(share, 4), "law": limit} for limit, share in limits.law]
    law = {"mixture": parts} if len(parts) > 1 else limits.law[0][0]
    seen = f"{limits.n:,} compactions{whose}, to {limits.after:,.0f} tokens on average, the system prompt included"
    source, sessions = "; ".join(filter(None, (seen, limits.fit))), laws.sessions_of(role.turns)
    laws.notes.learnt.append(Learnt(path, "limit of the context", "tokens", law, None, source, limits.n, sessions))
    return law


def _compacted_context(found: Compaction, role: Role, laws: Laws, kept: int) -> dict[str, Any]:
    if found.summary:
        laws.notes.comments[f"{role.path}.context.summary_tokens"] = "what else is sent after a compaction is a message"
        return {"overflow": "compact", "summary_tokens": found.summary}
    laws.notes.assume(
        f"{role.path}: contexts are cut, and the log shows no calls that sum them up; none are forecast. Where your "
        "agent makes such calls elsewhere, their cost is missing here as it is in the log."
    )
    return {"keep_tokens": kept}
