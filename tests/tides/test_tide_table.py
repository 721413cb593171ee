"""`frugal tide` as it is typed, and what is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest

Run = Callable[..., tuple[int, str, str]]

BREST = """station,lat,lon,constituent,amplitude_m,phase_deg_GMT
Brest,48.383,-4.5,M2,2.05094,108.91711
Brest,48.383,-4.5,N2,0.41689,90.55683
Brest,48.383,-4.5,S2,0.74881,148.20107
Brest,48.383,-4.5,K2,0.21361,145.79851
Brest,48.383,-4.5,K1,0.06431,75.03389
Brest,48.383,-4.5,O1,0.06588,327.86975
Brest,48.383,-4.5,M4,0.05448,105.69943
Brest,48.383,-4.5,MS4,0.03268,181.60233
Brest,48.383,-4.5,NU2,0.07777,86.53565
Brest,48.383,-4.5,MU2,0.08574,104.9442
Brest,48.383,-4.5,L2,0.06385,102.88396
Brest,48.383,-4.5,2N2,0.05694,72.67986
"""


@pytest.fixture
def brest(tmp_path: Path) -> Path:
    path = tmp_path / "brest.csv"
    path.write_text(BREST)
    return path


def test_the_tide_of_the_century_in_french(run: Run, brest: Path) -> None:
    """SHOM announced 118 in the morning and 119 in the evening of 21 March 2015 (linternaute.com, 18 March 2015)."""
    code, out, err = run(
        "--lang", "fr", "tide", "brest.csv", "--from", "2015-03-21", "--days", "1", "--zone", "Europe/Paris"
    )
    assert code == 0 and err == "" and "pas utiliser pour la navigation" in out.replace("\n", " ")
    rows = [line.split() for line in out.splitlines() if "pleine" in line]
    assert [row[0][-6:] for row in rows] == ["+01:00"] * 2
    assert [abs(int(row[-1]) - wanted) <= 1 for row, wanted in zip(rows, (118, 119), strict=True)] == [True, True]
    assert all("," in row[2] for row in rows)


def test_json_and_files_say_zone_zero_and_convention(run: Run, brest: Path, tmp_path: Path) -> None:
    words = (
        "tide",
        "brest.csv",
        "--from",
        "2026-06-01T00:00+02:00",
        "--to",
        "2026-06-02T22:00Z",
        "--datum",
        "chart datum",
    )
    code, out, _ = run(*words, "--mean-level", "4.13", "--json")
    told = json.loads(out)
    assert code == 0 and told["from"] == "2026-05-31T22:00:00Z" and told["datum"] == "chart datum"
    assert told["nodal_convention"] == "schureman" and "navigation" in told["warning"]
    assert 7 <= len(told["waters"]) <= 9 and all(0.0 < row["level_m"] < 8.5 for row in told["waters"])
    assert {row["water"]: row["coefficient"] is None for row in told["waters"]} == {"high": False, "low": True}
    code, out, _ = run(*words, "--mean-level", "4.13", "--every", "30", "--out", "levels.csv", "--nodal", "foreman")
    table = pandas.read_csv(tmp_path / "levels.csv")
    assert code == 0 and len(table) == 97 and set(table["use"]) == {"not for navigation"}
    assert table["time"].iloc[0] == "2026-05-31T22:00:00Z" and table["level_m"].mean() == pytest.approx(4.13, abs=0.2)
    code, out, _ = run(*words, "--mean-level", "4.13", "--out", "waters.parquet")
    assert code == 0 and set(pandas.read_parquet(tmp_path / "waters.parquet")["water"]) == {"high", "low"}


def test_stations_beside_the_checkout(run: Run, shared_data: Path, tmp_path: Path) -> None:
    path = str(shared_data / "tide_prediction" / "constituents.csv")
    code, _, err = run("tide", path)
    assert code == 2 and "4 stations" in err and "Bordeaux" in err
    code, out, _ = run("tide", path, "--station", "bordeaux", "--from", "2026-09-10", "--json")
    told = json.loads(out)
    rows = told["waters"]
    assert code == 0 and told["station"] == "Bordeaux"
    # the sea rises fast at Bordeaux and falls slowly: flood 3 to 4.5 h, ebb 7 to 9
    moments = [pandas.Timestamp(row["time"]) for row in rows]
    for first, second, kind in zip(moments[:-1], moments[1:], rows[1:], strict=True):
        hours = (second - first).total_seconds() / 3600
        assert 3.0 < hours < 5.5 if kind["water"] == "high" else 7.0 < hours < 9.5


def test_a_tide_of_the_tables_of_brest(run: Run, shared_data: Path) -> None:
    """12 July 1995 in the Annuaire: low water 09:47, 1.45 m, high water 15:53, 7.70 m (fr.scribd.com/document/612490837)."""
    path = str(shared_data / "tide_prediction" / "brest_constituents.csv")
    _, out, _ = run("tide", path, "--from", "1995-07-12T08:00Z", "--to", "1995-07-12T17:00Z", "--json")
    low, high = json.loads(out)["waters"]
    for found, published in ((low, "1995-07-12T09:47Z"), (high, "1995-07-12T15:53Z")):
        assert abs(pandas.Timestamp(found["time"]) - pandas.Timestamp(published)) < pandas.Timedelta(minutes=4)
    assert high["level_m"] - low["level_m"] == pytest.approx(7.70 - 1.45, abs=0.05)


def test_far_from_france_no_coefficient_is_told_unless_asked(run: Run, brest: Path) -> None:
    brest.write_text(BREST.replace("48.383,-4.5", "45.1,-67.1"))
    code, out, _ = run("tide", "brest.csv", "--from", "2026-01-01")
    assert code == 0 and "coefficient" not in out
    code, out, _ = run("tide", "brest.csv", "--from", "2026-01-01", "--coefficients")
    assert code == 0 and "coefficient" in out


def test_what_is_not_known_is_left_out_and_told(run: Run, brest: Path) -> None:
    brest.write_text(BREST + "Brest,48.383,-4.5,XYZ9,0.012,10\nBrest,48.383,-4.5,MTM,0.0011,139\n")
    code, _, err = run("tide", "brest.csv", "--from", "2026-01-01", "--nodal", "foreman")
    assert code == 0 and "left out: XYZ9 (1.2 cm)" in err and "do not have MTM" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--from", "2026-03-29T02:30", "--zone", "Europe/Paris"), "twice or not at all"),
        (("--from", "2026-10-25T02:30", "--zone", "Europe/Paris"), "twice or not at all"),
        (("--from", "30/11/2026"), "is no time"),
        (("--zone", "Mars/Olympus"), "is not known; UTC or names"),
        (("--from", "2026-01-02", "--to", "2026-01-01"), "above 0 and up to"),
        (("--from", "2026-01-02", "--to", "2026-01-03", "--days", "2"), "leave one out"),
        (("--from", "1500-01-02"), "years from 1801 to 2199"),
        (("--from", "2026-01-02", "--to", "9999-12-31"), "years from 1801 to 2199"),
        (("--from", "2199-01-02", "--days", "36600"), "years from 1800 to 2200"),
        (("--from", "2026-01-02", "--days", "nan"), "--days nan"),
        (("--from", "2026-01-02", "--mean-level", "nan", "--datum", "x"), "--mean-level nan"),
        (("--from", "2026-01-02", "--latitude", "nan"), "latitude nan"),
        (("--from", "2026-01-02", "--out", "brest.csv"), "is the table of constituents"),
        (("--from", "2026-01-02", "--mean-level", "4.1"), "zero that is not said"),
        (("--from", "2026-01-02", "--datum", "NGF/IGN69"), "needs --mean-level too"),
        (("--from", "2026-01-02", "--datum", "mean sea level", "--mean-level", "1"), "contradict each other"),
        (("--from", "2026-01-02", "--nodal", "doodson"), "allowed: schureman, foreman, none"),
        (("--from", "2026-01-02", "--every", "0"), "every 0 min"),
        (("--from", "2026-01-02", "--out", "waters.txt"), "ends in '.txt'"),
        (("--from", "2026-01-02", "--station", "Roscoff"), "has no station 'Roscoff'"),
    ],
)
def test_what_cannot_be_meant_is_refused(run: Run, brest: Path, words: tuple[str, ...], told: str) -> None:
    code, out, err = run("tide", "brest.csv", *words)
    assert code == 2 and out == "" and told in err and err.count("\n") == 1


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("constituent,amplitude_m\nM2,1\n", "'phase_deg_GMT'; it has"),
        ("constituent,amplitude_m,phase_deg_local\nM2,1,2\n", "'phase_deg_GMT'; it has"),
        ("constituent,amplitude_m,phase_deg\nM2,1,4000\n", "phase of 4000 degrees"),
        ("constituent,amplitude_m,phase_deg\nM2,1,\n", "is missing"),
        ("constituent,amplitude_m,phase_deg\nM2,11,3\n", "amplitude of 11 m"),
        ("constituent,amplitude_m,phase_deg\nM2,1,3\nm2,1,3\n", "a second time"),
        ("constituent,amplitude_m,phase_deg\nZ0,4.1,0\nM2,1,3\n", "Z0 of 4.1 m above a zero that is not said"),
        ("constituent,amplitude_m,phase_deg\nWIND,1,3\n", "no known constituent"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(run: Run, tmp_path: Path, table: str, told: str) -> None:
    (tmp_path / "tide.csv").write_text(table)
    code, out, err = run("tide", "tide.csv", "--from", "2026-01-01")
    assert code == 2 and out == "" and told in err
