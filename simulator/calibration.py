"""Calibrate and backtest for people: from log files to a scenario that was held against them, and what to say of it."""

from __future__ import annotations

import dataclasses
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from distributions.quantity import QuantityError, parse_number
from scenarios.bill_apart import apart_words
from scenarios.bills import make_bill
from scenarios.calibrate import Calibration, Options
from scenarios.calibrate import calibrate as learn
from scenarios.calibrating.clocks import without_strays
from scenarios.calibrating.volume import Stated
from scenarios.load import Source, load
from scenarios.logs.reading import LogError
from scenarios.words import sentence
from simulator.backtest import Backtest
from simulator.backtest import backtest as hold_against
from simulator.judged import OFF
from simulator.log_options import ReadOptions
from simulator.observed import count_sessions, split
from simulator.request import files_read
from simulator.telling import Telling, fields_that_tell

if TYPE_CHECKING:
    from scenarios.logs.reading import Reading, Watch
    from scenarios.logs.table import Calls
    from scenarios.schema import Scenario

Phase = Callable[[str], None]


@dataclass(frozen=True)
class Calibrated:
    """A scenario learnt from logs, with what came of holding it against them.

    Attributes
    ----------
    calibration : what was learnt, and `write` for the file
    scenario : the same as it loads
    in_sample : against the sessions that it was learnt from
    held_out : of a scenario learnt from the other sessions, against those held back; None without `holdout`
    telling : where one of these is off, fields of the log that tell its sessions apart
    """

    calibration: Calibration
    scenario: Scenario
    in_sample: Backtest
    held_out: Backtest | None
    telling: tuple[Telling, ...] = ()

    @property
    def tested(self) -> list[Backtest]:
        """What it was held against, sessions that it never saw first."""
        return [one for one in (self.held_out, self.in_sample) if one is not None]

    def write(self, path: str | Path) -> list[Path]:
        """Write the scenario, and beside it the values of laws of data; all of it or nothing."""
        return self.calibration.write(path)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, ready for JSON."""
        return {
            **self.calibration.to_dict(),
            "reading": reading_dict(self.calibration.reading),
            "in_sample": self.in_sample.to_dict(),
            "held_out": self.held_out.to_dict() if self.held_out else None,
            "telling": [dataclasses.asdict(one) for one in self.telling],
        }

    def __str__(self) -> str:
        from simulator.show.calibration_screen import calibration_screen

        return calibration_screen(self, 100)


@dataclass(frozen=True)
class CalibrateRequest:
    """A calibration that can start: every word is read.

    Attributes
    ----------
    logs : files or folders
    reading : how they are read
    options : what the user says beside the log
    holdout : share of the sessions that are held back and forecast too
    """

    logs: tuple[str | Path, ...]
    reading: ReadOptions
    options: Options
    holdout: float | None

    @classmethod
    def read(
        cls,
        logs: Sequence[str | Path],
        out: str | Path | None,
        words: Mapping[str, Any],
        prefix: str = "",
        *,
        replace: bool = False,
    ) -> CalibrateRequest:
        """Read the words of a command line or the arguments of `calibrate`; None is what was not given.

        `replace` says that a file at `out` may be written over.

        Raises
        ------
        LogError
            for a word that can't be read
        """
        if not logs:
            raise LogError("no logs are given; name files of calls, or folders of them")
        reading = ReadOptions.of(words, prefix)
        share, invoice = words.get("holdout"), words.get("invoice")
        if share is not None and not 0.0 < share < 1.0:
            raise LogError(f"{prefix}holdout: {share:g} is no share of the sessions; give one between 0 and 1, as 0.5")
        if invoice is not None and not 0.0 <= invoice < math.inf:
            raise LogError(f"{prefix}invoice: {invoice:g} is no amount that was paid")
        rate = _sessions(words.get("sessions_per_day"), f"{prefix}sessions-per-day")
        if out is not None:
            _refuse_place(Path(out), logs, prefix, replace)
        options = Options(
            name=words.get("name"),
            models=reading.models,
            ttl_minutes=reading.ttl_minutes,
            invoice=invoice,
            sessions_per_day=rate,
            seed=words.get("seed") or 0,
        )
        return cls(tuple(logs), reading, options, share)

    @property
    def files(self) -> list[Path]:
        """What is read, and must not be overwritten."""
        return [Path(log) for log in self.logs]

    def calibrate(
        self, watch: Watch | None = None, phase: Phase | None = None, keep: Callable[[Calibration], None] | None = None
    ) -> Calibrated:
        """Read the logs, learn from them, and hold what was learnt against them.

        `keep` gets what was learnt before it is held against anything, so that nothing can take it away again; and
        once more where that finds it off, with a note that says so.
        """
        say = phase or (lambda _: None)
        calls, reading = self.reading.read(self.logs, watch)
        say(f"learning from {len(calls):,} calls")
        calibration = learn(calls, reading, self.options)
        scenario = loaded(calibration)
        if keep is not None:
            keep(calibration)
        calls, _ = without_strays(calls)  # as it was learnt from, which says how many
        models, seed = self.options.models, self.options.seed
        whole = None if self.options.sessions_per_day else 1.0  # a volume that was stated is not the log's
        in_sample = hold_against(scenario, calls, models=models, seed=seed, share=whole, phase=phase)
        held_out = None if self.holdout is None else self._forecast(calls, reading, whole, phase)
        bill = calibration.apart
        if off := [*([sentence(bill)] if bill else []), *_off(in_sample), *_off(held_out)]:
            calibration = calibration.noting(off)
            scenario = loaded(calibration)
            if keep is not None:
                keep(calibration)
        telling: tuple[Telling, ...] = ()
        if any(one is not None and one.simulated == OFF for one in (in_sample, held_out)):
            say("looking for what tells sessions apart")
            telling = fields_that_tell(self.logs, self.reading, reading, calls, scenario)
        return Calibrated(calibration, scenario, in_sample.billed(bill), held_out and held_out.billed(bill), telling)

    def _forecast(self, calls: Calls, reading: Reading, whole: float | None, phase: Phase | None) -> Backtest:
        """Learn from some sessions, and hold that against the others.

        Volume goes by how many were held back, which chance makes another share than was asked for.
        """
        assert self.holdout is not None
        say, models, seed = phase or (lambda _: None), self.options.models, self.options.seed
        kept, held = split(calls, self.holdout, seed)
        n_kept, n_held = count_sessions(kept), count_sessions(held)
        share = n_held / (n_kept + n_held)
        say(f"learning from {len(kept):,} calls alone, to forecast the others")
        part = learn(kept, reading, dataclasses.replace(self.options, kept=1.0 - share, invoice=None))
        return hold_against(
            loaded(part), held, models=models, seed=seed, fitted_sessions=n_kept, share=whole and share, phase=phase
        )


def _off(tested: Backtest | None) -> tuple[str, ...]:
    """What a backtest finds off, as notes of a scenario."""
    from simulator.show.backtest_words import off_words

    return () if tested is None or tested.simulated != OFF else (off_words(tested),)


@dataclass(frozen=True)
class BacktestRequest:
    """A backtest that can start: its scenario is valid, and every word is read."""

    scenario: Scenario
    logs: tuple[str | Path, ...]
    reading: ReadOptions
    seed: int

    @classmethod
    def read(
        cls,
        scenario: Source,
        overrides: str | Sequence[str],
        logs: Sequence[str | Path],
        words: Mapping[str, Any],
        prefix: str = "",
    ) -> BacktestRequest:
        """Read a scenario, and the words of a command line or the arguments of `backtest`."""
        reading = ReadOptions.of(words, prefix)
        return cls(load(scenario, overrides), tuple(logs), reading, words.get("seed") or 0)

    @property
    def files(self) -> list[Path]:
        """What is read, and must not be overwritten."""
        return [*(Path(log) for log in self.logs), *files_read(self.scenario)]

    def backtest(self, watch: Watch | None = None, phase: Phase | None = None) -> Backtest:
        """Read the logs and hold the scenario against them."""
        from simulator.show.calibration_screen import reading_words

        calls, reading = self.reading.read(self.logs, watch)
        models = self.reading.models
        tested = hold_against(self.scenario, calls, models=models, seed=self.seed, phase=phase)
        tested = tested.billed(_bill_words(self.scenario, calls, models, tested))
        notes = (*tested.notes, *reading.notes)
        return dataclasses.replace(tested, notes=notes, read=tuple(reading_words(reading)))


def _bill_words(scenario: Scenario, calls: Calls, models: Mapping[str, str], tested: Backtest) -> str:
    """How the recorded costs are apart from what the scenario pays; empty where no catalogue prices the log."""
    try:
        bill = make_bill(calls, as_of=scenario.as_of, mapping=models)
    except LogError:  # it has prices of its own, and repriced costs are at those
        return ""
    paid = {name: {"catalog": one.catalog or name, "pays": one.pays} for name, one in scenario.models.items()}
    spent = 0.0 if tested.costs is None else float(tested.costs[0].sum())
    return apart_words(bill, paid, spent / scenario.usd_rate)


def calibrate(
    logs: str | Path | Sequence[str | Path],
    *,
    watch: Watch | None = None,
    phase: Phase | None = None,
    **words: Any,
) -> Calibrated:
    """Learn a scenario from logs, and hold it against them.

    Parameters
    ----------
    logs : files or folders, all of one format
    watch, phase : told how far reading has come, and what is being done then
    words : as the options of ``burncurve calibrate``: ``format``, ``map``, ``where``, ``since``, ``until``,
        ``feature_from``, ``models``, ``ttl``, ``invoice``, ``holdout``, ``sessions_per_day``, ``name``, ``seed``;
        pairs such as ``map`` and ``models`` are texts "FIELD=COLUMN", one or several; ``sessions_per_day`` is a number,
        or two of them, or a text such as "200 to 500"

    Returns
    -------
    Calibrated; its ``write(path)`` makes the file

    Raises
    ------
    LogError
        for logs that can't be read or learnt from
    TypeError
        for a word that is none
    """
    _refuse_words(words, _CALIBRATE)
    return CalibrateRequest.read(_several(logs), None, {"seed": 1, **words}).calibrate(watch, phase)


def backtest(
    scenario: Source,
    logs: str | Path | Sequence[str | Path],
    *,
    overrides: str | Sequence[str] = (),
    watch: Watch | None = None,
    phase: Phase | None = None,
    **words: Any,
) -> Backtest:
    """Hold a scenario against logs: simulated against observed calls and sessions, with a verdict in words.

    Parameters
    ----------
    scenario, overrides : as `scenarios.load.load` takes them
    logs, watch, phase, words : as `calibrate` takes them, but what is only for learning

    Raises
    ------
    LogError, ScenarioError
        for logs or a scenario that can't be read, and models that the scenario has not
    """
    _refuse_words(words, _READING)
    return BacktestRequest.read(scenario, overrides, _several(logs), {"seed": 1, **words}).backtest(watch, phase)


def loaded(calibration: Calibration) -> Scenario:
    """The scenario of a calibration, as it loads once it is written."""
    with tempfile.TemporaryDirectory(prefix="burncurve-") as folder:
        file = Path(folder) / "calibrated.yaml"
        calibration.write(file)
        return load(file)


def reading_dict(reading: Reading) -> dict[str, Any]:
    """What came of reading, as plain values."""
    return {
        "files": [str(file) for file in reading.files],
        "format": reading.format,
        "lines": reading.lines,
        "calls": reading.calls,
        "duplicates": reading.duplicates,
        "replayed": reading.replayed,
        "ignored": dict(reading.ignored),
        "skipped": [
            {"reason": one.reason, "count": one.count, "examples": list(one.examples)}
            for one in reading.skipped.values()
        ],
        "cuts": list(reading.cuts),
        "notes": list(reading.notes),
    }


_READING = ("format", "map", "where", "since", "until", "feature_from", "models", "ttl", "seed")
_CALIBRATE = (*_READING, "invoice", "holdout", "sessions_per_day", "name")


def _refuse_words(words: Mapping[str, Any], known: Sequence[str]) -> None:
    for word in words:
        if word not in known:
            raise TypeError(f"{word!r} is no argument; there are {', '.join(known)}")


def _several(logs: str | Path | Sequence[str | Path]) -> Sequence[str | Path]:
    return [logs] if isinstance(logs, str | Path) else logs


def _refuse_place(out: Path, logs: Sequence[str | Path], prefix: str, replace: bool) -> None:
    """Refuse a place that can't take a scenario before an hour is spent on it."""
    if out.suffix.lower() not in {".yaml", ".yml"}:
        raise LogError(f"{prefix}out: {out} is not named as a scenario is; end it in .yaml")
    if out.is_dir() or not (out.parent.is_dir() or not out.parent.exists()):
        raise LogError(f"{prefix}out: {out} can't be written; name a file in a folder")
    if out.resolve() in {Path(log).resolve() for log in logs}:
        raise LogError(f"{prefix}out: {out} is a log that is read, and is never overwritten")
    if out.exists() and not replace:
        raise LogError(
            f"{prefix}out: {out} exists already, and is left as it is; choose another name, or say {prefix}force to "
            "replace it"
        )


def _sessions(word: float | str | Sequence[float] | None, name: str) -> Stated | None:
    """Sessions a day: a number, or two as P5 and P95; a text as people write them."""
    if word is None:
        return None
    given = word.split(" to ") if isinstance(word, str) else [word] if isinstance(word, int | float) else word
    try:
        ends = [parse_number(end) for end in given]
    except QuantityError:
        ends = []
    if len(ends) not in {1, 2} or not ends[0] > 0.0 or ends != sorted(set(ends)):
        raise LogError(f'{name}: {word!r} is no number of sessions; give one above 0, or two as in "200 to 500"')
    return ends[0] if len(ends) == 1 else (ends[0], ends[1])
