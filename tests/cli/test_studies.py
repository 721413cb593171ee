"""``frugal studies``: what can be asked, and what a study takes, gives and rests on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from frugal.commands.study_pages import outputs_table, study_content, theme_of, title_of
from frugal.experiments.study.registry import installed_studies, load_entry_point, load_study

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = str(ROOT / "docs" / "examples" / "oxygen_sag.py")

Run = Callable[..., tuple[int, str, str]]


def test_each_study_has_its_theme_its_question_and_how_to_ask_it(run: Run) -> None:
    code, out, err = run("studies")
    assert (code, err) == (0, "")
    for words in (
        "roof_yield",
        "solar",
        "What can this roof produce?",
        "frugal simulate roof_yield",
        "frugal train submersion",
    ):
        assert words in out
    rows = {row["name"]: row for row in json.loads(run("studies", "--json")[1])}
    assert rows["river_flood"]["theme"] == "flood" and rows["roof_shading"]["theme"] == "solar"
    assert "weather" in rows["roof_yield"]["settings"]


@pytest.mark.parametrize("name", ["roof_yield", "submersion"])
def test_the_title_in_the_list_is_that_of_the_study(name: str) -> None:
    point = installed_studies()[name]
    assert title_of(point, load_entry_point(point)) == load_study(name).title


@pytest.mark.parametrize(
    ("module", "theme"),
    [
        ("frugal.studies.solar.roof_yield.study", "solar"),
        ("frugal.studies.heat", "heat"),
        ("delta_water.studies.salinity.estuary", "salinity"),
        ("delta_water.wells", "delta_water"),
        ("wells", "wells"),
    ],
)
def test_the_theme_of_anybodys_study(module: str, theme: str) -> None:
    assert theme_of(EntryPoint("x", f"{module}:study", "frugal.studies")) == theme


def test_the_title_of_a_study_of_another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "delta_water_for_test"
    (package / "deep").mkdir(parents=True)
    for folder in (package, package / "deep"):
        (folder / "__init__.py").touch()
    (package / "texts.toml").write_text('[wells.title]\nen = "How deep is the well?"\nfr = "Quelle profondeur ?"\n')
    (package / "deep" / "wells.py").write_text('def wells():\n    """Ask a well.\n\n    More."""\n')
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("wells", "delta_water_for_test.deep.wells:wells", "frugal.studies")
    assert title_of(point, point.load()) == {"en": "How deep is the well?", "fr": "Quelle profondeur ?"}
    (package / "texts.toml").unlink()
    other = EntryPoint("other", "delta_water_for_test.deep.wells:wells", "frugal.studies")
    assert title_of(other, other.load()) == {"en": "Ask a well.", "fr": "Ask a well."}
    assert title_of(other, 3) == {"en": "", "fr": ""}


def test_a_study_that_cannot_be_loaded_does_not_hide_the_others(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from frugal.experiments.study import registry

    broken = EntryPoint("broken", "no_such_package_here:study", "frugal.studies")
    installed = {**registry.installed_studies(), "broken": broken}
    monkeypatch.setattr(registry, "installed_studies", lambda: installed)
    code, out, err = run("studies")
    assert code == 0 and "roof_yield" in out and "broken" not in out
    assert "study 'broken' is installed as 'no_such_package_here:study'" in err


def test_the_page_of_a_study(run: Run) -> None:
    code, out, err = run("studies", "roof_yield")
    assert (code, err) == (0, "")
    for words in (
        "roof_yield: What can this roof produce?",
        "horizon_deg[000 … 350]",
        "0.1 – 0.4",
        "Mounting: open_rack, close_mount,",
        "12 (month)",
        "the yearly and monthly yield of one roof",
        "roofs_per_dsm",
        "toward 000 … 350°",
        "synthetic village 3",
        "frugal simulate roof_yield",
    ):
        assert words in out
    assert "Azimut (0 = nord" in run("studies", "roof_yield", "--lang", "fr")[1]


ESTUARY = """
from frugal.experiments.study import Need, Output, Study, Tolerance, Variable
from frugal.experiments.study.scenarios import Measurement, Observations, Scenario
from frugal.experiments.study.variables import Parameter
study = Study(
    name="estuary",
    title={"en": "How high is the river?", "fr": "Quelle est la cote ?"},
    inputs=(
        Variable("flow", "m^3/s", 100.0, 900.0, {"en": "Flow of {river}", "fr": "Débit de {river}"},
                 dims=("river",), coords={"river": ("garonne", "dordogne")}, default=(200.0, 300.0)),
        Variable("tide_1", "m", 0.0, 6.0, {"en": "Tide of day 1", "fr": "Marée du jour 1"}),
        Variable("tide_2", "m", 0.0, 6.0, {"en": "Tide of day 2", "fr": "Marée du jour 2"}),
    ),
    outputs=(Output("level", "m", label={"en": "Level", "fr": "Cote"}),),
    need=Need("one level", {"level": Tolerance("rmse", 0.1)}),
    solve=lambda flow, tide_1, tide_2, roughness: {"level": flow.sum() * roughness + tide_1 + tide_2},
    parameters=(Parameter("roughness", "1", 0.01, 0.1, 0.03, {"en": "Roughness", "fr": "Rugosité"}),),
    scenarios=(Scenario("low_water", {"flow": 150.0, "tide_1": 2}, "a report", {"en": "Low water", "fr": "Étiage"}),),
    observations=(Observations("gauge", (Measurement("level", 3.0),), "a gauge"),),
    sources=("a report",),
)
"""


def test_the_page_tells_vectors_parameters_scenarios_and_observations(run: Run) -> None:
    Path("estuary.py").write_text(ESTUARY)
    code, out, err = run("studies", "--study", "estuary.py")
    assert (code, err) == (0, "")
    for words in (
        "flow[garonne, dordogne]", "200 – 300", "Flow of garonne, dordogne", "tide_1 … tide_2 (2)", "Tide of day 1 … 2",
        "roughness", "0.01 – 0.1", "0.03", "low_water", "flow=150, tide_1=2", "Low water", "a report",
        "measurements of gauge: 1 (a gauge)", "frugal simulate --study estuary.py --scenario low_water",
    ):  # fmt: skip
        assert words in out
    french = run("studies", "--study", "estuary.py", "--lang", "fr")[1]
    for words in ("Débit de garonne, dordogne", "paramètre", "Rugosité", "scénario", "Étiage", "Marée du jour 1 … 2"):
        assert words in french
    content = json.loads(run("studies", "--study", "estuary.py", "--json")[1])
    flow = content["inputs"][0]
    assert (flow["default"], flow["coords"]) == ([200.0, 300.0], {"river": ["garonne", "dordogne"]})
    assert content["scenarios"][0]["values"] == {"flow": 150.0, "tide_1": 2}
    assert content["parameters"][0]["default"] == 0.03 and content["observations"][0]["measurements"] == 1
    for command in content["ask"][:2]:
        assert run(*command.split()[1:])[0] == 0, command


@pytest.mark.parametrize(
    ("arguments", "hint", "french"),
    [
        (("--scenario", "low_watr"), "low_water", "le scénario « low_watr » de l'étude « estuary » est inconnu"),
        (("-p", "roughnes=1"), "roughness", "le paramètre « roughnes » est inconnu"),
        (("-i", "flow[garone]=200"), "flow[garonne]", "l'entrée « flow[garone] » est inconnue"),
    ],
)
def test_the_nearest_scenario_parameter_and_element_is_suggested(
    run: Run, arguments: tuple[str, ...], hint: str, french: str
) -> None:
    Path("estuary.py").write_text(ESTUARY)
    code, out, err = run("simulate", "--study", "estuary.py", *arguments)
    assert code == 2 and not out and f"did you mean '{hint}'?" in err, err
    err = run("simulate", "--study", "estuary.py", *arguments, "--lang", "fr")[2].replace("\N{NO-BREAK SPACE}", " ")
    assert french in err and f"vouliez-vous dire « {hint} » ?" in err


def test_what_is_assumed_is_told_in_the_language(run: Run) -> None:
    Path("estuary.py").write_text(ESTUARY)
    arguments = ("simulate", "--study", "estuary.py", "--scenario", "low_water")
    assert "assumed: flow = 150 m^3/s (scenario low_water)" in run(*arguments)[2]
    err = run(*arguments, "--lang", "fr")[2]
    assert "supposé" in err and "tide_2 = 3 m (milieu de ses bornes)" in err


def test_the_command_that_a_page_gives_can_be_run(run: Run) -> None:
    content = json.loads(run("studies", "--study", EXAMPLE, "--json")[1])
    asked = content["ask"][0].split()
    assert asked[:2] == ["frugal", "simulate"]
    code, out, err = run(*asked[1:])
    assert code == 0 and "lowest_oxygen_mg_l" in out, err


def test_the_content_of_a_study_for_programs(run: Run) -> None:
    content = json.loads(run("studies", "--study", EXAMPLE, "--json")[1])
    load = content["inputs"][0]
    assert (load["name"], load["unit"], load["low"], load["high"], load["default"]) == (
        "load_mg_l",
        "mg/L",
        2,
        20,
        None,
    )
    (output,) = content["outputs"]
    assert output["tolerance"] == {"metric": "nrmse", "limit": 0.03} and output["shape"] == []
    assert json.loads(run("studies", "roof_yield", "--set", "seed=3", "--json")[1])["site"]["seed"] == 3


def test_a_tolerance_is_told_as_it_is_measured() -> None:
    from studies_for_tests import NEED, unit_inputs

    from frugal.experiments.study import Output, Study, TimeAxis, Tolerance

    level = Output("level", "m", time=TimeAxis((0.0, 1.0, 2.0), "hour"))
    told = {
        Tolerance("nrmse_range", 0.03): "3 %",
        Tolerance("nse", 0.75, "pooled"): "NSE ≥ 0.75",
        Tolerance("timing_error", 0.5): "0.5 hour",
        Tolerance("peak_error", 0.2): "0.2 m",
    }
    for tolerance, words in told.items():
        study = Study("s", unit_inputs(1), (level,), replace(NEED, tolerances={"level": tolerance}))
        content = study_content(study)["outputs"]
        assert content[0]["tolerance"]["limit"] == tolerance.limit
        column = [str(cell) for cell in outputs_table(content, "en").columns[3].cells]
        assert words in column[-1], column


def test_the_site_is_checked(run: Run) -> None:
    code, out, err = run("studies", "roof_yield", "--set", "weather=absent.epw")
    assert code == 2 and not out and "absent.epw" in err
    code, out, err = run("studies", "--set", "seed=1")
    assert code == 2 and not out and "--site and --set are of one study" in err


def test_a_study_without_solver_is_not_simulated() -> None:
    from studies_for_tests import linear_study

    from frugal.commands.study_pages import commands_for

    study = linear_study()
    assert commands_for("linear", study)[0].startswith("frugal simulate linear")
    from dataclasses import replace

    assert commands_for("linear", replace(study, solve=None)) == ["frugal train linear"]
    assert study_content(study)["inputs"][0]["label"] == dict(study.inputs[0].label)
