"""The scenario in full reads back as the same scenario; inputs are counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distributions.notation import parse_law
from scenarios.inputs import InputCounts, basis, count_inputs
from scenarios.load import library_names, library_path, load, read_yaml, scenario_sha256
from scenarios.prices import resolve_prices
from scenarios.resolved import resolved_yaml
from scenarios.writer import Inline, write_yaml
from tests.scenarios.test_bad_input import GOOD

WHOLE_PROMPT = """\
as_of: 2026-11-20
drivers: typical
currency: EUR
usd_rate: 0.9
volume: {users: 30, sessions_per_user_day: {lognormal: {mean: 2.7, cv: 2.5}}}
agents:
  chat:
    model: anthropic/claude-sonnet-4-6
    prompt_tokens: {data: {file: data/t.csv, column: tokens}, source: our logs}
    cached_share: 40%
    output_tokens: 0.5k to 2k
    spawns: {agent: chat, count: {poisson: {mean: 0.1}}}
"""


def _resolved(path: Path) -> str:
    scenario = load(path)
    return resolved_yaml(scenario, resolve_prices(scenario).cards)


def _same(path: Path, folder: Path) -> str:
    text = _resolved(path)
    copy = folder / "resolved.yaml"
    copy.write_text(text)
    assert scenario_sha256(load(copy)) == scenario_sha256(load(path))
    assert _resolved(copy).splitlines()[3:6]
    return text


def _data(folder: Path) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "t.csv").write_text("tokens\n10\n20\n400\n")


def test_examples_read_back_the_same(shared: Path, tmp_path: Path) -> None:
    for path in sorted((shared / "examples").glob("*.yaml")):
        _same(path, tmp_path)


@pytest.mark.parametrize("name", [name for name in library_names() if "data:" not in library_path(name).read_text()])
def test_the_library_reads_back_the_same(name: str, tmp_path: Path) -> None:
    _same(library_path(name), tmp_path)


def test_defaults_prices_and_laws_are_in_place(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(GOOD)
    lines = {line.split("#")[0].rstrip(): line.partition("  # ")[2] for line in _same(path, tmp_path).splitlines()}
    assert lines["    turns: {geometric: {mean: 4}}"] == "mean 4, P95 11, no max"
    assert lines["  dear:"].startswith("in 5, out 25, cached 0.5, written 6.25 (own price")
    assert lines["      first_hit_rate: 0.8"] == "default"
    assert lines["  dispersion: null"] == "default: Poisson"
    assert lines["      max_attempts: 4"] == ""
    assert lines["    first_message_tokens: null"] == "default: message_tokens"
    assert lines["      agents: 50"] == "default"
    assert lines["      depth: 4"] == ""
    assert lines["  volume: 0.7 to 1.5"].startswith("mean 1.")
    assert lines["    share: 0.6"] == ""


def test_whole_prompts_users_and_other_currencies_read_back(tmp_path: Path) -> None:
    _data(tmp_path)
    path = tmp_path / "a.yaml"
    path.write_text(WHOLE_PROMPT)
    text = _same(path, tmp_path)
    assert "drivers: typical" in text
    assert "volume: mean 1.107" in text
    assert "usd_rate: 0.9" in text
    assert "system_tokens" not in text
    assert "first_message_tokens" not in text
    assert "depth: 3" in text
    assert 'output_tokens: "0.5k to 2k"' in text or "output_tokens: 0.5k to 2k" in text


PERIOD = """\
as_of: 2026-12-13
period: 2026-12
budget: 90k
spent: {through: 2026-12-12, amount: 43_210}
volume:
  users: 900
  sessions_per_user_day: {lognormal: {mean: 2.7, cv: 1.5}}
  rollout: {2026-12-15: 100%, 2026-12-01: 5%}
  peak_hour: {share: 14%, capacity: 300, failure_factor: 3}
features:
  ask: {agent: chat, rollout: {2026-11-20: 50%}}
agents:
  chat: {model: m, output_tokens: {p50: 250, p95: 1_200}, retry: {failure_rate: 3%}}
models: {m: {input: 1, output: 5}, spare: {input: 1, output: 2}}
drivers: {volume: 0.7 to 1.5, failure_rate: 0.5 to 3, correlation: {failure_rate~volume: 0.4}}
events:
  price-rise: {date: 2026-12-15, probability: 15%, multiplies: {price: 1.25}}
  storm: {per_month: 1.2, days: {geometric: {mean: 1.5}}, multiplies: {failure_rate: 2 to 8}, share: 20%}
