"""Hub'Eau and Vigicrues, asked for on this machine: pages, units, what is missing or stands twice, and what is left on disk."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.csv
import pytest
from services_for_tests import daily, real_time, service

import frugal
from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.formats.fetching.hubeau import fetch_hubeau
from frugal.formats.fetching.observations import write_observations
from frugal.formats.fetching.vigicrues import fetch_vigicrues

STATION = "Z111001001"
BEGIN, END = datetime(2031, 2, 3, tzinfo=UTC), datetime(2031, 2, 4, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def pages(base: list[str], *contents: list[dict]) -> Any:
    """Replies page by page, each naming the next."""

    def reply(path: str, query: dict[str, str]) -> dict:
        k = int(query.get("cursor", 0))
        following = f"{base[0]}{path}?cursor={k + 1}" if k + 1 < len(contents) else None
        return {"count": sum(map(len, contents)), "next": following, "api_version": "2.0.1", "data": contents[k]}

    return reply


def test_pages_of_hubeau_become_one_table_in_cubic_metres(tmp_path: Path) -> None:
    base: list[str] = []
    newest_first = [real_time("2031-02-03T08:00:00Z", 412000.0), real_time("2031-02-03T07:30:00Z", None)]
    older = [
        real_time("2031-02-03T07:00:00Z", 407250.0, status=12),
        real_time("2031-02-03T07:00:00Z", 400000.0),  # the raw value before somebody looked at it
        real_time("2031-02-03T06:00:00Z", 405000.0),
    ]
    with service(pages(base, newest_first, older)) as (address, asked):
        base.append(address)
        fetched = fetch_hubeau(STATION.lower(), BEGIN, END, base=address)
        content = write_observations(tmp_path / "flows.csv", fetched)
    assert len(asked) == 2 and "code_entite=Z111001001&grandeur_hydro=Q" in asked[0]
    assert "date_debut_obs=2031-02-03T00%3A00%3A00Z&date_fin_obs=2031-02-04T00%3A00%3A00Z" in asked[0]
    table = pyarrow.csv.read_csv(tmp_path / "flows.csv").to_pydict()
    assert [str(time) for time in table["time_utc"]] == [
        "2031-02-03 06:00:00+00:00", "2031-02-03 07:00:00+00:00", "2031-02-03 08:00:00+00:00",
    ]  # fmt: skip
    assert table["discharge [m3/s]"] == [405.0, 407.25, 412.0] and table["station"] == [STATION] * 3
    beside = json.loads((tmp_path / "flows.csv.json").read_text())
    assert beside == content and beside["licence"] == "Licence Ouverte 2.0 (Etalab)"
    assert (beside["values"], beside["without_value"], beside["repeated"], beside["announced"]) == (3, 1, 1, 5)
    assert beside["status"] == {"Brute": 2, "Pré-validée": 1} and len(beside["addresses"]) == 2
    assert datetime.fromisoformat(beside["fetched"]).tzinfo is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flows.csv", "flows.csv.json"]


def test_levels_come_in_metres_and_daily_means_stand_at_noon(tmp_path: Path) -> None:
    levels = [real_time("2031-02-03T08:00:00Z", -812.0, "H"), real_time("2031-02-03T07:45:00Z", -815.0, "H")]
    with service(lambda *_: {"count": 2, "next": None, "data": levels}) as (address, _):
        write_observations(tmp_path / "levels.csv", fetch_hubeau(STATION, BEGIN, END, "level", address))
    assert pyarrow.csv.read_csv(tmp_path / "levels.csv").to_pydict()["level [m]"] == [-0.815, -0.812]
    days = [daily("2031-02-01", 401234.0), daily("2031-02-02", None), daily("2031-02-03", 395500.0)]
    with service(lambda *_: {"count": 3, "next": None, "data": days}) as (address, asked):
        write_observations(tmp_path / "days.csv", fetch_hubeau(STATION, BEGIN, END, "daily_discharge", address))
    assert "obs_elab" in asked[0] and "date_debut_obs_elab=2031-02-03" in asked[0]
    table = pyarrow.csv.read_csv(tmp_path / "days.csv").to_pydict()
    assert table["discharge [m3/s]"] == [401.234, 395.5] and table["time_utc"][0].hour == 12


@pytest.mark.parametrize(
    "observed",
    [
        [
            {"DtObsHydro": "2031-02-03T09:00:00+01:00", "ResObsHydro": 412.0},
            {"DtObsHydro": "2031-02-03T08:15:00+00:00", "ResObsHydro": 413.5},
        ],
        [[1927872000000, 412.0], [1927872900000, 413.5]],
    ],
    ids=["objects", "pairs"],
)  # fmt: skip
def test_both_layouts_of_vigicrues_say_the_same(tmp_path: Path, observed: list) -> None:
    said = {"VersionFlux": "Beta 0.3", "Serie": {"CdStationHydro": STATION, "GrdSerie": "Q", "ObssHydro": observed}}
    with service(lambda *_: said) as (address, asked):
        fetched = fetch_vigicrues(STATION, base=address)
    assert asked == ["/?CdStationHydro=Z111001001&GrdSerie=Q&FormatDate=iso"]
    assert fetched.rows.values.tolist() == [412.0, 413.5]  # m³/s as they come
    assert fetched.rows.time_s.tolist() == [1927872000.0, 1927872900.0]


FAULTS: list[tuple[Any, type[Exception], str]] = [
    ({"count": 0, "next": None, "data": []}, UnusableInputError, "Hub'Eau has no value for station Z111001001, what discharge"),
    ((400, "bad date"), UnusableInputError, "refuses the question with code 400: bad date"),
    ((503, "<h1>busy</h1>"), EnvironmentFaultError, "refuses the question with code 503"),
    ((200, "<html>"), EnvironmentFaultError, "sends no JSON: '<html>'"),
    ({"Data": []}, EnvironmentFaultError, "another layout than this version knows .no list 'data'"),
    ({"data": [{"code_station": "Z", "valeur": 3}]}, EnvironmentFaultError, "no 'grandeur_hydro'"),
    ({"data": [real_time("2031-02-03T08:00:00Z", 1.0, "H")]}, EnvironmentFaultError, "'H' in the place of 'Q'"),
    ({"data": [real_time("2031-02-03T08:00:00Z", 1.0)], "next": "http://elsewhere.example/x"}, EnvironmentFaultError, "next"),
    ({"data": [real_time("2031-02-03T08:00:00Z", v) for v in (1e3, 2e3)]}, UnusableInputError, "1 and 2 stand at one time"),
]  # fmt: skip


@pytest.mark.parametrize(("said", "kind", "told"), FAULTS, ids=[row[2][:24] for row in FAULTS])
def test_what_goes_wrong_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, said: Any, kind: type[Exception], told: str
) -> None:
    with service(lambda *_: said) as (address, _), pytest.raises(kind, match=told):
        write_observations(tmp_path / "flows.csv", fetch_hubeau(STATION, BEGIN, END, base=address))
    assert not list(tmp_path.iterdir())


def test_a_service_that_is_not_there_and_questions_that_cannot_be_meant(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFaultError, match=r"Hub'Eau \(127\.0\.0\.1\) cannot be reached from this machine"):
        fetch_hubeau(STATION, BEGIN, END, base="http://127.0.0.1:9")
    for station in ("tonneins", "O97", "O9720010010", "../x"):
        with pytest.raises(UnusableInputError, match="is no code of a station"):
            fetch_hubeau(station, BEGIN, END, base="http://127.0.0.1:9")
    with pytest.raises(UnusableInputError, match="the end must lie after"):
        fetch_hubeau(STATION, END, BEGIN, base="http://127.0.0.1:9")
    refused = pytest.raises(UnusableInputError, match=r"Vigicrues refuses the question .* Station inconnue")
    with service(lambda *_: [{"error_msg": "Station inconnue"}]) as (address, _), refused:
        fetch_vigicrues(STATION, base=address)


def test_a_file_that_is_there_is_kept_unless_told(tmp_path: Path) -> None:
    (tmp_path / "flows.csv").write_text("mine")
    with service(lambda *_: {"data": [real_time("2031-02-03T08:00:00Z", 1e3)]}) as (address, _):
        fetched = fetch_hubeau(STATION, BEGIN, END, base=address)
    with pytest.raises(UnusableInputError, match="exists and is left as it is"):
        write_observations(tmp_path / "flows.csv", fetched)
    assert (tmp_path / "flows.csv").read_text() == "mine" and len(list(tmp_path.iterdir())) == 1
    write_observations(tmp_path / "flows.csv", fetched, overwrite=True)
    assert "1" in (tmp_path / "flows.csv").read_text()


def test_nothing_else_of_the_program_fetches_observations() -> None:
    root = Path(frugal.__file__).parent
    users = set()
    for path in root.rglob("*.py"):
        name, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
        if ("urllib.request" in text or "frugal.formats.fetching" in text) and not name.startswith("formats/fetching/"):
            users.add(name)
    assert users == {"commands/estuaries/fetch.py"}
