"""The answer `cumulative_sky` as a small file that forty lines of JavaScript read.

A browser needs megabytes of runtime for an ONNX graph, and 36 kB for the numbers in it. The file holds the same float32
numbers as the graph; after reading them from the graph they are held against its answers, so that a graph of another shape
is refused instead of misread.

File, gzip, little-endian::

    8 bytes   "FRUGSKY1"
    4 uint32  sectors K, steps n in the sine of elevation, months (12), mountings
    float32   ground [12]: irradiation of the unobstructed horizontal plane [kWh/m²]
    float32   ratio [mountings + 2, 12]: yield over irradiation = ratio of the mounting + r ratio[-2] + r² ratio[-1],
              r = module power over inverter power
    then A [K, 12, n + 1] and B [K, 12, n + 1] of frugal.physics.solar.sky in one array of uint32: the bits of each float32
    less those of the one before along the last axis (modulo 2³²), the first as it is; stored as four planes, all lowest
    bytes first. Neighbours differ little, so that gzip finds long runs of zeros.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from frugal.errors import UnusableInputError
from frugal.experiments.study import Variable
from frugal.experiments.study.input_layout import InputLayout
from frugal.experiments.study.study_file import read_variables
from frugal.physics.solar.sky import CumulativeSky, plane_irradiation
from frugal.surrogates.onnx.graph import session

MAGIC = b"FRUGSKY1"
#: Inputs of the study beside the sectors of the horizon: tilt, azimuth, albedo, power ratio, mounting.
_OTHER_INPUTS = 5
#: Largest difference from the graph that float32 arithmetic explains, relative to the yearly yield.
_TOLERANCE = 1e-5


@dataclass(frozen=True)
class SkyTable:
    """Numbers of the answer `cumulative_sky`.

    Attributes
    ----------
    sky : CumulativeSky
        Tables ``[K, n + 1, 12]`` and the ground, in kWh/m².
    ratio : ndarray, shape (mountings + 2, 12)
        Yield [kWh/kWp] over irradiation, by mounting, and per power ratio and its square.
    """

    sky: CumulativeSky
    ratio: np.ndarray

    def monthly_yield(self, inputs: np.ndarray) -> np.ndarray:
        """Monthly yields [kWh/kWp] of rows of the study's inputs, ``[n, 12]``."""
        rows = np.atleast_2d(np.asarray(inputs, dtype=float))
        albedo, power_ratio, mounting = rows[:, -3], rows[:, -2], np.round(rows[:, -1]).astype(int)
        irradiation = plane_irradiation(self.sky, rows[:, 0], rows[:, 1], rows[:, 2:-3], albedo)
        performance = (
            self.ratio[mounting] + np.outer(power_ratio, self.ratio[-2]) + np.outer(power_ratio**2, self.ratio[-1])
        )
        return np.maximum(irradiation * performance, 0.0)


def read_sky_table(model: bytes) -> SkyTable:
    """Take the numbers out of an ONNX graph of `cumulative_sky`.

    Parameters
    ----------
    model : bytes
        ``alternatives/cumulative_sky.onnx`` of a bundle of `roof_yield`.

    Raises
    ------
    UnusableInputError
        If the graph is of another candidate, or its answers are not those of the numbers found in it.
    """
    import onnx

    try:
        proto = onnx.load_from_string(model)
    except Exception as fault:  # protobuf raises classes of its own, which differ between its versions
        raise UnusableInputError("the graph for the table of the sky is no ONNX file") from fault
    metadata = {entry.key: entry.value for entry in proto.metadata_props}
    candidate = metadata.get("frugal.candidate", "none")
    if candidate != "cumulative_sky":
        raise UnusableInputError(
            f"the table of the sky is read from the candidate cumulative_sky, not from '{candidate}'"
        )
    described = json.loads(metadata["frugal.study"])
    columns = InputLayout(read_variables(described["inputs"])).columns
    table = _found(proto.graph, len(columns) - _OTHER_INPUTS, len(columns[-1].choices))
    _check(table, model, columns)
    return table


def write_sky_table(table: SkyTable) -> bytes:
    """The file described above."""
    n_sectors, width, months = table.sky.horizontal.shape
    head = np.array([n_sectors, width - 1, months, len(table.ratio) - 2], dtype="<u4")
    both = np.stack([table.sky.horizontal, table.sky.vertical]).transpose(0, 1, 3, 2)
    bits = np.ascontiguousarray(both, dtype="<f4").view("<u4")
    steps = np.diff(bits, axis=-1, prepend=np.zeros((*bits.shape[:-1], 1), dtype="<u4"))
    planes = np.ascontiguousarray(steps).view("u1").reshape(-1, 4).T
    parts = (
        MAGIC,
        head.tobytes(),
        np.asarray(table.sky.global_horizontal, dtype="<f4").tobytes(),
        np.asarray(table.ratio, dtype="<f4").tobytes(),
        planes.tobytes(),
    )
    return gzip.compress(b"".join(parts), 9, mtime=0)


def _found(graph: Any, n_sectors: int, n_mountings: int) -> SkyTable:
    """Tables as the graph gathers them, horizontal before vertical; ratio and ground by their shapes."""
    from onnx import numpy_helper

    constants = {entry.name: numpy_helper.to_array(entry).astype(float) for entry in graph.initializer}
    gathered = list(dict.fromkeys(node.input[0] for node in graph.node if node.op_type == "Gather"))
    ratios = [c for c in constants.values() if c.shape == (n_mountings + 2, 12)]
    grounds = [c for c in constants.values() if c.shape == (1, 12)]
    tables = [constants[name] for name in gathered if name in constants]
    shapes = {table.shape for table in tables}
    if len(tables) != 2 or len(ratios) != 1 or len(grounds) != 1 or len(shapes) != 1 or len(tables[0]) % n_sectors:
        raise UnusableInputError(
            "the graph of cumulative_sky is not built as this version builds it: train the bundle anew"
        )
    horizontal, vertical = (table.reshape(n_sectors, -1, 12) for table in tables)
    return SkyTable(CumulativeSky(horizontal, vertical, grounds[0][0]), ratios[0])


def _check(table: SkyTable, model: bytes, variables: Sequence[Variable]) -> None:
    low = np.array([variable.low for variable in variables])
    high = np.array([variable.high for variable in variables])
    rows = np.random.default_rng(0).uniform(low, high, (64, len(low)))
    rows[:, 2:-3] *= np.linspace(0.0, 1.0, 64)[:, None]  # from open to deeply shaded
    rows[:, -1] = np.round(rows[:, -1])
    rows = rows.astype(np.float32)
    told = session(model).run(["monthly_yield"], {"inputs": rows})[0]
    got = table.monthly_yield(rows)
    scale = np.maximum(got.sum(axis=1, keepdims=True), 1.0)
    worst = float(np.max(np.abs(got - told) / scale))
    if not worst <= _TOLERANCE:
        raise UnusableInputError(f"the table of the sky differs from its graph by {worst:.2g} of the yearly yield")
