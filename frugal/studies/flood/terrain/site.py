"""The place a flood study is asked for: a generated one, or a terrain model with its dike, its sea and its buildings."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from frugal.experiments.study.site import Site
from frugal.studies.flood.terrain.local_water_keys import GreenAmpt, SiteLink, link_of

Side = Literal["west", "east", "north", "south"]
BuildingsAs = Literal["counted", "obstacles", "roughness"]


class FloodSite(Site):
    """What the sites of both studies may hold beside sea or river.

    Parameters
    ----------
    buildings : Path, optional
        Footprints or points of buildings, in any vector format.
    buildings_as : str
        ``counted``: water passes them; ``obstacles``: cells that they cover more than half stay dry; ``roughness``: they add
        ``buildings_manning`` for the share that they cover.
    buildings_manning : float
        In s/m^(1/3).
    land_cover : Path, optional
        Raster of classes of land cover, which give the roughness of the ground in the place of ``manning``.
    land_cover_classes : str
        Whose classes these are: ``corine`` (codes of three digits) or ``oso``.
    land_cover_table : Path, optional
        Own table of classes with code, name and manning.
    hazard_classes : Path, optional
        Classes of hazard by depth, speed and rise, as TOML; those of the French decree by default.
    cell_size_m : float, optional
        Cells of the runs; those of the terrain by default.
    rain_mm_h : float, optional
        Rain on the whole terrain during the whole event [mm/h].
    rain_series : Path, optional
        The same over time: a table with times and ``rain [mm/h]``, or NetCDF. Intensities hold at their times, between which
        they change evenly; before and after it is dry. Times count as those of the event: from high tide at a coast, from the
        beginning of the wave in a valley; dates need a series of levels or discharges with dates.
    infiltration_mm_h : float, optional
        What seeps into the ground, a constant [mm/h]; nothing seeps under sea, river and dike.
    green_ampt : GreenAmpt, optional
        As Green and Ampt have it, in its place.
    links : tuple of Path or SiteLink
        Culverts and flap gates: a vector file whose lines run from inlet to outlet, with the names of `LinkShape` as columns,
        or tables with ``inlet`` and ``outlet``.
    """

    buildings: Path | None = None
    buildings_as: BuildingsAs = "counted"
    buildings_manning: float = Field(0.3, ge=0.005, le=20.0)
    land_cover: Path | None = None
    land_cover_classes: Literal["corine", "oso"] = "corine"
    land_cover_table: Path | None = None
    hazard_classes: Path | None = None
    cell_size_m: float | None = Field(None, gt=0.0, allow_inf_nan=False)
    rain_mm_h: float | None = Field(None, ge=0.0, le=500.0)
    rain_series: Path | None = None
    infiltration_mm_h: float | None = Field(None, ge=0.0, le=1000.0)
    green_ampt: GreenAmpt | None = None
    links: tuple[Path | SiteLink, ...] = ()

    @field_validator("links", mode="before")
    @classmethod
    def _tables(cls, parts: Any) -> Any:
        if not isinstance(parts, list | tuple):
            return parts
        return [link_of(part, f"link {k}") if isinstance(part, dict) else part for k, part in enumerate(parts, 1)]

    @model_validator(mode="after")
    def _one_of_each(self) -> FloodSite:
        for one, other in (("rain_series", "rain_mm_h"), ("green_ampt", "infiltration_mm_h")):
            if getattr(self, one) is not None and getattr(self, other) is not None:
                raise ValueError(f"{one} stands in the place of {other}; leave one out")
        return self


class SiteBreach(BaseModel):
    """A breach that every event of a coast has, beside the one that the inputs describe.

    Parameters
    ----------
    position : float
        Of its middle, as a share of the length of the dike.
    width_m : float
    start_h : float, optional
        When it begins, in hours from high tide; that of the site by default.
    level_m : float, optional
        Level of the sea, in the zero of the terrain, at which it begins.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    position: float = Field(ge=0.0, le=1.0)
    width_m: float = Field(gt=0.0, allow_inf_nan=False)
    start_h: float | None = Field(None, allow_inf_nan=False)
    level_m: float | None = Field(None, allow_inf_nan=False)


