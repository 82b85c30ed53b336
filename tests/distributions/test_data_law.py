"""The user's data as a law: every kind of file gives the same law, and faults have their place."""

from __future__ import annotations

import csv
import gzip
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distributions.data import MOST_STEPS, Data, _steps, data_law, gather
from distributions.families import Lognormal
from distributions.heavy import Genpareto, Lomax
from distributions.law import LawError
from distributions.notation import parse_law
from distributions.numerics import FloatArray
from distributions.tail import Sample, fit_tail

VALUES = np.array([374.0, 396.0, 879.0, 91.0, 91.0, 381.0, 1313.0, 388.0, 242.0, 209.5])


def even(law: Lognormal | Genpareto | Lomax, n: int) -> FloatArray:
    """n values of a law, evenly spread over its quantiles: a sample without luck."""
    return law.ppf((np.arange(n) + 0.5) / n)


def write_csv(file: Path, values: FloatArray) -> None:
    opener = gzip.open if file.name.endswith(".gz") else open
    with opener(file, "wt", encoding="utf-8", newline="") as text:
        rows = csv.writer(text)
        rows.writerow(["time", "tokens", "note"])
        rows.writerows([i, repr(x), "a, b"] for i, x in enumerate(values.tolist()))


def write_jsonl(file: Path, values: FloatArray) -> None:
    opener = gzip.open if file.name.endswith(".gz") else open
    with opener(file, "wt", encoding="utf-8") as text:
        text.writelines(json.dumps({"tokens": x, "usage": {"input": 2 * x}}) + "\n\n" for x in values.tolist())


def write_parquet(file: Path, values: FloatArray) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"tokens": values, "note": ["x"] * values.size}), file)


WRITERS: dict[str, Callable[[Path, FloatArray], None]] = {
    "data.csv": write_csv,
    "data.csv.gz": write_csv,
    "data.jsonl": write_jsonl,
    "data.jsonl.gz": write_jsonl,
    "data.parquet": write_parquet,
}


@pytest.fixture(params=WRITERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_kind_of_file_gives_the_same_law(tmp_path: Path, kind: str) -> None:
    WRITERS[kind](tmp_path / kind, VALUES)
    law = data_law(tmp_path / kind, "tokens")
    assert law.mean() == pytest.approx(np.mean(VALUES), rel=1e-14)
    assert law.var() == pytest.approx(np.var(VALUES), rel=1e-13)
    assert law.ppf((np.arange(10) + 0.5) / 10).tolist() == sorted(VALUES.tolist())
    assert law.cdf([90.0, 91.0, 381.0, 1313.0]) == pytest.approx([0.0, 0.2, 0.6, 1.0], abs=1e-15)
    assert law.support() == (91.0, 1313.0)
    assert law.tail_index() == math.inf
    assert law.measured
    assert law.describe() == f"10 values of tokens in {kind}, P50 374, P95 1,313"


def test_quantiles_of_a_list_invert_its_shares(tmp_path: Path) -> None:
    write_csv(tmp_path / "data.csv", VALUES)
    law = data_law(tmp_path / "data.csv", "tokens")
    x = np.unique(VALUES)
    assert law.ppf(law.cdf(x)).tolist() == x.tolist()
    assert law.isf(law.sf(x)).tolist() == x.tolist()


def test_a_dotted_path_leads_into_nested_records(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "data.jsonl", VALUES)
    assert data_law(tmp_path / "data.jsonl", "usage.input").mean() == pytest.approx(2.0 * np.mean(VALUES))
    (tmp_path / "flat.jsonl").write_text('{"usage.input": 3}\n')
    assert data_law(tmp_path / "flat.jsonl", "usage.input").mean() == 3.0


def test_whole_numbers_of_parquet_are_read(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"tokens": pa.array([1, 2, 9], pa.int32())}), tmp_path / "data.parquet")
    assert data_law(tmp_path / "data.parquet", "tokens").mean() == 4.0


def test_a_byte_order_mark_and_spaces_in_a_header_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("\ufefftokens , n\n 1 ,2\n\n3,4\n", encoding="utf-8")
    assert data_law(tmp_path / "data.csv", "tokens").mean() == 2.0
    (tmp_path / "data.csv.gz").write_bytes(gzip.compress((tmp_path / "data.csv").read_bytes()))
    assert data_law(tmp_path / "data.csv.gz", "tokens").mean() == 2.0


