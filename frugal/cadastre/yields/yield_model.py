"""The answer of `roof_yield` that a cadastre asks: one that the user names, or one trained for the territory on the spot."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from frugal.cadastre.job.job import plain_site, sky_of
from frugal.cadastre.job.program_digest import program_digest
from frugal.cadastre.job.settings import CadastreSettings
from frugal.cadastre.territory.surfaces import Prepared
from frugal.errors import UnusableInputError, did_you_mean
from frugal.formats.files.atomic import write_text
from frugal.formats.files.digests import sha256_of
from frugal.formats.rasters.mosaic import open_rasters
from frugal.formats.rasters.surface_model import SurfaceModel, write_surface_model
from frugal.formats.rasters.tiling import Tile, TileGrid, plan_tiles

if TYPE_CHECKING:
    from frugal.reporting.progress import Reporter
    from frugal.studies.solar.roof_yield.site import RoofYieldSite
    from frugal.surrogates.bundle.bundle import Bundle

#: Surface models that the training roofs are taken from: so many squares of this side.
SAMPLES, SAMPLE_M = 4, 300.0

#: Of so many squares spread over the territory, those with the most built ground are taken.
_LOOKED_AT = 48


@dataclass(frozen=True)
class YieldModel:
    """A bundle, which of its graphs is asked, and the site its weather comes from."""

    bundle: Path
    candidate: str
    model: Path
    site: RoofYieldSite
    notes: tuple[str, ...] = ()


def check_yield_model(settings: CadastreSettings) -> None:
    """Find out before hours of work whether the bundle, the candidate and the weather named can be used.

    Raises
    ------
    UnusableInputError
        As `find_yield_model`; or if a bundle trained on the spot cannot have the candidate.
    """
    from frugal.formats.weather.readers import read_weather

    if settings.bundle is not None:
        if settings.n_runs is not None:
            raise UnusableInputError(
                f"--n-runs {settings.n_runs} is for an answer trained on the spot, and --bundle names one: leave one out"
            )
        _opened(settings.bundle, settings, ())
        return
    site = site_of({}, settings)
    if site.weather is not None:
        read_weather(site.weather)
    if settings.candidate is not None and settings.candidate not in (names := trained_names()):
        raise UnusableInputError(
            f"--candidate '{settings.candidate}' is none of those trained for roof_yield; allowed: {', '.join(names)}"
            f"{did_you_mean(settings.candidate, names)}"
        )


def trained_names() -> tuple[str, ...]:
    """Candidates of `roof_yield` that can be asked as a graph, whatever the territory."""
    from frugal.studies.solar.roof_yield.alternatives import alternatives
    from frugal.studies.solar.roof_yield.site import RoofYieldSite, SolarTerritory
    from frugal.studies.solar.roof_yield.study import N_SECTORS
    from frugal.surrogates.models import registry

    supplied = alternatives(SolarTerritory(RoofYieldSite.model_validate({})), N_SECTORS)
    names = (*(alternative.name for alternative in supplied), *(rung.name for rung in registry.SCALAR_MODELS))
    return (*names, *registry.corrected_names(supplied, names))


def find_yield_model(settings: CadastreSettings, prepared: Prepared, out: Path, reporter: Reporter) -> YieldModel:
    """Open or train the bundle.

    Parameters
    ----------
    settings : CadastreSettings
        ``bundle`` and ``candidate`` name the answer; without a bundle ``n_runs`` and ``site`` say how one is trained.
    prepared : Prepared
        Surface whose roofs the training runs are drawn from.
    out : Path
        Folder of the cadastre; a bundle trained on the spot is kept there as ``roof_yield``, and taken again while surface,
        settings and program are the same.
    reporter : Reporter
        Told of the training.

    Returns
    -------
    YieldModel
        Its notes say where the training roofs, or the errors, are not what one expects.

    Raises
    ------
    UnusableInputError
        If the bundle named answers another study, or has no graph of the candidate.
    """
    if settings.bundle is not None:
        return _opened(settings.bundle, settings, ())
    path, notes = _trained(settings, prepared, out, reporter)
    nearest = _nearest_where_none_ships(path) if settings.candidate is None else None
    if nearest is None:
        return _opened(path, settings, notes)
    told = f"No answer meets the need on the roofs here, as the audit says: the yields come from the nearest one, {nearest}."
    return _opened(path, settings.model_copy(update={"candidate": nearest}), (*notes, told))


def _nearest_where_none_ships(path: Path) -> str | None:
    """Of a bundle that ships no answer the graph whose errors exceed what is tolerated least; small surveys have few roofs."""
    from frugal.surrogates.bundle.bundle import open_bundle

    comparison = open_bundle(path).comparison
    if comparison.model.candidate is not None:
        return None
    beyond = {row.name: row.error_ratio for row in comparison.ladder.rows if row.graph is not None and row.errors}
    return min(beyond, key=beyond.__getitem__) if beyond else None


def _opened(path: Path, settings: CadastreSettings, notes: tuple[str, ...]) -> YieldModel:
    from frugal.surrogates.bundle.bundle import open_bundle

    bundle = open_bundle(path)
    if bundle.study["name"] != "roof_yield":
        raise UnusableInputError(f"bundle '{path}' answers '{bundle.study['name']}'; one of 'roof_yield' is needed")
    candidate = settings.candidate or (bundle.comparison.model.candidate or "")
    model = bundle.model_path(settings.candidate).absolute()  # tiles may be computed by processes started elsewhere
    site = site_of(bundle.study.get("site") or {}, settings)
    _check_weather(bundle, model, site, settings.azimuths)
    return YieldModel(path, candidate, model, site, notes)


def _check_weather(bundle: Bundle, model: Path, site: RoofYieldSite, azimuths: int) -> None:
    """Refuse weather that is not the one the bundle was made with, as far as one of its graphs holds it.

    Yields come from the bundle; maps and classes of other weather beside them would contradict them.
    """
    from frugal.cadastre.yields.sky_table import read_sky_table

    try:
        graph = bundle.model_path("cumulative_sky").read_bytes()
    except UnusableInputError:
        return
    kept = read_sky_table(graph).sky.global_horizontal
    sky = sky_of(plain_site(site), str(model), azimuths)  # the one that the tiles of this process share
    given = sky.tables.global_horizontal
    if not np.allclose(kept, given, rtol=1e-4):
        raise UnusableInputError(
            f"bundle '{bundle.path}' was trained with other weather ({kept.sum():.0f} kWh/m² a year) than "
            f"'{sky.territory.weather.source}' ({given.sum():.0f} kWh/m²); leave --set weather or --bundle out"
        )


def site_of(of_bundle: dict[str, Any], settings: CadastreSettings) -> RoofYieldSite:
    """Weather and sky of the bundle, unless the user names others.

    Parameters
    ----------
    of_bundle : dict
        Settings of the site that the bundle was made with; empty without one.
    settings : CadastreSettings

    Raises
    ------
    UnusableInputError
        If the settings contradict each other, or the weather file is not there.
    """
    from frugal.experiments.study.site import build_site
    from frugal.studies.solar.roof_yield.site import RoofYieldSite

    kept = {key: value for key, value in of_bundle.items() if key not in ("dsm", "force_weather")}
    if "weather" in settings.site:
        kept.pop("latitude_deg", None)
        kept.pop("longitude_deg", None)
    site = build_site(RoofYieldSite, {**kept, **settings.site})
    assert isinstance(site, RoofYieldSite)
    if site.weather is not None and not site.weather.is_file():
        raise UnusableInputError(f"weather file '{site.weather}' is not there; name one that is (--set weather=FILE)")
    return site if site.weather is None else site.model_copy(update={"weather": site.weather.absolute()})


def _trained(
    settings: CadastreSettings, prepared: Prepared, out: Path, reporter: Reporter
) -> tuple[Path, tuple[str, ...]]:
    """Train on roofs of the territory; on generated villages, and saying so, where it shows too few."""
    from frugal.campaigns.campaign import Settings
    from frugal.campaigns.workflow import train_study
    from frugal.experiments.study.site import build_site
    from frugal.studies.solar.roof_yield.site import RoofYieldSite
    from frugal.studies.solar.roof_yield.study import roof_yield

    target, marker = out / "roof_yield", out / "work" / "roof_yield.json"
    wanted = {
        "surface": prepared.digest,
        "grid": [prepared.crs, *asdict(prepared.grid).values()],
        "program": program_digest("frugal.cadastre", "frugal.formats", "frugal.studies"),
        "n_runs": settings.n_runs,
        "site": settings.site,
        "weather": _content_of(settings.site.get("weather")),
    }
    if marker.is_file() and target.is_dir() and json.loads(marker.read_text())["wanted"] == wanted:
        return target, tuple(json.loads(marker.read_text())["notes"])
    samples = sample_surfaces(prepared, out / "work" / "samples")
    how = Settings(n_runs=settings.n_runs, folder=out / "work" / "campaigns", threads=settings.threads)
    notes: tuple[str, ...] = ()

    def train(dsm: tuple[Path, ...]) -> None:
        forced = {"force_weather": "true"} if settings.force_weather else {}
        site = build_site(RoofYieldSite, {**settings.site, **forced, "dsm": tuple(map(str, dsm))})
        assert isinstance(site, RoofYieldSite)
        train_study(lambda: roof_yield(site), how, target, reporter, records=out / "work")

    try:
        train(samples)
    except UnusableInputError as fault:
        if not samples:
            raise
        notes = (f"The yields were learnt on roofs of generated villages, not of this territory: {fault}",)
        train(())
    write_text(marker, json.dumps({"wanted": wanted, "notes": notes}))
    return target, notes


def sample_surfaces(prepared: Prepared, folder: Path) -> tuple[Path, ...]:
    """Squares of the territory with much built ground, as GeoTIFF files for the training.

    Built ground is what stands 2.5 to 30 m above the lowest surroundings, which is crude and enough to tell a village from
    fields; whether there are roofs is found by the study itself.
    """
    mosaic = open_rasters([Path(path) for path in prepared.surface], crs=prepared.crs)
    tiles = plan_tiles(prepared.grid, prepared.bounds, prepared.grid.whole(SAMPLE_M))
    step = max(1, len(tiles) // _LOOKED_AT)
    scored = []
    for tile in tiles[::step]:
        surface = mosaic.read(prepared.grid.bounds(tile.columns, tile.rows))
        scored.append((_built(surface), tile.name, tile))
    best = sorted(scored, key=lambda found: (-found[0], found[1]))[:SAMPLES]
    paths = []
    for built, name, tile in best:
        if built <= 0.0:
            continue
        surface = mosaic.read(_enlarged(prepared.grid, tile))
        path = folder / f"{name}-{hashlib.sha256(surface.heights.tobytes()).hexdigest()[:8]}.tif"
        if not path.exists():
            write_surface_model(path, surface)
        paths.append(path)
    return tuple(sorted(paths))


def _enlarged(grid: TileGrid, tile: Tile) -> tuple[float, float, float, float]:
    """With its surroundings, which throw shade on the roofs near its edges."""
    columns, rows = tile.with_halo(round(60.0 / grid.resolution_m))
    return grid.bounds(columns, rows)


def _built(surface: SurfaceModel) -> float:
    heights = surface.heights
    if np.isnan(heights).mean() > 0.5:
        return 0.0
    low = np.nanpercentile(heights, 20)
    return float(np.nanmean((heights > low + 2.5) & (heights < low + 30.0)))


def _content_of(weather: str | None) -> str:
    """Hash of a weather file, so that another one under the same name is noticed."""
    if weather is None or not Path(weather).is_file():
        return ""
    return sha256_of(Path(weather))
