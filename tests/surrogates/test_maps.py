"""Maps as files: from a campaign to a bundle, its pictures, and a GeoTIFF that a GIS can place."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from campaigns_for_tests import short_timings
from polder_for_tests import COLUMNS, ROWS, polder_runs, polder_study
from studies_for_tests import linear_study
from typer.testing import CliRunner

from frugal import cli
from frugal.campaigns.campaign import Settings, run_campaign
from frugal.campaigns.publish import publish
from frugal.campaigns.reevaluation import evaluate_bundle
from frugal.errors import UnusableInputError
from frugal.experiments.runs.result_files import write_result_file
from frugal.experiments.study import Tolerance
from frugal.surrogates.bundle.bundle import growing, open_bundle
from frugal.surrogates.bundle.prediction_result import prediction_result
from frugal.surrogates.bundle.predictor import Predictor
from frugal.surrogates.measurement import map_plots
from frugal.surrogates.measurement.map_plots import chosen_runs, map_plot, write_map_plots
from frugal.surrogates.models import registry as fields
from frugal.surrogates.models.scalar.constant import Constant
from frugal.surrogates.models.scalar.linear import LinearRidge

ASKED = {"surge": 1.6, "duration_h": 5.0, "breach_width": 100.0, "breach_position": 600.0}


def few_rungs(study):
    """Two rungs are enough for what is written."""
    return (Constant(), fields._on_modes(LinearRidge(), study))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("polder")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fields, "models_for", few_rungs)
        settings = Settings(folder=folder / "campaigns", measure_seconds=0.3, carbon=False)
        study = polder_study(n_runs=40)
        publish(run_campaign(replace(study, need=replace(study.need, tolerances={})), settings), folder / "bundle")
    return folder / "bundle"


def test_a_bundle_with_maps_stays_small_and_tells_floor_and_regression(bundle: Path) -> None:
    text = (bundle / "candidates.json").read_text()
    assert len(text) < 60_000
    row = next(row for row in json.loads(text)["candidates"] if row["name"] == "linear")
    assert row["half_width"] is None and row["error"]["max_depth"]["elements"] == []
    held_out = row["log"]["held_out_maps"]["max_depth"]
    assert 0 < held_out["projection_floor"] < held_out["regression"]
    assert row["error"]["max_depth"]["value"] <= held_out["projection_floor"] + held_out["regression"]
    assert json.loads((bundle / "study.json").read_text())["outputs"][0]["geometry"]["crs"] == "EPSG:2154"
    assert 0.5 < row["interval_coverage"] <= 1


def test_the_pictures_lie_in_the_bundle_and_are_sealed(bundle: Path) -> None:
    sealed = (bundle / "SHA256SUMS").read_text()
    for name in ("max_depth", "max_speed", "arrival_time"):
        for language in ("en", "fr"):
            assert (bundle / f"map_{name}.{language}.png").read_bytes().startswith(b"\x89PNG")
            assert f"map_{name}.{language}.png" in sealed


@pytest.mark.usefixtures("cheap_campaigns")
def test_an_evaluation_draws_the_maps_that_the_campaign_drew(bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "bundle"
    shutil.copytree(bundle, copy)
    drawn = {path.name: path.read_bytes() for path in copy.glob("map_*.png")}
    with growing(copy) as folder:
        for name in drawn:
            (folder / name).unlink()
    evaluate_bundle(open_bundle(copy), carbon=False)
    assert {path.name: path.read_bytes() for path in copy.glob("map_*.png")} == drawn
    assert len(drawn) == 6 and all(name in (copy / "SHA256SUMS").read_text() for name in drawn)


def test_where_nothing_ships_train_and_eval_draw_what_errs_least_and_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    short_timings(monkeypatch)
    monkeypatch.setattr(fields, "models_for", few_rungs)
    monkeypatch.setattr(map_plots, "map_plot", lambda *parts: drawn.append(parts[5:]) or b"picture")
    study = polder_study(maps=1, n_runs=40)
    study = replace(study, need=replace(study.need, tolerances={"max_depth": Tolerance("rmse_defined", 1e-6)}))
    settings = Settings(folder=tmp_path / "campaigns", measure_seconds=0.1, carbon=False)
    publish(run_campaign(study, settings), tmp_path / "bundle")
    assert open_bundle(tmp_path / "bundle").comparison.model.candidate is None
    assert drawn == [("linear", "en", False), ("linear", "fr", False)]
    evaluate_bundle(open_bundle(tmp_path / "bundle"), carbon=False)
    assert drawn[2:] == drawn[:2]


def test_the_title_tells_that_a_candidate_does_not_ship() -> None:
    study = polder_study(maps=1)
    runs = polder_runs(study, 5, 5)
    parts = (study.outputs, study.outputs[0], study.inputs, runs, runs.outputs * 0.9, "linear", "en")
    assert map_plot(*parts, True) == map_plot(*parts) != map_plot(*parts, False)


def test_a_prediction_becomes_a_geotiff_in_its_place(bundle: Path, tmp_path: Path) -> None:
    path, asked = tmp_path / "out.tif", [f"{name}={value}" for name, value in ASKED.items()]
    arguments = ["predict", str(bundle), "--candidate", "linear", "--geotiff", str(path), "--json"]
    result = CliRunner().invoke(cli.app, arguments + [part for item in asked for part in ("-i", item)])
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    with rasterio.open(path) as dataset:
        assert dataset.crs.to_epsg() == 2154
        assert dataset.bounds == (400_000.0, 6_500_000.0 - 50 * ROWS, 400_000.0 + 50 * COLUMNS, 6_500_000.0)
        assert dataset.descriptions[:3] == ("max_depth", "max_speed", "arrival_time") and dataset.count == 9
        assert dataset.units[0] == "m"
        assert dataset.tags()["IN_DOMAIN"] == "yes" and dataset.tags()["FLOODED_AREA"].endswith(" ha")
        assert dataset.descriptions[6] == "max_depth_upper"
        depth, arrival, upper = dataset.read(1), dataset.read(3, masked=True), dataset.read(7)
    told = np.array(answer["max_depth"])
    np.testing.assert_allclose(depth, np.where(told > 0.05, told, -9999), rtol=1e-6)  # dry cells hold no data
    np.testing.assert_array_equal(np.ma.getmaskarray(arrival), told <= 0.05)
    np.testing.assert_array_equal(upper > 0, np.array(answer["max_depth_upper"]) > 0.05)
    assert (upper > 0).sum() > (depth > 0).sum()  # wet at the upper end where the depth itself is dry
    assert 0 < arrival.count() < arrival.size


def test_a_geotiff_appears_whole_or_not_at_all_and_only_where_there_is_a_map(bundle: Path, tmp_path: Path) -> None:
    predictor = Predictor(bundle, "linear")
    result = prediction_result(predictor, predictor({name: [value] for name, value in ASKED.items()}), ASKED)
    nowhere = [replace(output, geometry=None) for output in result.outputs]
    unknown = [replace(o, geometry=replace(o.geometry, crs="EPSG:0") if o.geometry else None) for o in result.outputs]
    for outputs, told in (
        (unknown, "coordinate system 'EPSG:0' is unknown"),
        (nowhere, "does not say where its maps lie .* fits a file that ends in .nc"),
        (linear_study().outputs, "has no map at one time: it answers single numbers"),
    ):
        with pytest.raises(UnusableInputError, match=told):
            write_result_file(tmp_path / "bad.tif", replace(result, outputs=outputs))
    assert not list(tmp_path.iterdir())


def test_the_runs_shown_are_the_best_the_median_and_the_worst() -> None:
    study = polder_study(maps=1)
    truth = polder_runs(study, 9, 9).outputs
    predicted = truth.copy()
    order = [3, 7, 1, 0, 8, 2, 6, 5, 4]
    for place, row in enumerate(order):
        predicted[row, :480] += 0.01 * place
    found = chosen_runs(study.outputs, study.outputs[0], truth, predicted)
    assert found == {"best": 3, "median": 8, "worst": 4}
    assert chosen_runs(study.outputs, study.outputs[0], truth[:1], predicted[:1]) == {"best": 0}


def test_the_same_runs_give_the_same_picture_and_other_words_in_the_other_language(tmp_path: Path) -> None:
    study = polder_study(maps=1)
    runs = polder_runs(study, 5, 5)
    parts = (study.outputs, study.outputs[0], study.inputs, runs, runs.outputs * 0.9, "linear")
    once = map_plot(*parts, "en")
    assert once == map_plot(*parts, "en") != map_plot(*parts, "fr")
    assert write_map_plots(tmp_path, linear_study().outputs, study.inputs, runs, runs.outputs, "x") == []


def test_a_map_that_is_dry_in_every_run_is_drawn_too() -> None:
    study = polder_study(maps=1)
    runs = polder_runs(study, 4, 4)
    dry = replace(runs, outputs=np.zeros_like(runs.outputs))
    assert map_plot(study.outputs, study.outputs[0], study.inputs, dry, dry.outputs, "linear", "en")


def test_units_are_written_by_hand() -> None:
    from frugal.experiments.study import Variable
    from frugal.surrogates.measurement.map_plots import told_inputs

    asked = (Variable("peak", "m^3/s", 0.0, 9.0), Variable("time", "hour", 0.0, 9.0), Variable("factor", "1", 0.0, 9.0))
    assert told_inputs(asked, np.array([3.0, 2.0, 1.0]), "en") == "peak 3 m³/s · time 2 h · factor 1"


def test_what_a_run_was_asked_does_not_push_its_panels_apart() -> None:
    import io

    from PIL import Image

    study = polder_study(maps=1)
    runs = polder_runs(study, 4, 4)
    dry = replace(runs, outputs=np.zeros_like(runs.outputs))
    long = [replace(variable, label={"en": f"{variable.name} at some length"}) for variable in study.inputs]
    picture = map_plot(study.outputs, study.outputs[0], long, dry, dry.outputs, "linear", "en")
    pixels = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    inked = (pixels < 255).any(axis=2)
    white = np.flatnonzero(~inked[np.argmax(inked.sum(axis=1))])  # of a row through three panels
    gaps = [len(part) for part in np.split(white, np.flatnonzero(np.diff(white) > 1) + 1)]
    _, first, second, _ = gaps[-4:]
    assert 0.5 < first / second < 2
