"""Cases of graphs: protobufs with turned bits, other operators, shapes, constants, outputs and metadata, and foreign ones."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper, numpy_helper

from frugal.surrogates.onnx.digest import graph_digest
from fuzzing import bundles
from fuzzing.case import Case, odd
from fuzzing.mutations import json_bytes, spoilt_bytes, spoilt_json

GRAPHS = ("model", "linear", "quadratic", "constant", "gaussian_process", "mlp", "table")
#: Tens of thousands of fields of one kind, before anybody looks at their content.
OPERATORS = (
    *(
        "Add",
        "MatMul",
        "Identity",
        "Relu",
        "Exp",
        "Log",
        "Sqrt",
        "Shape",
        "Loop",
        "If",
        "Scan",
        "Reshape",
        "Gather",
        "Cast",
    ),
    *(
        "Squeeze",
        "Unsqueeze",
        "Concat",
        "Expand",
        "Tile",
        "ReduceSum",
        "TreeEnsembleRegressor",
        "Gemm",
        "Div",
        "NoSuchOp",
    ),
    *(
        "RandomNormal",
        "NonZero",
        "Range",
        "StringNormalizer",
        "SequenceConstruct",
        "Optional",
        "Resize",
        "ConstantOfShape",
    ),
)


@lru_cache
def _model(workshop: Path, study: str, name: str) -> onnx.ModelProto | None:
    bundle = workshop / "bundles" / study
    path = bundle / "model.onnx" if name == "model" else bundle / "alternatives" / f"{name}.onnx"
    return onnx.load(path) if path.is_file() else None


def make(rng: random.Random, workshop: Path, folder: Path) -> Case:
    """A question to a graph that is not what it was, alone or in its bundle."""
    study = rng.choice(("weir", "weir", "pond"))
    known = _model(workshop, study, rng.choice(GRAPHS)) or _model(workshop, study, "linear")
    assert known is not None
    if rng.random() < 0.12:
        model, told = rng.choice(_FOREIGN)(rng, known)
    else:
        model = onnx.ModelProto()
        model.CopyFrom(known)
        told = "; ".join(rng.choice(_CHANGES)(rng, model) for _ in range(rng.choice((1, 1, 1, 2))))
    content = model.SerializeToString()
    if rng.random() < 0.75:
        _set(model, "frugal.graph_sha256", graph_digest(content))
        content = model.SerializeToString()
        told += "; hashed again"
    if rng.random() < 0.12:
        content, how = spoilt_bytes(rng, content)
        told += f"; {how}"
    if rng.random() < 0.06:  # a field after all others: a text that is no UTF-8, or a group that never ends
        content += rng.choice((b"\x72\x06\x0a\x01\xff\x12\x01\xfe", b"\x0b" * 50, b"\x72\x02\x0a\x05", b"\xff" * 12))
        told += "; bytes behind it"
    return _case(rng, workshop, folder, study, content, told)


def _case(rng: random.Random, workshop: Path, folder: Path, study: str, content: bytes, told: str) -> Case:
    ask = list(bundles.ASKED[study])
    name = "graph.onnx"
    if rng.random() < 0.15:
        bundle = folder / "bundles" / study
        shutil.copytree(workshop / "bundles" / study, bundle)
        (bundle / "model.onnx").write_bytes(content)
        if rng.random() < 0.8:
            bundles.seal_again(bundle)
        name = f"bundles/{study}"
    else:
        (folder / name).write_bytes(content)
        (folder / "weights.bin").write_bytes(bytes(4096))
    if study == "weir" and rng.random() < 0.2:
        shutil.copy(workshop / "ask.csv", folder / "ask.csv")
        ask = ["--csv", "ask.csv"]
    elif rng.random() < 0.2:
        ask += ["--out", "out.nc"]
    ask += rng.choice(([], [], ["--json"], ["--extrapolate"], ["--lang", "fr"]))
    names = (name, "graph", "answer", "input", "entrée", "output", "sortie", "ask.csv")
    return Case("cli", ["predict", name, *ask], told, names=names, targets=("out.nc",), seconds=30.0, group="graphs")


def _set(model: onnx.ModelProto, key: str, value: str) -> None:
    for entry in model.metadata_props:
        if entry.key == key:
            entry.value = value
            return
    model.metadata_props.add(key=key, value=value)


def _of(model: onnx.ModelProto, key: str) -> str:
    return next((entry.value for entry in model.metadata_props if entry.key == key), "")


def _told_of(model: onnx.ModelProto) -> Any:
    """What the metadata say of the study; nothing where that was spoilt before."""
    try:
        study = json.loads(_of(model, "frugal.study") or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(study, dict) or not all(isinstance(study.get(name, []), list) for name in ("inputs", "outputs")):
        return {}
    return study


def _study_told(rng: random.Random, model: onnx.ModelProto) -> str:
    changed, told = json_bytes(rng, _told_of(model))
    _set(model, "frugal.study", changed.decode("utf-8", "replace"))
    return f"study: {told}"


def _study_value(rng: random.Random, model: onnx.ModelProto) -> str:
    changed, told = spoilt_json(rng, _told_of(model), rng.choice((1, 2)))
    _set(model, "frugal.study", json.dumps(changed))
    return f"study: {told}"


def _unit(rng: random.Random, model: onnx.ModelProto) -> str:
    study = _told_of(model)
    parts = [part for name in ("inputs", "outputs") for part in study.get(name) or [] if isinstance(part, dict)] or [{}]
    place = rng.choice(parts)
    key, value = rng.choice(("unit", "name", "label", "title")), odd(rng)
    place[key] = {"en": value, "fr": value} if key in ("label", "title") else value
    _set(model, "frugal.study", json.dumps(study))
    return f"{key} = {value[:30]!r}"


def _metadata(rng: random.Random, model: onnx.ModelProto) -> str:
    entry = rng.choice(list(model.metadata_props) or [model.metadata_props.add(key="a", value="b")])
    if rng.random() < 0.3:
        key = entry.key
        model.metadata_props.remove(entry)
        return f"metadata {key} taken out"
    entry.value = odd(rng).encode("utf-8", "replace").decode()
    return f"metadata {entry.key} = {entry.value[:30]!r}"


def _operator(rng: random.Random, model: onnx.ModelProto) -> str:
    node = rng.choice(model.graph.node)
    old, node.op_type = node.op_type, rng.choice(OPERATORS)
    if rng.random() < 0.1:
        node.domain = rng.choice(("ai.onnx.ml", "com.microsoft", "no.where"))
    return f"{old} is {node.op_type}"


def _node(rng: random.Random, model: onnx.ModelProto) -> str:
    nodes = model.graph.node
    k = rng.randrange(len(nodes))
    way = rng.randrange(5)
    if way == 0:
        del nodes[k]
        return f"node {k} taken out"
    if way == 1 and nodes[k].input:
        nodes[k].input[rng.randrange(len(nodes[k].input))] = rng.choice(("", "absent", nodes[k].output[0], "inputs"))
        return f"node {k} reads {list(nodes[k].input)}"
    if way == 2 and nodes[k].attribute:
        attribute = rng.choice(nodes[k].attribute)
        attribute.i = rng.choice((-1, 99, 2**40))
        return f"attribute {attribute.name} = {attribute.i}"
    if way == 3:
        nodes[k].output[0] = rng.choice(("", "flow", "inputs", "x"))
        return f"node {k} gives {nodes[k].output[0]!r}"
    other = rng.randrange(len(nodes))
    one, two = onnx.NodeProto(), onnx.NodeProto()
    one.CopyFrom(nodes[k])
    two.CopyFrom(nodes[other])
    nodes[k].CopyFrom(two)
    nodes[other].CopyFrom(one)
    return f"nodes {k} and {other} changed places"


def _constant(rng: random.Random, model: onnx.ModelProto) -> str:
    if not model.graph.initializer:
        return "nothing"
    tensor = rng.choice(model.graph.initializer)
    way = rng.randrange(5)
    if way == 0 and tensor.data_type == TensorProto.FLOAT:
        values = numpy_helper.to_array(tensor).copy()
        values.flat[rng.randrange(max(values.size, 1)) if values.size else slice(0)] = rng.choice(
            (float("nan"), float("inf"), -1e30, 0.0)
        )
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
        return f"{tensor.name} holds {values.flat[0] if values.size else ''}"
    if way == 1:
        tensor.dims[:] = rng.choice(((), (0,), (-1,), (2**40,), (1, 1), (3,), (2**62, 4)))
        return f"{tensor.name} has shape {list(tensor.dims)}"
    if way == 2:
        tensor.data_type = rng.choice((0, 1, 2, 6, 7, 8, 9, 10, 11, 14, 16, 99))
        return f"{tensor.name} is of type {tensor.data_type}"
    if way == 3:
        tensor.data_location = TensorProto.EXTERNAL
        place = rng.choice(("weights.bin", "absent.bin", "/etc/passwd", "../graph.onnx", "graph.onnx"))
        tensor.external_data.add(key="location", value=place)
        tensor.external_data.add(key="offset", value=rng.choice(("0", "-1", "9999999999", "x")))
        tensor.ClearField("raw_data")
        return f"{tensor.name} lies in {place}"
    tensor.raw_data = tensor.raw_data[: rng.choice((0, 1, 5))]
    return f"{tensor.name} is cut"


def _declared(rng: random.Random, model: onnx.ModelProto) -> str:  # noqa: PLR0911
    graph = model.graph
    way = rng.randrange(8)
    if way == 0 and graph.output:
        del graph.output[rng.randrange(len(graph.output))]
        return "an output taken out"
    if way == 1:
        del graph.output[:]
        return "no output"
    if way == 2 and graph.output:
        output = rng.choice(graph.output)
        output.type.tensor_type.elem_type = rng.choice((0, 1, 7, 8, 9, 11, 99))
        return f"output of type {output.type.tensor_type.elem_type}"
    if way == 3 and graph.output:
        output = rng.choice(graph.output)
        output.type.tensor_type.ClearField("shape")
        return "output of no shape"
    if way == 4:
        graph.input.add().CopyFrom(helper.make_tensor_value_info(odd(rng) or "more", TensorProto.FLOAT, ["n", 1]))
        return "one more input"
    if way == 5 and graph.input:
        dims = graph.input[0].type.tensor_type.shape.dim
        rng.choice(dims).dim_value = rng.choice((1, 3, 7, 0, -5, 2**40))
        return "input of another shape"
    if way == 6 and graph.input:
        graph.input[0].type.tensor_type.elem_type = rng.choice((7, 11, 8, 10))
        return "input of another type"
    graph.output.add().CopyFrom(rng.choice(graph.output)) if graph.output else None
    return "an output twice"


def _scalar(rng: random.Random, model: onnx.ModelProto) -> str:
    """An output that is one number, or has other rows, for the whole question."""
    if not model.graph.output:
        return "nothing"
    output = rng.choice(model.graph.output)
    dims = rng.choice(((), (), (0,), (5,), (1, 1, 1), (2, 3), (0, 4)))
    values = helper.make_tensor(
        "c", TensorProto.FLOAT, dims, [1.0] * (1 if not dims else int(__import__("math").prod(dims)))
    )
    for node in list(model.graph.node):
        if output.name in node.output:
            model.graph.node.remove(node)
    model.graph.node.append(helper.make_node("Constant", [], [output.name], value=values))
    output.CopyFrom(helper.make_tensor_value_info(output.name, TensorProto.FLOAT, None))
    return f"output {output.name} of shape {dims}"


def _header(rng: random.Random, model: onnx.ModelProto) -> str:
    way = rng.randrange(4)
    if way == 0:
        model.ir_version = rng.choice((0, 1, 3, 99, 2**40))
        return f"IR {model.ir_version}"
    if way == 1:
        del model.opset_import[:]
        return "no operator set"
    if way == 2 and model.opset_import:
        model.opset_import[0].version = rng.choice((0, 1, 7, 99, -1))
        return f"operator set {model.opset_import[0].version}"
    model.functions.add(name="f", domain="no.where")
    return "a function"


_CHANGES: tuple[Callable[[random.Random, onnx.ModelProto], str], ...] = (
    *(_study_told, _study_value, _study_value, _unit, _metadata, _operator, _operator, _node, _node, _constant),
    *(_constant, _declared, _declared, _scalar, _header),
)


def _bare(name: str, nodes: list[onnx.NodeProto], known: onnx.ModelProto, keep: bool, **more: Any) -> onnx.ModelProto:
    """A graph of somebody else's, with the metadata of ours where it pretends."""
    info = helper.make_tensor_value_info
    inputs = [known.graph.input[0]]
    outputs = [info(output.name, TensorProto.FLOAT, None) for output in known.graph.output]
    graph = helper.make_graph(nodes, name, inputs, outputs, **more)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if keep:
        model.metadata_props.extend(known.metadata_props)
    return model


