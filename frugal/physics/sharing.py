"""Work shared out among threads that all run the same kernel: numbers that several threads may change, and waiting.

A thread pool that is given each piece of work costs tens of microseconds a piece, as long as a whole stage of a small flood
takes. Threads that stay in one kernel and take pieces by counting down one number wait for nothing but each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from frugal.physics.compiled import inner

#: Looks before a thread that waits lets others run.
_LOOKS = 2000

_let_others_run = types.ExternalFunction("sched_yield", types.int32())


def _place(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    """Where one number of an array of int64 lies."""
    array = context.make_array(signature.args[0])(context, builder, args[0])
    return cgutils.get_item_pointer(context, builder, signature.args[0], array, [args[1]], wraparound=False)


@intrinsic
def _added(typingctx: Any, array: Any, index: Any, amount: Any) -> Any:
    """Add to one number of an array that other threads change too; gives what it was before."""
    signature = types.int64(array, types.intp, types.int64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", _place(context, builder, sig, args), args[2], "seq_cst")

    return signature, generate


@intrinsic
def _put(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """Set one number of an array that other threads read; what was written before is seen by whoever reads it."""
    signature = types.int64(array, types.intp, types.int64)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.atomic_rmw("xchg", _place(context, builder, sig, args), args[2], "seq_cst")

    return signature, generate


@intrinsic
def _seen_now(typingctx: Any, array: Any, index: Any) -> Any:
    """One number of an array that other threads change, as it is now."""
    signature = types.int64(array, types.intp)

    def generate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.load_atomic(_place(context, builder, sig, args), "seq_cst", 8, typ=ir.IntType(64))

    return signature, generate


# mypy would count the compiler's own context among the arguments.
added: Any = _added
put: Any = _put
seen_now: Any = _seen_now


@inner()
def wait_a_little(looks: int) -> int:
    """Called while waiting: after many looks in vain, others run. Gives the number of looks, one more."""
    if looks > _LOOKS:
        _let_others_run()
    return looks + 1


def new_counters() -> np.ndarray:
    """Numbers for a team of threads, far enough apart (64 bytes) not to disturb each other: left, done, stop."""
    return np.zeros(4 * 8, dtype=np.int64)


#: Places in the counters: pieces of work left to take, pieces done, whether the team may go.
LEFT, DONE, STOP = 0, 8, 16
