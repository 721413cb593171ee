"""``frugal audit``: declarations, factors, country, machine, comparison and exports, as the user meets them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from campaigns_for_tests import WITH_AI, few_models, made_once
from studies_for_tests import linear_study

from frugal.audit.exports.export import FORMATS
from frugal.campaigns.campaign import Settings, run_campaign
from frugal.campaigns.publish import publish
from frugal.metering.ledger.ledger import Ledger, cpu_total

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., tuple[int, str, str]]

DECLARED = """
[NEC-08]
text = "The energy office decides which roofs to visit first."
owner = "Energy office"
evidence = ["minutes.txt"]

[FRU-09]
text = "Nothing was found in two catalogues."
"""


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small bundle, and beside it one of the same study that is asked ten times more."""

    def make(home: Path) -> None:
        settings = Settings(folder=home / "campaigns", measure_seconds=0.2, carbon=False, threads=1)
        study = replace(linear_study(), n_runs=32)
        more = replace(study, need=replace(study.need, queries=(1e5, 1e7)))
        with pytest.MonkeyPatch.context() as patch:
            few_models(patch, WITH_AI)
            publish(run_campaign(study, settings), home / "old")
            publish(run_campaign(more, settings), home / "new")

    return made_once(tmp_path_factory, "audited", make)


