"""The default site of the solar studies: a generated village of the coast of Vendée, and a year of its
weather.

The village is no real place. It has what matters to light on roofs there: low houses with tiled roofs of 15
to 25°, gabled or hipped, attached and close in the centre, detached among gardens around it; some steep
slate roofs with dormers, flat roofs, halls, a church; chimneys, hedges and trees; gentle ground. Heights are
given as a survey from the air would: noisy by a few centimetres, trees rough.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from frugal.errors import UnusableInputError
from frugal.formats.climate import QUANTILE_LEVELS, read_climate
from frugal.formats.raster import SurfaceModel, hash_of_heights
from frugal.formats.weather import Weather, hours_of_common_year
from frugal.physics.solar.position import extraterrestrial_normal_irradiance, sun_position
from frugal.physics.solar.synthetic_weather import MonthlyClimate, synthetic_year

_STREET_HALF_WIDTH_M = 3.5
_CENTRE_RADIUS_M = 72.0
_STREET_SPACING_M = (62.0, 92.0)
_X_MIN, _Y_MAX = 364_000.0, 6_628_000.0


def vendee_weather(seed: int = 0) -> Weather:
    """A synthetic typical year of the coast of Vendée.

    Parameters
    ----------
    seed : int
        Order of the days; the climate stays the same.

    Returns
    -------
    Weather
    """
    table = read_climate()
    unix_time_s, month = hours_of_common_year(table.utc_offset_h)
    _, elevation_deg, _ = sun_position(unix_time_s, table.latitude_deg, table.longitude_deg)
    shared = sorted(set(MonthlyClimate._fields) & set(table.columns))
    climate = MonthlyClimate(
        clearness_levels=np.array(QUANTILE_LEVELS),
        clearness_quantiles=table.clearness_quantiles,
        **{name: table.columns[name] for name in shared},
    )
    year = synthetic_year(climate, elevation_deg, extraterrestrial_normal_irradiance(unix_time_s), seed)
    return Weather(
        unix_time_s=unix_time_s,
        month=month,
        **year._asdict(),
        latitude_deg=table.latitude_deg,
        longitude_deg=table.longitude_deg,
        altitude_m=table.altitude_m,
        utc_offset_h=table.utc_offset_h,
        source=f"synthetic typical year of the coast of Vendée (seed {seed}), from {table.source}",
        attribution="statistics from TMYx, Climate.OneBuilding.org",
        sha256=hash_of_heights(np.array(year)),
    )


def synthetic_village(
    seed: int = 0,
    size_m: float = 256.0,
    resolution_m: float = 0.5,
    *,
    centre_radius_m: float = _CENTRE_RADIUS_M,
    wall_factor: float = 1.0,
) -> SurfaceModel:
    """Generate the surface model of a village, or of a small town.

    Parameters
    ----------
    seed : int
        Same seed, same village.
    size_m : float
        Side of the square, 64 to 2,048 m.
    resolution_m : float
        Side of a cell, 0.25 to 2 m.
    centre_radius_m : float
        Within it houses stand in closed rows; 0 to 1,500 m. A village has 72 m, a town more.
    wall_factor : float
        Walls of row houses are so many times as high as in a village of the coast; 0.5 to 4.

    Returns
    -------
    SurfaceModel
        In Lambert-93, at invented coordinates.

    Raises
    ------
    UnusableInputError
        If a size, the resolution or the factor is out of bounds.
    """
    if not 64.0 <= size_m <= 2048.0:
        raise UnusableInputError(f"size of the village {size_m:g} m; 64 to 2048 m is allowed")
    if not 0.25 <= resolution_m <= 2.0:
        raise UnusableInputError(f"resolution of the village {resolution_m:g} m; 0.25 to 2 m is allowed")
    if not 0.0 <= centre_radius_m <= 1500.0:
        raise UnusableInputError(f"radius of the centre {centre_radius_m:g} m; 0 to 1500 m is allowed")
    if not 0.5 <= wall_factor <= 4.0:
        raise UnusableInputError(f"wall factor {wall_factor:g}; 0.5 to 4 is allowed")
    village = _Village(np.random.default_rng(seed), size_m, resolution_m, centre_radius_m, wall_factor)
    streets = village.lay_streets()
    village.build_church()
    for street in streets:
        for side in (-1.0, 1.0):
            village.build_along(street, side)
    village.build_halls()
    village.plant()
    heights = village.survey()
    return SurfaceModel(
        heights=heights,
        resolution_m=resolution_m,
        x_min=_X_MIN,
        y_max=_Y_MAX,
        crs="EPSG:2154",
        source=f"synthetic {'village' if centre_radius_m <= _CENTRE_RADIUS_M else 'town'} {seed}",
        sha256=hash_of_heights(heights),
    )


class _Village:
    """Heights under construction; x goes east, y south, both in metres from the north-western corner."""

    def __init__(
        self,
        random: np.random.Generator,
        size_m: float,
        resolution_m: float,
        centre_radius_m: float,
        wall_factor: float,
    ) -> None:
        self.random = random
        self.centre_radius = centre_radius_m
        self.wall_factor = wall_factor
        self.size = size_m
        self.step = resolution_m
        self.n = round(size_m / resolution_m)
        axis = (np.arange(self.n) + 0.5) * resolution_m
        self.x, self.y = np.meshgrid(axis, axis)
        self.ground = self._terrain()
        self.heights = self.ground.copy()
        self.street = np.zeros((self.n, self.n), dtype=bool)
        self.built = np.zeros((self.n, self.n), dtype=bool)
        self.turn = random.uniform(0.0, math.pi)
        self.centre = (size_m * random.uniform(0.45, 0.55), size_m * random.uniform(0.45, 0.55))

    def _terrain(self) -> np.ndarray:
        ground = np.full(self.x.shape, 24.0)
        for wave_m, height_m in ((700.0, 5.0), (330.0, 1.6), (150.0, 0.5)):
            direction, phase = self.random.uniform(0.0, 2 * math.pi, size=2)
            along = self.x * math.cos(direction) + self.y * math.sin(direction)
            ground += height_m * np.sin(2 * math.pi * along / wave_m + phase)
        return ground

    # --- the plan -------------------------------------------------------------------------------------------

    def lay_streets(self) -> list[np.ndarray]:
        """Two families of gently winding streets; each as points half a metre apart, the innermost first."""
        half = 0.75 * self.size
        s = np.arange(-half, half, 0.5)
        streets = []
        for family, spacing in enumerate(_STREET_SPACING_M):
            count = int(half / spacing)
            for k in sorted(range(-count, count + 1), key=abs):
                angle = self.turn + family * math.pi / 2 + self.random.normal(0.0, 0.06)
                bend = self.random.uniform(4.0, 9.0)
                wave, phase = self.random.uniform(140.0, 260.0), self.random.uniform(0.0, 2 * math.pi)
                offset = k * spacing + self.random.uniform(-6.0, 6.0) * (k != 0)
                # Straight through the centre, winding farther out.
                t = offset + bend * np.sin(2 * math.pi * s / wave + phase) * np.minimum(np.abs(s) / 60.0, 1.0)
                x = self.centre[0] + s * math.cos(angle) - t * math.sin(angle)
                y = self.centre[1] + s * math.sin(angle) + t * math.cos(angle)
                streets.append(np.column_stack([x, y]))
        free = np.ones((self.n, self.n), dtype=bool)
        for street in streets:
            col, row = (np.floor(street / self.step)).astype(np.int64).T
            inside = (col >= 0) & (col < self.n) & (row >= 0) & (row < self.n)
            free[row[inside], col[inside]] = False
        self.street = ndimage.distance_transform_edt(free) * self.step < _STREET_HALF_WIDTH_M
        return streets

    def build_along(self, street: np.ndarray, side: float) -> None:
        """Fill one side of a street: a closed front in the centre, plots with gardens farther out."""
        tangent = np.gradient(street, axis=0)
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
        normal = side * np.column_stack([-tangent[:, 1], tangent[:, 0]])
        at = 0.0
        length = 0.5 * (len(street) - 1)
        while at < length - 24.0:
            here = street[round(at / 0.5)]
            from_centre = math.hypot(here[0] - self.centre[0], here[1] - self.centre[1])
            dense = from_centre < self.centre_radius * self.random.uniform(0.8, 1.2)
            width = self.random.uniform(6.0, 10.5) if dense else self.random.uniform(15.0, 24.0)
            middle = round((at + width / 2) / 0.5)
            place, across, along = street[middle], normal[middle], tangent[middle]
            at += width
            if not (-20 < here[0] < self.size + 20 and -20 < here[1] < self.size + 20):
                continue
            emptiness = 0.05 if dense else min(0.12 + 0.5 * (from_centre / (0.75 * self.size)) ** 2, 0.6)
            if self.random.random() < emptiness:
                continue
            angle = math.atan2(along[1], along[0])
            if dense:
                self._row_house(place, across, angle, width)
            else:
                self._detached_house(place, across, angle, width)

    def _row_house(self, place: np.ndarray, across: np.ndarray, angle: float, width: float) -> None:
        depth = self.random.uniform(8.0, 12.0)
        centre = place + across * (_STREET_HALF_WIDTH_M + 0.3 + depth / 2)
        slate = self.random.random() < 0.15
        pitch = self.random.uniform(36.0, 46.0) if slate else self.random.uniform(16.0, 25.0)
        wall = self.random.choice([3.2, 5.6, 5.9, 6.2, 8.4], p=[0.2, 0.25, 0.25, 0.2, 0.1])
        wall = wall * self.wall_factor + self.random.uniform(-0.3, 0.3)
        if (
            self._house(centre, angle, width, depth, wall=wall, kind="gable", pitch_deg=pitch, gap_m=0.0)
            and self.random.random() < 0.4
        ):
            yard = centre + across * (depth / 2 + 2.5)
            kind = "flat" if self.random.random() < 0.5 else "shed"
            self._house(
                yard,
                angle,
                width * self.random.uniform(0.4, 0.8),
                5.0,
                wall=2.8,
                kind=kind,
                pitch_deg=12.0,
                gap_m=0.0,
                chimneys=0,
            )

    def _detached_house(self, place: np.ndarray, across: np.ndarray, angle: float, plot: float) -> None:
        width = min(self.random.uniform(9.5, 15.0), plot - 4.0)
        depth = self.random.uniform(7.5, 10.0)
        setback = self.random.uniform(4.0, 9.0)
        centre = place + across * (_STREET_HALF_WIDTH_M + setback + depth / 2)
        angle += self.random.normal(0.0, 0.05) + (math.pi / 2 if self.random.random() < 0.2 else 0.0)
        kind = self.random.choice(["gable", "hip", "flat"], p=[0.56, 0.36, 0.08])
        slate = self.random.random() < 0.1
        pitch = self.random.uniform(35.0, 45.0) if slate else self.random.uniform(15.0, 25.0)
        wall = self.random.choice([2.9, 3.2, 5.5], p=[0.5, 0.25, 0.25])
        if not self._house(centre, angle, width, depth, wall=wall, kind=kind, pitch_deg=pitch, gap_m=2.0):
            return
        if self.random.random() < 0.3:  # a wing at right angles makes an L
            sign = self.random.choice([-1.0, 1.0])
            along = np.array([math.cos(angle), math.sin(angle)])
            wing = centre + along * sign * (width / 2 - 3.0) + across * (depth / 2 + 1.0)
            self._house(
                wing,
                angle + math.pi / 2,
                depth + 2.0,
                6.0,
                wall=wall,
                kind="gable",
                pitch_deg=pitch,
                gap_m=-1.0,
                chimneys=0,
            )
        elif self.random.random() < 0.5:  # a garage or a veranda
            sign = self.random.choice([-1.0, 1.0])
            along = np.array([math.cos(angle), math.sin(angle)])
            beside = centre + along * sign * (width / 2 + 2.0)
            kind = self.random.choice(["flat", "gable", "shed"])
            self._house(
                beside,
                angle + math.pi / 2,
                6.0,
                4.0,
                wall=2.5,
                kind=kind,
                pitch_deg=15.0,
                gap_m=0.0,
                chimneys=0,
            )

    def build_church(self) -> None:
        """A church with a tower on a square beside the crossing in the centre."""
        diagonal = self.turn + math.pi / 4
        x, y = self.centre[0] + 26.0 * math.cos(diagonal), self.centre[1] + 26.0 * math.sin(diagonal)
        self._house(
            np.array([x, y]),
            self.turn,
            24.0,
            10.0,
            wall=8.0,
            kind="gable",
            pitch_deg=42.0,
            gap_m=0.0,
            chimneys=0,
        )
        along = np.array([math.cos(self.turn), math.sin(self.turn)])
        tower = np.array([x, y]) + along * 14.0
        self._house(tower, self.turn, 6.0, 6.0, wall=17.0, kind="hip", pitch_deg=66.0, gap_m=-1.0, chimneys=0)
        self.built |= (self.x - x) ** 2 + (self.y - y) ** 2 < 20.0**2  # the square stays open

    def build_halls(self) -> None:
        """School, workshop, shop: large low buildings where there is room left."""
        wanted = max(1, round((self.size / 256.0) ** 2 * 2))
        for _ in range(40 * wanted):
            x, y = self.random.uniform(10.0, self.size - 10.0, size=2)
            if wanted == 0 or math.hypot(x - self.centre[0], y - self.centre[1]) < self.centre_radius:
                continue
            width, depth = self.random.uniform(18.0, 32.0), self.random.uniform(12.0, 18.0)
            kind = self.random.choice(["flat", "gable"])
            angle = self.turn + self.random.normal(0.0, 0.05)
            wall = self.random.uniform(4.5, 7.0)
            if self._house(
                np.array([x, y]),
                angle,
                width,
                depth,
                wall=wall,
                kind=kind,
                pitch_deg=8.0,
                gap_m=3.0,
                chimneys=0,
            ):
                wanted -= 1

    # --- buildings ------------------------------------------------------------------------------------------

    def _window(self, centre: np.ndarray, radius_m: float) -> tuple[slice, slice] | None:
        low = np.floor((centre - radius_m) / self.step).astype(int)
        high = np.ceil((centre + radius_m) / self.step).astype(int)
        cols, rows = slice(max(low[0], 0), min(high[0], self.n)), slice(max(low[1], 0), min(high[1], self.n))
        return (rows, cols) if rows.start < rows.stop and cols.start < cols.stop else None

    def _house(
        self,
        centre: np.ndarray,
        angle: float,
        length: float,
        width: float,
        *,
        wall: float,
        kind: str,
        pitch_deg: float,
        gap_m: float,
        chimneys: int = -1,
    ) -> bool:
        """Raise a building, ridge along ``angle``; False when another, or a street, stands within ``gap_m``.

        A negative gap lets a part of a building run into the building it belongs to.
        """
        window = self._window(np.asarray(centre), math.hypot(length, width) / 2 + max(gap_m, 0.0) + 1.0)
        if window is None:
            return False
        dx, dy = self.x[window] - centre[0], self.y[window] - centre[1]
        u = np.abs(dx * math.cos(angle) + dy * math.sin(angle))
        v_signed = -dx * math.sin(angle) + dy * math.cos(angle)
        v = np.abs(v_signed)
        inside = (u <= length / 2) & (v <= width / 2)
        near = (u <= length / 2 + gap_m) & (v <= width / 2 + gap_m)
        if not inside.any() or (self.street[window] & inside).sum() > 0.02 * inside.sum():
            return False
        if gap_m >= 0 and (self.built[window] & near).sum() > 0.12 * inside.sum():
            return False
        base = float(np.median(self.ground[window][inside])) + wall
        roof = base + _roof(
            kind, math.tan(math.radians(pitch_deg)), length / 2 - u, width / 2 - v, v_signed + width / 2
        )
        if kind == "gable" and pitch_deg > 30 and chimneys != 0 and length > 6.0:
            roof = self._dormers(roof, base, u, v_signed, width)
        top = roof.max(where=inside, initial=base)
        for _ in range(self.random.integers(0, 3) if chimneys < 0 and kind != "flat" else 0):
            at_u, at_v = self.random.uniform(0.1, 0.45) * length, self.random.uniform(-0.15, 0.15) * width
            stack = (np.abs(u - at_u) < 0.45) & (np.abs(v_signed - at_v) < 0.45)
            stack &= (dx * math.cos(angle) + dy * math.sin(angle)) > 0
            roof = np.where(stack, top + 0.7, roof)
        self.heights[window] = np.where(inside, np.maximum(roof, self.heights[window]), self.heights[window])
        self.built[window] |= inside
        return True

    def _dormers(self, roof: np.ndarray, base: float, u: np.ndarray, v_signed: np.ndarray, width: float) -> np.ndarray:
        side = self.random.choice([-1.0, 1.0])
        across = side * v_signed
        dormer = (np.abs(u - 1.9) < 0.7) & (across > 0.15 * width) & (across < 0.5 * width - 0.6)
        return np.where(dormer, np.maximum(roof, base + 2.0), roof)

    # --- gardens --------------------------------------------------------------------------------------------

    def plant(self) -> None:
        """Hedges along some gardens, trees of all sizes in gardens and fields, a few along the streets."""
        to_built = ndimage.distance_transform_edt(~self.built) * self.step
        to_street = ndimage.distance_transform_edt(~self.street) * self.step
        verge = (to_street > 0.6) & (to_street < 1.8) & (to_built > 2.0)
        patches = ndimage.gaussian_filter(self.random.standard_normal(self.x.shape), 12.0 / self.step)
        hedge = verge & (patches > 0.3 * patches.std())
        rough = ndimage.gaussian_filter(self.random.standard_normal(self.x.shape), 0.5)
        self.heights = np.where(hedge, self.ground + 1.5 + 0.35 * rough, self.heights)
        area_ha = (self.size / 100.0) ** 2
        for _ in range(round(42 * area_ha)):
            x, y = self.random.uniform(0.0, self.size, size=2)
            row, col = int(y / self.step), int(x / self.step)
            far = math.hypot(x - self.centre[0], y - self.centre[1]) > 0.9 * self.centre_radius
            radius = min(self.random.lognormal(math.log(2.4 if far else 1.9), 0.4), 6.5)
            if to_street[row, col] < 1.0 or to_built[row, col] < 0.6 * radius + 0.8:
                continue
            self._tree(x, y, radius)
        self._tree_row()

    def _tree_row(self) -> None:
        """A field hedge of tall trees, as the bocage has them, near one border of the map."""
        offset = self.random.uniform(0.04, 0.12) * self.size
        for s in np.arange(2.0, self.size, 6.0):
            x, y = (
                s + self.random.normal(0.0, 1.0),
                offset + 4.0 * math.sin(s / 40.0) + self.random.normal(0.0, 0.7),
            )
            row, col = int(np.clip(y / self.step, 0, self.n - 1)), int(np.clip(x / self.step, 0, self.n - 1))
            window = self._window(np.array([x, y]), 5.0)
            clear = window is not None and not (self.built[window].any() or self.street[row, col])
            if clear and self.random.random() < 0.8:
                self._tree(x, y, self.random.uniform(2.2, 4.5))

    def _tree(self, x: float, y: float, radius: float) -> None:
        window = self._window(np.array([x, y]), radius + 1.0)
        if window is None:
            return
        top = min(radius * self.random.uniform(1.9, 3.2) + 1.0, 18.0)
        thick = min(top * 0.75, 2.2 * radius)
        lobes = ndimage.gaussian_filter(self.random.standard_normal(self.x[window].shape), 0.9 / self.step)
        lobes /= lobes.std() + 1e-9
        distance = np.hypot(self.x[window] - x, self.y[window] - y) / (radius * (1.0 + 0.12 * lobes))
        crown = top - thick / 2 + thick / 2 * np.sqrt(np.maximum(1.0 - distance**2, 0.0))
        crown += 0.22 * radius**0.5 * self.random.standard_normal(crown.shape) + 0.15 * radius**0.5 * lobes
        crown = np.where(distance < 1.0, self.ground[window] + crown, -np.inf)
        self.heights[window] = np.maximum(self.heights[window], crown)

    def survey(self) -> np.ndarray:
        """Heights with the noise of an airborne survey."""
        return np.round(self.heights + self.random.normal(0.0, 0.025, self.heights.shape), 3)


def _roof(kind: str, slope: float, from_end: np.ndarray, from_eave: np.ndarray, from_back: np.ndarray) -> np.ndarray:
    """Height of a roof above its eaves, from distances to gable end, nearer eave and back wall."""
    if kind == "gable":
        return slope * from_eave
    if kind == "hip":
        return slope * np.minimum(from_eave, from_end)
    if kind == "shed":
        return slope * from_back
    return np.where(np.minimum(from_end, from_eave) < 0.35, 0.4, 0.0)  # a flat roof with its parapet
