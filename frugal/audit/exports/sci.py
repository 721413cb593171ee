r"""Software Carbon Intensity of an answer (ISO/IEC 21031:2024), with every term apart.

.. math:: SCI = \frac{E \, I + M}{R}

with the energy :math:`E` (kWh), the carbon intensity of the electricity :math:`I` (gCO2e/kWh), the share of making the
hardware :math:`M` (gCO2e) and the number of functional units :math:`R`. An answer is the sum of three components with the
same functional unit: the preparation (whoever provides the model), the use (whoever asks it) and the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from frugal.audit.exports.content import (
    as_json,
    carbon_intensity,
    country,
    decision,
    english,
    figure,
    footprint_row,
    kilowatt_hours,
    method,
    shipped,
)

FORMAT = "frugal-sci/1"
NOT_DECLARED = "not declared"

INCLUDED = (
    "runs of the solver, fits of all candidates, searches, failures, export, evaluation, audit",
    "computing of one query of the answer that ships",
    "memory, and the overhead of the room where a server computes",
    "share of making the machine, where a factor covers it",
    "network and downloads, where the answer is asked over one",
)
EXCLUDED = ("staff and offices", "screens and idle time of users' devices", "end of life of the machines")


def sci_document(audit: Mapping[str, Any]) -> dict[str, Any]:
    """The SCI of an audit as a document.

    Parameters
    ----------
    audit : mapping
        Content of ``audit.json``.

    Returns
    -------
    dict
        Follows ``data/sci.schema.json``. ``sci`` is None where no functional unit was declared, the use over the service
        life is not known, or nothing ships; where making the hardware is not covered, ``embodied`` reads "not declared"
        and is left out of the sum.
    """
    unit = functional_unit(audit)
    components = [_preparation(audit, unit), *_use(audit, unit)]
    values = [component["sci"] for component in components]
    reason, chosen = _missing(audit, unit), decision(audit)
    total = None if reason or not values or None in values else sum(values)
    return {
        "format": FORMAT,
        "standard": "ISO/IEC 21031:2024",
        "formula": "sci = (energy × carbon_intensity + embodied) / functional_units; sum over the components",
        "study": audit["study"]["name"],
        "answer": None if chosen is None else chosen.winner,
        "first_line": english(audit.get("first_line")) or None,
        "created": audit["created"],
        "audit_sha256": audit["content_sha256"],
        "functional_unit": unit,
        "units": {
            "energy": "kWh",
            "carbon_intensity": "gCO2e/kWh",
            "operational": "gCO2e",
            "embodied": "gCO2e",
            "sci": "gCO2e per functional unit",
        },
        "sci": total,
        "sci_missing_because": reason if total is None else None,
        "interval": _interval(audit, total),
        "components": components,
        "carbon_intensity": _intensity_source(audit),
        "boundary": {"included": list(INCLUDED), "excluded": list(EXCLUDED)},
        "offsets": "excluded",
        "market_based_measures": "excluded",
        "quantification": f"calculated; energy by {method(audit)}",
    }


def sci(audit: Mapping[str, Any]) -> str:
    """The SCI of an audit as JSON text."""
    return as_json(sci_document(audit))


def functional_unit(audit: Mapping[str, Any]) -> str | None:
    """What one query answers, in English; None where nobody declared it."""
    need = audit.get("need") or {}
    return None if need.get("declared") is False else english(need.get("functional_unit")) or None


def _missing(audit: Mapping[str, Any], unit: str | None) -> str | None:
    if unit is None:
        return "no functional unit was declared"
    if shipped(audit).answer is None or footprint_row(audit, "functional_unit", "winner") is None:
        return "no answer ships, so that nothing is used"
    if _life(audit) is None:
        return "no use over the service life was declared, so that the preparation cannot be shared out"
    return None


def _life(audit: Mapping[str, Any]) -> float | None:
    """Functional units over the service life: the middle of the declared interval."""
    chosen = decision(audit)
    middle = None if chosen is None else chosen.queries_mid
    declared = (audit.get("need") or {}).get("queries")
    return float(middle) if middle and declared else None


def _preparation(audit: Mapping[str, Any], unit: str | None) -> dict[str, Any]:
    row = footprint_row(audit, "preparation")
    return _component("preparation", "provider", audit, row, _life(audit) if unit else None)


def _use(audit: Mapping[str, Any], unit: str | None) -> list[dict[str, Any]]:
    row = footprint_row(audit, "functional_unit", "winner")
    if row is None:
        return []
    units = float(row.get("functional_units") or 1.0) if unit else None
    found = [_component("use", "consumer", audit, row, units)]
    carbon = figure(row, "gwp", "network")
    if carbon is not None:
        found.append(_network(row, carbon, units))
    return found


def _component(
    name: str, party: str, audit: Mapping[str, Any], row: Mapping[str, Any] | None, units: float | None
) -> dict[str, Any]:
    """A component with the formula's terms, from the central parts of the footprint."""
    energy, embodied = kilowatt_hours(row, "use"), figure(row, "gwp", "embodied")
    intensity = _intensity(audit, row)
    operational = None if energy is None or intensity is None else energy * intensity
    value = None
    if operational is not None and units:
        value = (operational + (embodied or 0.0)) / units
    return {
        "component": name,
        "party": party,
        "energy": energy,
        "carbon_intensity": intensity,
        "operational": operational,
        "embodied": NOT_DECLARED if embodied is None else embodied,
        "functional_units": units,
        "sci": value,
    }


def _network(row: Mapping[str, Any], carbon: float, units: float | None) -> dict[str, Any]:
    """The network by its own factor per byte, which holds the electricity and the making of it together."""
    return {
        "component": "network",
        "party": "consumer",
        "energy": kilowatt_hours(row, "network"),
        "network_bytes": row.get("network_bytes"),
        "carbon": carbon,
        "functional_units": units,
        "sci": carbon / units if units else None,
    }


def _intensity(audit: Mapping[str, Any], row: Mapping[str, Any] | None) -> float | None:
    """The factor of the audit; what the footprint used where the factor is not listed."""
    factor = carbon_intensity(audit)
    if factor is not None:
        return float(factor["value"])
    energy, grams = kilowatt_hours(row, "use"), figure(row, "gwp", "use")
    return grams / energy if energy and grams is not None else None


def _intensity_source(audit: Mapping[str, Any]) -> dict[str, Any]:
    factor = carbon_intensity(audit) or {}
    return {
        "country": country(audit),
        "kind": "location-based",
        **{key: factor.get(key) for key in ("value", "low", "high", "unit", "year", "source")},
    }


def _interval(audit: Mapping[str, Any], total: float | None) -> dict[str, float] | None:
    """P5 and P95, where percentiles add up because all rows share their factors."""
    life = _life(audit)
    if total is None or life is None:
        return None
    ends = {}
    for part in ("p5", "p95"):
        preparation = figure(footprint_row(audit, "preparation"), "gwp", part)
        use = figure(footprint_row(audit, "functional_unit", "winner"), "gwp", part)
        if preparation is None or use is None:
            return None
        ends[part] = preparation / life + use
    return ends
