"""Laws as people write them: what each spelling means, and what is said of those that mean nothing."""

from __future__ import annotations

import doctest
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from distributions import notation
from distributions.blends import Mixture, Splice
from distributions.bounded import Beta, Pert, Uniform
from distributions.compose import Clipped, Truncated
from distributions.discrete import Binomial, Geometric, NegativeBinomial, Poisson, Zipf
from distributions.families import ALIASES, FAMILIES, Constant, Exponential, Gamma, Lognormal, Normal
from distributions.heavy import Genpareto, Lomax, Pareto
from distributions.law import Law, LawError
from distributions.metalog import Metalog
from distributions.moments import BY_MEAN_CV
from distributions.notation import law_json_schema, parse_law
from distributions.percentiles import BY_QUANTILES, NEEDS_THREE

NATIVE: list[tuple[object, Law]] = [
    (60, Constant(60.0)),
    ("60k", Constant(60_000.0)),
    ("3%", Constant(0.03)),
    ("$60,000", Constant(60_000.0)),
    ({"lognormal": {"mu": "5.0", "sigma": 0.9}}, Lognormal(5.0, 0.9)),
    ({"gamma": {"shape": 2, "scale": "1k"}}, Gamma(2.0, 1000.0)),
    ({"lomax": {"alpha": 1.9, "scale": "1_500"}}, Lomax(1.9, 1500.0)),
    ({"pareto": {"min": 100, "alpha": 2.5}}, Pareto(100.0, 2.5)),
    ({"beta": {"a": 2, "b": 5}}, Beta(2.0, 5.0, 0.0, 1.0)),
    ({"beta": {"a": 2, "b": 5, "low": "10%", "high": 1}}, Beta(2.0, 5.0, 0.1, 1.0)),
    ({"uniform": {"low": 1.0, "high": 1.5}}, Uniform(1.0, 1.5)),
    ({"pert": {"low": 0.9, "mode": 1, "high": 1.6}}, Pert(0.9, 1.0, 1.6)),
    ({"normal": {"mean": -3, "sd": 2}}, Normal(-3.0, 2.0)),
    ({"exponential": {"mean": 3}}, Exponential(3.0)),
    ({"genpareto": {"xi": 0.45, "scale": "8k"}}, Genpareto(0.45, 8000.0)),
    ({"gpd": {"xi": -0.45, "scale": "8k"}}, Genpareto(-0.45, 8000.0)),
    ({"poisson": {"mean": 0.9}}, Poisson(0.9)),
    ({"negative_binomial": {"mean": 2.0, "dispersion": 0.7}}, NegativeBinomial(2.0, 0.7)),
    ({"geometric": {"mean": 4.6}}, Geometric(4.6)),
    ({"zipf": {"s": 1.2, "max": "1k"}}, Zipf(1.2, 1000.0)),
    ({"binomial": {"n": 10, "p": "5%"}}, Binomial(10.0, 0.05)),
    ({"metalog": {"p10": 1, "p50": 2, "p90": 4, "low": 0}}, Metalog(p10=1.0, p50=2.0, p90=4.0, low=0.0)),
    ({"law": "60k", "source": "contract"}, Constant(60_000.0)),
    ({"lomax": {"alpha": 0.9, "scale": 5}, "max": "100k"}, Clipped(Lomax(0.9, 5.0), -math.inf, 1e5)),
    ({"normal": {"mean": 1, "sd": 2}, "min": 0}, Clipped(Normal(1.0, 2.0), 0.0, math.inf)),
    ({"normal": {"mean": 1, "sd": 2}, "truncate": [0, None]}, Truncated(Normal(1.0, 2.0), 0.0, math.inf)),
    ({"poisson": {"mean": 3}, "truncate": [1, 5]}, Truncated(Poisson(3.0), 1.0, 5.0)),
    (
        {"normal": {"mean": 1, "sd": 2}, "truncate": [0, 9], "max": 5},
        Clipped(Truncated(Normal(1.0, 2.0), 0.0, 9.0), -math.inf, 5.0),
    ),
]


