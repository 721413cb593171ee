"""Labels of the pictures: put where they cover nothing, beside points and at the ends of lines."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox


def place(axes: Axes, labels: list[tuple[Any, ...]], fixed: list[Any], limit: float | None) -> None:
    """Put each label where it covers nothing: the first of a fixed list of places with the least overlap.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        With scales and limits set; labels are added to it.
    labels : list of tuple
        Of each: cost [s], error (value, low and high end, in the unit of the axis), text, colour, and whether it is bold.
        The first ones choose first.
    fixed : list of matplotlib.text.Text
        Texts that stand already and stay where they are.
    limit : float or None
        Height of the line of the tolerance, in the unit of the axis; None where there is none.
    """
    from matplotlib.transforms import Bbox

    renderer = axes.get_figure().canvas.get_renderer()  # type: ignore[union-attr]
    to_pixels = axes.transData.transform
    frame = axes.get_window_extent(renderer)
    taken = [text.get_window_extent(renderer) for text in fixed]
    for cost, (value, low, high), *_ in labels:
        x, y = to_pixels((cost, value))
        taken.append(
            Bbox.from_extents(
                x - 7, min(y - 7, to_pixels((cost, low))[1]), x + 7, max(y + 7, to_pixels((cost, high))[1])
            )
        )
    if limit is not None:
        y = to_pixels((1.0, limit))[1]
        taken.append(Bbox.from_extents(frame.x0, y - 1, frame.x1, y + 1))
    for cost, (value, _, _), text, colour, bold in labels:
        label = axes.annotate(
            text,
            (cost, value),
            (0, 0),
            textcoords="offset points",
            color=colour,
            fontweight="bold" if bold else "normal",
            zorder=5,
        )
        point = to_pixels((cost, value))
        extent = label.get_window_extent(renderer)  # measured once: moving a label does not change its size
        others = [box for box in taken if not box.contains(*point)]
        boxes = [box_at(point, spot, extent.width + 2, extent.height + 2) for spot in places()]
        shared = overlaps(boxes, taken)
        least, spot = math.inf, places()[0]
        for candidate, box, covered in zip(places(), boxes, shared, strict=True):
            cost_here = 0.25 * math.hypot(*candidate[:2]) + (candidate[2] == "center")
            cost_here += 3 * covered + 4 * outside(box, frame)
            if cost_here < least:
                cost_here += 12 * crossings(point, candidate, others)
            if cost_here < least:
                least, spot = cost_here, candidate
        move(label, spot)
        if math.hypot(spot[0], spot[1]) > 12:
            axes.annotate(
                "",
                (cost, value),
                spot[:2],
                textcoords="offset points",
                zorder=2,
                arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 4},
            )
        taken.append(label.get_window_extent(renderer))


def box_at(point: Any, spot: tuple[float, float, str, str], width: float, height: float) -> Bbox:
    """Where a label of that size stands when it is put at a spot beside a point (pixels, a point is one).

    Parameters
    ----------
    point : (float, float)
        In pixels from the lower left corner.
    spot : tuple
        One of `places`: offset to the right and upward, horizontal and vertical alignment.
    width, height : float
        Of the label [pixels].

    Returns
    -------
    matplotlib.transforms.Bbox
        In pixels.
    """
    from matplotlib.transforms import Bbox

    x = point[0] + spot[0] - {"left": 0.0, "center": 0.5, "right": 1.0}[spot[2]] * width
    y = point[1] + spot[1] - {"bottom": 0.0, "center": 0.5, "top": 1.0}[spot[3]] * height
    return Bbox.from_extents(x, y, x + width, y + height)


def move(label: Any, place: tuple[float, float, str, str]) -> None:
    """Put a label at one of `places`."""
    label.set_position(place[:2])
    label.set(ha=place[2], va=place[3])


@cache
def places() -> list[tuple[float, float, str, str]]:
    """Offsets round a point, in points, in the order in which they are tried, with their alignment."""
    places = [
        (9.0, 0.0, "left", "center"),
        (-9.0, 0.0, "right", "center"),
        (0.0, 8.0, "center", "bottom"),
        (0.0, -8.0, "center", "top"),
    ]
    far = [(dx, dy) for dx in (12.0, 24.0, 38.0) for dy in (8.0, 12.0, 16.0, 22.0, 28.0, 38.0, 50.0, 64.0)]
    for dx, dy in sorted(far, key=lambda offset: math.hypot(*offset)):
        for sign in (1, -1):
            places += [(dx, sign * dy, "left", "center"), (-dx, sign * dy, "right", "center")]
    return places


def crossings(point: Any, place: tuple[float, float, str, str], others: list[Bbox]) -> int:
    """How many things the line from a label to its point runs over, away from the point itself.

    Parameters
    ----------
    point : (float, float)
        In pixels from the lower left corner.
    place : tuple
        One of `places`; a label up to 12 points away has no line.
    others : list of matplotlib.transforms.Bbox
        Boxes of labels and markers but the point's own [pixels].

    Returns
    -------
    int
    """
    dx, dy = place[:2]
    if math.hypot(dx, dy) <= 12:
        return 0
    steps = [(point[0] + f * dx, point[1] + f * dy) for f in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)]
    return sum(any(box.contains(x, y) for x, y in steps) for box in others)


def overlap(a: Bbox, b: Bbox) -> float:
    """Area that two boxes share."""
    return max(0.0, min(a.x1, b.x1) - max(a.x0, b.x0)) * max(0.0, min(a.y1, b.y1) - max(a.y0, b.y0))


def overlaps(boxes: Sequence[Bbox], others: Sequence[Bbox]) -> list[float]:
    """Area that each box shares with others, added up: what `overlap` gives, of all of them at once."""
    if not others:
        return [0.0] * len(boxes)
    a, b = (np.array([box.extents for box in some]) for some in (boxes, others))
    ends = np.minimum(a[:, None, 2:], b[None, :, 2:]) - np.maximum(a[:, None, :2], b[None, :, :2])
    return [float(area) for area in np.maximum(ends, 0.0).prod(axis=2).sum(axis=1)]


def outside(box: Bbox, frame: Bbox) -> float:
    """Area of a box that lies outside the frame."""
    return float(box.width * box.height - overlap(box, frame))


def end_labels(axes: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Name the lines at their right ends, spread so that no name covers another."""
    renderer = axes.get_figure().canvas.get_renderer()  # type: ignore[union-attr]
    frame, edge = axes.get_window_extent(renderer), axes.get_xlim()[1]
    names = []
    lowest = frame.y0 - 6
    for cost, text, colour in sorted(ends):
        y = float(axes.transData.transform((edge, cost))[1])
        label = axes.annotate(
            wrapped(text),
            (edge, cost),
            (7, 0),
            textcoords="offset points",
            ha="left",
            va="center",
            color=colour,
            annotation_clip=False,
        )
        half = label.get_window_extent(renderer).height / 2
        centre = max(y, lowest + half + 2)
        names.append((label, y, half, centre))
        lowest = centre + half
    highest = frame.y1 + 4
    for label, y, half, centre in reversed(names):
        held = min(centre, highest - half)
        label.set_position((7, held - y))
        highest = held - half - 2


def wrapped(text: str, width: int = 22) -> str:
    """Text in short lines."""
    return "\n".join(part for line in text.split("\n") for part in textwrap.wrap(line, width) or [""])
