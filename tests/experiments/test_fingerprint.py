"""The fingerprint changes when the physics would answer otherwise."""

import functools
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from frugal.experiments.fingerprint import fingerprint
from frugal.studies.solar.roof_yield.site import RoofYieldSite
from frugal.studies.solar.roof_yield.study import roof_yield


def make(k: float) -> Callable[[np.ndarray], dict[str, float]]:
    return lambda x: {"y": k * x[0]}


def shift(x: np.ndarray, k: float, table: np.ndarray) -> dict[str, float]:
    return {"y": x[0] + k + table[0]}


FACTOR = 2.0


def helper(x: float) -> float:
    return FACTOR * x


def through_a_helper(x: np.ndarray) -> dict[str, float]:
    return {"y": helper(x[0])}


def test_values_in_closures_and_partials_count() -> None:
    assert fingerprint(make(1.0)) == fingerprint(make(1.0))
    assert fingerprint(make(1.0)) != fingerprint(make(5.0))
    one = partial(shift, k=1.0, table=np.zeros(2))
    assert fingerprint(one) == fingerprint(partial(shift, k=1.0, table=np.zeros(2)))
    assert fingerprint(one) != fingerprint(partial(shift, k=2.0, table=np.zeros(2)))
    assert fingerprint(one) != fingerprint(partial(shift, k=1.0, table=np.ones(2)))


