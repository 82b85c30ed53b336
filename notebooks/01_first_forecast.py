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
# # A first forecast
#
# Five minutes from a workload to the two numbers that a budget needs: what a bad month costs, and how likely the budget
# breaks. Open this file as a notebook (`jupytext --to ipynb notebooks/01_first_forecast.py`, or "Open as notebook" in
# JupyterLab) and change any number in it.

# %%
# %matplotlib inline
import pandas as pd

import burncurve as bc

# %% [markdown]
# ## 1. Say what the product does
#
# A claims desk gets an assistant that drafts replies. This is the whole scenario; it says in Python what a YAML file
# says for the command line. Three kinds of statement are in it:
#
# - what we know exactly: the model, the instructions of 2,500 tokens, the budget;
# - what differs from claim to claim: how often people write back, and how long they write. "Half of the messages are
#   below 200 tokens, one in twenty is above 1,500" is a law, and a lognormal one unless we say otherwise;
# - what nobody knows yet, for the month as a whole: how many claims there will be, how wordy the model turns out.
#   These are the *drivers*; `0.7 to 1.5` means nine chances in ten to end up between 70 % and 150 % of the plan.

# %%
claims_desk = {
    "name": "claims-desk",
    "unit": "claim",
    "as_of": "2026-11-20",
    "period": "2026-12",
    "budget": 1_000,
    "volume": {"sessions_per_day": 300, "dispersion": 15, "weekdays": {"sat": 0.4, "sun": 0.3}},
    "agents": {
        "writer": {
            "model": "anthropic/claude-sonnet-4-6",
            "system_tokens": 2_500,
            "turns": {"geometric": {"mean": 4}},
            "message_tokens": {"p50": 200, "p95": 1_500},
            "output_tokens": {"p50": 350, "p95": 1_600},
            "cache": {"hit_rate": 0.7},
            "retry": {"failure_rate": 0.04, "quality_share": 0.5, "max_attempts": 3},
        }
    },
    "drivers": {"volume": "0.7 to 1.5", "output_tokens": "0.8 to 1.5", "failure_rate": "0.6 to 2.5"},
}

# %% [markdown]
# ## 2. Simulate five hundred Decembers
#
# In each of them the drivers are drawn anew, and then every single claim is played through, call by call. Shown by
# itself, the result answers what a director asks first.

# %%
forecast = bc.run(claims_desk, trials=500, seed=7)
forecast

# %% [markdown]
# ## 3. The two numbers
#
# The spreadsheet says one thing, the typical month another, and the month to budget for a third.

# %%
pd.Series(
    {
        "spreadsheet of averages": forecast.average_plan,
        "typical month (P50)": forecast.spend.quantile(0.50),
        "1 month in 20 above (P95)": forecast.spend.quantile(0.95),
        "1 month in 100 above (P99)": forecast.spend.quantile(0.99),
    },
    name="USD",
).round(0)

# %%
print(f"The budget of $1,000 breaks in {forecast.breach_probability():.0%} of the months,")
print(f"one of $1,200 in {forecast.breach_probability(1_200):.0%}.")
print(f"To be 95 % sure, add ${forecast.contingency(0.95):,.0f}.")

# %% [markdown]
# The spreadsheet multiplies averages: mean turns, mean tokens, mean price. But each call sends the conversation so far
# again, so a claim of twelve turns costs far more than three claims of four. Averages cannot see that.
#
# ## 4. When does it break?
#
# The picture above says it: spend so far, day by day, against the budget; the light band holds nine months in ten, and
# the thick part of the budget's line says when it is crossed. What single days cost shows why it bends: weekends are
# cheap, and the budget is spent on working days.

# %%
forecast.plot.daily()

# %% [markdown]
# And the same question for any budget: pick an amount below, read off how sure it is.

# %%
forecast.plot.s_curve()

# %% [markdown]
# ## 5. What makes the bill, and what makes a bad month?
#
# Each dollar is charged to a cause. Solid bars are the mean month, hatched ones the worst one in twenty.

# %%
forecast.plot.attribution()

# %% [markdown]
# The shares hardly differ: a bad month is not made by a cause but by what all claims share. Which of the drivers it
# was, the trials say: a rank correlation near 1 means that knowing this driver is knowing the bill. Better data about
# the first one is worth more than any tuning of prompts.

# %%
drivers = list(claims_desk["drivers"])
forecast.trials[drivers].corrwith(forecast.trials["spend"], method="spearman").sort_values(ascending=False).round(2)

# %% [markdown]
# ## 6. The long tail of single claims
#
# Most claims cost cents; a few cost dollars. They do not break a month of 9,000 claims, but they are the ones that
# someone will ask about. Each can be found again by its address (trial, day, feature, session).

# %%
forecast.plot.session_cost()

# %%
forecast.worst(3)

# %% [markdown]
# ## 7. What if?
#
# Suppose the assistant hands over to a person after ten turns. Both runs see the same claims, the same failures and the
# same uncertain months (common random numbers), so the difference is that of the policy and not of the dice: it can be
# taken month by month.

# %%
capped = bc.run(claims_desk, trials=500, seed=7, overrides=["agents.writer.turns={geometric: {mean: 4}, max: 10}"])
saved = forecast.trials["spend"] - capped.trials["spend"]
print(f"The cap saves ${saved.mean():,.0f} a month, between ${saved.min():,.0f} and ${saved.max():,.0f},")
print(f"and the chance of breaking the budget falls to {capped.breach_probability():.0%}.")

# %% [markdown]
# ## 8. Where to go from here
#
# - `bc.run("document-reviewer")` and its sisters from the library (`burncurve list`) come with stories and sources.
# - `forecast.save("december")` keeps every number; `burncurve run FILE --report december.html` writes the page to send.
# - Replace guesses by data: a law can be a column of your logs, `{"data": {"file": "calls.csv", "column": "tokens"}}`.
# - `burncurve check FILE` says which of your numbers deserve a second look.
