"""Figures with panels side by side, drawn as PNG."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from frugal.reporting.plots.axes import INK
from frugal.surroundings import keep_list_of_fonts_out_of_the_home

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLE: Any = {"font.family": "DejaVu Sans", "font.size": 8.5, "text.color": INK, "axes.labelcolor": INK}


def png(width: float, height: float, draw: Callable[[Figure], None]) -> bytes:
    """A figure as PNG; the same drawing gives the same bytes.

    Parameters
    ----------
    width, height : float
        In inches.
    draw : callable
        Fills the empty figure.
    """
    keep_list_of_fonts_out_of_the_home()
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure)
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()
