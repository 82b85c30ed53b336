"""Everything that a calibration writes says where it comes from: a source beside each law, a comment at each number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from distributions.choice import against, near
from distributions.notation import parse_law
from distributions.tail import sample_of
from scenarios.calibrate import Calibration, Options, calibrate
from scenarios.calibrating.learn import learn_agents
from scenarios.calibrating.learnings import Options as Asked
from scenarios.calibrating.reach import passed_by
from scenarios.inputs import count_inputs
from scenarios.load import load
from scenarios.logs.reading import Reading
from scenarios.logs.table import OK, PROVIDER, QUALITY, Calls, Rows
from tests.calibrating.made_up import FIRST_DAY, MODEL, lognormal

SECTIONS = "volume", "features", "difficulty", "agents", "drivers"
DATES = " (2026-09-07 to 2026-10-04)"
OPENING, TURNS = 3_000, 0.15


@pytest.fixture(scope="module", params=["dated", "undated"])
def made(request: pytest.FixtureRequest) -> Calibration:
    is_dated = request.param == "dated"
    return calibrate(log(is_dated), Reading(files=[Path("calls.jsonl")]), Options(choose=by_moments))


def by_moments(values: np.ndarray, **options: Any) -> Any:
    """A quick law, with the words of a careful one on how near it is."""
    chosen = lognormal(values, **options)
    chosen.quality = f"moments; {against(near(sample_of(np.asarray(values, float)), chosen.law))}"
    return chosen


def log(dated: bool) -> Calls:
    """Four weeks of an agent with tools, children, failures, users and contexts that are cut."""
    rng = np.random.default_rng(4)
    rows = Rows(
        "session", "agent", "instance", "parent", "time", "model", "fresh", "cached", "output", "failed", "user",
        "outcome",
    )  # fmt: skip
    day_one = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC).timestamp()
    for session, day in enumerate(np.repeat(np.arange(28), rng.poisson(np.tile([12, 12, 12, 12, 12, 4, 4], 4)))):
        prompt, limit, harder = OPENING, rng.choice([9_000, 14_000, 20_000]), rng.lognormal(0, 0.6)
        at = rng.uniform(0, 80_000) + (day_one + 86_400 * day if dated else 0)
        user, outcome = f"u{rng.integers(25)}", int(rng.uniform() < 0.8)
        for turn in range(int(rng.geometric(TURNS))):
            message, answer = int(rng.lognormal(5.5, 0.8) * harder), int(rng.lognormal(6, 0.7) * harder) + 1
            prompt = 5_000 if prompt + message > limit else prompt + message
            root = f"s{session}", "main", f"{session}-main", None
            failed = (PROVIDER if rng.uniform() < 0.5 else QUALITY) if rng.uniform() < 0.06 else OK
            held = int(0.8 * prompt) if turn else 0
            call = rows.append(*root, at, MODEL, prompt - held, held, answer, failed, user, outcome)
            if rng.uniform() < 0.4:
                rows.tool(call, "search", int(rng.lognormal(4, 0.5)))
            if not turn:
                for child in range(session % 3):
                    own = f"s{session}", "helper", f"{session}-{child}", f"{session}-main"
                    size = 900 + int(rng.lognormal(5, 0.5))
                    rows.append(*own, at + child, MODEL, size, 0, 80 + child, OK, user, outcome)
            prompt += answer
            at += float(rng.exponential(120))
    return rows.finish(dated)


def numbers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all plain numbers; a law with a source is one with it, and its numbers are none."""
    if isinstance(value, dict):
        if "source" not in value or path == ("volume",):
            for key, item in value.items():
                yield from numbers(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from numbers(item, (*path, place))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path


def laws(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Everything that has a source, by its path."""
    if isinstance(value, dict):
        if "source" in value:
            yield path, value
        for key, item in value.items():
            yield from laws(item, (*path, key))
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from laws(item, (*path, place))


def commented(text: str) -> set[str]:
    """Dotted paths of what has a comment beside it or above it; items of lists are their numbers."""
    found, above, where = set(), False, list[tuple[int, str]]()
    places: dict[str, int] = {}
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if line.lstrip().startswith("#"):
            above = True
            continue
        code, _, comment = line.partition("  # ")
        where = [step for step in where if step[0] < indent]
        item = re.match(r"\s*- ", code)
        if item:
            parent = ".".join(name for _, name in where)
            places[parent] = places.get(parent, -1) + 1
            where.append((indent, str(places[parent])))
            indent, code = item.end(), " " * item.end() + code[item.end() :]
        key = re.match(r'\s*"?([^":]+)"?:', code)
        if key:
            where.append((indent, key[1]))
        if comment or above:
            found.add(".".join(name for _, name in where))
        above = False
    return found


def test_every_law_names_file_period_number_and_fit(made: Calibration) -> None:
    dates = DATES if made.bill.days else ""
    seen = dict(laws({key: made.plain("x").get(key) for key in SECTIONS}))
    for path, law in seen.items():
        source = law["source"]
        if source.startswith("assumed: "):
            assert path in {("volume",), ("drivers", "volume")}
            continue
        assert source.startswith(f"measured in calls.jsonl{dates}: "), path
        assert re.search(r"\d (values|gaps|users|compactions|sessions|days)\b", source), (path, source)
        if path[0] == "agents":
            assert re.search(r"against the (data|product limit estimate)|always \d", source), (path, source)
    names = {str(path[-1]) for path in seen}
    assert {"turns", "message_tokens", "output_tokens", "limit", "gap_minutes", "count", "calls_per_turn"} <= names
    assert {path[1] for path in seen if path[0] == "drivers"} >= {"turns", "message_tokens"}


def test_every_number_that_is_no_law_has_a_comment(made: Calibration) -> None:
    tree = {key: made.plain("x")[key] for key in SECTIONS if key in made.plain("x")}
    told = commented(made.text("x"))
    bare = []
    for path in numbers(tree):
        dotted = [".".join(map(str, path[: n + 1])) for n in range(1, len(path))]
        if not told & set(dotted):
            bare.append(".".join(map(str, path)))
    assert bare == []
    assert {"features.main", "agents.main.sensitivity", "agents.main.context.carry", "drivers.correlation"} <= told


def test_constants_and_pairs_of_a_log_are_measured_and_what_no_log_shows_is_not(made: Calibration) -> None:
    plain = {**made.plain("x"), "volume": {"sessions_per_day": 10}}
    counts = count_inputs(load(plain))
    plain["drivers"].pop("correlation")
    assert counts.measured - count_inputs(load(plain)).measured == len(made.document["drivers"]["correlation"]) > 0
    context = plain["agents"]["main"]["context"]
    del context["keep_tokens"]
    without = count_inputs(load(plain)).measured
    context["keep_tokens"] = 1_000
    assert count_inputs(load(plain)).measured == without + 1  # the log shows where contexts are cut
    context["limit"] = 200_000
    assert count_inputs(load(plain)).measured == without - 1  # now it does not, nor what is kept


@pytest.mark.parametrize("load", [-0.4, 0.0, 0.4])
def test_a_law_times_difficulty_is_passed_as_often_as_two_normals_say(load: float) -> None:
    passed = passed_by(parse_law({"lognormal": {"mu": 1, "sigma": 0.3}}), load, 1e-6)
    assert passed == pytest.approx(np.exp(1 + 4.753424 * np.hypot(0.3, load)), rel=1e-4)


@pytest.mark.parametrize(
    ("law", "told"), [({"pareto": {"min": 1, "alpha": 2.5}}, True), ({"poisson": {"mean": 6}}, False)]
)
def test_turns_that_reach_far_beyond_the_log_are_minded_with_what_ends_them(law: Any, told: bool) -> None:
    def choose(values: np.ndarray, *, what: str, **options: Any) -> Any:
        chosen = lognormal(values, **options)
        chosen.law = parse_law(law) if what == "main.turns" else chosen.law
        return chosen

    found = learn_agents(log(dated=False), Asked(choose=choose))
    longest = found.sessions.turns.max()
    (said,) = [warning for warning in found.warnings if warning.startswith("Turns have no limit")] or [""]
    assert told == (f"of main 250 turns (the longest in the log has {longest:,})" in said)
    assert ("`max:` beside its law of turns" in said) == told
