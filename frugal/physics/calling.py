"""Kernels that call each other by address: each is compiled once, and only when a run needs it.

A kernel that calls another one by name holds a copy of its machine code, and so does whoever calls that one: each level
compiles everything below it anew. What is called here by address is compiled alone. Arguments are numbers and places where
arrays and tuples of them are described in memory, which also spares the code that takes large tuples apart at each call.
"""

from __future__ import annotations

import ctypes
import hashlib
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import ir
from numba import typeof, types
from numba.core.caching import NullCache
from numba.core.ccallback import CFunc
from numba.extending import intrinsic, models, register_model
from numba.np.arrayobj import populate_array

from frugal.physics.compiled import keep

_WORD = ir.IntType(64)


class HeldType(types.Type):
    """The place in memory where a value of some type is described, in words of 8 bytes."""

    def __init__(self, of: Any) -> None:
        self.of = of
        digest = hashlib.sha256(str(of).encode()).hexdigest()[:12]  # the name stands in every symbol
        super().__init__(name=f"Held({digest})")


@register_model(HeldType)
class HeldModel(models.PrimitiveModel):
    """A plain address."""

    def __init__(self, manager: Any, fe_type: Any) -> None:
        super().__init__(manager, fe_type, _WORD)


def _words(value: Any) -> list[int]:
    """What `held` reads: of an array where its data lie, its shape and its steps; of a tuple its members."""
    if isinstance(value, tuple):
        return [word for member in value for word in _words(member)]
    if isinstance(value, np.ndarray):
        return [value.ctypes.data, *value.shape, *value.strides]
    if isinstance(value, float):
        return list(struct.unpack("q", struct.pack("d", value)))
    return [int(value)]


class HeldValues:
    """Arrays and tuples described in memory, for kernels that are called by address.

    Parameters
    ----------
    *values : tuple or ndarray
        Kept as long as this object is. Numbers in them are taken as they are now.
    """

    def __init__(self, *values: Any) -> None:
        self._values = values
        self._words = [np.array(_words(value), dtype=np.int64) for value in values]
        self.types = tuple(HeldType(typeof(value)) for value in values)
        self.places = np.array([words.ctypes.data for words in self._words], dtype=np.int64)


def _read(context: Any, builder: Any, typ: Any, pointer: Any, place: int) -> tuple[Any, int]:
    """A value as its words describe it, and the place of the next word."""

    def word(k: int) -> Any:
        return builder.load(builder.gep(pointer, [ir.Constant(_WORD, k)]))

    if isinstance(typ, types.BaseTuple):
        members: list[Any] = []
        each: Any = typ
        for member in each:
            value, place = _read(context, builder, member, pointer, place)
            members.append(value)
        return context.make_tuple(builder, typ, members), place
    if isinstance(typ, types.Array):
        array = context.make_array(typ)(context, builder)
        data = builder.inttoptr(word(place), context.get_data_type(typ.dtype).as_pointer())
        shape = [word(place + 1 + k) for k in range(typ.ndim)]
        strides = [word(place + 1 + typ.ndim + k) for k in range(typ.ndim)]
        size = context.get_abi_sizeof(context.get_data_type(typ.dtype))
        populate_array(array, data, shape, strides, size, meminfo=None)
        return array._getvalue(), place + 1 + 2 * typ.ndim
    if typ == types.float64:
        return builder.bitcast(word(place), ir.DoubleType()), place + 1
    return context.cast(builder, word(place), types.int64, typ), place + 1


@intrinsic
def _held(typingctx: Any, place: Any) -> Any:
    """The value that is described there."""
    signature = place.of(place)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = builder.inttoptr(args[0], _WORD.as_pointer())
        return _read(context, builder, sig.return_type, pointer, 0)[0]

    return signature, generate


@intrinsic
def _called(typingctx: Any, address: Any, arguments: Any) -> Any:
    """Call a `Part` by its address with numbers and places; gives the integer that it returns."""
    signature = types.int64(types.int64, arguments)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        passed = []
        for k, typ in enumerate(tuple(sig.args[1])):
            value = builder.extract_value(args[1], k)
            wanted = types.float64 if isinstance(typ, types.Float) else types.int64
            passed.append(context.cast(builder, value, typ, wanted))
        function = ir.FunctionType(_WORD, [value.type for value in passed])
        return builder.call(builder.inttoptr(args[0], function.as_pointer()), passed)

    return signature, generate


# mypy would count the compiler's own context among the arguments.
held: Any = _held
called: Any = _called


class Part:
    """A kernel that is called by address: compiled for its types when its address is first asked for.

    Its arguments are places of held values, then integers, then numbers; it gives an integer.
    """

    def __init__(self, function: Callable[..., int], integers: int, numbers: int, options: dict[str, Any]) -> None:
        self.py_func = function
        self._rest = (types.int64,) * integers + (types.float64,) * numbers
        self._options = options
        self._compiled: dict[Any, Any] = {}

    def address(self, *places: HeldType) -> int:
        """Where its machine code lies, for held values of these types."""
        if places not in self._compiled:
            signature = types.int64(*places, *self._rest)
            callback: Any = CFunc(self.py_func, (signature.args, signature.return_type), {}, dict(self._options))
            if not keep(
                callback.enable_caching, lambda: callback._cache, Path(self.py_func.__code__.co_filename).parent
            ):
                callback._cache = NullCache()
            callback.compile()
            self._compiled[places] = callback
        return int(self._compiled[places].address)


def part(integers: int = 0, numbers: int = 0, **options: Any) -> Callable[[Callable[..., int]], Part]:
    """Make a `Part` of a function.

    Parameters
    ----------
    integers, numbers : int
        How many of its last arguments are such.
    **options
        As of :func:`numba.njit`.
    """
    return lambda function: Part(function, integers, numbers, options)


def call_part(address: int, *arguments: int | float) -> int:
    """Call a `Part` from Python."""
    kinds = [ctypes.c_double if isinstance(value, float) else ctypes.c_int64 for value in arguments]
    function = ctypes.CFUNCTYPE(ctypes.c_int64, *kinds)(int(address))
    return int(function(*(value if isinstance(value, float) else int(value) for value in arguments)))
