"""Whether the weather is that of the territory: refused from another climate, and told and counted from farther away."""

from __future__ import annotations

import shlex
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from frugal.cadastre.job.settings import CadastreSettings
from frugal.cadastre.territory.surfaces import Prepared
from frugal.cadastre.yields.yield_model import site_of
from frugal.errors import UnusableInputError
from frugal.formats.weather.nearness import (
    FARTHEST_KM,
    FARTHEST_LATITUDE_DEG,
    NEAR_KM,
    Place,
    Separation,
    middle_of,
    separation,
)

if TYPE_CHECKING:
    from frugal.studies.solar.roof_yield.site import RoofYieldSite

#: Settings of the site that say which weather; a ready command leaves them out.
_WEATHER = ("weather", "latitude_deg", "longitude_deg")


def weather_apart(settings: CadastreSettings, prepared: Prepared, out: Path) -> Separation:
    """How far the territory lies from its weather.

    Parameters
    ----------
    settings : CadastreSettings
    prepared : Prepared
        Tells where the survey lies.
    out : Path
        Folder of the cadastre, for the ready command.

    Returns
    -------
    Separation
        None at all for the generated village, which stands nowhere.

    Raises
    ------
    UnusableInputError
        If it is more than 500 km or 3° of latitude and the user does not force it.
    """
    from frugal.surrogates.bundle.bundle import open_bundle

    if not settings.inputs:
        return Separation(0.0, 0.0)
    known = {} if settings.bundle is None else open_bundle(settings.bundle).study.get("site") or {}
    there, source = _place_of_weather(site_of(known, settings))
    here = middle_of(prepared.bounds, prepared.crs)
    apart = separation(here, there)
    if apart.is_elsewhere and not settings.force_weather:
        raise UnusableInputError(
            f"the survey (latitude {here.latitude_deg:.3f}, longitude {here.longitude_deg:.3f}) lies {apart.distance_km:.0f} "
            f"km and {apart.latitude_deg:.1f}° of latitude from its weather ({source}); at most {FARTHEST_KM:.0f} km and "
            f"{FARTHEST_LATITUDE_DEG:.0f}° are allowed: give the weather of the place, --set weather=FILE (EPW or PVGIS), or "
            f"have PVGIS asked over the network: {_ready(settings, here, out)}; --force-weather takes it as it is"
        )
    return apart


def _place_of_weather(site: RoofYieldSite) -> tuple[Place, str]:
    from frugal.formats.weather.climate import read_climate
    from frugal.formats.weather.readers import read_weather

    if site.weather is not None:
        weather = read_weather(site.weather)
        return Place(weather.latitude_deg, weather.longitude_deg), weather.source
    if site.latitude_deg is not None and site.longitude_deg is not None:
        return Place(site.latitude_deg, site.longitude_deg), "PVGIS"
    climate = read_climate()
    return Place(climate.latitude_deg, climate.longitude_deg), f"La Rochelle, {climate.source}"


def _ready(settings: CadastreSettings, here: Place, out: Path) -> str:
    """The same command with the weather of the place; a bundle holds other weather and is left out."""
    words = ["frugal", "cadastre", *map(str, settings.inputs)]
    for option in ("buildings", "communes", "terrain", "crs"):
        if (value := getattr(settings, option)) is not None:
            words += [f"--{option}", str(value)]
    for key, value in settings.site.items():
        if key not in _WEATHER:
            words += ["--set", f"{key}={value}"]
    with suppress(ValueError):
        out = out.relative_to(Path.cwd())
    return f"{shlex.join(words)} {here.settings} --out {shlex.quote(str(out))}"


def notes_on_weather(settings: CadastreSettings, apart: Separation, source: str) -> list[str]:
    """What is said of weather that comes from farther away.

    Parameters
    ----------
    settings : CadastreSettings
    apart : Separation
    source : str
        Of the weather.

    Returns
    -------
    list of str
    """
    far = f"The weather is that of a place {apart.distance_km:.0f} km and {apart.latitude_deg:.1f}° of latitude away ({source})"
    wider = f"{100.0 * apart.standard_deviation:.1f} %"
    if apart.is_elsewhere and settings.force_weather:
        return [
            f"{far}: that of another climate, taken because it was forced. The yields are not those of this place, and "
            f"P10–P90 counts {wider} (standard deviation) for it, which is known of smaller distances only."
        ]
    if apart.distance_km > NEAR_KM:
        return [
            f"{far}. The yearly light of two such places differs by {wider} (standard deviation), which P10–P90 counts; "
            "weather from nearer by narrows it (--set weather=FILE)."
        ]
    return []
