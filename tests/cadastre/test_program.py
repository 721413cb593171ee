"""The digest of the program: it changes with what it names, and what is not there is no program that never changes."""

import sys
from pathlib import Path

import pytest

from frugal.cadastre.job.job import Job
from frugal.cadastre.job.program_digest import program_digest
from frugal.cadastre.tiles.store import TileReport, finished, write_report
from frugal.formats.rasters.tiling import TileGrid


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "digested"
    (folder / "data").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "part.py").write_text("x = 1\n")
    (folder / "data" / "numbers.csv").write_text("1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    program_digest.cache_clear()
    sys.modules.pop("digested", None)


def digest(*modules: str) -> str:
    program_digest.cache_clear()
    return program_digest(*modules)


@pytest.mark.parametrize("changed", ["part.py", "data/numbers.csv"])
def test_a_change_in_a_source_or_a_table_changes_the_digest(package: Path, changed: str) -> None:
    before = digest("digested")
    (package / changed).write_text("2\n")
    assert digest("digested") != before


def test_one_module_is_known_by_its_own_source(package: Path) -> None:
    before = digest("digested.part")
    (package / "data" / "numbers.csv").write_text("2\n")
    assert digest("digested.part") == before
    (package / "part.py").write_text("x = 3\n")
    assert digest("digested.part") != before


@pytest.mark.parametrize("missing", ["frugal.formatz", "frugal.formats.nothing", "nowhere"])
def test_a_module_that_was_renamed_is_refused(missing: str) -> None:
    with pytest.raises(ModuleNotFoundError, match=missing.replace(".", r"\.")):
        digest("frugal.errors", missing)


def test_the_whole_package_covers_every_room() -> None:
    assert digest() == digest("frugal") != digest("frugal.formats")


def test_a_tile_that_another_program_made_is_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job(
        grid=TileGrid(1.0), crs="EPSG:2154", surface=(), bare=(), roofs=(), footprints="", terrain="", model="", site="{}",
        azimuths=36, reach_m=200.0, setback_m=0.4, grid_turn_deg=0.0, reference_height_m=0.0, weather_spread=0.0,
        is_synthetic=True, maps=True, maps_of="all", country="FRA", vintage="", folder=str(tmp_path), digest="",
    )  # fmt: skip
    (tmp_path / "0_0").mkdir()
    write_report(tmp_path / "0_0", TileReport("0_0", job.hash()))
    assert finished(tmp_path, "0_0", job.hash()) is not None
    monkeypatch.setattr("frugal.cadastre.job.job.program_digest", lambda: "of another version")
    assert finished(tmp_path, "0_0", job.hash()) is None
