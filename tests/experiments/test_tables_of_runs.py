"""A table of runs: names as they stand in the header, values that stand for none, values far from all others."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from frugal.errors import UnusableInputError
from frugal.experiments.designs.from_table import table_of_runs
from frugal.experiments.designs.sampling import from_table
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


def with_cells(path: Path, cells: dict[tuple[int, int], str]) -> Path:
    """Cells of a table by line and column in the place of those that it has."""
    lines = [line.split(",") for line in path.read_text().splitlines()]
    for (line, column), cell in cells.items():
        lines[line - 1][column] = cell
    path.write_text("\n".join(",".join(line) for line in lines) + "\n")
    return path


def test_what_is_no_number_is_told_with_its_line(tmp_path: Path, rows: np.ndarray) -> None:
    path = with_cells(written(tmp_path, "a,b,y", rows), {(5, 2): "failed"})
    with pytest.raises(UnusableInputError, match="'y', line 5: 'failed' is no number"):
        table_of_runs(path, ["a", "b"], ["y"])
    path = with_cells(written(tmp_path, "a,b,y", rows), {(6, 0): ""})
    with pytest.raises(UnusableInputError, match="'a', line 6: the value is missing"):
        table_of_runs(path, ["a", "b"], ["y"])


def test_runs_that_failed_are_left_out_and_counted(tmp_path: Path, rows: np.ndarray) -> None:
    cells = {(5, 2): "", (9, 2): "NaN", (30, 3): "inf"}
    path = with_cells(written(tmp_path, "a,b,y,z", np.column_stack([rows, rows[:, 2]])), cells)
    found = table_of_runs(path, ["a", "b"], ["y", "z"])
    failed = ~np.isfinite(found.outputs).all(axis=1)
    assert len(found.design) == 80 and np.flatnonzero(failed).tolist() == [3, 7, 28]
    (note,) = found.notes
    assert note.startswith("3 of 80 rows have no value of an output") and "the first is line 5, without 'y'" in note
    assert found.study.inputs[0].high == pytest.approx(np.delete(rows[:, 0], [3, 7, 28]).max(), abs=1e-6)
    none = with_cells(written(tmp_path, "a,b,y", rows), {(line, 2): "" for line in range(2, 82)})
    with pytest.raises(UnusableInputError, match="has no row with a value of 'y'"):
        table_of_runs(none, ["a", "b"], ["y"])
    few = with_cells(written(tmp_path, "a,b,y", rows), {(line, 2): "" for line in range(2, 70)})
    with pytest.raises(UnusableInputError, match=r"the table has 12 rows \(68 more failed\); at least 16"):
        table_of_runs(few, ["a", "b"], ["y"])


def test_texts_are_choices(tmp_path: Path, rows: np.ndarray) -> None:
    colours = ["red", "blue", "dark green"]
    path = with_cells(written(tmp_path, "a,colour,y", rows), {(n, 1): colours[n % 3] for n in range(2, 82)})
    found = table_of_runs(path, ["a", "colour"], ["y"])
    colour = found.study.inputs[1]
    assert (colour.choices, colour.low, colour.high) == (("blue", "dark green", "red"), 0, 2)
    assert found.design.inputs[:3, 1].tolist() == [1.0, 2.0, 0.0]  # lines 2, 3, 4: dark green, red, blue
    for cells, told in (
        ({(7, 1): ""}, "column 'colour', line 7: the category is missing"),
        ({(7, 1): "12"}, "column 'colour', line 2: 'dark green' is no number"),
        (
            {(n, 1): f"run {n}" for n in range(2, 82)},
            "'colour' holds 80 different texts in 80 rows, which are no categories",
        ),
        ({(n, 1): "red" for n in range(2, 82)}, "'colour' has the same value red in every row"),
    ):
        other = tmp_path / "other"
        other.mkdir(exist_ok=True)
        (other / "runs.csv").write_text(path.read_text())
        with pytest.raises(UnusableInputError, match=told):
            table_of_runs(with_cells(other / "runs.csv", cells), ["a", "colour"], ["y"])


def test_categories_keep_the_order_that_a_file_declares(tmp_path: Path, rows: np.ndarray) -> None:
    sizes = pd.Categorical(["small", "large", "medium", "small"] * 20, categories=["small", "medium", "large", "huge"])
    pd.DataFrame({"a": rows[:, 0], "size": sizes, "y": rows[:, 2]}).to_parquet(tmp_path / "runs.parquet")
    found = table_of_runs(tmp_path / "runs.parquet", ["a", "size"], ["y"])
    assert found.study.inputs[1].choices == ("small", "medium", "large")
    assert found.design.inputs[:4, 1].tolist() == [0.0, 2.0, 1.0, 0.0]


def test_rows_of_a_group_stay_together(tmp_path: Path, rows: np.ndarray) -> None:
    groups = np.arange(80) // 8
    path = written(tmp_path, "a,b,y,site", np.column_stack([rows, groups]))
    found = table_of_runs(path, ["a", "b"], ["y"], group="site")
    held = found.design.held_out
    assert {bool(value) for value in held} == {True, False}
    assert all(len(set(held[groups == group])) == 1 for group in range(10))
    assert len(np.unique(found.design.places)) == 10 and found.study.site["group"] == "site"
    with pytest.raises(UnusableInputError, match=r"the group column 'site' has the same value 1.0* in every row"):
        table_of_runs(
            written(tmp_path, "a,b,y,site", np.column_stack([rows, np.ones(80)])), ["a", "b"], ["y"], group="site"
        )


def test_rows_that_are_alike_but_for_rounding_stay_together() -> None:
    questions = np.random.default_rng(5).uniform(0, 1, (20, 3)) * [1.0, 1e6, 1e-6]
    inputs = np.repeat(questions, 4, axis=0)
    inputs += np.random.default_rng(6).uniform(-1e-9, 1e-9, inputs.shape) * [1.0, 1e6, 1e-6]
    design = from_table(inputs, 0)
    assert all(len(set(design.held_out[4 * k : 4 * k + 4])) == 1 for k in range(20))
    assert len(np.unique(design.places)) == 20
    assert set(from_table(questions, 0).places) == {""}


def test_without_a_need_a_table_is_judged_by_what_its_values_are(tmp_path: Path, rows: np.ndarray) -> None:
    columns = np.column_stack([rows, 300 + rows[:, 2], np.round(10 ** (5 * rows[:, 2]), 6)])
    found = table_of_runs(written(tmp_path, "a,b,y,kelvin,wide", columns), ["a", "b"], ["y", "kelvin", "wide"])
    metrics = [tolerance.metric for tolerance in found.study.need.tolerances.values()]
    assert metrics == ["nrmse_std", "nrmse_std", "rmsle"] and not found.study.need.declared
    (note,) = found.notes
    assert note.startswith("'wide' is positive and spreads over ") and "judged in logarithms" in note
    assert [output.low for output in found.study.outputs] == [None, None, 0.0] and "nothing below 0" in note
    need = Need("one row", {"wide": Tolerance("rmse", 100.0)})
    (note,) = table_of_runs(written(tmp_path, "a,b,y,kelvin,wide", columns), ["a", "b"], ["wide"], need).notes
    assert note.endswith("decades: nothing below 0 is answered; by rmse its largest values decide")
    need = Need("one row", {"kelvin": Tolerance("nrmse", 0.05)})
    with pytest.raises(UnusableInputError, match=r"the mean of 'kelvin' is 301 .*: use nrmse_std or rmse"):
        table_of_runs(written(tmp_path, "a,b,y,kelvin,wide", columns), ["a", "b"], ["kelvin"], need)


@pytest.mark.parametrize(
    "name", ["accents.csv", "french.csv", "kelvin.csv", "orders.csv", "zeromean.csv", "lshape.csv"]
)
def test_tables_that_people_have(shared_data: Path, name: str) -> None:
    path = shared_data.parent / "findings" / "cases" / "tables" / name
    if not path.is_file():
        pytest.skip("the tables are not beside this checkout")
    from frugal.formats.files.tables import read_whole

    names = read_whole(path).names
    notes = table_of_runs(path, names[:-1], names[-1:]).notes
    assert len(notes) == (name == "orders.csv") and not any("far from all other" in note for note in notes)
