"""Writes that appear whole or not at all, and folders that one process at a time changes."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from frugal.errors import EnvironmentFaultError, UnusableInputError


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
    """Write a file through a temporary neighbour and a rename.

    Raises
    ------
    EnvironmentFaultError
        If the disk is full or the folder cannot be written; the old file, if any, is left as it was.
    """
    path = Path(path)
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            # mkstemp makes the file private; a file that is published should follow the user's umask instead.
            mask = os.umask(0)
            os.umask(mask)
            Path(temporary).chmod(0o666 & ~mask)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise


def write_text(path: Path | str, content: str) -> None:
    """Write a UTF-8 text file as `write_bytes` does."""
    write_bytes(path, content.encode("utf-8"))


@contextmanager
def drafted(path: Path | str) -> Iterator[Path]:
    """Yield a path beside a file for a driver to write; what stands there takes the file's place when the block ends.

    Raises
    ------
    EnvironmentFaultError
        If the disk is full or the folder cannot be written; the old file, if any, is left as it was.
    """
    path = Path(path)
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            draft = Path(folder) / path.name
            yield draft
            with draft.open("rb") as stream:
                os.fsync(stream.fileno())
            draft.replace(path)


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
        mask = os.umask(0)
        os.umask(mask)
        staging.chmod(0o777 & ~mask)
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
    old = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.old."))
    path.rename(old / path.name)
    try:
        staging.rename(path)
    except OSError:
        (old / path.name).rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def restore(path: Path) -> None:
    """Put back a folder that a kill caught between being moved aside and being replaced, and clear what kills left."""
    for kept in sorted(path.parent.glob(f".{path.name}.old.*")):
        if (kept / path.name).exists() and not path.exists():
            (kept / path.name).rename(path)
        shutil.rmtree(kept, ignore_errors=True)
    for staging in path.parent.glob(f".{path.name}.*-*"):
        owner = staging.name.removeprefix(f".{path.name}.").split("-")[0]
        if staging.is_dir() and owner.isdigit() and not _alive(int(owner)):
            shutil.rmtree(staging, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, but there
        return True
    return True
