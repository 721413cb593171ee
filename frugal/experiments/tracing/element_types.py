"""Types of the elements of a graph's arrays, and which an operator works in: numpy's rules, with float32 for its float64."""

from __future__ import annotations

from typing import Any

import numpy as np

BOOL = np.dtype(np.bool_)
INT64 = np.dtype(np.int64)
FLOAT32 = np.dtype(np.float32)
FLOAT64 = np.dtype(np.float64)

#: ONNX element types.
ELEMENTS = {FLOAT32: 1, INT64: 7, BOOL: 9, np.dtype(np.float64): 11}
#: Operators of one array that give whole numbers for whole numbers; all others give numbers.
KEEP_WHOLE = ("Abs", "Sign", "Neg")
#: Operators that runtimes know in float32 alone.
OF_FLOAT32 = ("Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh")
#: What numpy's operators do with truth values.
OF_TRUTH = {"Add": "Or", "Mul": "And", "Max": "Or", "Min": "And"}
#: Operator, and whether it takes its axes as a tensor.
REDUCTIONS = {
    "sum": ("ReduceSum", True),
    "mean": ("ReduceMean", False),
    "max": ("ReduceMax", False),
    "min": ("ReduceMin", False),
    "prod": ("ReduceProd", False),
}


def number_type(value: Any) -> np.dtype[Any]:
    """Type in a graph of a number or an array of numbers.

    Raises
    ------
    TypeError
        If it holds no numbers.
    """
    kind = np.asarray(value).dtype.kind
    if kind not in "fiub":
        raise TypeError(f"{value!r} beside an array of a graph; numbers are needed")
    return {"f": FLOAT32, "b": BOOL}.get(kind, INT64)


def common_type(operator: str, left: np.dtype[Any], right: np.dtype[Any]) -> np.dtype[Any]:
    """Type that an operator of two arrays works in.

    Parameters
    ----------
    operator : str
        Of ONNX.
    left, right : numpy.dtype

    Raises
    ------
    TypeError
        If numpy has no such operator for these types.
    """
    common = np.result_type(left, right)
    if common == np.float64 and np.float64 not in (left, right):  # float32 beside int64
        common = FLOAT32
    if operator in ("And", "Or", "Xor") and common != BOOL:
        raise TypeError(f"& | ^ of arrays of {left} and {right}; truth values are needed")
    if operator == "Sub" and common == BOOL:
        raise TypeError("numpy subtracts no truth values: convert them with astype, or use ^")
    if operator == "Div" and common.kind != "f":
        return FLOAT32
    keep = (*OF_TRUTH, "And", "Or", "Xor", "Equal", "Where")
    return INT64 if common == BOOL and operator not in keep else common
