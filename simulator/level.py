"""An existing scenario at the level of sums: simulate it, multiply what is off, and look again until nothing is."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scenarios.calendar import weekday_factors
from scenarios.level import WORTH_AN_EDIT, Gap, Levelled, PerSession, gaps, rescale
from scenarios.load import load
from scenarios.logs.reading import LogError
from scenarios.logs.usage.reading import read_usage
from scenarios.problems import Path as Keys
from scenarios.sources import find, library_names
from scenarios.words import OFF
from scenarios.writer import Inline, Lines, inline, write_yaml
from simulator.judged import MATERIAL
from simulator.sampled import sessions_at_p50

if TYPE_CHECKING:
    from collections.abc import Callable

    from scenarios.logs.usage.table import Usage
    from scenarios.schema import Scenario

NEAR = 0.0005
"""A gap that is small enough to stop."""
ROUNDS = 15
SESSIONS = 20_000
LEAST, MOST = 0.02, 50.0
"""What nothing is multiplied beyond."""
SLOWEST, QUICKEST = 0.05, 1.5
"""Bounds of how far a figure is taken to follow its driver."""
_WIDEST = 120
_FORM = "burncurve calibrate SCENARIO --level USAGE --out FILE"
_FOR_LOGS = (
    "map", "where", "since", "until", "feature_from", "models", "ttl", "invoice", "holdout", "sessions_per_day",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One figure of an average day; None where the sums do not tell."""

    what: str
    observed: float | None
    before: float
    after: float


