"""Inputs by name and as vectors, geometry and time of outputs, scenarios, parameters, observations."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frugal.errors import SolverError, UnusableInputError
from frugal.experiments.runs.residuals import residuals
from frugal.experiments.study import (
    Alternative,
    Grid,
    Lines,
    Measurement,
    Need,
    Observations,
    Output,
    Parameter,
    Points,
    Scenario,
    Study,
    TimeAxis,
    Tolerance,
    Variable,
    formula,
    read_observations,
)
from frugal.experiments.study.input_layout import InputLayout
from frugal.experiments.study.questions import find_scenario, question
from frugal.experiments.study.study_file import describe_study, read_outputs, read_scenarios, read_variables
from frugal.surrogates.onnx.graph import Graph, serialise, session

SPEED = Variable("speed", "m/s", 0.0, 10.0, {"en": "Speed", "fr": "Vitesse"}, default=2.0)
LOAD = Variable(
    "load",
    "1",
    0.0,
    5.0,
    {"en": "Load in {month}", "fr": "Charge"},
    dims=("month",),
    coords={"month": ("jan", "feb", "mar")},
)
KIND = Variable("kind", "1", 0, 1, choices=("low", "high"))
NEED = Need("one", {"y": Tolerance("rmse", 1.0)})


def solve(speed: float, load: np.ndarray, kind: float, gain: float) -> dict[str, Any]:
    return {"y": gain * (speed + load.sum() + 100 * kind)}


def study(**changes: Any) -> Study:
    made: dict[str, Any] = {
        "name": "s",
        "inputs": (SPEED, LOAD, KIND),
        "outputs": (Output("y", "m"),),
        "need": NEED,
        "solve": solve,
        "parameters": (Parameter("gain", "1", 0.5, 2.0, 1.0),),
        "scenarios": (Scenario("storm", {"speed": 9.0, "load": [1, 2, 3], "kind": "high"}, "invented"),),
    }
    return Study(**{**made, **changes})


# ------------------------------------------------------------------------------------------------------ inputs by name


def test_a_vector_is_flattened_in_one_place_and_comes_back() -> None:
    s = study()
    assert s.column_names == ("speed", "load[jan]", "load[feb]", "load[mar]", "kind")
    assert s.columns[1].label == {"en": "Load in jan", "fr": "Charge [jan]"} and s.columns[1].high == 5.0
    row = np.array([2.0, 1.0, 2.0, 3.0, 1.0])
    named = s.layout.by_name(row)
    assert named["speed"] == 2.0 and named["load"].tolist() == [1.0, 2.0, 3.0]
    rows = s.layout.columns_by_name(np.stack([row, 2 * row]))
    assert rows["speed"].shape == (2,) and rows["load"].shape == (2, 3)
    np.testing.assert_array_equal(s.layout.rows(rows), np.stack([row, 2 * row]))
    np.testing.assert_array_equal(s.layout.rows(named), row[None])
    assert s.run(row)[0] == 108.0
    assert read_variables(describe_study(s)["inputs"]) == s.inputs


def test_the_former_form_runs_and_is_told() -> None:
    s = study(solve=lambda x: {"y": x.sum()}, parameters=(), alternatives=(formula("f", lambda x: {"y": x[:, 0]}),))
    assert s.former_forms == ("solve", "f") and s.run(np.ones(5))[0] == 5.0
    assert study().former_forms == ()
    answer = s.answer_of(s.alternatives[0], np.ones((2, 5)), np.ones((2, 1)))
    assert np.asarray(answer.predict(np.full((3, 5), 4.0))["y"]).tolist() == [4.0] * 3 and answer.graph is None


def test_a_truth_takes_its_object_by_name_or_in_the_former_form() -> None:
    by_name = study(truth=lambda object_id, speed, **_: {"y": object_id + speed})
    assert by_name.run(np.ones(5), 7)[0] == 8.0 and by_name.run(np.ones(5))[0] == 104.0
    former = study(truth=lambda inputs, object_id: {"y": object_id + inputs[0]})
    assert former.run(np.ones(5), 7)[0] == 8.0 and former.former_forms == ("truth",)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"solve": lambda speed, lod, kind, gain: {}}, "takes 'lod', which is no input.*did you mean 'load'"),
        ({"solve": lambda speed, load, kind: {}}, "does not take the input 'gain'"),
        ({"alternatives": (formula("f", lambda xp, spede: {}),)}, "'f' of study 's' takes 'spede'.*mean 'speed'"),
        ({"inputs": (replace(SPEED, name="xp"),)}, "'xp' is reserved"),
        ({"parameters": (Parameter("speed", "1", 0.0, 1.0, 0.5),)}, "the name 'speed' twice"),
        ({"parameter_values": {"gian": 1.0}}, "'gian' of study 's' is unknown.*mean 'gain'"),
        ({"parameter_values": {"gain": 3.0}}, r"'gain' = 3 is out of bounds \[0.5, 2\]"),
        ({"scenarios": (Scenario("a", {"sped": 1.0}, "x"),)}, "scenario 'a'.*'sped' is unknown"),
        ({"scenarios": (Scenario("a", {"speed": 99.0}, "x"),)}, "scenario 'a'.*out of bounds"),
        ({"scenarios": (Scenario("a", {}, "x"), Scenario("a", {}, "x"))}, "two scenarios named 'a'"),
        ({"observations": (Observations("o", (Measurement("z", 1.0),)),)}, "measure 'z', which is no output"),
        ({"observations": (Observations("o", (Measurement("y", 1.0),), scenario="calm"),)}, "'calm' .* is unknown"),
        ({"observations": (Observations("o", (Measurement("y", 1.0, time=2.0),)),)}, "it has no time"),
    ],
)
def test_what_does_not_fit_a_study_is_refused_in_one_sentence(change: dict[str, Any], told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        study(**change)


def test_what_numpy_holds_is_kept_as_plain_values() -> None:
    load = replace(LOAD, coords={"month": np.arange(3)}, default=np.array([1.0, 2.0, 3.0]))
    assert load.coords == {"month": [0, 1, 2]} and load.default == [1.0, 2.0, 3.0]
    assert replace(KIND, default="high").default == 1.0
    assert Output("y", "m", ("k",), {"k": range(3)}).coords == {"k": [0, 1, 2]}
    assert Scenario("a", {"load": np.arange(3.0), "speed": np.float64(2.0)}, "x").values["load"] == [0.0, 1.0, 2.0]
    level = Output("y", "m", ("time", "k"), {"k": [1, 2]}, time=TIDE)
    assert level.shape == (4, 2)


def test_whoever_gets_arrays_may_write_into_them() -> None:
    def greedy(speed: Any, load: Any, kind: Any, gain: Any) -> dict[str, Any]:
        load *= 0.0
        return {"y": speed + load.sum(axis=-1)}

    def spoilt(x: np.ndarray) -> dict[str, Any]:
        x *= 0.0
        return {"y": x.sum(axis=-1)}

    for solve_, answer in ((greedy, greedy), (spoilt, spoilt)):
        changes = {"parameters": ()} if solve_ is spoilt else {}
        s = study(solve=solve_, alternatives=(formula("f", answer),), **changes)
        row, rows = np.ones(5), np.ones((3, 5))
        s.run(row)
        np.asarray(s.answer_of(s.alternatives[0], rows, rows).predict(rows)["y"])
        assert (row == 1).all() and (rows == 1).all()


@pytest.mark.parametrize("named", [lambda p, q: {}, lambda spee, load, kind: {}])
def test_misspelt_inputs_are_no_former_form(named: Any) -> None:
    with pytest.raises(UnusableInputError, match="which is no input"):
        study(solve=named, parameters=())


def test_a_need_keeps_the_scenarios_inside_its_domain() -> None:
    from frugal.experiments.needs.domain import with_need

    narrow = with_need(study(), replace(NEED, domain={"speed": (0.0, 5.0)}))
    assert narrow.scenarios == () and with_need(study(), NEED).scenarios == study().scenarios


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: replace(LOAD, coords={}), "dimension 'month' but no coordinates"),
        (lambda: replace(LOAD, coords={"month": ("a", "a")}), "coordinate 'a'"),
        (lambda: replace(LOAD, coords={"month": ("a,b",)}), "without"),
        (lambda: replace(LOAD, default=(1.0, 2.0)), "2 values; 3 are needed"),
        (lambda: replace(LOAD, default=9.0), "default 9"),
        (lambda: replace(SPEED, default=(1.0, 2.0)), "2 values; 1 is needed"),
        (lambda: Scenario("a", {}, " "), "has no source"),
        (lambda: replace(SPEED, dims=("k", "k"), coords={"k": [1]}), "the dimension 'k' twice"),
        (lambda: replace(SPEED, coords={"k": [1]}), "coordinates for 'k', which is none of its dims"),
        (lambda: replace(LOAD, coords={"month": ()}), "no coordinates"),
        (lambda: replace(SPEED, period=0.0), "the period 0"),
        (lambda: replace(KIND, choices=("low", "low")), "each once"),
        (lambda: replace(KIND, default=0.5), "default 0.5; one of low, high"),
        (lambda: replace(SPEED, default="quick"), "default 'quick'; a number is needed"),
        (lambda: Output("y", "m", ("k",), {"k": [1, 2]}, defined_where="y", fill_value=np.nan), "fill_value nan"),
        (
            lambda: Output("y", "m", ("k",), {"k": [1]}, low=0.0, defined_where="y", fill_value=-9.0),
            "between 0 and inf",
        ),
        (lambda: Output("y", "m", ("k",), {"k": [1]}, valid_above=0.05, fill_value=3.0), "fill_value 3"),
        (lambda: TimeAxis((0.0, 1.0), "heure"), "unit 'heure' is unknown"),
        (
            lambda: Output("y", "m", ("station",), {"station": ["south", "north"]}, geometry=STATIONS),
            "other coordinates",
        ),
        (lambda: Alternative("a", "formula"), "no way to answer"),
        (lambda: Alternative("a", "formula", answer=solve, make=lambda: solve), "answer and make"),
        (lambda: Measurement("y", 1.0, sigma=-1.0), "sigma = -1"),
        (lambda: Observations("o", ()), "hold no measurement"),
    ],
)
def test_parts_are_checked_where_they_are_made(make: Any, told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        make()


def test_an_answer_written_once_is_a_program_and_a_graph() -> None:
    def answer(xp: Any, speed: Any, load: Any, gain: Any) -> dict[str, Any]:
        return {"y": gain * (speed + xp.sum(load, axis=1))}

    s = study(alternatives=(Alternative("sum", "formula", answer=answer),), parameter_values={"gain": 2.0})
    ready = s.answer_of(s.alternatives[0], np.zeros((1, 5)), np.zeros((1, 1)))
    rows = np.random.default_rng(0).uniform(0, 4, (6, 5))
    expected = 2 * rows[:, :4].sum(axis=1)
    np.testing.assert_allclose(np.asarray(ready.predict(rows)["y"]), expected)
    graph = Graph("sum")
    assert ready.graph is not None
    y = ready.graph(graph, graph.input("inputs", 5))
    (got,) = session(serialise(graph.finish([("y", y, 1, (1,))]))).run(None, {"inputs": rows.astype(np.float32)})
    np.testing.assert_allclose(got[:, 0], expected, rtol=1e-6)
    wrong = study(alternatives=(Alternative("w", "formula", answer=lambda xp, load: {"y": load}),))
    with pytest.raises(SolverError, match="'y' has shape"):
        graph = Graph("w")
        made = wrong.answer_of(wrong.alternatives[0], np.zeros((1, 5)), np.zeros((1, 1)))
        assert made.graph is not None
        made.graph(graph, graph.input("inputs", 5))


def test_what_is_fitted_sees_runs_by_name() -> None:
    def fit(inputs: Any, outputs: Any) -> Any:
        slope = float(np.mean(outputs["y"] / inputs["load"].sum(axis=1)))
        return lambda load: {"y": slope * load.sum(axis=1)}

    s = study(alternatives=(Alternative("slope", "linear", fit=fit),))
    assert s.alternatives[0].needs_runs
    x = np.random.default_rng(0).uniform(1, 4, (6, 5))
    ready = s.answer_of(s.alternatives[0], x, 3 * x[:, 1:4].sum(axis=1, keepdims=True))
    np.testing.assert_allclose(np.asarray(ready.predict(x)["y"]), 3 * x[:, 1:4].sum(axis=1))


# ---------------------------------------------------------------------------------------------------------- questions


def test_what_nobody_gives_is_assumed_and_told() -> None:
    asked = question(study().inputs, {}, assume_middle=True)
    assert asked.row.tolist() == [2.0, 2.5, 2.5, 2.5, 0.0]
    assert asked.assumed == {"speed": "default", "load": "middle", "kind": "middle"}
    with pytest.raises(UnusableInputError, match=r"4 inputs are missing: 'load\[jan\]', .*'kind'"):
        question(study().inputs, {})


@pytest.mark.parametrize(
    ("given", "row"),
    [
        ({"load": "1, 2, 3"}, [2.0, 1.0, 2.0, 3.0, 0.0]),
        ({"load": "1,5; 2; 3"}, [2.0, 1.5, 2.0, 3.0, 0.0]),
        ({"load": "4"}, [2.0, 4.0, 4.0, 4.0, 0.0]),
        ({"load": "4", "load[feb]": "1"}, [2.0, 4.0, 1.0, 4.0, 0.0]),
        ({"load[feb]": "1", "kind": "high"}, [2.0, 2.5, 1.0, 2.5, 1.0]),
        ({"load": np.array([1.0, 2.0, 3.0]), "speed": "36 km/h"}, [10.0, 1.0, 2.0, 3.0, 0.0]),
    ],
)
def test_vectors_are_given_as_lists_or_by_element(given: dict[str, Any], row: list[float]) -> None:
    assert question(study().inputs, given, assume_middle=True).row.tolist() == pytest.approx(row)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"load": "1,2"}, "'load' has 2 values; 3 are needed"),
        ({"load[apr]": "1"}, r"'load\[apr\]' is unknown"),
        ({"load": "1,2,9"}, r"'load\[mar\]' = 9 is out of bounds"),
        ({"speed": [1, 2]}, "'speed' has 2 values"),
        ({"speed": None}, "'speed' = None must be a number"),
    ],
)
def test_bad_values_are_named(given: dict[str, Any], told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        question(study().inputs, given, assume_middle=True)


def test_a_scenario_answers_for_what_is_not_given() -> None:
    s = study()
    asked = question(s.inputs, {"speed": 1.0}, find_scenario(s.scenarios, "storm", "s"))
    assert asked.row.tolist() == [1.0, 1.0, 2.0, 3.0, 1.0]
    assert asked.assumed == {"load": "scenario", "kind": "scenario"}
    with pytest.raises(UnusableInputError, match=r"'strom' .* did you mean 'storm'"):
        find_scenario(s.scenarios, "strom", "s")
    assert read_scenarios(describe_study(s)["scenarios"]) == s.scenarios


def test_an_element_of_a_scenario_leaves_the_others_at_their_default() -> None:
    s = study(
        inputs=(SPEED, replace(LOAD, default=1.0), replace(KIND, default="low")),
        scenarios=(Scenario("may", {"load[feb]": 4.0}, "invented"),),
    )
    asked = question(s.inputs, {"load[jan]": 2.0}, find_scenario(s.scenarios, "may", "s"))
    assert asked.row.tolist() == [2.0, 2.0, 4.0, 1.0, 0.0]
    assert asked.assumed == {"speed": "default", "load[feb]": "scenario", "load[mar]": "default", "kind": "default"}


def test_parameters_change_the_answer_and_the_hash() -> None:
    s = study()
    other = s.with_parameters({"gain": 2.0})
    assert other.run(np.ones(5))[0] == 2 * s.run(np.ones(5))[0] and other.hash() != s.hash()


# ----------------------------------------------------------------------------------------------------------- geometry

ESTUARY = Lines("EPSG:2154", {"garonne": ((0.0, 0.0), (3000.0, 4000.0))}, {"garonne": (0.0, 2500.0, 5000.0)})
STATIONS = Points("EPSG:2154", (1.0, 2.0), (3.0, 4.0), ("north", "south"))
TIDE = TimeAxis((0.0, 1.0, 2.0, 3.0), "hour", "2010-02-28T00:00:00Z")
LEVEL = Output("y", "m", geometry=STATIONS, time=TIDE)


def test_dimensions_follow_from_geometry_and_time() -> None:
    assert LEVEL.shape == (4, 2) and LEVEL.is_series and not LEVEL.is_field and not LEVEL.is_grid
    assert Output("y", "m", geometry=ESTUARY).shape == (3,)
    assert ESTUARY.places() == ((0.0, 1500.0, 3000.0), (0.0, 2000.0, 4000.0))
    field = Output("depth", "m", geometry=Grid("EPSG:2154", (10.0, 0.0, 100.0, 0.0, -10.0, 200.0), (2, 3)))
    assert field.is_grid and field.is_field and field.coords == {"y": [195.0, 185.0], "x": [105.0, 115.0, 125.0]}
    long = Output("y", "m", ("k",), {"k": range(65)})
    assert long.is_field and not replace(long, coords={"k": range(64)}).is_field
    for output in (LEVEL, field, Output("y", "m", geometry=ESTUARY, defined_where="y", fill_value=9.0)):
        need = Need("one", {output.name: Tolerance("rmse", 1.0)})
        told = describe_study(study(outputs=(output,), need=need))["outputs"]
        assert read_outputs(told) == (output,)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Grid("", (1, 0, 0, 0, -1, 0), (2, 2)), "a coordinate system is needed"),
        (lambda: Grid("EPSG:2154", (1, 0, 0, 0, 0, 0), (2, 2)), "span an area"),
        (lambda: Grid("EPSG:2154", (1, 0, 0, 0, -1, 0), (2, 0)), "two whole numbers"),
        (lambda: Points("EPSG:2154", (1.0,), (1.0, 2.0), ("a", "b")), "the same number"),
        (lambda: Points("EPSG:2154", (1.0, 1.0), (1.0, 2.0), ("a", "a")), "'a' comes twice"),
        (lambda: Points("EPSG:2154", (1.0, np.nan), (1.0, 2.0), ("a", "b")), "not finite"),
        (lambda: Lines("EPSG:2154", {"a": ((0, 0), (3, 4))}, {"a": (6.0,)}), "it is 5 long"),
        (lambda: Lines("EPSG:2154", {"a": ((0, 0),)}, {"a": (0.0,)}), "1 vertices"),
        (lambda: Lines("EPSG:2154", {"a": ((0, 0), (3, 4))}, {"b": (0.0,)}), "the same names"),
        (lambda: TimeAxis((0.0, 0.0)), "later than the one before"),
        (lambda: TimeAxis((0.0,), origin="yesterday"), "a date is needed"),
        (lambda: Output("y", "m", ("k",), {"k": [1]}, geometry=STATIONS), "geometry and time axis make"),
    ],
)
def test_a_geometry_that_cannot_be_is_refused(make: Any, told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        make()


# ------------------------------------------------------------------------------------------------------- observations


def observed(path: Path, text: str) -> Observations:
    path.write_text(text)
    return read_observations(path, [LEVEL], source="invented")


def test_observations_are_read_with_units_and_dates(tmp_path: Path) -> None:
    found = observed(
        tmp_path / "gauges 2010.csv",
        "place,time,value,sigma,unit\nnorth,1.5,250,50,cm\nsouth,2010-02-28T02:00:00Z,3.0,,\n",
    )
    assert found.name == "gauges_2010"
    assert found.measurements == (
        Measurement("y", 2.5, "north", 1.5, 0.5),
        Measurement("y", 3.0, "south", 2.0),
    )
    s = study(outputs=(LEVEL,), observations=(found,))
    values = np.array([[0.0, 0.0], [2.0, 1.0], [4.0, 3.5], [6.0, 9.0]])
    (held,) = residuals(s.outputs, {"y": values}, found)
    assert held.modelled.tolist() == [3.0, 3.5] and held.bias == 0.5 and held.within == 1.0
    assert held.rmse == pytest.approx(0.5)


def test_names_of_places_are_read_as_they_are_written(tmp_path: Path) -> None:
    stations = Output("y", "m", ("station",), {"station": ("007", "7", "1.50", "NA")})
    (tmp_path / "o.csv").write_text("place,value\n007,1\n 7 ,2\n1.50,3\nNA,4\n")
    found = read_observations(tmp_path / "o.csv", [stations])
    assert [(m.place, m.value) for m in found.measurements] == [("007", 1), ("7", 2), ("1.50", 3), ("NA", 4)]
    (tmp_path / "o.csv").write_text("place;value\n7,0;1,5\n")
    found = read_observations(tmp_path / "o.csv", [stations])
    assert (found.measurements[0].place, found.measurements[0].value) == ("7,0", 1.5)
    depths = Output("y", "m", ("depth",), {"depth": (0.5, 1.5, 3)})
    (tmp_path / "o.csv").write_text("place,value\n1.50,1\n.5,2\n3.0,3\n4,4\n")
    assert [m.place for m in read_observations(tmp_path / "o.csv", [depths]).measurements] == ["1.5", "0.5", "3", "4"]


def test_measurements_where_the_run_is_undefined_are_left_out_and_counted() -> None:
    gauges = {"geometry": STATIONS, "time": TimeAxis((0.0, 1.0, 2.0), "hour")}
    outputs = (
        Output("depth", "m", valid_above=0.1, **gauges),
        Output("speed", "m/s", defined_where="depth", **gauges),
        Output("arrival", "hour", geometry=STATIONS, defined_where="arrival", fill_value=9.0),
    )
    values = {
        "depth": np.array([[0.0, 1.0], [1.0, 2.0], [3.0, 0.0]]),
        "speed": np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 0.0]]),
        "arrival": np.array([9.0, 2.0]),
    }
    measured = (
        Measurement("speed", 1.0, "north", 0.0),  # dry
        Measurement("speed", 1.0, "north", 0.5),  # between dry and wet
        Measurement("speed", 1.0, "north", 1.0),
        Measurement("speed", 1.0, "north", 1.5),
        Measurement("speed", 1.0, "south", 2.0),  # dry
        Measurement("depth", 2.0, "south", 1.0),
        Measurement("arrival", 8.0, "north"),
    )
    depth, speed, arrival = residuals(outputs, values, Observations("o", measured))
    assert (speed.undefined, speed.modelled.tolist(), speed.bias) == (3, [1.0, 1.5], 0.25)
    assert (depth.undefined, depth.bias) == (0, 0.0)
    assert (arrival.undefined, arrival.measurements, arrival.bias, arrival.rmse, arrival.within) == (1, (), *[None] * 3)


def test_observations_of_a_parquet_table_and_of_a_table_with_decimal_commas(tmp_path: Path) -> None:
    import pandas

    stations = Output("y", "m", ("station",), {"station": ("7", "x")})
    pandas.DataFrame({"place": [7.0, None], "value": [1.0, 2.0], "unit": [None, "cm"]}).to_parquet(
        tmp_path / "o.parquet"
    )
    first, second = read_observations(tmp_path / "o.parquet", [stations]).measurements
    assert (first.place, first.value, second.place, second.value) == ("7", 1.0, "", 0.02)
    (m,) = observed(tmp_path / "o.csv", "place;time;value\nnorth;1,5;2,5\n").measurements
    assert (m.time, m.value) == (1.5, 2.5)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("place,time,valeu\nnorth,1,2\n", "unknown column 'valeu'.*mean 'value'"),
        ("place,time\nnorth,1\n", "no column 'value'"),
        ("output,place,time,value\nz,north,1,2\n", "line 2: 'z' is no output"),
        ("place,time,value,unit\nnorth,1,2,kg\n", "line 2: .*'kg' does not convert to m"),
        ("place,time,value\nnorth,soon,2\n", "neither a number nor a date"),
        ("place,time,value\nnorth,1,wet\n", "must be a number"),
    ],
)
def test_bad_observations_are_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        observed(tmp_path / "o.csv", text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("place,time,value\nwest,1,2\n", "at 'west'; known: north, south"),
        ("place,time,value\nnorth,9,2\n", "at time 9; known are 0 to 3"),
        ("place,value\nnorth,2\n", "needs a time"),
    ],
)
def test_observations_elsewhere_are_refused_by_the_study(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        study(outputs=(LEVEL,), observations=(observed(tmp_path / "o.csv", text),))


# ------------------------------------------------------------------------------------------------------------ validity


def test_an_output_may_say_itself_where_it_is_defined() -> None:
    arrival = Output("y", "hour", ("k",), {"k": range(4)}, defined_where="y", fill_value=8.0)
    s = study(outputs=(arrival,))
    flat = s.flatten({"y": np.array([1.0, np.nan, 8.0, 2.0])})
    assert flat.tolist() == [1.0, 8.0, 8.0, 2.0]
    from frugal.experiments.study.outputs import defined_cells

    assert defined_cells(flat[None], s.outputs, arrival)[0].tolist() == [True, False, False, True]
    layout = InputLayout((SPEED,))
    assert layout.size == 1