def test_constants_of_helpers_count(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    before = fingerprint(through_a_helper)
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    assert fingerprint(through_a_helper) != before


def test_the_solar_kernels_and_constants_count(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from frugal.studies.solar.roof_yield import alternatives as answers

    site = RoofYieldSite(roofs_per_dsm=24)
    before = roof_yield(site).hash()
    assert roof_yield(site).hash() == before
    monkeypatch.setattr(answers, "PLANT", replace(answers.PLANT, losses=0.2))
    assert roof_yield(site).hash() != before


def test_a_function_reached_through_a_module_counts(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from frugal.physics.shallow_water import simulate, steps

    before = fingerprint(simulate.simulate)
    monkeypatch.setattr(steps, "advance", lambda *arguments: None)
    monkeypatch.setattr(steps.advance, "__module__", steps.__name__)
    assert fingerprint(simulate.simulate) != before


def function_of(folder: Path, source: str) -> Callable[..., Any]:
    path = folder / "written.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(f"written_{abs(hash(source))}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[..., Any] = module.solve
    return found


def test_words_change_nothing_and_inner_functions_count(tmp_path: Path) -> None:
    plain = "K = 2.0\ndef solve(x):\n    def inner(y):\n        return K * y\n    return inner(x)\n"
    told = plain.replace("(x):\n", '(x):\n    """Twice."""\n    # twice\n')
    other = plain.replace("K = 2.0", "K = 3.0")
    found = []
    for number, source in enumerate((plain, told, other)):
        folder = tmp_path / str(number)
        folder.mkdir()
        found.append(fingerprint(function_of(folder, source)))
    assert found[0] == found[1] != found[2]


@dataclass(frozen=True)
class Constants:
    k: float
    table: np.ndarray


def test_values_of_a_dataclass_count() -> None:
    def make(constants: Constants) -> Callable[[float], float]:
        return lambda x: x * constants.k

    first = fingerprint(make(Constants(1.0, np.zeros(2))))
    assert first == fingerprint(make(Constants(1.0, np.zeros(2))))
    assert first != fingerprint(make(Constants(2.0, np.zeros(2)))) != fingerprint(make(Constants(2.0, np.ones(2))))


def test_nothing_has_no_fingerprint() -> None:
    assert fingerprint(None) == ""


class Model:
    """An object that is called, or asked by a method."""

    def __init__(self, k: float) -> None:
        self.k = k

    def __call__(self, x: float) -> float:
        return self.k * helper(x)

    def answer(self, x: float) -> float:
        return self.k + x

    @functools.cached_property
    def table(self) -> np.ndarray:
        return np.arange(3.0)


class Other(Model):
    def __call__(self, x: float) -> float:
        return self.k - helper(x)


def with_default(k: float) -> Callable[..., float]:
    def solve(x: float, factor: float = k) -> float:
        return factor * x

    return solve


def with_keyword_default(k: float) -> Callable[..., float]:
    def solve(x: float, *, factor: float = k) -> float:
        return factor * x

    return solve


def doubled(function: Callable[..., float]) -> Callable[..., float]:
    @functools.wraps(function)
    def wrapper(*arguments: float) -> float:
        return 2.0 * function(*arguments)

    return wrapper


def tripled(function: Callable[..., float]) -> Callable[..., float]:
    @functools.wraps(function)
    def wrapper(*arguments: float) -> float:
        return 3.0 * function(*arguments)

    return wrapper


def one(x: float) -> float:
    return x


def two(x: float) -> float:
    return 2 * x


def holding(value: Any) -> Callable[[float], Any]:
    return lambda x: (value, x)


@pytest.mark.parametrize(
    "made",
    [
        (lambda: Model(1.0), lambda: Model(2.0), lambda: Other(1.0)),
        (lambda: Model(1.0).answer, lambda: Model(2.0).answer, lambda: Model(1.0).__call__),
        (lambda: partial(Model(1.0), x=1.0), lambda: partial(Model(2.0), x=1.0)),
        (lambda: holding(Model(1.0)), lambda: holding(Model(2.0)), lambda: holding(Other(2.0))),
        (lambda: with_default(1.0), lambda: with_default(2.0)),
        (lambda: with_keyword_default(1.0), lambda: with_keyword_default(2.0)),
        (lambda: doubled(one), lambda: tripled(one), lambda: doubled(two), lambda: one),
        (lambda: doubled(with_default(1.0)), lambda: doubled(with_default(2.0))),
        (lambda: functools.lru_cache(one), lambda: functools.lru_cache(two)),
        (
            lambda: holding(np.float32(1.0)),
            lambda: holding(np.float32(2.0)),
            lambda: holding(np.int64(1)),
            lambda: holding(1),
        ),
        (lambda: holding({3.0, 1.0, 2.0}), lambda: holding({1.0, 2.0}), lambda: holding([1.0, 2.0, 3.0])),
        (lambda: holding(frozenset("abc")), lambda: holding(frozenset("abd"))),
        (lambda: holding({"f": one}), lambda: holding({"f": two}), lambda: holding({"g": one})),
        (lambda: holding([one, two]), lambda: holding([two, one]), lambda: holding((one,))),
        (lambda: holding([one, two, one]), lambda: holding([one, two, two])),
        (lambda: holding([[1], [2, 3]]), lambda: holding([[1, 2], [3]])),
        (lambda: holding(SimpleNamespace(k=1.0)), lambda: holding(SimpleNamespace(k=2.0))),
        (lambda: holding(np.zeros(2)), lambda: holding(np.zeros(2, np.int64)), lambda: holding(np.zeros((1, 2)))),
        (lambda: holding(np.poly1d([1.0, 2.0])), lambda: holding(np.poly1d([1.0, 3.0]))),
        (lambda: holding(np.sin), lambda: holding(np.cos), lambda: holding(abs), lambda: holding(round)),
        (lambda: np.sin, lambda: np.cos, lambda: abs, lambda: len),
    ],
)
def test_what_changes_the_answer_changes_the_fingerprint(made: tuple[Callable[[], Any], ...]) -> None:
    found = [fingerprint(make()) for make in made]
    assert found == [fingerprint(make()) for make in made]
    assert len({"", *found}) == len(found) + 1


def test_helpers_of_an_object_count_and_what_it_computes_does_not(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    model = Model(1.0)
    before = fingerprint(model)
    assert model.table.size == 3 and fingerprint(model) == before
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    assert fingerprint(model) != before


def test_what_holds_itself_is_taken_once() -> None:
    first: list[Any] = [1.0]
    first.append(first)
    assert fingerprint(holding(first)) == fingerprint(holding(first)) != fingerprint(holding([1.0]))


@pytest.mark.parametrize(
    "source",
    [
        "import helper_beside\ndef solve(x):\n    return helper_beside.scaled(x)\n",
        "from helper_beside import scaled\ndef solve(x):\n    return scaled(x)\n",
        "from helper_beside import Scale\nclass Solve(Scale):\n    pass\nsolve = Solve()\n",
    ],
)
def test_a_module_beside_the_file_counts(tmp_path: Path, monkeypatch, source: str) -> None:  # type: ignore[no-untyped-def]
    written = "K = 2.0\ndef scaled(x):\n    return K * x\nclass Scale:\n    def __call__(self, x):\n        return scaled(x)\n"
    found = []
    for number, helper_source in enumerate(
        (written, written, written.replace("K * x", "K + x"), written + "K = 3.0\n")
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "helper_beside.py").write_text(helper_source)
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, "helper_beside", raising=False)
        found.append(fingerprint(function_of(folder, source)))
    assert found[0] == found[1]
    assert len(set(found)) == 3
