"""Fixtures shared by all tests."""

from pathlib import Path

import pytest
from campaigns_for_tests import WITH_AI, few_models, short_timings

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data beside the checkout; tests that need it are skipped where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("real data are not beside this checkout")
    return SHARED_DATA


@pytest.fixture
def cheap_campaigns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Campaigns and evaluations with two models and short timings."""
    few_models(monkeypatch)
    short_timings(monkeypatch)


@pytest.fixture
def cheap_campaigns_with_ai(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with a third model, which is AI."""
    few_models(monkeypatch, WITH_AI)
    short_timings(monkeypatch)
