"""Velocities on a grid from NetCDF files after the CF conventions: currents, the drift of waves, winds.

Read are two variables, found by their standard names, of the dimensions time, y and x in any order, whose axes are named
by one-dimensional coordinates: longitude and latitude, or x and y of a projected system in a unit of length. What CF files
may hold beyond that (staggered or curvilinear grids, rotated poles, several depths) is refused by a sentence that says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError, printable
from frugal.formats.files.headers import shortened
from frugal.formats.netcdf.cf_axes import VelocityAxes, axes_of, time_axis
from frugal.formats.units import unit_factor

#: Pairs of standard names (CF table 86), along x and along y, by what they are; the most plain first.
PAIRS = {
    "currents": (
        ("eastward_sea_water_velocity", "northward_sea_water_velocity"),
        ("surface_eastward_sea_water_velocity", "surface_northward_sea_water_velocity"),
        ("sea_water_x_velocity", "sea_water_y_velocity"),
        ("barotropic_eastward_sea_water_velocity", "barotropic_northward_sea_water_velocity"),
        ("barotropic_sea_water_x_velocity", "barotropic_sea_water_y_velocity"),
        ("geostrophic_eastward_sea_water_velocity", "geostrophic_northward_sea_water_velocity"),
    ),
    "waves": (
        ("sea_surface_wave_stokes_drift_eastward_velocity", "sea_surface_wave_stokes_drift_northward_velocity"),
        ("sea_surface_wave_stokes_drift_x_velocity", "sea_surface_wave_stokes_drift_y_velocity"),
    ),
    "wind": (("eastward_wind", "northward_wind"), ("x_wind", "y_wind")),
}
#: Speeds [m/s] beyond which a value cannot be meant.
_FASTEST = {"currents": 12.0, "waves": 5.0, "wind": 120.0}
#: So many bytes of velocities are held at a time.
_MOST_BYTES = 4 * 2**30


@dataclass(frozen=True, eq=False)
class GriddedVelocities:
    """Velocities on a grid over time.

    Attributes
    ----------
    time_s : ndarray [t]
        Growing; from 1970 on in UTC, or 0 for a file without time.
    dated : bool
        Whether the times are dates.
    x, y : ndarray [i], [j]
        Growing; metres, or degrees of longitude and latitude.
    u, v : ndarray of float32 [t, j, i]
        Along x and along y [m/s]; 0 where there is none.
    land : ndarray of bool [j, i]
        Where the file never has a value.
    geographic : bool
        Whether x and y are degrees.
    dry_values : int
        Values that lack in water at some times alone, as over flats that fall dry; the speed is 0 there.
    source : str
        What the file is called in messages.
    """

    time_s: np.ndarray
    dated: bool
    x: np.ndarray
    y: np.ndarray
    u: np.ndarray
    v: np.ndarray
    land: np.ndarray
    geographic: bool
    dry_values: int
    source: str


def read_velocities(
    path: Path, kind: str = "currents", variables: tuple[str, str] | None = None, depth_m: float | None = None
) -> GriddedVelocities:
    """Read velocities, checked: in m/s, on growing axes and a growing clock, land told from water.

    Parameters
    ----------
    path : Path
        NetCDF, classic or 4.
    kind : {"currents", "waves", "wind"}
        Which standard names are looked for.
    variables : tuple of 2 str, optional
        Names of the variables along x and y, where a file has none of these standard names or several pairs.
    depth_m : float, optional
        Which depth is taken of several; the nearest one within the file's.

    Raises
    ------
    UnusableInputError
        If the file cannot be read, or holds what is not understood; each in one sentence.
    """
    if kind not in PAIRS:
        raise UnusableInputError(f"'{kind}' are no velocities that are known; {', '.join(PAIRS)} are allowed")
    source = f"'{path}'"
    with _opened(path, source) as content:
        name_u, name_v = variables or _pair(content, kind, source)
        for name in (name_u, name_v):
            if name not in content.data_vars:
                told = ", ".join(map(str, list(content.data_vars)[:12]))
                raise UnusableInputError(f"{source} has no variable '{shortened(name)}'; it has {told or 'none'}")
        u, v = content[name_u], content[name_v]
        if set(u.dims) != set(v.dims):
            raise UnusableInputError(
                f"{source}: '{name_u}' stands on ({', '.join(map(str, u.dims))}) and '{name_v}' on "
                f"({', '.join(map(str, v.dims))}), a staggered grid; bring both to the same points first"
            )
        axes = axes_of(u, depth_m, source)
        v = v.transpose(*u.dims)
        time_s, dated = time_axis(content, axes.time, source)
        size = 8 * max(time_s.size, 1) * axes.x.size * axes.y.size
        if size > _MOST_BYTES:
            raise UnusableInputError(
                f"{source} holds {size / 2**30:.1f} GiB of velocities; up to {_MOST_BYTES / 2**30:.0f} GiB are read: cut out "
                "the area or the days that matter first"
            )
        parts = [_values(component, axes, kind, source) for component in (u, v)]
    missing = np.isnan(parts[0]) | np.isnan(parts[1])
    empty = missing.all(axis=(1, 2))
    if empty.any():
        row = int(np.argmax(empty))
        raise UnusableInputError(
            f"{source}: time {row + 1} of {time_s.size} has no value at all; a hole is not filled here"
        )
    land = missing.all(axis=0)
    dry = int(missing.sum() - land.sum() * missing.shape[0])
    for part in parts:
        part[missing] = 0.0
    return GriddedVelocities(time_s, dated, axes.x, axes.y, parts[0], parts[1], land, axes.geographic, dry, source)


def _opened(path: Path, source: str) -> Any:
    import xarray as xr

    try:
        with path.open("rb") as file:
            engine: Any = "scipy" if file.read(3) == b"CDF" else "h5netcdf"
        return xr.open_dataset(path, engine=engine, decode_times=False)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise UnusableInputError(f"{source} cannot be read as NetCDF: {printable(str(fault))[:200]}") from fault


def _pair(content: Any, kind: str, source: str) -> tuple[str, str]:
    """Names of the two variables, by their standard names."""
    named: dict[str, list[str]] = {}
    for name, variable in content.data_vars.items():
        named.setdefault(str(variable.attrs.get("standard_name", "")).strip(), []).append(str(name))
    for along_x, along_y in PAIRS[kind]:
        first, second = named.get(along_x, []), named.get(along_y, [])
        if len(first) == 1 and len(second) == 1:
            return first[0], second[0]
        if first or second:
            told = ", ".join([*first, *second])
            raise UnusableInputError(
                f"{source} has {len(first)} variable(s) of standard name '{along_x}' and {len(second)} of '{along_y}' "
                f"({shortened(told)}); one of each is needed, or name the two"
            )
    told = ", ".join(map(str, list(content.data_vars)[:12]))
    raise UnusableInputError(
        f"{source} has no {kind}: no variable has a standard name like '{PAIRS[kind][0][0]}'; it has {told or 'none'}"
    )


def _values(component: Any, axes: VelocityAxes, kind: str, source: str) -> np.ndarray:
    """One component as float32 ``[t, y, x]`` in m/s, on growing axes, NaN where it has no value."""
    name = str(component.name)
    own = str(component.attrs.get("units", ""))
    if not own:
        raise UnusableInputError(f"{source}: variable '{name}' has no attribute units")
    factor = unit_factor(own, "m/s", f"{source}, variable '{name}'")
    component = component.isel(axes.taken)
    order = [dim for dim in (axes.time, axes.y_dim, axes.x_dim) if dim is not None]
    values = np.asarray(component.transpose(*order).values, dtype=np.float32)
    values = values[None] if axes.time is None else values
    values = np.ascontiguousarray(values[:, axes.rows][:, :, axes.columns]) * np.float32(factor)
    speeds = np.abs(values)
    if (speeds > _FASTEST[kind]).any():
        worst = float(np.nanmax(speeds))
        raise UnusableInputError(
            f"{source}, variable '{name}': a speed of {worst:.6g} m/s cannot be meant; up to {_FASTEST[kind]:g} m/s is "
            "allowed, and missing values have to be declared by _FillValue"
        )
    if np.isnan(values).all():
        raise UnusableInputError(f"{source}, variable '{name}': no value at all; land everywhere")
    return values