@pytest.mark.parametrize(("spec", "law"), NATIVE, ids=lambda x: str(x)[:60])
def test_what_is_written_is_what_is_meant(spec: object, law: Law) -> None:
    read = parse_law(spec)
    assert read == law
    assert read.spec == spec


@pytest.mark.parametrize(
    ("spec", "quantiles"),
    [
        ("0.7 to 1.5", {0.05: 0.7, 0.95: 1.5}),
        (" 60k  to 1.5M ", {0.05: 60e3, 0.95: 1.5e6}),
        ("3% to 7%", {0.05: 0.03, 0.95: 0.07}),
        ({"p50": 150, "p95": 900}, {0.5: 150.0, 0.95: 900.0}),
        ({"p10": "1k", "p90": "20k", "max": "1M"}, {0.1: 1e3, 0.9: 2e4}),
        ({"law": "0.7 to 1.5", "source": "plan"}, {0.05: 0.7, 0.95: 1.5}),
        ({"lognormal": {"p10": 0.7, "p90": 2.0}}, {0.1: 0.7, 0.9: 2.0}),
        ({"gamma": {"p50": 150, "p95": 900}}, {0.5: 150.0, 0.95: 900.0}),
    ],
)
def test_what_people_know(spec: object, quantiles: Mapping[float, float]) -> None:
    law = parse_law(spec)
    assert law.ppf(list(quantiles)) == pytest.approx(list(quantiles.values()), rel=1e-10)
    assert law.spec == spec


def test_short_forms_are_lognormal() -> None:
    assert isinstance(parse_law({"mean": 2.7, "cv": 2.5}), Lognormal)
    assert parse_law({"mean": 2.7, "cv": 2.5}) == parse_law({"lognormal": {"mean": 2.7, "cv": 2.5}})
    assert parse_law({"p50": 1, "p95": 3}) == parse_law({"lognormal": {"p50": 1, "p95": 3}})
    assert parse_law({"p10": 1, "p50": 2, "p90": 3}) == parse_law({"lognormal": {"p10": 1, "p50": 2, "p90": 3}})
    assert parse_law({"beta": {"mean": 40, "cv": 0.2, "low": 10, "high": 90}}).mean() == pytest.approx(40.0)


def test_laws_of_laws() -> None:
    law = parse_law(
        {"mixture": [{"weight": "98%", "law": {"p50": 1, "p95": 3}}, {"weight": "2%", "law": 100}], "max": 50}
    )
    assert isinstance(law, Clipped)
    assert isinstance(law.law, Mixture)
    assert law.clip == (-math.inf, 50.0)
    spec = {"body": {"p50": 900, "p95": 9_000}, "at": 0.95, "tail": {"gpd": {"xi": 0.45, "scale": 8_000}}}
    law = parse_law({"splice": spec})
    assert isinstance(law, Splice)
    assert law.ppf([0.5, 0.95]) == pytest.approx([900.0, 9000.0], rel=1e-9)


def test_a_source_makes_a_law_measured() -> None:
    law = parse_law({"lognormal": {"mu": 5.0, "sigma": 0.9}, "source": "Azure trace"})
    assert law.source == "Azure trace"
    assert law.measured
    assert not parse_law({"lognormal": {"mu": 5.0, "sigma": 0.9}}).measured
    assert parse_law({"p50": 6, "p95": 30, "max": 200, "source": "logs"}).measured


def test_a_law_is_a_law() -> None:
    law = parse_law({"p50": 6, "p95": 30})
    assert parse_law(law) is law
    assert parse_law({"law": law, "max": 50}).support() == (0.0, 50.0)


def all_laws(node: Any) -> Iterator[tuple[str, object]]:
    """Everything in a scenario that looks like a law, by its key."""
    laws = {
        "message_tokens",
        "output_tokens",
        "turns",
        "retrieved_tokens",
        "reasoning_tokens",
        "gap_minutes",
        "minutes",
    }
    laws |= {
        "calls_per_turn",
        "result_tokens",
        "count",
        "volume",
        "failure_rate",
        "context",
        "fanout",
        "difficulty",
        "days",
    }
    if isinstance(node, dict):
        for key, value in node.items():
            if key in laws and (
                isinstance(value, str | int | float) or set(value) & (set(FAMILIES) | {"splice", "p50"})
            ):
                yield key, value
            else:
                yield from all_laws(value)
    elif isinstance(node, list):
        for item in node:
            yield from all_laws(item)


