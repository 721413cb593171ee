"""`roof_shading`: what a coarse surface shows of a roof, who is judged on what, and answers alike as numbers and as graphs."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from studies_for_tests import as_graph_and_as_numbers

from frugal.errors import UnusableInputError
from frugal.experiments.designs.sampling import design_for
from frugal.experiments.study import Study
from frugal.experiments.study.design import Design
from frugal.experiments.study.registry import load_study
from frugal.formats.rasters.surface_model import SurfaceModel, write_surface_model
from frugal.studies.solar.roof_shading.coarse_view import AROUND, coarse_view, coarser
from frugal.studies.solar.roof_shading.shading_ratio import shading_ratios
from frugal.studies.solar.roof_shading.site import RoofShadingSite, ShadingTerritory
from frugal.studies.solar.roof_shading.study import N_SECTORS, roof_shading
from frugal.studies.solar.roof_yield.site import RoofYieldSite, SolarTerritory
from frugal.studies.solar.roofs.roof_catalogue import find_roofs
from frugal.studies.solar.village.surface import synthetic_village

FIRST_RATIO = 2 + N_SECTORS
_FOLDER = TemporaryDirectory(prefix="roof_shading_")


@cache
def surfaces() -> tuple[Path, Path]:
    folder = Path(_FOLDER.name)
    for name, place in (
        ("learnt.tif", synthetic_village(3, 192.0)),
        ("judged.tif", synthetic_village(4, 192.0, centre_radius_m=400.0, wall_factor=1.5)),
    ):
        write_surface_model(folder / name, place)
    return folder / "learnt.tif", folder / "judged.tif"


def site(**changes: object) -> RoofShadingSite:
    learnt, judged = surfaces()
    return RoofShadingSite.model_validate({"dsm": [learnt], "test_dsm": [judged], "roofs_per_dsm": 150, **changes})


@cache
def study_and_design() -> tuple[Study, Design]:
    study = roof_shading(site())
    return study, design_for(study, 160, seed=0)


@cache
def runs() -> np.ndarray:
    study, design = study_and_design()
    return np.stack([study.run(row, int(s)) for row, s in zip(design.inputs, design.object_ids, strict=True)])


def nrmse(predicted: np.ndarray, truth: np.ndarray) -> float:
    return float(np.sqrt(np.mean((predicted - truth) ** 2)) / truth.mean())


def test_blocks_are_means_of_what_is_known() -> None:
    heights = np.arange(30.0).reshape(5, 6)
    heights[0, 0] = np.nan
    heights[4, :] = np.nan
    got = coarser(heights, 2)
    assert got.shape == (3, 3)
    assert got[0, 0] == pytest.approx((1 + 6 + 7) / 3)
    assert got[1, 1] == pytest.approx(heights[2:4, 2:4].mean())
    assert np.isnan(got[2]).all()
    for factor in (1, 6):
        with pytest.raises(UnusableInputError, match="coarseness"):
            coarser(heights, factor)


def test_a_long_roof_that_faces_south_is_seen_as_the_plane_it_is() -> None:
    """A shed roof 40 m deep, rising northward by 0.3: its own plane stands in every direction."""
    north = np.arange(240)[:, None] * np.ones(240)  # rows go south
    heights = np.where((np.abs(north - 120) < 40) & (np.abs(north.T - 120) < 60), 10.0 + 0.15 * (160 - north), 0.0)
    surface = SurfaceModel(heights, 0.5, 364_000.0, 6_628_000.0, "EPSG:2154", "shed", "0")
    roofs = find_roofs(surface, 40, 0, points_per_patch=400)
    inner = (np.abs(roofs.row - 120) < 20) & (np.abs(roofs.col - 120) < 40)
    view = coarse_view(surface, roofs, 4)
    assert inner.sum() > 5
    np.testing.assert_allclose(roofs.azimuth_deg[inner], 180.0, atol=0.1)
    rises = dict(zip(AROUND, view.relief[inner][:, -len(AROUND) :].T, strict=True))
    np.testing.assert_allclose(rises["ahead"], -0.6, atol=1e-6)  # one cell of 2 m
    np.testing.assert_allclose(rises["behind"], 0.6, atol=1e-6)
    np.testing.assert_allclose(rises["right"], 0.0, atol=1e-6)
    np.testing.assert_allclose(rises["ahead_left"], -0.6 * np.sqrt(0.5), atol=1e-6)
    assert view.horizon_deg[inner, 36].max() == 0.0  # south, down the roof
    north_up = np.degrees(np.arctan(0.3))
    assert (view.horizon_deg[inner, 0] < north_up).all() and (view.horizon_deg[inner, 0] > 0.8 * north_up).all()


def test_the_ratio_is_one_before_an_open_horizon_and_falls_most_in_winter_behind_a_wall_to_the_south() -> None:
    year = SolarTerritory(RoofYieldSite.model_validate({})).year
    azimuths = np.arange(72) * 5.0
    wall = np.where(np.abs(azimuths - 180) < 60, 35.0, 0.0)
    ratio = shading_ratios(year, np.full(3, 30.0), np.full(3, 180.0), np.stack([0 * wall, wall, np.full(72, 89.0)]), 0)
    np.testing.assert_array_equal(ratio[0], 1.0)
    assert 0.5 < ratio[1, 0] < 0.9 and ratio[1, 1] < ratio[1, 0] - 0.1
    assert (ratio[2] < 0.05).all()


def test_nothing_is_learnt_from_the_places_that_judge() -> None:
    _, design = study_and_design()
    names = np.array([place.split(" tile")[0] for place in design.places])
    assert set(names[design.held_out]) == {"judged.tif"}
    assert set(names[~design.held_out]) == {"learnt.tif"}
    assert design.held_out.sum() == 40 and len(design) == 160
    assert len(np.unique(design.object_ids)) == len(design)


def test_more_roofs_than_there_are_give_all_of_them_once() -> None:
    study, _ = study_and_design()
    design = design_for(study, 5000, seed=0)
    assert len(design) == 300 and design.held_out.sum() == 150
    assert len(np.unique(design.object_ids)) == 300


def test_without_a_test_place_whole_tiles_are_held_out() -> None:
    study = roof_shading(site(test_dsm=[]))
    design = design_for(study, 100, seed=0)
    assert design.held_out.any()
    assert not set(design.places[design.held_out]) & set(design.places[~design.held_out])


@pytest.mark.slow
def test_the_default_site_judges_on_generated_places_of_other_seeds() -> None:
    territory = ShadingTerritory(RoofShadingSite(), N_SECTORS)
    learnt, judged = ({s.source for s in group} for group in (territory.surfaces, territory.test_surfaces))
    assert len(learnt) == 12 and len(judged) == 30 and not learnt & judged
    assert {s.resolution_m for s in territory.test_surfaces} == {0.5, 1.0}


def test_inputs_stay_in_their_bounds_and_hold_the_physics_of_the_coarse_surface() -> None:
    study, design = study_and_design()
    for j, variable in enumerate(study.columns):
        assert variable.low <= design.inputs[:, j].min() and design.inputs[:, j].max() <= variable.high, variable.name
    assert [v.name for v in study.columns[FIRST_RATIO : FIRST_RATIO + 2]] == [
        "coarse_yearly_ratio",
        "coarse_winter_ratio",
    ]
    sectors = np.stack([study.run(row) for row in design.inputs])
    ratio = design.inputs[:, FIRST_RATIO : FIRST_RATIO + 2]
    assert np.corrcoef(sectors[:, 0], ratio[:, 0])[0, 1] > 0.95
    assert nrmse(sectors[:, 0], ratio[:, 0]) < 0.03
    assert set(design.inputs[:, FIRST_RATIO + 2]) == {2.0}


def test_the_truth_sees_what_the_coarse_surface_hides() -> None:
    _, design = study_and_design()
    truth, coarse = runs()[:, 0], design.inputs[:, FIRST_RATIO]
    assert truth.min() > 0.3 and truth.max() <= 1.0
    assert 0.01 < nrmse(coarse, truth) < 0.2
    assert (coarse - truth).mean() > 0.005  # a mean over blocks lowers what stands in the light


@pytest.mark.parametrize(
    "name", ["no_shading", "sky_view", "coarse_surface", "coarse_surface_corrected", "sector_year"]
)
@pytest.mark.parametrize("transposition", ["hay_davies", "perez"])
def test_each_alternative_answers_alike_as_graph(name: str, transposition: str) -> None:
    study, design = study_and_design()
    if transposition == "perez":
        study = roof_shading(site(transposition="perez"))
    got, expected = as_graph_and_as_numbers(study, design, runs(), name)
    assert expected.min() >= 0.0 and expected.max() <= 1.0
    np.testing.assert_allclose(got, expected, atol=1e-4 * runs().std(axis=0).max(), rtol=2e-5)


def test_each_step_up_is_nearer_to_the_truth_on_a_place_never_seen() -> None:
    study, design = study_and_design()
    learning, held_out = ~design.held_out, design.held_out
    errors = {}
    for alternative in study.alternatives:
        answer = study.answer_of(alternative, design.inputs[learning], runs()[learning])
        predicted = np.asarray(answer.predict(design.inputs[held_out])["yearly_ratio"])
        errors[alternative.name] = nrmse(predicted, runs()[held_out, 0])
    assert errors["coarse_surface_corrected"] < errors["coarse_surface"] < errors["no_shading"]
    assert errors["coarse_surface"] < errors["sector_year"] * 1.05


@pytest.mark.slow
def test_the_truth_needs_the_fine_surface_and_ratios_are_shares() -> None:
    study, _ = study_and_design()
    assert study.missing_data == {
        "en": "a surface model in cells of 0.5 m",
        "fr": "un modèle de surface en mailles de 0,5 m",
    }
    assert [(output.low, output.high) for output in study.outputs] == [(0.0, 1.0)] * 2
    default = ShadingTerritory(RoofShadingSite(), N_SECTORS).fine_surface()
    assert (default["en"], default["fr"]) == (
        "a surface model in cells of 0.5 or 1 m",
        "un modèle de surface en mailles de 0,5 ou 1 m",
    )


def test_the_same_site_gives_the_same_study_and_another_one_another() -> None:
    study, design = study_and_design()
    again = roof_shading(site())
    assert again.hash() == study.hash()
    assert design_for(again, 160, seed=0).hash() == design.hash()
    assert roof_shading(site(coarseness=3)).hash() != study.hash()
    assert roof_shading(site(test_dsm=[])).hash() != study.hash()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"coarseness": "1"}, "coarseness"),
        ({"transposition": "liu_jordan"}, "hay_davies"),
        ({"weather": "/nowhere/a.epw"}, "a.epw"),
        ({"test_dsm": "/nowhere/a.tif"}, "a.tif"),
    ],
)
def test_a_site_that_cannot_be_used_is_told(settings: dict[str, str], words: str) -> None:
    with pytest.raises(UnusableInputError, match=words):
        load_study("roof_shading", {"dsm": str(surfaces()[0]), **settings})


def test_a_place_cannot_judge_what_was_learnt_from_it() -> None:
    learnt, _ = surfaces()
    with pytest.raises(UnusableInputError, match=r"learnt\.tif' is also among"):
        roof_shading(site(test_dsm=[learnt]))


def test_a_surface_that_is_coarse_already_is_no_truth(tmp_path: Path) -> None:
    write_surface_model(tmp_path / "wide.tif", synthetic_village(0, 128.0, 2.0))
    study = roof_shading(site(test_dsm=[tmp_path / "wide.tif"]))
    with pytest.raises(UnusableInputError, match=r"roofs need 1\.25 m or finer"):
        design_for(study, 100, seed=0)


def test_a_surveyed_city_is_judged_on(shared_data: Path) -> None:
    study = roof_shading(site(test_dsm=[shared_data / "dsm" / "delft_050cm.tif"]))
    design = design_for(study, 100, seed=0)
    assert {place.split(" tile")[0] for place in design.places[design.held_out]} == {"delft_050cm.tif"}
    rows, object_ids = design.inputs[design.held_out], design.object_ids[design.held_out]
    truth = np.stack([study.run(row, int(s)) for row, s in zip(rows, object_ids, strict=True)])
    assert 0.8 < truth[:, 0].mean() < 0.99
    assert nrmse(rows[:, FIRST_RATIO], truth[:, 0]) < 0.15