# -- many values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [MOST_STEPS, MOST_STEPS + 1, 5000, 30_000])
def test_many_values_keep_their_mean_and_their_largest(tmp_path: Path, n: int) -> None:
    values = even(Lognormal(6.6, 1.0), n)
    np.random.default_rng(1).shuffle(values)
    write_csv(tmp_path / "data.csv", values)
    law = data_law(tmp_path / "data.csv", "tokens")
    assert all(len(piece.law.values) <= MOST_STEPS for piece in law.pieces)
    assert law.mean() == pytest.approx(np.mean(values), rel=1e-12)
    assert law.var() == pytest.approx(np.var(values), rel=1e-5)
    assert law.support()[1] == np.max(values)
    largest = np.sort(values)[-MOST_STEPS:]
    assert law.isf((np.arange(MOST_STEPS) + 0.5) / n)[::-1] == pytest.approx(largest, rel=1e-15)
    u = np.linspace(0.01, 0.99, 99)
    assert law.ppf(u) == pytest.approx(np.quantile(values, u, method="inverted_cdf"), rel=0.01)
    assert np.all(np.diff(law.ppf(np.linspace(0.0, 1.0, 20_001))) >= 0.0)


@pytest.mark.parametrize("law", [Lognormal(5.0, 2.0), Lomax(1.1, 100.0), Lomax(2.5, 1000.0)], ids=lambda law: law.name)
@pytest.mark.parametrize("n", [1_000_000, 30_000_000])
def test_a_long_heavy_column_is_kept_up_to_its_far_tail(law: Lognormal | Lomax, n: int) -> None:
    """Against the column itself: a quantile is off by the ranks that its group spans, one in 256 of those above it."""
    counts = np.full(1_000_000, n // 1_000_000)
    values = even(law, 1_000_000)
    made = Data(tuple(_steps(Sample(values, counts))), n, "x", "x.csv")
    assert made.mean() == pytest.approx(np.mean(values), rel=1e-12)

    def at(rank: FloatArray) -> FloatArray:
        return values[np.clip(np.ceil(rank / counts[0]) - 1, 0, values.size - 1).astype(np.int64)]

    above = np.geomspace(1.0, n / 2.0, 400).round()
    span = above / 256.0
    quantile = made.isf((above - 0.5) / n)
    assert np.all(at(n - above - span) <= quantile * (1.0 + 1e-9))  # sums of groups are rounded
    assert np.all(quantile <= at(n - above + 1.0 + span) * (1.0 + 1e-9))
    # what grouping takes from the variance is less than the mean square of the spans
    above = np.arange(n, MOST_STEPS, -n / 1e6)
    spans = at(n - above + 1.0 + above / 256.0) - at(n - above - above / 256.0)
    lost = float(np.mean(spans**2))
    assert np.var(values) - lost <= made.var() <= np.var(values) * (1.0 + 1e-12)
    assert lost < 0.01 * np.var(values)


def test_ties_are_shared_between_groups(tmp_path: Path) -> None:
    values = np.repeat([5.0, 7.0, 100.0], [6000, 3000, 1000])
    write_csv(tmp_path / "data.csv", values)
    law = data_law(tmp_path / "data.csv", "tokens")
    assert law.mean() == pytest.approx(np.mean(values), rel=1e-13)
    assert law.cdf([4.0, 5.0, 7.0, 100.0]) == pytest.approx([0.0, 0.6, 0.9, 1.0], abs=2e-4)


def test_a_sample_does_not_grow_with_the_file() -> None:
    chunks = (np.arange(100_000.0) + 0.083 * chunk for chunk in range(12))
    sample = gather(chunks)
    assert sample.values.size < 500_000  # 1.2 million distinct values were rounded
    assert int(np.sum(sample.counts)) == 1_200_000
    assert np.all(np.diff(sample.values) > 0.0)
    exact = (np.arange(100_000.0) + 0.083 * np.arange(12)[:, None]).ravel()
    assert float(sample.values @ sample.counts) / 1.2e6 == pytest.approx(np.mean(exact), rel=1e-6)
    quantile = sample.values[np.searchsorted(np.cumsum(sample.counts), [120_000, 1_080_000])]
    assert quantile == pytest.approx(np.sort(exact)[[120_000, 1_080_000]], rel=1.6e-5)


# -- tails --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tail", [Genpareto(0.45, 800.0), Genpareto(0.0, 800.0), Genpareto(-0.3, 800.0), Genpareto(1.2, 5.0)]
)
def test_the_likeliest_tail_of_exact_excesses(tail: Genpareto) -> None:
    """Against 4 standard errors of the maximum-likelihood estimate; even spacing has less luck than that in it."""
    n, n_above = 40_000, 2_000
    values = np.sort(np.concatenate([np.linspace(1.0, 100.0, n - n_above), 100.0 + even(tail, n_above)]))
    threshold, share, fitted, _ = fit_tail(Sample(values, np.ones(n, np.int64)))
    assert (threshold, share) == (100.0, 0.05)
    assert fitted.xi == pytest.approx(tail.xi, abs=4.0 * (1.0 + tail.xi) / math.sqrt(n_above))
    assert fitted.scale == pytest.approx(tail.scale, rel=4.0 * math.sqrt(2.0 * (1.0 + tail.xi) / n_above))


