"""Bad input: one message with the place and the remedy, exit 2, no traceback, and nothing half-written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.calling import MINIMAL, Caller


def edited(old: str, new: str) -> str:
    assert MINIMAL.count(old) == 1, old
    return MINIMAL.replace(old, new)


CHAT = "    system_tokens: 2_000\n"
BUDGET = "budget: 300\n"
MESSAGE = "{p50: 150, p95: 900}"
VOLUME = "{sessions_per_day: 100}"
MODEL = "model: anthropic/claude-sonnet-4-6"
JUDGE = "  judge: {model: openai/gpt-5.5, output_tokens: 9, spawns: {agent: chat, count: 1}}\n"

FILES = {
    "malformed YAML": (MINIMAL + "trends: [1, 2\n", "trends|line 1[45]|:1[45]", "expected|bracket|closed|flow"),
    "a tab": (MINIMAL + "trends:\n\tvolume: 3%\n", ":15", "tab|spaces"),
    "an unknown key": (edited(CHAT, "    sytem_tokens: 2_000\n"), ":9.*sytem_tokens", "did you mean system_tokens"),
    "a wrong type": (edited(VOLUME, "many"), ":5.*volume", "sessions_per_day"),
    "text for a number": (edited(VOLUME, "{sessions_per_day: lots}"), ":5.*volume.sessions_per_day", "lots"),
    "a list for a mapping": (edited("drivers: {volume: 0.7 to 1.5}", "drivers: [volume]"), ":13.*drivers", "mapping"),
    "a comma in braces": (edited(VOLUME, "{sessions_per_day: 10,000}"), ":5.*volume", "10_000|10k|quote|comma"),
    "YAML 1.1's on": (MINIMAL + "on: 3\n", ":14: on", "is no key of the language.*allowed: extends, name"),
    "a negative parameter": (edited(MESSAGE, "{lognormal: {mu: 5, sigma: -1}}"), ":11.*message_tokens", "sigma"),
    "NaN": (edited(MESSAGE, "{lognormal: {mu: .nan, sigma: 1}}"), ":11.*message_tokens", "finite|not a number|nan"),
    "infinity": (edited(MESSAGE, "{lognormal: {mu: .inf, sigma: 1}}"), ":11.*message_tokens", "finite"),
    "a negative number of tokens": (
        edited(CHAT, "    system_tokens: -5\n"),
        ":9.*system_tokens",
        "negative|at least 0|below 0",
    ),
    "crossed quantiles": (edited(MESSAGE, "{p50: 900, p95: 150}"), ":11.*message_tokens", "p50|p95|cross|rising|order"),
    "shares that sum to 0": (
        edited(MODEL, "model: {anthropic/claude-sonnet-4-6: 0, anthropic/claude-opus-4-7: 0}"),
        ":8.*agents.chat.model",
        "share|sum",
    ),
    "agents in a circle": (
        edited(CHAT, CHAT + "    checked_by: {agent: judge}\n").replace("drivers:", JUDGE + "drivers:"),
        ":6.*agents",
        "chat -> judge -> chat.*guardrails: {depth: 3}",
    ),
    "a validator of itself": (
        edited(CHAT, CHAT + "    checked_by: {agent: chat}\n"),
        ":10.*checked_by",
        "is the agent itself",
    ),
    "no attempt": (edited(CHAT, CHAT + "    retry: {max_attempts: 0}\n"), ":10.*max_attempts", "at least 1"),
    "an unknown model": (edited(MODEL, "model: anthropic/claude-sonet-4-6"), ":8.*model", "claude-sonnet-4-6"),
    "an unknown family": (
        edited(MESSAGE, "{lognormall: {mu: 5, sigma: 1}}"),
        ":11.*message_tokens",
        "did you mean lognormal",
    ),
    "a missing data file": (edited(MESSAGE, "{data: {file: gone.csv, column: x}}"), ":11.*message_tokens", "gone.csv"),
    "an absent column": (edited(MESSAGE, "{data: {file: good.csv, column: z}}"), ":11.*message_tokens", "tokens"),
    "a column that is not numeric": (
        edited(MESSAGE, "{data: {file: good.csv, column: name}}"),
        ":11.*message_tokens",
        "number",
    ),
    "an empty column": (
        edited(MESSAGE, "{data: {file: empty.csv, column: tokens}}"),
        ":11.*message_tokens",
        "no values|empty|no rows",
    ),
    "an infinite mean": (edited(MESSAGE, "{lomax: {alpha: 0.9, scale: 100}}"), ":11.*message_tokens", "max"),
    "a budget of 0": (edited(BUDGET, "budget: 0\n"), ":4.*budget", "above 0"),
    "a currency without its rate": (MINIMAL + "currency: EUR\n", "usd_rate|:14.*currency", "usd_rate"),
    "a limit on the seed": (MINIMAL + "limits: {seed: 3}\n", ":14.*limits.seed", "it says how the run was made"),
    "a limit on nothing": (MINIMAL + "limits: {p96: 3}\n", ":14.*limits.p96", "did you mean p95"),
    "a limit on a budget that is not there": (
        MINIMAL.replace(BUDGET, "") + "limits: {breach_probability: 3%}\n",
        ":13.*limits.breach_probability",
        "budget",
    ),
}

LINES = {
    "no such file": (["nowhere.yaml"], "nowhere.yaml", "allowed: a file, or a library scenario: .*faq"),
    "no such library scenario": (["fqa"], "fqa", "faq"),
    "a budget of 0": (["--budget", "0"], "--budget", "above 0, such as 30k"),
    "a budget that is no number": (["--budget", "lots"], "--budget", "lots"),
    "no trials": (["--trials", "0"], "--trials", "from 1, such as 10k"),
    "half a trial": (["--trials", "2.5"], "--trials", "a whole number"),
    "a negative seed": (["--seed", "-1"], "--seed", "from 0 to 2"),
    "no threads": (["--threads", "0"], "--threads", "from 1"),
    "a tolerance of nothing": (["--tolerance", "0"], "--tolerance", "above 0 and up to 1, such as 1% or 0.01"),
    "a tolerance below it": (["--tolerance", "-1%"], "--tolerance", "a tolerance is a share of the P95"),
    "a tolerance above all": (["--tolerance", "1.5"], "--tolerance", "a tolerance is a share of the P95"),
    "other points": (["--points", "halton"], "--points", "there are no such points"),
    "another engine": (["--engine", "warp"], "--engine", "auto, exact or hybrid"),
    "a condition that lost its operator": (["--fail-if", "breach_probability"], "--fail-if", "has no operator.*Quote"),
    "a condition on nothing in capitals": (["--fail-if", "P96>3"], "--fail-if", "did you mean p95"),
    "a condition on nothing": (["--fail-if", "p96>3"], "--fail-if", "did you mean p95"),
    "a condition on the price of no model": (
        ["--fail-if", "prices.nope.input>3"],
        "--fail-if",
        "is no number of this run",
    ),
    "a condition on a day beyond the last": (["--fail-if", "daily.p95.31>3"], "--fail-if", "is no number of this run"),
    "an override without a value": (["--set", "budget"], "--set", "path=value|PATH=VALUE|="),
    "an override of nothing": (["--set", "agents.chat.turn=3"], "agents.chat.turn", "did you mean turns"),
    "an unwritable --out": (
        ["--out", "/proc/nowhere/out"],
        "/proc/nowhere/out",
        "choose a place that you can write to",
    ),
    "an unwritable --report": (
        ["--report", "/proc/nowhere/r.html"],
        "/proc/nowhere",
        "choose a place that you can write to",
    ),
    "an unwritable --json": (
        ["--json", "/proc/nowhere/r.json"],
        "/proc/nowhere",
        "choose a place that you can write to",
    ),
    "an option that is none": (["--trails", "3"], "--trails", "--trials"),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "good.csv").write_text("tokens,name\n1,a\n2,b\n")
    (tmp_path / "empty.csv").write_text("tokens,name\n")
    (tmp_path / "small.yaml").write_text(MINIMAL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def assert_bad_input(code: int, out: str, err: str, place: str, remedy: str) -> None:
    assert code == 2, out + err
    assert out == ""
    assert "Traceback" not in err
    assert re.search(place, err), err
    assert re.search(remedy, err, re.DOTALL), err


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("command", ["check", "run"])
def test_a_bad_file_is_refused(name: str, command: str, burncurve: Caller, folder: Path) -> None:
    text, place, remedy = FILES[name]
    (folder / "small.yaml").write_text(text)
    before = sorted(folder.rglob("*"))
    words = ["--out", "new/out", "--trials", "2"] if command == "run" else []
    outcome = burncurve(command, "small.yaml", *words)
    assert_bad_input(outcome.code, outcome.out, outcome.err, place, remedy)
    assert "small.yaml:" in outcome.err or name == "a currency without its rate"
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("name", LINES)
def test_a_bad_line_is_refused(name: str, burncurve: Caller, folder: Path) -> None:
    words, place, remedy = LINES[name]
    before = sorted(folder.rglob("*"))
    scenario = [] if name.startswith("no such") else ["small.yaml"]
    outcome = burncurve("run", *scenario, *words)
    assert_bad_input(outcome.code, outcome.out, outcome.err, place, remedy)
    assert sorted(folder.rglob("*")) == before


def test_everything_that_is_wrong_is_said_at_once(burncurve: Caller, folder: Path) -> None:
    (folder / "small.yaml").write_text(edited(BUDGET, "budget: 0\n") + "limits: {p96: 3}\nnonsense: 1\n")
    outcome = burncurve("run", "small.yaml", "--trials", "0", "--fail-if", "p95")
    assert outcome.code == 2
    for place in (":4: budget", ":15: nonsense", "--trials", "--fail-if"):
        assert place in outcome.err


@pytest.mark.parametrize("command", ["check", "run"])
def test_all_that_is_wrong_is_said_at_once_whatever_kind_it_is(burncurve: Caller, tmp_path: Path, command: str) -> None:
    wrong = edited(
        BUDGET,
        "budget: 0\nbugdet: 5\nlimits: {p97: 5}\nevents: {storm: {per_month: 1, days: 1, multiplies: {volume: 2}}}\n",
    )
    wrong = wrong.replace("sonnet", "sonet").replace("geometric", "geometrik")
    (tmp_path / "wrong.yaml").write_text(wrong)
    said = burncurve(command, tmp_path / "wrong.yaml", *(["--trials", "0"] if command == "run" else []))
    assert said.code == 2
    places = re.findall(r"^(?:.*wrong\.yaml:\d+: )?([-\w.]+)\n    ", said.err, re.MULTILINE)
    of_a_run = ["--trials"] if command == "run" else []
    everywhere = ["budget", "bugdet", "limits.p97", "agents.chat.model", "agents.chat.turns.geometrik"]
    assert sorted(places) == sorted(everywhere + of_a_run)