def test_every_law_of_the_examples_is_read(shared: Path) -> None:
    from ruamel.yaml import YAML

    n_laws = 0
    for file in sorted((shared / "examples").glob("*.yaml")):
        for key, spec in all_laws(YAML(typ="safe").load(file.read_text())):
            if spec != "from_agent":
                assert math.isfinite(parse_law(spec).mean()), key
                n_laws += 1
    assert n_laws >= 35


# -- what is wrong ------------------------------------------------------------------------------------------------

FAULTS: list[tuple[object, tuple[str | int, ...], str]] = [
    ("ten", (), "'ten' is not a number"),
    (True, (), "true is a truth value"),
    (None, (), "nothing"),
    ([1, 2], (), "a list is not a number"),
    (math.nan, (), "not a finite number"),
    ({}, (), "there is no law here"),
    ({"max": 5}, (), "there is no law here"),
    ({"lognorml": {"mu": 1, "sigma": 1}}, ("lognorml",), "'lognorml' is no law.*; did you mean lognormal?"),
    ({"poison": {"mean": 1}}, ("poison",), "did you mean poisson"),
    ({"p59": 1, "p95": 2}, ("p59",), "p59 is no percentile that is taken"),
    ({"p50": 1, "p95": 2, "maxx": 3}, ("maxx",), "did you mean max"),
    ({"gamma": {"mean": 1, "cv": 1}, "poisson": {"mean": 1}}, (), "one kind; gamma and poisson were given"),
    ({"gamma": {"shape": 1}, "p50": 3}, ("p50",), "`p50` stands inside the braces of gamma"),
    ({"geometric": 4}, ("geometric",), "geometric needs its parameters in braces"),
    ({"geometric": {}}, ("geometric",), "geometric needs mean"),
    ({"lognormal": {"mu": 1}}, ("lognormal",), "lognormal needs sigma"),
    ({"lognormal": {"mu": 1, "sigm": 1}}, ("lognormal", "sigm"), "no parameter 'sigm'; did you mean sigma"),
    ({"lognormal": {"mu": 1, "sigma": -1}}, ("lognormal", "sigma"), "sigma must be a number above 0 and at most 10"),
    ({"lognormal": {"mu": "x", "sigma": 1}}, ("lognormal", "mu"), "'x' is not a number"),
    ({"lognormal": {"mu": 1, "sigma": math.inf}}, ("lognormal", "sigma"), "not a finite number"),
    (
        {"lomax": {"alpha": 1, "scale": 5, "max": 9}},
        ("lomax", "max"),
        "`max` stands beside the family, outside its braces",
    ),
    ({"lognormal": {"mean": 1, "p95": 3}}, ("lognormal",), "give mean and cv, or percentiles, not both"),
    ({"mean": 3}, (), "cv is missing: mean and cv"),
    ({"cv": 3}, (), "mean is missing"),
    ({"mean": 3, "p95": 9}, (), "not both"),
    ({"mean": 3, "cv": 0}, ("cv",), "cv must be a number above 0"),
    ({"p50": 900, "p95": 150}, ("p95",), r"p95 \(150\) must be above p50 \(900\)"),
    ({"p50": 900}, (), "two or three percentiles; 1 given"),
    ({"p50": 900, "p95": "x"}, ("p95",), "'x' is not a number"),
    ("1.5 to 0.7", (), "needs 0 < A < B"),
    ("0 to 5", (), "needs 0 < A < B"),
    ("a to b", (), "'a' is not a number"),
    ({"poisson": {"mean": 3, "cv": 1}}, ("poisson",), "poisson can't be given by a mean and cv"),
    ({"exponential": {"p50": 3}}, ("exponential",), "exponential can't be given by percentiles"),
    ({"burr": {"p50": 3, "p95": 9}}, ("burr",), "takes three percentiles"),
    ({"x": 10, 0: None}, ("0",), "a comma inside braces splits a number in two"),
    ({"p50": 10, "000": None, "p95": 30}, ("000",), "a comma inside braces"),
    ({"lognormal": {"p50": 10, "000": None}}, ("lognormal", "000"), "a comma inside braces"),
    ({"mixture": {}}, ("mixture",), "a mixture is a list"),
    ({"mixture": []}, ("mixture",), "a mixture is a list"),
    ({"mixture": [3]}, ("mixture", 0), "component 0 needs weight and law"),
    ({"mixture": [{"weight": 1}]}, ("mixture", 0), "component 0 needs law"),
    ({"mixture": [{"weight": 1, "law": 2, "wait": 3}]}, ("mixture", 0, "wait"), "did you mean weight"),
    ({"mixture": [{"weight": 0, "law": 2}, {"weight": 0, "law": 3}]}, ("mixture",), "sum to 0"),
    ({"mixture": [{"weight": -1, "law": 2}]}, ("mixture", 0, "weight"), "at least 0"),
    ({"splice": 3}, ("splice",), "splice needs body and at and tail"),
    ({"splice": {"body": 3, "at": 1.5, "tail": 3}}, ("splice", "at"), "between 0 and 1"),
    ({"splice": {"body": 3, "at": 0.5}}, ("splice",), "splice needs tail"),
    ({"scipy": {"s": 3}}, ("scipy",), "needs the name of a distribution"),
    ({"scipy": {"name": "lognrom"}}, ("scipy", "name"), "did you mean lognorm"),
    ({"scipy": {"name": "lognorm", "s": "x"}}, ("scipy", "s"), "'x' is not a number"),
    ({"p50": 5, "p95": 9, "min": 8, "max": 2}, ("min",), "min is above max"),
    ({"p50": 5, "p95": 9, "max": "x"}, ("max",), "'x' is not a number"),
    ({"p50": 5, "p95": 9, "truncate": 3}, ("truncate",), "a least and a greatest value"),
    ({"p50": 5, "p95": 9, "truncate": [3]}, ("truncate",), "a least and a greatest value"),
    ({"p50": 5, "p95": 9, "truncate": ["x", 4]}, ("truncate", 0), "'x' is not a number"),
    ({"p50": 5, "p95": 9, "truncate": [4, 3]}, ("truncate",), "above its greatest"),
    ({"uniform": {"low": 0, "high": 1}, "truncate": [4, 5]}, ("truncate",), "nothing is left"),
    ({"p50": 5, "p95": 9, "source": 3}, ("source",), "a source is a text"),
    ({"p50": 5, "p95": 9, "source": " "}, ("source",), "a source is a text"),
    ({"lomax": {"alpha": 0.9, "scale": 5}}, (), r"its mean is infinite \(tail index 0.9\); add `max: ...`"),
    ({"scipy": {"name": "cauchy"}}, (), "its mean is undefined, as both tails are too heavy; add `min: ...` and"),
    ({"scipy": {"name": "cauchy"}, "max": 5}, (), "its mean is minus infinity; add `min: ...`"),
    ({"law": {"poison": 3}}, ("law", "poison"), "did you mean poisson"),
]


