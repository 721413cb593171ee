"""The place an estuary study is asked for: reaches, mouths, rivers, gauges, intakes and what the water carries, as TOML."""

from __future__ import annotations

from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from frugal.experiments.study.site import Site
from frugal.studies.estuary.place.plausible import refuse_unjoined, refuse_wrong_units
from frugal.toml_text import parse_toml

#: Estuaries that come with the program.
SHIPPED = ("gironde", "saint_laurent", "loire")
Origin = Literal["surveyed", "published", "fitted", "assumed"]
Numbers = tuple[float, ...]
_FOLDER = Path(str(resources.files("frugal.studies.estuary"))) / "sites"


class SitePart(BaseModel):
    """Base of the tables of a site file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class SiteReach(SitePart):
    """A stretch between two places.

    Parameters
    ----------
    name, seaward, landward : str
        Its own name and those of the places at its ends.
    distance_km : tuple of float
        Knots, from 0 at the seaward end to its length.
    depth_m : tuple of float
        Mean depth of the section below mean sea level at the knots, straight between; negative where the bed lies above it.
    width_m : tuple of float
        Width of the water at the knots, geometric between.
    friction : float or tuple of float
        As the law of the site takes it, straight between knots.
    storage_width_m : tuple of float, optional
        Width with the flats that only store water; ``width_m`` then is what conveys.
    navigation_depth_m : tuple of float, optional
        Depth of the dredged channel below mean sea level, for keels; the mean depth without it.
    line : tuple of (longitude, latitude)
        Its course, WGS84, from its seaward end.
    origin : str
        Where depths and widths come from: surveyed, published, fitted or assumed.
    """

    name: str
    seaward: str
    landward: str
    distance_km: Numbers = Field(min_length=2)
    depth_m: tuple[Annotated[float, Field(ge=-500.0, le=500.0)], ...]
    width_m: Numbers
    friction: float | Numbers
    storage_width_m: Numbers | None = None
    navigation_depth_m: Numbers | None = None
    line: tuple[tuple[float, float], ...] = Field(min_length=2)
    origin: Origin = "assumed"

    @model_validator(mode="after")
    def _knots(self) -> Self:
        knots = np.array(self.distance_km)
        if knots[0] != 0.0 or np.any(np.diff(knots) <= 0.0):
            raise ValueError(f"distance_km of reach '{self.name}' must rise from 0 at its seaward end")
        for name in ("depth_m", "width_m", "friction", "storage_width_m", "navigation_depth_m"):
            values = getattr(self, name)
            if isinstance(values, tuple) and len(values) != len(knots):
                raise ValueError(
                    f"{name} of reach '{self.name}' has {len(values)} values for {len(knots)} knots of distance_km"
                )
        for name in ("width_m", "storage_width_m"):
            if min(getattr(self, name) or (1.0,)) <= 0.0:
                raise ValueError(f"{name} of reach '{self.name}' must be above 0 everywhere")
        for longitude, latitude in self.line:
            if not (-180.0 <= longitude <= 180.0 and -90.0 <= latitude <= 90.0):
                raise ValueError(
                    f"line of reach '{self.name}' has the vertex {longitude:g}, {latitude:g}; degrees of longitude and "
                    "latitude are needed"
                )
        return self

    @property
    def length_km(self) -> float:
        """Its length [km]."""
        return self.distance_km[-1]


class SiteMouth(SitePart):
    """A place where the level of the sea is given.

    Parameters
    ----------
    place : str
    station : str, optional
        In the table of constituents of the site.
    tide : mapping, optional
        In its place: amplitude [m] and Greenwich phase lag [°] of each constituent.
    mean_level_m : float
        Mean level over the datum of the depths.
    salinity_psu, mud_kg_m3, oxygen_share : float
        Of the water that comes in; oxygen as a share of saturation.
    """

    place: str
    station: str | None = None
    tide: dict[str, tuple[float, float]] | None = None
    mean_level_m: float = Field(0.0, ge=-10.0, le=10.0)
    salinity_psu: float = Field(34.0, ge=0.0, le=45.0)
    mud_kg_m3: float = Field(0.02, ge=0.0, le=10.0)
    oxygen_share: float = Field(1.0, ge=0.0, le=1.5)

    @model_validator(mode="after")
    def _one_tide(self) -> Self:
        if (self.station is None) == (not self.tide):
            raise ValueError(f"mouth '{self.place}' needs a station of the table of constituents, or a tide of its own")
        return self


class RiverEntry(SitePart):
    """A river that enters at a place.

    Parameters
    ----------
    place, name : str
    flow_m3_s : tuple of float
        Least and largest discharge that may be asked.
    mean_flow_m3_s : float
    mud_kg_m3, mud_exponent : float
        Of the river at its mean flow, and the power of the flow with which it grows.
    carbon_mg_l, nitrogen_mg_l, oxygen_share : float
        Demands of its water, and its oxygen as a share of saturation.
    """

    place: str
    name: str
    flow_m3_s: tuple[float, float]
    mean_flow_m3_s: float = Field(gt=0.0)
    mud_kg_m3: float = Field(0.02, ge=0.0, le=10.0)
    mud_exponent: float = Field(0.0, ge=0.0, le=3.0)
    carbon_mg_l: float = Field(2.0, ge=0.0, le=100.0)
    nitrogen_mg_l: float = Field(0.5, ge=0.0, le=100.0)
    oxygen_share: float = Field(0.95, ge=0.0, le=1.5)

    @model_validator(mode="after")
    def _rising(self) -> Self:
        low, high = self.flow_m3_s
        if not 0.0 < low < high:
            raise ValueError(f"flow_m3_s of river '{self.name}' = {low:g}, {high:g}; above 0 and rising is needed")
        if not self.name.isidentifier():
            raise ValueError(f"river '{self.name}': letters, figures and _ are needed, as its flow becomes an input")
        return self


class SitePoint(SitePart):
    """A point of a reach.

    Parameters
    ----------
    name, reach : str
    km : float
        From the seaward end of the reach.
    """

    name: str
    reach: str
    km: float


class SiteGauge(SitePoint):
    """A gauge; levels and currents are told there.

    Parameters
    ----------
    name, reach, km
        As `SitePoint`.
    station : str, optional
        In the table of constituents, where they were measured.
    fitted : bool
        Depths and friction were fitted to it; others judge.
    """

    station: str | None = None
    fitted: bool = False


class SiteIntake(SitePoint):
    """An intake of water, which salt may reach.

    Parameters
    ----------
    name, reach, km
        As `SitePoint`.
    salinity_psu : float
        From which on its water is not taken.
    """

    salinity_psu: float = Field(0.5, gt=0.0, le=45.0)


class SiteLoad(SitePoint):
    """Waste water.

    Parameters
    ----------
    name, reach, km
        As `SitePoint`.
    carbon_g_s, nitrogen_g_s : float
        Demands of oxygen.
    other_reach, other_km : str and float, optional
        Where a part of it may be let out instead, of which the study then asks.
    """

    carbon_g_s: float = Field(0.0, ge=0.0)
    nitrogen_g_s: float = Field(0.0, ge=0.0)
    other_reach: str | None = None
    other_km: float | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.other_reach is None) != (self.other_km is None):
            raise ValueError(f"load '{self.name}' needs both other_reach and other_km, or none")
        return self


class SiteSalt(SitePart):
    """Dispersion; see `frugal.physics.estuary.carried.Mixing`."""

    van_den_burgh: float | None = Field(0.4, gt=0.0, lt=1.0)
    at_mouth_m2_s: float | None = Field(None, gt=0.0)
    convergence_km: float = Field(40.0, gt=0.0)
    least_m2_s: float = Field(30.0, ge=0.0)


class SiteMud(SitePart):
    """Exchange of mud with the bed; see `frugal.physics.estuary.carried.Mud`.

    Parameters
    ----------
    bed_kg_m2 : float or mapping
        Mud on the bed at the start, everywhere; or by reach pairs of distance [km] and amount, straight between them, none
        beyond them and in other reaches.
    """

    settling_m_s: float = Field(1e-3, gt=0.0, le=0.05)
    critical_pa: float = Field(0.3, ge=0.0, le=10.0)
    erosion_kg_m2_s: float = Field(5e-4, ge=0.0, le=1.0)
    drag: float = Field(0.015, gt=0.0)
    drag_law: Literal["manning", "quadratic", "linear"] = "manning"
    pool_kg_m2: float = Field(0.05, gt=0.0)
    gelling_kg_m3: float = Field(100.0, gt=0.0)
    mixing_m2_s: float | None = Field(None, ge=0.0)
    bed_kg_m2: float | dict[str, tuple[tuple[float, float], ...]] = 2.0

    @model_validator(mode="after")
    def _mud_on_bed(self) -> Self:
        stretches = self.bed_kg_m2 if isinstance(self.bed_kg_m2, dict) else {"": ((0.0, self.bed_kg_m2),)}
        for reach, pairs in stretches.items():
            if not pairs or min(amount for _, amount in pairs) < 0.0:
                raise ValueError(
                    f"bed_kg_m2 of mud{f' in reach {reach!r}' if reach else ''} must be at least 0 everywhere"
                )
            if any(after[0] <= before[0] for before, after in pairwise(pairs)):
                raise ValueError(f"bed_kg_m2 of mud in reach '{reach}' needs distances that rise")
        return self


class SiteOxygen(SitePart):
    """Rates at 20 °C; see `frugal.physics.estuary.carried.Oxygen`."""

    carbon_per_day: float = Field(0.2, ge=0.0)
    nitrogen_per_day: float = Field(0.1, ge=0.0)
    mud_per_day: float = Field(0.1, ge=0.0)
    mud_demand_mg_g: float = Field(0.0, ge=0.0)
    half_mg_l: float = Field(0.5, ge=0.0)
    wind_m_day: float = Field(0.5, ge=0.0)


class SiteScenario(SitePart):
    """Named inputs of the study, with their source."""

    name: str
    values: dict[str, float]
    title: dict[str, str]
    source: str


class EstuarySite(Site):
    """An estuary: one that comes with the program, or one's own.

    Parameters
    ----------
    place : str
        ``gironde``, ``saint_laurent`` or ``loire``, whose keys stand wherever none is given; a site file with reaches of its
        own takes nothing from them.
    name : str
    title : mapping
        By language.
    source : str
        Where the numbers come from.
    friction_law : str
        manning, quadratic, linear or rate.
    cell_m : float
        Distance between nodes of the runs [m].
    constituents : Path, optional
        Table of tidal constituents (CSV or Parquet) with the stations of mouths and gauges.
    reach, mouth, river, gauge, intake, load, scenario : tuple of tables
        `SiteReach`, `SiteMouth`, `RiverEntry`, `SiteGauge`, `SiteIntake`, `SiteLoad`, `SiteScenario`.
    dredged : str, optional
        The reach whose depth the study changes; the first otherwise.
    salt : SiteSalt
    mud : SiteMud
    oxygen : SiteOxygen
    n_runs : int, optional
        Of a campaign.
    """

    place: str = "gironde"
    name: str = ""
    title: dict[str, str] = Field(default_factory=dict)
    source: str = ""
    friction_law: Literal["manning", "quadratic", "linear", "rate"] = "manning"
    cell_m: float = Field(1000.0, ge=20.0, le=20_000.0)
    constituents: Path | None = None
    reach: tuple[SiteReach, ...] = Field(min_length=1)
    mouth: tuple[SiteMouth, ...] = Field(min_length=1)
    river: tuple[RiverEntry, ...] = ()
    gauge: tuple[SiteGauge, ...] = ()
    intake: tuple[SiteIntake, ...] = ()
    load: tuple[SiteLoad, ...] = ()
    scenario: tuple[SiteScenario, ...] = ()
    dredged: str | None = None
    salt: SiteSalt = Field(default_factory=lambda: SiteSalt.model_validate({}))
    mud: SiteMud = Field(default_factory=lambda: SiteMud.model_validate({}))
    oxygen: SiteOxygen = Field(default_factory=lambda: SiteOxygen.model_validate({}))
    n_runs: int | None = Field(None, ge=8)

    @model_validator(mode="before")
    @classmethod
    def _shipped(cls, values: Any) -> Any:
        if not isinstance(values, dict) or "reach" in values:
            return values
        place = str(values.get("place", "gironde"))
        if place not in SHIPPED:
            raise ValueError(
                f"setting 'place' = '{place}' does not come with the program; allowed: {', '.join(SHIPPED)}, or a site file "
                "with reaches of its own"
            )
        shipped = parse_toml((_FOLDER / f"{place}.toml").read_text(encoding="utf-8"))
        if "constituents" in shipped:
            shipped["constituents"] = _FOLDER / shipped["constituents"]
        return {**shipped, **values, "place": place}

    @field_validator("reach", "mouth", "river", "gauge", "intake", "load", "scenario", mode="after")
    @classmethod
    def _own_names(cls, parts: Any) -> Any:
        names = [getattr(part, "name", None) or part.place for part in parts]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"'{name}' stands there twice; each needs its own name")
        return parts

    @property
    def dredged_reach(self) -> SiteReach:
        """The reach whose depth the study changes."""
        name = self.dredged or self.reach[0].name
        return next(reach for reach in self.reach if reach.name == name)

    @model_validator(mode="after")
    def _on_reaches(self) -> Self:
        lengths = {reach.name: reach.length_km for reach in self.reach}
        refuse_unjoined(self.reach, self.mouth, self.river)
        refuse_wrong_units(self.reach, self.mouth, self.river, self.friction_law)
        if self.dredged is not None and self.dredged not in lengths:
            raise ValueError(f"dredged = '{self.dredged}' is no reach; reaches are {', '.join(lengths)}")
        for name in self.mud.bed_kg_m2 if isinstance(self.mud.bed_kg_m2, dict) else ():
            if name not in lengths:
                raise ValueError(f"bed_kg_m2 of mud names reach '{name}'; reaches are {', '.join(lengths)}")
        for kind in ("gauge", "intake", "load"):
            for point in getattr(self, kind):
                if point.reach not in lengths:
                    raise ValueError(
                        f"{kind} '{point.name}' lies on reach '{point.reach}'; reaches are {', '.join(lengths)}"
                    )
                if not 0.0 <= point.km <= lengths[point.reach]:
                    raise ValueError(
                        f"{kind} '{point.name}' lies at {point.km:g} km of reach '{point.reach}', which is "
                        f"{lengths[point.reach]:g} km long"
                    )
        for load in self.load:
            if load.other_reach is not None and not 0.0 <= (load.other_km or 0.0) <= lengths.get(
                load.other_reach, -1.0
            ):
                raise ValueError(
                    f"load '{load.name}' moves to {load.other_km:g} km of reach '{load.other_reach}', which is no place of "
                    f"the reaches {', '.join(lengths)}"
                )
        stations = [mouth.station for mouth in self.mouth if mouth.station is not None]
        stations += [gauge.station for gauge in self.gauge if gauge.station is not None]
        if stations and self.constituents is None:
            raise ValueError(f"station '{stations[0]}' needs the setting 'constituents', the table where it stands")
        return self
