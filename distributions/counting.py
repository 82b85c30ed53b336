"""Counts of independent arrivals by a monotone inverse: a higher mean at the same uniform never gives fewer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def poisson_counts(u: Floats, mean: Floats) -> Ints:
    """Least k with P(N <= k) >= u for a Poisson count N, element by element.

    Parameters
    ----------
    u : float64[n] in (0, 1)
    mean : float64[n], finite, at least 0

    Returns
    -------
    int64[n], non-decreasing in `u` and in `mean`

    Notes
    -----
    Starts at the Cornish-Fisher expansion, which is within one or two of the answer for all but the smallest means, and
    walks from there on the exact distribution function, so the start decides the speed and never the result.
    """
    u, mean = np.broadcast_arrays(np.asarray(u, np.float64), np.asarray(mean, np.float64))
    shape = u.shape
    u, mean = u.ravel(), mean.ravel()
    z = special.ndtri(u)
    k = np.maximum(np.floor(mean + z * np.sqrt(mean) + (z * z - 1.0) / 6.0), 0.0)
    todo = np.flatnonzero(mean > 0.0)
    k[mean <= 0.0] = 0.0
    above = special.pdtr(k[todo], mean[todo]) >= u[todo]
    _walk(k, todo[above], u, mean, -1.0)
    _walk(k, todo[~above], u, mean, 1.0)
    counts: Ints = k.astype(np.int64).reshape(shape)
    return counts


def _walk(k: Floats, todo: Ints, u: Floats, mean: Floats, step: float) -> None:
    """Move k[todo] by `step` to the least counts whose distribution functions reach u; all start on one side."""
    while todo.size:
        if step < 0.0:
            todo = todo[k[todo] > 0.0]
            todo = todo[special.pdtr(k[todo] - 1.0, mean[todo]) >= u[todo]]
            k[todo] -= 1.0
        else:
            k[todo] += 1.0
            todo = todo[special.pdtr(k[todo], mean[todo]) < u[todo]]


def gamma_levels(u: Floats, dispersion: float) -> Floats:
    """Gamma multipliers of mean 1 and variance 1/dispersion.

    A Poisson count of `mean` times one of them is negative binomial with variance mean + mean^2/dispersion.

    Parameters
    ----------
    u : float64[n] in (0, 1)
    dispersion : above 0
    """
    return np.asarray(special.gammaincinv(dispersion, u) / dispersion, np.float64)
