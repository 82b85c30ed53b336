"""One simulated period of a run, day by day: the dated story of the trial at a quantile of spend, or of any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.load import Source
from scenarios.problems import Problem, ScenarioError, shown
from scenarios.words import DRIVERS
from simulator.arguments import read_arguments
from simulator.bounds import DEFAULT_TRIALS
from simulator.chronicle import Brake, Chronicle, Stretch
from simulator.document import plain
from simulator.request import read_request
from simulator.risk.trial import Rank, gaps, rank_of, row_at
from simulator.run import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from pandas import DataFrame

    from scenarios.schema import Scenario
    from simulator.engine.tally import Records
    from simulator.result import Result
    from simulator.run import Progress

RUN_ARGUMENTS = ("points", "trials", "threads", "progress")
SESSION_WORDS = ("trial", "day", "session", "feature", "worst")
"""What `replay` takes to find a session, and a period does without."""
ALLOWED = "p95, any other percentile from p1 to p99, worst, or the number of a trial, from 0"
FORMS = "--month p95 alone, or what finds a session: --trial T --day D --session N, or --worst K"


@dataclass(frozen=True)
class Month:
    """Which trial is meant: a quantile of spend, 1 for the dearest; or its number."""

    p: float | None
    trial: int | None

    @classmethod
    def read(cls, value: object) -> Month | None:
        """Read the word of a user; None where it means nothing."""
        if value == "worst":
            return cls(1.0, None)
        if isinstance(value, str) and value[:1] == "p":
            try:
                p = float(f"{value[1:]}e-2")  # rounded once: p99.9 is 0.999, which 99.9 / 100 is not
            except ValueError:
                return None
            return cls(p, None) if 0 < p < 1 else None
        number = read_arguments({"trial": value}, []).get("trial")
        return None if number is None else cls(None, number)

    @property
    def word(self) -> str:
        """As it is typed."""
        if self.p is None:
            return str(self.trial)
        return "worst" if self.p == 1.0 else f"p{round(100 * self.p, 9):g}"


class PeriodReplay:
    """One trial of a run, day by day.

    Attributes
    ----------
    result : the run
    month : which of its trials was asked for
    row : of the trial in the run's tally
    trial : its number
    chronicle : its days, events and controls
    scenario, seed : of the run
    """

    def __init__(self, result: Result, month: Month, row: int) -> None:
        self.result = result
        self.month = month
        self.row = row
        self.trial = int(result.tally.trial[row])
        self.chronicle = Chronicle(result, row)
        self.scenario: Scenario = self.chronicle.scenario
        self.seed = result.seed

    @property
    def spend(self) -> float:
        """What the trial spent, in currency: the very number of the run."""
        return float(self.result.spend.samples[self.row])

    @property
    def interrupted(self) -> bool:
        """Whether the run was, so that its quantiles are those of fewer trials."""
        return self.result.interrupted

    @cached_property
    def words(self) -> dict[str, list[str]]:
        """Why it came to that, in sentences by what they tell of: spend, drivers, events, brakes, money."""
        from simulator.show.month_words import paragraphs

        return paragraphs(self)

    @property
    def standing(self) -> Rank:
        """Where its spend stands among all trials."""
        return rank_of(self.result.spend.samples, self.row)

    @property
    def drivers(self) -> dict[str, tuple[float, Rank]]:
        """Its draw of every driver that is not as written, and where that stands among all trials."""
        levels = self.result.tally.levels
        moved = [place for place in range(len(DRIVERS)) if np.any(levels[:, place] != 1.0)]
        return {DRIVERS[p]: (float(levels[self.row, p]), rank_of(levels[:, p], self.row)) for p in moved}

    @property
    def dearest(self) -> Records:
        """Those of its sessions that are among the dearest of the run, dearest first; often none.

        None where the run did not simulate every session: which days its controls act on is not an exact run's then.
        """
        worst = self.result.tally.worst
        own: Records = worst[(worst["trial"] == self.trial) & (self.result.engine == "exact")]
        return own

    @cached_property
    def days(self) -> DataFrame:
        """One row a day, told in words too.

        Columns: ``day`` from 1; ``date``; ``sessions``; ``spend`` and ``so_far``, fixed costs included;
        ``covered_so_far`` and, with a budget, ``of_budget``, its share; ``a_session``, what one costs with fixed costs
        left out, and ``a_session_usually``, the median of all trials on that day; ``beyond_peak`` and ``turned_away``,
        sessions; ``happened``, in words.
        """
        import pandas as pd

        from simulator.show.month_notes import notes

        chronicle, said = self.chronicle, notes(self)
        costs = np.array([chronicle.a_session(day, day) for day in range(chronicle.days)])
        columns: dict[str, Any] = {
            "day": np.arange(1, chronicle.days + 1),
            "date": pd.to_datetime(list(self.result.dates)),
            "sessions": chronicle.crowd.came.sum(axis=1),
            "spend": [chronicle.spend([day])[0] for day in range(chronicle.days)],
            "so_far": chronicle.so_far,
            "covered_so_far": chronicle.covered_so_far,
            "of_budget": chronicle.covered_so_far / (self.result.facts.budget or np.nan),
            "a_session": costs[:, 0],
            "a_session_usually": costs[:, 1],
            "beyond_peak": chronicle.crowd.beyond,
            "turned_away": chronicle.crowd.turned_away,
            "happened": ["; ".join(map(str, said[day])) for day in range(chronicle.days)],
        }
        return pd.DataFrame(columns)

    def to_dict(self) -> dict[str, Any]:
        """All that is known of the period as plain values, ready for JSON."""
        result, facts, chronicle = self.result, self.result.facts, self.chronicle
        table = self.days.assign(date=self.days["date"].dt.strftime("%Y-%m-%d"))
        document: dict[str, Any] = {
            "scenario": {"name": facts.name, "sha256": facts.sha256, "title": facts.title, "unit": facts.unit},
            "seed": self.seed,
            "trials": result.trials_done,
            "interrupted": result.interrupted,
            "engine": result.engine,
            "currency": facts.currency,
            "version": result.version,
            "prices_sha256": facts.prices_sha256,
            "month": self.month.word,
            "trial": self.trial,
            "spend": self.spend,
            "standing": asdict(self.standing),
            "median_spend": result.spend.p50,
            "budget": facts.budget,
            "breach_day": None if chronicle.broken is None else chronicle.broken + 1,
            "words": self.words,
            "drivers": [{"name": n, "level": x, **asdict(rank)} for n, (x, rank) in self.drivers.items()],
            "events": [self._event(stretch) for stretch in chronicle.stretches],
            "controls": [self._brake(brake) for brake in chronicle.brakes],
            "beside_the_mean": [gap.source._asdict() | {"change": gap.change} for gap in self.gaps],
            "days": table.to_dict("records"),
            "dearest_sessions": self._sessions(),
        }
        values: dict[str, Any] = plain(document)
        return values

    @cached_property
    def gaps(self) -> tuple[Any, ...]:
        """What it spends more or less than the mean trial by component, see `simulator.risk.trial.gaps`."""
        return gaps(self.result.tally, self.row)

    def _event(self, stretch: Stretch) -> dict[str, Any]:
        dates = self.result.dates
        first, last = dates[stretch.first].isoformat(), dates[stretch.last].isoformat()
        return {"event": stretch.event, "first": first, "last": last, "multiplies": dict(stretch.factors)}

    def _brake(self, brake: Brake) -> dict[str, Any]:
        dates = self.result.dates
        acts = None if brake.acts is None else dates[brake.acts].isoformat()
        when = {"crossed": dates[brake.crossed].isoformat(), "acts": acts}
        return {"control": brake.place + 1, "threshold": brake.threshold, **when, "leak": brake.leak}

    def _sessions(self) -> list[dict[str, Any]]:
        names = self.result.tally.frame.features
        return [
            {
                "day": int(one["day"]) + 1,
                "feature": names[one["feature"]],
                "session": one["session"],
                "cost": one["cost"],
            }
            for one in self.dearest
        ]

    def __str__(self) -> str:
        from simulator.show.month_screen import screen

        return screen(self)

    def __repr__(self) -> str:
        about = f"{self.spend:,.0f} {self.result.currency}, {self.chronicle.crowd.came.sum():,} sessions"
        return f"PeriodReplay({self.scenario.name}, {self.month.word}: trial {self.trial}: {about})"

    def _repr_html_(self) -> str:
        from simulator.show.month_screen import month_html

        return month_html(self)


@dataclass(frozen=True)
class MonthRequest:
    """A replay of a period that can start: its scenario is valid, and so is the word that says which trial.

    Attributes
    ----------
    month : which trial of the run
    arguments : of the run, see RUN_ARGUMENTS
    prefix : stands before the names of arguments in a problem
    """

    scenario: Scenario
    seed: int
    month: Month
    arguments: Mapping[str, Any]
    prefix: str = ""

    @classmethod
    def read(
        cls, source: Source, overrides: str | Sequence[str], given: Mapping[str, object], prefix: str = ""
    ) -> MonthRequest:
        """Read what is asked for; as `simulator.replay.ReplayRequest.read`, with ``month`` among what is given.

        Raises
        ------
        ScenarioError
            With all that is wrong, in the scenario and beside it.
        """
        problems: list[Problem] = []
        asked = {name: value for name, value in given.items() if value is not None}
        of_run = {"seed": asked.get("seed", 1)} | {name: asked[name] for name in RUN_ARGUMENTS if name in asked}
        month = Month.read(asked["month"])
        if found := [f"{prefix}{name}" for name in SESSION_WORDS if name in asked]:
            message = f"shows a whole period, and so does not go with {' and '.join(found)}"
            problems.append(_problem(prefix, message, asked["month"], FORMS))
        if month is None:
            problems.append(_problem(prefix, "is no trial of a run", asked["month"], ALLOWED))
        scenario, arguments = read_request(source, overrides, of_run, problems, prefix)
        if month is not None and month.trial is not None and "trials" in arguments:
            problems += _beyond(month.trial, arguments["trials"], prefix)
        if problems or scenario is None or month is None:
            raise ScenarioError(problems)
        return cls(scenario, arguments.pop("seed"), month, arguments, prefix)

    def replay(self, progress: Callable[[Progress], None] | None = None) -> PeriodReplay:
        """Simulate the run, and tell the trial that is asked for.

        Parameters
        ----------
        progress : called as the run goes on

        Raises
        ------
        ScenarioError
            If the run has no such trial.
        ReplayError
            If the trial drawn anew is not that of the run: a fault of ours.
        """
        arguments = {"progress": progress, **self.arguments}
        if self.month.trial is not None and "trials" not in arguments:
            self._refuse(_beyond(self.month.trial, DEFAULT_TRIALS, self.prefix))
        result = run(self.scenario, seed=self.seed, **arguments)
        return PeriodReplay(result, self.month, self._row(result))

    def _row(self, result: Result) -> int:
        if self.month.p is not None:
            return row_at(result.spend, self.month.p)
        rows = np.flatnonzero(result.tally.trial == self.month.trial)
        if not len(rows):
            if not result.interrupted:
                self._refuse(_beyond(int(self.month.trial or 0), result.trials_done, self.prefix))
            message = f"was not finished when the run was interrupted, {result.trials_done:,} trials were"
            self._refuse([_problem(self.prefix, message, self.month.trial, "one that was, or worst")])
        return int(rows[0])

    @staticmethod
    def _refuse(problems: list[Problem]) -> None:
        if problems:
            raise ScenarioError(problems)


def _beyond(trial: int, trials: int, prefix: str) -> list[Problem]:
    """What is wrong with the number of a trial in a run of so many."""
    if trial < trials:
        return []
    allowed = f"0 to {trials - 1:,}" if trials > 1 else "0"
    return [_problem(prefix, f"is beyond the last trial of a run of {trials:,}", trial, allowed)]


def _problem(prefix: str, message: str, got: object, allowed: str) -> Problem:
    return Problem(None, None, f"{prefix}month", message, shown(got), allowed)
