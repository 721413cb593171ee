"""A text that changes when a function would answer otherwise: its source, that of what it calls, and the values they hold."""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import sys
import textwrap
import types
import weakref
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

_PLAIN = (bool, int, float, complex, str, bytes, range, type(None))


def fingerprint(function: Callable[..., Any] | None) -> str:
    """Fingerprint of a function, a method or an object that is called.

    Followed are the functions and classes that it refers to, by name or through a module, compiled and wrapped ones included,
    as far as they belong to the same package or lie in the folder of the same file; numbers, texts, arrays, sets and
    dataclasses of these are taken by value, and so are default arguments and what an object that is called holds. Comments and
    docstrings change nothing. Of installed packages only the names count. What another object holds, and what is imported
    inside a function, is not seen: a study that keeps data in objects says so in its ``definition``.

    Parameters
    ----------
    function : callable, optional
        None has an empty fingerprint.
    """
    if function is None:
        return ""
    reading = _Reading(_Home(function))
    reading.take(function)
    return hashlib.sha256("\n".join(reading.parts).encode()).hexdigest()


class _Home:
    """What a function belongs to: its package, and the folder of its file unless it is installed."""

    def __init__(self, function: Any) -> None:
        owner = _plainly(function)
        while isinstance(owner, functools.partial):
            owner = _plainly(owner.func)
        owner = inspect.unwrap(owner)
        if isinstance(owner, types.MethodType):
            owner = owner.__self__
        if not isinstance(owner, types.FunctionType | types.BuiltinFunctionType | type):
            owner = type(owner)
        self.package = _package(owner)
        file = _file(owner)
        outside = file is None or _installed(file) or self.package in sys.stdlib_module_names
        self.folder = None if file is None or outside else file.parent

    def owns(self, value: Any) -> bool:
        """Whether a function, class or module is followed."""
        if _package(value) == self.package:
            return True
        file = _file(value)
        if self.folder is None or file is None or _package(value) == "frugal":
            return False
        return file.is_relative_to(self.folder) and not _installed(file)


class _Reading:
    """What was found, in order."""

    def __init__(self, home: _Home) -> None:
        self.home = home
        self.parts: list[str] = []
        self._followed: dict[int, tuple[int, Any]] = {}  # with the value itself, so that its id stays its own
        self._within: list[int] = []

    def take(self, value: Any) -> None:
        """Take a value; what is neither plain nor called is left out."""
        if isinstance(value, np.generic):
            self.parts.append(f"{value.dtype} {value.item()!r}")
        elif isinstance(value, _PLAIN):
            self.parts.append(repr(value))
        elif _is_array(value):
            content = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
            self.parts.append(f"{content} {value.dtype} {value.shape}")
        elif isinstance(value, types.ModuleType):
            self.parts.append("" if self.home.owns(value) else value.__name__)
        elif id(value) not in self._within:  # what holds itself is taken once
            self._within.append(id(value))
            self._take_parts(value)
            self._within.pop()

    def _take_parts(self, value: Any) -> None:
        if isinstance(value, np.ndarray):
            self._each(value.ravel().tolist())
        elif isinstance(value, list | tuple):
            self._each(value)
        elif isinstance(value, set | frozenset):
            self.parts.append("set")
            self._each(sorted(value, key=_label))
        elif isinstance(value, dict | types.MappingProxyType):
            self._named({_label(key): held for key, held in value.items()})
        elif isinstance(value, types.SimpleNamespace):
            self._named(vars(value))
        elif is_dataclass(value) and not isinstance(value, type):
            self._named({field.name: getattr(value, field.name, None) for field in fields(value)})
            if callable(value):
                self._follow(type(value))
        elif callable(value):
            self._called(value)

    def _each(self, values: Any) -> None:
        self.parts.append(f"{len(values)} values")
        for value in values:
            self.take(value)

    def _named(self, values: dict[str, Any]) -> None:
        self.parts.append(f"{len(values)} names")
        for name in sorted(values):
            self.parts.append(name)
            self.take(values[name])

    def _called(self, value: Any) -> None:
        value = _plainly(value)
        if isinstance(value, functools.partial):
            self.take([value.func, list(value.args), dict(value.keywords)])
        elif isinstance(value, types.MethodType):
            self.take(value.__func__)
            self.take(value.__self__) if callable(value.__self__) else self._object(value.__self__)
        elif isinstance(value, types.FunctionType | types.BuiltinFunctionType | type):
            self._follow(value)
        elif hasattr(value, "__wrapped__"):  # a cache around a function
            self.take(value.__wrapped__)
        else:
            self._object(value)

    def _object(self, value: Any) -> None:
        """The class of an object, or its name, and what it holds beside what it computed itself."""
        self._follow(type(value))
        if isinstance(value, np.ufunc):
            self.parts.append(value.__name__)
        elif is_dataclass(value):
            self._named({field.name: getattr(value, field.name, None) for field in fields(value)})
        else:
            state = object.__getstate__(value)
            held = {k: v for part in (state if isinstance(state, tuple) else (state,)) for k, v in (part or {}).items()}
            ours = self.home.owns(type(value))  # what an installed package counts or caches may change from run to run
            self._named({k: v for k, v in held.items() if not _computed(value, k) and (ours or _is_array(v))})

    def _follow(self, value: Any) -> None:
        """A function or class: all of it where it belongs to the home, else its name."""
        if id(value) in self._followed:
            self.parts.append(f"as {self._followed[id(value)][0]}")
            return
        self._followed[id(value)] = len(self._followed), value
        if isinstance(value, types.BuiltinFunctionType) or not self.home.owns(value):
            self.parts.append(_name(value))
        else:
            self.parts.append(_source(value))
            if isinstance(value, type):
                self._class(value)
            else:
                self._function(value)
        if not isinstance(value, type) and hasattr(value, "__wrapped__"):
            self.take(value.__wrapped__)

    def _class(self, value: type) -> None:
        for base in value.__mro__[1:]:
            if self.home.owns(base):
                self._follow(base)
        for name, held in sorted(vars(value).items()):
            part = held
            if isinstance(held, property | functools.cached_property):
                part = held.fget if isinstance(held, property) else held.func
            elif isinstance(held, staticmethod | classmethod):
                part = held.__func__
            if isinstance(part, types.FunctionType) or not name.startswith("_"):
                self.take(part)

    def _function(self, function: types.FunctionType) -> None:
        for held in (function.__defaults__, function.__kwdefaults__):
            if held:
                self.take(held)
        for name, held in sorted(self._held(function), key=lambda pair: pair[0]):
            self.parts.append(name)
            self.take(held)

    def _held(self, function: types.FunctionType) -> Iterator[tuple[str, Any]]:
        """Globals and enclosed values that a function and those inside it name, and what they reach through modules."""
        names = set(_names(function.__code__))
        enclosed = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        found = {name: function.__globals__[name] for name in names if name in function.__globals__}
        for name, cell in enclosed:
            try:
                found[name] = cell.cell_contents
            except ValueError:  # not filled yet
                continue
        known: set[str] = set()
        for name, held in found.items():
            yield from self._through(name, held, sorted(names), known)

    def _through(self, name: str, held: Any, names: list[str], known: set[str]) -> Iterator[tuple[str, Any]]:
        yield name, held
        if isinstance(held, types.ModuleType) and self.home.owns(held) and held.__name__ not in known:
            for part in names:
                if part in vars(held):
                    yield from self._through(f"{name}.{part}", vars(held)[part], names, known | {held.__name__})


