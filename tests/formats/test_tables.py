"""Tables: CSV dialects and Parquet hold the same numbers; bad cells are told with column and row."""

import os
import subprocess

import numpy as np
import pandas as pd
import pytest

from frugal.errors import UnusableInputError
from frugal.formats.files.headers import column_of
from frugal.formats.files.tables import columns, read_table, write_table

DIALECTS = {
    "comma": "tilt_deg,yield\n20.5,1100\n-3,1e3\n",
    "semicolon": "tilt_deg;yield\n20.5;1100\n-3;1e3\n",
    "french": "tilt_deg;yield\n20,5;1100\n-3;1e3\n",
    "french with thousands of lines and a byte order mark": "\ufefftilt_deg;yield\r\n20,5;1100\r\n-3,0;1000\r\n",
    "bars": "tilt_deg|yield\n20,5|1100\n-3|1000\n",
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


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a;b\n7.730;0,270\n", r"two decimal signs: '7.730' \(column 'a', line 2\) and '0,270' \(column 'b', line 2\)"),
        ("a;b\n# note\n1,5;2\n2.5;3\n", r"'2.5' \(column 'a', line 4\) and '1,5' \(column 'a', line 3\)"),
        ('a,b\n"1,5",2.5\n', "two decimal signs"),
        ("a;b\n1.234,5;2\n", r"signs between thousands: '1.234,5' \(column 'a', line 2\)"),
        ('a,b\n"1,234.5",2\n', "signs between thousands"),
        ("a;b\n1.234.567;2\n", "signs between thousands"),
        ('a,b\n"1,234",2\n', "'1,234' .* may be 1234 or 1.234"),
        ("a;b\n7.730;1\n640;2\n1.250;3\n5.914;4\n", "'7.730' .* may be 7730 or 7.730"),
        ("a,b\n1,2\n\n3\n", "line 4 has 1 of 2 cells"),
        ("a,b\n1,5,2,5\n", "line 2 has 4 cells and the header 2; numbers with a decimal comma need semicolons"),
        ('a,b\n1,2\n"x,3\n4,5\n', "line 3: a quotation mark is opened there and never closed"),
        ("a" * 131_072 + ",b\n1,2\n", "the name of column 1 has 131072 letters"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(tmp_path, text, told):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(UnusableInputError, match=told):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a;b\n1 234,5;2\n12\u00a0345,25;3\n1\u202f000;4\n", [1234.5, 12345.25, 1000.0]),
        ("a;b\n1e5;2\n1,5E+03;3\n\u22122,5;4\n", [1e5, 1500.0, -2.5]),
        ('a,b\n"1,5",2\n"2,25",3\n', [1.5, 2.25]),
        ("a;b\n7.730;1.5\n640;2\n1.250;3\n5.914;4\n", [7.73, 640.0, 1.25, 5.914]),  # tenths beside show the sign
        ("a;b\n7.730;1\n6.400;2\n1.250;3\n", [7.73, 6.4, 1.25]),
        ("sep=;\na;b;\n1,5;x y, z;\n;;\n2,5;y;\n", [1.5, 2.5]),
        ('"a";b\n"1";"two\nlines"\n3;"x"\n', [1.0, 3.0]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_can_be_read_in_one_way_is_read(tmp_path, text, expected, encoding):
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    assert columns(read_table(tmp_path / "t.csv"), ["a"])[:, 0].tolist() == expected


@pytest.mark.parametrize("beside", ["", "# note\n"])  # read by two readers
def test_a_long_cell_is_told_in_short(tmp_path, beside):
    (tmp_path / "t.csv").write_text(f'{beside}a,b\n{beside}"{"x" * 131_072}",2\n')
    assert columns(read_table(tmp_path / "t.csv"), ["b"])[0, 0] == 2.0
    with pytest.raises(UnusableInputError, match=r"the value is 'x{59}…', not a finite number"):
        columns(read_table(tmp_path / "t.csv"), ["a"])


def test_a_sign_far_down_the_file_counts(tmp_path):
    (tmp_path / "t.csv").write_text("a;b\n" + "1,5;2\n" * 800_000 + "2.5;3\n")  # the second block of bytes
    with pytest.raises(UnusableInputError, match=r"'2.5' \(column 'a', line 800002\) and '1,5' \(column 'a', line 2\)"):
        read_table(tmp_path / "t.csv")


def test_lines_are_those_of_a_text_editor(tmp_path):
    text = '# made up\n\na,b\n1,"two\nlines"\n# note\nx,3\n'
    for ends in ("\n", "\r\n", "\r"):
        (tmp_path / "t.csv").write_bytes(text.replace("\n", ends).encode())
        with pytest.raises(UnusableInputError, match="column 'a', line 7: the value is 'x', not a finite number"):
            columns(read_table(tmp_path / "t.csv"), ["a"])
    write_table(tmp_path / "t.parquet", pd.DataFrame({"a": [1.0, np.nan]}))
    with pytest.raises(UnusableInputError, match="column 'a', line 3: the value is missing"):
        columns(read_table(tmp_path / "t.parquet"), ["a"])


def test_what_never_ends_is_not_read_to_its_end(tmp_path):
    with pytest.raises(UnusableInputError, match="neither text nor Parquet"):
        read_table("/dev/zero")
    os.mkfifo(tmp_path / "endless")
    process = subprocess.Popen(f"yes aaaa | tr -d '\\n' > {tmp_path / 'endless'}", shell=True)
    with pytest.raises(UnusableInputError, match="line 1 is longer than 4000000 letters"):
        read_table(tmp_path / "endless")
    process.wait(10)
    (tmp_path / "t.xlsx").write_bytes(b"PK\x03\x04" + bytes(100))
    with pytest.raises(UnusableInputError, match="is a workbook or an archive"):
        read_table(tmp_path / "t.xlsx")


def test_text_in_two_encodings_is_refused_with_its_line(tmp_path):
    (tmp_path / "t.csv").write_bytes("name,x\né,1\n".encode() + "é,2\n".encode("latin-1") + b"\x81,3\n")
    with pytest.raises(UnusableInputError, match="line 4: not text in one encoding"):
        read_table(tmp_path / "t.csv")


HEADER = "débit [m3/s]", "pente moyenne (‰)", "hauteur d’eau [m]", "velocity, mean"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("débit [m3/s]", 0),
        ("de\u0301bit\u00a0 [m3/s]", 0),  # an accent of its own, a space that does not break
        ("débit__m3_s_", 0),
        ("débit", 0),
        ("pente moyenne", 1),
        ("hauteur_d_eau", 2),
        ("velocity, mean", 3),
        ("debit", None),
    ],
)
def test_a_column_is_found_by_its_name_as_people_write_it(wanted, found):
    assert column_of(wanted, HEADER) == (None if found is None else HEADER[found])