@pytest.mark.parametrize(("spec", "path", "words"), FAULTS, ids=lambda x: str(x)[:60])
def test_what_is_wrong_is_said_with_its_place(spec: object, path: tuple[str | int, ...], words: str) -> None:
    with pytest.raises(LawError, match=words) as error:
        parse_law(spec)
    found = [problem for problem in error.value.problems if re.search(words, problem.message)]
    assert [problem.path for problem in found] == [path]


def test_all_problems_are_said_at_once() -> None:
    spec = {
        "mixture": [
            {"weight": "x", "law": {"lognormal": {"mu": "a", "sigma": "b"}}},
            {"weight": 1, "law": {"gamma": {"shape": -1, "scale": 0}}},
            {"weight": 1, "law": {"p50": 3, "p95": 1}},
        ],
        "max": "y",
        "source": "",
    }
    with pytest.raises(LawError) as error:
        parse_law(spec)
    assert [problem.path for problem in error.value.problems] == [
        ("max",),
        ("mixture", 0, "law", "lognormal", "mu"),
        ("mixture", 0, "law", "lognormal", "sigma"),
        ("mixture", 0, "weight"),
        ("mixture", 1, "law", "gamma", "scale"),
        ("mixture", 1, "law", "gamma", "shape"),
        ("mixture", 2, "law", "p95"),
        ("source",),
    ]


