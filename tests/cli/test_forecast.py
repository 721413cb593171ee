"""`frugal forecast estuary` and `frugal fetch` as they are typed."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas
import pytest
from services_for_tests import real_time, service

from frugal.cli import app
from frugal.formats.fetching import hubeau

Run = Callable[..., tuple[int, str, str]]
EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "estuary_forecast"


def test_fetch_leaves_a_file_its_licence_and_its_date(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    values = [real_time("2031-02-03T08:00:00Z", 412000.0), real_time("2031-02-03T07:00:00Z", 400000.0)]
    words = (
        "fetch",
        "hubeau",
        "--station",
        "Z111001001",
        "--from",
        "2031-02-01",
        "--to",
        "2031-02-05",
        "--out",
        "flows.csv",
    )
    with service(lambda *_: {"count": 3, "next": None, "data": values}) as (address, asked):
        monkeypatch.setattr(hubeau, "BASE", address)
        code, out, err = run(*words)
        assert code == 0 and "2 values from 2031-02-03T07:00:00Z to 2031-02-03T08:00:00Z" in out
        assert "Licence Ouverte 2.0" in out and "announces 3 values and has sent 2" in err
        assert len(asked) == 1 and "date_fin_obs=2031-02-06T00" in asked[0]
        code, out, err = run("--lang", "fr", *words)
        assert (code, out, len(asked)) == (2, "", 1)  # nobody is asked for what cannot be written
        assert "« flows.csv » existe et reste tel quel" in err.replace("\N{NO-BREAK SPACE}", " ")
    code, _, err = run(*words[:-1], "other.csv", "--lang", "fr")
    assert code == 3 and "ne peut pas être joint depuis cette machine" in err and not Path("other.csv").exists()
    for wrong, told in (
        (
            ("fetch", "hubau", *words[2:]),
            "source 'hubau' is not known; hubeau, vigicrues are allowed; did you mean 'hubeau'?",
        ),
        (("fetch", "vigicrues", *words[2:-1], "v.csv"), "leave --from and --to out"),
        ((*words[:-1], "flows.txt"), "--out 'flows.txt' ends in '.txt'"),
        ((*words[:-1], "o.csv", "--what", "flow"), "--what 'flow' is not known"),
    ):
        code, out, err = run(*wrong)
        assert code == 2 and told in err and not out


@pytest.mark.slow
def test_a_week_and_the_day_after_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [
        word for name in ("series", "surge", "observed") for word in (f"--{name}", str(EXAMPLE / f"{NAMES[name]}.csv"))
    ]
    code, out, err = run("forecast", "estuary", "--from", "2026-11-23", "--days", "7", *files, "--out", "week")
    assert code == 0 and "against persistence" in out and "not for navigation" in out, err
    assert {path.name for path in Path("week").iterdir()} == {
        "forecast.json", "levels.csv", "waters.csv", "forecast.nc", "forecast.en.png", "forecast.fr.png", "state.npz",
    }  # fmt: skip
    told = json.loads(Path("week/forecast.json").read_text())
    assert told["schema"] == "frugal-forecast/1" and told["state"] == "2026-11-23T00:00:00Z"
    assert {(row["gauge"], row["period"]) for row in told["skill"]["gauges"]} == {
        (gauge, period) for gauge in ("Bordeaux", "Pauillac Trompeloup") for period in ("past", "ahead")
    }
    words = ("forecast", "estuary", "--from", "2026-11-24", "--days", "6", *files, "--state", "week", "--out", "week")
    before = Path("week/state.npz").read_bytes()
    with monkeypatch.context() as patch:  # interrupted while it writes
        patch.setattr("frugal.estuaries.forecasting.report.state_bytes", stop)
        with pytest.raises(RuntimeError, match="stopped"):
            app(list(words), standalone_mode=False)
    assert Path("week/state.npz").read_bytes() == before and [path.name for path in Path().iterdir()] == ["week"]
    first = pandas.read_csv("week/levels.csv").set_index("time_utc")
    code, out, err = run("--lang", "fr", *words)
    assert code == 0 and "face à la persistance" in out, err
    second = pandas.read_csv("week/levels.csv").set_index("time_utc")
    both = first.index.intersection(second.index)
    assert len(both) > 1000  # the same series: what was forecast yesterday is what is forecast today
    np.testing.assert_allclose(first.loc[both, "Bordeaux [m]"], second.loc[both, "Bordeaux [m]"], atol=1e-9)
    assert json.loads(Path("week/forecast.json").read_text())["went_on_from"] == "2026-11-23T00:00:00Z"
    code, _, err = run("--lang", "fr", *words, "--set", "place=saint_laurent")
    assert code == 2, err


NAMES = {"series": "flows", "surge": "surge", "observed": "levels"}


def stop(*_: object) -> bytes:
    raise RuntimeError("stopped")
