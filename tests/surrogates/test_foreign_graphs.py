"""Graphs that somebody else wrote or spoilt: refused in one sentence, told, or stopped; never without a word."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from studies_for_tests import linear_study

from frugal.errors import UnusableInputError
from frugal.surrogates.bundle import predictor as room
from frugal.surrogates.bundle.predictor import Predictor
from frugal.surrogates.onnx.export import Domain, write_graph
from frugal.surrogates.onnx.inspection import inspect_graph

Change = Callable[[onnx.ModelProto], None]


@pytest.fixture(scope="module")
def good() -> bytes:
    study = linear_study()
    weights = np.ones((len(study.columns), study.output_size))
    low, high = (np.array([getattr(column, end) for column in study.columns]) for end in ("low", "high"))
    return write_graph(
        study,
        "linear",
        lambda graph, x: graph.op("MatMul", x, graph.constant(weights)),
        np.full(study.output_size, 0.1),
        Domain(low, high),
    )


def changed(good: bytes, folder: Path, change: Change) -> Path:
    model = onnx.load_from_string(good)
    change(model)
    path = folder / "graph.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def outputs_of(model: onnx.ModelProto) -> list[str]:
    return [output.name for output in model.graph.output]


def without_outputs(model: onnx.ModelProto) -> None:
    del model.graph.output[:]


def without_one_output(model: onnx.ModelProto) -> None:
    del model.graph.output[0]


def other_inputs(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, ["n", 1]))


def scalar_answers(model: onnx.ModelProto) -> None:
    name = outputs_of(model)[0]
    for node in list(model.graph.node):
        if name in node.output:
            model.graph.node.remove(node)
    number = helper.make_tensor("c", TensorProto.FLOAT, [], [1.0])
    model.graph.node.append(helper.make_node("Constant", [], [name], value=number))
    model.graph.output[0].type.tensor_type.ClearField("shape")


def fails_when_asked(model: onnx.ModelProto) -> None:
    """The inputs are cut into rows of seven, which they are not."""
    name = outputs_of(model)[0]
    for node in list(model.graph.node):
        if name in node.output:
            model.graph.node.remove(node)
    model.graph.initializer.append(numpy_helper.from_array(np.array([-1, 7]), "sevens"))
    model.graph.node.append(helper.make_node("Reshape", ["inputs", "sevens"], [name]))
    model.graph.output[0].type.tensor_type.ClearField("shape")


def deep_metadata(model: onnx.ModelProto) -> None:
    next(entry for entry in model.metadata_props if entry.key == "frugal.study").value = "[" * 100_000


def elsewhere(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (without_outputs, "cannot be run|does not give"),
        (without_one_output, "its graph does not give"),
        (other_inputs, r"inputs \[n, \d+\] are needed"),
        (scalar_answers, r"of shape \(\)"),
        (fails_when_asked, "cannot answer: "),
        (deep_metadata, "its metadata cannot be read"),
        (elsewhere, "in another file, which no hash covers"),
    ],
)
def test_a_graph_that_does_not_answer_its_study_is_refused_in_one_line(
    good: bytes, tmp_path: Path, change: Change, told: str
) -> None:
    path = changed(good, tmp_path, change)
    (tmp_path / "weights.bin").write_bytes(bytes(4096))
    with pytest.raises(UnusableInputError, match=told) as refused:
        asked = Predictor(path)
        asked(np.full((1, len(asked.layout.columns)), 0.5), extrapolate=True)
    assert str(path) in str(refused.value) and str(refused.value).isprintable()


def test_metadata_that_are_no_text_are_refused(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "graph.onnx"
    path.write_bytes(good + b"\x72\x06\x0a\x01a\x12\x01\xff")  # one more of them, whose value is the byte 255
    with pytest.raises(UnusableInputError, match="metadata are not text"):
        Predictor(path)


def loop(rounds: str, *outputs: str) -> list[onnx.NodeProto]:
    """Pass the inputs through a loop, which gives them to every output."""
    info = helper.make_tensor_value_info
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["x"], ["same"])],
        "body",
        [info("k", TensorProto.INT64, []), info("go", TensorProto.BOOL, []), info("x", TensorProto.FLOAT, None)],
        [info("on", TensorProto.BOOL, []), info("same", TensorProto.FLOAT, None)],
    )
    passed = helper.make_node("Loop", [rounds, "true", "inputs"], ["passed"], body=body)
    return [passed, *(helper.make_node("Identity", ["passed"], [name]) for name in outputs)]


TRUE = helper.make_tensor("true", TensorProto.BOOL, [], [True])


def test_a_loop_without_an_end_is_stopped(good: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = outputs_of(onnx.load_from_string(good))
    monkeypatch.setattr(room, "SECONDS_FOR_AN_ANSWER", 0.2)
    path = changed(good, tmp_path, lambda model: None)
    model = onnx.load(path)
    answers = [name for name in names if name != "in_domain"]
    kept = [node for node in model.graph.node if not set(node.output) & set(answers)]
    del model.graph.node[:]
    model.graph.node.extend([*kept, *loop("", *answers)])
    model.graph.initializer.append(TRUE)
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    path.write_bytes(model.SerializeToString())
    asked = Predictor(path)
    assert "Loop" in asked.doubts[0]["en"] and "Loop" in asked.doubts[0]["fr"]
    with pytest.raises(UnusableInputError, match=r"no answer in 0\.2 s"):
        asked(np.full((1, len(asked.layout.columns)), 0.5), extrapolate=True)


def test_who_wrote_a_graph_is_told(good: bytes, tmp_path: Path) -> None:
    ours = Predictor(changed(good, tmp_path, lambda model: None))
    assert ["hash" in note["en"] for note in ours.doubts] == [True]  # it never went through an audit

    def renamed(model: onnx.ModelProto) -> None:
        model.producer_name = "pytorch\x1b[1m"

    theirs = Predictor(changed(good, tmp_path, renamed))
    assert len(theirs.doubts) == 1 and "pytorch" in theirs.doubts[0]["en"] and theirs.doubts[0]["en"].isprintable()


def test_operators_that_hide_others_are_found() -> None:
    graph = helper.make_graph(
        [
            helper.make_node("If", ["c"], ["y"], then_branch=helper.make_graph(loop("", "z"), "then", [], [])),
            helper.make_node("Anything", [], ["w"], domain="no.where"),
        ],
        "outer",
        [],
        [],
    )
    found = inspect_graph(helper.make_model(graph).SerializeToString())
    assert found.foreign == ["If", "Loop", "no.where.Anything"] and found.may_not_end
    plain = helper.make_model(helper.make_graph([helper.make_node("Add", ["a", "b"], ["c"])], "plain", [], []))
    assert not inspect_graph(plain.SerializeToString()).foreign
    assert not inspect_graph(plain.SerializeToString()).may_not_end


def test_a_tensor_of_a_node_that_lies_elsewhere_is_found() -> None:
    tensor = TensorProto(name="far", data_type=TensorProto.FLOAT, dims=[2], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/passwd")
    graph = helper.make_graph([helper.make_node("Constant", [], ["c"], value=tensor)], "g", [], [])
    assert inspect_graph(helper.make_model(graph).SerializeToString()).elsewhere == ["far"]


def test_answers_that_are_no_numbers_are_counted(good: bytes, tmp_path: Path) -> None:
    """The weights of one column are infinite: 0 times infinity is no number, 1 times infinity no finite one."""

    def infinite(model: onnx.ModelProto) -> None:
        for tensor in model.graph.initializer:
            values = numpy_helper.to_array(tensor)
            if values.shape == (2, 1) or (values.ndim == 2 and (values == 1).all()):
                tensor.CopyFrom(numpy_helper.from_array(np.full_like(values, np.inf), tensor.name))

    asked = Predictor(changed(good, tmp_path, infinite))
    rows = np.zeros((3, len(asked.layout.columns)))
    answers = asked(rows, extrapolate=True)
    assert asked.without_number(answers) == {asked.outputs[0].name: 3}


def test_control_characters_of_a_graph_reach_nobody(good: bytes, tmp_path: Path) -> None:
    def coloured(model: onnx.ModelProto) -> None:
        entry = next(entry for entry in model.metadata_props if entry.key == "frugal.study")
        study = json.loads(entry.value)
        study["outputs"][0]["unit"] = "\x1b[31mm\x07\u202e"
        entry.value = json.dumps(study)

    asked = Predictor(changed(good, tmp_path, coloured))
    assert asked.outputs[0].unit == "\ufffd[31mm\ufffd\ufffd"


def test_rows_of_a_table_whose_answer_is_no_number_are_counted(good: bytes, tmp_path: Path) -> None:
    from frugal.surrogates.bundle.prediction_table import RowsTold, answer_table

    def broken(model: onnx.ModelProto) -> None:
        for tensor in model.graph.initializer:
            values = numpy_helper.to_array(tensor)
            if values.ndim == 2 and (values == 1).all():
                tensor.CopyFrom(numpy_helper.from_array(np.full_like(values, np.nan), tensor.name))

    asked = Predictor(changed(good, tmp_path, broken))
    names = [column.name for column in asked.layout.columns]
    (tmp_path / "ask.csv").write_text(",".join(names) + "\n" + "0.5,0.5,0.5\n" * 4)
    told = RowsTold()
    assert sum(len(block) for block in answer_table(asked, tmp_path / "ask.csv", told=told)) == 4
    assert told.without_number == {asked.outputs[0].name: 4}
