"""Writes that appear whole or not at all, and folders that one process at a time changes."""

from __future__ import annotations

import errno
import fcntl
import glob
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from frugal.errors import EnvironmentFaultError, UnusableInputError

#: Of a name that temporary neighbours begin with: a name has at most 255 bytes.
_LONGEST_PREFIX = 60
_MOST_LINKS = 40


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except shutil.Error as fault:  # of a folder that was copied: a list of what failed, and why
        raise EnvironmentFaultError(f"cannot write '{path}': {str(fault.args[0][0][2])[:200]}") from fault
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise EnvironmentFaultError(f"cannot write '{path}': {reason}") from fault


def write_bytes(path: Path | str, content: bytes) -> None:
    """Write a file through a temporary neighbour and a rename; a device or FIFO is written to as it stands.

    A link stays, and the file that it leads to is written.

    Raises
    ------
    EnvironmentFaultError
        If the disk is full or the folder cannot be written; the old file, if any, is left as it was.
    """
    path = Path(path)
    with _explained(path):
        target = _target(path)
        if target is None:
            with _through(path) as stream:
                stream.write(content)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:_LONGEST_PREFIX]}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            # mkstemp makes the file private; a file that is published should follow the user's umask instead.
            Path(temporary).chmod(0o666 & ~_umask())
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def write_text(path: Path | str, content: str) -> None:
    """Write a UTF-8 text file as `write_bytes` does."""
    write_bytes(path, content.encode("utf-8"))


@contextmanager
def drafted(path: Path | str) -> Iterator[Path]:
    """Yield a path beside a file for a driver to write; what stands there takes the file's place when the block ends.

    What was written for a device or FIFO goes through it then, and a link stays.

    Raises
    ------
    EnvironmentFaultError
        If the disk is full or the folder cannot be written; the old file, if any, is left as it was.
    """
    path = Path(path)
    with _explained(path):
        target = _target(path)
        folder = None if target is None else target.parent
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        name = path.name if target is None else target.name
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".{name[:_LONGEST_PREFIX]}.") as beside:
            draft = Path(beside) / name
            yield draft
            with draft.open("rb") as stream:
                if target is None:
                    with _through(path) as device:
                        shutil.copyfileobj(stream, device, 1 << 20)
                    return
                os.fsync(stream.fileno())
            draft.replace(target)


def is_regular_target(path: Path | str) -> bool:
    """Whether writing there makes a file, rather than going through a device, a FIFO or an open stream."""
    try:
        return _target(Path(path)) is not None
    except OSError:
        return True


def _target(path: Path) -> Path | None:
    """The file to write, to which links lead; None for what is written to as it stands: a device, a FIFO, an open stream."""
    if _stream_number(path) is not None:
        return None
    if not path.is_symlink():
        if not path.exists() or path.is_file():
            return path
    else:
        real = Path(os.path.realpath(path))
        if real.is_symlink():  # links that lead in a ring
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
        if not real.exists() or real.is_file():
            return real
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    return None


def _stream_number(path: Path) -> int | None:
    """Number of the open stream of this process that a name like ``/dev/stdout`` stands for, reached through links or not."""
    seen = path.absolute()
    for _ in range(_MOST_LINKS):
        if seen.name.isdigit() and str(seen.parent) in ("/dev/fd", "/proc/self/fd", f"/proc/{os.getpid()}/fd"):
            return int(seen.name)
        if not seen.is_symlink():
            return None
        seen = Path(os.path.normpath(seen.parent / seen.readlink()))
    return None


