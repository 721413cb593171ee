"""The tide beside peers and published coefficients: ``python benchmarks/tide_prediction.py [--data DIR]``.

Of each constituent alone over 2026, with UTide's convention and with Schureman's: ratio and shift between the two, beside those
that pyTMD 3.0.9 and neaps 0.11 have against UTide 0.4 (``peer_conventions_2026.csv`` of the data). Of each station: the largest
difference between both conventions over the year, of all constituents and of those on which the peers agree. Coefficients as
they were announced. CPU time of a year of levels. Where UTide is installed its levels are computed in the same run. Writes
``results/tide_prediction.json`` and the tables of ``docs/tide.md``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from fill_docs import ROOT, fill, table

from frugal.formats.constituents import read_constituents
from frugal.formats.files.atomic import write_text
from frugal.physics.tide.constituents import constituent
from frugal.physics.tide.french_coefficient import coefficients_at_brest
from frugal.physics.tide.nodal import nodal_factors
from frugal.physics.tide.prediction import HarmonicConstants, predict

BEGIN = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
YEAR_S = 365 * 86400.0
LATITUDE = 45.0
#: Peers agree on a constituent where none is farther from UTide than this share of its amplitude.
AGREE = 0.0101
#: What SHOM announced, as the press told it.
COEFFICIENTS = (
    ("2006-03-30", 115), ("2010-03-02", 116), ("2012-10-16", 109), ("2014-03-02", 115), ("2015-02-20", 118),
    ("2015-03-20", 115), ("2015-03-21", 119), ("2024-03-10", 110), ("2024-03-11", 116), ("2024-03-12", 116),
    ("2025-09-10", 106), ("2033-03-03", 119), ("2051-03-14", 119), ("2073-03-25", 120),
)  # fmt: skip
BY_CONSTITUENT = [
    "constituent", "f, UTide", "f, `foreman`", "UTide − `foreman`", "`schureman` / `foreman`", "pyTMD / UTide", "neaps / UTide",
]  # fmt: skip
BY_STATION = [
    "station", "constituents", "UTide − `foreman`", "`schureman` − `foreman`", "agreed by peers", "`schureman` − `foreman`",
]  # fmt: skip
NAMES_OF_UTIDE = {"EP2": "EPS2", "LAMBDA2": "LDA2", "SGM": "SIG1"}


def against_utide(
    names: list[str], amplitudes: np.ndarray, phases: np.ndarray, times: np.ndarray, latitude: float
) -> Any:
    """Levels of UTide with exact times, or nothing where it is not installed."""
    if importlib.util.find_spec("utide") is None:
        return None
    from utide._ut_constants import ut_constants
    from utide.harmonics import FUV

    known = [str(name).strip() for name in ut_constants.const.name]
    days = times / 86400.0 + 719163.0
    place = [known.index(NAMES_OF_UTIDE.get(name, name)) for name in names]
    factors, nodal, turns = FUV(days, days.mean(), place, latitude, [0, 0, 0, 0])
    return (factors * np.cos(2 * np.pi * (nodal + turns) - np.radians(phases)) @ np.diag(amplitudes)).sum(axis=1)


def one_constituent(row: Any) -> dict[str, Any]:
    """Ours with Schureman's convention against ours with Foreman's, as the file of the peers tells theirs against UTide."""
    times = BEGIN + np.arange(0.0, YEAR_S, 3600.0)
    one = HarmonicConstants([row.constituent], [1.0], [0.0])
    foreman, schureman = (predict(times, one, convention, LATITUDE) for convention in ("foreman", "schureman"))
    factors, _ = nodal_factors(times[::24], [row.constituent], "foreman", LATITUDE)
    # complex ratio of the two, by least squares on the wave and its quarter turn
    quarter = predict(times, HarmonicConstants([row.constituent], [1.0], [90.0]), "foreman", LATITUDE)
    (real, imaginary), *_ = np.linalg.lstsq(np.stack([foreman, quarter], axis=1), schureman, rcond=None)
    utide = against_utide([row.constituent], np.ones(1), np.zeros(1), times, LATITUDE)
    return {
        "constituent": row.constituent,
        "utide_f": [row.f_min, row.f_max],
        "f": [float(factors.min()), float(factors.max())],
        "utide_difference": None if utide is None else float(np.abs(utide - foreman).max()),
        "schureman_ratio": float(np.hypot(real, imaginary)),
        "schureman_shift_deg": float(np.degrees(np.arctan2(imaginary, real))),
        "schureman_difference": float(np.abs(schureman - foreman).max()),
        "pytmd": [row.pytmd_amp_ratio, row.pytmd_phase_shift_deg, row.pytmd_maxdiff],
        "neaps": [row.neaps_amp_ratio, row.neaps_phase_shift_deg, row.neaps_maxdiff],
    }


def one_station(path: Path, station: str, agreed: set[str]) -> dict[str, Any]:
    """Differences in levels over the year [m]."""
    found = read_constituents(path, station)
    times = BEGIN + np.arange(0.0, YEAR_S, 600.0)
    latitude = float(found.latitude_deg or LATITUDE)
    answer: dict[str, Any] = {"station": station}
    for name, kept in (("all", None), ("agreed", agreed)):
        rows = [i for i, one in enumerate(found.names) if kept is None or constituent(one).name in kept]
        tide = HarmonicConstants([found.names[i] for i in rows], found.amplitudes_m[rows], found.phases_deg[rows])
        foreman, schureman = (predict(times, tide, convention, latitude) for convention in ("foreman", "schureman"))
        answer[name] = {"constituents": len(rows), "schureman_foreman_m": float(np.abs(foreman - schureman).max())}
        theirs = [i for i in rows if _utide_has(found.names[i])]
        if theirs:
            own = HarmonicConstants(
                [found.names[i] for i in theirs], found.amplitudes_m[theirs], found.phases_deg[theirs]
            )
            utide = against_utide(
                [found.names[i] for i in theirs],
                found.amplitudes_m[theirs],
                found.phases_deg[theirs],
                times[::6],
                latitude,
            )
            if utide is not None:
                ours = predict(times[::6], own, "foreman", latitude)
                answer[name]["utide_m"] = float(np.abs(utide - ours).max())
                ours = predict(times[::6], own, "schureman", latitude)
                answer[name]["utide_schureman_m"] = float(np.abs(utide - ours).max())
    return answer


def _utide_has(name: str) -> bool:
    if importlib.util.find_spec("utide") is None:
        return False
    from utide._ut_constants import ut_constants

    return NAMES_OF_UTIDE.get(name, name) in {str(one).strip() for one in ut_constants.const.name}


def coefficients() -> list[dict[str, Any]]:
    """The largest of each day in UTC, beside the announced one."""
    answer = []
    for day, published in COEFFICIENTS:
        begin = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
        found = coefficients_at_brest(begin, begin + 86400.0)[1].max()
        answer.append({"day": day, "published": published, "found": float(found)})
    return answer


def speed(path: Path) -> dict[str, float]:
    """CPU seconds of a year of levels at Brest, every ten minutes."""
    found = read_constituents(path)
    tide = HarmonicConstants(found.names, found.amplitudes_m, found.phases_deg)
    times = BEGIN + np.arange(0.0, YEAR_S, 600.0)
    predict(times[:10], tide)
    began = time.process_time()
    predict(times, tide)
    ours = time.process_time() - began
    theirs = [i for i, name in enumerate(found.names) if _utide_has(name)]
    answer = {"levels": len(times), "constituents": len(found.names), "cpu_s": ours}
    if theirs:
        began = time.process_time()
        against_utide(
            [found.names[i] for i in theirs], found.amplitudes_m[theirs], found.phases_deg[theirs], times, LATITUDE
        )
        answer |= {"utide_cpu_s": time.process_time() - began, "utide_constituents": len(theirs)}
    return answer


def main() -> None:
    """Compute, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "tide_prediction")
    data = parser.parse_args().data
    peers = pd.read_csv(data / "peer_conventions_2026.csv")
    rows = [one_constituent(row) for row in peers.itertuples()]
    agreed = {constituent(row["constituent"]).name for row in rows if max(row["pytmd"][2], row["neaps"][2]) <= AGREE}
    names = list(pd.read_csv(data / "constituents.csv")["station"].unique())
    stations = [one_station(data / "constituents.csv", str(name), agreed) for name in names]
    stations.append(one_station(data / "brest_constituents.csv", "Brest", agreed))
    found = {
        "constituents": rows,
        "stations": stations,
        "coefficients": coefficients(),
        "speed": speed(data / "brest_constituents.csv"),
    }
    write_text(ROOT / "benchmarks" / "results" / "tide_prediction.json", json.dumps(found, indent=1) + "\n")
    for name, content in tables(found).items():
        fill(ROOT / "docs" / "tide.md", name, content)
        print(content, "\n")