def test_the_likeliest_tail_is_a_maximum() -> None:
    """No neighbour is likelier, by the log density written out."""
    excesses = np.random.default_rng(5).pareto(2.2, 500) * 700.0
    values = np.sort(np.concatenate([np.zeros(9500), excesses]))
    distinct, counts = np.unique(values, return_counts=True)
    threshold, _, fitted, _ = fit_tail(Sample(distinct, counts))
    above = values[values > threshold] - threshold

    def log_likelihood(xi: float, scale: float) -> float:
        return float(np.sum(-np.log(scale) - (1.0 + 1.0 / xi) * np.log1p(xi * above / scale)))

    best = log_likelihood(fitted.xi, fitted.scale)
    for step in (-1e-3, 1e-3):
        assert log_likelihood(fitted.xi + step, fitted.scale) < best
        assert log_likelihood(fitted.xi, fitted.scale * (1.0 + step)) < best


def test_a_pile_at_a_limit_does_not_run_away_with_the_fit() -> None:
    """Values that a window cut off make the likelihood of ever shorter tails infinite."""
    excesses = np.minimum(even(Genpareto(0.2, 500.0), 1000), 900.0)
    values, counts = np.unique(np.concatenate([np.zeros(19_000), excesses]), return_counts=True)
    fitted = fit_tail(Sample(values, counts)).excess
    assert -1.0 < fitted.xi < 0.0
    assert 900.0 <= fitted.support()[1] < 1000.0


def test_a_tail_replaces_the_largest_values(tmp_path: Path) -> None:
    values = even(Lognormal(5.0, 1.2), 20_000)
    write_csv(tmp_path / "data.csv", values)
    law = data_law(tmp_path / "data.csv", "tokens", tail="gpd")
    threshold = float(np.quantile(values, 0.95, method="inverted_cdf"))
    assert float(law.cdf(threshold)) == pytest.approx(0.95, abs=1e-12)
    assert law.ppf([0.1, 0.5, 0.9]) == pytest.approx(np.quantile(values, [0.1, 0.5, 0.9]), rel=0.01)
    assert law.isf([0.01, 0.001]) == pytest.approx(Lognormal(5.0, 1.2).isf([0.01, 0.001]), rel=0.03)
    assert law.support()[1] > values[-1]
    assert 2.0 < law.tail_index() < 20.0
    assert ", tail genpareto, P50" in law.describe()
    assert law.mean() == pytest.approx(np.mean(values), rel=0.01)


def test_a_short_list_has_its_tail_from_lower_down() -> None:
    values = np.arange(1.0, 401.0)
    threshold, share, *_ = fit_tail(Sample(values, np.ones(400, np.int64)))
    assert (threshold, share) == (350.0, 0.125)


