"""Estuaries that come with the program beside the constituents measured at their gauges (TICON-4, shipped with them)."""

from datetime import UTC, datetime

import numpy as np
import pytest

from frugal.physics.estuary.simulate import TideRun, simulate_tide
from frugal.physics.tide.analysis import analyse
from frugal.physics.tide.prediction import HarmonicConstants
from frugal.studies.estuary.place.from_site import constants_of, driving_of, estuary_of
from frugal.studies.estuary.place.site import EstuarySite

DAY_S = 86400.0
#: A year in which the nodal corrections of M2 are near 1.
BEGIN_S = datetime(2020, 3, 1, tzinfo=UTC).timestamp()
FORCED = ("M2", "S2", "N2", "K1", "O1", "M4", "MS4", "M6", "MSF")
ANALYSED = [*FORCED, "MN4", "2MS6", "2MN6", "MU2", "L2", "MM", "MK3", "MO3", "S4"]
JUDGED = ("M2", "M4", "M6", "MSF")


def wave(constants: HarmonicConstants, name: str) -> complex:
    """A constituent as a complex amplitude [m]."""
    k = constants.names.index(name)
    return complex(constants.amplitudes_m[k] * np.exp(1j * np.radians(constants.phases_deg[k])))


def run_of(
    place: str, forced: tuple[str, ...], spin_up_days: float, days: float, cell_m: float
) -> tuple[EstuarySite, TideRun]:
    """Levels of some days with these constituents at the mouth and mean rivers."""
    site = EstuarySite(place=place)
    mouth = site.mouth[0]
    there = constants_of(site, mouth)
    rows = {name: there.names.index(name) for name in forced}
    tide = {name: (float(there.amplitudes_m[k]), float(there.phases_deg[k])) for name, k in rows.items()}
    alone = site.model_copy(update={"mouth": (mouth.model_copy(update={"station": None, "tide": tide}),)})
    spin_up, end = spin_up_days * DAY_S, (spin_up_days + days) * DAY_S
    driving = driving_of(alone, dated_s=np.array([BEGIN_S, BEGIN_S + end]), ramp_s=0.3 * DAY_S)
    return site, simulate_tide(estuary_of(site), driving, end, 900.0, spin_up, cell_m=cell_m)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "most_cm"),
    [
        ("gironde", {"M2": 4.0, "M4": 4.0, "M6": 2.0, "MSF": 3.0}),
        ("saint_laurent", {"M2": 12.0, "M4": 6.0, "M6": 3.0, "MSF": 4.0}),
    ],
)
def test_gauges_that_nothing_was_fitted_to_are_met(place: str, most_cm: dict[str, float]) -> None:
    site, run = run_of(place, FORCED, 3.0, 33.0, site_cell(place))
    judges = [gauge for gauge in site.gauge if gauge.station not in (None, site.mouth[0].station) and not gauge.fitted]
    fitted = [gauge for gauge in site.gauge if gauge.fitted]
    assert len(judges) >= 4
    assert abs(len(judges) - len(fitted)) <= 1
    errors = np.empty((len(judges), len(JUDGED)), dtype=complex)
    for row, gauge in enumerate(judges):
        found = analyse(run.times_s + BEGIN_S, run.level_at(gauge.reach, 1e3 * gauge.km), ANALYSED).constants
        errors[row] = [wave(found, name) - wave(constants_of(site, gauge), name) for name in JUDGED]
    rmse_cm = dict(zip(JUDGED, 100.0 * np.sqrt(np.mean(np.abs(errors) ** 2, axis=0)), strict=True))
    assert all(rmse_cm[name] <= most_cm[name] for name in JUDGED), rmse_cm


def site_cell(place: str) -> float:
    return EstuarySite(place=place).cell_m


def test_the_tide_at_bordeaux_comes_from_the_sea() -> None:
    """M2 and M4 alone over five tides, 2 km cells: amplitude and lag of M2 as measured at Bordeaux (2.04 m, 182.8°)."""
    site, run = run_of("gironde", ("M2", "M4"), 1.5, 2.6, 2000.0)
    bordeaux = next(gauge for gauge in site.gauge if gauge.name == "Bordeaux")
    found = analyse(run.times_s + BEGIN_S, run.level_at(bordeaux.reach, 1e3 * bordeaux.km), ["M2", "M4", "M6"])
    assert abs(wave(found.constants, "M2") - 2.0401 * np.exp(1j * np.radians(182.8))) < 0.15
    assert abs(wave(found.constants, "M4") - 0.2978 * np.exp(1j * np.radians(286.8))) < 0.08
