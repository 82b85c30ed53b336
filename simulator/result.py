"""The result of a run: everything that its tally says, under the names that people use."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator import __version__
from simulator.arguments import read_amount, read_count
from simulator.document import guardrail_values, plain, values_of
from simulator.engine.tally import FloatArray, Tally
from simulator.facts import Facts, facts_of
from simulator.frames import attribution_frame, rows_frame, sample_addresses, sessions_frame, trials_frame
from simulator.guarding import Sampler, guardrail_effects
from simulator.risk.attribution import Component, attribution
from simulator.risk.breach import Breach, breach, breach_probability
from simulator.risk.contingency import contingency
from simulator.risk.controls import Controls, controls
from simulator.risk.crowd import HeaviestUser, PeakCost, PeakHour, heaviest_user, peak_hour
from simulator.risk.daily import daily_quantiles, free_daily_quantiles
from simulator.risk.drivers import Worst, worst_trials
from simulator.risk.guardrails import GuardrailEffect
from simulator.risk.metrics import Violation, metric_value, violations
from simulator.risk.moves import Move, breach_moves
from simulator.risk.replicates import replicates
from simulator.risk.session import Sessions, session_risk
from simulator.risk.spans import FeatureSpend, Span, by_feature, by_month, by_week
from simulator.risk.spend import Spend, covered_units, spend_units
from simulator.risk.todate import Expected, ToDate, to_date
from simulator.risk.verdict import Verdict, verdict
from simulator.saved import read_result, write_result
from simulator.show.figures import Plots
from simulator.tolerance import Tolerance

if TYPE_CHECKING:
    from datetime import date

    from pandas import DataFrame

    from scenarios.prices import PriceBook
    from scenarios.schema import Scenario


class Result:
    """What a scenario will spend, and how sure that is.

    Parameters
    ----------
    tally : Tally
        Of at least one trial.
    scenario, prices : Scenario and PriceBook
        What was simulated; None only where `facts` are given.
    seed, engine, engine_reason : int, str, str
        How it was simulated, and why by this engine.
    trials_requested : int
        More than `trials_done` where the run was interrupted.
    interrupted : bool
        Whether the user stopped it.
    seconds : float
        How long it took.
    version : str, optional
        Of the burncurve that ran; by default the one installed.
    sampler : callable, optional
        Simulates sessions anew by their addresses, for `sessions`.
    sampler_of : callable, optional
        Makes the sampler of an edited scenario on the same seed, for `guardrails`.
    guardrails : sequence of GuardrailEffect, optional
        Known from the run that a loaded result was saved of.
    guardrails_left_out : bool
        Whether they were to be compared with none, and that did not come to its end.
    accuracy : mapping of str to float, optional
        The hybrid engine's own error as it measured it; shares are named ``..._error``. None of the exact engine.
    peak_cost : PeakCost, optional
        What the failures of the busiest hour cost.
    expected_to_date : Expected, optional
        What covered spend was expected to be by the end of the period to date; None where there is none.
    tolerance : Tolerance, optional
        How sure the run was to be, and how sure it is; None where it was asked for a number of trials.
    facts : Facts, optional
        Read from the scenario where they are not given.

    Attributes
    ----------
    spend : Spend
        Everything the scenario costs in a period.
    covered : Spend
        What the budget covers of it.
    """

    def __init__(
        self,
        tally: Tally,
        scenario: Scenario | None,
        prices: PriceBook | None,
        *,
        seed: int,
        engine: str,
        engine_reason: str,
        trials_requested: int,
        interrupted: bool,
        seconds: float,
        version: str | None = None,
        sampler: Sampler | None = None,
        sampler_of: Callable[[Scenario], Sampler] | None = None,
        guardrails: Sequence[GuardrailEffect] | None = None,
        guardrails_left_out: bool = False,
        accuracy: Mapping[str, float] | None = None,
        expected_to_date: Expected | None = None,
        peak_cost: PeakCost | None = None,
        tolerance: Tolerance | None = None,
        facts: Facts | None = None,
    ) -> None:
        if facts is None:
            if scenario is None or prices is None:
                raise TypeError("a Result needs a scenario and its prices, or the facts of both")
            facts = facts_of(scenario, prices)
        self.tally = tally
        self.scenario = scenario
        self.prices = prices
        self.facts = facts
        self.seed = seed
        self.engine = engine
        self.engine_reason = engine_reason
        self.trials_requested = trials_requested
        self.interrupted = interrupted
        self.seconds = seconds
        self.version = version or __version__
        self.spend = Spend(spend_units(tally), tally.frame.unit, replicates(tally))
        self.covered = Spend(covered_units(tally), tally.frame.unit, replicates(tally))
        self._sampler = sampler
        self._sampler_of = sampler_of
        self._guardrails = None if guardrails is None else tuple(guardrails)
        self.guardrails_left_out = guardrails_left_out
        self.accuracy = None if accuracy is None else dict(accuracy)
        self.expected_to_date = expected_to_date
        self.peak_cost = peak_cost
        self.tolerance = tolerance

    # What happened

    @property
    def trials_done(self) -> int:
        """How many periods were simulated to their end."""
        return len(self.tally.trial)

    @property
    def points(self) -> str:
        """Where the draws come from that a trial makes once: ``sobol`` or ``plain``."""
        return self.tally.frame.points

    @property
    def currency(self) -> str:
        """ISO code of all money here."""
        return self.facts.currency

    @property
    def dates(self) -> tuple[date, ...]:
        """The days of the period."""
        return self.tally.frame.dates

    @property
    def average_plan(self) -> float:
        """What a spreadsheet of averages says, in currency."""
        return self.facts.average_plan

    # Risk

    @cached_property
    def session(self) -> Sessions:
        """Cost, calls, tokens, agents and outcome of single sessions; in ``session.depth`` agents and cost by depth."""
        return session_risk(self.tally)

    @cached_property
    def guardrails(self) -> tuple[GuardrailEffect, ...] | None:
        """What each feature's guardrails buy and cost, against the same sessions without them; None without any.

        Simulates a sample of the run's sessions again when it is first asked for; see `simulator.guarding`.

        Raises
        ------
        ScenarioError
            If sessions without guardrails cost more than can be counted.
        """
        if self._guardrails is not None or self.guardrails_left_out:
            return self._guardrails
        if self.scenario is None or self._sampler is None or self._sampler_of is None:
            return None
        return guardrail_effects(self.tally, self.scenario, self._sampler, self._sampler_of)

    def leave_guardrails_out(self) -> None:
        """Have all that is shown and written do without the comparison of the guardrails, and say so."""
        self.guardrails_left_out = True

    @cached_property
    def budget(self) -> Breach | None:
        """Breach risk of the scenario's budget; None without one."""
        return None if self.facts.budget is None else breach(self.tally, self.facts.budget)

    def breach(self, amount: float | str | None = None) -> Breach:
        """Breach risk of a budget of `amount` (also as text: "45k"), by default the scenario's."""
        return breach(self.tally, self._amount(amount))

    def breach_probability(self, amount: float | str | None = None) -> float:
        """Share of the trials in which what the budget covers costs more than `amount`, by default the budget.

        Parameters
        ----------
        amount : in the scenario's currency, above 0; also as people write it: "45k"

        Raises
        ------
        ValueError
            If the amount is none, or not given where the scenario has no budget.
        """
        return breach_probability(self.tally, self._amount(amount))

    def _amount(self, amount: float | str | None) -> float:
        if amount is not None:
            return read_amount(amount)
        if self.facts.budget is None:
            raise ValueError(f"{self.facts.name} has no budget: say which amount, as in breach_probability(30_000)")
        return self.facts.budget

    def contingency(self, p: float) -> float:
        """What certainty p asks for on top of the budget; on top of the average plan where there is none."""
        if self.facts.budget is None:
            return contingency(self.spend, self.average_plan, p)
        return contingency(self.covered, self.facts.budget, p)

    @cached_property
    def controls(self) -> Controls | None:
        """The same trials without controls, what controls did and whom they turned away; None without any."""
        return controls(self.tally, self.facts.budget)

    @property
    def to_date(self) -> ToDate | None:
        """What the first days have cost, beside what was expected; None where all of the period is simulated."""
        return to_date(self.tally, self.expected_to_date)

    @cached_property
    def worst_trials(self) -> Worst:
        """What sets the trials at or beyond the P95 of spend apart: drivers and events, the strongest first."""
        return worst_trials(self.tally)

    @cached_property
    def breach_moves(self) -> tuple[Move, ...]:
        """What moves the chance that the budget breaks: drivers low and high, events off and on; empty without one."""
        return () if self.facts.budget is None else breach_moves(self.tally, self.facts.budget)

    @cached_property
    def heaviest_user(self) -> HeaviestUser | None:
        """How much of all sessions the most active user has; None where volume is not by users."""
        return heaviest_user(self.tally)

    @cached_property
    def peak_hour(self) -> PeakHour | None:
        """Sessions beyond the capacity of the busiest hour; None where there are none."""
        return peak_hour(self.tally)

    @cached_property
    def daily(self) -> dict[str, FloatArray]:
        """Quantiles of spend so far by day, float64[D] by percentile (p5, p50, p95)."""
        return daily_quantiles(self.tally)

    @cached_property
    def daily_free(self) -> dict[str, FloatArray] | None:
        """The same without controls; None where there are none."""
        return free_daily_quantiles(self.tally) if self.tally.frame.thresholds else None

    def components(self, *, by_detail: bool = False) -> tuple[Component, ...]:
        """What makes the spend, largest first; with `by_detail` tools and fixed costs one by one."""
        return attribution(self.tally, by_detail=by_detail)

    def metric(self, name: str) -> float:
        """A scalar of the JSON by its dotted path, or p50, p95, p99, breach_probability.

        Returns
        -------
        float
            nan where the run gives none, and inf for the cost per success where nothing succeeded.

        Raises
        ------
        MetricError
            If there is no such metric; says which ones come near.
        """
        return metric_value(self._values, name)

    def violations(self, limits: Mapping[str, float] | None = None) -> tuple[Violation, ...]:
        """The upper limits that the run crossed, by default the scenario's own."""
        return violations(self._values, self.facts.limits if limits is None else limits)

    def verdict(self) -> Verdict:
        """HOLDS, AT RISK, LIKELY TO BREAK, TOO FEW TRIALS to say, or IS OFF; see `simulator.risk.verdict.verdict`."""
        probability = None if self.budget is None else self.budget.probability
        off = bool(self.facts.off)
        return verdict(probability, self.facts.limits, self.violations(), self.trials_done, off=off)

    # Tables and pictures

    @property
    def trials(self) -> DataFrame:
        """One row a trial: spend, breach day, sessions, drivers, events; see `simulator.frames.trials_frame`."""
        return trials_frame(self.tally, self.facts.budget)

    @property
    def attribution(self) -> DataFrame:
        """One row a component: feature, agent, cause, detail, mean, tail; tools and fixed costs one by one."""
        return attribution_frame(self.components(by_detail=True))

    @property
    def by_feature(self) -> DataFrame:
        """Spend by feature: mean, P50, P95, and its mean in the worst trials; last what no feature spends."""
        return rows_frame(self.spend_by_feature, FeatureSpend)

    @property
    def by_week(self) -> DataFrame:
        """Spend by ISO week, cut at the period's ends; its days, and amounts as those of a feature."""
        return rows_frame(self.spend_by_week, Span)

    @property
    def by_month(self) -> DataFrame:
        """Spend by calendar month, as by week."""
        return rows_frame(self.spend_by_month, Span)

    @cached_property
    def spend_by_feature(self) -> tuple[FeatureSpend, ...]:
        """The rows of `by_feature`."""
        return by_feature(self.tally)

    @cached_property
    def spend_by_week(self) -> tuple[Span, ...]:
        """The rows of `by_week`."""
        return by_week(self.tally)

    @cached_property
    def spend_by_month(self) -> tuple[Span, ...]:
        """The rows of `by_month`."""
        return by_month(self.tally)

    def sessions(self, n: int | str) -> DataFrame:
        """A sample of n sessions, each with its address, cost, calls, agents, tokens and outcome.

        The columns are those of `simulator.frames.sessions_frame`. The sample is evenly spaced over all that were
        simulated, in the order of their addresses; it is all of them where n is more.

        Raises
        ------
        ValueError
            If n is no whole number from 0, or the result was loaded and holds no sessions.
        """
        count = read_count(n)
        if self._sampler is None:
            raise ValueError(f"a loaded result holds no sessions: run {self.facts.name} again with seed {self.seed}")
        return sessions_frame(self._sampler(sample_addresses(self.tally, count)), self.tally.frame.features)

    def worst(self, k: int | str = 5) -> DataFrame:
        """The k dearest of all simulated sessions, with their addresses.

        A run keeps the 100 dearest, and so a larger k gives these; ValueError where k is no whole number from 0.
        """
        return sessions_frame(self.tally.worst[: read_count(k)], self.tally.frame.features)

    @property
    def plot(self) -> Plots:
        """The figures of this result: ``plot.s_curve()`` and its sisters."""
        return Plots(self)

    def __repr__(self) -> str:
        money = f"P50 {self.spend.p50:,.0f}, P95 {self.spend.p95:,.0f} {self.currency}"
        return f"Result({self.facts.name}: {money}, {self.trials_done:,} trials, {self.engine}, seed {self.seed})"

    def _repr_html_(self) -> str:
        from simulator.show.notebook import result_html

        return result_html(self)

    # JSON and disk

    def to_dict(self) -> dict[str, Any]:
        """All numbers as plain values, ready for JSON; null where there is no such number."""
        values = self._values | {"guardrails": guardrail_values(self)}
        if self.scenario is not None and self.scenario.notes:
            values |= {"notes": self.scenario.notes}
        document: dict[str, Any] = plain(values)
        return document

    @cached_property
    def _values(self) -> dict[str, Any]:
        return values_of(self)

    def save(self, folder: str | Path) -> Path:
        """Write result.json, trials.parquet and tally.npz, from which `load_result` gives the same risk.

        Parameters
        ----------
        folder : str or Path
            Made where it does not exist; files of these names in it are replaced, each whole or not at all.
        """
        return write_result(self, folder)


def load_result(folder: str | Path) -> Result:
    """The result that `Result.save` wrote, without its scenario; the risk is the same to the last bit.

    Raises
    ------
    StoreError
        If the folder holds no result, or one of another format.
    """
    tally, known = read_result(folder)
    return Result(tally, None, None, **known)
