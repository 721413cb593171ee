"""A table of runs: names as they stand in the header, values that stand for none, values far from all others."""

from pathlib import Path

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.experiments.designs.from_table import table_of_runs
from frugal.experiments.study import Need, Tolerance


def written(folder: Path, header: str, rows: np.ndarray, decimal: str = ".") -> Path:
    separator = ";" if decimal == "," else ","
    lines = [separator.join(f"{value:.6f}".replace(".", decimal) for value in row) for row in rows]
    path = folder / "runs.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def rows() -> np.ndarray:
    a, b = np.random.default_rng(3).uniform(0, 1, (2, 80))
    return np.stack([a, b, a + b], axis=1)


def test_a_french_table_is_the_same_study(tmp_path: Path, rows: np.ndarray) -> None:
    names = ["débit [m3/s]", "température °C", "hauteur d’eau [m]"]
    english = table_of_runs(written(tmp_path, ",".join(names), rows), names[:2], names[2:])
    french = table_of_runs(written(tmp_path, ";".join(names), rows, ","), names[:2], names[2:])
    assert english.study.hash() == french.study.hash()
    assert [v.name for v in french.study.inputs] == ["débit__m3_s_", "température__C"]
    np.testing.assert_array_equal(french.outputs[:, 0], np.round(rows[:, 2], 6))
    assert not french.notes


def test_a_name_may_hold_commas(tmp_path: Path, rows: np.ndarray) -> None:
    path = written(tmp_path, '"speed, mean",b,y', rows)
    for parts in (["speed, mean", "b"], ["speed", "mean", "b"], ["b", "speed", "mean"]):  # as --inputs splits it
        found = table_of_runs(path, parts, ["y"])
        assert sorted(v.label["en"] for v in found.study.inputs) == ["b", "speed, mean"]


@pytest.mark.parametrize(
    ("column", "at", "value", "told"),
    [
        (2, slice(0, 80, 20), -9999.0, r"column 'y', line 2: -9999 \(4 such rows\) looks like a mark for no value"),
        (0, slice(5, 6), -999.0, "column 'a', line 7: -999 looks like a mark for no value"),
        (2, slice(9, 10), 1e30, r"column 'y', line 11: 1e\+30 looks like a mark"),
    ],
)
def test_marks_for_no_value_are_refused(
    tmp_path: Path, rows: np.ndarray, column: int, at: slice, value: float, told: str
) -> None:
    rows[at, column] = value
    with pytest.raises(UnusableInputError, match=told):
        table_of_runs(written(tmp_path, "a,b,y", rows), ["a", "b"], ["y"])


def test_a_domain_that_is_declared_leaves_marks_in_inputs_out(tmp_path: Path, rows: np.ndarray) -> None:
    rows[5, 0] = -999.0
    need = Need("one row", {"y": Tolerance("nrmse", 0.05)}, domain={"a": (0.1, 0.9)})
    found = table_of_runs(written(tmp_path, "a,b,y", rows), ["a", "b"], ["y"], need)
    assert len(found.design) == ((rows[:, 0] > 0.1) & (rows[:, 0] < 0.9)).sum()


def test_an_outlier_is_told_and_kept(tmp_path: Path, rows: np.ndarray) -> None:
    rows[7, 2] = 1e6
    found = table_of_runs(written(tmp_path, "a,b,y", rows), ["a", "b"], ["y"])
    assert len(found.design) == 80 and len(found.notes) == 1
    assert "column 'y', line 9: 1000000 is far from all other values" in found.notes[0]


def test_what_is_no_number_is_told_with_its_line(tmp_path: Path, rows: np.ndarray) -> None:
    path = written(tmp_path, "a,b,y", rows)
    lines = path.read_text().splitlines()
    for told, cell in (
        ("the value is missing", ""),
        ("the value is missing", "NaN"),
        ("'failed' is no number", "failed"),
    ):
        lines[4] = ",".join([*lines[4].split(",")[:2], cell])
        path.write_text("\n".join(lines))
        with pytest.raises(UnusableInputError, match=f"'y', line 5: {told}; take the rows of runs that failed out"):
            table_of_runs(path, ["a", "b"], ["y"])


@pytest.mark.parametrize(
    "name", ["accents.csv", "french.csv", "kelvin.csv", "orders.csv", "zeromean.csv", "lshape.csv"]
)
def test_tables_that_people_have(shared_data: Path, name: str) -> None:
    path = shared_data.parent / "findings" / "cases" / "tables" / name
    if not path.is_file():
        pytest.skip("the tables are not beside this checkout")
    from frugal.formats.files.tables import read_whole

    names = read_whole(path).names
    assert not table_of_runs(path, names[:-1], names[-1:]).notes
