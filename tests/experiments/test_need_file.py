"""Need files: what is read from one, the sentence for what is wrong in it, and the file that is written to fill in."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from studies_for_tests import NEED, linear_study, vector_study

from frugal.errors import UnusableInputError
from frugal.experiments.designs.from_table import table_of_runs
from frugal.experiments.needs.file import read_need_file
from frugal.experiments.needs.template import need_template, toml_value
from frugal.experiments.study import Output, Study, TimeAxis, Variable
from frugal.experiments.study.need import CallPattern, Need, Tolerance
from frugal.experiments.study.registry import load_study
from frugal.experiments.study.study_file import describe_need, read_need

STUDY = Study(
    "gauge",
    (
        Variable("wind_speed", "m/s", 0.0, 40.0, {"en": "Wind", "fr": "Vent"}),
        Variable("gate", "1", 0.0, 1.0, choices=("shut", "open")),
    ),
    (Output("head", "m"), Output("warmth", "degC")),
    replace(NEED, tolerances={"head": Tolerance("rmse", 0.1)}),
    n_runs=32,
)

GOOD = """
functional_unit = "one head"
queries_per_year = [100, 1000]
service_life_years = 4
use = "to open the gates"
decided_by = "the warden"
owner = "river service"
replaces = "a table of 1987"
declared_on = 2026-03-14
queries_per_journey = 2
queries_per_hour = 60
beneficiaries = 12000
reason.en = "gauges"
reason.fr = "jauges"

[tolerances.head]
metric = "rmse"
limit = 20
unit = "cm"

[tolerances.warmth]
metric = "rmse"
limit = 1.8
unit = "degF"

[solver_error]
head = 0.05

[domain]
wind_speed = ["7.2 km/h", 30]

