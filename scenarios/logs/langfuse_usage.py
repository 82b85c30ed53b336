"""What Langfuse's `usage_details` count: tokens under keys of many spellings.

`input` has the cached tokens in it where `total` is reached without counting them again, and not where it is reached
with them. So it is with `output` and what was reasoned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scenarios.logs.tokens import APART, INSIDE, MOST_TOKENS, UNTOLD, Number, bad_tokens

_INPUT = ("input", "input_tokens", "prompt_tokens", "promptTokens", "inputTokens", "prompt")
_OUTPUT = ("output", "output_tokens", "completion_tokens", "completionTokens", "outputTokens", "completion")
_READ = ("input_cached_tokens", "cache_read_input_tokens", "input_cache_read", "cached_tokens", "cache_read_tokens")
_WRITTEN = ("cache_creation_input_tokens", "input_cache_creation", "input_cache_creation_tokens", "input_cache_write")
_WRITTEN_5M = ("input_cache_creation_5m", "input_cache_creation_5m_tokens")
_WRITTEN_1H = ("input_cache_creation_1h", "input_cache_creation_1h_tokens")
_REASONING = ("output_reasoning_tokens", "output_reasoning", "reasoning_tokens", "reasoning")
_TOTAL = ("total", "total_tokens", "totalTokens")
_SPELT = (_INPUT, _OUTPUT, _READ, _WRITTEN, _WRITTEN_5M, _WRITTEN_1H, _REASONING, _TOTAL)
_PLACES = {name: at for at, names in enumerate(_SPELT) for name in names}


class Usage(NamedTuple):
    """Tokens of many calls.

    Attributes
    ----------
    columns : of the table; in `readable` where the cached tokens of a prompt are (INSIDE, APART or UNTOLD)
    answered : which calls have an answer
    wrong : by call, why its counts can't be used
    silent : which calls have no counts at all
    """

    columns: Mapping[str, NDArray[np.int64]]
    answered: NDArray[np.bool_]
    wrong: Mapping[int, str]
    silent: NDArray[np.bool_]


def usage_of(details: Sequence[Mapping[str, Number] | None]) -> Usage:
    """Take the counts of many calls together."""
    told = np.array([_counts(each or {}) for each in details], np.float64).reshape(-1, len(_SPELT))
    strange = ~np.isfinite(told) | (told < 0) | (told > MOST_TOKENS)
    wrong = {at: bad_tokens(*told[at].tolist()) for at in np.flatnonzero(strange.any(axis=1)).tolist()}
    prompt, output, cached, whole, five, hour, reasoning, total = np.where(strange, 0, told).astype(np.int64).T
    written = np.maximum(whole, five + hour)
    inside, answer = _reconciled(prompt, cached + written, output, reasoning, total)
    columns = {
        "fresh": prompt,
        "cached": cached,
        "written": written,
        "written_1h": hour,
        "readable": inside,
        "output": answer,
        "reasoning": reasoning,
    }
    silent = np.zeros(len(details), bool)
    for at in np.flatnonzero(~told.any(axis=1)).tolist():
        silent[at] = not _PLACES.keys() & (details[at] or {}).keys()
    return Usage(columns, output > 0, wrong, silent)


def _counts(usage: Mapping[str, Number]) -> list[float]:
    """Tokens by what they are, in the order of `_SPELT`; of several spellings the first that counts any."""
    counts, place_of = [0.0] * len(_SPELT), _PLACES.get
    for name, count in usage.items():
        at = place_of(name)
        if at is not None and count and not counts[at]:
            counts[at] = count
    return counts


def _reconciled(
    prompt: NDArray[np.int64],
    parts: NDArray[np.int64],
    output: NDArray[np.int64],
    reasoning: NDArray[np.int64],
    total: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Whether prompts have their cached parts inside, and answers without reasoning, as `total` tells."""
    told, rest = prompt + output, np.maximum(output - reasoning, 0)
    ways = [
        total == 0,
        total == told,
        total == told + parts + reasoning,
        total == told + parts,
        total == told + reasoning,
    ]
    inside = np.select(ways, [UNTOLD, INSIDE, APART, APART, INSIDE], UNTOLD)
    return inside, np.select(ways, [output, rest, output, rest, output], output)
