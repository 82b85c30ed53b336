"""Users and how active they are: a few heavy ones carry the sessions, and the bill."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from distributions.jit import kernel
from distributions.streams import name_hash, philox4x64
from distributions.table import LawBook, draw_all

if TYPE_CHECKING:
    from distributions.law import Law

from simulator.engine.layout import Floats, Table, Words

USER = name_hash("\0user")
ZERO, CHUNK = np.uint64(0), 4_096


@kernel
def add_users(
    seed: np.uint64, trial: Words, users: int, laws: Table, nodes: Floats, steps: Floats, guide: np.ndarray,
    words: Words, drawn: Floats, total: Floats, most: Floats,
) -> None:  # fmt: skip
    """Add up the draws of each trial's users, and find the greatest; `words` and `drawn` are working memory."""
    for t in range(trial.shape[0]):
        begun = 0
        while begun < users:
            n = min(words.shape[0], users - begun)
            for j in range(n):
                words[j] = philox4x64(trial[t], np.uint64(begun + j), ZERO, ZERO, seed, USER)[0]
            draw_all(laws, nodes, steps, guide, 0, words[:n], drawn[:n])
            for j in range(n):
                total[t] += drawn[j]
                most[t] = max(most[t], drawn[j])
            begun += n


def activity(law: Law, users: int, seed: int, trial: np.ndarray) -> tuple[Floats, Floats]:
    """Expected sessions of all users on a day, and of the most active one.

    Parameters
    ----------
    law : sessions of a user on a day, drawn once a user and trial
    users : how many there are
    trial : int64[T]

    Returns
    -------
    tuple of two float64[T]
    """
    book = LawBook()
    book.add(law)
    tables = book.pack()
    total, most = np.zeros(len(trial)), np.zeros(len(trial))
    words, drawn = np.zeros(CHUNK, np.uint64), np.zeros(CHUNK)
    add_users(
        np.uint64(seed), trial.astype(np.uint64), users, tables.laws, tables.nodes, tables.steps, tables.guide,
        words, drawn, total, most,
    )  # fmt: skip
    return total, most
