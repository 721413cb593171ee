"""Files appear whole or not at all; devices, FIFOs and links stay what they are."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from frugal.errors import EnvironmentFaultError, UnusableInputError
from frugal.formats.files.atomic import drafted, is_regular_target, put_back, write_bytes


def by_draft(path, content):
    with drafted(path) as draft:
        draft.write_bytes(content)


WRITERS = pytest.mark.parametrize("write", [write_bytes, by_draft])


@WRITERS
def test_a_link_stays_and_its_file_is_written(tmp_path, write):
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to("far/file")  # which does not exist yet
    for content in (b"one", b"two"):
        write(tmp_path / "link", content)
        assert (tmp_path / "link").is_symlink() and (tmp_path / "far" / "file").read_bytes() == content
    assert [path.name for path in (tmp_path / "far").iterdir()] == ["file"]
    (tmp_path / "ring").symlink_to("ring")
    with pytest.raises(EnvironmentFaultError, match=r"ring.*symbolic links"):
        write(tmp_path / "ring", b"x")
    with pytest.raises(EnvironmentFaultError, match=r"far.*directory"):
        write(tmp_path / "far", b"x")


@WRITERS
def test_a_fifo_is_written_through(tmp_path, write):
    os.mkfifo(tmp_path / "fifo")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "fifo").read_bytes()))
    reader.start()
    write(tmp_path / "fifo", b"content")
    reader.join(10)
    assert read == [b"content"] and (tmp_path / "fifo").is_fifo() and not is_regular_target(tmp_path / "fifo")


@WRITERS
def test_devices_stay_and_a_full_one_is_told(tmp_path, write):
    (tmp_path / "full").symlink_to("/dev/full")
    with pytest.raises(EnvironmentFaultError, match=r"cannot write .*full': No space left on device"):
        write(tmp_path / "full", b"content")
    write("/dev/null", b"content")
    assert Path("/dev/null").stat().st_rdev == os.makedev(1, 3) and (tmp_path / "full").is_symlink()


def test_what_goes_to_stdout_comes_after_what_was_printed(tmp_path):
    code = (
        "from frugal.formats.files.atomic import write_text\n"
        "print('before'); write_text('/dev/stdout', 'content\\n'); print('behind')"
    )
    with (tmp_path / "out").open("w") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True)
    assert (tmp_path / "out").read_text() == "before\ncontent\nbehind\n"


def test_a_folder_that_was_moved_aside_is_put_back_unless_its_process_is_at_work(tmp_path):
    name = "a[b]"  # which means something in a pattern
    for aside, back in (
        (".a[b].old.abcdefgh", True),
        (f".a[b].old.{2**22 + 1}-x", True),
        (f".a[b].old.{os.getpid()}-x", False),
    ):
        (tmp_path / aside / name).mkdir(parents=True)
        (tmp_path / aside / name / "kept").write_text("1")
        assert put_back(tmp_path / name) == tmp_path / name
        assert (tmp_path / name / "kept").exists() == back
        if back:
            assert [path.name for path in tmp_path.iterdir()] == [name]
            (tmp_path / name / "kept").unlink()
            (tmp_path / name).rmdir()


def test_what_cannot_be_put_back_is_told(tmp_path, monkeypatch):
    (tmp_path / ".b.old.abcdefgh" / "b").mkdir(parents=True)

    def refused(self, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refused)
    with pytest.raises(UnusableInputError, match=r"was moved to '.*\.b\.old\.abcdefgh/b' .* move it back"):
        put_back(tmp_path / "b")
