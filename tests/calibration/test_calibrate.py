"""A calibration from end to end: tables of observations, a bundle, a solver, the command, the pages."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from campaigns_for_tests import vector_bundle
from studies_for_tests import vector_study

from frugal.calibration.asking import AskedGraph, AskedSolver
from frugal.calibration.calibrate import Calibration, Wanted, calibrate_bundle, calibrate_study
from frugal.calibration.observed import observed_under, read_observed, unknowns
from frugal.calibration.report import calibration_content, calibration_page, sentences, write_calibration
from frugal.errors import SolverError, UnusableInputError
from frugal.experiments.runs.residuals import residuals
from frugal.experiments.study import Study
from frugal.experiments.study.registry import load_study_file
from frugal.surrogates.bundle.bundle import open_bundle

Run = Callable[..., tuple[int, str, str]]
EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"

STUDY = """
from frugal import CallPattern, Need, Output, Parameter, Study, Tolerance, Variable

def solve(load, decay, gain):
    return {"y": [gain * load * 2.0 ** (-decay * k) for k in range(4)]}

study = Study(
    "decay", (Variable("load", "kg", 1.0, 9.0),),
    (Output("y", "kg", ("day",), {"day": ["mon", "tue", "wed", "thu"]}, label={"en": "Rest", "fr": "Reste"}),),
    Need("one", {"y": Tolerance("rmse", 0.1)}), solve,
    parameters=(
        Parameter("decay", "1/day", 0.1, 3.0, 1.0, {"en": "Decay", "fr": "Décroissance"}),
        Parameter("gain", "1", 0.5, 2.0, 1.0, {"en": "Gain", "fr": "Gain"}),
    ),
)
"""
#: y = 0.8 load 2^(-0.7 k), of 2 kg and of 6 kg, rounded to three digits.
TABLE = (
    "output,place,value,sigma,load\ny,mon,1.6,0.05,2\ny,tue,0.985,0.05,2\ny,thu,0.373,0.05,2\n"
    "y,mon,4.8,0.05,6\ny,wed,1.819,0.05,6\ny,thu,1.12,0.05,6\n"
)


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    path = tmp_path_factory.mktemp("study") / "decay.py"
    path.write_text(STUDY)
    return load_study_file(path)


@pytest.fixture(scope="module")
def found(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    table = tmp_path_factory.mktemp("table") / "probes.csv"
    table.write_text(TABLE)
    return calibrate_study(study, Wanted(table), runs=24)


def test_parameters_are_found_from_measurements_under_several_inputs(found: Calibration) -> None:
    assert [unknown.name for unknown in found.unknowns] == ["decay", "gain"] and found.answered_by == "emulator"
    np.testing.assert_allclose(found.best.settings, [0.7, 0.8], atol=0.01)
    low, high = found.draws.interval()
    assert (low < [0.7, 0.8]).all() and (high > [0.7, 0.8]).all() and (high - low < 0.1).all()
    assert found.best.fits and 0 < found.plausible.share < 0.05
    assert found.check is not None and found.check.agrees and found.runs == 24 * 2 + 5 * 2


def test_the_page_says_it_in_both_languages(found: Calibration) -> None:
    pages = {language: calibration_page(found, language).html() for language in ("en", "fr")}
    assert "The model can meet the measurements" in pages["en"] and "Le modèle peut rendre compte" in pages["fr"]
    for page in pages.values():
        assert (
            page.count("<svg") == 3 and "<script" not in page and not re.search(r"\{\w+\}", page.split("</style>")[1])
        )


def test_the_folder_holds_draws_and_numbers(found: Calibration, tmp_path: Path) -> None:
    names = [path.name for path in write_calibration(tmp_path / "out", found, "en")]
    assert names == [
        "calibration.en.html", "calibration.fr.html", "calibration.json", "draws.csv", "fit.svg", "left.svg", "pairs.svg",
    ]  # fmt: skip
    content = json.loads((tmp_path / "out" / "calibration.json").read_text())
    assert content["format"] == "frugal-calibration/1" and content["fits"] is True and len(content["measurements"]) == 6
    assert (tmp_path / "out" / "draws.csv").read_text().startswith("decay,gain\n")


def test_modelled_values_are_those_of_the_comparison_of_a_run() -> None:
    """Between the times of the axis, at stations along a line: the same numbers as `simulate --observations` tells."""
    levels = load_study_file(EXAMPLES / "tide_levels.py")
    blank = levels.observations[0]
    fitted = unknowns(levels.inputs, levels.parameters, ())
    given: list[dict[str, str]] = [{}] * len(blank.measurements)
    observed = observed_under(blank, given, levels.inputs, levels.outputs, fitted, {}, levels.scenarios[0])
    asked = AskedSolver(levels, observed, fitted)
    values = asked(np.array([[0.002]])).values[0]
    run = levels.solved(observed.rows[0])
    (one,) = residuals(levels.outputs, {name: np.asarray(value) for name, value in run.items()}, blank)
    np.testing.assert_allclose(values, one.modelled)


def test_a_bundle_answers_with_its_cheapest_candidate_that_is_good_enough(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    """total = 10 + a, monthly = 1 + month a + kind, with a = 1.3 and the second kind."""
    table = tmp_path / "seen.csv"
    table.write_text("output,place,value,sigma\ntotal,,11.3,0.1\nmonthly,f,3.3,0.1\nmonthly,a,5.9,0.1\n")
    bundle = open_bundle(vector_bundle(tmp_path_factory))
    found = calibrate_bundle(bundle, Wanted(table, ["a"], {"kind": "mid"}), vector_study())
    assert found.best.settings[0] == pytest.approx(1.3, abs=0.03) and found.best.fits
    low, high = found.draws.interval()[:, 0]
    # of three measurements with sensitivities 1, 1, 3: sigma / sqrt(11), and what the answer errs by
    assert 2 * 1.645 * 0.1 / np.sqrt(11) * 0.9 < high - low < 3 * 1.645 * 0.1 / np.sqrt(11)
    assert found.check is not None and found.check.agrees
    reason = {"en": "no physics", "fr": "sans physique"}
    unchecked = calibrate_bundle(bundle, Wanted(table, ["a"], {"kind": "low"}), None, reason)
    assert unchecked.best.fits is False and "Do not rely on the values" in " ".join(sentences(unchecked, "en"))
    assert calibration_content(unchecked)["check"] == {"reason": reason}
    assert "sans physique" in " ".join(sentences(unchecked, "fr"))


def test_the_command_tells_and_writes(run: Run) -> None:
    Path("decay.py").write_text(STUDY)
    Path("probes.csv").write_text(TABLE)
    arguments = (
        "calibrate",
        "--study",
        "decay.py",
        "--observations",
        "probes.csv",
        "--parameters",
        "gain",
        "--runs",
        "8",
    )
    code, out, _ = run(*arguments, "--out", "made", "--lang", "fr")
    assert code == 0 and "Gain" in out and "meilleure valeur" in out and out.endswith("made/calibration.fr.html\n")
    # the decay is left at its default of 1: then nothing fits
    assert "Aucun réglage du modèle ne rend compte des mesures" in out


def test_a_solver_that_always_fails_and_measurements_outside_the_domain_are_told(
    study: Study, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def solve(load: float, decay: float, gain: float) -> dict[str, float]:
        raise ValueError("no water")

    (tmp_path / "t.csv").write_text(TABLE)
    with pytest.raises(
        SolverError, match="4 of 4 runs within the bounds fail: the solver of study 'decay' fails: ValueError"
    ):
        calibrate_study(replace(study, solve=solve), Wanted(tmp_path / "t.csv"))
    asked = AskedGraph.__call__
    monkeypatch.setattr(
        AskedGraph, "__call__", lambda self, x: replace(asked(self, x), inside=np.zeros(len(x), dtype=bool))
    )
    (tmp_path / "seen.csv").write_text("output,value,sigma\ntotal,11.3,0.1\n")
    bundle = open_bundle(vector_bundle(tmp_path_factory))
    with pytest.raises(UnusableInputError, match="every setting lies outside the domain"):
        calibrate_bundle(bundle, Wanted(tmp_path / "seen.csv", ["a"], {"kind": "mid"}))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--observations NAME|FILE.csv is needed"),
        (("--observations", "none"), "observations 'none' of study 'decay' are unknown; known: none, or a file"),
        (
            ("--observations", "t.csv", "--parameters", "dekay"),
            "--parameters 'dekay' is neither an input nor a parameter",
        ),
        (("--observations", "t.csv", "--parameters", "gain,gain"), "--parameters names 'gain' twice"),
        (("--observations", "t.csv", "--parameters", "load"), "'t.csv' give 'load', which is to be fitted"),
        (("--observations", "t.csv", "-i", "loed=3"), "input 'loed' is unknown"),
        (("--observations", "bare.csv", "-i", "load=3"), "measurement 1 of 'y' has no standard error"),
        (("--observations", "plain.csv"), "input 'load' is missing"),
        (
            ("--observations", "bare.csv", "--parameters", "load", "-i", "load=3"),
            "input 'load' is given and is to be fitted",
        ),
        (("--observations", "gap.csv"), "observations 'gap.csv', line 3: 'load' is missing"),
        (("--observations", "t.csv", "--candidate", "mlp"), "--candidate is of a bundle, and none is given"),
        (("--observations", "t.csv", "--out", "."), "holds other things than a calibration"),
    ],
)
def test_what_cannot_be_fitted_is_refused(run: Run, arguments: tuple[str, ...], told: str) -> None:
    Path("decay.py").write_text(STUDY)
    Path("t.csv").write_text(TABLE)
    Path("bare.csv").write_text("place,value\nmon,1.6\n")
    Path("plain.csv").write_text("place,value,sigma\nmon,1.6,0.1\n")
    Path("gap.csv").write_text("place,value,sigma,load\nmon,1.6,0.1,2\nmon,1.6,0.1,\n")
    code, out, err = run("calibrate", "--study", "decay.py", *arguments)
    assert (code, out) == (2, "") and told in err


def test_choices_and_parameters_that_a_graph_has_fixed_are_refused(tmp_path_factory: pytest.TempPathFactory) -> None:
    inputs = vector_study().inputs
    with pytest.raises(UnusableInputError, match="'kind' is a choice, which is not fitted"):
        unknowns(inputs, (), ["kind"])
    with pytest.raises(UnusableInputError, match="--parameters names nothing to fit; known: a, kind"):
        unknowns(inputs, (), [])
    table = tmp_path_factory.mktemp("unknown") / "t.csv"
    table.write_text("output,value,sigma,what\ntotal,1,1,1\n")
    with pytest.raises(UnusableInputError, match="unknown column 'what'"):
        read_observed(table, inputs, vector_study().outputs, (), "vector")
