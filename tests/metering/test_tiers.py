"""Power from readings: a meter at the wall laid over a ledger, and the energy counters of the processor."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from frugal.errors import UnusableInputError
from frugal.metering.ledger.ledger import Entry, Ledger
from frugal.metering.meter import Meter
from frugal.metering.power.machine import Machine, describe_machine
from frugal.metering.power.machine_file import read_machine
from frugal.metering.power.rapl import RaplMeter, rapl_is_readable
from frugal.metering.power.tiers import apply_meter, stage_joules, with_counters
from frugal.metering.power.wall_meter import read_meter

START = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)


def at(seconds: float) -> str:
    return (START + timedelta(seconds=seconds)).isoformat()


def stage(start: float, wall: float, cpu: float) -> Entry:
    return Entry("fit", started=at(start), wall_seconds=wall, cpu_seconds=cpu)


def readings(folder: Path, column: str, rows: list[tuple[float, float]]) -> Path:
    path = folder / "meter.csv"
    path.write_text(f"time,{column}\n" + "".join(f"{at(seconds)},{value}\n" for seconds, value in rows))
    return path


def with_meter(folder: Path, idle: float = 20.0) -> Machine:
    path = folder / "machine.toml"
    path.write_text(f'source = "plug meter"\n[meter]\nreadings = "meter.csv"\nidle_watts = {idle}\n')
    return read_machine(path)


def test_watts_at_the_wall_give_the_power_of_a_core(tmp_path: Path) -> None:
    """20 W at rest; two cores busy from 100 s to 200 s draw 50 W in all: 15 W for each core."""
    readings(tmp_path, "watts", [(float(t), 50.0 if 100 <= t <= 200 else 20.0) for t in range(0, 301, 1)])
    machine = with_meter(tmp_path)
    entries = [stage(110, 40, 80), stage(150, 40, 80), Entry("rest", cpu_seconds=5.0)]
    assert stage_joules(machine, entries, read_meter(tmp_path / "meter.csv")) == [
        pytest.approx(40 * 30.0),
        pytest.approx(40 * 30.0),
        None,
    ]
    found = apply_meter(machine, entries)
    assert (found.tier, found.watts_per_core) == ("T1", pytest.approx(15.0))
    assert (found.watts_low, found.watts_high) == (pytest.approx(13.5), pytest.approx(16.5))
    assert found.includes_memory and found.idle_watts == 20.0 and found.meter_sha256 == machine.meter_sha256
    assert "20 W at rest taken off" in found.method["en"] and "meter.csv" in found.method["fr"]


def test_a_counter_gives_the_same(tmp_path: Path) -> None:
    readings(tmp_path, "kilowatt_hours", [(t, 7.0 + 50.0 * t / 3.6e6) for t in range(0, 400, 2)])
    found = apply_meter(with_meter(tmp_path), [stage(50, 100, 200)])
    assert found.watts_per_core == pytest.approx((50.0 - 20.0) / 2)


def test_a_ramp_is_integrated_between_readings(tmp_path: Path) -> None:
    path = readings(tmp_path, "watts", [(0.0, 0.0), (10.0, 10.0), (20.0, 20.0), (30.0, 30.0)])
    found = read_meter(path)
    assert found.between(START.timestamp(), START.timestamp() + 30) == pytest.approx(450.0)
    assert found.between(START.timestamp(), START.timestamp() + 31) is None


def test_stages_that_are_not_covered_are_left_out(tmp_path: Path) -> None:
    rows = [(float(t), 50.0) for t in range(0, 100)] + [(float(t), 50.0) for t in range(400, 500)]
    readings(tmp_path, "watts", rows)
    machine = with_meter(tmp_path, idle=0.0)
    entries = [stage(10, 50, 50), stage(50, 380, 300), stage(490, 50, 50)]  # whole; across a hole; beyond the end
    joules = stage_joules(machine, entries, read_meter(tmp_path / "meter.csv"))
    assert joules == [pytest.approx(2500.0), None, None]
    assert apply_meter(machine, entries).watts_per_core == pytest.approx(50.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("when,watts\n", "columns when, watts"),
        ("time,power\n", "'time' and either 'watts' or 'kilowatt_hours' are needed"),
        ("time,watts,kilowatt_hours\n", "either 'watts' or"),
        ("", "columns none"),
        (f"time,watts\n{at(0)},3\n", "hold 1 rows"),
        (f"time,watts\n{at(0)},3\n{at(1)},-3\n", "line 3 of .*: watts '-3' must be a number"),
        (f"time,watts\n{at(0)},3\n{at(1)},\n", "line 3 of .*watts ''"),
        (f"time,watts\n{at(0)},3\n{at(1)},many\n", "'many'"),
        (f"time,watts\n{at(5)},3\n{at(1)},3\n", "line 3 of .*does not follow"),
        ("time,watts\n2026-11-03T09:00:00,3\n2026-11-03T09:00:01,3\n", "no offset"),
        ("time,watts\nmonday,3\ntuesday,3\n", "'monday' is not a date"),
        (f"time,kilowatt_hours\n{at(0)},3\n{at(1)},2\n", "line 3 of .*goes back"),
    ],
)
def test_readings_that_cannot_be_used_are_told(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "meter.csv").write_text(text)
    with pytest.raises(UnusableInputError, match=words):
        with_meter(tmp_path)  # already when the machine is described, before anything runs


def test_readings_that_do_not_fit_the_ledger_are_told(tmp_path: Path) -> None:
    machine = with_meter(tmp_path)
    with pytest.raises(UnusableInputError, match=r"meter\.csv' cannot be read"):
        apply_meter(machine, [stage(0, 10, 10)])
    readings(tmp_path, "watts", [(float(t), 15.0) for t in range(100)])
    for entries, words in (
        ([stage(500, 50, 50)], "cover no stage"),
        ([stage(10, 1, 1)], "1 CPU seconds of the ledger; 10 are the least"),
        ([stage(10, 50, 50)], "no more than the 20 W at rest"),
    ):
        with pytest.raises(UnusableInputError, match=words):
            apply_meter(machine, entries)
    readings(tmp_path, "kilowatt_hours", [(float(t), 7.0 + 0.01 * (t > 30)) for t in range(100)])
    with pytest.raises(UnusableInputError, match="too coarse"):
        apply_meter(machine, [stage(10, 50, 50)])


def test_a_machine_without_a_meter_stays_as_it_is() -> None:
    machine = describe_machine()
    assert apply_meter(machine, [stage(0, 100, 100)]) is machine


class FakeCounters:
    """A folder as the kernel shows it: a package with its cores and its memory, and a second driver that repeats it."""

    RANGE = 262_143_328_850

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder, name in (
            ("intel-rapl:0", "package-0"),
            ("intel-rapl:0:0", "core"),
            ("intel-rapl:0:1", "dram"),
            ("intel-rapl:1", "psys"),
            ("intel-rapl-mmio:0", "package-0"),
        ):
            (root / folder).mkdir(parents=True)
            (root / folder / "name").write_text(f"{name}\n")
            (root / folder / "max_energy_range_uj").write_text(f"{self.RANGE}\n")
            (root / folder / "energy_uj").write_text("0\n")
        (root / "intel-rapl").mkdir()
        self.set(0.0, 0.0)

    def set(self, package: float, memory: float) -> None:
        for folder in ("intel-rapl:0", "intel-rapl-mmio:0", "intel-rapl:0:0", "intel-rapl:1"):
            (self.root / folder / "energy_uj").write_text(f"{int(package * 1e6) % self.RANGE}\n")
        (self.root / "intel-rapl:0:1" / "energy_uj").write_text(f"{int(memory * 1e6) % self.RANGE}\n")


def test_counters_of_packages_and_memory_are_added_and_wrap_round(tmp_path: Path) -> None:
    fake = FakeCounters(tmp_path)
    fake.set(262_000.0, 5.0)
    meter = RaplMeter(tmp_path)
    fake.set(262_100.0, 6.0)
    assert meter.joules() == pytest.approx(101.0)
    fake.set(262_143.32885 + 56.67115, 7.0)
    assert meter.joules() == pytest.approx(202.0, abs=1e-3)
    assert meter.includes_memory


def test_counters_are_used_unless_a_power_is_declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "powercap"
    assert not rapl_is_readable(root)
    FakeCounters(root)
    assert rapl_is_readable(root)
    assert read_machine(rapl_root=root).rapl_root == root
    declared = tmp_path / "other.toml"
    declared.write_text('watts_per_core = 4\nsource = "data sheet"\n')
    assert read_machine(declared, rapl_root=root).rapl_root is None
    (root / "intel-rapl:0" / "energy_uj").unlink()
    assert read_machine(rapl_root=root).rapl_root is None


def test_stages_read_the_counters_without_the_power_at_rest(tmp_path: Path) -> None:
    fake = FakeCounters(tmp_path / "powercap")
    energy = RaplMeter(tmp_path / "powercap")

    def rest(seconds: float) -> None:
        fake.set(8.0 * seconds, 2.0 * seconds)

    assert energy.measure_idle(5.0, rest) == pytest.approx(10.0, rel=0.01)
    meter = Meter(Ledger(tmp_path / "ledger.jsonl"), "c1", energy=energy)
    with meter.stage("generation"):
        fake.set(8.0 * 5 + 90.0, 2.0 * 5 + 10.0)
    (entry,) = meter.ledger.entries()
    assert entry.meter_joules == pytest.approx(100.0 - 10.0 * entry.wall_seconds, abs=0.1)
    machine = describe_machine()
    assert with_counters(machine, [entry], energy) is machine  # too little work to tell a power from
    long = Entry("generation", cpu_seconds=20.0, meter_joules=90.0)
    found = with_counters(machine, [long, Entry("rest", cpu_seconds=50.0)], energy)
    assert (found.tier, found.watts_per_core) == ("T2", pytest.approx(4.5))
    assert (found.watts_low, found.watts_high) == (pytest.approx(4.5 * 0.75), pytest.approx(4.5 * 1.25))
    assert found.includes_memory and "10 W at rest" in found.method["en"]
