"""What the grid of a solver errs by: found with cells of three widths, carried from the campaign into bundle and audit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from campaigns_for_tests import few_models, given_times, short_timings
from studies_for_tests import linear_study, unit_inputs

from frugal.audit.criteria.findings import Finding
from frugal.audit.criteria.truth import grid_error
from frugal.audit.evidence.grid_again import check_grid_errors
from frugal.campaigns.campaign import Campaign, Settings, run_campaign
from frugal.campaigns.estimate import estimate
from frugal.campaigns.publish import publish
from frugal.campaigns.workflow import audit_again
from frugal.candidates.grid_error import FINER_CELLS, FINER_CELLS_MADE, GridError, grid_errors_in
from frugal.errors import NotAssessedError, UnusableInputError
from frugal.experiments.runs.resolutions import MOST_CASES, cases_among, cases_for, run_on
from frugal.experiments.runs.store import Runs
from frugal.experiments.study import Derived, Grid, Need, Output, Study, Tolerance
from frugal.metering.ledger.ledger import Entry, Ledger
from frugal.surrogates.bundle.held_out import GRID_RUNS, read_held_out
from frugal.surrogates.measurement.grid_errors import grid_errors

TRUE = np.array([[2.0], [4.0], [6.0]])


def scalar(metric: str = "nrmse", limit: float = 0.05) -> Study:
    need = Need("one", {"y": Tolerance(metric, limit)})
    return Study("s", unit_inputs(1), (Output("y", "m"),), need, solve=lambda x: {"y": 1.0})


def on_three_widths(order: float, error: float = 0.1) -> list[np.ndarray]:
    """Answers whose error is ``error · h ** order`` of themselves on cells of width h = 1, 1/2 and 2."""
    return [TRUE * (1 + error * width**order) for width in (1.0, 0.5, 2.0)]


@pytest.mark.parametrize("order", [0.8, 1.0, 1.5, 2.0])
def test_what_is_left_of_an_error_is_told_by_extrapolation(order: float) -> None:
    (found,) = grid_errors(scalar(), *on_three_widths(order)).values()
    assert found.order == pytest.approx(order) and found.plain == "" and found.cases == 3
    # over the mean of the finer cells: (2 + 4 + 6) / 3 times what they err by; the error itself is 0.1 · the root mean square
    assert found.value == pytest.approx(0.1 * np.sqrt(56 / 3) / (4 * (1 + 0.1 * 0.5**order)))
    assert found.difference == pytest.approx(found.value * (1 - 0.5**order))
    assert found.beyond and found.considerable
    assert found.means == pytest.approx(
        {"coarser": 4 * (1 + 0.1 * 2**order), "default": 4.4, "finer": 4 + 0.4 * 0.5**order}
    )


@pytest.mark.parametrize("order", [0.3, 3.0, -1.0])
def test_another_order_leaves_the_difference_as_it_is(order: float) -> None:
    (found,) = grid_errors(scalar(), *on_three_widths(order)).values()
    assert found.order == pytest.approx(order) and found.plain == "order" and found.value == found.difference


def test_what_swings_or_has_two_widths_alone_is_not_extrapolated() -> None:
    default, finer, coarser = on_three_widths(1.0)
    swinging = default + (finer - default) * 2  # the differences have the sizes of order 1 and go to and fro
    (found,) = grid_errors(scalar(), default, finer, swinging).values()
    assert found.plain == "not_one_way" and found.order == pytest.approx(1.0) and found.value == found.difference
    (alone,) = grid_errors(scalar(), default, finer, np.full_like(default, np.nan)).values()
    assert alone.plain == "no_coarser" and alone.order is None and alone.value == found.value
    (score,) = grid_errors(scalar("nse", 0.9), default, finer, coarser).values()
    assert score.plain == "score"
    (same,) = grid_errors(scalar(), default, default, coarser).values()
    assert same.value == 0 and same.plain == "no_difference" and not same.considerable


def flooded() -> Study:
    """A map and the area above 1 of it."""
    grid = Grid(crs="EPSG:2154", transform=[1.0, 0.0, 0.0, 0.0, -1.0, 2.0], shape=(2, 2))
    area = Output("area", "m^2", derived=Derived("depth", "above", 1.0, 1.0))
    depth = {"depth": np.array([[0.5, 0.5], [2.0, 2.0]])}
    return Study(
        "s",
        unit_inputs(1),
        (Output("depth", "m", geometry=grid), area),
        Need("one", {}),
        solve=lambda x0: depth,
        finer=lambda x0: {**depth, "area": 2.25},  # a cell half as wide is above 1 where the mean of its four is not
    )


def test_a_derived_output_is_that_of_the_finer_cells() -> None:
    study = flooded()
    assert run_on(study, "finer", np.array([0.5]))[-1] == 2.25
    assert run_on(replace(study, finer=study.solve), "finer", np.array([0.5]))[-1] == 2.0
    with pytest.raises(UnusableInputError, match="no solver on coarser cells"):
        run_on(study, "coarser", np.array([0.5]))


def test_solvers_on_other_cells_take_the_inputs_by_name() -> None:
    with pytest.raises(UnusableInputError, match=r"'finer' of study 's' takes 'width', which is no input"):
        replace(flooded(), finer=lambda x0, width: {})
    with pytest.raises(UnusableInputError, match="has 'coarser' and no 'finer'"):
        replace(flooded(), finer=None, coarser=lambda x0: {})


def test_the_largest_runs_are_made_again_and_no_more_than_a_tenth_pays_for() -> None:
    n = 20
    outputs = np.arange(n, dtype=float)[::-1, None]
    zeros = np.zeros(n, dtype=np.int64)
    runs = Runs(np.zeros((n, 1)), outputs, np.ones(n), zeros == 0, zeros - 1, np.full(n, ""), np.arange(n))
    assert cases_among(scalar(), runs, 4).tolist() == [0, 5, 10, 15]
    assert cases_among(scalar(), runs, 50).tolist() == list(range(n))
    with_both = replace(scalar(), finer=lambda x: {"y": 1.0}, coarser=lambda x: {"y": 1.0})
    # a case is 8 and 1/8 runs: of 256 a tenth pays for 3.15, of 128 for 1.6, of 32 for none, and one is made
    assert [cases_for(with_both, runs, 10.0) for runs in (256, 128, 32)] == [3, 2, 1]
    assert cases_for(with_both, 256, 1e-5) == MOST_CASES and cases_for(scalar(), 256, 10.0) == 0


class Calls:
    """Counts calls by name; an object whose content is no part of the hash of a study."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def count(self, name: str) -> int:
        return self.made.count(name)


