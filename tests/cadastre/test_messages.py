"""What the command and its tables say, in the language that was asked for."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from frugal.cadastre.job.result import Cadastre, Failure
from frugal.cadastre.job.settings import CadastreSettings
from frugal.cadastre.production_footprint import production_footprint
from frugal.cadastre.publish import best_classes, notes_on_roofs
from frugal.cadastre.tables.classes import classes_for, qgis_style
from frugal.cadastre.tables.columns import BUILDINGS, PLANES
from frugal.cadastre.yields.weather_of_place import notes_on_weather
from frugal.commands.cadastre import _print
from frugal.formats.point_clouds.surfaces import note_on_voids, system_of_clouds
from frugal.formats.weather.nearness import Separation
from frugal.reporting.progress import Terminal
from frugal.reporting.told_in_french import note_in_french, translations
from frugal.texts import room_texts

YEAR, WEATHER = "synthetic typical year of the coast of Vendée (seed 0), from x.csv", "weather 'a 1.5 m.epw'"

#: Words that no French sentence holds.
ENGLISH = re.compile(r"\b(the|and|of|that|lies?|left|taken|from|with|than|are|count|planes?|made|note|failed)\b", re.I)


def _cloud(path: str, crs: str | None) -> SimpleNamespace:
    return SimpleNamespace(path=Path(path), crs=crs, bounds=(700_000.0, 6_600_000.0, 700_100.0, 6_600_100.0))


def _notes() -> list[str]:
    """Notes as the program makes them where that is quickly done, else as it writes them."""
    silent = [_cloud("a.laz", None), _cloud("b.laz", None)]
    assumed = [
        system_of_clouds(silent[:1], "EPSG:2154")[1],
        system_of_clouds(silent, "EPSG:2154")[1],
        system_of_clouds(silent, None, "EPSG:2154")[1],
        system_of_clouds([*silent, _cloud("c.laz", "EPSG:2154")])[1],
    ]
    name = "footprints 'toits.gpkg'"
    return [
        *map(str, assumed),
        str(note_on_voids(1000.0, 130.0, 7.81, 1.0)),
        "no vegetation classes: unclassified points more than 2 m above the classified surface count as vegetation",
        "no classes at all in a.laz, b.laz: trees cannot be told from roofs there",
        "surface model 'a.tif': 12 heights that are infinite, below -500 m or above 9,000 m count as missing",
        f"{name} name no coordinate system; taken as EPSG:2154",
        f"{name}: 3 superseded records left out",
        f"{name}: 3 of 12 outlines left out (empty, broken or no polygons)",
        f"{name}: 4 outlines that crossed themselves repaired",
        f"{name}: 5 given twice, or to 80 % or more inside another one, left out",
        f"{name}: 6 overlap another one by 20 to 80 % of their area; the roof in common counts for both",
        f"{name}: 7 at the edge of the survey are left out: their middle lies outside",
        "communes 'communes.gpkg': 4 outlines that crossed themselves repaired",
        "Cells of 2 m are wider than 1.25 m: most small roofs are missed.",
        "The ground of the survey lies +48 m from that of terrain 'alti.tif' (median): if their heights are counted from "
        "different levels, its horizon is wrong.",
        *notes_on_weather(CadastreSettings(), Separation(265.4, 1.25), YEAR),
        *notes_on_weather(CadastreSettings(force_weather=True), Separation(6419.0, 28.3), YEAR),
        *notes_on_roofs(SimpleNamespace(footprints="", roofs=())),
        f"{WEATHER}: the sun is taken 60 minutes later than its hours say, where ghi = dni · sin h + dhi closes to 2.7 W/m² "
        "instead of 73.8; its rows are those of UTC+0, or labelled 60 minutes off; so it would be with longitude 7.5° in the "
        "place of -7.5°",
        f"{WEATHER}: its stated offset (-0.8239 h) is used, and the sun is taken 60 minutes earlier than its hours say, where "
        "ghi = dni · sin h + dhi closes to 0.7 W/m² instead of 51.1; its values are those of the start of each hour",
        f"{WEATHER}: its stated offset (-0.3 h) does not agree with its light, and the sun is taken 30 minutes later than its "
        "hours say, where ghi = dni · sin h + dhi closes to 0.7 W/m² instead of 51.1; its values are those of the end of each "
        "hour",
        f"{WEATHER}: its rows follow summer time from 03-25 to 10-27 (ghi = dni · sin h + dhi closes to 2.7 W/m² with an "
        "hour taken off, to 28.9 without): the hour is taken off; besides, the sun is taken 10 minutes later than its "
        "hours say",
        f"{WEATHER}: ghi = dni · sin h + dhi closes to 41 W/m² at best, of 310 of beam: its hours are sure to about a "
        "quarter of an hour only",
        f"{WEATHER}: its ghi, dni and dhi do not belong together (they close to 107 W/m² at best, and beam on the horizontal "
        "is +4 % off ghi − dhi in a year): whether its hours are right cannot be told, and yields of tilted planes may be off "
        "by as much",
        f"{WEATHER}: months close at moments of their own (minutes from that): 4 (+15)",
        "CO₂ is that of the electricity of metropolitan France, where this territory does not lie (--country CODE)",
        "No roof plane of 10 m² was found: there is no map of roofs.",
    ]


@pytest.mark.parametrize("note", _notes())
def test_notes_have_their_french_with_every_number_and_name(note: str) -> None:
    french = note_in_french(note)
    assert not ENGLISH.search(french), french
    for number in re.findall(r"\d+", note.replace("--", "")):
        assert number in french
    # The numbers of the program, not the names of files in quotes.
    bare = re.sub(r"'[^']*'", "", french)
    assert not re.search(r"\d\.\d+ ?(m\b|W/m²|%|°|h\b)", bare), french
    for name in re.findall(r"'[^']+\.\w+'", note):
        assert name in french


def test_a_note_that_is_not_known_is_told_as_it_came() -> None:
    for note in ("The moon shines: 0.5 m of it", "it rains; no sun"):
        assert note_in_french(note) == note


def _made() -> Cadastre:
    return Cadastre(
        Path("out"), None, 160, 136, 316,
        {"usable_area_m2": 4821.1, "power_kwp": 989.0, "yield_kwh": 768_324.0},
        [Failure("a.laz", "damaged")], ["No roof plane of 10 m² was found: there is no map of roofs."],
        {
            "cpu_seconds": 1234.0, "area_km2": 0.0548, "energy_kwh": {"value": 2.5e-5, "low": 1.2e-5, "high": 5e-5},
            "carbon_gco2e": {"value": 0.0014},
        },
    )  # fmt: skip


def test_the_command_ends_in_the_language_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    _print(_made(), "en")
    english = capsys.readouterr()
    assert "316 roof planes on 136 of 160 buildings: 4,821 m² usable, 989 kWp, 768 MWh a year" in english.out
    assert "Made in 1,234 CPU s for 0.0548 km²: 0.025 Wh [0.012–0.05], 0.0014 g CO₂e" in english.out
    assert "Note: No roof plane" in english.out and "Failed: a.laz: damaged" in english.err
    _print(_made(), "fr")
    french = capsys.readouterr()
    assert "316 pans de toit sur 136 des 160 bâtiments : 4\u202f821 m² utiles, 989 kWc, 768 MWh par an" in french.out
    assert "Fait en 1\u202f234 s de processeur pour 0,0548 km² : 0,025 Wh [0,012–0,05], 0,0014 g CO₂e" in french.out
    assert "Remarque : Aucun pan de toit" in french.out and "Échec : a.laz" in french.err


def test_stages_of_a_cadastre_have_their_french(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal("fr")
    for stage in ("read inputs", "rasterise", "tiles", "write files"):
        terminal.stage(stage, 3)
    told = capsys.readouterr().err
    for words in ("lecture des données", "mise en grille (3)", "tuiles (3)", "écriture des fichiers"):
        assert words in told


def test_a_plane_without_modules_gives_no_class_to_its_building() -> None:
    planes = pd.DataFrame(
        {"building_id": ["a", "a", "b"], "class": [2, 5, 4], "power_kwp": [40.0, 0.0, 0.0]},
    )
    buildings = pd.DataFrame({"building_id": ["a", "b", "c"]})
    np.testing.assert_array_equal(best_classes(planes, buildings), [2, 0, 0])


def test_qgis_draws_buildings_without_a_class_too() -> None:
    classes = classes_for(1170.0)
    for language, words in (("en", "no plane that modules fit on"), ("fr", "aucun pan où des modules tiennent")):
        buildings = qgis_style(classes, BUILDINGS, language, none=True)
        assert f'symbol="5" value="0" type="long" label="{words}"' in buildings and '<symbol name="5"' in buildings
        assert 'value="0"' not in qgis_style(classes, PLANES, language)


def test_the_carbon_of_the_making_follows_from_what_is_told_beside_it() -> None:
    entries = [
        SimpleNamespace(total_cpu_seconds=1800.0, stage=stage, codecarbon_joules=None, status="finished")
        for stage in ("tiles", "outputs")
    ]
    machine = SimpleNamespace(watts_per_core=3.0, watts_low=1.5, watts_high=6.0, tier="T4")
    told = production_footprint(entries, machine, 2.0)  # type: ignore[arg-type]
    assert told["energy_kwh"] == {"value": 0.003, "low": 0.0015, "high": 0.006}
    for name in ("value", "low", "high"):
        assert told["carbon_gco2e"][name] == pytest.approx(told["energy_kwh"][name] * told["electricity"][name])


def test_a_kill_counts_once() -> None:
    entries = [
        SimpleNamespace(total_cpu_seconds=1.0, stage=stage, codecarbon_joules=None, status=status)
        for stage, status in (("tiles", "interrupted"), ("metering", "interrupted"), ("tiles", "ok"))
    ]
    machine = SimpleNamespace(watts_per_core=3.0, watts_low=1.5, watts_high=6.0, tier="T4")
    told = production_footprint(entries, machine, 2.0)  # type: ignore[arg-type]
    assert told["interrupted_stages"] == 1 and told["cpu_seconds"] == 3.0


def test_units_have_the_decimal_sign_of_the_language() -> None:
    assert PLANES["horizon"].alias("en").endswith("(0.35°)") and PLANES["horizon"].alias("fr").endswith("(0,35°)")


#: What may stand in the place of a value, by the letter after its name.
VALUES = {"d": "17", "v": "3.3.2", "w": "2.5", "q": "'a.laz'", "": "one, two"}


@pytest.mark.parametrize("group", ["source", "note"])
def test_every_pattern_of_the_texts_finds_its_english_and_gives_its_french(group: str) -> None:
    texts = room_texts("frugal.reporting").group(group)
    assert len(translations(group)) == len(texts) >= 20
    for (pattern, french), text in zip(translations(group), texts.values(), strict=True):
        kinds = {name: VALUES[kind or ""] for _, name, kind, _ in Formatter().parse(text["en"]) if name is not None}
        english = re.sub(r":[dvwq]\}", "}", text["en"]).format(**kinds)
        assert text["en"].startswith("…") == text["fr"].startswith("…")
        assert text["en"].endswith("…") == text["fr"].endswith("…")
        assert pattern.sub(french, english.strip("…")) == text["fr"].strip("…").format(**kinds)
        assert bool(pattern.search(f"x {english.strip('…')}")) == english.startswith("…")
