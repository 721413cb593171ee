"""The five classes of the map, and the QGIS style that draws them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

import numpy as np

from frugal.cadastre.tables.columns import Column
from frugal.texts import Text, in_each, room_texts

_TEXTS = room_texts("frugal.cadastre")


@dataclass(frozen=True)
class YieldClass:
    """Roofs whose yearly yield per kWp lies in ``[low, high)`` [kWh/kWp]."""

    number: int
    low: float
    high: float
    colour: str
    label: dict[str, str]


#: Colours run from dark violet to yellow with a steady rise of lightness (after the colour map "plasma" of matplotlib), so that
#: they can be told apart without hue and printed in grey.
_COLOURS = ("#4c02a1", "#9c179e", "#d8576b", "#f89540", "#f0f921")
#: Of buildings without a class, as on the page.
_NONE_COLOUR = "#b9bec5"
#: Shares of the best plane of the site: what a roof yields is judged by what one could yield there.
_SHARES = (0.0, 0.55, 0.70, 0.80, 0.90, np.inf)


def classes_for(best_yield: float) -> tuple[YieldClass, ...]:
    """Five classes by the share of the yield of the best unshaded plane of the site.

    Parameters
    ----------
    best_yield : float
        Yearly yield of that plane [kWh/kWp]; edges are rounded to 10 kWh/kWp.
    """
    edges = [round(share * best_yield, -1) if np.isfinite(share) else np.inf for share in _SHARES]
    return tuple(
        YieldClass(k + 1, edges[k], edges[k + 1], _COLOURS[k], _labelled(k + 1, edges[k], edges[k + 1]))
        for k in range(5)
    )


def class_of(classes: tuple[YieldClass, ...], specific_yield: np.ndarray) -> np.ndarray:
    """Number of the class of each yearly yield [kWh/kWp]."""
    edges = [found.low for found in classes[1:]]
    return np.searchsorted(edges, np.asarray(specific_yield), side="right") + 1


def _labelled(number: int, low: float, high: float) -> Text:
    key = "span.above" if not np.isfinite(high) else "span.below" if low <= 0 else "span.between"
    told = {"low": in_each(_grouped, low), "high": in_each(_grouped, high)}
    return _TEXTS.say(key, words=_TEXTS.say(f"class.{number}"), **told)


def _grouped(value: float, language: str) -> str:
    """A whole number with its thousands apart, as each language writes them."""
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}" if language == "fr" else ",")


def qgis_style(
    classes: tuple[YieldClass, ...], columns: Mapping[str, Column], language: str = "fr", *, none: bool = False
) -> str:
    """Categorised QGIS style (QML) of a polygon layer with a field ``class``, and what its columns are called.

    Parameters
    ----------
    classes : tuple of YieldClass
        From `classes_for`.
    columns : mapping of str to Column
        Fields of the layer in their order, the geometry's own key left out.
    language : str
        Of labels and names, ``en`` or ``fr``.
    none : bool
        Draw class 0 too, in grey: QGIS shows nothing where no category fits.
    """
    drawn = [*classes, *([YieldClass(0, 0.0, 0.0, _NONE_COLOUR, _TEXTS.say("class.0"))] if none else [])]
    categories = "".join(
        f'<category render="true" symbol="{k}" value="{found.number}" type="long" label="{found.label[language]}"/>'
        for k, found in enumerate(drawn)
    )
    symbols = "".join(_symbol(k, found.colour) for k, found in enumerate(drawn))
    aliases = "".join(
        f'<alias index="{k}" field="{name}" name={quoteattr(column.alias(language))}/>'
        for k, (name, column) in enumerate(columns.items(), start=1)  # the geometry's own key comes first
    )
    return (
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        '<qgis version="3.28.0" styleCategories="Symbology|Fields">'
        f"<aliases>{aliases}</aliases>"
        '<renderer-v2 type="categorizedSymbol" attr="class" enableorderby="0" forceraster="0" symbollevels="0">'
        f"<categories>{categories}</categories><symbols>{symbols}</symbols></renderer-v2>"
        "<layerGeometryType>2</layerGeometryType></qgis>\n"
    )


def _symbol(name: int, colour: str) -> str:
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return (
        f'<symbol name="{name}" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">'
        '<layer class="SimpleFill" enabled="1" locked="0" pass="0"><Option type="Map">'
        f'<Option name="color" type="QString" value="{red},{green},{blue},255"/>'
        '<Option name="outline_color" type="QString" value="60,60,60,255"/>'
        '<Option name="outline_width" type="QString" value="0.1"/>'
        '<Option name="outline_width_unit" type="QString" value="MM"/>'
        '<Option name="outline_style" type="QString" value="solid"/>'
        '<Option name="style" type="QString" value="solid"/>'
        "</Option></layer></symbol>"
    )
