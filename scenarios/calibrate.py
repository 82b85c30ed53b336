"""A table of calls to a scenario that forecasts what they will cost: the face of `scenarios.calibrating`."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from distributions.numerics import FloatArray
from scenarios.bill_apart import apart_words
from scenarios.bills import Bill, invoice_words, make_bill
from scenarios.calibrating import learnings as learning
from scenarios.calibrating.caching import LONG
from scenarios.calibrating.clocks import Strays, without_strays
from scenarios.calibrating.draft import Draft, write_draft
from scenarios.calibrating.learn import learn_agents
from scenarios.calibrating.learnings import Chooser, Learnings, Learnt, Notes, Sessions
from scenarios.calibrating.opened import Drivers, learn_drivers
from scenarios.calibrating.pricing import Models, fit_windows, name_models, price_at_cards
from scenarios.calibrating.routing import steps_words
from scenarios.calibrating.sessions import read_sessions
from scenarios.calibrating.users import learn_users
from scenarios.calibrating.volume import Stated, Volume, dated_share, learn_volume, trend_words
from scenarios.catalog import price_data_date
from scenarios.logs.checks import twins
from scenarios.logs.codes import NONE
from scenarios.logs.reading import LogError, Reading
from scenarios.logs.table import Calls
from scenarios.words import MEASURED, OFF, sentence

__all__ = ["Calibration", "Options", "calibrate"]

_FEW_LOST, _MANY = 0.05, 0.1
"""Share of the records that may be lost without a word of what that means."""

_NAMED_FILES = 3
_SHOWN, _WIDEST = 2, 118
"""Sentences above the YAML, whole, and letters of a line of it: a heading is to be read."""


@dataclass(frozen=True)
class Options:
    """What a user says beside the log.

    Attributes
    ----------
    name : str, optional
        Of the scenario; default: that of its file.
    models : mapping of str to str
        Names as logged, or `*`, to ``provider/model``.
    ttl_minutes : float, optional
        How long the provider keeps a prefix; default: as the log shows.
    invoice : float, optional
        What was paid, in the currency of the recorded costs.
    sessions_per_day : float or two of them, optional
        In place of what the log says; two are P5 and P95.
    as_of : date, optional
        The day from which the scenario looks ahead; default: the last day of the log, and without dates that of the
        price data.
    kept : float
        Share of the sessions that are in the table, where others were held back at random.
    seed : int
        Of the sessions that are drawn again.
    choose : callable, optional
        Values to a law; default: `distributions.choose.choose_law`.
    """

    name: str | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    ttl_minutes: float | None = None
    invoice: float | None = None
    sessions_per_day: Stated | None = None
    as_of: date | None = None
    kept: float = 1.0
    seed: int = 1
    choose: Chooser | None = None


@dataclass(frozen=True)
class Calibration:
    """A scenario that was learnt from a log, and all that a reader should know about it.

    Attributes
    ----------
    document : dict
        The scenario as plain values; laws of data name their column, and `write` adds their files.
    comments : mapping of str to str
        By dotted path.
    bodies : mapping of str to float64
        By column, the values of laws of data.
    learnt : tuple of Learnt
        Every value that came out of the log.
    assumed, unlearnt, warnings : tuple of str
        Sentences.
    bill : Bill
        The log repriced.
    reading : Reading
        What came of reading it.
    sessions : Sessions
        What was observed, with the cost at the scenario's prices.
    drivers : Drivers
        What the log leaves open.
    volume : Volume
        What days were counted.
    """

    document: dict[str, Any]
    comments: Mapping[str, str]
    bodies: Mapping[str, FloatArray]
    learnt: tuple[Learnt, ...]
    assumed: tuple[str, ...]
    unlearnt: tuple[str, ...]
    warnings: tuple[str, ...]
    bill: Bill
    reading: Reading
    sessions: Sessions
    drivers: Drivers
    volume: Volume

    def noting(self, off: Sequence[str]) -> Calibration:
        """The same with what it is off in, in sentences, above all its other notes."""
        notes = [*_noted(OFF, off), *self.document.get("notes", ())]
        return replace(self, document={**self.document, "notes": notes})

    @property
    def apart(self) -> str:
        """How the bill is apart from what the scenario pays, in words; empty where that is not material."""
        assert self.sessions.cost is not None
        return apart_words(self.bill, self.document.get("models", {}), float(self.sessions.cost.sum()))

    @property
    def paid(self) -> str:
        """What the scenario pays of list prices, in a sentence; empty where it pays them in full."""
        paid = _paid(self.document.get("models", {}))
        said = ", ".join(f"{name} at {share:g} of its list price" for name, share in paid.items())
        return f"The forecast is at what the log says is paid: {said}." if said else ""

    def text(self, stem: str = "scenario") -> str:
        """The scenario as YAML with comments, were it written to ``stem.yaml``."""
        return self._draft.text(stem)

    def plain(self, stem: str = "scenario") -> dict[str, Any]:
        """The scenario as plain values, with sources and files, were it written to ``stem.yaml``."""
        return self._draft.plain(stem)

    def write(self, path: str | Path) -> list[Path]:
        """Write the YAML, and the values of laws of data to ``STEM.laws/NAME.csv`` beside it; all of it or nothing.

        Raises
        ------
        LogError
            Where that would overwrite a log, or cannot be written.
        """
        return write_draft(self._draft, Path(path), self.reading.files)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, for JSON."""
        learnt = [
            {
                "path": one.path, "title": one.title, "unit": one.unit, "expression": one.expression,
                "source": one.source, "n": one.n, "sessions": one.sessions,
            }
            for one in self.learnt
        ]  # fmt: skip
        left = self.drivers.open
        return {
            "bill": {**self.bill.to_dict(), "invoice_says": invoice_words(self.bill) or None},
            "scenario": self.plain(),
            "learnt": learnt,
            "assumed": list(self.assumed),
            "unlearnt": list(self.unlearnt),
            "warnings": list(self.warnings),
            "open": {
                "session_cost_log_sd": self.drivers.spread.log_sd,
                "bootstrap_log_sd": self.drivers.spread.bootstrap,
                "by_drivers": left.implied,
                "drivers": dict(left.log_sd),
                "widened": dict(left.widened),
                "volume": self.drivers.volume_sd,
            },
        }

    @property
    def _draft(self) -> Draft:
        origin = _origin(self.reading, self.bill)
        return Draft(self.document, self.comments, self.bodies, self.learnt, _heading(self), origin)


