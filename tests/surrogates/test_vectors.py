"""A graph of a study with a vector input is asked by arrays, elements, lists in a table: always the same columns."""

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


@pytest.fixture
def predictor(tmp_path: Path) -> Predictor:
    answer = STUDY.answer_of(STUDY.alternatives[0], np.zeros((1, 4)), np.zeros((1, 1)))
    assert answer.graph is not None
    low, high = (np.array([getattr(column, end) for column in STUDY.columns]) for end in ("low", "high"))
    model = write_graph(STUDY, "weighted", answer.graph, np.ones(1), Domain(low, high))
    (tmp_path / "model.onnx").write_bytes(model)
    return Predictor(tmp_path / "model.onnx")


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
        ("load\n1; 2\n", "row 1: input 'load' has 2 values; 3 are needed"),
        ("load,load[feb]\n1,2\n", r"columns 'load' and 'load\[feb\]'"),
        ("speed,load\n0,1;x;3\n", "row 1: input 'load' = 'x'"),
    ],
)
def test_bad_vectors_in_a_table_are_named(predictor: Predictor, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(UnusableInputError, match=told):
        predict_table(predictor, tmp_path / "t.csv")
