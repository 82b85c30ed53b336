"""One session again, call by call, with nothing stored: found by its address, or among the dearest of a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from scenarios.load import Source, scenario_sha256
from scenarios.prices import resolve_prices
from scenarios.problems import Problem, ScenarioError
from simulator import __version__
from simulator.address import Address, Words, sessions_of
from simulator.bounds import cost_overflow
from simulator.causes import Share, shares_of
from simulator.circumstances import Circumstances, circumstances
from simulator.course import NANO, Course, Names, ReplayError
from simulator.engine.again import crossings
from simulator.engine.items import CostOverflowError
from simulator.engine.period import Period
from simulator.engine.plan import compile_program
from simulator.engine.points import Points
from simulator.month import MonthRequest, PeriodReplay
from simulator.replay_tables import agents_table, calls_table, document_of
from simulator.request import read_request
from simulator.result import Result
from simulator.risk.session import cost_quantile
from simulator.run import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from pandas import DataFrame

    from scenarios.prices import PriceBook
    from scenarios.schema import Scenario
    from simulator.engine.tally import SessionTally
    from simulator.run import Progress

RUN_ARGUMENTS = ("trials", "threads", "progress")
"""What `replay` hands on to the run in which it looks for the dearest sessions."""


@dataclass(frozen=True)
class Standing:
    """How a session stands among those of a run.

    Attributes
    ----------
    worst : 1 for the dearest
    trials, sessions : that were simulated
    median : cost of the median session of its feature, in currency
    interrupted : whether the run was, so that there may be dearer ones
    """

    worst: int
    trials: int
    sessions: int
    median: float
    interrupted: bool


class Replay:
    """One session, call by call.

    Attributes
    ----------
    course : its events and the agents that they tell of
    address : where it lies
    shares : nanos by instance and cause
    standing : among the sessions of a run; None where it was asked for by its address
    circumstances : what it met on its day
    points : where the draws come from that its trial makes once
    """

    def __init__(
        self,
        course: Course,
        address: Address,
        scenario: Scenario,
        prices: PriceBook,
        seed: int,
        standing: Standing | None,
        circumstances: Circumstances,
        points: str = "sobol",
    ) -> None:
        self.course = course
        self.address = address
        self.scenario = scenario
        self.prices = prices
        self.seed = seed
        self.standing = standing
        self.circumstances = circumstances
        self.points = points
        self.version = __version__

    @property
    def cost(self) -> float:
        """What the session cost, in currency: the sum of its events, and the very number of the simulation."""
        return self.course.cost

    @property
    def interrupted(self) -> bool:
        """Whether the run was in which the session was looked for."""
        return self.standing is not None and self.standing.interrupted

    @property
    def feature(self) -> str:
        """The feature that it is a session of."""
        return self.course.names.features[self.address.feature]

    @cached_property
    def shares(self) -> Mapping[Share, int]:
        """Nanos by instance and cause; they add up to the cost."""
        return shares_of(self.course, self.scenario, self.prices)

    @cached_property
    def words(self) -> str:
        """Why it cost what it did, in a paragraph."""
        from simulator.show.replay_words import paragraph

        return paragraph(self)

    @cached_property
    def calls(self) -> DataFrame:
        """One row a request to a model, in the order of time."""
        import pandas as pd

        return pd.DataFrame(calls_table(self.course))

    @cached_property
    def agents(self) -> DataFrame:
        """One row an agent instance, in the order in which they started."""
        import pandas as pd

        return pd.DataFrame(agents_table(self.course))

    def to_dict(self) -> dict[str, Any]:
        """All that is known of the session as plain values, ready for JSON."""
        scenario, day = self.scenario, self.scenario.period.dates[self.address.day]
        about = {"name": scenario.name, "sha256": scenario_sha256(scenario), "title": scenario.title}
        return {
            "scenario": {**about, "unit": scenario.unit},
            "seed": self.seed,
            "points": self.points,
            "address": {
                "trial": self.address.trial,
                "day": self.address.day + 1,
                "date": day.isoformat(),
                "feature": self.feature,
                "session": self.address.session,
            },
            "standing": None if self.standing is None else asdict(self.standing),
            "circumstances": asdict(self.circumstances),
            "currency": scenario.currency,
            "version": self.version,
            "prices_sha256": self.prices.sha256,
            "words": self.words,
            **document_of(self.course, self.shares),
        }

    def __str__(self) -> str:
        from simulator.show.replay_screen import screen

        return screen(self)

    def __repr__(self) -> str:
        where = f"trial {self.address.trial}, day {self.address.day + 1}, session {self.address.session}"
        record = self.course.record
        did = f"{self.cost:.6g} {self.scenario.currency}, {record['calls']:,} calls, {record['agents']:,} agents"
        return f"Replay({self.scenario.name}, {self.feature}: {where}: {did})"

    def _repr_html_(self) -> str:
        from simulator.show.replay_screen import replay_html

        return replay_html(self)


@dataclass(frozen=True)
class ReplayRequest:
    """A replay that can start: its scenario is valid, and its address lies in the period.

    Attributes
    ----------
    points : where the draws come from that a trial makes once
    address : of the session; None where it is looked for
    worst : which of the dearest is looked for, from 1
    arguments : of the run in which it is, see RUN_ARGUMENTS
    prefix : stands before the names of arguments in a problem
    """

    scenario: Scenario
    seed: int
    points: Points
    address: Address | None
    worst: int | None
    arguments: Mapping[str, Any]
    prefix: str = ""

    @classmethod
    def read(
        cls, source: Source, overrides: str | Sequence[str], given: Mapping[str, object], prefix: str = ""
    ) -> ReplayRequest:
        """Read what is asked for.

        Parameters
        ----------
        source, overrides : as `scenarios.load.load` takes them
        given : the other arguments of `replay`; those that are None were not given
        prefix : stands before their names in a problem: ``--`` on a command line

        Raises
        ------
        ScenarioError
            With all that is wrong, in the scenario and beside it.
        """
        problems: list[Problem] = []
        asked = {name: value for name, value in given.items() if value is not None}
        of_run = {"seed": asked.pop("seed", 1), "points": asked.pop("points", "sobol")}
        of_run |= {name: asked.pop(name) for name in RUN_ARGUMENTS if name in asked}
        words = Words(asked, prefix)
        numbers = words.read(problems)
        scenario, arguments = read_request(source, overrides, of_run, problems, prefix)
        seed, kind, address = arguments.pop("seed", None), arguments.pop("points", None), None
        known = scenario is not None and seed is not None and kind is not None
        if scenario is not None and known and "worst" not in asked and asked:
            counts = partial(sessions_of, scenario, seed, Points(kind))
            address = words.place(scenario, numbers, arguments.get("trials"), counts, problems)
        if problems or scenario is None or seed is None or kind is None:
            raise ScenarioError(problems)
        return cls(scenario, seed, Points(kind), address, numbers.get("worst"), arguments, prefix)

    def replay(self, progress: Callable[[Progress], None] | None = None) -> Replay:
        """Simulate the session, and before it the run in which it is to be found.

        Parameters
        ----------
        progress : called as that run goes on

        Raises
        ------
        ScenarioError
            If the run has fewer sessions than that.
        ReplayError
            If the replay tells another story than the simulation: a fault of ours.
        """
        if self.address is not None:
            return self._traced(self.address, resolve_prices(self.scenario), None)
        # The hybrid engine keeps no dearest sessions: those that it learns from are in no trial.
        arguments = {"progress": progress, **self.arguments, "engine": "exact"}
        result = run(self.scenario, seed=self.seed, points=self.points.kind, **arguments)
        record = self._wanted(result)
        address = Address(*(int(record[name]) for name in ("trial", "day", "feature", "session")))
        assert result.prices is not None
        assert self.worst is not None
        standing = Standing(
            worst=self.worst,
            trials=result.trials_done,
            sessions=result.tally.session.sessions,
            median=_median(result.tally.session, address.feature),
            interrupted=result.interrupted,
        )
        replay = self._traced(address, result.prices, standing)
        if record.tobytes() != replay.course.record.tobytes():
            raise ReplayError(f"a replayed session is not the one of its run: {replay.course.record} and not {record}")
        return replay

    def _wanted(self, result: Result) -> np.void:
        kept, worst = result.tally.worst, self.worst or 0
        if worst > len(kept):
            message = f"is more than there are: the run has {len(kept)} sessions"
            allowed = f"1 to {len(kept)}" if len(kept) > 1 else "1" if len(kept) else "a run of more trials"
            raise ScenarioError([Problem(None, None, f"{self.prefix}worst", message, str(worst), allowed)])
        record: np.void = kept[worst - 1]
        return record

    def _traced(self, address: Address, prices: PriceBook, standing: Standing | None) -> Replay:
        from simulator.engine.replay import trace_session

        scenario = self.scenario
        program, period = compile_program(scenario, prices), Period.of(scenario, self.points)
        where = address.trial, address.day, address.feature, address.session
        try:
            crossed = crossings(program, period, self.seed, address.trial)
            record, rows = trace_session(program, period, self.seed, *where, NANO, crossed)
        except CostOverflowError as error:
            raise cost_overflow(scenario, error) from None
        met = circumstances(program, period, self.seed, address, crossed)
        course = Course.read(record, rows, Names.of(scenario))
        return Replay(course, address, scenario, prices, self.seed, standing, met, self.points.kind)


def _median(sessions: SessionTally, feature: int) -> float:
    own = slice(feature, feature + 1)
    return cost_quantile(dataclasses.replace(sessions, cost_counts=sessions.cost_counts[own]), 0.5)


def read_replay(
    source: Source, overrides: str | Sequence[str], given: Mapping[str, object], prefix: str = ""
) -> ReplayRequest | MonthRequest:
    """Read what is asked for: a period where there is a ``month``, else a session; see `ReplayRequest.read`."""
    request = ReplayRequest if given.get("month") is None else MonthRequest
    return request.read(source, overrides, given, prefix)


@overload
def replay(
    source: Source,
    *,
    trial: int | str | None = None,
    day: object = None,
    session: int | str | None = None,
    feature: str | None = None,
    worst: int | str | None = None,
    month: None = None,
    seed: int | str = 1,
    points: str = "sobol",
    overrides: str | Sequence[str] = (),
    trials: int | str | None = None,
    threads: int | str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Replay: ...


@overload
def replay(
    source: Source,
    *,
    month: int | str,
    seed: int | str = 1,
    points: str = "sobol",
    overrides: str | Sequence[str] = (),
    trials: int | str | None = None,
    threads: int | str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> PeriodReplay: ...


def replay(
    source: Source,
    *,
    trial: int | str | None = None,
    day: object = None,
    session: int | str | None = None,
    feature: str | None = None,
    worst: int | str | None = None,
    month: int | str | None = None,
    seed: int | str = 1,
    points: str = "sobol",
    overrides: str | Sequence[str] = (),
    trials: int | str | None = None,
    threads: int | str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Replay | PeriodReplay:
    """Simulate one session again, call by call, or tell one period of a run day by day.

    Parameters
    ----------
    source : a YAML file, the name of a library scenario, a mapping, or a Scenario as `load` gives it
    trial, day, session : the address, as ``Result.worst`` and ``Result.sessions`` show it: trial and session counted
        from 0, the day from 1 or as a date
    feature : of the session; needed where the scenario has several
    worst : in place of an address: 1 for the dearest session of a run, up to 100
    month : in place of a session, which period of a run: "p95" or another percentile of spend, "worst", or a trial
    seed, points, overrides : as `simulator.run.run` takes them; with those of a run, the replay shows its very sessions
    trials, threads, progress : of the run in which the dearest session, or the period, is looked for. With an address,
        `trials` bounds the trial; every trial is valid without

    Returns
    -------
    Replay of a session, or PeriodReplay of a period; in a notebook it shows itself

    Raises
    ------
    ScenarioError
        for anything wrong with the input, all of it at once.
    """
    place = {"trial": trial, "day": day, "session": session, "feature": feature, "worst": worst, "month": month}
    of_run = {"seed": seed, "points": points, "trials": trials, "threads": threads, "progress": progress}
    return read_replay(source, overrides, place | of_run).replay()