def _plainly(value: Any) -> Any:
    """The Python function of a compiled one."""
    return getattr(value, "py_func", value)


#: Sources by the functions and classes that still are: a study is asked for its hash often, and reads hundreds of them.
_SOURCES: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


def _source(value: Any) -> str:
    """What a function or class does, without comments and docstrings."""
    if value not in _SOURCES:
        _SOURCES[value] = _read_source(value)
    return _SOURCES[value]


def _read_source(value: Any) -> str:
    try:  # of the code: a wrapper has its own beside that of the function that it wraps
        source = textwrap.dedent(inspect.getsource(getattr(value, "__code__", value)))
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


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _computed(value: Any, name: str) -> bool:
    found = next((vars(kind)[name] for kind in type(value).__mro__ if name in vars(kind)), None)
    return isinstance(found, functools.cached_property)


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype != object


def _module(value: Any) -> str:
    """Name of the module where a function, class or module was written, which for a wrapper is not what it tells."""
    if isinstance(value, types.ModuleType):
        return value.__name__
    written = value.__globals__.get("__name__") if isinstance(value, types.FunctionType) else None
    return str(written or getattr(value, "__module__", None) or "")


def _package(value: Any) -> str:
    return _module(value).split(".")[0]


def _file(value: Any) -> Path | None:
    """File of a function, class or module; None where there is none."""
    functions = [part for kind in value.__mro__ for part in vars(kind).values()] if isinstance(value, type) else [value]
    code = next((part.__code__ for part in functions if isinstance(part, types.FunctionType)), None)
    module = value if isinstance(value, types.ModuleType) else sys.modules.get(_module(value))
    told = getattr(module, "__file__", None) or (code.co_filename if code is not None else None)
    return Path(told).resolve() if told and Path(told).is_file() else None


def _installed(file: Path) -> bool:
    return bool({"site-packages", "dist-packages"} & set(file.parts))


def _name(value: Any) -> str:
    return f"{_module(value)}.{getattr(value, '__qualname__', type(value).__name__)}"


def _label(value: Any) -> str:
    """Name of a key of a dictionary, or of a member of a set, without an address in memory."""
    if isinstance(value, tuple | frozenset):
        return ", ".join(map(_label, value))
    return repr(value) if isinstance(value, (*_PLAIN, np.generic)) else _name(value)
