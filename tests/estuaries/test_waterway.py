"""The channel of a site, what is dredged of it, and the water in it."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from pond_for_tests import SITE

from frugal.errors import UnusableInputError
from frugal.estuaries.access import AccessQuestion, ask_access, hours_by_day, summary_of
from frugal.estuaries.navigation import PassageWindow, Ship
from frugal.estuaries.waterway import Dredging, dredged_estuary, on_clock, water_along, waterway_of
from frugal.estuaries.waterway_words import depths_of, destination_of, dredging_of
from frugal.studies.estuary.place.from_site import estuary_of
from frugal.studies.estuary.place.site import EstuarySite


@pytest.fixture(scope="module")
def site() -> EstuarySite:
    return EstuarySite.model_validate(SITE)


def test_the_way_leads_from_the_sea_to_the_last_gauge(site: EstuarySite) -> None:
    way = waterway_of(site, destination_of(site, ""))
    assert way.channel.names[0] == "lower km 0.0" and way.channel.names[-1] == "upper km 2.0 (Quay)"
    assert way.channel.along_m.tolist() == [0, 1000, 2000, 3000, 4000, 4000, 5000, 6000]
    assert way.channel.depth_m.tolist() == [12, 11.5, 11, 10.5, 10, 8, 8, 8]  # the mean depth where nobody says another
    assert way.assumed == ("upper",)
    given = waterway_of(site, ("upper", 2.0), depths_m=depths_of(site, ["upper:0=7,2=9"]))
    assert given.channel.depth_m[-3:].tolist() == [7, 8, 9] and given.assumed == ()


def test_dredging_ends_where_it_is_said_to(site: EstuarySite) -> None:
    """A metre from 1 to 2.5 km: 11.5 and 11 m become 12.5 and 12, at 2.5 km 10.75 becomes 11.75 and stays 10.75 just beyond."""
    one = dredging_of(site, "lower:1-2.5:1")
    way = waterway_of(site, ("lower", 4.0), [one])
    before, after = way.channel.depth_m, way.dredged([one]).depth_m
    at = {round(float(along), 1): k for k, along in enumerate(way.channel.along_m)}
    assert [after[at[x]] for x in (1000.0, 2000.0, 2500.0)] == pytest.approx([12.5, 12.0, 11.75])
    assert [after[at[x]] - before[at[x]] for x in (990.0, 2510.0)] == [0.0, 0.0]


def test_a_channel_is_a_part_of_its_section(site: EstuarySite) -> None:
    """150 m of 600 m, 1 m deeper: the mean bed 0.25 m; wider than the section all of it."""
    bed = np.asarray(dredged_estuary(site, [Dredging("lower", 0, 4, 1.0)], 150.0).reach("lower").bed_m)
    assert bed == pytest.approx(-9.25)
    assert np.asarray(
        dredged_estuary(site, [Dredging("lower", 0, 4, 1.0)], 900.0).reach("lower").bed_m
    ) == pytest.approx(-10.0)


def test_the_water_is_the_same_in_pieces(site: EstuarySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the sea it is the tide of the dates, 1.5 m of M2 with its nodal factor; pieces change nothing."""
    way = waterway_of(site, ("upper", 2.0))
    begin = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    monkeypatch.setattr("frugal.estuaries.waterway.SPIN_UP_S", 86400.0)
    whole = water_along(way, estuary_of(site), begin, begin + 2 * 86400.0, {})
    monkeypatch.setattr("frugal.estuaries.waterway.PIECE_S", 50_000.0)
    parts = water_along(way, estuary_of(site), begin, begin + 2 * 86400.0, {})
    assert whole.times_s.tolist() == parts.times_s.tolist() and np.diff(whole.times_s) == pytest.approx(600.0)
    assert np.max(np.abs(whole.levels_m - parts.levels_m)) < 2e-3  # steps end where pieces end
    # f of M2 in early 2026 is 0.971 (Schureman; docs/tide.md has the peers)
    assert float(whole.levels_m[:, 0].max()) == pytest.approx(1.5 * 0.971, abs=0.01)