controls: {at: 80%, route: {m: spare}}
"""


def test_what_a_period_shares_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(PERIOD)
    lines = {line.split("#")[0].rstrip(): line.partition("  # ")[2] for line in _same(path, tmp_path).splitlines()}
    assert lines["  rollout: {2026-12-01: 0.05, 2026-12-15: 1}"] == ""
    assert lines["  correlation: {volume~failure_rate: 0.4}"] == ""
    assert lines["    days: null"] == "default: to the end of the period"
    assert lines["    share: 1"] == "default"
    assert lines["    delay_days: 0"] == "default"
    path.write_text(PERIOD.replace("spent:", "# spent:").replace("  peak_hour:", "  # peak_hour:"))
    lines = {line.split("#")[0].rstrip(): line.partition("  # ")[2] for line in _same(path, tmp_path).splitlines()}
    assert lines["spent: null"] == "default: all of the period is simulated"
    assert lines["  peak_hour: null"] == "default: no hour fails more than others"


def test_a_launch_has_one_hash_however_its_dates_are_ordered(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(PERIOD)
    first = scenario_sha256(load(path))
    path.write_text(PERIOD.replace("{2026-12-15: 100%, 2026-12-01: 5%}", "{2026-12-01: 0.05, 2026-12-15: 1}"))
    assert scenario_sha256(load(path)) == first
    assert scenario_sha256(load(path, "volume.rollout.2026-12-15=90%")) != first
    assert scenario_sha256(load(path, "volume.rollout=null")) != first


BY_MODEL = """\
as_of: 2026-11-20
volume: {sessions_per_day: 30}
models: {m: {input: 1, output: 5, context_window: 200k}, n: {input: 1, output: 5}, o: {input: 1, output: 5}}
agents:
  chat:
    model: {m: 1, n: 1, o: 1}
    output_tokens: 400
    context: {limit: {n: {data: {file: data/t.csv, column: tokens}}, o: {mean: 9k, cv: 1, source: a study}}}