@dataclass(frozen=True)
class LevelledScenario:
    """A scenario brought to the level of sums.

    Attributes
    ----------
    levelled : the edits and what is said of them
    rows : an average day of the sums, and of the scenario before and after, drivers at their P50
    left : gaps that multiplying could not close
    currency : of the scenario
    name : of the scenario to be; default: that of its file
    models : of the scenario, by name
    notes : of the scenario
    """

    base: str | Path
    usage: Usage
    levelled: Levelled
    rows: tuple[Row, ...]
    left: tuple[Gap, ...]
    currency: str
    name: str | None = None
    models: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def cost(self) -> Row | None:
        """What a day costs, where that stays off by more than a tenth; None where it does not, or is not told."""
        row = self.rows[-1]
        off = row.observed and row.after and abs(row.observed / row.after - 1.0) > MATERIAL
        return row if off else None

    def text(self, out: str | Path) -> str:
        """The scenario as YAML, were it written to `out`: what it extends, what is different, and what is off."""
        from simulator.show.level_screen import off_words

        place = Path(out)
        comments: dict[Keys, str] = {tuple(gap.split(".")): said for gap, said in self._comments().items()}
        tree: dict[str, Any] = {"name": self.name or place.stem, "extends": _from(self.base, place)}
        for path, value in self.levelled.edits.items():
            section, key = path.split(".")
            tree.setdefault(section, {})[key] = Inline(value) if isinstance(value, Mapping) else value
        if off := off_words(self):
            tree["notes"] = Lines([*(f"{OFF}: {said}" for said in off), *self.notes])
        return write_yaml(tree, comments, f"{self.base} at the level of {self.levelled.said[0]}", _WIDEST)

    def write(self, out: str | Path) -> list[Path]:
        """Write the scenario."""
        place = Path(out)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(self.text(place), encoding="utf-8")
        except OSError as error:
            raise LogError(f"{place} can't be written: {(error.strerror or str(error)).lower()}") from None
        return [place]

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values, for JSON."""
        return {
            "edits": dict(self.levelled.edits),
            "said": list(self.levelled.said),
            "day": [vars(row) for row in self.rows],
            "cost_off": self.cost and vars(self.cost),
            "left": [{"path": gap.path, "what": gap.what, "ratio": gap.ratio} for gap in self.left],
            "currency": self.currency,
        }

    def _comments(self) -> dict[str, str]:
        said = self.levelled.said[1:]
        return {
            path: next((one.split(", now")[0] for one in said if f"{path} times" in one), "as `typical` has it")
            for path in self.levelled.edits
        }


def level_request(
    scenarios: Sequence[str | Path], usage: Sequence[str | Path], out: str | Path, words: Mapping[str, Any]
) -> tuple[Scenario, Usage]:
    """Read what `--level` needs, or say what it needs."""
    if len(scenarios) != 1:
        got = "none is given" if not scenarios else f"{len(scenarios)} are given"
        raise LogError(f"--level brings one existing scenario to the level of sums, and {got}: {_FORM}")
    for word in _FOR_LOGS:
        if words.get(word):
            raise LogError(f"--level takes no --{word.replace('_', '-').removesuffix('s')}, which is for logs: {_FORM}")
    place = Path(out)
    if place.suffix.lower() not in {".yaml", ".yml"}:
        raise LogError(f"--out: {out} is not named as a scenario is; end it in .yaml")
    read = read_usage(usage)
    found = find(scenarios[0])
    for used in (found, *usage):
        if place.resolve() == Path(used).resolve():
            raise LogError(f"--out: {out} is read, and is never overwritten; give another name")
    return load(scenarios[0]), read


def level_scenario(
    base: str | Path,
    scenario: Scenario,
    usage: Usage,
    *,
    name: str | None = None,
    seed: int = 1,
    sessions: int = SESSIONS,
    phase: Callable[[str], None] | None = None,
) -> LevelledScenario:
    """Multiply volume and drivers until an average day of a scenario is that of the sums.

    Parameters
    ----------
    base : where the scenario was read from
    usage : the sums
    sessions : how many are simulated each time

    Raises
    ------
    LogError
        where the sums count neither requests nor tokens
    """
    document: Mapping[str, Any] = scenario.written or {}
    if usage.days <= 0 or not (usage.total("requests") or usage.prompt):
        raise LogError(
            f"{usage.title}: these sums count neither requests nor tokens, so that they say nothing of a level; "
            "costs alone do not, give the usage too"
        )
    factors: dict[str, float] = {}
    steps: list[tuple[dict[str, float], dict[str, float]]] = []
    levelled, now = Levelled({}, ()), scenario
    first = _measured(scenario, sessions, seed)
    means = first
    for number in range(ROUNDS):
        found = gaps(document, usage, means[0], means[1])
        open_ = {gap.path: gap.ratio for gap in found if gap.ratio is not None}
        if number and all(abs(ratio - 1.0) < NEAR for ratio in open_.values()):
            break
        steps.append((dict(factors), open_))
        factors = {path: _next(path, factors.get(path, 1.0), ratio, steps) for path, ratio in open_.items()}
        levelled = rescale(document, usage, found, factors)
        if phase:
            phase(f"simulating {sessions:,} sessions, round {number + 1}")
        now = load(scenario, _overrides(document, levelled.edits))
        means = _measured(now, sessions, seed)
    found = gaps(document, usage, means[0], means[1])
    left = tuple(gap for gap in found if gap.ratio is not None and abs(gap.ratio - 1.0) > WORTH_AN_EDIT)
    rows = _rows(usage, first, means, scenario.currency)
    used = {model for agent in scenario.agents.values() for model in agent.model.names}
    models = tuple(sorted({scenario.models[name].catalog or name for name in used if name in scenario.models} or used))
    return LevelledScenario(base, usage, levelled, rows, left, scenario.currency, name, models, scenario.notes)


def _overrides(document: Mapping[str, Any], edits: Mapping[str, Any]) -> list[str]:
    """Edits as `load` takes them; drivers that are one word are written anew."""
    if not isinstance(document.get("drivers"), str):
        return [f"{path}={inline(value)}" for path, value in edits.items()]
    drivers = {path.partition(".")[2]: value for path, value in edits.items() if path.startswith("drivers.")}
    others = [f"{path}={inline(value)}" for path, value in edits.items() if not path.startswith("drivers.")]
    return [*others, *([f"drivers={inline(drivers)}"] if drivers else [])]


def _next(path: str, factor: float, ratio: float, steps: Sequence[tuple[dict[str, float], dict[str, float]]]) -> float:
    """A better factor: in proportion at first, then by how far the figure followed the last change."""
    follows = 1.0
    if len(steps) > 1 and path in steps[-2][1]:
        before, gap = steps[-2][0].get(path, 1.0), steps[-2][1][path]
        moved = math.log(factor / before)
        if abs(moved) > NEAR / 10:
            follows = min(max(math.log(gap / ratio) / moved, SLOWEST), QUICKEST)
    return (
        float(min(max(factor * ratio ** (1.0 / follows), LEAST), MOST))
        if path.startswith("drivers.")
        else (factor * ratio)
    )


Means = tuple[PerSession, float, float]


def _measured(scenario: Scenario, n: int, seed: int) -> Means:
    """Of a session, sessions of an average day, and cost of a session; drivers at their P50."""
    records = sessions_at_p50(scenario, n, seed)
    calls, prompt, cached, output, cost = (
        float(records[what].mean()) for what in ("calls", "input", "cached", "output", "cost")
    )
    volume = scenario.volume
    week = weekday_factors(volume.weekdays)
    level = volume.daily_level(scenario.period.start) * sum(week) / len(week)
    driver = scenario.drivers.volume
    a_day = level * (float(driver.ppf(0.5)) if driver is not None else 1.0)
    return PerSession(calls, prompt, cached, output), a_day, cost


def _rows(usage: Usage, first: Means, last: Means, currency: str) -> tuple[Row, ...]:
    told = {
        "requests": usage.total("requests"),
        "prompt tokens": usage.prompt,
        "from the cache": usage.total("cached"),
        "output tokens": usage.total("output"),
        f"cost ({currency})": usage.total("cost") if usage.currencies <= {currency} else None,
    }
    rows = []
    for place, (what, total) in enumerate(told.items()):
        before, after = ((*means[0], means[2])[place] * means[1] for means in (first, last))
        rows.append(Row(what, None if total is None else total / usage.days, before, after))
    return tuple(rows)


def _from(base: str | Path, place: Path) -> str:
    """How a file names the scenario that it extends."""
    if str(base) in library_names() and not Path(base).is_file():
        return str(base)
    return Path(os.path.relpath(Path(base).expanduser().resolve(), place.parent.resolve())).as_posix()