def calibrate(calls: Calls, reading: Reading, options: Options | None = None) -> Calibration:
    """Learn a scenario from a log.

    Parameters
    ----------
    calls : Calls
    reading : Reading
        What came of reading them.
    options : Options, optional

    Returns
    -------
    Calibration

    Raises
    ------
    LogError
        For a log without calls or tokens, of a single session, with models that nothing prices, or with costs in
        several currencies.
    """
    options = options or Options()
    _refuse(calls)
    calls, strays = without_strays(calls)
    calls = _written_as_stated(calls, options.ttl_minutes)
    bill = make_bill(calls, as_of=options.as_of or price_data_date(), mapping=options.models, invoice=options.invoice)
    as_of = options.as_of or (bill.days[1] if bill.days else price_data_date())
    models = name_models(calls, bill, _month_after(as_of))
    asked = learning.Options(options.ttl_minutes, models.model_name, options.choose)
    found = learn_agents(calls, asked)
    beyond = fit_windows(models, calls)
    costs = price_at_cards(calls, models)
    by_session = np.bincount(found.sessions.of_call, costs.whole, len(found.sessions))
    sessions = replace(found.sessions, cost=np.asarray(by_session, np.float64))
    _refuse_few(sessions)
    notes = _notes_of(found)
    volume, section = _volume(sessions, calls.dated, notes, options)
    assert sessions.cost is not None
    drivers = learn_drivers(read_sessions(calls), costs, sessions.cost, volume, found.agents, notes, seed=options.seed)
    section = {**section, **_source_of(volume, options, _origin(reading, bill))}
    document = _document(options, as_of, models, section, found, drivers, reading, bill)
    _add_comments(notes, models, trend_words(volume, section, _month_after(as_of)), bill, reading, calls)
    _say_what_is_missing(notes, calls, strays, reading)
    for each in beyond:
        notes.warn(each)
    assumed, warnings = _sentences(notes.assumed), _sentences(notes.warnings)
    if said := [*_noted("Mind", warnings), *_noted("Assumed", assumed)]:
        grave = tuple(f"Mind: {each}" for each in _sentences(notes.grave))
        document["notes"] = sorted(said, key=lambda note: (note not in grave, ": Volume: " not in note))
    return Calibration(
        document, notes.comments, notes.bodies, tuple(notes.learnt), assumed, _sentences(notes.unlearnt), warnings,
        bill, reading, sessions, drivers, volume,
    )  # fmt: skip


