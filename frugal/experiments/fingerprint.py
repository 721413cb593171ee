"""A text that changes when a function would answer otherwise: its source, that of what it calls, and the values they hold."""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import textwrap
import types
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def fingerprint(function: Callable[..., Any] | None) -> str:
    """Fingerprint of a function.

    Followed are the functions and classes that it refers to, by name or through a module, compiled ones included, as far as
    they belong to the same package or file; numbers, texts, arrays and dataclasses of these are taken by value. Comments and
    docstrings change nothing. Installed packages are not followed, nor is what another object holds: a study that keeps data
    in objects says so in its ``definition``.
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
    parts.append(_source(value))
    functions = [value] if isinstance(value, types.FunctionType) else _methods(value)
    for function in functions:
        for name, held in sorted(_held(function, home), key=lambda pair: pair[0]):
            _plain([name, held], parts)
            if callable(held) and _home(held) == home:
                _follow(held, home, seen, parts)


def _source(value: Any) -> str:
    """What a function or class does, without comments and docstrings."""
    try:
        source = textwrap.dedent(inspect.getsource(value))
    except (OSError, TypeError):  # made without a file
        return str(getattr(value, "__qualname__", type(value).__name__))
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a lambda in the midst of a call
        return source
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(tree)


def _methods(value: type) -> list[types.FunctionType]:
    found = [getattr(method, "fget", method) for method in vars(value).values()]
    return [method for method in found if isinstance(method, types.FunctionType)]


def _held(function: types.FunctionType, home: str) -> Iterator[tuple[str, Any]]:
    """Globals and enclosed values that a function and those inside it name, and what they reach through modules of the home."""
    names = set(_names(function.__code__))
    enclosed = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    found = {name: function.__globals__[name] for name in names if name in function.__globals__}
    for name, cell in enclosed:
        try:
            found[name] = cell.cell_contents
        except ValueError:  # not filled yet
            continue
    for name, held in found.items():
        if isinstance(held, types.ModuleType):
            if held.__name__.split(".")[0] == home:
                yield from ((f"{name}.{part}", vars(held)[part]) for part in names if part in vars(held))
        else:
            yield name, held


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _home(value: Any) -> str:
    """Package of a function, or its file where it belongs to none."""
    value = getattr(value, "py_func", value)
    value = value.func if isinstance(value, functools.partial) else inspect.unwrap(value)
    return str(getattr(value, "__module__", "")).split(".")[0]


def _plain(value: Any, parts: list[str]) -> None:
    """Numbers, texts and arrays, also in lists, dictionaries and dataclasses; anything else is left out."""
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
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            parts.append(field.name)
            _plain(getattr(value, field.name), parts)
