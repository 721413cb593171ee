"""Other particle trackers on the problem of ``drift_speed.py``; run by it with an interpreter that has them.

``PYTHON drift_peers.py parcels|opendrift PARTICLES STEPS OUT.npy`` prints one JSON line (particles, steps, CPU seconds,
version) and writes the places at the end. Nothing of this project is imported here.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np

STEP_S = 60.0
NODES = 200
#: Hourly fields, enough for any run of the benchmark.
HOURS = 13


def flow() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A gyre of 2.5 by 1.8 degrees at 45 N that swells and falls with the tide: times, longitudes, latitudes, u, v."""
    times = np.arange(HOURS) * 3600.0
    lon, lat = np.linspace(-5.0, -2.5, NODES), np.linspace(44.0, 45.8, NODES)
    x, y = np.linspace(0.0, 1.0, NODES)[None, None, :], np.linspace(0.0, 1.0, NODES)[None, :, None]
    swell = (1.0 + 0.5 * np.sin(2 * np.pi * times / 44_714.16))[:, None, None]
    u = -swell * np.cos(np.pi * y) * np.sin(np.pi * x)
    v = swell * np.sin(np.pi * y) * np.cos(np.pi * x)
    return times, lon, lat, u.astype(np.float32), v.astype(np.float32)


def starts(particles: int) -> tuple[np.ndarray, np.ndarray]:
    """Places all over the gyre, away from its rim."""
    draws = np.random.default_rng(0).uniform(0.1, 0.9, (2, particles))
    return -5.0 + 2.5 * draws[0], 44.0 + 1.8 * draws[1]


def parcels(particles: int, steps: int) -> tuple[float, np.ndarray, str]:
    """Parcels 3, compiled to C: classical Runge–Kutta, linear in time."""
    import parcels as code

    times, lon, lat, u, v = flow()
    fields = code.FieldSet.from_data(
        {"U": u, "V": v},
        {"lon": lon.astype(np.float32), "lat": lat.astype(np.float32), "time": times},
        mesh="spherical",
    )

    def run(count: int, n: int) -> tuple[float, Any]:
        x, y = starts(count)
        released = code.ParticleSet(fields, pclass=code.JITParticle, lon=x, lat=y, lonlatdepth_dtype=np.float64)
        begin = time.process_time()
        released.execute(code.AdvectionRK4, runtime=n * STEP_S, dt=STEP_S, verbose_progress=False)
        return time.process_time() - begin, released

    run(10, 2)  # compiles
    took, released = run(particles, steps)
    return took, np.stack([released.lon, released.lat]), code.__version__


def opendrift(particles: int, steps: int) -> tuple[float, np.ndarray, str]:
    """OpenDrift: classical Runge–Kutta on numpy, without land, mixing or stranding."""
    import datetime

    import opendrift as code
    import xarray as xr
    from opendrift.models.oceandrift import OceanDrift
    from opendrift.readers.reader_netCDF_CF_generic import Reader

    times, lon, lat, u, v = flow()
    origin = np.datetime64("2026-01-01T00:00:00", "ns")
    names = {"u": "x_sea_water_velocity", "v": "y_sea_water_velocity"}
    data = xr.Dataset(
        {
            key: (("time", "lat", "lon"), values, {"standard_name": names[key], "units": "m s-1"})
            for key, values in (("u", u), ("v", v))
        },
        coords={
            "time": origin + (times * 1e9).astype("timedelta64[ns]"),
            "lat": ("lat", lat, {"standard_name": "latitude", "units": "degrees_north"}),
            "lon": ("lon", lon, {"standard_name": "longitude", "units": "degrees_east"}),
        },
    )
    model = OceanDrift(loglevel=50)
    model.add_reader(Reader(data))
    model.set_config("environment:constant:land_binary_mask", 0)
    model.set_config("drift:advection_scheme", "runge-kutta4")
    model.set_config("drift:vertical_mixing", False)
    model.set_config("drift:stokes_drift", False)
    x, y = starts(particles)
    model.seed_elements(lon=x, lat=y, time=datetime.datetime(2026, 1, 1), wind_drift_factor=0.0)
    begin = time.process_time()
    model.run(steps=steps, time_step=STEP_S, time_step_output=steps * STEP_S)
    took = time.process_time() - begin
    order = np.argsort(model.elements.ID)
    return took, np.stack([model.elements.lon[order], model.elements.lat[order]]), code.__version__


def main() -> None:
    """One peer, one line."""
    name, particles, steps, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    took, places, version = {"parcels": parcels, "opendrift": opendrift}[name](particles, steps)
    np.save(out, places)
    print(json.dumps({"particles": particles, "steps": steps, "cpu_seconds": took, "version": str(version)}))


if __name__ == "__main__":
    main()
