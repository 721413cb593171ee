"""machine.toml: what its owner declares, and what is refused."""

import json
from pathlib import Path

import pytest

from frugal.errors import UnusableInputError
from frugal.metering.power.machine import describe_machine
from frugal.metering.power.machine_file import read_machine

NO_COUNTERS = Path("/nowhere")


def written(folder: Path, text: str) -> Path:
    path = folder / "machine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_the_power_is_a_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    machine = read_machine(rapl_root=NO_COUNTERS)
    assert machine == describe_machine()
    assert (machine.tier, machine.watts_low, machine.watts_per_core, machine.watts_high) == ("T4", 1.5, 3.0, 6.0)
    assert "default" in machine.method["en"] and "par défaut [1,5–6]" in machine.method["fr"]
    assert machine.memory_gb is not None and machine.memory_gb > 0.1


def test_a_declared_power_is_of_tier_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
    watts_per_core = 4.0
    source = "data sheet of the server, 2024"
    pue = 1.3
    wue_l_per_kwh = 0.2
    country = "FRA"
    hosting = "town hall, basement"
    reused = true
    age_years = 3
    """
    path = written(tmp_path, text)
    monkeypatch.chdir(tmp_path)
    machine = read_machine(rapl_root=NO_COUNTERS)  # found in the working folder
    assert machine == read_machine(path)
    assert (machine.tier, machine.watts_per_core) == ("T3", 4.0)
    assert (machine.watts_low, machine.watts_high) == (3.0, 5.0)
    assert (machine.pue, machine.wue_l_per_kwh, machine.country, machine.reused) == (1.3, 0.2, "FRA", True)
    assert (machine.hosting, machine.age_years) == ("town hall, basement", 3.0)
    assert "declared: data sheet" in machine.method["en"] and "4 W" in machine.method["fr"]
    assert machine.file_sha256 is not None and len(machine.file_sha256) == 64
    plain = machine.describe()
    assert json.loads(json.dumps(plain)) == plain  # nothing in it but plain values
    assert str(tmp_path) not in json.dumps(plain)


def test_bounds_can_be_declared_and_so_can_a_place_without_a_power(tmp_path: Path) -> None:
    path = written(tmp_path, 'watts_per_core = 4\nwatts_low = 3.5\nwatts_high = 9\nsource = "meter"\n')
    machine = read_machine(path)
    assert (machine.watts_low, machine.watts_high) == (3.5, 9.0)
    place = read_machine(written(tmp_path, 'country = "BEL"\nsource = "the owner"\n'), rapl_root=NO_COUNTERS)
    assert (place.tier, place.country, place.watts_per_core) == ("T4", "BEL", 3.0)


def test_readings_that_are_still_to_come_are_kept_in_mind(tmp_path: Path) -> None:
    path = written(tmp_path, 'source = "plug meter"\n[meter]\nreadings = "meter.csv"\nidle_watts = 20\n')
    machine = read_machine(path)
    assert (machine.tier, machine.meter_file, machine.idle_watts) == ("T4", tmp_path / "meter.csv", 20.0)
    assert machine.describe()["meter_file"] == "meter.csv"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("watts_per_core = 4", "'source' is missing"),
        ('watts_per_core = -4\nsource = "x"', "watts_per_core = -4 must be a number above 0"),
        ('watts_per_core = 0\nsource = "x"', "above 0"),
        ('watts_per_core = nan\nsource = "x"', "must be a number"),
        ('watts_per_core = true\nsource = "x"', "must be a number"),
        ('watts_per_core = "4 W"\nsource = "x"', "must be a number"),
        ('watts_per_core = 4\nwatts_low = 5\nsource = "x"', "not between watts_low 5 and watts_high 5"),
        ('watts_low = 5\nsource = "x"', "'watts_low' needs 'watts_per_core'"),
        ('source = " "', "text that is not empty"),
        ('source = "x"\npue = 0.9', "pue = 0.9 must be a number from 1"),
        ('source = "x"\nwue_l_per_kwh = -1', "wue_l_per_kwh"),
        ('source = "x"\ncountry = "fr"', "three capital letters"),
        ('source = "x"\nreused = "yes"', "true or false"),
        ('source = "x"\nage_years = 200', "age_years"),
        ('source = "x"\nwatt = 4', "'watt' is unknown; allowed: watts_per_core"),
        ('source = "x"\n[meter]\nfile = "m.csv"', "needs 'readings'"),
        ('source = "x"\n[meter]\nreadings = "m.csv"\nidle = 4', "'meter.idle' is unknown"),
        ('source = "x"\n[meter]\nreadings = "m.csv"\nidle_watts = -4', "meter.idle_watts"),
        ("source = x", "not readable as TOML"),
    ],
)
def test_a_machine_file_that_cannot_be_used_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UnusableInputError, match=r"machine\.toml") as told:
        read_machine(written(tmp_path, text))
    assert words in str(told.value)


def test_a_machine_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"absent\.toml.*cannot be read"):
        read_machine(tmp_path / "absent.toml")
