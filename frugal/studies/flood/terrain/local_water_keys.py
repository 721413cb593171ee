"""Grounds that take water up, culverts and gates, as sites of floods give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Place = tuple[float, float]


class GreenAmpt(BaseModel):
    """Ground that water seeps into as Green and Ampt have it.

    Parameters
    ----------
    conductivity_mm_h : float
        Hydraulic conductivity of the wetted ground [mm/h].
    suction_mm : float
        Suction head at the wetting front [mm].
    moisture_deficit : float
        Share of the ground's volume that water can still fill, 0 to 1.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    conductivity_mm_h: float = Field(gt=0.0, le=1000.0)
    suction_mm: float = Field(ge=0.0, le=5000.0)
    moisture_deficit: float = Field(ge=0.0, le=1.0)


class LinkShape(BaseModel):
    """A culvert or a flap gate, but for where it lies.

    Parameters
    ----------
    kind : str
        ``culvert``: water passes both ways; ``flap_gate``: from inlet to outlet only.
    width_m, height_m : float, optional
        Of a rectangular barrel.
    diameter_m : float, optional
        Of a round one.
    invert_m : float
        Lowest point of the barrel at the inlet, in the zero of the terrain [m].
    end_invert_m : float, optional
        At the outlet; that of the inlet by default.
    length_m : float, optional
        Of the barrel; that of its line by default.
    manning : float
        Roughness of the barrel [s/m^(1/3)]; 0.013 is concrete.
    entrance_loss : float
        In velocity heads.
    name : str
        Under which its volume is told.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["culvert", "flap_gate"]
    width_m: float | None = Field(None, ge=0.05, le=50.0)
    height_m: float | None = Field(None, ge=0.05, le=20.0)
    diameter_m: float | None = Field(None, ge=0.05, le=20.0)
    invert_m: float = Field(allow_inf_nan=False)
    end_invert_m: float | None = Field(None, allow_inf_nan=False)
    length_m: float | None = Field(None, ge=0.0, le=10_000.0)
    manning: float = Field(0.013, ge=0.005, le=0.2)
    entrance_loss: float = Field(0.5, ge=0.0, le=10.0)
    name: str = ""

    @model_validator(mode="after")
    def _one_barrel(self) -> LinkShape:
        box = self.width_m is not None, self.height_m is not None
        if (self.diameter_m is not None) == all(box) or any(box) != all(box):
            raise ValueError("a link needs width_m and height_m, or diameter_m alone")
        return self


class SiteLink(LinkShape):
    """A culvert or a flap gate of a site.

    Parameters
    ----------
    inlet, outlet : tuple of float
        Easting and northing of its ends, in the system of the terrain [m].
    """

    inlet: Place
    outlet: Place


def link_of(given: Mapping[str, Any], where: str) -> SiteLink:
    """A link from plain values.

    Parameters
    ----------
    given : mapping of str to any
    where : str
        What it is called in messages.

    Raises
    ------
    ValueError
        One sentence that names the value.
    """
    try:
        return SiteLink.model_validate(dict(given))
    except ValidationError as fault:
        told = fault.errors()[0]
        name, message = ".".join(str(part) for part in told["loc"]), told["msg"].removeprefix("Value error, ")
        if told["type"] == "missing":
            raise ValueError(f"{where} has no '{name}'") from fault
        if told["type"] == "extra_forbidden":
            raise ValueError(f"{where} has '{name}'; allowed: {', '.join(SiteLink.model_fields)}") from fault
        raise ValueError(
            f"{where}: {name} = {told['input']!r}: {message}" if name else f"{where}: {message}"
        ) from fault
