"""`frugal windows` as it is typed."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest
from pond_for_tests import pond_file

Run = Callable[..., tuple[int, str, str]]


@pytest.mark.slow
def test_a_ship_and_a_metre_of_dredging_in_french(run: Run, tmp_path: Path) -> None:
    """Two days; every file says that it is not for navigation, and the deeper sill is open longer."""
    pond_file(tmp_path)
    asked = ("--site", "pond.toml", "--from", "2026-03-01", "--to", "2026-03-02", "--zone", "Europe/Paris")
    ship = ("--draught-m", "7.5", "--speed-kn", "6", "--channel-depth", "upper:8.2", "--dredge", "upper:0-3:1")
    code, out, err = run("--lang", "fr", "windows", *asked, *ship, "--out", "told", "--json")
    assert code == 0 and err == ""
    content = json.loads(out)
    assert content["warning"].startswith("ne pas utiliser pour la navigation")
    hours = {(row["channel"], row["direction"]): row["hours"] for row in content["access"]}
    assert 0.0 < hours["now", "in"] < hours["dredged", "in"] <= 48.0
    windows = pandas.read_csv(tmp_path / "told" / "windows.csv")
    assert windows["hours"].sum() == pytest.approx(sum(hours.values()), abs=0.1)
    assert windows["begins"].str.endswith("+01:00").all() and windows["warning"].nunique() == 1
    places = pandas.read_csv(tmp_path / "told" / "places.csv")
    deeper = places[places["channel"] == "dredged"]["channel_depth_m"].max()
    assert deeper == 12.0 and set(places["warning"]) == {"ne pas utiliser pour la navigation"}
    names = {path.name for path in (tmp_path / "told").iterdir()}
    assert names == {"windows.json", "windows.csv", "places.csv", "calendar.png", "channel.png"}


def test_a_ship_too_deep_gets_an_answer(run: Run, tmp_path: Path) -> None:
    pond_file(tmp_path)
    asked = ("--site", "pond.toml", "--from", "2026-03-01", "--to", "2026-03-01", "--direction", "in")
    code, out, err = run("windows", *asked, "--draught-m", "14")
    assert code == 0 and "not for navigation" in out.replace("\n", " ")
    assert "no window: inbound, the ship finds −" in err.replace("\n", " ") and "are asked" in err.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "nothing is asked; give the ship's --draught-m"),
        (("--draught-m", "9", "--from", "2026-03-02", "--to", "2026-03-01T00:00"), "is -1 days; above 0"),
        (("--draught-m", "9", "--speed-kn", "0"), "speed_kn = 0; 0.5 to 40 are allowed"),
        (("--draught-m", "9", "--direction", "up"), "--direction 'up'; in, out, both are allowed"),
        (("--draught-m", "9", "--flow", "brok=3"), "river 'brok' is none of the site's: brook; did you mean 'brook'"),
        (("--draught-m", "9", "--flow", "brook=many"), "0 to 1e+06 m3/s are allowed"),
        (("--fish", "shad", "--temperatures", "7"), "two numbers are needed: 7,24"),
        (("--fish", "shad", "--temperatures", "24,7"), "temperatures of 24 to 7"),
    ],
)
def test_refusals(run: Run, tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    pond_file(tmp_path)
    code, out, err = run("windows", "--site", "pond.toml", *arguments)
    assert code == 2 and out == "" and words in err.replace("\n", " ")


def test_flows_that_end_too_soon_are_refused(run: Run, tmp_path: Path) -> None:
    pond_file(tmp_path)
    (tmp_path / "flows.csv").write_text("time,brook_m3_s\n2026-03-01,20\n2026-03-02,30\n2026-03-03,30\n")
    asked = ("windows", "--site", "pond.toml", "--draught-m", "9", "--flows", "flows.csv", "--from", "2026-03-01")
    code, _, err = run(*asked, "--to", "2026-03-05")
    assert code == 2 and "discharges of 'brook' run from 2026-03-01T00:00:00+00:00 to 2026-03-03" in err.replace(
        "\n", " "
    )
    assert run(*asked, "--to", "2026-03-02", "--direction", "in", "--json")[0] == 0


@pytest.mark.slow
def test_days_of_a_fish(run: Run, tmp_path: Path) -> None:
    """Water of 7 °C all year is too cold for shad, of 15 °C it is not."""
    pond_file(tmp_path)
    asked = ("windows", "--site", "pond.toml", "--from", "2026-04-01", "--to", "2026-04-03", "--fish", "shad", "--json")
    cold = json.loads(run(*asked, "--temperatures", "7,7")[1])["fish"]
    assert cold["states"] == {"temperature": 3}
    code, out, _ = run(*asked, "--temperatures", "15,15", "--out", "fish")
    assert code == 0 and json.loads(out)["fish"]["states"] == {"open": 3}
    assert (tmp_path / "fish" / "fish.png").stat().st_size > 1000
