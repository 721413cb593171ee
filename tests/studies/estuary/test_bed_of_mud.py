"""Mud on the bed at the start, told by stretches of reaches."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from frugal.errors import UnusableInputError
from frugal.physics.estuary.carrying import bed_of
from frugal.physics.estuary.network import Estuary, Reach, layout_of
from frugal.studies.estuary.place.from_site import carrying_of
from frugal.studies.estuary.place.site import EstuarySite, SiteMud

LAYOUT = layout_of(
    Estuary(
        (
            Reach("lower", "sea", "fork", [0.0, 4e3], -5.0, 300.0, 0.02),
            Reach("upper", "fork", "head", [0.0, 2e3], -5.0, 300.0, 0.02),
        ),
        ("sea",),
    )
)


def test_mud_lies_between_the_distances_given_and_nowhere_else() -> None:
    found = bed_of({"lower": ([1e3, 3e3], [10.0, 30.0])}, LAYOUT)
    assert found[LAYOUT.slots("lower")] == pytest.approx([0.0, 10.0, 20.0, 30.0, 0.0])
    assert np.all(found[LAYOUT.slots("upper")] == 0.0)
    assert np.all(bed_of(2.5, LAYOUT) == 2.5)
    with pytest.raises(UnusableInputError, match="reach 'uper' is none of the estuary's"):
        bed_of({"uper": ([0.0, 1.0], [1.0, 1.0])}, LAYOUT)


def test_a_site_tells_stretches_in_kilometres() -> None:
    site = EstuarySite.model_validate({})
    carrying = carrying_of(site, {})
    assert carrying.mud is not None
    distances, amounts = carrying.mud.bed_kg_m2["gironde"]
    assert distances == pytest.approx([35e3, 65e3])
    assert amounts == pytest.approx([300.0, 300.0])


@pytest.mark.parametrize(
    ("bed", "told"),
    [
        (-1.0, "must be at least 0"),
        ({"a": [[0.0, 1.0], [5.0, -1.0]]}, "in reach 'a' must be at least 0"),
        ({"a": [[5.0, 1.0], [5.0, 1.0]]}, "needs distances that rise"),
    ],
)
def test_beds_that_cannot_be_are_refused(bed: object, told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        SiteMud.model_validate({"bed_kg_m2": bed})