def test_rivers_hold_their_first_value_before_their_series() -> None:
    times, values = on_clock({"brook": (np.array([100.0, 200.0]), np.array([5.0, 7.0]))}, 40.0, 300.0)["brook"]
    assert times.tolist() == [-1.0, 60.0, 160.0, 261.0] and values.tolist() == [5.0, 5.0, 7.0, 7.0]
    assert on_clock({"brook": 3.0}, 0.0, 1.0) == {"brook": 3.0}


def test_hours_of_a_day_are_those_of_its_zone() -> None:
    """On 29 March 2026 clocks of Paris go from 2 to 3: the day has 23 hours."""
    from zoneinfo import ZoneInfo

    paris = ZoneInfo("Europe/Paris")
    begin, end = datetime(2026, 3, 28, tzinfo=paris), datetime(2026, 3, 31, tzinfo=paris)
    whole = PassageWindow(begin.timestamp(), end.timestamp(), 0.0, 1.0, 0, None, None)
    assert hours_by_day([whole], begin, end, paris) == {
        date(2026, 3, 28): 24.0,
        date(2026, 3, 29): 23.0,
        date(2026, 3, 30): 24.0,
    }
    late = datetime(2026, 3, 28, 23, 30, tzinfo=paris).timestamp()
    night = PassageWindow(late, late + 3600.0, 0.0, 1.0, 0, None, None)
    assert list(hours_by_day([night], begin, end, paris).values()) == [0.5, 0.5, 0.0]


def test_dredging_the_sill_opens_the_tide_and_dredging_elsewhere_does_not(site: EstuarySite) -> None:
    depths = depths_of(site, ["upper:8.2"])
    sill, elsewhere = Dredging("upper", 0.0, 3.0, 1.0), Dredging("lower", 0.0, 2.0, 1.0)
    way = waterway_of(site, ("upper", 2.0), [sill, elsewhere], depths)
    period = (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 3, tzinfo=UTC))

    def hours(*dredgings: Dredging) -> tuple[float, tuple[tuple[str, int], ...]]:
        asked = AccessQuestion(way, Ship(7.5, 6.0, margin_m=0.5), ("in",), *period, dredgings=dredgings)
        answer = ask_access(asked)
        told = summary_of(asked, answer.last, "in")
        return told.hours, told.sills

    now, sills = hours()
    assert 0.0 < now < 48.0 and all(place.startswith("upper") for place, _ in sills)
    assert hours(elsewhere)[0] == pytest.approx(now, abs=0.1)
    assert hours(sill)[0] > now + 4.0


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda site: destination_of(site, "Quaj"), "'Quaj' is no place of the site; .*did you mean 'Quay'"),
        (lambda site: destination_of(site, "upper:4"), "above 0 and up to 3 km of reach 'upper'"),
        (lambda site: dredging_of(site, "lower:1-2"), "REACH:FROM_KM-TO_KM:BY_M is needed"),
        (
            lambda site: dredging_of(site, "uper:1-2:1"),
            "'uper' is none of the site's: lower, upper; did you mean 'upper'",
        ),
        (lambda site: dredging_of(site, "lower:2-1:1"), "0 to 4 km of reach 'lower' are allowed, rising"),
        (lambda site: dredging_of(site, "lower:1-2:90"), "90 m; -20 to 20 m are allowed"),
        (lambda site: depths_of(site, ["lower:3=5,1=6"]), "distances that rise from 0 to 4 km"),
        (lambda site: depths_of(site, ["lower:deep"]), "REACH:METRES or REACH:KM=METRES,KM=METRES is needed"),
        (lambda site: depths_of(site, ["lower:0"]), "0.5 to 100 m are allowed"),
        (lambda site: waterway_of(site, ("lower", 4.0), [Dredging("upper", 0, 1, 1.0)]), "ships pass lower alone"),
        (
            lambda site: waterway_of(site, ("upper", 3.0), [Dredging("upper", 0, 3, -7.8)]).dredged(
                [Dredging("upper", 0, 3, -7.8)]
            ),
            "leaves a channel of 0.2 m at upper km 0.0 .*; at least 0.5 m are needed",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(site: EstuarySite, call: Any, words: str) -> None:
    with pytest.raises(UnusableInputError, match=words):
        call(site)
