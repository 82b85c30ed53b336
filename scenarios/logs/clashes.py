"""Names that clash: sessions of different users that their files number alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Mask = NDArray[np.bool_]


def clashing(session: Codes, user: Codes, file: NDArray[np.int64]) -> Mask:
    """Rows of sessions that several files have, each of them for users whom no other has there.

    One that goes on in the next file has the same user there; people who share one are together in a file. Codes below
    zero are no names; of a session whose users are not told in every file nothing can be said.
    """
    n_sessions, n_users, n_files = (int(column.max(initial=0)) + 1 for column in (session, user, file))
    known = (session >= 0) & (user >= 0)
    pair = session.astype(np.int64) * n_users + user
    place = session.astype(np.int64) * n_files + file

    def per_session(keys: NDArray[np.int64], others: int) -> NDArray[np.int64]:
        return np.bincount(np.unique(keys) // others, minlength=n_sessions)

    users = per_session(pair[known], n_users)
    users_by_file = per_session(pair[known] * n_files + file[known], n_users * n_files)
    told, files = per_session(place[known], n_files), per_session(place[session >= 0], n_files)
    several: Mask = (files > 1) & (told == files) & (users == users_by_file)
    return (session >= 0) & several[session]


def words_of_files(session: Codes, file: NDArray[np.int64], parted: NDArray[np.int64]) -> list[str]:
    """What is made of sessions that several files have, of which some rows are parted."""
    n_files = int(file.max(initial=0)) + 1
    places = np.unique(session[session >= 0].astype(np.int64) * n_files + file[session >= 0])
    several = int((np.bincount(places // n_files) > 1).sum()) if places.size else 0
    apart = int(np.unique(session[parted]).size)
    said = []
    if apart:
        said.append(f"{apart:,} sessions have the same name in files of different users: each file's is one of its own")
    if several > apart:
        said.append(f"{several - apart:,} sessions have calls in several files: each is taken to go on in the next")
    return said


def shared_sessions(session: Codes, user: Codes) -> int:
    """How many sessions name several users."""
    known = (session >= 0) & (user >= 0)
    n_users = int(user.max(initial=0)) + 1
    pairs = np.unique(session[known].astype(np.int64) * n_users + user[known])
    return int((np.bincount(pairs // n_users) > 1).sum()) if pairs.size else 0
