"""The chain of a ledger: whatever is done to its lines is noticed."""

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from frugal.errors import EnvironmentFaultError
from frugal.metering.ledger.hash_chain import check_chain, check_seal, prefix_digest, seal_of, split_lines
from frugal.metering.ledger.ledger import Entry, Ledger, chained_content, chained_lines

STAGES = ("compile", "generation", "fit", "export", "evaluation")


@pytest.fixture
def lines(tmp_path: Path) -> list[bytes]:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for seconds, stage in enumerate(STAGES, start=1):
        ledger.append(Entry(stage, cpu_seconds=float(seconds), message="dépense"))
    return ledger.lines()


def test_a_ledger_that_was_left_alone_is_whole(lines: list[bytes]) -> None:
    assert check_chain(lines) == check_chain([]) == ""
    assert [json.loads(line)["number"] for line in lines] == [0, 1, 2, 3, 4]
    assert check_seal(lines, seal_of(lines)) == check_seal(lines, seal_of(lines[:3])) == ""


@pytest.mark.parametrize("gone", range(5))
def test_a_line_that_is_taken_out_is_noticed(lines: list[bytes], gone: int) -> None:
    seal = seal_of(lines)
    left = [line for number, line in enumerate(lines) if number != gone]
    assert "missing" in check_seal(left, seal)
    if gone < 4:  # at the end, nothing follows that could tell; the seal does
        assert f"just before line {gone + 1}" in check_chain(left)


@pytest.mark.parametrize("altered", range(5))
def test_a_line_that_is_altered_is_noticed(lines: list[bytes], altered: int) -> None:
    seal = seal_of(lines)
    lines[altered] = lines[altered].replace(b'"cpu_seconds": ', b'"cpu_seconds": 9')
    assert check_seal(lines, seal)
    if altered < 4:
        assert f"line {altered + 1} of the ledger was altered" in check_chain(lines)


def test_lines_moved_added_or_chained_anew_are_noticed(lines: list[bytes]) -> None:
    assert "moved" in check_chain([lines[1], lines[0], *lines[2:]])
    assert check_chain([lines[0], lines[0], *lines[1:]])
    assert "not a chained entry" in check_chain([*lines, b'{"stage": "fit"}'])
    assert "not a chained entry" in check_chain([*lines, b"[1]"])
    anew = chained_lines([Entry(stage) for stage in STAGES])
    assert check_chain(anew) == ""
    assert "not those that were sealed" in check_seal(anew, seal_of(lines))


def test_faults_are_told_in_french(lines: list[bytes]) -> None:
    assert "manque" in check_chain(lines[1:], "fr")
    assert "scellées" in check_seal(lines[:2], seal_of(lines), "fr")


def test_the_digest_of_a_prefix_is_that_of_the_file(lines: list[bytes]) -> None:
    import hashlib

    content = b"".join(line + b"\n" for line in lines[:2])
    assert prefix_digest(lines, 2) == hashlib.sha256(content).hexdigest()


def test_rewriting_entries_gives_the_same_bytes(lines: list[bytes], tmp_path: Path) -> None:
    entries = Ledger(tmp_path / "ledger.jsonl").entries()
    assert chained_content(entries) == (tmp_path / "ledger.jsonl").read_bytes()
    fewer = [replace(entry) for entry in entries if entry.stage != "fit"]
    assert check_chain(split_lines(chained_content(fewer))) == ""


def test_two_processes_do_not_fork_the_chain(tmp_path: Path) -> None:
    code = textwrap.dedent(
        f"""
        from frugal.metering.ledger.ledger import Entry, Ledger
        ledger = Ledger({str(tmp_path / "ledger.jsonl")!r})
        for number in range(60):
            ledger.append(Entry("fit", cpu_seconds=float(number)))
        """
    )
    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(2)]
    assert [process.wait() for process in running] == [0, 0]
    lines = Ledger(tmp_path / "ledger.jsonl").lines()
    assert len(lines) == 120
    assert check_chain(lines) == ""


def test_a_line_whose_write_was_cut_short_gives_way_to_the_next(lines: list[bytes], tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with path.open("ab") as stream:
        stream.write(b'{"stage": "fi')
    ledger = Ledger(path)
    assert ledger.lines() == lines and len(ledger.entries()) == 5
    ledger.append(Entry("audit"))
    assert check_chain(ledger.lines()) == "" and len(ledger.lines()) == 6
    path.write_bytes(path.read_bytes().removesuffix(b"\n"))  # by an editor: the line is whole
    ledger.append(Entry("tracking"))
    assert check_chain(ledger.lines()) == "" and len(ledger.lines()) == 7


def test_a_full_disk_leaves_the_chain_whole(
    lines: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, write = tmp_path / "ledger.jsonl", os.write
    monkeypatch.setattr(os, "write", lambda handle, content: write(handle, content[:20]))
    with pytest.raises(EnvironmentFaultError, match="No space left"):
        Ledger(path).append(Entry("audit"))
    monkeypatch.undo()
    assert Ledger(path).lines() == lines
