"""How the kernels of this room are compiled.

They take tuples of arrays and make no array. numba counts who holds each array of a tuple wherever one is passed on, which took
nine tenths of the time of a step; ``_nrt=False`` leaves that out, which is right where nothing is made or kept.
"""

from __future__ import annotations

from typing import Any

#: A kernel of its own.
ALONE: dict[str, Any] = {"error_model": "numpy", "_nrt": False}
#: One that becomes part of those that call it.
LEAN: dict[str, Any] = {**ALONE, "forceinline": True}
