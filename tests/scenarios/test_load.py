"""Files, folders, names, YAML's surprises, `extends` and `--set`."""

from __future__ import annotations

import gzip
import time
from pathlib import Path

import pytest

from scenarios.load import Problem, ScenarioError, library_names, library_path, load, scenario_sha256
from scenarios.problems import Fault

LEAST = """\
as_of: 2026-11-20
volume: {sessions_per_day: 10}
agents:
  chat: {model: m/x, turns: {geometric: {mean: 4}}, output_tokens: {p50: 250, p95: 1_200}}
"""


def _file(folder: Path, text: str | bytes, name: str = "a.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _problem(source: str | Path, *overrides: str) -> Problem:
    with pytest.raises(ScenarioError) as caught:
        load(source, overrides)
    assert len(caught.value.problems) == 1, str(caught.value)
    return caught.value.problems[0]


# -- what is no scenario -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "is empty"),
        ("# nothing but a comment\n", 1, "is empty"),
        ("- a\n- b\n", 1, "is a list"),
        ("just words\n", 1, "is a single value"),
        ("a:\n\tb: 3\n", 2, "a tab indents this line, at column 1"),
        ("a: {x: 1\nb: 3\n", 2, "a bracket is not closed"),
        ("a: [1, 2\n", 2, "a bracket is not closed"),
        ('a: "one\nb: 3\n', 3, "a quote is not closed"),
        ("a: b: 3\n", 1, "a `:` stands where no key can end, at column 5"),
        ("a:\n    b: 3\n  c: 4\n", 3, "indentation"),
        ("a: 3\nwords\nb: 4\n", 3, "`key: value`"),
        ("a: 3\n---\nb: 4\n", 2, "a second document begins"),
        ("a: *nobody\n", 1, "an alias names no anchor"),
        ('a: "\\q"\n', 1, "a backslash"),
        ("a: @b\n", 1, "cannot begin with this character"),
        ("a: \x07\n", 1, "control character"),
    ],
)
def test_malformed_yaml_is_one_clear_problem(text: str, line: int | None, words: str, tmp_path: Path) -> None:
    problem = _problem(_file(tmp_path, text))
    assert words in problem.message
    assert problem.line == line
    assert problem.file == str(tmp_path / "a.yaml")


def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _file(tmp_path, LEAST, "shopping.yaml")
    monkeypatch.chdir(tmp_path)
    missing = _problem("shoping.yaml")
    assert "is no file and no scenario of the library" in missing.message
    assert missing.hint == "did you mean shopping.yaml?"
    assert "this folder holds shopping.yaml" in (missing.allowed or "")
    assert "did you mean faq" in (_problem("faqq").hint or "")
    folder = _problem(tmp_path)
    assert "is a folder" in folder.message
    assert "shopping.yaml" in (folder.hint or "")
    assert "is no file" in _problem("x" * 5_000).message
    assert "is no file" in _problem("a\0b").message
    assert "is no file" in _problem("~nobody-of-that-name/a").message
    assert "names no scenario" in _problem("").message
    assert "names no scenario" in _problem(" ").message


def test_what_is_no_text(tmp_path: Path) -> None:
    assert "is not a text file" in _problem(_file(tmp_path, b"name: a\0b")).message
    assert "is not a text file" in _problem(_file(tmp_path, gzip.compress(LEAST.encode()) + b"\0")).message
    latin = _problem(_file(tmp_path, "name: a\ntitle: caf\xe9\n".encode("latin-1")))
    assert (latin.line, "UTF-8" in latin.message) == (2, True)
    assert "is too long" in _problem(_file(tmp_path, b"# padding\n" * 200_000)).message
    assert load(_file(tmp_path, b"\xef\xbb\xbf" + LEAST.encode())).name == "a"


def test_library_names_are_scenarios() -> None:
    assert library_names() == sorted(library_names())
    assert load(library_names()[0]).name
    with pytest.raises(KeyError):
        library_path("no such scenario")


def test_a_file_comes_before_a_library_scenario_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = library_names()[0]
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir()
    assert load(name).title == load(library_path(name)).title
    (tmp_path / name).rmdir()
    _file(tmp_path, LEAST + "title: mine\n", name)
    assert load(name).title == "mine"