def _source_of(volume: Volume, options: Options, origin: str) -> dict[str, str]:
    """What the numbers of the volume rest on; nothing where they are the user's own word."""
    if volume.source or options.sessions_per_day is not None or volume.days is None:
        return {"source": volume.source} if volume.source else {}
    n, days = int(volume.days.counts.sum()), len(volume.days)
    return {"source": f"{MEASURED}{origin}: {n:,} sessions of {days} day{'' if days == 1 else 's'}"}


def _noted(kind: str, sentences: Iterable[str]) -> Iterable[str]:
    """Sentences as notes of the scenario, without letters that its language refuses."""
    for said in sentences:
        yield "".join(letter if letter.isprintable() else " " for letter in f"{kind}: {said}")


def _volume(sessions: Sessions, dated: bool, notes: Notes, options: Options) -> tuple[Volume, Mapping[str, Any]]:
    """How many sessions come, and the section that says it, by users where these are known."""
    if options.sessions_per_day is not None:
        volume = learn_volume(sessions, dated, notes, sessions_per_day=options.sessions_per_day)
        return volume, volume.section
    kept = options.kept * dated_share(sessions, dated, notes)
    volume = learn_volume(sessions, dated, notes, kept=kept)
    return volume, learn_users(sessions, volume, notes, options.choose or _chooser(), kept=kept)


def _written_as_stated(calls: Calls, ttl_minutes: float | None) -> Calls:
    """The calls, with what they wrote to the cache at the price of an hour where that was stated and no call tells."""
    if ttl_minutes is None or ttl_minutes < LONG or calls["written_1h"].any():
        return calls
    return replace(calls, columns={**calls.columns, "written_1h": calls["written"]})


# -- what cannot be learnt from ----------------------------------------------------------------------------------------


def _refuse(calls: Calls) -> None:
    if not len(calls):
        raise LogError("the log has no calls to learn from")
    if not (calls.prompt.any() or calls["output"].any() or calls["reasoning"].any()):
        raise LogError(
            f"none of the {len(calls):,} calls has any tokens: the log does not record them, or in fields of other "
            "names; --map fresh=FIELD --map output=FIELD says which"
        )


def _refuse_few(sessions: Sessions) -> None:
    if len(sessions) < 2:
        raise LogError(
            "the log holds one session, and one says nothing about how sessions differ; give a log of many, best of "
            "hundreds"
        )
    assert sessions.cost is not None
    if not sessions.cost.any():
        raise LogError("all calls of the log are free at today's prices: nothing that a forecast could be made of")


# -- the document ------------------------------------------------------------------------------------------------------


def _document(
    options: Options,
    as_of: date,
    models: Models,
    volume: Mapping[str, Any],
    found: Learnings,
    drivers: Drivers,
    reading: Reading,
    bill: Bill,
) -> dict[str, Any]:
    document: dict[str, Any] = {"name": options.name} if options.name else {}
    document["title"] = f"As {_files(reading)} shows it"[:200]
    document["sources"] = [f"{MEASURED}{_origin(reading, bill)}: {len(found.sessions):,} sessions"]
    document["as_of"] = as_of.isoformat()
    document["period"] = f"{_month_after(as_of):%Y-%m}"
    used = {name for agent in found.agents.values() for name in _models_of(agent["model"])}
    if named := {alias: spec for alias, spec in models.section.items() if alias in used}:
        document["models"] = named
    document["volume"] = dict(volume)
    document["features"] = dict(found.features)
    if found.difficulty is not None:
        document["difficulty"] = found.difficulty
    document["agents"] = dict(found.agents)
    if drivers.section:
        document["drivers"] = drivers.section
    return document


def _models_of(model: str | Mapping[str, Any]) -> Iterable[str]:
    return [model] if isinstance(model, str) else model


