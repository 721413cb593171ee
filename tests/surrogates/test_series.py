"""Levels at ten stations over a day: learnt by their modes whatever they lie on, judged, drawn, shipped and asked."""

import json
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import xarray
from campaigns_for_tests import few_models, short_timings
from polder_for_tests import polder_runs
from tide_for_tests import CHAINAGE, HOURS, STATIONS, tide_outputs, tide_study
from typer.testing import CliRunner

from frugal import cli
from frugal.campaigns.campaign import Settings, run_campaign
from frugal.campaigns.publish import publish
from frugal.campaigns.reevaluation import evaluate_bundle
from frugal.experiments.runs.store import open_store
from frugal.experiments.study import Need, Output, Points, Study, TimeAxis, Variable
from frugal.experiments.study.design import plain_design
from frugal.surrogates.bundle.bundle import open_bundle
from frugal.surrogates.frugality_checks.budget import Budget
from frugal.surrogates.frugality_checks.fewer_inputs import inputs_dropped
from frugal.surrogates.frugality_checks.refit import learner_for
from frugal.surrogates.ladder.answering import answering_for, from_graph
from frugal.surrogates.ladder.build import build_ladder
from frugal.surrogates.ladder.row import unmeasured_row
from frugal.surrogates.measurement.errors import judge
from frugal.surrogates.measurement.series_plots import is_drawn, panels, series_plot, write_series_plots
from frugal.surrogates.models import registry
from frugal.surrogates.models.fields.pod import Modes, Plain, Reduction
from frugal.surrogates.onnx.physical_limits import clip_outputs

#: What is known of each place and time whatever is asked: how far up, and when.
FEATURES = {
    "kilometre": np.broadcast_to(CHAINAGE / 1000, (len(HOURS), STATIONS)),
    "phase": np.broadcast_to(np.cos(2 * np.pi * HOURS / 12.42)[:, None], (len(HOURS), STATIONS)),
}
STUDY = replace(tide_study("lines"), cell_features=FEATURES)
RUNS = polder_runs(STUDY, 110, 30)
LEVEL = slice(0, len(HOURS) * STATIONS)


class Meter:
    """Counts nothing."""

    @contextmanager
    def stage(self, stage, candidate=None, **more):
        yield SimpleNamespace(details={})


@pytest.fixture(scope="module")
def ladder():
    with pytest.MonkeyPatch.context() as patch:  # half a minute of training shows no more
        patch.setattr(registry, "CellNetwork", partial(registry.CellNetwork, pairs=2000, max_iterations=120))
        return {candidate.name: candidate for candidate in build_ladder(STUDY, RUNS.training, Meter(), 0)}


def test_more_than_64_values_are_learnt_by_their_modes_whatever_they_lie_on() -> None:
    for form in ("lines", "points", "plain"):
        level, highest = tide_outputs(form)
        assert level.size == 1450 and level.is_field and not level.is_grid and not highest.is_field
        reduction, targets = Reduction.of(RUNS.training.outputs, (level, highest))
        assert isinstance(reduction.parts["level"], Modes) and isinstance(reduction.parts["highest"], Plain)
        assert targets.shape[1] < 33
    values = np.random.default_rng(0).normal(size=(20, 65))
    for size, kind in ((64, Plain), (65, Modes)):
        places = Points("EPSG:2154", range(size), range(size), list(map(str, range(size))))
        gust = Output("gust", "m/s", geometry=places)
        assert isinstance(Reduction.of(values[:, :size], (gust,))[0].parts["gust"], kind)


@pytest.mark.parametrize("name", [model.name for model in registry.models_for(STUDY)])
def test_every_rung_answers_series_and_its_graph_the_same(ladder, name: str) -> None:
    candidate = ladder[name]
    assert candidate.model is not None, candidate.graph_reason
    asked = RUNS.held_out.inputs.astype(np.float32).astype(float)
    assert candidate.parity is not None and candidate.parity.holds
    opened = from_graph(STUDY, name, candidate.model)
    fitted, graph = clip_outputs(candidate.predict(asked), STUDY.outputs), opened.predict(asked, None)
    spread = RUNS.training.outputs.std(axis=0).max()
    assert np.abs(fitted - graph).max() < 2e-3 * spread
    widths = opened.widths(RUNS.held_out.inputs)
    assert widths.shape == RUNS.held_out.outputs.shape and (widths >= 0).all()


def test_networks_and_processes_learn_what_the_constant_cannot_and_stay_small(ladder) -> None:
    def error(name: str) -> float:
        predicted = answering_for(STUDY, ladder[name]).predict(RUNS.held_out.inputs, None)
        return float(np.sqrt(np.mean((predicted - RUNS.held_out.outputs)[:, LEVEL] ** 2)))

    errors = {name: error(name) for name in ("constant", "mlp", "gaussian_process", "boosted_trees")}
    assert errors["constant"] > 0.5 and errors["mlp"] < 0.1 and errors["gaussian_process"] < 0.05
    assert errors["boosted_trees"] < 0.6 * errors["constant"]
    assert all(len(ladder[name].model) < 200_000 for name in errors)


def test_of_a_series_nobody_says_cells(ladder) -> None:
    assert ladder["cell_network"].label["en"] == "Small neural network, element by element"


def test_intervals_and_errors_are_told_of_the_whole_series(ladder) -> None:
    candidate = ladder["gaussian_process"]
    judged = judge(STUDY, unmeasured_row(STUDY, candidate), answering_for(STUDY, candidate), RUNS.held_out, Meter(), 0)
    assert judged.errors["level"].met and 0.7 < judged.interval_coverage <= 1
    summary = judged.errors["level"].summary
    assert summary["cells"] == 1450 and summary["worst_cell"].startswith("time=")