@pytest.fixture
def run(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Call the command line in a working folder with the two bundles."""
    from frugal.cli import main

    monkeypatch.chdir(tmp_path)
    for name in ("old", "new"):
        shutil.copytree(trained / name, name)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["frugal", "audit", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return int(stopped.value.code or 0), said.out, said.err

    return call


def content(folder: str = "old") -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


def everything() -> dict[str, bytes]:
    return content(".")


def statuses(folder: str = "old") -> dict[str, str]:
    audit = json.loads((Path(folder) / "audit.json").read_text())
    return {row["id"]: row["status"] for row in audit["criteria"]}


def test_a_declaration_with_evidence_turns_its_criterion(run: Run) -> None:
    Path("minutes.txt").write_text("The council met.")
    Path("declared.toml").write_text(DECLARED)
    before = statuses()
    assert (before["NEC-08"], before["FRU-09"]) == ("unevidenced", "unevidenced")
    code, out, err = run("old", "--declarations", "declared.toml")
    assert code in (0, 1), err
    after = statuses()
    assert (after["NEC-08"], after["FRU-09"]) == ("pass", "unevidenced"), "a declaration without a file proves nothing"
    assert "No AI used" in out and out.rstrip().endswith("audit.en.html")
    page = Path("old/audit.en.html").read_text()
    assert "Energy office" in page or "The energy office decides" in page
    assert list(Path("old/evidence").iterdir())
    assert run("old")[0] == code and statuses() == after, "kept with the bundle"


def test_evidence_that_changed_afterwards_is_refused_and_nothing_is_written(run: Run) -> None:
    Path("minutes.txt").write_text("The council met.")
    Path("declared.toml").write_text(DECLARED)
    assert run("old", "--declarations", "declared.toml")[0] in (0, 1)
    (kept,) = Path("old/evidence").iterdir()
    kept.write_text("The council never met.")
    before = content()
    code, out, err = run("old")
    assert (code, out) == (4, "")
    assert "the evidence 'minutes.txt' of NEC-08 was changed" in err and kept.name in err
    assert err.count("\n") == 1
    assert content() == before


def test_evidence_that_changed_under_new_checksums_is_not_assessed(run: Run) -> None:
    from frugal.surrogates.bundle.bundle import write_checksums

    Path("minutes.txt").write_text("The council met.")
    Path("declared.toml").write_text(DECLARED)
    assert run("old", "--declarations", "declared.toml")[0] in (0, 1)
    (kept,) = Path("old/evidence").iterdir()
    kept.write_text("The council never met.")
    write_checksums(Path("old"))
    before = content()
    code, out, err = run("old")
    assert code == 4 and not out
    assert "the evidence 'minutes.txt' of NEC-08 was changed" in err
    assert content() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[NEC-08]\ntext = "x"\nevidence = ["absent.txt"]\n', "'absent.txt' does not exist"),
        ('[NEC-8]\ntext = "x"\n', "did you mean 'NEC-08'"),
        ('[NEC-08]\nowner = "x"\n', "NEC-08.text is missing"),
        ("not toml", "cannot be read"),
    ],
)
def test_declarations_that_cannot_be_used(run: Run, text: str, words: str) -> None:
    Path("bad.toml").write_text(text)
    before = everything()
    code, out, err = run("old", "--declarations", "bad.toml")
    assert code == 2 and words in err and not out
    assert everything() == before


HEADER = "id,value,low,high,unit,year,source,licence\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,value,low,high,unit,year,source\npue,1.5,1,2,1,2024,me\n", "lacks the column 'licence'"),
        (HEADER + "pue,1.5,2,1,1,2024,me,fact\n", "low <= value <= high"),
        (HEADER + "pue,-1,-2,1,1,2024,me,fact\n", "low <= value <= high"),
        (HEADER + "pue,1.5,1,2,kWh,2024,me,fact\n", "the unit of the packaged factor"),
        (HEADER + "pue,many,1,2,1,2024,me,fact\n", "'many'"),
        (None, "factors.csv"),
    ],
)
def test_factors_that_cannot_be_used(run: Run, text: str | None, words: str) -> None:
    if text is not None:
        Path("factors.csv").write_text(text)
    before = everything()
    code, out, err = run("old", "--factors", "factors.csv")
    assert code == 2 and words in err and not out
    assert everything() == before


def test_factors_of_ones_own_are_used_and_named(run: Run) -> None:
    Path("factors.csv").write_text(HEADER + "pue,3.0,3.0,3.0,1,2026,our own room,fact\n")
    before = json.loads(Path("old/audit.json").read_text())
    code, out, err = run("old", "--factors", "factors.csv", "--json")
    assert code in (0, 1), err
    audit = json.loads(out)
    assert audit["factors_file"]["file"] == "factors.csv"
    (pue,) = [factor for factor in audit["factors"] if factor["id"] == "pue"]
    assert (pue["value"], pue["origin"], pue["source"]) == (3.0, "user", "our own room")
    assert audit["decisions"] == before["decisions"]


def test_another_country_changes_the_carbon_and_not_the_energy(run: Run) -> None:
    code, out, _ = run("old", "--country", "POL", "--json")
    polish = json.loads(out)
    french = json.loads(run("old", "--country", "FRA", "--json")[1])
    assert code in (0, 1)
    assert (polish["footprint"]["country"], french["footprint"]["country"]) == ("POL", "FRA")
    one, other = (next(r for r in a["footprint"]["rows"] if r["per"] == "functional_unit") for a in (polish, french))
    assert one["impacts"]["gwp"]["use"] > 3 * other["impacts"]["gwp"]["use"]
    assert one["impacts"]["energy"]["use"] == pytest.approx(other["impacts"]["energy"]["use"])


@pytest.mark.parametrize("country", ["ZZZ", "France", ""])
def test_an_unknown_country_is_refused(run: Run, country: str) -> None:
    before = everything()
    code, out, err = run("old", "--country", country)
    assert code == 2 and f"'{country}'" in err and "FRA" in err and not out
    assert everything() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('source = "x"\nwatts_per_core = -3\n', "watts_per_core"),
        ('source = "x"\nwatts_per_core = "many"\n', "watts_per_core"),
        ('source = "x"\nwatts_per_core = 3\nwatts_low = 4\n', "watts_low"),
        ("watts_per_core = 3\n", "'source' is missing"),
        ('source = "x"\nwats = 3\n', "'wats'"),
        (None, "machine.toml"),
    ],
)
def test_a_machine_with_a_bad_value_is_refused(run: Run, text: str | None, words: str) -> None:
    if text is not None:
        Path("machine.toml").write_text(text)
    before = everything()
    code, out, err = run("old", "--machine", "machine.toml")
    assert code == 2 and words in err and not out
    assert everything() == before


def test_declared_watts_change_the_joules_and_not_the_verdict(run: Run) -> None:
    before = json.loads(Path("old/audit.json").read_text())
    Path("machine.toml").write_text('source = "a meter"\nwatts_per_core = 30\npue = 1.0\n')
    code, out, err = run("old", "--machine", "machine.toml", "--json")
    assert code in (0, 1), err
    audit = json.loads(out)
    assert audit["machine"]["tier"] == "T3" and statuses()["MES-01"] == "pass"
    assert audit["decisions"] == before["decisions"]
    fit = [next(c for c in a["costs"] if c["stage"] == "fit")["cpu_joules"] for a in (before, audit)]
    assert fit[1] == pytest.approx(10 * fit[0])


# --------------------------------------------------------------------------------------------------------- exports


@pytest.mark.parametrize("format", FORMATS)
def test_an_export_to_a_file_and_to_a_folder(run: Run, format: str) -> None:
    before = content()
    code, out, err = run("old", "--export", format, "--out", "there.txt")
    assert code == 0, err
    assert out.split() == ["there.txt"]
    text = Path("there.txt").read_text()
    assert text.startswith("---") if format == "huggingface" else json.loads(text)
    Path("folder").mkdir()
    code, out, _ = run("old", "--export", format, "--out", "folder")
    assert code == 0
    written = sorted(str(path) for path in Path("folder").iterdir())
    assert sorted(out.split()) == written and written
    if format != "boamps":
        assert [Path(path).read_text() for path in written] == [text]
    assert content() == before, "an export changes nothing in the bundle"


def test_an_export_tells_its_files_as_json_where_asked(run: Run) -> None:
    code, out, _ = run("old", "--export", "sci", "--out", "sci.json", "--json")
    assert (code, json.loads(out)) == (0, {"files": ["sci.json"]})


def test_a_bundle_with_a_link_upwards_is_refused_in_one_sentence(run: Run) -> None:
    Path("old/evaluations").mkdir()
    Path("old/evaluations/again").symlink_to("..")
    code, _, err = run("old")
    assert code == 4 and "'old/evaluations/again' is a link" in err
    Path("old/evaluations/again").unlink()
    Path("old/alternatives/constant.onnx").unlink()
    Path("old/alternatives/constant.onnx").symlink_to("constant.onnx")
    code, _, err = run("old")
    assert code == 4 and "alternatives/constant.onnx" in err and len(err.splitlines()) == 1


def test_an_export_ends_in_0_although_a_criterion_fails(run: Run) -> None:
    from frugal.audit.evidence.audit_file import seal

    audit = json.loads(Path("old/audit.json").read_text())
    audit["criteria"][0]["status"] = "fail"
    Path("failing").mkdir()
    Path("failing/audit.json").write_text(json.dumps(seal(audit)))
    assert run("failing", "--export", "sci", "--out", "sci.json")[0] == 0
    assert json.loads(Path("sci.json").read_text())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--export", "sci"), "--out"),
        (("--out", "x.json"), "--export"),
        (("--export", "pdf", "--out", "x.json"), "'pdf'"),
        (("--export", "cyclonedx1.7", "--out", "x.json"), "did you mean 'cyclonedx'"),
    ],
)
def test_exports_that_cannot_be_made(run: Run, arguments: tuple[str, ...], words: str) -> None:
    before = everything()
    code, out, err = run("old", *arguments)
    assert code == 2 and words in err and not out
    assert everything() == before


def test_an_audit_edited_by_hand_is_refused_everywhere(run: Run) -> None:
    path = Path("old/audit.json")
    path.write_text(path.read_text().replace('"verdict": "not_demonstrated"', '"verdict": "demonstrated"'))
    before = everything()
    for arguments in (
        ("old", "--export", "sci", "--out", "x.json"),
        ("new", "--compare", "old"),
        ("old", "--compare", "new"),
    ):
        code, out, err = run(*arguments)
        assert code == 4 and "was changed after it was written" in err and not out
    code, out, err = run("old")
    assert code == 2 and "audit.json' was altered" in err and not out
    assert everything() == before


# ------------------------------------------------------------------------------------------------------ comparison


def test_a_comparison_both_ways(run: Run) -> None:
    before = everything()
    code, out, err = run("new", "--compare", "old")
    assert code == 0, err
    assert "queries" in out and "linear" in out
    code, text, _ = run("new", "--compare", "old/audit.json", "--json")
    there = json.loads(text)
    back = json.loads(run("old", "--compare", "new", "--json")[1])
    assert code == 0
    assert there["need"]["queries"] == [[1e4, 1e6], [1e5, 1e7]] == back["need"]["queries"][::-1]
    assert (there["old"], there["new"]) == (back["new"], back["old"])
    for one, other in zip(there["changes"], back["changes"], strict=True):
        assert (one["old"], one["new"]) == (other["new"], other["old"])
        assert one["activity"] == pytest.approx(-other["activity"])
        assert one["intensity"] == pytest.approx(-other["intensity"])
    french = run("new", "--compare", "old", "--lang", "fr")[1]
    assert french != out and "→" in french
    assert everything() == before, "comparing writes nothing"


def test_a_comparison_with_nothing(run: Run) -> None:
    code, out, err = run("new", "--compare", "absent")
    assert code == 2 and "absent" in err and not out


def test_the_ledger_holds_what_the_kernel_charges_the_command(run: Run) -> None:
    """From the start of its process on: imports, the audit itself, its end. The kernel's word is that of ``wait4``."""
    before = cpu_total(Ledger("old/ledger.jsonl").entries())
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = subprocess.Popen([sys.executable, "-m", "frugal.cli", "audit", "old"], env=environment, stdout=-3)
    _, status, usage = os.wait4(command.pid, 0)
    command.returncode = os.waitstatus_to_exitcode(status)
    assert command.returncode in (0, 1)
    booked = cpu_total(Ledger("old/ledger.jsonl").entries()) - before
    assert booked == pytest.approx(usage.ru_utime + usage.ru_stime, rel=0.08)
    page = sum(cost["cpu_seconds"] for cost in json.loads(Path("old/audit.json").read_text())["costs"])
    assert page == pytest.approx(before + booked, rel=0.2)  # its own part is an estimate
