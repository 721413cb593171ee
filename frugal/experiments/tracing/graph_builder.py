"""What a study needs to write an answer as an ONNX graph; the builder itself lives in `frugal.surrogates.onnx`."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class GraphBuilder(Protocol):
    """What an alternative needs to write itself as an ONNX graph (the builder itself lives in ``surrogates``)."""

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """Add a constant tensor and return its name."""

    def op(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of one output and return the output's name."""

    def takes_double(self, tensor: str) -> bool:
        """Whether a tensor is an input of the graph in float64."""