def test_an_infinite_mean_is_allowed_where_it_is_asked_for() -> None:
    spec = {"lomax": {"alpha": 0.9, "scale": 5}}
    assert parse_law(spec, allow_infinite_mean=True).mean() == math.inf
    assert parse_law({**spec, "max": 100}).mean() < 100.0
    assert parse_law({**spec, "truncate": [None, 100]}).mean() < 100.0
    inside = {"mixture": [{"weight": 1, "law": spec}, {"weight": 1, "law": 3}]}
    assert parse_law({**inside, "max": 100}).mean() < 100.0
    with pytest.raises(LawError, match="infinite"):
        parse_law(inside)


def test_what_is_allowed_is_listed() -> None:
    with pytest.raises(LawError) as error:
        parse_law({"weibull": {"shap": 1}})
    allowed = "shape scale, or mean cv, or two or three of p5 p10 p50 p90 p95 p99"
    assert {problem.allowed for problem in error.value.problems} == {allowed}


junk = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from([*FAMILIES, "p50", "3%", "1 to 2"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*FAMILIES, *notation.MODIFIERS, "p50", "p95", "mean", "cv", "mu", "sigma", "mixture", "splice"]
            )
            | st.text(max_size=4)
            | st.integers(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(junk)
def test_whatever_is_written_is_a_law_or_a_law_error(spec: object) -> None:
    try:
        law = parse_law(spec)
    except LawError as error:
        assert [problem.message for problem in error.problems] != []  # noqa: PT017 - either outcome is right
    else:
        assert math.isfinite(law.mean())
        assert np.all(np.isfinite(law.ppf([0.01, 0.5, 0.99])))


# -- the schema ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = {"$defs": {"Law": law_json_schema()}, "$ref": "#/$defs/Law"}
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def families_by_example() -> Iterator[dict[str, Any]]:
    for name, family in FAMILIES.items():
        yield from ({name: dict(example)} for example in family.examples)
        if family in BY_MEAN_CV:
            yield {name: {"mean": 3, "cv": 2}}
        if family in BY_QUANTILES:
            yield {name: {"p10": 1, "p50": "3", **({"p90": 5} if family in NEEDS_THREE else {})}}
    yield from ({alias: dict(FAMILIES[name].examples[0])} for alias, name in ALIASES.items())


DATA = {"data": {"file": "calls.csv", "column": "tokens", "tail": "gpd", "at": "99%"}}


@pytest.mark.parametrize(
    "spec", [*(spec for spec, _ in NATIVE), *families_by_example(), DATA], ids=lambda x: str(x)[:60]
)
def test_the_schema_takes_what_the_parser_takes(validator: jsonschema.Draft202012Validator, spec: object) -> None:
    validator.validate(spec)


@pytest.mark.parametrize(
    "spec",
    [
        True,
        None,
        "ten",
        [1],
        {},
        {"poison": {"mean": 1}},
        {"lognormal": {"mu": 1, "sigma": -1}},
        {"lognormal": {"mu": 1, "sigma": 0}},
        {"lognormal": {"mu": 1, "sgima": 1}},
        {"mixture": []},
        {"splice": {"body": 3}},
        {"data": {"file": "x.csv"}},
        {"p50": 3, "maxx": 4},
        {"p50": 3, "truncate": [1]},
        {"mixture": [{"weight": 1, "law": {"poison": 3}}]},
    ],
    ids=str,
)
def test_the_schema_refuses_what_the_parser_refuses(validator: jsonschema.Draft202012Validator, spec: object) -> None:
    assert not validator.is_valid(spec)
    with pytest.raises(LawError):
        parse_law(spec)


def test_the_examples_run() -> None:
    assert doctest.testmod(notation).failed == 0
