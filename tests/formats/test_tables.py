"""Tables: CSV dialects and Parquet hold the same numbers; bad cells are told with column and row."""

import numpy as np
import pandas as pd
import pytest

from frugal.errors import UnusableInputError
from frugal.formats.files.tables import columns, read_table, write_table

DIALECTS = {
    "comma": "tilt_deg,yield\n20.5,1100\n-3,1e3\n",
    "semicolon": "tilt_deg;yield\n20.5;1100\n-3;1e3\n",
    "french": "tilt_deg;yield\n20,5;1100\n-3;1e3\n",
    "french with thousands of lines and a byte order mark": "\ufefftilt_deg;yield\r\n20,5;1100\r\n-3,0;1000\r\n",
    "tab": "tilt_deg\tyield\n20.5\t1100\n-3\t1000\n",
    "comments and blanks": "# made up\n\ntilt_deg, yield\n20.5, 1100\n# middle\n-3, 1000\n",
    "quoted": '"tilt_deg","yield"\n"20.5","1100"\n-3,1000\n',
}


@pytest.mark.parametrize("text", DIALECTS.values(), ids=DIALECTS.keys())
def test_dialects_of_csv(tmp_path, text):
    path = tmp_path / "t.csv"
    path.write_text(text, encoding="utf-8")
    np.testing.assert_array_equal(columns(read_table(path), ["yield", "tilt_deg"]), [[1100.0, 20.5], [1000.0, -3.0]])


def test_columns_that_are_text_stay_as_they_are_written(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("name; value\n007;1,50\n 1,50 ;2,5\n;3,5\n")
    table = read_table(path, text=["name", "absent"])
    assert table["name"].tolist() == ["007", "1,50", ""] and table["value"].tolist() == [1.5, 2.5, 3.5]


def test_latin_1_header(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes("énergie;x\n1,5;2\n".encode("latin-1"))
    assert columns(read_table(path), ["énergie"])[0, 0] == 1.5


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_round_trip(tmp_path, name):
    table = pd.DataFrame({"a": [1.1, 1 / 3, 1e-300], "b": [1, 2, 3], "label": ["x", "y;z", 'q"']})
    write_table(tmp_path / "sub" / name, table)
    back = read_table(tmp_path / "sub" / name)
    pd.testing.assert_frame_equal(back, table)
    assert [entry.name for entry in (tmp_path / "sub").iterdir()] == [name]


def test_parquet_is_known_by_content(tmp_path):
    table = pd.DataFrame({"a": [1.0]})
    write_table(tmp_path / "t.parquet", table)
    (tmp_path / "t.parquet").rename(tmp_path / "t.csv")
    assert read_table(tmp_path / "t.csv")["a"][0] == 1.0


def test_unreadable_tables(tmp_path):
    write_table(tmp_path / "good.parquet", pd.DataFrame({"a": np.arange(1000.0)}))
    cut = (tmp_path / "good.parquet").read_bytes()[:700]
    cases = {
        b"": "empty",
        b"# only a comment\n": "empty",
        b"a,b\n": "no rows",
        b"a,b\n1,2\n1,2,3,4\n": "not a readable CSV",
        b"a,a\n1,2\n": "two columns named 'a'",
        b"\x00\x01\x02": "neither text nor Parquet",
        cut: "damaged or cut Parquet",
    }
    for content, words in cases.items():
        (tmp_path / "bad").write_bytes(content)
        with pytest.raises(UnusableInputError, match=words) as caught:
            read_table(tmp_path / "bad")
        assert "bad" in str(caught.value)
    with pytest.raises(UnusableInputError, match="cannot be read"):
        read_table(tmp_path / "none.csv")


def test_columns_suggest_and_point():
    table = pd.DataFrame({"Tilt_deg": [1, 2, 3], "azimuth_deg": [1.0, np.nan, 3.0], "name": ["5", "x", None]})
    with pytest.raises(UnusableInputError, match=r"no column 'tilt_deg'; did you mean 'Tilt_deg'\?"):
        columns(table, ["tilt_deg"])
    with pytest.raises(UnusableInputError, match="it has Tilt_deg, azimuth_deg, name"):
        columns(table, ["zzz"])
    with pytest.raises(UnusableInputError, match="column 'azimuth_deg', row 2: the value is missing"):
        columns(table, ["Tilt_deg", "azimuth_deg"])
    with pytest.raises(UnusableInputError, match=r"column 'name', row 2: the value is 'x'.*\(2 such rows\)"):
        columns(table, ["name"])
    with pytest.raises(UnusableInputError, match="not a finite number"):
        columns(pd.DataFrame({"a": [np.inf]}), ["a"])
    with pytest.raises(UnusableInputError, match="no rows"):
        columns(table[:0], ["name"])
    assert columns(table, ["Tilt_deg"]).dtype == np.float64
