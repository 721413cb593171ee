"""A way to answer as it is asked: what it predicts, and the call that is timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Answering:
    """A candidate as something that can be asked: by its graph where it has one, else by its function.

    Parameters
    ----------
    name, kind
        As on the ladder.
    predict : callable
        ``predict(inputs[n, d], object_ids[n]) -> [n, m]``.
    ask : callable
        ``ask(inputs[n, d], object_ids[n])`` answers as a user would be answered; this is what is timed.
    runtime : str
        ``onnx`` or ``python``.
    exact : bool
        It is the truth itself.
    half_width : array [m], optional
    model : bytes, optional
        Its graph, where it is asked by one.
    """

    name: str
    kind: str
    predict: Callable[[np.ndarray, np.ndarray], np.ndarray]
    ask: Callable[[np.ndarray, np.ndarray], object]
    runtime: str
    exact: bool = False
    half_width: np.ndarray | None = None
    model: bytes | None = None