# -- YAML's surprises --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "hint", "amount"),
    [
        ("{amount: 10,000}", "write 10_000 or 10k", "10,000"),
        ("{amount: 1,250}", "write 1_250", "1,250"),
        ("{amount: 1,000,000}", "write 1_000_000 or 1M", "1,000,000"),
        ("{amount: 1,250,000}", "write 1_250_000 or 1_250k", "1,250,000"),
        ("{amount: $10,000, covers: [models]}", "write $10_000 or $10k", "$10,000"),
        ("{amount: 10,000k}", "write 10_000k", "10,000k"),
    ],
)
def test_a_comma_inside_braces_is_recognised(written: str, hint: str, amount: str, tmp_path: Path) -> None:
    problem = _problem(_file(tmp_path, LEAST + f"budget: {written}\n"))
    assert (problem.line, problem.path, problem.got) == (5, "budget.amount", amount)
    assert "a comma inside braces or brackets separates values" in problem.message
    assert problem.hint == hint


def test_a_comma_inside_brackets_is_recognised(tmp_path: Path) -> None:
    text = LEAST.replace("{p50: 250, p95: 1_200}", "{uniform: {low: 0, high: 1}, truncate: [0, 10,000]}")
    problem = _problem(_file(tmp_path, text))
    assert (problem.line, problem.path) == (4, "agents.chat.output_tokens.truncate.1")
    assert problem.hint == "write 10_000 or 10k"


def test_commas_in_a_law_and_in_two_numbers_at_once(tmp_path: Path) -> None:
    text = LEAST.replace("{p50: 250, p95: 1_200}", "{p50: 10,000, p95: 20,000}")
    with pytest.raises(ScenarioError) as caught:
        load(_file(tmp_path, text))
    paths = [problem.path for problem in caught.value.problems]
    assert paths == ["agents.chat.output_tokens.p50", "agents.chat.output_tokens.p95"]


def test_a_quoted_number_with_commas_is_a_number(tmp_path: Path) -> None:
    scenario = load(_file(tmp_path, LEAST + 'budget: {amount: "10,000"}\n'))
    assert scenario.budget is not None
    assert scenario.budget.amount == 10_000


def test_yaml_is_1_2_even_where_a_file_says_otherwise(tmp_path: Path) -> None:
    path = _file(tmp_path, "%YAML 1.1\n---\n" + LEAST.replace("m/x,", "m/x, batch: yes,"))
    problem = _problem(path)
    assert problem.path == "agents.chat.batch"
    assert "text in YAML 1.2; write true" in (problem.hint or "")
    scenario = load(_file(tmp_path, LEAST + "name: on\ntitle: 012\nunit: no\n"))
    assert (scenario.name, scenario.title, scenario.unit) == ("on", "12", "no")


def test_anchors_aliases_and_merge_keys(tmp_path: Path) -> None:
    text = LEAST + "  other:\n    <<: *chat\n    turns: 2\nfeatures: {a: {agent: other}}\n"
    scenario = load(_file(tmp_path, text.replace("chat: {", "chat: &chat {")))
    other = scenario.agents["other"]
    assert (other.turns.mean(), other.output_tokens) == (2, scenario.agents["chat"].output_tokens)


def test_tags_and_keys_that_are_no_words_are_refused(tmp_path: Path) -> None:
    assert "has the tag !secret" in _problem(_file(tmp_path, LEAST + "title: !secret abc\n")).message
    templated = _problem(_file(tmp_path, LEAST + "budget: {{ budget }}\n"))
    assert (templated.line, templated.path) == (5, "budget")
    assert "templates" in (templated.hint or "")


def test_duplicate_keys_are_said_with_both_lines(tmp_path: Path) -> None:
    problem = _problem(_file(tmp_path, LEAST + "volume: {sessions_per_day: 11}\n"))
    assert (problem.line, problem.path) == (5, "volume")
    assert problem.message == "stands twice; first in line 2"


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "a: &a {b: *a}\n",
        "a: " + "[" * 3_000 + "]" * 3_000 + "\n",
        "a: " + "{x: " * 300 + "1" + "}" * 300 + "\n",
        "a: " + "[" * 100_000,
        "\n".join(" " * depth + "x:" for depth in range(300)),
    ],
    ids=["laughs", "circle", "brackets", "braces", "open", "stairs"],
)
def test_bombs_do_not_go_off(text: str, tmp_path: Path) -> None:
    path = _file(tmp_path, text)
    begun = time.process_time()
    problem = _problem(path)
    assert "grows beyond" in problem.message or "nested deeper" in problem.message or "is no YAML" in problem.message
    assert time.process_time() - begun < 5


