"""Answers for the rows of a table: in pieces the same as at once, beside the table's own columns, asked by its own header."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from frugal.errors import UnusableInputError
from frugal.experiments.study import Alternative, Need, Output, Study, Tolerance, Variable
from frugal.formats.files.table_writer import table_writer
from frugal.surrogates.bundle import prediction_table
from frugal.surrogates.bundle.prediction_table import RowsTold, answer_table, predict_table
from frugal.surrogates.bundle.predictor import Predictor
from frugal.surrogates.bundle.table_columns import with_input_names
from frugal.surrogates.onnx.export import Domain, write_graph


def twice(xp: Any, **inputs: Any) -> dict[str, Any]:
    return {"y": 2.0 * inputs["débit__m3_s_"] + inputs["speed"]}


STUDY = Study(
    "flows",
    (
        Variable("débit__m3_s_", "1", 0.0, 10.0, label={"en": "débit [m3/s]", "fr": "débit [m3/s]"}),
        Variable("speed", "m/s", 0.0, 10.0, default=0.0, label={"en": "Speed of the wind"}),
    ),
    (Output("y", "1"),),
    Need("one", {"y": Tolerance("rmse", 1.0)}),
    alternatives=(Alternative("twice", "formula", answer=twice),),
)


@pytest.fixture(scope="module")
def predictor(tmp_path_factory: pytest.TempPathFactory) -> Predictor:
    answer = STUDY.answer_of(STUDY.alternatives[0], np.zeros((1, 2)), np.zeros((1, 1)))
    assert answer.graph is not None
    path = tmp_path_factory.mktemp("graph") / "model.onnx"
    domain = Domain(np.zeros(2), np.full(2, 10.0))
    path.write_bytes(write_graph(STUDY, "twice", answer.graph, np.ones(1), domain))
    return Predictor(path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("débit [m3/s]\n1\n2.5\n", [2.0, 5.0]),
        (
            "id;Speed of the wind;de\u0301bit [m3/s]\n007;3;1,5\n008;4;2,5\n",
            [6.0, 9.0],
        ),  # any order, as people write it
        ("débit__m3_s_,speed [km/h]\n1,3.6\n2,36\n", [3.0, 14.0]),
        ("débit\n1\n", [2.0]),
        ("débit [L/s];speed\n1000;0,5\n", [2.5]),
        ("débit (m³/s)\n4\n", [8.0]),
    ],
)
def test_inputs_are_found_by_the_header(predictor: Predictor, tmp_path: Path, text: str, expected: list[float]) -> None:
    (tmp_path / "t.csv").write_text(text)
    assert predict_table(predictor, tmp_path / "t.csv")["y"].tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("debit\n1\n", r"column 'debit' of '.*t.csv' is no input; did you mean 'débit \[m3/s\]'"),
        ("speed\n1\n", r"no column 'débit \[m3/s\]'; it has speed"),
        ("débit [kg]\n1\n", "'kg' does not convert to m3/s, the unit of input 'débit__m3_s_'"),
        ("débit [L/s],débit [m3/h]\n1,2\n", "two columns for input 'débit__m3_s_': 'débit .L/s.' and 'débit .m3/h.'"),
        ("débit [L/s]\n15000\n20000\n", r"line 2: input 'débit__m3_s_' = 15 is out of bounds \[0, 10\]"),
        ("# note\ndébit\n\n11\n", r"line 4: input 'débit__m3_s_' = 11 is out of bounds \[0, 10\]"),
        ("débit\n1\nx\n", "column 'débit', line 3: 'x' is no number"),
        ("débit,speed\n1,2\n,3\n", "column 'débit', line 3: the value is missing"),
        ("débit\n", "has no rows"),
        ("débit;speed\n1.5;0,5\n", "two decimal signs"),
    ],
)
def test_what_cannot_be_asked_is_told_with_its_line(predictor: Predictor, tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(UnusableInputError, match=told):
        predict_table(predictor, tmp_path / "t.csv")


def test_settings_go_by_the_header_too(predictor: Predictor) -> None:
    for name in ("débit [m3/s]", "débit", "débit__m3_s_"):
        found = with_input_names({name: "2", "nothing": "3"}, predictor.inputs)
        assert found == {"débit__m3_s_": "2", "nothing": "3"}
    with pytest.raises(UnusableInputError, match=r"^input 'débit__m3_s_' is given twice$"):
        with_input_names({"débit": "2", "débit__m3_s_": "3"}, predictor.inputs)


def test_other_columns_are_kept(predictor: Predictor, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('id;débit;measured;note;y\n007;1,5;2,75;"a, b";3,5\n8;2,5;;;\n')
    with table_writer(tmp_path / "out.csv") as write:
        for block in answer_table(predictor, tmp_path / "t.csv"):
            write(block)
    found = pd.read_csv(tmp_path / "out.csv", dtype={"id": str})
    assert list(found.columns) == [
        "id", "débit", "measured", "note", "y_given", "y", "y_lower", "y_upper", "in_domain",
    ]  # fmt: skip
    assert found["id"].tolist() == ["007", "8"] and found["note"][0] == "a, b"
    assert found["measured"][0] == 2.75 and np.isnan(found["measured"][1])  # written with the sign of the others
    assert found["y_given"][0] == 3.5 and found["y"].tolist() == [3.0, 5.0] and found["in_domain"].all()
    pd.DataFrame({"id": [7, 8], "débit": [1.5, 2.5]}).to_parquet(tmp_path / "t.parquet")
    assert predict_table(predictor, tmp_path / "t.parquet")["id"].tolist() == [7, 8]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_in_pieces_answers_are_the_same(
    predictor: Predictor, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from frugal.formats.files import csv_records, tables

    flows = np.linspace(0, 10, 1001)
    asked = tmp_path / f"t.{kind}"
    tables.write_table(asked, pd.DataFrame({"débit": flows, "name": [f"n{k}" for k in range(1001)]}))
    whole = predict_table(predictor, asked)
    np.testing.assert_allclose(whole["y"], 2 * flows, rtol=1e-6)
    monkeypatch.setattr(csv_records, "_BLOCK_BYTES", 700)
    monkeypatch.setattr(tables, "_BLOCK_ROWS", 90)
    monkeypatch.setattr(prediction_table, "_MOST_ROWS", 16)
    pieces = list(answer_table(predictor, asked))
    assert len(pieces) > 60
    pd.testing.assert_frame_equal(predict_table(predictor, asked), whole)


def test_nothing_appears_of_a_table_that_fails_far_down(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prediction_table, "_MOST_ROWS", 2)
    (tmp_path / "t.csv").write_text("débit\n1\n2\n3\n4\nx\n")
    (tmp_path / "out.csv").write_text("before")
    with pytest.raises(UnusableInputError, match="line 6"), table_writer(tmp_path / "out.csv") as write:
        for block in answer_table(predictor, tmp_path / "t.csv"):
            write(block)
    assert (tmp_path / "out.csv").read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "t.csv"]


def test_a_row_out_of_bounds_by_a_hair_does_not_keep_the_others_from_their_answers(
    predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flows = np.linspace(0.0, 10.0, 50)
    flows[[7, 30]] = 10.003, -0.5
    pd.DataFrame({"débit": flows, "speed": 1.0}).to_csv(tmp_path / "t.csv", index=False)
    monkeypatch.setattr(prediction_table, "_MOST_ROWS", 16)
    told = RowsTold()
    found = pd.concat([block.to_pandas() for block in answer_table(predictor, tmp_path / "t.csv", told=told)])
    without = np.isin(np.arange(50), [7, 30])
    for name in ("y", "y_lower", "y_upper"):
        assert (found[name].isna() == without).all()
    assert (found["in_domain"] == ~without).all()
    np.testing.assert_allclose(found["y"][~without], 2 * flows[~without] + 1, rtol=1e-6)
    np.testing.assert_allclose(found["débit"], flows)  # as it was asked
    assert told.outside == 2 and told.first_outside.endswith(
        "t.csv', line 9: input 'débit__m3_s_' = 10.003 is out of bounds [0, 10]"
    )
    far = predict_table(predictor, tmp_path / "t.csv", extrapolate=True)
    np.testing.assert_allclose(far["y"], 2 * flows + 1, rtol=1e-6)
    assert (far["in_domain"] == ~without).all()


def test_many_rows_are_asked_some_at_a_time(predictor: Predictor, monkeypatch: pytest.MonkeyPatch) -> None:
    from frugal.surrogates.bundle import predictor as module

    rows = np.random.default_rng(0).uniform(0, 10, (100, 2))
    whole = predictor(rows)
    monkeypatch.setattr(module, "ROWS_AT_A_TIME", 7)
    for name, values in predictor(rows).items():
        np.testing.assert_array_equal(values, whole[name])