def coarse_truth(error: float, calls: Calls | None = None) -> Study:
    """`linear_study` whose solver errs by so much on its own cells, half as much on finer ones."""
    made = linear_study()

    def with_error(width: float, name: str) -> Callable[..., dict[str, np.ndarray]]:
        def solve(x: np.ndarray) -> dict[str, np.ndarray]:
            if calls is not None:
                calls.made.append(name)
            return {"y": (5.0 + x @ np.array([1.0, 2.0, 3.0])) * (1 + error * width)}

        return solve

    return replace(
        made, solve=with_error(1.0, "solve"), finer=with_error(0.5, "finer"), coarser=with_error(2.0, "coarser")
    )


LABELS = {"y": {"en": "Yield", "fr": "Rendement"}}


def settings(folder: Path, cases: int | None = 3) -> Settings:
    return Settings(folder=folder, measure_seconds=0.2, carbon=False, threads=1, grid_cases=cases)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    few_models(monkeypatch)
    short_timings(monkeypatch)
    given_times(monkeypatch)


def measured(campaign: Campaign) -> list[Entry]:
    return [entry for entry in campaign.ledger if FINER_CELLS in entry.details]


@pytest.mark.slow
def test_the_grid_error_is_booked_kept_and_computed_again(tmp_path: Path, quick: None) -> None:
    calls = Calls()
    study = coarse_truth(0.2, calls)
    campaign = run_campaign(study, settings(tmp_path / "campaigns"))
    assert (calls.count("finer"), calls.count("coarser")) == (3, 3)
    found = (grid_errors_in(campaign.ledger) or {})["y"]
    assert found.order == pytest.approx(1.0) and found.cases == 3 and found.tolerance == 0.02
    assert (
        0.15 < found.value < 0.2 and found.beyond
    )  # 0.2 of values that are 1.1 times too large, in a root mean square
    cost = next(entry for entry in campaign.ledger if FINER_CELLS_MADE in entry.details)
    assert cost.stage == "evaluation" and cost.runs == 3 and cost.cpu_seconds > 0

    bundle = tmp_path / "bundle"
    audit = publish(campaign, bundle)
    points = {row["id"]: row for row in audit["criteria"]}
    assert points["NEC-02"]["status"] == "warn" and points["MES-11"]["status"] == "warn"
    assert "extrapolated at the observed order 1" in points["MES-11"]["text"]["en"]
    assert "2 % permis ; extrapolée à l’ordre observé 1" in points["MES-11"]["text"]["fr"].replace(
        "\u202f", " "
    ).replace("\xa0", " ")
    short = [limit["en"] for limit in audit["first_page"]["limits"]]
    assert any(told.startswith("the solver’s own grid errs by more than is allowed: ") for told in short)
    audit_again(bundle)  # computes it again

    again = run_campaign(study, settings(tmp_path / "campaigns"))  # from what the folder keeps
    assert (calls.count("finer"), len(measured(again))) == (3, 1)
    without = run_campaign(study, settings(tmp_path / "campaigns", 0))
    assert grid_errors_in(without.ledger) is None and without.grid_runs is None
    entries = Ledger(bundle / "ledger.jsonl").entries()
    check_grid_errors(bundle, study, campaign.runs, entries)
    whole = (bundle / GRID_RUNS).read_bytes()
    (bundle / GRID_RUNS).unlink()
    with pytest.raises(NotAssessedError, match="without it the grid error of the solver cannot be computed again"):
        check_grid_errors(bundle, study, campaign.runs, entries)
    check_grid_errors(bundle, study, campaign.runs, [])  # an older bundle
    (bundle / GRID_RUNS).write_bytes(whole)
    with pytest.raises(NotAssessedError, match="the ledger does not hold what the grid"):
        check_grid_errors(bundle, study, campaign.runs, [])
    with h5py.File(bundle / GRID_RUNS, "r+") as file:
        file["answers/finer/y"][:] = 1.001 * file["answers/finer/y"][:]
    with pytest.raises(NotAssessedError, match=r"for the grid error of y\.\w+; computed again from 'grid_runs\.nc'"):
        check_grid_errors(bundle, study, campaign.runs, entries)
    with h5py.File(bundle / GRID_RUNS, "r+") as file:
        file["truth/y"][:] = 1.001 * file["truth/y"][:]
    with pytest.raises(NotAssessedError, match="does not hold held-out runs"):
        check_grid_errors(bundle, study, campaign.runs, entries)


