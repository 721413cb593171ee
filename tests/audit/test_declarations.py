"""Declarations and their evidence: what is accepted, kept and verified, and the sentence for what is not."""

import json
import os
import tomllib
from pathlib import Path

import pytest

from frugal.audit.evidence.declarations import (
    MAXIMUM_EVIDENCE_BYTES,
    keep,
    kept,
    read_declarations,
    says_nothing,
    template,
)
from frugal.audit.evidence.declared_fields import ASKS
from frugal.errors import NotAssessedError, UnusableInputError

KNOWN = (*ASKS, "FRU-03")

GOOD = """
[NEC-08]
text = "The energy office decides which roofs to visit first."
owner = "Energy office"
evidence = ["minutes.txt", "annex/list.csv"]

[FRU-19]
text = "Hosted in the prefecture."
country = "FR"
pue = 1.4
wue = 0
evidence = "minutes.txt"

[LIM-03]
text = "It relieves climate and presses nothing."
asked = "The council"
date = 2026-03-14

[FRU-03]
text = "Fewer runs were tried by hand."
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "annex").mkdir()
    (tmp_path / "minutes.txt").write_text("The council met.")
    (tmp_path / "annex" / "list.csv").write_text("roof\n1\n")
    (tmp_path / "declarations.toml").write_text(GOOD)
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "bad.toml"
    path.write_text(text)
    return path


def test_declarations_are_read_with_their_evidence(folder: Path) -> None:
    value, hosting, use, extra = read_declarations(folder / "declarations.toml", KNOWN)
    assert (value.id, value.fields) == ("NEC-08", {"owner": "Energy office"})
    assert [(e.file, e.bytes) for e in value.evidence] == [("minutes.txt", 16), ("annex/list.csv", 7)]
    assert hosting.fields == {"country": "FR", "pue": 1.4, "wue": 0}
    assert use.fields == {"asked": "The council", "date": "2026-03-14"}
    assert (use.evidenced, extra.evidenced, value.evidenced) == (False, False, True)


def test_kept_declarations_come_back_with_verified_evidence(folder: Path, tmp_path: Path) -> None:
    declarations = read_declarations(folder / "declarations.toml", KNOWN)
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    keep(declarations, bundle)
    again = kept(bundle)
    assert [d.as_dict() for d in again] == [d.as_dict() for d in declarations]
    digest = again[0].evidence[0].sha256
    assert (bundle / "evidence" / f"{digest[:12]}-minutes.txt").read_text() == "The council met."
    assert again[0].as_dict()["evidence"][0]["kept"] == f"evidence/{digest[:12]}-minutes.txt"
    assert len(list((bundle / "evidence").iterdir())) == 2  # one copy of what two declarations show


def test_new_declarations_replace_the_old_and_their_evidence(folder: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    keep(read_declarations(folder / "declarations.toml", KNOWN), bundle)
    (folder / "minutes.txt").write_text("The council met again.")
    keep(read_declarations(folder / "declarations.toml", KNOWN)[:1], bundle)
    (only,) = kept(bundle)
    assert sorted(path.name for path in (bundle / "evidence").iterdir()) == sorted(e.kept_name for e in only.evidence)
    assert only.evidence[0].path.read_text() == "The council met again."


def test_a_bundle_without_declarations_has_none(tmp_path: Path) -> None:
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[NEC-8]\ntext = 'x'", "'NEC-8' is no criterion; known: .*did you mean 'NEC-08'"),
        ("NEC-08 = 'x'", r"NEC-08 = 'x'; a table \[NEC-08\]"),
        ("[NEC-08]\nowner = 'x'", "NEC-08.text is missing; say in plain words"),
        ("[NEC-08]\ntext = '  '", "NEC-08.text = '  '; say in plain words"),
        ("[NEC-08]\ntext = 3", "NEC-08.text = 3; say in plain words"),
        ("[NEC-08]\ntext = 'x'\nowmer = 'y'", "unknown field 'owmer'; allowed: .*did you mean 'owner'"),
        ("[FRU-03]\ntext = 'x'\nowner = 'y'", "FRU-03 has the unknown field 'owner'; allowed: text, evidence"),
        ("[NEC-08]\ntext = 'x'\nowner = ''", "NEC-08.owner = ''; a text is needed"),
        ("[FRU-19]\ntext = 'x'\npue = 0.9", "FRU-19.pue = 0.9; a number of at least 1"),
        ("[FRU-19]\ntext = 'x'\nwue = -1", "FRU-19.wue = -1; a number of at least 0"),
        ("[FRU-23]\ntext = 'x'\nperiod_days = 0", "FRU-23.period_days = 0; a positive number"),
        ("[FRU-23]\ntext = 'x'\nqueries_observed = 'many'", "FRU-23.queries_observed = 'many'; a number"),
        ("[FRU-20]\ntext = 'x'\nmax_gigabytes = inf", "FRU-20.max_gigabytes = inf; a positive number"),
        ("[LIM-06]\ntext = 'x'\nlife_years = true", "LIM-06.life_years = True; a positive number"),
        ("[LIM-03]\ntext = 'x'\ndate = 'spring'", "LIM-03.date = 'spring'; a date, year-month-day"),
        ("[NEC-08]\ntext = 'x'\nevidence = 3", "NEC-08.evidence = 3; a list of file names"),
        ("[NEC-08]\ntext = 'x'\nevidence = ['absent.pdf']", "NEC-08.evidence 'absent.pdf' does not exist"),
        ("[NEC-08]\ntext = 'x'\nevidence = ['annex']", "NEC-08.evidence 'annex' is not a regular file"),
        ("[NEC-08]\ntext = 'x'\nevidence = ['../up.txt']", r"NEC-08.evidence '../up.txt' is outside .*beside the file"),
        ("[NEC-08]\ntext = 'x'\nevidence = ['/etc/hostname']", "NEC-08.evidence '/etc/hostname' is outside"),
        ("[NEC-08]\ntext = 'x'\nevidence = ['link.txt']", "NEC-08.evidence 'link.txt' is outside"),
        ("[NEC-08]\ntext = 'x'\nevidence = ['pipe']", "NEC-08.evidence 'pipe' is not a regular file"),
        ("[NEC-08]\ntext = 'x'\nevidence = ['empty.txt']", "NEC-08.evidence 'empty.txt' has 0 bytes; 1 to 20000000"),
        ("[NEC-08]\ntext = 'x'\nevidence = ['large.bin']", "'large.bin' has 20000001 bytes; 1 to 20000000"),
        ("[NEC-08\ntext = 'x'", "cannot be read"),
    ],
)
def test_a_wrong_declaration_is_told_in_one_sentence(folder: Path, text: str, words: str) -> None:
    (folder.parent / "up.txt").write_text("elsewhere")
    (folder / "link.txt").symlink_to(folder.parent / "up.txt")
    (folder / "empty.txt").touch()
    os.mkfifo(folder / "pipe")
    with (folder / "large.bin").open("wb") as stream:
        stream.truncate(MAXIMUM_EVIDENCE_BYTES + 1)
    path = written(folder, text)
    with pytest.raises(UnusableInputError, match=words) as told:
        read_declarations(path, KNOWN)
    assert str(told.value).startswith(f"declarations '{path}'")
    assert "\n" not in str(told.value) or "cannot be read" in str(told.value)


def test_a_file_that_is_absent_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableInputError, match=r"absent.toml' cannot be read"):
        read_declarations(tmp_path / "absent.toml", KNOWN)


def test_evidence_that_changes_before_it_is_kept_is_not_kept(folder: Path, tmp_path: Path) -> None:
    declarations = read_declarations(folder / "declarations.toml", KNOWN)
    (folder / "annex" / "list.csv").write_text("roof\n2\n")
    with pytest.raises(NotAssessedError, match=r"evidence 'annex/list.csv' of NEC-08 was changed"):
        keep(declarations, tmp_path / "bundle")
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_text("The council mat."), "evidence 'minutes.txt' of NEC-08 was changed"),
        (lambda path: path.unlink(), "evidence 'minutes.txt' of NEC-08 is missing"),
    ],
)
def test_evidence_that_changed_in_the_bundle_cannot_be_assessed(
    folder: Path, tmp_path: Path, spoil: object, words: str
) -> None:
    bundle = tmp_path / "bundle"
    keep(read_declarations(folder / "declarations.toml", KNOWN), bundle)
    (path,) = (bundle / "evidence").glob("*-minutes.txt")
    spoil(path)  # type: ignore[operator]
    with pytest.raises(NotAssessedError, match=words):
        kept(bundle)


@pytest.mark.parametrize(
    "edit",
    [
        lambda rows: rows[0].pop("text"),
        lambda rows: rows[0]["evidence"][0].update(sha256="../../../../etc/hostname"),
        lambda rows: rows.append(3),
    ],
)
def test_a_list_of_declarations_edited_by_hand_cannot_be_assessed(folder: Path, tmp_path: Path, edit: object) -> None:
    bundle = tmp_path / "bundle"
    keep(read_declarations(folder / "declarations.toml", KNOWN), bundle)
    content = json.loads((bundle / "declarations.json").read_text())
    edit(content["declarations"])  # type: ignore[operator]
    (bundle / "declarations.json").write_text(json.dumps(content))
    with pytest.raises(NotAssessedError, match="cannot be read as declarations"):
        kept(bundle)


def test_a_file_name_cannot_lead_out_of_the_folder_of_evidence(folder: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    keep(read_declarations(folder / "declarations.toml", KNOWN), bundle)
    content = json.loads((bundle / "declarations.json").read_text())
    content["declarations"][0]["evidence"][0].update(file="../../minutes.txt", kept="../minutes.txt")
    (bundle / "declarations.json").write_text(json.dumps(content))
    assert kept(bundle)[0].evidence[0].path.parent == bundle / "evidence"


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_template_declares_nothing_until_it_is_filled_in(folder: Path, language: str) -> None:
    text = template(language)
    assert read_declarations(written(folder, text), KNOWN) == []
    filled = text.replace("….pdf", "minutes.txt").split("\n")
    table = [line.removeprefix("# ") for line in filled if line.startswith(("# [", "# text", "# evidence"))]
    assert set(tomllib.loads("\n".join(table))) == set(ASKS)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_example_of_the_template_is_accepted(folder: Path, language: str) -> None:
    lines = []
    for line in template(language).replace("….pdf", "minutes.txt").split("\n"):
        bare = line.removeprefix("# ")
        if bare.startswith("[") or (" = " in bare and bare.split(" = ")[0].isidentifier()):
            lines.append(bare)
    found = read_declarations(written(folder, "\n".join(lines)), ASKS)
    assert {d.id: set(d.fields) for d in found} == {name: set(fields) for name, fields in ASKS.items()}
    assert all(d.evidenced for d in found)


def test_what_says_nothing_does_not_count_and_says_why(folder: Path) -> None:
    (folder / "dot.txt").write_text(" .\n")
    text = "\n".join(
        [
            '[NEC-08]\ntext = "The energy office decides which roofs to visit first."\nevidence = ["minutes.txt"]',
            '[FRU-09]\ntext = "Nothing was found. "\nevidence = ["minutes.txt"]',
            '[FRU-17]\ntext = "A text that stands for two."\nevidence = ["minutes.txt"]',
            '[FRU-21]\ntext = "a text that  stands for two."\nevidence = ["minutes.txt"]',
            '[FRU-22]\ntext = "The page shows it beside the answer."\nevidence = ["dot.txt"]',
            '[LIM-03]\ntext = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxx"\nevidence = ["minutes.txt", "dot.txt"]',
        ]
    )
    found = read_declarations(written(folder, text), KNOWN)
    assert says_nothing(found) == {
        "FRU-09": "short", "FRU-17": "repeated", "FRU-21": "repeated", "FRU-22": "empty", "LIM-03": "short",
    }  # fmt: skip


def test_a_dot_and_an_x_lift_no_point(bundles, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    """One byte of evidence for a letter, on every point that may be declared: not one of them turns."""
    from frugal.audit.build import build_audit

    folder = bundles.write(bundles.table_wins(), tmp_path / "bundle")
    before = {row["id"]: row["status"] for row in build_audit(folder)["criteria"]}
    (tmp_path / "dot.txt").write_text(".")
    tables = [f'[{name}]\ntext = "x"\nevidence = ["dot.txt"]\n' for name in ASKS]
    keep(read_declarations(written(tmp_path, "".join(tables)), ASKS), folder)
    audit = build_audit(folder)
    assert {row["id"]: row["status"] for row in audit["criteria"]} == before
    words = {row["id"]: row["text"] for row in audit["criteria"]}
    assert "words that say nothing" in words["NEC-08"]["en"] and "ne disent rien" in words["NEC-08"]["fr"]
    assert not any("Nobody has read" in limit["en"] for limit in audit["limits"])


def test_the_page_says_that_nobody_has_read_the_evidence(bundles, folder: Path, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from frugal.audit.build import build_audit

    bundle = bundles.write(bundles.table_wins(), tmp_path / "bundle")
    keep(read_declarations(folder / "declarations.toml", KNOWN), bundle)
    limits = [limit["en"] for limit in build_audit(bundle)["limits"]]
    assert "Points that rest on a declaration: 2. Nobody has read the files that stand for them." in limits
