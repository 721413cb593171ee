"""The table of factors: complete and sourced, checked when read, overridden by a user's own, drawn from as stated."""

import csv
import hashlib
from dataclasses import FrozenInstanceError
from importlib.resources import files

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.metering.factors.table import COLUMNS, Factor, load_factors

HEADER = ",".join(COLUMNS)
ROW = "pue,1.5,1.0,2.0,1,2024,somebody,fact"
EU_27 = [
    "AUT",
    "BEL",
    "BGR",
    "CYP",
    "CZE",
    "DEU",
    "DNK",
    "ESP",
    "EST",
    "FIN",
    "FRA",
    "GRC",
    "HRV",
    "HUN",
    "IRL",
    "ITA",
    "LTU",
    "LUX",
    "LVA",
    "MLT",
    "NLD",
    "POL",
    "PRT",
    "ROU",
    "SVK",
    "SVN",
    "SWE",
]
PLACES = {*EU_27, "BRA", "CAN", "CHE", "CHN", "GBR", "IND", "JPN", "USA", "EUU", "WOR"}
ELECTRICITY_UNITS = {
    "gwp": "gCO2e/kWh",
    "adpe": "kgSbe/kWh",
    "pe": "MJ/kWh",
    "fossil": "MJ/kWh",
    "water": "L/kWh",
    "particles": "disease incidence/kWh",
    "ionising": "kBqU235e/kWh",
    "acidification": "molH+/kWh",
    "ozone_formation": "kgNMVOC/kWh",
    "eutrophication_marine": "kgN/kWh",
    "eutrophication_freshwater": "kgP/kWh",
    "eutrophication_terrestrial": "molN/kWh",
    "ozone_depletion": "kgCFC11e/kWh",
}
BOUNDARIES = [
    "climate",
    "fossils",
    "minerals",
    "particles",
    "ionising",
    "ozone_formation",
    "acidification",
    "eutrophication_marine",
    "eutrophication_freshwater",
    "eutrophication_terrestrial",
    "ozone_depletion",
    "water",
    "land",
    "toxicity_cancer",
    "toxicity_non_cancer",
    "ecotoxicity",
]


