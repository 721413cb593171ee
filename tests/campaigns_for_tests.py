"""What makes campaigns cheap where their books, files and words are tested, and neither their models nor their timings."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from frugal.audit.report import pages
from frugal.metering.timing.interleaved_blocks import Call, Plan, QueryTime
from frugal.surrogates.measurement import timing
from frugal.surrogates.models import registry

#: The two cheapest to fit; and with them the AI that is the cheapest to fit.
WITHOUT_AI = ("constant", "linear")
WITH_AI = (*WITHOUT_AI, "gaussian_process")


def few_models(patch: pytest.MonkeyPatch, names: tuple[str, ...] = WITHOUT_AI) -> None:
    """Campaigns fit these models only, and correct no answer of a study."""
    chosen = tuple(model for model in registry.SCALAR_MODELS if model.name in names)
    assert len(chosen) == len(names)
    patch.setattr(registry, "SCALAR_MODELS", chosen)
    patch.setattr(registry, "correctable", lambda alternatives, names: ())


def short_timings(patch: pytest.MonkeyPatch, seconds: float = 0.2) -> None:
    """Quick measurements, of campaigns and of evaluations, take so many CPU seconds at the most."""
    quick = Plan.quick

    def short(cls: type[Plan], n_calls: int, total_seconds: float = seconds) -> Plan:
        return quick(n_calls, min(total_seconds, seconds))

    patch.setattr(Plan, "quick", classmethod(short))


#: Pictures by plot and language.
_DRAWN: dict[tuple[str, str], str] = {}


def same_pictures(patch: pytest.MonkeyPatch) -> None:
    """Pages of audits show the picture that was drawn first of its kind, whatever they tell."""
    draw = pages._drawn

    def once(plot: Callable[..., str], content: object, language: str) -> str:
        key = plot.__name__, language
        if not _DRAWN.get(key):
            _DRAWN[key] = draw(plot, content, language)
        return _DRAWN[key]

    patch.setattr(pages, "_drawn", once)


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Folder that ``make`` fills, once for all the processes that run tests; a test that writes in it takes a copy."""
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = base / "made_once" / name, base / "made_once" / f"{name}.done"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what a failure left
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


#: CPU seconds of a row, in the order of the ladder and far enough apart that no two tie.
GIVEN_SECONDS = {
    "constant": 1e-8, "coarse": 3e-8, "linear": 1e-7, "quadratic": 3e-7, "polynomial_chaos": 5e-7, "table": 1e-6, "mlp": 3e-6,
    "gaussian_process": 1e-5, "linear_leaf_trees": 2e-5, "boosted_trees": 3e-5, "full_physics": 1e-3,
}  # fmt: skip


def given_times(patch: pytest.MonkeyPatch, seconds: Mapping[str, float] = GIVEN_SECONDS) -> None:
    """Whatever the machine is busy with, timings find what is given here; each call is made once all the same."""

    def measure(calls: Mapping[str, Call], *arguments: object) -> dict[str, QueryTime]:
        found = {}
        for key, call in calls.items():
            call.ask()
            name = key.split("|")[0]
            corrected = name.removeprefix("corrected_")  # asks what it corrects, and then a line
            row = seconds[name] if corrected == name else seconds[corrected] + seconds["linear"]
            blocks = tuple(row * (1 + 0.01 * k) for k in (-3, -2, -1, 0, 1, 2, 3))
            found[key] = QueryTime(row, blocks[1], blocks[5], blocks, row * call.rows, call.rows, row * call.rows)
        return found

    patch.setattr(timing, "measure", measure)


def vector_bundle(factory: pytest.TempPathFactory) -> Path:
    """A bundle of `studies_for_tests.vector_study` with all its models, made once: 24 runs to learn from, 8 held out."""
    from studies_for_tests import vector_study

    from frugal.campaigns.campaign import Settings, run_campaign
    from frugal.campaigns.publish import publish

    def make(home: Path) -> None:
        settings = Settings(folder=home / "campaigns", measure_seconds=0.2, carbon=False)
        publish(run_campaign(vector_study(), settings), home / "bundle")

    return made_once(factory, "vector", make) / "bundle"
