"""Studies, designs, units and sites: what is accepted, and the sentence for what is not."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from studies_for_tests import NEED, linear_study, unit_inputs, vector_study

from frugal.errors import SolverError, UnusableInputError
from frugal.experiments.designs.sampling import design_for, from_table
from frugal.experiments.needs.file import read_need_file
from frugal.experiments.study import CallPattern, Need, Output, Study, Tolerance, Variable
from frugal.experiments.study.design import Design, split_by_place
from frugal.experiments.study.questions import question
from frugal.experiments.study.registry import load_study, load_study_file
from frugal.experiments.study.site import Site, build_site
from frugal.experiments.study.study_file import describe_study, read_need, read_outputs, read_variables, told_site
from frugal.experiments.study.values import check_bounds, parse_settings, parse_value

WIND = Variable("wind_speed", "m/s", 0.0, 40.0)
MOUNTING = Variable("mounting", "1", 0.0, 2.0, choices=("rack", "roof", "insulated"), default=1.0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Variable("x", "m", 2.0, 1.0), "low < high"),
        (lambda: Variable("x", "m", 0.0, float("nan")), "finite"),
        (lambda: Variable("not a name", "m", 0.0, 1.0), "identifier"),
        (lambda: Variable("x", "1", 0.0, 1.0, choices=("a", "b", "c")), "3 choices"),
        (lambda: Output("y", "m", dims=("t",)), "no coordinates"),
        (lambda: Tolerance("mae", 0.1), "mae"),
        (lambda: Tolerance("nrmse", 0.0), "positive"),
        (lambda: CallPattern("none", rows=0), "at least 1"),
        (lambda: Need("u", {}, queries=(10.0, 1.0)), "lower first"),
        (lambda: Need("u", {}, call_patterns=()), "call pattern"),
        (lambda: Study("s", unit_inputs(2), (Output("x1", "m"),), NEED), "'x1' twice"),
        (lambda: Study("s", unit_inputs(1), (Output("z", "m"),), NEED), "unknown output 'y'"),
        (lambda: replace(linear_study(), missing_data={"en": "a survey"}), "'en' and 'fr' are needed"),
        (lambda: replace(linear_study(), solve=None, missing_data={"en": "x", "fr": "y"}), "has no solver"),
        (lambda: Output("y", "1", low=1.0, high=1.0), "low < high"),
        (lambda: Output("y", "1", high=float("inf")), "finite"),
    ],
)
def test_a_study_that_makes_no_sense_is_refused(make: object, words: str) -> None:
    with pytest.raises(UnusableInputError, match=words):
        make()  # type: ignore[operator]


def test_outputs_are_flattened_in_order_and_checked() -> None:
    study = vector_study()
    values = {"total": 1.0, "monthly": [2.0, 3.0, 4.0, 5.0]}
    np.testing.assert_array_equal(study.flatten(values), [1, 2, 3, 4, 5])
    with pytest.raises(SolverError, match="missing"):
        study.flatten({"total": 1.0})
    with pytest.raises(SolverError, match="shape"):
        study.flatten({**values, "monthly": [1.0]})
    with pytest.raises(SolverError, match="'monthly' is not a finite"):
        study.flatten({**values, "monthly": [1.0, 2.0, np.nan, 3.0]})


def test_the_hash_follows_physics_and_question_but_not_the_need() -> None:
    study = linear_study()
    assert study.hash() == linear_study().hash()
    assert replace(study, need=replace(NEED, queries=(1.0, 2.0))).hash() == study.hash()
    assert replace(study, missing_data={"en": "a survey", "fr": "un relevé"}).hash() == study.hash()
    assert replace(study, outputs=(replace(study.outputs[0], high=9.0),)).hash() == study.hash()
    assert replace(study, definition="other terrain").hash() != study.hash()
    assert replace(study, solve=vector_study().solve).hash() != study.hash()
    assert replace(study, inputs=(*unit_inputs(2), Variable("x2", "1", 0.0, 2.0))).hash() != study.hash()


def test_a_described_study_reads_back() -> None:
    study = vector_study()
    described = describe_study(study)
    assert read_variables(described["inputs"]) == study.inputs
    assert [o.shape for o in read_outputs(described["outputs"])] == [(), (4,)]
    assert read_need(described["need"]) == study.need
    assert "solver_needs" not in described
    needs = {"en": "a survey", "fr": "un relevé"}
    assert describe_study(replace(study, missing_data=needs))["solver_needs"] == needs
    older = [{key: value for key, value in output.items() if key != "high"} for output in described["outputs"]]
    assert read_outputs(older) == study.outputs


def test_designs_fill_the_bounds_and_hold_rows_out() -> None:
    design = design_for(vector_study(), 128, seed=0)
    assert design.held_out.sum() == 32
    assert design.inputs[:, 0].min() < 0.05 and design.inputs[:, 0].max() > 1.95
    assert set(design.inputs[:, 1]) == {0.0, 1.0, 2.0}
    assert design.hash() == design_for(vector_study(), 128, seed=0).hash()
    assert design.hash() != design_for(vector_study(), 128, seed=1).hash()
    rows = {tuple(row) for row in design.inputs[~design.held_out]}
    assert not rows & {tuple(row) for row in design.inputs[design.held_out]}


def test_too_few_runs_are_refused() -> None:
    with pytest.raises(UnusableInputError, match="at least 16"):
        design_for(vector_study(), 8, seed=0)
    with pytest.raises(UnusableInputError, match="at least 16"):
        from_table(np.zeros((5, 2)), seed=0)


@pytest.mark.parametrize("seed", range(5))
def test_places_are_held_out_whole(seed: int) -> None:
    places = np.repeat(["a", "b", "c", "d", "e"], [10, 30, 5, 40, 15])
    held_out = split_by_place(places, seed)
    for place in np.unique(places):
        assert held_out[places == place].all() or not held_out[places == place].any()
    assert 0 < held_out.sum() < len(places)


def test_a_design_needs_as_many_of_everything() -> None:
    with pytest.raises(ValueError, match="held_out"):
        Design(np.zeros((4, 1)), np.zeros(3, bool), np.zeros(4, int), np.zeros(4, "U1"))


@pytest.mark.parametrize(
    ("variable", "text", "value"),
    [
        (WIND, "5", 5.0),
        (WIND, "36km/h", 10.0),
        (WIND, "10 m/s", 10.0),
        (WIND, "1e1", 10.0),
        (WIND, "-.5", -0.5),
        (MOUNTING, "insulated", 2.0),
        (MOUNTING, "0", 0.0),
        (Variable("t", "degC", -20.0, 50.0), "293.15 kelvin", 20.0),
    ],
)
def test_values_are_read_with_their_units(variable: Variable, text: str, value: float) -> None:
    assert parse_value(variable, text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("variable", "text", "words"),
    [
        (WIND, "fast", "a number in m/s"),
        (WIND, "5 kg", "does not convert"),
        (WIND, "5 parsnips", "unknown"),
        (WIND, "nan", "a number"),
        (WIND, "1e999", "finite"),
        (MOUNTING, "floating", "one of rack, roof, insulated"),
        (WIND, "__import__('os')", "a number"),
    ],
)
def test_values_that_cannot_be_read_are_told(variable: Variable, text: str, words: str) -> None:
    with pytest.raises(UnusableInputError, match=words):
        parse_value(variable, text)


def test_inputs_are_completed_and_checked() -> None:
    variables = (WIND, MOUNTING)
    assert question(variables, {"wind_speed": "3"}).row.tolist() == [3.0, 1.0]
    with pytest.raises(UnusableInputError, match="did you mean 'wind_speed'"):
        question(variables, {"windspeed": "3"})
    with pytest.raises(UnusableInputError, match="'wind_speed' is missing"):
        question(variables, {})
    with pytest.raises(UnusableInputError, match=r"out of bounds \[0, 40\]"):
        check_bounds(variables, [41.0, 1.0])
    with pytest.raises(UnusableInputError, match="one of rack"):
        check_bounds(variables, [4.0, 0.5])


def test_settings_need_a_name_and_a_value() -> None:
    assert parse_settings(["a=1", "b = x=y"], "setting") == {"a": "1", "b": "x=y"}
    for bad in ("a", "=1", "a="):
        with pytest.raises(UnusableInputError, match="name=value"):
            parse_settings([bad], "setting")
    with pytest.raises(UnusableInputError, match="twice"):
        parse_settings(["a=1", "a=2"], "setting")


class Harbour(Site):
    """A site for tests."""

    chart: Path | None = None
    gauges: tuple[Path, ...] = ()
    depth_m: float = 5.0


def test_a_site_comes_from_settings_and_a_file(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('chart = "chart.tif"\ngauges = ["a.csv", "/b.csv"]\ndepth_m = 7.5\n')
    site = build_site(Harbour, {"depth_m": "8"}, tmp_path / "site.toml")
    assert site == Harbour(chart=tmp_path / "chart.tif", gauges=(tmp_path / "a.csv", Path("/b.csv")), depth_m=8)
    assert build_site(Harbour, {"gauges": "a.csv, b.csv"}).gauges == (Path("a.csv"), Path("b.csv"))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dept_m": "3"}, "'dept_m' is not a setting.*chart, gauges, depth_m"),
        ({"depth_m": "deep"}, "'depth_m' = 'deep'"),
    ],
)
def test_a_wrong_setting_is_told(settings: dict[str, str], words: str) -> None:
    with pytest.raises(UnusableInputError, match=words):
        build_site(Harbour, settings)


def test_a_setting_without_default_may_come_from_either_and_must_come_from_one(tmp_path: Path) -> None:
    class Reef(Site):
        """A site that has no default."""

        chart: Path
        swell: Path

    file = tmp_path / "folder" / "site.toml"
    file.parent.mkdir()
    file.write_text('swell = "swell.csv"\n')
    given = {"chart": Path("chart.tif"), "swell": Path("here.csv")}
    assert build_site(Reef, {"chart": "chart.tif", "swell": "here.csv"}) == Reef(**given)
    assert build_site(Reef, {"chart": "chart.tif"}, file) == Reef(**{**given, "swell": file.parent / "swell.csv"})
    assert build_site(Reef, {"chart": "chart.tif", "swell": "here.csv"}, file) == Reef(**given)
    with pytest.raises(UnusableInputError, match="setting 'chart' is missing; give it with --set chart=VALUE"):
        build_site(Reef, {}, file)


def test_of_files_a_site_tells_the_names_and_other_settings_whole(tmp_path: Path) -> None:
    (tmp_path / "tiles").mkdir()
    told = told_site({"terrain": ["../dem/a.tif", str(tmp_path / "tiles")], "terrain_datum": "NGF/IGN69", "n_runs": 3})
    assert told == {"terrain": ["a.tif", "tiles"], "terrain_datum": "NGF/IGN69", "n_runs": 3}


def test_an_unreadable_site_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match="cannot be read"):
        build_site(Harbour, {}, tmp_path / "absent.toml")
    (tmp_path / "bad.toml").write_text("depth_m = = 3")
    with pytest.raises(UnusableInputError, match="cannot be read"):
        build_site(Harbour, {}, tmp_path / "bad.toml")


def test_an_unknown_study_is_told_with_the_nearest() -> None:
    with pytest.raises(UnusableInputError, match="did you mean 'roof_yield'"):
        load_study("roof_yeild")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("x = 1", "no global named 'study'"),
        ("raise RuntimeError('boom')", "RuntimeError: boom"),
        ("def study(:", "SyntaxError"),
        ("def study(site): ...", "annotated with a subclass of Site"),
        ("def study(): return 3", "returned int"),
    ],
)
def test_a_study_file_that_holds_none_is_told(tmp_path: Path, content: str, words: str) -> None:
    (tmp_path / "mine.py").write_text(content)
    with pytest.raises(UnusableInputError, match=words):
        load_study_file(tmp_path / "mine.py")


def test_a_need_file_is_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "need.toml"
    path.write_text(
        'functional_unit = "one roof"\nqueries = [100, 1000]\nservice_life_years = 3\n'
        '[tolerances.y]\nmetric = "nrmse"\nlimit = 0.03\n[[call_patterns]]\nname = "desk"\nrows = 10\n'
    )
    need = read_need_file(path)
    assert need.queries == (100.0, 1000.0)
    assert need.tolerances["y"] == Tolerance("nrmse", 0.03)
    for text, words in (
        ('functional_unit = "x"', "no \\[tolerances\\]"),
        (path.read_text().replace("[100, 1000]", "[1000, 100]"), "lower first"),
        (path.read_text().replace("limit = 0.03", "limit = -1"), "positive"),
        (path.read_text() + "colour = 3\n", "colour"),
    ):
        (tmp_path / "bad.toml").write_text(text)
        with pytest.raises(UnusableInputError, match=words):
            read_need_file(tmp_path / "bad.toml")


def test_a_study_that_an_older_environment_installed_elsewhere_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from importlib.metadata import EntryPoint

    from frugal.commands.studies import studies
    from frugal.errors import EnvironmentFaultError
    from frugal.experiments.study import registry

    for value in ("frugal.experiments.studies.roof_yield:roof_yield", "frugal.errors:nothing_of_that_name"):
        gone = EntryPoint("roof_yield", value, registry.GROUP)
        monkeypatch.setattr(registry, "installed_studies", lambda gone=gone: {"roof_yield": gone})
        with pytest.raises(EnvironmentFaultError, match=r"roof_yield.*is not there.*setup\.sh"):
            registry.load_study("roof_yield")
        studies(language="en")  # lists what can be asked, and says of the others why not
        assert re.search(r"roof_yield.*is not there.*setup\.sh", capsys.readouterr().err)


def test_a_study_that_cannot_be_imported_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import EntryPoint

    from frugal.errors import EnvironmentFaultError
    from frugal.experiments.study import registry

    (tmp_path / "their_study.py").write_text("import a_package_that_nobody_has\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("theirs", "their_study:study", registry.GROUP)
    monkeypatch.setattr(registry, "installed_studies", lambda: {"theirs": point})
    with pytest.raises(EnvironmentFaultError, match=r"'theirs' .*cannot be loaded: .*a_package_that_nobody_has"):
        registry.load_study("theirs")
