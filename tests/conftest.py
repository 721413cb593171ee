"""Fixtures shared by all tests."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from campaigns_for_tests import WITH_AI, few_models, same_pictures, short_timings

# The command line speaks the language of the terminal; tests hold what it says in English, whatever the developer speaks.
os.environ["LC_ALL"] = "C.UTF-8"

TESTS = Path(__file__).resolve().parent
#: Rooms of tests that look at the pictures of an audit, or at whole campaigns.
WITH_PICTURES = {"audit", "campaigns", "reporting"}
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


@pytest.fixture(scope="module", autouse=True)
def pictures_of_audits(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where tests do not look at them, all audits show the same pictures: drawing them takes half the time of an audit."""
    if request.path.relative_to(TESTS).parts[0] in WITH_PICTURES:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        same_pictures(patch)
        yield


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """Call the command line in this process, in an empty working folder: exit code, stdout and stderr."""
    from frugal.cli import main

    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["frugal", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, said.err

    return call