def test_a_tail_starts_where_one_says(tmp_path: Path) -> None:
    values = even(Lognormal(5.0, 1.2), 20_000)
    write_csv(tmp_path / "data.csv", values)
    spec = {"file": "data.csv", "column": "tokens", "tail": "gpd"}
    law = parse_law({"data": spec | {"at": "99%"}}, base=tmp_path)
    threshold = float(np.quantile(values, 0.99, method="inverted_cdf"))
    assert float(law.cdf(threshold)) == pytest.approx(0.99, abs=1e-12)
    assert law.tail_index() != parse_law({"data": spec}, base=tmp_path).tail_index()
    assert parse_law({"data": spec | {"at": 0.95}}, base=tmp_path) == parse_law({"data": spec}, base=tmp_path)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (0, "at must lie between 0 and 1, without the ends"),
        (95, "at must lie between 0 and 1, without the ends"),
        ("high", "is not a number"),
        (
            0.9999,
            r"fitted to at least 50 values, and 0 of 9,999 lie above this quantile \(allowed: at most 0\.9949\)",
        ),
    ],
)
def test_where_a_tail_can_not_start(at: object, words: str, tmp_path: Path) -> None:
    write_csv(tmp_path / "data.csv", np.arange(1.0, 10_000.0))
    spec = {"file": "data.csv", "column": "tokens", "tail": "gpd", "at": at}
    with pytest.raises(LawError, match=words) as error:
        parse_law({"data": spec}, base=tmp_path)
    assert error.value.problems[0].path == ("data", "at")
    spec |= {"at": 0.9949}
    assert parse_law({"data": spec}, base=tmp_path).mean() == pytest.approx(5_000.0, rel=1e-3)


def test_a_pile_at_the_threshold_is_named_where_it_makes_the_mean_infinite(tmp_path: Path) -> None:
    """As the trace does whose prompts pile up around 4,096 tokens while a few go on to 14,000."""
    piled = np.concatenate([np.linspace(1.0, 4_000.0, 9_500), 4_000.0 + np.geomspace(0.1, 10_000.0, 500)])
    write_csv(tmp_path / "data.csv", piled)
    spec = {"file": "data.csv", "column": "tokens", "tail": "gpd"}
    with pytest.raises(LawError) as error:
        parse_law({"data": spec}, base=tmp_path)
    said = str(error.value)
    assert "its tail, fitted to the 500 values above P95 (4,000), 52 % of which lie within 1 % of it, as at a" in said
    assert "leave `tail` out, start it higher with `at`, add `max: ...`, the most that a model takes" in said
    assert parse_law({"data": spec, "max": 16_000}, base=tmp_path).support()[1] == 16_000.0
    assert parse_law({"data": spec | {"at": 0.99}}, base=tmp_path).tail_index() > 1.0


def test_a_tail_that_is_nothing_like_the_values_is_none() -> None:
    """A pile in the middle of what lies above: no generalised Pareto law has one."""
    values = np.concatenate([np.linspace(1.0, 100.0, 9_000), np.full(700, 400.0), np.linspace(400.0, 4_000.0, 300)])
    distinct, counts = np.unique(values, return_counts=True)
    said = r"no tail fits the 1,000 values above P90 \(100\): the likeliest is off by \d\d % of them, as happens where"
    with pytest.raises(LawError, match=said):
        fit_tail(Sample(distinct, counts), 0.9)


@pytest.mark.parametrize(
    "law", [Lomax(1.5, 100.0), Lognormal(5.0, 2.0), Genpareto(-0.5, 10.0)], ids=lambda law: law.name
)
def test_a_sample_of_a_law_without_piles_always_has_a_tail(law: Lognormal | Genpareto | Lomax) -> None:
    random = np.random.default_rng(3)
    for n in (200, 400, 2_000):
        for _ in range(20):
            fit_tail(Sample(np.sort(law.ppf(random.random(n))), np.ones(n, np.int64)))


# -- what is wrong with a file ------------------------------------------------------------------------------------