[[call_patterns]]
name = "on a phone"
target = "phone"
must_run_offline = true
max_memory_bytes = 200000000
"""


def written(folder: Path, text: str = GOOD) -> Path:
    path = folder / "need.toml"
    path.write_text(text)
    return path


def test_a_need_file_is_read_with_its_units_and_its_hash(tmp_path: Path) -> None:
    need = read_need_file(written(tmp_path), STUDY)
    assert need.tolerances["head"].limit == pytest.approx(0.2)
    assert need.tolerances["warmth"].limit == pytest.approx(1.0)  # a difference, not a temperature
    assert need.domain == {"wind_speed": pytest.approx((2.0, 30.0))}
    assert need.queries == (400.0, 4000.0)
    assert need.use == {"en": "to open the gates", "fr": "to open the gates"}
    assert need.declared_on == "2026-03-14"
    assert (need.queries_per_journey, need.queries_per_hour, need.beneficiaries) == (2.0, 60.0, 12000.0)
    assert need.solver_error == {"head": 0.05}
    assert need.call_patterns == (
        CallPattern("on a phone", target="phone", must_run_offline=True, max_memory_bytes=200_000_000),
    )
    assert need.file_sha256 == hashlib.sha256(GOOD.encode()).hexdigest()
    assert need.declared


def test_a_share_may_be_in_per_cent(tmp_path: Path) -> None:
    text = 'functional_unit = "x"\n[tolerances.head]\nmetric = "nrmse"\nlimit = 2\nunit = "%"\n'
    assert read_need_file(written(tmp_path, text), STUDY).tolerances["head"] == Tolerance("nrmse", 0.02)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('functional_unit = "one head"\n', "", "'functional_unit' is missing; say in plain words"),
        ('functional_unit = "one head"', 'functional_unit = ""', "functional_unit is empty"),
        ('metric = "rmse"\nlimit = 20', "limit = 20", "'tolerances.head.metric' is missing"),
        ("limit = 20\n", "", "'tolerances.head.limit' is missing; metric and limit"),
        ("limit = 20\n", "limit = -20\n", "tolerances.head.limit = -20; a positive number"),
        ("limit = 20\n", 'limit = "20 cm"\n', "tolerances.head.limit = '20 cm'; a positive number"),
        (
            '"rmse"\nlimit = 20',
            '"mae"\nlimit = 20',
            "metric 'mae' is unknown; known: nrmse, nrmse_std, nrmse_range, rmse,",
        ),
        ('"rmse"\nlimit = 20', '"nrmse"\nlimit = 20', "tolerances.head.unit = 'cm'; an nrmse is a share: '1' or '%'"),
        ('unit = "cm"', 'unit = "cubits"', "key 'tolerances.head.unit': unit 'cubits' is unknown; use m"),
        ('unit = "cm"', 'unit = "kg"', "key 'tolerances.head.unit': 'kg' does not convert to m"),
        ('unit = "cm"', "unit = 3", "tolerances.head.unit = 3; a text is needed"),
        ('unit = "cm"', 'units = "cm"', "the key 'tolerances.head.units' is unknown; .*did you mean 'unit'"),
        ("[tolerances.head]", "[tolerances.haed]", "'tolerances.haed' is no output; .*did you mean 'head'"),
        ("[100, 1000]", "[1000, 100]", r"queries_per_year \[1000, 100\] must hold two positive numbers, the lower"),
        ("[100, 1000]", "[-1, 100]", r"queries_per_year \[-1, 100\] must hold two positive"),
        ("[100, 1000]", "1000", "queries_per_year 1000 must hold two positive"),
        (
            "queries_per_year",
            "queries = [1, 2]\nqueries_per_year",
            "both 'queries' .* and 'queries_per_year' are given",
        ),
        ("service_life_years = 4", "service_life_years = -4", "service_life_years = -4; a positive number"),
        ("service_life_years", "service_live_years", "'service_live_years' is unknown; .*'service_life_years'"),
        ("2026-03-14", '"soon"', "declared_on = 'soon' is not a date"),
        ("2026-03-14", "2026-03-14T10:00:00", "declared_on = '2026-03-14T10:00:00' is not a date"),
        ("beneficiaries = 12000", "beneficiaries = nan", "beneficiaries = nan; a positive number"),
        ("reason.fr", "reason.de", "reason has the language 'de'; allowed: en, fr"),
        ("head = 0.05", "head = -0.05", "solver_error of 'head' = -0.05; a positive number"),
        ("head = 0.05", "haed = 0.05", "solver_error names 'haed', which has no tolerance; .*did you mean 'head'"),
        ("wind_speed = [", "windspeed = [", "'domain.windspeed' is no input; .*did you mean 'wind_speed'"),
        ('["7.2 km/h", 30]', '["2 km", 30]', "domain.wind_speed = .*'km' does not convert to m/s"),
        ('["7.2 km/h", 30]', '["2 knotz", 30]', "domain.wind_speed = .*unit 'knotz' is unknown; use m/s"),
        ('["7.2 km/h", 30]', '["fast", 30]', "domain.wind_speed = .*'fast' must be a number in m/s"),
        ('["7.2 km/h", 30]', "[30, 2]", r"domain of 'wind_speed' = \[30.0, 2.0\]; two finite numbers, low < high"),
        ('["7.2 km/h", 30]', "[2]", r"domain of 'wind_speed' = \[2.0\]; two finite numbers"),
        ('["7.2 km/h", 30]', "[2, 50]", r"domain of 'wind_speed' is \[2, 50\] m/s, which leaves the bounds"),
        ('wind_speed = ["7.2 km/h", 30]', 'gate = ["shut", 0.5]', "this input is a choice among shut, open"),
        ('target = "phone"', 'target = "telephone"', "target 'telephone' is unknown; allowed: local, server"),
        ("must_run_offline = true", "must_run_offline = 1", "must_run_offline = 1; true or false"),
        ("max_memory_bytes = 2", "max_memory = 2", "'call_patterns.max_memory' is unknown; .*'max_memory_bytes'"),
        ("max_memory_bytes = 2", "max_memory_bytes = -2", "max_memory_bytes = -200000000; a positive number"),
        ('name = "on a phone"\n', "", "'call_patterns.name' is missing"),
        ("[[call_patterns]]", "[call_patterns]", r"tables \[\[call_patterns\]\] are needed"),
        ("owner = ", "file_sha256 = ", "'file_sha256' is unknown"),
        ('owner = "river service"', "owner = 3", "owner = 3; a text is needed"),
        ("[domain]\n", "[domain\n", "cannot be read"),
    ],
)
def test_a_need_file_that_is_wrong_is_told_by_file_key_and_value(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(UnusableInputError, match=words) as told:
        read_need_file(path, STUDY)
    assert str(told.value).startswith(f"need file '{path}'")
    assert "\n" not in str(told.value)


def test_for_a_table_there_are_no_units(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"tolerances.head.unit = 'cm', but columns .* have no unit"):
        read_need_file(written(tmp_path))


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    "study",
    [
        STUDY,
        vector_study(),
        linear_study(replace(NEED, domain={"x1": (0.1, 0.4)}, use={"fr": 'pour "voir" \\ \u007f'}, owner="a\nb")),
    ],
)
def test_the_file_to_fill_in_reads_back_as_the_studys_own_need(study: Study, language: str, tmp_path: Path) -> None:
    path = written(tmp_path, need_template(study, language))
    assert replace(read_need_file(path, study), file_sha256="") == study.need


@pytest.mark.parametrize(("language", "words"), [("en", "Who decides what"), ("fr", "Qui décide quoi")])
def test_the_file_to_fill_in_asks_for_everything_in_the_language(language: str, words: str) -> None:
    text = need_template(STUDY, language)
    assert words in text
    for key in ("use.", "decided_by", "owner", "replaces", "beneficiaries", "declared_on", "reason.", "wind_speed"):
        assert f"\n# {key}" in text
    assert ("# wind_speed = [0, 40]  # Wind, m/s" if language == "en" else "# Vent, m/s") in text
    assert "# [tolerances.warmth]" in text and "# head = 0.01" in text


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_file_of_a_study_of_the_house_reads_back(tmp_path: Path, language: str) -> None:
    study = load_study("roof_yield")
    text = need_template(study, language)
    assert "# tilt_deg = [0, 60]" in text and "# yearly_yield = 0.01" in text and "# [tolerances.shading_loss]" in text
    assert replace(read_need_file(written(tmp_path, text), study), file_sha256="") == study.need


def test_what_is_commented_out_can_be_taken_in(tmp_path: Path) -> None:
    lines = need_template(STUDY, "en").splitlines()
    keys = ("owner", "beneficiaries", "declared_on", "queries_per_hour", "wind_speed", "max_latency_s", "head")
    taken = [line.removeprefix("# ") if line.removeprefix("# ").split(" = ")[0] in keys else line for line in lines]
    need = read_need_file(written(tmp_path, "\n".join(taken)), STUDY)
    assert (need.owner, need.beneficiaries, need.declared_on) == ("…", 10000.0, "2026-03-14")
    assert need.domain == {"wind_speed": (0.0, 40.0)} and need.solver_error == {"head": 0.01}
    assert need.call_patterns[0].max_latency_s == 1.0


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0, 1, (2, 100))
    pd.DataFrame({"a": a, "b (m)": b, "y": a + b}).to_csv(tmp_path / "runs.csv", index=False)
    return tmp_path / "runs.csv"


def test_for_a_table_nobody_has_declared_the_tolerances_have_to_be_filled_in(table: Path, tmp_path: Path) -> None:
    text = need_template(table_of_runs(table, ["a", "b (m)"], ["y"]).study, "en")
    assert "# [tolerances.y]" in text and "# queries = " in text
    with pytest.raises(UnusableInputError, match=r"no \[tolerances\]"):
        read_need_file(written(tmp_path, text))
    for line in ("[tolerances.y]", 'metric = "nrmse_std"', "limit = 0.1"):
        text = text.replace(f"# {line}", line)
    need = read_need_file(written(tmp_path, text))
    assert need.declared and table_of_runs(table, ["a", "b (m)"], ["y"], need).study.need.declared


def test_rows_of_a_table_outside_the_domain_are_dropped(table: Path) -> None:
    need = Need("one row", {"y": Tolerance("nrmse", 0.05)}, domain={"b (m)": (0.2, 0.6)}, solver_error={"y": 0.01})
    found = table_of_runs(table, ["a", "b (m)"], ["y"], need)
    assert found.study.inputs[1].name == "b__m_" and found.study.inputs[1].high == 0.6
    assert len(found.design) == len(found.outputs) < 60
    assert (found.design.inputs[:, 1] >= 0.2).all() and (found.design.inputs[:, 1] <= 0.6).all()
    np.testing.assert_allclose(found.outputs[:, 0], found.design.inputs.sum(axis=1))


@pytest.mark.parametrize(
    ("domain", "words"),
    [
        ({"c": (0.2, 0.6)}, "the domain of the need names the input 'c', which is not among a, b"),
        ({"a": (0.2, 1.6)}, r"the domain of 'a' is \[0.2, 1.6\] 1, which leaves the bounds"),
        ({"a": (0.2, 0.25)}, r"of the 100 rows of .* are inside the domain of the need \(a 0.2 to 0.25\); at least 16"),
    ],
)
def test_a_domain_that_does_not_fit_a_table_is_told(table: Path, domain: dict, words: str) -> None:
    need = Need("one row", {"y": Tolerance("nrmse", 0.05)}, domain=domain)
    with pytest.raises(UnusableInputError, match=words):
        table_of_runs(table, ["a", "b (m)"], ["y"], need)


def test_a_table_without_need_is_not_judged_relative_to_a_mean_of_zero(tmp_path: Path) -> None:
    a = np.linspace(0.0, 1.0, 101)
    pd.DataFrame({"a": a, "size": 1 + a, "swing": np.sin(2 * np.pi * a)}).to_csv(tmp_path / "runs.csv", index=False)
    tolerances = table_of_runs(tmp_path / "runs.csv", ["a"], ["size", "swing"]).study.need.tolerances
    assert tolerances == dict.fromkeys(("size", "swing"), Tolerance("nrmse_std", 0.1))
    need = Need("one row", {"swing": Tolerance("nrmse", 0.05)})
    with pytest.raises(UnusableInputError, match=r"the mean of 'swing' is .*: use nrmse_std or rmse"):
        table_of_runs(tmp_path / "runs.csv", ["a"], ["size", "swing"], need)


SERIES = replace(
    STUDY,
    outputs=(Output("head", "m", time=TimeAxis((0.0, 1.0, 2.0), "hour")), Output("warmth", "degC")),
    need=replace(NEED, tolerances={}),
)


@pytest.mark.parametrize(
    ("lines", "tolerance"),
    [
        ('metric = "nse"\nlimit = 0.8', Tolerance("nse", 0.8)),
        ('metric = "kge"\nlimit = 0.7\nover = "pooled"', Tolerance("kge", 0.7, "pooled")),
        ('metric = "timing_error"\nlimit = 30\nunit = "min"', Tolerance("timing_error", 0.5)),
        ('metric = "peak_error"\nlimit = 30\nunit = "cm"\nover = "worst"', Tolerance("peak_error", 0.3, "worst")),
        ('metric = "nrmse_range"\nlimit = 3\nunit = "%"', Tolerance("nrmse_range", 0.03)),
        ('metric = "log_nse"\nlimit = -0.5\nunit = "1"', Tolerance("log_nse", -0.5)),
    ],
)
def test_every_metric_is_read_with_its_unit(tmp_path: Path, lines: str, tolerance: Tolerance) -> None:
    need = read_need_file(written(tmp_path, f'functional_unit = "x"\n[tolerances.head]\n{lines}\n'), SERIES)
    found = need.tolerances["head"]
    assert (found.metric, found.over) == (tolerance.metric, tolerance.over)
    assert found.limit == pytest.approx(tolerance.limit)
    again = need_template(replace(SERIES, need=need), "fr")
    assert read_need_file(written(tmp_path, again), SERIES).tolerances == need.tolerances


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('metric = "nse"\nlimit = 0.8\nunit = "%"', "tolerances.head.unit = '%'; an nse is a number without unit"),
        ('metric = "nse"\nlimit = 80', "tolerances.head: limit = 80.0; the least nse is told, a number below 1"),
        ('metric = "area_error"\nlimit = 0.1', "'head' is of the metric area_error, but it is defined everywhere"),
        ('metric = "rmse"\nlimit = 0.1\nover = "mean"', "tolerances.head: over = 'mean'; 'pooled' .* or 'worst'"),
        ('metric = "timing_error"\nlimit = 1\nunit = "m"', "'tolerances.head.unit': 'm' does not convert to hour"),
        ('metric = "nce"\nlimit = 0.8', "metric 'nce' is unknown; .*did you mean 'nse'"),
    ],
)
def test_a_metric_that_is_wrong_in_a_file_is_told(tmp_path: Path, lines: str, words: str) -> None:
    with pytest.raises(UnusableInputError, match=words):
        read_need_file(written(tmp_path, f'functional_unit = "x"\n[tolerances.head]\n{lines}\n'), SERIES)


def test_a_need_has_the_hash_that_it_always_had(tmp_path: Path) -> None:
    """What says how errors are pooled is another need; a new name of the same metric is not."""
    text = 'functional_unit = "x"\n[tolerances.depth]\nmetric = "{}"\nlimit = 0.2\n'
    old, new = (read_need_file(written(tmp_path, text.format(name))) for name in ("rmse_wet", "rmse_defined"))
    assert describe_need(old)["tolerances"] == {"depth": {"metric": "rmse_wet", "limit": 0.2}}
    assert describe_need(new)["tolerances"] == {"depth": {"metric": "rmse_defined", "limit": 0.2}}
    hashes = [describe_need(replace(need, file_sha256=""))["hash"] for need in (old, new)]
    assert hashes[0] == hashes[1]
    worst = replace(old, file_sha256="", tolerances={"depth": Tolerance("rmse_wet", 0.2, "worst")})
    assert describe_need(worst)["hash"] != hashes[0]
    assert read_need(describe_need(worst)) == worst


def test_values_are_written_as_toml_reads_them() -> None:
    import tomllib

    for value in (True, False, 3.0, 1e20, 0.1, -2, 'é " \\ \n \u007f', ["1 m", 2.5]):
        assert tomllib.loads(f"x = {toml_value(value)}")["x"] == value
