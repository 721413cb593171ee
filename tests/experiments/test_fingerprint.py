"""The fingerprint changes when the physics would answer otherwise."""

from collections.abc import Callable
from functools import partial

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
    monkeypatch.setattr(answers, "LOSSES", 0.2)
    assert roof_yield(site).hash() != before


def test_nothing_has_no_fingerprint() -> None:
    assert fingerprint(None) == ""
