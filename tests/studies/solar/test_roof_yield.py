"""`roof_yield`: its truth, its reductions, and physics that answers alike as numba and as ONNX."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from studies_for_tests import as_graph_and_as_numbers

from frugal.errors import UnusableInputError
from frugal.experiments.designs.sampling import design_for
from frugal.experiments.study import Study
from frugal.experiments.study.design import Design
from frugal.experiments.study.registry import load_study
from frugal.studies.solar.roof_yield import alternatives
from frugal.studies.solar.roof_yield.site import RoofYieldSite, sector_horizon
from frugal.studies.solar.roof_yield.study import N_SECTORS, roof_yield


@cache
def study_and_design() -> tuple[Study, Design]:
    study = roof_yield(RoofYieldSite(roofs_per_dsm=60))
    return study, design_for(study, 96, seed=0)


@cache
def runs() -> np.ndarray:
    study, design = study_and_design()
    return np.stack([study.run(row, int(s)) for row, s in zip(design.inputs, design.object_ids, strict=True)])


def test_the_default_site_needs_no_file_and_is_plausible() -> None:
    study, design = study_and_design()
    assert study.site == {"transposition": "hay_davies", "roofs_per_dsm": 60, "seed": 0}
    yearly, loss = runs()[:, 12], runs()[:, 13]
    assert 500 < np.median(yearly) < 1400
    np.testing.assert_allclose(runs()[:, :12].sum(axis=1), yearly, rtol=1e-9)
    assert loss.min() >= -1e-9 and 0.005 < loss.mean() < 0.4
    assert len(np.unique(design.places)) > 4


def test_held_out_roofs_come_from_other_tiles() -> None:
    _, design = study_and_design()
    assert not set(design.places[design.held_out]) & set(design.places[~design.held_out])


def test_the_truth_is_not_the_solver_fed_with_reduced_inputs() -> None:
    study, design = study_and_design()
    reduced = np.stack([study.run(row) for row in design.inputs])
    error = np.sqrt(np.mean((reduced[:, 12] - runs()[:, 12]) ** 2)) / runs()[:, 12].mean()
    assert 1e-4 < error < 0.02


def test_an_open_horizon_loses_nothing() -> None:
    study, _ = study_and_design()
    row = np.array([30.0, 180.0, *np.zeros(N_SECTORS), 0.2, 1.15, 1.0])
    outputs = study.run(row)
    assert outputs[13] == 0.0
    assert study.run(np.where(np.arange(len(row)) == 1, 0.0, row))[12] < outputs[12]


@pytest.mark.parametrize("name", [a.name for a in roof_yield(RoofYieldSite()).alternatives])
@pytest.mark.parametrize("transposition", ["hay_davies", "perez"])
def test_each_alternative_answers_alike_as_graph(name: str, transposition: str) -> None:
    study, design = study_and_design()
    if transposition == "perez":
        study = roof_yield(RoofYieldSite(transposition="perez", roofs_per_dsm=60))
    got, expected = as_graph_and_as_numbers(study, design, runs(), name)
    np.testing.assert_allclose(got, expected, atol=1e-4 * runs().std(axis=0).max(), rtol=2e-5)


def test_steps_of_the_sky_are_far_below_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    study, design = study_and_design()
    alternative = next(a for a in study.alternatives if a.name == "cumulative_sky")

    def yearly() -> np.ndarray:
        return np.asarray(study.answer_of(alternative, design.inputs, runs()).predict(design.inputs)["yearly_yield"])

    stepped = yearly()
    monkeypatch.setattr(alternatives, "_SKY_STEP", 2.0**-40)
    fine = yearly()
    error = np.sqrt(np.mean((fine - runs()[:, 12]) ** 2))
    assert 0 < np.abs(stepped - fine).max() < 0.01 * error


def test_the_whole_year_on_sectors_is_the_best_alternative() -> None:
    study, design = study_and_design()
    errors = {}
    for alternative in study.alternatives:
        answer = study.answer_of(alternative, design.inputs, runs())
        yearly = np.asarray(answer.predict(design.inputs)["yearly_yield"])
        errors[alternative.name] = np.sqrt(np.mean((yearly - runs()[:, 12]) ** 2)) / runs()[:, 12].mean()
    assert min(errors, key=errors.__getitem__) == "sector_year"
    assert errors["sky_view_table"] < errors["unshaded_table"]
    assert errors["cumulative_sky"] < errors["sky_view_table"]


@pytest.mark.parametrize("n_sectors", [1, 4, 8, 12, 18, 24, 36, 72])
def test_sectors_keep_a_constant_horizon_and_its_mean(n_sectors: int) -> None:
    rng = np.random.default_rng(0)
    horizon = rng.uniform(0, 60, (5, 72))
    sectors = sector_horizon(horizon, n_sectors)
    assert sectors.shape == (5, n_sectors)
    np.testing.assert_allclose(sectors.mean(axis=1), horizon.mean(axis=1))
    np.testing.assert_allclose(sector_horizon(np.full((1, 72), 7.0), n_sectors), 7.0)


def test_sectors_that_do_not_divide_are_refused() -> None:
    with pytest.raises(UnusableInputError, match="7 sectors"):
        sector_horizon(np.zeros((1, 72)), 7)


def test_the_same_site_gives_the_same_study_and_another_seed_another() -> None:
    study, design = study_and_design()
    again = roof_yield(RoofYieldSite(roofs_per_dsm=60))
    assert again.hash() == study.hash()
    assert design_for(again, 96, seed=0).hash() == design.hash()
    assert roof_yield(RoofYieldSite(roofs_per_dsm=60, seed=1)).hash() != study.hash()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"latitude_deg": "46"}, "go together"),
        ({"latitude_deg": "46", "longitude_deg": "-1", "weather": "a.epw"}, "not both"),
        ({"transposition": "liu_jordan"}, "hay_davies"),
        ({"roofs_per_dsm": "0"}, "roofs_per_dsm"),
        ({"weather": "/nowhere/a.epw"}, "a.epw"),
        ({"dsm": "/nowhere/a.tif"}, "a.tif"),
    ],
)
def test_a_site_that_cannot_be_used_is_told(settings: dict[str, str], words: str) -> None:
    with pytest.raises(UnusableInputError, match=words):
        load_study("roof_yield", settings)


def test_a_surface_model_far_from_its_weather_is_refused_unless_forced(shared_data: Path) -> None:
    """Delft, 52.0° N 4.4° E, with the year of La Rochelle, 46.2° N 1.2° W: 762 km and 5.8° on a sphere of 6,371 km."""
    settings = {"dsm": f"{shared_data / 'dsm' / 'delft_050cm.tif'}", "roofs_per_dsm": "40"}
    with pytest.raises(
        UnusableInputError, match=r"lies 7\d\d km and 5.8° .* --set latitude_deg=52.0\d\d --set longitude_deg=4.3"
    ):
        design_for(load_study("roof_yield", settings), 24, seed=0)
    assert len(design_for(load_study("roof_yield", {**settings, "force_weather": "true"}), 24, seed=0).inputs) == 24


def test_real_weather_and_surface_models(shared_data: Path) -> None:
    study = load_study(
        "roof_yield",
        {
            "weather": str(shared_data / "weather" / "FRA_AC_La.Rochelle.Intl.AP.073160_TMYx.epw.gz"),
            "dsm": f"{shared_data / 'dsm' / 'delft_050cm.tif'}",
            "roofs_per_dsm": "80",
            "force_weather": "true",  # of La Rochelle, 6° south
        },
    )
    design = design_for(study, 48, seed=0)
    assert {place.split(" tile")[0] for place in design.places} == {"delft_050cm.tif"}
    outputs = np.stack([study.run(r, int(s)) for r, s in zip(design.inputs, design.object_ids, strict=True)])
    assert 600 < np.median(outputs[:, 12]) < 1300
    south = study.run(np.array([35.0, 180.0, *np.zeros(N_SECTORS), 0.2, 1.15, 1.0]))
    assert 1100 < south[12] < 1450
