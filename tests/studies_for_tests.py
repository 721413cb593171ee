"""Small studies that the tests plant; each has a known right answer."""

import socket
import sys
from dataclasses import replace

import numpy as np
import pytest

from frugal.experiments.study import Alternative, Answer, CallPattern, Need, Output, Study, Tolerance, Variable, formula
from frugal.experiments.study.design import Design
from frugal.surrogates.onnx.export import parity_points
from frugal.surrogates.onnx.graph import Graph, serialise, session

NEED = Need(
    functional_unit="one answer",
    tolerances={"y": Tolerance("nrmse", 0.02)},
    queries=(1e4, 1e6),
    call_patterns=(CallPattern("one at a time"), CallPattern("a thousand at once", rows=1000)),
)


def unit_inputs(d: int) -> tuple[Variable, ...]:
    return tuple(Variable(f"x{k}", "1", 0.0, 1.0) for k in range(d))


def linear_study(need: Need = NEED) -> Study:
    def solve(inputs: np.ndarray) -> dict[str, np.ndarray]:
        return {"y": 5.0 + inputs @ np.array([1.0, 2.0, 3.0])}

    coarse = formula("coarse", lambda x: {"y": 5.0 + 1.9 * x.sum(axis=1)}, kind="coarse_physics")
    return Study("linear", unit_inputs(3), (Output("y", "1"),), need, solve, alternatives=(coarse,), n_runs=64)


def constant_study(need: Need = NEED) -> Study:
    def solve(inputs: np.ndarray) -> dict[str, float]:
        return {"y": 7.0}

    coarse = formula("coarse", lambda x: {"y": np.full(len(x), 6.0)}, kind="coarse_physics")
    return Study("constant", unit_inputs(2), (Output("y", "1"),), need, solve, alternatives=(coarse,), n_runs=48)


def slow_study(need: Need = NEED, steps: int = 200_000) -> Study:
    """A smooth function of six inputs, reached by many small steps."""

    def solve(inputs: np.ndarray) -> dict[str, float]:
        total = np.sin(np.linspace(0.0, 1.0, steps) * (1.0 + inputs[0])).mean()
        value = np.exp(0.8 * inputs[1]) + inputs[2] * inputs[3] + np.cos(2 * inputs[4] + inputs[5]) + total
        return {"y": 4.0 + value}

    def build(inputs: np.ndarray, outputs: np.ndarray) -> Answer:
        return Answer(lambda x: {"y": 4.9 + np.exp(0.8 * x[:, 1])})

    coarse = Alternative("coarse", "coarse_physics", build)
    return Study("slow", unit_inputs(6), (Output("y", "1"),), need, solve, alternatives=(coarse,), n_runs=200)


def vector_study() -> Study:
    """A scalar and a vector output, one choice among the inputs."""

    def solve(inputs: np.ndarray) -> dict[str, np.ndarray]:
        months = np.arange(4.0)
        return {"total": 10 + inputs[0], "monthly": 1.0 + months * inputs[0] + inputs[1]}

    inputs = (Variable("a", "m", 0.0, 2.0), Variable("kind", "1", 0.0, 2.0, choices=("low", "mid", "high")))
    outputs = (Output("total", "m", low=0.0), Output("monthly", "kWh", ("month",), {"month": ["j", "f", "m", "a"]}))
    need = Need("one", {"total": Tolerance("rmse", 0.5), "monthly": Tolerance("nrmse", 0.05)}, queries=(10.0, 100.0))
    return Study("vector", inputs, outputs, need, solve, n_runs=32)


def reaching_for_the_network(study: Study, port: int, monkeypatch: pytest.MonkeyPatch) -> Study:
    """The study with a solver that tries to open a connection to 192.0.2.1 first; nothing leaves the machine."""

    class Unplugged(socket.socket):
        def connect(self, address: object) -> None:  # type: ignore[override]
            sys.audit("socket.connect", self, address)  # as the real one does
            raise OSError("unplugged")

    monkeypatch.setattr(socket, "socket", Unplugged)
    calm = study.solve
    assert calm is not None

    def solve(inputs: np.ndarray) -> object:
        try:
            socket.create_connection(("192.0.2.1", port), timeout=0.1)
        except OSError:
            return calm(inputs)
        raise AssertionError("the network must not be reached in tests")

    return replace(study, solve=solve)


def as_graph_and_as_numbers(
    study: Study, design: Design, outputs: np.ndarray, name: str
) -> tuple[np.ndarray, np.ndarray]:
    """What an alternative answers all over the inputs, by its graph and by Python."""
    alternative = next(a for a in study.alternatives if a.name == name)
    answer = study.answer_of(alternative, design.inputs, outputs)
    assert answer.graph is not None
    graph = Graph(name)
    y = answer.graph(graph, graph.input("inputs", len(study.columns)))
    model = serialise(graph.finish([("y", graph.cast(y, np.float32), 1, outputs.shape[1:])]))
    points = parity_points(study.columns, design.inputs, seed=1)
    (got,) = session(model).run(None, {"inputs": points.astype(np.float32)})
    return got, study.flatten(answer.predict(points), len(points))