def table(tmp_path, *rows, name="own.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding=encoding)
    return path


# ------------------------------------------------------------------------------------------------ what is packaged


def test_every_factor_is_sourced_and_its_interval_can_be_drawn_from():
    factors = load_factors()
    rng = np.random.default_rng(0)
    for id_, factor in factors.items():
        assert factor.id == id_ and factor.source and factor.licence and 2000 < factor.year < 2100
        assert 0 < factor.low <= factor.value <= factor.high, id_
        assert np.isfinite(factor.draw(rng, 100)).all(), id_
        assert factor.origin == "packaged"


def test_sources_are_locatable_and_name_no_registry():
    with (files("frugal.metering.factors") / "data" / "factors.csv").open(encoding="utf-8") as text:
        rows = list(csv.DictReader(text))
    assert all("http" not in row["source"] and len(row["source"]) > 15 for row in rows)


@pytest.mark.parametrize(("category", "unit"), ELECTRICITY_UNITS.items())
def test_france_is_covered_in_every_category(category, unit):
    assert load_factors().electricity(category, "FRA").unit == unit


def test_electricity_has_the_same_unit_everywhere():
    factors = load_factors()
    for category, unit in ELECTRICITY_UNITS.items():
        found = {place: factors.electricity(category, place) for place in factors.countries()}
        assert {factor.unit for factor in found.values() if factor} == {unit}


def test_the_places_asked_for_have_at_least_carbon_metals_and_energy():
    factors = load_factors()
    assert set(factors.countries()) == PLACES
    assert factors.countries() == sorted(PLACES)
    for place in PLACES:
        for category in ("gwp", "adpe", "pe", "fossil", "particles", "ionising"):
            assert factors.electricity(category, place) is not None, (place, category)
    assert [place for place in factors.countries() if factors.electricity("water", place) is None] == ["HRV"]


def test_french_electricity_by_hand():
    france = load_factors().electricity("gwp", "FRA")
    assert (france.low, france.value, france.high) == (21.7, 56.0, 81.3)
    assert load_factors().electricity("fossil", "FRA").value == pytest.approx(9.31353, rel=1e-3)
    assert load_factors().electricity("ionising", "FRA").value == pytest.approx(3.23443, rel=1e-3)


def test_fossil_energy_stays_below_primary_energy():
    factors = load_factors()
    for place in factors.countries():
        assert factors.electricity("fossil", place).value < factors.electricity("pe", place).value, place


def test_carbon_of_the_european_mix_lies_between_its_members():
    factors = load_factors()
    members = [factors.electricity("gwp", place).value for place in EU_27]
    assert min(members) < factors.electricity("gwp", "EUU").value < max(members)


def test_embodied_parts_follow_from_totals_lives_and_hours():
    factors = load_factors()
    thread_hours = 35_040 * 96
    assert factors["embodied_server_gwp"].value == pytest.approx(900_000 / thread_hours, rel=1e-3)
    assert factors["embodied_server_gwp"].low == pytest.approx(459_900 / thread_hours, rel=1e-3)
    assert factors["embodied_server_gwp"].high == pytest.approx(2_087_000 / thread_hours, rel=1e-3)
    assert factors["embodied_server_adpe"].value == pytest.approx(0.14 / thread_hours, rel=1e-3)
    assert factors["embodied_server_pe"].value == pytest.approx(13_000 / thread_hours, rel=1e-3)
    assert factors["embodied_smartphone_gwp"].value == pytest.approx(84_000 / (21_900 * 0.3), rel=1e-3)
    assert factors["embodied_smartphone_adpe"].value == pytest.approx(2.05e-3 / (21_900 * 0.3), rel=1e-3)
    assert factors["embodied_laptop_gwp"].value == pytest.approx(175_000 / (43_800 * 0.3), rel=1e-3)
    assert factors["embodied_laptop_fossil"].value == pytest.approx(2360 / (43_800 * 0.3), rel=1e-3)


def test_one_french_kilowatt_hour_weighs_most_on_the_boundary_of_fossil_energy_and_uranium():
    factors = load_factors()
    per_person = {name: factors[f"boundary_{name}"].value / factors["world_population"].low for name in BOUNDARIES}
    climate = factors.electricity("gwp", "FRA").value / 1000 / per_person["climate"]
    fossils = factors.electricity("fossil", "FRA").value / per_person["fossils"]
    assert climate == pytest.approx(5.7e-5, rel=0.01)
    assert fossils == pytest.approx(2.9e-4, rel=0.01)


@pytest.mark.parametrize(
    ("id_", "unit"),
    [
        ("watts_per_core", "W"),
        ("ram_watts_per_gb", "W/GB"),
        ("pue", "1"),
        ("smartphone_watts", "W"),
        ("laptop_watts", "W"),
        ("embodied_server_gwp", "gCO2e/h"),
        ("embodied_smartphone_adpe", "kgSbe/h"),
        ("embodied_laptop_fossil", "MJ/h"),
        ("network_mobile_gwp", "gCO2e/GB"),
        ("network_kwh_per_gb", "kWh/GB"),
        ("network_embodied_kwh_per_gb", "kWh/GB"),
        ("datacentre_kwh_per_gb", "kWh/GB"),
        ("runtime_bytes_browser", "byte"),
        ("boundary_climate", "kgCO2e/a"),
        ("boundary_fossils", "MJ/a"),
        ("boundary_minerals", "kgSbe/a"),
        ("boundary_water", "m3 world-eq/a"),
        ("digital_share", "1"),
        ("services_per_person", "1"),
    ],
)
def test_the_other_families_are_there_in_their_units(id_, unit):
    assert load_factors()[id_].unit == unit


def test_a_factor_that_no_source_gives_is_none_and_an_unknown_country_is_refused():
    factors = load_factors()
    assert factors.electricity("acidification", "DEU") is None
    with pytest.raises(UnusableInputError, match=r"the country 'ATL'; allowed: AUT, BEL, .*WOR"):
        factors.electricity("gwp", "ATL")


# ------------------------------------------------------------------------------------------------ a user's own table


def test_a_user_s_table_replaces_by_id_adds_ids_and_leaves_a_trace(tmp_path):
    path = table(
        tmp_path,
        "pue,1.1,1.05,1.2,1,2026,our room's meter,ours",
        "electricity_gwp_NOR,30,20,40,gCO2e/kWh,2024,grid operator,fact",
    )
    packaged, factors = load_factors(), load_factors(path)
    assert factors["pue"].value == 1.1 and factors["pue"].origin == "user"
    assert factors["watts_per_core"] == packaged["watts_per_core"]
    assert factors.overridden == ("pue",)
    assert set(factors) - set(packaged) == {"electricity_gwp_NOR"}
    assert "NOR" in factors.countries() and factors.electricity("gwp", "NOR").origin == "user"
    assert factors.electricity("adpe", "NOR") is None
    assert factors.file == "own.csv"
    assert factors.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert factors.packaged_sha256 == packaged.sha256 != factors.sha256


def test_the_packaged_table_names_itself_and_overrides_nothing():
    factors = load_factors()
    content = (files("frugal.metering.factors") / "data" / "factors.csv").read_bytes()
    assert (factors.file, factors.overridden) == ("factors.csv", ())
    assert factors.sha256 == factors.packaged_sha256 == hashlib.sha256(content).hexdigest()


def test_neither_the_table_nor_a_factor_can_be_changed(tmp_path):
    factors = load_factors()
    with pytest.raises(TypeError):
        factors["pue"] = factors["watts_per_core"]
    with pytest.raises(TypeError):
        factors.factors["pue"] = factors["watts_per_core"]
    with pytest.raises(FrozenInstanceError):
        factors["pue"].value = 1.0


def test_a_byte_order_mark_does_not_hide_the_first_column(tmp_path):
    assert load_factors(table(tmp_path, ROW, encoding="utf-8-sig"))["pue"].value == 1.5


def test_plain_values_for_the_record(tmp_path):
    told = load_factors(table(tmp_path, ROW))["pue"].as_dict()
    assert told == {
        "id": "pue",
        "value": 1.5,
        "low": 1.0,
        "high": 2.0,
        "unit": "1",
        "year": 2024,
        "source": "somebody",
        "licence": "fact",
        "origin": "user",
    }


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("id,value,low\npue,1,1", "lacks the column 'high'"),
        ("", "lacks the column 'id'"),
        (f"{HEADER.replace(',', ';')}\n{ROW.replace(',', ';')}", "with commas between"),
        (f"{HEADER}\n{ROW.replace('1.5', 'much')}", "line 2 of .*column 'value' holds 'much'; a finite number"),
        (f"{HEADER}\n{ROW.replace('1.5', 'nan')}", "column 'value' holds 'nan'"),
        (f"{HEADER}\n{ROW.replace('2.0', 'inf')}", "column 'high' holds 'inf'"),
        (f"{HEADER}\n{ROW.replace('1.0,2.0', '2.0,1.0')}", r"interval \[2, 1\]; 0 <= low <= value <= high is needed"),
        (f"{HEADER}\n{ROW.replace('1.5', '2.5')}", "has value 2.5"),
        (f"{HEADER}\n{ROW.replace('1.0', '-1.0')}", r"interval \[-1, 2\]; 0 <= low"),
        (f"{HEADER}\n{ROW.replace('1.0', '0')}", "low must be above 0, unless all three are 0"),
        (f"{HEADER}\n{ROW.replace('1.5,1.0', '0,0')}", "low must be above 0, unless all three are 0"),
        (f"{HEADER}\n{ROW}\n{ROW}", "line 3 of .* gives the factor 'pue' a second time"),
        (f"{HEADER}\n{ROW.replace('somebody', '')}", "nothing in the column 'source'"),
        (f"{HEADER}\n{ROW.replace('pue', ' ')}", "nothing in the column 'id'"),
        (f"{HEADER}\n{ROW.replace('2024', '2024.5')}", "column 'year' holds '2024.5'; a whole number"),
        (f"{HEADER}\n{ROW},more", "more fields than columns"),
        (f"{HEADER}\npue,1.5", "nothing in the column 'unit'"),
        (f"{HEADER}\n{ROW.replace('2.0,1,', '2.0,%,')}", "'pue' in '%'; '1' is needed"),
    ],
)
def test_a_bad_table_is_refused_with_a_reason(tmp_path, text, match):
    path = tmp_path / "factors.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnusableInputError, match=match):
        load_factors(path)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", HEADER.encode() + b"\n\x00pue\xe9"])
