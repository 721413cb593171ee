"""What passes over the crest of a dike: the law that the solvers and the formula of a breach share.

Water that falls freely behind the crest passes it at critical depth, two thirds of the head :math:`H` of the water before it:
:math:`q = (2/3)^{3/2} \\sqrt g H^{3/2}` per metre (broad-crested weir, ideal fluid). Water that stands behind it as high as
:math:`r H` over the crest leaves that alone until the depth on the crest must exceed the critical one. Between the crest and
the water behind, a share ``REGAINED`` of the velocity head is won back, the rest is lost in the roller:

.. math:: r = y + \\tfrac13 (1 - y), \\qquad q = y \\sqrt{2 (1 - y)} \\sqrt g H^{3/2} \\quad (y \\ge 2/3)

with :math:`y H` the depth on the crest, so that the flow is free up to :math:`r = 7/9`. The third is chosen on measurements of
embankments: FHWA/RD-86/108 (1986), figure 10, crest of gravel, which rests on the models of Kindsvater (1964, U.S. Geological
Survey Water-Supply Paper 1617-A) and is read off in EPA SWMM 5 (``roadway.c``):

====================== ===== ===== ===== ===== ===== ===== ===== ===== ===== =====
r                       .75   .80   .83   .86   .90   .92   .94   .96   .98   .99
====================== ===== ===== ===== ===== ===== ===== ===== ===== ===== =====
gravel, q over free    1.00   .985  .97   .93   .87   .80   .70   .60   .50   .40
paved                  1.00  1.00   .99   .97   .92   .87   .83   .75   .60   .50
this law               1.00   .996  .977  .941  .855  .792  .709  .598  .437  .313
nothing regained       .974  .930  .889  .836  .739  .676  .598  .499  .360  .257
Villemonte (1947)      .668  .616  .581  .541  .477  .439  .393  .337  .259  .198
====================== ===== ===== ===== ===== ===== ===== ===== ===== ===== =====

(Values of the paved crest between those read off are interpolated.) The law lies within 0.02 of the crest of gravel up to 0.96,
below it where the water behind stands almost as high, and drowns earlier than a paved one. Villemonte measured sharp crests.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from frugal.physics.compiled import inner

_GRAVITY = 9.81
#: Discharge [m²/s] of a free crest under a head of 1 m.
WEIR = (2.0 / 3.0) ** 1.5 * math.sqrt(_GRAVITY)
#: Share of the velocity head on the crest that the water behind wins back.
REGAINED = 1.0 / 3.0
#: Water behind up to this share of the head leaves the flow free.
MODULAR_LIMIT = 2.0 / 3.0 + REGAINED / 3.0
#: y √(2 (1 - y)) at the critical depth y = 2/3.
FREE_SHARE = (2.0 / 3.0) ** 1.5


def free_discharge(head_m: Any, xp: Any = np) -> Any:
    """Discharge per metre of a crest that nothing drowns.

    Parameters
    ----------
    head_m : array
        Energy of the water before it, over the crest [m]; its level where it is at rest. Below 0 nothing passes.
    xp
        Namespace of the array.

    Returns
    -------
    array
        [m²/s]
    """
    head = xp.maximum(head_m, 0.0)
    return WEIR * head * xp.sqrt(head)


def drowning(ratio: Any, xp: Any = np) -> Any:
    """What the water behind leaves of the discharge of a free crest.

    Parameters
    ----------
    ratio : array
        Level of the water behind over that of the head before, both over the crest; above 1 counts as 1.
    xp
        Namespace of the array.

    Returns
    -------
    array
        1 up to ``MODULAR_LIMIT``, falling to 0 at a ratio of 1, without a jump.
    """
    crest = xp.minimum(xp.maximum((ratio - REGAINED) / (1.0 - REGAINED), 2.0 / 3.0), 1.0)
    return crest * xp.sqrt(2.0 * (1.0 - crest)) / FREE_SHARE


@inner(error_model="numpy")
def drowned_share(ratio: float) -> float:
    """`drowning` times ``FREE_SHARE`` inside kernels: q = drowned_share(r) √g H^1.5.

    Parameters
    ----------
    ratio : float
        As that of `drowning`.

    Returns
    -------
    float
        Discharge [m²/s] over √g H^1.5.
    """
    crest = min(max((ratio - REGAINED) / (1.0 - REGAINED), 2.0 / 3.0), 1.0)
    return crest * math.sqrt(2.0 * (1.0 - crest))


@inner(error_model="numpy")
def depth_with_head(head_m: float, discharge: float) -> float:
    """Subcritical depth h of a discharge q whose head is h + q²/(2 g h²), to 0.001 of the head.

    Parameters
    ----------
    head_m : float
        Over the bed [m], above 0.
    discharge : float
        [m²/s]; one that the head cannot pass gives the critical depth.

    Returns
    -------
    float
        [m], between 2/3 of the head and the head.
    """
    passed = discharge / (WEIR * head_m * math.sqrt(head_m))
    t = math.sqrt(max(0.0, 1.0 - passed * passed))
    return head_m * (1.0 - (1.0 - t) * (1.0 - t * (0.1547005 - 0.0675217 * t)) / 3.0)
