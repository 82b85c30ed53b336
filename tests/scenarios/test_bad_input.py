"""Every mistake gets a sentence with an address: file, line, dotted path, and what would be right."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import NamedTuple

import pytest

from scenarios.load import Problem, ScenarioError, load
from scenarios.problems import shown

GOOD = """\
name: shop
as_of: 2026-11-20
period: 2026-12
budget: {amount: 30k, covers: [models, tools]}
models:
  cheap: {input: 1, output: 2}
  dear: {input: 5, output: 25, cached_input: 0.5, cache_write: 6.25}
volume:
  sessions_per_day: 10k
  weekdays: {sat: 0.5}
features:
  ask: {share: 60%, agent: chat, success_rate: {cheap: 0.9, dear: 0.95}}
  build:
    share: 40%
    agent: coder
    guardrails: {cost: 20, depth: 4}
    human_review: {rate: 10%, minutes: {p50: 4, p95: 20}, hourly_rate: 75}
agents:
  chat:
    model: {cheap: 80%, dear: 20%}
    turns: {geometric: {mean: 4}}
    message_tokens: {p50: 150, p95: 900}
    output_tokens: {p50: 250, p95: 1_200}
    cache: {hit_rate: 80%}
    retry:
      failure_rate: {cheap: 3%, dear: 1%}
      max_attempts: 4
      fallback: {after: 2, model: cheap}
  coder:
    model: dear
    output_tokens: 400
    context: {limit: 100k, overflow: truncate}
    tools: {shell: {calls_per_turn: {poisson: {mean: 1.8}}}}
    spawns: [{agent: coder, count: 0.1}]
    checked_by: {agent: judge, reject_rate: 10%, max_loops: 2}
  judge: {model: cheap, message_tokens: from_agent, output_tokens: 50}
drivers:
  volume: 0.7 to 1.5
  context: 1.0 to 1.4
  correlation: {volume~context: 0.3}
trends: {volume: 5%}
events:
  spike: {date: 2026-12-10, probability: 60%, multiplies: {volume: 3}}
  outage: {per_month: 0.4, days: 1, route: {dear: cheap}}
controls:
  - {at: 80%, route: {dear: cheap}}
fixed_costs:
  one_time: {labels: {amount: 10k, date: 2026-12-01}}
