"""What a graph holds that decides whether it may be run, found in its bytes before any runtime sees them.

A file in the format of our graphs may have been written by anybody. It must not read other files, and it must end: only loops,
and what may hide one, can go on for ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from frugal.errors import UnusableInputError, printable
from frugal.surrogates.onnx.wire import WireField, fields

#: Who writes it into a graph as its producer.
PRODUCER = "frugal"
#: Domains of the operators that graphs of ours are made of.
DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
#: Operators with graphs inside, none of which we write; the second may go round without end.
_BRANCHES, _LOOPS = ("If", "SequenceMap"), ("Loop", "Scan")
_DEEPEST = 16

# WireField numbers of onnx/onnx.proto.
_MODEL_PRODUCER, _MODEL_GRAPH, _MODEL_FUNCTION = 2, 7, 25
_GRAPH_NODE, _GRAPH_CONSTANT, _GRAPH_SPARSE = 1, 5, 15
_NODE_ATTRIBUTE, _NODE_OPERATOR, _NODE_DOMAIN = 5, 4, 7
_ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS, _ATTRIBUTE_SPARSE = (5, 10), (6, 11), (22, 23)
_TENSOR_NAME, _TENSOR_ELSEWHERE, _TENSOR_LOCATION = 8, 13, 14
_FUNCTION_NODE = 7


@dataclass
class Inspected:
    """What was found.

    Attributes
    ----------
    producer : str
        Program that says it wrote the graph.
    foreign : list of str
        Operators that no graph of ours holds.
    elsewhere : list of str
        Tensors whose values lie in another file.
    may_not_end : bool
        There is a loop, or something that may hold one.
    """

    producer: str = ""
    foreign: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    may_not_end: bool = False


def inspect_graph(model: bytes) -> Inspected:
    """Look through a serialised model.

    Parameters
    ----------
    model : bytes

    Raises
    ------
    UnusableInputError
        If the bytes are not a protobuf message, or graphs stand in graphs without end.
    """
    found = Inspected()
    for part in fields(model):
        if part.number == _MODEL_PRODUCER:
            found.producer = _text(part)
        elif part.number == _MODEL_GRAPH:
            _look_into_graph(part, found, 0)
        elif part.number == _MODEL_FUNCTION:
            found.may_not_end = True
            found.foreign.append("a function")
            for inner in fields(part.content):
                if inner.number == _FUNCTION_NODE:
                    _look_into_node(inner, found, 0)
    return found


def _look_into_graph(graph: WireField, found: Inspected, depth: int) -> None:
    if depth > _DEEPEST:
        raise UnusableInputError(f"the model file is damaged: more than {_DEEPEST} graphs stand inside one another")
    for part in fields(graph.content):
        if part.number == _GRAPH_NODE:
            _look_into_node(part, found, depth)
        elif part.number == _GRAPH_CONSTANT:
            _look_into_tensor(part, found)
        elif part.number == _GRAPH_SPARSE:
            _look_into_sparse(part, found)


def _look_into_node(node: WireField, found: Inspected, depth: int) -> None:
    operator, domain, attributes = "", "", []
    for part in fields(node.content):
        if part.number == _NODE_OPERATOR:
            operator = _text(part)
        elif part.number == _NODE_DOMAIN:
            domain = _text(part)
        elif part.number == _NODE_ATTRIBUTE:
            attributes.append(part.content)
    strange = operator in (*_LOOPS, *_BRANCHES) or domain not in DOMAINS
    if strange:
        found.foreign.append(f"{domain}.{operator}".strip("."))
        found.may_not_end |= operator not in _BRANCHES or domain not in DOMAINS
    for attribute in attributes:
        # trees hold a million numbers, a field each; of other files a tensor tells by this word alone
        if strange or b"location" in bytes(attribute):
            _look_into_attribute(attribute, found, depth)


def _look_into_attribute(attribute: memoryview, found: Inspected, depth: int) -> None:
    for part in fields(attribute):
        if part.number in _ATTRIBUTE_TENSORS:
            _look_into_tensor(part, found)
        elif part.number in _ATTRIBUTE_SPARSE:
            _look_into_sparse(part, found)
        elif part.number in _ATTRIBUTE_GRAPHS:
            _look_into_graph(part, found, depth + 1)


def _look_into_sparse(sparse: WireField, found: Inspected) -> None:
    for part in fields(sparse.content):
        if part.number in (1, 2):  # values, indices
            _look_into_tensor(part, found)


def _look_into_tensor(tensor: WireField, found: Inspected) -> None:
    name, elsewhere = "", False
    for part in fields(tensor.content):
        if part.number == _TENSOR_NAME:
            name = _text(part)
        elif part.number == _TENSOR_ELSEWHERE or (part.number == _TENSOR_LOCATION and part.value != 0):
            elsewhere = True
    if elsewhere:
        found.elsewhere.append(name)


def _text(part: WireField) -> str:
    return printable(bytes(part.content[:200]).decode("utf-8", "replace"))
