"""Prompt caching: the time between calls against the time that a provider keeps a prefix, or a hit rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from distributions.choice import against, near
from distributions.compose import clip
from distributions.compose import mixture as blend
from distributions.law import Law
from distributions.numerics import FloatArray
from distributions.tail import sample_of
from scenarios.calibrating.growth import Growth
from scenarios.calibrating.laws import Laws, Quantity
from scenarios.calibrating.learnings import Ints, Learnt, Mask
from scenarios.calibrating.sessions import Log
from scenarios.logs.table import Calls

SHORT, LONG = 5.0, 60.0
"""Minutes that providers keep a prefix: as a rule, and where one pays for an hour."""

_TIMED = 0.9
_FEWEST_GAPS = 20
_SECOND = 1 / 60
_NEVER = 1_440
_OFF = 0.1
_WITHIN = Quantity("cache.gap_minutes.mixture.0.law", "time between calls, prefix kept", "minutes", "minutes", False)
_BEYOND = Quantity("cache.gap_minutes.mixture.1.law", "time between calls, prefix expired", "minutes", "minutes", False)


@dataclass(frozen=True)
class Prefixes:
    """What the cache held of the turn before.

    Attributes
    ----------
    sent : by turn, tokens of the prompt before it, less documents that only that one read
    found : by turn, what of it was in the cache, or would have been in one without expiry
    logged : whether `found` is what the provider read, expiry and all
    use : turns where that can be told: those after another, with no compaction between
    """

    sent: FloatArray
    found: FloatArray
    logged: bool
    use: Mask


def time_to_live(log: Log) -> float:
    """Minutes that the provider keeps a prefix, as the log shows: an hour where most was written for one, or most read.

    Most is read after an hour's keep if half of the tokens are found that were sent 5 to 60 minutes before.
    """
    calls, turns = log.calls, log.turns
    if calls["written_1h"].sum() > calls["written"].sum() / 2:
        return LONG
    waited = turns.later & (turns.gap > SHORT) & (turns.gap <= LONG)
    before = turns.before[waited].sum()
    cached = np.minimum(calls["cached"][turns.call], turns.before)[waited].sum()
    return LONG if before > 0 and cached > before / 2 else SHORT


def caches(calls: Calls) -> bool:
    """Whether anything was cached, or could have been."""
    return bool(np.any(calls["cached"] > 0) or np.any(calls["written"] > 0) or np.any(calls["readable"] > 0))


def prefixes(log: Log, growth: Growth) -> Prefixes:
    """What the cache held, turn by turn."""
    call = _telling(log)
    readable = log.calls["readable"][call]
    logged = not np.any(readable > 0)
    cached = log.calls["cached"][call]
    held = cached if logged else np.where(readable >= 0, readable, cached)
    sent = np.where(log.turns.later, log.turns.before - np.roll(growth.documents, 1), 0.0)
    return Prefixes(sent, np.minimum(held, sent).astype(float), logged, growth.follows & (sent > 0))


def _telling(log: Log) -> Ints:
    """By turn, the first attempt that was billed: one after a bad answer reads the prompt which that one wrote."""
    call = log.turns.call.copy()
    rows = np.flatnonzero(log.calls["billed"] & ~log.calls["summary"])[::-1]
    call[log.turn_of_call[rows]] = rows
    return call


def learn_cache(log: Log, number: int, laws: Laws, growth: Growth, ttl: float) -> dict[str, Any]:
    """Keys of an agent that say how its prompts are cached; none where nothing of the log ever was."""
    role, notes = laws.roles[number], laws.notes
    if not caches(log.calls) or growth.whole[number] or not _is_cached(log, role.instances[log.instance_of_call]):
        return {}
    seen = prefixes(log, growth)
    rows = role.turns[seen.use[role.turns]]
    if not rows.size:
        notes.comments[f"{role.path}.cache.hit_rate"] = "assumed: no turn of the log follows another"
        return {"cache": {"hit_rate": 0, **_first(log, number, laws, growth)}}
    timed = float(np.mean(np.isfinite(log.turns.gap[rows]))) >= _TIMED
    rate = float(seen.found[rows].sum() / seen.sent[rows].sum())
    if timed and rows.size >= _FEWEST_GAPS:
        by_time = _by_time(log, number, laws, seen, ttl)
        predicted = _predicted(log, number, laws, seen, ttl)
        if not seen.logged or abs(predicted - rate) <= _OFF:
            by_gaps = f"{predicted:.1%} of what {rows.size:,} turns sent before is read"
            told = (
                f"by gaps alone {by_gaps}; in the log {rate:.1%}, which the weights follow"
                if seen.logged
                else f"with it, {by_gaps}"
            )
            notes.comments[f"{role.path}.cache.ttl_minutes"] = told
            return {"cache": by_time | _first(log, number, laws, growth)}
        notes.warn(
            f"{role.path}.cache: {rate:.0%} of what could be read was, and the times between calls do not explain it; "
            "a rate was taken in their place."
        )
        _forget(laws, role.path)
    notes.comments[f"{role.path}.cache.hit_rate"] = f"of the tokens sent before, in {rows.size:,} turns"
    if not timed:
        notes.lack("When calls were made is not told: caching is a rate, and not a matter of time.")
    return {"cache": {"hit_rate": round(rate, 4), **_first(log, number, laws, growth, always=True)}}


def _is_cached(log: Log, mine: Mask) -> bool:
    """Whether any prompt of some calls was read from a cache or written to one, which is paid for."""
    return any(bool((log.calls[name][mine] > 0).any()) for name in ("cached", "written", "readable"))


def _by_time(log: Log, number: int, laws: Laws, seen: Prefixes, ttl: float) -> dict[str, Any]:
    role, gap = laws.roles[number], log.turns.gap
    timed = seen.use & np.isfinite(gap)
    expired = (gap > ttl).astype(float)
    rows, _ = laws.rows(role, expired, timed)
    late = float(expired[rows].mean())
    lost = _lost(log, number, laws, seen, ttl)
    read = float(seen.found[rows].sum() / seen.sent[rows].sum()) if seen.logged else (1 - late) * (1 - lost)
    parts = _parts(late, read)
    minutes = np.maximum(gap, _SECOND)
    mixture = []
    pieces: list[tuple[float, Law]] = []
    if late < 1:
        law = laws.learn_shared(role, _WITHIN, minutes, timed & (gap <= ttl))
        mixture.append({"weight": round(parts[0], 5), "law": _clipped(law, "max", ttl)})
        pieces.append((1 - late, clip(_last(laws), -np.inf, ttl)))
    if late > 0:
        law = laws.learn_shared(role, _BEYOND, minutes, timed & (gap > ttl))
        mixture.append({"weight": round(parts[1], 5), "law": _clipped(law, "min", ttl + _SECOND)})
        pieces.append((late, clip(_last(laws), ttl + _SECOND, np.inf)))
    if parts[2] > 0:
        mixture.append({"weight": round(parts[2], 5), "law": _NEVER})
        laws.notes.comments[f"{role.path}.cache.gap_minutes"] = (
            f"{lost:.1%} of what was sent less than {ttl:g} minutes before was lost all the same: the last part"
        )
    law = mixture[0]["law"] if len(mixture) == 1 else {"mixture": mixture}
    if len(mixture) > 1:
        whole = against(near(sample_of(minutes[rows]), blend(pieces)))
        how = f"{rows.size:,} gaps, of which {late:.1%} outlast {ttl:g} minutes; {whole}"
        path = f"{role.path}.cache.gap_minutes"
        sessions = laws.sessions_of(rows)
        laws.notes.learnt.append(Learnt(path, "gap between calls", "minutes", law, None, how, rows.size, sessions))
    return {"ttl_minutes": ttl, "gap_minutes": law}


def _parts(late: float, read: float) -> tuple[float, float, float]:
    """Weights of gaps within the time to live and beyond it, and of what is lost whatever the gap.

    The first is the share that is read. That may be more than gaps explain, since other sessions keep a system prompt;
    or less, where late turns have the longer prompts.
    """
    if read >= 1 - late:
        return read, 1 - read, 0.0
    lost = 1 - read / (1 - late)
    return read, late * (1 - lost), lost


def _last(laws: Laws) -> Law:
    """The law that was learnt last."""
    choice = laws.notes.learnt[-1].choice
    assert choice is not None
    return choice.law


def _lost(log: Log, number: int, laws: Laws, seen: Prefixes, ttl: float) -> float:
    """Share of the tokens that were sent within the time to live and not found."""
    fresh = seen.use & (log.turns.gap <= ttl)
    gone = 1 - seen.found / np.maximum(seen.sent, 1.0)
    rows, _ = laws.rows(laws.roles[number], gone, fresh)
    sent = float(seen.sent[rows].sum())
    return float(np.clip(1 - seen.found[rows].sum() / sent, 0, 1)) if sent > 0 else 0.0


def _predicted(log: Log, number: int, laws: Laws, seen: Prefixes, ttl: float) -> float:
    """Share of the tokens sent before that the process reads."""
    role = laws.roles[number]
    rows = role.turns[seen.use[role.turns]]
    sent = seen.sent[rows]
    kept = float((sent * (log.turns.gap[rows] <= ttl)).sum() / sent.sum())
    return kept * (1 - _lost(log, number, laws, seen, ttl))


def _first(log: Log, number: int, laws: Laws, growth: Growth, always: bool = False) -> dict[str, Any]:
    """How often an instance finds its system prompt in the cache when it starts: in its first attempt."""
    role, system = laws.roles[number], growth.system[number]
    first = _telling(log)[role.turns[~log.turns.later[role.turns]]]
    if not system:
        return {}
    held = np.minimum(log.calls["cached"][first], system)
    rate = round(float(held.mean()) / system, 4)
    if not rate and not always:
        return {}
    laws.notes.comments[f"{role.path}.cache.first_hit_rate"] = f"of the system prompts of {first.size:,} first calls"
    return {"first_hit_rate": rate}


def _clipped(law: Any, key: str, value: float) -> Any:
    return {**law, key: round(value, 4)} if isinstance(law, Mapping) else law


def _forget(laws: Laws, path: str) -> None:
    laws.notes.learnt[:] = [one for one in laws.notes.learnt if not one.path.startswith(f"{path}.cache.")]