def _endless(rng: random.Random, known: onnx.ModelProto) -> tuple[onnx.ModelProto, str]:
    """A loop whose condition stays true."""
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["go_in"], ["go_out"]), helper.make_node("Identity", ["x_in"], ["x_out"])],
        "body",
        [info("k", TensorProto.INT64, []), info("go_in", TensorProto.BOOL, []), info("x_in", TensorProto.FLOAT, None)],
        [info("go_out", TensorProto.BOOL, []), info("x_out", TensorProto.FLOAT, None)],
    )
    true = helper.make_tensor("true", TensorProto.BOOL, [], [True])
    nodes = [helper.make_node("Loop", ["", "true", "inputs"], ["x"], body=body)]
    nodes += [helper.make_node("Identity", ["x"], [output.name]) for output in known.graph.output]
    rounds = rng.random() < 0.5
    if rounds:
        nodes[0].input[0] = "rounds"
    more = [true, helper.make_tensor("rounds", TensorProto.INT64, [], [2**62])] if rounds else [true]
    return _bare("endless", nodes, known, rng.random() < 0.9, initializer=more), "a loop without an end"


def _other(rng: random.Random, known: onnx.ModelProto) -> tuple[onnx.ModelProto, str]:
    """One operator on the inputs for every output."""
    operator = rng.choice(
        ("Identity", "Exp", "Log", "Sqrt", "Shape", "NonZero", "Size", "IsNaN", "Transpose", "ReduceSum")
    )
    nodes = [helper.make_node(operator, ["inputs"], [output.name]) for output in known.graph.output]
    return _bare("other", nodes, known, rng.random() < 0.7), f"somebody's {operator}"


def _huge(rng: random.Random, known: onnx.ModelProto) -> tuple[onnx.ModelProto, str]:
    """An answer of more numbers than any memory holds, or of very many."""
    size = rng.choice((10**7, 10**10, 10**13, 2**62))
    shape = helper.make_tensor("shape", TensorProto.INT64, [1], [size])
    nodes = [helper.make_node("ConstantOfShape", ["shape"], [output.name]) for output in known.graph.output]
    return _bare("huge", nodes, known, rng.random() < 0.8, initializer=[shape]), f"answers of {size} numbers"


_FOREIGN: tuple[Callable[[random.Random, onnx.ModelProto], tuple[onnx.ModelProto, str]], ...] = (
    *(_other, _other, _other, _other, _huge, _endless),
)