CSV_FAULTS = {
    "": ("there is no column|has no column", "tokens"),
    "tokens\n": ("has no rows: 'tokens' is empty", "tokens"),
    "a,tokns\n1,2\n": ("has no column 'tokens'; did you mean tokns", "tokens"),
    "a,tokens\n1,2\n1,\n": ("'tokens' is empty in line 3 of", "tokens"),
    "a,tokens\n1,2\n1\n": ("'tokens' is empty in line 3 of", "tokens"),
    'a,tokens\n"x\ny",2\n1,many\n': ("'tokens' is 'many', not a finite number, in line 4 of", "tokens"),
    "tokens\n1\nnan\n": ("is 'nan', not a finite number, in line 3", "tokens"),
    "tokens\n1\ninf\n": ("is 'inf', not a finite number, in line 3", "tokens"),
    'tokens\n"1,000"\n': ("is '1,000', not a finite number, in line 2", "tokens"),
}


@pytest.mark.parametrize(("text", "words", "column"), [(text, *rest) for text, rest in CSV_FAULTS.items()])
def test_faults_of_a_csv_have_their_line(tmp_path: Path, text: str, words: str, column: str) -> None:
    (tmp_path / "data.csv").write_text(text)
    with pytest.raises(LawError, match=words) as error:
        data_law(tmp_path / "data.csv", column)
    assert error.value.problems[0].path == ("column",)


def test_an_absent_column_lists_those_there_are(tmp_path: Path, kind: str) -> None:
    WRITERS[kind](tmp_path / kind, VALUES)
    with pytest.raises(LawError, match=r"has no column 'tokns'; did you mean tokens\?") as error:
        data_law(tmp_path / kind, "tokns")
    assert "tokens, " in str(error.value.problems[0].allowed)


JSONL_FAULTS = {
    '{"tokens": 1}\n{"tokens": null}\n': "'tokens' is empty in line 2",
    '{"tokens": 1}\n\n{"tokens": true}\n': "is True, not a finite number, in line 3",
    '{"tokens": 1}\n{"tokens": "x"}\n': "is 'x', not a finite number, in line 2",
    '{"tokens": 1}\n{"other": 3}\n': "line 2 of data.jsonl has no column 'tokens'",
    '{"tokens": 1}\n{oops}\n': "line 2 of .*data.jsonl is not JSON",
    '{"tokens": 1}\n[3]\n': "line 2 of data.jsonl has no column",
    '{"tokens": {"x": 1}}\n': "not a finite number, in line 1",
    '{"tokens": 1}\n{"tokens": 1e308}\n': r"is 1e\+308, beyond 1e\+100, in line 2",
    '{"tokens": ' + "9" * 5000 + "}\n": "line 1 of .*data.jsonl is not JSON: .*digits",
    "[" * 100_000 + "\n": "line 1 of .*data.jsonl is not JSON: .*recursion",
}


@pytest.mark.parametrize(("text", "words"), JSONL_FAULTS.items())
def test_faults_of_a_jsonl_have_their_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "data.jsonl").write_text(text)
    with pytest.raises(LawError, match=words):
        data_law(tmp_path / "data.jsonl", "tokens")