def test_the_inputs_that_a_series_hangs_on_are_told() -> None:
    learner = learner_for(STUDY, "gaussian_process", 0)
    found, reason = inputs_dropped(learner, None, [(RUNS.training, RUNS.held_out)], Budget(1e6), 1.0)
    assert reason is None and found["met"] and "tide_range" not in found["droppable"]
    assert {row["name"] for row in found["importance"]} == set(STUDY.column_names)


# ------------------------------------------------------------------------------------------ From a campaign on


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tide")
    with pytest.MonkeyPatch.context() as patch:
        few_models(patch, ("constant", "linear", "gaussian_process"))
        short_timings(patch)
        settings = Settings(folder=folder / "campaigns", measure_seconds=0.2, carbon=False)
        publish(run_campaign(tide_study("lines", 80), settings), folder / "bundle")
    return folder / "bundle"


@pytest.mark.slow
def test_a_bundle_of_series_holds_their_pictures_and_can_be_judged_again(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_timings(monkeypatch)
    drawn = {path.name: path.read_bytes() for path in bundle.glob("series_level.*.png")}
    assert set(drawn) == {"series_level.en.png", "series_level.fr.png"}
    before = json.loads((bundle / "candidates.json").read_text())["candidates"]
    evaluate_bundle(open_bundle(bundle), carbon=False)
    assert {path.name: path.read_bytes() for path in bundle.glob("series_level.*.png")} == drawn
    assert (bundle / "audit.en.html").is_file()
    errors = {row["name"]: row["error"]["level"]["value"] for row in before if row["error"]}
    assert errors["gaussian_process"] < 0.1 < errors["linear"] < errors["constant"]


def test_an_answer_is_told_written_and_tabled(bundle: Path, tmp_path: Path) -> None:
    asked = ["predict", str(bundle), "--candidate", "gaussian_process"]
    told = CliRunner().invoke(cli.app, [*asked, "--out", str(tmp_path / "answer.nc")])
    assert told.exit_code == 0, told.output
    assert "level: 145 times at 10 places" in told.stdout and "  estuary@50000: " in told.stdout
    with xarray.open_dataset(tmp_path / "answer.nc", engine="h5netcdf") as data:
        assert data.level_lower.dims == ("station", "time") and bool((data.level_lower < data.level_upper).all())
        assert data.attrs["candidate"] == "gaussian_process" and data.attrs["in_domain"] == "yes"
        assert data.attrs["study_hash"] == tide_study("lines", 80).hash()
    (tmp_path / "asked.csv").write_text("surge\n0.5\n1.5\n")
    tabled = CliRunner().invoke(cli.app, [*asked, "--csv", str(tmp_path / "asked.csv")])
    assert tabled.exit_code == 0, tabled.output
    assert "note: the table does not hold level" in tabled.stderr and "--out .nc" in tabled.stderr
    assert tabled.stdout.splitlines()[0] == "surge,highest,highest_lower,highest_upper,in_domain"


# ------------------------------------------------------------------------------------------ Pictures and stores


@pytest.mark.slow
def test_pictures_show_places_over_time_and_lines_along_them(tmp_path: Path) -> None:
    level, highest = STUDY.outputs
    assert is_drawn(level) and not is_drawn(highest)
    shown = panels(level, "en")
    assert [panel.name for panel in shown] == ["estuary@0", "estuary@40000", "estuary@90000"]
    assert shown[0].x_label == "Time [h] since 2010-02-27 18:00 UTC" and shown[2].elements[:2].tolist() == [9, 19]
    along = replace(level, dims=(), coords={}, time=None)
    (panel,) = panels(along, "fr")
    assert panel.name == "estuary" and panel.x_label == "Distance le long de la ligne [km]"
    np.testing.assert_allclose(panel.x, CHAINAGE / 1000)
    parts = (STUDY.outputs, level, STUDY.columns, RUNS.held_out, RUNS.held_out.outputs * 0.9, "linear")
    once = series_plot(*parts, "en")
    assert (
        once == series_plot(*parts, "en")
        and len({once, series_plot(*parts, "fr"), series_plot(*parts, "en", False)}) == 3
    )
    written = write_series_plots(tmp_path, *(parts[0], *parts[2:]))
    assert [path.name for path in written] == ["series_level.en.png", "series_level.fr.png"]


def test_two_sets_of_stations_stand_in_a_run_store_side_by_side(tmp_path: Path) -> None:
    def geometry(n: int) -> Points:
        return Points("EPSG:2154", range(n), range(n), [f"p{k}" for k in range(n)])

    def solve(surge: np.ndarray) -> dict[str, np.ndarray]:
        return {"level": np.full((2, 3), surge.sum()), "peak": np.full(2, surge.max()), "gust": np.full((2, 3), 1.0)}

    study = Study(
        "two",
        (Variable("surge", "m", 0.0, 1.0, dims=("coast",), coords={"coast": ["north", "south"]}),),
        (
            Output("level", "m", geometry=geometry(3), time=TimeAxis((0.0, 1.0))),
            Output("peak", "m", geometry=geometry(2)),
            Output("gust", "m/s", geometry=geometry(3), time=TimeAxis((0.0, 5.0))),
        ),
        Need("x", {}),
        solve,
    )
    design = plain_design(np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([False, True]))
    store = open_store(tmp_path / "runs.zarr", study, design, 1)
    with xarray.open_zarr(store.path, consolidated=False) as data:
        assert data.level.dims == ("run", "time", "station") and data.peak.dims == ("run", "station_peak")
        assert data.gust.dims == ("run", "time_gust", "station")
        assert data.station_peak.values.tolist() == ["p0", "p1"] and data.time_gust.values.tolist() == [0.0, 5.0]
        assert data.surge.sel(coast="south").values.tolist() == [0.2, 0.4]