class SubmersionSite(FloodSite):
    """A coast behind a sea dike, or without one; what it shares with other floods is told at `FloodSite`.

    Parameters
    ----------
    terrain : tuple of Path, optional
        Heights of the ground (and of the sea bed) in m, in a projected system in metres: one GeoTIFF or several that lie side
        by side, a folder of them, or point clouds (LAZ) with ground classes. A generated polder without it.
    terrain_datum : str, optional
        Zero of these heights: ``mean sea level``, ``NGF/IGN69``, ``chart datum``, …
    mean_sea_level_m : float, optional
        How high the mean sea level of today stands above that zero.
    dike : Path, optional
        The line of the dike, in any vector format; needed with a terrain.
    no_dike : bool
        A coast without a dike.
    sea : tuple of str
        Sides of the terrain where the sea is: west, east, north, south.
    dike_crest_m : float, optional
        Height of the crest, in the zero of the terrain; the greatest height of the terrain along the line by default.
    sea_below_m : float, optional
        Cells along the sea's sides that are lower than this, in the zero of the terrain, are sea; by default those below mean
        sea level, or else below high tide. Without a dike all ground lower than this that is connected with them is sea or
        foreshore; by default what the smallest high tide covers.
    tide_range, surge_peak : tuple of float, optional
        Bounds in m; needed with a terrain.
    tides : Path, optional
        Constituents of the tide, which give ``tide_range``: a table with ``constituent`` and ``amplitude_m``.
    level_series : Path, optional
        Levels of the sea over time, in the place of tide and surge: a table with ``time_h`` (or dates) and ``level_m``, or
        NetCDF.
    level_series_mean_m : float, optional
        How high the mean sea level of today stands above the zero of that file; 0 is assumed, and told, without it.
    breach_start_h, breach_minutes : float
        When the dike begins to fail, in hours from high tide, and how long the breach takes to open.
    breach_level_m : float, optional
        Level of the sea, in the zero of the terrain, at which it begins to fail, in the place of a time.
    breaches : tuple of SiteBreach
        Further ones.
    wave_height_m, wave_period_s : float, optional
        Waves at the toe of the dike, Hm0 and Tm-1,0, which run over it.
    wave_series : Path, optional
        The same over time: a table with ``time_h`` from high tide (dates with dated levels), ``wave_height_m`` and
        ``wave_period_s``.
    dike_slope : float
        Of the face of the dike, rise over run.
    wave_factor_berm, wave_factor_roughness, wave_factor_angle : float
        What a berm, a rough face and oblique waves reduce run-up to.
    cells : int
        Rows and columns of the generated polder, which stays 3.2 km wide.
    manning : float
        Roughness of the ground in s/m^(1/3), for a roughness factor of 1.
    n_runs : int
        Runs of a campaign.
    seed : int
        Of the generated polder.
    """

    terrain: tuple[Path, ...] | None = Field(None, min_length=1)
    terrain_datum: str | None = None
    mean_sea_level_m: float | None = Field(None, allow_inf_nan=False)
    dike: Path | None = None
    no_dike: bool = False
    sea: tuple[Side, ...] = Field(("west",), min_length=1)
    dike_crest_m: float | None = Field(None, allow_inf_nan=False)
    sea_below_m: float | None = Field(None, allow_inf_nan=False)
    tide_range: tuple[float, float] | None = None
    surge_peak: tuple[float, float] | None = None
    tides: Path | None = None
    level_series: Path | None = None
    level_series_mean_m: float | None = Field(None, ge=-20.0, le=20.0)
    breach_start_h: float = Field(-1.0, ge=-48.0, le=48.0)
    breach_minutes: float = Field(30.0, gt=0.0, le=1440.0)
    breach_level_m: float | None = Field(None, allow_inf_nan=False)
    breaches: tuple[SiteBreach, ...] = ()
    wave_height_m: float | None = Field(None, gt=0.0, le=20.0)
    wave_period_s: float | None = Field(None, gt=0.5, le=40.0)
    wave_series: Path | None = None
    dike_slope: float = Field(1 / 3, gt=0.0, le=1.0)
    wave_factor_berm: float = Field(1.0, gt=0.0, le=1.0)
    wave_factor_roughness: float = Field(1.0, gt=0.0, le=1.0)
    wave_factor_angle: float = Field(1.0, gt=0.0, le=1.0)
    cells: int = Field(64, ge=16, le=2000)
    manning: float = Field(0.035, ge=0.005, le=1.0)
    n_runs: int = Field(256, ge=16, le=100_000)
    seed: int = Field(0, ge=0)

    @field_validator("tide_range", "surge_peak")
    @classmethod
    def _bounds(cls, bounds: tuple[float, float] | None) -> tuple[float, float] | None:
        if bounds is not None and not 0 <= bounds[0] < bounds[1] <= 20:
            raise ValueError(
                f"{bounds[0]:g}, {bounds[1]:g} are no bounds; two numbers, 0 <= low < high <= 20 m, are needed"
            )
        return bounds

    @model_validator(mode="after")
    def _agrees(self) -> SubmersionSite:
        if self.no_dike:
            given = {
                "dike": self.dike is not None,
                "dike_crest_m": self.dike_crest_m is not None,
                "breach_level_m": self.breach_level_m is not None,
                "breaches": bool(self.breaches),
                "wave_height_m": self.wave_height_m is not None,
                "wave_series": self.wave_series is not None,
            }
            needless = [name for name, is_given in given.items() if is_given]
            if needless or self.terrain is None:
                raise ValueError(
                    f"no_dike = true and {', '.join(needless)} contradict each other; leave one out"
                    if needless
                    else "no_dike = true needs a terrain"
                )
        if self.wave_series is None and (self.wave_height_m is None) != (self.wave_period_s is None):
            raise ValueError("wave_height_m and wave_period_s are needed together")
        if self.wave_series is not None and (self.wave_height_m is not None or self.wave_period_s is not None):
            raise ValueError("wave_series stands in the place of wave_height_m and wave_period_s; leave one out")
        if self.level_series is not None and (self.tide_range or self.surge_peak or self.tides):
            raise ValueError("level_series stands in the place of tide_range, surge_peak and tides; leave one out")
        if self.tides is not None and self.tide_range is not None:
            raise ValueError("tides stands in the place of tide_range; leave one out")
        return self