def _month_after(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _sentences(remarks: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(sentence, remarks))


def _chooser() -> Chooser:
    from distributions.choose import choose_law

    return choose_law


def _notes_of(found: Learnings) -> Notes:
    return Notes(
        list(found.learnt), dict(found.comments), dict(found.bodies), list(found.assumed), list(found.unlearnt),
        list(found.warnings),
    )  # fmt: skip


def _add_comments(notes: Notes, models: Models, trend: str, bill: Bill, reading: Reading, calls: Calls) -> None:
    last = "the last day of the log" if bill.days else "the log has no dates: the day of the price data"
    notes.comments["as_of"] = last
    notes.comments["period"] = "the calendar month after it; no budget is known: add `budget: 30k`"
    for alias, said in models.comments.items():
        notes.comments[f"models.{alias}"] = said
    if trend:
        before = notes.comments.get("volume.sessions_per_day", "")
        notes.comments["volume"] = f"it changed while the log ran; to let that go on: {trend}"
        notes.comments["volume.sessions_per_day"] = before
    _say_why_costs_differ(notes, models, bill)
    for note in filter(None, (*bill.notes, *reading.notes, steps_words(calls, reading))):
        notes.assume(note)
    tiers = calls["tier"] != NONE
    if tiers.any():
        notes.assume(f"{tiers.mean():.0%} of the calls name a tier of service; the scenario knows standard and batch")


def _say_why_costs_differ(notes: Notes, models: Models, bill: Bill) -> None:
    named = {entry.name: models.names[name] for name, entry in bill.entries.items()}
    for line in bill.lines:
        paid = _paid(models.section).get(named[line.model])
        if line.pays is not None and paid is not None:
            notes.assume(f"{line.logged}: {line.reason}, and the scenario has it as `pays: {paid:g}`")
        elif line.reason:
            rest = f"; if you pay that, write `pays: {line.pays:g}`" if line.pays is not None else ""
            notes.warn(f"{line.logged}: {line.reason}{rest}")


def _say_what_is_missing(notes: Notes, calls: Calls, strays: Strays, reading: Reading) -> None:
    lost = reading.n_skipped
    if (n := twins(calls)) > _MANY * len(calls):
        notes.warn_gravely(
            f"{n:,} of {len(calls):,} calls are like another in all that the log tells: where it was given or exported "
            "twice, the forecast is of twice the sessions"
        )
    if lost > _FEW_LOST * (lost + len(calls)):
        (notes.warn_gravely if lost > _MANY * (lost + len(calls)) else notes.warn)(
            f"{lost:,} of {lost + len(calls):,} records could not be used (see what was skipped, and why): the "
            "scenario knows nothing of them, and all that it says is too little by what they cost"
        )
    alone = int((calls["session"] == NONE).sum())
    if alone == len(calls):
        notes.lack("sessions: the log names none, so each call stands for one, and its prompt is a draw of its own")
    elif alone:
        notes.warn(
            f"{alone:,} of {len(calls):,} calls name no session and were taken for sessions of one call: where they "
            "belong to longer ones, sessions seem shorter and cheaper than they are, and their first prompts longer"
        )
    if strays.n:
        notes.warn(strays.words)
    for cut in reading.cuts:
        notes.warn(cut)


def _heading(made: Calibration) -> str:
    """What was read, what was assumed, what the log does not tell."""
    reading, sessions = made.reading, made.sessions
    calls = int(sessions.calls.sum())
    lines = [f"Learnt from {_origin(reading, made.bill)}: {calls:,} calls of {len(sessions):,} sessions."]
    lines += map(sentence, reading.cuts)
    if reading.n_skipped or reading.duplicates:
        lines.append(f"{reading.n_skipped:,} records could not be used, {reading.duplicates:,} were there twice.")
    lines.append(f"The log repriced: {_cents(made.bill.repriced)} at list prices{_recorded(made.bill)}.")
    lines += [made.paid] if made.paid else []
    lines.append("Beside each law stands its source, and beside each number of how many values it was made.")
    lines.append("Check it with `burncurve check FILE`, run it with `burncurve run FILE`.")
    if made.unlearnt:
        left = len(made.unlearnt) - _SHOWN
        more = [f"and {left} more, which --json has"] if left > 0 else []
        lines += ["", "Not learnt:", *(f"- {sentence}" for sentence in (*made.unlearnt[:_SHOWN], *more))]
    return "\n".join(map(_wrapped, lines))


def _wrapped(line: str) -> str:
    return textwrap.fill(line, _WIDEST, subsequent_indent="  " if line.startswith("- ") else "", break_on_hyphens=False)


def _paid(models: Mapping[str, Any]) -> dict[str, float]:
    """By model, the share of its list price that the scenario pays, where it says one."""
    return {name: spec["pays"] for name, spec in models.items() if isinstance(spec, Mapping) and "pays" in spec}


def _cents(amount: float) -> str:
    return "< $0.01" if 0 < amount < 0.005 else f"${amount:,.2f}"


def _recorded(bill: Bill) -> str:
    recorded = bill.recorded
    return "" if recorded is None else f"; it records {recorded:,.2f} {bill.currency}"


def _origin(reading: Reading, bill: Bill) -> str:
    if bill.days is None:
        return _files(reading)
    days = " to ".join(dict.fromkeys(day.isoformat() for day in bill.days))
    return f"{_files(reading)} ({days})"


def _files(reading: Reading) -> str:
    names = [path.name for path in reading.files]
    if not names:
        return "a log"
    if len(names) > _NAMED_FILES:
        return f"{names[0]} and {len(names) - 1} more files"
    return ", ".join(names)
