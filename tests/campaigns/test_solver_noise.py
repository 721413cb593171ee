"""A solver that answers the same inputs differently is found out before the campaign, and nothing errs less than its noise."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from campaigns_for_tests import few_models, short_timings
from studies_for_tests import linear_study, unit_inputs, vector_study

from frugal.campaigns.campaign import Settings, run_campaign
from frugal.experiments.designs.sampling import design_for
from frugal.experiments.runs.repeats import FEWEST_POINTS, POINTS, points_for, repeat
from frugal.experiments.study import Need, Output, Study
from frugal.metering.ledger.ledger import Entry
from frugal.reporting.progress import Silent
from frugal.surrogates.measurement.noise import REPEATS, noise_of
from frugal.texts import Text


def study_of(solve: object) -> Study:
    return Study("s", unit_inputs(2), (Output("y", "m"), Output("z", "m")), Need("one", {}), solve=solve)  # type: ignore[arg-type]


def differ(solve: object) -> bool:
    study = study_of(solve)
    return repeat(study, design_for(study, 160, seed=0), POINTS).differ(study)


def test_a_solver_that_draws_is_found_and_one_that_draws_by_its_inputs_is_not() -> None:
    rng = np.random.default_rng(0)
    assert differ(lambda x: {"y": 10 + rng.normal(), "z": 1.0})

    def seeded(x: np.ndarray) -> dict[str, float]:
        return {"y": 10 + np.random.default_rng(int(1e9 * x[0])).normal(), "z": 1.0}

    assert not differ(seeded)


def test_noise_in_one_output_in_some_inputs_or_in_some_calls_is_found() -> None:
    rng = np.random.default_rng(0)
    calls = iter(range(10**6))
    assert differ(lambda x: {"y": 10.0, "z": rng.normal()})
    assert differ(lambda x: {"y": 10.0 + (rng.normal() if x[0] < 0.1 else 0.0), "z": 1.0})
    assert differ(lambda x: {"y": 10.0 + (next(calls) % 10 == 9), "z": 1.0})


def test_round_off_is_no_noise() -> None:
    rng = np.random.default_rng(0)
    assert not differ(lambda x: {"y": 10.0 * (1 + 1e-12 * rng.normal()), "z": 0.0})
    assert differ(lambda x: {"y": 10.0 * (1 + 1e-7 * rng.normal()), "z": 0.0})


@pytest.mark.parametrize(
    ("runs", "seconds", "points"),
    [
        (160, 1e-4, POINTS),
        (160, 0.02, POINTS),  # 58 runs of 20 ms
        (160, 3.0, FEWEST_POINTS),  # 5 % of 480 s are 24 s: four pairs, and five are the least
        (1000, 3.0, 25),  # 5 % of 3000 s: 25 pairs of 6 s
        (160, 100.0, 1),
        (16, 1e-4, 16),
        (160, float("nan"), 0),
    ],
)
def test_a_dear_solver_is_repeated_less(runs: int, seconds: float, points: int) -> None:
    assert points_for(runs, seconds) == points


def test_runs_that_fail_are_left_to_the_campaign() -> None:
    def solve(x: np.ndarray) -> dict[str, float]:
        if x[0] > 0.5:
            raise ValueError("too far")
        return {"y": 1.0, "z": 1.0}

    study = study_of(solve)
    found = repeat(study, design_for(study, 64, seed=0), 20)
    assert 0 < len(found) < 20 and not found.differ(study)


class Noting(Silent):
    def __init__(self) -> None:
        self.heard: list[Text | str] = []

    def stage(self, text: str, total: int | None = None) -> None:
        self.heard.append(text)

    def note(self, text: Text) -> None:
        self.heard.append(text)


def test_the_noise_is_the_error_of_the_physics_and_told_before_the_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few_models(monkeypatch)
    short_timings(monkeypatch)
    rng, made = np.random.default_rng(0), linear_study()
    noisy = replace(made, solve=lambda x: {"y": 10 + rng.normal()})
    heard = Noting()
    settings = Settings(folder=tmp_path, measure_seconds=0.2, carbon=False, threads=1)
    campaign = run_campaign(noisy, settings, heard)
    told = next(part for part in heard.heard if isinstance(part, dict))
    assert heard.heard.index(told) < heard.heard.index("simulate")
    assert "answers the same inputs differently" in told["en"] and "répond différemment" in told["fr"]
    physics = campaign.ladder.full_physics
    assert physics is not None
    # two draws of standard deviation 1 differ by root 2, over a mean of 10; of 29 pairs within 13 %, and thrice that
    assert physics.errors["y"].value == pytest.approx(np.sqrt(2) / 10, rel=0.39)
    assert not physics.error_met and campaign.decisions[0].winner is None
    for row in campaign.ladder.rows:
        if row.errors:
            assert row.errors["y"].value >= physics.errors["y"].value / np.sqrt(2) - 1e-12
    lines = [entry for entry in campaign.ledger if REPEATS in entry.details]
    assert [line.stage for line in lines] == ["evaluation"] and lines[0].details[REPEATS]["points"] == POINTS
    again = run_campaign(noisy, settings)  # from the stored runs: what was found out stays known
    assert again.ladder.full_physics is not None
    assert again.ladder.full_physics.errors["y"].value == physics.errors["y"].value


def test_a_ledger_without_repeats_has_no_noise() -> None:
    assert noise_of([Entry("generation", cpu_seconds=1.0)]) == {}
    study = vector_study()
    assert not repeat(study, design_for(study, 32, seed=0), 5).differ(study)
