"""How much the yearly light of two places differs, by their distance and latitude.

    python benchmarks/weather_distance.py irradiation-par-commune-10-2025.csv

The file is that of github.com/open-solar-france/open-solar-france (v2025.10, CC BY 4.0, PVGIS means 2005–2020 by commune). The
figures stand behind the widening of P10–P90 in `frugal.formats.weather.nearness`.
"""

from __future__ import annotations

import argparse
from itertools import pairwise

import numpy as np
import pandas as pd

from frugal.formats.weather.nearness import Separation

PAIRS = 2_000_000
DISTANCES_KM = (0, 10, 25, 50, 75, 100, 150, 200, 300, 400, 500)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    table = pd.read_csv(parser.parse_args().file).drop_duplicates("code_insee")
    table = table[table["lat"].between(41, 51.5) & table["lon"].between(-5.5, 10)]  # metropolitan France
    latitude, longitude, light = (table[name].to_numpy(float) for name in ("lat", "lon", "irradiation"))
    one, other = np.random.default_rng(0).integers(0, len(table), (2, PAIRS))
    apart_deg = np.abs(latitude[one] - latitude[other])
    east = (longitude[one] - longitude[other]) * np.cos(np.radians((latitude[one] + latitude[other]) / 2))
    distance = 111.2 * np.hypot(apart_deg, east)
    ratio = np.log(light[one] / light[other])

    def line(words: str, chosen: np.ndarray) -> None:
        found = np.sqrt(np.mean(ratio[chosen] ** 2))
        stated = Separation(float(distance[chosen].mean()), float(apart_deg[chosen].mean())).standard_deviation
        print(f"{words:32s} {chosen.sum():8d} pairs   found {found:6.2%}   stated {stated:6.2%}")

    print(f"{len(table)} communes")
    for low, high in pairwise(DISTANCES_KM):
        line(f"{low} to {high} km, same latitude", (distance >= low) & (distance < high) & (apart_deg < 0.25))
    for low in np.arange(0.0, 3.0, 0.5):
        chosen = (apart_deg >= low) & (apart_deg < low + 0.5) & (distance < 500)
        line(f"{low:g} to {low + 0.5:g} degrees, below 500 km", chosen)


if __name__ == "__main__":
    main()
