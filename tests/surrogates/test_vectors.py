"""A graph of a study with a vector input is asked by arrays, elements, lists in a table: always the same columns."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.experiments.study import Alternative, Need, Output, Study, Tolerance, Variable
from frugal.surrogates.bundle.prediction_table import predict_table
from frugal.surrogates.bundle.predictor import Predictor
from frugal.surrogates.onnx.export import Domain, write_graph

MONTHS = ("jan", "feb", "mar")


def weighted(xp: Any, speed: Any, load: Any) -> dict[str, Any]:
    return {"y": speed + load @ np.array([1.0, 10.0, 100.0])}


STUDY = Study(
    "loads",
    (
        Variable("speed", "m/s", 0.0, 10.0, default=2.0),
        Variable("load", "1", 0.0, 5.0, default=(1.0, 2.0, 3.0), dims=("month",), coords={"month": MONTHS}),
    ),
    (Output("y", "m"),),
    Need("one", {"y": Tolerance("rmse", 1.0)}),
    alternatives=(Alternative("weighted", "formula", answer=weighted),),
)


def predictor_of(study: Study, folder: Path) -> Predictor:
    answer = study.answer_of(study.alternatives[0], np.zeros((1, len(study.columns))), np.zeros((1, study.output_size)))
    assert answer.graph is not None
    low, high = (np.array([getattr(column, end) for column in study.columns]) for end in ("low", "high"))
    model = write_graph(study, "weighted", answer.graph, np.ones(study.output_size), Domain(low, high))
    (folder / "model.onnx").write_bytes(model)
    return Predictor(folder / "model.onnx")


@pytest.fixture
def predictor(tmp_path: Path) -> Predictor:
    return predictor_of(STUDY, tmp_path)


def chosen(xp: Any, mode: Any, a: Any) -> dict[str, Any]:
    return {"w": xp.stack([a, mode + a], axis=-1), "w_1": 10 * mode + a}


CHOICES = Study(
    "modes",
    (Variable("mode", "1", 0, 2, choices=("low", "top", "7")), Variable("a", "1", 0.0, 5.0, default=1.0)),
    (Output("w", "m", ("k",), {"k": [2, 3]}), Output("w_1", "m")),
    Need("one", {"w_1": Tolerance("rmse", 1.0)}),
    alternatives=(Alternative("weighted", "formula", answer=chosen),),
)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, [323.0]),
        ({"load": [1.0, 0.0, 0.0]}, [3.0]),
        ({"load": 1.0}, [113.0]),
        ({"load[feb]": 0.0}, [303.0]),
        ({"load": [1.0, 0.0, 0.0], "load[mar]": 1.0}, [103.0]),
        ({"load": np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), "speed": [0.0, 1.0]}, [1.0, 11.0]),
        ({"load[jan]": [0.0, 1.0]}, [322.0, 323.0]),
        ({"load": "1, 0, 0"}, [3.0]),
        ({"load": ["1; 0; 0", "0; 1; 0"]}, [3.0, 12.0]),
        ({"load": ["1", "0", "0"], "speed": ["3.6 km/h", 2]}, [2.0, 3.0]),
        ([["7.2 km/h", "1", 0, 0]], [3.0]),
    ],
)
def test_vectors_and_elements_mean_the_same_columns(
    predictor: Predictor, given: dict[str, Any], expected: list[float]
) -> None:
    assert predictor(given)["y"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"load": [1.0, 2.0]}, r"'load' has shape \(2,\); \(3,\) is needed"),
        ({"load[apr]": 1.0}, r"'load\[apr\]' is unknown"),
        ({"load": [1.0, 2.0, 9.0]}, r"'load\[mar\]' = 9"),
        ({"load": "1, 2"}, "'load' has 2 values; 3 are needed"),
        ({"load": "1, x, 2"}, "'load' = 'x' must be a number"),
        ({"load": [[1.0, 2.0], [1.0]]}, "'load' has 2 values; 3 are needed"),
        ({"speed": "fast"}, "'speed' = 'fast' must be a number"),
        ({"speed": None}, "'speed' is missing"),
        ({"speed": [1.0, None]}, "'speed' = None must be a number"),
        ({"speed": [[1.0], [2.0]]}, r"'speed' has shape \(2, 1\); a number is needed"),
        ({"speed": [1.0, 2.0], "load[jan]": [1.0, 2.0, 3.0]}, "'load.jan.' has 3 rows, input 'speed' has 2"),
        ([[1.0, 2.0], [1.0]], r"inputs have shape \(.*\[n, 4\] is needed"),
        ([["fast", 1.0, 1.0, 1.0]], "'speed' = 'fast'"),
    ],
)
def test_what_is_no_vector_is_named(predictor: Predictor, given: dict[str, Any], told: str) -> None:
    with pytest.raises(UnusableInputError, match=told):
        predictor(given)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('speed,load\n0,1; 0; 0\n1,"0, 1, 0"\n', [1.0, 11.0]),
        ("speed,load[jan],load[mar]\n0,1,0\n1,0,1\n", [21.0, 121.0]),
        ("speed,load\n0,1\n1,2\n", [111.0, 223.0]),
    ],
)
def test_a_table_holds_a_vector_in_one_column_or_in_many(
    predictor: Predictor, tmp_path: Path, text: str, expected: list[float]
) -> None:
    (tmp_path / "t.csv").write_text(text)
    assert predict_table(predictor, tmp_path / "t.csv")["y"].tolist() == pytest.approx(expected)


def test_a_parquet_table_holds_lists(predictor: Predictor, tmp_path: Path) -> None:
    import pandas

    pandas.DataFrame({"load": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]}).to_parquet(tmp_path / "t.parquet")
    assert predict_table(predictor, tmp_path / "t.parquet")["y"].tolist() == pytest.approx([3.0, 12.0])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("load\n1; 2\n", "line 2: input 'load' has 2 values; 3 are needed"),
        ("load,load[feb]\n1,2\n", r"columns 'load' and 'load\[feb\]'"),
        ("speed,load\n0,1;x;3\n", "line 2: input 'load' = 'x'"),
        ("speed,laod\n0,1\n", "column 'laod' .* mean 'load'"),
        ("speed,load_jan\n0,1\n", r"column 'load_jan' .* mean 'load\[jan\]'"),
    ],
)
def test_bad_vectors_in_a_table_are_named(predictor: Predictor, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(UnusableInputError, match=told):
        predict_table(predictor, tmp_path / "t.csv")


def test_choices_are_told_by_name_to_a_predictor_and_in_a_table(tmp_path: Path) -> None:
    predictor = predictor_of(replace(CHOICES, outputs=CHOICES.outputs[1:]), tmp_path)
    assert predictor({"mode": "top"})["w_1"].tolist() == [11.0]
    assert predictor({"mode": ["top", "7", 0], "a": 2})["w_1"].tolist() == [12.0, 22.0, 2.0]
    (tmp_path / "t.csv").write_text("mode,a\ntop,0\n7,1\n0,2\n")
    table = predict_table(predictor, tmp_path / "t.csv")
    assert table["w_1"].tolist() == [10.0, 21.0, 2.0] and table["mode"].tolist() == ["top", "7", "0"]
    (tmp_path / "t.csv").write_text("mode\n0\n1\n")
    table = predict_table(predictor, tmp_path / "t.csv")
    assert table["w_1"].tolist() == [1.0, 11.0] and table["mode"].tolist() == [0.0, 1.0]
    (tmp_path / "t.csv").write_text("mode\ntop\nhigh\n")
    with pytest.raises(UnusableInputError, match="line 3: input 'mode' = 'high' must be one of low, top, 7"):
        predict_table(predictor, tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("coordinates", "text", "told"),
    [
        ([1, 2], "mode\n0\n", "output 'w_1' and output 'w' would both be column 'w_1'"),
        (["lower", "x"], "mode\n0\n", "output 'w' and input 'w_x' would both be column 'w_x'"),
        ([2, 3], "mode\n0\n", ""),
    ],
)
def test_columns_of_answers_do_not_overwrite_each_other(
    tmp_path: Path, coordinates: list[Any], text: str, told: str
) -> None:
    study = replace(CHOICES, outputs=(Output("w", "m", ("k",), {"k": coordinates}), CHOICES.outputs[1]))
    if "x" in coordinates:

        def answer(xp: Any, mode: Any, w_x: Any) -> dict[str, Any]:
            return chosen(xp, mode, w_x)

        inputs = (CHOICES.inputs[0], replace(CHOICES.inputs[1], name="w_x", default=None))
        study = replace(study, inputs=inputs, alternatives=(Alternative("weighted", "formula", answer=answer),))
        text = "mode,w_x\n0,1\n"
    predictor = predictor_of(study, tmp_path)
    (tmp_path / "t.csv").write_text(text)
    if told:
        with pytest.raises(UnusableInputError, match=told):
            predict_table(predictor, tmp_path / "t.csv")
    else:
        assert predict_table(predictor, tmp_path / "t.csv")["w_2"].tolist() == [1.0]
