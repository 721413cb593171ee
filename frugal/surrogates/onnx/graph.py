"""Writer of ONNX graphs in plain operators, and the session that runs them.

Operator set 17, ai.onnx.ml 5 and IR 8 are fixed, because the browser runtime (onnxruntime-web 1.30) refuses
what the onnx package writes by default. onnx is imported only when a graph is written, onnxruntime only when
one is run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from frugal.errors import UnusableInputError, printable
from frugal.surrogates.onnx.digest import graph_digest, strip_metadata

if TYPE_CHECKING:
    import onnx

    from frugal.surrogates.onnx.runtime import onnxruntime

__all__ = [
    "IR_VERSION",
    "ML_OPSET",
    "OPSET",
    "Graph",
    "first_line",
    "graph_digest",
    "run_within",
    "serialise",
    "session",
    "strip_metadata",
]

OPSET = 17
ML_OPSET = 5
IR_VERSION = 8

#: Rows that a graph is asked at a time: it may hold hundreds of numbers for each, of the runs and centres that it looks at.
ROWS_AT_A_TIME = 8192


class Graph:
    """An ONNX graph under construction.

    Tensors are handled by their names. Names are numbered in the order of construction; equal constants are stored once, and
    equal nodes written once, so that the same calls always give the same bytes.

    Parameters
    ----------
    name : str
        Name of the graph.
    """

    def __init__(self, name: str = "frugal") -> None:
        self.name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._initializers: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._doubles: set[str] = set()
        self._known: dict[tuple[Any, ...], tuple[str, ...]] = {}
        self._tensors = 0
        self._uses_ml = False

    def input(self, name: str, n_columns: int, dtype: Any = np.float32) -> str:
        """Declare an input ``[n, n_columns]`` with a free number of rows, and return its name.

        Parameters
        ----------
        name : str
            By which the session is asked; ``inputs`` in every file of ours.
        n_columns : int
        dtype
            Element type: float32 in what ships, float64 where that rounds an input too much.
        """
        from onnx import helper

        element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self._inputs.append(helper.make_tensor_value_info(name, element, ["n", n_columns]))
        if np.dtype(dtype) == np.float64:
            self._doubles.add(name)
        return name

    def takes_double(self, tensor: str) -> bool:
        """Whether a tensor is an input of the graph in float64."""
        return tensor in self._doubles

    def constant(self, value: Any, dtype: Any = np.float32) -> str:
        """Add a constant tensor and return its name; an equal one that exists already is used again."""
        from onnx import numpy_helper

        array = np.ascontiguousarray(np.asarray(value, dtype=dtype)).reshape(np.shape(value))
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            name = f"_c{len(self._constants)}"
            self._constants[key] = name
            self._initializers.append(numpy_helper.from_array(array, name))
        return self._constants[key]

    @overload
    def op(
        self, operator: str, *inputs: str, domain: str = ..., outputs: Literal[1] = ..., **attributes: Any
    ) -> str: ...

    @overload
    def op(
        self, operator: str, *inputs: str, domain: str = ..., outputs: int, **attributes: Any
    ) -> tuple[str, ...]: ...

    def op(
        self, operator: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any
    ) -> str | tuple[str, ...]:
        """Add a node.

        Parameters
        ----------
        operator : str
            Name of the ONNX operator.
        *inputs : str
            Names of the tensors it reads; an empty name leaves an optional input out.
        domain : str
            ``""`` for the standard operators, ``"ai.onnx.ml"`` for those of machine learning.
        outputs : int
            Number of tensors the node gives.
        **attributes
            Attributes of the node; NumPy arrays become tensors.

        Returns
        -------
        str or tuple of str
            Name of the output, or the names of all when ``outputs`` is above 1.
        """
        from onnx import helper, numpy_helper

        told = sorted((key, _plain(value)) for key, value in attributes.items())
        asked = (operator, domain, inputs, outputs, repr(told))
        if asked in self._known:  # every operator that is written here gives the same for the same
            known = self._known[asked]
            return known[0] if outputs == 1 else known
        names = self._known[asked] = tuple(f"_t{self._tensors + i}" for i in range(outputs))
        self._tensors += outputs
        self._uses_ml |= domain == "ai.onnx.ml"
        values = {
            key: numpy_helper.from_array(value) if isinstance(value, np.ndarray) else value
            for key, value in attributes.items()
        }
        self._nodes.append(helper.make_node(operator, list(inputs), list(names), domain=domain, **values))
        return names[0] if outputs == 1 else names

    def cast(self, tensor: str, dtype: Any) -> str:
        """Convert a tensor to another element type."""
        from onnx import helper

        return self.op("Cast", tensor, to=int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype))))

    def finish(
        self,
        outputs: Sequence[tuple[str, str, int, Sequence[int | str]]],
        metadata: Mapping[str, str] | None = None,
    ) -> onnx.ModelProto:
        """Close the graph and check it, types and shapes included.

        Parameters
        ----------
        outputs : sequence of (name, tensor, onnx element type, trailing shape)
            The shape after the dimension of rows: ``(m,)`` for ``[n, m]``, ``()`` for ``[n]``.
        metadata : mapping of str to str, optional
            Written to ``metadata_props`` in alphabetical order.

        Returns
        -------
        onnx.ModelProto
            `serialise` gives its bytes.

        Raises
        ------
        onnx.checker.ValidationError, onnx.shape_inference.InferenceError
            If the graph is not valid.
        """
        from onnx import checker, helper

        declared = []
        nodes = list(self._nodes)
        for name, tensor, element, shape in outputs:
            nodes.append(helper.make_node("Identity", [tensor], [name]))
            declared.append(helper.make_tensor_value_info(name, element, ["n", *shape]))
        nodes, read = _needed(nodes, {name for name, *_ in outputs})
        constants = [constant for constant in self._initializers if constant.name in read]
        graph = helper.make_graph(nodes, self.name, self._inputs, declared, constants)
        imports = [helper.make_opsetid("", OPSET)]
        if self._uses_ml:
            imports.append(helper.make_opsetid("ai.onnx.ml", ML_OPSET))
        model = helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION, producer_name="frugal")
        if metadata:
            helper.set_model_props(model, dict(sorted(metadata.items())))
        checker.check_model(model, full_check=True)
        return model


def _needed(nodes: Sequence[onnx.NodeProto], wanted: set[str]) -> tuple[list[onnx.NodeProto], set[str]]:
    """Nodes that the wanted tensors come from, in order, and the names of all tensors that these read."""
    read, kept = set(wanted), []
    for node in reversed(nodes):
        if read.intersection(node.output):
            read.update(node.input)
            kept.append(node)
    return kept[::-1], read


def _plain(value: Any) -> Any:
    return (value.dtype.str, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value


def serialise(model: onnx.ModelProto) -> bytes:
    """Bytes of a model, always the same for the same model."""
    return bytes(model.SerializeToString(deterministic=True))


def session(model: bytes) -> onnxruntime.InferenceSession:
    """Open a model for prediction on one CPU thread.

    More threads do not shorten a call of these small graphs, and threads that spin while they wait for work
    cost more processor time than the call itself.

    Raises
    ------
    UnusableInputError
        If it is no graph that can be run.
    """
    from frugal.surrogates.onnx.runtime import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4  # what fails is raised; its log would be printed beside
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except MemoryError:
        raise
    except Exception as fault:  # onnxruntime raises classes of its own, made at run time
        raise UnusableInputError(f"the graph cannot be run: {first_line(fault)}") from fault


def first_line(fault: Exception) -> str:
    """The first line of what a library says, without control characters and not longer than a sentence."""
    return " ".join(printable((str(fault).splitlines() or [""])[0]).split())[:200]


def run_within(
    model: onnxruntime.InferenceSession, names: Sequence[str], inputs: Mapping[str, np.ndarray], seconds: float
) -> list[np.ndarray]:
    """Run a graph that may hold a loop without an end, and stop it after some seconds of the clock.

    Raises
    ------
    TimeoutError
        If it took longer.
    """
    import threading

    from frugal.surrogates.onnx.runtime import onnxruntime

    options = onnxruntime.RunOptions()
    options.log_severity_level = 4
    late = threading.Event()

    def stop() -> None:
        late.set()
        options.terminate = True

    timer = threading.Timer(seconds, stop)
    timer.daemon = True
    timer.start()
    try:
        return list(model.run(names, dict(inputs), options))
    except Exception as fault:  # onnxruntime raises classes of its own, made at run time
        if late.is_set():
            raise TimeoutError(f"no answer in {seconds:g} s") from fault
        raise
    finally:
        timer.cancel()
