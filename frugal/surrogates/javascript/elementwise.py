"""Operators on each element, and their JavaScript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from frugal.surrogates.javascript.program import Program, Untranslatable, Value

#: Operators of one number that leave float32, by their JavaScript.
_ROUNDED = {
    "Exp": "Math.exp({0})", "Log": "Math.log({0})", "Sqrt": "Math.sqrt({0})", "Sin": "Math.sin({0})", "Cos": "Math.cos({0})",
    "Tan": "Math.tan({0})", "Asin": "Math.asin({0})", "Acos": "Math.acos({0})", "Atan": "Math.atan({0})",
    "Tanh": "Math.tanh({0})", "Sinh": "Math.sinh({0})", "Cosh": "Math.cosh({0})", "Reciprocal": "1/{0}",
    "Sigmoid": "1/(1+Math.exp(-{0}))", "Softplus": "Math.max({0},0)+Math.log1p(Math.exp(-Math.abs({0})))",
}  # fmt: skip
#: Those that do not.
_EXACT = {
    "Neg": "-{0}", "Abs": "Math.abs({0})", "Relu": "Math.max({0},0)", "Floor": "Math.floor({0})", "Ceil": "Math.ceil({0})",
    "Sign": "Math.sign({0})", "Round": "even({0})",
}  # fmt: skip
_TRUTH = {
    "Not": "!{0}", "IsNaN": "{0}!={0}", "IsInf": "Math.abs({0})==Infinity", "Less": "{0}<{1}", "LessOrEqual": "{0}<={1}",
    "Greater": "{0}>{1}", "GreaterOrEqual": "{0}>={1}", "Equal": "{0}=={1}",
    "And": "{0}&&{1}", "Or": "{0}||{1}", "Xor": "{0}!={1}",
}  # fmt: skip
_ARITHMETIC = {"Add": "{0}+{1}", "Sub": "{0}-{1}", "Mul": "{0}*{1}", "Div": "{0}/{1}", "Pow": "Math.pow({0},{1})"}
#: Of two or more.
_EXTREMES = {"Max": "Math.max", "Min": "Math.min"}

#: Element types of ONNX, by the letter of the buffer.
_KINDS = {1: "f", 10: "", 11: "d", 6: "i", 7: "i", 12: "i", 3: "i", 2: "i", 9: "b"}


def translate(program: Program, operator: str, values: Sequence[Value], attributes: Mapping[str, Any]) -> Value | None:
    """An operator on each element of what it reads; None where it is no such operator."""
    if operator == "Cast":
        return cast(program, values[0], _KINDS.get(attributes["to"], ""))
    found = _template(operator, values, attributes)
    if found is None:
        return None
    template, kind, rounded = found
    program.helpers.update({"even"} if operator == "Round" else ())
    often = any(template.count(f"{{{k}}}") > 1 for k in range(len(values)))  # then none may be computed each time
    return program.apply(template, [program.computed(v) for v in values] if often else values, kind, rounded)


def _template(
    operator: str, values: Sequence[Value], attributes: Mapping[str, Any]
) -> tuple[str, str, bool | None] | None:
    """JavaScript of an operator, kind of its result, whether that is rounded."""
    kind = values[0].kind if values else ""
    numbers = [f"{{{k}}}" for k in range(len(values))]
    found: tuple[str, str, bool | None] | None = None
    if operator in _ROUNDED:
        found = _ROUNDED[operator], kind, None
    elif operator in _EXACT:
        found = _EXACT[operator], kind, False
    elif operator in _TRUTH:
        found = _TRUTH[operator], "b", None
    elif operator in _ARITHMETIC:
        whole = kind == "i" and operator in ("Div", "Pow")
        found = f"Math.trunc({_ARITHMETIC[operator]})" if whole else _ARITHMETIC[operator], kind, None
    elif operator in _EXTREMES:
        found = f"{_EXTREMES[operator]}({','.join(numbers)})", kind, False
    elif operator == "Sum":
        found = "+".join(numbers), kind, None
    elif operator == "Mod":
        found = "{0}%{1}" if attributes.get("fmod") else "({0}%{1}+{1})%{1}", kind, None
    elif operator == "Where":
        found = "{0}?{1}:{2}", values[1].kind, False
    return found


def clip(program: Program, value: Value, low: Value | None, high: Value | None) -> Value:
    """Kept within bounds, either of which may be left out."""
    found = value
    for bound, function in ((low, "max"), (high, "min")):
        if bound is not None:
            found = program.apply(f"Math.{function}({{0}},{{1}})", (found, bound), value.kind, rounded=False)
    return found


def cast(program: Program, value: Value, kind: str) -> Value:
    """Another type of number.

    Raises
    ------
    Untranslatable
        If JavaScript has none such.
    """
    if not kind:
        raise Untranslatable("javascript.operator", operator="Cast")
    if kind == value.kind:
        return value
    if value.array is not None and value.size > 1 and not (value.kind == "i" and kind in "fd"):
        types = {"f": "float32", "d": "float64", "i": "int64", "b": "bool"}
        return program.constant(value.array.astype(types[kind]))
    if kind == "b":
        return program.apply("{0}!=0", (value,), "b")
    if kind == "i" and value.kind != "b":
        return program.apply("Math.trunc({0})", (value,), "i")
    # whole numbers that are held stay so in the file, where they take less room, and are read into a buffer
    return program.apply("+{0}" if value.kind == "b" else "{0}", (value,), kind, rounded=value.kind != "b")