"""


class Bad(NamedTuple):
    """A line of the good scenario changed, and what must be said about it."""

    old: str
    new: str
    path: str
    words: str


TABLE = [
    # keys
    Bad("name: shop", "name: shop\nvolumee: 3", "volumee", "is no key of the language here"),
    Bad("      max_attempts: 4", "      max_atempts: 4", "agents.chat.retry.max_atempts", "did you mean max_attempts?"),
    Bad(
        "    model: dear",
        "    model: dear\n    max_attempts: 3",
        "agents.coder.max_attempts",
        "belongs under agents.retry",
    ),
    Bad("{sat: 0.5}", "{saturday: 0.5}", "volume.weekdays.saturday", "mon, tue, wed, thu, fri, sat, sun"),
    Bad("trends: {volume: 5%}", "trends: {volumes: 5%}", "trends.volumes", "did you mean volume?"),
    Bad("  context: 1.0 to 1.4", "  contxt: 1.0 to 1.4", "drivers.contxt", "did you mean context?"),
    Bad("    model: dear", "    model: dear\n    on: 3", "agents.coder.on", "is no key of the language here"),
    Bad("as_of: 2026-11-20", "as_of: 2026-11-20\nname: twice", "name", "stands twice; first in line 1"),
    Bad("trends: {volume: 5%}", "trends: {<<: 3, volume: 5%}", "trends.<<", "merges no mapping"),
    # numbers
    Bad("      max_attempts: 4", "      max_attempts: 1e9", "agents.chat.retry.max_attempts", "must be at most 1000"),
    Bad("{amount: 30k,", "{amount: 0,", "budget.amount", "must be above 0"),
    Bad("{amount: 30k,", "{amount: 3%,", "budget.amount", "must be an amount of money, not a percentage"),
    Bad("{amount: 10k, date", "{amount: 10%, date", "fixed_costs.one_time.labels.amount", "not a percentage"),
    Bad("{amount: 30k,", "{amount: .nan,", "budget.amount", "finite"),
    Bad("{amount: 30k,", "{amount: .inf,", "budget.amount", "finite"),
    Bad("{amount: 30k,", "{amount: 1e999,", "budget.amount", "finite"),
    Bad("{amount: 30k,", "{amount: 30,000,", "budget.amount", "write 30_000 or 30k"),
    Bad("{amount: 30k,", "{amount: thirty,", "budget.amount", "thirty"),
    Bad("budget: {amount: 30k, covers: [models, tools]}", "budget: -3", "budget", "must be above 0"),
    Bad("covers: [models, tools]", "covers: [model]", "budget.covers.0", "did you mean models"),
    Bad("covers: [models, tools]", "covers: []", "budget.covers", "covers nothing"),
    Bad("sessions_per_day: 10k", "sessions_per_day: -1", "volume.sessions_per_day", "must be at least 0"),
    Bad("sessions_per_day: 10k", "sessions_per_day: 0", "volume.sessions_per_day", "brings no session"),
    Bad("sessions_per_day: 10k", "sessions_per_month: 0", "volume.sessions_per_month", "brings no session"),
    Bad(
        "sessions_per_day: 10k",
        "users: 3\n  sessions_per_user_day: 0",
        "volume.sessions_per_user_day",
        "brings no session",
    ),
    Bad("sessions_per_day: 10k", "sessions_per_day: true", "volume.sessions_per_day", "not true or false"),
    Bad("sessions_per_day: 10k", "sessions_per_day: [10k]", "volume.sessions_per_day", "not a list"),
    Bad("      max_attempts: 4", "      max_attempts: 0", "agents.chat.retry.max_attempts", "must be at least 1"),
    Bad("      max_attempts: 4", "      max_attempts: 2.5", "agents.chat.retry.max_attempts", "must be a whole number"),
    Bad("{hit_rate: 80%}", "{hit_rate: 180%}", "agents.chat.cache.hit_rate", "must be at most 1"),
    Bad("{cheap: 3%, dear: 1%}", "{cheap: 3%, dear: -1%}", "agents.chat.retry.failure_rate.dear", "must be at least 0"),
    Bad("reject_rate: 10%", "reject_rate: 2", "agents.coder.checked_by.reject_rate", "0 to 1"),
    Bad("max_loops: 2", "max_loops: 0", "agents.coder.checked_by.max_loops", "must be at least 1"),
    Bad("guardrails: {cost: 20,", "guardrails: {cost: 0,", "features.build.guardrails.cost", "must be above 0"),
    Bad("max_loops: 2", "max_loops: 1.5", "agents.coder.checked_by.max_loops", "must be a whole number"),
    Bad("depth: 4", "depth: 0", "features.build.guardrails.depth", "must be at least 1"),
    Bad("depth: 4", "depth: 65", "features.build.guardrails.depth", "allowed: 1 to 64"),
    Bad("depth: 4", "depth: 4, agents: 0", "features.build.guardrails.agents", "must be at least 1"),
    Bad("depth: 4", "depth: 4, calls: 0", "features.build.guardrails.calls", "must be at least 1"),
    Bad("{after: 2,", "{after: 0,", "agents.chat.retry.fallback.after", "must be at least 1"),
    Bad("{mean: 1.8}}}}", "{mean: 1.8}}, max_attempts: 0}}", "agents.coder.tools.shell.max_attempts", "1 to 1000"),
    Bad("count: 0.1}", "count: -0.1}", "agents.coder.spawns.0.count", "must be at least 0 on average"),
    Bad("{at: 80%,", "{at: 0,", "controls.0.at", "must be above 0"),
    Bad("trends: {volume: 5%}", "trends: {volume: -100%}", "trends.volume", "must be above -1"),
    Bad("probability: 60%", "probability: 160%", "events.spike.probability", "must be at most 1"),
    Bad("{volume~context: 0.3}", "{volume~context: 1.3}", "drivers.correlation.volume~context", "at most 1"),
    Bad("sessions_per_day: 10k", "sessions_per_day: 1e300", "volume.sessions_per_day", "is beyond 1e+100"),
    Bad("{sat: 0.5}", "{mon: 0, tue: 0, wed: 0, thu: 0, fri: 0, sat: 0, sun: 0}", "volume.weekdays", "leaves no day"),
    # words, dates, types
    Bad("overflow: truncate", "overflow: compress", "agents.coder.context.overflow", "truncate, compact, fail"),
    Bad("overflow: truncate", "overflow: compact", "agents.coder.context.overflow", "needs `summary_tokens`"),
    Bad("    model: dear", "    model: dear\n    batch: yes", "agents.coder.batch", "write true"),
    Bad("period: 2026-12", "period: 2026-13", "period", "has no month 13"),
    Bad("period: 2026-12", "period: 2026-12-01", "period", "a quarter 2026-Q4"),
    Bad("period: 2026-12", "period: {start: 2026-12-32, days: 3}", "period.start", "is no day of the calendar"),
    Bad("period: 2026-12", "period: {start: 2026-12-01, days: 0}", "period.days", "1 to 3660"),
    Bad("as_of: 2026-11-20", "as_of: soon", "as_of", "must be a date"),
    Bad("as_of: 2026-11-20", "as_of: 9999-12-31", "as_of", "is in no year between 1970 and 2200"),
    Bad("period: 2026-12", "period: {start: 9999-12-01, days: 60}", "period.start", "is in no year between"),
    Bad("name: shop", f"name: shop\ntitle: {'x' * 201}", "title", "text on one line, at most 200 characters"),
    Bad("name: shop", 'name: shop\ntitle: "two\\nlines"', "title", "is no line of text"),
    Bad("name: shop", 'name: shop\ntitle: "SDLOH \\u202eyltsoM"', "title", "holds U+202E, a character that steers"),
    Bad("name: shop", 'name: shop\nstory: "one \\u2066two"', "story", "holds U+2066"),
    Bad("name: shop", 'name: shop\nstory: "one \\x1b[2J two"', "story", "holds U+001B"),
    Bad("name: shop", 'name: shop\nsources: [a, "b\\u200f"]', "sources.1", "holds U+200F"),
    Bad(
        "{p50: 150, p95: 900}",
        '{p50: 150, p95: 900, source: "logs\\u202e"}',
        "agents.chat.message_tokens.source",
        "holds U+202E",
    ),
    Bad("name: shop", "name: shop\nunit: 3", "unit", "allowed: a noun, as in ticket, chat or task"),
    Bad("name: shop", "name: shop\nlimits: [p95]", "limits", "allowed: names, each with a number, at least 0"),
    Bad("name: shop", "name: !!python/name:x shop", "name", "has the tag tag:yaml.org,2002:python/name:x"),
    Bad("    model: dear", "    model: 3", "agents.coder.model", "or {cascade: [cheap, frontier], escalate_rate: 25%}"),
    Bad("name: shop", "name: shop\ncurrency: EUR", "currency", "needs `usd_rate`"),
    Bad("name: shop", "name: shop\ncurrency: euro", "currency", "three capital letters"),
    Bad("name: shop", "name: shop\nusd_rate: 2", "usd_rate", "must be 1 where the currency is USD"),
    Bad("    cache: {hit_rate: 80%}", "    cache: 80%", "agents.chat.cache", "must be a mapping, not text"),
    Bad(
        "      fallback: {after: 2, model: cheap}",
        "      fallback: {model: cheap}",
        "agents.chat.retry.fallback.after",
        "is missing",
    ),
    Bad("    output_tokens: 400", "    reasoning_tokens: 400", "agents.coder.output_tokens", "is missing"),
    Bad("  judge: {model: cheap,", "  judge: {model: [cheap],", "agents.judge.model", "must name a model, not a list"),
    # laws
    Bad("{geometric: {mean: 4}}", "{geometrik: {mean: 4}}", "agents.chat.turns.geometrik", "geometric?"),
    Bad("{p50: 150, p95: 900}", "{p50: 900, p95: 150}", "agents.chat.message_tokens.p95", "must be above p50 (900)"),
    Bad("{geometric: {mean: 4}}", "{lomax: {alpha: 0.9, scale: 3}}", "agents.chat.turns", "max"),
    Bad("{geometric: {mean: 4}}", "{geometric: {mean: -4}}", "agents.chat.turns.geometric.mean", "at least 1"),
    Bad("{p50: 150, p95: 900}", "{p50: 150, p80: 900}", "agents.chat.message_tokens.p80", "p5 p10 p50 p90 p95 p99"),
    Bad("{p50: 150, p95: 900}", "{p50: .nan, p95: 900}", "agents.chat.message_tokens.p50", "allowed: a number"),
    Bad(
        "{geometric: {mean: 4}}", "{metalog: {p10: 9, p50: 1, p90: 3}}", "agents.chat.turns.metalog", "got:     {p10: 9"
    ),
    Bad("{geometric: {mean: 4}}", "{geometric: {mean: 1e20}}", "agents.chat.turns.geometric.mean", "1,099,511,627,776"),
    Bad(
        "{geometric: {mean: 4}}",
        "{negative_binomial: {mean: 3, dispersion: 1e-20}}",
        "agents.chat.turns.negative_binomial",
        "2,199,023,255,552 times the dispersion",
    ),
    Bad(
        "{geometric: {mean: 4}}",
        "{mixture: [{weight: 0, law: 3}]}",
        "agents.chat.turns.mixture",
        "got:     [{weight: 0, law: 3}]",
    ),
    Bad(
        "    output_tokens: 400",
        "    output_tokens: {data: {file: ~nobody-of-that-name/x.csv, column: x}}",
        "agents.coder.output_tokens.data.file",
        "nor a folder",
    ),
    Bad(
        "    output_tokens: 400",
        "    output_tokens: {data: {file: ., column: x}}",
        "agents.coder.output_tokens.data.file",
        "is of no kind that is read",
    ),
    Bad(
        "    output_tokens: 400",
        "    output_tokens: {data: {file: none.csv, column: }}",
        "agents.coder.output_tokens.data.column",
        "allowed: the name of a column",
    ),
    Bad("    output_tokens: 400", "    output_tokens: -400", "agents.coder.output_tokens", "must be at least 0"),
    Bad("  volume: 0.7 to 1.5", "  volume: {normal: {mean: 1, sd: 0.3}}", "drivers.volume", "can be 0 or less"),
    Bad(
        "    output_tokens: 400",
        "    output_tokens: {data: {file: none.csv, column: x}}",
        "agents.coder.output_tokens.data.file",
        "none.csv",
    ),
    # shares and either-or
    Bad("{cheap: 80%, dear: 20%}", "{cheap: 0, dear: 0}", "agents.chat.model", "gives every model a share of 0"),
    Bad("{cheap: 80%, dear: 20%}", "{cheap: 80%, dear: -20%}", "agents.chat.model.dear", "must be at least 0"),
    Bad("    model: dear", "    model: {cascade: [dear]}", "agents.coder.model.cascade", "two different models"),
    Bad("    model: dear", "    model: {dear: 1, escalate_rate: 0.3}", "agents.coder.model.dear", "is no key"),
    Bad("share: 60%, ", "", "features.ask.share", "is missing"),
    Bad(
        "{hit_rate: 80%}", "{hit_rate: 80%, ttl_minutes: 5, gap_minutes: 3}", "agents.chat.cache", "give one of the two"
    ),
    Bad("{hit_rate: 80%}", "{ttl_minutes: 5}", "agents.chat.cache.ttl_minutes", "needs `gap_minutes`"),
    Bad("{hit_rate: 80%}", "{gap_minutes: 5}", "agents.chat.cache.gap_minutes", "needs `ttl_minutes`"),
    Bad("{hit_rate: 80%}", "{first_hit_rate: 5%}", "agents.chat.cache", "needs `hit_rate`"),
    Bad(
        "    cache: {hit_rate: 80%}",
        "    prompt_tokens: 3k",
        "agents.chat.message_tokens",
        "stands beside `prompt_tokens`",
    ),
    Bad(
        "message_tokens: from_agent",
        "prompt_tokens: 3k, first_message_tokens: 40k",
        "agents.judge.first_message_tokens",
        "stands beside `prompt_tokens`",
    ),
    Bad(
        "message_tokens: from_agent",
        "message_tokens: from_agent, first_message_tokens: 40k",
        "agents.judge.first_message_tokens",
        "stands beside `message_tokens: from_agent`",
    ),
    Bad(
        "    model: dear",
        "    model: dear\n    sensitivity: {first_message_tokens: 1}",
        "agents.coder.sensitivity.first_message_tokens",
        "needs `first_message_tokens`",
    ),
    Bad(
        "    model: dear",
        "    model: dear\n    first_message_tokens: from_agent",
        "agents.coder.first_message_tokens",
        "from_agent",
    ),
    Bad(
        "    model: dear",
        "    model: dear\n    cached_share: 0.5",
        "agents.coder.cached_share",
        "needs `prompt_tokens`",
    ),
    Bad(
        "    model: dear",
        "    model: dear\n    sensitivity: {prompt_tokens: 1}",
        "agents.coder.sensitivity.prompt_tokens",
        "needs `prompt_tokens`",
    ),
    Bad("sessions_per_day: 10k", "users: 3", "volume.users", "needs `sessions_per_user_day`"),
    Bad("sessions_per_day: 10k", "sessions_per_day: 3\n  sessions_per_month: 90", "volume", "give exactly one"),
    Bad("  sessions_per_day: 10k\n", "", "volume", "states no number of sessions"),
    Bad("minutes: {p50: 4, p95: 20}, ", "", "features.build.human_review.hourly_rate", "needs `minutes`"),
    Bad("hourly_rate: 75}", "hourly_rate: 75, cost: 3}", "features.build.human_review.cost", "give one of the two"),
    Bad("{input: 1, output: 2}", "{input: 1}", "models.cheap", "no price for output"),
    Bad("date: 2026-12-10, ", "", "events.spike", "has no `date` and no `per_month`"),
    Bad(", multiplies: {volume: 3}}", "}", "events.spike", "does nothing"),
    Bad("{per_month: 0.4,", "{per_month: 0.4, probability: 0.1,", "events.outage.probability", "belongs to a `date`"),
    Bad("route: {dear: cheap}}\nfixed", "delay_days: 1}\nfixed", "controls.0", "does nothing"),
    # between sections
    Bad("agent: chat,", "agent: chatt,", "features.ask.agent", "did you mean chat?"),
    Bad("{agent: coder, count", "{agent: codr, count", "agents.coder.spawns.0.agent", "did you mean coder?"),
    Bad("{agent: judge, reject", "{agent: jugde, reject", "agents.coder.checked_by.agent", "did you mean judge?"),
    Bad("agent: coder\n", "agent: judge\n", "agents.judge.message_tokens", "is started as a root or a child, too"),
    Bad(
        "[{agent: coder, count: 0.1}]",
        "[{agent: judge, count: 0.1}]",
        "agents.judge.message_tokens",
        "only an agent named in a `checked_by` can read what an agent put out",
    ),
    Bad("    model: dear", "    model: deer", "agents.coder.model", "did you mean dear?"),
    Bad("after: 2, model: cheap", "after: 2, model: chep", "agents.chat.retry.fallback.model", "did you mean cheap?"),
    Bad(
        "days: 1, route: {dear: cheap}",
        "days: 1, route: {dear: chip}",
        "events.outage.route.dear",
        "did you mean cheap?",
    ),
    Bad(
        "days: 1, route: {dear: cheap}",
        "days: 1, route: {dear: cheap, cheap: dear}",
        "events.outage.route.dear",
        "circle",
    ),
    Bad("{cheap: 3%, dear: 1%}", "{dear: 1%}", "agents.chat.retry.failure_rate", "has no rate for cheap"),
    Bad("{limit: 100k,", "{limit: {dear: 90k, chip: 9k},", "agents.coder.context.limit.chip", "did you mean cheap?"),
    Bad(
        "{limit: 100k,", "{limit: {judge: 9k},", "agents.coder.context.limit.judge", "names no model whose limit coder"
    ),
    Bad("{limit: 100k,", "{limit: {dear: -9k},", "agents.coder.context.limit.dear", "can be 0 or less"),
    Bad("{limit: 100k,", "{limit: {lognorml: {mean: 9k, cv: 1}},", "agents.coder.context.limit.lognorml", "lognormal"),
    Bad("{limit: 100k,", "{limit: {gama: {shape: 9}},", "agents.coder.context.limit.gama.shape", "mean gamma"),
    Bad("{limit: 100k,", "{limit: {p50: 9k, p59: 9k},", "agents.coder.context.limit.p59", "is no percentile"),
    Bad("{limit: 100k,", "{limit: {dear: 9k, beta: 9k},", "agents.coder.context.limit.dear", "beta is a word of laws"),
    Bad("{cheap: 0.9, dear: 0.95}", "{cheap: 0.9}", "features.ask.success_rate", "has no rate for dear"),
    Bad("{cheap: 0.9, dear: 0.95}", "{cheap: 0.9, dear: 1, x: 1}", "features.ask.success_rate.x", "chat never uses"),
    Bad(
        "message_tokens: {p50: 150, p95: 900}",
        "message_tokens: from_agent",
        "agents.chat.message_tokens",
        "checks no other agent",
    ),
    Bad(
        "agent: judge, reject_rate: 10%, max_loops: 2}\n  judge: {model: cheap, message_tokens: from_agent,",
        "agent: coder}\n  judge: {model: cheap,",
        "agents.coder.checked_by.agent",
        "allowed: chat, judge",
    ),
    Bad("  judge: {", "  judge: {checked_by: {agent: coder}, ", "agents.coder.checked_by.agent", "never end"),
    Bad("date: 2026-12-10,", "date: 2027-12-10,", "events.spike.date", "2026-12-01 to 2026-12-31"),
    Bad("budget: {amount: 30k, covers: [models, tools]}\n", "", "controls", "needs a `budget`"),
    Bad("{volume~context: 0.3}", "{volume~price: 0.3}", "drivers.correlation.volume~price", "price, which has no law"),
    Bad("{volume~context: 0.3}", "{volume~contxt: 0.3}", "drivers.correlation.volume~contxt", "did you mean context?"),
    Bad("{volume~context: 0.3}", "{volume~volume: 0.3}", "drivers.correlation.volume~volume", "with itself"),
    Bad(
        "{volume~context: 0.3}",
        "{volume~context: 0.3, context~volume: 0.2}",
        "drivers.correlation.context~volume",
        "again",
    ),
]


def _problems(text: str, folder: Path) -> list[Problem]:
    file = folder / "shop.yaml"
    file.write_text(text)
    try:
        load(file)
    except ScenarioError as error:
        return error.problems
    return []


def test_the_good_scenario_is_good(tmp_path: Path) -> None:
    assert _problems(GOOD, tmp_path) == []


@pytest.mark.parametrize("bad", TABLE, ids=lambda bad: f"{bad.path}: {bad.new[:30].strip()}")
def test_a_mistake_is_said_once_at_its_line(bad: Bad, tmp_path: Path) -> None:
    assert_said_once(bad, tmp_path)


def assert_said_once(bad: Bad, tmp_path: Path) -> None:
    assert GOOD.count(bad.old) == 1
    text = GOOD.replace(bad.old, bad.new)
    problems = _problems(text, tmp_path)
    assert [problem.path for problem in problems] == [bad.path], "\n".join(map(str, problems))
    problem = problems[0]
    assert bad.words in str(problem)
    assert problem.file == str(tmp_path / "shop.yaml")
    assert problem.line is not None
    keys = [key for key in bad.path.split(".") if not key.isdigit()]
    there = keys[-1] if "is missing" not in problem.message else keys[-2]
    line = text.splitlines()[problem.line - 1]
    assert there in line or line.lstrip().startswith("- {"), line


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    cache: {hit_rate: 80%}", "    cache:"),  # an optional section without a value is left out
        ("  judge: {", "  judge: {spawns: [{agent: coder, count: 1}], "),  # a circle with a bound on its depth
        ("spawns: [{agent: coder, count: 0.1}]", "spawns: {agent: coder, count: 0.1}"),  # one for a list of one
        ("period: 2026-12", "period: 2026-Q4"),
        ("period: 2026-12", "period: 2026"),
        ("name: shop", "name: 2027"),
        ("name: shop", "name: shop\ntitle: >\n  One line\n  of text\nstory: |\n  Two\n  lines, 10\u202f000 \u20ac\n"),
        ("name: shop", "name: shop\ncurrency: EUR\nusd_rate: 0.9"),
        ("volume: 0.7 to 1.5", "volume: {normal: {mean: 1, sd: 0.3}, min: 0.1}"),
        ("{per_month: 0.4,", "{per_month: 0.4, multiplies: {volume: 0},"),
        ("budget: {amount: 30k, covers: [models, tools]}", "budget: $30,000"),
        ("date: 2026-12-10,", "date: 2026-12-31, days: 40,"),  # cut at the end of the period
        ("{volume~context: 0.3}", "{volume~context: 1}"),
        ("days: 1, route", "days: {poisson: {mean: 2}}, share: 2%, multiplies: {failure_rate: 9}, route"),
        ("  weekdays: {sat: 0.5}", "  rollout: {2026-12-15: 100%, 2026-11-01: 5%}"),
        ("name: shop", "name: shop\nspent: {through: 2026-12-30, amount: 0}"),
        ("{at: 80%, route: {dear: cheap}}", "{at: 120%, route: {dear: cheap}, delay_days: 3}"),
        ("sessions_per_day: 10k", "users: 900\n  sessions_per_user_day: {lognormal: {mean: 2.7, cv: 2.5}}"),
    ],
)
def test_what_looks_odd_and_is_right(old: str, new: str, tmp_path: Path) -> None:
    assert GOOD.count(old) == 1
    assert _problems(GOOD.replace(old, new), tmp_path) == []


def test_all_problems_are_said_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD
    for old, new in [
        ("30k, covers", "-1, covers"),
        ("agent: chat,", "agent: chatt,"),
        ("{hit_rate: 80%}", "{hit_rate: 180%}"),
        ("      max_attempts: 4", "      max_atempts: 4"),
        ("{geometric: {mean: 4}}", "{geometrik: {mean: 4}}"),
        ("{agent: coder, count", "{agent: codr, count"),
        ("date: 2026-12-10", "date: 2027-12-10"),
    ]:
        assert text.count(old) == 1
        text = text.replace(old, new)
    problems = _problems(text, tmp_path)
    assert [problem.path for problem in problems] == [
        "budget.amount",
        "features.ask.agent",
        "agents.chat.turns.geometrik",
        "agents.chat.cache.hit_rate",
        "agents.chat.retry.max_atempts",
        "agents.coder.spawns.0.agent",
        "events.spike.date",
    ]
    lines = [problem.line for problem in problems]
    assert lines == sorted(lines, key=lambda line: line or 0)


def test_a_correlation_that_cannot_be_names_the_nearest_that_can(tmp_path: Path) -> None:
    text = GOOD.replace("  context: 1.0 to 1.4", "  context: 1.0 to 1.4\n  price: 0.9 to 1.1").replace(
        "{volume~context: 0.3}", "{volume~context: 0.9, volume~price: 0.9, context~price: -0.9}"
    )
    (problem,) = _problems(text, tmp_path)
    assert problem.path == "drivers.correlation"
    assert "not positive definite" in problem.message
    assert problem.hint is not None
    assert "the nearest that can: volume~context: 0.48" in problem.hint


def test_a_control_character_has_its_line(tmp_path: Path) -> None:
    (problem,) = _problems(GOOD.replace("agent: chat,", "agent: ch\x07at,"), tmp_path)
    assert problem.line == 12
    assert "a control character stands in the text, at column 30" in problem.message


def test_the_last_day_of_all_has_a_month_after_it() -> None:
    source = {"as_of": "2200-12-31", "volume": {"sessions_per_day": 1}, "models": {"m": {"input": 1, "output": 1}}}
    period = load(source | {"agents": {"a": {"model": "m", "output_tokens": 1}}}).period
    assert (str(period.start), period.days) == ("2201-01-01", 31)


def test_a_home_that_is_nobodys_is_no_file() -> None:
    with pytest.raises(ScenarioError, match="is no file and no scenario of the library"):
        load("~nobody-of-that-name/x.yaml")


def test_circles_of_agents_need_a_depth(tmp_path: Path) -> None:
    text = GOOD.replace("  judge: {", "  judge: {spawns: [{agent: coder, count: 1}], ").replace(", depth: 4", "")
    (problem,) = _problems(text, tmp_path)
    assert problem.path == "features.build.guardrails"
    assert "coder -> judge -> coder" in problem.message
    assert "depth: 3" in (problem.hint or "")


def test_a_problem_reads_as_a_block() -> None:
    problem = Problem("a.yaml", 7, "agents.chat", "is wrong", "3", "a number", "write 4")
    assert str(problem) == (
        "a.yaml:7: agents.chat\n    is wrong\n    got:     3\n    allowed: a number\n    hint:    write 4"
    )
    assert str(Problem(None, None, "", "is wrong")) == "scenario\n    is wrong"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (f"{'19,366 values of ContextTokens':<64} in a.csv, P50 1,020, P95 4,083", "in a.csv, ..."),
        ("word " * 20, "word word ..."),
        ("x" * 100, "x" * 76 + " ..."),
        ("x" * 80, "x" * 80),
        (list(range(1_000, 1_040)), "1011, ..."),
    ],
)
def test_a_long_value_is_cut_where_a_part_of_it_ends(value: object, said: str) -> None:
    assert shown(value).endswith(said)
    assert len(shown(value)) <= 80


def test_errors_survive_pickling() -> None:
    error = ScenarioError([Problem("b.yaml", 2, "x", "is wrong"), Problem("a.yaml", 10, "x", "is wrong")])
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    assert [problem.file for problem in again.problems] == ["a.yaml", "b.yaml"]


def test_problems_are_sorted_as_people_count() -> None:
    paths = ["x.10", "x.9", "x.\u00b2", "x.2"]
    error = ScenarioError([Problem(None, None, path, "is wrong") for path in paths])
    assert [problem.path for problem in error.problems] == ["x.2", "x.9", "x.10", "x.\u00b2"]