def test_a_fault_far_down_a_parquet_has_its_row(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    tokens = [1.0] * 70_000 + [None]
    parquet.write_table(pa.table({"tokens": tokens}), tmp_path / "data.parquet")
    with pytest.raises(LawError, match=r"'tokens' is empty in row 70001 of"):
        data_law(tmp_path / "data.parquet", "tokens")


def test_faults_of_a_parquet(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    file = tmp_path / "data.parquet"
    parquet.write_table(pa.table({"tokens": [1.0, None, 2.0], "text": ["a", "b", "c"]}), file)
    with pytest.raises(LawError, match=r"'tokens' is empty in row 2 of data\.parquet"):
        data_law(file, "tokens")
    with pytest.raises(LawError, match=r"'text' of data\.parquet is not numeric: it holds string"):
        data_law(file, "text")
    file.write_bytes(b"no parquet at all")
    with pytest.raises(LawError, match="is not a parquet file"):
        data_law(file, "tokens")


def test_a_folder_is_no_data_file(tmp_path: Path) -> None:
    (tmp_path / "trace.csv").mkdir()
    with pytest.raises(LawError, match=r"trace\.csv is a folder, not a data file"):
        data_law(tmp_path / "trace.csv", "tokens")


def test_faults_of_the_file_itself(tmp_path: Path) -> None:
    (tmp_path / "trace.csv").write_text("tokens\n1\n")
    (tmp_path / "broken.csv.gz").write_bytes(b"not gzip")
    (tmp_path / "latin.csv").write_bytes("tokens\n1\né\n".encode("latin-1"))
    for name, words in {
        "trcae.csv": r"there is no data file .*trcae.csv; did you mean trace.csv\?",
        "nowhere/trace.csv": r"there is no data file .*nowhere/trace.csv \(nor a folder",
        "trace.xlsx": "is of no kind that is read",
        "broken.csv.gz": "can't be read",
        "latin.csv": "can't be read",
    }.items():
        with pytest.raises(LawError, match=words) as error:
            data_law(tmp_path / name, "tokens")
        assert error.value.problems[0].path == ("file",)
    assert ".csv.gz" in str(_problem(tmp_path / "trace.xlsx"))


def _problem(file: Path) -> str | None:
    with pytest.raises(LawError) as error:
        data_law(file, "tokens")
    return error.value.problems[0].allowed


@pytest.mark.parametrize(
    ("values", "words"), [(np.arange(199.0), "at least 200"), (np.full(5000, 7.0), "no tail can be fitted")]
)
def test_data_without_a_tail(tmp_path: Path, values: FloatArray, words: str) -> None:
    write_csv(tmp_path / "data.csv", values)
    with pytest.raises(LawError, match=words) as error:
        data_law(tmp_path / "data.csv", "tokens", tail="gpd")
    assert error.value.problems[0].path == ("tail",)


# -- through the notation, and a real trace -----------------------------------------------------------------------


def test_the_path_is_relative_to_the_scenario(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    write_csv(tmp_path / "logs" / "data.csv", VALUES)
    spec = {"data": {"file": "logs/data.csv", "column": "tokens"}, "max": 500, "source": "our logs"}
    law = parse_law(spec, base=tmp_path)
    assert law.support() == (91.0, 500.0)
    assert law.mean() == pytest.approx(np.mean(np.minimum(VALUES, 500.0)), rel=1e-14)
    assert law.measured
    assert parse_law({"data": {"file": str(tmp_path / "logs/data.csv"), "column": "tokens"}}).mean() == np.mean(VALUES)


def test_problems_of_data_have_their_place(tmp_path: Path) -> None:
    for data, path, words in [
        ({"file": "x.csv", "column": "n"}, ("data", "file"), "there is no data file"),
        ({"file": "x.csv"}, ("data",), "data needs column"),
        ({"file": "x.csv", "colum": "n"}, ("data", "colum"), "did you mean column"),
        (
            {"file": "x.csv", "column": "n", "at": 0.99},
            ("data", "at"),
            "at is where a tail starts, and there is no tail",
        ),
        ({"file": "x.csv", "column": "n", "tail": "pareto"}, ("data", "tail"), "no tail 'pareto'"),
        ("x.csv", ("data",), "data needs file and column"),
    ]:
        with pytest.raises(LawError, match=words) as error:
            parse_law({"data": data}, base=tmp_path)
        assert path in [problem.path for problem in error.value.problems]


def test_the_azure_trace(shared: Path) -> None:
    file = shared / "data" / "AzureLLMInferenceTrace_conv.csv.gz"
    with gzip.open(file, "rt") as text:
        values = np.array([float(row["ContextTokens"]) for row in csv.DictReader(text)])
    law = parse_law({"data": {"file": file.name, "column": "ContextTokens"}}, base=file.parent)
    assert "19,366 values of ContextTokens" in law.describe()
    assert law.mean() == pytest.approx(np.mean(values), rel=1e-12)
    assert law.var() == pytest.approx(np.var(values), rel=1e-6)
    assert law.support()[1] == np.max(values)
    tailed = parse_law({"data": {"file": file.name, "column": "GeneratedTokens", "tail": "gpd"}}, base=file.parent)
    assert tailed.mean() == pytest.approx(211.0, rel=0.01)
    assert len(tailed.segments()) == 3
    tail = {"file": file.name, "column": "ContextTokens", "tail": "gpd"}
    with pytest.raises(LawError, match=r"above P95\.27 \(4,083\), 74 % of which lie within 1 % of it"):
        parse_law({"data": tail}, base=file.parent)
    assert 6.0 < parse_law({"data": tail | {"at": 0.99}}, base=file.parent).tail_index() < 7.0