def test_a_table_that_is_no_text_is_refused(tmp_path, content):
    path = tmp_path / "factors.csv"
    path.write_bytes(content)
    with pytest.raises(UnusableInputError, match=r"factors\.csv' cannot be read"):
        load_factors(path)


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(UnusableInputError, match=r"none\.csv' cannot be read"):
        load_factors(tmp_path / "none.csv")


# ------------------------------------------------------------------------------------------------ drawing


def factor(value, low, high):
    return Factor("made_up", value, low, high, "1", 2024, "a test", "none")


@pytest.mark.parametrize(("value", "low", "high"), [(56.0, 21.7, 81.3), (2e-9, 1e-9, 8e-9), (1.0, 0.5, 2.0)])
def test_draws_have_the_median_and_the_interval_of_the_factor(value, low, high):
    draws = factor(value, low, high).draw(np.random.default_rng(1), 200_000)
    assert draws.shape == (200_000,)
    assert np.percentile(draws, [2.5, 50, 97.5]) == pytest.approx([low, value, high], rel=0.02)
    assert (draws < value).mean() == pytest.approx(0.5, abs=0.01)


def test_a_side_without_width_is_constant():
    draws = factor(1.56, 1.0, 1.56).draw(np.random.default_rng(2), 10_000)
    assert draws.max() == 1.56 and (draws == 1.56).mean() == pytest.approx(0.5, abs=0.03)
    assert np.percentile(draws, 2.5) == pytest.approx(1.0, rel=0.02)
    assert (factor(3.0, 3.0, 3.0).draw(np.random.default_rng(2), 5) == 3.0).all()


def test_a_factor_of_zero_is_zero(tmp_path):
    factors = load_factors(table(tmp_path, "made_up,0,0,0,1,2024,a test,none"))
    assert (factors["made_up"].draw(np.random.default_rng(3), 5) == 0.0).all()


def test_a_seed_gives_the_same_draws_and_narrowing_one_factor_leaves_the_next_alone():
    def two(first):
        rng = np.random.default_rng(4)
        return first.draw(rng, 50), factor(2.0, 1.0, 4.0).draw(rng, 50)

    wide, after_wide = two(factor(1.0, 0.5, 2.0))
    again, _ = two(factor(1.0, 0.5, 2.0))
    _, after_none = two(factor(0.0, 0.0, 0.0))
    assert (wide == again).all() and (after_wide == after_none).all()
