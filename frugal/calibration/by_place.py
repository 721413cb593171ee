"""Residuals of a calibration by place: a table, and a map where the places have coordinates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from frugal.calibration.calibrate import Calibration
from frugal.reporting.plots.axes import INK, MUTED, plain_frame, svg
from frugal.reporting.text import plain_number
from frugal.texts import room_texts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TEXTS = room_texts("frugal.calibration")


@dataclass(frozen=True)
class PlaceResidual:
    """Modelled less measured at one place, at the best setting.

    Parameters
    ----------
    output, place : str
    count : int
    bias, rmse : float
        In the unit of the output.
    rmse_over_sigma : float
        In standard errors of the measurements.
    """

    output: str
    place: str
    count: int
    bias: float
    rmse: float
    rmse_over_sigma: float


def residuals_by_place(found: Calibration) -> list[PlaceResidual]:
    """One for each output and place that was measured more than once, in the order of the measurements."""
    observed = found.observed
    keys = [(measured.output, measured.place) for measured in observed.measurements]
    apart = found.best.modelled - observed.values
    rows = []
    for key in dict.fromkeys(keys):
        at = np.array([k for k, other in enumerate(keys) if other == key])
        if at.size < 2 or not key[1]:
            continue
        rms = float(np.sqrt(np.mean(apart[at] ** 2)))
        over = float(np.sqrt(np.mean((apart[at] / observed.sigma[at]) ** 2)))
        rows.append(PlaceResidual(*key, int(at.size), float(apart[at].mean()), rms, over))
    return rows


def residual_map(found: Calibration, language: str, prefix: str) -> str:
    """Places where something was measured, the larger and darker the more the model errs there; empty without coordinates.

    Parameters
    ----------
    found : Calibration
    language : {"en", "fr"}
    prefix : str
        Of the ids in the picture.

    Returns
    -------
    str
        SVG.
    """
    positions = found.observed.positions
    rows = [row for row in residuals_by_place(found) if row.place in positions]
    if not rows:
        return ""
    x, y = np.array([positions[row.place] for row in rows]).T / 1000.0
    others = np.array([spot for name, spot in positions.items()]) / 1000.0
    errors = np.array([row.rmse_over_sigma for row in rows])

    def draw(figure: Figure) -> None:
        axes = figure.add_axes((0.1, 0.14, 0.76, 0.82))
        axes.plot(others[:, 0], others[:, 1], ".", color="#c9d3dc", markersize=3, zorder=1)
        drawn = axes.scatter(
            x, y, s=40 + 60 * np.minimum(errors, 4.0), c=errors, cmap="YlOrRd", vmin=0.0, edgecolors=INK, zorder=2
        )
        for row, east, north in zip(rows, x, y, strict=True):
            axes.annotate(
                f"{row.place} ({plain_number(row.rmse_over_sigma, language, 2)})", (east, north), xytext=(7, 3),
                textcoords="offset points", fontsize=7, color=MUTED,
            )  # fmt: skip
        axes.set_aspect("equal", adjustable="datalim")
        axes.set_xlabel("km")
        axes.set_ylabel("km")
        plain_frame(axes)
        bar = figure.colorbar(drawn, cax=figure.add_axes((0.89, 0.2, 0.02, 0.68)))
        bar.set_label(_TEXTS.phrase("plot.apart", language))

    return svg(draw, (7.1, 4.6), _TEXTS.phrase("plot.map", language), "", prefix)