def test_an_audit_says_where_it_was_not_measured_or_is_small() -> None:
    def point(errors: object, physics: object = True) -> Finding:
        return grid_error(SimpleNamespace(full_physics=physics or None, grid_errors=errors, labels=LABELS, units={}))  # type: ignore[arg-type]

    assert point(None, physics=None).status == "n_a"
    unknown = point(None)
    assert unknown.status == "unevidenced" and unknown.text["en"].startswith("Not measured")
    small = point({"y": GridError("nrmse", 0.004, 0.002, 3, order=1.0, tolerance=0.02)})
    assert small.status == "pass"
    told = "On 3 held-out runs, against cells half as wide: 0.4% (yield, 2% allowed; extrapolated at the observed order 1)."
    assert small.text["en"] == told
    half = point({"y": GridError("nrmse", 0.011, 0.011, 3, order=0.2, plain="order", tolerance=0.02)})
    assert half.status == "warn" and "since the observed order is 0.2" in half.text["en"]
    # of what has no tolerance, more than 2 % is told
    assert point({"y": GridError("nrmse", 0.021, 0.021, 3, plain="no_coarser")}).status == "warn"
    assert point({"y": GridError("nrmse", 0.019, 0.019, 3, plain="no_coarser")}).status == "pass"


@pytest.mark.slow
def test_an_interrupted_campaign_loses_no_run_on_finer_cells(tmp_path: Path, quick: None) -> None:
    calls = Calls()
    study = coarse_truth(0.2, calls)
    finer = study.finer
    assert finer is not None

    def interrupted(x: np.ndarray) -> dict[str, np.ndarray]:
        if calls.count("finer") == 2 and not calls.count("stop"):
            calls.made.append("stop")
            raise KeyboardInterrupt
        return finer(x)  # type: ignore[return-value]

    stopped = replace(study, finer=interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_campaign(stopped, settings(tmp_path))
    campaign = run_campaign(stopped, settings(tmp_path))
    assert calls.count("finer") == 3 and len(measured(campaign)) == 1
    assert campaign.grid_runs is not None and len(campaign.grid_runs) == 3
    (kept,) = tmp_path.glob("*/grid_runs-*.nc")
    finest = campaign.grid_runs.answers["finer"]
    assert np.array_equal(np.sort(read_held_out(kept, study.outputs).answers["finer"], axis=0), np.sort(finest, axis=0))
    costs = [entry.status for entry in campaign.ledger if FINER_CELLS_MADE in entry.details]
    assert costs == ["interrupted", "ok"]


def test_runs_that_fail_on_finer_cells_are_told(tmp_path: Path, quick: None) -> None:
    def fails(x: np.ndarray) -> dict[str, np.ndarray]:
        raise ValueError("no such cells")

    campaign = run_campaign(replace(coarse_truth(0.2), finer=fails), settings(tmp_path))
    assert grid_errors_in(campaign.ledger) is None and campaign.grid_runs is None
    (line,) = measured(campaign)
    assert list(line.details[FINER_CELLS]["failed"].values()) == ["ValueError: no such cells"] * 3


def test_the_runs_on_finer_cells_are_in_the_estimate() -> None:
    plan = estimate(coarse_truth(0.2), None, 1)
    assert plan["runs_on_finer_cells"] == MOST_CASES
    assert plan["cpu_seconds"] == pytest.approx((64 + MOST_CASES * 8.125) * plan["cpu_seconds_per_run"])
    assert estimate(linear_study(), None, 1)["runs_on_finer_cells"] == 0