# -- extends -----------------------------------------------------------------------------------------------------------


def test_extends_merges_sections_and_replaces_values(tmp_path: Path) -> None:
    _file(tmp_path, LEAST + "budget: {amount: 10k, covers: [models]}\ntrends: {volume: 5%, price: 2%}\n", "base/b.yaml")
    over = (
        "extends: base/b.yaml\nbudget: {amount: 20k}\ntrends: {price: null}\n"
        "agents: {chat: {turns: {p50: 3, p95: 9}, model: {m/y: 1}}}\n"
    )
    scenario = load(_file(tmp_path, over))
    assert scenario.name == "a"
    assert scenario.budget is not None
    assert (scenario.budget.amount, scenario.budget.covers) == (20_000, ("models",))
    assert scenario.trends == {"volume": 0.05}
    chat = scenario.agents["chat"]
    assert chat.turns.describe() == "lognormal, P50 3, P95 9"
    assert chat.model.shares == {"m/y": 1.0}
    assert chat.output_tokens.describe() == "lognormal, P50 250, P95 1,200"


def test_problems_point_into_the_file_where_the_value_stands(tmp_path: Path) -> None:
    base = _file(tmp_path, LEAST + "plan: -1\n", "b.yaml")
    top = _file(tmp_path, "extends: b.yaml\n\nbudget: -2\n")
    with pytest.raises(ScenarioError) as caught:
        load(top)
    places = [(problem.file, problem.line, problem.path) for problem in caught.value.problems]
    assert places == [(str(top), 3, "budget"), (str(base), 5, "plan")]


def test_extends_a_library_scenario_and_finds_its_data_from_there(tmp_path: Path) -> None:
    _file(tmp_path, "tokens\n10\n20\n", "base/data/t.csv")
    text = LEAST.replace("{p50: 250, p95: 1_200}", "{data: {file: data/t.csv, column: tokens}}")
    base = load(_file(tmp_path, text, "base/b.yaml"))
    scenario = load(_file(tmp_path, "extends: base/b.yaml\nname: b\n"))
    assert scenario.agents["chat"].output_tokens.mean() == 15
    assert scenario_sha256(scenario) == scenario_sha256(base)
    name = library_names()[0]
    assert load({"extends": name, "name": name}).title == load(name).title


