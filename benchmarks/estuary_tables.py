"""Tables of ``docs/solvers/estuary.md`` from results, for ``fill_docs.py``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def _tides(report: dict[str, Any]) -> str:
    peer = {row["case"]: row for row in report.get("peer", {}).get("tides", [])}
    rows = []
    for row in report["tides"]:
        cells = row["largest_change_at_500_m_cm"]
        line = [
            row["case"],
            *(f"{max(row[f'{part}_m']):.2f}, {row[f'{part}_m'][len(row['km']) // 2]:.2f}" for part in ("M2", "M4")),
            f"{max(row['M0_m']):.2f}",
            ", ".join(f"{cells[part]:.2f}" for part in ("mean", "M2", "M4")),
        ]
        beside = peer.get(row["case"])
        for part in ("M2", "M4"):
            line.append(
                f"{100 * beside[part]['rms_over_greatest']:.1f}, {100 * beside[part]['largest_over_greatest']:.1f}"
                if beside
                else "–"
            )
        rows.append(line)
    head = [
        "case",
        "M2: greatest, half-way, m",
        "M4: the same",
        "highest mean, m",
        "mean, M2, M4 at 500 m, cm",
        "M2 beside iFlow: RMS, largest, %",
        "M4: the same",
    ]
    return _table(head, rows)


def _mud(report: dict[str, Any]) -> str:
    peer = {row["case"]: row for row in report.get("peer", {}).get("mud, this solver and iFlow", [])}
    rows = []
    for row in report["mud"]:
        if row["case"].startswith(("L1_", "L2")):
            continue  # the same as without density-driven flow
        beside, coarse = peer.get(row["case"]), row["at_2_km_cells"]
        rows.append(
            [
                row["case"],
                row["state"],
                f"{row['over_the_sea']:.2f} at {row['at_km']:.0f} km",
                f"{coarse['over_the_sea']:.2f} at {coarse['at_km']:.0f} km",
                f"{beside['state'][1]}, {beside['over_the_sea'][1]:.2f} at {beside['at_km'][1]:.0f} km"
                if beside
                else "–",
            ]
        )
    return _table(["case", "mud is", "highest over that of the sea", "at 2 km cells", "iFlow"], rows)


def _transport(report: dict[str, Any]) -> str:
    rows = []
    for row in report["transport"]:
        if row["case"] == "P1_local":
            continue
        after, coarse = row["after 120"], row["at_2_km_cells"]
        rows.append(
            [
                row["case"][:2],
                f"{row['phase_deg']:.0f}°",
                f"{row['settling_mm_s']:g}",
                row["state"],
                f"{row['centre_moved_km']:+.1f}",
                ", ".join(f"{row[f'after {tide}']['left']:.3f}" for tide in (20, 60, 120)),
                f"{after['highest_c_kg_m3']:.3g} at {after['highest_c_at_km']:.0f} km",
                f"{coarse['left']:.3f}, {coarse['highest_c_kg_m3']:.3g}",
            ]
        )
    head = [
        "case",
        "phase of M4",
        "settling, mm/s",
        "mud",
        "centre moved, km",
        "left after 20, 60, 120 tides",
        "highest mean, kg/m³",
        "left, highest at 2 km cells",
    ]
    return _table(head, rows)


def _checks(report: dict[str, Any]) -> str:
    checks = report["checks"]
    small = checks["second-order perturbation, largest difference over the greatest"]
    rows = [
        [
            "A1s beside the closed form of small waves",
            f"{100 * checks['A1s beside the closed form of small waves']:.2g} % of M2",
        ]
    ]
    for name, row in small.items():
        said = ", ".join(f"{100 * row[part]:.2g} %" for part in ("mean", "M2", "M4"))
        rows.append([f"second-order perturbation, {name}: mean, M2, M4", said])
    for name, row in checks["method of lines of 250 m, largest difference in cm"].items():
        said = ", ".join(f"{row[part]:.2g}" for part in ("mean", "M2", "M4"))
        rows.append([f"method of lines (speed as unknown, 250 m), {name}: mean, M2, M4", f"{said} cm"])
    worst = max(
        abs(row["mean_c_kg_m3"][0] / row["mean_c_kg_m3"][1] - 1.0) for row in checks["column of mud, ours and by LSODA"]
    )
    rows.append(["column of mud by LSODA, 12 cases: mean concentration", f"{100 * worst:.2g} % at most"])
    channels = checks["channel of mud after 20 tides, phase 90, 1 mm/s, beside lines of third order"]
    for name, row in channels.items():
        lines = row["lines"]
        said = "; ".join(
            f"{cell}: {100 * (row[cell]['highest_c_kg_m3'] / lines['highest_c_kg_m3'] - 1):+.1f} %, "
            f"{100 * (row[cell]['mud_t'] / lines['mud_t'] - 1):+.1f} %"
            for cell in ("1000 m", "500 m", "250 m")
        )
        rows.append([f"{name} by lines of third order: highest concentration, mud left", said])
    return _table(["beside", "difference"], rows)


def _jumps(verification: dict[str, Any]) -> str:
    rows = [
        [
            f"{row['courant']:g}",
            f"{row['cell_m']:g}",
            f"{100 * row['everywhere']:.2f}",
            f"{100 * row['seaward of the jump']:.3f}",
            f"{row['jump landward of its place, m']:+.0f}",
        ]
        for row in verification["MacDonald, from fast to slow"]
    ]
    return _table(
        ["share of a link", "cells, m", "depth, everywhere, %", "seaward of the jump, %", "jump, m landward"], rows
    )


def estuary_tables(results: Path) -> dict[str, str]:
    """Tables by the name of their marker."""
    report = json.loads((results / "estuary_cases.json").read_text(encoding="utf-8"))
    verification = json.loads((results / "estuary_verification.json").read_text(encoding="utf-8"))
    return {
        "tides": _tides(report),
        "mud": _mud(report),
        "transport": _transport(report),
        "checks": _checks(report),
        "jumps": _jumps(verification),
    }
