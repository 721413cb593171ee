"""Days of fish, on limits and waters that are worked out by hand."""

import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from frugal.errors import UnusableInputError
from frugal.estuaries.fish import Species, judged, season_deg_c, species_of

NAMES = ("shad", "young_shad", "salmon", "sturgeon", "eel")


def test_those_that_come_with_the_program_say_where_their_limits_are_from() -> None:
    for name in NAMES:
        _, species = species_of(name)
        assert set(species.title) == {"en", "fr"} and len(species.source) > 60


def test_young_shad_need_more_oxygen_in_warm_water() -> None:
    """Loss of equilibrium at 2.2 mg/l and 20 °C, 3.8 mg/l and 25 °C (Jatteau et al.)."""
    least = species_of("young_shad")[1].least_oxygen_mg_l(np.array([10.0, 20.0, 22.5, 25.0, 30.0]))
    assert least.tolist() == pytest.approx([2.2, 2.2, 3.0, 3.8, 3.8])


def test_a_season_may_span_the_new_year() -> None:
    eel = Species(title={}, source="", season=("11-01", "03-31"))
    told = [eel.in_season(date(2026, month, 1)) for month in (1, 3, 4, 10, 11, 12)]
    assert told == [True, True, False, False, True, True]


def test_the_season_of_temperatures_is_warmest_on_the_first_of_august() -> None:
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=k) for k in range(365)]
    warm = season_deg_c(np.array([day.timestamp() for day in days]), (7.0, 24.0))
    assert abs((days[int(np.argmax(warm))].date() - date(2026, 8, 1)).days) <= 1
    assert (warm.max(), warm.min()) == pytest.approx((24.0, 7.0), abs=0.01)


def test_a_way_is_open_where_all_of_it_is_and_a_home_where_some_of_it_is() -> None:
    """Three places 5 km apart, four days: one lacks oxygen on day 2, all are too warm on day 3."""
    kept = np.ones((4, 3, 3), dtype=bool)
    kept[1, 1, 0] = False
    kept[2, 0, :] = False
    days = [date(2026, 7, 1) + timedelta(days=k) for k in range(4)]
    along = np.array([0.0, 5.0, 10.0])
    passing = judged(("x", Species(title={}, source="")), days, kept, along)
    assert passing.states == ["open", "oxygen", "temperature", "open"]
    assert [(w.first, w.days, w.closed_by) for w in passing.windows] == [(days[0], 1, "oxygen"), (days[3], 1, "")]
    assert passing.good_km.tolist() == [15.0, 10.0, 0.0, 15.0]
    home = judged(("x", Species(title={}, source="", somewhere=True)), days, kept, along)
    assert home.states == ["open", "open", "temperature", "open"]
    late = judged(("x", Species(title={}, source="", season=("07-02", "12-31"))), days, kept, along)
    assert late.states[0] == "season" and math.isclose(late.good_km[0], 15.0)


def test_limits_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "lamprey.toml"
    path.write_text(
        'title = {en = "lamprey", fr = "lamproie"}\nsource = "own"\ntemperature_deg_c = [8, 20]\noxygen_mg_l = [[20, 4]]\n'
    )
    name, species = species_of(str(path))
    assert (name, species.temperature_deg_c, species.salinity_psu) == ("lamprey", (8.0, 20.0), None)
    path.write_text('title = {}\nsource = "own"\nseason = ["13-01", "02-01"]\n')
    with pytest.raises(UnusableInputError, match="MM-DD each is needed"):
        species_of(str(path))
    path.write_text('title = {}\nsource = "own"\ntemprature = 3\n')
    with pytest.raises(UnusableInputError, match="'temprature'"):
        species_of(str(path))
    with pytest.raises(UnusableInputError, match="did you mean 'salmon'"):
        species_of("salmn")
