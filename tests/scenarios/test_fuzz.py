"""Whatever is thrown at the loader, it loads or says what is wrong."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scenarios.load import ScenarioError, load, read_yaml
from scenarios.schema import Agent, Scenario
from tests.scenarios.test_bad_input import GOOD

JUNK = st.text(alphabet="abx:{}[],-&*!|>'\"%@`#? \n\t\\019.ek~$\u00e9\u2028\x85\ufeff", max_size=120)
WORDS = ["10k", "3%", "0.7 to 1.5", "chat", "typical", "from_agent", "2026-12", "2026-12-01", "volume~context"]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(WORDS)
NAMES = [*Scenario.model_fields, *Agent.model_fields, "p50", "p95", "lognormal", "data"]
KEYS = st.text(max_size=6) | st.sampled_from(NAMES)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8
)
CHAT = {"model": "m/x", "output_tokens": 3}
LEAST = {"as_of": "2026-11-20", "volume": {"sessions_per_day": 3}, "agents": {"chat": CHAT}}
QUICK = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def _loads_or_says_why(source: Any, *overrides: str) -> None:
    try:
        load(source, overrides)
    except ScenarioError as error:
        problems = error.problems
    else:
        return
    assert problems
    for problem in problems:
        assert problem.message
        assert str(problem).replace("\n", "").isprintable()


@QUICK
@given(JUNK)
def test_any_text_is_yaml_or_a_problem(text: str) -> None:
    with contextlib.suppress(ScenarioError):
        read_yaml(text, "junk.yaml", None, [])


@QUICK
@given(st.data())
def test_a_scenario_with_a_piece_of_junk(tmp_path_factory: Any, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(GOOD)))
    text = GOOD[:at] + data.draw(JUNK) + GOOD[at + data.draw(st.integers(0, 40)) :]
    path: Path = tmp_path_factory.mktemp("junk") / "a.yaml"
    path.write_text(text)
    _loads_or_says_why(path)


@QUICK
@given(st.dictionaries(KEYS, VALUES, max_size=5))
@example({"[key]": None})
def test_any_values(values: dict[str, Any]) -> None:
    _loads_or_says_why(LEAST | values)


@QUICK
@given(KEYS, VALUES)
def test_any_value_in_an_agent(key: str, value: Any) -> None:
    _loads_or_says_why(LEAST | {"agents": {"chat": CHAT | {key: value}}})


@QUICK
@given(st.text(max_size=30) | st.builds("{}={}".format, st.lists(KEYS, max_size=4).map(".".join), JUNK))
def test_any_override(text: str) -> None:
    _loads_or_says_why(LEAST, text)