class SiteRiver(BaseModel):
    """A further river of a valley.

    Parameters
    ----------
    line : Path
        Its axis from upstream to where it joins another, in any vector format.
    share : float
        Of the discharge of the wave that enters by it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    line: Path
    share: float = Field(gt=0.0, lt=1.0)


class RiverFloodSite(FloodSite):
    """A valley with its river; what it shares with other floods is told at `FloodSite`.

    Parameters
    ----------
    terrain : tuple of Path, optional
        Heights of the ground in m, in a projected system in metres: one GeoTIFF or several that lie side by side, a folder of
        them, or point clouds (LAZ) with ground classes; a generated valley without it.
    river : Path, optional
        The axis of the river from upstream to downstream, in any vector format; needed with a terrain.
    rivers : tuple of SiteRiver
        Further ones, each with its share of the discharge, which is taken from that of ``river``.
    outlet : str
        What holds the water where the river leaves: ``level`` (of the input ``downstream_depth``), ``normal_flow``,
        ``free_fall`` or ``rating_curve``.
    outlet_slope : float, optional
        Friction slope of the normal flow [m/m]; the fall of the river over its last kilometre by default.
    outlet_rating_curve : Path, optional
        Table with ``level_m``, in the zero of the terrain, and ``discharge_m3_s``.
    channel_depth_m : float
        The bed of the river is lowered by so much below the terrain along its axis, where a survey from the air shows the
        surface of the water.
    river_width_m : float, optional
        Of the beds of the rivers, no less than a cell: a cell is lowered by the share of ``channel_depth_m`` that they take of
        it. By default a river is a line of whole cells.
    manning, manning_river : float
        Roughness of the ground and of the river in s/m^(1/3), for a roughness factor of 1.
    peak_discharge : tuple of float
        Bounds in m³/s.
    volume : tuple of float
        Bounds of the volume of the wave in m³.
    time_to_peak_h : tuple of float
        Bounds in hours; minutes for a dam that breaks.
    downstream_depth : tuple of float
        Bounds of the level downstream, in m above the river's bed there.
    duration_h : float
        Length of the event in hours.
    discharge_series : Path, optional
        Discharges over time in the place of ``peak_discharge``, ``volume``, ``time_to_peak_h`` and ``duration_h``: a table with
        ``time_h`` (or dates) and ``discharge_m3_s``, or NetCDF.
    n_runs : int
        Runs of a campaign.
    seed : int
        Of the generated valley.
    """

    terrain: tuple[Path, ...] | None = Field(None, min_length=1)
    river: Path | None = None
    rivers: tuple[SiteRiver, ...] = ()
    outlet: Literal["level", "normal_flow", "free_fall", "rating_curve"] = "level"
    outlet_slope: float | None = Field(None, gt=0.0, le=1.0)
    outlet_rating_curve: Path | None = None
    channel_depth_m: float = Field(0.0, ge=0.0, allow_inf_nan=False)
    river_width_m: float | None = Field(None, gt=0.0, allow_inf_nan=False)
    manning: float = Field(0.045, ge=0.005, le=1.0)
    manning_river: float = Field(0.03, ge=0.005, le=1.0)
    peak_discharge: tuple[float, float] = (300.0, 1500.0)
    volume: tuple[float, float] = (4e6, 16e6)
    time_to_peak_h: tuple[float, float] = (1.0, 3.0)
    downstream_depth: tuple[float, float] = (0.5, 4.0)
    duration_h: float = Field(10.0, gt=0.0, le=1000.0)
    discharge_series: Path | None = None
    n_runs: int = Field(128, ge=16, le=100_000)
    seed: int = Field(0, ge=0)

    @field_validator("rivers", mode="after")
    @classmethod
    def _lines_from_folder(cls, rivers: tuple[SiteRiver, ...], info: ValidationInfo) -> tuple[SiteRiver, ...]:
        if sum(river.share for river in rivers) >= 1.0:
            total = sum(river.share for river in rivers)
            raise ValueError(f"the shares add up to {total:g}; less than 1 is needed, the rest is that of river")
        context = info.context or {}
        if "rivers" not in context.get("from_file", ()):
            return rivers
        return tuple(river.model_copy(update={"line": context["folder"] / river.line}) for river in rivers)

    @model_validator(mode="after")
    def _outlet_agrees(self) -> RiverFloodSite:
        for name, kind in (("outlet_rating_curve", "rating_curve"), ("outlet_slope", "normal_flow")):
            if getattr(self, name) is not None and self.outlet != kind:
                raise ValueError(f"{name} belongs to outlet = '{kind}'; it is '{self.outlet}'")
        if self.outlet == "rating_curve" and self.outlet_rating_curve is None:
            raise ValueError(
                "outlet = 'rating_curve' needs outlet_rating_curve = a table with level_m and discharge_m3_s"
            )
        return self

    @field_validator("peak_discharge", "volume", "time_to_peak_h", "downstream_depth")
    @classmethod
    def _grows(cls, bounds: tuple[float, float]) -> tuple[float, float]:
        if not 0 < bounds[0] < bounds[1] < float("inf"):
            raise ValueError(f"{bounds[0]:g}, {bounds[1]:g} are no bounds; two numbers, 0 < low < high, are needed")
        return bounds

    @field_validator("duration_h")
    @classmethod
    def _holds_the_peak(cls, duration_h: float, info: ValidationInfo) -> float:
        latest = info.data.get("time_to_peak_h", (0.0, 0.0))[1]
        if latest > duration_h:
            raise ValueError(
                f"the event would end before a peak at {latest:g} h (time_to_peak_h); {latest:g} or more is needed"
            )
        return duration_h
