"""A text that changes when a function would answer otherwise: its source, that of what it calls, and the values they hold."""

from __future__ import annotations

import functools
import hashlib
import inspect
import types
from collections.abc import Callable
from typing import Any

import numpy as np


def fingerprint(function: Callable[..., Any] | None) -> str:
    """Fingerprint of a function.

    Followed are the functions and classes that it refers to by name, compiled ones included, as far as they belong to the same
    package or file; numbers, texts and arrays are taken by value. Installed packages are not followed, nor is what an object
    holds: a study that keeps data in objects says so in its ``definition``.
    """
    parts: list[str] = []
    if function is not None:
        _follow(function, _home(function), set(), parts)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest() if parts else ""


def _follow(value: Any, home: str, seen: set[int], parts: list[str]) -> None:
    value = inspect.unwrap(getattr(value, "py_func", value)) if callable(value) else value
    if isinstance(value, functools.partial):
        _plain([list(value.args), dict(value.keywords)], parts)
        value = value.func
    if not isinstance(value, types.FunctionType | type) or id(value) in seen:
        return
    seen.add(id(value))
    try:
        parts.append(inspect.getsource(value))
    except (OSError, TypeError):  # made without a file
        parts.append(getattr(value, "__qualname__", type(value).__name__))
    functions = [value] if isinstance(value, types.FunctionType) else _methods(value)
    for function in functions:
        found = inspect.getclosurevars(function)
        for name, held in sorted({**found.globals, **found.nonlocals}.items()):
            _plain([name, held], parts)
            if callable(held) and _home(held) == home:
                _follow(held, home, seen, parts)


def _methods(value: type) -> list[types.FunctionType]:
    return [method for method in vars(value).values() if isinstance(method, types.FunctionType)]


def _home(value: Any) -> str:
    """Package of a function, or its file where it belongs to none."""
    value = getattr(value, "py_func", value)
    value = value.func if isinstance(value, functools.partial) else inspect.unwrap(value)
    return str(getattr(value, "__module__", "")).split(".")[0]


def _plain(value: Any, parts: list[str]) -> None:
    """Numbers, texts and arrays, also in lists and dictionaries; anything else is left out."""
    if isinstance(value, np.ndarray) and value.dtype != object:
        parts.append(hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest() + str(value.shape))
    elif isinstance(value, bool | int | float | complex | str | bytes | None):
        parts.append(repr(value))
    elif isinstance(value, list | tuple):
        for part in value:
            _plain(part, parts)
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            parts.append(str(key))
            _plain(value[key], parts)
