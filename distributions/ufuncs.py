"""The functions of scipy.special that laws are made of, with the types that scipy does not ship."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from scipy import special

from distributions.numerics import FloatArray


class Ufunc(Protocol):
    """A function of numbers or arrays, element by element."""

    def __call__(self, *arguments: Any) -> FloatArray:
        """Return its values, float64 of the common shape."""


beta: Ufunc = special.beta
betainc: Ufunc = special.betainc
betaincc: Ufunc = special.betaincc
expit: Ufunc = special.expit
gammainc: Ufunc = special.gammainc
gammaincc: Ufunc = special.gammaincc
gammainccinv: Ufunc = special.gammainccinv
gammaincinv: Ufunc = special.gammaincinv
logit: Ufunc = special.logit
gammaln: Ufunc = special.gammaln
ndtr: Ufunc = special.ndtr
ndtri: Ufunc = special.ndtri
xlog1py: Ufunc = special.xlog1py
xlogy: Ufunc = special.xlogy


def beta_quantile(a: float, b: float, u: FloatArray) -> FloatArray:
    """Quantile of the beta law on (0, 1), by its leading term near 0, where scipy's inverse gives NaN."""
    with np.errstate(all="ignore"):
        leading = np.exp((np.log(u) + np.log(a) + special.betaln(a, b)) / a)
        quantiles: FloatArray = np.where(leading * (1.0 + b) < 1e-16, leading, special.betaincinv(a, b, u))
    return quantiles
