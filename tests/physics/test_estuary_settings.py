"""Estuaries that cannot be meant, and closed forms beside published numbers: what needs no run."""

from __future__ import annotations

import numpy as np
import pytest
from verification import estuary_cases as cases

from frugal.errors import UnusableInputError
from frugal.physics.estuary import closed_forms
from frugal.physics.estuary.carried import Carrying, Load, Mixing, Mud
from frugal.physics.estuary.driving import Driving, SeaLevel
from frugal.physics.estuary.network import Estuary, Reach, layout_of
from frugal.physics.estuary.simulate import areas_below, simulate_tide


def test_oxygen_sag_has_its_published_minimum() -> None:
    times = np.arange(0.0, 5.0 * 86400.0, 60.0)
    oxygen = 8.5 - closed_forms.streeter_phelps(times, 0.35, 0.70, 10.0, 1.0)
    assert oxygen.min() == pytest.approx(5.722222, abs=1e-6)
    assert times[oxygen.argmin()] / 86400.0 == pytest.approx(1.679390, abs=1e-3)


def test_salt_intrudes_as_far_as_published() -> None:
    lengths = [closed_forms.savenije_length(river, 6e4, 30e3, 1200.0, 0.3) for river in (50.0, 100.0, 200.0)]
    assert lengths == pytest.approx([152.4e3, 131.8e3, 111.4e3], abs=60.0)


def test_a_funnel_without_friction_and_narrowing_is_a_standing_wave() -> None:
    x = np.linspace(0.0, 60e3, 7)
    wave = closed_forms.funnel_wave(x, 60e3, 10.0, 1e12, 0.0, cases.M2)
    assert wave.real == pytest.approx(closed_forms.standing_wave(x, 60e3, 10.0, cases.M2), rel=1e-6)


def test_nodes_halve_cells_at_ends_and_sections_widen() -> None:
    reach = Reach("a", "sea", "head", (0.0, 5e3), -5.0, ((100.0, 100.0, 300.0),) * 2, 0.02, heights_m=(0.0, 4.0, 6.0))
    layout = layout_of(Estuary((reach,), ("sea",)), 1000.0)
    slots = layout.slots("a")
    assert layout.cells.length[slots] == pytest.approx([500.0, *(1000.0,) * 4, 500.0])
    assert layout.at("a", 2250.0) == (slots.start + 2, pytest.approx(0.25))
    below = areas_below(layout.cells.stored, slots, np.full((1, 6), 7.0))
    assert below == pytest.approx(400.0 + 400.0 + 300.0)


def test_what_cannot_be_meant_gets_one_sentence() -> None:
    def reach(name: str = "a", low: str = "sea", high: str = "head", **more: object) -> Reach:
        settings = {"distance_m": (0.0, 1e4), "bed_m": -5.0, "width_m": 100.0, "friction": 0.02, **more}
        return Reach(name, low, high, **settings)

    def refused(match: str, *reaches: Reach, mouths: tuple[str, ...] = ("sea",), law: str = "manning") -> None:
        with pytest.raises(UnusableInputError, match=match):
            layout_of(Estuary(reaches, mouths, law))

    refused("reach 'b' joins no other reach", reach(), reach("b", "fork", "weir"))
    refused("two reaches are called 'a'", reach(), reach())
    refused("mouth 'see' is the end of no reach", reach(), mouths=("see",))
    refused("the estuary has no mouth", reach(), mouths=())
    refused("width of -3 m", reach(width_m=-3.0))
    refused("distances of the profile must rise", reach(distance_m=(0.0, 5.0, 5.0)))
    refused("bed_m has 3 values; 2 values or one", reach(bed_m=(-1.0, -2.0, -3.0)))
    refused("friction law 'maning' is unknown", reach(), law="maning")
    refused("flowing_width_m lies outside", reach(flowing_width_m=200.0))
    estuary = Estuary((reach(),), ("sea",))
    with pytest.raises(UnusableInputError, match="below -1 m is needed, or no water is left"):
        estuary.with_bed_raised("a", 5.0, above_m=-1.0)
    layout = layout_of(estuary)
    with pytest.raises(UnusableInputError, match="outside reach 'a', which is 10000 m long"):
        layout.at("a", 12e3)

    def not_driven(match: str, driving: Driving) -> None:
        with pytest.raises(UnusableInputError, match=match):
            simulate_tide(layout, driving, 3600.0)

    sea = {"sea": SeaLevel(0.0)}
    with pytest.raises(UnusableInputError, match="keep_from_s = 7200 lies after the end of the run, 3600 s"):
        simulate_tide(layout, Driving(sea), 3600.0, keep_from_s=7200.0)
    not_driven("no level is given at mouth 'sea'", Driving({}))
    not_driven("place 'weir' is none of the estuary's", Driving(sea, {"weir": 1.0}))
    not_driven("a level is given at 'head', which is no mouth", Driving({**sea, "head": SeaLevel(0.0)}))
    gap = ((0.0, 1800.0, 3600.0), (1.0, np.nan, 1.0))
    not_driven("the value at 1800 s is missing", Driving(sea, {"head": gap}))
    short = ((0.0, 1800.0), (1.0, 1.0))
    not_driven("series runs from 0 to 1800 s, the run from 0 to 3600 s", Driving(sea, {"head": short}))
    not_driven("2 amplitudes, 1 phases and 2 speeds", Driving({"sea": SeaLevel(0.0, (1.0, 2.0), (0.0,), (1.0, 2.0))}))


def test_what_cannot_be_carried_gets_one_sentence() -> None:
    layout = layout_of(cases.channel(10e3, -3.0, 50.0, 0.02), 1000.0)

    def refused(match: str, carrying: Carrying) -> None:
        with pytest.raises(UnusableInputError, match=match):
            cases.carried_steadily(layout, 0.0, 3600.0, carrying, 600.0)

    refused("place 'see' is none of the estuary's", Carrying({"salt": {"see": 34.0}}))
    refused("a load of 'dye', which is not carried", Carrying({"salt": {}}, loads=(Load("dye", "r", 5e3, 1.0),)))
    refused("outside reach 'r'", Carrying({"salt": {}}, loads=(Load("salt", "r", 5e4, 1.0),)))
    refused(
        "drag_law = 'chezy' of mud; allowed: manning, quadratic, linear",
        Carrying({"mud": {}}, mud=Mud(drag_law="chezy")),
    )
    refused("least_m2_s = -1", Carrying({"salt": {}}, mixing=Mixing(-1.0)))