"""


def test_limits_by_model_read_back_with_the_windows_of_those_that_are_left_out(tmp_path: Path) -> None:
    _data(tmp_path / "base")
    (tmp_path / "base" / "b.yaml").write_text(BY_MODEL)
    path = tmp_path / "a.yaml"
    path.write_text("extends: base/b.yaml\n")
    lines = {line.split("#")[0].strip(): line.partition("  # ")[2] for line in _same(path, tmp_path).splitlines()}
    assert lines["limit:"] == "m: default: its window, 200,000"
    assert lines["n: {data: {file: base/data/t.csv, column: tokens}}"].endswith("max 400")
    counts = count_inputs(load(path))
    assert (counts.measured, counts.cited) == (1, 1)


def test_data_named_in_another_folder_is_named_from_here(tmp_path: Path) -> None:
    _data(tmp_path / "base")
    (tmp_path / "base" / "b.yaml").write_text(WHOLE_PROMPT)
    path = tmp_path / "a.yaml"
    path.write_text("extends: base/b.yaml\n")
    assert "file: base/data/t.csv" in _same(path, tmp_path)
    body = "{data: {file: data/t.csv, column: tokens}}"
    spliced = f"{{splice: {{body: {body}, at: 0.6, tail: {{gpd: {{xi: 0.1, scale: 9}}}}}}, max: 900}}"
    inside = f"{{mixture: [{{weight: 0.5, law: {spliced}}}, {{weight: 0.5, law: {body}}}]}}"
    (tmp_path / "base" / "b.yaml").write_text(WHOLE_PROMPT.replace(f"{body[:-1]}, source: our logs}}", inside))
    assert _same(path, tmp_path).count("file: base/data/t.csv") == 2


NUMBERS = st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
KEYS = st.text(min_size=1, max_size=9)
TREES = st.recursive(
    st.none()
    | st.booleans()
    | NUMBERS
    | st.text()
    | st.sampled_from(["2_400", "60k", "0.7 to 1.5", "no", "12", "a: b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(KEYS, TREES, min_size=1, max_size=4))
def test_whatever_is_written_reads_back(tree: dict[str, Any]) -> None:
    comments = {(key,): "said # of\nit" for key in tree}
    assert read_yaml(write_yaml(tree, comments, "head\n\nmore"), "a.yaml", None, []) == tree
    whole = {"top": Inline(tree)}
    assert read_yaml(write_yaml(whole, {}), "a.yaml", None, []) == whole


def test_inputs_are_counted_by_what_they_rest_on(tmp_path: Path, shared: Path) -> None:
    _data(tmp_path)
    path = tmp_path / "a.yaml"
    path.write_text(WHOLE_PROMPT)
    # measured: prompts. Stated: rate, users, sessions of a user, cached share, output, number of children, and the
    # driver that `typical` brings. Defaults: failures, success, dispersion, weekdays, depth, agents
    assert count_inputs(load(path)) == InputCounts(measured=1, cited=0, stated=7, default=6)
    minimal = count_inputs(load(shared / "examples" / "minimal.yaml"))
    assert minimal == InputCounts(measured=0, cited=0, stated=7, default=7)
    assert minimal.total == 14


def test_a_source_is_a_citation_and_only_the_users_own_data_are_measured(tmp_path: Path) -> None:
    _data(tmp_path)
    data = {"data": {"file": str(tmp_path / "data" / "t.csv"), "column": "tokens"}}
    cited = {"p50": 150, "p95": 900, "source": "a study"}
    plain = {"p50": 150, "p95": 900}
    learnt = {"splice": {"body": data, "at": 0.9, "tail": {"gpd": {"xi": 0.1, "scale": 50}}}}
    learnt["source"] = "measured in calls.csv: 900 values"
    fitted = plain | {"max": 300, "source": "measured in calls.csv: 900 values"}
    said = {
        "measured": [
            data,
            data | {"max": 300},
            data | {"truncate": [5, 300]},
            data | {"source": "our logs"},
            learnt,
            fitted,
        ],
        "cited": [cited, cited | {"max": 300}, cited | {"truncate": [100, 300]}, _both(data, cited)],
        "stated": [plain, plain | {"max": 300}, _both(data, plain)],
    }
    assert {name: [basis(parse_law(spec)) for spec in specs] for name, specs in said.items()} == {
        name: [name] * len(specs) for name, specs in said.items()
    }
    assert basis(parse_law(_both(data, data))) == "measured"


def test_plain_numbers_are_measured_with_the_laws_of_their_agent_in_a_scenario_that_names_its_log() -> None:
    law = {"p50": 150, "p95": 900, "source": "measured in calls.csv: 900 values"}
    learnt = {
        "model": "openai/gpt-5", "system_tokens": 2_000, "turns": law, "output_tokens": law,
        "context": {"carry": 0.9, "limit": 100_000}, "cache": {"ttl_minutes": 5, "gap_minutes": law},
    }  # fmt: skip
    said: dict[str, Any] = {
        "name": "a", "as_of": "2026-11-01", "volume": {"sessions_per_day": 10}, "drivers": {"volume": "0.8 to 1.2"},
        "features": {"one": {"agent": "one", "share": 0.6}, "two": {"agent": "two", "share": 0.4}},
        "agents": {"one": learnt, "two": {**learnt, "output_tokens": {"p50": 150, "p95": 900}}},
        "sources": ["measured in calls.csv: 90 sessions"],
    }  # fmt: skip
    # Of `one` three laws, its system prompt, what it carries and its feature's share; of `two` two laws.
    counts = count_inputs(load(said))
    assert counts.measured == 3 + 3 + 2
    # The volume, its driver, two limits and times to live, and of `two` a law, a prompt, a carry and a share.
    assert counts.stated == 2 + 2 + 2 + 4
    assert count_inputs(load({**said, "sources": ["a study"]})).measured == 3 + 2
    said["agents"]["one"] = learnt | {"context": {"carry": 0.9, "limit": {"openai/gpt-5": law}}}
    assert count_inputs(load(said)).measured == (3 + 1) + 3 + 2
    said["agents"]["one"] |= {
        "model": {"openai/gpt-5": 1, "m/x": 1},
        "context": {"carry": 0.9, "limit": {"openai/gpt-5": law, "m/x": 9}},
    }
    assert count_inputs(load(said)).measured == (3 + 1) + (3 + 2) + 2, (
        "two shares of models more; limits are no such number"
    )


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    return {"mixture": [{"weight": 0.5, "law": one}, {"weight": 0.5, "law": other}]}
