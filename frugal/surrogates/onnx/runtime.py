"""The one place that imports onnxruntime, with its reports to its maker turned off.

What needs it imports it from here: ``from frugal.surrogates.onnx.runtime import onnxruntime``.
"""

from __future__ import annotations

import warnings
from types import ModuleType

from frugal.surroundings import onnxruntime_may_report, turn_reports_off

turn_reports_off()

import onnxruntime  # noqa: E402

onnxruntime.set_default_logger_severity(4)  # what fails is raised; its log would be printed beside

if onnxruntime_may_report():
    onnxruntime.disable_telemetry_events()  # keeps it from booking more; what it has queued it may still send
    warnings.warn(
        "onnxruntime was imported before frugal and may report to its maker: import frugal first, or set "
        "ORT_DISABLE_TELEMETRY=1",
        RuntimeWarning,
        stacklevel=2,
    )

__all__ = ["onnxruntime", "quantization"]


def quantization() -> ModuleType:
    """Its tools for graphs in 8-bit integers, which take a while to import."""
    import onnxruntime.quantization

    return onnxruntime.quantization