def tables(found: dict[str, Any]) -> dict[str, str]:
    """Markdown of the tables, by the name of their place in the page."""
    by_constituent = table(
        [
            "constituent",
            "f, UTide",
            "f, `foreman`",
            "UTide − `foreman`",
            "`schureman` / `foreman`",
            "pyTMD / UTide",
            "neaps / UTide",
        ],
        [
            [
                row["constituent"],
                f"{row['utide_f'][0]:.3f}–{row['utide_f'][1]:.3f}",
                f"{row['f'][0]:.3f}–{row['f'][1]:.3f}",
                "–" if row["utide_difference"] is None else f"{row['utide_difference']:.4f}",
                f"{row['schureman_ratio']:.3f}, {row['schureman_shift_deg']:+.1f}°",
                f"{row['pytmd'][0]:.3f}, {row['pytmd'][1]:+.1f}°",
                f"{row['neaps'][0]:.3f}, {row['neaps'][1]:+.1f}°",
            ]
            for row in found["constituents"]
        ],
    )
    by_station = table(
        [
            "station",
            "constituents",
            "UTide − `foreman`",
            "`schureman` − `foreman`",
            "agreed by peers",
            "`schureman` − `foreman`",
        ],
        [
            [
                row["station"],
                str(row["all"]["constituents"]),
                f"{row['all']['utide_m'] * 1000:.1f} mm" if "utide_m" in row["all"] else "–",
                f"{row['all']['schureman_foreman_m'] * 100:.1f} cm",
                str(row["agreed"]["constituents"]),
                f"{row['agreed']['schureman_foreman_m'] * 100:.2f} cm",
            ]
            for row in found["stations"]
        ],
    )
    by_day = table(
        ["day", "announced", "here"],
        [[row["day"], str(row["published"]), f"{row['found']:.1f}"] for row in found["coefficients"]],
    )
    return {"tide_constituents": by_constituent, "tide_stations": by_station, "tide_coefficients": by_day}


if __name__ == "__main__":
    main()
