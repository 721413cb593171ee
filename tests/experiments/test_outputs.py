"""Outputs that are maps: dry cells, scalars derived from them, what is refused, and what a hash holds."""

from dataclasses import replace

import numpy as np
import pytest
from polder_for_tests import EVENT_S, flood, polder_study, terrain
from studies_for_tests import vector_study

from frugal.errors import SolverError, UnusableInputError
from frugal.experiments.study import Derived, Need, Output, Study, Tolerance, Variable
from frugal.experiments.study.study_file import describe_study, read_outputs

GRID = {"y": [1, 0], "x": [0, 1, 2]}
DEPTH = Output("depth", "m", ("y", "x"), GRID, low=0.0, valid_above=0.1)
ARRIVAL = Output("arrival", "s", ("y", "x"), GRID, defined_where="depth", fill_value=99.0)
AREA = Output("area", "ha", derived=Derived("depth", "above", [[1, 2, 4], [8, 16, 32]], 0.1))
VOLUME = Output("volume", "m^3", derived=Derived("depth", "sum", 10.0))
INPUTS = (Variable("a", "1", 0.0, 1.0),)
NEED = Need("one", {"depth": Tolerance("rmse_defined", 0.1)})


def study(*outputs: Output, need: Need = NEED, **more: object) -> Study:
    return Study("s", INPUTS, outputs or (DEPTH, ARRIVAL, AREA, VOLUME), need, lambda x: {}, **more)


def test_scalars_come_from_the_map_and_dry_cells_are_coded_whatever_the_solver_wrote():
    depth = np.array([[0.0, 0.1, 0.5], [1.0, 0.05, 2.0]])
    flat = study().flatten({"depth": depth, "arrival": np.where(depth > 0.1, 7.0, np.nan)})
    assert flat[6:12].tolist() == [99, 99, 7, 7, 99, 7]
    assert flat[12] == 4 + 8 + 32 and flat[13] == pytest.approx(36.5)
    many = study().flatten({"depth": np.stack([depth, 0 * depth]), "arrival": np.full((2, 2, 3), 7.0)}, 2)
    np.testing.assert_array_equal(many[0], flat)
    assert many[1, 12:].tolist() == [0, 0] and (many[1, 6:12] == 99).all()


def test_a_derived_scalar_that_the_solver_gives_too_must_be_what_the_map_says():
    values = {"depth": np.ones((2, 3)), "arrival": np.ones((2, 3))}
    assert study().flatten({**values, "volume": 60.0})[13] == 60.0
    with pytest.raises(SolverError, match="'volume' is 61, but its map 'depth' says 60"):
        study().flatten({**values, "volume": 61.0})


def test_a_value_missing_in_a_wet_cell_is_a_failed_run():
    depth = np.ones((2, 3))
    with pytest.raises(SolverError, match="'arrival' is not a finite number"):
        study().flatten({"depth": depth, "arrival": np.where(np.arange(6).reshape(2, 3) == 2, np.nan, 1.0)})


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Derived("depth", "mean"), "derived kind 'mean' is unknown; use 'sum', 'above' or 'below'"),
        (lambda: Derived("depth", "sum", [1.0, np.nan]), "must be finite"),
        (lambda: Output("h", "m", valid_above=0.1), "'h' is a scalar: it has no undefined elements"),
        (lambda: replace(DEPTH, defined_where="other"), "has both valid_above and defined_where"),
        (lambda: replace(DEPTH, valid_above=None, derived=Derived("x", "sum")), "must be a scalar"),
        (lambda: study(ARRIVAL), "defined where 'depth' is, which has no valid_above"),
        (
            lambda: study(DEPTH, replace(AREA, derived=Derived("speed", "sum"))),
            "'speed', which is no field; fields: depth",
        ),
        (lambda: study(DEPTH, replace(AREA, derived=Derived("depth", "sum", [1.0]))), "has 1 weights; .* 6 elements"),
        (lambda: study(grid={"crs": "EPSG:2154"}), "needs 'crs' and 'transform', six numbers"),
        (lambda: study(cell_features={"bed": np.zeros((3, 3))}), "'bed' .* of the shape of its fields, \\(2, 3\\)"),
        (
            lambda: study(need=Need("one", {"volume": Tolerance("rmse_defined", 1.0)})),
            "'volume' is of the metric rmse_defined, but it is defined everywhere; use rmse or nrmse_std",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(make, told):
    with pytest.raises(UnusableInputError, match=told):
        make()


def test_maps_come_back_from_their_plain_values():
    grid = {"crs": "EPSG:2154", "transform": [1, 0, 0, 0, -1, 0]}
    described = describe_study(study(grid=grid))
    assert read_outputs(described["outputs"]) == study(grid=grid).outputs
    assert described["outputs"][0]["geometry"]["crs"] == "EPSG:2154"
    older = {key: part for key, part in described["outputs"][0].items() if key not in ("geometry", "valid_above")}
    assert read_outputs([{**older, "wet_threshold": 0.1}], grid)[0] == study(grid=grid).outputs[0]


def test_the_hash_knows_what_dry_means_and_plain_studies_keep_theirs():
    hashes = {
        study(*outputs).hash()
        for outputs in (
            (DEPTH, AREA),
            (replace(DEPTH, valid_above=0.2), AREA),
            (DEPTH, replace(AREA, derived=Derived("depth", "above", 1.0, 0.1))),
        )
    }
    assert len(hashes) == 3
    assert vector_study().outputs[0].definition() == ["total", "m", (), {}]


def test_the_polder_of_the_tests_runs_as_a_study():
    inputs = np.array([2.0, 6.0, 120.0, 600.0])
    flat, found = polder_study().run(inputs), flood(terrain(), inputs)
    assert flat[:480] == pytest.approx(found["max_depth"].ravel())
    assert flat[1440] == pytest.approx(0.25 * (found["max_depth"] > 0.05).sum())
    assert (flat[960:1440] == EVENT_S).sum() == np.isnan(found["arrival_time"]).sum() > 0
