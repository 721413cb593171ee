"""The fingerprint changes when the physics would answer otherwise."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

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
