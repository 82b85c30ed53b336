"""Pictures of a result.  Each function gives a `matplotlib.figure.Figure` whose title is what it found.

    burn_fan       spend so far by day, against the budget
    controls       the same with controls and without
    s_curve        the chance that a period costs no more than an amount
    daily          what single days cost
    session_cost   what single sessions cost, and what their tail carries
    attribution    what makes the spend, in typical and in the worst periods
    laws           every law of the scenario, drawn small

Each takes a Result (or a `Reading` of one) and `narrow=True` for a phone's width; `titled=False` leaves the title to
the page around it.
"""

from __future__ import annotations

from simulator.show.plot_controls import controls
from simulator.show.plot_days import burn_fan, daily
from simulator.show.plot_laws import laws
from simulator.show.plot_parts import attribution, session_cost
from simulator.show.plot_spend import s_curve

__all__ = ["attribution", "burn_fan", "controls", "daily", "laws", "s_curve", "session_cost"]
