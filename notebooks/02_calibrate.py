# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From a log to a forecast
#
# Five weeks of calls of a help desk become a scenario, the scenario is held against the calls, and then it says what
# December will cost. The log is a simulated one; put the path of your own in its place.

# %%
# %matplotlib inline
import tempfile
from pathlib import Path

import pandas as pd

import burncurve as bc

LOG = "../docs/samples/desk-calls.csv.gz"

# %% [markdown]
# ## 1. Does the log know what it cost?
#
# Before anything else: the calls at the day's prices against the cost that the log records. If these were apart, the
# rest would not be worth reading.

# %%
made = bc.calibrate(LOG, name="desk", holdout=0.5)
bill = made.calibration.bill
print(f"{len(made.calibration.sessions)} sessions: repriced ${bill.repriced:.2f}, recorded ${bill.recorded:.2f}.")

# %% [markdown]
# ## 2. What was learnt
#
# Every law beside the data that it stands for: by how much its quantiles and its mean differ from theirs. A quantile
# that fewer than five values lie beyond is not compared (NaN).

# %%
learnt = [one for one in made.calibration.learnt if one.choice is not None and one.choice.near]
pd.DataFrame.from_dict(
    {one.path: {near.name: near.law / near.data - 1 for near in one.choice.near if near.data} for one in learnt},
    orient="index",
).round(3)

# %% [markdown]
# What it could not learn is as important. A forecast that leaves this out is not honest.

# %%
list(made.calibration.unlearnt)

# %% [markdown]
# ## 3. The tails
#
# The budget is broken by what is rare, so look at how rare the rarest values are. A tail begins where a generalised
# Pareto law is like the data from there on. The shape `xi` says how heavy it is: below 0 it has an end, at 0 it falls
# like an exponential, above 0.5 its variance is infinite. The interval beside it is what so many values leave open;
# where it is wide, the P99 of that law is a guess.

# %%
tails = {one.path: (one.n, one.choice.tail) for one in learnt if one.choice.tail}
pd.DataFrame.from_dict(
    {
        path: {
            "values": n,
            "above": t.n_above,
            "from": t.tail.threshold,
            "xi": t.tail.excess.xi,
            "low": t.xi_low,
            "high": t.xi_high,
        }
        for path, (n, t) in tails.items()
    },
    orient="index",
).round(2)

# %% [markdown]
# ## 4. Is it like the log?
#
# The harder question first: a scenario that saw one half of the sessions, against the other half.

# %%
held = made.held_out
print(held.words.replace(". ", ".\n"))
print(f"Of {held.days.n} days, {held.days.inside:.0%} lie within the interval that the scenario has for them.")

# %%
cost = held.quantity("cost per session")
pd.DataFrame.from_dict(
    {
        name: {
            "observed": one.observed,
            "simulated": one.simulated,
            "chance, from": one.low,
            "to": one.high,
            "verdict": one.verdict,
        }
        for name, one in cost.figures.items()
    },
    orient="index",
).round(4)

# %% [markdown]
# ## 5. The forecast
#
# The file is a scenario as any other: commented, with a source beside every law, and yours to edit. What the log leaves
# open stands in its drivers, so that a short log gives a wide forecast.

# %%
with tempfile.TemporaryDirectory() as folder:
    file = made.write(Path(folder) / "desk.yaml")[0]
    forecast = bc.run(file, trials=500, seed=7, budget=12)
forecast

# %% [markdown]
# The chance of any budget, what single days cost, and what single sessions cost:

# %%
forecast.plot.s_curve()

# %%
forecast.plot.daily()

# %%
forecast.plot.session_cost()

# %% [markdown]
# ## 6. What the log does not know
#
# A log tells what was. A launch, a new model or a better year are not in it: write them down as drivers and events, and
# say why. `docs/calibrate.md` explains every line of the screen, `docs/period.md` how to say what may come.
