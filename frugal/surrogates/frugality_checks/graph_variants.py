"""Smaller versions of a graph: weights stored shorter, integer arithmetic, fewer trees.

Only tables are touched: the constant right-hand side of a matrix product, and what rows are gathered from. Bounds of the
domain, half-widths, biases and means keep their precision, and so does the product that reads the inputs themselves: there
a relative error of the weight is multiplied by a coordinate or a year. Operator set and IR version stay, so that every
runtime, the browser's included, still takes the file; interval, domain and metadata stay too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from frugal.surrogates.onnx.graph import IR_VERSION, serialise
from frugal.texts import room_texts

if TYPE_CHECKING:
    import onnx

_TEXTS = room_texts("frugal.surrogates")

#: Smaller tables gain less than the node costs that reads them back.
SMALLEST_TABLE = 64

Storage = Literal["float32", "float16", "int8"]

#: Beyond these, a table is divided by a power of two before it is stored: float16 ends at 65,504 and loses digits below 6e-5.
_HALF_LARGE, _HALF_SMALL = 2.0**15, 2.0**-6


class NotPossible(Exception):  # noqa: N818  (not an error: a variant that says why it cannot exist)
    """A variant cannot be made of this graph.

    Parameters
    ----------
    en, fr : str
        The reason, by language.
    """

    def __init__(self, en: str, fr: str) -> None:
        super().__init__(en)
        self.reason = {"en": en, "fr": fr}


def precision(model: bytes) -> Literal["float32", "float64"]:
    """Precision that a graph stores its weights in, trees included."""
    from onnx import TensorProto

    proto = _load(model)
    tensors = [*proto.graph.initializer, *(a.t for node in proto.graph.node for a in node.attribute if a.HasField("t"))]
    sizes = dict.fromkeys((TensorProto.FLOAT, TensorProto.DOUBLE), 0)
    for tensor in tensors:
        if tensor.data_type in sizes:
            sizes[tensor.data_type] += int(np.prod(tensor.dims))
    return "float64" if sizes[TensorProto.DOUBLE] > sizes[TensorProto.FLOAT] else "float32"


def has_trees(model: bytes) -> bool:
    """A graph holds an ensemble of trees."""
    return any(node.op_type == "TreeEnsemble" for node in _load(model).graph.node)


def stored_as(model: bytes, storage: Storage) -> bytes:
    """The graph with its weights stored shorter and read back to their precision; arithmetic stays as it is.

    ``int8`` stores whole numbers from -127 to 127 and one scale for each column.

    Raises
    ------
    NotPossible
        If the graph holds no table of weights that would gain.
    """
    from onnx import helper, numpy_helper

    proto = _load(model)
    tables = _weight_tables(proto, shorter_than=np.dtype(storage).itemsize)
    if not tables:
        raise _nothing_to_store(proto)
    kept = [tensor for tensor in proto.graph.initializer if tensor.name not in tables]
    nodes: list[onnx.NodeProto] = []
    for name, table in tables.items():
        stored, scale = _STORE[storage](table)
        kept.append(numpy_helper.from_array(stored, f"{name}_stored"))
        read = f"{name}_stored"
        if storage == "int8":
            kept.append(numpy_helper.from_array(scale.astype(np.float32), f"{name}_scale"))
            nodes.append(helper.make_node("DequantizeLinear", [read, f"{name}_scale"], [f"{name}_read"], axis=1))
            read = f"{name}_read"
        scaled = storage != "int8" and scale != 1
        element = int(helper.np_dtype_to_tensor_dtype(table.dtype))
        if not (storage == "int8" and table.dtype == np.float32):
            nodes.append(helper.make_node("Cast", [read], [f"{name}_cast" if scaled else name], to=element))
        else:
            nodes[-1].output[0] = name
        if scaled:
            kept.append(numpy_helper.from_array(np.array(scale, dtype=table.dtype), f"{name}_scale"))
            nodes.append(helper.make_node("Mul", [f"{name}_cast", f"{name}_scale"], [name]))
    rest = list(proto.graph.node)
    _replace(proto.graph.initializer, kept)
    _replace(proto.graph.node, [*nodes, *rest])
    return _finished(proto)


def quantised(model: bytes) -> bytes:
    """The graph with its larger matrix products in 8-bit integers, by onnxruntime's dynamic quantisation.

    The scale of the activations is taken from all rows of a call together, so that an answer depends a little on what else
    is asked in the same call.

    Raises
    ------
    NotPossible
        If no product in single precision has a constant table of weights large enough.
    """
    import onnx

    proto = _load(model)
    wanted = []
    tables = _weight_tables(proto, shorter_than=1)
    for number, node in enumerate(proto.graph.node):
        node.name = f"n{number}"
        if _product_of(node, tables) == np.float32:
            # the quantiser splits a Gemm in a product and a sum, and names the product so
            wanted.append(node.name if node.op_type == "MatMul" else f"{node.name}_MatMul")
    if not wanted:
        raise _nothing_to_quantise(proto)
    original = [(prop.key, prop.value) for prop in proto.metadata_props]
    marked = proto.metadata_props.add()
    marked.key, marked.value = "onnx.quant.pre_process", "onnxruntime.quant"  # spares a warning on the root logger
    with tempfile.TemporaryDirectory(prefix="frugal-") as folder:
        path = Path(folder) / "model.onnx"
        _quantize_dynamic()(proto, path, op_types_to_quantize=["MatMul"], nodes_to_quantize=wanted, per_channel=True)
        made = onnx.load_from_string(path.read_bytes())
    made.producer_name, made.producer_version = proto.producer_name, proto.producer_version
    for node in made.graph.node:
        node.name = ""
    del made.graph.value_info[:]
    onnx.helper.set_model_props(made, dict(original))
    return _finished(made)


def with_fewer_trees(model: bytes, share: float) -> bytes:
    """The graph with the first ``share`` of the trees of each output.

    Boosting adds one tree after another, so that these are the trees that a fit with fewer rounds would have made.

    Raises
    ------
    NotPossible
        If there are too few trees to leave any out.
    """
    from onnx import helper

    proto = _load(model)
    node = next((node for node in proto.graph.node if node.op_type == "TreeEnsemble"), None)
    if node is None:
        raise NotPossible(**_TEXTS.say("variant.no_trees"))
    table = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    fewer = _first_trees(table, share)
    if fewer is None:
        raise NotPossible(**_TEXTS.say("variant.no_tree_to_spare"))
    attributes = [helper.make_attribute(key, value) for key, value in {**table, **fewer}.items()]
    _replace(node.attribute, attributes)
    return _finished(proto)


def _first_trees(table: dict[str, Any], share: float) -> dict[str, Any] | None:
    """Attributes of a TreeEnsemble with the first trees of each target alone; None where none would go."""
    from onnx import numpy_helper

    trees = [_members(table, root) for root in table["tree_roots"]]
    by_target: dict[int, list[int]] = {}
    for number, (_, leaves) in enumerate(trees):
        by_target.setdefault(table["leaf_targetids"][leaves[0]], []).append(number)
    kept = sorted(number for of_one in by_target.values() for number in of_one[: max(1, round(len(of_one) * share))])
    if len(kept) == len(trees):
        return None
    nodes = sorted({member for number in kept for member in trees[number][0]})
    leaves = sorted({member for number in kept for member in trees[number][1]})
    new_node = {old: new for new, old in enumerate(nodes)}
    new_leaf = {old: new for new, old in enumerate(leaves)}

    def tensor(name: str, rows: list[int]) -> Any:
        return numpy_helper.from_array(numpy_helper.to_array(table[name])[rows])

    def branches(way: str) -> dict[str, Any]:
        to_leaf = [table[f"nodes_{way}leafs"][i] for i in nodes]
        ids = [table[f"nodes_{way}nodeids"][i] for i in nodes]
        renamed = [(new_leaf if leaf else new_node)[i] for i, leaf in zip(ids, to_leaf, strict=True)]
        return {f"nodes_{way}leafs": to_leaf, f"nodes_{way}nodeids": renamed}

    return {
        "tree_roots": [new_node[table["tree_roots"][number]] for number in kept],
        "nodes_featureids": [table["nodes_featureids"][i] for i in nodes],
        "nodes_splits": tensor("nodes_splits", nodes),
        "nodes_modes": tensor("nodes_modes", nodes),
        **branches("true"),
        **branches("false"),
        "leaf_targetids": [table["leaf_targetids"][i] for i in leaves],
        "leaf_weights": tensor("leaf_weights", leaves),
    }


def _members(table: dict[str, Any], root: int) -> tuple[list[int], list[int]]:
    """Nodes and leaves below a root."""
    nodes: list[int] = []
    leaves: list[int] = []
    open_nodes = [root]
    while open_nodes:
        node = open_nodes.pop()
        nodes.append(node)
        for way in ("true", "false"):
            below = table[f"nodes_{way}nodeids"][node]
            (leaves if table[f"nodes_{way}leafs"][node] else open_nodes).append(below)
    return nodes, leaves


def _weight_tables(proto: onnx.ModelProto, shorter_than: int) -> dict[str, np.ndarray]:
    """Tables of weights and of values to look up, large enough to gain, by the name of their tensor."""
    from onnx import TensorProto, numpy_helper

    from_inputs = _straight_from_inputs(proto)
    found: set[str] = set()
    elsewhere: set[str] = set()
    for node in proto.graph.node:
        table_at = -1
        if node.op_type in ("Gemm", "MatMul") and node.input[0] not in from_inputs:
            table_at = 1
        elif node.op_type == "Gather":
            table_at = 0
        for at, name in enumerate(node.input):
            (found if at == table_at else elsewhere).add(name)
    tables = {}
    for tensor in proto.graph.initializer:
        if tensor.name in found - elsewhere and tensor.data_type in (TensorProto.FLOAT, TensorProto.DOUBLE):
            table = numpy_helper.to_array(tensor)
            # zeros only carry the number of rows through
            large = table.ndim == 2 and table.size >= SMALLEST_TABLE and table.any()
            if large and table.itemsize > shorter_than:
                tables[tensor.name] = table
    return tables


def _straight_from_inputs(proto: onnx.ModelProto) -> set[str]:
    """The inputs, and what is nothing but them, centred or in another precision."""
    names = {value.name for value in proto.graph.input}
    for node in proto.graph.node:
        if node.op_type in ("Cast", "Sub") and node.input[0] in names:
            names.update(node.output)
    return names


def _as_float32(table: np.ndarray) -> tuple[np.ndarray, float]:
    return table.astype(np.float32), 1.0


def _as_float16(table: np.ndarray) -> tuple[np.ndarray, float]:
    largest = float(np.abs(table).max())
    scale = 1.0
    if largest > 0 and not _HALF_SMALL <= largest <= _HALF_LARGE:
        scale = float(2.0 ** np.round(np.log2(largest)))
    return (table / scale).astype(np.float16), scale


def _as_int8(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    largest = np.abs(table).max(axis=0)
    scale = np.where(largest > 0, largest / 127, 1.0).astype(np.float32)
    return np.clip(np.rint(table / scale), -127, 127).astype(np.int8), scale


_STORE: dict[str, Callable[[np.ndarray], tuple[np.ndarray, Any]]] = {
    "float32": _as_float32,
    "float16": _as_float16,
    "int8": _as_int8,
}


def _nothing_to_store(proto: onnx.ModelProto) -> NotPossible:
    if any(node.op_type == "TreeEnsemble" for node in proto.graph.node):
        return _only_trees()
    return NotPossible(**_TEXTS.say("variant.no_table", least=SMALLEST_TABLE))


def _nothing_to_quantise(proto: onnx.ModelProto) -> NotPossible:
    tables = _weight_tables(proto, shorter_than=1)
    if any(_product_of(node, tables) == np.float64 for node in proto.graph.node):
        return NotPossible(**_TEXTS.say("variant.double_precision"))
    if any(node.op_type == "TreeEnsemble" for node in proto.graph.node):
        return _only_trees()
    return NotPossible(**_TEXTS.say("variant.no_product", least=SMALLEST_TABLE))


def _product_of(node: onnx.NodeProto, tables: Mapping[str, np.ndarray]) -> np.dtype[Any] | None:
    """Precision of a matrix product with one of these tables; None for any other node."""
    if node.op_type in ("Gemm", "MatMul") and node.input[1] in tables:
        return tables[node.input[1]].dtype
    return None


def _only_trees() -> NotPossible:
    return NotPossible(**_TEXTS.say("variant.only_trees"))


def _quantize_dynamic() -> Callable[..., None]:
    from frugal.surrogates.onnx.runtime import quantization

    return cast("Callable[..., None]", quantization().quantize_dynamic)


def _load(model: bytes) -> onnx.ModelProto:
    import onnx

    return onnx.load_from_string(model)


def _replace(field: Any, values: list[Any]) -> None:
    del field[:]
    field.extend(values)


def _finished(proto: onnx.ModelProto) -> bytes:
    from onnx import checker

    proto.ir_version = IR_VERSION
    checker.check_model(proto, full_check=True)
    return serialise(proto)