@pytest.mark.parametrize(
    ("law", "p50", "p96"),
    [
        ("{splice: {body: DATA, at: 0.9, tail: {gpd: {xi: 0.2, scale: 50}}}}", 50, 90 + 250 * (0.4**-0.2 - 1)),
        ("{mixture: [{weight: 0.9, law: DATA}, {weight: 0.1, law: 900}], source: a log}", 56, 900),
        ("{law: DATA, truncate: [11, 60]}", 35, 58),
    ],
)
def test_data_inside_a_law_are_found_from_the_file(
    law: str, p50: float, p96: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A law that holds another: its data file is looked for beside the scenario, wherever one stands oneself."""
    values = _file(tmp_path, "tokens\n" + "".join(f"{n}\n" for n in range(1, 101)), "out/s.laws/answers.csv")
    data = "{data: {file: s.laws/answers.csv, column: tokens}}"
    path = _file(tmp_path, LEAST.replace("{p50: 250, p95: 1_200}", law.replace("DATA", data)), "out/s.yaml")
    monkeypatch.chdir(_file(tmp_path, "", "elsewhere/x").parent)
    answers = load(path).agents["chat"].output_tokens
    assert (answers.ppf(0.5), answers.ppf(0.96)) == (p50, pytest.approx(p96, rel=1e-9))
    values.unlink()
    problem = _problem(path)
    assert problem.path.endswith(".data.file")
    assert str(values) in problem.message


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"a.yaml": "extends: a.yaml\n"}, "in a circle: a.yaml -> a.yaml"),
        ({"a.yaml": "extends: b.yaml\n", "b.yaml": "extends: a.yaml\n"}, "in a circle: a.yaml -> b.yaml -> a.yaml"),
        ({"a.yaml": "extends: nothing.yaml\n"}, "is no file"),
        ({"a.yaml": "extends: .\n"}, "is a folder"),
        ({"a.yaml": "extends: 3\n"}, "is no file"),
    ],
)
def test_bases_that_are_none(files: dict[str, str], words: str, tmp_path: Path) -> None:
    for name, text in files.items():
        _file(tmp_path, text, name)
    problem = _problem(tmp_path / "a.yaml")
    assert words in problem.message
    assert problem.path == "extends"
    assert problem.line == 1


# -- overrides ---------------------------------------------------------------------------------------------------------


def test_overrides(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        LEAST
        + "budget: 10k\nmodels: {gpt-5.5: {input: 1, output: 2}}\ncontrols: {at: 80%, stop: true}\nlimits: {p95: 3}\n",
    )
    scenario = load(
        path,
        [
            "agents.chat.retry.failure_rate=5%",
            "agents.chat.turns.geometric.mean=7",
            "agents.chat.model=gpt-5.5",
            "budget.covers=[models]",
            "models.gpt-5.5.pays=0.5",
            "controls.0.at=90%",
            "limits.p95=3",
            "limits.session.cost.p99=60",
            'limits."session.cost.p95"=30',
            "drivers.volume=0.7 to 1.5",
            "events.surge={date: 2026-12-24, multiplies: {volume: 3}}",
            "title='a = b: c'",
        ],
    )
    chat = scenario.agents["chat"]
    assert (chat.retry.failure_rate, chat.retry.max_attempts) == (0.05, 3)
    assert chat.turns.mean() == 7
    assert chat.model.names == ("gpt-5.5",)
    assert scenario.budget is not None
    assert (scenario.budget.amount, scenario.budget.covers) == (10_000, ("models",))
    assert scenario.models["gpt-5.5"].pays == 0.5
    assert scenario.controls[0].at == 0.9
    assert scenario.limits == {"p95": 3, "session.cost.p99": 60, "session.cost.p95": 30}
    assert list(scenario.drivers.levels) == ["volume"]
    assert list(scenario.events) == ["surge"]
    assert scenario.title == "a = b: c"
    assert load(path).budget != scenario.budget


@pytest.mark.parametrize(
    ("override", "path", "words"),
    [
        ("agents.chat.turns", "", "is no override"),
        ("=3", "", "is no override"),
        ("..=3", "", "names no place"),
        ("agents.chta.turns=3", "agents.chta", "did you mean chat?"),
        ("agents.chat.turms=3", "agents.chat.turms", "did you mean turns?"),
        ("agents.chat.max_attempts=3", "agents.chat.max_attempts", "belongs under agents.retry"),
        ("agents.chat.retry.fallback.aftre=1", "agents.chat.retry.fallback.aftre", "did you mean after?"),
        ("agents.chat.retry.max_attempts=0", "agents.chat.retry.max_attempts", "must be at least 1"),
        ("name.first=3", "name", "is a single value"),
        ("controls.0.at=3", "controls", "write controls=[...]"),
        ("agents.chat.turns.poisson.mean=3", "agents.chat.turns.poisson", "is not in the scenario"),
        ("budget={amount: [", "budget", "is no YAML"),
        ("budget=-3", "budget", "must be above 0"),
        ("budget=", "budget", "has no value after the `=`"),
        ("volume=null", "volume", "is required, and can't be removed"),
        ("agents.chat.model=null", "agents.chat.model", "is required"),
        ("agents.chta=null", "agents.chta", "did you mean chat?"),
        ("agents.chta.cache=null", "agents.chta", "did you mean chat?"),
        ("agents.chat.cahce=null", "agents.chat.cahce", "did you mean cache?"),
        ("controls.0=null", "controls", "write controls=[...]"),
    ],
)
def test_overrides_that_are_none(override: str, path: str, words: str, tmp_path: Path) -> None:
    problem = _problem(_file(tmp_path, LEAST), override)
    assert (problem.file, problem.line, problem.path) == ("--set", None, path)
    assert words in str(problem)


def test_a_loaded_scenario_can_be_edited(tmp_path: Path) -> None:
    scenario = load(_file(tmp_path, LEAST))
    again = load(scenario, ["agents.chat.turns=2"])
    assert again.agents["chat"].turns.mean() == 2
    assert scenario.agents["chat"].turns.mean() == 4
    assert scenario_sha256(load(scenario)) == scenario_sha256(scenario)


def test_later_faults_find_their_line(tmp_path: Path) -> None:
    scenario = load(_file(tmp_path, LEAST + "budget: 30k\n"))
    error = scenario.error(
        [Fault(("budget", "amount"), "is too small"), Fault(("agents", "chat", "retry"), "is missing")]
    )
    assert [(problem.line, problem.path) for problem in error.problems] == [(4, "agents.chat.retry"), (5, "budget")]
