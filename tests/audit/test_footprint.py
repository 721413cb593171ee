"""The footprint against sums made by hand: prices, intervals, shares of variance, boundaries, what a query takes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
import pytest

from frugal.audit.build import Terms, build_audit
from frugal.audit.evidence.evidence import Evidence
from frugal.audit.impacts.boundaries import boundaries, boundary_status
from frugal.audit.impacts.footprint import FOOTPRINT, Pricing, Watts, Work
from frugal.audit.impacts.query_work import asked, delivery_of, ledger_works
from frugal.candidates.comparison import Comparison
from frugal.metering.factors.table import FactorTable, load_factors
from frugal.surrogates.javascript.module import Script
from frugal.web.built_pages import PAGES

NARROW = Watts(3.0, 3.0, 3.0)
Audited = Callable[..., dict[str, Any]]


def table(changes: Mapping[str, tuple[float, float, float] | None] | None = None, sharp: bool = False) -> FactorTable:
    """The packaged factors; some with another value and interval or left out, the others sharp when asked."""
    packaged, changes = load_factors(), changes or {}
    factors = {
        id_: dataclasses.replace(factor, low=factor.value, high=factor.value) if sharp else factor
        for id_, factor in packaged.items()
    }
    for id_, change in changes.items():
        if change is None:
            del factors[id_]
        else:
            value, low, high = change
            factors[id_] = dataclasses.replace(packaged[id_], value=value, low=low, high=high)
    return dataclasses.replace(packaged, factors=MappingProxyType(factors))


def flat(value: float) -> tuple[float, float, float]:
    return value, value, value


HAND = table(
    {
        "ram_watts_per_gb": flat(0.4),
        "pue": flat(1.5),
        "network_kwh_per_gb": flat(0.05),
        "electricity_gwp_FRA": flat(60.0),
        "electricity_adpe_FRA": flat(5e-8),
        "embodied_server_gwp": flat(0.36),
        "embodied_server_adpe": flat(3.6e-8),
        "embodied_laptop_gwp": flat(7.2),
        "network_mobile_gwp": flat(50.0),
        "smartphone_watts": flat(2.0),
        "laptop_watts": flat(20.0),
        "electricity_water_FRA": flat(4.0),
    },
    sharp=True,
)


def test_energy_and_carbon_of_a_server_by_hand() -> None:
    price = Pricing(HAND, NARROW).price([Work(1000.0, gigabyte_seconds=500.0, network_gigabytes=2.0)])
    room = (1000 * 3.0 + 500 * 0.4) * 1.5  # 4800 J
    network = 2.0 * 0.05 * 3.6e6  # 360,000 J
    energy = price["energy"]
    assert (energy["use"], energy["network"]) == (pytest.approx(room), pytest.approx(network))
    assert energy["p5"] == pytest.approx(room + network) == pytest.approx(energy["p95"])
    carbon = price["gwp"]
    assert carbon["use"] == pytest.approx(4800 / 3.6e6 * 60.0)
    assert carbon["embodied"] == pytest.approx(1000 / 3600 * 0.36)
    assert carbon["network"] == pytest.approx(2.0 * 50.0), "life-cycle carbon of mobile data, not its electricity"
    assert carbon["p50"] == pytest.approx(0.08 + 0.1 + 100.0)
    metals = price["adpe"]
    assert metals["network"] == pytest.approx(2.0 * 0.05 * 5e-8), "electricity of the network times the grid"
    assert metals["embodied"] == pytest.approx(1000 / 3600 * 3.6e-8)
    assert price["water"]["embodied"] is None


@pytest.mark.parametrize(("device", "watts"), [("laptop", 20.0), ("smartphone", 2.0)])
def test_a_users_device_has_its_own_watts_and_no_room(device: str, watts: float) -> None:
    price = Pricing(HAND, NARROW).price([Work(100.0, gigabyte_seconds=1e6, device=device)])
    assert price["energy"]["use"] == pytest.approx(100 * watts)
    if device == "laptop":
        assert price["gwp"]["embodied"] == pytest.approx(100 / 3600 * 7.2)


def test_water_of_the_room_is_in_the_water_category_and_on_servers_only() -> None:
    dry, wet = (Pricing(HAND, NARROW, wue_l_per_kwh=litres) for litres in (0.0, 1.5))
    server, laptop = [Work(3600.0)], [Work(3600.0, device="laptop")]
    kwh = 3600 * 3.0 * 1.5 / 3.6e6
    assert wet.price(server)["water"]["p50"] == pytest.approx(kwh * (4.0 + 1.5))
    assert dry.price(server)["water"]["p50"] == pytest.approx(kwh * 4.0)
    assert wet.price(laptop)["water"] == dry.price(laptop)["water"]
    assert wet.price(server)["gwp"] == dry.price(server)["gwp"]


def test_watts_that_hold_the_memory_add_none_and_a_declared_room_replaces_the_factor() -> None:
    work = [Work(1000.0, gigabyte_seconds=500.0)]
    metered = Pricing(HAND, NARROW, watts_hold_memory=True, pue=1.2).price(work)["energy"]
    assert metered["p50"] == pytest.approx(1000 * 3.0 * 1.2)


def test_the_median_is_the_central_value_and_the_interval_that_of_the_factor() -> None:
    pricing = Pricing(table(sharp=True), Watts(3.0, 1.5, 6.0))
    energy = pricing.energy([Work(1000.0)])
    central = 1000 * 3.0 * load_factors()["pue"].value
    low, middle, high = np.percentile(energy, [2.5, 50, 97.5])
    assert (low, middle, high) == pytest.approx((central / 2, central, central * 2), rel=0.05)


def test_parts_add_up_to_about_the_median_with_the_packaged_factors() -> None:
    work = [Work(1000.0, gigabyte_seconds=400.0, network_gigabytes=1e-4)]
    for category, row in Pricing(load_factors(), Watts(3.0, 1.5, 6.0)).price(work).items():
        whole = sum(row[part] or 0.0 for part in ("use", "embodied", "network"))
        assert row["p50"] == pytest.approx(whole, rel=0.25), category
        assert row["p5"] < whole < row["p95"]


def test_the_same_seed_repeats_and_another_does_not() -> None:
    work = [Work(1000.0)]
    first, again, other = (Pricing(load_factors(), Watts(3.0, 1.5, 6.0), seed=seed).price(work) for seed in (0, 0, 1))
    assert first == again
    assert first["gwp"]["p95"] != other["gwp"]["p95"]
    assert first["gwp"]["p50"] == pytest.approx(other["gwp"]["p50"], rel=0.05)


def test_draws_are_shared_so_that_ratios_are_exact_whatever_is_priced_first() -> None:
    pricing = Pricing(load_factors(), Watts(3.0, 1.5, 6.0))
    backwards = Pricing(load_factors(), Watts(3.0, 1.5, 6.0))
    small, large = Work(10.0), Work(70.0)
    for category in FOOTPRINT:
        one, seven = pricing.impact([small], category), pricing.impact([large], category)
        np.testing.assert_allclose(seven / one, 7.0, rtol=1e-12)
        np.testing.assert_array_equal(backwards.impact([large], category), seven)


def test_the_interval_of_a_timing_enters_the_draws() -> None:
    pricing = Pricing(table(sharp=True), NARROW)
    sure, vague = (pricing.energy([Work(10.0, low=low, high=high)]) for low, high in ((None, None), (5.0, 20.0)))
    assert np.ptp(sure) == 0
    assert np.percentile(vague / sure, [2.5, 50, 97.5]) == pytest.approx([0.5, 1.0, 2.0], rel=0.08)


@pytest.mark.parametrize(
    ("wide", "work", "category"),
    [
        ("watts_per_core", Work(1000.0), "energy"),
        ("electricity_gwp_FRA", Work(1000.0), "gwp"),
        ("embodied_server_gwp", Work(1000.0), "gwp"),
        ("network_mobile_gwp", Work(1.0, network_gigabytes=0.01), "gwp"),
        ("query_time", Work(1000.0, low=200.0, high=5000.0), "energy"),
    ],
)
def test_shares_of_variance_name_the_factor_that_was_made_wide(wide: str, work: Work, category: str) -> None:
    changes = {}
    if wide in load_factors():
        value = load_factors()[wide].value
        changes[wide] = (value, value / 4, value * 4)
    watts = Watts(3.0, 0.75, 12.0) if wide == "watts_per_core" else NARROW
    base = table(changes, sharp=True)
    value = base["pue"].value
    factors = dataclasses.replace(
        base,
        factors=MappingProxyType(
            {**base.factors, "pue": dataclasses.replace(base["pue"], low=value * 0.95, high=value * 1.05)}
        ),
    )
    shares = Pricing(factors, watts).shares_of_variance([work], category)
    assert next(iter(shares)) == wide
    assert shares[wide] > 0.8
    assert sum(shares.values()) == pytest.approx(1.0, abs=0.02)


def test_nothing_uncertain_has_no_shares() -> None:
    assert Pricing(table(sharp=True), NARROW).shares_of_variance([Work(10.0)], "energy") == {}


def test_shares_of_two_factors_of_equal_width_are_equal() -> None:
    pue = load_factors()["pue"].value
    factors = table({"pue": (pue, pue / 1.2, pue * 1.2)}, sharp=True)
    shares = Pricing(factors, Watts(3.0, 2.5, 3.6)).shares_of_variance([Work(10.0)], "energy")
    assert set(shares) >= {"pue", "watts_per_core"}
    assert shares["pue"] == pytest.approx(0.5, abs=0.06)
    assert shares["watts_per_core"] == pytest.approx(0.5, abs=0.06)


def test_a_category_without_factor_is_absent_and_never_zero() -> None:
    pricing = Pricing(table({"electricity_water_FRA": None}), NARROW)
    price = pricing.price([Work(1000.0)])
    assert not pricing.covers("water") and "water" not in price
    assert set(price) == {"energy", "gwp", "adpe", "pe"}
    assert all(row["p50"] > 0 for row in price.values())


def test_a_country_whose_source_gives_no_water_says_so_in_the_audit(bundles: ModuleType, tmp_path: Path) -> None:
    factors = table({"electricity_water_FRA": None})
    folder = bundles.write(bundles.table_wins(), tmp_path)
    audit = build_audit(folder, terms=Terms(factors=factors))
    assert audit["footprint"]["not_covered"] == ["water"]
    assert all("water" not in row["impacts"] for row in audit["footprint"]["rows"])


# ---------------------------------------------------------------------------------------------------- boundaries


BOUNDARY = table(
    {
        "world_population": flat(8e9),
        "boundary_climate": flat(8e12),  # kg a year: 1000 kg a person
        "digital_share": flat(0.04),
        "services_per_person": flat(100.0),
        "pue": flat(1.0),
        "electricity_gwp_FRA": flat(100.0),
        "embodied_server_gwp": flat(0.0),
    },
    sharp=True,
)


def climate(factors: FactorTable, cpu_seconds: float, people: float | None) -> dict[str, Any]:
    found = boundaries(Pricing(factors, NARROW), [Work(cpu_seconds)], factors, people)
    return dict(next(row for row in found["categories"] if row["category"] == "gwp"))


def test_share_of_the_climate_boundary_by_hand() -> None:
    # 1.2e6 s x 3 W = 1 kWh = 100 g, of 1,000,000 g a person and a year
    row = climate(BOUNDARY, 1.2e6, None)
    assert row["share"]["p50"] == pytest.approx(1e-4)
    assert row["person_days"] == pytest.approx(365 * 1e-4)
    assert row["part_of_budget"]["p50"] == pytest.approx(1e-4 / 4e-4)
    assert climate(BOUNDARY, 1.2e6, 50.0)["share"]["p50"] == pytest.approx(2e-6), "shared by those who are served"


def test_the_worst_category_comes_first_and_what_has_no_factor_is_named() -> None:
    factors = load_factors()
    found = boundaries(Pricing(factors, Watts(3.0, 1.5, 6.0)), [Work(1e5)], factors, 10.0)
    shares = [row["share"]["p50"] for row in found["categories"]]
    assert shares == sorted(shares, reverse=True) and found["worst"] == found["categories"][0]["category"]
    assert len(found["categories"]) + len(found["not_covered"]) == 16
    assert "toxicity_cancer" in found["not_covered"]
    less = boundaries(
        Pricing(table({"boundary_climate": None}), NARROW), [Work(1e5)], table({"boundary_climate": None}), 1
    )
    assert "gwp" in less["not_covered"] and "gwp" not in [row["category"] for row in less["categories"]]


@pytest.mark.parametrize(
    ("upper", "expected"), [(0.0999, "pass"), (0.1, "pass"), (0.101, "warn"), (1.0, "warn"), (1.01, "fail")]
)
def test_status_follows_the_upper_bound_of_the_worst_category(upper: float, expected: str) -> None:
    rows = [{"part_of_budget": {"p50": 0.01, "p95": part}} for part in (upper / 2, upper)]
    assert boundary_status({"categories": rows}) == expected


def test_no_category_is_not_assessed() -> None:
    assert boundary_status({"categories": []}) == "not_assessed"


def test_a_large_service_needs_many_people_to_be_small_for_each(audited: Audited) -> None:
    found = {}
    for people in (None, 50.0, 1e4):

        def change(bundle: dict[str, Any], people: float | None = people) -> None:
            bundle["study"]["need"].update(beneficiaries=people, queries=[5e11, 5e12])  # some 15 kWh a year

        audit = audited("demonstrated", change)
        found[people] = next(row for row in audit["criteria"] if row["id"] == "LIM-01")
    assert [row["status"] for row in found.values()] == ["fail", "warn", "pass"]
    assert found[None]["value"] == pytest.approx(50 * found[50.0]["value"]), "one person where nobody said"


# ------------------------------------------------------------------------------------------- rebound, rows, uses


def test_room_for_growth_by_hand(audited: Audited) -> None:
    found = audited("demonstrated")["rebound"]
    queries = np.sqrt(5e5 * 5e6)
    reference = 1.5 + queries * 0.041  # the coarser physics
    assert (found["winner"], found["reference"]) == ("mlp", "coarse")
    assert found["room"] == pytest.approx((reference - 2600.0) / (queries * 2.1e-5))


def test_without_ai_the_reference_is_the_full_physics(audited: Audited) -> None:
    found = audited("table_wins")["rebound"]
    queries = np.sqrt(4e5 * 4e6)
    assert found["reference"] == "full_physics"
    assert found["room"] == pytest.approx((0.2 + queries * 1.6e-4 - 110.4) / (queries * 3.4e-7))
    assert audited("no_winner")["rebound"]["room"] is None


def row(audit: dict[str, Any], per: str, role: str | None = "winner") -> dict[str, Any]:
    return dict(next(r for r in audit["footprint"]["rows"] if r["per"] == per and r["role"] == role))


def test_rows_of_units_years_and_of_the_preparation_spread_by_hand(audited: Audited) -> None:
    audit = audited("demonstrated")
    query, low, high, life = 2.1e-5, 5e5, 5e6, 5.0
    spent = sum(cost["cpu_seconds"] for cost in audit["costs"])
    assert row(audit, "preparation", None)["cpu_seconds"] == pytest.approx(spent)
    assert row(audit, "functional_unit")["cpu_seconds"] == pytest.approx(query)
    assert row(audit, "journey")["cpu_seconds"] == pytest.approx(4 * query), "four queries a journey were declared"
    assert row(audit, "hour")["cpu_seconds"] == pytest.approx(360 * query), "our convention"
    middle = np.sqrt(low * high)
    amortised = row(audit, "amortised")
    assert amortised["cpu_seconds"] == pytest.approx(spent / middle)
    preparation = row(audit, "preparation", None)["impacts"]["gwp"]["p50"]
    assert amortised["impacts"]["gwp"]["p50"] == pytest.approx(preparation / middle)
    for name, queries in (("year_low", low), ("year_high", high)):
        year = row(audit, name)
        assert year["queries"] == pytest.approx(queries / life)
        assert year["cpu_seconds"] == pytest.approx((spent + queries * query) / life)
    assert row(audit, "lifetime")["cpu_seconds"] == pytest.approx(2600.0 + middle * query)
    assert row(audit, "lifetime", "best_alternative")["cpu_seconds"] == pytest.approx(1.5 + middle * 0.041)


def test_the_ledger_as_work_adds_up_and_searches_stand_apart() -> None:
    lines = [
        {"stage": "compile", "cpu_seconds": 4.0, "wall_seconds": 5.0, "peak_rss_bytes": 2e9},
        {"stage": "generation", "cpu_seconds": 6.0, "cpu_seconds_children": 3.0},
        {"stage": "fit", "cpu_seconds": 10.0, "details": {"search_cpu_seconds": 8.0}},
        {"stage": "practice", "cpu_seconds": 7.0},
        {"stage": "metering", "cpu_seconds": 1.0},
    ]
    works = ledger_works(lines)
    assert {stage: work.cpu_seconds for stage, work in works.items()} == pytest.approx(
        {"generation": 13.0, "selection": 8.0, "training": 2.0, "evaluation": 7.0, "other": 1.0}
    )
    assert works["generation"].gigabyte_seconds == pytest.approx(10.0)


def evidence_of(bundle: dict[str, Any], **pattern: Any) -> Evidence:
    bundle["study"]["need"]["call_patterns"][0].update(pattern)
    return Evidence(bundle["study"], Comparison.read(bundle["candidates"], "candidates.json"))


RUNTIME = 4_000_000.0


def loaded_of(evidence: Evidence) -> float:
    """The page of a study with the file of the study, a graph of 2,400 bytes, and its runtime."""
    page = [PAGES / "study" / "index.html", *(PAGES / "study" / "assets").glob("index-*")]
    study = len(json.dumps(evidence.study, indent=1, ensure_ascii=False).encode()) + 1
    return sum(path.stat().st_size for path in page) + study + 2400 + RUNTIME


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"target": "local"}, 0.0),
        # one input and one output with its two bounds, 12 bytes each, behind 800 bytes of headers
        ({"target": "server"}, 800 + 12 * (1 + 3)),
        ({"target": "server", "rows": 100}, 8 + 12 * (1 + 3)),
        # page, model and runtime, loaded once in a journey of four queries
        ({"target": "browser"}, lambda loaded: loaded / 4),
        ({"target": "phone"}, lambda loaded: loaded / 4),
        # kept: at most once a year for each of 1,000 people, over five years
        ({"target": "browser", "cached": True}, lambda loaded: loaded * 1000 * 5 / np.sqrt(4e5 * 4e6)),
    ],
)
def test_bytes_of_one_query_by_target(bundles: ModuleType, pattern: dict[str, Any], expected: Any) -> None:
    evidence = evidence_of(bundles.table_wins(), **pattern)
    expected = expected(loaded_of(evidence)) if callable(expected) else expected
    how = asked(evidence.candidates["table"], evidence, RUNTIME)
    assert how is not None
    assert how.network_bytes == pytest.approx(expected)
    assert how.query.network_gigabytes == pytest.approx(expected / 1e9)
    devices = {"local": "server", "server": "server", "browser": "laptop", "phone": "smartphone"}
    assert how.device == how.query.device == devices[pattern["target"]]


def test_a_cache_never_loads_more_than_no_cache(bundles: ModuleType) -> None:
    bundle = bundles.table_wins()
    bundle["study"]["need"]["beneficiaries"] = 1e9
    evidence = evidence_of(bundle, target="browser", cached=True)
    how = asked(evidence.candidates["table"], evidence, RUNTIME)
    assert how is not None and how.network_bytes == pytest.approx(loaded_of(evidence) / 4)


def test_javascript_is_loaded_in_the_place_of_graph_study_and_runtime(bundles: ModuleType) -> None:
    evidence = evidence_of(bundles.table_wins(), target="browser")
    whole = loaded_of(evidence)
    reason = {"en": "why", "fr": "pourquoi"}
    for script, weight in ((Script("é" * 500), 1000), (Script(None, reason), None)):
        told = dataclasses.replace(evidence, scripts={"table": script})
        candidate = told.candidates["table"]
        delivery, how = delivery_of(candidate, told, RUNTIME), asked(candidate, told, RUNTIME)
        study = len(json.dumps(evidence.study, indent=1, ensure_ascii=False).encode()) + 1
        expected = whole if weight is None else whole - study - 2400 - RUNTIME + weight
        assert how is not None and how.network_bytes == pytest.approx(expected / 4)
        assert (delivery.total, delivery.with_runtime) == pytest.approx((expected, whole))
        assert (delivery.script, delivery.reason) == (weight is not None, {} if weight else reason)


def test_what_has_no_graph_is_asked_of_a_server(bundles: ModuleType) -> None:
    bundle = bundles.table_wins()
    bundle["candidates"]["candidates"][1]["graph"] = None
    evidence = evidence_of(bundle, target="phone")
    how = asked(evidence.candidates["table"], evidence, RUNTIME)
    assert how is not None and (how.device, how.network_bytes) == ("server", 800 + 12 * 4)


def test_memory_is_held_for_the_share_of_a_call_and_on_servers_only(bundles: ModuleType) -> None:
    bundle = bundles.table_wins()
    table_row = bundle["candidates"]["candidates"][1]
    (name,) = table_row["query"]
    table_row["memory_bytes"] = {name: 2e9}
    table_row["query"][name].update(wall_seconds_per_call=0.5, rows=100)
    for target, expected in (("local", 2.0 * 0.5 / 100), ("browser", 0.0)):
        evidence = evidence_of(bundle, target=target)
        how = asked(evidence.candidates["table"], evidence, RUNTIME)
        assert how is not None and how.query.gigabyte_seconds == pytest.approx(expected)


def test_what_was_not_timed_has_no_use(bundles: ModuleType) -> None:
    bundle = bundles.table_wins()
    bundle["candidates"]["candidates"][1]["query"] = {}
    evidence = evidence_of(bundle)
    assert asked(evidence.candidates["table"], evidence, RUNTIME) is None


def test_two_timings_are_drawn_apart_and_one_timing_alike() -> None:
    pricing = Pricing(table(), Watts(3.0, 3.0, 3.0))
    one, other = (Work(10.0, low=5.0, high=20.0, timed=name) for name in ("table", "mlp"))
    first, second = (pricing.energy([work]) for work in (one, other))
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.9
    assert np.array_equal(first, pricing.energy([one]))
    assert pricing.energy([one.times(3)]) == pytest.approx(3 * first)