@contextmanager
def _through(path: Path) -> Iterator[IO[bytes]]:
    """A stream that writes to what stands there; an open one of this process goes on from where it is."""
    number = _stream_number(path)
    if number is not None:
        for stream in (sys.stdout, sys.stderr):  # what was printed comes before
            if stream is not None:
                stream.flush()
    with path.open("wb") if number is None else os.fdopen(os.dup(number), "wb") as stream:
        yield stream


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def is_somebody_elses(out: Path, mark: str) -> bool:
    """Something stands in a folder that a command is told to write, and the file that marks its own does not.

    Parameters
    ----------
    out : Path
        As given with ``--out``; it need not be there.
    mark : str
        Name of the file that every folder of that command holds.

    Raises
    ------
    UnusableInputError
        If it is a file.
    """
    if not out.exists():
        return False
    if not out.is_dir():
        raise UnusableInputError(f"--out '{out}' is a file; a folder is needed")
    return any(out.iterdir()) and not (out / mark).is_file()


@contextmanager
def new_folder(path: Path | str) -> Iterator[Path]:
    """Fill a folder that appears under its name only when the block ends without an error.

    Yields the temporary folder to fill. A folder that stood under the name is replaced as a whole, and stays as it was if
    the block fails.

    Raises
    ------
    EnvironmentFaultError
        If the disk is full or the folder cannot be written.
    """
    path = Path(path)
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        restore(path)
        staging = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.{os.getpid()}-"))
        staging.chmod(0o777 & ~_umask())
        try:
            yield staging
            _swap(staging, path)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def exclusive(handle: int, busy: str) -> Iterator[None]:
    """Keep other processes out of an open file or folder as long as the block lasts, and close it.

    Raises
    ------
    UnusableInputError
        With the sentence ``busy``, if another process holds it.
    """
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as fault:
            raise UnusableInputError(busy) from fault
        yield
    finally:
        os.close(handle)


def _swap(staging: Path, path: Path) -> None:
    if not path.exists():
        staging.rename(path)
        return
    old = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.old.{os.getpid()}-"))
    path.rename(old / path.name)
    try:
        staging.rename(path)
    except OSError:
        (old / path.name).rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def restore(path: Path) -> None:
    """Put back a folder that a kill caught between being moved aside and being replaced, and clear what kills left.

    Nothing is touched that a process which is at work holds.
    """
    for kept in set_aside(path):
        if not path.exists():
            (kept / path.name).rename(path)
    for kept in _moved_aside(path):
        shutil.rmtree(kept, ignore_errors=True)
    for staging in path.parent.glob(f".{glob.escape(path.name)}.*-*"):
        owner = _owner(staging.name.removeprefix(f".{path.name}."))
        if staging.is_dir() and owner is not None and not _alive(owner):
            shutil.rmtree(staging, ignore_errors=True)


def put_back(path: Path) -> Path:
    """The same path, at which stands again what a kill between the two renames of a folder left beside it.

    Raises
    ------
    UnusableInputError
        If it cannot be put back, saying where it is.
    """
    if path.exists():
        return path
    for kept in set_aside(path)[:1]:
        try:
            (kept / path.name).rename(path)
            kept.rmdir()
        except OSError as fault:
            raise UnusableInputError(
                f"'{path}' was moved to '{kept / path.name}' by a command that was killed, and cannot be put back "
                f"({fault.strerror}): move it back"
            ) from fault
    return path


def set_aside(path: Path) -> list[Path]:
    """Folders in which processes that are gone left what stood under a name, newest first."""
    found = [kept for kept in _moved_aside(path) if (kept / path.name).is_dir()]
    return sorted(found, key=lambda kept: kept.stat().st_mtime, reverse=True)


def _moved_aside(path: Path) -> list[Path]:
    found = []
    for kept in path.parent.glob(f".{glob.escape(path.name)}.old.*"):
        owner = _owner(kept.name.removeprefix(f".{path.name}.old."))
        if owner is None or not _alive(owner):
            found.append(kept)
    return found


def _owner(suffix: str) -> int | None:
    """The process that made a temporary folder; earlier versions did not tell that of folders that were moved aside."""
    number, dash, _ = suffix.partition("-")
    return int(number) if dash and number.isdigit() else None


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, but there
        return True
    return True
