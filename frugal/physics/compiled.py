"""Machine code kept between processes, and thrown away when any source of this package has changed.

numba keeps compiled kernels by the file that defines them: code inlined from another file stays as it was, after an edit
or an upgrade. Here the sources of the whole package stand beside numba's own stamp, so a change in any of them has all
kernels compiled anew.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba
from numba import njit

from frugal.surroundings import private_folder


@functools.cache
def sources_digest(folder: Path = Path(__file__).parent) -> str:
    """SHA-256 over names and contents of the Python files of this package, as they were when it was first asked for."""
    digest = hashlib.sha256()
    for source in sorted(folder.rglob("*.py")):
        content = source.read_bytes()
        digest.update(f"{source.relative_to(folder).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def kernel(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """``numba.njit(nogil=True, cache=True)`` whose cache knows the sources of this whole package.

    Where nothing can be kept (no folder to write to, or a numba that holds its stamp elsewhere), the kernel is compiled
    in each process: slow, and right.

    Parameters
    ----------
    **options
        Passed on to :func:`numba.njit`.

    Returns
    -------
    callable
        The decorator.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        own = Path(function.__code__.co_filename).parent
        plain = njit(nogil=True, **options)(function)
        if plain is function:  # NUMBA_DISABLE_JIT
            return function
        kept = njit(nogil=True, **options)(function)
        return kept if keep(kept.enable_caching, lambda: kept._cache, own) else plain

    return compiled


def keep(enable: Callable[[], None], cache: Callable[[], Any], own: Path) -> bool:
    """Have machine code kept between processes; says whether it will be.

    Parameters
    ----------
    enable : callable
        Switches numba's cache on.
    cache : callable
        Gives that cache afterwards.
    own : Path
        Folder of the kernel's source: kernels outside this package may call each other too.
    """
    with _kept_outside_the_home(own) as somewhere:
        if not somewhere:
            return False
        try:
            enable()
        except RuntimeError:  # no place that can be written to
            return False
    kept: Any = getattr(cache(), "_cache_file", None)
    if not hasattr(kept, "_source_stamp"):
        return False
    kept._source_stamp = (kept._source_stamp, sources_digest(), sources_digest(own))
    kept._load_index = _or_nothing(kept._load_index)
    return True


@contextmanager
def _kept_outside_the_home(own: Path) -> Iterator[bool]:
    """Within the block numba keeps machine code beside the sources or in ``NUMBA_CACHE_DIR``, as it does by itself.

    Where it could not, it would take the user's cache; it is given a private folder of the system's temporary one. Gives
    False where there is none.
    """
    config: Any = numba.config
    beside = own / "__pycache__"
    if config.CACHE_DIR or (os.access(beside if beside.exists() else own, os.W_OK) and not beside.is_file()):
        yield True
        return
    folder = private_folder("numba")
    config.CACHE_DIR = "" if folder is None else str(folder)
    try:
        yield folder is not None
    finally:
        config.CACHE_DIR = ""


def _or_nothing(load: Callable[[], Any]) -> Callable[[], Any]:
    """An index of kept machine code, empty where it names a class that this version no longer has."""

    def index() -> Any:
        try:
            return load()
        except (AttributeError, ImportError):
            return {}

    return index


def inner(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """``numba.njit(nogil=True)`` for kernels that kernels alone call, as part of whose machine code they are kept.

    They get no way in from Python, which takes a quarter of the time to compile: calling one from there may end the process.
    A plain number among the arguments compiles a kernel once more for that number; ``np.int64(number)`` does not.

    Parameters
    ----------
    **options
        Passed on to :func:`numba.njit`.

    Returns
    -------
    callable
        The decorator.
    """
    without: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return njit(nogil=True, **without, **options)
