"""The reserve that a level of certainty asks for."""

from __future__ import annotations

from simulator.risk.spend import Spend


def contingency(spend: Spend, base: float, p: float) -> float:
    """Quantile of `spend` at p minus what is set aside already, in currency; negative where there is room to spare.

    Parameters
    ----------
    spend : Spend
        What the budget covers; without a budget everything, because the average plan has everything in.
    base : float
        The budget; without one the average plan.
    p : float
        Certainty, in [0, 1].
    """
    return spend.quantile(p) - base
